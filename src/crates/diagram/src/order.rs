//! The order of boxes and passages within their ranks: as few crossings as a few sweeps find.

use crate::layers::{Item, Layers};

/// Sweeps from each start: half of them down.
const SWEEPS: usize = 8;
/// How often all neighbours of a sweep are compared: mostly the second time changes nothing more.
const TRANSPOSED: usize = 4;

/// In which order the items come before the first sweep. Each leads to another of the orders that no sweep improves.
#[derive(Clone, Copy, Debug)]
enum Start {
    /// Nodes as they were given, passages right of them.
    Given,
    /// Nodes as they were given, passages left of them.
    PassagesLeft,
    /// As they are met along the edges, in the order in which those were given.
    Along,
    /// As they are met along the edges, the last ones first.
    AlongBackwards,
}

const STARTS: [Start; 4] = [Start::Given, Start::PassagesLeft, Start::Along, Start::AlongBackwards];

/// What stands in the ranks, by number: the nodes, and behind them the passages.
struct Lattice {
    items: Vec<Item>,
    rank_of: Vec<usize>,
    /// What each item is joined with in the rank above it and in the one below.
    joined: Vec<[Vec<usize>; 2]>,
}

/// Puts nodes and passages into their ranks by barycenters and transposition, from several starts: all different orders
/// that come of it, those with fewest crossings first. `straight` are edges as index, upper node, lower node.
pub(crate) fn orders(rank_of: &[usize], straight: &[(usize, usize, usize)], first: Option<usize>) -> Vec<Layers> {
    let count = rank_of.iter().max().map_or(0, |last| last + 1);
    let lattice = Lattice::new(rank_of, straight);
    let mut found: Vec<(usize, Vec<Vec<usize>>)> = Vec::new();
    for start in STARTS {
        let mut ranks: Vec<Vec<usize>> = vec![Vec::new(); count];
        for item in lattice.started(start, rank_of.len(), first) {
            ranks[lattice.rank_of[item]].push(item);
        }
        let sorted = lattice.swept(ranks);
        if found.iter().all(|known| known.1 != sorted.1) {
            found.push(sorted);
        }
    }
    found.sort_by_key(|(crossings, _)| *crossings);
    let named = |ranks: Vec<Vec<usize>>| {
        ranks.into_iter().map(|rank| rank.into_iter().map(|item| lattice.items[item]).collect()).collect()
    };
    found.into_iter().map(|(_, ranks)| Layers { ranks: named(ranks), rank_of: rank_of.to_vec() }).collect()
}

impl Lattice {
    fn new(rank_of: &[usize], straight: &[(usize, usize, usize)]) -> Self {
        let mut lattice = Self {
            items: (0..rank_of.len()).map(Item::Node).collect(),
            rank_of: rank_of.to_vec(),
            joined: vec![[Vec::new(), Vec::new()]; rank_of.len()],
        };
        for (edge, from, to) in straight {
            let mut last = *from;
            for rank in rank_of[*from] + 1..rank_of[*to] {
                let passage = lattice.items.len();
                lattice.items.push(Item::Passage(*edge));
                lattice.rank_of.push(rank);
                lattice.joined.push([vec![last], Vec::new()]);
                lattice.joined[last][1].push(passage);
                last = passage;
            }
            lattice.joined[last][1].push(*to);
            lattice.joined[*to][0].push(last);
        }
        lattice
    }

    /// All items, in the order of a start.
    fn started(&self, start: Start, nodes: usize, first: Option<usize>) -> Vec<usize> {
        let all = 0..self.items.len();
        match start {
            Start::Given => all.collect(),
            Start::PassagesLeft => (nodes..self.items.len()).chain(0..nodes).collect(),
            Start::Along | Start::AlongBackwards => {
                let mut seen = vec![false; self.items.len()];
                let mut met = Vec::new();
                let mut open: Vec<usize> = Vec::new();
                for root in first.into_iter().chain(all) {
                    open.push(root);
                    while let Some(item) = open.pop() {
                        if std::mem::replace(&mut seen[item], true) {
                            continue;
                        }
                        met.push(item);
                        let below = &self.joined[item][1];
                        match start {
                            Start::AlongBackwards => open.extend(below),
                            _ => open.extend(below.iter().rev()),
                        }
                    }
                }
                met
            }
        }
    }

    /// The best order that sweeps down and up come by, with its crossings.
    fn swept(&self, mut ranks: Vec<Vec<usize>>) -> (usize, Vec<Vec<usize>>) {
        let mut place = vec![0; self.items.len()];
        ranks.iter().for_each(|rank| settle(rank, &mut place));
        let mut best = ranks.clone();
        let mut fewest = self.all_crossings(&ranks, &place);
        for sweep in 0..SWEEPS {
            if fewest == 0 {
                break;
            }
            self.sweep(&mut ranks, &mut place, sweep % 2 == 0);
            self.transpose(&mut ranks, &mut place);
            let crossings = self.all_crossings(&ranks, &place);
            if crossings < fewest {
                fewest = crossings;
                best.clone_from(&ranks);
            }
        }
        (fewest, best)
    }

    /// Sorts each rank by the middle of what its items are joined with in the rank before.
    fn sweep(&self, ranks: &mut [Vec<usize>], place: &mut [usize], down: bool) {
        let count = ranks.len();
        for step in 1..count {
            let rank = if down { step } else { count - 1 - step };
            let mut weighed: Vec<(f64, usize, usize)> = ranks[rank]
                .iter()
                .map(|item| {
                    let others = &self.joined[*item][usize::from(!down)];
                    #[expect(clippy::cast_precision_loss, reason = "places are small numbers")]
                    let weight = if others.is_empty() {
                        place[*item] as f64
                    } else {
                        others.iter().map(|other| place[*other]).sum::<usize>() as f64 / others.len() as f64
                    };
                    (weight, place[*item], *item)
                })
                .collect();
            weighed.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
            ranks[rank] = weighed.into_iter().map(|(.., item)| item).collect();
            settle(&ranks[rank], place);
        }
    }

    /// Changes neighbours that cross less the other way round.
    fn transpose(&self, ranks: &mut [Vec<usize>], place: &mut [usize]) {
        for _ in 0..TRANSPOSED {
            let mut changed = false;
            for rank in ranks.iter_mut() {
                for at in 1..rank.len() {
                    let (left, right) = (rank[at - 1], rank[at]);
                    let (now, turned) = self.between(left, right, place);
                    if turned < now {
                        rank.swap(at - 1, at);
                        place.swap(left, right);
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// How often the lines of two neighbours cross each other as they stand, and how often the other way round.
    fn between(&self, left: usize, right: usize, place: &[usize]) -> (usize, usize) {
        let sorted = |item: usize, side: usize| {
            let mut places: Vec<usize> = self.joined[item][side].iter().map(|other| place[*other]).collect();
            places.sort_unstable();
            places
        };
        let (mut now, mut turned) = (0, 0);
        for side in 0..2 {
            let (lefts, rights) = (sorted(left, side), sorted(right, side));
            now += lefts.iter().map(|one| rights.partition_point(|other| other < one)).sum::<usize>();
            turned += rights.iter().map(|one| lefts.partition_point(|other| other < one)).sum::<usize>();
        }
        (now, turned)
    }

    fn all_crossings(&self, ranks: &[Vec<usize>], place: &[usize]) -> usize {
        ranks.iter().skip(1).map(|rank| self.crossings(rank, place)).sum()
    }

    /// How often the lines between a rank and the one above it cross.
    fn crossings(&self, rank: &[usize], place: &[usize]) -> usize {
        // The lines from left to right as they arrive; each crosses those before it that begin farther to the right.
        let mut begins: Vec<usize> = Vec::new();
        let mut count = 0;
        for item in rank {
            let mut above: Vec<usize> = self.joined[*item][0].iter().map(|other| place[*other]).collect();
            above.sort_unstable();
            for begin in &above {
                count += begins.len() - begins.partition_point(|known| known <= begin);
            }
            for begin in above {
                let at = begins.partition_point(|known| *known <= begin);
                begins.insert(at, begin);
            }
        }
        count
    }
}

fn settle(rank: &[usize], place: &mut [usize]) {
    for (at, item) in rank.iter().enumerate() {
        place[*item] = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_change_where_that_crosses_less() {
        let rank_of = [0, 0, 0, 1, 1, 2, 2];
        let straight = [(0, 0, 3), (1, 2, 3), (2, 1, 4), (3, 3, 6), (4, 4, 5)];
        let lattice = Lattice::new(&rank_of, &straight);
        let mut ranks = vec![vec![0, 1, 2], vec![3, 4], vec![5, 6]];
        let mut place = vec![0, 1, 2, 0, 1, 0, 1];
        assert_eq!(lattice.all_crossings(&ranks, &place), 2);
        lattice.transpose(&mut ranks, &mut place);
        assert_eq!(ranks, [vec![0, 2, 1], vec![3, 4], vec![6, 5]]);
        assert_eq!(lattice.all_crossings(&ranks, &place), 0);
    }
}
