//! State machines: creating, changing, describing, listing, validating.

use std::sync::{Arc, PoisonError};

use asl::Workflow;
use rusqlite::params;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{arn, logging, page, seconds, tags};
use crate::driver::Message;
use crate::wire::{WireError, read};
use crate::world::{Alias, KnownMachine, MachineRecord, Version, World};

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
    version_description: Option<String>,
}

pub(super) async fn create(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Create = read(body)?;
    arn::check_name(&request.name)?;
    tags::check(&request.tags)?;
    if request.version_description.is_some() && !request.publish {
        return Err(description_without_publish());
    }
    logging::check(request.logging_configuration.as_ref())?;
    let express = request.kind.as_deref() == Some("EXPRESS");
    let machine = readable(&request.definition, express)?;
    let arn = arn::machine(&request.name);
    let now = world.clock.now();
    let mut record = MachineRecord {
        arn: arn.clone(),
        name: request.name,
        definition: request.definition,
        role_arn: request.role_arn,
        express,
        created_at: now,
        updated_at: now,
        revision: None,
        logging: request.logging_configuration,
        tracing: request.tracing_configuration,
        tags: request.tags,
        versions: Vec::new(),
        last_version: 0,
        aliases: Vec::new(),
        published_at_creation: request.publish,
    };
    let changing = world.changing.lock().await;
    if let Some(standing) = world.machine(&arn) {
        let standing = &standing.record;
        // Role and tags are not looked at: AWS answers the standing machine and leaves them as they are.
        let same = standing.definition == record.definition
            && standing.express == record.express
            && standing.logging == record.logging
            && standing.tracing == record.tracing
            && standing.published_at_creation == record.published_at_creation;
        if !same {
            let message = format!("State Machine Already Exists: '{arn}'");
            return Err(WireError::new(400, "StateMachineAlreadyExists", message));
        }
        return Ok(created(standing));
    }
    if request.publish {
        publish_version(&mut record, request.version_description, now);
    }
    let answer = created(&record);
    keep(world, record, machine).await?;
    drop(changing);
    Ok(answer)
}

fn created(record: &MachineRecord) -> Value {
    let mut answer = json!({"stateMachineArn": record.arn, "creationDate": seconds(record.created_at)});
    if record.published_at_creation {
        answer["stateMachineVersionArn"] = format!("{}:1", record.arn).into();
    }
    answer
}

fn description_without_publish() -> WireError {
    WireError::new(400, "ValidationException", "Version description can only be set when publish is true")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    state_machine_arn: String,
    definition: Option<String>,
    role_arn: Option<String>,
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
    #[serde(default)]
    publish: bool,
    version_description: Option<String>,
}

pub(super) async fn update(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Update = read(body)?;
    let changing = world.changing.lock().await;
    let known = find(world, &request.state_machine_arn)?;
    let Update { definition, role_arn, logging_configuration, tracing_configuration, .. } = request;
    if definition.is_none()
        && role_arn.is_none()
        && logging_configuration.is_none()
        && tracing_configuration.is_none()
        && !request.publish
    {
        let message = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified";
        return Err(WireError::new(400, "MissingRequiredParameter", message));
    }
    if request.version_description.is_some() && !request.publish {
        return Err(description_without_publish());
    }
    logging::check(logging_configuration.as_ref())?;
    let mut record = known.record.clone();
    let mut changed = false;
    let mut machine = Arc::clone(&known.machine);
    if let Some(definition) = definition {
        machine = readable(&definition, record.express)?;
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
        changed |= tracing_configuration != record.tracing;
        record.tracing = tracing_configuration;
    }
    if changed {
        record.revision = Some(uuid::Uuid::new_v4().to_string());
    }
    let now = world.clock.now();
    record.updated_at = now;
    let mut answer = json!({"updateDate": seconds(now)});
    if let Some(revision) = &record.revision {
        answer["revisionId"] = revision.as_str().into();
    }
    if request.publish {
        answer["stateMachineVersionArn"] = publish_version(&mut record, request.version_description, now).into();
    }
    keep(world, record, machine).await?;
    drop(changing);
    Ok(answer)
}

/// Publishes the current revision, unless it has been: the ARN of its version.
pub(super) fn publish_version(record: &mut MachineRecord, description: Option<String>, now: i64) -> String {
    let standing = record.versions.iter().rev().find(|version| version.revision == record.revision);
    let number = if let Some(version) = standing {
        version.number
    } else {
        record.last_version += 1;
        record.versions.push(Version {
            number: record.last_version,
            definition: record.definition.clone(),
            role_arn: record.role_arn.clone(),
            revision: record.revision.clone(),
            description,
            logging: record.logging.clone(),
            tracing: record.tracing.clone(),
            created_at: now,
        });
        record.last_version
    };
    format!("{}:{number}", record.arn)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByArn {
    state_machine_arn: String,
}

pub(super) async fn delete(world: &World, body: &str) -> Result<Value, WireError> {
    let ByArn { state_machine_arn } = read(body)?;
    arn::check(&state_machine_arn)?;
    if state_machine_arn.contains('/') {
        let message = "The ARN is of a Map state's child executions, which are deleted with their state machine";
        return Err(WireError::new(400, "ValidationException", message));
    }
    let changing = world.changing.lock().await;
    let gone = state_machine_arn.clone();
    world
        .store
        .write(move |transaction| {
            transaction.execute("DELETE FROM machines WHERE arn = ?1", [gone])?;
            Ok(())
        })
        .await?;
    let known = world.machines.write().unwrap_or_else(PoisonError::into_inner).remove(&state_machine_arn);
    drop(changing);
    if known.is_some() {
        world.driver.tell(Message::Deleted { machine: state_machine_arn });
    }
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    state_machine_arn: String,
    included_data: Option<String>,
}

pub(super) fn describe(world: &World, body: &str) -> Result<Value, WireError> {
    let Describe { state_machine_arn, included_data } = read(body)?;
    let resolved = resolve(world, &state_machine_arn)?;
    let record = resolved.record();
    let mut answer = described(&record, resolved.machine()?.variable_references());
    answer["status"] = "ACTIVE".into();
    answer["type"] = if record.express { "EXPRESS" } else { "STANDARD" }.into();
    answer["creationDate"] = seconds(record.created_at);
    answer["stateMachineArn"] = state_machine_arn.into();
    if let Some(description) = resolved.version.and_then(|version| version.description) {
        answer["description"] = description.into();
    }
    if included_data.as_deref() == Some("METADATA_ONLY") {
        answer["definition"] = "{}".into();
    }
    Ok(answer)
}

/// What `DescribeStateMachine` and `DescribeStateMachineForExecution` have in common.
pub(super) fn described(
    record: &MachineRecord,
    variables: std::collections::BTreeMap<String, std::collections::BTreeSet<String>>,
) -> Value {
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
    if !variables.is_empty() {
        answer["variableReferences"] = json!(variables);
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
    let machines = world.machines.read().unwrap_or_else(PoisonError::into_inner);
    let listed = machines.values().map(|known| {
        let record = &known.record;
        json!({
            "stateMachineArn": record.arn,
            "name": record.name,
            "type": if record.express { "EXPRESS" } else { "STANDARD" },
            "creationDate": seconds(record.created_at),
        })
    });
    page::of_list("stateMachines", listed, request.max_results, request.next_token.as_deref())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Validate {
    definition: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    severity: Option<String>,
    max_results: Option<usize>,
}

pub(super) fn validate(body: &str) -> Result<Value, WireError> {
    let request: Validate = read(body)?;
    let most = page::size(request.max_results);
    let warnings = request.severity.as_deref() == Some("WARNING");
    let (_, mut findings) = asl::read_as(&request.definition, workflow(request.kind.as_deref() == Some("EXPRESS")));
    findings.retain(|finding| warnings || finding.severity == asl::Severity::Error);
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

fn workflow(express: bool) -> Workflow {
    if express { Workflow::Express } else { Workflow::Standard }
}

pub(super) fn does_not_exist(arn: &str) -> WireError {
    WireError::new(400, "StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

/// The machine of that ARN.
pub(super) fn find(world: &World, machine_arn: &str) -> Result<Arc<KnownMachine>, WireError> {
    arn::check(machine_arn)?;
    world.machine(machine_arn).ok_or_else(|| does_not_exist(machine_arn))
}

/// What an ARN with or without a qualifier stands for.
pub(super) struct Resolved {
    pub(super) known: Arc<KnownMachine>,
    pub(super) version: Option<Version>,
    pub(super) alias: Option<Alias>,
}

/// Finds the machine, and the version that the ARN names, or that its alias leads to this time.
pub(super) fn resolve(world: &World, machine_arn: &str) -> Result<Resolved, WireError> {
    arn::check(machine_arn)?;
    let (plain, qualifier) = arn::qualified(machine_arn);
    let missing = || does_not_exist(machine_arn);
    let known = world.machine(plain).ok_or_else(missing)?;
    let Some(qualifier) = qualifier else { return Ok(Resolved { known, version: None, alias: None }) };
    let record = &known.record;
    let version = |number: &str| record.versions.iter().find(|version| version.number.to_string() == number).cloned();
    if let Some(version) = version(qualifier) {
        return Ok(Resolved { known, version: Some(version), alias: None });
    }
    let alias = record.aliases.iter().find(|alias| alias.name == qualifier).cloned().ok_or_else(missing)?;
    let mut drawn = uuid::Uuid::new_v4().as_u128() % 100;
    let chosen = alias.routing.iter().find(|(_, weight)| {
        let hit = drawn < u128::from(*weight);
        drawn = drawn.saturating_sub(u128::from(*weight));
        hit
    });
    let number = chosen.and_then(|(arn, _)| arn::qualified(arn).1).ok_or_else(missing)?;
    let version = version(number).ok_or_else(missing)?;
    Ok(Resolved { known, version: Some(version), alias: Some(alias) })
}

impl Resolved {
    /// The machine's record as it was when the version was published.
    pub(super) fn record(&self) -> MachineRecord {
        let mut record = self.known.record.clone();
        if let Some(version) = self.version.clone() {
            record.definition = version.definition;
            record.role_arn = version.role_arn;
            record.revision = version.revision;
            record.logging = version.logging;
            record.tracing = version.tracing;
            record.created_at = version.created_at;
        }
        record
    }

    pub(super) fn machine(&self) -> Result<Arc<asl::Machine>, WireError> {
        match &self.version {
            Some(version) if version.definition != self.known.record.definition => {
                readable(&version.definition, self.known.record.express)
            }
            _ => Ok(Arc::clone(&self.known.machine)),
        }
    }
}

/// The definition, if a machine can be made of it.
pub(super) fn readable(definition: &str, express: bool) -> Result<Arc<asl::Machine>, WireError> {
    let refused = |findings: &str| {
        WireError::new(400, "InvalidDefinition", format!("Invalid State Machine Definition: '{findings}'"))
    };
    let (machine, findings) = asl::read_as(definition, workflow(express));
    if let Some(finding) = findings.iter().find(|finding| finding.code == asl::Code::InvalidLabelName) {
        // Recorded so: a label is refused before all else, in a form of its own.
        let message = format!("Error=ValueError Args=[{}] in definition '{definition}'.", in_quotes(&finding.message));
        return Err(WireError::new(400, "InvalidDefinition", message));
    }
    let errors: Vec<String> =
        findings.iter().filter(|finding| finding.severity == asl::Severity::Error).map(ToString::to_string).collect();
    machine.filter(|_| errors.is_empty()).map(Arc::new).ok_or_else(|| refused(&errors.join(", ")))
}

/// A text in quotes: single ones, unless it has some and no double ones.
fn in_quotes(text: &str) -> String {
    let text = text.replace('\\', "\\\\");
    if text.contains('\'') && !text.contains('"') {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', "\\'"))
    }
}

/// Writes a machine's record and makes it known. Called with `changing` held.
pub(super) async fn keep(world: &World, record: MachineRecord, machine: Arc<asl::Machine>) -> Result<(), WireError> {
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
    machines.insert(record.arn.clone(), Arc::new(KnownMachine::new(record, machine)));
    Ok(())
}
