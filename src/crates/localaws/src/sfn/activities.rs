//! Activities: making them, and handing their tasks to workers.

use std::sync::PoisonError;
use std::time::Duration;

use rusqlite::params;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{arn, page, seconds, tags};
use crate::driver::Message;
use crate::wire::{WireError, read};
use crate::world::{ActivityRecord, World};

/// How long a worker waits for a task.
const LONG_POLL: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Create {
    name: String,
    #[serde(default)]
    tags: Vec<Value>,
}

pub(super) async fn create(world: &World, body: &str) -> Result<Value, WireError> {
    let Create { name, tags } = read(body)?;
    arn::check_name(&name)?;
    tags::check(&tags)?;
    let arn = arn::activity(&name);
    let changing = world.changing.lock().await;
    let standing = find(world, &arn).ok();
    let record = match standing {
        Some(standing) => standing,
        None => {
            let record = ActivityRecord { arn, name, created_at: world.clock.now(), tags };
            keep(world, record.clone()).await?;
            record
        }
    };
    drop(changing);
    Ok(json!({"activityArn": record.arn, "creationDate": seconds(record.created_at)}))
}

/// Writes an activity's record and makes it known. Called with `changing` held.
pub(super) async fn keep(world: &World, record: ActivityRecord) -> Result<(), WireError> {
    let text = serde_json::to_string(&record)
        .map_err(|error| WireError::new(500, "InternalServerError", error.to_string()))?;
    let arn = record.arn.clone();
    world
        .store
        .write(move |transaction| {
            transaction
                .execute("INSERT OR REPLACE INTO activities (arn, record) VALUES (?1, ?2)", params![arn, text])?;
            Ok(())
        })
        .await?;
    world.activities.write().unwrap_or_else(PoisonError::into_inner).insert(record.arn.clone(), record);
    Ok(())
}

pub(super) fn find(world: &World, activity_arn: &str) -> Result<ActivityRecord, WireError> {
    arn::check(activity_arn)?;
    let activities = world.activities.read().unwrap_or_else(PoisonError::into_inner);
    activities.get(activity_arn).cloned().ok_or_else(|| {
        WireError::new(400, "ActivityDoesNotExist", format!("Activity Does Not Exist: '{activity_arn}'"))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByArn {
    activity_arn: String,
}

pub(super) async fn delete(world: &World, body: &str) -> Result<Value, WireError> {
    let ByArn { activity_arn } = read(body)?;
    arn::check(&activity_arn)?;
    let changing = world.changing.lock().await;
    let gone = activity_arn.clone();
    world
        .store
        .write(move |transaction| {
            transaction.execute("DELETE FROM activities WHERE arn = ?1", [gone])?;
            Ok(())
        })
        .await?;
    world.activities.write().unwrap_or_else(PoisonError::into_inner).remove(&activity_arn);
    drop(changing);
    Ok(json!({}))
}

pub(super) fn describe(world: &World, body: &str) -> Result<Value, WireError> {
    let ByArn { activity_arn } = read(body)?;
    let record = find(world, &activity_arn)?;
    Ok(json!({
        "activityArn": record.arn,
        "name": record.name,
        "creationDate": seconds(record.created_at),
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    max_results: Option<usize>,
    next_token: Option<String>,
}

pub(super) fn list(world: &World, body: &str) -> Result<Value, WireError> {
    let request: List = read(body)?;
    let activities = world.activities.read().unwrap_or_else(PoisonError::into_inner);
    let mut records: Vec<&ActivityRecord> = activities.values().collect();
    records.sort_by_key(|record| record.created_at);
    let listed = records.into_iter().map(
        |record| json!({"activityArn": record.arn, "name": record.name, "creationDate": seconds(record.created_at)}),
    );
    page::of_list("activities", listed, request.max_results, request.next_token.as_deref())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetTask {
    activity_arn: String,
    worker_name: Option<String>,
}

/// Waits up to a minute for a task; answers nothing when there is none.
pub(super) async fn get_task(world: &World, body: &str) -> Result<Value, WireError> {
    let request: GetTask = read(body)?;
    find(world, &request.activity_arn)?;
    let (reply, polled) = oneshot::channel();
    world.driver.tell(Message::Poll { activity: request.activity_arn, worker: request.worker_name, reply });
    match tokio::time::timeout(LONG_POLL, polled).await {
        Ok(Ok(polled)) => Ok(json!({"taskToken": polled.token, "input": polled.input.as_ref()})),
        Ok(Err(_)) => Err(super::executions::stopped()),
        Err(_) => Ok(json!({})),
    }
}
