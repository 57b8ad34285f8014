//! The list of orders: what was read of those that are asked for, which of them the query means, and an order as it
//! stood at an earlier moment.
//!
//! It asks for nothing. What it asks of the table ([`OrdersList::asked`]) is the query as it was confirmed; as one types,
//! only what was read is looked through.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use order_core::{OrderId, OrderRecord, OrderStatus};

use super::query::OrdersQuery;
use crate::facts::{Millis, OrderFacts, OrdersAsked, OrdersPage, time_of};

/// The list of orders.
#[derive(Clone, Debug, Default)]
pub struct OrdersList {
    /// What was read, newest first.
    records: Vec<OrderRecord>,
    /// Those that the query means.
    rows: Vec<usize>,
    query: OrdersQuery,
    /// The query as it is typed.
    text: String,
    /// What the table is asked for: the query as it was confirmed.
    confirmed: OrdersQuery,
    /// The question that what was read is an answer to.
    answered: Option<String>,
    /// Whether the table has older ones.
    has_more: bool,
    /// Whether they are being read.
    is_reading: bool,
    /// The row that was shown first as it was last drawn.
    top: usize,
}

impl OrdersList {
    /// The row that was shown first as it was last drawn.
    pub fn top(&self) -> usize {
        self.top
    }

    /// It was drawn from this row on.
    pub fn drawn_from(&mut self, top: usize) {
        self.top = top;
    }

    /// The rows, those that changed last first.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &OrderRecord> {
        self.rows.iter().map(|row| &self.records[*row])
    }

    /// The row of that number.
    pub fn row(&self, row: usize) -> Option<&OrderRecord> {
        self.records.get(*self.rows.get(row)?)
    }

    /// The row of an order, if it is listed.
    pub fn place(&self, id: &OrderId) -> Option<usize> {
        self.rows.iter().position(|row| self.records[*row].order_id == *id)
    }

    /// The rows that are shown: behind the last one, that there are older ones.
    pub fn shown_len(&self) -> usize {
        self.rows.len() + usize::from(self.has_more() || self.is_reading)
    }

    /// The row of an order that is to be in view; with the last one, what is behind it.
    pub fn shown_place(&self, id: &OrderId) -> Option<usize> {
        let place = self.place(id)?;
        Some(if place + 1 == self.rows.len() { self.shown_len() - 1 } else { place })
    }

    /// An order that was read, listed or not.
    pub fn get(&self, id: &OrderId) -> Option<&OrderRecord> {
        self.records.iter().find(|record| record.order_id == *id)
    }

    /// All that was read.
    pub fn records(&self) -> &[OrderRecord] {
        &self.records
    }

    /// The query as it is typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What in the query does not read first.
    pub fn problem(&self) -> Option<&str> {
        self.query.problems.first().map(|problem| problem.sentence.as_str())
    }

    /// Whether what is asked for was read at least once.
    pub fn is_loaded(&self) -> bool {
        self.answered.as_deref() == Some(&self.confirmed.question())
    }

    /// Whether the table has older ones than those that were read.
    pub fn has_more(&self) -> bool {
        self.has_more && self.is_loaded()
    }

    /// Whether they are being read.
    pub fn is_reading(&self) -> bool {
        self.is_reading
    }

    /// Looks through what was read.
    pub fn look(&mut self, text: &str, zone: &TimeZone, now: Millis) {
        self.query = OrdersQuery::parse_in(text, zone);
        self.text = text.to_owned();
        self.refresh(now);
    }

    /// Asks the table for what is looked for. Whether that is something else than before: words are looked for in what
    /// was read alone.
    pub fn confirm(&mut self) -> bool {
        let is_new = self.confirmed.question() != self.query.question();
        self.confirmed.clone_from(&self.query);
        self.is_reading &= !is_new;
        is_new
    }

    /// Whether what was typed is what the table was asked for.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed == self.query
    }

    /// Whether that is the question now.
    pub fn is_asked(&self, asked: &OrdersAsked) -> bool {
        asked.question == self.confirmed.question()
    }

    /// What the table is to be asked for: the newest.
    pub fn asked(&self, now: Millis) -> OrdersAsked {
        let (from, until) = self.confirmed.times(now);
        OrdersAsked {
            question: self.confirmed.question(),
            statuses: self.confirmed.statuses(),
            from,
            until,
            older_than: None,
        }
    }

    /// What it is to be asked for older ones; nothing where there are none, or they are being read.
    pub fn ask_older(&mut self, now: Millis) -> Option<OrdersAsked> {
        if !self.has_more() || self.is_reading {
            return None;
        }
        let (changed, id) = key(self.records.last()?);
        self.is_reading = true;
        Some(OrdersAsked { older_than: Some((changed.to_owned(), id.clone())), ..self.asked(now) })
    }

    /// Older ones could not be read.
    pub fn stop_reading(&mut self) {
        self.is_reading = false;
    }

    /// Takes in what the table answered. An answer to what is no longer asked for is dropped.
    pub fn absorb(&mut self, asked: &OrdersAsked, page: OrdersPage, now: Millis) {
        if !self.is_asked(asked) {
            return;
        }
        let OrdersPage { orders, has_more } = page;
        match &asked.older_than {
            None => {
                let oldest = orders.last().map(key);
                // What was read before goes on behind the newest if they meet; else something is missing between them.
                let meets = self.is_loaded() && has_more && self.records.first().map(key) >= oldest;
                let known: BTreeSet<&OrderId> = orders.iter().map(|record| &record.order_id).collect();
                let older: Vec<OrderRecord> = std::mem::take(&mut self.records)
                    .into_iter()
                    .filter(|record| meets && Some(key(record)) < oldest && !known.contains(&record.order_id))
                    .collect();
                if older.is_empty() {
                    self.has_more = has_more;
                }
                self.records = orders;
                self.records.extend(older);
                self.answered = Some(asked.question.clone());
            }
            Some((changed, id)) => {
                self.is_reading = false;
                if self.records.last().map(key) != Some((changed, id)) {
                    return;
                }
                let known: BTreeSet<OrderId> = self.records.iter().map(|record| record.order_id.clone()).collect();
                self.records.extend(orders.into_iter().filter(|record| !known.contains(&record.order_id)));
                self.has_more = has_more;
            }
        }
        self.refresh(now);
    }

    /// Whether an answer would change what is known.
    pub fn would_change(&self, asked: &OrdersAsked, page: &OrdersPage) -> bool {
        self.is_asked(asked)
            && (!self.is_loaded() || asked.older_than.is_some() || !self.records.starts_with(&page.orders))
    }

    /// Takes in an order as it was read by itself, if it is one of the list.
    pub fn renew(&mut self, record: &OrderRecord, now: Millis) {
        if let Some(known) = self.records.iter_mut().find(|known| known.order_id == record.order_id)
            && known != record
            && known.updated_at <= record.updated_at
        {
            known.clone_from(record);
            self.records.sort_by(|left, right| key(right).cmp(&key(left)));
            self.refresh(now);
        }
    }

    fn refresh(&mut self, now: Millis) {
        let is_meant = |row: &usize| self.query.matches(&self.records[*row], now);
        self.rows = (0..self.records.len()).filter(is_meant).collect();
    }
}

/// What the list is sorted by: the time of the last change, then the id.
fn key(record: &OrderRecord) -> (&str, &OrderId) {
    (&record.updated_at, &record.order_id)
}

/// The status that an order had at a moment; `None` before it was taken in. A time that cannot be read counts as past.
pub fn status_at(record: &OrderRecord, at: Millis) -> Option<OrderStatus> {
    let last = record.history.iter().rfind(|entry| time_of(&entry.at).is_none_or(|time| time <= at));
    last.map(|entry| entry.status)
}

/// An order as it stood at a moment; `None` before it was taken in. What the tables do not tell of that moment is left
/// out: a reservation has no time, and a payment only that of its last change.
pub fn as_of(facts: &OrderFacts, at: Millis) -> Option<OrderFacts> {
    let mut record = facts.record.clone();
    record.history.retain(|entry| time_of(&entry.at).is_none_or(|time| time <= at));
    let last = record.history.last()?;
    if record.history.len() == facts.record.history.len() {
        return Some(facts.clone());
    }
    (record.status, record.updated_at) = (last.status, last.at.clone());
    record.approval_token = record.approval_token.filter(|_| last.status == OrderStatus::AwaitingApproval);
    let payment = facts.payment.clone().filter(|payment| time_of(&payment.at).is_some_and(|time| time <= at));
    Some(OrderFacts { record, payment, reservation: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use order_core::HistoryEntry;

    const NOW: Millis = 1_000_000;

    fn record(id: &str, second: u32, status: OrderStatus) -> OrderRecord {
        let at = format!("1970-01-01T00:00:{second:02}.000Z");
        OrderRecord {
            order_id: OrderId::new(id).unwrap(),
            status,
            created_at: at.clone(),
            updated_at: at.clone(),
            execution: String::new(),
            order: serde_json::Value::Null,
            approval_token: None,
            history: vec![HistoryEntry { status, at, reason: String::new(), execution: String::new() }],
        }
    }

    fn page(orders: &[(&str, u32)], has_more: bool) -> OrdersPage {
        let orders = orders.iter().map(|(id, second)| record(id, *second, OrderStatus::Confirmed)).collect();
        OrdersPage { orders, has_more }
    }

    fn ids(list: &OrdersList) -> Vec<&str> {
        list.rows().map(|record| record.order_id.as_str()).collect()
    }

    fn newest(list: &mut OrdersList, orders: &[(&str, u32)], has_more: bool) {
        list.absorb(&list.asked(NOW), page(orders, has_more), NOW);
    }

    #[test]
    fn older_ones_are_read_on_behind_the_newest() {
        let mut list = OrdersList::default();
        assert!(list.ask_older(NOW).is_none(), "nothing was read yet");
        newest(&mut list, &[("c", 30), ("b", 20)], true);
        let older = list.ask_older(NOW).unwrap();
        assert_eq!(older.older_than, Some(("1970-01-01T00:00:20.000Z".to_owned(), OrderId::new("b").unwrap())));
        assert!(list.ask_older(NOW).is_none(), "they are being read");
        list.absorb(&older, page(&[("a", 10)], false), NOW);
        assert_eq!((ids(&list), list.has_more()), (vec!["c", "b", "a"], false));
        // One has changed, and is no longer where it was.
        newest(&mut list, &[("a", 40), ("c", 30)], true);
        assert_eq!(ids(&list), ["a", "c", "b"]);
        // So many came in between that some were never read.
        newest(&mut list, &[("z", 59), ("y", 58)], true);
        assert_eq!((ids(&list), list.has_more()), (vec!["z", "y"], true));
        // All there are: others are gone.
        newest(&mut list, &[("z", 59)], false);
        assert_eq!((ids(&list), list.has_more()), (vec!["z"], false));
    }

    #[test]
    fn the_table_is_asked_for_what_was_confirmed() {
        let mut list = OrdersList::default();
        newest(&mut list, &[("b", 20), ("a", 10)], true);
        let before = list.asked(NOW);
        list.look("status:failed order:b", &TimeZone::UTC, NOW);
        assert_eq!((ids(&list).len(), list.asked(NOW)), (0, before.clone()));
        list.look("order:b", &TimeZone::UTC, NOW);
        assert_eq!(ids(&list), ["b"]);
        // Words are no question to the table: what was read stays.
        assert!(!list.confirm() && list.is_loaded());
        list.look("status:failed since:10s", &TimeZone::UTC, NOW);
        assert!(list.confirm() && !list.confirm());
        let asked = list.asked(NOW);
        assert_eq!((asked.statuses.clone(), asked.from), (Some(vec![OrderStatus::Failed]), Some(NOW - 10_000)));
        assert!(!list.is_loaded());
        // A late answer to what was asked before is dropped.
        list.absorb(&before, page(&[("x", 50)], false), NOW);
        assert!(!list.is_loaded());
        list.absorb(&asked, OrdersPage { orders: vec![], has_more: false }, NOW);
        assert!(list.is_loaded() && list.records().is_empty());
    }

    #[test]
    fn an_order_that_has_left_the_list_by_its_status_goes() {
        let mut list = OrdersList::default();
        list.look("status:confirmed", &TimeZone::UTC, NOW);
        list.confirm();
        newest(&mut list, &[("b", 20), ("a", 10)], true);
        list.renew(&record("a", 50, OrderStatus::Failed), NOW);
        assert_eq!(ids(&list), ["b"]);
    }

    #[test]
    fn an_order_is_told_as_it_stood() {
        let mut order = record("a", 10, OrderStatus::Received);
        for (second, status) in [(20, OrderStatus::Reserved), (30, OrderStatus::Confirmed)] {
            order.history.extend(record("a", second, status).history);
        }
        (order.status, order.updated_at) = (OrderStatus::Confirmed, order.history[2].at.clone());
        let facts = OrderFacts { record: order.clone(), payment: None, reservation: None };
        let cases = [
            (9_000, None),
            (10_000, Some(OrderStatus::Received)),
            (25_000, Some(OrderStatus::Reserved)),
            (NOW, Some(OrderStatus::Confirmed)),
        ];
        for (at, expected) in cases {
            assert_eq!(status_at(&order, at), expected, "{at}");
            assert_eq!(as_of(&facts, at).map(|facts| facts.record.status), expected, "{at}");
        }
    }
}
