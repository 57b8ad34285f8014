//! What changes something in the cloud: asked about once, sent once, and told how it went.

use super::looking::look_at;
use super::wishes::refresh;
use crate::app::editor::Editor;
use crate::app::model::{Action, Cmd, Dialog, Model, Notice, Question};
use crate::app::submit::{self, FormPart, SubmitForm};
use crate::facts::{Arn, ExecutionStatus};

/// Why nothing is sent: what is read-only may have become so while a dialog was open.
pub(super) const READ_ONLY: &str = "the dashboard is read-only";

/// Opens the form for a new order.
pub(super) fn new_order(model: &mut Model) {
    let text = text_of(&model.samples, 0);
    let form = SubmitForm { part: FormPart::Samples, edited: false, ..form(model.machine.clone(), text) };
    model.dialog = Some(Dialog::Submit(Box::new(form)));
}

/// Opens the form with what the execution that is looked at was started with. The id is left out: it names an
/// execution that is there already.
pub(super) fn again(model: &mut Model) {
    let input = model.run().and_then(|run| run.events.first()).and_then(|event| event.input.as_deref());
    let machine = model.watch.as_ref().and_then(|watch| watch.arn.machine_of_execution());
    let (Some(input), Some(machine)) = (input, machine) else { return };
    let mut is_order = false;
    let text = match serde_json::from_str::<serde_json::Value>(input) {
        Ok(mut value) => {
            if let Some(fields) = value.as_object_mut() {
                is_order = fields.shift_remove("orderId").is_some();
            }
            serde_json::to_string_pretty(&value).unwrap_or_else(|_| input.to_owned())
        }
        Err(_) => input.to_owned(),
    };
    let form = SubmitForm { is_order, ..form(machine, Editor::new(&text)) };
    model.dialog = Some(Dialog::Submit(Box::new(form)));
}

/// A form with a text that is no sample's.
fn form(machine: Arn, text: Editor) -> SubmitForm {
    SubmitForm {
        machine,
        is_order: true,
        sample: 0,
        part: FormPart::Text,
        edited: true,
        text,
        problem: None,
        sending: None,
    }
}

pub(super) fn text_of(samples: &[order_core::Sample], index: usize) -> Editor {
    let text = samples.get(index).and_then(|sample| serde_json::to_string_pretty(&sample.order).ok());
    Editor::new(&text.unwrap_or_else(|| "{}".into()))
}

/// Sends the order of the form.
pub(super) fn send(model: &mut Model, mut form: Box<SubmitForm>) -> Vec<Cmd> {
    // The request's number and the time make an id that no other order here has; the cloud refuses it if one has.
    let random = format!("{:08x}{:04x}", model.now & 0xffff_ffff, model.last_request & 0xffff);
    let prepared = match form.document() {
        _ if model.settings.read_only => Err(READ_ONLY.to_owned()),
        Err(problem) => Err(problem),
        Ok(text) if form.is_order => submit::prepare(&text, &random).map(|(id, input)| (id.to_string(), input)),
        Ok(text) => submit::prepare_input(&text, &random),
    };
    let wishes = match prepared {
        Ok((name, input)) => {
            model.last_request += 1;
            form.sending = Some(model.last_request);
            form.problem = None;
            vec![Cmd::StartExecution { request: model.last_request, machine: form.machine.clone(), name, input }]
        }
        Err(problem) => {
            form.problem = Some(problem);
            Vec::new()
        }
    };
    model.dialog = Some(Dialog::Submit(form));
    wishes
}

pub(super) fn started(model: &mut Model, request: u64, result: Result<Arn, String>) -> Vec<Cmd> {
    let waits = matches!(&model.dialog, Some(Dialog::Submit(form)) if form.sending == Some(request));
    match result {
        Ok(arn) => {
            if waits {
                model.dialog = None;
            }
            model.notice = Some(Notice { text: format!("started {}", arn.name()), is_error: false });
            model.follow_newest = true;
            let mut wishes = look_at(model, arn);
            wishes.extend([Cmd::FetchExecutions, super::wishes::fetch_orders(model)]);
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

pub(super) fn acted(
    model: &mut Model,
    request: u64,
    action: &Action,
    done: usize,
    result: Result<(), String>,
) -> Vec<Cmd> {
    let waits = matches!(&model.dialog, Some(Dialog::Question(question)) if question.sending == Some(request));
    match result {
        Ok(()) => {
            if waits {
                model.dialog = None;
            }
            let text = match action {
                Action::Approve { waiting } => format!("approved {}", told(waiting, |one| &one.name)),
                Action::Reject { waiting } => format!("rejected {}", told(waiting, |one| &one.name)),
                Action::Stop { executions } => format!("stopped {}", told(executions, Arn::name)),
                Action::Redrive { executions } => format!("redriven {}", told(executions, Arn::name)),
            };
            model.notice = Some(Notice { text, is_error: false });
            model.list.clear_marks();
            refresh(model)
        }
        // What was done of several cannot be done again: the question is no longer the same.
        Err(problem) if done > 0 => {
            if waits {
                model.dialog = None;
            }
            model.notice = Some(Notice { text: format!("{done} done, not all: {problem}"), is_error: true });
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

fn ask(model: &mut Model, text: String, action: Action, with_reason: bool) {
    model.dialog = Some(Dialog::Question(Box::new(Question {
        text,
        action,
        reason: with_reason.then(|| Editor::new("")),
        problem: None,
        sending: None,
    })));
}

/// The most that are called by their names.
const MOST_NAMED: usize = 4;

/// The names of some, and how many more there are.
fn told<T>(all: &[T], name: impl Fn(&T) -> &str) -> String {
    let named: Vec<&str> = all.iter().take(MOST_NAMED).map(name).collect();
    let more = all.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

pub(super) fn review(model: &mut Model, approve: bool) {
    let waiting = model.waiting();
    let total = match (waiting.as_slice(), model.waiting_order()) {
        ([one], Some((order, token))) if one.token == token => order.total(),
        _ => None,
    };
    let total = total.map(|total| format!(" over {total}")).unwrap_or_default();
    let (orders, then) = match (waiting.len(), approve) {
        (1, true) => ("order ", "It goes on with the output."),
        (1, false) => ("order ", "It fails."),
        (_, true) => ("orders ", "They go on with the output."),
        (_, false) => ("orders ", "They fail."),
    };
    let orders = if waiting.iter().all(|one| one.is_order) { orders } else { "" };
    let verb = if approve { "Approve" } else { "Reject" };
    let text = format!("{verb} {orders}{}{total}? {then}", told(&waiting, |one| &one.name));
    let action = if approve { Action::Approve { waiting } } else { Action::Reject { waiting } };
    ask(model, text, action, true);
}

/// The marked executions of which that holds, or the one that is looked at.
fn meant(model: &Model, holds: impl Fn(ExecutionStatus) -> bool) -> Vec<Arn> {
    let is_meant = |arn: &&Arn| model.index.get(arn).is_some_and(|entry| holds(entry.summary.status));
    let marked: Vec<Arn> = model.list.marked().iter().filter(is_meant).cloned().collect();
    if marked.is_empty() { model.watch.iter().map(|watch| watch.arn.clone()).collect() } else { marked }
}

pub(super) fn stop(model: &mut Model) {
    let executions = meant(model, |status| !status.is_over());
    let (each, ends) = if executions.len() == 1 { ("", "It ends") } else { (" executions", "They end") };
    let named = told(&executions, Arn::name);
    let text = format!("Stop{each} {named}? {ends} as ABORTED; nothing is compensated.");
    ask(model, text, Action::Stop { executions }, true);
}

pub(super) fn redrive(model: &mut Model) {
    let executions = meant(model, ExecutionStatus::is_redrivable);
    let goes = if executions.len() == 1 { "It goes" } else { "They go" };
    let named = told(&executions, Arn::name);
    let text = format!("Redrive {named}? {goes} on from the states that did not succeed, with the same input.");
    ask(model, text, Action::Redrive { executions }, false);
}
