//! Executions that others wait for: the children of map runs, and what `.sync` tasks started.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use asl::{Json, Kind, Pattern};
use asl_engine::{Facts, Input, MapRunFacts, MapRunLimits, Stamped, TaskId};
use rusqlite::params;
use tokio::sync::oneshot;

use super::redrive::Going;
use super::{About, Act, Driver, Inner, Launch, Missing, Parent};
use crate::world::{ACCOUNT, REGION};

/// The map runs under way, by the execution and the task that each is.
#[derive(Default)]
pub(super) struct Runs(pub(super) HashMap<(Arc<str>, TaskId), Run>);

pub(super) struct Run {
    facts: MapRunFacts,
    /// The children that run, by the index of their input.
    pub(super) children: BTreeMap<usize, String>,
    /// In a run that was redriven: the children that stand from before, which go on under their own names.
    before: BTreeMap<usize, String>,
    /// In a replay: how each child was started, should it not have been.
    pub(super) launches: BTreeMap<usize, Box<Launch>>,
}

impl Run {
    fn new(facts: MapRunFacts, before: BTreeMap<usize, String>) -> Self {
        Self { facts, children: BTreeMap::new(), before, launches: BTreeMap::new() }
    }
}

/// A task that waits for the end of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    /// The execution it waits for.
    pub(crate) child: String,
    /// Who waits.
    pub(crate) parent: Arc<str>,
    pub(crate) task: TaskId,
    /// In which form it wants the result.
    pub(crate) pattern: Pattern,
}

impl Driver {
    pub(super) fn start_map_run(&mut self, arn: &Arc<str>, execution: i64, facts: MapRunFacts) {
        let (row, at) = (facts.clone(), self.world.clock.now());
        let of = Arc::clone(arn);
        self.runs.0.insert((Arc::clone(arn), facts.task), Run::new(facts, BTreeMap::new()));
        if self.replaying {
            return;
        }
        self.changes.other(Box::new(move |transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO map_runs (arn, execution, execution_arn, status, started_at, items, children,
                                       max_concurrency, tolerated_count, tolerated_percentage)
                 VALUES (?1, ?2, ?3, 'RUNNING', ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    row.arn,
                    execution,
                    of.as_ref(),
                    at,
                    i64::try_from(row.items).unwrap_or(i64::MAX),
                    i64::try_from(row.children).unwrap_or(i64::MAX),
                    i64::try_from(row.max_concurrency).unwrap_or(i64::MAX),
                    i64::try_from(row.tolerated_count).unwrap_or(i64::MAX),
                    row.tolerated_percentage
                ],
            )?;
            Ok(())
        }));
    }

    /// Goes on with a run that had ended.
    pub(super) fn redrive_map_run(&mut self, arn: &Arc<str>, facts: MapRunFacts) {
        let found = self.world.store.read_now(|connection| {
            connection
                .prepare_cached("SELECT arn, about FROM executions WHERE map_run = ?1 ORDER BY id")?
                .query_map([&facts.arn], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<Vec<(String, String)>>>()
        });
        let found = found.unwrap_or_else(|error| {
            tracing::error!(%error, run = facts.arn, "the children of a map run cannot be read: new ones take their place");
            Vec::new()
        });
        let before = found.into_iter().filter_map(|(child, about)| {
            let about: About = serde_json::from_str(&about).ok()?;
            Some((about.parent?.index, child))
        });
        let (run, at) = (facts.arn.clone(), self.world.clock.now());
        self.runs.0.insert((Arc::clone(arn), facts.task), Run::new(facts, before.collect()));
        if self.replaying {
            return;
        }
        self.changes.other(Box::new(move |transaction| {
            transaction.execute(
                "UPDATE map_runs SET status = 'RUNNING', stopped_at = NULL, redrives = redrives + 1, redriven_at = ?2
                 WHERE arn = ?1",
                params![run, at],
            )?;
            Ok(())
        }));
    }

    pub(super) fn start_item(
        &mut self,
        arn: &Arc<str>,
        (task, index): (TaskId, usize),
        name: &str,
        input: &Json,
        items: usize,
    ) {
        let of = (Arc::clone(arn), task);
        let Some(run) = self.runs.0.get_mut(&of) else { return };
        let before = run.before.remove(&index);
        let Some(live) = self.running.get(arn) else { return };
        let parent = &live.facts;
        let machine = Arc::clone(&live.machine);
        let express = match machine.state(&run.facts.state).map(|state| &state.kind) {
            Some(Kind::Map(map)) => map.express_children,
            _ => false,
        };
        let label = &run.facts.label;
        let base = parent.machine_name.split('/').next().unwrap_or_default();
        let kind = if express { "express" } else { "execution" };
        let child = format!("arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{base}/{label}:{name}");
        run.children.insert(index, before.clone().unwrap_or_else(|| child.clone()));
        let facts = Facts {
            arn: child,
            name: name.to_owned(),
            machine_arn: format!("{}/{label}", super::plain_machine(&parent.machine_arn)),
            machine_name: format!("{base}/{label}"),
            role_arn: parent.role_arn.clone(),
            region: parent.region.clone(),
            started_at: 0,
            input: input.text().to_string(),
            seed: uuid::Uuid::new_v4().as_u64_pair().0,
            // An Express child is kept like any other: the map run counts it.
            express: false,
            map_state: Some(run.facts.state.to_string()),
        };
        let about = About {
            map_run: Some(run.facts.arn.clone()),
            items: Some(items),
            parent: Some(Parent { arn: arn.to_string(), task, index }),
            test_case: live.about.test_case.clone(),
            ..About::default()
        };
        let logging = live.logging.clone();
        let definition = self.definition_of(arn);
        let launch = Box::new(Launch { facts, is_named: false, machine, definition, about, logging });
        if self.replaying {
            if let Some(run) = self.runs.0.get_mut(&of) {
                run.launches.insert(index, launch);
            }
        } else if let Some(before) = before {
            let going = Going::Child { parent: Arc::clone(arn), task, index, launch };
            self.inner.push_back(Inner::Redrive(before, going));
        } else {
            self.inner.push_back(Inner::Launch(launch));
        }
    }

    /// The text that the execution's machine was read from.
    fn definition_of(&self, arn: &Arc<str>) -> Arc<str> {
        self.running.get(arn).map_or_else(|| Arc::from(""), |live| Arc::clone(&live.definition))
    }

    /// A child of a map run ended; one whose place another has taken tells nobody.
    pub(super) fn item_ended(
        &mut self,
        parent: &Arc<str>,
        task: TaskId,
        index: usize,
        child: &str,
        output: Option<Json>,
    ) {
        let Some(run) = self.runs.0.get_mut(&(Arc::clone(parent), task)) else { return };
        if run.children.get(&index).is_some_and(|known| known == child) {
            run.children.remove(&index);
            let input = match output {
                Some(output) => Input::ItemSucceeded { task, index, output },
                None => Input::ItemFailed { task, index },
            };
            self.inner.push_back(Inner::Input(Arc::clone(parent), input));
        }
    }

    pub(super) fn end_map_run(&mut self, arn: &Arc<str>, task: TaskId, failed: bool) {
        let Some(run) = self.runs.0.remove(&(Arc::clone(arn), task)) else { return };
        let (status, at) = (if failed { "FAILED" } else { "SUCCEEDED" }, self.world.clock.now());
        self.set_run_status(&run.facts.arn, status, at);
    }

    fn set_run_status(&mut self, run: &str, status: &'static str, at: i64) {
        if self.replaying {
            return;
        }
        let run = run.to_owned();
        self.changes.other(Box::new(move |transaction| {
            transaction
                .execute("UPDATE map_runs SET status = ?2, stopped_at = ?3 WHERE arn = ?1", params![run, status, at])?;
            Ok(())
        }));
    }

    /// Changes the limits of a run under way.
    pub(super) fn update_run(
        &mut self,
        run: &str,
        limits: MapRunLimits,
        at: i64,
        reply: oneshot::Sender<Result<(), Missing>>,
    ) {
        let of = self.runs.0.iter().find(|(_, known)| known.facts.arn == run).map(|(of, _)| of.clone());
        let Some((arn, task)) = of else { return self.acts.push(Act::Answered(reply, Err(Missing))) };
        let input = Input::MapRunUpdated { task, limits };
        self.step_then(&arn, Stamped { at, input }, Some(Act::Answered(reply, Ok(()))));
        let run = run.to_owned();
        let whole = |limit: Option<u64>| limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
        self.changes.other(Box::new(move |transaction| {
            transaction.execute(
                "UPDATE map_runs SET max_concurrency = COALESCE(?2, max_concurrency),
                        tolerated_count = COALESCE(?3, tolerated_count),
                        tolerated_percentage = COALESCE(?4, tolerated_percentage) WHERE arn = ?1",
                params![run, whole(limits.max_concurrency), whole(limits.tolerated_count), limits.tolerated_percentage],
            )?;
            Ok(())
        }));
    }

    /// Stops the children of a run that nobody waits for any more.
    pub(super) fn stop_run(&mut self, arn: &Arc<str>, task: TaskId) {
        let Some(run) = self.runs.0.get_mut(&(Arc::clone(arn), task)) else { return };
        let children = std::mem::take(&mut run.children);
        let run = run.facts.arn.clone();
        if self.replaying {
            return;
        }
        for child in children.into_values() {
            match self.key(&child) {
                Some(child) => self.inner.push_back(Inner::Stop(child)),
                // It is about to start.
                None => self.inner.retain(|inner| match inner {
                    Inner::Launch(launch) => launch.facts.arn != child,
                    Inner::Redrive(arn, _) => *arn != child,
                    Inner::Input(..) | Inner::Stop(_) => true,
                }),
            }
        }
        let at = self.world.clock.now();
        self.set_run_status(&run, "ABORTED", at);
    }

    /// A task waits for an execution, which may have ended already.
    pub(super) fn watch(&mut self, watch: Watch) {
        if self.running.contains_key(watch.child.as_str()) {
            self.watching.insert((Arc::clone(&watch.parent), watch.task), watch.child.clone());
            self.watches.entry(watch.child.clone()).or_default().push(watch);
        } else {
            self.acts.push(Act::ChildEnded(watch));
        }
    }
}
