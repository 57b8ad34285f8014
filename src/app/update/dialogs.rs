//! What lies over the panes: what is intended and what is typed there.

use super::actions::{READ_ONLY, send, text_of};
use super::keys::edit;
use super::looking::{choose_state, look_at, show};
use super::panes;
use super::reaching;
use crate::app::editor::{Edit, Editor};
use crate::app::keymap::{Intent, Key};
use crate::app::model::{Action, Cmd, Dialog, Model, Notice, Pane, Question};
use crate::app::palette::{Choice, TargetKind};
use crate::app::submit::{FormPart, SubmitForm};

/// Lines of a page.
const PAGE: isize = 10;

/// Does what is intended in the dialog that is open.
pub(super) fn intended(model: &mut Model, intent: Intent) -> Vec<Cmd> {
    let Some(dialog) = model.dialog.take() else { return Vec::new() };
    if intent == Intent::Back {
        return Vec::new();
    }
    match dialog {
        Dialog::Help { scroll } => {
            model.dialog = Some(Dialog::Help { scroll: scrolled(scroll, intent) });
            Vec::new()
        }
        Dialog::Calls { scroll } => {
            model.dialog = Some(Dialog::Calls { scroll: scrolled(scroll, intent) });
            Vec::new()
        }
        Dialog::Submit(mut form) => match intent {
            Intent::NextPane => {
                form.next_part();
                model.dialog = Some(Dialog::Submit(form));
                Vec::new()
            }
            Intent::Send if form.sending.is_none() => send(model, form),
            Intent::Editor if form.sending.is_none() && form.keeps_fields() => {
                let text = form.text.text();
                model.dialog = Some(Dialog::Submit(form));
                vec![Cmd::Edit { text }]
            }
            _ => {
                model.dialog = Some(Dialog::Submit(form));
                Vec::new()
            }
        },
        Dialog::Question(mut question) => {
            let mut wishes = Vec::new();
            if intent == Intent::Confirm && model.settings.read_only {
                question.problem = Some(READ_ONLY.to_owned());
            } else if let (Intent::Confirm, Some(problem)) = (intent, output_problem(&question)) {
                question.problem = Some(problem);
            } else if intent == Intent::Confirm && question.sending.is_none() {
                model.last_request += 1;
                let request = model.last_request;
                question.sending = Some(request);
                question.problem = None;
                let reason = question.reason.as_ref().map(Editor::text).unwrap_or_default();
                wishes.push(Cmd::Act { request, action: question.action.clone(), reason });
            }
            model.dialog = Some(Dialog::Question(question));
            wishes
        }
        Dialog::Palette(mut palette) => match intent {
            Intent::Confirm => match palette.choice() {
                Some(choice) => chosen(model, choice),
                None => Vec::new(),
            },
            _ => {
                palette.step(by(intent));
                model.dialog = Some(Dialog::Palette(palette));
                Vec::new()
            }
        },
        Dialog::Copy(mut clip) => match intent {
            Intent::Confirm => {
                let item = clip.item().cloned();
                item.map(|item| Cmd::Copy { label: item.label, text: item.text }).into_iter().collect()
            }
            _ => {
                clip.step(by(intent));
                model.dialog = Some(Dialog::Copy(clip));
                Vec::new()
            }
        },
        Dialog::Test(mut test) => {
            let mut wishes = Vec::new();
            match intent {
                Intent::Send if model.settings.read_only => {
                    model.notice = Some(Notice { text: READ_ONLY.to_owned(), is_error: true });
                }
                Intent::Send => {
                    model.last_request += 1;
                    let request = model.last_request;
                    wishes.extend(test.send(request).map(|test| Cmd::TestState { request, test: Box::new(test) }));
                }
                Intent::NextPane => test.next_part(),
                Intent::Level => test.next_level(),
                _ => test.step(by(intent)),
            }
            model.dialog = Some(Dialog::Test(test));
            wishes
        }
    }
}

/// Why what is typed is no output, if it looks as if it were to be one.
fn output_problem(question: &Question) -> Option<String> {
    let typed = question.reason.as_ref().filter(|_| matches!(question.action, Action::Approve { .. }))?.text();
    let is_meant = typed.trim_start().starts_with(['{', '[']);
    let error = serde_json::from_str::<serde_json::Value>(&typed).err().filter(|_| is_meant)?;
    Some(format!("not JSON: {error}"))
}

/// How many rows an intent moves.
fn by(intent: Intent) -> isize {
    match intent {
        Intent::Up => -1,
        Intent::Down => 1,
        Intent::PageUp => -PAGE,
        Intent::PageDown => PAGE,
        _ => 0,
    }
}

fn scrolled(scroll: usize, intent: Intent) -> usize {
    scroll.saturating_add_signed(by(intent))
}

fn chosen(model: &mut Model, choice: Choice) -> Vec<Cmd> {
    match choice {
        Choice::Act(Intent::Quit) => {
            model.quitting = true;
            Vec::new()
        }
        Choice::Act(intent) => panes::intended(model, intent),
        Choice::Go(TargetKind::State(state)) => {
            let wishes = show(model, Pane::Graph);
            choose_state(model, state);
            wishes
        }
        Choice::Go(TargetKind::Execution(arn)) => {
            let mut wishes = show(model, Pane::Graph);
            model.follow_newest = false;
            wishes.extend(look_at(model, arn));
            wishes
        }
        Choice::Go(TargetKind::Machine(arn)) => reaching::go_to_machine(model, arn),
        Choice::Go(TargetKind::Child(arn)) => {
            let mut wishes = show(model, Pane::Graph);
            wishes.extend(reaching::descend(model, arn));
            wishes
        }
        Choice::Go(place @ (TargetKind::Profile(_) | TargetKind::Region(_))) => reaching::go(model, place),
        Choice::Off { title, why } => {
            model.notice = Some(Notice { text: format!("{title}: {why}"), is_error: false });
            Vec::new()
        }
    }
}

/// A key that has no meaning of its own was pressed in a dialog.
pub(super) fn typed(model: &mut Model, key: Key) {
    match &mut model.dialog {
        Some(Dialog::Submit(form)) => type_into_form(form, key, &model.samples),
        Some(Dialog::Question(question)) => {
            if let (Some(reason), Some(edit), None) = (&mut question.reason, edit(key, false), question.sending) {
                reason.apply(edit);
            }
        }
        Some(Dialog::Palette(palette)) => {
            if let Some(edit) = edit(key, false) {
                palette.edit(edit);
            }
        }
        Some(Dialog::Test(test)) => {
            if let Some(edit) = edit(key, true) {
                test.edit(edit);
            }
        }
        Some(Dialog::Help { .. } | Dialog::Calls { .. } | Dialog::Copy(_)) | None => {}
    }
}

fn type_into_form(form: &mut SubmitForm, key: Key, samples: &[order_core::Sample]) {
    if form.sending.is_some() {
        return;
    }
    if form.is_typing() {
        match (edit(key, true), &form.part) {
            (Some(edit), FormPart::Fields(_)) => form.edit_field([edit]),
            (Some(edit), _) => {
                form.text.apply(edit);
                form.edited |= edit.changes();
                form.problem = None;
            }
            (None, _) => {}
        }
        return;
    }
    let last = samples.len().saturating_sub(1);
    let chosen = match key {
        Key::Up | Key::Char('k') => form.sample.saturating_sub(1),
        Key::Down | Key::Char('j') => (form.sample + 1).min(last),
        Key::Home | Key::Char('g') => 0,
        Key::End | Key::Char('G') => last,
        Key::Enter | Key::Right => {
            form.next_part();
            return;
        }
        _ => return,
    };
    if chosen == form.sample {
        return;
    }
    if form.edited {
        // An edited order is not thrown away by a look at the list.
        form.problem = Some("the order was edited: Esc and n start over with a sample".into());
        return;
    }
    form.sample = chosen;
    form.text = text_of(samples, chosen);
    form.problem = None;
}

/// Pasted text goes where text is typed, and nowhere else: it is no command.
pub(super) fn paste(model: &mut Model, text: &str) {
    match &mut model.dialog {
        Some(Dialog::Submit(form)) if form.sending.is_none() => match form.part {
            FormPart::Samples => {}
            FormPart::Fields(_) => {
                let line = text.replace(['\n', '\r'], " ");
                form.edit_field(line.chars().filter(|c| !c.is_control()).map(Edit::Insert));
            }
            FormPart::Text => {
                form.edited = true;
                form.problem = None;
                insert(&mut form.text, text);
            }
        },
        Some(Dialog::Question(question)) if question.sending.is_none() => {
            if let Some(reason) = &mut question.reason {
                insert(reason, &text.replace(['\n', '\r'], " "));
            }
        }
        Some(Dialog::Palette(palette)) => palette.paste(text),
        Some(Dialog::Test(test)) => test.paste(text),
        Some(_) => {}
        None => {
            if let Some(prompt) = &mut model.prompt {
                insert(&mut prompt.text, &text.replace(['\n', '\r'], " "));
                super::keys::typed(model);
            }
        }
    }
}

fn insert(editor: &mut Editor, text: &str) {
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' | '\r' => editor.apply(Edit::NewLine),
            '\t' => (0..2).for_each(|_| editor.apply(Edit::Insert(' '))),
            c if c.is_control() => {}
            c => editor.apply(Edit::Insert(c)),
        }
    }
}

/// The user's own editor has ended.
pub(super) fn edited(model: &mut Model, result: Result<String, String>) {
    let Some(Dialog::Submit(form)) = &mut model.dialog else { return };
    match result {
        Ok(text) => {
            form.text = Editor::new(text.trim_end_matches('\n'));
            (form.edited, form.part, form.problem) = (true, FormPart::Text, None);
        }
        Err(problem) => form.problem = Some(problem),
    }
}
