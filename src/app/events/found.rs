//! Where a filter finds an event.

use super::AllEvents;
use super::places::Places;
use crate::app::needle::Needle;
use crate::facts::HistoryEvent;

/// An event that was found, and where in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Histories have 25,000 events at most, and there may be as many of these.
    index: u32,
    /// What holds the text.
    pub field: Field,
    /// From which byte of it on.
    pub at: u32,
}

/// A part of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the event's field of its name")]
pub enum Field {
    Type,
    State,
    Error,
    Cause,
    Resource,
    Parameters,
    Input,
    Output,
}

impl Field {
    /// All of them, in the order in which they are searched.
    const ALL: [Self; 8] = [
        Self::Type,
        Self::State,
        Self::Error,
        Self::Cause,
        Self::Resource,
        Self::Parameters,
        Self::Input,
        Self::Output,
    ];

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::State => "state",
            Self::Error => "error",
            Self::Cause => "cause",
            Self::Resource => "resource",
            Self::Parameters => "called with",
            Self::Input => "input",
            Self::Output => "output",
        }
    }

    /// Its text in an event; the state's name is not the event's alone, and not answered.
    pub fn of(self, event: &HistoryEvent) -> Option<&str> {
        match self {
            Self::Type => Some(&event.type_name),
            Self::State => None,
            Self::Error => event.error.as_deref(),
            Self::Cause => event.cause.as_deref(),
            Self::Resource => event.resource.as_deref(),
            Self::Parameters => event.parameters.as_deref(),
            Self::Input => event.input.as_deref(),
            Self::Output => event.output.as_deref(),
        }
    }
}

impl Found {
    /// Where the event is among all events.
    pub fn index(self) -> usize {
        usize::try_from(self.index).unwrap_or(usize::MAX)
    }
}

/// Looks for a text in an event.
pub(super) fn find(needle: &Needle, events: AllEvents<'_>, places: &Places, index: usize) -> Option<Found> {
    let event = events.get(index)?;
    Field::ALL.into_iter().find_map(|field| {
        let text = if field == Field::State { places.state(events, index) } else { field.of(event) };
        let at = needle.find(text?)?.start;
        Some(Found { index: u32::try_from(index).ok()?, field, at: u32::try_from(at).ok()? })
    })
}
