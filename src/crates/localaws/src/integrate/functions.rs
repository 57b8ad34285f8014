//! Lambda functions from a Task: by their ARN, and by `lambda:invoke`.

use asl::Json;
use asl_engine::Failure;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::lambda::{self, Invoked};
use crate::world::{ACCOUNT, REGION, World};

/// A function by its ARN: the payload is the event, the answer the result.
pub(super) async fn plain(world: &World, arn: &str, payload: &Json) -> Result<Json, Failure> {
    let event = Bytes::copy_from_slice(payload.text().as_bytes());
    match lambda::invoke(world, &lambda::name_of(arn), event).await {
        None => Err(no_function(arn)),
        Some(invoked) => result_of(&invoked, false),
    }
}

/// `lambda:invoke`: the result is Lambda's whole answer.
pub(super) async fn invoke(world: &World, parameters: &Value) -> Result<Json, Failure> {
    let Some(function) = parameters.get("FunctionName").and_then(Value::as_str) else {
        return Err(invalid(
            "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null",
        ));
    };
    let event = match parameters.get("Payload") {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(payload) => payload.to_string(),
    };
    let name = lambda::name_of(function);
    let unattended = match parameters.get("InvocationType").and_then(Value::as_str) {
        None | Some("RequestResponse") => None,
        Some("Event") => Some(202),
        Some("DryRun") => Some(204),
        Some(other) => {
            let cause = format!(
                "1 validation error detected: Value '{other}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
            );
            return Err(invalid(&cause));
        }
    };
    if let Some(status) = unattended {
        if lambda::facts_of(world, &name).is_none() {
            return Err(no_function(function));
        }
        let request = uuid::Uuid::new_v4().to_string();
        if status == 202 {
            let world = world.clone();
            // What becomes of it is in its log.
            tokio::spawn(async move { lambda::invoke(&world, &name, Bytes::from(event)).await.is_some() });
        }
        let answer = json!({
            "SdkHttpMetadata": {"HttpStatusCode": status},
            "SdkResponseMetadata": {"RequestId": request},
            "StatusCode": status,
        });
        return Ok(answer.into());
    }
    let Some(invoked) = lambda::invoke(world, &name, Bytes::from(event)).await else {
        return Err(no_function(function));
    };
    let payload = result_of(&invoked, true)?;
    let request = &invoked.request_id;
    let log = (parameters.get("LogType").and_then(Value::as_str) == Some("Tail")).then(|| invoked.log_result());
    let others = [("X-Amz-Executed-Version", "$LATEST".to_owned()), ("x-amzn-Remapped-Content-Length", "0".to_owned())];
    let others: Vec<(&str, String)> =
        others.into_iter().chain(log.clone().map(|log| ("X-Amz-Log-Result", log))).collect();
    let metadata = super::sdk_http_metadata(request, invoked.payload.len(), "application/json", &others);
    let mut answer = json!({
        "ExecutedVersion": "$LATEST",
        "Payload": payload.value(),
        "SdkHttpMetadata": metadata,
        "SdkResponseMetadata": {"RequestId": request},
        "StatusCode": 200,
    });
    if let Some(log) = log {
        answer["LogResult"] = json!(log);
    }
    Ok(answer.into())
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

fn invalid(message: &str) -> Failure {
    let request = uuid::Uuid::new_v4();
    let cause = format!(
        "{message} (Service: AWSLambda; Status Code: 400; Error Code: ValidationException; Request ID: {request}; Proxy: null)"
    );
    Failure::new("Lambda.ValidationException", cause)
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
