//! Drawing: the model and an area into cells.
//!
//! Reads the model and changes nothing; asks nobody and waits for nothing. What is costly to work out, and depends on
//! less than the whole model, is prepared before in [`Views`].

mod ascii;
mod calls;
mod cells;
mod chrome;
mod clip;
mod compare;
mod dialogs;
mod events;
mod executions;
mod fleet;
pub mod graph;
mod graph_notes;
pub mod graph_pane;
mod help;
mod inspector;
mod layout;
mod logs;
mod metrics;
mod minimap;
mod numbers;
mod orders;
mod painted;
mod palette;
mod test_state;
pub mod text;
pub mod theme;
mod timeline;
mod window;

use std::collections::BTreeSet;
use std::sync::Arc;

use diagram::{Charset, Zoom};
use ratatui::Frame;
use ratatui::layout::{Margin, Position, Rect};

use crate::app::model::{Drawn, Subject};
use crate::app::mouse::{Hit, Mouse};
use crate::app::settings::{Shares, TimeStyle};
use crate::app::{Model, Pane};
use crate::facts::Millis;
use graph::{Detail, Plan, plan};
use theme::Theme;

/// The smallest screen that everything fits on.
pub const SMALLEST: (u16, u16) = (60, 18);

/// What was worked out before.
#[derive(Debug, Default)]
pub struct Views {
    theme: Theme,
    drawings: Drawings,
    /// What is being worked out.
    under_way: Option<Wanted>,
}

/// What is to be drawn of a machine.
#[derive(Clone, Debug)]
pub struct Wanted {
    machine: Arc<asl::Machine>,
    collapsed: BTreeSet<String>,
    charset: Charset,
}

impl Wanted {
    fn is(&self, other: &Self) -> bool {
        let is_same = (&self.collapsed, self.charset) == (&other.collapsed, other.charset);
        Arc::ptr_eq(&self.machine, &other.machine) && is_same
    }
}

/// The drawings of a machine, at every size.
#[derive(Debug, Default)]
pub struct Drawings {
    of: Option<Wanted>,
    full: Plan,
    compact: Plan,
    narrow: Plan,
    dots: Plan,
}

impl Drawings {
    /// Works them out: milliseconds for a small machine, a second for a huge one. Not for the task that draws.
    pub fn of(wanted: Wanted) -> Self {
        let scope = wanted.machine.graph();
        let drawn = |zoom, labels| {
            let badge = if zoom == Zoom::Dots { 0 } else { graph_pane::BADGE };
            plan(&scope, Detail { zoom, labels, badge }, wanted.charset, &wanted.collapsed)
        };
        Self {
            full: drawn(Zoom::Full, true),
            compact: drawn(Zoom::Compact, true),
            narrow: drawn(Zoom::Compact, false),
            dots: drawn(Zoom::Dots, false),
            of: Some(wanted),
        }
    }
}

impl Drawings {
    /// Whether they are of the machine that is looked at, whatever of it is collapsed.
    fn are_of(&self, model: &Model) -> bool {
        let machine = model.known.as_ref().and_then(|known| known.machine.as_ref());
        matches!((&self.of, machine), (Some(drawn), Some(machine)) if Arc::ptr_eq(&drawn.machine, machine))
    }
}

impl Views {
    /// Nothing worked out yet.
    pub fn new(theme: Theme) -> Self {
        Self { theme, ..Self::default() }
    }

    /// What has to be drawn and is not, if there is something: once for each.
    pub fn wanted(&mut self, model: &Model) -> Option<Wanted> {
        let machine = model.known.as_ref().and_then(|known| known.machine.as_ref())?;
        let charset = if self.theme.is_ascii() { Charset::Ascii } else { Charset::Unicode };
        let wanted = Wanted { machine: Arc::clone(machine), collapsed: model.collapsed.clone(), charset };
        let is_this = |known: &Option<Wanted>| known.as_ref().is_some_and(|known| known.is(&wanted));
        if is_this(&self.drawings.of) || is_this(&self.under_way) {
            return None;
        }
        self.under_way = Some(wanted.clone());
        Some(wanted)
    }

    /// Takes drawings, unless others are wanted by now.
    pub fn take(&mut self, drawings: Drawings) {
        let wanted = match (&self.under_way, &drawings.of) {
            (Some(wanted), Some(drawn)) => wanted.is(drawn),
            _ => false,
        };
        if wanted {
            self.drawings = drawings;
            self.under_way = None;
        }
    }
}

/// What is at a place of the screen, and the shares if the divider that is held goes there.
pub fn pointed(model: &Model, area: Rect, mouse: Mouse) -> (Option<Hit>, Option<Shares>) {
    if model.dialog.is_some() || area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return (None, None);
    }
    let shares = model.settings.panes;
    let placed = layout::place(area, model.focus, model.drawer, model.zoomed, shares);
    let to = Position::new(mouse.column, mouse.row);
    let dragged = model.pointer.held().map(|divider| layout::dragged(shares, divider, to, area));
    (placed.hit(mouse.column, mouse.row), dragged)
}

/// The state that the mouse points at in the graph.
pub fn state_at(model: &Model, views: &Views, area: Rect, mouse: Mouse) -> Option<String> {
    if model.dialog.is_some() || model.prompt.is_some() || area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return None;
    }
    let placed = layout::place(area, model.focus, model.drawer, model.zoomed, model.settings.panes);
    let Hit::Pane { pane: Pane::Graph, .. } = placed.hit(mouse.column, mouse.row)? else { return None };
    let (_, graph) = placed.panes.iter().find(|(pane, _)| *pane == Pane::Graph)?;
    graph_pane::state_at(model, views, graph.inner(Margin::new(1, 1)), (mouse.column, mouse.row))
}

/// Draws the dashboard, and answers what was in view.
pub fn draw(model: &Model, views: &Views, frame: &mut Frame<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        chrome::too_small(area, frame.buffer_mut());
        return drawn;
    }
    let theme = &views.theme;
    let plan = layout::place(area, model.focus, model.drawer, model.zoomed, model.settings.panes);
    chrome::header(model, theme, plan.header, frame.buffer_mut());
    for (pane, area) in &plan.panes {
        draw_pane(model, views, *pane, *area, frame, &mut drawn);
    }
    if model.prompt.is_some() && model.dialog.is_none() {
        let cursor = chrome::prompt(model, theme, plan.footer, frame.buffer_mut());
        cursor.into_iter().for_each(|cursor| frame.set_cursor_position(cursor));
    } else {
        drawn.footer = chrome::footer(model, theme, plan.footer, frame.buffer_mut());
    }
    drawn.help_most = dialogs::draw(model, theme, area, frame);
    if theme.is_ascii() {
        ascii::reduce(frame.buffer_mut());
    }
    drawn
}

fn draw_pane(model: &Model, views: &Views, pane: Pane, area: Rect, frame: &mut Frame<'_>, drawn: &mut Drawn) {
    let theme = &views.theme;
    let buffer = frame.buffer_mut();
    let inner = chrome::border(model, theme, pane, area, buffer);
    let times = cells::Times { now: model.now, zone: &model.zone, style: model.settings.times };
    match pane {
        Pane::Executions => {
            let first = executions::draw(&model.list, model.now, &model.zone, &model.settings, theme, inner, buffer);
            drawn.executions_top = Some(first);
        }
        Pane::Graph => drawn.graph = graph_pane::draw(model, views, inner, buffer),
        Pane::Inspector => match (model.subject, &model.compared, &model.fleet) {
            (Subject::Compare, Some(compared), _) => match &compared.comparison {
                Some(comparison) => {
                    let sides = [&compared.left.0, &compared.right.0];
                    let first = model.compare_scroll;
                    drawn.compare_most = compare::draw(comparison, sides, model.now, first, theme, inner, buffer);
                }
                None => chrome::note("Reading both histories…", theme, inner, buffer),
            },
            (Subject::Fleet, _, Some(fleet)) => {
                fleet::draw(fleet, &model.fleet_view, times, theme, inner, buffer);
            }
            _ => {
                let focused = model.focus == Pane::Inspector && model.dialog.is_none();
                let time = |at: Millis| time_of_day(model, at);
                drawn.inspector = inspector::draw(&model.inspector, focused, &time, theme, inner, buffer);
            }
        },
        Pane::Orders => drawn.orders_top = Some(orders::draw(model, theme, inner, buffer)),
        Pane::Logs => {
            let started = model.run().and_then(|run| run.events.first()).map(|event| event.at);
            let since = started.filter(|_| model.settings.times == TimeStyle::Relative);
            let times = logs::Times { zone: &model.zone, since };
            drawn.logs_rows = Some(logs::draw(&model.logs, times, model.past(), theme, inner, buffer));
        }
        Pane::Timeline => drawn.timeline_rows = Some(timeline::draw(&model.timeline, theme, inner, buffer)),
        Pane::Events => match &model.watch {
            Some(watch) => {
                let happened = watch.scrub().position();
                events::draw(&model.events, watch.events(), happened, theme, inner, buffer);
            }
            None => chrome::note("Choose an execution.", theme, inner, buffer),
        },
        Pane::Metrics if model.is_replay => {
            chrome::note("An exported execution has no metrics.", theme, inner, buffer);
        }
        Pane::Metrics => metrics::draw(&model.metrics, &model.zone, theme, inner, buffer),
    }
}

/// A time of day, or how long after the start of the execution.
fn time_of_day(model: &Model, at: Millis) -> String {
    let started = model.run().and_then(|run| run.events.first()).map(|event| event.at);
    match started.filter(|_| model.settings.times == TimeStyle::Relative) {
        Some(started) => numbers::offset(at - started),
        None => {
            let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
            time.to_zoned(model.zone.clone()).strftime("%H:%M:%S%.3f").to_string()
        }
    }
}
