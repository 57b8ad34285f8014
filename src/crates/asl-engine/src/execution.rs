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

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use asl::{Chance, Flow, Json, Machine, State, StateName, Variables};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::containers::Children;
use crate::event::{Event, EventId, HistoryEvent};
use crate::task::Running;

/// The most events of a history (AWS's quota).
pub const MAX_EVENTS: u64 = 25_000;
/// The most bytes of a state's input or output (AWS's quota).
pub const MAX_PAYLOAD: usize = 262_144;

/// The most levels that a value may nest, so that each can be written, read back and dropped within a bounded stack.
/// `serde_json` reads 127.
pub const MAX_NESTING: usize = 100;

/// A piece of work that somebody else does, within its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u64);

/// A timer, within its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u64);

/// What went wrong, as Step Functions tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error's name.
    pub error: Option<String>,
    /// Why.
    pub cause: Option<String>,
}

impl Failure {
    /// An error with its cause.
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { error: Some(error.into()), cause: Some(cause.into()) }
    }

    /// An error without a cause.
    pub fn named(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), cause: None }
    }
}

/// What an execution is: given at its start, never changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The machine's ARN.
    pub machine_arn: String,
    /// The machine's name.
    pub machine_name: String,
    /// The role it runs as.
    pub role_arn: String,
    /// The region, as `TaskScheduled` tells it.
    pub region: String,
    /// When it started, in milliseconds since 1970.
    pub started_at: i64,
    /// The input, as it came.
    pub input: String,
    /// What its chance starts from.
    pub seed: u64,
    /// An Express execution has no redrives.
    pub express: bool,
}

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// Milliseconds since 1970.
    pub at: i64,
    /// What.
    pub input: Input,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// A worker took the activity's task.
    TaskStarted {
        /// Which.
        task: TaskId,
        /// The worker's name.
        worker: Option<String>,
    },
    /// The service took the job; its end is still to come.
    TaskSubmitted {
        /// Which.
        task: TaskId,
        /// The service's answer.
        #[serde(serialize_with = "write_json", deserialize_with = "read_json")]
        output: Json,
    },
    /// The task was done.
    TaskSucceeded {
        /// Which.
        task: TaskId,
        /// Its result.
        #[serde(serialize_with = "write_json", deserialize_with = "read_json")]
        output: Json,
    },
    /// The task was not done.
    TaskFailed {
        /// Which.
        task: TaskId,
        /// Why.
        failure: Failure,
    },
    /// The task is alive.
    Heartbeat {
        /// Which.
        task: TaskId,
    },
    /// A timer is due.
    TimerFired {
        /// Which.
        timer: TimerId,
    },
    /// Somebody stopped the execution.
    Stop {
        /// What they said.
        failure: Failure,
    },
}

fn write_json<S: Serializer>(json: &Json, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(json.text())
}

fn read_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
    let text = String::deserialize(deserializer)?;
    Json::parse(&text).map_err(serde::de::Error::custom)
}

/// Work to be done elsewhere.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// How the answer names it.
    pub task: TaskId,
    /// The state it is for.
    pub state: StateName,
    /// What is called.
    pub resource: asl::Resource,
    /// With what.
    pub payload: Json,
}

/// What should happen next.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Write this event.
    Record(HistoryEvent),
    /// Have this done.
    Invoke(Invocation),
    /// Tell me at this time (milliseconds since 1970).
    SetTimer {
        /// How the answer names it.
        timer: TimerId,
        /// When.
        at: i64,
    },
    /// Forget this timer.
    CancelTimer(TimerId),
    /// Nobody waits for this work any more.
    CancelTask(TaskId),
    /// That was all.
    End(Ended),
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// With an output.
    Succeeded(Json),
    /// With an error.
    Failed(Failure),
    /// By somebody's hand.
    Aborted(Failure),
    /// By the machine's own `TimeoutSeconds`.
    TimedOut(Failure),
}

/// An input that cannot be: our own mistake, never the user's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The input given at the start is not JSON.
    #[error("the execution's input is not JSON: {0}")]
    Input(String),
}

/// What a task token says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenParts {
    /// The execution's ARN.
    pub execution: String,
    /// The task within it.
    pub task: u64,
    /// What makes it hard to guess.
    pub nonce: u64,
}

impl TokenParts {
    /// The token as it is handed out.
    pub fn encode(&self) -> String {
        use base64::Engine;
        let text = serde_json::json!([self.execution, self.task, format!("{:016x}", self.nonce)]).to_string();
        base64::engine::general_purpose::STANDARD.encode(text)
    }

    /// Reads a token that [`Self::encode`] wrote.
    pub fn decode(token: &str) -> Option<Self> {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(token).ok()?;
        let (execution, task, nonce): (String, u64, String) = serde_json::from_slice(&bytes).ok()?;
        Some(Self { execution, task, nonce: u64::from_str_radix(&nonce, 16).ok()? })
    }
}

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
}

#[derive(Debug)]
pub(crate) enum Doing {
    Nothing,
    Task(Running),
    Waiting(TimerId),
    BackingOff(TimerId),
    Children(Box<Children>),
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
    pub(crate) facts: Facts,
    pub(crate) input: Json,
    pub(crate) machine: Arc<Machine>,
    pub(crate) chance: Chance,
    pub(crate) now: i64,
    pub(crate) last_event: EventId,
    pub(crate) threads: Vec<Option<Thread>>,
    pub(crate) free: Vec<ThreadId>,
    pub(crate) ready: VecDeque<ThreadId>,
    /// Tasks that were scheduled in this step and start at its end.
    pub(crate) starting: Vec<(ThreadId, TaskId)>,
    pub(crate) tasks: BTreeMap<TaskId, ThreadId>,
    pub(crate) timers: BTreeMap<TimerId, Purpose>,
    pub(crate) next_task: u64,
    pub(crate) next_timer: u64,
    pub(crate) ended: Option<Ended>,
    pub(crate) effects: Vec<Effect>,
}

impl Execution {
    /// Starts an execution and answers the first effects.
    ///
    /// # Errors
    /// When the input is not JSON, which whoever takes the call has to refuse before.
    pub fn start(machine: Arc<Machine>, facts: Facts) -> Result<(Self, Vec<Effect>), Broken> {
        let input = Json::parse(&facts.input).map_err(|error| Broken::Input(error.to_string()))?;
        let mut execution = Self {
            chance: Chance::new(facts.seed),
            now: facts.started_at,
            machine,
            facts,
            input: input.clone(),
            last_event: 0,
            threads: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
            starting: Vec::new(),
            tasks: BTreeMap::new(),
            timers: BTreeMap::new(),
            next_task: 0,
            next_timer: 0,
            ended: None,
            effects: Vec::new(),
        };
        let started = Event::ExecutionStarted {
            input: Arc::clone(input.text()),
            role_arn: Arc::from(execution.facts.role_arn.as_str()),
        };
        execution.record(0, started);
        if let Some(seconds) = execution.machine.timeout_seconds {
            execution.set_timer(seconds_later(execution.now, seconds), Purpose::Execution);
        }
        let flow = Arc::clone(&execution.machine.flow);
        let root = execution.spawn(None, flow, Variables::default(), None, 0, input);
        execution.ready.push_back(root);
        execution.run();
        let effects = std::mem::take(&mut execution.effects);
        Ok((execution, effects))
    }

    /// Takes in what happened. After the end, and for what nobody waits for any more, nothing follows.
    pub fn step(&mut self, stamped: Stamped) -> Vec<Effect> {
        if self.ended.is_some() {
            return Vec::new();
        }
        // Clocks may go back; histories do not.
        self.now = self.now.max(stamped.at);
        match stamped.input {
            Input::Stop { failure } => self.stop(failure),
            Input::TimerFired { timer } => self.timer_fired(timer),
            Input::TaskStarted { task, worker } => self.task_started(task, worker),
            Input::TaskSubmitted { task, output } => self.task_submitted(task, output),
            Input::TaskSucceeded { task, output } => self.task_succeeded(task, output),
            Input::TaskFailed { task, failure } => self.task_failed(task, failure),
            Input::Heartbeat { task } => self.heartbeat(task),
        }
        self.run();
        std::mem::take(&mut self.effects)
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// What it was started with.
    pub fn facts(&self) -> &Facts {
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

    /// Runs every thread until each waits for something, then tells the scheduled work to have started.
    fn run(&mut self) {
        loop {
            while let Some(thread) = self.ready.pop_front() {
                if self.ended.is_some() {
                    return;
                }
                self.advance(thread);
            }
            let starting = std::mem::take(&mut self.starting);
            if starting.is_empty() || self.ended.is_some() {
                return;
            }
            for (thread, task) in starting {
                self.begin_scheduled(thread, task);
            }
        }
    }

    /// Runs one thread until it waits or is over.
    fn advance(&mut self, id: ThreadId) {
        while let Some(thread) = self.threads.get_mut(id).and_then(Option::as_mut) {
            if self.ended.is_some() {
                return;
            }
            match std::mem::replace(&mut thread.step, Step::Busy) {
                Step::Between { next, input } => self.enter(id, &next, input),
                other => {
                    thread.step = other;
                    return;
                }
            }
        }
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
        let thread = Thread { parent, flow, variables, item, previous, step };
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
        if id + 1 >= MAX_EVENTS {
            let cause = "The execution reached the maximum number of history events (25000).";
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
        let timer = TimerId(self.next_timer);
        self.next_timer += 1;
        self.timers.insert(timer, purpose);
        self.effects.push(Effect::SetTimer { timer, at });
        timer
    }

    pub(crate) fn cancel_timer(&mut self, timer: TimerId) {
        if self.timers.remove(&timer).is_some() {
            self.effects.push(Effect::CancelTimer(timer));
        }
    }

    fn timer_fired(&mut self, timer: TimerId) {
        match self.timers.remove(&timer) {
            // It was cancelled while it fired.
            None => {}
            Some(Purpose::Wait(thread)) => self.wait_over(thread),
            Some(Purpose::Retry(thread)) => self.retry(thread),
            Some(Purpose::Timeout(thread)) => self.task_timed_out(thread, "States.Timeout"),
            Some(Purpose::Heartbeat(thread)) => self.task_timed_out(thread, "States.HeartbeatTimeout"),
            Some(Purpose::Execution) => {
                let (failure, previous) = (Failure::named("States.Timeout"), self.last_event);
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
        self.abandon();
        self.ended = Some(ended.clone());
        self.write(previous, event);
        self.effects.push(Effect::End(ended));
    }
}

pub(crate) fn seconds_later(now: i64, seconds: u64) -> i64 {
    now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000))
}
