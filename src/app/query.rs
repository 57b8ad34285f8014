//! The query line: which executions are shown.
//!
//! `status:failed state:ProcessPayment !order:ord-1 since:1h duration:>5s blue` — all terms have to hold; `!` or `-`
//! before one turns it round, and of values with commas between them one is enough. A text is looked for as a part,
//! without regard to case; `=` before it means the whole, quotes keep blanks and commas, and `*` stands for anything: a
//! name has to fit from its beginning to its end, a document somewhere. A word without a field is looked for in names
//! and documents alike.
//!
//! A query only reads: it asks nothing of a cloud and no clock, and no text makes it fail. What does not read is a
//! [`Problem`] and otherwise ignored.

mod complete;
mod orders;
mod pattern;
mod read;

use std::ops::Range;

pub use self::complete::{Vocabulary, complete};
pub use self::orders::{ORDER_FIELDS, OrdersQuery, complete_orders};
use self::pattern::Pattern;
use self::read::Term;
use super::index::Entry;
use crate::facts::{ExecutionStatus, Millis};

/// The fields: name, and what it means in few words. They are read, completed and explained by this table.
pub const FIELDS: &[(&str, &str)] = &[
    ("status", "where it stands: running, succeeded, failed, timed_out, aborted; the first letters do"),
    ("state", "a state that it went through or is in"),
    ("failed", "the state whose failure ended it"),
    ("error", "the error that it ended with"),
    ("cause", "in the error's cause"),
    ("order", "the order's id"),
    ("name", "the execution's name"),
    ("input", "in its input"),
    ("output", "in its output"),
    ("since", "started so long ago at the most (30s, 15m, 1h, 2d), or not before a date and time"),
    ("until", "started so long ago at the least, or not after a date and time"),
    ("duration", "how long it ran, or has been running: >5s, <200ms, 1h30m or more"),
];

/// Every status, those that `ListExecutions` filters by first.
const STATUSES: [ExecutionStatus; 6] = [
    ExecutionStatus::Running,
    ExecutionStatus::Succeeded,
    ExecutionStatus::Failed,
    ExecutionStatus::TimedOut,
    ExecutionStatus::Aborted,
    ExecutionStatus::PendingRedrive,
];

/// A query, as far as it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What does not read, in the order of the text.
    pub problems: Vec<Problem>,
    /// The quick ones first.
    terms: Vec<Term<Test>>,
}

/// A part of a query that does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, in bytes of the text.
    pub at: Range<usize>,
    /// What is wrong with it, and what would do.
    pub sentence: String,
}

impl Query {
    /// Reads a text; dates in it are UTC's.
    pub fn parse(text: &str) -> Self {
        Self::parse_in(text, &jiff::tz::TimeZone::UTC)
    }

    /// Reads a text; dates in it are of this zone unless they bring their own.
    pub fn parse_in(text: &str, zone: &jiff::tz::TimeZone) -> Self {
        read::query(text, zone)
    }

    /// Whether it means every execution.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it means this execution.
    pub fn matches(&self, entry: &Entry, now: Millis) -> bool {
        self.terms.iter().all(|term| term.holds(|test| test.holds(entry, now)))
    }

    /// The statuses that an execution it means can have; `None` where it says nothing of them.
    pub fn statuses(&self) -> Option<Vec<ExecutionStatus>> {
        let terms: Vec<&Term<Test>> =
            self.terms.iter().filter(|term| matches!(term.any.first(), Some(Test::Status(_)))).collect();
        if terms.is_empty() {
            return None;
        }
        let is_meant =
            |status: &ExecutionStatus| terms.iter().all(|term| term.holds(|test| *test == Test::Status(*status)));
        Some(STATUSES.into_iter().filter(is_meant).collect())
    }
}

/// What one value asks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Status(ExecutionStatus),
    Since(Moment),
    Until(Moment),
    Duration(Bound, Millis),
    Text(TextField, Pattern),
    Word(Pattern),
    Arn(Pattern),
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Ago(Millis),
    At(Millis),
}

/// How a duration compares with that of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// What [`FIELDS`] name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Status,
    Since,
    Until,
    Duration,
    Text(TextField),
}

/// Those that are texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextField {
    State,
    Failed,
    Error,
    Cause,
    Order,
    Name,
    Input,
    Output,
}

impl Field {
    fn of(name: &str) -> Option<Self> {
        let (name, _) = FIELDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(match *name {
            "status" => Self::Status,
            "since" => Self::Since,
            "until" => Self::Until,
            "duration" => Self::Duration,
            "state" => Self::Text(TextField::State),
            "failed" => Self::Text(TextField::Failed),
            "error" => Self::Text(TextField::Error),
            "cause" => Self::Text(TextField::Cause),
            "order" => Self::Text(TextField::Order),
            "name" => Self::Text(TextField::Name),
            "input" => Self::Text(TextField::Input),
            "output" => Self::Text(TextField::Output),
            _ => return None,
        })
    }
}

impl TextField {
    /// Where a word without a field is looked for, the short texts first.
    const OF_WORDS: [Self; 7] =
        [Self::Name, Self::Order, Self::Failed, Self::Error, Self::Cause, Self::Input, Self::Output];

    /// Documents are long and hold more than one thing.
    const fn is_document(self) -> bool {
        matches!(self, Self::Cause | Self::Input | Self::Output)
    }

    fn holds(self, pattern: &Pattern, entry: &Entry) -> bool {
        let text = match self {
            Self::State => return entry.states.iter().any(|state| pattern.fits(state)),
            Self::Failed => entry.failed_state.as_deref(),
            Self::Error => entry.error.as_deref(),
            Self::Cause => entry.cause.as_deref(),
            Self::Order => entry.order.as_deref(),
            Self::Name => Some(entry.summary.name.as_str()),
            Self::Input => entry.input.as_deref(),
            Self::Output => entry.output.as_deref(),
        };
        text.is_some_and(|text| if self.is_document() { pattern.is_within(text) } else { pattern.fits(text) })
    }
}

/// How much work a term is: what decides quickly comes first.
fn cost(term: &Term<Test>) -> usize {
    term.any.iter().map(Test::cost).max().unwrap_or_default()
}

impl Test {
    fn cost(&self) -> usize {
        match self {
            Self::Status(_) | Self::Since(_) | Self::Until(_) | Self::Duration(..) => 0,
            Self::Text(field, _) if !field.is_document() => 1,
            Self::Arn(_) => 1,
            Self::Text(..) => 2,
            Self::Word(_) => 3,
        }
    }

    fn holds(&self, entry: &Entry, now: Millis) -> bool {
        let summary = &entry.summary;
        match self {
            Self::Status(status) => summary.status == *status,
            Self::Since(moment) => summary.started_at >= moment.at(now),
            Self::Until(moment) => summary.started_at <= moment.at(now),
            Self::Duration(bound, limit) => {
                bound.holds(summary.stopped_at.unwrap_or(now).saturating_sub(summary.started_at), *limit)
            }
            Self::Text(field, pattern) => field.holds(pattern, entry),
            Self::Word(pattern) => TextField::OF_WORDS.into_iter().any(|field| field.holds(pattern, entry)),
            Self::Arn(pattern) => pattern.fits(&summary.arn.0),
        }
    }
}

impl Moment {
    const fn at(self, now: Millis) -> Millis {
        match self {
            Self::Ago(span) => now.saturating_sub(span),
            Self::At(at) => at,
        }
    }
}

impl Bound {
    const fn holds(self, duration: Millis, limit: Millis) -> bool {
        match self {
            Self::Above => duration > limit,
            Self::AtLeast => duration >= limit,
            Self::Below => duration < limit,
            Self::AtMost => duration <= limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::{Arn, ExecutionSummary};

    const NOW: Millis = 10_000_000;

    /// An order whose payment was declined an hour and more ago; it took 6 s.
    fn failed() -> Entry {
        Entry {
            input: Some(r#"{"orderId":"ord-1","lines":[{"name":"Blue Mug","size":"Größe 5"}]}"#.into()),
            error: Some("PaymentDeclined".into()),
            cause: Some("payment declined: no funds on the card".into()),
            order: Some("ord-1".into()),
            failed_state: Some("ProcessPayment".into()),
            states: ["ValidateOrder", "ProcessPayment", "Order failed"].map(Arc::<str>::from).to_vec(),
            has_details: true,
            ..Entry::of(ExecutionSummary {
                arn: Arn("arn:aws:states:eu-west-1:1:execution:Orders:ord-1".into()),
                name: "ord-1".into(),
                status: ExecutionStatus::Failed,
                started_at: NOW - 4_000_000,
                stopped_at: Some(NOW - 4_000_000 + 6_000),
                through: None,
            })
        }
    }

    /// It runs since 150 ms, and nothing but the list's line is known.
    fn running() -> Entry {
        Entry::of(ExecutionSummary {
            arn: Arn("arn:aws:states:eu-west-1:1:execution:Orders:test-2".into()),
            name: "test-2".into(),
            status: ExecutionStatus::Running,
            started_at: NOW - 150,
            stopped_at: None,
            through: None,
        })
    }

    /// Whether the failed and the running execution match.
    fn check(text: &str, expected: (bool, bool)) {
        let query = Query::parse(text);
        assert!(query.problems.is_empty(), "{text}: {:?}", query.problems);
        assert_eq!((query.matches(&failed(), NOW), query.matches(&running(), NOW)), expected, "{text}");
    }

    #[test]
    fn terms_say_which_executions_are_meant() {
        let cases = [
            ("", (true, true)),
            ("status:failed", (true, false)),
            ("STATUS:Fail", (true, false)),
            ("status:timedout,TIMED_OUT,r", (false, true)),
            ("!status:failed", (false, true)),
            ("-status:failed,running", (false, false)),
            ("status:failed status:running", (false, false)),
            ("state:ProcessPayment", (true, false)),
            ("state:process", (true, false)),
            ("state:=process", (false, false)),
            ("state:*order", (true, false)),
            ("state:order*", (true, false)),
            ("state:\"order failed\"", (true, false)),
            ("!state:ProcessPayment", (false, true)),
            ("failed:validate", (false, false)),
            ("failed:payment", (true, false)),
            ("error:PaymentDeclined", (true, false)),
            ("error:OutOfStock,declined", (true, false)),
            ("!error:*", (false, true)),
            ("cause:\"no funds\"", (true, false)),
            ("cause:payment*card", (true, false)),
            ("order:ord-1", (true, false)),
            ("order:=ord", (false, false)),
            ("!name:test", (true, false)),
            ("name:=TEST-2", (false, true)),
            ("name:*-*", (true, true)),
            ("input:\"blue mug\"", (true, false)),
            ("input:grösse,GRÖßE", (true, false)),
            ("input:blue*ord-1", (false, false)),
            ("output:x", (false, false)),
            ("blue", (true, false)),
            ("BLUE funds", (true, false)),
            ("blue red", (false, false)),
            ("!blue", (false, true)),
            ("processpayment", (true, false)),
            ("\"declined: no\"", (true, false)),
            ("arn:aws:states:eu-west-1:1:execution:Orders:test-2", (false, true)),
        ];
        for (text, expected) in cases {
            check(text, expected);
        }
    }

    #[test]
    fn terms_of_time_are_measured_from_now() {
        let cases = [
            ("since:1h", (false, true)),
            ("since:2h", (true, true)),
            ("until:10m", (true, false)),
            ("since:1970-01-01T02:00", (false, true)),
            ("since:1970-01-01T02:46:39.850Z", (false, true)),
            ("until:1970-01-01T02:46:39.849Z", (true, false)),
            ("until:1970-01-01", (true, true)),
            ("until:1969-12-31", (false, false)),
            ("duration:>5s", (true, false)),
            ("duration:<200ms", (false, true)),
            ("duration:<200ms,>=6s", (true, true)),
            ("duration:6s", (true, false)),
            ("duration:>6s", (false, false)),
            ("duration:<=0.15s", (false, true)),
        ];
        for (text, expected) in cases {
            check(text, expected);
        }
    }

    #[test]
    fn a_zone_moves_dates_without_one() {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
        let matches = |text: &str| Query::parse_in(text, &zone).matches(&running(), NOW);
        // It started at 02:46 UTC, which is 04:46 there.
        assert!(matches("since:1970-01-01T04:40 until:1970-01-01T04:50"));
        assert!(!matches("until:1970-01-01T02:50"));
        assert!(matches("until:1970-01-01T02:50Z"));
    }

    #[test]
    fn a_cloud_can_be_asked_for_the_statuses() {
        use ExecutionStatus as S;
        let cases: [(&str, Option<&[S]>); 6] = [
            ("blue", None),
            ("status:failed", Some(&[S::Failed])),
            ("status:aborted,failed blue", Some(&[S::Failed, S::Aborted])),
            ("!status:running,pending", Some(&[S::Succeeded, S::Failed, S::TimedOut, S::Aborted])),
            ("status:failed !status:failed", Some(&[])),
            ("status:nonsense", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Query::parse(text).statuses().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_field_of_the_table_is_read() {
        for (name, _) in FIELDS {
            assert!(Field::of(name).is_some(), "{name}");
        }
    }
}
