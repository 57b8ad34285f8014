//! What is learnt of executions that are not looked at: for the index, and to compare.

use super::looking::{count_fleet, list_anew};
use super::wishes::{counts_running, fetch_details};
use crate::app::compare::compare;
use crate::app::model::{Cmd, Model};
use crate::app::run::Run;
use crate::facts::{Arn, Execution, HistoryEvent};

/// Takes in what was learnt of an execution, and asks for the next.
pub(super) fn taken(
    model: &mut Model,
    execution: &Arn,
    result: Result<(Execution, Vec<HistoryEvent>), String>,
) -> Vec<Cmd> {
    match result {
        Ok((described, events)) => {
            model.index.note_execution(&described);
            let mut run = Run::default();
            run.absorb(events);
            model.index.note_run(execution, &run);
            if let Some(watch) = model.watch.as_mut().filter(|watch| watch.arn == *execution) {
                watch.execution = Some(described);
            }
        }
        // It is not asked for again; that it could not be read hinders nothing.
        Err(_) => model.index.note_unreadable(execution),
    }
    let more = fetch_details(model);
    // Counting and listing walk over all that is known: once a burst is over is soon enough.
    if more.is_empty() || model.index.wanting_details(8, counts_running(model)).len() < 8 {
        count_fleet(model);
        list_anew(model);
    }
    more
}

/// Takes in the history of an execution that is compared.
pub(super) fn compared(model: &mut Model, execution: &Arn, result: Result<Vec<HistoryEvent>, String>) {
    let events = super::noted(model, crate::app::TaskKey::Compared(execution.clone()), result);
    let (Some(compared), Some(events)) = (&mut model.compared, events) else { return };
    let mut run = Run::default();
    run.absorb(events);
    for side in [&mut compared.left, &mut compared.right] {
        if side.0.arn == *execution {
            side.1 = Some(run.clone());
        }
    }
    if let (Some(left), Some(right)) = (&compared.left.1, &compared.right.1) {
        compared.comparison = Some(compare(left, right));
    }
}
