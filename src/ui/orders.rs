//! The list of orders, and one of them whole.

use order_core::OrderRecord;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::executions::first_row;
use super::inspector::{document, field};
use super::text::{clean, cut};
use super::theme::Theme;
use crate::app::Model;

pub(super) fn draw(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    if model.orders.is_empty() {
        let text = if model.orders_loaded { "No orders yet: press n." } else { "Loading…" };
        Span::styled(cut(text, usize::from(area.width)), theme.dim).render(area, buffer);
        return;
    }
    let chosen = model.orders.iter().position(|order| Some(&order.order_id) == model.order.as_ref());
    let rows = usize::from(area.height);
    let first = first_row(chosen, model.orders.len(), rows);
    for (row, order) in model.orders.iter().enumerate().skip(first).take(rows) {
        let y = area.y + u16::try_from(row - first).unwrap_or(0);
        let row_area = Rect { y, height: 1, ..area };
        line(theme, order, usize::from(area.width)).render(row_area, buffer);
        if Some(row) == chosen {
            buffer.set_style(row_area, theme.chosen);
        }
    }
}

fn line(theme: &Theme, order: &OrderRecord, width: usize) -> Line<'static> {
    let (sign, style) = theme.order(order.status);
    let total = order.total().map(|total| total.to_string()).unwrap_or_default();
    let id = cut(order.order_id.as_str(), 16);
    let mut spans = vec![Span::styled(format!("{sign} "), style), Span::raw(format!("{id} "))];
    let room = width.saturating_sub(3 + id.chars().count());
    // The status is what one looks for; the amount stands where there is room for it too.
    let status = cut(order.status.as_str(), room);
    let left = room.saturating_sub(status.len());
    spans.push(Span::styled(status, style));
    if total.len() + 2 <= left {
        spans.push(Span::styled(format!("{total:>left$}"), theme.dim));
    }
    Line::from(spans)
}

/// The chosen order: status history, lines, payment, reservation.
pub(super) fn details(model: &Model, theme: &Theme) -> Vec<Line<'static>> {
    let Some(id) = &model.order else { return vec![Line::styled("Choose an order.", theme.dim)] };
    let Some(facts) = model.order_facts.as_ref().filter(|facts| facts.record.order_id == *id) else {
        return vec![Line::styled("Loading, or not recorded.", theme.dim)];
    };
    let record = &facts.record;
    let (sign, style) = theme.order(record.status);
    let mut lines = vec![Line::styled(format!("{sign} {}", record.status), style)];
    if let Some(customer) = record.customer() {
        lines.push(field(theme, "customer", customer));
    }
    if let Some(total) = record.total() {
        lines.push(field(theme, "total", &total.to_string()));
    }
    // A payment without an amount and a reservation without lines are the marks that forbid one.
    if let Some(payment) = facts.payment.as_ref().filter(|payment| !payment.amount.is_empty()) {
        lines.push(field(
            theme,
            "payment",
            &format!("{} {} {}", payment.state.as_str(), payment.amount, payment.reference),
        ));
    }
    if let Some(reservation) = facts.reservation.as_ref().filter(|reservation| !reservation.lines.is_empty()) {
        let pieces: Vec<String> = reservation.lines.iter().map(|(sku, count)| format!("{count} x {sku}")).collect();
        lines.push(field(theme, "stock", &format!("{} {}", reservation.state.as_str(), pieces.join(", "))));
    }
    if record.approval_token.is_some() {
        lines.push(Line::styled("waits for approval: a approves, r rejects", theme.waiting));
    }
    lines.push(Line::styled("history", theme.field));
    for entry in &record.history {
        let time = match entry.at.parse::<jiff::Timestamp>() {
            Ok(at) => at.to_zoned(model.zone.clone()).strftime("%H:%M:%S%.3f").to_string(),
            Err(_) => clean(&entry.at),
        };
        let style = theme.order(entry.status).1;
        lines.push(Line::from(vec![
            Span::styled(format!("  {time} "), theme.dim),
            Span::styled(entry.status.to_string(), style),
        ]));
        lines.push(Line::raw(format!("    {}", clean(&entry.reason))));
    }
    lines.extend(document(theme, "order", &record.order.to_string()));
    lines
}
