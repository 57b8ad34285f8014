//! Executions: starting, stopping, describing, listing.

use asl_engine::{Facts, Failure};
use rusqlite::{OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{arn, machines, page, seconds};
use crate::driver::{Message, StartRefused};
use crate::wire::{WireError, read};
use crate::world::{MachineRecord, REGION, World};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
}

pub(super) async fn start(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Start = read(body)?;
    let machine = machines::find(world, &request.state_machine_arn)?;
    let name = request.name.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    arn::check_name(&name)?;
    let input = request.input.unwrap_or_else(|| "{}".to_owned());
    if input.len() > asl_engine::MAX_PAYLOAD {
        let constraint = "Member must have length less than or equal to 262144";
        return Err(arn::constraint_error("", "input", constraint));
    }
    let refused = |inner: String| {
        WireError::new(400, "InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{inner}'"))
    };
    if input.is_empty() {
        return Err(refused("Invalid execution input.".into()));
    }
    match asl::Json::parse(&input) {
        Err(error) => return Err(refused(error.to_string())),
        Ok(json) if json.is_deeper_than(asl_engine::MAX_NESTING) => {
            return Err(refused(format!("nested deeper than {} levels", asl_engine::MAX_NESTING)));
        }
        Ok(_) => {}
    }
    let record = &machine.record;
    let facts = Facts {
        arn: arn::execution(&record.name, &name),
        name,
        machine_arn: record.arn.clone(),
        machine_name: record.name.clone(),
        role_arn: record.role_arn.clone(),
        region: REGION.to_owned(),
        started_at: world.clock.now(),
        input,
        seed: uuid::Uuid::new_v4().as_u64_pair().0,
        express: false,
    };
    let execution_arn = facts.arn.clone();
    let (reply, started) = oneshot::channel();
    world.driver.tell(Message::Start { facts, machine, reply });
    match started.await {
        Ok(Ok(at)) => Ok(json!({"executionArn": execution_arn, "startDate": seconds(at)})),
        Ok(Err(StartRefused::Exists)) => {
            Err(WireError::new(400, "ExecutionAlreadyExists", format!("Execution Already Exists: '{execution_arn}'")))
        }
        Ok(Err(StartRefused::Store(problem))) => Err(WireError::new(500, "InternalServerError", problem)),
        Err(_) => Err(stopped()),
    }
}

/// The driver is gone: the store failed, or the process is on its way out.
pub(super) fn stopped() -> WireError {
    WireError::new(500, "InternalServerError", "the embedded cloud has stopped")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stop {
    execution_arn: String,
    error: Option<String>,
    cause: Option<String>,
}

pub(super) async fn stop(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Stop = read(body)?;
    let row = find(world, &request.execution_arn).await?;
    let (reply, stopped_at) = oneshot::channel();
    let failure = Failure { error: request.error, cause: request.cause };
    world.driver.tell(Message::Stop { arn: request.execution_arn, failure, reply });
    match stopped_at.await {
        Ok(Ok(at)) => Ok(json!({"stopDate": seconds(at)})),
        // It had ended before: AWS answers when.
        Ok(Err(_)) => Ok(json!({"stopDate": seconds(row.stopped_at.unwrap_or_else(|| world.clock.now()))})),
        Err(_) => Err(stopped()),
    }
}

/// An execution as it is kept.
pub(super) struct Row {
    pub(super) id: i64,
    arn: String,
    machine: String,
    name: String,
    status: String,
    facts: String,
    started_at: i64,
    stopped_at: Option<i64>,
    output: Option<String>,
    error: Option<String>,
    cause: Option<String>,
    definition: String,
}

pub(super) async fn find(world: &World, execution_arn: &str) -> Result<Row, WireError> {
    arn::check(execution_arn)?;
    let wanted = execution_arn.to_owned();
    let found = world
        .store
        .read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT e.id, e.arn, e.machine, e.name, e.status, e.facts, e.started_at, e.stopped_at, e.output,
                            e.error, e.cause, d.text
                     FROM executions e JOIN definitions d ON d.id = e.definition WHERE e.arn = ?1",
                )?
                .query_row([wanted], |row| {
                    Ok(Row {
                        id: row.get(0)?,
                        arn: row.get(1)?,
                        machine: row.get(2)?,
                        name: row.get(3)?,
                        status: row.get(4)?,
                        facts: row.get(5)?,
                        started_at: row.get(6)?,
                        stopped_at: row.get(7)?,
                        output: row.get(8)?,
                        error: row.get(9)?,
                        cause: row.get(10)?,
                        definition: row.get(11)?,
                    })
                })
                .optional()
        })
        .await?;
    found.ok_or_else(|| {
        WireError::new(400, "ExecutionDoesNotExist", format!("Execution Does Not Exist: '{execution_arn}'"))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    execution_arn: String,
    included_data: Option<String>,
}

pub(super) async fn describe(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Describe = read(body)?;
    let row = find(world, &request.execution_arn).await?;
    let with_data = request.included_data.as_deref() != Some("METADATA_ONLY");
    let facts = facts_of(&row)?;
    let mut answer = json!({
        "executionArn": row.arn,
        "stateMachineArn": row.machine,
        "name": row.name,
        "status": row.status,
        "startDate": seconds(row.started_at),
        "inputDetails": {"included": with_data},
        "redriveCount": 0,
    });
    let redrivable = matches!(row.status.as_str(), "FAILED" | "TIMED_OUT" | "ABORTED");
    if redrivable {
        answer["redriveStatus"] = "REDRIVABLE".into();
    } else {
        answer["redriveStatus"] = "NOT_REDRIVABLE".into();
        answer["redriveStatusReason"] = format!("Execution is {} and cannot be redriven", row.status).into();
    }
    if with_data {
        answer["input"] = facts.input.into();
    }
    if let Some(at) = row.stopped_at {
        answer["stopDate"] = seconds(at);
    }
    if let Some(output) = row.output {
        answer["outputDetails"] = json!({"included": with_data});
        if with_data {
            answer["output"] = output.into();
        }
    }
    for (name, text) in [("error", row.error), ("cause", row.cause)] {
        if let Some(text) = text {
            answer[name] = text.into();
        }
    }
    Ok(answer)
}

fn facts_of(row: &Row) -> Result<Facts, WireError> {
    serde_json::from_str(&row.facts).map_err(|error| WireError::new(500, "InternalServerError", error.to_string()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByArn {
    execution_arn: String,
}

pub(super) async fn describe_machine(world: &World, body: &str) -> Result<Value, WireError> {
    let ByArn { execution_arn } = read(body)?;
    let row = find(world, &execution_arn).await?;
    let facts = facts_of(&row)?;
    // The definition is the one that this execution runs, whatever the machine has become since.
    let standing = world.machine(&row.machine);
    let record = MachineRecord {
        arn: row.machine.clone(),
        name: facts.machine_name,
        definition: row.definition.clone(),
        role_arn: facts.role_arn,
        express: false,
        created_at: row.started_at,
        updated_at: standing.as_ref().map_or(row.started_at, |known| known.record.updated_at),
        revision: standing.as_ref().and_then(|known| known.record.revision.clone()),
        logging: standing.as_ref().and_then(|known| known.record.logging.clone()),
        tracing: standing.as_ref().and_then(|known| known.record.tracing.clone()),
        tags: Vec::new(),
    };
    let mut answer = machines::described(&record);
    answer["updateDate"] = seconds(record.updated_at);
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    state_machine_arn: Option<String>,
    status_filter: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

pub(super) async fn list(world: &World, body: &str) -> Result<Value, WireError> {
    let request: List = read(body)?;
    let Some(machine) = request.state_machine_arn else {
        let message = "Either the state machine ARN or the map run ARN must be specified";
        return Err(WireError::new(400, "ValidationException", message));
    };
    machines::find(world, &machine)?;
    let size = page::size(request.max_results, 100)?;
    let before = page::number(request.next_token.as_deref(), 3096)?.unwrap_or(i64::MAX);
    let status = request.status_filter;
    let most = i64::try_from(size + 1).unwrap_or(i64::MAX);
    let rows: Vec<(i64, Value)> = world
        .store
        .read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT id, arn, machine, name, status, started_at, stopped_at FROM executions
                     WHERE machine = ?1 AND id < ?2 AND (?3 IS NULL OR status = ?3) ORDER BY id DESC LIMIT ?4",
                )?
                .query_map(params![machine, before, status, most], |row| {
                    let mut item = json!({
                        "executionArn": row.get::<_, String>(1)?,
                        "stateMachineArn": row.get::<_, String>(2)?,
                        "name": row.get::<_, String>(3)?,
                        "status": row.get::<_, String>(4)?,
                        "startDate": seconds(row.get(5)?),
                        "redriveCount": 0,
                    });
                    if let Some(at) = row.get::<_, Option<i64>>(6)? {
                        item["stopDate"] = seconds(at);
                    }
                    Ok((row.get(0)?, item))
                })?
                .collect()
        })
        .await?;
    let more = rows.len() > size;
    let last = rows.get(size.saturating_sub(1)).map(|(id, _)| *id);
    let executions: Vec<Value> = rows.into_iter().take(size).map(|(_, item)| item).collect();
    let mut answer = json!({"executions": executions});
    if let (true, Some(last)) = (more, last) {
        answer["nextToken"] = page::token(&last.to_string()).into();
    }
    Ok(answer)
}
