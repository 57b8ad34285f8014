//! Tags of state machines and activities.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{activities, arn, machines};
use crate::wire::{WireError, read};
use crate::world::World;

/// The most tags of a resource (AWS's quota).
const MOST: usize = 50;

/// Refuses what are no tags, and too many of them.
pub(super) fn check(tags: &[Value]) -> Result<(), WireError> {
    let mut broken = Vec::new();
    for (index, tag) in (1..).zip(tags) {
        for (member, least, most) in [("key", 1, 128), ("value", 0, 256)] {
            let place = format!("tags.{index}.member.{member}");
            let text = match &tag[member] {
                Value::String(text) => text,
                Value::Null if member == "key" => {
                    broken
                        .push(format!("Value null at '{place}' failed to satisfy constraint: Member must not be null"));
                    continue;
                }
                Value::Null => continue,
                _ => return Err(WireError::new(400, "SerializationException", format!("'{place}' is not a string"))),
            };
            let relation = match text.chars().count() {
                size if size < least => format!("greater than or equal to {least}"),
                size if size > most => format!("less than or equal to {most}"),
                _ => continue,
            };
            broken.push(format!(
                "Value '{text}' at '{place}' failed to satisfy constraint: Member must have length {relation}"
            ));
        }
    }
    if !broken.is_empty() {
        let (count, errors) = (broken.len(), if broken.len() == 1 { "error" } else { "errors" });
        let message = format!("{count} validation {errors} detected: {}", broken.join("; "));
        return Err(WireError::new(400, "ValidationException", message));
    }
    if tags.len() > MOST {
        return Err(too_many(tags.len()));
    }
    Ok(())
}

fn too_many(tags: usize) -> WireError {
    let message = format!("A resource can have at most {MOST} tags, and this would make {tags}");
    WireError::new(400, "TooManyTags", message)
}

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
    check(&tags)?;
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
        return Err(too_many(tags.len()));
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
