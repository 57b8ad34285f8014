//! The driver: owns every running execution, and turns their effects into commits, timers and work.
//!
//! ```text
//! message ─▶ step (in memory, microseconds) ─▶ commit (journal, history, status) ─▶ act (answer, invoke, ring)
//! ```
//!
//! Messages that arrive while a commit is under way share the next one. Nothing is acted on before its commit, so
//! after a kill the journal has every input whose effects anybody saw, and replaying it gives the same history. Work
//! that was under way is invoked again: at least once, as AWS says.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use asl::Json;
use asl_engine::{Effect, Ended, Execution, Facts, Failure, HistoryEvent, Input, Invocation, Stamped, TaskId, TimerId};
use rusqlite::{OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use crate::integrate;
use crate::store::Write;
use crate::world::{KnownMachine, OpenError, World};

/// How many timers fire before the next commit.
const TIMERS_A_TURN: usize = 1024;

/// What the driver is asked or told.
pub(crate) enum Message {
    Start {
        facts: Facts,
        machine: Arc<KnownMachine>,
        reply: oneshot::Sender<Result<i64, StartRefused>>,
    },
    Stop {
        arn: String,
        failure: Failure,
        reply: oneshot::Sender<Result<i64, Missing>>,
    },
    /// What became of work that the driver had done.
    Told {
        arn: Arc<str>,
        input: Input,
    },
    /// What somebody outside says of a task, by its token.
    Token {
        arn: String,
        token: String,
        input: Input,
        reply: oneshot::Sender<Result<(), Missing>>,
    },
}

/// Why an execution did not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StartRefused {
    /// The name is taken, by an execution with another input or one that has ended.
    Exists,
    /// Our own store failed.
    Store(String),
}

/// There is no such execution running, or nobody waits for the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing;

/// Sends messages to the driver.
#[derive(Clone)]
pub(crate) struct DriverHandle(mpsc::UnboundedSender<Message>);

impl DriverHandle {
    pub(crate) fn tell(&self, message: Message) {
        // Without a driver the process is on its way out; whoever waits sees its reply dropped.
        let _ = self.0.send(message);
    }
}

pub(crate) fn channel() -> (DriverHandle, mpsc::UnboundedReceiver<Message>) {
    let (sender, queue) = mpsc::unbounded_channel();
    (DriverHandle(sender), queue)
}

/// Reads back what was running, and starts.
pub(crate) fn start(world: World, queue: mpsc::UnboundedReceiver<Message>) -> Result<(), OpenError> {
    let mut driver = Driver {
        next_id: 0,
        next_timer: 0,
        fresh: HashSet::new(),
        running: HashMap::new(),
        by_name: HashMap::new(),
        timers: BTreeMap::new(),
        due: HashMap::new(),
        writes: Vec::new(),
        acts: Vec::new(),
        world,
    };
    driver.recover()?;
    tokio::spawn(driver.run(queue));
    Ok(())
}

struct Live {
    id: i64,
    execution: Execution,
    next_seq: i64,
}

/// What is done once the commit stands.
enum Act {
    Invoke(Arc<str>, Invocation),
    Started(oneshot::Sender<Result<i64, StartRefused>>, Result<i64, StartRefused>),
    Stopped(oneshot::Sender<Result<i64, Missing>>, Result<i64, Missing>),
    Answered(oneshot::Sender<Result<(), Missing>>, Result<(), Missing>),
    Ended { machine: String, started_at: i64, stopped_at: i64, how: &'static str },
    Begun { machine: String },
}

struct Driver {
    world: World,
    next_id: i64,
    next_timer: u64,
    /// What was started since the last commit: its row does not stand yet, and it may have ended already.
    fresh: HashSet<Arc<str>>,
    running: HashMap<Arc<str>, Live>,
    /// The ARNs that are in memory, to hand out shared ones.
    by_name: HashMap<Arc<str>, Arc<str>>,
    /// By due time; the number keeps those of one millisecond apart, in the order in which they were set.
    timers: BTreeMap<(i64, u64), (Arc<str>, TimerId)>,
    due: HashMap<(Arc<str>, TimerId), (i64, u64)>,
    writes: Vec<Write>,
    acts: Vec<Act>,
}

impl Driver {
    async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Message>) {
        let mut messages = Vec::new();
        loop {
            let next_due = self.timers.keys().next().map(|(due, _)| self.world.clock.instant(*due));
            tokio::select! {
                biased;
                received = queue.recv_many(&mut messages, 256) => {
                    if received == 0 {
                        return;
                    }
                    for message in messages.drain(..) {
                        self.take(message);
                    }
                }
                () = async {
                    match next_due {
                        Some(due) => tokio::time::sleep_until(due).await,
                        None => std::future::pending().await,
                    }
                } => {}
            }
            self.fire_timers();
            if !self.commit().await {
                return;
            }
        }
    }

    /// Commits what the messages led to, then acts. `false` when the store fails: then nothing may go on.
    async fn commit(&mut self) -> bool {
        let (writes, acts) = (std::mem::take(&mut self.writes), std::mem::take(&mut self.acts));
        if !writes.is_empty()
            && let Err(error) = self.world.store.write_batch(writes).await
        {
            tracing::error!(%error, "executions stop: the journal cannot be written");
            return false;
        }
        self.fresh.clear();
        let changed = !acts.is_empty();
        for act in acts {
            self.act(act);
        }
        if changed {
            self.world.ring();
        }
        true
    }

    fn act(&self, act: Act) {
        match act {
            Act::Invoke(arn, invocation) => {
                let world = self.world.clone();
                tokio::spawn(async move {
                    let task = invocation.task;
                    let (within, of) = (world.clone(), Arc::clone(&arn));
                    let done = tokio::spawn(async move { integrate::perform(&within, &of, invocation).await }).await;
                    if let Err(error) = done {
                        // Whatever broke, the task must not wait for ever.
                        let failure = Failure::new("States.TaskFailed", format!("the integration broke: {error}"));
                        world.driver.tell(Message::Told { arn, input: Input::TaskFailed { task, failure } });
                    }
                });
            }
            // Whoever asked may have gone away.
            Act::Started(reply, result) => drop(reply.send(result)),
            Act::Stopped(reply, result) => drop(reply.send(result)),
            Act::Answered(reply, result) => drop(reply.send(result)),
            Act::Begun { machine } => crate::metrics::execution_started(&self.world, &machine),
            Act::Ended { machine, started_at, stopped_at, how } => {
                crate::metrics::execution_ended(&self.world, &machine, how, stopped_at - started_at);
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Start { facts, machine, reply } => self.start(facts, &machine, reply),
            Message::Told { arn, input } => {
                let at = self.world.clock.now();
                self.step(&arn, Stamped { at, input });
            }
            Message::Stop { arn, failure, reply } => {
                let at = self.world.clock.now();
                let result = match self.by_name.get(arn.as_str()).cloned() {
                    Some(arn) => {
                        self.step(&arn, Stamped { at, input: Input::Stop { failure } });
                        Ok(at)
                    }
                    None => Err(Missing),
                };
                self.acts.push(Act::Stopped(reply, result));
            }
            Message::Token { arn, token, input, reply } => {
                let at = self.world.clock.now();
                let result = match self.by_name.get(arn.as_str()).cloned() {
                    Some(arn) if self.token_is_open(&arn, &token, &input) => {
                        self.step(&arn, Stamped { at, input });
                        Ok(())
                    }
                    _ => Err(Missing),
                };
                self.acts.push(Act::Answered(reply, result));
            }
        }
    }

    fn token_is_open(&self, arn: &Arc<str>, token: &str, input: &Input) -> bool {
        let task = match input {
            Input::TaskSucceeded { task, .. } | Input::TaskFailed { task, .. } | Input::Heartbeat { task } => *task,
            _ => return false,
        };
        self.running.get(arn).is_some_and(|live| live.execution.token_of(task) == Some(token))
    }

    fn start(
        &mut self,
        mut facts: Facts,
        machine: &Arc<KnownMachine>,
        reply: oneshot::Sender<Result<i64, StartRefused>>,
    ) {
        if let Some(standing) = self.standing(&facts) {
            self.acts.push(Act::Started(reply, standing));
            return;
        }
        facts.started_at = self.world.clock.now();
        let started_at = facts.started_at;
        let arn: Arc<str> = Arc::from(facts.arn.as_str());
        let id = self.next_id;
        self.next_id += 1;
        let row = facts.clone();
        let definition = machine.record.definition.clone();
        let (execution, effects) = match Execution::start(Arc::clone(&machine.machine), facts) {
            Ok(started) => started,
            Err(broken) => {
                self.acts.push(Act::Started(reply, Err(StartRefused::Store(broken.to_string()))));
                return;
            }
        };
        self.writes.push(Box::new(move |transaction| {
            transaction
                .prepare_cached("INSERT OR IGNORE INTO definitions (text) VALUES (?1)")?
                .execute([&definition])?;
            let facts = serde_json::to_string(&row).unwrap_or_default();
            transaction
                .prepare_cached(
                    "INSERT INTO executions (id, arn, machine, name, definition, facts, status, started_at)
                     VALUES (?1, ?2, ?3, ?4, (SELECT id FROM definitions WHERE text = ?5), ?6, 'RUNNING', ?7)",
                )?
                .execute(params![id, row.arn, row.machine_arn, row.name, definition, facts, row.started_at])?;
            Ok(())
        }));
        self.acts.push(Act::Begun { machine: machine.record.arn.clone() });
        self.acts.push(Act::Started(reply, Ok(started_at)));
        self.fresh.insert(Arc::clone(&arn));
        self.by_name.insert(Arc::clone(&arn), Arc::clone(&arn));
        self.running.insert(Arc::clone(&arn), Live { id, execution, next_seq: 0 });
        self.follow(&arn, effects);
    }

    /// What stands under the execution's name already. The same input while it runs is the same start.
    fn standing(&self, facts: &Facts) -> Option<Result<i64, StartRefused>> {
        if let Some(live) = self.running.get(facts.arn.as_str()) {
            let known = live.execution.facts();
            return Some(if known.input == facts.input { Ok(known.started_at) } else { Err(StartRefused::Exists) });
        }
        if self.fresh.contains(facts.arn.as_str()) {
            return Some(Err(StartRefused::Exists));
        }
        let arn = facts.arn.clone();
        let found = self.world.store.read_now(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM executions WHERE arn = ?1")?
                .query_row([arn], |_| Ok(()))
                .optional()
        });
        match found {
            Ok(None) => None,
            Ok(Some(())) => Some(Err(StartRefused::Exists)),
            Err(error) => Some(Err(StartRefused::Store(error.to_string()))),
        }
    }

    fn step(&mut self, arn: &Arc<str>, stamped: Stamped) {
        let Some(live) = self.running.get_mut(arn) else { return };
        let (id, seq) = (live.id, live.next_seq);
        live.next_seq += 1;
        let text = serde_json::to_string(&stamped).unwrap_or_default();
        self.writes.push(Box::new(move |transaction| {
            transaction
                .prepare_cached("INSERT INTO journal (execution, seq, input) VALUES (?1, ?2, ?3)")?
                .execute(params![id, seq, text])?;
            Ok(())
        }));
        let effects = live.execution.step(stamped);
        self.follow(arn, effects);
    }

    /// Turns effects into writes, timers, and what is done after the commit.
    fn follow(&mut self, arn: &Arc<str>, effects: Vec<Effect>) {
        let Some(live) = self.running.get(arn) else { return };
        let id = live.id;
        let mut events = Vec::new();
        let mut end = None;
        for effect in effects {
            match effect {
                Effect::Record(event) => events.push(event),
                Effect::Invoke(invocation) => self.acts.push(Act::Invoke(Arc::clone(arn), invocation)),
                Effect::SetTimer { timer, at } => self.set_timer(arn, timer, at),
                Effect::CancelTimer(timer) => self.cancel_timer(arn, timer),
                Effect::CancelTask(task) => {
                    // Scheduled and given up within one step: it need not even begin.
                    self.acts.retain(|act| !matches!(act, Act::Invoke(of, work) if of == arn && work.task == task));
                }
                Effect::End(ended) => end = Some(ended),
            }
        }
        if !events.is_empty() {
            self.writes.push(history_write(id, events));
        }
        if let Some(ended) = end {
            self.end(arn, ended);
        }
    }

    fn end(&mut self, arn: &Arc<str>, ended: Ended) {
        let Some(live) = self.running.remove(arn) else { return };
        self.by_name.remove(arn);
        let stopped_at = self.world.clock.now();
        let (status, output, failure) = match ended {
            Ended::Succeeded(output) => ("SUCCEEDED", Some(output), Failure::default()),
            Ended::Failed(failure) => ("FAILED", None, failure),
            Ended::Aborted(failure) => ("ABORTED", None, failure),
            Ended::TimedOut(failure) => ("TIMED_OUT", None, failure),
        };
        let facts = live.execution.facts();
        self.acts.push(Act::Ended {
            machine: facts.machine_arn.clone(),
            started_at: facts.started_at,
            stopped_at,
            how: status,
        });
        let id = live.id;
        self.writes.push(Box::new(move |transaction| {
            transaction
                .prepare_cached(
                    "UPDATE executions SET status = ?2, stopped_at = ?3, output = ?4, error = ?5, cause = ?6 WHERE id = ?1",
                )?
                .execute(params![
                    id,
                    status,
                    stopped_at,
                    output.as_ref().map(|json: &Json| json.text().as_ref()),
                    failure.error,
                    failure.cause
                ])?;
            // The history says it all from here on.
            transaction.prepare_cached("DELETE FROM journal WHERE execution = ?1")?.execute([id])?;
            Ok(())
        }));
    }

    fn set_timer(&mut self, arn: &Arc<str>, timer: TimerId, at: i64) {
        let key = (at, self.next_timer);
        self.next_timer += 1;
        self.timers.insert(key, (Arc::clone(arn), timer));
        self.due.insert((Arc::clone(arn), timer), key);
    }

    fn cancel_timer(&mut self, arn: &Arc<str>, timer: TimerId) {
        if let Some(key) = self.due.remove(&(Arc::clone(arn), timer)) {
            self.timers.remove(&key);
        }
    }

    fn fire_timers(&mut self) {
        let now = self.world.clock.now();
        // A timer may set one that is due at once; the commit must get its turn between them.
        for _ in 0..TIMERS_A_TURN {
            let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) else { return };
            let (arn, timer) = entry.remove();
            self.due.remove(&(Arc::clone(&arn), timer));
            self.step(&arn, Stamped { at: now, input: Input::TimerFired { timer } });
        }
    }

    /// Reads back every execution that was running and replays its journal. What it still waits for begins anew.
    fn recover(&mut self) -> Result<(), OpenError> {
        self.next_id = self.world.store.read_now(|connection| {
            connection.query_row("SELECT COALESCE(MAX(id), 0) + 1 FROM executions", [], |row| row.get(0))
        })?;
        let rows: Vec<(i64, String, String)> = self.world.store.read_now(|connection| {
            connection
                .prepare(
                    "SELECT e.id, e.facts, d.text FROM executions e JOIN definitions d ON d.id = e.definition
                     WHERE e.status = 'RUNNING' ORDER BY e.id",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })?;
        let mut machines: HashMap<String, Arc<asl::Machine>> = HashMap::new();
        let mut invocations = Vec::new();
        let mut unreadable = Vec::new();
        for (id, facts, definition) in rows {
            if let Err(problem) = self.recover_one(id, &facts, definition, &mut machines) {
                tracing::error!(execution = id, problem, "cannot go on with an execution");
                unreadable.push((id, problem));
            }
            invocations.extend(self.acts.drain(..).filter(|act| matches!(act, Act::Invoke(..))));
            // The history of all this stands in the store already; only what is open is taken up.
            self.writes.clear();
        }
        for (id, problem) in unreadable {
            // One that cannot be read must not keep all others from going on.
            let (at, cause) = (self.world.clock.now(), format!("The execution could not be read back: {problem}"));
            self.writes.push(Box::new(move |transaction| {
                transaction.execute(
                    "UPDATE executions SET status = 'FAILED', stopped_at = ?2, error = 'States.Runtime', cause = ?3 WHERE id = ?1",
                    params![id, at, cause],
                )?;
                transaction.execute("DELETE FROM journal WHERE execution = ?1", [id])?;
                Ok(())
            }));
        }
        for act in invocations {
            self.act(act);
        }
        Ok(())
    }

    fn recover_one(
        &mut self,
        id: i64,
        facts: &str,
        definition: String,
        machines: &mut HashMap<String, Arc<asl::Machine>>,
    ) -> Result<(), String> {
        let facts: Facts = serde_json::from_str(facts).map_err(|error| error.to_string())?;
        let machine = match machines.get(&definition) {
            Some(machine) => Arc::clone(machine),
            None => {
                let machine = Arc::new(asl::read(&definition).0.ok_or("its definition is unreadable")?);
                machines.insert(definition, Arc::clone(&machine));
                machine
            }
        };
        let arn: Arc<str> = Arc::from(facts.arn.as_str());
        self.replay(id, facts, machine).inspect_err(|_| {
            self.running.remove(&arn);
            self.by_name.remove(&arn);
        })
    }

    fn replay(&mut self, id: i64, facts: Facts, machine: Arc<asl::Machine>) -> Result<(), String> {
        let arn: Arc<str> = Arc::from(facts.arn.as_str());
        let inputs: Vec<String> = self
            .world
            .store
            .read_now(|connection| {
                connection
                    .prepare_cached("SELECT input FROM journal WHERE execution = ?1 ORDER BY seq")?
                    .query_map([id], |row| row.get(0))?
                    .collect()
            })
            .map_err(|error| error.to_string())?;
        let (execution, effects) = Execution::start(machine, facts).map_err(|error| error.to_string())?;
        let next_seq = i64::try_from(inputs.len()).unwrap_or(i64::MAX);
        self.by_name.insert(Arc::clone(&arn), Arc::clone(&arn));
        self.running.insert(Arc::clone(&arn), Live { id, execution, next_seq });
        self.follow(&arn, effects);
        for text in inputs {
            let stamped: Stamped = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            // It has fired; recovery set it again with all others.
            if let Input::TimerFired { timer } = &stamped.input {
                self.cancel_timer(&arn, *timer);
            }
            if let Some(live) = self.running.get_mut(&arn) {
                if let Some(task) = answered(&stamped.input) {
                    self.acts.retain(|act| !matches!(act, Act::Invoke(of, work) if *of == arn && work.task == task));
                }
                let effects = live.execution.step(stamped);
                self.follow(&arn, effects);
            }
        }
        Ok(())
    }
}

/// The task that an input is the end of, or that the service has taken: it is not to be invoked again.
fn answered(input: &Input) -> Option<TaskId> {
    match input {
        Input::TaskSucceeded { task, .. } | Input::TaskFailed { task, .. } | Input::TaskSubmitted { task, .. } => {
            Some(*task)
        }
        Input::TaskStarted { .. } | Input::Heartbeat { .. } | Input::TimerFired { .. } | Input::Stop { .. } => None,
    }
}

fn history_write(id: i64, events: Vec<HistoryEvent>) -> Write {
    Box::new(move |transaction| {
        let (first, last) = (events.first().map_or(0, |event| event.id), events.last().map_or(0, |event| event.id));
        let values: Vec<serde_json::Value> = events.iter().map(HistoryEvent::to_value).collect();
        transaction
            .prepare_cached("INSERT INTO history (execution, first, last, events) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, first, last, serde_json::Value::Array(values).to_string()])?;
        Ok(())
    })
}
