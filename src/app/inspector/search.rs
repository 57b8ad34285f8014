//! The search in what is inspected: names, values and everything else that rows say, in the order of the rows.
//!
//! Never hides anything: what is found and folded is unfolded when one goes there.

use super::row::RowKind;
use super::section::{Body, Spot};
use super::{Inspector, Place};

/// What is searched for, and where it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    /// As it was typed.
    needle: String,
    /// In small letters.
    lower: String,
    /// In the order of the rows.
    hits: Vec<Hit>,
}

/// Where something was found. The order is that of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    section: usize,
    /// 0 for the heading, 1 for its rows, or 1 and more for its documents.
    part: usize,
    /// Which row, or which of what was found in the document.
    index: usize,
}

impl Search {
    /// Whether a row holds what is searched for.
    pub(super) fn matches(&self, row: &RowKind) -> bool {
        !self.lower.is_empty() && row.holds(&self.lower)
    }
}

impl Inspector {
    /// Searches for a text without regard to case, and moves to the first that holds it at the cursor or after it, else
    /// to the first of all. Answers how many there are. The empty text ends the search.
    pub fn search(&mut self, needle: &str) -> usize {
        self.search.needle = needle.to_owned();
        self.search.lower = needle.to_lowercase();
        self.find_again(true);
        let from = self.mark();
        let at = self.search.hits.partition_point(|hit| *hit < from);
        let hit = self.search.hits.get(at).or_else(|| self.search.hits.first()).copied();
        if let Some(hit) = hit {
            self.go_to(hit);
        }
        self.search.hits.len()
    }

    /// Moves to the next that holds what is searched for, or to the one before; beyond the last to the first. Answers
    /// whether there is any.
    pub fn next_match(&mut self, forward: bool) -> bool {
        let count = self.search.hits.len();
        let from = self.mark();
        let at = self.search.hits.partition_point(|hit| *hit < from);
        let is_here = self.search.hits.get(at).is_some_and(|hit| self.is_at(*hit));
        let to = if forward { at + usize::from(is_here) } else { at + count.saturating_sub(1) };
        let hit = to.checked_rem(count).and_then(|to| self.search.hits.get(to)).copied();
        if let Some(hit) = hit {
            self.go_to(hit);
        }
        hit.is_some()
    }

    /// What is searched for, as it was typed; empty if nothing is.
    pub fn search_text(&self) -> &str {
        &self.search.needle
    }

    /// How many hold what is searched for.
    pub fn found(&self) -> usize {
        self.search.hits.len()
    }

    /// Finds what is searched for. Documents that were searched for it before are not searched again, unless it is
    /// another text.
    pub(super) fn find_again(&mut self, is_other: bool) {
        let Self { search: Search { lower, hits, .. }, sections, now, .. } = self;
        let lower = lower.as_str();
        hits.clear();
        if lower.is_empty() {
            return;
        }
        for (section, shown) in sections.iter_mut().enumerate() {
            if shown.head_row(*now).is_some_and(|row| row.holds(lower)) {
                hits.push(Hit { section, part: 0, index: 0 });
            }
            match &mut shown.body {
                Body::Rows(rows) => {
                    let found = rows.iter().enumerate().filter(|(_, row)| row.holds(lower));
                    hits.extend(found.map(|(index, _)| Hit { section, part: 1, index }));
                }
                Body::Documents(documents) => {
                    for (document, read) in documents.iter_mut().enumerate() {
                        read.find(lower, is_other);
                        let part = document + 1;
                        hits.extend((0..read.found().len()).map(|index| Hit { section, part, index }));
                    }
                }
            }
        }
    }

    /// Where among what could be found the cursor is: what is less stands before it.
    fn mark(&self) -> Hit {
        let Some(Place { section, spot }) = self.place(self.cursor()) else { return Hit::default() };
        match spot {
            Spot::Head => Hit { section, part: 0, index: 0 },
            Spot::Row(index) => Hit { section, part: 1, index },
            Spot::Tree { document, row } => {
                let read = self.sections.get(section).and_then(|section| section.document(document));
                Hit { section, part: document + 1, index: read.map_or(0, |read| read.found_before(row)) }
            }
        }
    }

    /// Whether the cursor is on it.
    fn is_at(&self, hit: Hit) -> bool {
        let Some(Place { section, spot }) = self.place(self.cursor()) else { return false };
        if hit.section != section {
            return false;
        }
        match spot {
            Spot::Head => hit.part == 0,
            Spot::Row(row) => hit.part == 1 && hit.index == row,
            Spot::Tree { document, row } => {
                let read = self.sections.get(section).and_then(|section| section.document(document));
                hit.part == document + 1 && read.is_some_and(|read| read.is_found_at(hit.index, row))
            }
        }
    }

    /// Unfolds what hides it, and moves there.
    fn go_to(&mut self, hit: Hit) {
        let Some(section) = self.sections.get_mut(hit.section) else { return };
        let mut spot = Spot::Head;
        if let Some(inside) = hit.part.checked_sub(1) {
            spot = match section.document_mut(inside) {
                Some(document) => Spot::Tree { document: inside, row: document.reveal(hit.index) },
                None => Spot::Row(hit.index),
            };
            if section.folded {
                section.folded = false;
                let choice = (section.part, false);
                self.choose(choice);
            }
        }
        let row = self.row_of(Place { section: hit.section, spot });
        self.move_to(row);
    }
}
