//! Network simplex: whole numbers that keep least distances, their weighted distances as short as can be.
//!
//! After Gansner, Koutsofios, North and Vo, "A Technique for Drawing Directed Graphs" (1993), sections 2.3 and 2.4. Knows
//! nothing of drawings: ranks and columns are both found by it. Always ends: what it may spend is counted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// That the number of `to` is at least `least` more than that of `from`; each one more costs `weight`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) least: i64,
    pub(crate) weight: i64,
}

/// What all distances cost together.
pub(crate) fn cost(spans: &[Span], values: &[i64]) -> i64 {
    spans.iter().map(|span| (values[span.to] - values[span.from]) * span.weight).sum()
}

/// Improves numbers that keep all least distances until no better ones are left, or about `effort` steps are spent: a
/// span that is looked at or a number that changes is one. The numbers keep the distances at any time; with little effort
/// they may cost more than before, because at first all trees are drawn tight.
pub(crate) fn improve(spans: &[Span], values: &mut [i64], effort: usize) {
    if values.is_empty() {
        return;
    }
    let mut tree = Tree::tight(spans, values);
    let mut spent = 0;
    let mut search = 0;
    while spent < effort {
        let Some(child) = tree.leaving(&mut search) else { return };
        spent += tree.exchange(child, values);
    }
}

/// No span, as a parent.
const NONE: usize = usize::MAX;

/// A spanning forest of spans that are as short as they may be.
struct Tree<'a> {
    spans: &'a [Span],
    /// The spans at each node, one node after the other, and where those of each begin.
    incident: Vec<usize>,
    begins: Vec<usize>,
    /// The span to the parent of each node, if it has one.
    parent: Vec<usize>,
    /// The spans of the forest at each node.
    joined: Vec<Vec<usize>>,
    /// What is below each node by number: from `low` to `lim`, its own.
    low: Vec<usize>,
    lim: Vec<usize>,
    /// The nodes by number.
    numbered: Vec<usize>,
    /// The weights of what leaves all that is below each node, without those of what enters. It is the cut value of the
    /// span to the parent, or that negated, as the span leads.
    net: Vec<i64>,
}

impl<'a> Tree<'a> {
    fn tight(spans: &'a [Span], values: &mut [i64]) -> Self {
        let nodes = values.len();
        let mut begins = vec![0; nodes + 1];
        for span in spans {
            begins[span.from] += 1;
            begins[span.to] += 1;
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut incident = vec![0; sum];
        let mut net = vec![0; nodes];
        for (index, span) in spans.iter().enumerate().rev() {
            for node in [span.from, span.to] {
                begins[node] -= 1;
                incident[begins[node]] = index;
            }
            net[span.from] += span.weight;
            net[span.to] -= span.weight;
        }
        let mut tree = Self {
            spans,
            incident,
            begins,
            parent: vec![NONE; nodes],
            joined: vec![Vec::new(); nodes],
            low: vec![0; nodes],
            lim: vec![0; nodes],
            numbered: vec![0; nodes],
            net,
        };
        tree.grow(values);
        let mut next = 0;
        for node in 0..nodes {
            if tree.parent[node] == NONE {
                next = tree.number(node, next);
            }
        }
        // Those below have smaller numbers.
        for place in 0..nodes {
            let node = tree.numbered[place];
            if let Some(above) = tree.above(node) {
                tree.net[above] += tree.net[node];
            }
        }
        tree
    }

    fn incident(&self, node: usize) -> &[usize] {
        &self.incident[self.begins[node]..self.begins[node + 1]]
    }

    /// Grows trees by the span that is nearest to being as short as it may be. All of a tree moves together to make it
    /// so; how far it has moved is one number, so that each span is looked at twice and not at every step.
    fn grow(&mut self, values: &mut [i64]) {
        let mut seen = vec![false; values.len()];
        for root in 0..values.len() {
            if std::mem::replace(&mut seen[root], true) {
                continue;
            }
            // What leads out of the tree and into it, by how far the tree had to move if it had not moved yet.
            let mut out: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
            let mut into: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
            let mut moved = 0;
            let mut members = vec![root];
            let mut latest = root;
            // The numbers of members are kept as if the tree stood where it began.
            loop {
                for &index in self.incident(latest) {
                    let span = &self.spans[index];
                    if span.from == latest && !seen[span.to] {
                        out.push(Reverse((values[span.to] - values[latest] - span.least, index)));
                    } else if span.to == latest && !seen[span.from] {
                        into.push(Reverse((values[latest] - values[span.from] - span.least, index)));
                    }
                }
                while out.peek().is_some_and(|Reverse((_, index))| seen[self.spans[*index].to]) {
                    out.pop();
                }
                while into.peek().is_some_and(|Reverse((_, index))| seen[self.spans[*index].from]) {
                    into.pop();
                }
                let up = out.peek().map(|Reverse((slack, index))| (slack - moved, *index));
                let down = into.peek().map(|Reverse((slack, index))| (slack + moved, *index));
                let (index, joins) = match (up, down) {
                    (Some((up, index)), down) if down.is_none_or(|(down, _)| up <= down) => {
                        moved += up;
                        (index, self.spans[index].to)
                    }
                    (_, Some((down, index))) => {
                        moved -= down;
                        (index, self.spans[index].from)
                    }
                    (_, None) => break,
                };
                seen[joins] = true;
                values[joins] -= moved;
                members.push(joins);
                self.parent[joins] = index;
                self.joined[self.spans[index].from].push(index);
                self.joined[self.spans[index].to].push(index);
                latest = joins;
            }
            members.into_iter().for_each(|member| values[member] += moved);
        }
    }

    /// The node above another.
    fn above(&self, node: usize) -> Option<usize> {
        let span = self.spans.get(self.parent[node])?;
        Some(if span.from == node { span.to } else { span.from })
    }

    /// Numbers all below a node from `next` on, and sets parents by the way down; the number behind the last.
    fn number(&mut self, root: usize, mut next: usize) -> usize {
        // An explicit stack: a tree may be as deep as a graph is large.
        let mut stack = vec![(root, 0)];
        self.low[root] = next;
        while let Some((node, at)) = stack.last_mut() {
            let node = *node;
            let Some(&index) = self.joined[node].get(*at) else {
                self.lim[node] = next;
                self.numbered[next] = node;
                next += 1;
                stack.pop();
                continue;
            };
            *at += 1;
            if index == self.parent[node] {
                continue;
            }
            let span = &self.spans[index];
            let below = if span.from == node { span.to } else { span.from };
            self.parent[below] = index;
            self.low[below] = next;
            stack.push((below, 0));
        }
        next
    }

    /// A node whose span to its parent had better be longer. Searched on from where the last search ended.
    fn leaving(&self, search: &mut usize) -> Option<usize> {
        let nodes = self.parent.len();
        for step in 0..nodes {
            let node = (*search + step) % nodes;
            let Some(span) = self.spans.get(self.parent[node]) else { continue };
            let cut = if span.from == node { self.net[node] } else { -self.net[node] };
            if cut < 0 {
                *search = node + 1;
                return Some(node);
            }
        }
        None
    }

    fn is_below(&self, node: usize, top: usize) -> bool {
        (self.low[top]..=self.lim[top]).contains(&self.lim[node])
    }

    /// Lets the span above `child` grow until another one is as short as it may be, which takes its place; the steps that
    /// it took.
    fn exchange(&mut self, child: usize, values: &mut [i64]) -> usize {
        let leaving = self.parent[child];
        // The part below `child` moves: down if the span leads up out of it, else up. What stops it leads the other way.
        let moves_down = self.spans[leaving].from == child;
        let (low, lim) = (self.low[child], self.lim[child]);
        let inside = lim + 1 - low;
        let is_smaller = inside * 2 <= self.numbered.len();
        let mut steps = 0;
        let mut nearest: Option<(i64, usize)> = None;
        let mut look = |tree: &Self, place: usize| {
            let node = tree.numbered[place];
            for &index in tree.incident(node) {
                let span = &tree.spans[index];
                steps += 1;
                let from_below = (low..=lim).contains(&tree.lim[span.from]);
                let to_below = (low..=lim).contains(&tree.lim[span.to]);
                if from_below == to_below || to_below != moves_down {
                    continue;
                }
                let slack = values[span.to] - values[span.from] - span.least;
                if nearest.is_none_or(|known| (slack, index) < known) {
                    nearest = Some((slack, index));
                }
            }
        };
        if is_smaller {
            (low..=lim).for_each(|place| look(self, place));
        } else {
            (0..low).chain(lim + 1..self.numbered.len()).for_each(|place| look(self, place));
        }
        let Some((slack, entering)) = nearest else {
            // Nothing stops it: that takes weights below zero, which nobody passes. Left as it is.
            self.net[child] = 0;
            return steps + 1;
        };
        let shift = if moves_down { -slack } else { slack };
        if is_smaller {
            (low..=lim).for_each(|place| values[self.numbered[place]] += shift);
        } else {
            (0..low).chain(lim + 1..self.numbered.len()).for_each(|place| values[self.numbered[place]] -= shift);
        }
        let span = &self.spans[entering];
        let (inner, outer) = if moves_down { (span.to, span.from) } else { (span.from, span.to) };
        let whole = self.net[child];
        let Some(top) = self.above(child) else { return steps + 1 };
        // What is below the nodes outside, up to where both ways to the root meet.
        let mut meeting = outer;
        while !self.is_below(top, meeting) {
            self.net[meeting] += whole;
            let Some(above) = self.above(meeting) else { break };
            meeting = above;
            steps += 1;
        }
        let mut node = top;
        while node != meeting {
            self.net[node] -= whole;
            let Some(above) = self.above(node) else { break };
            node = above;
            steps += 1;
        }
        // Inside, the way from where the new span ends to `child` turns round.
        let (mut node, mut before) = (inner, 0);
        loop {
            let above = self.above(node);
            let own = std::mem::replace(&mut self.net[node], whole - before);
            before = own;
            steps += 1;
            match above {
                Some(above) if node != child => node = above,
                _ => break,
            }
        }
        for node in [self.spans[leaving].from, self.spans[leaving].to] {
            self.joined[node].retain(|known| *known != leaving);
        }
        for node in [self.spans[entering].from, self.spans[entering].to] {
            self.joined[node].push(entering);
        }
        let renumbered = self.lim[meeting] + 1 - self.low[meeting];
        self.number(meeting, self.low[meeting]);
        steps + renumbered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keeps(spans: &[Span], values: &[i64]) -> bool {
        spans.iter().all(|span| values[span.to] - values[span.from] >= span.least)
    }

    fn span(from: usize, to: usize, least: i64, weight: i64) -> Span {
        Span { from, to, least, weight }
    }

    #[test]
    fn the_light_one_of_two_ways_is_the_long_one() {
        // Two ways from 0 to 3, one of two spans and one of three: 4 stands where its heavy span is short.
        let spans = [span(0, 1, 1, 1), span(1, 2, 1, 1), span(2, 3, 1, 1), span(0, 4, 1, 1), span(4, 3, 1, 5)];
        let mut values = vec![0, 1, 2, 3, 1];
        improve(&spans, &mut values, usize::MAX);
        assert_eq!(values, [0, 1, 2, 3, 2]);
    }

    proptest! {
        /// A span along each pair in order, so that all numbers in order of their index keep all distances.
        #[test]
        fn nothing_is_better_than_what_is_found(
            size in 2_usize..5,
            drawn in prop::collection::vec((0_usize..5, 0_usize..5, 0_i64..3, 0_i64..9), 1..12),
        ) {
            let spans: Vec<Span> = drawn
                .into_iter()
                .filter(|(from, to, ..)| from < to && *to < size)
                .map(|(from, to, least, weight)| span(from, to, least, weight))
                .collect();
            let mut values: Vec<i64> = (0..size).map(|index| i64::try_from(index).unwrap() * 2).collect();
            improve(&spans, &mut values, usize::MAX);
            prop_assert!(keeps(&spans, &values));
            // All others there are, of a range that is wide enough.
            let range = 9_i64;
            let count = range.pow(u32::try_from(size).unwrap());
            for number in 0..count {
                let mut rest = number;
                let other: Vec<i64> = (0..size).map(|_| { let digit = rest % range; rest /= range; digit }).collect();
                if keeps(&spans, &other) {
                    prop_assert!(cost(&spans, &values) <= cost(&spans, &other));
                }
            }
        }
    }
}
