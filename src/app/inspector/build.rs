//! A state of an execution as sections.
//!
//! Never reads a document: texts go into the sections as they are. Never decides what failed and why: `lens` does.

use std::sync::Arc;

use super::Sources;
use super::document::Text;
use super::order;
use super::row::{Outcome, RowKind, Tone};
use super::section::{Draft, DraftBody, Head, Part};
use super::told::told;
use crate::app::lens::{self, Lens, RuleMatch, Try};
use crate::app::run::{Run, Visit, VisitStatus};
use crate::app::tries::tries;
use crate::facts::{EventKind, HistoryEvent, LogLine, Millis};

/// The most log lines of an invocation that are shown.
const MAX_LINES: usize = 50;
/// The most events of a visit that are shown.
const MAX_EVENTS: usize = 1_000;
/// From how many bytes on the heading of a document tells its size.
const TOLD_SIZE: usize = 1_024;

/// What a state is shown as.
pub(super) struct Built {
    pub(super) drafts: Vec<Draft>,
    pub(super) lens: Option<Lens>,
}

/// The visit that is shown.
#[derive(Clone, Copy)]
struct Chosen<'a> {
    run: &'a Run,
    visit: &'a Visit,
    /// Which of the run's visits it is.
    index: usize,
    /// Which of the state's visits it is, from 1.
    number: usize,
    /// How many visits the state has.
    count: usize,
}

/// The sections of a state. `fragment` is its definition.
pub(super) fn state(sources: &Sources<'_>, name: &str, fragment: Option<Arc<str>>) -> Built {
    let chosen = sources.run.and_then(|run| Chosen::of(run, sources, name));
    let lens =
        chosen.and_then(|chosen| Lens::of(sources.execution?, chosen.run, sources.machine, sources.logs, chosen.index));
    let mut drafts = vec![status(sources, name, chosen, lens.as_ref())];
    if let Some(chosen) = chosen {
        if let Some(lens) = &lens {
            drafts.extend(failure(lens, chosen.visit.status));
        }
        drafts.extend(tried(sources, chosen, lens.as_ref()));
        drafts.extend(logged(sources, chosen, lens.as_ref()));
        drafts.extend(order_row(sources, chosen, lens.as_ref()));
        drafts.extend(documents(chosen.visit));
    }
    // Of a state that was not reached nothing else is known.
    let definition = document(Part::Definition, "definition", fragment.as_ref());
    drafts.extend(definition.map(|draft| draft.folded(chosen.is_some())));
    drafts.extend(chosen.map(events));
    Built { drafts, lens }
}

impl<'a> Chosen<'a> {
    /// The visit that was asked for; else the last that failed; else the last.
    fn of(run: &'a Run, sources: &Sources<'_>, name: &str) -> Option<Self> {
        let is_wanted = |visit: &&Visit| match (sources.iteration, run.iteration_of(visit)) {
            (Some(wanted), Some(iteration)) => wanted == iteration,
            // A state outside of the Map has no iteration to choose.
            _ => true,
        };
        let visits: Vec<&Visit> = run.visits_to(name).filter(is_wanted).collect();
        let index = run.telling_visit(name, sources.iteration, sources.visit)?;
        let entered = run.visits.get(index)?.entered;
        let at = visits.iter().position(|visit| visit.entered == entered)?;
        Some(Self { run, visit: run.visits.get(index)?, index, number: at + 1, count: visits.len() })
    }
}

fn status(sources: &Sources<'_>, name: &str, chosen: Option<Chosen<'_>>, lens: Option<&Lens>) -> Draft {
    let head = Head::Status {
        status: chosen.map(|chosen| chosen.visit.status),
        from: chosen.map_or(0, |chosen| chosen.visit.entered_at),
        until: chosen.and_then(|chosen| chosen.visit.left_at),
        visit: chosen.map_or(0, |chosen| chosen.number),
        visits: chosen.map_or(0, |chosen| chosen.count),
        iteration: chosen.and_then(|chosen| chosen.run.iteration_of(chosen.visit)),
    };
    let mut rows = Vec::new();
    let items = chosen.and_then(|chosen| chosen.visit.items);
    if let Some(items) = items {
        let counts = [(items.done, "done"), (items.failed, "failed"), (items.running, "running")];
        let counts: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        let tone = if items.failed > 0 { Tone::Bad } else { Tone::Plain };
        rows.push(RowKind::fact("items", [vec![items.total.to_string()], counts].concat().join(", "), tone));
    }
    if let Some(child) = chosen.and_then(|chosen| chosen.visit.child.as_ref()) {
        let what = if child.is_map_run() { "map run" } else { "started" };
        rows.push(RowKind::fact(what, child.name(), Tone::Plain));
    }
    if let Some(state) = sources.machine.and_then(|machine| machine.state(name)) {
        rows.push(RowKind::fact("type", state.kind.type_name(), Tone::Plain));
        if let Some(comment) = &state.comment {
            rows.push(RowKind::fact("", comment.trim_end(), Tone::Dim));
        }
    }
    // What went wrong is more urgent than what the state is for.
    let folded = items.is_none() && lens.is_some() && chosen.is_some_and(|chosen| !is_fine(chosen.visit.status));
    Draft { part: Part::Status, head, folded, body: DraftBody::Rows(rows) }
}

const fn is_fine(status: VisitStatus) -> bool {
    matches!(status, VisitStatus::Succeeded)
}

/// The failure, its stack trace and the document of its cause.
fn failure(lens: &Lens, status: VisitStatus) -> Vec<Draft> {
    let cause = &lens.cause;
    let mut rows = vec![RowKind::fact("error", lens.error.as_str(), Tone::Bad)];
    let message = cause.message.as_deref().unwrap_or(&cause.summary).trim_end();
    let tone = if cause.raw.is_empty() { Tone::Dim } else { Tone::Plain };
    rows.push(RowKind::fact("message", message, tone));
    if let Some(error_type) = cause.error_type.as_ref().filter(|error_type| **error_type != lens.error) {
        rows.push(RowKind::fact("type", error_type.as_str(), Tone::Plain));
    }
    for rule in [&lens.retry, &lens.catch] {
        let tone = match rule {
            RuleMatch::Retrier { .. } if rule.is_exhausted() => Tone::Bad,
            RuleMatch::Retrier { .. } => Tone::Waiting,
            RuleMatch::Catcher { .. } => Tone::Good,
            RuleMatch::None { .. } => Tone::Dim,
        };
        rows.push(RowKind::fact("", rule.to_string(), tone));
    }
    // An error that was got over is history.
    let title = if is_fine(status) { "earlier failure" } else { "failure" };
    let mut drafts = vec![Draft::rows(Part::Failure, title, rows).folded(is_fine(status))];
    if !cause.stack.is_empty() {
        let frames = cause.stack.iter().map(|frame| RowKind::fact("", frame.as_str(), Tone::Dim)).collect();
        let note = counted(cause.stack.len(), "line");
        drafts.push(Draft::rows(Part::Stack, "stack trace", frames).noted(note).folded(true));
    }
    if let Some(document) = &cause.document {
        // What has a message has said in it what there is to say.
        let text: Arc<str> = document.to_string().into();
        let note = size(&text);
        drafts.push(Draft::text(Part::Cause, "cause", text).noted(note).folded(cause.message.is_some()));
    }
    drafts
}

/// Every try, unless there was one that did not fail: of that the status tells.
fn tried(sources: &Sources<'_>, chosen: Chosen<'_>, lens: Option<&Lens>) -> Option<Draft> {
    let all = match lens {
        Some(lens) => lens.attempts.clone(),
        None => tries(chosen.run, sources.machine, chosen.index),
    };
    if all.len() < 2 && all.iter().all(|one| one.error.is_none()) {
        return None;
    }
    let note = all.len().to_string();
    let rows = all.into_iter().map(|one| try_row(one, chosen.visit.left_at)).collect();
    Some(Draft::rows(Part::Tries, "tries", rows).noted(note))
}

fn try_row(one: Try, left_at: Option<Millis>) -> RowKind {
    let outcome = match (one.error, one.duration, left_at) {
        (Some(error), ..) => Outcome::Failed(error),
        (None, Some(_), _) => Outcome::Succeeded,
        (None, None, Some(_)) => Outcome::GivenUp,
        (None, None, None) => Outcome::Running,
    };
    let took = one.duration.or_else(|| left_at.map(|left| left.saturating_sub(one.started_at)));
    RowKind::Try {
        number: one.number,
        started_at: one.started_at,
        waited: one.waited,
        took: took.unwrap_or(0).max(0),
        outcome,
        cause: one.cause_summary,
    }
}

/// What the invocation has logged: of the one that failed, else of the last.
fn logged(sources: &Sources<'_>, chosen: Chosen<'_>, lens: Option<&Lens>) -> Option<Draft> {
    let (request, lines): (Option<String>, Vec<LogLine>) = match lens {
        Some(lens) => (lens.request_id.clone(), lens.lines.clone()),
        None => lens::logged(sources.execution?, chosen.run, sources.logs, chosen.index),
    };
    let mut rows = Vec::new();
    rows.extend(request.map(|request| RowKind::fact("request", request, Tone::Dim)));
    if lines.is_empty() && lens.is_some() && !chosen.visit.attempts.is_empty() {
        rows.push(RowKind::fact("", "no line of this invocation was found", Tone::Dim));
    }
    let total = lines.len();
    // The end of what an invocation says tells most of how it ended.
    let row = |line: LogLine| {
        let (level, text) = told(&line.message);
        RowKind::Log { at: line.at, level, text, raw: line.message }
    };
    rows.extend(lines.into_iter().skip(total.saturating_sub(MAX_LINES)).map(row));
    for (number, lines) in lens.map(|lens| lens.earlier.as_slice()).unwrap_or_default().iter().rev() {
        rows.push(RowKind::fact("", format!("try {number}"), Tone::Dim));
        rows.extend(lines.iter().skip(lines.len().saturating_sub(MAX_LINES)).cloned().map(row));
    }
    if rows.is_empty() {
        return None;
    }
    let note = match total {
        0 => String::new(),
        total if total > MAX_LINES => format!("last {MAX_LINES} of {total}"),
        total => total.to_string(),
    };
    Some(Draft::rows(Part::Logs, "log lines", rows).noted(note))
}

/// The order's row before the visit and after it, where something went wrong.
fn order_row(sources: &Sources<'_>, chosen: Chosen<'_>, lens: Option<&Lens>) -> Option<Draft> {
    let (facts, execution, visit) = (sources.order?, sources.execution?, lens.map(|_| chosen.visit)?);
    let rows = order::around(facts, execution, visit.entered_at, visit.left_at);
    let note = facts.record.order_id.to_string();
    (!rows.is_empty()).then(|| Draft::rows(Part::OrderRow, "order row", rows).noted(note))
}

fn documents(visit: &Visit) -> Vec<Draft> {
    let last = visit.attempts.last();
    let parameters = last.and_then(|attempt| attempt.parameters.as_ref());
    let called = document(Part::CalledWith, "called with", parameters).map(|draft| {
        let resource = last.and_then(|attempt| attempt.resource.clone());
        let size = parameters.map(|text| size(text)).filter(|size| !size.is_empty());
        draft.noted([resource, size].into_iter().flatten().collect::<Vec<_>>().join("  "))
    });
    let assigned: Vec<Text> = visit
        .assigned
        .iter()
        .map(|(name, value)| Text { name: Some(format!("${name}").into()), text: value.as_str().into() })
        .collect();
    let variables = (!assigned.is_empty()).then(|| {
        let note = assigned.len().to_string();
        Draft::texts(Part::Variables, "variables", assigned).noted(note)
    });
    let parts = [
        document(Part::Input, "input", visit.input.as_ref()),
        document(Part::Output, "output", visit.output.as_ref()),
        called,
        document(Part::Result, "result", last.and_then(|attempt| attempt.output.as_ref())),
        variables,
    ];
    parts.into_iter().flatten().collect()
}

fn document(part: Part, title: &'static str, text: Option<&Arc<str>>) -> Option<Draft> {
    let text = text.filter(|text| !text.is_empty())?;
    Some(Draft::text(part, title, Arc::clone(text)).noted(size(text)))
}

/// The size of a text, if it is worth telling.
fn size(text: &str) -> String {
    if text.len() < TOLD_SIZE { String::new() } else { format!("{} KB", text.len().div_ceil(TOLD_SIZE)) }
}

fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

fn events(chosen: Chosen<'_>) -> Draft {
    let Chosen { run, visit, index, .. } = chosen;
    let start = run.events.partition_point(|event| event.id < visit.entered);
    let mut rows = Vec::new();
    let mut count = 0_usize;
    for event in run.events.iter().skip(start).filter(|event| belongs(run, event, index)) {
        count += 1;
        if rows.len() < MAX_EVENTS {
            rows.push(RowKind::Event {
                id: event.id,
                type_name: event.type_name.clone(),
                offset: event.at.saturating_sub(visit.entered_at),
                tone: tone_of(event.kind),
            });
        }
        if event.kind == EventKind::StateExited {
            break;
        }
    }
    let note = if count > MAX_EVENTS { format!("first {MAX_EVENTS} of {count}") } else { count.to_string() };
    Draft::rows(Part::Events, "events", rows).noted(note).folded(true)
}

/// Whether an event tells of the visit, and not of what is inside or of the whole execution.
fn belongs(run: &Run, event: &HistoryEvent, visit: usize) -> bool {
    use EventKind as K;
    let place = run.visit_of(event.id);
    match event.kind {
        K::ExecutionStarted
        | K::ExecutionSucceeded
        | K::ExecutionFailed
        | K::ExecutionAborted
        | K::ExecutionTimedOut
        | K::ExecutionRedriven => false,
        // No event tells whose abort it is.
        K::StateAborted => false,
        // These are placed where they come from, which is inside of the iteration.
        K::IterationFailed | K::IterationAborted => {
            let inside = place.and_then(|place| run.visits.get(place));
            let around = |visit: &&Visit| run.visits.get(visit.parent?);
            let map = std::iter::successors(inside, around).find(|one| Some(&one.state) == event.name.as_ref());
            map.is_some_and(|map| run.visits.get(visit).is_some_and(|visit| visit.entered == map.entered))
        }
        _ => place == Some(visit),
    }
}

const fn tone_of(kind: EventKind) -> Tone {
    use EventKind as K;
    match kind {
        K::TaskFailed | K::TaskTimedOut | K::ContainerFailed | K::IterationFailed | K::EvaluationFailed => Tone::Bad,
        K::TaskSucceeded | K::ContainerSucceeded | K::IterationSucceeded => Tone::Good,
        K::StateAborted | K::IterationAborted => Tone::Waiting,
        _ => Tone::Plain,
    }
}
