//! Testing one state by itself.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html>

use aws_sdk_sfn::types::{InspectionData, InspectionLevel as SdkLevel, TestExecutionStatus};
use serde_json::{Map, Value, json};

use super::{Cloud, CloudError};
use crate::facts::{Arn, InspectionLevel, StateTest, StateTestStatus, TestedState};

impl Cloud {
    /// Runs a state by itself, with the role of its machine: what it calls is called.
    ///
    /// # Errors
    /// What the cloud answered. That the state failed is no error: the answer tells it.
    pub async fn test_state(&self, tested: &TestedState) -> Result<StateTest, CloudError> {
        let role = self.role_of(&tested.machine).await?;
        let answer = self
            .sfn
            .test_state()
            .definition(&tested.definition)
            .role_arn(role)
            .input(&tested.input)
            .set_variables(tested.variables.clone())
            .inspection_level(level(tested.level))
            .send()
            .await
            .map_err(|error| CloudError::of("test the state", &error))?;
        Ok(StateTest {
            status: answer.status.as_ref().map_or(StateTestStatus::Other, status),
            output: answer.output,
            error: answer.error,
            cause: answer.cause,
            next_state: answer.next_state,
            inspection: answer.inspection_data.and_then(inspection),
        })
    }

    async fn role_of(&self, machine: &Arn) -> Result<String, CloudError> {
        let answer = self
            .sfn
            .describe_state_machine()
            .state_machine_arn(&machine.0)
            .send()
            .await
            .map_err(|error| CloudError::of(format!("find the role of {}", machine.name()), &error))?;
        Ok(answer.role_arn)
    }
}

fn level(level: InspectionLevel) -> SdkLevel {
    match level {
        InspectionLevel::Info => SdkLevel::Info,
        InspectionLevel::Debug => SdkLevel::Debug,
        InspectionLevel::Trace => SdkLevel::Trace,
    }
}

fn status(status: &TestExecutionStatus) -> StateTestStatus {
    match status {
        TestExecutionStatus::Succeeded => StateTestStatus::Succeeded,
        TestExecutionStatus::Failed => StateTestStatus::Failed,
        TestExecutionStatus::Retriable => StateTestStatus::Retriable,
        TestExecutionStatus::CaughtError => StateTestStatus::CaughtError,
        _ => StateTestStatus::Other,
    }
}

/// What the data passed through as one JSON object, in the order in which it did.
fn inspection(data: InspectionData) -> Option<String> {
    let mut told = Told::default();
    told.text("input", data.input);
    told.text("afterInputPath", data.after_input_path);
    told.text("afterParameters", data.after_parameters);
    told.text("afterArguments", data.after_arguments);
    told.text("afterItemsPath", data.after_items_path);
    told.text("afterItemsPointer", data.after_items_pointer);
    told.text("afterItemSelector", data.after_item_selector);
    told.text("afterItemBatcher", data.after_item_batcher);
    if let Some(request) = data.request {
        let mut sent = Told::default();
        sent.text("protocol", request.protocol);
        sent.text("method", request.method);
        sent.text("url", request.url);
        sent.text("headers", request.headers);
        sent.text("body", request.body);
        told.value("request", Value::Object(sent.0));
    }
    if let Some(response) = data.response {
        let mut came = Told::default();
        came.text("protocol", response.protocol);
        came.text("statusCode", response.status_code);
        came.text("statusMessage", response.status_message);
        came.text("headers", response.headers);
        came.text("body", response.body);
        told.value("response", Value::Object(came.0));
    }
    told.text("result", data.result);
    told.text("afterResultSelector", data.after_result_selector);
    told.text("afterResultPath", data.after_result_path);
    told.text("variables", data.variables);
    if let Some(handled) = data.error_details {
        let mut by = Told::default();
        by.number("retryIndex", handled.retry_index);
        by.number("retryBackoffIntervalSeconds", handled.retry_backoff_interval_seconds);
        by.number("catchIndex", handled.catch_index);
        told.value("errorDetails", Value::Object(by.0));
    }
    told.number("maxConcurrency", data.max_concurrency);
    told.number("toleratedFailureCount", data.tolerated_failure_count);
    if let Some(percentage) = data.tolerated_failure_percentage {
        told.value("toleratedFailurePercentage", json!(percentage));
    }
    (!told.0.is_empty()).then(|| Value::Object(told.0).to_string())
}

/// The fields that are there.
#[derive(Default)]
struct Told(Map<String, Value>);

impl Told {
    /// A JSON text, or a plain one. What holds others stays the text that it is, so that no number in it changes.
    fn text(&mut self, name: &str, text: Option<String>) {
        let Some(text) = text else { return };
        let value = match serde_json::from_str(&text) {
            Ok(Value::Object(_) | Value::Array(_)) | Err(_) => Value::String(text),
            Ok(scalar) => scalar,
        };
        self.value(name, value);
    }

    fn number(&mut self, name: &str, number: Option<i32>) {
        if let Some(number) = number {
            self.value(name, number.into());
        }
    }

    fn value(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::types::InspectionErrorDetails;

    use super::*;

    #[test]
    fn what_the_data_passed_through_is_one_document() {
        let nothing = InspectionData::builder().build();
        assert_eq!(inspection(nothing), None);
        let details = InspectionErrorDetails::builder().catch_index(1).build();
        let data = InspectionData::builder()
            .result("[1.50]")
            .input("{\"a\":1}")
            .after_arguments("\"x\"")
            .after_item_selector("no JSON")
            .error_details(details)
            .build();
        let expected = concat!(
            r#"{"input":"{\"a\":1}","afterArguments":"x","afterItemSelector":"no JSON","#,
            r#""result":"[1.50]","errorDetails":{"catchIndex":1}}"#
        );
        assert_eq!(inspection(data).as_deref(), Some(expected));
    }
}
