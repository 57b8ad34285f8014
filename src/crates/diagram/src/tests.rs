use proptest::prelude::*;

use super::*;

fn node(label: &str, key: usize) -> Node {
    Node { label: label.to_owned(), key, ..Node::default() }
}

fn edge(from: usize, to: usize, label: &str, detour: bool) -> Edge {
    Edge { from, to, label: label.to_owned(), detour, key: 0 }
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
fn holds_together(graph: &Graph, zoom: Zoom) {
    let canvas = route::draw_scope(graph, zoom);
    assert!(!canvas.conflict, "lines that have nothing to do with each other overlap");
    let drawing = canvas.finish(Charset::Unicode);
    for (index, (_, a)) in drawing.boxes.iter().enumerate() {
        assert!(a.x + a.width <= drawing.width && a.y + a.height <= drawing.height);
        for (_, b) in &drawing.boxes[index + 1..] {
            let apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
            assert!(apart, "boxes overlap");
        }
    }
    assert_eq!(drawing.paths.len(), graph.edges.len());
    for (key, path) in &drawing.paths {
        let edge = graph.edges.iter().find(|edge| edge.key == *key).unwrap();
        let inside = |node: usize, (x, y): (usize, usize)| {
            let (_, rect) = drawing.boxes.iter().find(|(key, _)| *key == graph.nodes[node].key).unwrap();
            (rect.x..rect.x + rect.width).contains(&x) && (rect.y..rect.y + rect.height).contains(&y)
        };
        assert!(inside(edge.from, path[0]), "a line begins at its source");
        let (x, y) = *path.last().unwrap();
        assert!(inside(edge.to, (x, y + 1)), "a line ends at its target");
        for cell in &path[1..] {
            let through = (0..graph.nodes.len()).any(|node| inside(node, *cell));
            assert!(!through, "a line runs through a box");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn lines_and_boxes_never_overlap(
        size in 1_usize..14,
        edges in prop::collection::vec((0_usize..14, 0_usize..14, any::<bool>(), "[a-z]{0,9}"), 0..30),
        compact: bool,
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
        holds_together(&graph, if compact { Zoom::Compact } else { Zoom::Full });
        prop_assert_eq!(draw(&graph, Zoom::Full, Charset::Ascii), draw(&graph, Zoom::Full, Charset::Ascii));
    }
}
