//! The ranks of one scope: which edges go back, and how far down each box stands.

use crate::simplex::{Span, improve};

/// Something that takes a place in a rank: a box, or the passage of a long edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A node, by its index.
    Node(usize),
    /// The edge of that index on its way through.
    Passage(usize),
}

/// The ranks with their items in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    pub(crate) ranks: Vec<Vec<Item>>,
    /// The rank of each node.
    pub(crate) rank_of: Vec<usize>,
}

impl Layers {
    /// Puts an item into its rank right behind another of the same rank.
    pub(crate) fn put_behind(&mut self, item: Item, other: Item) {
        for rank in &mut self.ranks {
            let Some(at) = rank.iter().position(|known| *known == item) else { continue };
            rank.remove(at);
            let behind = rank.iter().position(|known| *known == other).map_or(rank.len(), |place| place + 1);
            rank.insert(behind, item);
            return;
        }
    }
}

/// Which edges go back, against the direction in which the nodes are first met from the start.
pub(crate) fn back_edges(nodes: usize, edges: &[(usize, usize)], start: Option<usize>) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Open,
        Done,
    }
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (index, (from, _)) in edges.iter().enumerate() {
        outgoing[*from].push(index);
    }
    let mut seen = vec![Seen::No; nodes];
    let mut back = vec![false; edges.len()];
    for root in start.into_iter().chain(0..nodes) {
        if seen[root] != Seen::No {
            continue;
        }
        seen[root] = Seen::Open;
        // An explicit stack: a chain may be as long as a definition is large.
        let mut stack = vec![(root, 0)];
        while let Some((node, next)) = stack.last_mut() {
            let Some(&edge) = outgoing[*node].get(*next) else {
                seen[*node] = Seen::Done;
                stack.pop();
                continue;
            };
            *next += 1;
            let to = edges[edge].1;
            match seen[to] {
                Seen::No => {
                    seen[to] = Seen::Open;
                    stack.push((to, 0));
                }
                Seen::Open => back[edge] = true,
                Seen::Done => {}
            }
        }
    }
    back
}

/// An edge that does not go back, as it bears on the ranks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fall {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// How many ranks lower `to` is, at least.
    pub(crate) least: usize,
    /// What each rank costs that it is longer. Nothing, where its length is not seen.
    pub(crate) weight: u32,
}

/// What the ranks of a scope may cost: those of 1,500 boxes with many branches take a quarter of it.
const EFFORT: usize = 2_000_000;

/// Ranks the nodes so that the edges are as short as they can be together, by their weights. The search begins with the
/// longest way to each node, and `start` is in the first rank.
pub(crate) fn ranks(nodes: usize, falls: &[Fall], start: Option<usize>) -> Vec<usize> {
    let mut waiting = vec![0_usize; nodes];
    let mut outgoing: Vec<Vec<&Fall>> = vec![Vec::new(); nodes];
    for fall in falls {
        waiting[fall.to] += 1;
        outgoing[fall.from].push(fall);
    }
    let mut rank = vec![0_usize; nodes];
    let mut open: std::collections::VecDeque<usize> = (0..nodes).filter(|node| waiting[*node] == 0).collect();
    while let Some(node) = open.pop_front() {
        for fall in &outgoing[node] {
            rank[fall.to] = rank[fall.to].max(rank[node] + fall.least);
            waiting[fall.to] -= 1;
            if waiting[fall.to] == 0 {
                open.push_back(fall.to);
            }
        }
    }
    let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mut spans: Vec<Span> = falls
        .iter()
        .map(|fall| Span { from: fall.from, to: fall.to, least: signed(fall.least), weight: i64::from(fall.weight) })
        .collect();
    // The top, which holds together what no edge joins. Only the start hangs on it, by more than all that could pull it
    // down.
    let heaviest = 1 + spans.iter().map(|span| span.weight).sum::<i64>();
    let hangs = |node| if start == Some(node) { heaviest } else { 0 };
    spans.extend((0..nodes).map(|node| Span { from: nodes, to: node, least: 0, weight: hangs(node) }));
    let mut values: Vec<i64> = rank.into_iter().map(signed).chain([0]).collect();
    improve(&spans, &mut values, EFFORT);
    let top = values.iter().copied().min().unwrap_or(0);
    values.truncate(nodes);
    // Ranks that nothing is left in are none.
    let mut used: Vec<i64> = values.iter().map(|value| value - top).collect();
    used.sort_unstable();
    used.dedup();
    values.into_iter().map(|value| used.partition_point(|known| *known < value - top)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_have_one_way_back() {
        assert_eq!(back_edges(3, &[(0, 1), (1, 2), (2, 0), (1, 1)], Some(0)), [false, false, true, true]);
    }

    #[test]
    fn the_heavier_edge_is_the_shorter() {
        // A box on a side way stands beside that of the main way to which its heavier edge leads.
        let fall = |from, to, weight| Fall { from, to, least: 1, weight };
        let main = [fall(0, 1, 4), fall(1, 2, 4), fall(2, 3, 4)];
        let ranks_of = |first: u32, second: u32| {
            ranks(5, &[&main[..], &[fall(0, 4, first), fall(4, 3, second)]].concat(), Some(0))
        };
        assert_eq!(ranks_of(4, 1), [0, 1, 2, 3, 1]);
        assert_eq!(ranks_of(1, 4), [0, 1, 2, 3, 2]);
        assert_eq!(ranks_of(2, 2), [0, 1, 2, 3, 1]);
    }

    #[test]
    fn the_start_is_at_the_top() {
        // What nothing leads to would pull the start down to itself.
        let fall = |from, to| Fall { from, to, least: 1, weight: 4 };
        assert_eq!(ranks(4, &[fall(0, 1), fall(2, 3), fall(3, 1)], Some(0))[0], 0);
    }
}
