//! The execution that is looked at: its history, at any of its moments.
//!
//! Holds what was fetched and where one looks; decides nothing about fetching.

use super::events::AllEvents;
use super::replay::Scrubber;
use super::run::Run;
use crate::facts::{Arn, EventKind, Execution, HistoryEvent};

/// The execution that is looked at.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Which.
    pub arn: Arn,
    /// Its run, at the moment that is looked at.
    scrub: Scrubber,
    /// Whether its history was read at least once.
    pub loaded: bool,
    /// Whether new events are gone along with.
    pub live: bool,
    /// As `DescribeExecution` has it, once that was read.
    pub execution: Option<Execution>,
}

impl Watch {
    /// An execution of which nothing is known yet.
    pub fn new(arn: Arn) -> Self {
        Self { arn, scrub: Scrubber::new(Run::default()), loaded: false, live: true, execution: None }
    }

    /// The run at the moment that is looked at.
    pub fn run(&self) -> &Run {
        self.scrub.run()
    }

    /// The same with the way to its other moments.
    pub fn scrub(&self) -> &Scrubber {
        &self.scrub
    }

    /// All events, whatever moment is looked at.
    pub fn events(&self) -> AllEvents<'_> {
        AllEvents::new(&self.scrub.run().events, self.scrub.to_come())
    }

    /// The last event's id; 0 when there is none.
    pub fn last_id(&self) -> i64 {
        self.scrub.to_come().first().map_or_else(|| self.run().last_id(), |event| event.id)
    }

    /// Takes in events that follow the known ones.
    pub fn absorb(&mut self, events: Vec<HistoryEvent>) {
        self.scrub.extend(events);
        self.loaded = true;
        if self.live {
            self.scrub.seek(usize::MAX);
        }
    }

    /// Goes to the moment after so many events; the last one is the present.
    pub fn seek(&mut self, count: usize) {
        self.scrub.seek(count.max(1));
        self.live = self.scrub.position() == self.scrub.len();
    }

    /// So many events back or forward.
    pub fn step(&mut self, events: isize) {
        self.seek(self.scrub.position().saturating_add_signed(events));
    }

    /// To the next event at which a state is entered or left, back or forward.
    pub fn step_state(&mut self, forward: bool) {
        let events = self.events();
        let is_step = |at: &usize| {
            let kind = at.checked_sub(1).and_then(|index| events.get(index)).map(|event| event.kind);
            matches!(kind, Some(EventKind::StateEntered | EventKind::StateExited))
        };
        let position = self.scrub.position();
        let found = if forward {
            (position + 1..=events.len()).find(is_step).unwrap_or(events.len())
        } else {
            (1..position).rev().find(is_step).unwrap_or(1)
        };
        self.seek(found);
    }

    /// Whether the history is there to its end.
    pub fn is_complete(&self) -> bool {
        let events = self.events();
        let last = events.len().checked_sub(1).and_then(|last| events.get(last));
        last.is_some_and(|event| {
            matches!(
                event.kind,
                EventKind::ExecutionSucceeded
                    | EventKind::ExecutionFailed
                    | EventKind::ExecutionAborted
                    | EventKind::ExecutionTimedOut
            )
        })
    }

    /// The event after which one looks.
    pub fn moment(&self) -> Option<&HistoryEvent> {
        self.run().events.last()
    }
}
