//! The list of orders. One of them whole is in the inspector.

use order_core::OrderRecord;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::executions::first_row;
use super::text::{clean, cut};
use super::theme::Theme;
use crate::app::Model;

pub(super) fn draw(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    if model.orders.is_empty() {
        let none = format!("No table {} here.", clean(&model.table));
        let text = if !model.has_orders {
            none.as_str()
        } else if model.orders_loaded {
            "No orders yet: press n."
        } else {
            "Loading…"
        };
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
