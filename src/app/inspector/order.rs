//! An order as sections: where it stands, its lines, its history and the document that it came as. And what became of
//! it around a visit to a state.
//!
//! Never guesses: a time that cannot be read is left out, and is neither before nor after anything.

use order_core::{HistoryEntry, Order};

use super::row::{Moment, RowKind, Tone};
use super::section::{Draft, DraftBody, Head, Part};
use crate::facts::{Arn, Millis, OrderFacts, time_of};

/// The sections of an order.
pub(super) fn sections(facts: &OrderFacts) -> Vec<Draft> {
    let record = &facts.record;
    let rows = summary(facts);
    let mut drafts =
        vec![Draft { part: Part::Order, head: Head::Order(record.status), folded: false, body: DraftBody::Rows(rows) }];
    let lines: Vec<RowKind> = Order::readable_lines(&record.order)
        .into_iter()
        .map(|(_, line)| {
            let text = format!("{} x {}  {}", line.quantity, line.sku, line.unit_price);
            RowKind::fact("", text, Tone::Plain)
        })
        .collect();
    if !lines.is_empty() {
        let note = lines.len().to_string();
        drafts.push(Draft::rows(Part::Lines, "lines", lines).noted(note));
    }
    let steps = record.history.iter().map(|entry| step(entry, None)).collect();
    drafts.push(Draft::rows(Part::History, "history", steps));
    drafts.push(Draft::text(Part::Document, "order", record.order.to_string().into()));
    drafts
}

/// What an execution made of its order around a visit: the status before it, those that it brought, and the one after
/// it. Nothing if the order is another execution's.
pub(super) fn around(facts: &OrderFacts, execution: &Arn, from: Millis, until: Option<Millis>) -> Vec<RowKind> {
    if !facts.record.history.iter().any(|entry| entry.execution == execution.0) {
        return Vec::new();
    }
    let mut rows: Vec<RowKind> = Vec::new();
    for entry in &facts.record.history {
        let Some(at) = time_of(&entry.at) else { continue };
        if at < from {
            // Only the last one before counts.
            rows = vec![step(entry, Some(Moment::Before))];
        } else if until.is_none_or(|until| at <= until) {
            rows.push(step(entry, Some(Moment::Within)));
        } else {
            rows.push(step(entry, Some(Moment::After)));
            break;
        }
    }
    rows
}

fn summary(facts: &OrderFacts) -> Vec<RowKind> {
    let record = &facts.record;
    let mut rows = Vec::new();
    let mut add = |name: &'static str, value: Option<String>, tone: Tone| {
        rows.extend(value.map(|value| RowKind::fact(name, value, tone)));
    };
    let waits = record.approval_token.is_some().then(|| "waits for approval: a approves, r rejects".to_owned());
    add("", waits, Tone::Waiting);
    add("customer", record.customer().map(ToOwned::to_owned), Tone::Plain);
    add("total", record.total().map(|total| total.to_string()), Tone::Plain);
    // A payment without an amount and a reservation without lines are the marks that forbid one.
    let payment = facts.payment.as_ref().filter(|payment| !payment.amount.is_empty());
    let paid = payment.map(|payment| format!("{} {} {}", payment.state.as_str(), payment.amount, payment.reference));
    add("payment", paid, Tone::Plain);
    let reservation = facts.reservation.as_ref().filter(|reservation| !reservation.lines.is_empty());
    let reserved = reservation.map(|reservation| {
        let pieces: Vec<String> = reservation.lines.iter().map(|(sku, count)| format!("{count} x {sku}")).collect();
        format!("{} {}", reservation.state.as_str(), pieces.join(", "))
    });
    add("stock", reserved, Tone::Plain);
    let execution = Some(Arn(record.execution.clone())).filter(|execution| !execution.0.is_empty());
    add("execution", execution.map(|execution| execution.name().to_owned()), Tone::Dim);
    rows
}

fn step(entry: &HistoryEntry, moment: Option<Moment>) -> RowKind {
    RowKind::Step { moment, at: time_of(&entry.at), status: entry.status, reason: entry.reason.clone() }
}
