//! What decides what can be done now, gathered from the model.

use super::keys::is_editing;
use super::looking::order_of;
use super::wishes::functions;
use crate::app::lens;
use crate::app::logs::Level;
use crate::app::model::{Model, Pane, Subject};
use crate::app::off::{ChosenState, Situation, Watched};
use crate::app::query;
use crate::app::test_state::Testable;
use order_core::OrderRecord;

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
            is_watch_marked: self.watch.as_ref().is_some_and(|watch| self.list.is_marked(&watch.arn)),
            has_chosen_order: self.order.is_some(),
            has_orders: self.has_orders,
            has_order_token: self.waiting_order().is_some(),
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

    /// The texts that what is being typed can be completed to, the likeliest first.
    pub fn completions(&self) -> Vec<String> {
        let Some(prompt) = &self.prompt else { return Vec::new() };
        let typed = prompt.text.text();
        match prompt.pane {
            Pane::Executions => query::complete(&typed, &self.index.vocabulary()),
            Pane::Orders => query::complete_orders(&typed),
            Pane::Graph => {
                let typed = typed.to_lowercase();
                self.states().into_iter().filter(|state| state.to_lowercase().contains(&typed)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What in what is being typed does not read first.
    pub fn prompt_problem(&self) -> Option<&str> {
        match self.prompt.as_ref()?.pane {
            Pane::Executions => self.query.problems.first().map(|problem| problem.sentence.as_str()),
            Pane::Orders => self.orders.problem(),
            _ => None,
        }
    }

    /// The order that waits for approval: the one that is looked at, or that of the execution that is.
    pub fn waiting_order(&self) -> Option<(&OrderRecord, &str)> {
        let of_execution = self.watch.as_ref().map(|watch| watch.arn.0.as_str());
        let mut known = self.orders.records().iter().chain(self.order_facts.iter().map(|facts| &facts.record));
        let order = if self.subject == Subject::Order || self.focus == Pane::Orders {
            known.find(|order| Some(&order.order_id) == self.order.as_ref())
        } else {
            known.find(|order| Some(order.execution.as_str()) == of_execution)
        }?;
        Some((order, order.approval_token.as_deref()?))
    }
}
