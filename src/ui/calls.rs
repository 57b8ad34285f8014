//! What was called, by operation, and what became of it: a dialog that no footer tells of.
//!
//! Counts nothing: it shows what the door to the cloud has counted. Where room is short, first the services go, then the
//! ends of the operations' names.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::text::{clean, cut};
use super::theme::Theme;
use super::window::window;
use crate::facts::CallCount;

/// Columns of the dialog.
const WIDTH: u16 = 86;
/// Columns of the numbers: calls, those of the last minute, throttled, failed.
const NUMBERS: [(&str, usize); 4] = [("calls", 9), ("last minute", 13), ("throttled", 11), ("failed", 8)];
/// Columns of an operation's name, above which there is room for its service.
const NAME: usize = 34;

pub(super) fn draw(calls: &[CallCount], scroll: usize, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let height = u16::try_from(calls.len() + 4).unwrap_or(u16::MAX);
    let inner = window(theme, "Calls since the start", (WIDTH, height), area, buffer);
    let Some(rows) = usize::from(inner.height).checked_sub(2) else { return };
    let width = usize::from(inner.width);
    let row = |y: u16| Rect { y, height: 1, ..inner };
    head(theme, width).render(row(inner.top()), buffer);
    let sorted = sorted(calls);
    let first = scroll.min(sorted.len().saturating_sub(rows));
    for (call, y) in sorted.iter().skip(first).take(rows).zip(inner.top() + 1..inner.bottom()) {
        line(call, theme, width).render(row(y), buffer);
    }
    // What all of them come to stays in view.
    let sum = |of: fn(&CallCount) -> u64| -> u64 { calls.iter().map(of).sum() };
    let all = CallCount {
        service: String::new(),
        operation: "all".to_owned(),
        calls: sum(|call| call.calls),
        throttled: sum(|call| call.throttled),
        failed: sum(|call| call.failed),
        last_minute: sum(|call| call.last_minute),
    };
    let last = line(&all, theme, width).patch_style(theme.title);
    last.render(row(inner.bottom().saturating_sub(1)), buffer);
}

/// What is called most comes first.
fn sorted(calls: &[CallCount]) -> Vec<&CallCount> {
    let mut sorted: Vec<&CallCount> = calls.iter().collect();
    sorted.sort_by(|left, right| {
        (right.calls, &left.service, &left.operation).cmp(&(left.calls, &right.service, &right.operation))
    });
    sorted
}

fn head(theme: &Theme, width: usize) -> Line<'static> {
    let name = name_width(width);
    let numbers: String = NUMBERS.iter().map(|(name, width)| format!("{name:>width$}")).collect();
    Line::styled(format!("{:<name$}{numbers}", "operation"), theme.dim)
}

fn line(call: &CallCount, theme: &Theme, width: usize) -> Line<'static> {
    let name = name_width(width);
    let mut text = clean(&call.operation);
    let has_service = name >= NAME && !call.service.is_empty();
    if has_service {
        text.push_str(&format!("  {}", clean(&call.service)));
    }
    let text = cut(&text, name.saturating_sub(1));
    let numbers = [call.calls, call.last_minute, call.throttled, call.failed];
    let styles = [Style::new(), Style::new(), theme.waiting, theme.error];
    let mut spans = vec![Span::raw(format!("{text:<name$}"))];
    for ((number, (_, width)), style) in numbers.into_iter().zip(NUMBERS).zip(styles) {
        let style = if number == 0 { theme.dim } else { style };
        spans.push(Span::styled(format!("{number:>width$}"), style));
    }
    Line::from(spans)
}

fn name_width(width: usize) -> usize {
    width.saturating_sub(NUMBERS.iter().map(|(_, width)| width).sum()).max(12)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(service: &str, operation: &str, [calls, last_minute, throttled, failed]: [u64; 4]) -> CallCount {
        let (service, operation) = (service.to_owned(), operation.to_owned());
        CallCount { service, operation, calls, throttled, failed, last_minute }
    }

    #[test]
    fn a_line_tells_it_all() {
        let list = call("SFN", "ListExecutions", [1_234, 12, 3, 0]);
        let cases = [
            (84, "ListExecutions  SFN                             1234           12          3       0"),
            (60, "ListExecutions          1234           12          3       0"),
            (50, "ListExecut…      1234           12          3       0"),
        ];
        for (width, expected) in cases {
            assert_eq!(line(&list, &Theme::dark(), width).to_string(), expected, "{width}");
        }
        assert_eq!(
            head(&Theme::dark(), 60).to_string(),
            "operation              calls  last minute  throttled  failed"
        );
    }

    #[test]
    fn what_is_called_most_comes_first() {
        let calls = [
            call("STS", "GetCallerIdentity", [1, 0, 0, 0]),
            call("SFN", "ListExecutions", [1, 0, 0, 0]),
            call("SFN", "GetExecutionHistory", [9, 0, 0, 0]),
        ];
        let names: Vec<&str> = sorted(&calls).iter().map(|call| call.operation.as_str()).collect();
        assert_eq!(names, ["GetExecutionHistory", "ListExecutions", "GetCallerIdentity"]);
    }
}
