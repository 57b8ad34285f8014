//! What stands in which rank, which edges run down from rank to rank, and the orders within the ranks to choose from.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::{Fall, Item, Layers, back_edges, ranks};
use crate::order::orders;
use crate::{Edge, Graph};

/// The ranks of a scope: the same whichever edges run in lanes.
pub(super) struct Ranks {
    rank_of: Vec<usize>,
    /// Which of the edges go back.
    back: Vec<bool>,
    /// The boxes that stand beside the one that alone leads to them: the edge, by the box it comes from.
    pub(super) beside: BTreeMap<usize, usize>,
}

impl Ranks {
    /// Of the edges of these indices; of long detours each leads two ranks down at least, if there is another way on.
    pub(super) fn find(graph: &Graph, edges: &[usize], long_detours: bool) -> Self {
        let nodes = graph.nodes.len();
        let start = graph.start.filter(|start| *start < nodes);
        let pairs: Vec<(usize, usize)> =
            edges.iter().map(|edge| (graph.edges[*edge].from, graph.edges[*edge].to)).collect();
        let back = back_edges(nodes, &pairs, start);
        let goes_on: BTreeSet<usize> =
            edges.iter().filter(|edge| !graph.edges[**edge].detour).map(|edge| graph.edges[*edge].from).collect();
        // A long detour runs in a lane, where its length is not seen: all of them together weigh less than one ordinary
        // edge, however many lead to one handler.
        let detours = edges.iter().filter(|edge| graph.edges[**edge].detour).count();
        let scale = u32::try_from(detours).unwrap_or(u32::MAX).saturating_add(1);
        let falls: Vec<Fall> = edges
            .iter()
            .zip(&back)
            .filter(|(_, back)| !**back)
            .map(|(edge, _)| {
                let Edge { from, to, detour, weight, .. } = graph.edges[*edge];
                let least = if long_detours && detour && goes_on.contains(&from) { 2 } else { 1 };
                let weight = if detour { 1 } else { weight.max(1).saturating_mul(scale) };
                Fall { from, to, least, weight }
            })
            .collect();
        let mut rank_of = ranks(nodes, &falls, start);
        let beside = beside(graph, edges, nodes);
        for edge in beside.values() {
            rank_of[graph.edges[*edge].to] = rank_of[graph.edges[*edge].from];
        }
        Self { rank_of, back, beside }
    }
}

/// Which edges run down from rank to rank and which in lanes, and what that leaves of orders to choose from.
pub(super) struct Ranking {
    /// The edges that run down from rank to rank: index, upper node, lower node.
    pub(super) straight: Vec<(usize, usize, usize)>,
    /// The edges that run in lanes.
    pub(super) detours: Vec<usize>,
    /// As of [`Ranks`].
    pub(super) beside: BTreeMap<usize, usize>,
    /// The orders within the ranks, those with fewest crossings first; at least one.
    pub(super) orders: Vec<Layers>,
}

impl Ranking {
    /// Of these ranks, with edges that have to run in lanes besides those that do anyway.
    pub(super) fn make(graph: &Graph, edges: &[usize], ranks: &Ranks, in_lane: &BTreeSet<usize>) -> Self {
        let Ranks { rank_of, back, beside } = ranks;
        let (mut straight, mut detours) = (Vec::new(), Vec::new());
        for (edge, back) in edges.iter().zip(back) {
            let Edge { from, to, detour, .. } = graph.edges[*edge];
            let far = rank_of[to] > rank_of[from] + 1;
            if beside.get(&from) == Some(edge) {
                continue;
            }
            if *back || in_lane.contains(edge) || (detour && far) {
                detours.push(*edge);
            } else {
                straight.push((*edge, from, to));
            }
        }
        let mut orders = orders(rank_of, &straight, graph.start.filter(|start| *start < graph.nodes.len()));
        for layers in &mut orders {
            for (from, edge) in beside {
                layers.put_behind(Item::Node(graph.edges[*edge].to), Item::Node(*from));
            }
        }
        Self { straight, detours, beside: beside.clone(), orders }
    }
}

/// The boxes that can stand beside another: a single detour leads to each, and nothing from it. By the box that it
/// comes from: the edge.
fn beside(graph: &Graph, edges: &[usize], nodes: usize) -> BTreeMap<usize, usize> {
    let mut leading: Vec<(usize, Option<usize>)> = vec![(0, None); nodes];
    let mut ends = vec![true; nodes];
    for edge in edges {
        let Edge { from, to, .. } = graph.edges[*edge];
        leading[to] = (leading[to].0 + 1, Some(*edge));
        ends[from] = false;
    }
    let mut found = BTreeMap::new();
    for node in (0..nodes).filter(|node| graph.start != Some(*node) && graph.nodes[*node].inside.is_empty()) {
        let (1, Some(edge)) = leading[node] else { continue };
        let Edge { from, detour, .. } = graph.edges[edge];
        if ends[node] && detour && graph.nodes[from].inside.is_empty() {
            found.entry(from).or_insert(edge);
        }
    }
    // A box beside another has none beside itself: it has no edges.
    found
}
