//! State machines: creating, changing, describing, listing, validating.

use std::sync::{Arc, PoisonError};

use asl::{Kind, Resource};
use rusqlite::params;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{arn, page, seconds};
use crate::wire::{WireError, read};
use crate::world::{KnownMachine, MachineRecord, World};

/// The largest definition (AWS's quota).
const MAX_DEFINITION: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    name: String,
    definition: String,
    role_arn: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
    #[serde(default)]
    tags: Vec<Value>,
    #[serde(default)]
    publish: bool,
}

pub(super) async fn create(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Create = read(body)?;
    arn::check_name(&request.name)?;
    if request.publish {
        return Err(WireError::new(400, "ValidationException", "Versions are not supported here: leave out publish"));
    }
    let express = request.kind.as_deref() == Some("EXPRESS");
    if express {
        let message = "Express workflows are not supported here";
        return Err(WireError::new(400, "StateMachineTypeNotSupported", message));
    }
    let machine = readable(&request.definition)?;
    let arn = arn::machine(&request.name);
    let record = MachineRecord {
        arn: arn.clone(),
        name: request.name,
        definition: request.definition,
        role_arn: request.role_arn,
        express,
        created_at: world.clock.now(),
        updated_at: world.clock.now(),
        revision: None,
        logging: request.logging_configuration,
        tracing: request.tracing_configuration,
        tags: request.tags,
    };
    if let Some(standing) = world.machine(&arn) {
        let standing = &standing.record;
        // Role and tags are not looked at: AWS answers the standing machine and leaves them as they are.
        let same = standing.definition == record.definition
            && standing.express == record.express
            && standing.logging == record.logging
            && standing.tracing == record.tracing;
        if !same {
            let message = format!("State Machine Already Exists: '{arn}'");
            return Err(WireError::new(400, "StateMachineAlreadyExists", message));
        }
        return Ok(json!({"stateMachineArn": arn, "creationDate": seconds(standing.created_at)}));
    }
    let created_at = record.created_at;
    keep(world, record, machine).await?;
    Ok(json!({"stateMachineArn": arn, "creationDate": seconds(created_at)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    state_machine_arn: String,
    definition: Option<String>,
    role_arn: Option<String>,
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
}

pub(super) async fn update(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Update = read(body)?;
    let known = find(world, &request.state_machine_arn)?;
    let Update { definition, role_arn, logging_configuration, tracing_configuration, .. } = request;
    if definition.is_none() && role_arn.is_none() && logging_configuration.is_none() && tracing_configuration.is_none()
    {
        let message = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified";
        return Err(WireError::new(400, "MissingRequiredParameter", message));
    }
    let mut record = known.record.clone();
    let mut changed = false;
    let mut machine = Arc::clone(&known.machine);
    if let Some(definition) = definition {
        machine = readable(&definition)?;
        changed |= definition != record.definition;
        record.definition = definition;
    }
    if let Some(role_arn) = role_arn {
        changed |= role_arn != record.role_arn;
        record.role_arn = role_arn;
    }
    if logging_configuration.is_some() {
        changed |= logging_configuration != record.logging;
        record.logging = logging_configuration;
    }
    if tracing_configuration.is_some() {
        record.tracing = tracing_configuration;
    }
    if changed {
        record.revision = Some(uuid::Uuid::new_v4().to_string());
    }
    record.updated_at = world.clock.now();
    let (updated_at, revision) = (record.updated_at, record.revision.clone());
    keep(world, record, machine).await?;
    let mut answer = json!({"updateDate": seconds(updated_at)});
    if let Some(revision) = revision {
        answer["revisionId"] = revision.into();
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByArn {
    state_machine_arn: String,
}

pub(super) async fn delete(world: &World, body: &str) -> Result<Value, WireError> {
    let ByArn { state_machine_arn } = read(body)?;
    arn::check(&state_machine_arn)?;
    let gone = state_machine_arn.clone();
    world
        .store
        .write(move |transaction| {
            transaction.execute("DELETE FROM machines WHERE arn = ?1", [gone])?;
            Ok(())
        })
        .await?;
    world.machines.write().unwrap_or_else(PoisonError::into_inner).remove(&state_machine_arn);
    Ok(json!({}))
}

pub(super) fn describe(world: &World, body: &str) -> Result<Value, WireError> {
    let ByArn { state_machine_arn } = read(body)?;
    let known = find(world, &state_machine_arn)?;
    let record = &known.record;
    let mut answer = described(record);
    answer["status"] = "ACTIVE".into();
    answer["type"] = if record.express { "EXPRESS" } else { "STANDARD" }.into();
    answer["creationDate"] = seconds(record.created_at);
    Ok(answer)
}

/// What `DescribeStateMachine` and `DescribeStateMachineForExecution` have in common.
pub(super) fn described(record: &MachineRecord) -> Value {
    let mut logging = record.logging.clone().unwrap_or_else(|| json!({}));
    for (name, default) in [("level", json!("OFF")), ("includeExecutionData", json!(false))] {
        if logging.get(name).is_none() {
            logging[name] = default;
        }
    }
    let mut answer = json!({
        "stateMachineArn": record.arn,
        "name": record.name,
        "definition": record.definition,
        "roleArn": record.role_arn,
        "loggingConfiguration": logging,
        "tracingConfiguration": record.tracing.clone().unwrap_or_else(|| json!({"enabled": false})),
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    });
    if let Some(revision) = &record.revision {
        answer["revisionId"] = revision.as_str().into();
    }
    answer
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    max_results: Option<usize>,
    next_token: Option<String>,
}

pub(super) fn list(world: &World, body: &str) -> Result<Value, WireError> {
    let request: List = read(body)?;
    let size = page::size(request.max_results, 100)?;
    let after = page::place(request.next_token.as_deref(), 1024)?;
    let machines = world.machines.read().unwrap_or_else(PoisonError::into_inner);
    let mut rest = machines.values().filter(|known| after.as_ref().is_none_or(|after| known.record.arn > *after));
    let listed: Vec<Value> = rest
        .by_ref()
        .take(size)
        .map(|known| {
            let record = &known.record;
            json!({
                "stateMachineArn": record.arn,
                "name": record.name,
                "type": if record.express { "EXPRESS" } else { "STANDARD" },
                "creationDate": seconds(record.created_at),
            })
        })
        .collect();
    let mut answer = json!({"stateMachines": listed});
    if rest.next().is_some()
        && let Some(last) = answer["stateMachines"].as_array().and_then(|machines| machines.last())
    {
        answer["nextToken"] = page::token(last["stateMachineArn"].as_str().unwrap_or_default()).into();
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tags {
    resource_arn: String,
}

pub(super) fn tags(world: &World, body: &str) -> Result<Value, WireError> {
    let Tags { resource_arn } = read(body)?;
    arn::check(&resource_arn)?;
    let known = world
        .machine(&resource_arn)
        .ok_or_else(|| WireError::new(400, "ResourceNotFound", format!("Resource not found: '{resource_arn}'")))?;
    Ok(json!({"tags": known.record.tags}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Validate {
    definition: String,
    max_results: Option<usize>,
}

pub(super) fn validate(body: &str) -> Result<Value, WireError> {
    let request: Validate = read(body)?;
    let most = match request.max_results {
        None | Some(0) => 100,
        Some(most) => most.min(100),
    };
    let (_, findings) = asl::read(&request.definition);
    let diagnostics: Vec<Value> = findings
        .iter()
        .take(most)
        .map(|finding| {
            let mut diagnostic = json!({
                "severity": finding.severity.as_str(),
                "code": finding.code.as_str(),
                "message": finding.message,
            });
            if let Some(location) = &finding.location {
                diagnostic["location"] = location.as_str().into();
            }
            diagnostic
        })
        .collect();
    let failed = findings.iter().any(|finding| finding.severity == asl::Severity::Error);
    Ok(json!({
        "result": if failed { "FAIL" } else { "OK" },
        "diagnostics": diagnostics,
        "truncated": findings.len() > most,
    }))
}

/// The machine of that ARN.
pub(super) fn find(world: &World, machine_arn: &str) -> Result<Arc<KnownMachine>, WireError> {
    arn::check(machine_arn)?;
    world.machine(machine_arn).ok_or_else(|| {
        WireError::new(400, "StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{machine_arn}'"))
    })
}

/// The definition, if a machine can be made of it.
fn readable(definition: &str) -> Result<Arc<asl::Machine>, WireError> {
    let refused = |findings: &str| {
        WireError::new(400, "InvalidDefinition", format!("Invalid State Machine Definition: '{findings}'"))
    };
    if definition.len() > MAX_DEFINITION {
        return Err(refused(&format!("the definition is larger than {MAX_DEFINITION} bytes")));
    }
    let (machine, findings) = asl::read(definition);
    let errors: Vec<String> =
        findings.iter().filter(|finding| finding.severity == asl::Severity::Error).map(ToString::to_string).collect();
    let machine = machine.filter(|_| errors.is_empty()).ok_or_else(|| refused(&errors.join(", ")))?;
    // What the embedded cloud cannot run is refused when the machine is made, not in the middle of an execution.
    for state in machine.all_states() {
        match &state.kind {
            Kind::Map(map)
                if map.distributed
                    || map.item_reader.is_some()
                    || map.item_batcher.is_some()
                    || map.result_writer.is_some() =>
            {
                return Err(refused(&format!(
                    "the Map state '{}' is distributed, which is not supported here",
                    state.name
                )));
            }
            Kind::Task(task) if matches!(task.resource, Resource::Activity { .. }) => {
                return Err(refused(&format!(
                    "the Task state '{}' is an activity, which is not supported here",
                    state.name
                )));
            }
            _ => {}
        }
    }
    Ok(Arc::new(machine))
}

async fn keep(world: &World, record: MachineRecord, machine: Arc<asl::Machine>) -> Result<(), WireError> {
    let text = serde_json::to_string(&record)
        .map_err(|error| WireError::new(500, "InternalServerError", error.to_string()))?;
    let arn = record.arn.clone();
    world
        .store
        .write(move |transaction| {
            transaction.execute("INSERT OR REPLACE INTO machines (arn, record) VALUES (?1, ?2)", params![arn, text])?;
            Ok(())
        })
        .await?;
    let mut machines = world.machines.write().unwrap_or_else(PoisonError::into_inner);
    machines.insert(record.arn.clone(), Arc::new(KnownMachine { record, machine }));
    Ok(())
}
