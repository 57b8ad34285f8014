//! [`update`]: one message, one change.

use super::editor::{Edit, Editor};
use super::keymap::{Intent, Key};
use super::model::{
    Action, Cmd, Dialog, Known, MAX_LOGS, Model, Msg, Notice, Pane, Question, Subject, SubmitForm, TaskKey, Watch,
};
use super::run::{Run, VisitStatus};
use super::submit;
use crate::facts::{Arn, ExecutionStatus};

/// Lines or rows of a page.
const PAGE: usize = 10;
/// How late a log line may come, in milliseconds: what was asked for is asked for again that far back.
const LATE: i64 = 2_000;

/// Takes in what happened and answers what is wished.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    match msg {
        Msg::Tick(now) => {
            model.now = now;
            Vec::new()
        }
        Msg::Changed(now) => {
            model.now = now;
            refresh(model)
        }
        Msg::Drawn { inspector_most } => {
            model.inspector_most = inspector_most;
            model.inspector_scroll = model.inspector_scroll.min(inspector_most);
            Vec::new()
        }
        Msg::Reopened(result) => {
            let notice = match result {
                Ok(()) => Notice {
                    text: "the process that held the cloud has ended: this one goes on with it".into(),
                    is_error: false,
                },
                Err(problem) => Notice { text: format!("the cloud is gone: {problem}"), is_error: true },
            };
            model.notice = Some(notice);
            refresh(model)
        }
        Msg::Paste(text) => {
            paste(model, &text);
            Vec::new()
        }
        Msg::Key(key) => {
            model.notice = None;
            press(model, key)
        }
        Msg::Identity(result) => {
            model.identity = noted(model, TaskKey::Identity, result).or(model.identity.take());
            Vec::new()
        }
        Msg::Executions(result) => {
            let Some(executions) = noted(model, TaskKey::Executions, result) else { return Vec::new() };
            model.executions = executions;
            model.executions_loaded = true;
            follow_newest(model)
        }
        Msg::Machine { execution, result } => {
            // The user may have gone on to another execution.
            if execution != model.watch.as_ref().map(|watch| watch.arn.clone()) {
                return Vec::new();
            }
            if let Some(facts) = noted(model, TaskKey::Machine, result) {
                let same = model.known.as_ref().is_some_and(|known| known.facts.definition == facts.definition);
                if !same {
                    let (machine, _) = asl::read(&facts.definition);
                    model.known = Some(Known { facts, machine: machine.map(std::sync::Arc::new) });
                }
            }
            follow_state(model);
            Vec::new()
        }
        Msg::History { execution, result } => {
            if model.watch.as_ref().is_none_or(|watch| watch.arn != execution) {
                return Vec::new();
            }
            if let Some(events) = noted(model, TaskKey::History, result)
                && let Some(watch) = &mut model.watch
            {
                watch.run.absorb(events);
                watch.loaded = true;
            }
            follow_state(model);
            Vec::new()
        }
        Msg::Orders(result) => {
            let Some(orders) = noted(model, TaskKey::Orders, result) else { return Vec::new() };
            model.orders = orders;
            model.orders_loaded = true;
            if model.order.is_none() {
                model.order = model.orders.first().map(|order| order.order_id.clone());
            }
            fetch_order(model)
        }
        Msg::Order { id, result } => {
            if model.order.as_ref() == Some(&id)
                && let Some(facts) = noted(model, TaskKey::Order, *result)
            {
                model.order_facts = facts;
            }
            Vec::new()
        }
        Msg::Logs(result) => {
            let mut added = 0;
            for line in noted(model, TaskKey::Logs, result).unwrap_or_default() {
                if model.log_ids.insert(line.id.clone()) {
                    // Lines of several groups come each in order; among each other they are put in order here.
                    let at = model.logs.partition_point(|known| (known.at, &known.id) <= (line.at, &line.id));
                    model.logs.insert(at, line);
                    added += 1;
                }
            }
            // Who has scrolled back goes on seeing the same lines.
            if model.logs_scroll > 0 && !model.logs_of_execution {
                model.logs_scroll += added;
            }
            while model.logs.len() > MAX_LOGS {
                if let Some(line) = model.logs.pop_front() {
                    model.log_ids.remove(&line.id);
                }
            }
            Vec::new()
        }
        Msg::Started { request, result } => started(model, request, result),
        Msg::Acted { request, action, result } => acted(model, request, &action, result),
    }
}

/// Keeps or clears what went wrong with a fetch.
fn noted<T>(model: &mut Model, key: TaskKey, result: Result<T, String>) -> Option<T> {
    model.troubles.retain(|(of, _)| *of != key);
    match result {
        Ok(value) => Some(value),
        Err(problem) => {
            model.troubles.push((key, problem));
            None
        }
    }
}

/// What is on the screen is asked for anew.
fn refresh(model: &Model) -> Vec<Cmd> {
    let since = model.logs.back().map_or(model.now - 3_600_000, |line| line.at - LATE);
    let mut wishes = vec![Cmd::FetchExecutions, Cmd::FetchOrders, Cmd::FetchLogs { since }];
    if model.identity.is_none() {
        wishes.push(Cmd::FetchIdentity);
    }
    if model.known.is_none() {
        wishes.push(Cmd::FetchMachine { execution: model.watch.as_ref().map(|watch| watch.arn.clone()) });
    }
    if let Some(watch) = &model.watch {
        let over = model.watched().is_some_and(|execution| execution.status.is_over());
        let complete = watch.run.events.last().is_some_and(|event| {
            use crate::facts::EventKind as K;
            matches!(
                event.kind,
                K::ExecutionSucceeded | K::ExecutionFailed | K::ExecutionAborted | K::ExecutionTimedOut
            )
        });
        if !(over && complete) {
            wishes.push(Cmd::FetchHistory { execution: watch.arn.clone(), after: watch.run.last_id() });
        }
    }
    wishes
}

fn look_at(model: &mut Model, arn: Arn) -> Vec<Cmd> {
    if model.watch.as_ref().is_some_and(|watch| watch.arn == arn) {
        return Vec::new();
    }
    model.watch = Some(Watch { arn: arn.clone(), run: Run::default(), loaded: false });
    model.state = None;
    model.follow_state = true;
    model.inspector_scroll = 0;
    if model.logs_of_execution {
        model.logs_scroll = 0;
    }
    vec![Cmd::FetchHistory { execution: arn.clone(), after: 0 }, Cmd::FetchMachine { execution: Some(arn) }]
}

fn follow_newest(model: &mut Model) -> Vec<Cmd> {
    match model.executions.first().map(|execution| execution.arn.clone()) {
        Some(newest) if model.follow_newest => look_at(model, newest),
        _ => Vec::new(),
    }
}

/// The state that runs, or failed, or came last.
fn follow_state(model: &mut Model) {
    let Some(watch) = model.watch.as_ref().filter(|_| model.follow_state) else { return };
    let visits = &watch.run.visits;
    let lively = visits
        .iter()
        .rev()
        .find(|visit| matches!(visit.status, VisitStatus::Running | VisitStatus::Retrying) && visit.items.is_none());
    let failed = || visits.iter().find(|visit| matches!(visit.status, VisitStatus::Caught | VisitStatus::Failed));
    if let Some(visit) = lively.or_else(failed).or_else(|| visits.last()) {
        model.state = Some(visit.state.clone());
    }
}

fn fetch_order(model: &Model) -> Vec<Cmd> {
    model.order.iter().map(|id| Cmd::FetchOrder { id: id.clone() }).collect()
}

fn press(model: &mut Model, key: Key) -> Vec<Cmd> {
    if let Some(intent) = model.keymap.intent(model.modes(), key) {
        if intent == Intent::Quit {
            model.quitting = true;
            return Vec::new();
        }
        return match model.dialog.take() {
            None => in_panes(model, intent),
            Some(dialog) => in_dialog(model, dialog, intent),
        };
    }
    match &mut model.dialog {
        Some(Dialog::Submit(form)) => type_into_form(form, key, &model.samples),
        Some(Dialog::Question(question)) => {
            if let (Some(reason), Some(edit), None) = (&mut question.reason, edit(key, false), question.sending) {
                reason.apply(edit);
            }
        }
        _ => {}
    }
    Vec::new()
}

fn edit(key: Key, with_lines: bool) -> Option<Edit> {
    Some(match key {
        Key::Char(c) => Edit::Insert(c),
        Key::Enter if with_lines => Edit::NewLine,
        Key::Up if with_lines => Edit::Up,
        Key::Down if with_lines => Edit::Down,
        Key::Backspace => Edit::Backspace,
        Key::Delete => Edit::Delete,
        Key::Left => Edit::Left,
        Key::Right => Edit::Right,
        Key::Home => Edit::Home,
        Key::End => Edit::End,
        _ => return None,
    })
}

fn type_into_form(form: &mut SubmitForm, key: Key, samples: &[order_core::Sample]) {
    if form.sending.is_some() {
        return;
    }
    if form.in_text {
        if let Some(edit) = edit(key, true) {
            form.text.apply(edit);
            form.edited |= !matches!(edit, Edit::Left | Edit::Right | Edit::Up | Edit::Down | Edit::Home | Edit::End);
            form.problem = None;
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
            form.in_text = true;
            return;
        }
        _ => return,
    };
    if form.edited && chosen != form.sample {
        // An edited order is not thrown away by a look at the list.
        form.problem = Some("the order was edited: Esc and n start over with a sample".into());
        return;
    }
    form.sample = chosen;
    form.text = text_of(samples, chosen);
    form.problem = None;
}

/// Pasted text goes where text is typed, and nowhere else: it is no command.
fn paste(model: &mut Model, text: &str) {
    let editor = match &mut model.dialog {
        Some(Dialog::Submit(form)) if form.in_text && form.sending.is_none() => {
            form.edited = true;
            form.problem = None;
            Some(&mut form.text)
        }
        Some(Dialog::Question(question)) if question.sending.is_none() => question.reason.as_mut(),
        _ => None,
    };
    let Some(editor) = editor else { return };
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' | '\r' => editor.apply(Edit::NewLine),
            '\t' => (0..2).for_each(|_| editor.apply(Edit::Insert(' '))),
            c if c.is_control() => {}
            c => editor.apply(Edit::Insert(c)),
        }
    }
}

fn text_of(samples: &[order_core::Sample], index: usize) -> Editor {
    let text = samples.get(index).and_then(|sample| serde_json::to_string_pretty(&sample.order).ok());
    Editor::new(&text.unwrap_or_else(|| "{}".into()))
}

fn in_dialog(model: &mut Model, dialog: Dialog, intent: Intent) -> Vec<Cmd> {
    match dialog {
        Dialog::Help { scroll } => {
            model.dialog = match intent {
                Intent::Up => Some(Dialog::Help { scroll: scroll.saturating_sub(1) }),
                Intent::Down => Some(Dialog::Help { scroll: (scroll + 1).min(super::keymap::BINDINGS.len()) }),
                _ => None,
            };
            Vec::new()
        }
        Dialog::Submit(mut form) => match intent {
            Intent::Back => Vec::new(),
            Intent::NextPane => {
                form.in_text = !form.in_text;
                model.dialog = Some(Dialog::Submit(form));
                Vec::new()
            }
            Intent::Send if form.sending.is_none() => send(model, form),
            _ => {
                model.dialog = Some(Dialog::Submit(form));
                Vec::new()
            }
        },
        Dialog::Question(mut question) => match intent {
            Intent::Back => Vec::new(),
            Intent::Confirm if question.sending.is_none() => {
                model.last_request += 1;
                let request = model.last_request;
                question.sending = Some(request);
                question.problem = None;
                let (action, reason) = (question.action.clone(), question.reason.as_ref().map(Editor::text));
                model.dialog = Some(Dialog::Question(question));
                vec![Cmd::Act { request, action, reason: reason.unwrap_or_default() }]
            }
            _ => {
                model.dialog = Some(Dialog::Question(question));
                Vec::new()
            }
        },
    }
}

fn send(model: &mut Model, mut form: Box<SubmitForm>) -> Vec<Cmd> {
    // The request's number and the time make an id that no other order here has; the cloud refuses it if one has.
    let random = format!("{:08x}{:04x}", model.now & 0xffff_ffff, model.last_request & 0xffff);
    let wishes = match submit::prepare(&form.text.text(), &random) {
        Ok((id, input)) => {
            model.last_request += 1;
            form.sending = Some(model.last_request);
            form.problem = None;
            vec![Cmd::StartExecution { request: model.last_request, name: id.to_string(), input }]
        }
        Err(problem) => {
            form.problem = Some(problem);
            Vec::new()
        }
    };
    model.dialog = Some(Dialog::Submit(form));
    wishes
}

fn started(model: &mut Model, request: u64, result: Result<Arn, String>) -> Vec<Cmd> {
    let waits = matches!(&model.dialog, Some(Dialog::Submit(form)) if form.sending == Some(request));
    match result {
        Ok(arn) => {
            if waits {
                model.dialog = None;
            }
            model.notice = Some(Notice { text: format!("started {}", arn.name()), is_error: false });
            model.follow_newest = true;
            let mut wishes = look_at(model, arn);
            wishes.extend([Cmd::FetchExecutions, Cmd::FetchOrders]);
            wishes
        }
        Err(problem) => {
            // The form stays as it was filled.
            if let (true, Some(Dialog::Submit(form))) = (waits, &mut model.dialog) {
                form.sending = None;
                form.problem = Some(problem);
            } else {
                model.notice = Some(Notice { text: problem, is_error: true });
            }
            Vec::new()
        }
    }
}

fn acted(model: &mut Model, request: u64, action: &Action, result: Result<(), String>) -> Vec<Cmd> {
    let waits = matches!(&model.dialog, Some(Dialog::Question(question)) if question.sending == Some(request));
    match result {
        Ok(()) => {
            if waits {
                model.dialog = None;
            }
            let text = match action {
                Action::Approve { order, .. } => format!("approved {order}"),
                Action::Reject { order, .. } => format!("rejected {order}"),
                Action::Stop { execution } => format!("stopped {}", execution.name()),
            };
            model.notice = Some(Notice { text, is_error: false });
            refresh(model)
        }
        Err(problem) => {
            if let (true, Some(Dialog::Question(question))) = (waits, &mut model.dialog) {
                question.sending = None;
                question.problem = Some(problem);
            } else {
                model.notice = Some(Notice { text: problem, is_error: true });
            }
            Vec::new()
        }
    }
}

fn in_panes(model: &mut Model, intent: Intent) -> Vec<Cmd> {
    match intent {
        Intent::Help => model.dialog = Some(Dialog::Help { scroll: 0 }),
        Intent::NewOrder => {
            model.dialog = Some(Dialog::Submit(Box::new(SubmitForm {
                sample: 0,
                in_text: false,
                edited: false,
                text: text_of(&model.samples, 0),
                problem: None,
                sending: None,
            })));
        }
        Intent::NextPane => focus(model, model.focus.number() % Pane::ALL.len()),
        Intent::PreviousPane => focus(model, (model.focus.number() + Pane::ALL.len() - 2) % Pane::ALL.len()),
        Intent::Focus(number) => focus(model, usize::from(number).saturating_sub(1)),
        Intent::ZoomPane => model.zoomed = !model.zoomed,
        Intent::Back => {
            if model.zoomed {
                model.zoomed = false;
            } else {
                show(model, Pane::Executions);
            }
        }
        // From what fits, to three rows a state, to one.
        Intent::Density => {
            model.compact = match model.compact {
                None => Some(false),
                Some(false) => Some(true),
                Some(true) => None,
            };
        }
        Intent::Scope => {
            model.logs_of_execution = !model.logs_of_execution;
            model.logs_scroll = 0;
        }
        Intent::Follow => return follow(model),
        Intent::Failure => to_failure(model),
        Intent::Other => return to_other(model),
        Intent::Approve => review(model, true),
        Intent::Reject => review(model, false),
        Intent::Stop => stop(model),
        Intent::Up => return step(model, -1),
        Intent::Down => return step(model, 1),
        Intent::PageUp => return step(model, -to_signed(PAGE)),
        Intent::PageDown => return step(model, to_signed(PAGE)),
        Intent::First => return step(model, isize::MIN / 2),
        Intent::Last => return step(model, isize::MAX / 2),
        Intent::Quit | Intent::Send | Intent::Confirm => {}
    }
    Vec::new()
}

fn focus(model: &mut Model, index: usize) {
    if let Some(pane) = Pane::ALL.get(index) {
        show(model, *pane);
    }
}

/// Focuses a pane; the inspector shows what belongs to it.
fn show(model: &mut Model, pane: Pane) {
    model.focus = pane;
    let subject = match pane {
        Pane::Executions | Pane::Graph => Subject::State,
        Pane::Orders => Subject::Order,
        Pane::Inspector | Pane::Logs => model.subject,
    };
    if subject != model.subject {
        model.subject = subject;
        model.inspector_scroll = 0;
    }
}

fn to_signed(number: usize) -> isize {
    isize::try_from(number).unwrap_or(isize::MAX)
}

/// The index so many steps from `from`, kept inside of `length`.
fn stepped(from: Option<usize>, by: isize, length: usize) -> Option<usize> {
    let last = length.checked_sub(1)?;
    Some(match from {
        None => 0,
        Some(from) => from.saturating_add_signed(by).min(last),
    })
}

fn step(model: &mut Model, by: isize) -> Vec<Cmd> {
    match model.focus {
        Pane::Executions => {
            let arn = model.watch.as_ref().map(|watch| &watch.arn);
            let from = model.executions.iter().position(|execution| Some(&execution.arn) == arn);
            let Some(to) = stepped(from, by, model.executions.len()) else { return Vec::new() };
            // At the top the list is followed again; below, the chosen one stays.
            model.follow_newest = to == 0;
            let arn = model.executions[to].arn.clone();
            look_at(model, arn)
        }
        Pane::Graph => {
            let states = model.states();
            let from = states.iter().position(|state| Some(state) == model.state.as_ref());
            if let Some(to) = stepped(from, by, states.len()) {
                model.state = Some(states[to].clone());
                model.follow_state = false;
                model.inspector_scroll = 0;
            }
            Vec::new()
        }
        Pane::Inspector => {
            model.inspector_scroll = model.inspector_scroll.saturating_add_signed(by).min(model.inspector_most);
            Vec::new()
        }
        Pane::Orders => {
            let from = model.orders.iter().position(|order| Some(&order.order_id) == model.order.as_ref());
            let Some(to) = stepped(from, by, model.orders.len()) else { return Vec::new() };
            model.order = Some(model.orders[to].order_id.clone());
            model.inspector_scroll = 0;
            fetch_order(model)
        }
        Pane::Logs => {
            let most = model.shown_logs().len().saturating_sub(1);
            model.logs_scroll = model.logs_scroll.saturating_add_signed(by.saturating_neg()).min(most);
            Vec::new()
        }
    }
}

fn follow(model: &mut Model) -> Vec<Cmd> {
    model.follow_newest = true;
    model.follow_state = true;
    model.logs_scroll = 0;
    let wishes = follow_newest(model);
    follow_state(model);
    wishes
}

/// To the first state that failed, and its error.
fn to_failure(model: &mut Model) {
    let failed = model.watch.as_ref().and_then(|watch| {
        let visit = watch.run.first_failure()?;
        Some(watch.run.visits[visit].state.clone())
    });
    match failed {
        Some(state) => {
            model.state = Some(state);
            model.follow_state = false;
            model.subject = Subject::State;
            model.focus = Pane::Inspector;
            model.inspector_scroll = 0;
        }
        None => {
            model.notice = Some(Notice { text: "nothing has failed in this execution".into(), is_error: false });
        }
    }
}

/// From an execution to its order, and from an order to its execution: they share their name.
fn to_other(model: &mut Model) -> Vec<Cmd> {
    if model.focus == Pane::Orders {
        let execution = model.orders.iter().find(|order| Some(&order.order_id) == model.order.as_ref());
        let Some(arn) = execution.map(|order| Arn(order.execution.clone())) else { return Vec::new() };
        show(model, Pane::Graph);
        model.follow_newest = false;
        return look_at(model, arn);
    }
    let Some(id) = model.watch.as_ref().and_then(order_of) else { return Vec::new() };
    model.order = Some(id);
    model.order_facts = None;
    show(model, Pane::Orders);
    model.inspector_scroll = 0;
    fetch_order(model)
}

/// The order of an execution: the one in its input, or the one that it is named after.
fn order_of(watch: &Watch) -> Option<order_core::OrderId> {
    let input = watch.run.events.first().and_then(|event| event.input.as_deref());
    let value: Option<serde_json::Value> = input.and_then(|input| serde_json::from_str(input).ok());
    let id = value.as_ref().and_then(|value| value.get("orderId")).and_then(|id| id.as_str());
    order_core::OrderId::new(id.unwrap_or_else(|| watch.arn.name())).ok()
}

fn review(model: &mut Model, approve: bool) {
    // The order that is looked at, or that of the execution that is.
    let of_execution = model.watch.as_ref().map(|watch| watch.arn.0.clone());
    let mut known = model.orders.iter().chain(model.order_facts.iter().map(|facts| &facts.record));
    let order = match model.subject {
        Subject::Order => known.find(|order| Some(&order.order_id) == model.order.as_ref()),
        Subject::State => known.find(|order| Some(&order.execution) == of_execution.as_ref()),
    };
    let Some((order, token)) = order.and_then(|order| Some((order, order.approval_token.clone()?))) else {
        let text = "this order does not wait for approval: choose one that is AWAITING_APPROVAL".to_owned();
        model.notice = Some(Notice { text, is_error: false });
        return;
    };
    let total = order.total().map(|total| format!(" over {total}")).unwrap_or_default();
    let id = order.order_id.clone();
    let (verb, action) = if approve {
        ("Approve", Action::Approve { order: id.clone(), token })
    } else {
        ("Reject", Action::Reject { order: id.clone(), token })
    };
    model.dialog = Some(Dialog::Question(Box::new(Question {
        text: format!("{verb} order {id}{total}?"),
        action,
        reason: Some(Editor::new("")),
        problem: None,
        sending: None,
    })));
}

fn stop(model: &mut Model) {
    match model.watched() {
        Some(execution) if execution.status == ExecutionStatus::Running => {
            model.dialog = Some(Dialog::Question(Box::new(Question {
                text: format!("Stop execution {}? It ends as ABORTED; nothing is compensated.", execution.name),
                action: Action::Stop { execution: execution.arn.clone() },
                reason: Some(Editor::new("")),
                problem: None,
                sending: None,
            })));
        }
        _ => model.notice = Some(Notice { text: "this execution does not run".into(), is_error: false }),
    }
}
