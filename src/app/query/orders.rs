//! The query line of the orders: which of them are shown.
//!
//! `status:confirmed,failed since:1h sku:MUG-1 jane` — the same language as that of the executions, of other fields.
//! Status and time are asked of the table; the rest is looked for in what was read.

use jiff::tz::TimeZone;
use order_core::{Order, OrderRecord, OrderStatus};

use super::complete::{Offers, complete_with};
use super::pattern::Pattern;
use super::read::{Term, Value, meant, moment, terms};
use super::{Moment, Problem};
use crate::facts::{Millis, time_of};

/// The fields: name, and what it means in few words.
pub const ORDER_FIELDS: &[(&str, &str)] = &[
    ("status", "where it stands: confirmed, failed, awaiting_approval…; the first letters do"),
    ("since", "changed its status so long ago at the most (30s, 15m, 1h, 2d), or not before a date and time"),
    ("until", "changed its status so long ago at the least, or not after a date and time"),
    ("order", "its id"),
    ("customer", "the customer's name"),
    ("sku", "a line of it"),
    ("reason", "why it came to its status"),
];

/// A query of orders, as far as it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrdersQuery {
    /// What does not read, in the order of the text.
    pub problems: Vec<Problem>,
    terms: Vec<Term<Test>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Status(OrderStatus),
    Since(Moment),
    Until(Moment),
    Order(Pattern),
    Customer(Pattern),
    Sku(Pattern),
    Reason(Pattern),
    Word(Pattern),
}

impl OrdersQuery {
    /// Reads a text; dates in it are of this zone unless they bring their own.
    pub fn parse_in(text: &str, zone: &TimeZone) -> Self {
        let (terms, problems) = terms(text, ORDER_FIELDS, |field, value| asked(field, value, zone));
        Self { problems, terms }
    }

    /// Whether it means every order.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it means this order.
    pub fn matches(&self, record: &OrderRecord, now: Millis) -> bool {
        self.terms.iter().all(|term| term.holds(|test| test.holds(record, now)))
    }

    /// The statuses that an order it means can have; `None` where it says nothing of them.
    pub fn statuses(&self) -> Option<Vec<OrderStatus>> {
        let is_of_status = |term: &&Term<Test>| matches!(term.any.first(), Some(Test::Status(_)));
        let terms: Vec<&Term<Test>> = self.terms.iter().filter(is_of_status).collect();
        let is_meant =
            |status: &OrderStatus| terms.iter().all(|term| term.holds(|test| *test == Test::Status(*status)));
        (!terms.is_empty()).then(|| OrderStatus::ALL.into_iter().filter(is_meant).collect())
    }

    /// What of it a table can be asked, as a text that tells it from others.
    pub fn question(&self) -> String {
        let is_asked =
            |term: &&Term<Test>| matches!(term.any.first(), Some(Test::Status(_) | Test::Since(_) | Test::Until(_)));
        let terms: Vec<&Term<Test>> = self.terms.iter().filter(is_asked).collect();
        if terms.is_empty() { String::new() } else { format!("{terms:?}") }
    }

    /// Between which times an order it means has changed: not before, and not after.
    pub fn times(&self, now: Millis) -> (Option<Millis>, Option<Millis>) {
        // Of several values one is enough, so the widest bounds count; terms have to hold all, so the narrowest.
        let of = |pick: fn(&Test) -> Option<Moment>| {
            let terms = self.terms.iter().filter(|term| !term.is_negated);
            terms.map(move |term| term.any.iter().filter_map(pick).map(|moment| moment.at(now)).collect::<Vec<_>>())
        };
        let since = of(|test| if let Test::Since(moment) = test { Some(*moment) } else { None });
        let until = of(|test| if let Test::Until(moment) = test { Some(*moment) } else { None });
        let from = since.filter_map(|times| times.into_iter().min()).max();
        (from, until.filter_map(|times| times.into_iter().max()).min())
    }
}

fn asked(field: Option<&'static str>, value: &Value, zone: &TimeZone) -> Result<Vec<Test>, String> {
    let text = value.text.as_str();
    let pattern = || Pattern::new(text, value.is_whole, value.is_quoted);
    let test = match field {
        Some("status") => {
            let statuses = meant(text, OrderStatus::ALL.map(|status| (status, status.as_str())))?;
            return Ok(statuses.into_iter().map(Test::Status).collect());
        }
        Some("since") => Test::Since(moment(text, zone, false)?),
        Some("until") => Test::Until(moment(text, zone, true)?),
        Some("order") => Test::Order(pattern()),
        Some("customer") => Test::Customer(pattern()),
        Some("sku") => Test::Sku(pattern()),
        Some("reason") => Test::Reason(pattern()),
        _ => Test::Word(pattern()),
    };
    Ok(vec![test])
}

impl Test {
    fn holds(&self, record: &OrderRecord, now: Millis) -> bool {
        let order = |pattern: &Pattern| pattern.fits(record.order_id.as_str());
        let customer = |pattern: &Pattern| record.customer().is_some_and(|name| pattern.fits(name));
        let sku = |pattern: &Pattern| {
            Order::readable_lines(&record.order).into_iter().any(|(_, line)| pattern.fits(line.sku.as_str()))
        };
        let reason = |pattern: &Pattern| record.history.last().is_some_and(|entry| pattern.is_within(&entry.reason));
        // A time that cannot be read is neither before nor after another.
        let changed = time_of(&record.updated_at);
        match self {
            Self::Status(status) => record.status == *status,
            Self::Since(moment) => changed.is_some_and(|at| at >= moment.at(now)),
            Self::Until(moment) => changed.is_some_and(|at| at <= moment.at(now)),
            Self::Order(pattern) => order(pattern),
            Self::Customer(pattern) => customer(pattern),
            Self::Sku(pattern) => sku(pattern),
            Self::Reason(pattern) => reason(pattern),
            Self::Word(pattern) => {
                order(pattern)
                    || pattern.fits(record.status.as_str())
                    || customer(pattern)
                    || sku(pattern)
                    || reason(pattern)
            }
        }
    }
}

/// The texts that complete the last word of a text, the likeliest first.
pub fn complete_orders(text: &str) -> Vec<String> {
    let statuses = || OrderStatus::ALL.map(|status| status.as_str().to_ascii_lowercase()).to_vec();
    let values = |field: &str| match field {
        "status" => statuses(),
        "since" | "until" => ["15m", "1h", "1d", "7d"].map(ToOwned::to_owned).to_vec(),
        _ => Vec::new(),
    };
    let offers = Offers { fields: ORDER_FIELDS, values: &values, has_parts: &|_| false, named: &["status"] };
    complete_with(text, &offers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use order_core::{HistoryEntry, OrderId};
    use serde_json::json;

    const NOW: Millis = 10_000_000;

    /// Declined at 02:00 of the first day, 46 min 40 s before now.
    fn record() -> OrderRecord {
        OrderRecord {
            order_id: OrderId::new("ord-1").unwrap(),
            status: OrderStatus::PaymentFailed,
            created_at: "1970-01-01T01:59:59.000Z".into(),
            updated_at: "1970-01-01T02:00:00.000Z".into(),
            execution: String::new(),
            order: json!({
                "customer": { "name": "Jane Doe" },
                "lines": [{ "sku": "MUG-BLUE", "quantity": 1, "unitPrice": 100 }],
                "currency": "EUR",
            }),
            approval_token: None,
            history: vec![HistoryEntry {
                status: OrderStatus::PaymentFailed,
                at: "1970-01-01T02:00:00.000Z".into(),
                reason: "payment declined: no funds".into(),
                execution: String::new(),
            }],
        }
    }

    fn check(text: &str, expected: bool) {
        let query = OrdersQuery::parse_in(text, &TimeZone::UTC);
        assert!(query.problems.is_empty(), "{text}: {:?}", query.problems);
        assert_eq!(query.matches(&record(), NOW), expected, "{text}");
    }

    #[test]
    fn terms_say_which_orders_are_meant() {
        let cases = [
            ("", true),
            ("status:payment", true),
            ("status:confirmed,PAYMENT_FAILED", true),
            ("!status:paymentfailed", false),
            ("since:1h", true),
            ("since:30m", false),
            ("until:30m", true),
            ("until:1970-01-01T01:00", false),
            ("order:ord", true),
            ("order:=ord", false),
            ("customer:jane", true),
            ("sku:mug", true),
            ("sku:shirt", false),
            ("reason:\"no funds\"", true),
            ("jane mug", true),
            ("jane shirt", false),
        ];
        for (text, expected) in cases {
            check(text, expected);
        }
    }

    #[test]
    fn a_table_can_be_asked_for_statuses_and_times() {
        use OrderStatus as S;
        type Expected = (Option<Vec<S>>, (Option<Millis>, Option<Millis>));
        let cases: [(&str, Expected); 6] = [
            ("jane", (None, (None, None))),
            ("status:confirmed,failed", (Some(vec![S::Confirmed, S::Failed]), (None, None))),
            ("status:failed !status:failed", (Some(vec![]), (None, None))),
            ("since:1000s", (None, (Some(NOW - 1_000_000), None))),
            ("since:1000s,2000s since:1500s", (None, (Some(NOW - 1_500_000), None))),
            ("until:10s !since:5s", (None, (None, Some(NOW - 10_000)))),
        ];
        for (text, expected) in cases {
            let query = OrdersQuery::parse_in(text, &TimeZone::UTC);
            assert_eq!((query.statuses(), query.times(NOW)), expected, "{text}");
        }
    }

    #[test]
    fn what_does_not_read_is_told_with_what_would() {
        for (text, sentence) in [("status:lost", "lost is no status"), ("state:Pay", "no field state")] {
            let query = OrdersQuery::parse_in(text, &TimeZone::UTC);
            assert!(query.problems[0].sentence.contains(sentence), "{text}: {:?}", query.problems);
        }
    }

    #[test]
    fn the_last_word_is_completed() {
        assert_eq!(complete_orders("status:conf"), ["status:confirmed"]);
        assert_eq!(complete_orders("sk"), ["sku:"]);
        assert_eq!(complete_orders("awa"), ["status:awaiting_approval"]);
        assert_eq!(complete_orders("x since:1"), ["x since:15m", "x since:1h", "x since:1d"]);
    }
}
