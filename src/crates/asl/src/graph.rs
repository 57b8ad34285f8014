//! A machine as a graph: what a drawing needs, and nothing of how it runs.

use std::sync::Arc;

use crate::machine::{Flow, Kind, Machine, Next, StateName};

/// A scope: the states of one flow and the edges between them. No edge leaves its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The first state.
    pub start: Option<StateName>,
    /// The states in the definition's order.
    pub nodes: Vec<Node>,
    /// The edges in the definition's order.
    pub edges: Vec<Edge>,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: StateName,
    /// Its `Type`.
    pub kind: &'static str,
    /// What it calls, if it is a Task.
    pub resource: Option<String>,
    /// What is inside a Parallel or Map: one scope a branch.
    pub inside: Vec<Scope>,
    /// Whether the scope may end here.
    pub ends: bool,
}

/// A transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// From.
    pub from: StateName,
    /// To.
    pub to: StateName,
    /// Why it is taken.
    pub way: Way,
}

/// Why a transition is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// `Next`.
    Next,
    /// A Choice rule, with what decides.
    Rule(String),
    /// A Choice's `Default`.
    Default,
    /// A `Catch` rule, with the errors that it names.
    Catch(Vec<String>),
}

impl Machine {
    /// The machine as a graph. Edges to states that are not there are left out.
    pub fn graph(&self) -> Scope {
        scope(&self.flow)
    }
}

fn scope(flow: &Flow) -> Scope {
    let mut drawn = Scope {
        start: flow.states.contains_key(&flow.start_at).then(|| Arc::clone(&flow.start_at)),
        ..Scope::default()
    };
    for state in flow.states.values() {
        let resource = match &state.kind {
            Kind::Task(task) => Some(task.resource.as_str().to_owned()),
            _ => None,
        };
        drawn.nodes.push(Node {
            name: Arc::clone(&state.name),
            kind: state.kind.type_name(),
            resource,
            inside: state.kind.flows().into_iter().map(|(_, flow)| scope(flow)).collect(),
            ends: matches!(state.kind, Kind::Succeed | Kind::Fail { .. }) || state.next == Next::End,
        });
        let mut edge = |to: &StateName, way: Way| {
            if flow.states.contains_key(to) {
                drawn.edges.push(Edge { from: Arc::clone(&state.name), to: Arc::clone(to), way });
            }
        };
        if let Next::State(next) = &state.next {
            edge(next, Way::Next);
        }
        if let Kind::Choice { rules, default } = &state.kind {
            for rule in rules {
                edge(&rule.next, Way::Rule(rule.condition.label()));
            }
            if let Some(default) = default {
                edge(default, Way::Default);
            }
        }
        for catcher in state.kind.catch() {
            edge(&catcher.next, Way::Catch(catcher.errors.clone()));
        }
    }
    drawn
}
