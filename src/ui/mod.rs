//! Drawing: the model and an area into cells.
//!
//! Reads the model and changes nothing; asks nobody and waits for nothing. What is costly to work out, and depends on
//! less than the whole model, is prepared before in [`Views`].

mod chrome;
mod dialogs;
mod executions;
pub mod graph;
pub mod graph_pane;
mod inspector;
mod layout;
mod logs;
mod orders;
pub mod text;
mod theme;

use std::sync::Arc;

use diagram::{Charset, Zoom};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{Model, Pane};
use graph::{Detail, Plan, plan};

/// The smallest screen that everything fits on.
pub const SMALLEST: (u16, u16) = (60, 18);

/// What was worked out before.
#[derive(Debug, Default)]
pub struct Views {
    machine: Option<Arc<asl::Machine>>,
    full: Plan,
    compact: Plan,
    narrow: Plan,
}

impl Views {
    /// Works out what the model needs and was not worked out before: the drawings of a machine that is new.
    pub fn prepare(&mut self, model: &Model) {
        let machine = model.known.as_ref().and_then(|known| known.machine.as_ref());
        let same = match (machine, &self.machine) {
            (Some(new), Some(old)) => Arc::ptr_eq(new, old),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        self.machine = machine.map(Arc::clone);
        let scope = machine.map(|machine| machine.graph()).unwrap_or_default();
        let detail = |zoom, labels| Detail { zoom, labels, badge: graph_pane::BADGE };
        self.full = plan(&scope, detail(Zoom::Full, true), Charset::Unicode);
        self.compact = plan(&scope, detail(Zoom::Compact, true), Charset::Unicode);
        self.narrow = plan(&scope, detail(Zoom::Compact, false), Charset::Unicode);
    }
}

/// Draws the dashboard, and answers how far the inspector could be scrolled.
pub fn draw(model: &Model, views: &Views, frame: &mut Frame<'_>) -> usize {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        chrome::too_small(area, frame.buffer_mut());
        return 0;
    }
    let plan = layout::place(area, model.focus, model.zoomed);
    chrome::header(model, plan.header, frame.buffer_mut());
    let mut most = 0;
    for (pane, area) in &plan.panes {
        most = most.max(draw_pane(model, views, *pane, *area, frame));
    }
    chrome::footer(model, plan.footer, frame.buffer_mut());
    dialogs::draw(model, area, frame);
    most
}

fn draw_pane(model: &Model, views: &Views, pane: Pane, area: Rect, frame: &mut Frame<'_>) -> usize {
    let buffer = frame.buffer_mut();
    let inner = chrome::border(model, pane, area, buffer);
    match pane {
        Pane::Executions => executions::draw(model, inner, buffer),
        Pane::Graph => graph_pane::draw(model, views, inner, buffer),
        Pane::Inspector => return inspector::draw(model, inner, buffer),
        Pane::Orders => orders::draw(model, inner, buffer),
        Pane::Logs => logs::draw(model, inner, buffer),
    }
    0
}
