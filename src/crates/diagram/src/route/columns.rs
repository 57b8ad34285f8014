//! Where the boxes of a scope go from left to right.

use std::collections::BTreeMap;

use super::{Anchors, GAP, PASSAGE_GAP, Plan, Side};
use crate::Charset;
use crate::coordinates::{Grid, Line};
use crate::layers::Item;

impl Plan<'_> {
    pub(super) fn place_columns(&mut self, straight: &[(usize, usize, usize)], anchors: &Anchors, effort: usize) {
        let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        // Nodes are numbered as they are, the passages of each edge behind them.
        let nodes = self.widths.len();
        let mut items: Vec<Item> = (0..nodes).map(Item::Node).collect();
        let mut lines = Vec::new();
        let mut first_passage: BTreeMap<usize, usize> = BTreeMap::new();
        for (edge, from, to) in straight {
            first_passage.insert(*edge, items.len());
            let weight = self.graph.edges[*edge].weight;
            let mut line = Line { upper: *from, lower: *to, exit: signed(anchors.exits[edge]), entry: 0, weight };
            for _ in self.layers.rank_of[*from] + 1..self.layers.rank_of[*to] {
                line.lower = items.len();
                lines.push(line);
                items.push(Item::Passage(*edge));
                line = Line { upper: line.lower, lower: *to, exit: 0, ..line };
            }
            lines.push(Line { entry: signed(anchors.entries[*to]), ..line });
        }
        let number = |rank: usize, item: &Item| match item {
            Item::Node(node) => *node,
            Item::Passage(edge) => first_passage[edge] + rank - 1 - self.layers.rank_of[self.graph.edges[*edge].from],
        };
        let ranks: Vec<Vec<usize>> = self
            .layers
            .ranks
            .iter()
            .enumerate()
            .map(|(rank, items)| items.iter().map(|item| number(rank, item)).collect())
            .collect();
        let widths = items.iter().map(|item| signed(self.item_width(*item))).collect();
        let passages = items.iter().map(|item| matches!(item, Item::Passage(_))).collect();
        let passage_gap = if self.style.charset == Charset::Ascii { GAP } else { PASSAGE_GAP };
        let grid = Grid { ranks, widths, passages, lines, gap: signed(GAP), passage_gap: signed(passage_gap) };
        let columns = grid.columns(effort);
        let by_rank = |values: &[i64]| -> Vec<Vec<i64>> {
            grid.ranks.iter().map(|rank| rank.iter().map(|item| values[*item]).collect()).collect()
        };
        let (mut lefts, widths) = (by_rank(&columns), by_rank(&grid.widths));
        self.close_up(&mut lefts, &widths, grid.gap, straight);
        let least = lefts.iter().flatten().copied().min().unwrap_or(0);
        self.lefts = lefts
            .into_iter()
            .map(|rank| rank.into_iter().map(|left| usize::try_from(left - least).unwrap_or(0)).collect())
            .collect();
    }

    /// Moves what hangs together to the left, as far as what stands there leaves room: parts that no straight edge joins
    /// with the rest have nothing else that holds them.
    fn close_up(&self, lefts: &mut [Vec<i64>], widths: &[Vec<i64>], gap: i64, straight: &[(usize, usize, usize)]) {
        let nodes = self.widths.len();
        let mut part: Vec<usize> = (0..nodes).collect();
        fn root(part: &mut [usize], mut node: usize) -> usize {
            while part[node] != node {
                part[node] = part[part[node]];
                node = part[node];
            }
            node
        }
        for (_, from, to) in straight {
            let (from, to) = (root(&mut part, *from), root(&mut part, *to));
            part[from.max(to)] = from.min(to);
        }
        let from_of: BTreeMap<usize, usize> = straight.iter().map(|(edge, from, _)| (*edge, *from)).collect();
        let of: Vec<Vec<usize>> = self
            .layers
            .ranks
            .iter()
            .map(|rank| {
                let part_of = |item: &Item| match item {
                    Item::Node(node) => *node,
                    Item::Passage(edge) => from_of.get(edge).copied().unwrap_or(0),
                };
                rank.iter().map(|item| root(&mut part, part_of(item))).collect()
            })
            .collect();
        // How far each part could move, by what stands at the left of its items; nothing there holds nothing.
        let mut places: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (rank, parts) in of.iter().enumerate() {
            for (place, part) in parts.iter().enumerate() {
                places.entry(*part).or_default().push((rank, place));
            }
        }
        // Twice: moving one part makes room for the next.
        for _ in 0..2 {
            for (part, items) in &places {
                let room = items.iter().filter(|(rank, place)| *place > 0 && of[*rank][place - 1] != *part).map(
                    |(rank, place)| lefts[*rank][*place] - lefts[*rank][place - 1] - widths[*rank][place - 1] - gap,
                );
                let room = match room.min() {
                    Some(room) => room,
                    // Nothing stands beside it: under what its lines come from.
                    None => self.way_back(*part, items, &of, lefts, widths),
                };
                if room > 0 {
                    for (rank, place) in items {
                        lefts[*rank][*place] -= room;
                    }
                }
            }
        }
    }

    /// How far a part that has nothing at its left is to move there: to the left end of all others if its lane is there,
    /// else until it ends where they do.
    fn way_back(
        &self,
        part: usize,
        items: &[(usize, usize)],
        of: &[Vec<usize>],
        lefts: &[Vec<i64>],
        widths: &[Vec<i64>],
    ) -> i64 {
        let places = |wanted: bool| {
            of.iter().enumerate().flat_map(move |(rank, parts)| {
                parts
                    .iter()
                    .enumerate()
                    .filter(move |(_, of)| (**of == part) == wanted)
                    .map(move |(place, _)| (rank, place))
            })
        };
        let left_end = |(rank, place): (usize, usize)| lefts[rank][place];
        let right_end = |(rank, place): (usize, usize)| lefts[rank][place] + widths[rank][place];
        let (Some(others_left), Some(others_right), Some(own_left), Some(own_right)) = (
            places(false).map(left_end).min(),
            places(false).map(right_end).max(),
            items.iter().copied().map(left_end).min(),
            items.iter().copied().map(right_end).max(),
        ) else {
            return 0;
        };
        let at_left = self.lane_sides.get(&part) == Some(&Side::Left);
        if at_left { own_left - others_left } else { (own_right - others_right).min(own_left - others_left) }
    }
}
