//! Time travel: a run as it was after any of its events.
//!
//! A run is the fold of its events, so every moment of it can be had again; [`Scrubber`] keeps some of them so that
//! going anywhere folds few events. Never changes what happened, and never interprets events by itself: [`Run`] does.

use std::collections::BTreeMap;

use super::run::{Run, Visit};
use crate::facts::HistoryEvent;

/// Every so many events a moment is kept, at first.
const SPACING: usize = 1_000;
/// About how many bytes the kept moments may take together.
const MOST_BYTES: usize = 24 * 1024 * 1024;
/// About what a run keeps of an event beside the visits: its place among them.
const BYTES_OF_A_PLACE: usize = 96;

/// The run after the first `count` events.
pub fn as_of(events: &[HistoryEvent], count: usize) -> Run {
    let mut run = Run::default();
    run.absorb(events.iter().take(count).cloned());
    run
}

/// The workflow's variables after the first `count` events: names and JSON texts.
pub fn variables_at(events: &[HistoryEvent], count: usize) -> BTreeMap<String, String> {
    variables(&as_of(events, count))
}

/// The workflow's variables where a run stands: what `Assign` of the states has set that were left by now. Variables
/// of branches and iterations live only inside of them and are not among these.
pub fn variables(run: &Run) -> BTreeMap<String, String> {
    let outermost = run.visits.iter().filter(|visit| visit.parent.is_none());
    outermost.flat_map(|visit| visit.assigned.iter().cloned()).collect()
}

/// A run that can be moved to any of its moments.
///
/// The events are moved between what has happened and what is to come, never copied, and the kept moments hold none.
#[derive(Clone, Debug)]
pub struct Scrubber {
    /// The run at the moment that is looked at, with the events until then.
    current: Run,
    /// The events to come, the next one last.
    later: Vec<HistoryEvent>,
    /// The run after so many events, without the events, in order.
    checkpoints: Vec<(usize, Run)>,
    /// Every how many events a moment is kept.
    spacing: usize,
    /// About how many bytes the kept moments take.
    bytes: usize,
    /// How many they may take.
    most_bytes: usize,
}

impl Scrubber {
    /// Takes a run apart. It stands at its end, as the run does.
    pub fn new(run: Run) -> Self {
        Self::with(run, SPACING, MOST_BYTES)
    }

    fn with(run: Run, spacing: usize, most_bytes: usize) -> Self {
        let mut scrubber = Self {
            current: Run::default(),
            later: run.events.into_iter().rev().collect(),
            checkpoints: Vec::new(),
            spacing: spacing.max(1),
            bytes: 0,
            most_bytes,
        };
        scrubber.seek(usize::MAX);
        scrubber
    }

    /// The run at the moment that is looked at.
    pub fn run(&self) -> &Run {
        &self.current
    }

    /// The events after that, newest first.
    pub fn to_come(&self) -> &[HistoryEvent] {
        &self.later
    }

    /// After how many events that is.
    pub fn position(&self) -> usize {
        self.current.events.len()
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.position() + self.later.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Goes to the moment after the first `count` events; beyond the last one, to the end.
    pub fn seek(&mut self, count: usize) -> &Run {
        let count = count.min(self.len());
        let nearest = self.checkpoints.partition_point(|(at, _)| *at <= count).checked_sub(1);
        let nearest = nearest.and_then(|index| self.checkpoints.get(index));
        let from = nearest.map_or(0, |(at, _)| *at);
        if count < self.position() || self.position() < from {
            let run = nearest.map_or_else(Run::default, |(_, run)| run.clone());
            self.restore(from, run);
        }
        while self.position() < count
            && let Some(event) = self.later.pop()
        {
            self.current.absorb([event]);
            self.keep();
        }
        &self.current
    }

    /// Takes in events that follow the known ones, without moving. Known ones are passed over.
    pub fn extend(&mut self, events: impl IntoIterator<Item = HistoryEvent>) {
        let mut last = self.later.first().map_or(self.current.last_id(), |event| event.id);
        let mut newer = Vec::new();
        for event in events {
            if event.id > last {
                last = event.id;
                newer.push(event);
            }
        }
        newer.reverse();
        newer.append(&mut self.later);
        self.later = newer;
    }

    /// The run at its end.
    pub fn into_run(mut self) -> Run {
        self.seek(usize::MAX);
        self.current
    }

    /// Makes a kept moment the current one, with the events until then.
    fn restore(&mut self, at: usize, run: Run) {
        let mut events = std::mem::replace(&mut self.current, run).events;
        let turned = events.split_off(at.min(events.len()));
        self.later.extend(turned.into_iter().rev());
        let missing = at.saturating_sub(events.len());
        let taken = self.later.split_off(self.later.len().saturating_sub(missing));
        events.extend(taken.into_iter().rev());
        self.current.events = events;
    }

    /// Keeps the current moment if it is one to keep.
    fn keep(&mut self) {
        let at = self.position();
        let is_newest = self.checkpoints.last().is_none_or(|(newest, _)| *newest < at);
        if !at.is_multiple_of(self.spacing) || !is_newest {
            return;
        }
        let events = std::mem::take(&mut self.current.events);
        let kept = self.current.clone();
        self.current.events = events;
        self.bytes += bytes_of(at, &kept);
        self.checkpoints.push((at, kept));
        // Half as many moments, twice as far apart, until they fit; or none, if a single one is too large.
        while self.bytes > self.most_bytes && !self.checkpoints.is_empty() {
            self.spacing = self.spacing.saturating_mul(2);
            let spacing = self.spacing;
            self.checkpoints.retain(|(at, _)| at.is_multiple_of(spacing));
            self.bytes = self.checkpoints.iter().map(|(at, run)| bytes_of(*at, run)).sum();
        }
    }
}

/// About how many bytes a run without events takes.
fn bytes_of(events: usize, run: &Run) -> usize {
    events * BYTES_OF_A_PLACE + run.visits.iter().map(bytes_of_visit).sum::<usize>()
}

fn bytes_of_visit(visit: &Visit) -> usize {
    let length = |text: Option<&str>| text.map_or(0, str::len);
    let attempts = visit.attempts.iter().map(|attempt| {
        // The payloads are shared with the events.
        let texts = [attempt.resource.as_deref(), attempt.error.as_deref()];
        size_of_val(attempt) + texts.into_iter().map(length).sum::<usize>()
    });
    let assigned = visit.assigned.iter().map(|(name, value)| size_of::<(String, String)>() + name.len() + value.len());
    size_of_val(visit)
        + visit.state.len()
        + length(visit.error.as_deref())
        + attempts.sum::<usize>()
        + assigned.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::{events, run};

    const SCRIPT: &str = "
        1<0 0 ExecutionStarted
        2<0 0 PassStateEntered name=Set
        3<2 1 PassStateExited name=Set assigned=x:1;y:\"a\"
        4<3 2 MapStateEntered name=Each
        5<4 2 MapStateStarted length=2
        6<5 2 MapIterationStarted name=Each index=0
        7<6 3 TaskStateEntered name=T input={}
        8<7 4 TaskScheduled parameters={}
        9<8 5 TaskFailed error=Boom
        10<9 6 TaskScheduled parameters={}
        11<10 7 TaskSucceeded output={}
        12<11 8 TaskStateExited name=T assigned=x:99
        13<12 8 MapIterationSucceeded name=Each index=0
        14<12 8 MapIterationStarted name=Each index=1
        15<14 9 TaskStateEntered name=T
        16<15 10 TaskScheduled
        17<16 11 TaskSucceeded
        18<17 12 TaskStateExited name=T
        19<18 12 MapIterationSucceeded name=Each index=1
        20<19 12 MapStateSucceeded
        21<19 12 MapStateExited name=Each assigned=x:2;z:[]
        22<21 13 FailStateEntered name=No
        23<22 13 ExecutionFailed error=Sorry";

    fn same(found: &Run, expected: &Run) {
        assert_eq!(found.events, expected.events);
        assert_eq!(found.visits, expected.visits);
        assert_eq!(found.taken, expected.taken);
        assert_eq!(found.last_taken, expected.last_taken);
        for state in ["Set", "Each", "T", "No"] {
            assert_eq!(found.last_visit_to(state), expected.last_visit_to(state));
        }
    }

    #[test]
    fn every_moment_is_the_fold_of_the_events_until_then() {
        let events = events(SCRIPT);
        let all = events.len();
        // Near and far jumps, both ways, with moments kept after each event, some, and none.
        for (spacing, most_bytes) in [(1, usize::MAX), (4, usize::MAX), (7, usize::MAX), (1, 6_000), (1, 0)] {
            let mut scrubber = Scrubber::with(run(SCRIPT), spacing, most_bytes);
            same(scrubber.run(), &as_of(&events, all));
            for from in 0..=all {
                for to in [0, 1, from + 1, all / 2, all, from.saturating_sub(1), usize::MAX] {
                    scrubber.seek(from);
                    let found = scrubber.seek(to);
                    same(found, &as_of(&events, to));
                    assert_eq!((scrubber.position(), scrubber.len()), (to.min(all), all));
                }
            }
            same(&scrubber.into_run(), &as_of(&events, all));
        }
    }

    #[test]
    fn what_comes_later_is_taken_in_wherever_one_looks() {
        let events = events(SCRIPT);
        let mut scrubber = Scrubber::with(as_of(&events, 9), 2, usize::MAX);
        scrubber.seek(3);
        scrubber.extend(events[5..15].iter().cloned());
        same(scrubber.run(), &as_of(&events, 3));
        scrubber.extend(events.iter().cloned());
        assert_eq!(scrubber.len(), events.len());
        same(scrubber.seek(usize::MAX), &as_of(&events, usize::MAX));
        same(scrubber.seek(12), &as_of(&events, 12));
        let mut empty = Scrubber::new(Run::default());
        assert!(empty.is_empty());
        assert_eq!(empty.seek(5).events.len(), 0);
    }

    #[test]
    fn a_long_history_keeps_few_moments() {
        let steps = (0..6_250_i64).map(|step| {
            let (id, at) = (step * 4 + 2, step * 10);
            let before = if step == 0 { 0 } else { id - 1 };
            format!(
                "{id}<{before} {at} TaskStateEntered name=S{}\n{}<{id} {at} TaskScheduled\n{}<{} {at} TaskSucceeded\n{}<{} {at} TaskStateExited name=S{}\n",
                step % 40,
                id + 1,
                id + 2,
                id + 1,
                id + 3,
                id + 2,
                step % 40
            )
        });
        let run = run(&format!("1<0 0 ExecutionStarted\n{}", steps.collect::<String>()));
        let events = run.events.clone();
        let mut scrubber = Scrubber::new(run);
        assert_eq!(scrubber.len(), 25_001);
        assert!(scrubber.bytes <= MOST_BYTES && scrubber.spacing <= 4 * SPACING, "{}", scrubber.spacing);
        let mut apart = scrubber.checkpoints.windows(2).map(|pair| pair[1].0 - pair[0].0);
        assert!(apart.all(|apart| apart == scrubber.spacing));
        for count in [24_999, 3, 12_345, 25_001] {
            assert_eq!(scrubber.seek(count).visits, as_of(&events, count).visits);
        }
    }

    #[test]
    fn variables_are_those_of_the_outermost_states() {
        let events = events(SCRIPT);
        let cases: [(usize, &[(&str, &str)]); 4] = [
            (2, &[]),
            (3, &[("x", "1"), ("y", "\"a\"")]),
            (12, &[("x", "1"), ("y", "\"a\"")]),
            (23, &[("x", "2"), ("y", "\"a\""), ("z", "[]")]),
        ];
        for (count, expected) in cases {
            let found = variables_at(&events, count);
            let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(found, expected, "{count}");
        }
    }
}
