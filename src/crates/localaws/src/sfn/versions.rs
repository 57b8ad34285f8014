//! Versions and aliases of state machines.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-cd-aliasing-versioning.html>

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{arn, machines, page, seconds};
use crate::wire::{WireError, read};
use crate::world::{Alias, KnownMachine, MachineRecord, World};

/// The most aliases of a state machine (AWS's quota).
const MOST_ALIASES: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Publish {
    state_machine_arn: String,
    revision_id: Option<String>,
    description: Option<String>,
}

pub(super) async fn publish(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Publish = read(body)?;
    let changing = world.changing.lock().await;
    let known = machines::find(world, &request.state_machine_arn)?;
    let mut record = known.record.clone();
    if let Some(revision) = &request.revision_id
        && revision != record.revision.as_deref().unwrap_or("INITIAL")
    {
        let message = format!(
            "Current revision of the state machine is not {revision}. Current revision: {}",
            record.revision.as_deref().unwrap_or("INITIAL")
        );
        return Err(WireError::new(400, "ConflictException", message));
    }
    let version = machines::publish_version(&mut record, request.description, world.clock.now());
    let number = arn::qualified(&version).1.unwrap_or_default();
    let created_at = record
        .versions
        .iter()
        .find(|version| version.number.to_string() == number)
        .map_or(0, |version| version.created_at);
    machines::keep(world, record, Arc::clone(&known.machine)).await?;
    drop(changing);
    Ok(json!({"creationDate": seconds(created_at), "stateMachineVersionArn": version}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    state_machine_arn: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

pub(super) fn list(world: &World, body: &str) -> Result<Value, WireError> {
    let request: List = read(body)?;
    let known = machines::find(world, &request.state_machine_arn)?;
    let record = &known.record;
    let newest_first = record.versions.iter().rev().map(|version| {
        json!({
            "stateMachineVersionArn": format!("{}:{}", record.arn, version.number),
            "creationDate": seconds(version.created_at),
        })
    });
    page::of_list("stateMachineVersions", newest_first, request.max_results, request.next_token.as_deref())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionArn {
    state_machine_version_arn: String,
}

pub(super) async fn delete(world: &World, body: &str) -> Result<Value, WireError> {
    let VersionArn { state_machine_version_arn: version_arn } = read(body)?;
    arn::check(&version_arn)?;
    let (machine_arn, number) = arn::qualified(&version_arn);
    let changing = world.changing.lock().await;
    let Some(known) = world.machine(machine_arn) else { return Ok(json!({})) };
    let mut record = known.record.clone();
    let users: Vec<&str> = record
        .aliases
        .iter()
        .filter(|alias| alias.routing.iter().any(|(version, _)| *version == version_arn))
        .map(|alias| alias.name.as_str())
        .collect();
    if !users.is_empty() {
        let message = format!(
            "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
            users.join(", ")
        );
        return Err(WireError::new(400, "ConflictException", message));
    }
    record.versions.retain(|version| Some(version.number.to_string().as_str()) != number);
    machines::keep(world, record, Arc::clone(&known.machine)).await?;
    drop(changing);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Route {
    state_machine_version_arn: String,
    weight: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateAlias {
    name: String,
    description: Option<String>,
    routing_configuration: Vec<Route>,
}

pub(super) async fn create_alias(world: &World, body: &str) -> Result<Value, WireError> {
    let request: CreateAlias = read(body)?;
    arn::check_name(&request.name)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if !request.name.chars().all(fits) || request.name.chars().all(|c| c.is_ascii_digit()) {
        let pattern = "Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$";
        return Err(arn::constraint_error(&request.name, "name", pattern));
    }
    let changing = world.changing.lock().await;
    let (known, routing) = routing(world, request.routing_configuration)?;
    let mut record = known.record.clone();
    let alias_arn = format!("{}:{}", record.arn, request.name);
    if let Some(standing) = record.aliases.iter().find(|alias| alias.name == request.name) {
        if standing.description != request.description || standing.routing != routing {
            let message = "Failed to create alias because an alias with the same name and a different routing configuration already exists.";
            return Err(WireError::new(400, "ConflictException", message));
        }
        return Ok(json!({"stateMachineAliasArn": alias_arn, "creationDate": seconds(standing.created_at)}));
    }
    if record.aliases.len() >= MOST_ALIASES {
        let message = format!("A state machine can have at most {MOST_ALIASES} aliases");
        return Err(WireError::new(400, "ServiceQuotaExceededException", message));
    }
    let now = world.clock.now();
    let alias =
        Alias { name: request.name, description: request.description, routing, created_at: now, updated_at: now };
    record.aliases.push(alias);
    machines::keep(world, record, Arc::clone(&known.machine)).await?;
    drop(changing);
    Ok(json!({"stateMachineAliasArn": alias_arn, "creationDate": seconds(now)}))
}

/// ARNs of versions with their weights.
type Routing = Vec<(String, u64)>;

/// The machine that a routing configuration is for, and the configuration if it is one.
fn routing(world: &World, routes: Vec<Route>) -> Result<(Arc<KnownMachine>, Routing), WireError> {
    let invalid = |message: String| WireError::new(400, "ValidationException", message);
    let arns: Vec<&str> = routes.iter().map(|route| route.state_machine_version_arn.as_str()).collect();
    for arn in &arns {
        arn::check(arn)?;
    }
    let is_version =
        |arn: &&str| arn::qualified(arn).1.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()));
    if !arns.iter().all(is_version) {
        return Err(invalid(format!(
            "Routing configuration must contain state machine version ARNs. Received: [{}]",
            arns.join(", ")
        )));
    }
    let Some(first) = arns.first().filter(|_| arns.len() <= 2) else {
        return Err(invalid("Routing configuration must contain one or two state machine versions.".into()));
    };
    let machine_arn = arn::qualified(first).0;
    if arns.iter().any(|arn| arn::qualified(arn).0 != machine_arn) {
        return Err(invalid("Routing configuration must contain versions of the same state machine.".into()));
    }
    if arns.len() == 2 && arns[0] == arns[1] {
        return Err(invalid("Routing configuration must contain distinct state machine versions.".into()));
    }
    if routes.iter().map(|route| route.weight).fold(0, u64::saturating_add) != 100 {
        return Err(invalid("The sum of the weights of a routing configuration must be 100.".into()));
    }
    let known = world.machine(machine_arn).ok_or_else(|| arn::resource_not_found(machine_arn))?;
    for arn in &arns {
        let number = arn::qualified(arn).1.unwrap_or_default();
        if !known.record.versions.iter().any(|version| version.number.to_string() == number) {
            return Err(arn::resource_not_found(arn));
        }
    }
    Ok((known, routes.into_iter().map(|route| (route.state_machine_version_arn, route.weight)).collect()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AliasArn {
    state_machine_alias_arn: String,
}

/// The machine that an alias belongs to and the alias's name.
fn owner(world: &World, alias_arn: &str) -> Result<(Arc<KnownMachine>, String), WireError> {
    arn::check(alias_arn)?;
    let (machine_arn, name) = arn::qualified(alias_arn);
    let missing = || arn::resource_not_found(alias_arn);
    let name = name.ok_or_else(missing)?.to_owned();
    let known = world.machine(machine_arn).ok_or_else(missing)?;
    if known.record.aliases.iter().any(|alias| alias.name == name) { Ok((known, name)) } else { Err(missing()) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateAlias {
    state_machine_alias_arn: String,
    description: Option<String>,
    routing_configuration: Option<Vec<Route>>,
}

pub(super) async fn update_alias(world: &World, body: &str) -> Result<Value, WireError> {
    let request: UpdateAlias = read(body)?;
    let changing = world.changing.lock().await;
    let (known, name) = owner(world, &request.state_machine_alias_arn)?;
    let invalid = |message: &str| WireError::new(400, "ValidationException", message);
    if request.routing_configuration.is_none() && request.description.is_none() {
        return Err(invalid("At least one of description and routingConfiguration must be given."));
    }
    let routed = request.routing_configuration.map(|routes| routing(world, routes)).transpose()?;
    if routed.as_ref().is_some_and(|(routed, _)| routed.record.arn != known.record.arn) {
        return Err(invalid("Routing configuration must contain versions of the state machine that the alias is of."));
    }
    let mut record = known.record.clone();
    let now = world.clock.now();
    for alias in record.aliases.iter_mut().filter(|alias| alias.name == name) {
        if let Some((_, routing)) = &routed {
            alias.routing.clone_from(routing);
        }
        if request.description.is_some() {
            alias.description.clone_from(&request.description);
        }
        alias.updated_at = now;
    }
    machines::keep(world, record, Arc::clone(&known.machine)).await?;
    drop(changing);
    Ok(json!({"updateDate": seconds(now)}))
}

pub(super) async fn delete_alias(world: &World, body: &str) -> Result<Value, WireError> {
    let AliasArn { state_machine_alias_arn } = read(body)?;
    arn::check(&state_machine_alias_arn)?;
    let changing = world.changing.lock().await;
    if let Ok((known, name)) = owner(world, &state_machine_alias_arn) {
        let mut record: MachineRecord = known.record.clone();
        record.aliases.retain(|alias| alias.name != name);
        machines::keep(world, record, Arc::clone(&known.machine)).await?;
    }
    drop(changing);
    Ok(json!({}))
}

pub(super) fn describe_alias(world: &World, body: &str) -> Result<Value, WireError> {
    let AliasArn { state_machine_alias_arn } = read(body)?;
    let (known, name) = owner(world, &state_machine_alias_arn)?;
    let mut answer = json!({});
    if let Some(alias) = known.record.aliases.iter().find(|alias| alias.name == name) {
        answer = json!({
            "stateMachineAliasArn": state_machine_alias_arn,
            "name": name,
            "routingConfiguration": alias.routing.iter().map(|(version, weight)| json!({
                "stateMachineVersionArn": version,
                "weight": weight,
            })).collect::<Vec<_>>(),
            "creationDate": seconds(alias.created_at),
            "updateDate": seconds(alias.updated_at),
        });
        if let Some(description) = &alias.description {
            answer["description"] = description.as_str().into();
        }
    }
    Ok(answer)
}

pub(super) fn list_aliases(world: &World, body: &str) -> Result<Value, WireError> {
    let request: List = read(body)?;
    arn::check(&request.state_machine_arn)?;
    let (machine_arn, version) = arn::qualified(&request.state_machine_arn);
    let known = world.machine(machine_arn).ok_or_else(|| machines::does_not_exist(&request.state_machine_arn))?;
    let record = &known.record;
    let of_version = |alias: &&Alias| {
        version.is_none() || alias.routing.iter().any(|(version, _)| *version == request.state_machine_arn)
    };
    // As recorded: the oldest first, whatever the API's reference says.
    let listed = record.aliases.iter().filter(of_version).map(|alias| {
        json!({
            "stateMachineAliasArn": format!("{}:{}", record.arn, alias.name),
            "creationDate": seconds(alias.created_at),
        })
    });
    page::of_list("stateMachineAliases", listed, request.max_results, request.next_token.as_deref())
}
