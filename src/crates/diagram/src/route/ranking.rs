//! What stands in which rank, and which edges run down from rank to rank: the same for all ways to lay the lanes.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::{Fall, Item, Layers, back_edges, ranks};
use crate::order::orders;
use crate::{Edge, Graph};

/// The ranks of a scope, before it is known where in them everything stands.
pub(super) struct Ranking {
    /// The edges that run down from rank to rank: index, upper node, lower node.
    pub(super) straight: Vec<(usize, usize, usize)>,
    /// The edges that run in lanes.
    pub(super) detours: Vec<usize>,
    /// The boxes that stand beside the one that alone leads to them: the edge, by the box it comes from.
    pub(super) beside: BTreeMap<usize, usize>,
    /// The orders within the ranks to choose from, those with fewest crossings first; at least one.
    pub(super) orders: Vec<Layers>,
}

impl Ranking {
    pub(super) fn make(graph: &Graph, edges: &[usize], in_lane: &BTreeSet<usize>, long_detours: bool) -> Self {
        let nodes = graph.nodes.len();
        let start = graph.start.filter(|start| *start < nodes);
        let pairs: Vec<(usize, usize)> =
            edges.iter().map(|edge| (graph.edges[*edge].from, graph.edges[*edge].to)).collect();
        let back = back_edges(nodes, &pairs, start);
        let goes_on: BTreeSet<usize> =
            edges.iter().filter(|edge| !graph.edges[**edge].detour).map(|edge| graph.edges[*edge].from).collect();
        let falls: Vec<Fall> = edges
            .iter()
            .zip(&back)
            .filter(|(_, back)| !**back)
            .map(|(edge, _)| {
                let Edge { from, to, detour, weight, .. } = graph.edges[*edge];
                let least = if long_detours && detour && goes_on.contains(&from) { 2 } else { 1 };
                Fall { from, to, least, weight }
            })
            .collect();
        let mut rank_of = ranks(nodes, &falls);
        let beside = beside(graph, edges, nodes);
        for edge in beside.values() {
            rank_of[graph.edges[*edge].to] = rank_of[graph.edges[*edge].from];
        }
        let (mut straight, mut detours) = (Vec::new(), Vec::new());
        for (place, edge) in edges.iter().enumerate() {
            let (from, to) = pairs[place];
            let far = rank_of[to] > rank_of[from] + 1;
            if beside.get(&from) == Some(edge) {
                continue;
            }
            if back[place] || in_lane.contains(edge) || (graph.edges[*edge].detour && far) {
                detours.push(*edge);
            } else {
                straight.push((*edge, from, to));
            }
        }
        let mut orders = orders(&rank_of, &straight, start);
        for layers in &mut orders {
            for (from, edge) in &beside {
                layers.put_behind(Item::Node(graph.edges[*edge].to), Item::Node(*from));
            }
        }
        Self { straight, detours, beside, orders }
    }
}

/// The boxes that can stand beside another: a single detour leads to each, and nothing from it. By the box that it
/// comes from: the edge.
fn beside(graph: &Graph, edges: &[usize], nodes: usize) -> BTreeMap<usize, usize> {
    let mut found = BTreeMap::new();
    for node in (0..nodes).filter(|node| graph.start != Some(*node) && graph.nodes[*node].inside.is_empty()) {
        let mut leading = edges.iter().filter(|edge| graph.edges[**edge].to == node);
        let (Some(edge), None) = (leading.next(), leading.next()) else { continue };
        let from = graph.edges[*edge].from;
        let ends = !edges.iter().any(|edge| graph.edges[*edge].from == node);
        if ends && from != node && graph.edges[*edge].detour && graph.nodes[from].inside.is_empty() {
            found.entry(from).or_insert(*edge);
        }
    }
    // A box beside another has none beside itself: it has no edges.
    found
}
