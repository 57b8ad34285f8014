//! Where one looks: which execution, which state, which moment; and what follows of that in the panes.

use std::collections::BTreeMap;

use super::wishes::{fetch_all_logs, fetch_order};
use crate::app::events::EventTable;
use crate::app::executions;
use crate::app::fleet::Fleet;
use crate::app::fleet_view::FleetView;
use crate::app::index::Index;
use crate::app::inspector::{Inspector, Sources};
use crate::app::lens;
use crate::app::logs::{Scope, StateScope};
use crate::app::model::{Cmd, Model, Pane, Subject};
use crate::app::orders;
use crate::app::query::Query;
use crate::app::run::VisitStatus;
use crate::app::timeline_view::TimelineView;
use crate::app::watch::Watch;
use crate::facts::{Arn, LogLine, Millis};

/// How many log lines before the start of an execution are of no use to it, in milliseconds.
const BEFORE: Millis = 1_000;
/// The most log lines that are looked through for the inspector.
const MOST_LINES: usize = 5_000;

/// Looks at an execution.
pub(super) fn look_at(model: &mut Model, arn: Arn) -> Vec<Cmd> {
    model.list.choose(&arn);
    if model.watch.as_ref().is_some_and(|watch| watch.arn == arn) {
        return Vec::new();
    }
    model.watch = Some(Watch::new(arn.clone()));
    model.ancestors.clear();
    (model.state, model.iteration, model.visit) = (None, None, None);
    model.follow_state = true;
    model.events = EventTable::new();
    scope_logs(model);
    let mut wishes = follow_order(model);
    wishes.extend([Cmd::FetchHistory { execution: arn.clone(), after: 0 }, Cmd::FetchMachine { execution: Some(arn) }]);
    wishes
}

/// One of the orders that are listed is chosen, while somebody looks through them.
pub(super) fn keep_order(model: &mut Model) {
    let is_listed = model.order.as_ref().is_some_and(|id| model.orders.place(id).is_some());
    let is_wanted = model.order.is_none() || (model.focus == Pane::Orders && !model.orders.text().is_empty());
    if !is_listed
        && is_wanted
        && let Some(first) = model.orders.row(0)
    {
        model.order = Some(first.order_id.clone());
    }
}

/// The order of the execution that is looked at is the chosen one, while nobody looks through the orders.
pub(super) fn follow_order(model: &mut Model) -> Vec<Cmd> {
    if model.subject == Subject::Order || model.focus == Pane::Orders || !model.has_orders {
        return Vec::new();
    }
    let Some(watch) = &model.watch else { return Vec::new() };
    // One that is only named like an order may be of another machine.
    let is_known = |id: &order_core::OrderId| names_order(watch) || model.orders.get(id).is_some();
    let Some(id) = order_of(watch).filter(is_known) else { return Vec::new() };
    if model.order.as_ref() == Some(&id) {
        return Vec::new();
    }
    (model.order, model.order_facts) = (Some(id), None);
    fetch_order(model)
}

/// Looks at another state machine: at its newest execution, as soon as that is known.
pub(super) fn look_at_machine(model: &mut Model, machine: Arn) -> Vec<Cmd> {
    if model.machine == machine {
        return Vec::new();
    }
    let mut wishes = leave_machine(model, machine);
    wishes.extend([Cmd::FetchExecutions, Cmd::FetchMachine { execution: None }]);
    wishes.extend(show(model, Pane::Executions));
    wishes
}

/// Forgets all that belongs to the state machine that was looked at, and turns to another.
pub(super) fn leave_machine(model: &mut Model, machine: Arn) -> Vec<Cmd> {
    model.machine = machine;
    (model.known, model.watch, model.compared, model.fleet) = (None, None, None, None);
    model.ancestors.clear();
    (model.state, model.iteration, model.visit) = (None, None, None);
    (model.follow_newest, model.follow_state) = (true, true);
    (model.executions, model.executions_loaded) = (Vec::new(), false);
    (model.index, model.list) = (Index::default(), executions::ExecutionsList::default());
    (model.events, model.timeline) = (EventTable::new(), TimelineView::default());
    (model.inspector, model.subject) = (Inspector::default(), Subject::State);
    model.fleet_view = FleetView::default();
    model.collapsed.clear();
    model.graph_needle.clear();
    model.metrics.forget();
    model.troubles.retain(|trouble| !trouble.key.is_of_machine());
    model.logs.look(|view| view.scope = Scope::All);
    ask(model, String::new());
    // Other functions are called there.
    model.logs.clear();
    end_tail(model)
}

/// The machine calls other functions than before: what they have logged lately is asked for.
pub(super) fn other_functions(model: &mut Model) -> Vec<Cmd> {
    let mut wishes = end_tail(model);
    wishes.extend(fetch_all_logs(model));
    wishes
}

fn end_tail(model: &mut Model) -> Vec<Cmd> {
    model.tail.take().map(|_| Cmd::StopTail).into_iter().collect()
}

/// Looks at the newest execution, if it is followed.
pub(super) fn follow_newest(model: &mut Model) -> Vec<Cmd> {
    match model.executions.first().map(|execution| execution.arn.clone()) {
        Some(newest) if model.follow_newest && model.query.is_empty() => look_at(model, newest),
        _ => Vec::new(),
    }
}

/// Looks at the state that runs, or failed, or came last.
pub(super) fn follow_state(model: &mut Model) {
    let Some(run) = model.run().filter(|_| model.follow_state) else { return };
    let visits = &run.visits;
    let lively = visits
        .iter()
        .rev()
        .find(|visit| matches!(visit.status, VisitStatus::Running | VisitStatus::Retrying) && visit.items.is_none());
    let failed = || lens::failures(run).first().and_then(|visit| visits.get(*visit));
    let state = lively.or_else(failed).or_else(|| visits.last()).map(|visit| visit.state.clone());
    if let Some(state) = state {
        if model.state.as_ref() != Some(&state) {
            (model.iteration, model.visit) = (None, None);
            model.graph.pan = (0, 0);
        }
        model.state = Some(state);
    }
}

/// Looks at a state because the user said so.
pub(super) fn choose_state(model: &mut Model, state: String) {
    if model.state.as_ref() != Some(&state) {
        (model.iteration, model.visit) = (None, None);
        model.graph.pan = (0, 0);
    }
    model.state = Some(state);
    model.follow_state = false;
    if model.subject == Subject::Fleet {
        if let Some(state) = &model.state {
            model.fleet_view.choose_state(state);
        }
    } else {
        model.subject = Subject::State;
    }
    scope_logs(model);
}

/// Looks at one visit to a state.
pub(super) fn choose_visit(model: &mut Model, visit: usize) {
    let Some(found) = model.run().and_then(|run| run.visits.get(visit)) else { return };
    let (state, iteration) = (found.state.clone(), found.iteration);
    choose_state(model, state);
    (model.visit, model.iteration) = (Some(visit), iteration);
    model.timeline.choose_visit(visit);
}

/// After the moment has changed: what shows moments follows.
pub(super) fn moved(model: &mut Model) {
    let now = model.now;
    if let Some(watch) = &model.watch {
        model.timeline.refresh(&watch.arn, watch.scrub(), now);
    }
}

/// After the user has gone to another moment.
pub(super) fn seeked(model: &mut Model) {
    let Some(watch) = &model.watch else { return };
    let (position, is_live) = (watch.scrub().position(), watch.live);
    let at = watch.moment().map(|event| event.at);
    let visit = watch.moment().and_then(|event| watch.run().visit_of(event.id));
    model.events.choose(if is_live { usize::MAX } else { position.saturating_sub(1) });
    if is_live {
        model.logs.to_end();
        model.follow_state = true;
        follow_state(model);
    } else {
        model.logs.to_time(at.unwrap_or_default());
        if let Some(visit) = visit {
            // Whoever looks at an order goes on looking at it, at that moment.
            let subject = model.subject;
            choose_visit(model, visit);
            if subject == Subject::Order {
                model.subject = subject;
            }
        }
    }
    moved(model);
}

/// The list of executions, made anew.
pub(super) fn list_anew(model: &mut Model) {
    model.list.refresh(executions::Sources {
        executions: &model.executions,
        is_loaded: model.executions_loaded,
        index: &model.index,
        query: &model.query,
        text: &model.query_text,
        now: model.now,
    });
}

/// Lists what a query means.
pub(super) fn ask(model: &mut Model, text: String) {
    model.query = Query::parse_in(&text, &model.zone);
    model.query_text = text;
    list_anew(model);
}

/// Counts all executions, if the graph shows them.
pub(super) fn count_fleet(model: &mut Model) {
    if model.fleet.is_none() {
        return;
    }
    let states = model.states();
    let fleet = Fleet::of(model.index.entries(), model.fleet_view.window().millis(), model.now);
    model.fleet_view.refresh(&fleet, &states);
    model.fleet = Some(fleet);
}

/// The logs' scope goes along with what is looked at.
pub(super) fn scope_logs(model: &mut Model) {
    let scope = match (&model.logs.view().scope, &model.watch) {
        (Scope::All, _) | (_, None) => return,
        (Scope::Execution(_), Some(watch)) => Scope::Execution(watch.arn.name().to_owned()),
        (Scope::State(_), Some(watch)) => state_scope(model, watch),
    };
    if scope != model.logs.view().scope {
        model.logs.look(|view| view.scope = scope);
        model.logs.to_end();
    }
}

/// The log lines of the state that is looked at.
pub(super) fn state_scope(model: &Model, watch: &Watch) -> Scope {
    let state = model.state.clone().unwrap_or_default();
    let visits = watch.run().visits_to(&state);
    let scope = StateScope::of(watch.arn.name(), &state, visits).beside(&watch.run().visits);
    Scope::State(scope)
}

/// What is shown of the chosen pane's subject is brought up to date. Costs a comparison when nothing has changed.
pub(super) fn inspect(model: &mut Model) {
    let mut inspector = std::mem::take(&mut model.inspector);
    match model.subject {
        Subject::State => {
            let run = model.run();
            // Only lines since the execution began.
            let since = run.and_then(|run| run.events.first()).map_or(Millis::MAX, |event| event.at - BEFORE);
            let logs: Vec<&LogLine> = model.logs.between(since, Millis::MAX).take(MOST_LINES).collect();
            inspector.show_state(&Sources {
                execution: model.watch.as_ref().map(|watch| &watch.arn),
                run,
                machine: model.known.as_ref().and_then(|known| known.machine.as_deref()),
                definition: model.known.as_ref().map(|known| known.facts.definition.as_str()),
                state: model.state.as_deref(),
                iteration: model.iteration,
                visit: model.visit,
                logs: &logs,
                order: model.order_facts.as_ref(),
                now: model.moment(),
            });
        }
        Subject::Order => match (&model.order, &model.order_facts) {
            (None, _) => inspector.show_note("Choose an order."),
            (Some(id), Some(facts)) if facts.record.order_id == *id => match model.past() {
                None => inspector.show_order(facts),
                Some(at) => match orders::as_of(facts, at) {
                    Some(facts) => inspector.show_order(&facts),
                    None => inspector.show_note("At that moment it had not been taken in."),
                },
            },
            (Some(_), _) => inspector.show_note("Loading, or not recorded."),
        },
        Subject::Compare | Subject::Fleet => {}
    }
    model.inspector = inspector;
}

/// Focuses a pane; the inspector shows what belongs to it.
pub(super) fn show(model: &mut Model, pane: Pane) -> Vec<Cmd> {
    model.focus = pane;
    if pane.is_drawer() {
        model.drawer = pane;
    }
    let is_fleet = model.fleet.is_some();
    model.subject = match pane {
        Pane::Executions | Pane::Graph if is_fleet => Subject::Fleet,
        Pane::Executions | Pane::Graph => Subject::State,
        Pane::Orders => Subject::Order,
        Pane::Inspector | Pane::Logs | Pane::Timeline | Pane::Events | Pane::Metrics => model.subject,
    };
    let mut wishes = if pane == Pane::Orders { fetch_order(model) } else { Vec::new() };
    wishes.extend(super::wishes::fetch_metrics(model));
    wishes
}

/// The order of an execution: the one in its input, or the one that it is named after.
pub(super) fn order_of(watch: &Watch) -> Option<order_core::OrderId> {
    order_core::OrderId::new(order_in_input(watch).unwrap_or_else(|| watch.arn.name().to_owned())).ok()
}

fn names_order(watch: &Watch) -> bool {
    order_in_input(watch).is_some()
}

fn order_in_input(watch: &Watch) -> Option<String> {
    let input = watch.run().events.first().and_then(|event| event.input.as_deref());
    let value: BTreeMap<String, serde_json::Value> = serde_json::from_str(input?).ok()?;
    value.get("orderId")?.as_str().map(ToOwned::to_owned)
}
