//! A machine's graph for other programs: Mermaid, Graphviz, JSON.

use std::fmt::Write;

use asl::graph::{Edge, Node, Scope, Way};
use serde_json::{Value, json};

/// A Mermaid flowchart. <https://mermaid.js.org/syntax/flowchart.html>
pub(super) fn mermaid(scope: &Scope) -> String {
    let mut text = String::from("flowchart TD\n");
    let mut ids = 0;
    mermaid_scope(scope, 1, &mut ids, &mut text);
    text
}

fn mermaid_scope(scope: &Scope, depth: usize, ids: &mut usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let quoted = |name: &str| name.replace('"', "#quot;");
    let mut names = Vec::new();
    for node in &scope.nodes {
        *ids += 1;
        let id = format!("s{ids}");
        let label = quoted(&node.name);
        // Writing into a string does not fail.
        let _ = if node.inside.is_empty() {
            let (open, close) = match node.kind {
                "Choice" => ("{", "}"),
                "Succeed" | "Fail" => ("([", "])"),
                _ => ("[", "]"),
            };
            writeln!(text, "{indent}{id}{open}\"{label}\"{close}")
        } else {
            writeln!(text, "{indent}subgraph {id}[\"{label}\"]")
        };
        if !node.inside.is_empty() {
            for inner in &node.inside {
                mermaid_scope(inner, depth + 1, ids, text);
            }
            let _ = writeln!(text, "{indent}end");
        }
        names.push((node.name.clone(), id));
    }
    let id_of = |name: &str| names.iter().find(|(known, _)| known.as_ref() == name).map_or("", |(_, id)| id.as_str());
    for edge in &scope.edges {
        let arrow = if matches!(edge.way, Way::Catch(_)) { "-.->" } else { "-->" };
        let label = label(edge);
        let label = if label.is_empty() { String::new() } else { format!("|\"{}\"|", quoted(&label)) };
        let _ = writeln!(text, "{indent}{} {arrow}{label} {}", id_of(&edge.from), id_of(&edge.to));
    }
}

/// A Graphviz digraph. <https://graphviz.org/doc/info/lang.html>
pub(super) fn dot(scope: &Scope) -> String {
    let mut text = String::from("digraph {\n  node [shape=box, style=rounded];\n  compound=true;\n");
    let mut ids = 0;
    dot_scope(scope, 1, &mut ids, &mut text);
    text.push_str("}\n");
    text
}

fn dot_scope(scope: &Scope, depth: usize, ids: &mut usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let quoted = |name: &str| name.replace('\\', "\\\\").replace('"', "\\\"");
    let mut names = Vec::new();
    for node in &scope.nodes {
        *ids += 1;
        let id = format!("s{ids}");
        let label = quoted(&node.name);
        if node.inside.is_empty() {
            let shape = match node.kind {
                "Choice" => ", shape=diamond",
                "Succeed" | "Fail" => ", shape=oval",
                _ => "",
            };
            let _ = writeln!(text, "{indent}{id} [label=\"{label}\"{shape}];");
        } else {
            // A point stands for the cluster, so that edges have something to end at.
            let _ = writeln!(text, "{indent}subgraph cluster_{id} {{\n{indent}  label=\"{label}\";");
            let _ = writeln!(text, "{indent}  {id} [shape=point];");
            for inner in &node.inside {
                dot_scope(inner, depth + 1, ids, text);
            }
            let _ = writeln!(text, "{indent}}}");
        }
        names.push((node.name.clone(), id));
    }
    let id_of = |name: &str| names.iter().find(|(known, _)| known.as_ref() == name).map_or("", |(_, id)| id.as_str());
    for edge in &scope.edges {
        let style = if matches!(edge.way, Way::Catch(_)) { ", style=dashed" } else { "" };
        let _ = writeln!(
            text,
            "{indent}{} -> {} [label=\"{}\"{style}];",
            id_of(&edge.from),
            id_of(&edge.to),
            quoted(&label(edge))
        );
    }
}

/// Scopes with their nodes and edges.
pub(super) fn json(scope: &Scope) -> Value {
    let node = |node: &Node| {
        json!({
            "name": node.name.as_ref(),
            "type": node.kind,
            "resource": node.resource,
            "end": node.ends,
            "inside": node.inside.iter().map(json).collect::<Vec<_>>(),
        })
    };
    let edge = |edge: &Edge| {
        let way = match &edge.way {
            Way::Next => "next",
            Way::Rule(_) => "rule",
            Way::Default => "default",
            Way::Catch(_) => "catch",
        };
        json!({"from": edge.from.as_ref(), "to": edge.to.as_ref(), "way": way, "label": label(edge)})
    };
    json!({
        "start": scope.start.as_deref(),
        "nodes": scope.nodes.iter().map(node).collect::<Vec<_>>(),
        "edges": scope.edges.iter().map(edge).collect::<Vec<_>>(),
    })
}

fn label(edge: &Edge) -> String {
    match &edge.way {
        Way::Next => String::new(),
        Way::Rule(text) => text.clone(),
        Way::Default => "default".to_owned(),
        Way::Catch(errors) => errors.join(", "),
    }
}
