//! The driver: owns every running execution, and turns their effects into commits, timers and work.
//!
//! ```text
//! message ─▶ step (in memory, microseconds, or beside) ─▶ commit (journal, history, status) ─▶ act (answer, invoke, ring)
//! ```
//!
//! Messages that arrive while a commit is under way share the next one. Nothing is acted on before its commit, so
//! after a kill the journal has every input whose effects anybody saw, and replaying it gives the same history. Work
//! that was under way is invoked again: at least once, as AWS says.
//!
//! Express executions are kept nowhere: they live as long as this process does.

mod activities;
mod changes;
mod children;
mod messages;
mod recover;
mod redrive;
mod work;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use asl_engine::{Effect, Ended, Execution, Facts, Failure, Input, Invocation, Stamped, TaskId, TimerId};
use rusqlite::OptionalExtension;
use tokio::sync::{mpsc, oneshot};

use crate::integrate;
use crate::world::{OpenError, World};
use activities::Activities;
use changes::Changes;
use children::Runs;
pub(crate) use children::Watch;
pub(crate) use messages::{About, Finished, Launch, Message, Missing, Parent, Polled, StartRefused};
use recover::Kin;
use redrive::Going;
use work::{Live, Then, Workers};

/// How many timers fire, and how many executions tell each other something, before the next commit.
const A_TURN: usize = 1024;

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
        replaying: false,
        fresh: HashSet::new(),
        running: HashMap::new(),
        timers: BTreeMap::new(),
        due: HashMap::new(),
        inner: VecDeque::new(),
        changes: Changes::default(),
        acts: Vec::new(),
        cancelled: HashSet::new(),
        workers: Workers::default(),
        has_failed: false,
        kin: HashMap::new(),
        runs: Runs::default(),
        activities: Activities::default(),
        watches: HashMap::new(),
        watching: HashMap::new(),
        world,
    };
    driver.recover()?;
    tokio::spawn(driver.run(queue));
    Ok(())
}

/// What executions tell each other, without a way through the outside.
enum Inner {
    Input(Arc<str>, Input),
    Launch(Box<Launch>),
    Stop(Arc<str>),
    Redrive(String, Going),
}

/// What is done once the commit stands.
pub(crate) enum Act {
    Invoke(Arc<str>, Invocation, Option<String>),
    Started(oneshot::Sender<Result<i64, StartRefused>>, Result<i64, StartRefused>),
    Stopped(oneshot::Sender<Result<i64, Missing>>, Result<i64, Missing>),
    Redriven(oneshot::Sender<Result<i64, String>>, Result<i64, String>),
    Answered(oneshot::Sender<Result<(), Missing>>, Result<(), Missing>),
    Polled(oneshot::Sender<Polled>, Polled),
    Finished(oneshot::Sender<Finished>, Finished),
    Settled(oneshot::Sender<()>),
    ChildEnded(Watch),
}

struct Driver {
    world: World,
    next_id: i64,
    next_timer: u64,
    /// An execution does again what it did before: what stands in the store already is not written again.
    replaying: bool,
    /// What was started since the last commit: its row does not stand yet, and it may have ended already.
    fresh: HashSet<Arc<str>>,
    running: HashMap<Arc<str>, Live>,
    /// By due time; the number keeps those of one millisecond apart, in the order in which they were set.
    timers: BTreeMap<(i64, u64), (Arc<str>, TimerId)>,
    due: HashMap<(Arc<str>, TimerId), (i64, u64)>,
    inner: VecDeque<Inner>,
    changes: Changes,
    acts: Vec<Act>,
    /// Tasks that were scheduled and given up before they began.
    cancelled: HashSet<(Arc<str>, TaskId)>,
    workers: Workers,
    /// The journal could not be written.
    has_failed: bool,
    /// While executions are read back: the children of those that are not yet.
    kin: HashMap<Arc<str>, Vec<Kin>>,
    runs: Runs,
    activities: Activities,
    /// Who waits for the end of an execution.
    watches: HashMap<String, Vec<Watch>>,
    /// The same the other way round.
    watching: HashMap<(Arc<str>, TaskId), String>,
}

impl Driver {
    async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Message>) {
        let mut messages = Vec::new();
        loop {
            let timer = self.timers.keys().next().map(|(due, _)| *due);
            let next_due = timer.into_iter().chain(self.changes.due()).min().map(|due| self.world.clock.instant(due));
            // What acting led to is committed at once: a task that found its worker, say.
            let busy = !self.inner.is_empty() || !self.acts.is_empty();
            tokio::select! {
                biased;
                received = queue.recv_many(&mut messages, 256) => {
                    if received == 0 {
                        return;
                    }
                    // Whoever else is about to say something says it first: one commit for all of them.
                    tokio::task::yield_now().await;
                    while let Ok(message) = queue.try_recv() {
                        messages.push(message);
                    }
                    for message in messages.drain(..) {
                        self.take(message);
                    }
                }
                () = async {
                    match next_due {
                        _ if busy => {}
                        Some(due) => tokio::time::sleep_until(due).await,
                        None => std::future::pending().await,
                    }
                } => {}
            }
            self.fire_timers();
            self.hear_each_other();
            if !self.commit() {
                return;
            }
        }
    }

    /// Commits what the messages led to, then acts. `false` when the store fails: then nothing may go on.
    fn commit(&mut self) -> bool {
        if self.has_failed {
            return false;
        }
        let acts = std::mem::take(&mut self.acts);
        let cancelled = std::mem::take(&mut self.cancelled);
        let news = |act: &Act| !matches!(act, Act::Settled(_));
        let changed = self.changes.are_news() || acts.iter().any(news);
        let writes = self.changes.take(self.world.clock.now());
        if !writes.is_empty()
            && let Err(error) = self.world.store.commit_now(writes)
        {
            tracing::error!(%error, "executions stop: the journal cannot be written");
            self.has_failed = true;
            return false;
        }
        self.fresh.clear();
        for act in acts {
            match act {
                Act::Invoke(arn, invocation, _) if cancelled.contains(&(Arc::clone(&arn), invocation.task)) => {}
                act => self.act(act),
            }
        }
        if changed {
            self.world.ring();
        }
        true
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Invoke(arn, invocation, test_case) => {
                if let asl::Resource::Activity { arn: activity } = &invocation.resource {
                    let activity = activity.clone();
                    self.offer(activity, arn, invocation);
                    return;
                }
                let world = self.world.clone();
                world.backlog.one_more();
                tokio::spawn(async move {
                    // A service may start what calls functions itself: it must not keep them from their places.
                    let is_function = match &invocation.resource {
                        asl::Resource::Function { .. } => true,
                        asl::Resource::Integration { service, .. } => service == "lambda",
                        asl::Resource::Activity { .. } | asl::Resource::Other(_) => false,
                    };
                    let _place = if is_function {
                        world.backlog.call().await
                    } else {
                        world.backlog.one_less();
                        None
                    };
                    let task = invocation.task;
                    let (within, of) = (world.clone(), Arc::clone(&arn));
                    let done = tokio::spawn(integrate::perform(within, of, invocation, test_case)).await;
                    // What is cancelled ends with the process; the next one does it again.
                    if let Some(error) = done.err().filter(|error| !error.is_cancelled()) {
                        // Whatever broke, the task must not wait for ever.
                        let failure = Failure::new("States.TaskFailed", format!("the integration broke: {error}"));
                        world.driver.tell(Message::Told { arn, input: Input::TaskFailed { task, failure } });
                    }
                });
            }
            // Whoever asked may have gone away.
            Act::Started(reply, result) => drop(reply.send(result)),
            Act::Stopped(reply, result) => drop(reply.send(result)),
            Act::Redriven(reply, result) => drop(reply.send(result)),
            Act::Answered(reply, result) => drop(reply.send(result)),
            Act::Polled(reply, polled) => drop(reply.send(polled)),
            Act::Finished(reply, finished) => drop(reply.send(finished)),
            Act::Settled(reply) => drop(reply.send(())),
            Act::ChildEnded(watch) => {
                let world = self.world.clone();
                tokio::spawn(async move { integrate::child_ended(&world, watch).await });
            }
        }
    }

    fn take(&mut self, message: Message) {
        let Some(message) = self.hold(message) else { return };
        let at = self.world.clock.now();
        match message {
            Message::Start { launch, reply, ended } => self.start(*launch, reply, ended),
            Message::Told { arn, input } => self.step(&arn, Stamped { at, input }),
            Message::Back { arn, execution, effects, then } => self.back(&arn, execution, effects, then),
            Message::Broken { arn, problem, then } => self.broken(&arn, &problem, then),
            Message::Stop { arn, failure, reply } => match self.key(&arn) {
                Some(arn) => {
                    let stopped = Act::Stopped(reply, Ok(at));
                    self.step_then(&arn, Stamped { at, input: Input::Stop { failure } }, Some(stopped));
                }
                None => self.acts.push(Act::Stopped(reply, Err(Missing))),
            },
            Message::Redrive { arn, token, reply } => {
                self.redrive(&arn, Going::Asked { token, reply });
            }
            Message::MadeAgain { arn, made, going } => self.made_again(&arn, made, going),
            Message::Replayed { arn, replayed } => self.replayed(&arn, replayed),
            Message::Token { arn, token, input, reply } => match self.key(&arn) {
                Some(arn) if self.token_is_open(&arn, &token, &input) => {
                    self.step_then(&arn, Stamped { at, input }, Some(Act::Answered(reply, Ok(()))));
                }
                _ => self.acts.push(Act::Answered(reply, Err(Missing))),
            },
            Message::Deleted { machine } => {
                let of_it = |live: &&Live| live.is_kept() && plain_machine(&live.facts.machine_arn) == machine;
                let running: Vec<Arc<str>> =
                    self.running.iter().filter(|(_, live)| of_it(live)).map(|(arn, _)| Arc::clone(arn)).collect();
                for arn in running {
                    self.step(&arn, Stamped { at, input: Input::Stop { failure: Failure::default() } });
                }
            }
            Message::UpdateRun { run, limits, reply } => self.update_run(&run, limits, at, reply),
            Message::Settle { with_metrics, reply, .. } => {
                self.changes.hurry(with_metrics);
                self.acts.push(Act::Settled(reply));
            }
            Message::Watch(watch) => self.watch(watch),
            Message::Poll { activity, worker, reply } => self.poll(activity, worker, reply),
        }
    }

    /// The shared ARN of an execution that runs.
    fn key(&self, arn: &str) -> Option<Arc<str>> {
        self.running.get_key_value(arn).map(|(arn, _)| Arc::clone(arn))
    }

    fn token_is_open(&self, arn: &Arc<str>, token: &str, input: &Input) -> bool {
        let task = match input {
            Input::TaskSucceeded { task, .. } | Input::TaskFailed { task, .. } | Input::Heartbeat { task } => *task,
            _ => return false,
        };
        let execution = self.running.get(arn).and_then(|live| live.execution.as_ref());
        execution.is_some_and(|execution| execution.token_of(task) == Some(token))
    }

    fn start(
        &mut self,
        launch: Launch,
        reply: oneshot::Sender<Result<i64, StartRefused>>,
        ended: Option<oneshot::Sender<Finished>>,
    ) {
        if launch.is_named
            && !launch.facts.express
            && let Some(standing) = self.standing(&launch.facts)
        {
            self.acts.push(Act::Started(reply, standing));
            return;
        }
        match self.launch(launch, ended) {
            Ok(arn) => {
                let at = self.running.get(&arn).map_or(0, |live| live.facts.started_at);
                self.begin(&arn, Some(Act::Started(reply, Ok(at))));
            }
            Err(problem) => self.acts.push(Act::Started(reply, Err(StartRefused::Store(problem)))),
        }
    }

    /// Makes an execution, whose name is free; it is still to begin.
    fn launch(&mut self, launch: Launch, ended: Option<oneshot::Sender<Finished>>) -> Result<Arc<str>, String> {
        let Launch { mut facts, machine, definition, about, logging, .. } = launch;
        facts.started_at = self.world.clock.now();
        let arn: Arc<str> = Arc::from(facts.arn.as_str());
        let id = self.next_id;
        self.next_id += 1;
        let execution = Execution::new(machine, facts).map_err(|broken| broken.to_string())?;
        let mut live = Live::new(id, execution, 0, about, logging, definition);
        live.ended = ended;
        self.running.insert(Arc::clone(&arn), live);
        Ok(arn)
    }

    /// What stands under the execution's name already. The same input while it runs is the same start.
    fn standing(&self, facts: &Facts) -> Option<Result<i64, StartRefused>> {
        if let Some(live) = self.running.get(facts.arn.as_str()) {
            let known = &live.facts;
            return Some(if known.input == facts.input { Ok(known.started_at) } else { Err(StartRefused::Exists) });
        }
        if self.fresh.contains(facts.arn.as_str()) {
            return Some(Err(StartRefused::Exists));
        }
        let found = self.world.store.read_as_writer(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM executions WHERE arn = ?1")?
                .query_row([&facts.arn], |_| Ok(()))
                .optional()
        });
        match found {
            Ok(None) => None,
            Ok(Some(())) => Some(Err(StartRefused::Exists)),
            Err(error) => Some(Err(StartRefused::Store(error.to_string()))),
        }
    }

    /// Turns effects into writes, timers, and what is done after the commit.
    fn follow(&mut self, arn: &Arc<str>, effects: Vec<Effect>) {
        let Some(live) = self.running.get(arn) else { return };
        let (id, kept, test_case) = (live.id, live.is_kept(), live.about.test_case.clone());
        let logging = live.logging.clone().map(|logging| (logging, live.about.clone()));
        let mut events = Vec::new();
        let mut end = None;
        for effect in effects {
            match effect {
                Effect::Record(event) => events.push(event),
                Effect::Invoke(invocation) => {
                    self.acts.push(Act::Invoke(Arc::clone(arn), invocation, test_case.clone()));
                }
                Effect::SetTimer { timer, at } => self.set_timer(arn, timer, at),
                Effect::CancelTimer(timer) => self.cancel_timer(arn, timer),
                Effect::CancelTask(task) => self.cancel_task(arn, task),
                Effect::GiveUpQuery(query) => self.note(arn, Input::QueryGivenUp { query }),
                Effect::FindActivity { task, arn: activity } => {
                    let exists = self.world.has_activity(&activity);
                    self.tell(arn, Input::ActivityFound { task, exists });
                }
                Effect::StartMapRun(run) => self.start_map_run(arn, id, run),
                Effect::RedriveMapRun(run) => self.redrive_map_run(arn, run),
                Effect::StartItem { task, index, name, input, items } => {
                    self.start_item(arn, (task, index), &name, &input, items);
                }
                Effect::EndMapRun { task, failed } => self.end_map_run(arn, task, failed),
                Effect::End(ended) => end = Some(ended),
            }
        }
        if let (Some((logging, about)), false) = (&logging, self.replaying) {
            let lines = logging.lines(arn, about, &events);
            self.changes.logged(logging, lines);
        }
        if kept && !events.is_empty() {
            self.changes.recorded(id, events, self.world.clock.now());
        }
        if let Some(ended) = end {
            self.end(arn, ended);
        }
    }

    /// Tells an execution something as soon as this step is done. In a replay the journal does.
    fn tell(&mut self, arn: &Arc<str>, input: Input) {
        if !self.replaying {
            self.inner.push_back(Inner::Input(Arc::clone(arn), input));
        }
    }

    fn hear_each_other(&mut self) {
        for _ in 0..A_TURN {
            let Some(inner) = self.inner.pop_front() else { return };
            let at = self.world.clock.now();
            match inner {
                Inner::Input(arn, input) => self.step(&arn, Stamped { at, input }),
                Inner::Stop(arn) => self.step(&arn, Stamped { at, input: Input::Stop { failure: Failure::default() } }),
                Inner::Redrive(arn, going) => self.redrive(&arn, going),
                Inner::Launch(launch) => {
                    let parent = launch.about.parent.clone();
                    match (self.launch(*launch, None), parent) {
                        (Ok(arn), _) => self.begin(&arn, None),
                        (Err(problem), Some(Parent { arn, task, index })) => {
                            tracing::error!(problem, "a child execution cannot start");
                            self.inner.push_back(Inner::Input(Arc::from(arn), Input::ItemFailed { task, index }));
                        }
                        (Err(problem), None) => tracing::error!(problem, "a child execution cannot start"),
                    }
                }
            }
        }
    }

    fn cancel_task(&mut self, arn: &Arc<str>, task: TaskId) {
        // Scheduled and given up within one turn: it need not even begin.
        self.cancelled.insert((Arc::clone(arn), task));
        self.stop_run(arn, task);
        if let Some(child) = self.watching.remove(&(Arc::clone(arn), task)) {
            if let Some(watches) = self.watches.get_mut(&child) {
                watches.retain(|watch| watch.parent != *arn || watch.task != task);
            }
            if let (Some(child), false) = (self.key(&child), self.replaying) {
                self.inner.push_back(Inner::Stop(child));
            }
        }
    }

    fn end(&mut self, arn: &Arc<str>, ended: Ended) {
        if self.replaying {
            return;
        }
        let Some(live) = self.running.remove(arn) else { return };
        let stopped_at = self.world.clock.now();
        let (status, output, failure) = match ended {
            Ended::Succeeded(output) => ("SUCCEEDED", Some(output), Failure::default()),
            Ended::Failed(failure) => ("FAILED", None, failure),
            Ended::Aborted(failure) => ("ABORTED", None, failure),
            Ended::TimedOut(failure) => ("TIMED_OUT", None, failure),
        };
        let facts = &live.facts;
        let finished = Finished { status, output, failure, started_at: facts.started_at, stopped_at };
        let machine = plain_machine(&facts.machine_arn);
        self.changes.measured(crate::metrics::of_status(status), machine, stopped_at, 1.0);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of an execution fit a float exactly")]
        self.changes.measured("ExecutionTime", machine, stopped_at, (stopped_at - facts.started_at) as f64);
        if live.is_kept() {
            self.changes.ended(live.id, &finished);
        }
        if let Some(Parent { arn: parent, task, index }) = &live.about.parent
            && let Some(parent) = self.key(parent)
        {
            let (task, index) = (*task, *index);
            match live.goes_on {
                Some(going) => self.inner.push_back(Inner::Redrive(arn.to_string(), going)),
                None => self.item_ended(&parent, task, index, arn, finished.output.clone()),
            }
        }
        self.runs.0.retain(|(of, _), _| of != arn);
        for watch in self.watches.remove(arn.as_ref()).unwrap_or_default() {
            self.watching.remove(&(Arc::clone(&watch.parent), watch.task));
            self.acts.push(Act::ChildEnded(watch));
        }
        if let Some(waits) = live.ended {
            self.acts.push(Act::Finished(waits, finished));
        }
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
        for _ in 0..A_TURN {
            let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) else { return };
            let (arn, timer) = entry.remove();
            self.due.remove(&(Arc::clone(&arn), timer));
            self.step(&arn, Stamped { at: now, input: Input::TimerFired { timer } });
        }
    }
}

/// The ARN of the machine, of whatever map run's children the ARN is.
pub(crate) fn plain_machine(arn: &str) -> &str {
    arn.split('/').next().unwrap_or(arn)
}
