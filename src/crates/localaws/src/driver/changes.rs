//! What the next commit writes: gathered per execution, so that many steps become few statements.
//!
//! The journal is written at once. The events of an execution that goes on follow from it, and are gathered for a while:
//! they are large, and one row of many takes fewer pages than many rows.

use std::collections::HashMap;
use std::sync::Arc;

use asl_engine::{Facts, HistoryEvent};
use indexmap::IndexMap;
use rusqlite::{Connection, params};

use super::{About, Finished};
use crate::metrics::Point;
use crate::sfn::logging::Logging;
use crate::store::{EVENTS_A_CHUNK, Write, chunk};

/// How long metrics are gathered, in milliseconds, so that not every commit has to write them. They follow from the
/// executions and nothing follows from them; a kill may cost those of this time.
const METRICS_GATHER: i64 = 250;

/// The same for the events of executions that go on. A kill costs none: the journal's replay makes them again.
const EVENTS_GATHER: i64 = 250;

/// What has changed since the last commit.
#[derive(Default)]
pub(super) struct Changes {
    executions: IndexMap<i64, Change>,
    others: Vec<Write>,
    /// Events that are not written yet, by execution.
    events: IndexMap<i64, Vec<HistoryEvent>>,
    /// When they are to be written; `None` while there are none.
    events_due: Option<i64>,
    /// How often a metric of a machine had a value, by name, machine, second and the value's bits.
    metrics: HashMap<(&'static str, String, i64, u64), u32>,
    /// When they are to be written; `None` while there are none.
    metrics_due: Option<i64>,
    /// The definitions that stand in the store, by their text.
    definitions: HashMap<Arc<str>, i64>,
    next_definition: i64,
}

#[derive(Default)]
struct Change {
    row: Option<Row>,
    journal: Vec<(i64, String)>,
    end: Option<Finished>,
}

/// An execution that is new.
struct Row {
    facts: Arc<Facts>,
    definition: i64,
    about: About,
}

impl Changes {
    /// Takes note of a definition that stands in the store.
    pub(super) fn know_definition(&mut self, id: i64, text: Arc<str>) {
        self.next_definition = self.next_definition.max(id + 1);
        self.definitions.insert(text, id);
    }

    pub(super) fn started(&mut self, id: i64, facts: &Arc<Facts>, definition: &Arc<str>, about: &About) {
        let definition = match self.definitions.get(definition) {
            Some(known) => *known,
            None => {
                let (new, text) = (self.next_definition, Arc::clone(definition));
                self.know_definition(new, Arc::clone(definition));
                self.others.push(Box::new(move |transaction| {
                    transaction
                        .prepare_cached("INSERT INTO definitions (id, text) VALUES (?1, ?2)")?
                        .execute(params![new, text.as_ref()])?;
                    Ok(())
                }));
                new
            }
        };
        self.executions.entry(id).or_default().row =
            Some(Row { facts: Arc::clone(facts), definition, about: about.clone() });
    }

    pub(super) fn heard(&mut self, id: i64, seq: i64, text: String) {
        self.executions.entry(id).or_default().journal.push((seq, text));
    }

    pub(super) fn recorded(&mut self, id: i64, events: Vec<HistoryEvent>, at: i64) {
        self.events_due.get_or_insert(at + EVENTS_GATHER);
        let gathered = self.events.entry(id).or_default();
        if gathered.is_empty() {
            *gathered = events;
        } else {
            gathered.extend(events);
        }
    }

    /// After a replay: of the events that it made again, those up to one stand in the store.
    pub(super) fn stand_recorded(&mut self, id: i64, last: i64) {
        if let Some(events) = self.events.get_mut(&id) {
            events.retain(|event| event.id.cast_signed() > last);
            if events.is_empty() {
                self.events.swap_remove(&id);
            }
        }
    }

    pub(super) fn ended(&mut self, id: i64, finished: &Finished) {
        self.executions.entry(id).or_default().end = Some(finished.clone());
    }

    pub(super) fn redriven(&mut self, id: i64, about: &About) {
        let about = serde_json::to_string(about).unwrap_or_default();
        self.others.push(Box::new(move |transaction| {
            transaction
                .prepare_cached(
                    "UPDATE executions SET status = 'RUNNING', stopped_at = NULL, error = NULL, cause = NULL, about = ?2
                     WHERE id = ?1",
                )?
                .execute(params![id, about])?;
            Ok(())
        }));
    }

    pub(super) fn logged(&mut self, logging: &Arc<Logging>, lines: Vec<(i64, String)>) {
        if lines.is_empty() {
            return;
        }
        let (group, stream) = (logging.group.clone(), logging.stream.clone());
        self.others.push(crate::logs::write_to_standing_group(group, stream, lines));
    }

    /// Counts a value of a metric. Those of one second that are the same become one row.
    pub(super) fn measured(&mut self, name: &'static str, machine: &str, at: i64, value: f64) {
        let second = at.div_euclid(1000) * 1000;
        *self.metrics.entry((name, machine.to_owned(), second, value.to_bits())).or_default() += 1;
        self.metrics_due.get_or_insert(at + METRICS_GATHER);
    }

    /// Whether there is more than metrics and events, which come with the executions that they are of.
    pub(super) fn are_news(&self) -> bool {
        !self.executions.is_empty() || !self.others.is_empty()
    }

    /// When the next commit has something to write, though nothing else may happen until then.
    pub(super) fn due(&self) -> Option<i64> {
        self.metrics_due.into_iter().chain(self.events_due).min()
    }

    /// The next commit writes the events, and the metrics if they are wanted, however new they are.
    pub(super) fn hurry(&mut self, with_metrics: bool) {
        self.events_due = self.events_due.map(|_| i64::MIN);
        if with_metrics {
            self.metrics_due = self.metrics_due.map(|_| i64::MIN);
        }
    }

    pub(super) fn other(&mut self, write: Write) {
        self.others.push(write);
    }

    /// All of it, as one write or none; metrics when they are due.
    pub(super) fn take(&mut self, now: i64) -> Vec<Write> {
        let mut writes = std::mem::take(&mut self.others);
        let executions = std::mem::take(&mut self.executions);
        if self.metrics_due.is_some_and(|due| due <= now) {
            let metrics = std::mem::take(&mut self.metrics);
            self.metrics_due = None;
            writes.push(Box::new(move |transaction| {
                let points = metrics.into_iter().map(|((name, of, at, value), samples)| Point {
                    name,
                    of,
                    at,
                    value: f64::from_bits(value),
                    samples: f64::from(samples),
                });
                crate::metrics::write_of_states(transaction, points)
            }));
        }
        let events = self.take_events(now, &executions);
        if !executions.is_empty() {
            writes.push(Box::new(move |transaction| {
                executions.into_iter().try_for_each(|(id, change)| change.write(id, transaction))
            }));
        }
        if !events.is_empty() {
            writes.push(Box::new(move |transaction| write_events(transaction, &events)));
        }
        writes
    }

    /// The events that are to be written: all that are due, those that fill a row, and those of executions that end.
    fn take_events(&mut self, now: i64, executions: &IndexMap<i64, Change>) -> Vec<(i64, Vec<HistoryEvent>)> {
        if self.events_due.is_some_and(|due| due <= now) {
            self.events_due = None;
            return std::mem::take(&mut self.events).into_iter().collect();
        }
        let mut taken = Vec::new();
        for (id, change) in executions {
            let is_enough = |events: &Vec<HistoryEvent>| change.end.is_some() || events.len() >= EVENTS_A_CHUNK;
            if self.events.get(id).is_some_and(is_enough) {
                taken.extend(self.events.swap_remove_entry(id));
            }
        }
        if self.events.is_empty() {
            self.events_due = None;
        }
        taken
    }
}

impl Change {
    fn write(self, id: i64, transaction: &Connection) -> rusqlite::Result<()> {
        let Self { row, journal, end } = self;
        let is_new = row.is_some();
        let (status, stopped_at) = end.as_ref().map_or(("RUNNING", None), |end| (end.status, Some(end.stopped_at)));
        let output = end.as_ref().and_then(|end| end.output.as_ref()).map(|json| json.text().as_ref());
        let failure = end.as_ref().map(|end| &end.failure);
        let error = failure.and_then(|failure| failure.error.as_deref());
        let cause = failure.and_then(|failure| failure.cause.as_deref());
        if let Some(Row { facts, definition, about }) = row {
            let text = |value: serde_json::Result<String>| value.unwrap_or_default();
            transaction
                .prepare_cached(
                    "INSERT INTO executions (id, arn, machine, name, definition, facts, about, version, alias, map_run,
                                             status, started_at, stopped_at, output, error, cause)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
                )?
                .execute(params![
                    id,
                    facts.arn,
                    facts.machine_arn,
                    facts.name,
                    definition,
                    text(serde_json::to_string(facts.as_ref())),
                    text(serde_json::to_string(&about)),
                    about.version,
                    about.alias,
                    about.map_run,
                    status,
                    facts.started_at,
                    stopped_at,
                    output,
                    error,
                    cause
                ])?;
        } else if end.is_some() {
            transaction
                .prepare_cached(
                    "UPDATE executions SET status = ?2, stopped_at = ?3, output = ?4, error = ?5, cause = ?6 WHERE id = ?1",
                )?
                .execute(params![id, status, stopped_at, output, error, cause])?;
        }
        if status == "SUCCEEDED" {
            // The history says it all from here on. What failed may be redriven, which starts from the journal.
            if !is_new {
                transaction.prepare_cached("DELETE FROM journal WHERE execution = ?1")?.execute([id])?;
            }
            return Ok(());
        }
        let mut insert =
            transaction.prepare_cached("INSERT INTO journal (execution, seq, input) VALUES (?1, ?2, ?3)")?;
        for (seq, text) in journal {
            insert.execute(params![id, seq, text])?;
        }
        Ok(())
    }
}

fn write_events(transaction: &Connection, executions: &[(i64, Vec<HistoryEvent>)]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached("INSERT INTO history (id, events) VALUES (?1, ?2)")?;
    for (id, events) in executions {
        for events in events.chunks(EVENTS_A_CHUNK) {
            let first = events.first().map_or(0, |event| event.id.cast_signed());
            insert.execute(params![chunk(*id, first), asl_engine::history_text(events)])?;
        }
    }
    Ok(())
}
