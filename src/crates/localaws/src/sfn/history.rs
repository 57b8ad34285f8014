//! `GetExecutionHistory`.

use rusqlite::OptionalExtension;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{executions, page};
use crate::store::{EVENTS_A_CHUNK, MAX_EVENT, Store, StoreError, chunk, first_of};
use crate::wire::{WireError, read};
use crate::world::World;

/// Data that is left out when the reader asks for none.
const DATA: [&str; 6] = ["input", "inputDetails", "output", "outputDetails", "parameters", "assignedVariables"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Get {
    execution_arn: String,
    #[serde(default)]
    reverse_order: bool,
    max_results: Option<usize>,
    next_token: Option<String>,
    include_execution_data: Option<bool>,
}

/// The answer, as text: events stand in the store as they are answered.
pub(super) async fn get(world: &World, body: &str) -> Result<String, WireError> {
    let request: Get = read(body)?;
    let row = executions::find(world, &request.execution_arn)?;
    let runs = row.status == "RUNNING";
    if runs {
        world.settle_histories(None).await;
    }
    let size = page::size(request.max_results);
    let from = page::number(request.next_token.as_deref())?;
    let (id, reverse, with_data) = (row.id, request.reverse_order, request.include_execution_data != Some(false));
    let read = || {
        world.store.read(move |connection| {
            let mut page = Page { text: String::from("{\"events\":["), count: 0, size, with_data, next: None };
            page.fill(connection, id, from, reverse)?;
            Ok(page)
        })
    };
    let mut page = read().await?;
    if runs && page.count == 0 && from.is_none() {
        // The process ended before the first events were written, and it is still being read back.
        world.settle_histories(Some(request.execution_arn)).await;
        page = read().await?;
    }
    let text = page.text;
    Ok(match page.next {
        Some(next) => format!("{text}],\"nextToken\":\"{}\"}}", page::token(&next.to_string())),
        None => format!("{text}]}}"),
    })
}

/// The last event of an execution that stands in the store, 0 if there is none.
pub(crate) fn last_event(store: &Store, execution: i64) -> Result<i64, StoreError> {
    let found: Option<(i64, String)> = store.read_now(|connection| {
        connection
            .prepare_cached("SELECT id, events FROM history WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1")?
            .query_row([chunk(execution, 0), chunk(execution, MAX_EVENT)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
    })?;
    let Some((id, events)) = found else { return Ok(0) };
    let events: Vec<&RawValue> = serde_json::from_str(&events).map_err(|error| StoreError::Write(error.to_string()))?;
    Ok(first_of(id) + i64::try_from(events.len()).unwrap_or(MAX_EVENT) - 1)
}

/// Whether an execution has so many events; how many is looked at only where the last row might hold them.
pub(crate) fn has_events(store: &Store, execution: i64, most: i64) -> Result<bool, StoreError> {
    let last: Option<i64> = store.read_now(|connection| {
        connection
            .prepare_cached("SELECT MAX(id) FROM history WHERE id BETWEEN ?1 AND ?2")?
            .query_row([chunk(execution, 0), chunk(execution, MAX_EVENT)], |row| row.get(0))
    })?;
    let a_chunk = i64::try_from(EVENTS_A_CHUNK).unwrap_or(i64::MAX);
    let may_have = last.is_some_and(|last| first_of(last).saturating_add(a_chunk) > most);
    Ok(may_have && last_event(store, execution)? >= most)
}

/// A page of events that is being put together.
struct Page {
    text: String,
    count: usize,
    size: usize,
    with_data: bool,
    /// The event that the next page begins with.
    next: Option<i64>,
}

impl Page {
    /// Takes events from the id `from` on (or back). The store has them in chunks of consecutive ids.
    fn fill(
        &mut self,
        connection: &rusqlite::Connection,
        execution: i64,
        from: Option<i64>,
        reverse: bool,
    ) -> rusqlite::Result<()> {
        let sql = if reverse {
            "SELECT id, events FROM history WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC"
        } else {
            // The chunk that the event is in may begin before it.
            "SELECT id, events FROM history
             WHERE id BETWEEN COALESCE((SELECT MAX(id) FROM history WHERE id BETWEEN ?1 AND ?2), ?1) AND ?3 ORDER BY id"
        };
        let from = from.unwrap_or(if reverse { MAX_EVENT } else { 0 }).clamp(0, MAX_EVENT);
        let (start, reached, end) = (chunk(execution, 0), chunk(execution, from), chunk(execution, MAX_EVENT));
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows =
            if reverse { statement.query([start, reached])? } else { statement.query([start, reached, end])? };
        while let Some(row) = rows.next()? {
            let first = first_of(row.get(0)?);
            let chunk = row.get_ref(1)?.as_str()?;
            let events: Vec<&RawValue> = serde_json::from_str(chunk).unwrap_or_default();
            let mut numbered: Vec<(i64, &RawValue)> = (first..).zip(events).collect();
            if reverse {
                numbered.reverse();
            }
            for (id, event) in numbered.into_iter().filter(|(id, _)| if reverse { *id <= from } else { *id >= from }) {
                if self.count == self.size {
                    self.next = Some(id);
                    return Ok(());
                }
                self.take(event);
            }
        }
        Ok(())
    }

    fn take(&mut self, event: &RawValue) {
        if self.count > 0 {
            self.text.push(',');
        }
        self.count += 1;
        if self.with_data {
            self.text.push_str(event.get());
            return;
        }
        let mut event: Value = serde_json::from_str(event.get()).unwrap_or_default();
        strip(&mut event);
        self.text.push_str(&event.to_string());
    }
}

fn strip(event: &mut Value) {
    let Some(fields) = event.as_object_mut() else { return };
    for (name, details) in fields {
        if let (true, Some(details)) = (name.ends_with("EventDetails"), details.as_object_mut()) {
            details.retain(|field, _| !DATA.contains(&field.as_str()));
        }
    }
}
