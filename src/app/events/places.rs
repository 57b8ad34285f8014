//! Which state each event belongs to.
//!
//! Most events name no state, so the way back by `previous` tells, as in [`Run`](crate::app::run::Run), which knows
//! no more than what has happened by the moment that is looked at. Here all events count, whatever the moment.

use super::AllEvents;
use crate::facts::{EventKind, HistoryEvent};

/// The places of events, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Vec<Place>);

/// Where an event belongs.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The event that entered the state.
    entered: Option<u32>,
    /// On the event that entered a state: the one that entered the Map or Parallel around it.
    around: Option<u32>,
    /// Whether what follows is inside of the state.
    opens: bool,
    /// Whether what follows goes on anywhere: the execution was redriven.
    redriven: bool,
}

impl Places {
    /// How many events have one.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Finds the places of the events that have come.
    pub(super) fn absorb(&mut self, events: AllEvents<'_>) {
        for index in self.0.len()..events.len() {
            let place = events.get(index).map(|event| self.place(events, event, index));
            self.0.push(place.unwrap_or_default());
        }
    }

    /// The name of the state that an event belongs to.
    pub(super) fn state<'a>(&self, events: AllEvents<'a>, index: usize) -> Option<&'a str> {
        let event = events.get(index)?;
        if event.type_name.starts_with("Execution") {
            return None;
        }
        let name = |event: &'a HistoryEvent| event.name.as_deref();
        name(event).or_else(|| name(events.get(usize::try_from(self.0.get(index)?.entered?).ok()?)?))
    }

    fn place(&self, events: AllEvents<'_>, event: &HistoryEvent, index: usize) -> Place {
        use EventKind as K;
        let before = events.position(event.previous).and_then(|before| self.0.get(before)).copied();
        let before = before.unwrap_or_default();
        let here = |entered: Option<u32>| Place { entered, ..Place::default() };
        let named = || self.nearest(events, before.entered, |entered| entered.name == event.name);
        let container = || {
            let wanted = if event.type_name.starts_with("Map") { "MapStateEntered" } else { "ParallelStateEntered" };
            self.nearest(events, before.entered, |entered| entered.type_name == wanted)
        };
        match event.kind {
            K::StateEntered => Place {
                entered: u32::try_from(index).ok(),
                around: if before.opens { before.entered } else { self.around(before.entered) },
                ..Place::default()
            },
            K::ContainerStarted => Place { opens: true, ..here(container()) },
            K::IterationStarted => Place { opens: true, ..here(named()) },
            K::ContainerSucceeded | K::ContainerFailed => here(container()),
            K::StateExited | K::IterationSucceeded | K::IterationFailed | K::IterationAborted => here(named()),
            K::TaskScheduled if before.redriven => here(self.scheduled_before(events, event, index).or(before.entered)),
            K::ExecutionRedriven => Place { redriven: true, ..here(before.entered) },
            K::StateAborted
            | K::TaskScheduled
            | K::TaskStarted
            | K::TaskSubmitted
            | K::MapRunStarted
            | K::MapRunFailed
            | K::MapRunRedriven
            | K::TaskSucceeded
            | K::TaskFailed
            | K::TaskTimedOut
            | K::EvaluationFailed
            | K::Other => here(before.entered),
            // They belong to none.
            K::ExecutionStarted
            | K::ExecutionSucceeded
            | K::ExecutionFailed
            | K::ExecutionAborted
            | K::ExecutionTimedOut => here(before.entered),
        }
    }

    /// The state whose task a redrive schedules again: the last one that was scheduled with the same.
    fn scheduled_before(&self, events: AllEvents<'_>, event: &HistoryEvent, index: usize) -> Option<u32> {
        let is_its = |before: &HistoryEvent| {
            matches!(before.kind, EventKind::TaskScheduled)
                && before.resource == event.resource
                && before.parameters == event.parameters
        };
        let before = (0..index).rev().find(|before| events.get(*before).is_some_and(is_its))?;
        self.0.get(before)?.entered
    }

    /// The state like that, here or around; where there is none, the one here.
    fn nearest(
        &self,
        events: AllEvents<'_>,
        here: Option<u32>,
        is_wanted: impl Fn(&HistoryEvent) -> bool,
    ) -> Option<u32> {
        // What is around was entered before, so this ends.
        let mut outwards = std::iter::successors(here, |entered| self.around(Some(*entered)));
        let wanted = outwards.find(|entered| {
            let event = usize::try_from(*entered).ok().and_then(|entered| events.get(entered));
            event.is_some_and(&is_wanted)
        });
        wanted.or(here)
    }

    fn around(&self, entered: Option<u32>) -> Option<u32> {
        self.0.get(usize::try_from(entered?).ok()?)?.around
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;

    #[test]
    fn every_event_belongs_to_its_state() {
        let run = run("
            1<0 ExecutionStarted
            2<0 MapStateEntered name=Each
            3<2 MapStateStarted length=2
            4<3 MapIterationStarted name=Each index=0
            5<4 TaskStateEntered name=T
            6<5 TaskScheduled
            7<3 MapIterationStarted name=Each index=1
            8<7 ParallelStateEntered name=P
            9<8 ParallelStateStarted
            10<9 TaskStateEntered name=A
            11<6 TaskSucceeded
            12<11 TaskStateExited name=T
            13<12 PassStateEntered name=U
            14<13 PassStateExited name=U
            15<14 MapIterationSucceeded name=Each index=0
            16<10 TaskScheduled resource=a
            17<16 TaskFailed error=Boom
            18<17 ParallelStateFailed
            19<18 MapIterationFailed name=Each index=1
            20<19 MapStateFailed
            21<20 ExecutionFailed error=Boom
            22<21 ExecutionRedriven
            23<22 MapStateStarted length=1
            24<99 WaitStateAborted
            25<22 TaskScheduled resource=a
            26<25 TaskFailed error=Boom
            27<26 ExecutionFailed error=Boom
            28<27 ExecutionRedriven
            29<28 TaskScheduled resource=a");
        let events = AllEvents::from(&run);
        let mut places = Places::default();
        places.absorb(AllEvents::new(&run.events[..9], &[]));
        places.absorb(events);
        assert_eq!(places.len(), 29);
        let states: Vec<&str> = (0..29).map(|index| places.state(events, index).unwrap_or("-")).collect();
        let expected = [
            "-", "Each", "Each", "Each", "T", "T", "Each", "P", "P", "A", "T", "T", "U", "U", "Each", "A", "A", "P",
            "Each", "Each", "-", "-", "Each", "-", "A", "A", "-", "-", "A",
        ];
        assert_eq!(states, expected);
    }
}
