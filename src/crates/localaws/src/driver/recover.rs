//! Reading back: every execution that was running goes on.
//!
//! First all of them are known, so that nothing that concerns one is lost; then each does again what it did before, beside
//! the driver where that may take long, and what it still waits for begins anew.

use std::collections::HashMap;
use std::sync::Arc;

use asl::{Json, Pattern, Resource};
use asl_engine::{Effect, Execution, Facts, Input, Stamped, TaskId};
use rusqlite::{Connection, OptionalExtension, params};

use super::redrive::Going;
use super::work::Live;
use super::{About, Act, Driver, Inner, Parent, Watch};
use crate::sfn::logging::Logging;
use crate::world::OpenError;

pub(super) type Machines = HashMap<String, (Arc<asl::Machine>, Arc<str>)>;

/// An execution as it is kept.
pub(super) struct Kept {
    pub(super) id: i64,
    pub(super) facts: Facts,
    pub(super) about: About,
    pub(super) machine: Arc<asl::Machine>,
    pub(super) definition: Arc<str>,
    pub(super) journal: Vec<Stamped>,
}

/// An execution that did again what it did before.
pub(crate) struct Replayed {
    execution: Box<Execution>,
    /// What followed from the beginning, and from each thing that it was told.
    past: Vec<(Option<Stamped>, Vec<Effect>)>,
    /// The last event that stands in the store.
    recorded: i64,
}

impl Replayed {
    /// Does it again. May take as long as it took the first time.
    pub(super) fn of(mut execution: Box<Execution>, journal: Vec<Stamped>, recorded: i64) -> Self {
        let mut past = vec![(None, execution.begin(&mut || true))];
        for stamped in journal {
            let effects = execution.step(stamped.clone());
            past.push((Some(stamped), effects));
        }
        execution.go_on();
        Self { execution, past, recorded }
    }
}

/// A child execution that was running, by the task of its parent that waits for it.
pub(super) struct Kin {
    child: Arc<str>,
    task: TaskId,
    /// Its place in a map run.
    index: Option<usize>,
}

impl Driver {
    /// Reads back every execution that was running.
    pub(super) fn recover(&mut self) -> Result<(), OpenError> {
        let definitions: Vec<(i64, String)> = self.world.store.read_now(|connection| {
            connection
                .prepare("SELECT id, text FROM definitions")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })?;
        for (id, text) in definitions {
            self.changes.know_definition(id, Arc::from(text));
        }
        self.next_id = self.world.store.read_now(|connection| {
            connection.query_row("SELECT COALESCE(MAX(id), 0) + 1 FROM executions", [], |row| row.get(0))
        })?;
        let rows: Vec<Row> = self.world.store.read_now(|connection| {
            connection
                .prepare(
                    "SELECT e.id, e.facts, e.about, d.text FROM executions e JOIN definitions d ON d.id = e.definition
                     WHERE e.status = 'RUNNING' ORDER BY e.id",
                )?
                .query_map([], row)?
                .collect()
        })?;
        let mut machines = Machines::new();
        let mut known = Vec::new();
        for row in rows {
            let id = row.id;
            match self.know(row, &mut machines) {
                Ok(replay) => known.push(replay),
                Err(problem) => self.give_up(id, &problem),
            }
        }
        let parents: Vec<Arc<str>> = self.kin.keys().filter(|arn| !self.running.contains_key(*arn)).cloned().collect();
        for parent in parents {
            // It ended while they were still to be told.
            let kin = self.kin.remove(&parent).unwrap_or_default();
            self.inner.extend(kin.into_iter().map(|kin| Inner::Stop(kin.child)));
        }
        for (arn, journal, recorded) in known {
            self.replay(arn, journal, recorded);
        }
        Ok(())
    }

    /// Takes note of a running execution, and answers what it has to do again.
    fn know(&mut self, row: Row, machines: &mut Machines) -> Result<(Arc<str>, Vec<Stamped>, i64), String> {
        let Kept { id, facts, about, machine, definition, journal } = self.kept(row, machines)?;
        let arn: Arc<str> = Arc::from(facts.arn.as_str());
        let known = self.world.machine(super::plain_machine(&facts.machine_arn));
        if known.is_none() {
            // It was deleted while this was still to be told.
            self.inner.push_back(Inner::Stop(Arc::clone(&arn)));
        }
        let logging = known.and_then(|known| Logging::of(&known.record));
        let recorded = crate::sfn::history::last_event(&self.world.store, id).map_err(|error| error.to_string())?;
        if let Some(Parent { arn: parent, task, index }) = &about.parent {
            let kin = Kin { child: Arc::clone(&arn), task: *task, index: Some(*index) };
            self.kin.entry(Arc::from(parent.as_str())).or_default().push(kin);
        } else if let (Some((parent, task)), true) = (&about.started_by, about.waited_for) {
            let kin = Kin { child: Arc::clone(&arn), task: TaskId(*task), index: None };
            self.kin.entry(Arc::from(parent.as_str())).or_default().push(kin);
        }
        let execution = Execution::again(machine, facts, &journal).map_err(|error| error.to_string())?;
        let seq = i64::try_from(journal.len()).unwrap_or(i64::MAX);
        self.running.insert(Arc::clone(&arn), Live::new(id, execution, seq, about, logging, definition).known());
        Ok((arn, journal, recorded))
    }

    /// One that cannot be read must not keep all others from going on.
    fn give_up(&mut self, id: i64, problem: &str) {
        tracing::error!(execution = id, problem, "cannot go on with an execution");
        let (at, cause) = (self.world.clock.now(), format!("The execution could not be read back: {problem}"));
        self.changes.other(Box::new(move |transaction| {
            transaction.execute(
                "UPDATE executions SET status = 'FAILED', stopped_at = ?2, error = 'States.Runtime', cause = ?3 WHERE id = ?1",
                params![id, at, cause],
            )?;
            transaction.execute("DELETE FROM journal WHERE execution = ?1", [id])?;
            Ok(())
        }));
    }

    /// An execution did again what it did before: what it still waits for begins anew.
    pub(super) fn replayed(&mut self, arn: &Arc<str>, replayed: Replayed) {
        let Replayed { execution, past, recorded } = replayed;
        if self.changes.are_news() && !self.commit() {
            // Of its children some may have ended just now, and are looked for in what is kept.
            return;
        }
        let Some(live) = self.running.get_mut(arn) else { return };
        let id = live.id;
        let held = live.is_back(execution);
        // What others wait for is not this one's past.
        let (acts, cancelled) = (std::mem::take(&mut self.acts), std::mem::take(&mut self.cancelled));
        self.replaying = true;
        let mut open = Open::default();
        for (stamped, effects) in past {
            if let Some(stamped) = stamped {
                self.hear_again(arn, stamped.input, &mut open);
            }
            open.see(&effects);
            self.follow(arn, effects);
            open.collect(arn, self);
        }
        self.replaying = false;
        (self.acts, self.cancelled) = (acts, cancelled);
        self.changes.stand_recorded(id, recorded);
        self.take_up(arn, open);
        self.take_held(arn, held);
        self.go_on_if_paused(arn);
    }

    /// What an execution heard before is no longer open.
    fn hear_again(&mut self, arn: &Arc<str>, input: Input, open: &mut Open) {
        match input {
            // It has fired; the replay set it again with all others.
            Input::TimerFired { timer } => self.cancel_timer(arn, timer),
            Input::TaskStarted { task, .. } => drop(open.invoked.remove(&task)),
            Input::TaskSucceeded { task, .. } | Input::TaskFailed { task, .. } => {
                open.invoked.remove(&task);
                open.submitted.remove(&task);
            }
            Input::TaskSubmitted { task, output } => {
                if let Some(Act::Invoke(parent, invocation, _)) = open.invoked.remove(&task)
                    && let Resource::Integration { pattern, .. } = invocation.resource
                    && matches!(pattern, Pattern::Sync | Pattern::Sync2)
                    && let Some(child) = output.value().get("ExecutionArn").and_then(serde_json::Value::as_str)
                {
                    let watch = Watch { child: child.to_owned(), parent, task, pattern };
                    open.submitted.insert(task, watch);
                }
            }
            Input::ActivityFound { task, .. } => drop(open.activities.remove(&task)),
            Input::ItemSucceeded { task, index, .. } | Input::ItemFailed { task, index } => {
                if let Some(run) = self.runs.0.get_mut(&(Arc::clone(arn), task)) {
                    run.children.remove(&index);
                }
            }
            Input::Heartbeat { .. }
            | Input::MapRunUpdated { .. }
            | Input::Stop { .. }
            | Input::QueryGivenUp { .. }
            | Input::Paused { .. }
            | Input::GoOn
            | Input::Redrive => {}
        }
    }

    /// Begins anew what nobody has answered.
    fn take_up(&mut self, arn: &Arc<str>, open: Open) {
        let Some(execution) = self.running.get(arn).and_then(|live| live.execution.as_ref()) else { return };
        let has_ended = execution.ended().is_some();
        let waits = |task: &TaskId| execution.waits_for(*task);
        let mut invoked: Vec<(TaskId, Act)> = open.invoked.into_iter().filter(|(task, _)| waits(task)).collect();
        invoked.sort_by_key(|(task, _)| *task);
        let submitted: Vec<Watch> = open.submitted.into_values().filter(|watch| waits(&watch.task)).collect();
        let activities: Vec<(TaskId, String)> = open.activities.into_iter().filter(|(task, _)| waits(task)).collect();
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for kin in self.kin.remove(arn).unwrap_or_default() {
            let run = self.runs.0.get(&(Arc::clone(arn), kin.task));
            let is_wanted = match kin.index {
                Some(index) => run.and_then(|run| run.children.get(&index)) == Some(&kin.child.to_string()),
                None => waits(&kin.task),
            };
            if is_wanted { &mut wanted } else { &mut unwanted }.push(kin.child);
        }
        self.acts.extend(invoked.into_iter().map(|(_, act)| act));
        for watch in submitted {
            self.watch(watch);
        }
        for (task, activity) in activities {
            let exists = self.world.has_activity(&activity);
            self.tell(arn, Input::ActivityFound { task, exists });
        }
        // Nobody waits for these any more: the kill came before they were told.
        self.inner.extend(unwanted.into_iter().map(Inner::Stop));
        self.take_up_children(arn, &open.starts);
        if has_ended {
            // It was redriven, and the kill came before that. Nobody may stop it before.
            let at = self.world.clock.now();
            self.step(arn, Stamped { at, input: Input::Redrive });
        }
    }

    /// Children of map runs that ended without their parent's having heard of it, or were still to begin.
    fn take_up_children(&mut self, arn: &Arc<str>, starts: &HashMap<(TaskId, usize), u64>) {
        let mut absent = Vec::new();
        for ((_, task), run) in self.runs.0.iter_mut().filter(|((parent, _), _)| parent == arn) {
            let mut launches = std::mem::take(&mut run.launches);
            for (index, child) in &run.children {
                if !self.running.contains_key(child.as_str()) {
                    absent.push((*task, *index, child.clone(), launches.remove(index)));
                }
            }
        }
        for (task, index, child, launch) in absent {
            let found = self.world.store.read_as_writer(|connection| ended_child(connection, &child));
            let times = starts.get(&(task, index)).copied().unwrap_or(1);
            match (found, launch) {
                (Ok(None), Some(launch)) => self.inner.push_back(Inner::Launch(launch)),
                (Ok(Some(ended)), Some(launch)) if !ended.succeeded && ended.about.redrives + 1 < times => {
                    let going = Going::Child { parent: Arc::clone(arn), task, index, launch };
                    self.inner.push_back(Inner::Redrive(child, going));
                }
                (Ok(found), _) => {
                    let output = found.and_then(|ended| ended.output);
                    let output = output.and_then(|text| Json::parse(&text).ok());
                    self.item_ended(arn, task, index, &child, output);
                }
                (Err(error), _) => {
                    tracing::error!(%error, child, "a child of a map run cannot be read");
                    self.item_ended(arn, task, index, &child, None);
                }
            }
        }
    }

    /// An execution as it is kept, with its journal.
    pub(super) fn kept(&self, row: Row, machines: &mut Machines) -> Result<Kept, String> {
        let facts: Facts = serde_json::from_str(&row.facts).map_err(|error| error.to_string())?;
        let about: About = serde_json::from_str(&row.about).map_err(|error| error.to_string())?;
        let (machine, definition) = read_machine(machines, &row.definition)?;
        let texts: Result<Vec<String>, _> = self.world.store.read_now(|connection| {
            connection
                .prepare_cached("SELECT input FROM journal WHERE execution = ?1 ORDER BY seq")?
                .query_map([row.id], |row| row.get(0))?
                .collect()
        });
        let read = |text: String| serde_json::from_str(&text).map_err(|error| error.to_string());
        let journal = texts.map_err(|error| error.to_string())?.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Kept { id: row.id, facts, about, machine, definition, journal })
    }
}

/// What nobody has answered yet.
#[derive(Default)]
struct Open {
    invoked: HashMap<TaskId, Act>,
    submitted: HashMap<TaskId, Watch>,
    activities: HashMap<TaskId, String>,
    /// How often each child of a map run was started.
    starts: HashMap<(TaskId, usize), u64>,
}

impl Open {
    fn see(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::FindActivity { task, arn } => drop(self.activities.insert(*task, arn.clone())),
                Effect::StartItem { task, index, .. } => *self.starts.entry((*task, *index)).or_default() += 1,
                _ => {}
            }
        }
    }

    fn collect(&mut self, arn: &Arc<str>, driver: &mut Driver) {
        for act in driver.acts.drain(..) {
            if let Act::Invoke(_, invocation, _) = &act {
                self.invoked.insert(invocation.task, act);
            }
        }
        // What was cancelled is not to be done, whether it had begun or not.
        for (of, task) in driver.cancelled.drain() {
            if of == *arn {
                self.invoked.remove(&task);
            }
        }
    }
}

struct Ended {
    succeeded: bool,
    output: Option<String>,
    about: About,
}

fn ended_child(connection: &Connection, arn: &str) -> rusqlite::Result<Option<Ended>> {
    connection
        .prepare_cached("SELECT status, output, about FROM executions WHERE arn = ?1")?
        .query_row([arn], |row| {
            let (status, about): (String, String) = (row.get(0)?, row.get(2)?);
            let about = serde_json::from_str(&about).unwrap_or_default();
            Ok(Ended { succeeded: status == "SUCCEEDED", output: row.get(1)?, about })
        })
        .optional()
}

/// An execution's row, with its definition.
pub(super) struct Row {
    id: i64,
    facts: String,
    about: String,
    definition: String,
}

pub(super) fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row { id: row.get(0)?, facts: row.get(1)?, about: row.get(2)?, definition: row.get(3)? })
}

fn read_machine(machines: &mut Machines, definition: &str) -> Result<(Arc<asl::Machine>, Arc<str>), String> {
    if let Some(known) = machines.get(definition) {
        return Ok(known.clone());
    }
    let machine = Arc::new(asl::read(definition).0.ok_or("its definition is unreadable")?);
    let known = (machine, Arc::from(definition));
    machines.insert(definition.to_owned(), known.clone());
    Ok(known)
}
