//! Where the boxes of a scope go from left to right.

use std::collections::BTreeMap;

use super::{Anchors, GAP, Plan, Side};
use crate::layers::{Item, near};

impl Plan<'_> {
    pub(super) fn place_columns(&mut self, straight: &[(usize, usize, usize)], anchors: &Anchors) {
        let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let gap = signed(GAP);
        let widths: Vec<Vec<i64>> = self
            .layers
            .ranks
            .iter()
            .map(|rank| rank.iter().map(|item| signed(self.item_width(*item))).collect())
            .collect();
        let mut lefts: Vec<Vec<i64>> = widths.iter().map(|widths| near(&vec![0; widths.len()], widths, gap)).collect();
        let count = lefts.len();
        // Which edges there are at each rank: looking at all of them for every item would take long.
        let mut at_rank: Vec<Vec<(usize, usize, usize)>> = vec![Vec::new(); count];
        for edge in straight {
            for edges in &mut at_rank[self.layers.rank_of[edge.1]..=self.layers.rank_of[edge.2]] {
                edges.push(*edge);
            }
        }
        // Each item wants straight lines to what it is joined with. Sweeps go both ways, each looking at the rank that
        // was placed just before; the last goes down, so that a chain hangs straight from its beginning.
        for sweep in 0..9 {
            let down = sweep % 2 == 0;
            for step in 0..count {
                let rank = if down { step } else { count - 1 - step };
                let wanted: Vec<i64> = self.layers.ranks[rank]
                    .iter()
                    .enumerate()
                    .map(|(place, item)| {
                        let mut wishes = self.wishes(*item, rank, down, &at_rank[rank], &lefts, anchors);
                        wishes.sort_unstable();
                        wishes.get(wishes.len().saturating_sub(1) / 2).copied().unwrap_or(lefts[rank][place])
                    })
                    .collect();
                lefts[rank] = near(&wanted, &widths[rank], gap);
            }
        }
        self.close_up(&mut lefts, &widths, gap, straight);
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

    /// The left columns at which each line between the item and the rank above (or below) would be straight.
    fn wishes(
        &self,
        item: Item,
        rank: usize,
        above: bool,
        straight: &[(usize, usize, usize)],
        lefts: &[Vec<i64>],
        anchors: &Anchors,
    ) -> Vec<i64> {
        let rank_of = &self.layers.rank_of;
        let signed = |number: usize| i64::try_from(number).unwrap_or(0);
        let mut wishes = Vec::new();
        for (edge, from, to) in straight {
            let (low, high) = (rank_of[*from], rank_of[*to]);
            let at = |rank: usize| {
                if rank == low {
                    (Item::Node(*from), signed(anchors.exits[edge]))
                } else if rank == high {
                    (Item::Node(*to), signed(anchors.entries[*to]))
                } else {
                    (Item::Passage(*edge), 0)
                }
            };
            if rank < low || rank > high || at(rank).0 != item {
                continue;
            }
            let own = at(rank).1;
            let mut wish = |other: usize| {
                let (there, offset) = at(other);
                let place = self.layers.ranks[other].iter().position(|item| *item == there);
                wishes.extend(place.map(|place| lefts[other][place] + offset - own));
            };
            if above && rank > low {
                wish(rank - 1);
            }
            if !above && rank < high {
                wish(rank + 1);
            }
        }
        wishes
    }
}
