//! The steps of executions: at once where they are short, beside the driver where they may take long.
//!
//! No execution waits for another's step. While a worker has one, what concerns it is held; after a slice it comes back,
//! and only then stands in the journal what it was told, in one commit with all that followed, and where the slice ended.
//! What was held is taken in, and the rest waits for its turn again. Never looks at what a step does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use asl_engine::{Effect, Ended, Execution, Facts, Failure, Input, Stamped};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinError;

use super::recover::Replayed;
use super::redrive::Going;
use super::{About, Act, Driver, Finished, Message, plain_machine};
use crate::sfn::logging::Logging;
use crate::world::World;

/// How long a step may keep the driver from all others.
const ON_THE_SPOT: Duration = Duration::from_millis(5);
/// How long a worker goes on with an execution while others wait. Nothing stops a state that has begun: an expression of
/// JSONata may take a second.
const A_SLICE: Duration = Duration::from_millis(50);

/// A running execution, and what belongs to it.
pub(super) struct Live {
    pub(super) id: i64,
    pub(super) facts: Arc<Facts>,
    pub(super) machine: Arc<asl::Machine>,
    /// `None` while a worker has it.
    pub(super) execution: Option<Box<Execution>>,
    /// What concerns it and came while a worker had it.
    held: Vec<Held>,
    pub(super) next_seq: i64,
    pub(super) about: About,
    pub(super) logging: Option<Arc<Logging>>,
    pub(super) definition: Arc<str>,
    pub(super) ended: Option<oneshot::Sender<Finished>>,
    /// A child of a map run that is to be stopped, and then goes on with the run.
    pub(super) goes_on: Option<Going>,
    /// It has not begun: nobody may be told of it.
    is_new: bool,
    /// It does again what it did before the process ended.
    is_read_back: bool,
    /// One of its steps may, or did.
    may_take_long: bool,
}

pub(super) enum Held {
    Message(Message),
    Step(Input, Option<Act>),
}

impl Live {
    pub(super) fn new(
        id: i64,
        execution: Execution,
        next_seq: i64,
        about: About,
        logging: Option<Arc<Logging>>,
        definition: Arc<str>,
    ) -> Self {
        Self {
            id,
            facts: Arc::clone(execution.facts()),
            machine: Arc::clone(execution.machine()),
            may_take_long: execution.machine().may_take_long,
            execution: Some(Box::new(execution)),
            held: Vec::new(),
            next_seq,
            about,
            logging,
            definition,
            ended: None,
            goes_on: None,
            is_new: true,
            is_read_back: false,
        }
    }

    /// One that has begun before.
    pub(super) fn known(self) -> Self {
        Self { is_new: false, ..self }
    }

    /// A worker is done with it: what was held meanwhile.
    pub(super) fn is_back(&mut self, execution: Box<Execution>) -> Vec<Held> {
        self.execution = Some(execution);
        self.is_read_back = false;
        self.held()
    }

    fn hold(&mut self, held: Held) {
        // Whoever stops it does not wait for all the others.
        let stops = matches!(&held, Held::Message(Message::Stop { .. }) | Held::Step(Input::Stop { .. }, _));
        self.held.insert(if stops { 0 } else { self.held.len() }, held);
    }

    /// What was held.
    pub(super) fn held(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held)
    }

    pub(super) fn is_kept(&self) -> bool {
        !self.facts.express
    }
}

/// What an execution does next.
enum Work {
    Begin,
    Step(Stamped),
}

impl Work {
    /// Does it, as long as it may.
    fn done(self, execution: &mut Execution, slice: Duration) -> Vec<Effect> {
        let begun = Instant::now();
        let mut goes_on = || begun.elapsed() < slice;
        match self {
            Self::Begin => execution.begin(&mut goes_on),
            Self::Step(stamped) => execution.step_while(stamped, &mut goes_on),
        }
    }
}

/// What becomes of an execution once it was worked on.
pub(crate) struct Then {
    told: Told,
    act: Option<Act>,
}

/// What it was told.
enum Told {
    /// To begin.
    Start,
    /// Something that happened, as the journal has it.
    Input(String),
    /// Something that is not kept.
    Unkept,
}

/// What a worker does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slice {
    /// The beginning of an execution, for which somebody waits.
    First,
    /// A step.
    Step,
    /// More of what took long, or all of it again.
    Further,
}

/// A few threads do steps that may take long, each of whoever has waited longest. Whoever starts an execution waits for
/// its first slice, which must not wait for those of the executions that run.
pub(super) struct Workers {
    starts: Arc<Semaphore>,
    steps: Arc<Semaphore>,
}

impl Default for Workers {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // More than there are processors: states that take long must not keep all others from being worked on.
        let places = || Arc::new(Semaphore::new(4 * processors));
        Self { starts: places(), steps: places() }
    }
}

impl Workers {
    fn take(&self, arn: Arc<str>, mut execution: Box<Execution>, work: Work, then: Then, world: World) {
        let kind = match &work {
            Work::Begin => Slice::First,
            Work::Step(Stamped { input: Input::GoOn, .. }) => Slice::Further,
            Work::Step(_) => Slice::Step,
        };
        let slice = move || {
            let effects = work.done(&mut execution, A_SLICE);
            (execution, effects)
        };
        let told = |done| match done {
            Ok((execution, effects)) => Message::Back { arn, execution, effects, then },
            Err(problem) => Message::Broken { arn, problem, then },
        };
        self.run(kind, slice, told, world);
    }

    /// Does work on a thread of its own, and tells the driver what came of it, or that it panicked.
    fn run<T: Send + 'static>(
        &self,
        kind: Slice,
        work: impl FnOnce() -> T + Send + 'static,
        told: impl FnOnce(Result<T, String>) -> Message + Send + 'static,
        world: World,
    ) {
        let places = Arc::clone(if kind == Slice::First { &self.starts } else { &self.steps });
        // What computes and computes would keep everybody from starting anything.
        let counts = kind != Slice::Further;
        if counts {
            world.backlog.one_more();
        }
        tokio::spawn(async move {
            // Nobody closes it.
            let _place = places.acquire().await;
            if counts {
                world.backlog.one_less();
            }
            let done = tokio::task::spawn_blocking(work).await;
            if done.as_ref().is_err_and(JoinError::is_cancelled) {
                // The process ends; the next one does it.
                return;
            }
            world.driver.tell(told(done.map_err(|problem| problem.to_string())));
        });
    }
}

impl Driver {
    /// Tells an execution what happened.
    pub(super) fn step(&mut self, arn: &Arc<str>, stamped: Stamped) {
        self.step_then(arn, stamped, None);
    }

    /// The same; what is to be done once that is committed.
    pub(super) fn step_then(&mut self, arn: &Arc<str>, stamped: Stamped, act: Option<Act>) {
        let Some(live) = self.running.get_mut(arn) else { return self.acts.extend(act) };
        if live.execution.is_none() {
            live.hold(Held::Step(stamped.input, act));
            return;
        }
        let text = |stamped| serde_json::to_string(stamped).unwrap_or_default();
        let told = if live.is_kept() { Told::Input(text(&stamped)) } else { Told::Unkept };
        self.work(arn, Work::Step(stamped), Then { told, act });
    }

    /// Has an execution begin that is new.
    pub(super) fn begin(&mut self, arn: &Arc<str>, act: Option<Act>) {
        self.work(arn, Work::Begin, Then { told: Told::Start, act });
    }

    fn work(&mut self, arn: &Arc<str>, work: Work, then: Then) {
        let Some(live) = self.running.get_mut(arn) else { return };
        let Some(mut execution) = live.execution.take() else { return };
        if live.may_take_long {
            self.workers.take(Arc::clone(arn), execution, work, then, self.world.clone());
        } else {
            let effects = work.done(&mut execution, ON_THE_SPOT);
            self.back(arn, execution, effects, then);
        }
    }

    /// Has an execution do again what it did before.
    pub(super) fn replay(&mut self, arn: Arc<str>, journal: Vec<Stamped>, recorded: i64) {
        let Some(live) = self.running.get_mut(&arn) else { return };
        let Some(execution) = live.execution.take() else { return };
        if !live.may_take_long {
            return self.replayed(&arn, Replayed::of(execution, journal, recorded));
        }
        live.is_read_back = true;
        let work = move || Replayed::of(execution, journal, recorded);
        let told = |replayed| match replayed {
            Ok(replayed) => Message::Replayed { arn, replayed },
            Err(problem) => Message::Broken { arn, problem, then: Then { told: Told::Unkept, act: None } },
        };
        self.workers.run(Slice::Further, work, told, self.world.clone());
    }

    /// Makes an execution again from its journal.
    pub(super) fn make_again(&mut self, arn: Arc<str>, journal: Vec<Stamped>, going: Going) {
        let Some(mut execution) = self.running.get_mut(&arn).and_then(|live| live.execution.take()) else { return };
        let work = move || {
            // What it wanted done then was done or given up; only where it stopped matters.
            drop(execution.begin(&mut || true));
            for stamped in journal {
                drop(execution.step(stamped));
            }
            execution.go_on();
            execution
        };
        let told = |made| Message::MadeAgain { arn, made, going };
        self.workers.run(Slice::First, work, told, self.world.clone());
    }

    /// An execution was worked on.
    pub(super) fn back(&mut self, arn: &Arc<str>, execution: Box<Execution>, effects: Vec<Effect>, then: Then) {
        let Some(live) = self.running.get_mut(arn) else { return };
        let paused = execution.paused();
        let held = live.is_back(execution);
        self.stands(arn, then);
        if let Some(after) = paused {
            self.note(arn, Input::Paused { after });
        }
        self.follow(arn, effects);
        self.take_held(arn, held);
        self.go_on_if_paused(arn);
    }

    /// Goes on with what was paused, unless it is gone on with already.
    pub(super) fn go_on_if_paused(&mut self, arn: &Arc<str>) {
        if let Some(live) = self.running.get_mut(arn)
            && live.execution.as_ref().is_some_and(|execution| execution.paused().is_some())
        {
            live.may_take_long = true;
            let at = self.world.clock.now();
            self.step(arn, Stamped { at, input: Input::GoOn });
        }
    }

    /// A step panicked: our own mistake, which must not keep an execution, and whoever waits for it, for ever.
    pub(super) fn broken(&mut self, arn: &Arc<str>, problem: &str, then: Then) {
        tracing::error!(problem, "a step of an execution broke");
        let Some(live) = self.running.get_mut(arn) else { return };
        let held = live.held();
        self.stands(arn, then);
        self.end(arn, Ended::Failed(Failure::new("States.Runtime", format!("The execution broke: {problem}"))));
        self.take_held(arn, held);
    }

    /// What an execution was told is kept with the next commit, and then acted on.
    fn stands(&mut self, arn: &Arc<str>, then: Then) {
        let Some(live) = self.running.get_mut(arn) else { return };
        match then.told {
            Told::Input(text) => {
                self.changes.heard(live.id, live.next_seq, text);
                live.next_seq += 1;
            }
            Told::Start => {
                live.is_new = false;
                if live.is_kept() {
                    self.changes.started(live.id, &live.facts, &live.definition, &live.about);
                    self.fresh.insert(Arc::clone(arn));
                }
                let (machine, at) = (plain_machine(&live.facts.machine_arn), live.facts.started_at);
                self.changes.measured("ExecutionsStarted", machine, at, 1.0);
            }
            Told::Unkept => {}
        }
        self.acts.extend(then.act);
    }

    /// Keeps in the journal what is no step.
    pub(super) fn note(&mut self, arn: &Arc<str>, input: Input) {
        if self.replaying {
            return;
        }
        if let Some(live) = self.running.get_mut(arn).filter(|live| live.is_kept()) {
            let stamped = Stamped { at: self.world.clock.now(), input };
            self.changes.heard(live.id, live.next_seq, serde_json::to_string(&stamped).unwrap_or_default());
            live.next_seq += 1;
        }
    }

    /// What sends an execution away again holds what comes after it.
    pub(super) fn take_held(&mut self, arn: &Arc<str>, held: Vec<Held>) {
        let mut held = held.into_iter();
        loop {
            if let Some(live) = self.running.get_mut(arn).filter(|live| live.execution.is_none()) {
                live.held.extend(held);
                return;
            }
            let Some(held) = held.next() else { return };
            match held {
                Held::Message(message) => self.take(message),
                Held::Step(input, act) => self.step_then(arn, Stamped { at: self.world.clock.now(), input }, act),
            }
        }
    }

    /// Holds what concerns an execution that a worker has, and gives back all else.
    pub(super) fn hold(&mut self, message: Message) -> Option<Message> {
        let (of, waits): (&str, fn(&Live) -> bool) = match &message {
            Message::Start { launch, .. } => (&launch.facts.arn, |live| live.is_new),
            Message::Settle { read_back: Some(arn), .. } => (arn, |live| live.is_read_back),
            Message::Told { arn, .. } => (arn, |_| true),
            Message::Stop { arn, .. } | Message::Token { arn, .. } => (arn, |_| true),
            _ => return Some(message),
        };
        match self.running.get_mut(of) {
            Some(live) if live.execution.is_none() && waits(live) => {
                live.hold(Held::Message(message));
                None
            }
            _ => Some(message),
        }
    }
}
