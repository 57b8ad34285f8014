//! A state machine's graph as a drawing: what each box and line stands for.
//!
//! The drawing depends on the definition and the zoom alone. How a run stands is painted over it.

use asl::graph::{Scope, Way};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diagram::{Charset, Drawing, Edge, Graph, MAX_LABEL, Node, Zoom};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::text::clean;
use crate::app::graph_view::Place;

/// A drawing with the names behind its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The drawing.
    pub drawing: Drawing,
    /// The state of each node's key.
    pub states: Vec<String>,
    /// From where to where, of each edge's key.
    pub edges: Vec<(String, String)>,
    /// Where the states' boxes are.
    pub places: Arc<[Place]>,
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

/// Draws a machine, the collapsed Maps and Parallels without what is inside.
pub fn plan(scope: &Scope, detail: Detail, charset: Charset, collapsed: &BTreeSet<String>) -> Plan {
    let mut plan = Plan::default();
    let graph = graph(scope, detail, charset, collapsed, &mut plan);
    plan.drawing = diagram::draw(&graph, detail.zoom, charset);
    let place = |(key, rect): &(usize, diagram::Rect)| {
        let state = plan.states.get(*key)?.clone();
        Some(Place { state, x: rect.x, y: rect.y, width: rect.width, height: rect.height })
    };
    plan.places = plan.drawing.boxes.iter().filter_map(place).collect();
    plan
}

fn graph(scope: &Scope, detail: Detail, charset: Charset, collapsed: &BTreeSet<String>, plan: &mut Plan) -> Graph {
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
                        let end = if marks_end(node) { end_sign(charset) } else { "" };
                        format!("{} {}{end}", sign(node.kind, charset), clean(&node.name))
                    }
                },
                badge: detail.badge,
                inside: if collapsed.contains(node.name.as_ref()) {
                    Vec::new()
                } else {
                    node.inside.iter().map(|scope| graph(scope, detail, charset, collapsed, plan)).collect()
                },
                key,
            }
        })
        .collect();
    let mut edges: Vec<Edge> = Vec::new();
    let rules = rules(scope);
    for (at, edge) in scope.edges.iter().enumerate() {
        let (Some(from), Some(to)) = (index_of(&edge.from), index_of(&edge.to)) else { continue };
        let (label, detour, weight) = match &edge.way {
            Way::Next => (String::new(), false, 4),
            Way::Rule(_) => {
                let text = rules.get(&at).map(String::as_str).unwrap_or_default();
                (if charset == Charset::Ascii { in_ascii(text) } else { text.to_owned() }, false, 2)
            }
            Way::Default => ("default".to_owned(), false, 2),
            Way::Catch(errors) => (clean(&caught(errors)), true, 1),
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
        edges.push(Edge { from, to, label, detour, weight, key: plan.edges.len() - 1 });
    }
    Graph { nodes, edges, start: scope.start.as_ref().and_then(|start| index_of(start)) }
}

/// What is written beside each rule of the Choices, by the edge's place: what tells the rules of one Choice apart has to
/// be in it, and that is mostly at its end.
fn rules(scope: &Scope) -> BTreeMap<usize, String> {
    let mut written = BTreeMap::new();
    for node in &scope.nodes {
        let own: Vec<(usize, String)> = scope
            .edges
            .iter()
            .enumerate()
            .filter(|(_, edge)| edge.from == node.name)
            .filter_map(|(at, edge)| if let Way::Rule(text) = &edge.way { Some((at, clean(text))) } else { None })
            .collect();
        let brief: Vec<String> = own.iter().map(|(_, text)| shortened(text)).collect();
        for (index, (at, text)) in own.iter().enumerate() {
            let is_alone = brief.iter().enumerate().all(|(other, known)| other == index || *known != brief[index]);
            written.insert(*at, end_of(if is_alone { &brief[index] } else { text }));
        }
    }
    written
}

/// A rule that is too long with its paths' last parts alone.
fn shortened(text: &str) -> String {
    if text.width() <= MAX_LABEL {
        return text.to_owned();
    }
    let word = |word: &str| {
        let is_path = word.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$') && !word.contains('"');
        match word.rsplit_once('.') {
            Some((_, last)) if is_path && !last.is_empty() => last.to_owned(),
            _ => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// As much of the end of a text as a label holds.
fn end_of(text: &str) -> String {
    if text.width() <= MAX_LABEL {
        return text.to_owned();
    }
    let mut kept: Vec<char> = Vec::new();
    let mut used = 1;
    for c in text.chars().rev() {
        used += c.width().unwrap_or(0);
        if used > MAX_LABEL {
            break;
        }
        kept.push(c);
    }
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

/// The caught errors in few words.
fn caught(errors: &[String]) -> String {
    match errors {
        [] => String::new(),
        [one] if one == "States.ALL" => "any error".to_owned(),
        [one] => named(one, MAX_LABEL),
        [first, rest @ ..] => format!("{} +{}", named(first, MAX_LABEL - 3), rest.len()),
    }
}

/// An error's name; one that is too long without the service before it and the `Exception` behind it.
fn named(error: &str, most: usize) -> String {
    if error.width() <= most {
        return error.to_owned();
    }
    let name = error.split_once('.').map_or(error, |(_, name)| name);
    name.strip_suffix("Exception").unwrap_or(name).to_owned()
}

/// A rule's text without what ASCII does not have, and without what would be taken for a line.
fn in_ascii(text: &str) -> String {
    text.replace('…', "..").replace('≥', ">=").replace('≤', "<=").replace('≠', "!=").replace('|', "/")
}

/// Whether a state has to say that the flow ends after it: its type does not.
fn marks_end(node: &asl::graph::Node) -> bool {
    node.ends && !matches!(node.kind, "Succeed" | "Fail")
}

const fn end_sign(charset: Charset) -> &'static str {
    match charset {
        Charset::Unicode => " ◉",
        Charset::Ascii => " @",
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rules: &[&str], expected: &[&str]) {
        let edge = |(at, text): (usize, &&str)| asl::graph::Edge {
            from: "C".into(),
            to: format!("S{at}").into(),
            way: Way::Rule((*text).to_owned()),
        };
        let node =
            asl::graph::Node { name: "C".into(), kind: "Choice", resource: None, inside: Vec::new(), ends: false };
        let scope = Scope { start: None, nodes: vec![node], edges: rules.iter().enumerate().map(edge).collect() };
        assert_eq!(super::rules(&scope).into_values().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_tells_rules_apart_is_not_cut() {
        check(&["total ≥ 5"], &["total ≥ 5"]);
        check(
            &["QueryExecution.Status.State = \"FAILED\"", "QueryExecution.Status.State = \"SUCCEEDED\""],
            &["State = \"FAILED\"", "State = \"SUCCEEDED\""],
        );
        check(
            &["input.first.status = \"A\" or b", "input.second.status = \"A\" or b"],
            &["…first.status = \"A\" or b", "…econd.status = \"A\" or b"],
        );
        check(&["a = \"something that is far too long\""], &["…g that is far too long\""]);
    }
}
