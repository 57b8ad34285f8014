//! Going through the lines that are shown: scrolling, and jumping from one line of a kind to the next.
//!
//! A place is kept by the line that stands there, never by a row, so that lines which come do not move it.

use std::ops::Range;

use super::LogBuffer;
use super::read::{Entry, Level};
use crate::facts::Millis;

/// How many lines above the last one in view a marked line is still in view, where the pane's height is not known.
const NEAR: usize = 60;

/// Whether a jump led anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// To a line in that direction.
    Made,
    /// To a line in the other direction: there was none in that one.
    Wrapped,
    /// Nowhere: there is no such line.
    Nowhere,
}

impl LogBuffer {
    /// Where the last line in view is among those that are shown, plus one.
    pub fn end(&self) -> usize {
        self.shown.len().saturating_sub(self.view.from_end)
    }

    /// Which of the lines that are shown are in view where each takes one row of so many.
    pub fn window(&self, rows: usize) -> Range<usize> {
        let end = self.end().max(rows.min(self.shown.len()));
        end.saturating_sub(rows)..end
    }

    /// How many lines stand below what is in view.
    pub fn from_end(&self) -> usize {
        self.view.from_end
    }

    /// Whether new lines come into view.
    pub fn is_following(&self) -> bool {
        self.view.from_end == 0 && self.mark.is_none()
    }

    /// Where the marked line is among those that are shown.
    pub fn marked(&self) -> Option<usize> {
        self.shown.binary_search(&self.mark?).ok()
    }

    /// Takes in how many lines the pane has room for.
    pub fn drawn(&mut self, rows: usize) {
        self.rows = rows;
    }

    /// Scrolls by lines, up where negative. At the end new lines are followed again.
    pub fn scroll_by(&mut self, lines: isize) {
        let room = if self.view.wrap { 1 } else { self.rows.max(1) };
        let most = self.shown.len().saturating_sub(room);
        self.view.from_end = self.view.from_end.saturating_add_signed(lines.saturating_neg()).min(most);
        if self.view.from_end == 0 && lines > 0 {
            self.mark = None;
        }
    }

    /// Goes to the end and follows new lines.
    pub fn to_end(&mut self) {
        self.view.from_end = 0;
        self.mark = None;
    }

    /// Goes to what was written last at an instant, and marks it.
    pub fn to_time(&mut self, at: Millis) {
        let until = self.shown.partition_point(|number| self.entry(*number).is_some_and(|entry| entry.line.at <= at));
        let position = until.saturating_sub(1);
        self.mark = self.shown.get(position).copied();
        self.view.from_end = self.shown.len().saturating_sub(position + 1);
    }

    /// Goes to the next line that tells of an error, or to the one before.
    pub fn next_error(&mut self, forward: bool) -> Jump {
        self.jump(forward, |entry| entry.level == Level::Error)
    }

    /// Goes to the next line that holds what is searched for, or to the one before.
    pub fn next_match(&mut self, forward: bool) -> Jump {
        self.jump(forward, |entry| entry.found)
    }

    /// Goes to the nearest line above that holds what is searched for, unless the marked one does: for while it is
    /// being typed.
    pub fn nearest_match(&mut self) -> Jump {
        let is_marked = self.marked().and_then(|position| self.at(position)).is_some_and(|entry| entry.found);
        if is_marked { Jump::Made } else { self.next_match(false) }
    }

    /// The number of the last line in view, unless new lines are followed.
    pub(super) fn held(&self) -> Option<usize> {
        if self.is_following() { None } else { self.shown.get(self.end().checked_sub(1)?).copied() }
    }

    /// Scrolls so that the last line in view is that one, or the nearest above.
    pub(super) fn hold(&mut self, bottom: Option<usize>) {
        let Some(bottom) = bottom else { return };
        let until = self.shown.partition_point(|number| *number <= bottom).max(1);
        self.view.from_end = self.shown.len().saturating_sub(until);
    }

    /// Goes to the next line like that, and marks it.
    fn jump(&mut self, forward: bool, is_wanted: impl Fn(&Entry) -> bool) -> Jump {
        let from = self.start(forward);
        let behind = from.saturating_add(1).min(self.shown.len());
        let is_hit = |position: &usize| self.at(*position).is_some_and(&is_wanted);
        let length = self.shown.len();
        let near = if forward { (behind..length).find(is_hit) } else { (0..from).rev().find(is_hit) };
        let far = || if forward { (0..behind).find(is_hit) } else { (from..length).rev().find(is_hit) };
        let Some(position) = near.or_else(far) else { return Jump::Nowhere };
        self.mark = self.shown.get(position).copied();
        self.bring_into_view(position);
        if near.is_some() { Jump::Made } else { Jump::Wrapped }
    }

    /// The place that is looked from, itself left out: the marked line while it is in view, else the end of the view.
    fn start(&self, forward: bool) -> usize {
        let end = self.end();
        let near = if self.rows == 0 || self.view.wrap { NEAR } else { self.rows };
        let in_view = |position: &usize| (end.saturating_sub(near)..end.max(self.window(near).end)).contains(position);
        self.marked().filter(in_view).unwrap_or(if forward { end.saturating_sub(1) } else { end })
    }

    /// Scrolls, unless the line is in view, so that some lines stand below it: what follows an error tells more of it.
    fn bring_into_view(&mut self, position: usize) {
        let is_in_view = !self.view.wrap && self.rows > 0 && self.window(self.rows).contains(&position);
        if !is_in_view {
            let below = if self.view.wrap { 0 } else { self.rows / 3 };
            self.view.from_end = self.shown.len().saturating_sub(position + 1 + below);
        }
    }
}
