//! `GetExecutionHistory`.

use rusqlite::params;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{executions, page};
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

pub(super) async fn get(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Get = read(body)?;
    let row = executions::find(world, &request.execution_arn).await?;
    let size = page::size(request.max_results, 100)?;
    let from = page::number(request.next_token.as_deref(), 1024)?;
    let reverse = request.reverse_order;
    let id = row.id;
    let mut events: Vec<Value> =
        world.store.read(move |connection| events(connection, id, from, reverse, size + 1)).await?;
    let more = events.len() > size;
    events.truncate(size);
    if request.include_execution_data == Some(false) {
        events.iter_mut().for_each(strip);
    }
    let next =
        events.last().and_then(|event| event["id"].as_i64()).map(|last| if reverse { last - 1 } else { last + 1 });
    let mut answer = json!({"events": events});
    if let (true, Some(next)) = (more, next) {
        answer["nextToken"] = page::token(&next.to_string()).into();
    }
    Ok(answer)
}

/// Up to `most` events from the id `from` on (or back). The store has them in chunks, one a step.
fn events(
    connection: &rusqlite::Connection,
    execution: i64,
    from: Option<i64>,
    reverse: bool,
    most: usize,
) -> rusqlite::Result<Vec<Value>> {
    let sql = if reverse {
        "SELECT events FROM history WHERE execution = ?1 AND first <= ?2 ORDER BY first DESC"
    } else {
        "SELECT events FROM history WHERE execution = ?1 AND last >= ?2 ORDER BY first"
    };
    let from = from.unwrap_or(if reverse { i64::MAX } else { 0 });
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![execution, from])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        let mut chunk: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
        if reverse {
            chunk.reverse();
        }
        let in_range =
            |event: &Value| event["id"].as_i64().is_some_and(|id| if reverse { id <= from } else { id >= from });
        found.extend(chunk.into_iter().filter(in_range));
        if found.len() >= most {
            found.truncate(most);
            break;
        }
    }
    Ok(found)
}

fn strip(event: &mut Value) {
    let Some(fields) = event.as_object_mut() else { return };
    for (name, details) in fields {
        if let (true, Some(details)) = (name.ends_with("EventDetails"), details.as_object_mut()) {
            details.retain(|field, _| !DATA.contains(&field.as_str()));
        }
    }
}
