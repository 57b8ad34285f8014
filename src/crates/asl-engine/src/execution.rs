//! The execution itself: what it is told, what it answers, and the threads that it consists of.
//!
//! A thread runs one flow: the machine's own, a Parallel's branch, or a Map's iteration. It is in one state at a time:
//!
//! ```text
//! Between ─ enter ─▶ In(Task | Waiting | BackingOff | Children) ─ exit ─▶ Between … ─▶ Over
//! ```
//!
//! A step runs every thread until each of them waits for something from outside. Then the work that was scheduled is
//! told to have started, in the order in which it was scheduled, as AWS's histories show it.
//!
//! A step that takes long may be paused before any state, or item of a Map, and gone on with ([`Execution::step_while`]). Where it was stands
//! in the journal, so that a replay pauses there too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use asl::{Chance, Flow, Json, Machine, State, StateName, Variables};

use crate::containers::{Children, Selecting};
use crate::event::{Event, EventId, HistoryEvent};
use crate::map_run::MapRun;
use crate::redrive::{Wreck, Wrecks};
pub use crate::seam::{
    Broken, Effect, Ended, Facts, Failure, Input, Invocation, MapRunFacts, MapRunLimits, Stamped, TaskId, TimerId,
    TokenParts,
};
use crate::task::{Finding, Running};
use crate::test_state::Trace;

/// The most events of a history (AWS's quota).
pub const MAX_EVENTS: u64 = 25_000;
/// The same of an Express execution, whose history AWS does not bound: a loop without a Wait would otherwise go on for the
/// whole five minutes in one step.
const MAX_EXPRESS_EVENTS: u64 = 250_000;
/// The most bytes of a state's input or output (AWS's quota).
pub const MAX_PAYLOAD: usize = 262_144;
/// How long an Express execution runs at most, in seconds.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const EXPRESS_SECONDS: u64 = 300;
/// The most bytes of all variables that a state can see.
pub(crate) const MAX_VARIABLES: usize = 10 << 20;

/// The most levels that a value may nest, so that each can be written, read back and dropped within a bounded stack.
/// `serde_json` reads 127.
pub const MAX_NESTING: usize = 100;

pub(crate) type ThreadId = usize;

/// One flow on its way.
#[derive(Debug)]
pub(crate) struct Thread {
    /// The container's thread, and which of its branches or iterations this is.
    pub(crate) parent: Option<(ThreadId, usize)>,
    pub(crate) flow: Arc<Flow>,
    pub(crate) variables: Variables,
    /// The Map item that this thread, or one around it, works on.
    pub(crate) item: Option<(usize, Json)>,
    /// The last event of this thread.
    pub(crate) previous: EventId,
    pub(crate) step: Step,
}

#[derive(Debug)]
pub(crate) enum Step {
    /// About to enter a state.
    Between { next: StateName, input: Json },
    /// In a state that waits for something.
    In(Box<Active>),
    /// Being worked on just now.
    Busy,
}

impl Step {
    /// Whether there is nothing that the thread can do by itself.
    fn waits_for_others(&self) -> bool {
        match self {
            Self::Between { .. } => false,
            Self::In(active) => !matches!(active.doing, Doing::Selecting(_)),
            Self::Busy => true,
        }
    }
}

/// A state that a thread is in.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) state: Arc<State>,
    /// The state's `StateEntered`, and what that followed from.
    pub(crate) entered: EventId,
    pub(crate) entered_previous: EventId,
    pub(crate) entered_at: i64,
    /// As it came in.
    pub(crate) raw_input: Json,
    /// After `InputPath`.
    pub(crate) input: Json,
    /// The thread's variables as they were on entering.
    pub(crate) variables: Variables,
    /// The Map item that the thread works on.
    pub(crate) item: Option<(usize, Json)>,
    /// How often each retrier was used.
    pub(crate) retries: Vec<u64>,
    pub(crate) retry_count: u64,
    /// The token of the running task, once it was asked for.
    pub(crate) token: Option<String>,
    /// The task that runs, or will.
    pub(crate) task: TaskId,
    pub(crate) doing: Doing,
    /// Once a child failed: what is left of the children, should the execution be redriven.
    pub(crate) wrecked: Option<(Box<Children>, Wrecks)>,
    /// The same for a distributed Map.
    pub(crate) ran: Option<Box<MapRun>>,
}

#[derive(Debug)]
pub(crate) enum Doing {
    Nothing,
    Task(Running),
    /// An activity's task, before it is known whether the activity is there.
    Finding(Box<Finding>),
    Waiting(TimerId),
    BackingOff(TimerId),
    /// A Map's items become what its iterations get, one by one.
    Selecting(Box<Selecting>),
    Children(Box<Children>),
    /// A distributed Map's run.
    Run(Box<MapRun>),
}

/// What a timer is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// A Wait is over.
    Wait(ThreadId),
    /// The delay before a retry is over.
    Retry(ThreadId),
    /// A task took too long.
    Timeout(ThreadId),
    /// A task was silent for too long.
    Heartbeat(ThreadId),
    /// The whole execution took too long.
    Execution,
}

/// An execution.
#[derive(Debug)]
pub struct Execution {
    pub(crate) facts: Arc<Facts>,
    pub(crate) input: Json,
    pub(crate) machine: Arc<Machine>,
    /// What it runs: the machine's own flow, or a Map's.
    root: Arc<Flow>,
    pub(crate) chance: Chance,
    pub(crate) now: i64,
    pub(crate) last_event: EventId,
    pub(crate) threads: Vec<Option<Thread>>,
    pub(crate) free: Vec<ThreadId>,
    pub(crate) ready: VecDeque<ThreadId>,
    /// How much this step has done: states that it entered, items that it selected.
    worked: u64,
    /// The step was paused after so much.
    paused: Option<u64>,
    /// In a replay: where each of the steps to come was paused, if it was.
    foretold: VecDeque<Option<u64>>,
    /// Tasks that were scheduled in this step and start at its end.
    pub(crate) starting: Vec<(ThreadId, TaskId)>,
    pub(crate) tasks: BTreeMap<TaskId, ThreadId>,
    /// When each is due, and what for.
    pub(crate) timers: BTreeMap<TimerId, (i64, Purpose)>,
    pub(crate) next_task: u64,
    /// How often each state has called something.
    pub(crate) calls: BTreeMap<StateName, u64>,
    pub(crate) next_timer: u64,
    pub(crate) ended: Option<Ended>,
    pub(crate) effects: Vec<Effect>,
    /// What was under way when it failed: where a redrive goes on.
    pub(crate) wreck: Option<Box<Wreck>>,
    pub(crate) redrives: u64,
    pub(crate) redriven_at: Option<i64>,
    /// What a test of one state looks at.
    pub(crate) trace: Option<Box<Trace>>,
}

impl Execution {
    /// Whether it is an Express one, as a machine's own or as the child of a map run.
    pub(crate) fn is_express(&self) -> bool {
        let is_express = |state: &str| match self.machine.state(state).map(|state| &state.kind) {
            Some(asl::Kind::Map(map)) => map.express_children,
            _ => false,
        };
        self.facts.express || self.facts.map_state.as_deref().is_some_and(is_express)
    }

    /// Starts an execution and answers the first effects.
    ///
    /// # Errors
    /// When the input is not JSON, which whoever takes the call has to refuse before.
    pub fn start(machine: Arc<Machine>, facts: impl Into<Arc<Facts>>) -> Result<(Self, Vec<Effect>), Broken> {
        let mut execution = Self::new(machine, facts)?;
        let effects = execution.begin(&mut || true);
        Ok((execution, effects))
    }

    /// An execution that was started before, for its journal to be replayed from [`Self::begin`] on: of all queries those
    /// are given up that were given up then, and the steps are paused where they were. Once the journal is read,
    /// [`Self::go_on`].
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn again(machine: Arc<Machine>, facts: impl Into<Arc<Facts>>, journal: &[Stamped]) -> Result<Self, Broken> {
        let mut execution = Self::new(machine, facts)?;
        let mut given_up = BTreeSet::new();
        // The beginning is a step like those that follow.
        let mut pauses = vec![None];
        for stamped in journal {
            match stamped.input {
                Input::QueryGivenUp { query } => drop(given_up.insert(query)),
                Input::Paused { after } => *pauses.last_mut().unwrap_or(&mut None) = Some(after),
                _ => pauses.push(None),
            }
        }
        execution.chance = execution.chance.foretold(given_up);
        execution.foretold = pauses.into();
        Ok(execution)
    }

    /// The journal is replayed; what follows happens for the first time.
    pub fn go_on(&mut self) {
        self.chance.begin();
    }

    /// Enters the first state and goes on as [`Self::step_while`].
    pub fn begin(&mut self, goes_on: &mut dyn FnMut() -> bool) -> Vec<Effect> {
        let input = self.input.clone();
        let started = Event::ExecutionStarted {
            input: Arc::clone(input.text()),
            role_arn: Arc::from(self.facts.role_arn.as_str()),
        };
        self.record(0, started);
        let own = self.machine.timeout_seconds.filter(|_| self.facts.map_state.is_none());
        let most = self.is_express().then_some(EXPRESS_SECONDS);
        if let Some(seconds) = own.into_iter().chain(most).min() {
            self.set_timer(seconds_later(self.now, seconds), Purpose::Execution);
        }
        let root = self.spawn(None, Arc::clone(&self.root), Variables::default(), None, 0, input);
        self.ready.push_back(root);
        self.run_as_foretold(goes_on);
        self.take_effects()
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        self.effects.extend(self.chance.take_given_up().into_iter().map(Effect::GiveUpQuery));
        std::mem::take(&mut self.effects)
    }

    /// An execution that nothing has happened in: [`Self::begin`].
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn new(machine: Arc<Machine>, facts: impl Into<Arc<Facts>>) -> Result<Self, Broken> {
        let facts = facts.into();
        let root = match &facts.map_state {
            None => &machine.flow,
            Some(name) => match machine.state(name).map(|state| &state.kind) {
                Some(asl::Kind::Map(map)) => &map.processor,
                _ => return Err(Broken::MapState(name.clone())),
            },
        };
        Ok(Self {
            root: Arc::clone(root),
            input: Json::parse(&facts.input).map_err(|error| Broken::Input(error.to_string()))?,
            chance: Chance::new(facts.seed),
            now: facts.started_at,
            machine,
            facts,
            last_event: 0,
            threads: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
            worked: 0,
            paused: None,
            foretold: VecDeque::new(),
            starting: Vec::new(),
            tasks: BTreeMap::new(),
            timers: BTreeMap::new(),
            next_task: 0,
            calls: BTreeMap::new(),
            next_timer: 0,
            ended: None,
            effects: Vec::new(),
            wreck: None,
            redrives: 0,
            redriven_at: None,
            trace: None,
        })
    }

    /// Takes in what happened. After the end, and for what nobody waits for any more, nothing follows.
    pub fn step(&mut self, stamped: Stamped) -> Vec<Effect> {
        self.step_while(stamped, &mut || true)
    }

    /// The same, as long as it may: `goes_on` is asked before every piece of work but the first: a state to be
    /// entered, an item of a Map to be selected. What is left then
    /// ([`Self::paused`]) goes on with the next input, with [`Input::GoOn`] if nothing else happens.
    pub fn step_while(&mut self, stamped: Stamped, goes_on: &mut dyn FnMut() -> bool) -> Vec<Effect> {
        if matches!(stamped.input, Input::QueryGivenUp { .. } | Input::Paused { .. }) {
            return Vec::new();
        }
        // Clocks may go back; histories do not.
        self.now = self.now.max(stamped.at);
        if self.ended.is_some() {
            if stamped.input == Input::Redrive {
                self.redrive();
            }
            self.run_as_foretold(goes_on);
            return self.take_effects();
        }
        match stamped.input {
            Input::Stop { failure } => self.stop(failure),
            Input::TimerFired { timer } => self.timer_fired(timer),
            Input::TaskStarted { task, worker } => self.task_started(task, worker),
            Input::TaskSubmitted { task, output } => self.task_submitted(task, output),
            Input::TaskSucceeded { task, output } => self.task_succeeded(task, output),
            Input::TaskFailed { task, failure } => self.task_failed(task, failure),
            Input::Heartbeat { task } => self.heartbeat(task),
            Input::ActivityFound { task, exists } => self.activity_found(task, exists),
            Input::ItemSucceeded { task, index, output } => self.item_succeeded(task, index, output),
            Input::ItemFailed { task, index } => self.item_failed(task, index),
            Input::MapRunUpdated { task, limits } => self.run_updated(task, limits),
            // An execution that runs has nothing to be redriven.
            Input::Redrive | Input::GoOn | Input::Paused { .. } | Input::QueryGivenUp { .. } => {}
        }
        self.run_as_foretold(goes_on);
        self.take_effects()
    }

    /// Where the last step was paused, in pieces of work that it had done. `None` when there is nothing left of it.
    pub fn paused(&self) -> Option<u64> {
        self.paused
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// What it was started with.
    pub fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }

    /// The machine that it runs.
    pub fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }

    /// Whether somebody still waits for the task.
    pub fn waits_for(&self, task: TaskId) -> bool {
        self.tasks.contains_key(&task)
    }

    /// The token of a task that waits for one, as it was handed out.
    pub fn token_of(&self, task: TaskId) -> Option<&str> {
        let thread = self.threads.get(*self.tasks.get(&task)?)?.as_ref()?;
        match &thread.step {
            Step::In(active) => active.token.as_deref(),
            _ => None,
        }
    }

    /// Runs a step: in a replay as far as it went, else as far as it may.
    fn run_as_foretold(&mut self, goes_on: &mut dyn FnMut() -> bool) {
        match self.foretold.pop_front().flatten() {
            Some(pieces) => {
                let mut left = pieces;
                self.run(&mut || {
                    left = left.saturating_sub(1);
                    left > 0
                });
            }
            None => self.run(goes_on),
        }
    }

    /// Runs every thread until each waits for something, then tells the scheduled work to have started; or pauses.
    pub(crate) fn run(&mut self, goes_on: &mut dyn FnMut() -> bool) {
        (self.worked, self.paused) = (0, None);
        loop {
            while let Some(thread) = self.ready.pop_front() {
                if self.ended.is_some() {
                    return;
                }
                if !self.advance(thread, goes_on) {
                    // A branch that computes must not keep the others from their turn, nor tasks from having started.
                    self.ready.push_back(thread);
                    self.start_scheduled();
                    self.paused = self.ended.is_none().then_some(self.worked);
                    return;
                }
            }
            if self.ended.is_some() || !self.start_scheduled() {
                return;
            }
        }
    }

    /// Tells the scheduled work to have started; whether there was any.
    fn start_scheduled(&mut self) -> bool {
        let starting = std::mem::take(&mut self.starting);
        let any = !starting.is_empty();
        for (thread, task) in starting {
            self.begin_scheduled(thread, task);
        }
        any
    }

    /// Runs one thread until it waits or is over. `false` when it has to pause before.
    fn advance(&mut self, id: ThreadId, goes_on: &mut dyn FnMut() -> bool) -> bool {
        while let Some(thread) = self.threads.get_mut(id).and_then(Option::as_mut) {
            if self.ended.is_some() {
                return true;
            }
            match std::mem::replace(&mut thread.step, Step::Busy) {
                step if step.waits_for_others() => {
                    thread.step = step;
                    return true;
                }
                step if self.worked > 0 && !goes_on() => {
                    thread.step = step;
                    return false;
                }
                step => {
                    self.worked += 1;
                    match step {
                        Step::Between { next, input } => self.enter(id, &next, input),
                        Step::In(active) => self.select_next(id, active),
                        Step::Busy => {}
                    }
                }
            }
        }
        true
    }

    pub(crate) fn spawn(
        &mut self,
        parent: Option<(ThreadId, usize)>,
        flow: Arc<Flow>,
        variables: Variables,
        item: Option<(usize, Json)>,
        previous: EventId,
        input: Json,
    ) -> ThreadId {
        let step = Step::Between { next: Arc::clone(&flow.start_at), input };
        self.insert(Thread { parent, flow, variables, item, previous, step })
    }

    pub(crate) fn insert(&mut self, thread: Thread) -> ThreadId {
        if let Some(id) = self.free.pop() {
            self.threads[id] = Some(thread);
            id
        } else {
            self.threads.push(Some(thread));
            self.threads.len() - 1
        }
    }

    pub(crate) fn remove(&mut self, id: ThreadId) -> Option<Thread> {
        let thread = self.threads.get_mut(id)?.take()?;
        self.free.push(id);
        Some(thread)
    }

    pub(crate) fn thread(&mut self, id: ThreadId) -> Option<&mut Thread> {
        self.threads.get_mut(id)?.as_mut()
    }

    /// Takes the active state out of a thread, to be worked on or left for good.
    pub(crate) fn take_active(&mut self, id: ThreadId) -> Option<Box<Active>> {
        let thread = self.thread(id)?;
        match std::mem::replace(&mut thread.step, Step::Busy) {
            Step::In(active) => Some(active),
            other => {
                thread.step = other;
                None
            }
        }
    }

    pub(crate) fn put_active(&mut self, id: ThreadId, active: Box<Active>) {
        if let Some(thread) = self.thread(id) {
            thread.step = Step::In(active);
        }
    }

    /// Writes an event that followed from `previous`. Nothing is written after the end.
    pub(crate) fn record(&mut self, previous: EventId, event: Event) -> EventId {
        if self.ended.is_some() {
            return self.last_event;
        }
        let id = self.write(previous, event);
        // The last event that fits is the failure itself.
        let most = if self.facts.express { MAX_EXPRESS_EVENTS } else { MAX_EVENTS };
        if id + 1 >= most {
            let cause = format!("The execution reached the maximum number of history events ({most}).");
            self.end_failed(id, Failure::new("States.Runtime", cause));
        }
        id
    }

    fn write(&mut self, previous: EventId, event: Event) -> EventId {
        self.last_event += 1;
        let id = self.last_event;
        self.effects.push(Effect::Record(HistoryEvent { id, previous, at: self.now, event }));
        id
    }

    pub(crate) fn set_timer(&mut self, at: i64, purpose: Purpose) -> TimerId {
        let timer = self.reserve_timer();
        self.set_reserved(timer, at, purpose);
        timer
    }

    /// The name of a timer that is set later, or never.
    pub(crate) fn reserve_timer(&mut self) -> TimerId {
        let timer = TimerId(self.next_timer);
        self.next_timer += 1;
        timer
    }

    pub(crate) fn set_reserved(&mut self, timer: TimerId, at: i64, purpose: Purpose) {
        self.timers.insert(timer, (at, purpose));
        self.effects.push(Effect::SetTimer { timer, at });
    }

    pub(crate) fn cancel_timer(&mut self, timer: TimerId) {
        if self.timers.remove(&timer).is_some() {
            self.effects.push(Effect::CancelTimer(timer));
        }
    }

    fn timer_fired(&mut self, timer: TimerId) {
        match self.timers.remove(&timer).map(|(_, purpose)| purpose) {
            // It was cancelled while it fired.
            None => {}
            Some(Purpose::Wait(thread)) => self.wait_over(thread),
            Some(Purpose::Retry(thread)) => self.retry(thread),
            Some(Purpose::Timeout(thread)) => {
                // As recorded, tasks that time out at once are all told before any of it has consequences.
                let due = self.timers.values().filter_map(|(at, purpose)| match purpose {
                    Purpose::Timeout(thread) if *at <= self.now => Some(*thread),
                    _ => None,
                });
                let threads: Vec<ThreadId> = std::iter::once(thread).chain(due).collect();
                self.tasks_timed_out(&threads, "States.Timeout");
            }
            Some(Purpose::Heartbeat(thread)) => self.tasks_timed_out(&[thread], "States.HeartbeatTimeout"),
            Some(Purpose::Execution) => {
                // As recorded, the whole execution's own time-out carries no error.
                let (failure, previous) = (Failure::default(), self.last_event);
                self.finish(previous, Event::ExecutionTimedOut(failure.clone()), Ended::TimedOut(failure));
            }
        }
    }

    fn stop(&mut self, failure: Failure) {
        let previous = self.last_event;
        self.finish(previous, Event::ExecutionAborted(failure.clone()), Ended::Aborted(failure));
    }

    /// Gives up all that is under way, without events.
    pub(crate) fn abandon(&mut self) {
        for timer in std::mem::take(&mut self.timers).into_keys() {
            self.effects.push(Effect::CancelTimer(timer));
        }
        for task in std::mem::take(&mut self.tasks).into_keys() {
            self.effects.push(Effect::CancelTask(task));
        }
        self.threads.clear();
        self.free.clear();
        self.ready.clear();
        self.starting.clear();
    }

    /// Whether it can be redriven.
    pub fn is_redrivable(&self) -> bool {
        self.ended.is_some() && self.wreck.is_some()
    }

    pub(crate) fn end_failed(&mut self, previous: EventId, failure: Failure) {
        self.finish(previous, Event::ExecutionFailed(failure.clone()), Ended::Failed(failure));
    }

    pub(crate) fn end_succeeded(&mut self, previous: EventId, output: Json) {
        let event = Event::ExecutionSucceeded { output: Arc::clone(output.text()) };
        self.finish(previous, event, Ended::Succeeded(output));
    }

    fn finish(&mut self, previous: EventId, event: Event, ended: Ended) {
        if self.ended.is_some() {
            return;
        }
        if self.wreck.is_none() && !matches!(ended, Ended::Succeeded(_)) && !self.facts.express {
            // The machine's own thread is the first that there ever was, and the last to go.
            self.wreck = self.wreck_of(0).map(Box::new);
        }
        self.abandon();
        self.ended = Some(ended.clone());
        self.write(previous, event);
        self.effects.push(Effect::End(ended));
    }
}

pub(crate) fn seconds_later(now: i64, seconds: u64) -> i64 {
    now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000))
}
