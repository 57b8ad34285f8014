//! Step Functions from a Task: starting executions, waiting for them, and the SDK's operations.

use std::sync::Arc;

use asl::{Json, Pattern};
use asl_engine::{Failure, Input, TaskId};
use serde_json::{Map, Value, json};

use super::{camel, pascal, renamed};
use crate::driver::Watch;
use crate::sfn::{self, executions};
use crate::wire::WireError;
use crate::world::World;

/// `states:startExecution`: the input may be any JSON; a string is the input's own text.
pub(super) async fn start_execution(
    world: &World,
    arn: &Arc<str>,
    task: TaskId,
    pattern: Pattern,
    parameters: &Value,
) -> Result<Json, Failure> {
    let mut request = Map::new();
    for (name, value) in parameters.as_object().into_iter().flatten() {
        let value = match (name.as_str(), value) {
            ("Input", Value::String(text)) => Value::String(text.clone()),
            ("Input", Value::Null) => Value::String("{}".into()),
            ("Input", input) => Value::String(input.to_string()),
            (_, value) => value.clone(),
        };
        request.insert(camel(name), value);
    }
    let (request, by) = (Value::Object(request).to_string(), (arn.to_string(), task.0));
    // A test of one state waits for nothing.
    let is_waited_for = matches!(pattern, Pattern::Sync | Pattern::Sync2) && arn.contains(":execution:");
    let started = executions::start_for(world, &request, by, is_waited_for).await;
    let request_id = uuid::Uuid::new_v4().to_string();
    started
        .map(|answer| {
            json!({
                "ExecutionArn": answer["executionArn"],
                "SdkHttpMetadata": super::sdk_http_metadata(
                    &request_id,
                    answer.to_string().len(),
                    crate::wire::JSON,
                    &[],
                ),
                "SdkResponseMetadata": {"RequestId": request_id},
                "StartDate": millis(&answer["startDate"]),
            })
            .into()
        })
        .map_err(|error| optimised_failure(&error))
}

/// An error as the optimised integration tells it, through version 1 of Java's SDK.
fn optimised_failure(error: &WireError) -> Failure {
    let (code, message) = (error.code(), error.message());
    let name = if code == "ValidationException" { "AWSStepFunctionsException" } else { code };
    let name = if name.ends_with("Exception") { name.to_owned() } else { format!("{name}Exception") };
    let request = uuid::Uuid::new_v4();
    Failure::new(
        format!("StepFunctions.{name}"),
        format!(
            "{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Request ID: {request}; Proxy: null)"
        ),
    )
}

/// `aws-sdk:sfn:*`: any operation, with keys that begin with a capital.
pub(super) async fn sdk(world: &World, action: &str, parameters: &Value) -> Result<Json, Failure> {
    let mut request = renamed(parameters, camel);
    // Where the API wants JSON as text, a state may give it as it is; its keys are the user's own.
    for (name, field) in [("Input", "input"), ("Output", "output"), ("Definition", "definition")] {
        if let Some(data @ (Value::Object(_) | Value::Array(_))) = parameters.get(name) {
            request[field] = data.to_string().into();
        }
    }
    let request = request.to_string();
    // Boxed: an operation may run a state, which may call an operation.
    match Box::pin(sfn::answer(world, &pascal(action), &request)).await {
        Ok(answer) => Ok(with_instants(&renamed(&answer, pascal), "").into()),
        Err(error) => Err(sdk_failure(&error)),
    }
}

fn sdk_failure(error: &WireError) -> Failure {
    let code = error.code();
    let name = match code {
        "ValidationException" => "SfnException".to_owned(),
        code if code.ends_with("Exception") => code.to_owned(),
        code => format!("{code}Exception"),
    };
    Failure::new(
        format!("Sfn.{name}"),
        format!(
            "{} (Service: Sfn, Status Code: {}, Request ID: {})",
            error.message(),
            error.status(),
            uuid::Uuid::new_v4()
        ),
    )
}

/// Times, which the wire has as seconds, as the SDK integrations write them.
pub(super) fn with_instants(value: &Value, name: &str) -> Value {
    match value {
        Value::Number(seconds) if ["Date", "DateTime"].iter().any(|end| name.ends_with(end)) || name == "Timestamp" => {
            seconds.as_f64().map_or(Value::Null, |seconds| instant(seconds).into())
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), with_instants(value, name))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(|value| with_instants(value, name)).collect()),
        other => other.clone(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
fn instant(seconds: f64) -> String {
    let millis = (seconds * 1000.0).round() as i64;
    jiff::Timestamp::from_millisecond(millis).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
fn millis(seconds: &Value) -> i64 {
    (seconds.as_f64().unwrap_or_default() * 1000.0).round() as i64
}

/// What a `.sync` task gets once the execution that it waits for has ended.
pub(super) async fn result(world: &World, watch: &Watch) -> Input {
    let task = watch.task;
    let described = match executions::find(world, &watch.child) {
        Ok(row) => executions::described(world, row, true),
        Err(error) => Err(error),
    };
    let described = match described {
        Ok(described) => described,
        Err(error) => return Input::TaskFailed { task, failure: optimised_failure(&error) },
    };
    let succeeded = described["status"] == "SUCCEEDED";
    let mut fields: Vec<(String, Value)> = Vec::new();
    for (name, value) in described.as_object().into_iter().flatten() {
        let value = match (name.as_str(), value) {
            ("startDate" | "stopDate", seconds) => millis(seconds).into(),
            ("inputDetails" | "outputDetails", details) => renamed(details, pascal),
            // `.sync:2` gives data as JSON, `.sync` as text.
            ("input" | "output", Value::String(text)) if watch.pattern == Pattern::Sync2 => {
                serde_json::from_str(text).unwrap_or_else(|_| text.clone().into())
            }
            (_, value) => value.clone(),
        };
        // The failure tells no more than this.
        if succeeded || !name.starts_with("redrive") {
            fields.push((pascal(name), value));
        }
    }
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    let result = Value::Object(fields.into_iter().collect());
    if succeeded {
        return Input::TaskSucceeded { task, output: result.into() };
    }
    let mut cause = result;
    if watch.pattern == Pattern::Sync2
        && let Some(input) = described["input"].as_str()
    {
        cause["Input"] = input.into();
    }
    Input::TaskFailed { task, failure: Failure::new("States.TaskFailed", cause.to_string()) }
}
