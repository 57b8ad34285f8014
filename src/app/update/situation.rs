//! What decides what can be done now, gathered from the model.

use super::keys::is_editing;
use super::looking::order_of;
use super::wishes::functions;
use crate::app::lens;
use crate::app::logs::Level;
use crate::app::model::{Model, Pane, Subject, Waiting};
use crate::app::off::{ChosenState, Situation, Watched};
use crate::app::run::{Visit, VisitStatus};
use crate::app::test_state::Testable;
use crate::facts::ExecutionStatus;
use order_core::OrderRecord;
use serde_json::Value;

impl Model {
    /// What decides what can be done now.
    pub fn situation(&self) -> Situation {
        Situation {
            pane: self.focus,
            is_read_only: self.settings.read_only,
            is_production: self.settings.read_only && !self.elsewhere.is_read_only && self.is_production(),
            is_replay: self.is_replay,
            is_embedded: !self.is_aws,
            is_elsewhere: self.reach.is_some(),
            watch: self.watched_situation(),
            state: self.chosen_state(),
            has_functions: !functions(self).is_empty(),
            has_graph: self.known.as_ref().is_some_and(|known| known.machine.is_some()),
            executions: self.list.rows().len(),
            marks: self.list.marked().len(),
            marked_running: self.marked(|status| !status.is_over()),
            marked_failed: self.marked(ExecutionStatus::is_redrivable),
            is_watch_marked: self.watch.as_ref().is_some_and(|watch| self.list.is_marked(&watch.arn)),
            has_chosen_order: self.order.is_some(),
            has_orders: self.has_orders,
            has_waiting: !self.waiting().is_empty(),
            matches: self.matches(),
            has_log_errors: self
                .logs
                .shown(0, self.logs.shown_len())
                .rev()
                .take(2_000)
                .any(|entry| entry.level() == Level::Error),
            is_editing: is_editing(self),
            has_editor: true,
        }
    }

    fn watched_situation(&self) -> Option<Watched> {
        let watch = self.watch.as_ref()?;
        let position = watch.scrub().position();
        Some(Watched {
            status: self.watched().map(|execution| execution.status),
            is_express: watch.arn.is_express(),
            is_redrivable: None,
            has_machine: watch.arn.machine_of_execution().is_some(),
            has_input: watch.run().events.first().is_some_and(|event| event.input.is_some()),
            has_order: order_of(watch).is_some(),
            has_parent: self.parent().is_some(),
            events: watch.scrub().len(),
            failures: lens::failures(watch.run()).len(),
            at_first_event: position <= 1,
            at_live_end: position == watch.scrub().len(),
        })
    }

    fn chosen_state(&self) -> Option<ChosenState> {
        let name = self.state.as_deref()?;
        let machine = self.known.as_ref()?.machine.as_ref()?;
        let state = machine.state(name)?;
        Some(ChosenState {
            testable: Testable::of(state),
            is_in_container: !state.kind.flows().is_empty(),
            has_child: self.child().is_some(),
            iterations: self.iterations_of(name),
        })
    }

    /// How many iterations of the Map around it a state was entered in, as far as is known.
    pub fn iterations_of(&self, state: &str) -> usize {
        let Some(run) = self.run() else { return 0 };
        run.visits_to(state).filter_map(|visit| visit.iteration).max().map_or(0, |last| last + 1)
    }

    /// The states whose names hold a text, in the definition's order.
    pub fn states_like(&self, text: &str) -> Vec<String> {
        let text = text.to_lowercase();
        self.states().into_iter().filter(|state| state.to_lowercase().contains(&text)).collect()
    }

    /// What in what is being typed does not read first.
    pub fn prompt_problem(&self) -> Option<&str> {
        match self.prompt.as_ref()?.pane {
            Pane::Executions => self.query.problems.first().map(|problem| problem.sentence.as_str()),
            Pane::Orders => self.orders.problem(),
            _ => None,
        }
    }

    /// The order that is looked at, as it was read last.
    pub fn order_record(&self) -> Option<&OrderRecord> {
        let id = self.order.as_ref()?;
        let whole = self.order_facts.as_ref().map(|facts| &facts.record).filter(|record| record.order_id == *id);
        whole.or_else(|| self.orders.get(id))
    }

    /// The order that waits for approval: the one that is looked at, or that of the execution that is.
    pub fn waiting_order(&self) -> Option<(&OrderRecord, &str)> {
        let of_execution = self.watch.as_ref().map(|watch| watch.arn.0.as_str());
        let mut known = self.order_facts.iter().map(|facts| &facts.record).chain(self.orders.records());
        let order = if self.subject == Subject::Order || self.focus == Pane::Orders {
            known.find(|order| Some(&order.order_id) == self.order.as_ref())
        } else {
            known.find(|order| Some(order.execution.as_str()) == of_execution)
        }?;
        Some((order, order.approval_token.as_deref()?))
    }

    /// How many of the marked executions that holds of.
    fn marked(&self, holds: impl Fn(ExecutionStatus) -> bool) -> usize {
        let statuses = self.list.marked().iter().filter_map(|arn| self.index.get(arn));
        statuses.filter(|entry| holds(entry.summary.status)).count()
    }

    /// What waits for somebody: the orders of the marked executions, the one that is looked at, or the chosen state.
    pub fn waiting(&self) -> Vec<Waiting> {
        let of_order = |order: &OrderRecord, token: &str| Waiting {
            name: order.order_id.to_string(),
            is_order: true,
            token: token.to_owned(),
        };
        let marked = self.list.marked();
        if !marked.is_empty() && self.focus == Pane::Executions {
            let is_marked = |order: &&OrderRecord| marked.iter().any(|arn| arn.0 == order.execution);
            let orders = self.orders.records().iter().filter(is_marked);
            return orders.filter_map(|order| Some(of_order(order, order.approval_token.as_deref()?))).collect();
        }
        if let Some((order, token)) = self.waiting_order() {
            return vec![of_order(order, token)];
        }
        self.waiting_state().into_iter().collect()
    }

    /// The chosen state, if it waits with a task token that its call was given.
    fn waiting_state(&self) -> Option<Waiting> {
        let (watch, state) = (self.watch.as_ref().filter(|watch| watch.live)?, self.state.as_deref()?);
        let run = watch.run();
        let chosen = run.telling_visit(state, self.iteration, self.visit).and_then(|visit| run.visits.get(visit));
        // With no visit chosen, the last one that runs.
        let is_chosen = self.visit.is_some() || self.iteration.is_some();
        let running = |visit: &&Visit| visit.status == VisitStatus::Running;
        let last = || run.visits_to(state).rev().find(running).filter(|_| !is_chosen);
        let visit = chosen.filter(running).or_else(last)?;
        let attempt = visit.attempts.last().filter(|attempt| attempt.ended_at.is_none())?;
        attempt.resource.as_deref().filter(|resource| resource.ends_with(".waitForTaskToken"))?;
        let parameters: Value = serde_json::from_str(attempt.parameters.as_deref()?).ok()?;
        let iteration = run.iteration_of(visit).map(|iteration| format!(" [{iteration}]")).unwrap_or_default();
        let name = format!("{state}{iteration} of {}", watch.arn.name());
        Some(Waiting { name, is_order: false, token: token_in(&parameters)?.to_owned() })
    }
}

/// The task token in what a call was given: the definition puts it wherever it likes, mostly under its name.
fn token_in(parameters: &Value) -> Option<&str> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let by = |is_named: &dyn Fn(&str) -> bool| text_under(parameters, is_named);
    by(&|name| plain(name) == "tasktoken").or_else(|| by(&|name| plain(name).ends_with("token")))
}

/// The first text under a name.
fn text_under<'a>(value: &'a Value, is_named: &dyn Fn(&str) -> bool) -> Option<&'a str> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| value.as_str().filter(|_| is_named(name)))
            .or_else(|| fields.values().find_map(|value| text_under(value, is_named))),
        Value::Array(items) => items.iter().find_map(|item| text_under(item, is_named)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_task_token_is_found_under_its_name() {
        let cases = [
            (json!({"Payload": {"token": "t-1", "order": 7}}), Some("t-1")),
            (json!({"MessageBody": {"paymentToken": "p", "inner": [{"TaskToken": "t-1"}]}}), Some("t-1")),
            (json!({"task_token": "t-1"}), Some("t-1")),
            (json!({"token": 7, "other": "x"}), None),
        ];
        for (parameters, expected) in cases {
            assert_eq!(token_in(&parameters), expected, "{parameters}");
        }
    }
}
