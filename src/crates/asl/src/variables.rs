//! Which states read which variables: what `DescribeStateMachine` answers as `variableReferences`.

use std::collections::{BTreeMap, BTreeSet};

use crate::choice::{Condition, Operand};
use crate::intrinsic::Expression;
use crate::jsonata::Query;
use crate::machine::{DocumentPath, Kind, Machine, Setting, State, Wait};
use crate::path::{Path, Root};
use crate::template::Template;

/// The names that one state reads.
#[derive(Default)]
struct Reads {
    /// By a path: surely variables.
    paths: BTreeSet<String>,
    /// By a query: variables or functions.
    queries: BTreeSet<String>,
}

impl Machine {
    /// By the name of each state that reads any variable: which.
    pub fn variable_references(&self) -> BTreeMap<String, BTreeSet<String>> {
        let states = self.all_states();
        let assigned: BTreeSet<String> = states.iter().flat_map(|state| assigned(state)).collect();
        let read = states.iter().map(|state| {
            let mut reads = Reads::default();
            reads.state(state);
            let queried = reads.queries.intersection(&assigned).cloned();
            (state.name.to_string(), reads.paths.iter().cloned().chain(queried).collect::<BTreeSet<_>>())
        });
        read.filter(|(_, names)| !names.is_empty()).collect()
    }
}

/// The names of the variables that a state may set.
fn assigned(state: &State) -> Vec<String> {
    let mut templates: Vec<&Template> = state.assign.iter().collect();
    if let Kind::Choice { rules, .. } = &state.kind {
        templates.extend(rules.iter().filter_map(|rule| rule.assign.as_ref()));
    }
    templates.extend(state.kind.catch().iter().filter_map(|catcher| catcher.assign.as_ref()));
    let names = templates.into_iter().flat_map(|template| match template {
        Template::Object(fields) => fields.iter().map(|field| field.name.clone()).collect(),
        Template::Literal(serde_json::Value::Object(fields)) => fields.keys().cloned().collect(),
        _ => Vec::new(),
    });
    names.collect()
}

impl Reads {
    fn state(&mut self, state: &State) {
        for path in [&state.input_path, &state.output_path] {
            if let DocumentPath::Path(path) = path {
                self.path(path);
            }
        }
        self.templates([&state.assign, &state.output]);
        match &state.kind {
            Kind::Pass { parameters, .. } => self.templates([parameters]),
            Kind::Task(task) => {
                self.templates([&task.arguments, &task.result_selector, &task.credentials]);
                self.settings([&task.timeout, &task.heartbeat]);
            }
            Kind::Choice { rules, .. } => {
                for rule in rules {
                    self.condition(&rule.condition);
                    self.templates([&rule.assign, &rule.output]);
                }
            }
            Kind::Wait(Wait::Seconds(setting) | Wait::Timestamp(setting)) => self.setting(setting),
            Kind::Fail { error, cause } => self.settings([error, cause]),
            Kind::Parallel(parallel) => self.templates([&parallel.arguments, &parallel.result_selector]),
            Kind::Map(map) => {
                if let Some(path) = &map.items_path {
                    self.path(path);
                }
                self.templates([&map.items, &map.item_selector, &map.result_selector]);
                self.settings([&map.max_concurrency, &map.tolerated_count, &map.tolerated_percentage]);
                if let Some(batcher) = &map.item_batcher {
                    self.settings([&batcher.max_items, &batcher.max_bytes]);
                    self.templates([&batcher.batch_input]);
                }
            }
            Kind::Succeed => {}
        }
        for catcher in state.kind.catch() {
            self.templates([&catcher.assign, &catcher.output]);
        }
    }

    fn templates<'a>(&mut self, templates: impl IntoIterator<Item = &'a Option<Template>>) {
        templates.into_iter().flatten().for_each(|template| self.template(template));
    }

    fn settings<'a>(&mut self, settings: impl IntoIterator<Item = &'a Option<Setting>>) {
        settings.into_iter().flatten().for_each(|setting| self.setting(setting));
    }

    fn template(&mut self, template: &Template) {
        match template {
            Template::Literal(_) => {}
            Template::Object(fields) => fields.iter().for_each(|field| self.template(&field.value)),
            Template::List(templates) => templates.iter().for_each(|template| self.template(template)),
            Template::Expression(expression) => self.expression(expression),
            Template::Query(query) => self.query(query),
        }
    }

    fn setting(&mut self, setting: &Setting) {
        match setting {
            Setting::Fixed(_) => {}
            Setting::Path(expression) => self.expression(expression),
            Setting::Query(query) => self.query(query),
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Query(query) => self.query(query),
            Condition::And(conditions) | Condition::Or(conditions) => {
                conditions.iter().for_each(|condition| self.condition(condition));
            }
            Condition::Not(condition) => self.condition(condition),
            Condition::Compare { variable, operand, .. } => {
                self.path(variable);
                if let Operand::Path(path) = operand {
                    self.path(path);
                }
            }
        }
    }

    fn expression(&mut self, expression: &Expression) {
        expression.paths().into_iter().for_each(|path| self.path(path));
    }

    fn path(&mut self, path: &Path) {
        if let Root::Variable(name) = path.root() {
            self.paths.insert(name.clone());
        }
    }

    fn query(&mut self, query: &Query) {
        self.queries.extend(query.variables().iter().cloned());
    }
}
