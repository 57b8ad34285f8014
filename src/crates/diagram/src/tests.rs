use proptest::prelude::*;

use super::*;

fn node(label: &str, key: usize) -> Node {
    Node { label: label.to_owned(), key, ..Node::default() }
}

fn edge(from: usize, to: usize, label: &str, detour: bool) -> Edge {
    let weight = if detour {
        1
    } else if label.is_empty() {
        4
    } else {
        2
    };
    Edge { from, to, label: label.to_owned(), detour, weight, key: 0 }
}

fn check(graph: &Graph, expected: &str) {
    let drawing = draw(graph, Zoom::Full, Charset::Unicode);
    let expected = expected.strip_prefix('\n').unwrap_or(expected);
    assert_eq!(drawing.to_text(), expected, "\n{}", drawing.to_text());
}

#[test]
fn a_chain_is_a_column() {
    let graph = Graph { nodes: vec![node("A", 0), node("B", 1)], edges: vec![edge(0, 1, "", false)], start: Some(0) };
    check(
        &graph,
        "
╭───╮
│ A │
╰─┬─╯
  ▼
╭───╮
│ B │
╰───╯
",
    );
}

#[test]
fn nothing_is_nothing() {
    check(&Graph::default(), "");
}

/// Draws a random graph and looks at every box and line.
fn holds_together(graph: &Graph, style: Style) {
    let canvas = route::draw_scope(graph, style);
    assert!(!canvas.conflict, "lines that have nothing to do with each other overlap");
    let drawing = canvas.finish(style.charset);
    // Which node each cell belongs to.
    let mut owner: Vec<Option<usize>> = vec![None; drawing.width * drawing.height];
    for (key, rect) in &drawing.boxes {
        assert!(rect.x + rect.width <= drawing.width && rect.y + rect.height <= drawing.height);
        for y in rect.y..rect.y + rect.height {
            for x in rect.x..rect.x + rect.width {
                let before = owner[y * drawing.width + x].replace(*key);
                assert_eq!(before, None, "boxes overlap");
            }
        }
    }
    let owner = |(x, y): (usize, usize)| owner[y * drawing.width + x];
    assert_eq!(drawing.paths.len(), graph.edges.len());
    for (key, path) in &drawing.paths {
        let edge = &graph.edges[*key];
        assert_eq!(owner(path[0]), Some(graph.nodes[edge.from].key), "a line begins at its source");
        let (x, y) = *path.last().unwrap();
        let tip = match drawing.rows[y][x].symbol {
            Some('▶' | '>') => (x + 1, y),
            Some('◀' | '<') => (x - 1, y),
            _ => (x, y + 1),
        };
        assert_eq!(owner(tip), Some(graph.nodes[edge.to].key), "a line ends at its target");
        for pair in path.windows(2) {
            let steps = pair[0].0.abs_diff(pair[1].0) + pair[0].1.abs_diff(pair[1].1);
            assert_eq!(steps, 1, "a line goes from cell to cell");
            assert_eq!(owner(pair[1]), None, "a line runs through a box");
        }
    }
}

const STYLES: [Style; 6] = [
    Style { zoom: Zoom::Full, charset: Charset::Unicode },
    Style { zoom: Zoom::Compact, charset: Charset::Unicode },
    Style { zoom: Zoom::Dots, charset: Charset::Unicode },
    Style { zoom: Zoom::Full, charset: Charset::Ascii },
    Style { zoom: Zoom::Compact, charset: Charset::Ascii },
    Style { zoom: Zoom::Dots, charset: Charset::Ascii },
];

/// A graph like those of workflows: chains with choices, loops back, and handlers that many states lead to.
fn workflow(states: usize, seed: u64) -> Graph {
    let mut bits = seed;
    let mut draw = |bound: usize| {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (bits >> 33) as usize % bound
    };
    let handlers = (states / 12).max(1);
    let steps = states - handlers;
    let mut edges = Vec::new();
    // Where a side way of three boxes ends, which joins the main one again or does not.
    let mut side_end = None;
    for step in 0..steps {
        if side_end == Some(step) {
            side_end = None;
            if draw(2) == 0 && step + 3 < steps {
                edges.push(edge(step, step + 3, "", false));
            }
        } else if step + 1 < steps {
            edges.push(edge(step, step + 1, "", false));
        }
        if side_end.is_none() && step + 4 < steps && draw(6) == 0 {
            edges.push(edge(step, step + 4, "default", false));
            side_end = Some(step + 3);
        }
        match draw(8) {
            0 if step + 2 < steps => edges.push(edge(step, (step + 2 + draw(4)).min(steps - 1), "default", false)),
            1 if step > 2 => edges.push(edge(step, step - 1 - draw(2), "again", false)),
            2 | 3 => edges.push(edge(step, steps + draw(handlers), "any error", true)),
            _ => {}
        }
    }
    for (key, edge) in edges.iter_mut().enumerate() {
        edge.key = key;
    }
    let nodes = (0..states).map(|key| node(&format!("State{key}"), key)).collect();
    Graph { nodes, edges, start: Some(0) }
}

#[test]
fn workflows_of_all_sizes_hold_together() {
    for (states, seeds) in [(10, 2_000), (50, 200), (150, 40), (500, 6), (1_500, 1)] {
        for seed in 0..seeds {
            holds_together(&workflow(states, seed), STYLES[seed as usize % STYLES.len()]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn lines_and_boxes_never_overlap(
        size in 1_usize..14,
        edges in prop::collection::vec((0_usize..14, 0_usize..14, any::<bool>(), "[a-z]{0,9}"), 0..30),
        style in 0_usize..6,
    ) {
        let nodes = (0..size).map(|key| node(&"x".repeat(key % 9 + 1), key)).collect();
        let mut edges: Vec<Edge> = edges
            .into_iter()
            .filter(|(from, to, ..)| *from < size && *to < size)
            .map(|(from, to, detour, label)| edge(from, to, &label, detour))
            .collect();
        for (key, edge) in edges.iter_mut().enumerate() {
            edge.key = key;
        }
        let graph = Graph { nodes, edges, start: Some(0) };
        holds_together(&graph, STYLES[style]);
        prop_assert_eq!(draw(&graph, Zoom::Full, Charset::Ascii), draw(&graph, Zoom::Full, Charset::Ascii));
    }
}
