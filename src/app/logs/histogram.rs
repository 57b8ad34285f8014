//! How many lines there are over time.
//!
//! Kept as lines come and go, at a resolution finer than any screen; what a screen shows of it costs the same for ten
//! lines and for a hundred thousand.

use std::collections::VecDeque;

use crate::facts::Millis;

/// The most parts that the time is divided into: more than a screen has columns.
const PARTS: u64 = 1_024;

/// What a column of a screen stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// The lines.
    pub lines: usize,
    /// Those of them that tell of an error.
    pub errors: usize,
}

/// Lines, counted by the time at which they were written.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    /// How long a part is.
    width: Millis,
    /// The number of the first part, counted from 1970.
    first: i64,
    /// Neither the first nor the last is empty.
    parts: VecDeque<Bucket>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { width: 1, first: 0, parts: VecDeque::new() }
    }
}

impl Histogram {
    /// Counts a line in.
    pub(super) fn add(&mut self, at: Millis, is_error: bool) {
        if self.parts.is_empty() {
            self.first = at.div_euclid(self.width);
        }
        while self.span_with(at) > PARTS {
            self.widen();
        }
        let number = at.div_euclid(self.width);
        while number < self.first {
            self.parts.push_front(Bucket::default());
            self.first -= 1;
        }
        let offset = self.offset(number);
        if offset >= self.parts.len() {
            self.parts.resize(offset + 1, Bucket::default());
        }
        if let Some(part) = self.parts.get_mut(offset) {
            part.lines += 1;
            part.errors += usize::from(is_error);
        }
    }

    /// Counts out a line that was counted in.
    pub(super) fn remove(&mut self, at: Millis, is_error: bool) {
        let number = at.div_euclid(self.width);
        let offset = self.offset(number);
        if let Some(part) = self.parts.get_mut(offset).filter(|_| number >= self.first) {
            part.lines = part.lines.saturating_sub(1);
            part.errors = part.errors.saturating_sub(usize::from(is_error));
        }
        while self.parts.front().is_some_and(|part| part.lines == 0) {
            self.parts.pop_front();
            self.first += 1;
        }
        while self.parts.back().is_some_and(|part| part.lines == 0) {
            self.parts.pop_back();
        }
        if self.parts.is_empty() {
            *self = Self::default();
        }
    }

    /// The whole time in so many columns; none if there are no lines.
    pub(super) fn columns(&self, columns: usize) -> Vec<Bucket> {
        let length = self.parts.len();
        if length == 0 || columns == 0 {
            return Vec::new();
        }
        let mut shown = vec![Bucket::default(); columns];
        for (at, part) in self.parts.iter().enumerate() {
            if let Some(column) = shown.get_mut(at * columns / length) {
                column.lines += part.lines;
                column.errors += part.errors;
            }
        }
        shown
    }

    /// How many parts there would be with a line at that time.
    fn span_with(&self, at: Millis) -> u64 {
        let number = at.div_euclid(self.width);
        let last = self.first.saturating_add(i64::try_from(self.parts.len()).unwrap_or(i64::MAX)).saturating_sub(1);
        let (low, high) = (number.min(self.first), number.max(last).max(self.first));
        high.abs_diff(low).saturating_add(1)
    }

    /// Makes parts twice as long.
    fn widen(&mut self) {
        let mut wider: VecDeque<Bucket> = VecDeque::with_capacity(self.parts.len() / 2 + 1);
        let first = self.first.div_euclid(2);
        let is_second = self.first.rem_euclid(2) == 1;
        for (at, part) in self.parts.iter().enumerate() {
            let joins = (at % 2 == 1) != is_second && at > 0;
            match wider.back_mut().filter(|_| joins) {
                Some(before) => {
                    before.lines += part.lines;
                    before.errors += part.errors;
                }
                None => wider.push_back(*part),
            }
        }
        self.width = self.width.saturating_mul(2);
        self.first = first;
        self.parts = wider;
    }

    /// Where a part is among those that there are; beyond them all if it is none of them.
    fn offset(&self, number: i64) -> usize {
        usize::try_from(number.abs_diff(self.first)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(columns: &[Bucket]) -> Vec<(usize, usize)> {
        columns.iter().map(|bucket| (bucket.lines, bucket.errors)).collect()
    }

    #[test]
    fn columns_share_the_time_evenly() {
        let mut histogram = Histogram::default();
        assert!(histogram.columns(10).is_empty());
        for at in 0..100 {
            histogram.add(at, at == 37);
        }
        assert_eq!(lines(&histogram.columns(4)), [(25, 0), (25, 1), (25, 0), (25, 0)]);
        assert_eq!(lines(&histogram.columns(1)), [(100, 1)]);
        assert!(histogram.columns(0).is_empty());
        let sum: usize = histogram.columns(250).iter().map(|bucket| bucket.lines).sum();
        assert_eq!(sum, 100);
    }

    #[test]
    fn it_is_the_same_whatever_came_first_and_went() {
        // Hours of lines, from the middle outwards, and some that go again.
        let hours = 3_600_000;
        let mut histogram = Histogram::default();
        for step in 0..5_000_i64 {
            let away = step * 1_000;
            histogram.add(hours + away, false);
            histogram.add(hours - away, true);
        }
        assert!(histogram.parts.len() <= 1_024, "{}", histogram.parts.len());
        let all = histogram.columns(2);
        assert_eq!(all.iter().map(|bucket| bucket.errors).sum::<usize>(), 5_000);
        for step in 0..5_000_i64 {
            histogram.remove(hours - step * 1_000, true);
        }
        let left = histogram.columns(1);
        assert_eq!(lines(&left), [(5_000, 0)]);
        for step in 0..5_000_i64 {
            histogram.remove(hours + step * 1_000, false);
        }
        assert!(histogram.columns(3).is_empty());
        assert_eq!(histogram.width, 1);
    }

    #[test]
    fn no_time_is_too_far() {
        let mut histogram = Histogram::default();
        for at in [0, i64::MAX, i64::MIN, 1, -1] {
            histogram.add(at, false);
        }
        let shown = histogram.columns(100);
        assert_eq!(shown.iter().map(|bucket| bucket.lines).sum::<usize>(), 5);
        assert_eq!((shown[0].lines, shown[99].lines), (1, 1));
    }
}
