//! The logs: one stream over all functions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use serde_json::Value;

use super::text::{clean, cut};
use super::theme::Theme;
use crate::app::Model;
use crate::facts::LogLine;

pub(super) fn draw(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let lines = model.shown_logs();
    if lines.is_empty() {
        Span::styled(cut("No log lines.", usize::from(area.width)), theme.dim).render(area, buffer);
        return;
    }
    let end = lines.len().saturating_sub(model.logs_scroll).max(usize::from(area.height).min(lines.len()));
    let start = end.saturating_sub(usize::from(area.height));
    for (line, y) in lines[start..end].iter().zip(area.top()..area.bottom()) {
        shown(theme, line, &model.zone, usize::from(area.width)).render(Rect { y, height: 1, ..area }, buffer);
    }
}

/// Time, function, level and message; of a JSON line what a person reads first, then its other fields.
fn shown(theme: &Theme, line: &LogLine, zone: &jiff::tz::TimeZone, width: usize) -> Line<'static> {
    let time = jiff::Timestamp::from_millisecond(line.at).unwrap_or_default();
    let time = time.to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string();
    let function = line.group.rsplit('/').next().unwrap_or_default();
    let (level, message) = told(&line.message);
    let level_style = theme.level(&level);
    // A narrow pane has better use for its columns than milliseconds and long names.
    let (time, name) = if width < 100 { (time.get(..8).unwrap_or_default(), 15) } else { (time.as_str(), 19) };
    let head = format!("{time} {:<name$} ", cut(&clean(function), name));
    let room = width.saturating_sub(head.len() + 6);
    Line::from(vec![
        Span::styled(head, theme.dim),
        Span::styled(format!("{level:<5} "), level_style),
        Span::styled(
            cut(&clean(&message), room),
            if level.is_empty() { theme.dim } else { ratatui::style::Style::new() },
        ),
    ])
}

fn told(message: &str) -> (String, String) {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(message) else {
        return (String::new(), message.trim_end().to_owned());
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let order = fields.get("span").and_then(|span| span.get("orderId")).and_then(Value::as_str).unwrap_or_default();
    let more: Vec<String> = fields
        .iter()
        .filter(|(name, _)| !["timestamp", "level", "message", "span", "target"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)))
        .collect();
    let parts = [order.to_owned(), text("message"), more.join(" ")];
    (text("level"), parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  "))
}
