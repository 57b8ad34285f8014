//! Every try of a state: of a task as its events tell it; of a Map or Parallel, whose tries no event counts, by finding
//! each time that it was started and what had failed before.
//!
//! Never decides whether there will be another try: that is for the rules, see `lens`.

use std::collections::HashMap;
use std::sync::Arc;

use super::lens::Decoded;
use super::run::{Run, Visit, VisitStatus};
use crate::facts::{EventKind, HistoryEvent, Millis};

/// What an error is called that has no name, as in [`Run`].
const UNNAMED: &str = "unnamed error";

/// One try of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// Which, from 1.
    pub number: usize,
    /// When its task was scheduled, or its container started.
    pub started_at: Millis,
    /// How long it took, once it has ended.
    pub duration: Option<Millis>,
    /// How long after the end of the try before it was made.
    pub waited: Option<Millis>,
    /// The error that it ended with.
    pub error: Option<String>,
    /// The line to read of its cause.
    pub cause_summary: Option<String>,
}

/// An error with its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) error: String,
    pub(super) cause: Option<Arc<str>>,
}

/// When each Map and Parallel was started: by the visit, the indexes of the events.
#[derive(Clone, Debug, Default)]
pub(super) struct Starts(HashMap<usize, Vec<usize>>);

/// Every try of a visit, oldest first. A state that tries nothing, such as a Wait, has none.
pub fn tries(run: &Run, machine: Option<&asl::Machine>, visit: usize) -> Vec<Try> {
    match run.visits.get(visit) {
        Some(visited) if visited.attempts.is_empty() => rounds(run, &Starts::of(run), machine, visit),
        Some(visited) => attempts(visited),
        None => Vec::new(),
    }
}

/// The tries of a Map or Parallel.
pub(super) fn rounds(run: &Run, starts: &Starts, machine: Option<&asl::Machine>, visit: usize) -> Vec<Try> {
    let Some(visited) = run.visits.get(visit) else { return Vec::new() };
    let events: Vec<&HistoryEvent> =
        starts.0.get(&visit).into_iter().flatten().filter_map(|event| run.events.get(*event)).collect();
    let mut rounds: Vec<Try> = Vec::new();
    let mut ended_before = None;
    for (index, start) in events.iter().enumerate() {
        let (ended_at, failure) = match events.get(index + 1) {
            Some(next) => ended_before_start(run, machine, next),
            None => (visited.left_at, failure_of(run, machine, visit)),
        };
        rounds.push(Try {
            number: index + 1,
            started_at: start.at,
            duration: ended_at.map(|ended| ended.saturating_sub(start.at)),
            waited: ended_before.map(|ended| start.at.saturating_sub(ended)),
            cause_summary: failure.as_ref().map(|failure| summary(failure.cause.as_deref())),
            error: failure.map(|failure| failure.error),
        });
        ended_before = ended_at;
    }
    rounds
}

/// What a visit failed with: as its events say; as the definition says of a Fail state, which writes no event of its
/// own; or, where neither tells, as the Map or Parallel around it failed in the end.
pub(super) fn failure_of(run: &Run, machine: Option<&asl::Machine>, visit: usize) -> Option<Failure> {
    let visited = run.visits.get(visit)?;
    if let Some(error) = &visited.error {
        return Some(Failure { error: error.clone(), cause: visited.cause.clone() });
    }
    if visited.status != VisitStatus::Failed {
        return None;
    }
    let state = machine.and_then(|machine| machine.state(&visited.state));
    let literal = |setting: &Option<asl::Setting>| match setting {
        Some(asl::Setting::Fixed(serde_json::Value::String(text))) => Some(text.clone()),
        _ => None,
    };
    if let Some(asl::Kind::Fail { error, cause }) = state.map(|state| &state.kind)
        && let Some(error) = literal(error)
    {
        return Some(Failure { error, cause: literal(cause).map(Arc::from) });
    }
    let mut around = visited.parent;
    while let Some(container) = around.and_then(|around| run.visits.get(around)) {
        if let Some(error) = &container.error {
            return Some(Failure { error: error.clone(), cause: container.cause.clone() });
        }
        around = container.parent;
    }
    None
}

fn attempts(visited: &Visit) -> Vec<Try> {
    let mut tries = Vec::new();
    let mut ended_before = None;
    for (index, attempt) in visited.attempts.iter().enumerate() {
        // Only what failed is tried again.
        let unnamed = || (index + 1 < visited.attempts.len()).then(|| UNNAMED.to_owned());
        let error = attempt.error.clone().or_else(unnamed);
        tries.push(Try {
            number: index + 1,
            started_at: attempt.scheduled_at,
            duration: attempt.ended_at.map(|ended| ended.saturating_sub(attempt.scheduled_at)),
            waited: ended_before.map(|ended| attempt.scheduled_at.saturating_sub(ended)),
            cause_summary: error.is_some().then(|| summary(attempt.cause.as_deref())),
            error,
        });
        ended_before = attempt.ended_at;
    }
    tries
}

fn summary(cause: Option<&str>) -> String {
    Decoded::of(cause.unwrap_or_default()).summary
}

/// When the round before a new start ended, and with what: the start follows from the event that failed it.
fn ended_before_start(
    run: &Run,
    machine: Option<&asl::Machine>,
    start: &HistoryEvent,
) -> (Option<Millis>, Option<Failure>) {
    let unnamed = Failure { error: UNNAMED.to_owned(), cause: None };
    let mut at = event(run, start.previous);
    let ended_at = at.map(|failed| failed.at);
    while let Some(before) = at {
        if let Some(error) = &before.error {
            return (ended_at, Some(Failure { error: error.clone(), cause: before.cause.clone() }));
        }
        if before.kind == EventKind::StateEntered {
            let failure = visit_entered(run, before.id).and_then(|visit| failure_of(run, machine, visit));
            return (ended_at, Some(failure.unwrap_or(unnamed)));
        }
        at = previous(run, before);
    }
    (ended_at, Some(unnamed))
}

impl Starts {
    /// Finds them.
    pub(super) fn of(run: &Run) -> Self {
        let mut starts = Self::default();
        for (index, event) in run.events.iter().enumerate() {
            if event.kind == EventKind::ContainerStarted
                && let Some(visit) = started_by(run, event)
            {
                starts.0.entry(visit).or_default().push(index);
            }
        }
        starts
    }
}

/// Which Map or Parallel an event starts: the nearest of its kind around what the event follows from, but for those
/// that had failed by then.
fn started_by(run: &Run, start: &HistoryEvent) -> Option<usize> {
    let mut failed = Vec::new();
    let mut at = event(run, start.previous)?;
    while at.kind != EventKind::StateEntered {
        if at.kind == EventKind::ContainerFailed {
            failed.push(entered_type(&at.type_name));
        }
        at = previous(run, at)?;
    }
    let mut visit = visit_entered(run, at.id)?;
    for wanted in failed.into_iter().rev() {
        visit = run.visits.get(nearest(run, visit, wanted)?)?.parent?;
    }
    nearest(run, visit, entered_type(&start.type_name))
}

/// The type of the event that enters what an event of a container belongs to.
fn entered_type(type_name: &str) -> &'static str {
    if type_name.starts_with("Map") { "MapStateEntered" } else { "ParallelStateEntered" }
}

/// The visit itself or the nearest around it that was entered by an event of that type.
fn nearest(run: &Run, visit: usize, wanted: &str) -> Option<usize> {
    let mut at = visit;
    loop {
        let visited = run.visits.get(at)?;
        if event(run, visited.entered).is_some_and(|entered| entered.type_name == wanted) {
            return Some(at);
        }
        at = visited.parent?;
    }
}

/// The event of that id.
pub(super) fn event(run: &Run, id: i64) -> Option<&HistoryEvent> {
    run.events.get(run.events.binary_search_by_key(&id, |event| event.id).ok()?)
}

/// What an event follows from. Only what is older counts, so that no history leads in a circle.
fn previous<'a>(run: &'a Run, of: &HistoryEvent) -> Option<&'a HistoryEvent> {
    event(run, of.previous).filter(|previous| previous.id < of.id)
}

fn visit_entered(run: &Run, event: i64) -> Option<usize> {
    run.visits.binary_search_by_key(&event, |visit| visit.entered).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;

    /// Of each try of the state's last visit: start, duration, wait and error.
    /// When it started, how long it took, how long was waited before, and its error.
    type Tried<'a> = (Millis, Option<Millis>, Option<Millis>, Option<&'a str>);

    fn check(script: &str, state: &str, expected: &[Tried<'_>]) {
        let run = run(script);
        let tries = tries(&run, None, run.last_visit_to(state).unwrap());
        let found: Vec<_> =
            tries.iter().map(|one| (one.started_at, one.duration, one.waited, one.error.as_deref())).collect();
        assert_eq!(found, expected);
        assert!(tries.iter().enumerate().all(|(index, one)| one.number == index + 1));
    }

    #[test]
    fn tries_of_a_task() {
        let script = "
            1<0 0 ExecutionStarted
            2<0 0 TaskStateEntered name=Pay
            3<2 10 TaskScheduled
            4<3 20 TaskStarted
            5<4 60 TaskFailed error=Unavailable
            6<5 1060 TaskScheduled
            7<6 1061 TaskTimedOut error=States.Timeout
            8<7 3061 TaskScheduled";
        check(
            script,
            "Pay",
            &[
                (10, Some(50), None, Some("Unavailable")),
                (1060, Some(1), Some(1000), Some("States.Timeout")),
                (3061, None, Some(2000), None),
            ],
        );
    }

    #[test]
    fn tries_of_a_map_whose_items_fail() {
        let script = "
            1<0 0 ExecutionStarted
            2<0 0 MapStateEntered name=Each
            3<2 5 MapStateStarted length=1
            4<3 5 MapIterationStarted name=Each index=0
            5<4 6 FailStateEntered name=No
            6<5 7 MapIterationFailed name=Each index=0
            7<5 1007 MapStateStarted length=1
            8<7 1007 MapIterationStarted name=Each index=0
            9<8 1008 FailStateEntered name=No
            10<9 1009 MapIterationFailed name=Each index=0
            11<9 1009 MapStateFailed
            12<11 1010 ExecutionFailed error=Boom";
        check(script, "Each", &[(5, Some(1), None, Some("Boom")), (1007, Some(3), Some(1001), Some("Boom"))]);
    }

    #[test]
    fn an_outer_container_that_starts_again_after_an_inner_one_failed() {
        let script = "
            1<0 0 ExecutionStarted
            2<0 0 ParallelStateEntered name=Outer
            3<2 0 ParallelStateStarted
            4<3 0 ParallelStateEntered name=Inner
            5<4 0 ParallelStateStarted
            6<5 0 TaskStateEntered name=T
            7<6 1 TaskScheduled
            8<7 2 TaskFailed error=Boom
            9<8 2 ParallelStateFailed
            10<9 102 ParallelStateStarted";
        check(script, "Outer", &[(0, Some(2), None, Some("Boom")), (102, None, Some(100), None)]);
        let run = run(script);
        assert_eq!(tries(&run, None, run.last_visit_to("Inner").unwrap()).len(), 1);
    }

    #[test]
    fn what_tries_nothing_has_no_tries() {
        check("1<0 0 ExecutionStarted\n2<0 0 WaitStateEntered name=W", "W", &[]);
        assert!(tries(&Run::default(), None, 3).is_empty());
    }
}
