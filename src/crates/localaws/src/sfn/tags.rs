//! Tags of state machines and activities.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{activities, arn, machines};
use crate::wire::{WireError, read};
use crate::world::World;

/// The most tags of a resource (AWS's quota).
const MOST: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByArn {
    resource_arn: String,
}

pub(super) fn list(world: &World, body: &str) -> Result<Value, WireError> {
    let ByArn { resource_arn } = read(body)?;
    Ok(json!({"tags": tags_of(world, &resource_arn)?}))
}

fn tags_of(world: &World, resource_arn: &str) -> Result<Vec<Value>, WireError> {
    arn::check(resource_arn)?;
    if let Some(known) = world.machine(resource_arn) {
        return Ok(known.record.tags.clone());
    }
    activities::find(world, resource_arn)
        .map(|activity| activity.tags)
        .map_err(|_| arn::resource_not_found(resource_arn))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tag {
    resource_arn: String,
    tags: Vec<Value>,
}

pub(super) async fn tag(world: &World, body: &str) -> Result<Value, WireError> {
    let Tag { resource_arn, tags } = read(body)?;
    change(world, &resource_arn, |standing| {
        for tag in tags {
            match standing.iter_mut().find(|known| known["key"] == tag["key"]) {
                Some(known) => *known = tag,
                None => standing.push(tag),
            }
        }
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Untag {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(super) async fn untag(world: &World, body: &str) -> Result<Value, WireError> {
    let Untag { resource_arn, tag_keys } = read(body)?;
    change(world, &resource_arn, |standing| {
        standing.retain(|tag| !tag_keys.iter().any(|key| tag["key"] == key.as_str()));
    })
    .await
}

async fn change(world: &World, resource_arn: &str, change: impl FnOnce(&mut Vec<Value>)) -> Result<Value, WireError> {
    let changing = world.changing.lock().await;
    let mut tags = tags_of(world, resource_arn)?;
    change(&mut tags);
    if tags.len() > MOST {
        let message = format!("A resource can have at most {MOST} tags, and this would make {}", tags.len());
        return Err(WireError::new(400, "TooManyTags", message));
    }
    if let Some(known) = world.machine(resource_arn) {
        let mut record = known.record.clone();
        record.tags = tags;
        machines::keep(world, record, Arc::clone(&known.machine)).await?;
    } else {
        let mut record = activities::find(world, resource_arn)?;
        record.tags = tags;
        activities::keep(world, record).await?;
    }
    drop(changing);
    Ok(json!({}))
}
