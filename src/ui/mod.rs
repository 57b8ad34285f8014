//! Drawing: the model and an area into cells.
//!
//! Reads the model and changes nothing; asks nobody and waits for nothing. What is costly to work out, and depends on
//! less than the whole model, is prepared before in [`Views`].

mod chrome;
mod dialogs;
mod executions;
pub mod graph;
mod graph_notes;
pub mod graph_pane;
mod inspector;
mod layout;
mod logs;
mod orders;
pub mod text;
pub mod theme;

use std::sync::Arc;

use diagram::{Charset, Zoom};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{Model, Pane};
use graph::{Detail, Plan, plan};
use theme::Theme;

/// The smallest screen that everything fits on.
pub const SMALLEST: (u16, u16) = (60, 18);

/// What was worked out before.
#[derive(Debug, Default)]
pub struct Views {
    theme: Theme,
    drawings: Drawings,
    /// The machine whose drawings are being worked out.
    under_way: Option<Arc<asl::Machine>>,
}

/// The drawings of a machine, at every size.
#[derive(Debug, Default)]
pub struct Drawings {
    machine: Option<Arc<asl::Machine>>,
    full: Plan,
    compact: Plan,
    narrow: Plan,
}

impl Drawings {
    /// Works them out: milliseconds for a small machine, a second for a huge one. Not for the task that draws.
    pub fn of(machine: Arc<asl::Machine>) -> Self {
        let scope = machine.graph();
        let detail = |zoom, labels| Detail { zoom, labels, badge: graph_pane::BADGE };
        Self {
            full: plan(&scope, detail(Zoom::Full, true), Charset::Unicode),
            compact: plan(&scope, detail(Zoom::Compact, true), Charset::Unicode),
            narrow: plan(&scope, detail(Zoom::Compact, false), Charset::Unicode),
            machine: Some(machine),
        }
    }
}

impl Views {
    /// Nothing worked out yet.
    pub fn new(theme: Theme) -> Self {
        Self { theme, ..Self::default() }
    }

    /// The machine that has to be drawn and is not, if there is one: once for each.
    pub fn wanted(&mut self, model: &Model) -> Option<Arc<asl::Machine>> {
        let machine = model.known.as_ref().and_then(|known| known.machine.as_ref())?;
        let is_this =
            |known: &Option<Arc<asl::Machine>>| known.as_ref().is_some_and(|known| Arc::ptr_eq(known, machine));
        if is_this(&self.drawings.machine) || is_this(&self.under_way) {
            return None;
        }
        self.under_way = Some(Arc::clone(machine));
        Some(Arc::clone(machine))
    }

    /// Takes drawings, unless others are wanted by now.
    pub fn take(&mut self, drawings: Drawings) {
        let wanted = match (&self.under_way, &drawings.machine) {
            (Some(wanted), Some(drawn)) => Arc::ptr_eq(wanted, drawn),
            _ => false,
        };
        if wanted {
            self.drawings = drawings;
            self.under_way = None;
        }
    }
}

/// Draws the dashboard, and answers how far the inspector could be scrolled.
pub fn draw(model: &Model, views: &Views, frame: &mut Frame<'_>) -> usize {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        chrome::too_small(area, frame.buffer_mut());
        return 0;
    }
    let theme = &views.theme;
    let plan = layout::place(area, model.focus, model.zoomed, model.settings.panes);
    chrome::header(model, theme, plan.header, frame.buffer_mut());
    let mut most = 0;
    for (pane, area) in &plan.panes {
        most = most.max(draw_pane(model, views, *pane, *area, frame));
    }
    chrome::footer(model, theme, plan.footer, frame.buffer_mut());
    dialogs::draw(model, theme, area, frame);
    most
}

fn draw_pane(model: &Model, views: &Views, pane: Pane, area: Rect, frame: &mut Frame<'_>) -> usize {
    let theme = &views.theme;
    let buffer = frame.buffer_mut();
    let inner = chrome::border(model, theme, pane, area, buffer);
    match pane {
        Pane::Executions => executions::draw(model, theme, inner, buffer),
        Pane::Graph => graph_pane::draw(model, views, inner, buffer),
        Pane::Inspector => return inspector::draw(model, theme, inner, buffer),
        Pane::Orders => orders::draw(model, theme, inner, buffer),
        Pane::Logs => logs::draw(model, theme, inner, buffer),
    }
    0
}
