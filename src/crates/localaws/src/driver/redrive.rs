//! Redriving: an execution that did not succeed is made again from its journal, beside the driver, and goes on.

use std::sync::Arc;

use asl::Json;
use asl_engine::{Execution, Input, Stamped, TaskId};
use rusqlite::OptionalExtension;
use tokio::sync::oneshot;

use super::recover::{Machines, row};
use super::work::Live;
use super::{Act, Driver, Inner, Launch, plain_machine};
use crate::sfn::logging::Logging;

/// For whom an execution goes on.
pub(crate) enum Going {
    /// For somebody who asked for it.
    Asked {
        /// What tells a repetition of the same request.
        token: Option<String>,
        reply: oneshot::Sender<Result<i64, String>>,
    },
    /// For a map run that goes on.
    Child {
        parent: Arc<str>,
        task: TaskId,
        index: usize,
        /// What takes its place if it cannot.
        launch: Box<Launch>,
    },
}

impl Driver {
    /// Has an execution that did not succeed go on. Not in the middle of another's step: it commits.
    pub(super) fn redrive(&mut self, arn: &str, going: Going) {
        if self.changes.are_news() && !self.commit() {
            // It may have ended just now, and is made again from what is kept.
            return self.cannot_go_on(going, "the journal cannot be written");
        }
        if let Going::Child { parent, task, index, .. } = &going {
            let run = self.runs.0.get(&(Arc::clone(parent), *task));
            if run.and_then(|run| run.children.get(index)).is_none_or(|child| child != arn) {
                // It was given up meanwhile.
                return;
            }
        }
        if let Some(live) = self.running.get_mut(arn) {
            match going {
                Going::Asked { .. } => self.cannot_go_on(going, "it runs"),
                // It is about to be stopped, with the run that it was of.
                Going::Child { .. } => live.goes_on = Some(going),
            }
            return;
        }
        let made = self.unmade(arn);
        match made {
            Ok((key, journal)) => self.make_again(key, journal, going),
            Err(problem) => self.cannot_go_on(going, &problem),
        }
    }

    /// Takes note of an execution that is to be made again from its journal.
    fn unmade(&mut self, arn: &str) -> Result<(Arc<str>, Vec<Stamped>), String> {
        let row = self.world.store.read_as_writer(|connection| {
            connection
                .prepare_cached(
                    "SELECT e.id, e.facts, e.about, d.text FROM executions e JOIN definitions d ON d.id = e.definition
                     WHERE e.arn = ?1 AND e.status NOT IN ('RUNNING', 'SUCCEEDED')",
                )?
                .query_row([arn], row)
                .optional()
        });
        let row = row.map_err(|error| error.to_string())?.ok_or("it is not there, runs, or has succeeded")?;
        let kept = self.kept(row, &mut Machines::new())?;
        let key: Arc<str> = Arc::from(kept.facts.arn.as_str());
        let logging =
            self.world.machine(plain_machine(&kept.facts.machine_arn)).and_then(|known| Logging::of(&known.record));
        let execution = Execution::again(kept.machine, kept.facts, &kept.journal).map_err(|error| error.to_string())?;
        let seq = i64::try_from(kept.journal.len()).unwrap_or(i64::MAX);
        let live = Live::new(kept.id, execution, seq, kept.about, logging, kept.definition).known();
        self.running.insert(Arc::clone(&key), live);
        Ok((key, kept.journal))
    }

    /// An execution was made again from its journal.
    pub(super) fn made_again(&mut self, arn: &Arc<str>, made: Result<Box<Execution>, String>, going: Going) {
        let Some(live) = self.running.get_mut(arn) else { return };
        let nothing_left = || "there is nothing left of it to go on from".to_owned();
        match made.and_then(|made| if made.is_redrivable() { Ok(made) } else { Err(nothing_left()) }) {
            Ok(execution) => {
                let at = self.world.clock.now();
                let held = live.is_back(execution);
                live.about.redrives += 1;
                live.about.redriven_at = Some(at);
                let act = match going {
                    Going::Asked { token, reply } => {
                        live.about.redrive_token = token;
                        // Whoever waited for it has heard that it failed.
                        live.about.waited_for = false;
                        Some(Act::Redriven(reply, Ok(at)))
                    }
                    Going::Child { .. } => None,
                };
                self.changes.redriven(live.id, &live.about);
                self.step_then(arn, Stamped { at, input: Input::Redrive }, act);
                self.take_held(arn, held);
            }
            Err(problem) => {
                let held = live.held();
                self.running.remove(arn);
                for watch in self.watches.remove(arn.as_ref()).unwrap_or_default() {
                    self.acts.push(Act::ChildEnded(watch));
                }
                self.cannot_go_on(going, &problem);
                self.take_held(arn, held);
            }
        }
    }

    fn cannot_go_on(&mut self, going: Going, problem: &str) {
        match going {
            Going::Asked { reply, .. } => self.acts.push(Act::Redriven(reply, Err(problem.to_owned()))),
            Going::Child { parent, task, index, launch } => {
                let Some(run) = self.runs.0.get_mut(&(Arc::clone(&parent), task)) else { return };
                let Some(child) = run.children.get(&index).cloned() else { return };
                let output = self.world.store.read_as_writer(|connection| {
                    connection
                        .prepare_cached("SELECT output FROM executions WHERE arn = ?1 AND status = 'SUCCEEDED'")?
                        .query_row([&child], |row| row.get::<_, Option<String>>(0))
                        .optional()
                });
                if let Ok(Some(output)) = output {
                    // It had succeeded, and its parent had ended before it heard of it.
                    let output = output.and_then(|text| Json::parse(&text).ok());
                    return self.item_ended(&parent, task, index, &child, output);
                }
                tracing::warn!(child, problem, "a new child takes the place of one that cannot go on");
                run.children.insert(index, launch.facts.arn.clone());
                self.inner.push_back(Inner::Launch(launch));
            }
        }
    }
}
