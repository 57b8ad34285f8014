//! The dialog that tests a state: its input, and what came of it, side by side where the screen is wide.
//!
//! Of the result only the rows in view are made. Where room is short the values are cut.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph, Widget, Wrap};

use super::text::{clean, cut};
use super::theme::Theme;
use super::window::{editor, first_shown, row, window};
use crate::app::run::VisitStatus;
use crate::app::test_state::{Part, TestDialog, Tested};
use crate::app::tree::{Bracket, Row, RowValue};
use crate::facts::{InspectionLevel, StateTestStatus};

/// From so many columns on input and result stand side by side.
const WIDE: u16 = 90;

/// Draws the dialog, and answers where the cursor belongs.
pub(super) fn draw(dialog: &TestDialog, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let size = (140, area.height.saturating_sub(4));
    let inner = window(theme, &format!("Test state {}", dialog.state), size, area, buffer);
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(2)]).areas(inner);
    levels(dialog.tested.level, theme).render(head, buffer);
    let halves = [Constraint::Percentage(45), Constraint::Min(0)];
    let [input, result] =
        if body.width >= WIDE { Layout::horizontal(halves).areas(body) } else { Layout::vertical(halves).areas(body) };
    let title = if dialog.tested.variables.is_some() { "input, with the variables of then" } else { "input" };
    let field = part(title, dialog.part == Part::Input, theme, input, buffer);
    let cursor = editor(&dialog.input, field, buffer);
    let place = part("result", dialog.part == Part::Result, theme, result, buffer);
    match &dialog.result {
        Some(tested) => outcome(tested, dialog.part == Part::Result, theme, place, buffer),
        None => Span::styled("Not tested yet.", theme.dim).render(row(place, 0), buffer),
    }
    let text = match (&dialog.problem, dialog.sending) {
        (Some(problem), _) => Line::styled(clean(problem), theme.error),
        (None, Some(_)) => Line::styled("testing…", theme.waiting),
        (None, None) => {
            Line::styled("It runs for real, with the role of the machine: what it calls is called.", theme.dim)
        }
    };
    Paragraph::new(text).wrap(Wrap { trim: true }).render(foot, buffer);
    cursor.filter(|_| dialog.part == Part::Input && dialog.sending.is_none())
}

fn levels(chosen: InspectionLevel, theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::styled("inspection  ", theme.field)];
    for level in InspectionLevel::ALL {
        let name = level.as_str();
        spans.push(if level == chosen {
            Span::styled(format!("[{name}] "), theme.title)
        } else {
            Span::styled(format!(" {name}  "), theme.dim)
        });
    }
    Line::from(spans)
}

/// A part with its border; answers what is inside.
fn part(title: &'static str, is_focused: bool, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Rect {
    let (border, name) = if is_focused { (theme.focused, theme.title) } else { (theme.dim, theme.dim) };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(border)
        .title(Line::styled(format!(" {title} "), name));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

fn outcome(tested: &Tested, is_focused: bool, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let answer = &tested.answer;
    let (sign, style) = match answer.status {
        StateTestStatus::Succeeded => theme.visit(Some(VisitStatus::Succeeded)),
        StateTestStatus::Failed => theme.visit(Some(VisitStatus::Failed)),
        StateTestStatus::Retriable => theme.visit(Some(VisitStatus::Retrying)),
        StateTestStatus::CaughtError => theme.visit(Some(VisitStatus::Caught)),
        StateTestStatus::Other => ("?", theme.waiting),
    };
    let mut head = vec![Line::styled(format!("{sign} {}", answer.status.as_str()), style)];
    for (name, text, style) in [("next", &answer.next_state, Style::new()), ("error", &answer.error, theme.error)] {
        head.extend(text.as_deref().map(|text| {
            Line::from(vec![Span::styled(format!("{name:<6}"), theme.field), Span::styled(clean(text), style)])
        }));
    }
    let above = head.len();
    for (index, line) in head.into_iter().enumerate() {
        line.render(row(area, index), buffer);
    }
    let rows = usize::from(area.height).saturating_sub(above);
    let first = first_shown(tested.row, tested.tree.len(&tested.folds), rows);
    for (index, shown) in tested.tree.rows_from(&tested.folds, first, rows).iter().enumerate() {
        let place = row(area, above + index);
        line(shown, usize::from(area.width), theme).render(place, buffer);
        if is_focused && first + index == tested.row {
            buffer.set_style(place, theme.chosen);
        }
    }
}

/// A row of the document.
fn line(row: &Row, width: usize, theme: &Theme) -> Line<'static> {
    // What is nested deeper than the pane is wide is shown at its edge.
    let indent = (2 * row.depth).min(width / 2);
    let name = row.key.as_ref().map(|key| format!("{}: ", cut(&clean(key), width / 2))).unwrap_or_default();
    let value = match &row.value {
        RowValue::Open { bracket, count, folded, .. } => {
            let (open, close, what) = match bracket {
                Bracket::Object => ('{', '}', "fields"),
                Bracket::Array => ('[', ']', "items"),
            };
            match (*count, *folded) {
                (0, _) => format!("{open}{close}"),
                (_, true) => format!("{open} {count} {what} {close}"),
                (_, false) => open.to_string(),
            }
        }
        RowValue::Close { bracket: Bracket::Object } => "}".to_owned(),
        RowValue::Close { bracket: Bracket::Array } => "]".to_owned(),
        RowValue::Text(text) => {
            let beginning: String = text.chars().take(4 * width).map(|c| if c == '\n' { ' ' } else { c }).collect();
            format!("\"{}\"", clean(&beginning))
        }
        RowValue::Number(number) => clean(number),
        RowValue::Bool(value) => value.to_string(),
        RowValue::Null => "null".to_owned(),
    };
    let name = Span::styled(name, theme.field);
    let room = width.saturating_sub(indent + name.width());
    Line::from(vec![Span::raw(" ".repeat(indent)), name, Span::raw(cut(&value, room))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::editor::Edit;
    use crate::facts::{Arn, MachineFacts, MachineKind, StateTest};
    use crate::ui::window::screen;

    fn dialog() -> TestDialog {
        let machine = MachineFacts {
            arn: Arn("arn:aws:states:us-east-1:1:stateMachine:orders".into()),
            name: "orders".into(),
            definition: r#"{"StartAt": "Pay", "States": {"Pay": {"Type": "Pass", "End": true}}}"#.into(),
            kind: MachineKind::Standard,
            log_group: None,
        };
        TestDialog::open(&machine, "Pay", None).unwrap()
    }

    fn shown(dialog: &TestDialog, width: u16, height: u16) -> (String, Option<Position>) {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let cursor = draw(dialog, &Theme::dark(), area, &mut buffer);
        (screen(&buffer).join("\n"), cursor)
    }

    #[test]
    fn a_test_is_shown_from_its_input_to_what_came_of_it() {
        let mut dialog = dialog();
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let (text, cursor) = shown(&dialog, width, height);
            for expected in ["Test state Pay", "[DEBUG]", "{}", "Not tested yet", "It runs for real"] {
                assert!(text.contains(expected), "{expected}: {text}");
            }
            assert!(cursor.is_some());
        }
        dialog.send(1);
        assert!(shown(&dialog, 80, 24).0.contains("testing…"));
        assert_eq!(shown(&dialog, 80, 24).1, None);
        let answer = StateTest {
            status: StateTestStatus::CaughtError,
            output: Some(r#"{"lines":[1,2],"note":"a\nb","none":{}}"#.into()),
            error: Some("Declined\u{1b}[31m".into()),
            cause: None,
            next_state: Some("No".into()),
            inspection: None,
        };
        dialog.take(1, Ok(answer));
        dialog.next_part();
        dialog.step(2);
        dialog.edit(Edit::Insert(' '));
        let (text, cursor) = shown(&dialog, 120, 40);
        for expected in
            ["! CAUGHT_ERROR", "next  No", "error Declined[31m", "lines: [ 2 items ]", "note: \"a b\"", "none: {}"]
        {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        assert_eq!(cursor, None);
    }

    #[test]
    fn no_screen_is_too_small_to_draw_on() {
        for (width, height) in [(0, 0), (1, 1), (4, 6), (20, 8), (250, 80)] {
            shown(&dialog(), width, height);
        }
    }
}
