//! What is intended in the panes.

use super::looking::{
    choose_state, choose_visit, count_fleet, follow_newest, follow_state, look_at, order_of, scope_logs, seeked, show,
    state_scope,
};
use super::wishes::{fetch_details, fetch_metrics, fetch_older_orders, fetch_order, functions};
use super::{actions, keys, reaching};
use crate::app::clip::{self, Clip, Copyable, Focused};
use crate::app::export::Exported;
use crate::app::graph_view::{self, Direction};
use crate::app::keymap::Intent;
use crate::app::lens;
use crate::app::logs::{Jump, LogsView, Scope};
use crate::app::model::{Cmd, Compared, Dialog, Model, Notice, Pane, Subject};
use crate::app::off::why_off;
use crate::app::palette::{self, Palette, Target, TargetKind};
use crate::app::prompt::PromptKind;
use crate::app::settings::TimeStyle;
use crate::app::tail::Tail;
use crate::app::test_state::TestDialog;
use crate::facts::{Arn, Millis};

/// Lines or rows of a page.
const PAGE: isize = 10;
/// Rows and columns that a key moves the view of the graph by.
const ROWS: isize = 3;
const COLUMNS: isize = 8;

/// Does what is intended, or says why it cannot be done.
pub(super) fn intended(model: &mut Model, intent: Intent) -> Vec<Cmd> {
    if let Some(why) = why_off(intent, &model.situation()) {
        model.notice = Some(Notice { text: why.to_owned(), is_error: false });
        return Vec::new();
    }
    match intent {
        Intent::Help => model.dialog = Some(Dialog::Help { scroll: 0 }),
        Intent::Palette => return open_palette(model),
        Intent::Machines => return reaching::choose_machine(model),
        Intent::Places => reaching::choose_place(model),
        Intent::Unlock => reaching::unlock(model),
        Intent::Versions => return vec![Cmd::FetchVersions],
        Intent::Child => return reaching::into_child(model),
        Intent::Parent => return reaching::to_parent(model),
        Intent::Calls => {
            model.dialog = Some(Dialog::Calls { scroll: 0 });
            return vec![Cmd::CountCalls];
        }
        Intent::NewOrder => actions::new_order(model),
        Intent::Again => actions::again(model),
        Intent::Approve => actions::review(model, true),
        Intent::Reject => actions::review(model, false),
        Intent::Stop => actions::stop(model),
        Intent::Redrive => actions::redrive(model),
        Intent::TestState => test_state(model),
        Intent::NextPane => return focus(model, model.focus.number() % Pane::ALL.len()),
        Intent::PreviousPane => return focus(model, (model.focus.number() + Pane::ALL.len() - 2) % Pane::ALL.len()),
        Intent::Focus(number) => return focus(model, usize::from(number).saturating_sub(1)),
        Intent::ZoomPane => model.zoomed = !model.zoomed,
        Intent::Grow => model.settings.panes.resize(model.focus, true),
        Intent::Shrink => model.settings.panes.resize(model.focus, false),
        Intent::Back => return super::steps::back(model),
        Intent::Density => model.graph.next_density(),
        Intent::Fit => model.graph.fit(),
        Intent::Minimap => {
            let text = model.graph.next_map().to_owned();
            model.notice = Some(Notice { text, is_error: false });
        }
        Intent::MoveLeft => beside(model, Direction::Left),
        Intent::MoveRight => beside(model, Direction::Right),
        Intent::AlongWay => along_way(model, true),
        Intent::BackAlongWay => along_way(model, false),
        Intent::PanUp => pan(model, 0, -ROWS),
        Intent::PanDown => pan(model, 0, ROWS),
        Intent::PanLeft => pan(model, -COLUMNS, 0),
        Intent::PanRight => pan(model, COLUMNS, 0),
        Intent::Collapse => {
            if let Some(state) = model.state.clone()
                && !model.collapsed.remove(&state)
            {
                model.collapsed.insert(state);
            }
        }
        Intent::Iteration => next_iteration(model),
        Intent::Search => keys::open_prompt(model),
        Intent::NextMatch => next_match(model, true),
        Intent::PreviousMatch => next_match(model, false),
        Intent::Scope => next_scope(model),
        Intent::Filter => keys::open_logs_prompt(model, PromptKind::Filter),
        Intent::Fields => keys::open_logs_prompt(model, PromptKind::Fields),
        Intent::LiveTail => return live_tail(model),
        Intent::Level => model.logs.look(LogsView::next_level),
        Intent::WrapLines => model.logs.look(|view| view.wrap = !view.wrap),
        Intent::PlainLines => model.logs.look(|view| view.plain = !view.plain),
        Intent::NextError => jump(model, true),
        Intent::PreviousError => jump(model, false),
        Intent::Follow => return follow(model),
        Intent::FirstCause => to_failure(model, true),
        Intent::NextFailure => to_failure(model, false),
        Intent::EventBack => seek(model, |watch| watch.step(-1)),
        Intent::EventForward => seek(model, |watch| watch.step(1)),
        Intent::StateBack => seek(model, |watch| watch.step_state(false)),
        Intent::StateForward => seek(model, |watch| watch.step_state(true)),
        Intent::Live => to_the_present(model),
        Intent::Mark => match model.focus {
            Pane::Inspector => drop(model.inspector.toggle()),
            _ => model.list.toggle_mark(),
        },
        Intent::Compare => return compare(model),
        Intent::Fleet => return fleet(model),
        Intent::ZoomIn if model.focus == Pane::Timeline => {
            if !model.timeline.zoom_in() {
                model.notice = Some(Notice { text: "it cannot be seen from nearer".into(), is_error: false });
            }
        }
        Intent::ZoomOut if model.focus == Pane::Timeline => model.timeline.zoom_out(),
        Intent::ZoomIn | Intent::ZoomOut if model.focus == Pane::Graph && model.subject != Subject::Fleet => {
            model.graph.zoom(intent == Intent::ZoomIn);
        }
        Intent::ZoomIn | Intent::ZoomOut => {
            let changed = if intent == Intent::ZoomIn { model.fleet_view.narrow() } else { model.fleet_view.widen() };
            if changed {
                count_fleet(model);
            }
        }
        Intent::Open => return open(model),
        Intent::Other => return to_other(model),
        Intent::Copy => copy(model),
        Intent::Export => return export(model),
        Intent::Console => return console(model),
        Intent::Times => next_times(model),
        Intent::Mouse => {
            model.settings.mouse = !model.settings.mouse;
            let text = if model.settings.mouse { "the mouse points" } else { "the mouse selects text" };
            model.notice = Some(Notice { text: text.into(), is_error: false });
            return vec![Cmd::ListenToMouse { listen: model.settings.mouse }];
        }
        Intent::Up if is_in_graph(model) => beside(model, Direction::Up),
        Intent::Down if is_in_graph(model) => beside(model, Direction::Down),
        Intent::Up => return step_in(model, model.focus, -1),
        Intent::Down => return step_in(model, model.focus, 1),
        Intent::PageUp => return step_in(model, model.focus, -PAGE),
        Intent::PageDown => return step_in(model, model.focus, PAGE),
        Intent::First => return step_in(model, model.focus, isize::MIN / 2),
        Intent::Last => return step_in(model, model.focus, isize::MAX / 2),
        Intent::Quit | Intent::Suspend | Intent::Send | Intent::Confirm | Intent::Editor => {}
    }
    Vec::new()
}

fn focus(model: &mut Model, index: usize) -> Vec<Cmd> {
    Pane::ALL.get(index).map(|pane| show(model, *pane)).unwrap_or_default()
}

/// To the moment of the last event.
pub(super) fn to_the_present(model: &mut Model) {
    seek(model, |watch| watch.seek(usize::MAX));
}

fn seek(model: &mut Model, to: impl FnOnce(&mut crate::app::watch::Watch)) {
    if let Some(watch) = &mut model.watch {
        to(watch);
        seeked(model);
    }
}

/// Moves in a pane: down is positive.
pub(super) fn step_in(model: &mut Model, pane: Pane, by: isize) -> Vec<Cmd> {
    match pane {
        Pane::Executions => {
            if model.list.move_by(by) {
                return chosen_execution(model);
            }
        }
        Pane::Graph if model.subject == Subject::Fleet => {
            model.fleet_view.move_by(by);
            model.state = model.fleet_view.state().map(|state| state.to_string()).or(model.state.take());
            model.follow_state = false;
        }
        Pane::Graph => {
            let states = model.states();
            let from = states.iter().position(|state| Some(state) == model.state.as_ref());
            if let Some(to) = stepped(from, by, states.len()) {
                choose_state(model, states[to].clone());
            }
        }
        Pane::Inspector => match model.subject {
            Subject::State | Subject::Order => model.inspector.move_by(by),
            Subject::Compare => {
                model.compare_scroll = model.compare_scroll.saturating_add_signed(by).min(model.compare_most);
            }
            Subject::Fleet => {
                model.fleet_view.move_by(by);
                model.state = model.fleet_view.state().map(|state| state.to_string()).or(model.state.take());
            }
        },
        Pane::Orders => {
            let from = model.order.as_ref().and_then(|id| model.orders.place(id));
            let to = stepped(from, by, model.orders.rows().len());
            let chosen = to.and_then(|to| model.orders.row(to)).map(|order| order.order_id.clone());
            let is_other = chosen.is_some() && chosen != model.order;
            let is_listed = chosen.is_some();
            model.order = chosen.or(model.order.take());
            let mut wishes = if is_other { fetch_order(model) } else { Vec::new() };
            if is_listed {
                wishes.extend(to_execution_of_order(model));
            }
            wishes.extend(fetch_older_orders(model));
            return wishes;
        }
        Pane::Logs => model.logs.scroll_by(by),
        Pane::Timeline => {
            model.timeline.move_by(by);
            if let Some(visit) = model.timeline.visit() {
                choose_visit(model, visit);
            }
        }
        Pane::Events => {
            if let Some(event) = model.events.step(by) {
                seek(model, |watch| watch.seek(event + 1));
            }
        }
        Pane::Metrics => model.metrics.scroll_by(by),
    }
    Vec::new()
}

/// Whether keys go to the boxes of the graph, rather than to the list of states beside it.
fn is_in_graph(model: &Model) -> bool {
    model.focus == Pane::Graph && model.subject != Subject::Fleet
}

/// To the box that is next in a direction.
fn beside(model: &mut Model, direction: Direction) {
    let next = match &model.state {
        Some(state) => model.graph.beside(state, direction).map(str::to_owned),
        None => model.states().into_iter().next(),
    };
    if let Some(state) = next {
        choose_state(model, state);
    }
}

/// To the state that the chosen one leads to, or that leads to it.
fn along_way(model: &mut Model, forward: bool) {
    let Some(machine) = model.known.as_ref().and_then(|known| known.machine.as_ref()) else { return };
    let Some(state) = model.state.clone() else { return };
    match graph_view::along(&machine.graph(), model.run(), &state, forward) {
        Some(next) => choose_state(model, next),
        None => {
            let text = if forward { "no way leads on from here" } else { "no way leads here" };
            model.notice = Some(Notice { text: text.into(), is_error: false });
        }
    }
}

/// Moves the view of the graph, which then stays there.
pub(super) fn pan(model: &mut Model, columns: isize, rows: isize) {
    model.graph.pan_by(columns, rows);
    model.follow_state = false;
}

/// The index so many steps from `from`, kept inside of `length`.
fn stepped(from: Option<usize>, by: isize, length: usize) -> Option<usize> {
    let last = length.checked_sub(1)?;
    Some(from.map_or(0, |from| from.saturating_add_signed(by).min(last)))
}

/// With an order that is chosen in the list its execution is looked at.
pub(super) fn to_execution_of_order(model: &mut Model) -> Vec<Cmd> {
    let execution = model.order.as_ref().and_then(|id| model.orders.get(id)).map(|order| Arn(order.execution.clone()));
    let Some(arn) = execution.filter(|arn| !arn.0.is_empty()) else { return Vec::new() };
    model.follow_newest = false;
    look_at(model, arn)
}

/// The execution that was chosen in the list is looked at.
pub(super) fn chosen_execution(model: &mut Model) -> Vec<Cmd> {
    // At the top the list is followed again; below, the chosen one stays.
    model.follow_newest = model.list.place() == Some(0) && model.query.is_empty();
    let chosen = model.list.chosen().cloned();
    chosen.map(|arn| look_at(model, arn)).unwrap_or_default()
}

fn follow(model: &mut Model) -> Vec<Cmd> {
    (model.follow_newest, model.follow_state) = (true, true);
    model.logs.to_end();
    let wishes = follow_newest(model);
    seek(model, |watch| watch.seek(usize::MAX));
    follow_state(model);
    wishes
}

/// To the first state that failed, or the next one, and all that is known of its error.
fn to_failure(model: &mut Model, first: bool) {
    let Some(failures) = model.run().map(lens::failures) else { return };
    let at = model.visit.and_then(|visit| failures.iter().position(|failure| *failure == visit));
    let next = match at {
        Some(at) if !first => (at + 1) % failures.len(),
        _ => 0,
    };
    let Some(visit) = failures.get(next) else { return };
    model.subject = Subject::State;
    choose_visit(model, *visit);
    model.focus = Pane::Inspector;
    if failures.len() > 1 {
        let text = format!("failure {} of {}", next + 1, failures.len());
        model.notice = Some(Notice { text, is_error: false });
    }
}

/// From an execution to its order, and from an order to its execution: they share their name.
fn to_other(model: &mut Model) -> Vec<Cmd> {
    if model.focus == Pane::Orders {
        let execution = model.order_record();
        let Some(arn) = execution.map(|order| Arn(order.execution.clone())) else { return Vec::new() };
        let mut wishes = show(model, Pane::Graph);
        model.follow_newest = false;
        wishes.extend(look_at(model, arn));
        return wishes;
    }
    let Some(id) = model.watch.as_ref().and_then(order_of) else { return Vec::new() };
    (model.order, model.order_facts) = (Some(id), None);
    show(model, Pane::Orders)
}

fn open(model: &mut Model) -> Vec<Cmd> {
    match model.focus {
        Pane::Executions => show(model, Pane::Graph),
        Pane::Graph | Pane::Inspector if model.subject == Subject::Fleet => {
            let query = model.fleet_view.query_for();
            super::looking::ask(model, query);
            let mut wishes = show(model, Pane::Executions);
            wishes.extend(fetch_details(model));
            wishes
        }
        Pane::Graph => show(model, Pane::Inspector),
        Pane::Inspector => {
            model.inspector.toggle();
            Vec::new()
        }
        Pane::Orders => to_other(model),
        Pane::Timeline | Pane::Events => show(model, Pane::Inspector),
        Pane::Logs => {
            // From a line to the execution that it tells of.
            let name = model.logs.chosen().and_then(|entry| entry.execution());
            let arn = name.and_then(|name| model.index.entries().find(|entry| entry.summary.name == name));
            let Some(arn) = arn.map(|entry| entry.summary.arn.clone()) else { return Vec::new() };
            model.follow_newest = false;
            look_at(model, arn)
        }
        Pane::Metrics => {
            model.metrics.choose(model.metrics.window.next());
            fetch_metrics(model)
        }
    }
}

/// Begins a Live Tail, or ends the one that runs.
fn live_tail(model: &mut Model) -> Vec<Cmd> {
    if model.tail.take().is_some() {
        return vec![Cmd::StopTail];
    }
    model.last_request += 1;
    let request = model.last_request;
    // The time is that of the last news, which may be old; the next tick brings it.
    model.tail = Some(Tail { request, since: None });
    model.logs.to_end();
    vec![Cmd::StartTail { request, functions: functions(model) }]
}

fn next_iteration(model: &mut Model) {
    let Some(state) = model.state.clone() else { return };
    let count = model.iterations_of(&state);
    model.iteration = match model.iteration {
        None => Some(0),
        Some(last) if last + 1 >= count => None,
        Some(at) => Some(at + 1),
    };
    model.visit = None;
    let text = match model.iteration {
        Some(at) => format!("iteration {at} of {count}"),
        None => "all iterations".to_owned(),
    };
    model.notice = Some(Notice { text, is_error: false });
}

fn next_match(model: &mut Model, forward: bool) {
    match model.focus {
        Pane::Inspector => drop(model.inspector.next_match(forward)),
        Pane::Logs => drop(model.logs.next_match(forward)),
        Pane::Events => drop(step_in(model, Pane::Events, if forward { 1 } else { -1 })),
        Pane::Graph => {
            let found = model.states_like(&model.graph_needle);
            let at = found.iter().position(|state| Some(state) == model.state.as_ref());
            let length = found.len().max(1);
            let next = at.map_or(0, |at| if forward { at + 1 } else { at + length - 1 } % length);
            if let Some(state) = found.into_iter().nth(next) {
                choose_state(model, state);
            }
        }
        _ => {}
    }
}

fn jump(model: &mut Model, forward: bool) {
    if model.logs.next_error(forward) == Jump::Wrapped {
        model.notice = Some(Notice { text: "from the other end".into(), is_error: false });
    }
}

/// All lines, those of the execution, those of the state.
fn next_scope(model: &mut Model) {
    let Some(watch) = &model.watch else { return };
    let scope = match &model.logs.view().scope {
        Scope::All => Scope::Execution(watch.arn.name().to_owned()),
        Scope::Execution(_) if model.state.is_some() => state_scope(model, watch),
        Scope::Execution(_) | Scope::State(_) => Scope::All,
    };
    model.logs.look(|view| view.scope = scope);
    model.logs.to_end();
    scope_logs(model);
}

fn next_times(model: &mut Model) {
    let is_utc = model.zone == jiff::tz::TimeZone::UTC;
    let (style, zone, text) = match (model.settings.times, is_utc) {
        (TimeStyle::Absolute, false) => (TimeStyle::Absolute, jiff::tz::TimeZone::UTC, "times are UTC"),
        (TimeStyle::Absolute, true) => (TimeStyle::Relative, model.system_zone.clone(), "times are relative"),
        (TimeStyle::Relative, _) => (TimeStyle::Absolute, model.system_zone.clone(), "times are local"),
    };
    (model.settings.times, model.zone) = (style, zone);
    model.notice = Some(Notice { text: text.into(), is_error: false });
}

/// The marked executions, or the marked one and the one that is looked at.
fn compare(model: &mut Model) -> Vec<Cmd> {
    let pair: Vec<Arn> = match model.list.pair() {
        Some(pair) => pair.into_iter().cloned().collect(),
        None => {
            model.list.marked().iter().chain(model.watch.as_ref().map(|watch| &watch.arn)).take(2).cloned().collect()
        }
    };
    let summary = |arn: &Arn| model.index.get(arn).map(|entry| entry.summary.clone());
    let (Some(left), Some(right)) = (pair.first().and_then(summary), pair.get(1).and_then(summary)) else {
        return Vec::new();
    };
    model.compared = Some(Compared { left: (left, None), right: (right, None), comparison: None });
    model.subject = Subject::Compare;
    model.compare_scroll = 0;
    model.focus = Pane::Inspector;
    pair.into_iter().map(|execution| Cmd::FetchCompared { execution }).collect()
}

pub(super) fn fleet(model: &mut Model) -> Vec<Cmd> {
    if model.fleet.take().is_some() {
        model.subject = Subject::State;
        return Vec::new();
    }
    model.fleet = Some(crate::app::fleet::Fleet::of(std::iter::empty(), None, model.now));
    model.subject = Subject::Fleet;
    // Where it can be seen.
    let is_seen = matches!(model.focus, Pane::Graph | Pane::Inspector);
    model.zoomed &= is_seen;
    if !is_seen && model.focus != Pane::Executions {
        model.focus = Pane::Graph;
    }
    count_fleet(model);
    if let Some(state) = &model.state {
        model.fleet_view.choose_state(state);
    }
    fetch_details(model)
}

fn test_state(model: &mut Model) {
    let (Some(known), Some(state)) = (&model.known, model.state.as_deref()) else { return };
    let visit = model.visit.or_else(|| model.run().and_then(|run| run.last_visit_to(state)));
    let visited = model.run().zip(visit);
    if let Some(dialog) = TestDialog::open(&known.facts, state, visited) {
        model.dialog = Some(Dialog::Test(Box::new(dialog)));
    }
}

fn open_palette(model: &mut Model) -> Vec<Cmd> {
    let entries = palette::entries(&model.keymap, &model.situation());
    let targets = places(model);
    model.dialog = Some(Dialog::Palette(Box::new(Palette::new(entries, targets))));
    if model.machines.is_empty() && !model.is_replay { vec![reaching::fetch_machines(model)] } else { Vec::new() }
}

/// Where the palette leads.
fn places(model: &Model) -> Vec<Target> {
    let states = model.states();
    let states = states.iter().map(|state| Target::state(state));
    let executions = model.list.rows().iter().map(|row| Target::execution(&row.summary.arn));
    states.chain(executions).chain(reaching::machine_targets(model)).collect()
}

/// Takes in which state machines there are; a palette that is open leads to them.
pub(super) fn machines(model: &mut Model, machines: Vec<Arn>) {
    model.machines = machines;
    let all = places(model);
    if let Some(Dialog::Palette(palette)) = &mut model.dialog
        && palette.leads_to_machines()
    {
        let entries = palette.entries().to_vec();
        let only = entries.is_empty();
        let is_offered = |target: &Target| !only || matches!(target.kind, TargetKind::Machine(_));
        palette.renew(entries, all.into_iter().filter(is_offered).collect());
    }
}

/// The execution as a document, as far as it is known.
fn exported(model: &Model) -> Option<Exported> {
    let (watch, known) = (model.watch.as_ref()?, model.known.as_ref()?);
    let events: Vec<_> = (0..watch.events().len()).filter_map(|at| watch.events().get(at).cloned()).collect();
    let first = events.first()?;
    let summary = model.watched()?.clone();
    let entry = model.index.get(&watch.arn);
    let execution = watch.execution.clone().unwrap_or_else(|| crate::facts::Execution {
        machine: known.facts.arn.clone(),
        input: first.input.as_deref().map(ToOwned::to_owned),
        output: events.last().and_then(|event| event.output.as_deref()).map(ToOwned::to_owned),
        error: entry.and_then(|entry| entry.error.as_deref()).map(ToOwned::to_owned),
        cause: entry.and_then(|entry| entry.cause.as_deref()).map(ToOwned::to_owned),
        summary,
    });
    let (names, requests) = lens::known_by(&watch.arn, watch.run());
    let logs = model.logs.lines_of_execution(&names, &requests, execution.summary.started_at);
    let order = model.order_facts.as_ref().filter(|facts| facts.record.execution == watch.arn.0);
    Some(Exported::new(&execution, &known.facts, &events, order, &logs))
}

/// A time as documents have it.
fn document_time(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_string()
}

fn copy(model: &mut Model) {
    let mut rows: Vec<Copyable> = Vec::new();
    match model.focus {
        Pane::Inspector if matches!(model.subject, Subject::State | Subject::Order) => {
            let of_row = model.inspector.copyables().into_iter();
            rows.extend(of_row.map(|(label, text)| Copyable { label, text }));
        }
        Pane::Logs => rows
            .extend(model.logs.chosen().map(|entry| Copyable { label: "log line", text: entry.line.message.clone() })),
        Pane::Graph => rows.extend(of_state(model)),
        _ => {}
    }
    let exported = exported(model);
    if model.focus == Pane::Events {
        let event = exported.as_ref().and_then(|exported| exported.events.get(model.events.chosen()));
        let text = event.and_then(|event| serde_json::to_string_pretty(event).ok());
        rows.extend(text.map(|text| Copyable { label: "event", text }));
    }
    let input = model.run().and_then(|run| run.events.first()).and_then(|event| event.input.as_deref());
    // Of an order that is looked at everything is its own, whichever execution is looked at.
    let is_order = model.focus == Pane::Orders || model.subject == Subject::Order;
    let of_watch = model.watch.as_ref().and_then(order_of);
    let order = if is_order { model.order.clone().or(of_watch) } else { of_watch.or(model.order.clone()) };
    let record = model.order_record().filter(|_| is_order);
    let of_order = record.map(|record| model.index.get(&Arn(record.execution.clone())).map(|entry| &entry.summary));
    let execution = of_order.unwrap_or_else(|| model.watched());
    let is_watched = execution.map(|execution| &execution.arn) == model.watch.as_ref().map(|watch| &watch.arn);
    let input = input.filter(|_| is_watched);
    let exported = exported.filter(|_| is_watched);
    let focused = Focused {
        rows,
        execution,
        machine: model.known.as_ref().map(|known| &known.facts.arn).or(Some(&model.machine)),
        log_group: model.known.as_ref().and_then(|known| known.facts.log_group.as_deref()),
        input,
        order: order.as_ref().map(|order| (order, model.table.as_str())).filter(|(_, table)| !table.is_empty()),
        token: model.waiting_order().map(|(_, token)| token),
        request: None,
        lens: model.inspector.lens().filter(|_| is_watched),
        exported: exported.as_ref(),
        reach: model.reach.as_ref(),
        has_console: model.is_aws,
    };
    match Clip::new(clip::copyables(focused, &document_time)) {
        Some(clip) => model.dialog = Some(Dialog::Copy(Box::new(clip))),
        None => model.notice = Some(Notice { text: "there is nothing to copy here".into(), is_error: false }),
    }
}

/// What there is to copy of the chosen state: its name, and what went in and out in the visit that is looked at.
fn of_state(model: &Model) -> Vec<Copyable> {
    let Some(state) = &model.state else { return Vec::new() };
    let visit = model.run().and_then(|run| run.visits.get(run.telling_visit(state, model.iteration, model.visit)?));
    let documents = [
        ("input of the state", visit.and_then(|visit| visit.input.as_deref())),
        ("output of the state", visit.and_then(|visit| visit.output.as_deref())),
    ];
    let documents = documents.into_iter().filter_map(|(label, text)| Some((label, text?.to_owned())));
    let all = std::iter::once(("state", state.clone())).chain(documents);
    all.map(|(label, text)| Copyable { label, text }).collect()
}

fn export(model: &mut Model) -> Vec<Cmd> {
    let Some(exported) = exported(model) else {
        model.notice = Some(Notice { text: "the execution is not known well enough yet".into(), is_error: false });
        return Vec::new();
    };
    let name = exported.execution().summary.name;
    let files = vec![("json", exported.to_json()), ("md", exported.to_markdown(&document_time))];
    vec![Cmd::Write { name, files }]
}

fn console(model: &mut Model) -> Vec<Cmd> {
    let url = model.watched().and_then(|execution| clip::console_url(&execution.arn, Some(execution.started_at)));
    match url {
        Some(url) => vec![Cmd::OpenUrl { url }],
        None => {
            model.notice = Some(Notice { text: "there is no console for this execution".into(), is_error: false });
            Vec::new()
        }
    }
}
