//! Task tokens: `SendTaskSuccess`, `SendTaskFailure`, `SendTaskHeartbeat`.

use asl::Json;
use asl_engine::{Failure, Input, TaskId, TokenParts};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::executions::stopped;
use crate::driver::Message;
use crate::wire::{WireError, read};
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Success {
    task_token: String,
    output: String,
}

pub(super) async fn success(world: &World, body: &str) -> Result<Value, WireError> {
    let Success { task_token, output } = read(body)?;
    let output = Json::parse(&output).map_err(|error| {
        WireError::new(400, "InvalidOutput", format!("Invalid Output: '{}'", asl::json_fault(&output, &error).sentence))
    })?;
    if output.is_deeper_than(asl_engine::MAX_NESTING) {
        let message = format!("Invalid Output: 'nested deeper than {} levels'", asl_engine::MAX_NESTING);
        return Err(WireError::new(400, "InvalidOutput", message));
    }
    send(world, task_token, |task| Input::TaskSucceeded { task, output }).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailureRequest {
    task_token: String,
    error: Option<String>,
    cause: Option<String>,
}

pub(super) async fn failure(world: &World, body: &str) -> Result<Value, WireError> {
    let FailureRequest { task_token, error, cause } = read(body)?;
    send(world, task_token, |task| Input::TaskFailed { task, failure: Failure { error, cause } }).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Heartbeat {
    task_token: String,
}

pub(super) async fn heartbeat(world: &World, body: &str) -> Result<Value, WireError> {
    let Heartbeat { task_token } = read(body)?;
    send(world, task_token, |task| Input::Heartbeat { task }).await
}

async fn send(world: &World, token: String, input: impl FnOnce(TaskId) -> Input) -> Result<Value, WireError> {
    let parts = TokenParts::decode(&token)
        .ok_or_else(|| WireError::new(400, "InvalidToken", "Invalid Token: 'Invalid token'"))?;
    let (reply, answered) = oneshot::channel();
    let input = input(TaskId(parts.task));
    world.driver.tell(Message::Token { arn: parts.execution, token, input, reply });
    match answered.await {
        Ok(Ok(())) => Ok(json!({})),
        Ok(Err(_)) => {
            let message = "Task Timed Out: 'Provided task does not exist anymore'";
            Err(WireError::new(400, "TaskTimedOut", message))
        }
        Err(_) => Err(stopped()),
    }
}
