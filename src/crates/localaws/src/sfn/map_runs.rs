//! Map runs: what a distributed Map's children have come to.

use asl_engine::MapRunLimits;
use rusqlite::{OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{arn, executions, page, seconds};
use crate::driver::Message;
use crate::wire::{WireError, read};
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    execution_arn: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

pub(super) async fn list(world: &World, body: &str) -> Result<Value, WireError> {
    let request: List = read(body)?;
    let row = executions::find(world, &request.execution_arn)?;
    let (id, machine) = (row.id, row.machine);
    let execution = request.execution_arn;
    let runs: Vec<Value> = world
        .store
        .read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT arn, started_at, stopped_at FROM map_runs WHERE execution = ?1 ORDER BY started_at DESC, rowid DESC",
                )?
                .query_map([id], |row| {
                    let mut run = json!({
                        "executionArn": execution,
                        "mapRunArn": row.get::<_, String>(0)?,
                        "stateMachineArn": machine,
                        "startDate": seconds(row.get(1)?),
                    });
                    if let Some(at) = row.get::<_, Option<i64>>(2)? {
                        run["stopDate"] = seconds(at);
                    }
                    Ok(run)
                })?
                .collect()
        })
        .await?;
    page::of_list("mapRuns", runs.into_iter(), request.max_results, request.next_token.as_deref())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByArn {
    map_run_arn: String,
}

/// Refuses an ARN of no map run that there is.
pub(super) fn find(world: &World, map_run_arn: &str) -> Result<(), WireError> {
    arn::check_kind(map_run_arn, &["mapRun"])?;
    let run = map_run_arn.to_owned();
    let found = world.store.read_now(move |connection| {
        connection.prepare_cached("SELECT 1 FROM map_runs WHERE arn = ?1")?.query_row([run], |_| Ok(())).optional()
    })?;
    found.ok_or_else(|| arn::resource_not_found(map_run_arn))
}

pub(super) async fn describe(world: &World, body: &str) -> Result<Value, WireError> {
    let ByArn { map_run_arn } = read(body)?;
    arn::check(&map_run_arn)?;
    let run = map_run_arn.clone();
    let found = world
        .store
        .read(move |connection| {
            let described = connection
                .prepare_cached(
                    "SELECT execution_arn, status, started_at, stopped_at, items, children, max_concurrency,
                            tolerated_count, tolerated_percentage, redrives, redriven_at
                     FROM map_runs WHERE arn = ?1",
                )?
                .query_row([&run], |row| {
                    let mut answer = json!({
                        "mapRunArn": run,
                        "executionArn": row.get::<_, String>(0)?,
                        "status": row.get::<_, String>(1)?,
                        "startDate": seconds(row.get(2)?),
                        "maxConcurrency": row.get::<_, i64>(6)?,
                        "toleratedFailureCount": row.get::<_, i64>(7)?,
                        "toleratedFailurePercentage": row.get::<_, f64>(8)?,
                        "redriveCount": row.get::<_, i64>(9)?,
                    });
                    if let Some(at) = row.get::<_, Option<i64>>(10)? {
                        answer["redriveDate"] = seconds(at);
                    }
                    if let Some(at) = row.get::<_, Option<i64>>(3)? {
                        answer["stopDate"] = seconds(at);
                    }
                    Ok((answer, row.get::<_, i64>(4)?, row.get::<_, i64>(5)?))
                })
                .optional()?;
            let Some((mut answer, items, children)) = described else { return Ok(None) };
            let counts: Vec<(String, i64, i64)> = connection
                .prepare_cached(
                    "SELECT status, COUNT(*), SUM(COALESCE(json_extract(about, '$.items'), 1))
                     FROM executions WHERE map_run = ?1 GROUP BY status",
                )?
                .query_map([&run], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let counted = |total: i64, number: fn(&(String, i64, i64)) -> i64| {
                let of = |status: &str| counts.iter().find(|count| count.0 == status).map_or(0, number);
                let started: i64 = counts.iter().map(number).sum();
                json!({
                    "pending": (total - started).max(0),
                    "running": of("RUNNING"),
                    "succeeded": of("SUCCEEDED"),
                    "failed": of("FAILED"),
                    "timedOut": of("TIMED_OUT"),
                    "aborted": of("ABORTED"),
                    "total": total,
                    "resultsWritten": 0,
                    "failuresNotRedrivable": 0,
                    "pendingRedrive": 0,
                })
            };
            answer["executionCounts"] = counted(children, |count| count.1);
            answer["itemCounts"] = counted(items, |count| count.2);
            Ok(Some(answer))
        })
        .await?;
    found.ok_or_else(|| arn::resource_not_found(&map_run_arn))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    map_run_arn: String,
    tolerated_failure_count: Option<u64>,
    tolerated_failure_percentage: Option<f64>,
    max_concurrency: Option<u64>,
}

pub(super) async fn update(world: &World, body: &str) -> Result<Value, WireError> {
    let Update { map_run_arn, tolerated_failure_count, tolerated_failure_percentage, max_concurrency } = read(body)?;
    arn::check(&map_run_arn)?;
    let limits = MapRunLimits {
        max_concurrency,
        tolerated_count: tolerated_failure_count,
        tolerated_percentage: tolerated_failure_percentage,
    };
    let arn = map_run_arn.clone();
    let status: Option<String> = world
        .store
        .read(move |connection| {
            connection
                .query_row("SELECT status FROM map_runs WHERE arn = ?1", params![arn], |row| row.get(0))
                .optional()
        })
        .await?;
    let ended = || WireError::new(400, "ValidationException", "A map run that has ended cannot be updated.");
    match status.as_deref() {
        None => return Err(arn::resource_not_found(&map_run_arn)),
        Some("RUNNING") if limits == MapRunLimits::default() => return Ok(json!({})),
        Some("RUNNING") => {}
        Some(_) => return Err(ended()),
    }
    let (reply, updated) = oneshot::channel();
    world.driver.tell(Message::UpdateRun { run: map_run_arn, limits, reply });
    match updated.await {
        Ok(Ok(())) => Ok(json!({})),
        // It ended in the meantime.
        Ok(Err(_)) => Err(ended()),
        Err(_) => Err(executions::stopped()),
    }
}
