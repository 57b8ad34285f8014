//! Service integrations: does what a Task asks for and tells the driver what became of it.

use std::sync::Arc;

use asl::{Json, Pattern, Resource};
use asl_engine::{Failure, Input, Invocation, TaskId};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::driver::Message;
use crate::lambda::{self, Invoked};
use crate::world::{ACCOUNT, REGION, World};

/// Does the work; the driver hears of it as an [`Input`].
pub(crate) async fn perform(world: &World, arn: &Arc<str>, invocation: Invocation) {
    let task = invocation.task;
    let Invocation { resource, payload, .. } = invocation;
    let input = match &resource {
        // A worker will ask for it.
        Resource::Activity { .. } => return,
        Resource::Function { arn } => plain_function(world, task, arn, &payload).await,
        Resource::Integration { service, action, pattern, .. } => {
            integration(world, task, service, action, *pattern, &payload).await
        }
        Resource::Other(text) => Input::TaskFailed { task, failure: unsupported(text) },
    };
    world.driver.tell(Message::Told { arn: Arc::clone(arn), input });
}

/// Says it in so many words: nothing is done silently that the embedded cloud cannot do.
fn unsupported(what: &str) -> Failure {
    Failure::new(
        "LocalCloud.UnsupportedIntegration",
        format!(
            "The embedded cloud does not have the integration {what}. It has Lambda functions (by ARN and lambda:invoke) and DynamoDB."
        ),
    )
}

async fn integration(
    world: &World,
    task: TaskId,
    service: &str,
    action: &str,
    pattern: Pattern,
    payload: &Json,
) -> Input {
    match (service, action, pattern) {
        ("lambda", "invoke", Pattern::RequestResponse | Pattern::WaitForTaskToken) => {
            match invoke(world, payload.value()).await {
                Ok(output) if pattern == Pattern::WaitForTaskToken => Input::TaskSubmitted { task, output },
                Ok(output) => Input::TaskSucceeded { task, output },
                Err(failure) => Input::TaskFailed { task, failure },
            }
        }
        ("dynamodb" | "aws-sdk:dynamodb", _, Pattern::RequestResponse) => {
            match dynamodb(world, service, action, payload.value()).await {
                Ok(output) => Input::TaskSucceeded { task, output },
                Err(failure) => Input::TaskFailed { task, failure },
            }
        }
        _ => Input::TaskFailed { task, failure: unsupported(&format!("{service}:{action}")) },
    }
}

/// A function by its ARN: the payload is the event, the answer the result.
async fn plain_function(world: &World, task: TaskId, arn: &str, payload: &Json) -> Input {
    let name = lambda::name_of(arn);
    let event = Bytes::copy_from_slice(payload.text().as_bytes());
    match lambda::invoke(world, &name, event).await {
        None => Input::TaskFailed { task, failure: no_function(arn) },
        Some(invoked) => match result_of(&invoked, false) {
            Ok(output) => Input::TaskSucceeded { task, output },
            Err(failure) => Input::TaskFailed { task, failure },
        },
    }
}

/// `lambda:invoke`: the result is Lambda's whole answer.
async fn invoke(world: &World, parameters: &Value) -> Result<Json, Failure> {
    let Some(function) = parameters.get("FunctionName").and_then(Value::as_str) else {
        return Err(Failure::new("Lambda.ValidationException", "FunctionName must be given as a string"));
    };
    let event = match parameters.get("Payload") {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(payload) => payload.to_string(),
    };
    let Some(invoked) = lambda::invoke(world, &lambda::name_of(function), Bytes::from(event)).await else {
        return Err(no_function(function));
    };
    let payload = result_of(&invoked, true)?;
    let request = &invoked.request_id;
    let length = invoked.payload.len().to_string();
    let headers = json!({
        "X-Amz-Executed-Version": "$LATEST",
        "x-amzn-RequestId": request,
        "Content-Length": length,
        "Content-Type": "application/json",
    });
    let all: serde_json::Map<String, Value> =
        headers.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), json!([value]))).collect();
    Ok(json!({
        "ExecutedVersion": "$LATEST",
        "Payload": payload.value(),
        "SdkHttpMetadata": {"AllHttpHeaders": all, "HttpHeaders": headers, "HttpStatusCode": 200},
        "SdkResponseMetadata": {"RequestId": request},
        "StatusCode": 200,
    })
    .into())
}

/// The answer as JSON, or the error that it tells.
fn result_of(invoked: &Invoked, compact: bool) -> Result<Json, Failure> {
    let text = String::from_utf8_lossy(&invoked.payload);
    if invoked.function_error.is_none() {
        return Json::parse(&text).map_err(|error| {
            Failure::new("Lambda.Unknown", format!("The function's answer is not JSON ({error}): {text}"))
        });
    }
    let value: Option<Value> = serde_json::from_str(&text).ok();
    match value.as_ref().and_then(|value| value.get("errorType")).and_then(Value::as_str) {
        Some(name) => {
            let cause = match &value {
                Some(value) if compact => value.to_string(),
                _ => text.clone().into_owned(),
            };
            Err(Failure::new(name, cause))
        }
        None => Err(Failure::new(
            "Lambda.Unknown",
            format!(
                "The cause could not be determined because Lambda did not return an error type. Returned payload: {text}"
            ),
        )),
    }
}

fn no_function(function: &str) -> Failure {
    let name = lambda::name_of(function);
    Failure::new(
        "Lambda.ResourceNotFoundException",
        format!(
            "Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: {}; Proxy: null)",
            uuid::Uuid::new_v4()
        ),
    )
}

async fn dynamodb(world: &World, service: &str, action: &str, parameters: &Value) -> Result<Json, Failure> {
    let mut operation = action.to_owned();
    if let Some(first) = operation.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let answer = crate::dynamodb::call(world, &operation, parameters.to_string()).await;
    let request = uuid::Uuid::new_v4();
    match answer {
        Ok(text) => {
            let mut output: Value = serde_json::from_str(&text).unwrap_or_default();
            if service == "dynamodb"
                && let Some(fields) = output.as_object_mut()
            {
                fields.insert("SdkHttpMetadata".into(), json!({"HttpStatusCode": 200}));
                fields.insert("SdkResponseMetadata".into(), json!({"RequestId": request.to_string()}));
            }
            Ok(output.into())
        }
        Err(error) => {
            let code = error.code();
            let message = error.message();
            // The optimised integration speaks through version 1 of Java's SDK, the other through version 2.
            let (name, cause) = if service == "dynamodb" {
                let name = if code == "ValidationException" { "AmazonDynamoDBException" } else { code };
                (
                    format!("DynamoDB.{name}"),
                    format!(
                        "{message} (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: {code}; Request ID: {request}; Proxy: null)"
                    ),
                )
            } else {
                let name = if code == "ValidationException" { "DynamoDbException" } else { code };
                (
                    format!("DynamoDb.{name}"),
                    format!("{message} (Service: DynamoDb, Status Code: 400, Request ID: {request})"),
                )
            };
            Err(Failure::new(name, cause))
        }
    }
}
