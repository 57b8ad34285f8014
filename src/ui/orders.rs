//! The list of orders. One of them whole is in the inspector.

use order_core::OrderRecord;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::cells::below;
use super::executions::asked_for;
use super::text::{clean, cut};
use super::theme::Theme;
use crate::app::Model;
use crate::app::executions::ROOMY;
use crate::app::mouse::first_row;
use crate::app::orders::status_at;
use crate::facts::Millis;

/// Draws, and answers which row is the first.
pub(super) fn draw(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) -> usize {
    let (list, width) = (&model.orders, usize::from(area.width));
    let mut rest = area;
    if !list.text().trim().is_empty() {
        let count = list.rows().len();
        for line in asked_for(list.text(), list.problem(), count, area.height >= ROOMY, width, theme) {
            line.render(Rect { height: rest.height.min(1), ..rest }, buffer);
            rest = below(rest, 1);
        }
    }
    let older = match (list.is_reading(), list.has_more()) {
        (true, _) => Some("reading older ones…"),
        (false, true) => Some("older ones: move on down"),
        (false, false) => None,
    };
    let count = list.rows().len();
    if count == 0 && older.is_none() {
        let none = format!("No table {} here.", clean(&model.table));
        let text = match (model.has_orders, list.is_loaded(), list.text().is_empty()) {
            (false, ..) => none.as_str(),
            (true, false, _) => "Loading…",
            (true, true, true) if model.settings.read_only => "No orders here.",
            (true, true, true) => "No orders yet: press n.",
            (true, true, false) if list.is_confirmed() => "None matches: Esc shows all.",
            (true, true, false) => "None of those that were read: Enter asks the table.",
        };
        Span::styled(cut(text, width), theme.dim).render(rest, buffer);
        return 0;
    }
    let chosen = model.order.as_ref().and_then(|id| list.place(id));
    let rows = usize::from(rest.height);
    let in_view = model.order.as_ref().and_then(|id| list.shown_place(id));
    let first = first_row(list.top(), in_view, list.shown_len(), rows);
    for (row, order) in list.rows().enumerate().skip(first).take(rows) {
        let y = rest.y + u16::try_from(row - first).unwrap_or(0);
        let row_area = Rect { y, height: 1, ..rest };
        line(theme, order, model.past(), width).render(row_area, buffer);
        if Some(row) == chosen {
            buffer.set_style(row_area, theme.chosen);
        }
    }
    if let Some(text) = older.filter(|_| (first..first + rows).contains(&count)) {
        let y = rest.y + u16::try_from(count - first).unwrap_or(0);
        Span::styled(cut(text, width), theme.dim).render(Rect { y, height: 1, ..rest }, buffer);
    }
    first
}

fn line(theme: &Theme, order: &OrderRecord, past: Option<Millis>, width: usize) -> Line<'static> {
    let status = past.map_or(Some(order.status), |at| status_at(order, at));
    let (sign, style) = status.map_or(("·", theme.dim), |status| theme.order(status));
    let named = status.map_or("not yet", |status| status.as_str());
    let total = order.total().map(|total| total.to_string()).unwrap_or_default();
    // The status is what one looks for: the id has what that leaves, and stays one that is known again.
    let id = cut(order.order_id.as_str(), width.saturating_sub(3 + named.len()).clamp(9, 16));
    let mut spans = vec![Span::styled(format!("{sign} "), style), Span::raw(format!("{id} "))];
    let room = width.saturating_sub(3 + id.chars().count());
    // The amount stands where there is room for it too.
    let status = cut(named, room);
    let left = room.saturating_sub(status.len());
    spans.push(Span::styled(status, style));
    if total.len() + 2 <= left {
        spans.push(Span::styled(format!("{total:>left$}"), theme.dim));
    }
    Line::from(spans)
}
