//! The mouse: chooses what it points at, and moves what it is over.

use super::keys;
use super::looking::{choose_state, choose_visit, show};
use super::panes::{self, step_in};
use crate::app::executions::ROOMY;
use crate::app::keymap::Intent;
use crate::app::model::{Cmd, Dialog, Model, Pane, Subject};
use crate::app::mouse::{Gesture, Hit, Mouse, MouseKind, row_of};

/// Takes in what the mouse did.
pub(super) fn point(model: &mut Model, mouse: Mouse, hit: Option<Hit>, state: Option<String>) -> Vec<Cmd> {
    let now = model.now;
    if let Some(dialog) = &mut model.dialog {
        let by = match mouse.kind {
            MouseKind::WheelUp => -3,
            MouseKind::WheelDown => 3,
            MouseKind::Press | MouseKind::Drag | MouseKind::Release | MouseKind::WheelLeft | MouseKind::WheelRight => {
                return Vec::new();
            }
        };
        match dialog {
            Dialog::Help { scroll } | Dialog::Calls { scroll } => *scroll = scroll.saturating_add_signed(by),
            Dialog::Palette(palette) => palette.step(by),
            Dialog::Copy(clip) => clip.step(by),
            Dialog::Test(test) => test.step(by),
            Dialog::Submit(_) | Dialog::Question(_) => {}
        }
        return Vec::new();
    }
    match model.pointer.take(mouse, hit, now) {
        Some(Gesture::Click(hit)) => click(model, hit, state),
        // Two presses of a button are two presses.
        Some(Gesture::DoubleClick(hit @ Hit::Footer(_))) => click(model, hit, None),
        Some(Gesture::DoubleClick(hit)) => {
            let mut wishes = click(model, hit, state);
            wishes.extend(keys::act(model, Intent::Open));
            wishes
        }
        // The view moves, and the chosen state stays.
        Some(Gesture::Scroll(hit, lines)) if hit.pane() == Some(Pane::Graph) => {
            panes::pan(model, 0, lines);
            Vec::new()
        }
        Some(Gesture::Sideways(hit, columns)) => {
            if hit.pane() == Some(Pane::Graph) {
                panes::pan(model, columns, 0);
            }
            Vec::new()
        }
        Some(Gesture::Scroll(hit, lines)) => hit.pane().map(|pane| step_in(model, pane, lines)).unwrap_or_default(),
        // The shell, which knows where things are, says what they come to.
        Some(Gesture::Divide { .. } | Gesture::LetGo(_)) | None => Vec::new(),
    }
}

/// The rows that a query takes above its list.
fn asked_rows(is_asked: bool, problem: Option<&str>, rows: u16) -> u16 {
    u16::from(is_asked) + u16::from(is_asked && problem.is_some() && rows >= ROOMY)
}

fn click(model: &mut Model, hit: Hit, state: Option<String>) -> Vec<Cmd> {
    if let Hit::Footer(column) = hit {
        let meant = model.footer.iter().find(|(columns, _)| columns.contains(&column)).map(|(_, intent)| *intent);
        return meant.map(|intent| keys::act(model, intent)).unwrap_or_default();
    }
    let Some(pane) = hit.pane() else { return Vec::new() };
    let mut wishes = show(model, pane);
    let Hit::Pane { row, rows, .. } = hit else { return wishes };
    match pane {
        Pane::Executions => {
            // The names of the columns stand in the first row of all but the smallest lists.
            let asked = model.list.asked();
            let problem = asked.and_then(|asked| asked.problem.as_deref());
            let head = u16::from(rows >= ROOMY) + asked_rows(asked.is_some(), problem, rows);
            let length = model.list.rows().len();
            let rows = rows.saturating_sub(head);
            let place =
                row.checked_sub(head).and_then(|row| row_of(model.list.top(), model.list.place(), length, rows, row));
            if let Some(place) = place
                && model.list.choose_row(place)
            {
                wishes.extend(panes::chosen_execution(model));
            }
        }
        Pane::Orders => {
            let orders = &model.orders;
            let head = asked_rows(!orders.text().trim().is_empty(), orders.problem(), rows);
            let chosen = model.order.as_ref().and_then(|id| orders.shown_place(id));
            let rows = rows.saturating_sub(head);
            let place =
                row.checked_sub(head).and_then(|row| row_of(orders.top(), chosen, orders.shown_len(), rows, row));
            if let Some(order) = place.and_then(|at| orders.row(at)) {
                model.order = Some(order.order_id.clone());
                wishes.extend(super::wishes::fetch_order(model));
                wishes.extend(panes::to_execution_of_order(model));
            }
        }
        Pane::Inspector if matches!(model.subject, Subject::State | Subject::Order) => {
            let before = model.inspector.cursor();
            if model.inspector.click(usize::from(row)) && model.inspector.cursor() == before {
                model.inspector.toggle();
            }
        }
        Pane::Timeline => {
            // A scale stands above the bars.
            if let Some(row) = row.checked_sub(1) {
                let first = model.timeline.first(usize::from(rows).saturating_sub(1));
                model.timeline.choose_row(first + usize::from(row));
                if let Some(visit) = model.timeline.visit() {
                    choose_visit(model, visit);
                }
            }
        }
        Pane::Graph => {
            if let Some(state) = state {
                choose_state(model, state);
            }
        }
        Pane::Inspector | Pane::Logs | Pane::Events | Pane::Metrics => {}
    }
    wishes
}
