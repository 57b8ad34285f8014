//! `StartLiveTail`: new log events as an event stream, once a second as AWS sends them.

use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

use super::pattern::Pattern;
use super::{ACCOUNT, Kept, group_name, kept};
use crate::wire::{WireError, read};
use crate::world::World;

/// The most events in one update (AWS: 500 a second).
const MOST: usize = 500;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartLiveTail {
    log_group_identifiers: Vec<String>,
    log_stream_names: Option<Vec<String>>,
    log_event_filter_pattern: Option<String>,
}

struct Session {
    world: World,
    groups: Vec<String>,
    streams: Option<Vec<String>>,
    pattern: Pattern,
    after: Option<i64>,
}

pub(super) fn start(world: &World, body: &str) -> Response {
    let prepared = read(body).and_then(|request: StartLiveTail| {
        let pattern = request.log_event_filter_pattern.clone().unwrap_or_default();
        let parsed = Pattern::parse(&pattern).map_err(|problem| {
            WireError::new(400, "InvalidParameterException", format!("Invalid filter pattern: {problem}"))
        })?;
        Ok((request, parsed))
    });
    let (request, pattern) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return error.into_json_response(),
    };
    let begin = json!({
        "requestId": uuid::Uuid::new_v4().to_string(),
        "sessionId": uuid::Uuid::new_v4().to_string(),
        "logGroupIdentifiers": request.log_group_identifiers,
        "logStreamNames": request.log_stream_names.clone().unwrap_or_default(),
        "logEventFilterPattern": request.log_event_filter_pattern.clone().unwrap_or_default(),
    });
    let session = Session {
        world: world.clone(),
        groups: request.log_group_identifiers.iter().map(|identifier| group_name(identifier)).collect(),
        streams: request.log_stream_names,
        pattern,
        after: None,
    };
    let first = futures::stream::iter([frame("initial-response", &json!({})), frame("sessionStart", &begin)]);
    let updates = futures::stream::unfold(session, |mut session| async move {
        let update = session.update().await?;
        Some((frame("sessionUpdate", &update), session))
    });
    let body = Body::from_stream(first.chain(updates));
    let mut response = Response::new(body);
    let content_type = http::HeaderValue::from_static("application/vnd.amazon.eventstream");
    response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
    response
}

impl Session {
    /// Waits a second and answers what has come in it. `None` when the store is gone.
    async fn update(&mut self) -> Option<Value> {
        let newest = |connection: &rusqlite::Connection| {
            connection.query_row("SELECT COALESCE(MAX(id), 0) FROM log_events", [], |row| row.get(0))
        };
        let after = match self.after {
            Some(after) => after,
            None => self.world.store.read(newest).await.ok()?,
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut found: Vec<(String, Kept)> = self
            .world
            .store
            .read(move |connection| {
                connection
                    .prepare_cached(
                        "SELECT id, stream, at, ingested_at, message, log_group FROM log_events WHERE id > ?1 ORDER BY id",
                    )?
                    .query_map([after], |row| Ok((row.get(5)?, kept(row)?)))?
                    .collect()
            })
            .await
            .ok()?;
        self.after = Some(found.last().map_or(after, |(_, event)| event.id));
        found.retain(|(group, event)| {
            self.groups.contains(group)
                && self.streams.as_ref().is_none_or(|streams| streams.contains(&event.stream))
                && self.pattern.matches(&event.message)
        });
        let sampled = found.len() > MOST;
        found.truncate(MOST);
        Some(json!({
            "sessionMetadata": {"sampled": sampled},
            "sessionResults": found.iter().map(|(group, event)| json!({
                "logStreamName": event.stream,
                "logGroupIdentifier": format!("{ACCOUNT}:{group}"),
                "message": event.message,
                "timestamp": event.at,
                "ingestionTime": event.ingested_at,
            })).collect::<Vec<_>>(),
        }))
    }
}

fn frame(event: &'static str, payload: &Value) -> Result<Bytes, std::io::Error> {
    let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let message = Message::new(Bytes::from(payload.to_string()))
        .add_header(header(":message-type", "event"))
        .add_header(header(":event-type", event))
        .add_header(header(":content-type", "application/json"));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).map_err(std::io::Error::other)?;
    Ok(Bytes::from(bytes))
}
