//! [`update`]: one message, one change.
//!
//! What came from the cloud is taken in here; keys go to `update/keys`, which knows the dialogs, and from there to
//! `update/panes`, which knows the panes.

mod actions;
mod details;
mod dialogs;
mod keys;
mod looking;
mod panes;
mod point;
mod reaching;
mod situation;
mod steps;
mod wishes;

use super::model::{Cmd, Dialog, Known, Model, Msg, Notice, TaskKey, Trouble};
use crate::app::clip::How;
use crate::facts::{OrdersAsked, OrdersPage};
use looking::{follow_newest, follow_order, follow_state, inspect, list_anew, moved};
use wishes::{fetch_order, functions, refresh};

/// Takes in what happened and answers what is wished.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    if let Msg::Drawn(drawn) = msg {
        model.inspector.drawn(drawn.inspector);
        model.compare_most = drawn.compare_most;
        model.footer = drawn.footer;
        model.compare_scroll = model.compare_scroll.min(drawn.compare_most);
        if let Some(Dialog::Help { scroll }) = &mut model.dialog {
            *scroll = (*scroll).min(drawn.help_most);
        }
        if let Some(rows) = drawn.logs_rows {
            model.logs.drawn(rows);
        }
        drawn.executions_top.into_iter().for_each(|top| model.list.drawn_from(top));
        drawn.orders_top.into_iter().for_each(|top| model.orders.drawn_from(top));
        if let Some(rows) = drawn.timeline_rows {
            model.timeline.drawn(rows);
        }
        if let Some(graph) = drawn.graph {
            model.graph.drawn(graph);
        }
        return Vec::new();
    }
    let wishes = taken(model, msg);
    inspect(model);
    wishes
}

fn taken(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    match msg {
        Msg::Drawn(_) => Vec::new(),
        Msg::Tick(now) => {
            model.now = now;
            if let Some(tail) = &mut model.tail {
                tail.since.get_or_insert(now);
            }
            moved(model);
            counted(model)
        }
        Msg::Changed(now) => {
            model.now = now;
            list_anew(model);
            let mut wishes = refresh(model);
            wishes.extend(counted(model));
            wishes
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
            dialogs::paste(model, &text);
            Vec::new()
        }
        Msg::Key(key) => {
            model.notice = None;
            keys::press(model, key)
        }
        Msg::Mouse { mouse, hit, state, now } => {
            model.now = now;
            point::point(model, mouse, hit, state)
        }
        Msg::Divided(shares) => {
            model.settings.panes = shares;
            Vec::new()
        }
        Msg::Slowed(slowed) => {
            model.slowed = slowed;
            Vec::new()
        }
        Msg::Calls(calls) => {
            model.calls = calls;
            Vec::new()
        }
        Msg::Told(text) => {
            model.notice = Some(Notice { text, is_error: false });
            Vec::new()
        }
        Msg::Edited(result) => {
            dialogs::edited(model, result);
            Vec::new()
        }
        Msg::Copied { label, result } => {
            model.notice = Some(match result {
                Ok(How::Program(name)) => Notice { text: format!("copied {label} through {name}"), is_error: false },
                Ok(How::Terminal) => Notice { text: format!("offered {label} to the terminal"), is_error: false },
                Err(problem) => Notice { text: problem, is_error: true },
            });
            Vec::new()
        }
        Msg::Written(result) => {
            model.notice = Some(match result {
                Ok(files) => Notice { text: format!("written: {}", files.join(", ")), is_error: false },
                Err(problem) => Notice { text: problem, is_error: true },
            });
            Vec::new()
        }
        Msg::Opened(result) => {
            if let Err(problem) = result {
                model.notice = Some(Notice { text: problem, is_error: true });
            }
            Vec::new()
        }
        Msg::Identity(result) => {
            model.identity = noted(model, TaskKey::Identity, result).or(model.identity.take());
            // Production is not changed by a slip of the finger.
            model.settings.read_only = model.is_careful();
            Vec::new()
        }
        Msg::Machines { machines, problem } => {
            // Of several regions some may have answered.
            if let Some(text) = problem {
                model.notice = Some(Notice { text, is_error: true });
            }
            if !machines.is_empty() {
                panes::machines(model, machines);
            }
            Vec::new()
        }
        Msg::Versions(result) => {
            match result {
                Ok(versions) => reaching::choose_version(model, &versions),
                Err(text) => model.notice = Some(Notice { text, is_error: true }),
            }
            Vec::new()
        }
        Msg::MapRun { map_run, result } => {
            match result {
                Ok(executions) => reaching::choose_execution(model, &map_run, &executions),
                Err(text) => model.notice = Some(Notice { text, is_error: true }),
            }
            Vec::new()
        }
        Msg::Connected(result) => reaching::reached(model, *result),
        Msg::NoOrders => {
            model.troubles.retain(|trouble| trouble.key != TaskKey::Orders);
            model.has_orders = false;
            Vec::new()
        }
        Msg::Executions(result) => {
            let Some(executions) = noted(model, TaskKey::Executions, result) else { return Vec::new() };
            model.index.note_summaries(&executions);
            model.executions = executions;
            model.executions_loaded = true;
            list_anew(model);
            let mut wishes = follow_newest(model);
            wishes.extend(wishes::fetch_details(model));
            wishes
        }
        Msg::Machine { execution, result } => {
            // The user may have gone on to another execution.
            if execution != model.watch.as_ref().map(|watch| watch.arn.clone()) {
                return Vec::new();
            }
            let mut wishes = Vec::new();
            if let Some(facts) = noted(model, TaskKey::Machine, result) {
                let same = model.known.as_ref().is_some_and(|known| known.facts.definition == facts.definition);
                if same {
                    if let Some(known) = &mut model.known {
                        known.facts = facts;
                    }
                } else {
                    let before = functions(model);
                    let (machine, _) = asl::read(&facts.definition);
                    model.known = Some(Known { facts, machine: machine.map(std::sync::Arc::new) });
                    model.collapsed.clear();
                    model.metrics.forget();
                    if functions(model) != before {
                        wishes = looking::other_functions(model);
                    }
                }
            }
            follow_state(model);
            wishes
        }
        Msg::History { execution, result } => {
            if model.watch.as_ref().is_none_or(|watch| watch.arn != execution) {
                return Vec::new();
            }
            if let Some(events) = noted(model, TaskKey::History, result)
                && let Some(watch) = &mut model.watch
            {
                // What happened before one came to look is not news.
                let before = watch.loaded.then(|| watch.run().taken.values().sum());
                watch.absorb(events);
                if watch.live {
                    model.graph.note_taken(before.unwrap_or(usize::MAX), watch.run(), model.now);
                    model.index.note_run(&watch.arn, watch.run());
                }
                model.events.absorb(watch.events());
            }
            follow_state(model);
            moved(model);
            list_anew(model);
            follow_order(model)
        }
        Msg::Orders { asked, result } => orders_read(model, &asked, result),
        Msg::Order { id, result } => {
            if model.order.as_ref() == Some(&id)
                && let Some(facts) = noted(model, TaskKey::Order, *result)
            {
                if let Some(facts) = &facts {
                    model.orders.renew(&facts.record, model.now);
                }
                model.order_facts = facts;
            }
            Vec::new()
        }
        Msg::Logs(result) => {
            let lines = noted(model, TaskKey::Logs, result).unwrap_or_default();
            model.logs.add(lines);
            Vec::new()
        }
        Msg::Tailed { request, result } => {
            if model.tail.is_none_or(|tail| tail.request != request) {
                return Vec::new();
            }
            match result {
                Ok(Some(lines)) => drop(model.logs.add(lines)),
                Ok(None) => end_tail(model, "the live tail has ended: lines are polled again".into(), false),
                Err(problem) => end_tail(model, problem, true),
            }
            Vec::new()
        }
        Msg::Details { execution, result } => details::taken(model, &execution, *result),
        Msg::Compared { execution, result } => {
            details::compared(model, &execution, result);
            Vec::new()
        }
        Msg::Metrics { periods, result } => {
            if let Some(series) = noted(model, TaskKey::Metrics, result) {
                model.metrics.take(periods, &series, model.now);
            }
            Vec::new()
        }
        Msg::StateTested { request, result } => {
            if let Some(Dialog::Test(test)) = &mut model.dialog {
                test.take(request, *result);
            }
            Vec::new()
        }
        Msg::Started { request, result } => actions::started(model, request, result),
        Msg::Acted { request, action, done, result } => actions::acted(model, request, &action, done, result),
    }
}

fn end_tail(model: &mut Model, text: String, is_error: bool) {
    model.tail = None;
    model.notice = Some(Notice { text, is_error });
}

/// The calls are counted anew for as long as one looks at them.
fn counted(model: &Model) -> Vec<Cmd> {
    match &model.dialog {
        Some(Dialog::Calls { .. }) => vec![Cmd::CountCalls],
        _ => Vec::new(),
    }
}

/// Keeps or clears what went wrong with a fetch.
fn noted<T>(model: &mut Model, key: TaskKey, result: Result<T, String>) -> Option<T> {
    let known = model.troubles.iter().position(|trouble| trouble.key == key);
    match (result, known) {
        (Ok(value), known) => {
            known.map(|at| model.troubles.remove(at));
            Some(value)
        }
        // It stays where it is, so that of several always the same one is told.
        (Err(problem), Some(at)) => {
            model.troubles[at].text = problem;
            None
        }
        (Err(problem), None) => {
            model.troubles.push(Trouble { key, text: problem, since: model.now });
            None
        }
    }
}

/// Takes in a part of the list of orders, unless something else is asked for by now.
fn orders_read(model: &mut Model, asked: &OrdersAsked, result: Result<OrdersPage, String>) -> Vec<Cmd> {
    if !model.orders.is_asked(asked) {
        return Vec::new();
    }
    let is_older = asked.older_than.is_some();
    let page = match result {
        // It is asked for by a key, and by the same one again.
        Err(problem) if is_older => {
            model.orders.stop_reading();
            model.notice = Some(Notice { text: problem, is_error: true });
            return Vec::new();
        }
        result => noted(model, TaskKey::Orders, result),
    };
    let Some(page) = page else { return Vec::new() };
    model.orders.absorb(asked, page, model.now);
    looking::keep_order(model);
    if is_older { Vec::new() } else { fetch_order(model) }
}
