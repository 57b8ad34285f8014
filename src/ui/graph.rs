//! A state machine's graph as a drawing: what each box and line stands for.
//!
//! The drawing depends on the definition and the zoom alone. How a run stands is painted over it.

use asl::graph::{Scope, Way};
use diagram::{Charset, Drawing, Edge, Graph, Node, Zoom};

/// A drawing with the names behind its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The drawing.
    pub drawing: Drawing,
    /// The state of each node's key.
    pub states: Vec<String>,
    /// From where to where, of each edge's key.
    pub edges: Vec<(String, String)>,
}

/// What of a machine is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    /// How large the boxes are.
    pub zoom: Zoom,
    /// Whether edges say why they are taken. Without, the drawing is about half as wide.
    pub labels: bool,
    /// Columns in each box that are kept free for a status.
    pub badge: usize,
}

/// Draws a machine.
pub fn plan(scope: &Scope, detail: Detail, charset: Charset) -> Plan {
    let mut plan = Plan::default();
    let graph = graph(scope, detail, charset, &mut plan);
    plan.drawing = diagram::draw(&graph, detail.zoom, charset);
    plan
}

fn graph(scope: &Scope, detail: Detail, charset: Charset, plan: &mut Plan) -> Graph {
    let index_of = |name: &str| scope.nodes.iter().position(|node| node.name.as_ref() == name);
    let nodes = scope
        .nodes
        .iter()
        .map(|node| {
            plan.states.push(node.name.to_string());
            let key = plan.states.len() - 1;
            Node {
                label: match detail.zoom {
                    Zoom::Dots => sign(node.kind, charset).to_owned(),
                    Zoom::Full | Zoom::Compact => {
                        format!("{} {}", sign(node.kind, charset), super::text::clean(&node.name))
                    }
                },
                badge: detail.badge,
                inside: node.inside.iter().map(|scope| graph(scope, detail, charset, plan)).collect(),
                key,
            }
        })
        .collect();
    let mut edges: Vec<Edge> = Vec::new();
    for edge in &scope.edges {
        let (Some(from), Some(to)) = (index_of(&edge.from), index_of(&edge.to)) else { continue };
        let (label, detour) = match &edge.way {
            Way::Next => (String::new(), false),
            Way::Rule(text) if charset == Charset::Ascii => (in_ascii(&super::text::clean(text)), false),
            Way::Rule(text) => (super::text::clean(text), false),
            Way::Default => ("default".to_owned(), false),
            Way::Catch(errors) => (super::text::clean(&caught(errors)), true),
        };
        let label = if detail.labels { label } else { String::new() };
        // Several errors that are caught to one state are one line. In ASCII so are several rules: two lines that meet
        // again under their labels would look like a box.
        let same = |known: &&mut Edge| (known.from, known.to, known.detour) == (from, to, detour);
        let one_line = detour || charset == Charset::Ascii;
        if let Some(known) = edges.iter_mut().find(same).filter(|_| one_line) {
            // Together with what catches any error, the others say nothing more.
            if label == "any error" {
                known.label = label;
            } else if !label.is_empty() && known.label != "any error" {
                known.label = format!("{}, {label}", known.label);
            }
            continue;
        }
        plan.edges.push((edge.from.to_string(), edge.to.to_string()));
        edges.push(Edge { from, to, label, detour, key: plan.edges.len() - 1 });
    }
    Graph { nodes, edges, start: scope.start.as_ref().and_then(|start| index_of(start)) }
}

/// The caught errors in few words.
fn caught(errors: &[String]) -> String {
    match errors {
        [] => String::new(),
        [one] if one == "States.ALL" => "any error".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    }
}

/// A rule's text without what ASCII does not have, and without what would be taken for a line.
fn in_ascii(text: &str) -> String {
    text.replace('≥', ">=").replace('≤', "<=").replace('≠', "!=").replace('|', "/")
}

fn sign(kind: &str, charset: Charset) -> &'static str {
    match (charset, kind) {
        (Charset::Unicode, kind) => glyph(kind),
        (Charset::Ascii, "Task") => "f",
        (Charset::Ascii, "Choice") => "?",
        (Charset::Ascii, "Wait") => "w",
        (Charset::Ascii, "Map") => "m",
        (Charset::Ascii, "Parallel") => "p",
        (Charset::Ascii, "Succeed") => "s",
        (Charset::Ascii, "Fail") => "x",
        (Charset::Ascii, _) => "o",
    }
}

/// A sign for each type of state.
pub fn glyph(kind: &str) -> &'static str {
    match kind {
        "Task" => "λ",
        "Choice" => "◇",
        "Wait" => "◷",
        "Map" => "≡",
        "Parallel" => "∥",
        "Succeed" => "✓",
        "Fail" => "✗",
        _ => "·",
    }
}
