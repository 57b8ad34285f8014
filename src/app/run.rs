//! Folds the events of a history into the state of a run: which states were visited, how each went, and which way
//! was taken.
//!
//! Events of tasks carry no state's name, and branches interleave; so what an event belongs to is found by walking
//! `previous` back. Values in, values out: the same events give the same run, however they were paged.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::facts::{Arn, EventKind, HistoryEvent, Millis};

/// A run, as far as its events are known.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The events, oldest first.
    pub events: Vec<HistoryEvent>,
    /// Every time that a state was entered, in order.
    pub visits: Vec<Visit>,
    /// How often each way was taken, by the states' names.
    pub taken: BTreeMap<(String, String), usize>,
    /// The way that was taken last.
    pub last_taken: Option<(String, String)>,
    places: HashMap<i64, Place>,
    /// Which of the visits are to a state, by its name: a picture asks for every state that it shows.
    visits_by_state: HashMap<String, Vec<usize>>,
}

/// One visit to a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// The state's name.
    pub state: String,
    /// The visit to the Map or Parallel around it.
    pub parent: Option<usize>,
    /// The Map iteration it belongs to.
    pub iteration: Option<usize>,
    /// The event that entered it.
    pub entered: i64,
    /// When it was entered.
    pub entered_at: Millis,
    /// When it was left, or given up.
    pub left_at: Option<Millis>,
    /// Where it stands.
    pub status: VisitStatus,
    /// What came in, JSON text.
    pub input: Option<Arc<str>>,
    /// What went out, JSON text.
    pub output: Option<Arc<str>>,
    /// Every try of its task.
    pub attempts: Vec<Attempt>,
    /// The last error, if there was one.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<Arc<str>>,
    /// The execution, or the run of a distributed Map, that it started last.
    pub child: Option<Arn>,
    /// Variables that it assigned.
    pub assigned: Vec<(String, String)>,
    /// A Map's items: how many there are, are done, have failed.
    pub items: Option<Items>,
}

/// The items of a Map, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// All.
    pub total: usize,
    /// Done well.
    pub done: usize,
    /// Failed.
    pub failed: usize,
    /// Started and not ended.
    pub running: usize,
}

impl Visit {
    /// Whether it is to a distributed Map, whose items are worked on in executions of their own.
    pub fn is_map_run(&self) -> bool {
        self.child.as_ref().is_some_and(Arn::is_map_run)
    }
}

/// Where a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitStatus {
    /// In it.
    Running,
    /// A try failed and nothing has followed yet: it backs off, or is about to fail.
    Retrying,
    /// Left well.
    Succeeded,
    /// Failed, and a `Catch` took it.
    Caught,
    /// Failed for good.
    Failed,
    /// Given up because something else failed or somebody stopped the execution.
    Aborted,
}

impl VisitStatus {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Caught => "caught",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}

/// One try of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// What was called.
    pub resource: Option<String>,
    /// With what, JSON text.
    pub parameters: Option<Arc<str>>,
    /// When it was scheduled.
    pub scheduled_at: Millis,
    /// When it started.
    pub started_at: Option<Millis>,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// The error it ended with.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<Arc<str>>,
    /// Its result, JSON text.
    pub output: Option<Arc<str>>,
}

/// What an event belongs to.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    visit: Option<usize>,
    /// Set on the start of an iteration: what follows is inside.
    iteration: Option<usize>,
    /// Set on the events that open a container: what follows is inside.
    opens: bool,
    /// What follows goes on in whatever did not come to its end.
    redriven: bool,
}

impl Run {
    /// The last event's id; 0 when there is none.
    pub fn last_id(&self) -> i64 {
        self.events.last().map_or(0, |event| event.id)
    }

    /// Takes in events that follow the known ones. Known ones are passed over.
    pub fn absorb(&mut self, events: impl IntoIterator<Item = HistoryEvent>) {
        for event in events {
            if event.id > self.last_id() {
                self.take(&event);
                self.events.push(event);
            }
        }
    }

    /// The visits to a state, oldest first.
    pub fn visits_to<'a>(&'a self, state: &'a str) -> impl DoubleEndedIterator<Item = &'a Visit> {
        self.visits_by_state.get(state).into_iter().flatten().filter_map(|visit| self.visits.get(*visit))
    }

    /// Where the last visit to a state is among the visits.
    pub fn last_visit_to(&self, state: &str) -> Option<usize> {
        self.visits_by_state.get(state)?.last().copied()
    }

    /// The visit that an event belongs to: its own if it tells of a state, else that of the event that it follows from.
    pub fn visit_of(&self, event: i64) -> Option<usize> {
        self.places.get(&event)?.visit
    }

    /// Where a state stands over all its visits: what is under way counts more than what is over.
    pub fn status_of(&self, state: &str) -> Option<VisitStatus> {
        use VisitStatus as S;
        let mut visits = self.visits_to(state).rev();
        let latest = visits.next()?;
        if latest.parent.is_none() {
            return Some(latest.status);
        }
        // Side by side in a Map or Parallel: the worst and the liveliest show.
        let order = [S::Running, S::Retrying, S::Failed, S::Aborted, S::Caught, S::Succeeded];
        order.into_iter().find(|status| self.visits_to(state).any(|visit| visit.status == *status))
    }

    /// Where a state stands in one iteration of the Map around it; in all of them without one, and for states that are
    /// in no iteration.
    pub fn status_in(&self, state: &str, iteration: Option<usize>) -> Option<VisitStatus> {
        let is_iterated = |visit: &Visit| visit.iteration.is_some();
        match iteration {
            Some(_) if self.visits_to(state).any(is_iterated) => {
                self.visits_to(state).rev().find(|visit| visit.iteration == iteration).map(|visit| visit.status)
            }
            _ => self.status_of(state),
        }
    }

    fn take(&mut self, event: &HistoryEvent) {
        use EventKind as K;
        let before = self.places.get(&event.previous).copied().unwrap_or_default();
        let mut place = Place { visit: before.visit, ..Place::default() };
        match event.kind {
            K::StateEntered => place.visit = Some(self.enter(event, before)),
            K::StateExited => {
                place.visit = self.named(before.visit, event.name.as_deref());
                self.exit(place.visit, event);
            }
            K::TaskScheduled => {
                if before.redriven {
                    let is_its = |attempt: &Attempt| {
                        attempt.resource == event.resource && attempt.parameters == event.parameters
                    };
                    place.visit = self.unfinished(|visit| visit.attempts.last().is_some_and(is_its)).or(place.visit);
                }
                self.reopen(place.visit);
                if let Some(visit) = self.visit(place.visit) {
                    visit.status = VisitStatus::Running;
                    visit.attempts.push(Attempt {
                        resource: event.resource.clone(),
                        parameters: event.parameters.clone(),
                        scheduled_at: event.at,
                        ..Attempt::default()
                    });
                }
            }
            K::TaskStarted => {
                if let Some(attempt) = self.attempt(place.visit) {
                    attempt.started_at = Some(event.at);
                }
            }
            K::TaskSucceeded => {
                if let Some(attempt) = self.attempt(place.visit) {
                    attempt.ended_at = Some(event.at);
                    attempt.output.clone_from(&event.output);
                }
                self.note_child(place.visit, event);
                // The error of an earlier try is history now.
                if let Some(visit) = self.visit(place.visit) {
                    (visit.error, visit.cause) = (None, None);
                }
            }
            K::TaskFailed | K::TaskTimedOut | K::EvaluationFailed => {
                if event.kind == K::EvaluationFailed {
                    place.visit = self.latest_named(event.name.as_deref()).or(place.visit);
                }
                if let Some(attempt) = self.attempt(place.visit)
                    && attempt.ended_at.is_none()
                {
                    attempt.ended_at = Some(event.at);
                    attempt.error.clone_from(&event.error);
                    attempt.cause.clone_from(&event.cause);
                }
                self.fail(place.visit, event, VisitStatus::Retrying);
            }
            K::ContainerStarted => {
                place.opens = true;
                // After a retry the walk comes from inside.
                place.visit = self.container(before.visit, &event.type_name);
                if let Some(visit) = self.visit(place.visit) {
                    visit.status = VisitStatus::Running;
                    visit.items = event.length.map(|total| Items { total, ..Items::default() });
                }
            }
            K::IterationStarted => {
                place.visit = self.named(before.visit, event.name.as_deref());
                place.iteration = event.index;
                self.count(place.visit, |items| items.running += 1);
            }
            K::IterationSucceeded => {
                place.visit = self.named(before.visit, event.name.as_deref());
                self.count(place.visit, |items| {
                    items.running = items.running.saturating_sub(1);
                    items.done += 1;
                });
            }
            K::IterationFailed => {
                self.settle(before.visit, event.at);
                self.count(self.named(before.visit, event.name.as_deref()), |items| {
                    items.running = items.running.saturating_sub(1);
                    items.failed += 1;
                });
            }
            K::IterationAborted => {
                let container = self.named(before.visit, event.name.as_deref());
                self.count(container, |items| items.running = items.running.saturating_sub(1));
                self.abort_inside(container, event.index, event.at);
            }
            K::ContainerSucceeded => {
                place.visit = self.container(before.visit, &event.type_name);
                if let Some(visit) = self.visit(place.visit) {
                    (visit.error, visit.cause) = (None, None);
                }
            }
            K::ContainerFailed => {
                let run = before.visit.filter(|visit| event.type_name.starts_with("Map") && self.is_open_run(*visit));
                if run.is_none() {
                    self.settle(before.visit, event.at);
                }
                let failed = before.visit.and_then(|visit| self.visits.get(visit)).cloned();
                place.visit = run.or_else(|| self.container(before.visit, &event.type_name));
                self.abort_inside(place.visit, None, event.at);
                if let (Some(visit), Some(failed)) = (self.visit(place.visit), failed) {
                    visit.status = VisitStatus::Retrying;
                    (visit.error, visit.cause) = (failed.error, failed.cause);
                }
            }
            K::StateAborted => {
                // It follows from the failing event, and may belong to a sibling; which one, the end of its container tells.
            }
            K::ExecutionFailed => {
                let unknown = before.visit.is_some_and(|visit| self.visits[visit].error.is_none());
                if unknown {
                    self.fail(before.visit, event, VisitStatus::Failed);
                }
                let mut at = before.visit;
                while let Some(visit) = at {
                    self.settle(Some(visit), event.at);
                    at = self.visits[visit].parent;
                }
                self.abort_running(event.at);
            }
            K::ExecutionAborted | K::ExecutionTimedOut => self.abort_running(event.at),
            K::ExecutionRedriven => place.redriven = true,
            K::ExecutionStarted | K::ExecutionSucceeded | K::Other => {}
            K::TaskSubmitted => self.note_child(place.visit, event),
            K::MapRunFailed => self.fail(place.visit, event, VisitStatus::Retrying),
            K::MapRunRedriven => {
                place.visit = self.unfinished(Visit::is_map_run).or(place.visit);
                self.reopen(place.visit);
            }
            K::MapRunStarted => {
                if let Some(visit) = self.visit(place.visit) {
                    visit.child = event.resource.clone().map(Arn);
                }
            }
        }
        self.places.insert(event.id, place);
    }

    /// The iteration of the nearest Map around a visit.
    pub fn iteration_of(&self, visit: &Visit) -> Option<usize> {
        let around = |visit: &&Visit| self.visits.get(visit.parent?);
        std::iter::successors(Some(visit), around).find_map(|visit| visit.iteration)
    }

    /// The visit to a state that tells most: the one that was asked for; else, of the iteration that is looked at, the last
    /// that failed, or the last.
    pub fn telling_visit(&self, state: &str, iteration: Option<usize>, asked: Option<usize>) -> Option<usize> {
        let is_wanted =
            |index: &usize| match (iteration, self.visits.get(*index).and_then(|visit| self.iteration_of(visit))) {
                (Some(wanted), Some(iteration)) => wanted == iteration,
                // A state outside of the Map has no iteration to choose.
                _ => true,
            };
        let of_state = self.visits_by_state.get(state)?;
        let visits: Vec<usize> = of_state.iter().copied().filter(is_wanted).collect();
        let has_failed = |index: &&usize| {
            self.visits.get(**index).is_some_and(|visit| visit.error.is_some() || visit.status == VisitStatus::Failed)
        };
        asked
            .filter(|asked| visits.contains(asked))
            .or_else(|| visits.iter().rev().find(has_failed).copied())
            .or_else(|| visits.last().copied())
    }

    /// Keeps the execution that a task says it has started.
    fn note_child(&mut self, visit: Option<usize>, event: &HistoryEvent) {
        let starts = |attempt: &Attempt| attempt.resource.as_deref().is_some_and(|name| name.contains("tartExecution"));
        let Some(visit) = self.visit(visit).filter(|visit| visit.attempts.last().is_some_and(starts)) else { return };
        let output = event.output.as_deref().and_then(|output| serde_json::from_str::<serde_json::Value>(output).ok());
        if let Some(arn) = output.as_ref().and_then(|output| output.get("ExecutionArn")).and_then(|arn| arn.as_str()) {
            visit.child = Some(Arn(arn.to_owned()));
        }
    }

    fn enter(&mut self, event: &HistoryEvent, before: Place) -> usize {
        let state = event.name.clone().unwrap_or_default();
        let came_from = before.visit.and_then(|visit| self.visits.get(visit));
        let again = before.redriven.then(|| self.unfinished(|visit| visit.state == state)).flatten();
        if let Some(again) = again {
            self.reopen(Some(again));
            let visit = &mut self.visits[again];
            (visit.entered, visit.entered_at, visit.input) = (event.id, event.at, event.input.clone());
            return again;
        }
        let (parent, iteration) = if before.opens || before.iteration.is_some() {
            (before.visit, before.iteration)
        } else {
            came_from.map_or((None, None), |visit| (visit.parent, visit.iteration))
        };
        if let Some(visit) = came_from
            && !before.opens
            && before.iteration.is_none()
        {
            let way = (visit.state.clone(), state.clone());
            *self.taken.entry(way.clone()).or_default() += 1;
            self.last_taken = Some(way);
        }
        self.visits_by_state.entry(state.clone()).or_default().push(self.visits.len());
        self.visits.push(Visit {
            state,
            parent,
            iteration,
            entered: event.id,
            entered_at: event.at,
            left_at: None,
            status: VisitStatus::Running,
            input: event.input.clone(),
            output: None,
            attempts: Vec::new(),
            error: None,
            cause: None,
            child: None,
            assigned: Vec::new(),
            items: None,
        });
        self.visits.len() - 1
    }

    fn exit(&mut self, at: Option<usize>, event: &HistoryEvent) {
        if let Some(visit) = self.visit(at) {
            visit.left_at = Some(event.at);
            visit.output.clone_from(&event.output);
            visit.assigned.clone_from(&event.assigned);
            visit.status = if visit.error.is_some() { VisitStatus::Caught } else { VisitStatus::Succeeded };
        }
    }

    fn fail(&mut self, at: Option<usize>, event: &HistoryEvent, status: VisitStatus) {
        if let Some(visit) = self.visit(at) {
            visit.status = status;
            visit.error = event.error.clone().or_else(|| Some("unnamed error".into()));
            visit.cause.clone_from(&event.cause);
        }
    }

    /// The first visit like that of which a redrive has not gone on yet.
    fn unfinished(&self, is_wanted: impl Fn(&Visit) -> bool) -> Option<usize> {
        let ended_badly = |visit: &Visit| matches!(visit.status, VisitStatus::Failed | VisitStatus::Aborted);
        self.visits.iter().position(|visit| ended_badly(visit) && is_wanted(visit))
    }

    /// A redriven execution goes on in a visit that had ended, and so in those around it.
    fn reopen(&mut self, mut at: Option<usize>) {
        while let Some(visit) = self.visit(at).filter(|visit| visit.left_at.is_some()) {
            (visit.left_at, visit.status) = (None, VisitStatus::Running);
            at = visit.parent;
        }
    }

    /// Whether it is a distributed Map under way. What happens to its items is not in this history: the walk to its end
    /// comes from itself, not from inside.
    fn is_open_run(&self, visit: usize) -> bool {
        let visit = &self.visits[visit];
        visit.left_at.is_none() && visit.is_map_run()
    }

    /// A failure that nothing has followed is final.
    fn settle(&mut self, at: Option<usize>, when: Millis) {
        if let Some(visit) = self.visit(at)
            && visit.left_at.is_none()
        {
            visit.status = VisitStatus::Failed;
            visit.left_at = Some(when);
        }
    }

    fn abort_running(&mut self, at: Millis) {
        for visit in self.visits.iter_mut().filter(|visit| visit.left_at.is_none()) {
            visit.status = VisitStatus::Aborted;
            visit.left_at = Some(at);
        }
    }

    /// Gives up what runs inside a container, or in one of its iterations.
    fn abort_inside(&mut self, container: Option<usize>, iteration: Option<usize>, at: Millis) {
        let Some(container) = container else { return };
        let inside: Vec<usize> = (0..self.visits.len())
            .filter(|visit| {
                let mut around = (self.visits[*visit].parent, self.visits[*visit].iteration);
                while let (Some(parent), of) = around {
                    if parent == container {
                        return iteration.is_none() || of == iteration;
                    }
                    around = (self.visits[parent].parent, self.visits[parent].iteration);
                }
                false
            })
            .collect();
        for visit in inside {
            let visit = &mut self.visits[visit];
            if visit.left_at.is_none() {
                visit.status = VisitStatus::Aborted;
                visit.left_at = Some(at);
            }
        }
    }

    fn count(&mut self, at: Option<usize>, change: impl FnOnce(&mut Items)) {
        if let Some(visit) = self.visit(at) {
            change(visit.items.get_or_insert_default());
        }
    }

    fn visit(&mut self, at: Option<usize>) -> Option<&mut Visit> {
        self.visits.get_mut(at?)
    }

    fn attempt(&mut self, at: Option<usize>) -> Option<&mut Attempt> {
        self.visit(at)?.attempts.last_mut()
    }

    /// The visit of that name, here or around.
    fn named(&self, mut at: Option<usize>, name: Option<&str>) -> Option<usize> {
        while let Some(visit) = at {
            if Some(self.visits[visit].state.as_str()) == name {
                return Some(visit);
            }
            at = self.visits[visit].parent;
        }
        None
    }

    fn latest_named(&self, name: Option<&str>) -> Option<usize> {
        self.visits.iter().rposition(|visit| Some(visit.state.as_str()) == name && visit.left_at.is_none())
    }

    /// The Map or Parallel that an event of its own belongs to: where the walk comes from, or the nearest around it.
    fn container(&self, at: Option<usize>, type_name: &str) -> Option<usize> {
        let at = at?;
        // Right after `…StateEntered` it is that state; else the walk comes from inside.
        let entered = self.visits[at].entered;
        let starts = type_name.ends_with("Started");
        let kind = self.events.iter().rev().find(|event| event.id == entered).map(|event| event.type_name.as_str());
        let wanted = if type_name.starts_with("Map") { "MapStateEntered" } else { "ParallelStateEntered" };
        if kind == Some(wanted) && (starts || self.visits[at].left_at.is_none()) {
            return Some(at);
        }
        self.container(self.visits[at].parent, type_name)
    }
}

#[cfg(test)]
mod tests;
