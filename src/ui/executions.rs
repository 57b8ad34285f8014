//! The list of executions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::text::{clean, cut, duration};
use super::theme::Theme;
use crate::app::Model;

pub(super) fn draw(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    if model.executions.is_empty() {
        let text = if model.executions_loaded { "No executions yet: press n for an order." } else { "Loading…" };
        Span::styled(cut(text, usize::from(area.width)), theme.dim).render(area, buffer);
        return;
    }
    let arn = model.watch.as_ref().map(|watch| &watch.arn);
    let chosen = model.executions.iter().position(|execution| Some(&execution.arn) == arn);
    let rows = usize::from(area.height);
    let first = first_row(chosen, model.executions.len(), rows);
    for (row, execution) in model.executions.iter().enumerate().skip(first).take(rows) {
        let (sign, style) = theme.execution(execution.status);
        let took = duration(execution.stopped_at.unwrap_or(model.now) - execution.started_at);
        let width = usize::from(area.width);
        let name = cut(&clean(&execution.name), width.saturating_sub(took.len() + 4));
        let line = Line::from(vec![
            Span::styled(format!("{sign} "), style),
            Span::raw(name.clone()),
            Span::raw(
                " ".repeat(width.saturating_sub(2 + unicode_width::UnicodeWidthStr::width(name.as_str()) + took.len())),
            ),
            Span::styled(took, theme.dim),
        ]);
        let y = area.y + u16::try_from(row - first).unwrap_or(0);
        let row_area = Rect { y, height: 1, ..area };
        line.render(row_area, buffer);
        if Some(row) == chosen {
            buffer.set_style(row_area, theme.chosen);
        }
    }
}

/// The first row to show so that the chosen one is in view.
pub(super) fn first_row(chosen: Option<usize>, length: usize, rows: usize) -> usize {
    let most = length.saturating_sub(rows);
    chosen.map_or(0, |chosen| chosen.saturating_sub(rows / 2)).min(most)
}
