//! Redriving: an execution that did not succeed goes on where it stopped.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>: states that succeeded are not run
//! again; of a Parallel or Map only what failed or was stopped is. Retriers count from nothing again.

use asl::{Json, Kind, StateName};

use crate::containers::Children;
use crate::event::{Event, EventId};
use crate::execution::{Active, Doing, Execution, Purpose, Step, Thread, ThreadId, seconds_later};
use crate::map_run::MapRun;

/// Children that did not come to their end, by their index.
pub(crate) type Wrecks = Vec<(usize, Wreck)>;

/// A thread as it was when its execution ended, and how it goes on.
#[derive(Debug)]
pub(crate) struct Wreck {
    thread: Thread,
    resume: Resume,
}

#[derive(Debug)]
enum Resume {
    /// Enters the state once more.
    Enter { state: StateName, input: Json },
    /// Does the state's work once more.
    Again(Box<Active>),
    /// Some of the children go on.
    Children { active: Box<Active>, children: Box<Children>, wrecks: Wrecks },
    /// Some of the run's children are started again.
    Run { active: Box<Active>, run: Box<MapRun> },
}

impl Wreck {
    /// Of a thread that ended in a state that has no work of its own to repeat.
    pub(crate) fn entering(thread: Thread, state: StateName, input: Json) -> Self {
        Self { thread, resume: Resume::Enter { state, input } }
    }

    /// Of a thread that ended in this state.
    pub(crate) fn of(thread: Thread, mut active: Box<Active>) -> Self {
        if let Some((children, wrecks)) = active.wrecked.take() {
            return Self { thread, resume: Resume::Children { active, children, wrecks } };
        }
        if let Some(run) = active.ran.take() {
            return Self { thread, resume: Resume::Run { active, run } };
        }
        match &active.state.kind {
            Kind::Task(_) | Kind::Map(_) | Kind::Parallel(_) => Self { thread, resume: Resume::Again(active) },
            _ => {
                let (state, input) = (active.state.name.clone(), active.raw_input.clone());
                Self::entering(thread, state, input)
            }
        }
    }
}

impl Execution {
    /// What a thread, and all that it runs, would have to be redriven from. Takes it away.
    pub(crate) fn wreck_of(&mut self, id: ThreadId) -> Option<Wreck> {
        let mut thread = self.threads.get_mut(id)?.take()?;
        match std::mem::replace(&mut thread.step, Step::Busy) {
            Step::Between { next, input } => Some(Wreck::entering(thread, next, input)),
            Step::In(mut active) => {
                match std::mem::replace(&mut active.doing, Doing::Nothing) {
                    Doing::Children(children) => {
                        let wrecks = self.wrecks_of(&children, None);
                        active.wrecked = Some((children, wrecks));
                    }
                    Doing::Run(run) => active.ran = Some(run),
                    _ => {}
                }
                Some(Wreck::of(thread, active))
            }
            Step::Busy => None,
        }
    }

    /// The same for all children that run.
    pub(crate) fn wrecks_of(&mut self, children: &Children, but: Option<usize>) -> Wrecks {
        let running = children.running_threads().filter(|(index, _)| Some(*index) != but).collect::<Vec<_>>();
        running.into_iter().filter_map(|(index, id)| Some((index, self.wreck_of(id)?))).collect()
    }

    /// Goes on after the end.
    pub(crate) fn redrive(&mut self) {
        let Some(wreck) = self.wreck.take() else { return };
        self.ended = None;
        self.redrives += 1;
        self.redriven_at = Some(self.now);
        let event = Event::ExecutionRedriven { count: self.redrives };
        let redriven = self.record(self.last_event, event);
        if let Some(seconds) = self.machine.timeout_seconds.filter(|_| self.facts.map_state.is_none()) {
            self.set_timer(seconds_later(self.now, seconds), Purpose::Execution);
        }
        self.threads.clear();
        self.free.clear();
        self.revive(*wreck, None, redriven);
    }

    fn revive(&mut self, wreck: Wreck, parent: Option<(ThreadId, usize)>, event: EventId) -> ThreadId {
        let Wreck { mut thread, resume } = wreck;
        thread.parent = parent;
        thread.previous = event;
        thread.step = Step::Busy;
        let id = self.insert(thread);
        match resume {
            Resume::Enter { state, input } => {
                if let Some(thread) = self.thread(id) {
                    thread.step = Step::Between { next: state, input };
                }
                self.ready.push_back(id);
            }
            Resume::Again(mut active) => {
                fresh(&mut active);
                self.begin_again(id, active);
                self.ready.push_back(id);
            }
            Resume::Children { mut active, mut children, wrecks } => {
                fresh(&mut active);
                for (index, wreck) in wrecks {
                    let child = self.revive(wreck, Some((id, index)), event);
                    children.set_running(index, child);
                }
                active.doing = Doing::Children(children);
                self.put_active(id, active);
            }
            Resume::Run { mut active, run } => {
                fresh(&mut active);
                self.redrive_run(id, active, run);
            }
        }
        id
    }
}

fn fresh(active: &mut Active) {
    active.retries.fill(0);
    active.retry_count = 0;
}
