//! Reading back: every execution that was running goes on, and what failed can go on again.

use std::collections::HashMap;
use std::sync::Arc;

use asl::{Json, Pattern, Resource};
use asl_engine::{Execution, Facts, Input, Stamped, TaskId};
use rusqlite::{OptionalExtension, params};

use super::{About, Act, Driver, Inner, Live, Watch, Work};
use crate::sfn::logging::Logging;
use crate::world::OpenError;

type Machines = HashMap<String, (Arc<asl::Machine>, Arc<str>)>;

/// An execution as it is kept.
struct Kept {
    id: i64,
    facts: String,
    about: String,
    definition: String,
}

impl Driver {
    /// Reads back every execution that was running and replays its journal. What it still waits for begins anew.
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
        let rows: Vec<Kept> = self.world.store.read_now(|connection| {
            connection
                .prepare(
                    "SELECT e.id, e.facts, e.about, d.text FROM executions e JOIN definitions d ON d.id = e.definition
                     WHERE e.status = 'RUNNING' ORDER BY e.id",
                )?
                .query_map([], kept)?
                .collect()
        })?;
        self.replaying = true;
        let mut machines = Machines::new();
        let mut unreadable = Vec::new();
        let mut open = Vec::new();
        for row in rows {
            let id = row.id;
            if let Err(problem) = self.recover_one(&row, &mut machines, &mut open) {
                tracing::error!(execution = id, problem, "cannot go on with an execution");
                self.changes.stand_recorded(id, i64::MAX);
                unreadable.push((id, problem));
            }
        }
        self.replaying = false;
        // Nearly all of this stands in the store already; only what is open is taken up.
        self.changes.forget();
        self.cancelled.clear();
        self.acts.clear();
        for (id, problem) in unreadable {
            // One that cannot be read must not keep all others from going on.
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
        for act in open {
            match act {
                Act::ChildEnded(watch) => self.watch(watch),
                act => self.acts.push(act),
            }
        }
        for act in std::mem::take(&mut self.acts) {
            self.act(act);
        }
        self.take_up_children()
    }

    /// Children of map runs that ended without their parent's having heard of it, or were still to begin.
    fn take_up_children(&mut self) -> Result<(), OpenError> {
        let mut over = Vec::new();
        for ((parent, task), run) in &mut self.runs.0 {
            run.launches.retain(|index, _| run.children.contains_key(index));
            for (index, child) in &run.children {
                if !self.running.contains_key(child.as_str()) {
                    over.push((Arc::clone(parent), *task, *index, child.clone()));
                }
            }
        }
        for (parent, task, index, child) in over {
            let output: Option<Option<String>> = self.world.store.read_now(|connection| {
                connection
                    .prepare_cached("SELECT output FROM executions WHERE arn = ?1")?
                    .query_row([&child], |row| row.get(0))
                    .optional()
            })?;
            let run = self.runs.0.get_mut(&(Arc::clone(&parent), task));
            match (output, run.and_then(|run| run.launches.remove(&index))) {
                (None, Some(launch)) => self.inner.push_back(Inner::Launch(launch)),
                (output, _) => {
                    let output = output.flatten().and_then(|text| Json::parse(&text).ok());
                    self.item_ended(&parent, task, index, output);
                }
            }
        }
        for run in self.runs.0.values_mut() {
            run.launches.clear();
        }
        Ok(())
    }

    fn recover_one(&mut self, row: &Kept, machines: &mut Machines, open: &mut Vec<Act>) -> Result<(), String> {
        let facts: Facts = serde_json::from_str(&row.facts).map_err(|error| error.to_string())?;
        let about: About = serde_json::from_str(&row.about).map_err(|error| error.to_string())?;
        let (machine, definition) = read_machine(machines, &row.definition)?;
        let arn: Arc<str> = Arc::from(facts.arn.as_str());
        let logging =
            self.world.machine(super::plain_machine(&facts.machine_arn)).and_then(|known| Logging::of(&known.record));
        let inputs = self.journal(row.id)?;
        let last = crate::sfn::history::last_event(&self.world.store, row.id).map_err(|error| error.to_string())?;
        let execution = Execution::again(machine, facts, &inputs).map_err(|error| error.to_string())?;
        let next_seq = i64::try_from(inputs.len()).unwrap_or(i64::MAX);
        let live = Live::new(row.id, execution, next_seq, about, logging, definition).known();
        self.running.insert(Arc::clone(&arn), live);
        self.replay(&arn, inputs, open);
        self.changes.stand_recorded(row.id, last);
        Ok(())
    }

    fn journal(&self, id: i64) -> Result<Vec<Stamped>, String> {
        let texts: Result<Vec<String>, _> = self.world.store.read_now(|connection| {
            connection
                .prepare_cached("SELECT input FROM journal WHERE execution = ?1 ORDER BY seq")?
                .query_map([id], |row| row.get(0))?
                .collect()
        });
        let read = |text: String| serde_json::from_str(&text).map_err(|error| error.to_string());
        texts.map_err(|error| error.to_string())?.into_iter().map(read).collect()
    }

    /// Takes the inputs in again; `open` gets what is to be done because nobody has answered it yet.
    fn replay(&mut self, arn: &Arc<str>, inputs: Vec<Stamped>, open: &mut Vec<Act>) {
        let mut invoked: HashMap<TaskId, Act> = HashMap::new();
        let mut submitted: HashMap<TaskId, Act> = HashMap::new();
        let collect = |driver: &mut Self, invoked: &mut HashMap<TaskId, Act>| {
            for act in driver.acts.drain(..) {
                if let Act::Invoke(_, invocation, _) = &act {
                    invoked.insert(invocation.task, act);
                }
            }
            // What was cancelled is not to be done, whether it had begun or not.
            for (of, task) in driver.cancelled.drain() {
                if of == *arn {
                    invoked.remove(&task);
                }
            }
        };
        self.work_again(arn, Work::Begin);
        collect(self, &mut invoked);
        for stamped in inputs {
            match &stamped.input {
                // It has fired; recovery set it again with all others.
                Input::TimerFired { timer } => self.cancel_timer(arn, *timer),
                Input::TaskStarted { task, .. } => drop(invoked.remove(task)),
                Input::TaskSucceeded { task, .. } | Input::TaskFailed { task, .. } => {
                    invoked.remove(task);
                    submitted.remove(task);
                }
                Input::TaskSubmitted { task, output } => {
                    if let Some(Act::Invoke(parent, invocation, _)) = invoked.remove(task)
                        && let Resource::Integration { pattern, .. } = invocation.resource
                        && matches!(pattern, Pattern::Sync | Pattern::Sync2)
                        && let Some(child) = output.value().get("ExecutionArn").and_then(serde_json::Value::as_str)
                    {
                        let watch = Watch { child: child.to_owned(), parent, task: *task, pattern };
                        submitted.insert(*task, Act::ChildEnded(watch));
                    }
                }
                Input::ItemSucceeded { task, index, .. } | Input::ItemFailed { task, index } => {
                    if let Some(run) = self.runs.0.get_mut(&(Arc::clone(arn), *task)) {
                        run.children.remove(index);
                    }
                }
                Input::Heartbeat { .. }
                | Input::ActivityFound { .. }
                | Input::MapRunUpdated { .. }
                | Input::Stop { .. }
                | Input::QueryGivenUp { .. }
                | Input::Paused { .. }
                | Input::GoOn
                | Input::Redrive => {}
            }
            self.work_again(arn, Work::Step(stamped));
            collect(self, &mut invoked);
        }
        let Some(execution) = self.running.get_mut(arn).and_then(|live| live.execution.as_mut()) else { return };
        execution.go_on();
        if execution.paused().is_some() {
            self.inner.push_back(Inner::Input(Arc::clone(arn), Input::GoOn));
        }
        if execution.ended().is_some() {
            // It was redriven, and the kill came before that.
            self.inner.push_back(Inner::Input(Arc::clone(arn), Input::Redrive));
        }
        let waits = |task: &TaskId| execution.waits_for(*task);
        let mut left: Vec<(TaskId, Act)> =
            invoked.into_iter().chain(submitted).filter(|(task, _)| waits(task)).collect();
        left.sort_by_key(|(task, _)| *task);
        open.extend(left.into_iter().map(|(_, act)| act));
    }

    /// Has an execution that did not succeed go on: when it was redriven.
    pub(super) fn redrive(&mut self, arn: &str, token: Option<String>) -> Result<i64, String> {
        let row = self.world.store.read_now(|connection| {
            connection
                .prepare_cached(
                    "SELECT e.id, e.facts, e.about, d.text FROM executions e JOIN definitions d ON d.id = e.definition
                     WHERE e.arn = ?1 AND e.status NOT IN ('RUNNING', 'SUCCEEDED')",
                )?
                .query_row([arn], kept)
                .optional()
        });
        let row = row.map_err(|error| error.to_string())?.ok_or("it is not there, runs, or has succeeded")?;
        let facts: Facts = serde_json::from_str(&row.facts).map_err(|error| error.to_string())?;
        let mut about: About = serde_json::from_str(&row.about).map_err(|error| error.to_string())?;
        let (machine, definition) = read_machine(&mut Machines::new(), &row.definition)?;
        let key: Arc<str> = Arc::from(facts.arn.as_str());
        let inputs = self.journal(row.id)?;
        let mut execution = Execution::again(machine, facts, &inputs).map_err(|error| error.to_string())?;
        let next_seq = i64::try_from(inputs.len()).unwrap_or(i64::MAX);
        drop(execution.begin(&mut || true));
        for stamped in inputs {
            // What it wanted done then was done or given up; only where it stopped matters.
            drop(execution.step(stamped));
        }
        execution.go_on();
        if !execution.is_redrivable() {
            return Err("there is nothing left of it to go on from".into());
        }
        let at = self.world.clock.now();
        about.redrives += 1;
        about.redriven_at = Some(at);
        about.redrive_token = token;
        self.changes.redriven(row.id, &about);
        let logging = self.world.machine(&execution.facts().machine_arn).and_then(|known| Logging::of(&known.record));
        let live = Live::new(row.id, execution, next_seq, about, logging, definition).known();
        self.running.insert(Arc::clone(&key), live);
        self.inner.push_back(Inner::Input(key, Input::Redrive));
        Ok(at)
    }
}

fn kept(row: &rusqlite::Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { id: row.get(0)?, facts: row.get(1)?, about: row.get(2)?, definition: row.get(3)? })
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
