//! Where the panes go. By the size alone, so that nothing jumps while the program runs.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::app::Pane;
use crate::app::settings::Shares;

/// The places of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) header: Rect,
    pub(super) panes: Vec<(Pane, Rect)>,
    pub(super) footer: Rect,
}

/// From this size on all panes stand side by side; below it the focused one beside the list.
const ALL_PANES: (u16, u16) = (110, 30);

pub(super) fn place(area: Rect, focus: Pane, zoomed: bool, shares: Shares) -> Placed {
    let [header, body, footer] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(area);
    let panes = if zoomed {
        vec![(focus, body)]
    } else if area.width >= ALL_PANES.0 && area.height >= ALL_PANES.1 {
        all(body, shares)
    } else {
        two(body, focus)
    };
    Placed { header, panes, footer }
}

/// The graph has the whole height: it is what is tall. Beside it the lists, the inspector, and the logs below both.
fn all(body: Rect, shares: Shares) -> Vec<(Pane, Rect)> {
    let graph = (share(body.width, shares.graph)).clamp(54, 110);
    let bottom = (share(body.height, shares.logs)).clamp(8, 16);
    let [rest, graph] = Layout::horizontal([Constraint::Min(0), Constraint::Length(graph)]).areas(body);
    let [top, logs] = Layout::vertical([Constraint::Min(0), Constraint::Length(bottom)]).areas(rest);
    let left = (share(rest.width, shares.lists)).clamp(27, 48);
    let [lists, inspector] = Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(top);
    let [executions, orders] =
        Layout::vertical([Constraint::Percentage(shares.executions), Constraint::Min(0)]).areas(lists);
    vec![
        (Pane::Executions, executions),
        (Pane::Orders, orders),
        (Pane::Graph, graph),
        (Pane::Inspector, inspector),
        (Pane::Logs, logs),
    ]
}

/// So many hundredths of a length.
fn share(length: u16, hundredths: u16) -> u16 {
    u16::try_from(u32::from(length) * u32::from(hundredths) / 100).unwrap_or(length)
}

/// The list of executions beside the focused pane; logs need the whole width, and an order its details.
fn two(body: Rect, focus: Pane) -> Vec<(Pane, Rect)> {
    if focus == Pane::Logs {
        let [list, logs] = Layout::vertical([Constraint::Length(6), Constraint::Min(0)]).areas(body);
        return vec![(Pane::Executions, list), (Pane::Logs, logs)];
    }
    let [list, pane] = Layout::horizontal([Constraint::Length(30), Constraint::Min(0)]).areas(body);
    if focus == Pane::Orders {
        let [orders, inspector] = Layout::vertical([Constraint::Percentage(40), Constraint::Min(0)]).areas(pane);
        return vec![(Pane::Executions, list), (Pane::Orders, orders), (Pane::Inspector, inspector)];
    }
    let other = if focus == Pane::Executions { Pane::Graph } else { focus };
    vec![(Pane::Executions, list), (other, pane)]
}
