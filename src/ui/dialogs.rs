//! What lies over the panes: help, the submit form, questions.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph, Widget, Wrap};

use super::executions::first_row;
use super::text::{clean, cut};
use super::theme::Theme;
use crate::app::Model;
use crate::app::editor::Editor;
use crate::app::keymap::{BINDINGS, Keymap, Mode};
use crate::app::model::{Dialog, Question, SubmitForm};

pub(super) fn draw(model: &Model, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    match &model.dialog {
        None => {}
        Some(Dialog::Help { scroll }) => help(theme, &model.keymap, *scroll, area, frame),
        Some(Dialog::Submit(form)) => submit(model, theme, form, area, frame),
        Some(Dialog::Question(question)) => ask(theme, question, area, frame),
    }
}

/// A box in the middle of the screen; answers what is inside.
fn window(theme: &Theme, title: &str, width: u16, height: u16, area: Rect, frame: &mut Frame<'_>) -> Rect {
    let (width, height) = (width.min(area.width.saturating_sub(2)), height.min(area.height.saturating_sub(2)));
    let window = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.focused)
        .title(Line::styled(format!(" {title} "), theme.title));
    let inner = block.inner(window);
    Clear.render(window, frame.buffer_mut());
    block.render(window, frame.buffer_mut());
    inner
}

fn help(theme: &Theme, keymap: &Keymap, scroll: usize, area: Rect, frame: &mut Frame<'_>) {
    let mut lines = Vec::new();
    for (mode, title) in [
        (Mode::Panes, "Everywhere"),
        (Mode::Graph, "Graph"),
        (Mode::Logs, "Logs"),
        (Mode::Submit, "New order"),
        (Mode::Question, "Questions"),
    ] {
        lines.push(Line::styled(title, theme.title));
        for binding in BINDINGS.iter().filter(|binding| binding.mode == mode) {
            let shown = keymap.shown(binding);
            if !shown.is_empty() {
                lines
                    .push(Line::from(vec![Span::styled(format!("  {shown:<12}"), theme.key), Span::raw(binding.help)]));
            }
        }
        lines.push(Line::default());
    }
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let inner = window(theme, "Keys", 72, height, area, frame);
    let most = lines.len().saturating_sub(usize::from(inner.height));
    for (line, y) in lines.into_iter().skip(scroll.min(most)).zip(inner.top()..inner.bottom()) {
        line.render(Rect { y, height: 1, ..inner }, frame.buffer_mut());
    }
}

fn submit(model: &Model, theme: &Theme, form: &SubmitForm, area: Rect, frame: &mut Frame<'_>) {
    let inner = window(theme, "New order", 110, area.height.saturating_sub(4), area, frame);
    let [body, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(3)]).areas(inner);
    let [list, text] = Layout::horizontal([Constraint::Length(18), Constraint::Min(0)]).areas(body);
    let rows = usize::from(list.height);
    let first = first_row(Some(form.sample), model.samples.len(), rows);
    for (row, sample) in model.samples.iter().enumerate().skip(first).take(rows) {
        let y = list.y + u16::try_from(row - first).unwrap_or(0);
        let row_area = Rect { y, height: 1, ..list };
        Span::raw(format!(" {}", sample.name)).render(row_area, frame.buffer_mut());
        if row == form.sample {
            let style = if form.in_text { theme.title } else { theme.chosen };
            frame.buffer_mut().set_style(Rect { width: list.width.saturating_sub(1), ..row_area }, style);
        }
    }
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(if form.in_text { theme.focused } else { theme.dim })
        .title(Line::styled(" order, as it will be sent ", theme.dim));
    let editor_area = block.inner(text);
    block.render(text, frame.buffer_mut());
    editor(&form.text, form.in_text && form.sending.is_none(), editor_area, frame);
    let description = model.samples.get(form.sample).map(|sample| sample.description.as_str()).unwrap_or_default();
    let second = match (&form.problem, form.sending) {
        (Some(problem), _) => Line::styled(clean(problem), theme.error),
        (None, Some(_)) => Line::styled("sending…", theme.waiting),
        (None, None) => Line::default(),
    };
    let text = vec![Line::styled(format!(" {description}"), theme.dim), second];
    Paragraph::new(text).wrap(Wrap { trim: false }).render(foot, frame.buffer_mut());
}

/// Draws a text with its cursor in view.
fn editor(editor: &Editor, with_cursor: bool, area: Rect, frame: &mut Frame<'_>) {
    let (row, column) = editor.cursor();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let top = row.saturating_sub(height.saturating_sub(1));
    let left = column.saturating_sub(width.saturating_sub(1));
    for (line, y) in editor.lines().iter().skip(top).zip(area.top()..area.bottom()) {
        let shown: String = line.chars().skip(left).collect();
        Span::raw(cut(&clean(&shown), width)).render(Rect { y, height: 1, ..area }, frame.buffer_mut());
    }
    if with_cursor {
        let x = area.x + u16::try_from(column - left).unwrap_or(0);
        let y = area.y + u16::try_from(row - top).unwrap_or(0);
        frame.set_cursor_position(Position { x, y });
    }
}

fn ask(theme: &Theme, question: &Question, area: Rect, frame: &mut Frame<'_>) {
    let inner = window(theme, "Please confirm", 70, 8, area, frame);
    let [text, reason, foot] =
        Layout::vertical([Constraint::Length(2), Constraint::Length(1), Constraint::Min(0)]).areas(inner);
    Paragraph::new(clean(&question.text)).wrap(Wrap { trim: true }).render(text, frame.buffer_mut());
    if let Some(entered) = &question.reason {
        let label = "Reason: ";
        Span::styled(label, theme.field).render(reason, frame.buffer_mut());
        let used = u16::try_from(label.len()).unwrap_or(0);
        let field = Rect { x: reason.x + used, width: reason.width.saturating_sub(used), ..reason };
        editor(entered, question.sending.is_none(), field, frame);
    }
    let last = match (&question.problem, question.sending) {
        (Some(problem), _) => Line::styled(clean(problem), theme.error),
        (None, Some(_)) => Line::styled("sending…", theme.waiting),
        (None, None) => Line::from(vec![
            Span::styled("Enter", theme.key),
            Span::raw(" yes   "),
            Span::styled("Esc", theme.key),
            Span::raw(" no"),
        ]),
    };
    Paragraph::new(vec![Line::default(), last]).wrap(Wrap { trim: true }).render(foot, frame.buffer_mut());
}
