//! What is to be asked: what is on the screen, and what the local index lacks.

use crate::app::metrics;
use crate::app::model::{Cmd, Model, Pane, Subject};

/// How late a log line may come, in milliseconds: what was asked for is asked for again that far back.
const LATE: i64 = 2_000;
/// How far back logs are asked for at first, in milliseconds.
const LOGS_BACK: i64 = 3_600_000;

/// What is on the screen is asked for anew.
pub(super) fn refresh(model: &Model) -> Vec<Cmd> {
    let mut wishes = vec![Cmd::FetchExecutions];
    if model.has_orders {
        wishes.push(fetch_orders(model));
    }
    wishes.extend(fetch_logs(model));
    if model.identity.is_none() {
        wishes.push(Cmd::FetchIdentity);
    }
    if model.known.is_none() {
        wishes.push(Cmd::FetchMachine { execution: model.watch.as_ref().map(|watch| watch.arn.clone()) });
    }
    if let Some(watch) = &model.watch {
        let over = model.watched().is_some_and(|execution| execution.status.is_over());
        if !(over && watch.is_complete()) {
            wishes.push(Cmd::FetchHistory { execution: watch.arn.clone(), after: watch.last_id() });
        }
    }
    if model.subject == Subject::Order || model.focus == Pane::Orders {
        wishes.extend(fetch_order(model));
    }
    wishes.extend(fetch_metrics(model));
    wishes.extend(fetch_details(model));
    wishes
}

/// What the machine's functions have logged lately, whatever is known already: they are others than before.
pub(super) fn fetch_all_logs(model: &Model) -> Vec<Cmd> {
    let functions = functions(model);
    if functions.is_empty() || model.is_replay {
        return Vec::new();
    }
    vec![Cmd::FetchLogs { since: model.now - LOGS_BACK, functions }]
}

/// What the machine's functions have logged since: only theirs, for an account may have thousands.
fn fetch_logs(model: &Model) -> Vec<Cmd> {
    let functions = functions(model);
    // A Live Tail tells them already.
    if model.tail.is_some() || (functions.is_empty() && !model.is_replay) {
        return Vec::new();
    }
    let since = model.logs.all().next_back().map_or(model.now - LOGS_BACK, |line| line.at - LATE);
    vec![Cmd::FetchLogs { since, functions }]
}

/// The functions that the state machine calls.
pub(super) fn functions(model: &Model) -> Vec<String> {
    model.known.as_ref().map(|known| metrics::functions(&known.facts.definition)).unwrap_or_default()
}

/// The metrics, if they are seen and what is shown of them is old.
pub(super) fn fetch_metrics(model: &Model) -> Vec<Cmd> {
    if model.drawer != Pane::Metrics || model.is_replay {
        return Vec::new();
    }
    let (Some(periods), Some(known)) = (model.metrics.wanted(model.now), &model.known) else { return Vec::new() };
    let functions = metrics::functions(&known.facts.definition);
    vec![Cmd::FetchMetrics { machine: known.facts.arn.unqualified(), functions, periods }]
}

/// The newest of the orders that are asked for.
pub(super) fn fetch_orders(model: &Model) -> Cmd {
    Cmd::FetchOrders { asked: model.orders.asked(model.now) }
}

/// Older ones, where the chosen one is the last that was read.
pub(super) fn fetch_older_orders(model: &mut Model) -> Vec<Cmd> {
    let last = model.orders.rows().len().checked_sub(1);
    let place = model.order.as_ref().and_then(|id| model.orders.place(id));
    let is_at_end = place == last;
    let asked = is_at_end.then(|| model.orders.ask_older(model.now)).flatten();
    asked.map(|asked| Cmd::FetchOlderOrders { asked }).into_iter().collect()
}

/// The order that is looked at.
pub(super) fn fetch_order(model: &Model) -> Vec<Cmd> {
    if !model.has_orders {
        return Vec::new();
    }
    model.order.iter().map(|id| Cmd::FetchOrder { id: id.clone() }).collect()
}

/// Whether it matters in which state an execution is that runs: to the picture of all, and to a query.
pub(super) fn counts_running(model: &Model) -> bool {
    model.fleet.is_some() || !model.query.is_empty()
}

/// One of the executions that the index knows too little of: while somebody asks for what only it can tell, and where
/// nobody counts the calls.
pub(super) fn fetch_details(model: &Model) -> Vec<Cmd> {
    let is_wanted = model.fleet.is_some() || !model.query.is_empty() || !model.is_aws;
    if !is_wanted || model.is_replay {
        return Vec::new();
    }
    model
        .index
        .wanting_details(1, counts_running(model))
        .into_iter()
        .map(|execution| Cmd::FetchDetails { execution })
        .collect()
}
