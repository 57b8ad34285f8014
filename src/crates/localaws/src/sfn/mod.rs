//! Step Functions: each operation reads its request, does it, shapes the answer.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html>

mod activities;
mod arn;
mod callbacks;
mod constraints;
pub(crate) mod executions;
pub(crate) mod history;
pub(crate) mod logging;
mod machines;
mod map_runs;
mod page;
mod tags;
mod test_state;
mod versions;

use axum::response::Response;
use serde_json::Value;

use crate::wire::{self, WireError};
use crate::world::World;

/// Answers a request.
pub(crate) async fn handle(world: &World, operation: &str, body: &str) -> Response {
    let answered = match operation {
        "GetExecutionHistory" => match constraints::check(operation, body) {
            Ok(()) => history::get(world, body).await,
            Err(error) => Err(error),
        },
        _ => answer(world, operation, body).await.map(|answer| answer.to_string()),
    };
    match answered {
        Ok(answer) => wire::respond(200, wire::JSON, answer),
        Err(error) => error.into_json_response(),
    }
}

pub(crate) async fn answer(world: &World, operation: &str, body: &str) -> Result<Value, WireError> {
    constraints::check(operation, body)?;
    match operation {
        "CreateStateMachine" => machines::create(world, body).await,
        "UpdateStateMachine" => machines::update(world, body).await,
        "DeleteStateMachine" => machines::delete(world, body).await,
        "DescribeStateMachine" => machines::describe(world, body),
        "ListStateMachines" => machines::list(world, body),
        "PublishStateMachineVersion" => versions::publish(world, body).await,
        "ListStateMachineVersions" => versions::list(world, body),
        "DeleteStateMachineVersion" => versions::delete(world, body).await,
        "CreateStateMachineAlias" => versions::create_alias(world, body).await,
        "UpdateStateMachineAlias" => versions::update_alias(world, body).await,
        "DescribeStateMachineAlias" => versions::describe_alias(world, body),
        "ListStateMachineAliases" => versions::list_aliases(world, body),
        "DeleteStateMachineAlias" => versions::delete_alias(world, body).await,
        "TagResource" => tags::tag(world, body).await,
        "UntagResource" => tags::untag(world, body).await,
        "ListTagsForResource" => tags::list(world, body),
        "CreateActivity" => activities::create(world, body).await,
        "DeleteActivity" => activities::delete(world, body).await,
        "DescribeActivity" => activities::describe(world, body),
        "ListActivities" => activities::list(world, body),
        "GetActivityTask" => activities::get_task(world, body).await,
        "TestState" => test_state::test(world, body).await,
        "StartSyncExecution" => executions::start_sync(world, body).await,
        "RedriveExecution" => executions::redrive(world, body).await,
        "ListMapRuns" => map_runs::list(world, body).await,
        "DescribeMapRun" => map_runs::describe(world, body).await,
        "UpdateMapRun" => map_runs::update(world, body).await,
        "ValidateStateMachineDefinition" => machines::validate(body),
        "StartExecution" => executions::start(world, body).await,
        "StopExecution" => executions::stop(world, body).await,
        "DescribeExecution" => executions::describe(world, body).await,
        "DescribeStateMachineForExecution" => executions::describe_machine(world, body).await,
        "ListExecutions" => executions::list(world, body).await,
        "GetExecutionHistory" => {
            history::get(world, body).await.map(|text| serde_json::from_str(&text).unwrap_or_default())
        }
        "SendTaskSuccess" => callbacks::success(world, body).await,
        "SendTaskFailure" => callbacks::failure(world, body).await,
        "SendTaskHeartbeat" => callbacks::heartbeat(world, body).await,
        _ => Err(WireError::unknown_operation()),
    }
}

/// Seconds since 1970, as the JSON protocol writes times.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a float exactly")]
pub(crate) fn seconds(millis: i64) -> Value {
    Value::from(millis as f64 / 1000.0)
}
