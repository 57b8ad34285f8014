//! Keys: to what is typed, to what lies over the panes, or to the panes.

use super::dialogs;
use super::looking::ask;
use super::panes;
use super::steps::{self, Stand};
use crate::app::editor::{Edit, Editor};
use crate::app::keymap::{Intent, Key};
use crate::app::model::{Cmd, Dialog, Model, Pane};
use crate::app::prompt::{Names, Prompt, PromptKind};

/// A key was pressed.
pub(super) fn press(model: &mut Model, key: Key) -> Vec<Cmd> {
    let modes = model.modes();
    let meant = model.keymap.intent(&modes, key);
    let (key, meant) = match meant {
        Some(_) => (key, meant),
        None => (key.unshifted(), model.keymap.intent(&modes, key.unshifted())),
    };
    match meant {
        Some(intent) => act(model, intent),
        None if model.dialog.is_some() => {
            dialogs::typed(model, key);
            Vec::new()
        }
        None => {
            if let (Some(prompt), Some(edit)) = (&mut model.prompt, edit(key, false)) {
                prompt.text.apply(edit);
                typed(model);
            }
            Vec::new()
        }
    }
}

/// Does what is meant, where it is meant.
pub(super) fn act(model: &mut Model, intent: Intent) -> Vec<Cmd> {
    // What is said twice is said in a row.
    model.unlocks_next &= intent == Intent::Unlock;
    let before = Stand::of(model);
    let wishes = done(model, intent);
    steps::note(model, &before, intent);
    wishes
}

fn done(model: &mut Model, intent: Intent) -> Vec<Cmd> {
    match intent {
        Intent::Quit => {
            model.quitting = true;
            Vec::new()
        }
        Intent::Suspend => vec![Cmd::Suspend],
        intent if model.dialog.is_some() => dialogs::intended(model, intent),
        intent if model.prompt.is_some() => in_prompt(model, intent),
        intent => panes::intended(model, intent),
    }
}

/// What a key does to a text.
pub(super) fn edit(key: Key, with_lines: bool) -> Option<Edit> {
    Some(match key {
        Key::Char(c) => Edit::Insert(c),
        Key::Enter if with_lines => Edit::NewLine,
        Key::Up if with_lines => Edit::Up,
        Key::Down if with_lines => Edit::Down,
        Key::Backspace => Edit::Backspace,
        Key::Delete => Edit::Delete,
        Key::Left => Edit::Left,
        Key::Right => Edit::Right,
        Key::Home | Key::Ctrl('a') => Edit::Home,
        Key::End | Key::Ctrl('e') => Edit::End,
        Key::Ctrl('u') => Edit::EraseToStart,
        Key::Ctrl('k') => Edit::EraseToEnd,
        Key::Ctrl('w') => Edit::EraseWord,
        _ => return None,
    })
}

/// Opens the line that the logs are filtered by, or the fields of their lines are chosen in.
pub(super) fn open_logs_prompt(model: &mut Model, kind: PromptKind) {
    let view = model.logs.view();
    let before = match kind {
        PromptKind::Search => view.needle.clone(),
        PromptKind::Filter => view.filter.clone(),
        PromptKind::Fields => view.fields.as_ref().map(|fields| fields.join(" ")).unwrap_or_default(),
    };
    let mut text = Editor::new(&before);
    text.apply(Edit::End);
    let names = match kind {
        PromptKind::Fields => Names::Listed(model.logs.field_names().into_iter().collect()),
        PromptKind::Search | PromptKind::Filter => Names::None,
    };
    open(model, Prompt { pane: Pane::Logs, text, before, kind, names, offers: Vec::new() });
}

/// Opens the line that a query or something to search for is typed in.
pub(super) fn open_prompt(model: &mut Model) {
    let pane = model.focus;
    let before = match pane {
        Pane::Executions => model.query_text.clone(),
        Pane::Inspector => model.inspector.search_text().to_owned(),
        Pane::Logs => model.logs.view().needle.clone(),
        Pane::Events => model.events.filter().to_owned(),
        Pane::Graph => model.graph_needle.clone(),
        Pane::Orders => model.orders.text().to_owned(),
        Pane::Timeline | Pane::Metrics => return,
    };
    let mut text = Editor::new(&before);
    text.apply(Edit::End);
    let names = match pane {
        Pane::Executions => Names::Executions(model.index.vocabulary()),
        Pane::Orders => Names::Orders,
        Pane::Graph => Names::Whole(model.states()),
        _ => Names::None,
    };
    open(model, Prompt { pane, text, before, kind: PromptKind::Search, names, offers: Vec::new() });
}

fn open(model: &mut Model, mut prompt: Prompt) {
    prompt.offer();
    model.prompt = Some(prompt);
}

fn in_prompt(model: &mut Model, intent: Intent) -> Vec<Cmd> {
    match intent {
        Intent::Confirm => {
            let pane = model.prompt.take().map(|prompt| prompt.pane);
            if pane == Some(Pane::Executions) && model.list.place().is_none() && model.list.choose_row(0) {
                return panes::chosen_execution(model);
            }
        }
        Intent::Back => {
            if let Some(prompt) = model.prompt.take() {
                search(model, prompt.pane, prompt.kind, prompt.before);
            }
        }
        // What begins as typed, whole.
        Intent::NextPane => {
            if let Some(prompt) = &mut model.prompt
                && let Some(whole) = prompt.offers.first()
            {
                prompt.text = Editor::new(whole);
                prompt.text.apply(Edit::End);
            }
            typed(model);
        }
        _ => {}
    }
    let before = model.order.clone();
    super::looking::keep_order(model);
    let mut wishes = super::wishes::fetch_details(model);
    if model.order != before {
        wishes.extend(super::wishes::fetch_order(model));
    }
    if model.prompt.is_none() && model.has_orders && model.orders.confirm() {
        wishes.push(super::wishes::fetch_orders(model));
    }
    wishes
}

/// Searches as one types.
pub(super) fn typed(model: &mut Model) {
    if let Some(prompt) = &mut model.prompt {
        prompt.offer();
        let (pane, kind, text) = (prompt.pane, prompt.kind, prompt.text.text());
        search(model, pane, kind, text);
    }
}

fn search(model: &mut Model, pane: Pane, kind: PromptKind, text: String) {
    match pane {
        Pane::Logs if kind == PromptKind::Filter => model.logs.look(|view| view.filter = text),
        Pane::Logs if kind == PromptKind::Fields => {
            let names = text.split([' ', ',']).filter(|name| !name.is_empty());
            let fields: Vec<String> = names.map(ToOwned::to_owned).collect();
            model.logs.look(|view| view.fields = (!fields.is_empty()).then_some(fields));
        }
        Pane::Executions => ask(model, text),
        Pane::Inspector => drop(model.inspector.search(&text)),
        Pane::Logs => {
            model.logs.look(|view| view.needle = text);
            model.logs.nearest_match();
        }
        Pane::Events => {
            if let Some(watch) = &model.watch {
                model.events.set_filter(&text, watch.events());
            }
        }
        Pane::Graph => {
            let found = if text.is_empty() { None } else { model.states_like(&text).into_iter().next() };
            model.graph_needle = text;
            if let Some(state) = found {
                super::looking::choose_state(model, state);
            }
        }
        Pane::Orders => model.orders.look(&text, &model.zone, model.now),
        Pane::Timeline | Pane::Metrics => {}
    }
}

/// Whether something was searched for in the focused pane.
pub(super) fn has_search(model: &Model) -> bool {
    match model.focus {
        Pane::Inspector => !model.inspector.search_text().is_empty(),
        Pane::Logs => !model.logs.view().needle.is_empty() || !model.logs.view().filter.is_empty(),
        Pane::Executions => !model.query.is_empty() || !model.query_text.is_empty(),
        Pane::Events => !model.events.filter().is_empty(),
        Pane::Orders => !model.orders.text().is_empty(),
        Pane::Graph => !model.graph_needle.is_empty(),
        Pane::Timeline | Pane::Metrics => false,
    }
}

/// That is forgotten.
pub(super) fn forget_search(model: &mut Model) -> Vec<Cmd> {
    match model.focus {
        Pane::Inspector => drop(model.inspector.search("")),
        Pane::Logs if !model.logs.view().needle.is_empty() => model.logs.look(|view| view.needle.clear()),
        Pane::Logs => model.logs.look(|view| view.filter.clear()),
        Pane::Executions => ask(model, String::new()),
        Pane::Events => search(model, Pane::Events, PromptKind::Search, String::new()),
        Pane::Orders => {
            model.orders.look("", &model.zone, model.now);
            return if model.orders.confirm() { vec![super::wishes::fetch_orders(model)] } else { Vec::new() };
        }
        Pane::Graph => model.graph_needle.clear(),
        Pane::Timeline | Pane::Metrics => {}
    }
    Vec::new()
}

/// Whether keys go to a dialog that takes text.
pub(super) fn is_editing(model: &Model) -> bool {
    matches!(&model.dialog, Some(Dialog::Submit(_) | Dialog::Test(_)))
}
