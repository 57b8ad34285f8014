//! CloudWatch Logs: what functions logged, by group and stream; reading, filtering and tailing it.

mod pattern;
mod tail;

use std::sync::{Arc, Mutex, PoisonError};

use axum::response::Response;
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::functions::LogSink;
use crate::store::Write;
use crate::wire::{self, WireError, read};
use crate::world::{ACCOUNT, REGION, World};
use pattern::Pattern;

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// The most events in an answer (AWS: 10,000 or 1 MB).
const MOST: usize = 10_000;
const MOST_BYTES: usize = 1 << 20;

/// Lines that wait to be read back by whoever gave the sink away.
pub(crate) type Lines = Box<dyn Fn() -> String + Send + Sync>;

/// A sink whose lines become log events of the stream.
pub(crate) fn sink(world: &World, group: String, stream: String) -> (LogSink, Lines) {
    let seen = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&seen);
    let world = world.clone();
    let sink = LogSink::new(move |line| {
        {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_str(&line);
            kept.push('\n');
        }
        put(&world, group.clone(), stream.clone(), line);
    });
    (sink, Box::new(move || seen.lock().unwrap_or_else(PoisonError::into_inner).clone()))
}

/// Keeps one log event.
fn put(world: &World, group: String, stream: String, message: String) {
    let at = world.clock.now();
    world.store.write_later(move |transaction| {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO log_groups (name, created_at) VALUES (?1, ?2)")?
            .execute(params![group, at])?;
        transaction
            .prepare_cached(
                "INSERT INTO log_events (log_group, stream, at, ingested_at, message) VALUES (?1, ?2, ?3, ?3, ?4)",
            )?
            .execute(params![group, stream, at, message])?;
        Ok(())
    });
}

/// Keeps log events of a stream, if their group is still there: a group that somebody deleted stays so.
pub(crate) fn write_to_standing_group(group: String, stream: String, lines: Vec<(i64, String)>) -> Write {
    Box::new(move |transaction| {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO log_events (log_group, stream, at, ingested_at, message)
             SELECT ?1, ?2, ?3, ?3, ?4 WHERE EXISTS (SELECT 1 FROM log_groups WHERE name = ?1)",
        )?;
        for (at, message) in lines {
            insert.execute(params![group, stream, at, message])?;
        }
        Ok(())
    })
}

/// Answers a request.
pub(crate) async fn handle(world: &World, operation: &str, body: &str) -> Response {
    if matches!(operation, "FilterLogEvents" | "GetLogEvents") {
        // Lines are written behind the answers of those who log; whoever reads them afterwards finds them. A store that
        // fails says so when it is read.
        let _ = world.store.settle().await;
    }
    let answer = match operation {
        "DescribeLogGroups" => describe_groups(world, body).await,
        "DescribeLogStreams" => describe_streams(world, body).await,
        "FilterLogEvents" => filter(world, body).await,
        "GetLogEvents" => get(world, body).await,
        "CreateLogGroup" => create_group(world, body).await,
        "DeleteLogGroup" => delete_group(world, body).await,
        "CreateLogStream" => create_stream(world, body).await,
        "PutLogEvents" => put_events(world, body).await,
        "PutRetentionPolicy" => retention(world, body).await,
        "DeleteRetentionPolicy" => retention(world, body).await,
        "StartLiveTail" => return tail::start(world, body),
        _ => Err(WireError::unknown_operation()),
    };
    match answer {
        Ok(answer) => wire::respond(200, CONTENT_TYPE, answer.to_string()),
        Err(error) => error.into_json_response(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    log_group_name: String,
    retention_in_days: Option<i64>,
}

async fn create_group(world: &World, body: &str) -> Result<Value, WireError> {
    let Group { log_group_name: name, .. } = read(body)?;
    let at = world.clock.now();
    let wanted = name.clone();
    let (made, known) = tokio::sync::oneshot::channel();
    world
        .store
        .write(move |transaction| {
            let added = transaction
                .execute("INSERT OR IGNORE INTO log_groups (name, created_at) VALUES (?1, ?2)", params![wanted, at])?;
            let _ = made.send(added == 1);
            Ok(())
        })
        .await?;
    if known.await.unwrap_or(true) {
        return Ok(json!({}));
    }
    Err(WireError::new(400, "ResourceAlreadyExistsException", "The specified log group already exists"))
}

async fn delete_group(world: &World, body: &str) -> Result<Value, WireError> {
    let Group { log_group_name: name, .. } = read(body)?;
    let (made, known) = tokio::sync::oneshot::channel();
    world
        .store
        .write(move |transaction| {
            let gone = transaction.execute("DELETE FROM log_groups WHERE name = ?1", [&name])?;
            transaction.execute("DELETE FROM log_events WHERE log_group = ?1", [&name])?;
            transaction.execute("DELETE FROM log_streams WHERE log_group = ?1", [&name])?;
            let _ = made.send(gone == 1);
            Ok(())
        })
        .await?;
    if known.await.unwrap_or(true) { Ok(json!({})) } else { Err(no_group()) }
}

async fn retention(world: &World, body: &str) -> Result<Value, WireError> {
    let Group { log_group_name: name, retention_in_days } = read(body)?;
    let (made, known) = tokio::sync::oneshot::channel();
    world
        .store
        .write(move |transaction| {
            let changed = transaction
                .execute("UPDATE log_groups SET retention = ?2 WHERE name = ?1", params![name, retention_in_days])?;
            let _ = made.send(changed == 1);
            Ok(())
        })
        .await?;
    if known.await.unwrap_or(true) { Ok(json!({})) } else { Err(no_group()) }
}

fn no_group() -> WireError {
    WireError::new(400, "ResourceNotFoundException", "The specified log group does not exist.")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutEvents {
    log_group_name: String,
    log_stream_name: String,
    #[serde(default)]
    log_events: Vec<NewEvent>,
}

#[derive(Deserialize)]
struct NewEvent {
    timestamp: i64,
    message: String,
}

async fn create_stream(world: &World, body: &str) -> Result<Value, WireError> {
    let PutEvents { log_group_name: group, log_stream_name: stream, .. } = read(body)?;
    let group = existing_group(world, Some(group), None).await?;
    let at = world.clock.now();
    let (made, known) = tokio::sync::oneshot::channel();
    world
        .store
        .write(move |transaction| {
            let stands = stream_stands(transaction, &group, &stream)?;
            if !stands {
                transaction.execute(
                    "INSERT INTO log_streams (log_group, name, created_at) VALUES (?1, ?2, ?3)",
                    params![group, stream, at],
                )?;
            }
            let _ = made.send(!stands);
            Ok(())
        })
        .await?;
    if known.await.unwrap_or(true) {
        return Ok(json!({}));
    }
    Err(WireError::new(400, "ResourceAlreadyExistsException", "The specified log stream already exists"))
}

/// Whether a stream was made, by somebody or by what is written to it.
fn stream_stands(connection: &Connection, group: &str, stream: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM log_streams WHERE log_group = ?1 AND name = ?2
             UNION ALL SELECT 1 FROM log_events WHERE log_group = ?1 AND stream = ?2 LIMIT 1",
        )?
        .exists([group, stream])
}

fn no_stream() -> WireError {
    WireError::new(400, "ResourceNotFoundException", "The specified log stream does not exist.")
}

async fn put_events(world: &World, body: &str) -> Result<Value, WireError> {
    let PutEvents { log_group_name: group, log_stream_name: stream, log_events } = read(body)?;
    let group = existing_group(world, Some(group), None).await?;
    if log_events.windows(2).any(|pair| pair[0].timestamp > pair[1].timestamp) {
        let message = "Log events in a single PutLogEvents request must be in chronological order.";
        return Err(WireError::new(400, "InvalidParameterException", message));
    }
    let lines = log_events.into_iter().map(|event| (event.timestamp, event.message)).collect();
    let (made, known) = tokio::sync::oneshot::channel();
    world
        .store
        .write(move |transaction| {
            let stands = stream_stands(transaction, &group, &stream)?;
            if stands {
                write_to_standing_group(group, stream, lines)(transaction)?;
            }
            let _ = made.send(stands);
            Ok(())
        })
        .await?;
    if !known.await.unwrap_or(true) {
        return Err(no_stream());
    }
    world.ring();
    Ok(json!({"nextSequenceToken": "0"}))
}

fn group_arn(name: &str) -> String {
    format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}")
}

/// The name in a name or ARN of a log group.
fn group_name(identifier: &str) -> String {
    let name = identifier.split(":log-group:").nth(1).unwrap_or(identifier);
    name.strip_suffix(":*").unwrap_or(name).to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeLogGroups {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

async fn describe_groups(world: &World, body: &str) -> Result<Value, WireError> {
    let request: DescribeLogGroups = read(body)?;
    let limit = request.limit.unwrap_or(50).clamp(1, 50);
    let groups: Vec<(String, i64, i64, Option<i64>)> = world
        .store
        .read(|connection| {
            connection
                .prepare_cached(
                    "SELECT name, created_at,
                            (SELECT COALESCE(SUM(LENGTH(message) + 26), 0) FROM log_events WHERE log_group = name), retention
                     FROM log_groups ORDER BY name",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect()
        })
        .await?;
    let mut matching = groups.into_iter().filter(|(name, ..)| {
        request.log_group_name_prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix))
            && request
                .log_group_name_pattern
                .as_deref()
                .is_none_or(|part| name.to_lowercase().contains(&part.to_lowercase()))
            && request.next_token.as_deref().is_none_or(|after| name.as_str() > after)
    });
    let page: Vec<(String, i64, i64, Option<i64>)> = matching.by_ref().take(limit).collect();
    let more = matching.next().is_some();
    let mut answer = json!({
        "logGroups": page.iter().map(|(name, created_at, bytes, retention)| {
            let mut told = json!({
                "logGroupName": name,
                "creationTime": created_at,
                "metricFilterCount": 0,
                "arn": format!("{}:*", group_arn(name)),
                "logGroupArn": group_arn(name),
                "logGroupClass": "STANDARD",
                "storedBytes": bytes,
            });
            if let Some(days) = retention {
                told["retentionInDays"] = (*days).into();
            }
            told
        }).collect::<Vec<_>>(),
    });
    if let (true, Some((last, ..))) = (more, page.last()) {
        answer["nextToken"] = last.as_str().into();
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeLogStreams {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    #[serde(default)]
    descending: bool,
    limit: Option<usize>,
    next_token: Option<String>,
}

/// A stream: its name, when it was made, and when its first and last events were.
type Stream = (String, i64, Option<i64>, Option<i64>);

async fn describe_streams(world: &World, body: &str) -> Result<Value, WireError> {
    let request: DescribeLogStreams = read(body)?;
    let group = existing_group(world, request.log_group_name, request.log_group_identifier).await?;
    let name = group.clone();
    let mut streams: Vec<Stream> = world
        .store
        .read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT name, MIN(made), MIN(first), MAX(last) FROM (
                         SELECT stream AS name, MIN(at) AS made, MIN(at) AS first, MAX(at) AS last
                         FROM log_events WHERE log_group = ?1 GROUP BY stream
                         UNION ALL SELECT name, created_at, NULL, NULL FROM log_streams WHERE log_group = ?1)
                     GROUP BY name ORDER BY name",
                )?
                .query_map([group], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect()
        })
        .await?;
    streams.retain(|(stream, ..)| {
        request.log_stream_name_prefix.as_deref().is_none_or(|prefix| stream.starts_with(prefix))
    });
    if request.order_by.as_deref() == Some("LastEventTime") {
        streams.sort_by_key(|(.., last)| *last);
    }
    if request.descending {
        streams.reverse();
    }
    // The token is the name of the last stream of the page before: others may come meanwhile.
    let from = match &request.next_token {
        None => 0,
        Some(token) => {
            let last = streams.iter().position(|(stream, ..)| stream == token);
            last.ok_or_else(|| WireError::new(400, "InvalidParameterException", "The specified nextToken is invalid."))?
                + 1
        }
    };
    let limit = request.limit.unwrap_or(50).clamp(1, 50);
    let more = streams.len() > from + limit;
    let page: Vec<Stream> = streams.into_iter().skip(from).take(limit).collect();
    let mut answer = json!({
        "logStreams": page.iter().map(|(stream, made, first, last)| {
            let mut told = json!({
                "logStreamName": stream,
                "creationTime": made,
                "arn": format!("{}:log-stream:{stream}", group_arn(&name)),
                "storedBytes": 0,
            });
            if let (Some(first), Some(last)) = (first, last) {
                told["firstEventTimestamp"] = (*first).into();
                told["lastEventTimestamp"] = (*last).into();
                told["lastIngestionTime"] = (*last).into();
            }
            told
        }).collect::<Vec<_>>(),
    });
    if let (true, Some((last, ..))) = (more, page.last()) {
        answer["nextToken"] = last.as_str().into();
    }
    Ok(answer)
}

async fn existing_group(world: &World, name: Option<String>, identifier: Option<String>) -> Result<String, WireError> {
    let group = name.or_else(|| identifier.map(|identifier| group_name(&identifier))).ok_or_else(|| {
        WireError::new(
            400,
            "InvalidParameterException",
            "Exactly one of logGroupName and logGroupIdentifier must be specified",
        )
    })?;
    let wanted = group.clone();
    let there = world
        .store
        .read(move |connection| connection.prepare_cached("SELECT 1 FROM log_groups WHERE name = ?1")?.exists([wanted]))
        .await?;
    if there {
        Ok(group)
    } else {
        Err(WireError::new(400, "ResourceNotFoundException", "The specified log group does not exist."))
    }
}

/// A log event as it is kept.
struct Kept {
    id: i64,
    stream: String,
    at: i64,
    ingested_at: i64,
    message: String,
}

fn kept(row: &rusqlite::Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { id: row.get(0)?, stream: row.get(1)?, at: row.get(2)?, ingested_at: row.get(3)?, message: row.get(4)? })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilterLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

async fn filter(world: &World, body: &str) -> Result<Value, WireError> {
    let request: FilterLogEvents = read(body)?;
    let group = existing_group(world, request.log_group_name, request.log_group_identifier).await?;
    let pattern = Pattern::parse(request.filter_pattern.as_deref().unwrap_or_default()).map_err(|problem| {
        WireError::new(400, "InvalidParameterException", format!("Invalid filter pattern: {problem}"))
    })?;
    let after = page_after(request.next_token.as_deref())?;
    let limit = request.limit.unwrap_or(MOST).clamp(1, MOST);
    let (from, to) = (request.start_time.unwrap_or(0), request.end_time.unwrap_or(i64::MAX));
    let (streams, prefix) = (request.log_stream_names, request.log_stream_name_prefix);
    let (events, more) = world
        .store
        .read(move |connection| {
            scan(connection, &group, from, to, after, limit, |event| {
                streams.as_ref().is_none_or(|streams| streams.contains(&event.stream))
                    && prefix.as_ref().is_none_or(|prefix| event.stream.starts_with(prefix))
                    && pattern.matches(&event.message)
            })
        })
        .await?;
    let mut answer = json!({
        "events": events.iter().map(|event| json!({
            "logStreamName": event.stream,
            "timestamp": event.at,
            "message": event.message,
            "ingestionTime": event.ingested_at,
            "eventId": format!("{:056}", event.id),
        })).collect::<Vec<_>>(),
        "searchedLogStreams": [],
    });
    if let (true, Some(last)) = (more, events.last()) {
        answer["nextToken"] = token(last).into();
    }
    Ok(answer)
}

/// Where a page goes on: after this time and, within it, this id.
fn token(event: &Kept) -> String {
    format!("{}/{}", event.at, event.id)
}

fn page_after(token: Option<&str>) -> Result<(i64, i64), WireError> {
    let Some(token) = token else { return Ok((i64::MIN, 0)) };
    token
        .split_once('/')
        .and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)))
        .ok_or_else(|| WireError::new(400, "InvalidParameterException", "The specified nextToken is invalid."))
}

/// Events in the order of their time, and whether there are more.
fn scan(
    connection: &Connection,
    group: &str,
    from: i64,
    to: i64,
    after: (i64, i64),
    limit: usize,
    matches: impl Fn(&Kept) -> bool,
) -> rusqlite::Result<(Vec<Kept>, bool)> {
    let mut statement = connection.prepare_cached(
        "SELECT id, stream, at, ingested_at, message FROM log_events
         WHERE log_group = ?1 AND at >= ?2 AND at <= ?3 AND (at, id) > (?4, ?5) ORDER BY at, id",
    )?;
    let mut rows = statement.query(params![group, from, to, after.0, after.1])?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let event = kept(row)?;
        if !matches(&event) {
            continue;
        }
        if events.len() == limit || bytes > MOST_BYTES {
            return Ok((events, true));
        }
        bytes += event.message.len() + 26;
        events.push(event);
    }
    Ok((events, false))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    start_from_head: bool,
}

async fn get(world: &World, body: &str) -> Result<Value, WireError> {
    let request: GetLogEvents = read(body)?;
    let group = existing_group(world, request.log_group_name, request.log_group_identifier).await?;
    let limit = i64::try_from(request.limit.unwrap_or(MOST).clamp(1, MOST)).unwrap_or(i64::MAX);
    let (from, to) = (request.start_time.unwrap_or(0), request.end_time.unwrap_or(i64::MAX));
    // `f/id` goes forward from an event, `b/id` backward.
    let (forward, from_id) = match request.next_token.as_deref().map(|token| token.split_once('/')) {
        None => (request.start_from_head, None),
        Some(Some((way @ ("f" | "b"), id))) if id.parse::<i64>().is_ok() => (way == "f", id.parse::<i64>().ok()),
        Some(_) => return Err(WireError::new(400, "InvalidParameterException", "The specified nextToken is invalid.")),
    };
    let stream = request.log_stream_name;
    let mut events: Vec<Kept> = world
        .store
        .read(move |connection| {
            let (order, bound) = if forward { ("ASC", "id > ?5") } else { ("DESC", "id < ?5") };
            let id = from_id.unwrap_or(if forward { 0 } else { i64::MAX });
            connection
                .prepare_cached(&format!(
                    "SELECT id, stream, at, ingested_at, message FROM log_events
                     WHERE log_group = ?1 AND stream = ?2 AND at >= ?3 AND at < ?4 AND {bound} ORDER BY id {order} LIMIT ?6"
                ))?
                .query_map(params![group, stream, from, to, id, limit], kept)?
                .collect()
        })
        .await?;
    if !forward {
        events.reverse();
    }
    // An empty page gives the token back that was asked with: that is how its reader knows the end.
    let first = events.first().map(|event| event.id).or(from_id).unwrap_or(0);
    let last = events.last().map(|event| event.id).or(from_id).unwrap_or(0);
    Ok(json!({
        "events": events.iter().map(|event| json!({
            "timestamp": event.at,
            "message": event.message,
            "ingestionTime": event.ingested_at,
        })).collect::<Vec<_>>(),
        "nextForwardToken": format!("f/{last}"),
        "nextBackwardToken": format!("b/{first}"),
    }))
}
