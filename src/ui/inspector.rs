//! The inspector: all that is known of the chosen state, or of the chosen order.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use serde_json::Value;

use super::orders;
use super::text::{clean, duration};
use super::theme::Theme;
use crate::app::Model;
use crate::app::model::Subject;
use crate::app::run::Visit;

/// Draws, and answers how far it could be scrolled.
pub(super) fn draw(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) -> usize {
    let lines = match model.subject {
        Subject::Order => orders::details(model, theme),
        Subject::State => state(model, theme),
    };
    let wrapped: Vec<Line<'_>> = lines.into_iter().flat_map(|line| wrap(line, usize::from(area.width))).collect();
    let most = wrapped.len().saturating_sub(usize::from(area.height));
    let first = model.inspector_scroll.min(most);
    for (line, y) in wrapped.into_iter().skip(first).zip(area.top()..area.bottom()) {
        line.render(Rect { y, height: 1, ..area }, buffer);
    }
    most
}

fn state(model: &Model, theme: &Theme) -> Vec<Line<'static>> {
    let Some(name) = &model.state else {
        return vec![Line::styled("Choose an execution and a state.", theme.dim)];
    };
    let mut lines = Vec::new();
    let state = model.known.as_ref().and_then(|known| known.machine.as_ref()).and_then(|machine| machine.state(name));
    if let Some(state) = state {
        lines.push(field(theme, "type", state.kind.type_name()));
        if let Some(comment) = &state.comment {
            lines.push(Line::styled(clean(comment), theme.dim));
        }
    }
    let visits: Vec<&Visit> = model.watch.iter().flat_map(|watch| watch.run.visits_to(name)).collect();
    let Some(visit) = visits.iter().rev().find(|visit| visit.error.is_some()).or(visits.last()) else {
        lines.push(Line::styled("Not reached.", theme.dim));
        return lines;
    };
    let (sign, style) = theme.visit(Some(visit.status));
    let took = duration(visit.left_at.unwrap_or(model.now) - visit.entered_at);
    let mut head = vec![Span::styled(format!("{sign} {} ", visit.status.word()), style), Span::raw(took)];
    if visits.len() > 1 {
        head.push(Span::styled(format!("  ({} visits)", visits.len()), theme.dim));
    }
    lines.push(Line::from(head));
    if let Some(error) = &visit.error {
        lines.push(Line::from(vec![Span::styled("error    ", theme.field), Span::styled(clean(error), theme.error)]));
        if let Some(cause) = visit.cause.as_deref().filter(|cause| !cause.is_empty()) {
            lines.extend(document(theme, "cause", cause));
        }
    }
    if visit.attempts.len() > 1 || visit.attempts.iter().any(|attempt| attempt.error.is_some()) {
        lines.push(Line::styled("tries", theme.field));
        for (index, attempt) in visit.attempts.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| visit.attempts[before].ended_at);
            let delay = before.map(|ended| format!(" after {}", duration(attempt.scheduled_at - ended)));
            let took = duration(attempt.ended_at.unwrap_or(model.now) - attempt.scheduled_at);
            let (outcome, style) = match (&attempt.error, attempt.ended_at) {
                (Some(error), _) => (clean(error), theme.error),
                (None, Some(_)) => ("ok".to_owned(), Style::new()),
                (None, None) => ("running".to_owned(), Style::new()),
            };
            lines.push(Line::from(vec![
                Span::raw(format!("  {}{} ", index + 1, delay.unwrap_or_default())),
                Span::styled(outcome, style),
                Span::styled(format!(" {took}"), theme.dim),
            ]));
        }
    }
    lines.extend(visit.input.iter().flat_map(|input| document(theme, "input", input)));
    if let Some(parameters) = visit.attempts.last().and_then(|attempt| attempt.parameters.as_deref()) {
        lines.extend(document(theme, "called with", parameters));
    }
    if let Some(result) = visit.attempts.last().and_then(|attempt| attempt.output.as_deref()) {
        lines.extend(document(theme, "result", result));
    }
    lines.extend(visit.output.iter().flat_map(|output| document(theme, "output", output)));
    for (name, value) in &visit.assigned {
        lines.extend(document(theme, &format!("${name}"), value));
    }
    lines
}

pub(super) fn field(theme: &Theme, name: &str, value: &str) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{name:<9}"), theme.field), Span::raw(clean(value))])
}

/// A JSON text, indented; strings that hold JSON themselves are opened. Other texts as they are.
pub(super) fn document(theme: &Theme, name: &str, text: &str) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(clean(name), theme.field)];
    let shown = match serde_json::from_str::<Value>(text) {
        Ok(value) => serde_json::to_string_pretty(&opened(value)).unwrap_or_else(|_| text.to_owned()),
        Err(_) => text.to_owned(),
    };
    lines.extend(shown.lines().map(|line| Line::raw(format!("  {}", clean(line)))));
    lines
}

/// Lambda puts JSON into strings; people want to read it.
fn opened(value: Value) -> Value {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(&text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => opened(inner),
            _ => Value::String(text),
        },
        Value::Array(values) => values.into_iter().map(opened).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, opened(value))).collect(),
        other => other,
    }
}

/// Breaks a line where the pane ends, at a blank if one is near.
fn wrap(line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    if line.width() <= width || width < 8 {
        return vec![line];
    }
    let style = line.style;
    let indent =
        line.spans.first().map_or(0, |span| span.content.len() - span.content.trim_start().len()).min(width / 2);
    let mut lines = Vec::new();
    let mut current: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for span in line.spans {
        let mut rest = span.content.into_owned();
        while !rest.is_empty() {
            let room = width.saturating_sub(used);
            let (kept, left) = split(&rest, room);
            if kept.is_empty() && used > indent {
                lines.push(Line::from(std::mem::take(&mut current)).style(style));
                current.push(Span::raw(" ".repeat(indent)));
                used = indent;
                continue;
            }
            // A single character wider than the room is taken all the same: the loop has to go on.
            let (kept, left) = if kept.is_empty() { (rest.clone(), String::new()) } else { (kept, left) };
            used += unicode_width::UnicodeWidthStr::width(kept.as_str());
            current.push(Span::styled(kept, span.style));
            if !left.is_empty() {
                lines.push(Line::from(std::mem::take(&mut current)).style(style));
                current.push(Span::raw(" ".repeat(indent)));
                used = indent;
            }
            rest = left;
        }
    }
    lines.push(Line::from(current).style(style));
    lines
}

/// The part of a text that fits, broken after a blank if there is one in its second half.
fn split(text: &str, room: usize) -> (String, String) {
    let mut used = 0;
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        let width = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used + width > room {
            end = at;
            break;
        }
        used += width;
    }
    if end == text.len() {
        return (text.to_owned(), String::new());
    }
    let blank = text[..end].rfind(' ').filter(|blank| *blank > end / 2);
    let at = blank.map_or(end, |blank| blank + 1);
    (text[..at].to_owned(), text[at..].to_owned())
}
