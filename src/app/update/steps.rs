//! The way back: what was done last is undone first.
//!
//! What leads on is noted by what it changed, not by which key did it, so that no way on is forgotten. A step that
//! something else has undone since is passed over.

use super::looking::{list_anew, show};
use super::{keys, panes, reaching};
use crate::app::keymap::Intent;
use crate::app::model::{Cmd, Model, Pane, Step, Subject};

/// The most steps that are kept.
const MOST: usize = 50;

/// What a step can lead on from.
pub(super) struct Stand {
    pane: Pane,
    subject: Subject,
    zoomed: bool,
    past: bool,
    compare: bool,
    fleet: bool,
    ancestors: usize,
    marks: usize,
    is_prompted: bool,
}

impl Stand {
    pub(super) fn of(model: &Model) -> Self {
        Self {
            pane: model.focus,
            subject: model.subject,
            zoomed: model.zoomed,
            past: model.past().is_some(),
            compare: model.subject == Subject::Compare,
            fleet: model.fleet.is_some(),
            ancestors: model.ancestors.len(),
            marks: model.list.marked().len(),
            is_prompted: model.prompt.is_some(),
        }
    }
}

/// Notes what an intent led on to.
pub(super) fn note(model: &mut Model, before: &Stand, intent: Intent) {
    if intent == Intent::Back {
        return;
    }
    let now = Stand::of(model);
    if now.pane != before.pane {
        // Whoever goes to a pane by its number goes there afresh; whoever follows something can go back.
        if matches!(intent, Intent::Focus(_) | Intent::NextPane | Intent::PreviousPane) {
            model.steps.retain(|step| !matches!(step, Step::Pane(..)));
        } else {
            push(model, Step::Pane(before.pane, before.subject));
        }
    }
    if before.is_prompted && !now.is_prompted && keys::has_search(model) {
        push(model, Step::Search(now.pane));
    }
    let turned_on = [
        (!before.zoomed && now.zoomed, Step::Zoom),
        (!before.past && now.past, Step::Past),
        (!before.compare && now.compare, Step::Compare),
        (!before.fleet && now.fleet, Step::Fleet),
        (before.ancestors < now.ancestors, Step::Child),
        (before.marks < now.marks, Step::Marks),
    ];
    for (_, step) in turned_on.into_iter().filter(|(is_on, _)| *is_on) {
        push(model, step);
    }
}

fn push(model: &mut Model, step: Step) {
    // Executions can be started within one another; all else is on or off.
    if step != Step::Child {
        model.steps.retain(|known| *known != step);
    }
    if model.steps.len() == MOST {
        model.steps.remove(0);
    }
    model.steps.push(step);
}

/// One step back: the last one that still holds; else out of whatever is not the list.
pub(super) fn back(model: &mut Model) -> Vec<Cmd> {
    while let Some(step) = model.steps.pop() {
        let is_on = match step {
            Step::Pane(pane, _) => pane != model.focus,
            Step::Search(pane) => pane == model.focus && keys::has_search(model),
            step => holds(model, step),
        };
        if is_on {
            return undo(model, step);
        }
    }
    if keys::has_search(model) {
        return undo(model, Step::Search(model.focus));
    }
    let step =
        [Step::Compare, Step::Zoom, Step::Past, Step::Fleet, Step::Child].into_iter().find(|step| holds(model, *step));
    undo(model, step.unwrap_or(Step::Pane(Pane::Executions, Subject::State)))
}

fn holds(model: &Model, step: Step) -> bool {
    let stand = Stand::of(model);
    match step {
        Step::Pane(..) | Step::Search(_) => false,
        Step::Zoom => stand.zoomed,
        Step::Past => stand.past,
        Step::Compare => stand.compare,
        Step::Fleet => stand.fleet,
        Step::Child => stand.ancestors > 0,
        Step::Marks => stand.marks > 0,
    }
}

fn undo(model: &mut Model, step: Step) -> Vec<Cmd> {
    match step {
        Step::Pane(pane, subject) => {
            let wishes = show(model, pane);
            // The inspector and the drawer show what was looked at from there, if it is there still.
            let is_there = match subject {
                Subject::State => model.fleet.is_none(),
                Subject::Order => true,
                Subject::Compare => model.compared.is_some(),
                Subject::Fleet => model.fleet.is_some(),
            };
            if is_there && (pane == Pane::Inspector || pane.is_drawer()) {
                model.subject = subject;
            }
            return wishes;
        }
        Step::Search(_) => {
            let wishes = keys::forget_search(model);
            // Logs are searched and filtered: what is left is the next step.
            if keys::has_search(model) {
                push(model, step);
            }
            return wishes;
        }
        Step::Marks => {
            model.list.clear_marks();
            list_anew(model);
        }
        Step::Zoom => model.zoomed = false,
        Step::Past => panes::to_the_present(model),
        Step::Compare => (model.compared, model.subject) = (None, Subject::State),
        Step::Fleet => return panes::fleet(model),
        Step::Child => return reaching::to_parent(model),
    }
    Vec::new()
}
