//! How long the drawing of a workflow takes, by its states.

use diagram::{Charset, Edge, Graph, Node, Zoom};

fn main() {
    divan::main();
}

/// A graph like those of workflows: a chain with choices, loops back, and handlers that many states lead to.
fn workflow(states: usize) -> Graph {
    let mut bits: u64 = 7;
    let mut draw = |bound: usize| {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (bits >> 33) as usize % bound
    };
    let handlers = (states / 12).max(1);
    let steps = states - handlers;
    let mut edges = Vec::new();
    let mut edge = |from: usize, to: usize, label: &str, detour: bool| {
        edges.push(Edge {
            from,
            to,
            label: label.to_owned(),
            detour,
            weight: if detour {
                1
            } else if label.is_empty() {
                4
            } else {
                2
            },
            key: 0,
        });
    };
    // Where a side way of three boxes ends, which joins the main one again or does not.
    let mut side_end = None;
    for step in 0..steps {
        if side_end == Some(step) {
            side_end = None;
            if draw(2) == 0 && step + 3 < steps {
                edge(step, step + 3, "", false);
            }
        } else if step + 1 < steps {
            edge(step, step + 1, "", false);
        }
        if side_end.is_none() && step + 4 < steps && draw(6) == 0 {
            edge(step, step + 4, "default", false);
            side_end = Some(step + 3);
        }
        match draw(8) {
            0 if step + 2 < steps => edge(step, (step + 2 + draw(4)).min(steps - 1), "default", false),
            1 if step > 2 => edge(step, step - 1 - draw(2), "again", false),
            2 | 3 => edge(step, steps + draw(handlers), "any error", true),
            _ => {}
        }
    }
    let nodes = (0..states).map(|key| Node { label: format!("State{key}"), key, ..Node::default() }).collect();
    Graph { nodes, edges, start: Some(0) }
}

#[divan::bench(args = [10, 20, 50, 100, 500, 1_000, 1_500], sample_count = 10)]
fn layout(bencher: divan::Bencher<'_, '_>, states: usize) {
    let graph = workflow(states);
    bencher.bench(|| diagram::draw(&graph, Zoom::Full, Charset::Unicode));
}
