//! The columns of what stands in the ranks: all lines as straight as they can be together.
//!
//! The columns are the ranks of Gansner's auxiliary graph (section 4.2 of his paper): a node for each box and passage,
//! and one for each line, which is tied to both its ends. They begin where Brandes and Köpf, "Fast and Simple Horizontal
//! Coordinate Assignment" (2002), put them, with ports and widths; and stay there if the effort does not suffice to find
//! better ones.

use crate::simplex::{Span, cost, improve};

/// What stands in the ranks, by number, and the lines between neighbouring ranks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grid {
    /// The items of each rank from left to right.
    pub(crate) ranks: Vec<Vec<usize>>,
    /// The columns of each item.
    pub(crate) widths: Vec<i64>,
    /// Whether each item is but the passage of a line.
    pub(crate) passages: Vec<bool>,
    pub(crate) lines: Vec<Line>,
    /// Columns between neighbours.
    pub(crate) gap: i64,
    /// Columns between a passage and its neighbour.
    pub(crate) passage_gap: i64,
}

/// A line from an item to one in the next rank.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) upper: usize,
    pub(crate) lower: usize,
    /// The column at which it leaves the upper item, from its left.
    pub(crate) exit: i64,
    /// The column at which it enters the lower item, from its left.
    pub(crate) entry: i64,
    /// What each column costs that lies between both.
    pub(crate) weight: u32,
}

/// How much straighter long lines are to be than short ones: between two boxes, at one end of a passage, between two
/// passages. (Gansner, section 4.)
const STRAIGHT: [i64; 3] = [2, 4, 16];

impl Grid {
    /// The left column of each item.
    pub(crate) fn columns(&self, effort: usize) -> Vec<i64> {
        let seed = self.seed();
        let items = self.widths.len();
        // Walls at both sides, which keep the drawing narrow: the least that there is to win.
        let (left, right) = (items + self.lines.len(), items + self.lines.len() + 1);
        let mut spans = vec![Span { from: left, to: right, least: 0, weight: 1 }];
        for rank in &self.ranks {
            for pair in rank.windows(2) {
                let least = self.widths[pair[0]] + self.gap(pair[0], pair[1]);
                spans.push(Span { from: pair[0], to: pair[1], least, weight: 0 });
            }
            if let [first, .., last] | [first @ last] = rank.as_slice() {
                spans.push(Span { from: left, to: *first, least: 0, weight: 0 });
                spans.push(Span { from: *last, to: right, least: self.widths[*last], weight: 0 });
            }
        }
        let mut values = seed.clone();
        for (index, line) in self.lines.iter().enumerate() {
            let passages = usize::from(self.passages[line.upper]) + usize::from(self.passages[line.lower]);
            let weight = i64::from(line.weight.max(1)) * STRAIGHT[passages];
            let tie = items + index;
            spans.push(Span { from: tie, to: line.upper, least: -line.exit, weight });
            spans.push(Span { from: tie, to: line.lower, least: -line.entry, weight });
            values.push((values[line.upper] + line.exit).min(values[line.lower] + line.entry));
        }
        let ends = (0..items).map(|item| (values[item], values[item] + self.widths[item]));
        let (least, most) = ends.fold((0, 0), |(least, most), (left, right)| (least.min(left), most.max(right)));
        values.extend([least, most]);
        let before = cost(&spans, &values);
        improve(&spans, &mut values, effort);
        // A search that ends early may not have made good yet what its first tree moved.
        if cost(&spans, &values) > before {
            return seed;
        }
        values.truncate(items);
        values
    }

    fn gap(&self, left: usize, right: usize) -> i64 {
        if self.passages[left] || self.passages[right] { self.passage_gap } else { self.gap }
    }

    /// Where Brandes and Köpf would put each item: between the middle two of four ways to align it.
    fn seed(&self) -> Vec<i64> {
        let mut ways: Vec<(bool, Vec<i64>)> = Vec::new();
        for upwards in [false, true] {
            for from_right in [false, true] {
                let mut grid = self.clone();
                if upwards {
                    grid.turn_over();
                }
                if from_right {
                    grid.mirror();
                }
                let mut columns = grid.aligned();
                if from_right {
                    columns.iter_mut().zip(&self.widths).for_each(|(column, width)| *column = -*column - width);
                }
                ways.push((from_right, columns));
            }
        }
        let reach = |columns: &[i64]| {
            let least = columns.iter().copied().min().unwrap_or(0);
            let most = columns.iter().zip(&self.widths).map(|(column, width)| column + width).max().unwrap_or(0);
            (least, most)
        };
        let (least, most) =
            ways.iter().map(|(_, columns)| reach(columns)).min_by_key(|(least, most)| most - least).unwrap_or((0, 0));
        for (from_right, columns) in &mut ways {
            let own = reach(columns);
            let shift = if *from_right { most - own.1 } else { least - own.0 };
            columns.iter_mut().for_each(|column| *column += shift);
        }
        // Each way keeps the gaps, so the middle of them does: it grows with each.
        (0..self.widths.len())
            .map(|item| {
                let mut columns: Vec<i64> = ways.iter().map(|(_, columns)| columns[item]).collect();
                columns.sort_unstable();
                (columns[1] + columns[2]).div_euclid(2) - least
            })
            .collect()
    }

    fn turn_over(&mut self) {
        self.ranks.reverse();
        for line in &mut self.lines {
            std::mem::swap(&mut line.upper, &mut line.lower);
            std::mem::swap(&mut line.exit, &mut line.entry);
        }
    }

    fn mirror(&mut self) {
        self.ranks.iter_mut().for_each(|rank| rank.reverse());
        for line in &mut self.lines {
            line.exit = self.widths[line.upper] - 1 - line.exit;
            line.entry = self.widths[line.lower] - 1 - line.entry;
        }
    }

    /// Aligns each item with the middle one of those above that it is joined with, from the left, and pushes what is
    /// aligned together to the left. A line between passages is aligned before others that cross it.
    fn aligned(&self) -> Vec<i64> {
        let items = self.widths.len();
        let mut place = vec![0; items];
        for rank in &self.ranks {
            rank.iter().enumerate().for_each(|(at, item)| place[*item] = at);
        }
        let mut above: Vec<Vec<&Line>> = vec![Vec::new(); items];
        self.lines.iter().for_each(|line| above[line.lower].push(line));
        above.iter_mut().for_each(|lines| lines.sort_by_key(|line| (place[line.upper], line.exit)));
        let is_inner = |line: &Line| self.passages[line.upper] && self.passages[line.lower];
        // The block of each item, by its first one, and how far from that one's left it begins.
        let mut block: Vec<usize> = (0..items).collect();
        let mut offset = vec![0_i64; items];
        for rank in &self.ranks {
            let inner: Vec<(usize, usize)> = rank
                .iter()
                .flat_map(|item| above[*item].iter().copied().filter(|line| is_inner(line)))
                .map(|line| (place[line.upper], place[line.lower]))
                .collect();
            let crosses_inner = |line: &Line| {
                let (upper, lower) = (place[line.upper], place[line.lower]);
                inner
                    .iter()
                    .any(|(above, below)| (*above < upper) != (*below < lower) && *above != upper && *below != lower)
            };
            let mut free = 0;
            for item in rank {
                let lines = &above[*item];
                let middle = lines.len().saturating_sub(1) / 2..=lines.len() / 2;
                for line in lines.get(middle).unwrap_or_default() {
                    let upper = line.upper;
                    if place[upper] < free || (!is_inner(line) && crosses_inner(line)) {
                        continue;
                    }
                    block[*item] = block[upper];
                    offset[*item] = offset[upper] + line.exit - line.entry;
                    free = place[upper] + 1;
                    break;
                }
            }
        }
        // Blocks keep their gaps from left to right; no two cross, so they have an order.
        let mut behind: Vec<Vec<(usize, i64)>> = vec![Vec::new(); items];
        let mut waiting = vec![0_usize; items];
        for pair in self.ranks.iter().flat_map(|rank| rank.windows(2)) {
            let (left, right) = (pair[0], pair[1]);
            behind[block[left]]
                .push((block[right], offset[left] + self.widths[left] + self.gap(left, right) - offset[right]));
            waiting[block[right]] += 1;
        }
        let mut order: Vec<usize> = (0..items).filter(|item| block[*item] == *item && waiting[*item] == 0).collect();
        let mut column: Vec<Option<i64>> = vec![None; items];
        let mut next = 0;
        while let Some(&from) = order.get(next) {
            next += 1;
            let at = *column[from].get_or_insert(0);
            for (to, least) in &behind[from] {
                column[*to] = Some(column[*to].map_or(at + least, |known| known.max(at + least)));
                waiting[*to] -= 1;
                if waiting[*to] == 0 {
                    order.push(*to);
                }
            }
        }
        // And back: each as near to what stands right of it as the gaps allow.
        for from in order.into_iter().rev() {
            let room = behind[from].iter().filter_map(|(to, least)| Some(column[*to]? - least)).min();
            column[from] = room.or(column[from]);
        }
        (0..items).map(|item| column[block[item]].unwrap_or(0) + offset[item]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(upper: usize, lower: usize) -> Line {
        Line { upper, lower, exit: 2, entry: 2, weight: 1 }
    }

    fn check(ranks: &[&[usize]], lines: &[Line], expected: &[i64]) {
        let ranks: Vec<Vec<usize>> = ranks.iter().map(|rank| rank.to_vec()).collect();
        let items = ranks.iter().flatten().count();
        let grid = Grid {
            ranks,
            widths: vec![5; items],
            passages: vec![false; items],
            lines: lines.to_vec(),
            gap: 3,
            passage_gap: 2,
        };
        assert_eq!(grid.columns(100_000), expected);
    }

    #[test]
    fn lines_are_straight_where_they_can_be() {
        check(&[&[0], &[1], &[2]], &[line(0, 1), line(1, 2)], &[0, 0, 0]);
        check(&[&[0, 1], &[2, 3]], &[line(0, 2), line(1, 3)], &[0, 8, 0, 8]);
        // The heavier of two lines from one port is the straight one.
        let heavy = Line { weight: 4, ..line(0, 2) };
        check(&[&[0], &[1, 2]], &[line(0, 1), heavy], &[8, 0, 8]);
    }
}
