//! The events of an execution as a table: which of them are shown, which is chosen, and what state each belongs to.
//!
//! The table never holds the events themselves and never moves through time: it is given them where it needs them, and
//! says which one is chosen. What a filter finds is worked out when it changes or events come, not when it is drawn.

mod found;
mod places;

use super::needle::Needle;
use super::run::Run;
use crate::facts::{HistoryEvent, Millis};
use found::find;
use places::Places;

pub use found::{Field, Found};

/// Every event of an execution that is known, also those after the moment that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct AllEvents<'a> {
    happened: &'a [HistoryEvent],
    to_come: &'a [HistoryEvent],
}

/// The table.
#[derive(Clone, Debug, Default)]
pub struct EventTable {
    places: Places,
    filter: String,
    needle: Option<Needle>,
    /// What the filter finds, in the order of the events.
    found: Vec<Found>,
    /// The event that was chosen. It need not be shown.
    chosen: usize,
    /// Whether the newest event is chosen as it comes.
    follows: bool,
}

impl<'a> AllEvents<'a> {
    /// Those that have happened, oldest first, and those to come, newest first.
    pub fn new(happened: &'a [HistoryEvent], to_come: &'a [HistoryEvent]) -> Self {
        Self { happened, to_come }
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.happened.len() + self.to_come.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The event at a place, counted from 0.
    pub fn get(self, index: usize) -> Option<&'a HistoryEvent> {
        match index.checked_sub(self.happened.len()) {
            None => self.happened.get(index),
            Some(later) => self.to_come.iter().nth_back(later),
        }
    }

    /// Where the event with that id is.
    pub fn position(self, id: i64) -> Option<usize> {
        // Step Functions counts them from 1, so it is nearly always there.
        let usual = usize::try_from(id).ok()?.checked_sub(1)?;
        if self.get(usual).is_some_and(|event| event.id == id) {
            return Some(usual);
        }
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle)?.id.cmp(&id) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// When the first of them happened.
    pub fn started_at(self) -> Option<Millis> {
        self.get(0).map(|event| event.at)
    }
}

impl<'a> From<&'a Run> for AllEvents<'a> {
    fn from(run: &'a Run) -> Self {
        Self::new(&run.events, &[])
    }
}

impl EventTable {
    /// A table of no events yet that follows them as they come.
    pub fn new() -> Self {
        Self { follows: true, ..Self::default() }
    }

    /// Takes in the events that have come. Those of another execution need a new table.
    pub fn absorb(&mut self, events: AllEvents<'_>) {
        let known = self.places.len();
        self.places.absorb(events);
        if let Some(needle) = &self.needle {
            let fresh = (known..events.len()).filter_map(|index| find(needle, events, &self.places, index));
            self.found.extend(fresh);
        }
        if self.follows {
            self.chosen = events.len().saturating_sub(1);
        }
    }

    /// What the events are filtered by.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// What is to be made visible in rows.
    pub fn needle(&self) -> Option<&Needle> {
        self.needle.as_ref()
    }

    /// Shows the events that hold a text in their type, state, error, cause, resource, parameters, input or output;
    /// all of them if it is empty. `name=value` also finds a field of a document. The chosen event stays chosen.
    pub fn set_filter(&mut self, filter: &str, events: AllEvents<'_>) {
        if filter == self.filter {
            return;
        }
        // Where more is typed, only what was found before can be found.
        let narrows = self.needle.is_some() && filter.starts_with(&self.filter);
        self.needle = Needle::new(filter);
        self.filter = filter.to_owned();
        self.found = match &self.needle {
            None => Vec::new(),
            Some(needle) if narrows => {
                let before = self.found.iter();
                before.filter_map(|found| find(needle, events, &self.places, found.index())).collect()
            }
            Some(needle) => {
                (0..self.places.len()).filter_map(|index| find(needle, events, &self.places, index)).collect()
            }
        };
    }

    /// How many events are shown.
    pub fn shown_len(&self) -> usize {
        if self.needle.is_some() { self.found.len() } else { self.places.len() }
    }

    /// The events in at most `count` rows from the row `first` on: where each is, and where the filter finds it.
    pub fn shown(&self, first: usize, count: usize) -> impl Iterator<Item = (usize, Option<Found>)> {
        (first..self.shown_len().min(first.saturating_add(count))).filter_map(move |row| match self.needle {
            Some(_) => self.found.get(row).map(|found| (found.index(), Some(*found))),
            None => Some((row, None)),
        })
    }

    /// The chosen event, by its place among all.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The row of the chosen event; if the filter hides it, that of the one before it that is shown.
    pub fn row(&self) -> Option<usize> {
        let last = self.shown_len().checked_sub(1)?;
        let row = match self.needle {
            Some(_) => self.found.partition_point(|found| found.index() <= self.chosen).saturating_sub(1),
            None => self.chosen,
        };
        Some(row.min(last))
    }

    /// Where the event of the chosen row is among all events.
    pub fn event(&self) -> Option<usize> {
        self.index(self.row()?)
    }

    /// Chooses the event so many rows further, up where negative, and answers where it is. At the last row new events
    /// are followed.
    pub fn step(&mut self, rows: isize) -> Option<usize> {
        let last = self.shown_len().checked_sub(1)?;
        let row = self.row()?.saturating_add_signed(rows).min(last);
        self.chosen = self.index(row)?;
        self.follows = row == last;
        Some(self.chosen)
    }

    /// Chooses the event at a place, such as the last one at the moment that is looked at.
    pub fn choose(&mut self, event: usize) {
        self.chosen = event.min(self.places.len().saturating_sub(1));
        self.follows = event.saturating_add(1) >= self.places.len();
    }

    /// The state that an event belongs to.
    pub fn state<'a>(&self, events: AllEvents<'a>, event: usize) -> Option<&'a str> {
        self.places.state(events, event)
    }

    fn index(&self, row: usize) -> Option<usize> {
        match self.needle {
            Some(_) => self.found.get(row).map(|found| found.index()),
            None => (row < self.places.len()).then_some(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;

    const SCRIPT: &str = r#"
        1<0 ExecutionStarted input={"orderId":"ord-1"}
        2<0 TaskStateEntered Pay input={"orderId":"ord-1"}
        3<2 TaskScheduled resource=lambda:invoke parameters={"FunctionName":"pay"}
        4<3 TaskStarted
        5<4 TaskFailed error=Declined cause={"errorMessage":"no~money"}
        6<5 TaskStateExited Pay output={"error":"Declined"}
        7<6 FailStateEntered NotPaid
        8<7 ExecutionFailed error=Declined"#;

    fn shown(table: &EventTable) -> Vec<usize> {
        table.shown(0, usize::MAX).map(|(index, _)| index + 1).collect()
    }

    /// The ids of the events that a filter shows.
    fn check(filter: &str, expected: &[usize]) {
        let run = run(SCRIPT);
        let events = AllEvents::from(&run);
        let mut at_once = EventTable::new();
        at_once.absorb(events);
        at_once.set_filter(filter, events);
        assert_eq!(shown(&at_once), expected, "{filter}");
        // As it is typed, and with the events coming after it was.
        let mut typed = EventTable::new();
        typed.absorb(AllEvents::new(&run.events[..3], &[]));
        for end in filter.char_indices().map(|(at, c)| at + c.len_utf8()) {
            typed.set_filter(&filter[..end], events);
        }
        typed.absorb(events);
        assert_eq!(shown(&typed), expected, "{filter}");
        typed.set_filter("", events);
        assert_eq!(typed.shown_len(), 8);
    }

    #[test]
    fn a_filter_looks_into_everything() {
        check("declined", &[5, 6, 8]);
        check("taskst", &[2, 4, 6]);
        // What happened to a state counts as its own, though it does not name it.
        check("pay", &[2, 3, 4, 5, 6]);
        check("NO MONEY", &[5]);
        check("lambda:", &[3]);
        check("orderid=ord", &[1, 2]);
        check("nothing of the kind", &[]);
        check("", &[1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn the_chosen_event_stays_when_the_filter_changes() {
        let run = run(SCRIPT);
        let events = AllEvents::from(&run);
        let mut table = EventTable::new();
        assert_eq!((table.row(), table.event(), table.step(1)), (None, None, None));
        table.absorb(AllEvents::new(&run.events[..4], &[]));
        assert_eq!(table.event(), Some(3));
        table.absorb(events);
        assert_eq!(table.event(), Some(7));
        assert_eq!(table.step(-4), Some(3));
        table.set_filter("declined", events);
        // None that is shown comes before it.
        assert_eq!((table.row(), table.event()), (Some(0), Some(4)));
        assert_eq!(table.step(1), Some(5));
        table.set_filter("", events);
        assert_eq!(table.row(), Some(5));
        table.set_filter("failed", events);
        assert_eq!((table.row(), table.event()), (Some(0), Some(4)));
        assert_eq!(table.step(isize::MAX), Some(7));
        table.choose(1);
        table.set_filter("", events);
        table.absorb(events);
        assert_eq!(table.event(), Some(1));
        table.set_filter("nothing of the kind", events);
        assert_eq!((table.row(), table.event(), table.step(1)), (None, None, None));
    }

    #[test]
    fn events_are_found_by_place_and_id_wherever_one_stands_in_time() {
        let run = run(SCRIPT);
        for happened in 0..=8 {
            let mut to_come = run.events[happened..].to_vec();
            to_come.reverse();
            let events = AllEvents::new(&run.events[..happened], &to_come);
            assert_eq!((events.len(), events.started_at()), (8, Some(10)));
            for index in 0..8 {
                let id = run.events[index].id;
                assert_eq!(events.get(index).map(|event| event.id), Some(id));
                assert_eq!(events.position(id), Some(index));
            }
            assert_eq!((events.get(8), events.position(0), events.position(9)), (None, None, None));
        }
        // Not counted from 1.
        let odd = &run.events[3..];
        let events = AllEvents::new(odd, &[]);
        assert_eq!((events.position(4), events.position(8), events.position(1)), (Some(0), Some(4), None));
    }
}
