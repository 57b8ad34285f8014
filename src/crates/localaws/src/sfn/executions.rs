//! Executions: starting, stopping, describing, listing.

use std::sync::Arc;

use asl_engine::{Facts, Failure, MAX_EVENTS};
use rusqlite::{OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::logging::Logging;
use super::{arn, constraints, machines, map_runs, page, seconds};
use crate::driver::{About, Finished, Launch, Message, StartRefused, plain_machine};
use crate::wire::{WireError, read};
use crate::world::{MachineRecord, REGION, World};

/// For how long a redrive with the same token is the same redrive, in milliseconds.
const REPEATED_WITHIN: i64 = 15 * 60 * 1000;
/// Why a child of a map run is not redriven by itself.
const BY_MAP_RUN: &str = "Execution was started by a Map Run and is redriven with the execution that runs it";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
    trace_header: Option<String>,
    /// Of `StartSyncExecution`.
    included_data: Option<String>,
}

pub(super) async fn start(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Start = read(body)?;
    world.backlog.room().await;
    let started = launch(world, request, About::default(), None).await?;
    Ok(json!({"executionArn": started.arn, "startDate": seconds(started.at)}))
}

/// Starts an execution for a task of another, which may wait for its end; a repetition finds what the first call started.
pub(crate) async fn start_for(
    world: &World,
    body: &str,
    by: (String, u64),
    waited_for: bool,
) -> Result<Value, WireError> {
    constraints::check("StartExecution", body)?;
    let mut request: Start = read(body)?;
    // A name that comes out the same when the call is repeated after a crash.
    let name = request
        .name
        .get_or_insert_with(|| uuid::Uuid::new_v8(digest(&format!("{}#{}", by.0, by.1)).to_be_bytes()).to_string());
    let (plain, _) = arn::qualified(&request.state_machine_arn);
    let execution_arn = arn::execution(plain.rsplit(':').next().unwrap_or_default(), name);
    let about = About { started_by: Some(by.clone()), waited_for, ..About::default() };
    match launch(world, request, about, None).await {
        Ok(started) => Ok(json!({"executionArn": started.arn, "startDate": seconds(started.at)})),
        Err(error) if error.code() == "ExecutionAlreadyExists" => {
            let row = find(world, &execution_arn)?;
            let about: About = serde_json::from_str(&row.about).unwrap_or_default();
            if about.started_by == Some(by) {
                Ok(json!({"executionArn": execution_arn, "startDate": seconds(row.started_at)}))
            } else {
                Err(error)
            }
        }
        Err(error) => Err(error),
    }
}

/// 128 bits that stand for a text (FNV-1a).
fn digest(text: &str) -> u128 {
    text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

struct Started {
    arn: String,
    at: i64,
}

async fn launch(
    world: &World,
    request: Start,
    mut about: About,
    ended: Option<oneshot::Sender<Finished>>,
) -> Result<Started, WireError> {
    // `machine#TestCase` runs a test case of the mock file, as in Step Functions Local.
    let (machine_arn, test_case) = match request.state_machine_arn.split_once('#') {
        Some((arn, case)) if world.mocks.is_some() => (arn.to_owned(), Some(case.to_owned())),
        _ => (request.state_machine_arn, None),
    };
    arn::check_kind(&machine_arn, &["stateMachine"])?;
    let resolved = machines::resolve(world, &machine_arn)?;
    let record = resolved.record();
    if let (Some(case), Some(mocks)) = (&test_case, &world.mocks)
        && !mocks.has_case(&record.name, case)
    {
        let message = format!("The mock file has no test case '{case}' for the state machine '{}'", record.name);
        return Err(WireError::new(400, "ValidationException", message));
    }
    about.test_case = test_case;
    about.trace_header = request.trace_header;
    about.version = resolved.version.as_ref().map(|version| format!("{}:{}", record.arn, version.number));
    (about.revision, about.updated_at) = (record.revision.clone(), Some(record.updated_at));
    about.alias = resolved.alias.as_ref().map(|alias| format!("{}:{}", record.arn, alias.name));
    let is_named = request.name.is_some();
    let name = request.name.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    arn::check_name(&name)?;
    let input = request.input.unwrap_or_else(|| "{}".to_owned());
    check_input(&input)?;
    let express = record.express;
    let facts = Facts {
        arn: if express { arn::express(&record.name, &name) } else { arn::execution(&record.name, &name) },
        name,
        machine_arn: record.arn.clone(),
        machine_name: record.name.clone(),
        role_arn: record.role_arn.clone(),
        region: REGION.to_owned(),
        started_at: world.clock.now(),
        input,
        seed: uuid::Uuid::new_v4().as_u64_pair().0,
        express,
        map_state: None,
    };
    let execution_arn = facts.arn.clone();
    let definition = match &resolved.version {
        Some(version) => Arc::from(version.definition.as_str()),
        None => Arc::clone(&resolved.known.definition),
    };
    let launch = Box::new(Launch {
        facts,
        is_named,
        machine: resolved.machine()?,
        definition,
        about,
        logging: Logging::of(&record),
    });
    let (reply, started) = oneshot::channel();
    world.driver.tell(Message::Start { launch, reply, ended });
    match started.await {
        Ok(Ok(at)) => Ok(Started { arn: execution_arn, at }),
        Ok(Err(StartRefused::Exists)) => {
            Err(WireError::new(400, "ExecutionAlreadyExists", format!("Execution Already Exists: '{execution_arn}'")))
        }
        Ok(Err(StartRefused::Store(problem))) => Err(WireError::new(500, "InternalServerError", problem)),
        Err(_) => Err(stopped()),
    }
}

/// Refuses an input that is no JSON, or nested too deep.
pub(super) fn check_input(input: &str) -> Result<(), WireError> {
    let refused = |inner: String| {
        WireError::new(400, "InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{inner}'"))
    };
    if input.is_empty() {
        return Err(refused("Invalid execution input.".into()));
    }
    if input.len() > asl_engine::MAX_PAYLOAD {
        // The API's model counts characters, the quota bytes.
        return Err(refused(format!("larger than {} bytes of UTF-8", asl_engine::MAX_PAYLOAD)));
    }
    match asl::Json::parse(input) {
        Err(error) => Err(refused(asl::json_fault(input, &error).sentence)),
        Ok(json) if json.is_deeper_than(asl_engine::MAX_NESTING) => {
            Err(refused(format!("nested deeper than {} levels", asl_engine::MAX_NESTING)))
        }
        Ok(_) => Ok(()),
    }
}

/// Runs an Express workflow and answers how it ended.
pub(super) async fn start_sync(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Start = read(body)?;
    let (machine_arn, name) = (request.state_machine_arn.clone(), request.name.clone());
    let with_data = request.included_data.as_deref() != Some("METADATA_ONLY");
    let input = request.input.clone().unwrap_or_else(|| "{}".to_owned());
    let resolved = machines::resolve(world, machine_arn.split('#').next().unwrap_or_default())?;
    if !resolved.known.record.express {
        return Err(not_supported_by_type());
    }
    let (ended, finished) = oneshot::channel();
    let trace_header = request.trace_header.clone();
    let started = launch(world, request, About::default(), Some(ended)).await?;
    let finished = finished.await.map_err(|_| stopped())?;
    let named = name.unwrap_or_else(|| started.arn.rsplit(':').nth(1).unwrap_or_default().to_owned());
    let millis = (finished.stopped_at - finished.started_at).max(1);
    let mut answer = json!({
        "executionArn": started.arn,
        "stateMachineArn": resolved.known.record.arn,
        "name": named,
        "startDate": seconds(finished.started_at),
        "stopDate": seconds(finished.stopped_at),
        "status": finished.status,
        "inputDetails": {"included": with_data},
        "outputDetails": {"included": with_data},
        "billingDetails": {
            "billedMemoryUsedInMB": 64,
            "billedDurationInMilliseconds": (millis + 99) / 100 * 100,
        },
    });
    if with_data {
        answer["input"] = input.into();
    }
    if let Some(header) = trace_header {
        answer["traceHeader"] = header.into();
    }
    if let Some(output) = finished.output.filter(|_| with_data) {
        answer["output"] = output.text().as_ref().into();
    }
    for (name, text) in [("error", finished.failure.error), ("cause", finished.failure.cause)] {
        if let Some(text) = text {
            answer[name] = text.into();
        }
    }
    Ok(answer)
}

pub(super) fn not_supported_by_type() -> WireError {
    let message = "This operation is not supported by this type of state machine";
    WireError::new(400, "StateMachineTypeNotSupported", message)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Redrive {
    execution_arn: String,
    client_token: Option<String>,
}

pub(super) async fn redrive(world: &World, body: &str) -> Result<Value, WireError> {
    let Redrive { execution_arn, client_token } = read(body)?;
    let row = find(world, &execution_arn)?;
    let about: About = serde_json::from_str(&row.about).unwrap_or_default();
    if let (Some(at), true) = (about.redriven_at, client_token.is_some() && about.redrive_token == client_token)
        && world.clock.now() - at < REPEATED_WITHIN
    {
        // The same request once more.
        return Ok(json!({"redriveDate": seconds(at)}));
    }
    let refused = |why: String| WireError::new(400, "ExecutionNotRedrivable", why);
    if about.map_run.is_some() {
        return Err(refused(BY_MAP_RUN.into()));
    }
    if let Some(why) = why_not_redrivable(world, &row)? {
        return Err(refused(why));
    }
    let (reply, redriven) = oneshot::channel();
    world.driver.tell(Message::Redrive { arn: execution_arn, token: client_token, reply });
    match redriven.await {
        Ok(Ok(at)) => Ok(json!({"redriveDate": seconds(at)})),
        Ok(Err(problem)) => Err(refused(format!("Execution cannot be redriven: {problem}"))),
        Err(_) => Err(stopped()),
    }
}

/// Why an execution cannot be redriven by itself, in the API's words.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>
fn why_not_redrivable(world: &World, row: &Row) -> Result<Option<String>, WireError> {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    if !matches!(row.status.as_str(), "FAILED" | "TIMED_OUT" | "ABORTED") {
        return Ok(Some(format!("Execution is {} and cannot be redriven", row.status)));
    }
    let now = world.clock.now();
    let why = if world.machine(plain_machine(&row.machine)).is_none() {
        "State machine is in DELETING status"
    } else if now - row.started_at > 365 * DAY {
        "Execution has exceeded the max execution time"
    } else if row.stopped_at.is_some_and(|at| now - at > 14 * DAY) {
        "Execution redrivable period exceeded"
    } else if super::history::has_events(&world.store, row.id, MAX_EVENTS.cast_signed() - 1)? {
        "Execution history event limit exceeded"
    } else {
        return Ok(None);
    };
    Ok(Some(why.to_owned()))
}

/// The driver is gone: the store failed, or the process is on its way out.
pub(crate) fn stopped() -> WireError {
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
    let row = find(world, &request.execution_arn)?;
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
pub(crate) struct Row {
    pub(super) id: i64,
    arn: String,
    pub(super) machine: String,
    name: String,
    pub(super) status: String,
    facts: String,
    about: String,
    started_at: i64,
    stopped_at: Option<i64>,
    output: Option<String>,
    error: Option<String>,
    cause: Option<String>,
    definition: String,
}

pub(crate) fn find(world: &World, execution_arn: &str) -> Result<Row, WireError> {
    arn::check_kind(execution_arn, &["execution", "express"])?;
    let wanted = execution_arn.to_owned();
    // By its key: less than another thread takes to wake up.
    let found = world.store.read_now(move |connection| {
        connection
            .prepare_cached(
                "SELECT e.id, e.arn, e.machine, e.name, e.status, e.facts, e.started_at, e.stopped_at, e.output,
                            e.error, e.cause, d.text, e.about
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
                    about: row.get(12)?,
                })
            })
            .optional()
    })?;
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
    let row = find(world, &request.execution_arn)?;
    described(world, row, request.included_data.as_deref() != Some("METADATA_ONLY"))
}

/// What `DescribeExecution` says of an execution.
pub(crate) fn described(world: &World, row: Row, with_data: bool) -> Result<Value, WireError> {
    let facts = facts_of(&row)?;
    let about: About = serde_json::from_str(&row.about).unwrap_or_default();
    let mut answer = json!({
        "executionArn": row.arn,
        "stateMachineArn": row.machine,
        "name": row.name,
        "status": row.status,
        "startDate": seconds(row.started_at),
        "inputDetails": {"included": with_data},
        "redriveCount": about.redrives,
    });
    if let Some(at) = about.redriven_at {
        answer["redriveDate"] = seconds(at);
    }
    if let Some(why) = why_not_redrivable(world, &row)? {
        answer["redriveStatus"] = "NOT_REDRIVABLE".into();
        answer["redriveStatusReason"] = why.into();
    } else if about.map_run.is_some() {
        answer["redriveStatus"] = "REDRIVABLE_BY_MAP_RUN".into();
        answer["redriveStatusReason"] = BY_MAP_RUN.into();
    } else {
        answer["redriveStatus"] = "REDRIVABLE".into();
    }
    for (name, text) in [
        ("stateMachineVersionArn", about.version),
        ("stateMachineAliasArn", about.alias),
        ("mapRunArn", about.map_run),
        ("traceHeader", about.trace_header),
    ] {
        if let Some(text) = text {
            answer[name] = text.into();
        }
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
    let row = find(world, &execution_arn)?;
    let facts = facts_of(&row)?;
    // The definition is the one that this execution runs, whatever the machine has become since.
    let about: About = serde_json::from_str(&row.about).unwrap_or_default();
    let plain = plain_machine(&row.machine);
    let standing = world.machine(plain);
    let version = about.version.as_deref().and_then(|version| {
        let number = arn::qualified(version).1?;
        standing.as_ref()?.record.versions.iter().find(|version| version.number.to_string() == number)
    });
    let record = MachineRecord {
        arn: row.machine.clone(),
        name: facts.machine_name,
        definition: row.definition.clone(),
        role_arn: facts.role_arn,
        express: false,
        created_at: row.started_at,
        updated_at: about
            .updated_at
            .unwrap_or_else(|| standing.as_ref().map_or(row.started_at, |known| known.record.updated_at)),
        revision: match version {
            _ if about.updated_at.is_some() => about.revision.clone(),
            Some(version) => version.revision.clone(),
            None => standing.as_ref().and_then(|known| known.record.revision.clone()),
        },
        logging: standing.as_ref().and_then(|known| known.record.logging.clone()),
        tracing: standing.as_ref().and_then(|known| known.record.tracing.clone()),
        tags: Vec::new(),
        versions: Vec::new(),
        last_version: 0,
        aliases: Vec::new(),
        published_at_creation: false,
    };
    let variables = asl::read(&record.definition).0.map(|machine| machine.variable_references()).unwrap_or_default();
    let mut answer = machines::described(&record, variables);
    answer["updateDate"] = seconds(record.updated_at);
    if let Some(map_run) = about.map_run {
        answer["label"] = row.machine.split('/').nth(1).unwrap_or_default().into();
        answer["mapRunArn"] = map_run.into();
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    state_machine_arn: Option<String>,
    map_run_arn: Option<String>,
    status_filter: Option<String>,
    redrive_filter: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

pub(super) async fn list(world: &World, body: &str) -> Result<Value, WireError> {
    let request: List = read(body)?;
    // What the list is of: the column and its value.
    let (column, of) = match (request.state_machine_arn, request.map_run_arn) {
        (Some(machine), None) => {
            let resolved = machines::resolve(world, &machine)?;
            if resolved.known.record.express {
                return Err(not_supported_by_type());
            }
            match arn::qualified(&machine).1 {
                None => ("machine", machine),
                Some(_) if resolved.alias.is_some() => ("alias", machine),
                Some(_) => ("version", machine),
            }
        }
        (None, Some(map_run)) => {
            map_runs::find(world, &map_run)?;
            ("map_run", map_run)
        }
        (None, None) | (Some(_), Some(_)) => {
            let message = "Either the state machine ARN or the map run ARN must be specified, and not both";
            return Err(WireError::new(400, "ValidationException", message));
        }
    };
    if column != "map_run" && request.status_filter.as_deref() == Some("PENDING_REDRIVE") {
        let message = "The status PENDING_REDRIVE is of the executions of a map run: give its ARN";
        return Err(WireError::new(400, "ValidationException", message));
    }
    let size = page::size(request.max_results);
    let before = page::number(request.next_token.as_deref())?.unwrap_or(i64::MAX);
    let status = request.status_filter.as_deref().and_then(Status::read);
    let redriven = match request.redrive_filter.as_deref() {
        Some("REDRIVEN") => Some(true),
        Some("NOT_REDRIVEN") => Some(false),
        _ => None,
    };
    let most = i64::try_from(size + 1).unwrap_or(i64::MAX);
    let rows: Vec<(i64, Value)> = world
        .store
        .read(move |connection| {
            connection
                .prepare_cached(&list_of(column, status))?
                .query_map(params![of, before, most, redriven], listed)?
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

/// The statement that lists executions by a column, the newest first.
fn list_of(column: &str, status: Option<Status>) -> String {
    // What runs is few: the plus keeps it from being sought in the index of all that a machine ever ran.
    let plus = if matches!(status, Some(Status::Running)) { "+" } else { "" };
    format!(
        "SELECT id, arn, machine, name, status, started_at, stopped_at, about FROM executions
         WHERE {plus}{column} = ?1 AND id < ?2 {}
           AND (?4 IS NULL OR (COALESCE(json_extract(about, '$.redrives'), 0) > 0) = ?4)
         ORDER BY id DESC LIMIT ?3",
        status.map_or("", Status::condition)
    )
}

/// What a list is narrowed to.
#[derive(Clone, Copy)]
enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
    PendingRedrive,
}

impl Status {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "RUNNING" => Self::Running,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "TIMED_OUT" => Self::TimedOut,
            "ABORTED" => Self::Aborted,
            "PENDING_REDRIVE" => Self::PendingRedrive,
            _ => return None,
        })
    }

    /// In the words of the indexes that hold the few executions of that status among many that succeeded.
    fn condition(self) -> &'static str {
        match self {
            Self::Running => "AND status = 'RUNNING'",
            Self::Succeeded => "AND status = 'SUCCEEDED'",
            Self::Failed => "AND status <> 'SUCCEEDED' AND status <> 'RUNNING' AND status = 'FAILED'",
            Self::TimedOut => "AND status <> 'SUCCEEDED' AND status <> 'RUNNING' AND status = 'TIMED_OUT'",
            Self::Aborted => "AND status <> 'SUCCEEDED' AND status <> 'RUNNING' AND status = 'ABORTED'",
            // Children of a map run are redriven at once here.
            Self::PendingRedrive => "AND FALSE",
        }
    }
}

fn listed(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Value)> {
    let about: About = serde_json::from_str(&row.get::<_, String>(7)?).unwrap_or_default();
    let mut item = json!({
        "executionArn": row.get::<_, String>(1)?,
        "stateMachineArn": row.get::<_, String>(2)?,
        "name": row.get::<_, String>(3)?,
        "status": row.get::<_, String>(4)?,
        "startDate": seconds(row.get(5)?),
        "redriveCount": about.redrives,
    });
    if let Some(at) = row.get::<_, Option<i64>>(6)? {
        item["stopDate"] = seconds(at);
    }
    for (name, text) in
        [("stateMachineVersionArn", about.version), ("stateMachineAliasArn", about.alias), ("mapRunArn", about.map_run)]
    {
        if let Some(text) = text {
            item[name] = text.into();
        }
    }
    if let Some(at) = about.redriven_at {
        item["redriveDate"] = seconds(at);
    }
    if let Some(items) = about.items {
        item["itemCount"] = items.into();
    }
    Ok((row.get(0)?, item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Place, Store};

    /// However many succeeded, a list of the few others reads those alone.
    #[tokio::test]
    async fn a_list_is_read_from_the_index_made_for_it() {
        let store = Store::open(&Place::Memory).expect("a store");
        let check = |column: &str, status: Option<Status>, index: &str| {
            let sql = format!("EXPLAIN QUERY PLAN {}", list_of(column, status));
            let plan: Vec<String> = store
                .read_now(|connection| {
                    let arguments = params!["x", 1, 1, None::<bool>];
                    connection.prepare(&sql)?.query_map(arguments, |row| row.get(3))?.collect()
                })
                .expect("a plan");
            let plan = plan.join("; ");
            assert!(plan.contains(&format!("USING INDEX {index} ")), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        };
        check("machine", None, "executions_by_machine");
        check("machine", Some(Status::Succeeded), "executions_by_machine");
        check("machine", Some(Status::Running), "executions_running");
        for failed in [Status::Failed, Status::TimedOut, Status::Aborted] {
            check("machine", Some(failed), "executions_that_failed");
        }
        check("version", None, "executions_by_version");
        check("alias", None, "executions_by_alias");
        check("map_run", None, "executions_by_map_run");
    }
}
