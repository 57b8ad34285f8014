//! What lies over the panes: the submit form, questions, and whatever else is open.
//!
//! One of them is open at most, and it alone has the cursor.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph, Widget, Wrap};
use unicode_width::UnicodeWidthStr;

use super::text::{clean, cut};
use super::theme::Theme;
use super::window::{editor, first_shown, row, window};
use super::{calls, clip, help, palette, test_state};
use crate::app::Model;
use crate::app::fields::Fields;
use crate::app::model::{Action, Dialog, Question};
use crate::app::submit::{FormPart, SubmitForm};

/// Draws what is open, and answers how many lines the help could be scrolled by.
pub(super) fn draw(model: &Model, theme: &Theme, area: Rect, frame: &mut Frame<'_>) -> usize {
    let buffer = frame.buffer_mut();
    let mut most = 0;
    let cursor = match &model.dialog {
        None => None,
        Some(Dialog::Help { scroll }) => {
            most = help::draw(&model.keymap, &model.situation(), *scroll, theme, area, buffer);
            None
        }
        Some(Dialog::Submit(form)) => submit(model, theme, form, area, buffer),
        Some(Dialog::Question(question)) => ask(theme, question, area, buffer),
        Some(Dialog::Palette(open)) => palette::draw(open, theme, area, buffer),
        Some(Dialog::Copy(open)) => {
            clip::draw(open, theme, area, buffer);
            None
        }
        Some(Dialog::Calls { scroll }) => {
            calls::draw(&model.calls, *scroll, theme, area, buffer);
            None
        }
        Some(Dialog::Test(open)) => test_state::draw(open, theme, area, buffer),
    };
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    most
}

fn submit(model: &Model, theme: &Theme, form: &SubmitForm, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    // What is done again of another workflow is no order, and has no samples.
    let (title, what) = if form.is_order { ("New order", " order, as it will be sent ") } else { ("Again", " input ") };
    let inner = window(theme, title, (110, area.height.saturating_sub(4)), area, buffer);
    let [body, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(3)]).areas(inner);
    let [list, text] =
        Layout::horizontal([Constraint::Length(if form.is_order { 18 } else { 0 }), Constraint::Min(0)]).areas(body);
    let rows = usize::from(list.height);
    let first = first_shown(form.sample, model.samples.len(), rows);
    for (index, sample) in model.samples.iter().enumerate().skip(first).take(rows) {
        let place = row(list, index - first);
        Span::raw(format!(" {}", sample.name)).render(place, buffer);
        if index == form.sample {
            let style = if form.is_typing() { theme.title } else { theme.chosen };
            buffer.set_style(Rect { width: list.width.saturating_sub(1), ..place }, style);
        }
    }
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(if form.is_typing() { theme.focused } else { theme.dim })
        .title(Line::styled(what, theme.dim));
    let editor_area = block.inner(text);
    block.render(text, buffer);
    let cursor = match &form.part {
        FormPart::Fields(fields) => draw_fields(theme, fields, editor_area, buffer),
        FormPart::Samples | FormPart::Text => editor(&form.text, editor_area, buffer),
    };
    let sample = model.samples.get(form.sample).filter(|_| form.is_order);
    let description = match sample {
        Some(sample) => sample.description.clone(),
        None => format!("It starts {}.", clean(form.machine.name())),
    };
    let second = match (&form.problem, form.sending) {
        (Some(problem), _) => Line::styled(clean(problem), theme.error),
        (None, Some(_)) => Line::styled("sending…", theme.waiting),
        (None, None) => Line::default(),
    };
    let text = vec![Line::styled(format!(" {description}"), theme.dim), second];
    Paragraph::new(text).wrap(Wrap { trim: false }).render(foot, buffer);
    cursor.filter(|_| form.is_typing() && form.sending.is_none())
}

/// The fields of an order, a row each; answers where the cursor is.
fn draw_fields(theme: &Theme, fields: &Fields, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let names = fields.rows().iter().map(|field| clean(&field.path).width()).max().unwrap_or(0);
    let names = names.min(usize::from(area.width) / 2);
    let (height, count) = (usize::from(area.height), fields.rows().len());
    let first = first_shown(fields.chosen(), count, height);
    let mut cursor = None;
    for (index, field) in fields.rows().iter().enumerate().skip(first).take(height) {
        let line = row(area, index - first);
        let is_chosen = index == fields.chosen();
        let style = if is_chosen { theme.title } else { theme.dim };
        Span::styled(cut(&clean(&field.path), names), style).render(line, buffer);
        let used = u16::try_from(names + 2).unwrap_or(0).min(line.width);
        let place = Rect { x: line.x + used, width: line.width - used, ..line };
        let at = editor(&field.text, place, buffer);
        if is_chosen {
            cursor = at;
        }
    }
    cursor
}

fn ask(theme: &Theme, question: &Question, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let inner = window(theme, "Please confirm", (70, 8), area, buffer);
    let [text, reason, foot] =
        Layout::vertical([Constraint::Length(2), Constraint::Length(1), Constraint::Min(0)]).areas(inner);
    Paragraph::new(clean(&question.text)).wrap(Wrap { trim: true }).render(text, buffer);
    let mut cursor = None;
    if let Some(entered) = &question.reason {
        let label = match &question.action {
            Action::Approve { .. } => "Reason, or output as JSON: ",
            _ => "Reason: ",
        };
        Span::styled(label, theme.field).render(reason, buffer);
        let used = u16::try_from(label.len()).unwrap_or(0);
        let field = Rect { x: reason.x + used, width: reason.width.saturating_sub(used), ..reason };
        cursor = editor(entered, field, buffer).filter(|_| question.sending.is_none());
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
    Paragraph::new(vec![Line::default(), last]).wrap(Wrap { trim: true }).render(foot, buffer);
    cursor
}
