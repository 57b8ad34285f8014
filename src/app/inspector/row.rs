//! What a row of the inspector is: data that can be shown at any width.
//!
//! Never knows styles, columns or time zones.

use order_core::OrderStatus;

use crate::app::run::VisitStatus;
use crate::app::tree::{self, RowValue};
use crate::facts::Millis;

/// A row of the inspector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectorRow {
    /// What stands there.
    pub kind: RowKind,
    /// Whether it holds what is searched for.
    pub is_match: bool,
}

/// What stands in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// How a visit to a state stands: the heading of the first section.
    Status {
        /// Where it stands; `None` when the state was not reached.
        status: Option<VisitStatus>,
        /// How long it took, or has taken so far.
        took: Option<Millis>,
        /// Which of the visits it is, from 1.
        visit: usize,
        /// How many visits there are.
        visits: usize,
        /// The Map iteration that it belongs to.
        iteration: Option<usize>,
        /// Whether what is below it is hidden.
        folded: bool,
    },
    /// Where an order stands: the heading of the first section.
    Order {
        /// Its status.
        status: OrderStatus,
        /// Whether what is below it is hidden.
        folded: bool,
    },
    /// The heading of a section.
    Heading {
        /// What it is called.
        title: &'static str,
        /// Whether what is below it is hidden.
        folded: bool,
        /// What else is to be said of it, in few words; may be empty.
        note: String,
    },
    /// Something that has a name; or a sentence, and then the name is empty.
    Fact {
        /// Its name.
        name: &'static str,
        /// What it is. May have line breaks.
        value: String,
        /// How it is meant.
        tone: Tone,
    },
    /// A row of a JSON document, or of a text that is none.
    Tree(tree::Row),
    /// A try of a state.
    Try {
        /// Which, from 1.
        number: usize,
        /// When it was made.
        started_at: Millis,
        /// How long after the end of the try before.
        waited: Option<Millis>,
        /// How long it took, or has taken so far.
        took: Millis,
        /// How it ended.
        outcome: Outcome,
        /// The line to read of its cause.
        cause: Option<String>,
    },
    /// A status that an order went through.
    Step {
        /// Where it lies with regard to a visit; `None` where no visit is looked at.
        moment: Option<Moment>,
        /// When it was entered, if that can be read.
        at: Option<Millis>,
        /// The status.
        status: OrderStatus,
        /// Why.
        reason: String,
    },
    /// A line of a log.
    Log {
        /// When it was written.
        at: Millis,
        /// Its level, in capitals; empty if it names none.
        level: String,
        /// What it says. May have line breaks.
        text: String,
        /// The line as the function wrote it.
        raw: String,
    },
    /// An event of the history.
    Event {
        /// Its id.
        id: i64,
        /// Its type.
        type_name: String,
        /// How long after the state was entered.
        offset: Millis,
        /// How it is meant.
        tone: Tone,
    },
}

/// How something is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// It matters less.
    Dim,
    /// It went well.
    Good,
    /// It went wrong.
    Bad,
    /// Something is still to come.
    Waiting,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has not.
    Running,
    /// Well.
    Succeeded,
    /// With this error.
    Failed(String),
    /// It was given up, because the state was.
    GivenUp,
}

/// Where something lies with regard to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the state was entered.
    Before,
    /// While it was visited.
    Within,
    /// After it was left.
    After,
}

impl RowKind {
    /// A fact.
    pub(super) fn fact(name: &'static str, value: impl Into<String>, tone: Tone) -> Self {
        Self::Fact { name, value: value.into(), tone }
    }

    /// The row as it is at a time.
    pub(super) fn as_of(&self, now: Millis) -> Self {
        let mut row = self.clone();
        if let Self::Try { outcome: Outcome::Running, started_at, took, .. } = &mut row {
            *took = now.saturating_sub(*started_at).max(0);
        }
        row
    }

    /// Whether it holds a text, which is in small letters.
    pub(super) fn holds(&self, needle: &str) -> bool {
        let holds = |text: &str| text.to_lowercase().contains(needle);
        match self {
            Self::Status { status, .. } => status.is_some_and(|status| holds(status.word())),
            Self::Order { status, .. } => holds(status.as_str()),
            Self::Heading { title, .. } => holds(title),
            Self::Fact { name, value, .. } => holds(name) || holds(value),
            Self::Tree(row) => {
                row.key.as_deref().is_some_and(holds)
                    || match &row.value {
                        RowValue::Text(text) | RowValue::Number(text) => holds(text),
                        RowValue::Bool(true) => holds("true"),
                        RowValue::Bool(false) => holds("false"),
                        RowValue::Null => holds("null"),
                        RowValue::Open { .. } | RowValue::Close { .. } => false,
                    }
            }
            Self::Try { outcome, cause, .. } => {
                matches!(outcome, Outcome::Failed(error) if holds(error)) || cause.as_deref().is_some_and(holds)
            }
            Self::Step { status, reason, .. } => holds(status.as_str()) || holds(reason),
            Self::Log { level, text, .. } => holds(level) || holds(text),
            Self::Event { id, type_name, .. } => holds(type_name) || id.to_string() == needle,
        }
    }

    /// It as a text, to be copied.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Status { status, .. } => status.map_or("not reached", VisitStatus::word).to_owned(),
            Self::Order { status, .. } => status.to_string(),
            Self::Heading { title, .. } => (*title).to_owned(),
            Self::Fact { value, .. } => value.clone(),
            Self::Tree(row) => row.path.clone(),
            Self::Try { number, outcome, cause, .. } => {
                let outcome = match outcome {
                    Outcome::Running => "running",
                    Outcome::Succeeded => "succeeded",
                    Outcome::Failed(error) => error.as_str(),
                    Outcome::GivenUp => "given up",
                };
                let cause = cause.as_deref().map(|cause| format!(": {cause}")).unwrap_or_default();
                format!("{number} {outcome}{cause}")
            }
            Self::Step { status, reason, .. } => format!("{status} {reason}"),
            Self::Log { raw, .. } => raw.clone(),
            Self::Event { id, type_name, .. } => format!("{id} {type_name}"),
        }
    }
}
