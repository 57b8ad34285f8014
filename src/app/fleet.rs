//! All executions at once: how many are in each state, how long states take, and what fails, grouped.
//!
//! It counts what histories told ([`Digest`]); it asks for none, reads no clock and draws nothing. Counting goes
//! through every execution, so it is done when something changed and not for every picture.

mod cause;

use std::collections::HashMap;
use std::sync::Arc;

pub use self::cause::normalise;
use super::index::Entry;
use super::run::{Run, Visit, VisitStatus};
use crate::facts::{Arn, EventKind, HistoryEvent, Millis};

/// The most durations that are kept of one state and execution: a large Map would outweigh all others.
const MAX_DURATIONS: usize = 50;

/// What a history tells in short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// The states that the execution was in when its history was read.
    pub current: Vec<Arc<str>>,
    /// Why it failed, if it did. An execution that somebody stopped has not failed.
    pub failure: Option<Failure>,
    /// Every state that was entered, in the order of the first time.
    pub passages: Vec<Passage>,
    /// Whether the history was read to the execution's end.
    pub is_over: bool,
}

/// Why an execution failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The state where the error arose; `None` when it failed before the first.
    pub state: Option<Arc<str>>,
    /// The error's name.
    pub error: String,
    /// Its cause, as [`normalise`] shows it.
    pub cause: String,
}

/// How one execution went through one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The state's name.
    pub state: Arc<str>,
    /// How often it was left well.
    pub passed: usize,
    /// How often it failed, caught or not.
    pub failures: usize,
    /// How long it took, in milliseconds, of the first fifty of those visits.
    pub durations: Vec<Millis>,
}

impl Digest {
    /// Of a run, as far as it is known.
    pub fn of(run: &Run) -> Self {
        let mut passages: Vec<Passage> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for visit in &run.visits {
            let place = *places.entry(visit.state.as_str()).or_insert_with(|| {
                let state = Arc::from(visit.state.as_str());
                passages.push(Passage { state, passed: 0, failures: 0, durations: Vec::new() });
                passages.len() - 1
            });
            if let Some(passage) = passages.get_mut(place) {
                passage.note(visit);
            }
        }
        let end = run.events.last().filter(|event| is_end(event.kind));
        let is_in = |passage: &&Passage| run.visits_to(&passage.state).any(|visit| visit.left_at.is_none());
        let current = if end.is_some() {
            Vec::new()
        } else {
            passages.iter().filter(is_in).map(|passage| Arc::clone(&passage.state)).collect()
        };
        let failure = end.and_then(|end| failure(run, end));
        Self { current, failure, passages, is_over: end.is_some() }
    }
}

impl Passage {
    fn note(&mut self, visit: &Visit) {
        match visit.status {
            VisitStatus::Succeeded => self.passed += 1,
            VisitStatus::Caught | VisitStatus::Failed => self.failures += 1,
            // What is under way or was given up tells nothing of the state.
            VisitStatus::Running | VisitStatus::Retrying | VisitStatus::Aborted => return,
        }
        if let Some(left_at) = visit.left_at
            && self.durations.len() < MAX_DURATIONS
        {
            self.durations.push(left_at.saturating_sub(visit.entered_at).max(0));
        }
    }
}

fn is_end(kind: EventKind) -> bool {
    use EventKind as K;
    matches!(kind, K::ExecutionSucceeded | K::ExecutionFailed | K::ExecutionAborted | K::ExecutionTimedOut)
}

fn failure(run: &Run, end: &HistoryEvent) -> Option<Failure> {
    let visit = match end.kind {
        EventKind::ExecutionFailed => origin(run, end.error.as_deref()),
        // The execution's own timeout fails no state; what it was in, innermost, is what took too long.
        EventKind::ExecutionTimedOut => run.visits.iter().rfind(|visit| visit.status == VisitStatus::Aborted),
        _ => return None,
    };
    let unnamed = if end.kind == EventKind::ExecutionTimedOut { "States.Timeout" } else { "unnamed error" };
    let error = end.error.as_deref().or_else(|| visit.and_then(|visit| visit.error.as_deref())).unwrap_or(unnamed);
    // The state's own cause is nearer to what happened than what a Fail state made of it.
    let causes = [visit.and_then(|visit| visit.cause.as_deref()), end.cause.as_deref()];
    let cause = causes.into_iter().flatten().find(|cause| !cause.is_empty()).unwrap_or_default();
    Some(Failure {
        state: visit.map(|visit| Arc::from(visit.state.as_str())),
        error: error.to_owned(),
        cause: normalise(cause),
    })
}

/// The visit in which the error arose that the execution ended with.
///
/// A Fail state often repeats an error that was caught before; then it is that visit. The last one counts, since an
/// earlier one of the same name was got over.
fn origin<'a>(run: &'a Run, error: Option<&str>) -> Option<&'a Visit> {
    let raised = |visit: &&Visit| visit.error.is_some() && visit.error.as_deref() == error;
    let is_fail_state = |visit: &Visit| {
        let event = run.events.binary_search_by_key(&visit.entered, |event| event.id);
        let event = event.ok().and_then(|at| run.events.get(at));
        event.is_some_and(|event| event.type_name == "FailStateEntered")
    };
    let mut last = None;
    for visit in run.visits.iter().filter(raised).rev() {
        if !is_fail_state(visit) {
            return Some(visit);
        }
        last = last.or(Some(visit));
    }
    last.or_else(|| run.visits.iter().rfind(|visit| visit.status == VisitStatus::Failed))
}

/// All executions on the graph of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Every state that some execution entered, by name.
    pub states: Vec<StateCounts>,
    /// What failed, the most frequent first.
    pub groups: Vec<Group>,
    /// How many executions were counted.
    pub executions: usize,
    /// How many of them have no history that was read: nothing but their number is counted.
    pub unread: usize,
}

/// A state over all executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCounts {
    /// Its name.
    pub state: Arc<str>,
    /// How many executions are in it now.
    pub now: usize,
    /// How many visits were left well. An execution visits a state more than once in a Map or a loop.
    pub passed: usize,
    /// How many visits failed, caught or not.
    pub failures: usize,
    /// Half of the visits that ended took no longer, in milliseconds.
    pub p50: Option<Millis>,
    /// Ninety-five of a hundred took no longer, in milliseconds.
    pub p95: Option<Millis>,
}

/// Executions that failed alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Where the error arose; `None` before the first state.
    pub state: Option<Arc<str>>,
    /// The error's name.
    pub error: String,
    /// The cause that they share, as [`normalise`] shows it.
    pub cause: String,
    /// How many they are.
    pub count: usize,
    /// The one that ended last.
    pub newest: Arn,
    /// When that was.
    pub last_at: Millis,
}

#[derive(Default)]
struct Gathered {
    now: usize,
    passed: usize,
    failures: usize,
    durations: Vec<Millis>,
}

impl Fleet {
    /// Counts executions: those that run and, with a window in milliseconds, only those that ended within it.
    pub fn of<'a>(entries: impl Iterator<Item = &'a Entry>, window: Option<Millis>, now: Millis) -> Self {
        let since = window.map(|window| now.saturating_sub(window));
        let mut states: HashMap<&'a str, Gathered> = HashMap::new();
        let mut groups: HashMap<(Option<&'a str>, &'a str, &'a str), Group> = HashMap::new();
        let mut fleet = Self::default();
        for entry in entries {
            let is_over = entry.summary.status.is_over();
            let ended_at = entry.summary.stopped_at.filter(|_| is_over);
            if let (Some(since), Some(ended_at)) = (since, ended_at)
                && ended_at < since
            {
                continue;
            }
            fleet.executions += 1;
            let Some(digest) = &entry.digest else {
                fleet.unread += 1;
                continue;
            };
            for passage in &digest.passages {
                let gathered = states.entry(&*passage.state).or_default();
                gathered.passed += passage.passed;
                gathered.failures += passage.failures;
                gathered.durations.extend_from_slice(&passage.durations);
            }
            if !is_over {
                // The list may know of an end, or of a redrive, that the history does not tell yet.
                for state in &digest.current {
                    states.entry(&**state).or_default().now += 1;
                }
            } else if let Some(failure) = &digest.failure {
                let key = (failure.state.as_deref(), failure.error.as_str(), failure.cause.as_str());
                let last_at = ended_at.unwrap_or(entry.summary.started_at);
                let group = groups.entry(key).or_insert_with(|| Group::of(failure, entry, last_at));
                group.count += 1;
                if last_at > group.last_at {
                    group.last_at = last_at;
                    group.newest.clone_from(&entry.summary.arn);
                }
            }
        }
        fleet.states = states.into_iter().map(|(state, gathered)| gathered.counts(state)).collect();
        fleet.states.sort_unstable_by(|one, other| one.state.cmp(&other.state));
        fleet.groups = groups.into_values().collect();
        fleet.groups.sort_unstable_by(|one, other| {
            let by_count = (other.count, other.last_at).cmp(&(one.count, one.last_at));
            // Whatever is left over is put in order too: a list must not jump from one picture to the next.
            by_count.then_with(|| (&one.state, &one.error, &one.cause).cmp(&(&other.state, &other.error, &other.cause)))
        });
        fleet
    }

    /// A state's counts, if any execution entered it.
    pub fn state(&self, name: &str) -> Option<&StateCounts> {
        let at = self.states.binary_search_by(|counts| (*counts.state).cmp(name)).ok()?;
        self.states.get(at)
    }
}

impl Gathered {
    fn counts(mut self, state: &str) -> StateCounts {
        self.durations.sort_unstable();
        StateCounts {
            state: Arc::from(state),
            now: self.now,
            passed: self.passed,
            failures: self.failures,
            p50: percentile(&self.durations, 50),
            p95: percentile(&self.durations, 95),
        }
    }
}

impl Group {
    fn of(failure: &Failure, entry: &Entry, last_at: Millis) -> Self {
        Self {
            state: failure.state.clone(),
            error: failure.error.clone(),
            cause: failure.cause.clone(),
            count: 0,
            newest: entry.summary.arn.clone(),
            last_at,
        }
    }
}

/// By nearest rank: the smallest value that so many percent do not exceed.
fn percentile(sorted: &[Millis], percent: usize) -> Option<Millis> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;
    use crate::facts::{ExecutionStatus, ExecutionSummary};

    const START: &str = "1<0 ExecutionStarted\n";
    const DECLINED: &str = r#"
        1<0 ExecutionStarted
        2<0 TaskStateEntered Pay
        3<2 TaskScheduled
        4<3 TaskFailed | error Declined | cause {"errorType":"Declined","errorMessage":"order ord-77: no funds"}
        5<4 TaskStateExited Pay | at 250
        6<5 FailStateEntered OrderFailed
        7<6 ExecutionFailed | error Declined | cause order ord-77: no funds"#;

    fn entry(name: &str, started_at: Millis, status: ExecutionStatus, script: &str) -> Entry {
        let mut entry = Entry::of(ExecutionSummary {
            arn: Arn(name.to_owned()),
            name: name.to_owned(),
            status,
            started_at,
            stopped_at: status.is_over().then_some(started_at + 1_000),
            through: None,
        });
        entry.digest = (!script.is_empty()).then(|| Digest::of(&run(script)));
        entry
    }

    fn check_failure(script: &str, expected: Option<(Option<&str>, &str, &str)>) {
        let digest = Digest::of(&run(script));
        let failure = digest.failure.as_ref();
        let found = failure.map(|f| (f.state.as_deref(), f.error.as_str(), f.cause.as_str()));
        assert_eq!(found, expected, "{script}");
    }

    #[test]
    fn a_failure_is_where_its_error_arose() {
        check_failure(DECLINED, Some((Some("Pay"), "Declined", "order <id>: no funds")));
        check_failure(
            "1<0 ExecutionStarted
             2<0 FailStateEntered Stop
             3<2 ExecutionFailed | error Own | cause its own",
            Some((Some("Stop"), "Own", "its own")),
        );
        check_failure(
            "1<0 ExecutionStarted
             2<1 ExecutionFailed | error States.Runtime | cause bad input",
            Some((None, "States.Runtime", "bad input")),
        );
        // The same error was got over in A; it is B's that ended it.
        check_failure(
            "1<0 ExecutionStarted
             2<0 TaskStateEntered A
             3<2 TaskScheduled
             4<3 TaskFailed | error Busy | cause a
             5<4 TaskStateExited A
             6<5 TaskStateEntered B
             7<6 TaskScheduled
             8<7 TaskFailed | error Busy | cause b
             9<8 ExecutionFailed | error Busy | cause b",
            Some((Some("B"), "Busy", "b")),
        );
        // Inside of a Map, not the Map.
        check_failure(
            "1<0 ExecutionStarted
             2<0 MapStateEntered M
             3<2 MapStateStarted | length 1
             4<3 MapIterationStarted M | index 0
             5<4 TaskStateEntered T
             6<5 TaskScheduled
             7<6 TaskFailed | error Boom
             8<7 MapIterationFailed M | index 0
             9<7 MapStateFailed
             10<9 ExecutionFailed | error Boom",
            Some((Some("T"), "Boom", "")),
        );
        check_failure(
            "1<0 ExecutionStarted
             2<0 WaitStateEntered W
             3<2 ExecutionTimedOut",
            Some((Some("W"), "States.Timeout", "")),
        );
    }

    #[test]
    fn what_runs_was_stopped_or_went_well_has_no_failure() {
        let running = "1<0 ExecutionStarted
             2<0 TaskStateEntered Pay
             3<2 TaskScheduled
             4<3 TaskFailed | error Busy";
        check_failure(running, None);
        check_failure(&format!("{running}\n5<4 ExecutionAborted | error StoppedByUser"), None);
        check_failure("1<0 ExecutionStarted\n2<1 ExecutionSucceeded | output {}", None);
    }

    #[test]
    fn a_digest_counts_visits_and_tells_what_is_under_way() {
        let digest = Digest::of(&run("1<0 ExecutionStarted
             2<0 PassStateEntered A
             3<2 PassStateExited A
             4<3 PassStateEntered A
             5<4 PassStateExited A | at 90
             6<5 WaitStateEntered W"));
        let names = |states: &[Arc<str>]| states.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&digest.current), ["W"]);
        assert!(!digest.is_over);
        let found: Vec<(&str, usize, usize, &[Millis])> =
            digest.passages.iter().map(|p| (&*p.state, p.passed, p.failures, p.durations.as_slice())).collect();
        let expected: [(&str, usize, usize, &[Millis]); 2] = [("A", 2, 0, &[10, 50]), ("W", 0, 0, &[])];
        assert_eq!(found, expected);
        let over = Digest::of(&run(DECLINED));
        assert!(over.is_over && over.current.is_empty());
        assert_eq!((over.passages[0].failures, over.passages[0].durations.as_slice()), (1, [230].as_slice()));
    }

    #[test]
    fn the_fleet_counts_where_executions_are_and_how_they_went() {
        use ExecutionStatus as S;
        let in_pay = format!("{START}2<0 TaskStateEntered Pay");
        let paid = format!("{in_pay}\n3<2 TaskStateExited Pay | at 120\n4<3 ExecutionSucceeded");
        let entries = [
            entry("a", 100_000, S::Running, &in_pay),
            entry("b", 100_000, S::Running, &in_pay),
            // The list knows already that it is over.
            entry("c", 100_000, S::Succeeded, &in_pay),
            entry("d", 100_000, S::Succeeded, &paid),
            entry("e", 100_000, S::Failed, DECLINED),
            entry("f", 100_000, S::Failed, ""),
            entry("long-ago", 1_000, S::Failed, DECLINED),
        ];
        let fleet = Fleet::of(entries.iter(), Some(60_000), 110_000);
        assert_eq!((fleet.executions, fleet.unread), (6, 1));
        let pay = fleet.state("Pay").unwrap();
        assert_eq!((pay.now, pay.passed, pay.failures), (2, 1, 1));
        assert_eq!((pay.p50, pay.p95), (Some(100), Some(230)));
        assert_eq!(fleet.state("Nowhere"), None);
        assert_eq!(fleet.groups.len(), 1);
        assert_eq!(fleet.groups[0].count, 1);
        assert_eq!(Fleet::of(entries.iter(), None, 110_000).groups[0].count, 2);
    }

    #[test]
    fn failures_that_are_alike_are_one_group_the_most_frequent_first() {
        use ExecutionStatus as S;
        let other = "1<0 ExecutionStarted
             2<0 FailStateEntered Stop
             3<2 ExecutionFailed | error Own";
        let entries = [
            entry("other", 900, S::Failed, other),
            entry("newest", 500, S::Failed, &DECLINED.replace("ord-77", "ord-abc")),
            entry("older", 100, S::Failed, DECLINED),
        ];
        let fleet = Fleet::of(entries.iter(), None, 9_000);
        let found: Vec<(Option<&str>, usize, &str, Millis)> = fleet
            .groups
            .iter()
            .map(|group| (group.state.as_deref(), group.count, group.newest.0.as_str(), group.last_at))
            .collect();
        assert_eq!(found, [(Some("Pay"), 2, "newest", 1_500), (Some("Stop"), 1, "other", 1_900)]);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<Millis> = (1..=100).collect();
        let cases: [(&[Millis], usize, Option<Millis>); 7] = [
            (&[], 50, None),
            (&[7], 50, Some(7)),
            (&[7], 95, Some(7)),
            (&[1, 2], 50, Some(1)),
            (&[1, 2, 3], 50, Some(2)),
            (&hundred, 95, Some(95)),
            (&hundred[..20], 95, Some(19)),
        ];
        for (sorted, percent, expected) in cases {
            assert_eq!(percentile(sorted, percent), expected, "p{percent} of {sorted:?}");
        }
    }
}
