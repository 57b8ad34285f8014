//! Step Functions: each operation reads its request, does it, shapes the answer.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html>

mod arn;
mod callbacks;
mod executions;
mod history;
mod machines;
mod page;

use axum::response::Response;
use serde_json::Value;

use crate::wire::{self, WireError};
use crate::world::World;

/// Answers a request.
pub(crate) async fn handle(world: &World, operation: &str, body: &str) -> Response {
    match answer(world, operation, body).await {
        Ok(answer) => wire::respond(200, "application/x-amz-json-1.0", answer.to_string()),
        Err(error) => error.into_json_response(),
    }
}

async fn answer(world: &World, operation: &str, body: &str) -> Result<Value, WireError> {
    match operation {
        "CreateStateMachine" => machines::create(world, body).await,
        "UpdateStateMachine" => machines::update(world, body).await,
        "DeleteStateMachine" => machines::delete(world, body).await,
        "DescribeStateMachine" => machines::describe(world, body),
        "ListStateMachines" => machines::list(world, body),
        "ListTagsForResource" => machines::tags(world, body),
        "ValidateStateMachineDefinition" => machines::validate(body),
        "StartExecution" => executions::start(world, body).await,
        "StopExecution" => executions::stop(world, body).await,
        "DescribeExecution" => executions::describe(world, body).await,
        "DescribeStateMachineForExecution" => executions::describe_machine(world, body).await,
        "ListExecutions" => executions::list(world, body).await,
        "GetExecutionHistory" => history::get(world, body).await,
        "SendTaskSuccess" => callbacks::success(world, body).await,
        "SendTaskFailure" => callbacks::failure(world, body).await,
        "SendTaskHeartbeat" => callbacks::heartbeat(world, body).await,
        _ => Err(WireError::unknown_operation()),
    }
}

/// Seconds since 1970, as the JSON protocol writes times.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a float exactly")]
fn seconds(millis: i64) -> Value {
    Value::from(millis as f64 / 1000.0)
}
