//! A section of the inspector: a heading that folds, and below it rows or documents.
//!
//! Never knows the sections around it: rows are counted from its own first.

use std::sync::Arc;

use order_core::OrderStatus;

use super::document::{Document, Text};
use super::row::RowKind;
use crate::app::run::VisitStatus;
use crate::facts::Millis;

/// Which section it is. None stands in an inspector twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A sentence instead of everything else.
    Note,
    Status,
    Failure,
    Stack,
    Cause,
    Tries,
    Logs,
    OrderRow,
    Input,
    Output,
    CalledWith,
    Result,
    Variables,
    Definition,
    Events,
    Order,
    Lines,
    History,
    Document,
}

/// What a section opens with.
#[derive(Clone, Debug)]
pub(super) enum Head {
    /// Its rows.
    Nothing,
    /// A heading.
    Title { title: &'static str, note: String },
    /// How a visit stands.
    Status {
        status: Option<VisitStatus>,
        from: Millis,
        until: Option<Millis>,
        visit: usize,
        visits: usize,
        iteration: Option<usize>,
    },
    /// Where an order stands.
    Order(OrderStatus),
}

/// A section before its documents are read.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) part: Part,
    pub(super) head: Head,
    /// Whether it is folded until somebody unfolds it.
    pub(super) folded: bool,
    pub(super) body: DraftBody,
}

/// What a section will hold.
#[derive(Clone, Debug)]
pub(super) enum DraftBody {
    Rows(Vec<RowKind>),
    Texts(Vec<Text>),
}

/// A section.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) part: Part,
    pub(super) folded: bool,
    pub(super) body: Body,
    head: Head,
}

/// What a section holds.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Rows(Vec<RowKind>),
    Documents(Vec<Document>),
}

/// Where in a section a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    Head,
    Row(usize),
    Tree { document: usize, row: usize },
}

impl Draft {
    /// A section of rows.
    pub(super) fn rows(part: Part, title: &'static str, rows: Vec<RowKind>) -> Self {
        let head = Head::Title { title, note: String::new() };
        Self { part, head, folded: false, body: DraftBody::Rows(rows) }
    }

    /// A section of one text.
    pub(super) fn text(part: Part, title: &'static str, text: Arc<str>) -> Self {
        Self::texts(part, title, vec![Text { name: None, text }])
    }

    /// A section of several texts.
    pub(super) fn texts(part: Part, title: &'static str, texts: Vec<Text>) -> Self {
        let head = Head::Title { title, note: String::new() };
        Self { part, head, folded: false, body: DraftBody::Texts(texts) }
    }

    /// The same with a note in its heading.
    pub(super) fn noted(mut self, words: String) -> Self {
        if let Head::Title { note, .. } = &mut self.head {
            *note = words;
        }
        self
    }

    /// The same, folded until somebody unfolds it.
    pub(super) fn folded(mut self, folded: bool) -> Self {
        self.folded = folded;
        self
    }
}

impl Section {
    /// Reads a draft. `choice` is how somebody has folded it, `before` what stood in its place.
    pub(super) fn of(draft: Draft, choice: Option<bool>, before: Option<Self>) -> Self {
        let body = match draft.body {
            DraftBody::Rows(rows) => Body::Rows(rows),
            DraftBody::Texts(texts) => {
                let mut known = match before.map(|before| before.body) {
                    Some(Body::Documents(documents)) => documents,
                    _ => Vec::new(),
                };
                let read = texts.into_iter().map(|text| {
                    let at = known.iter().position(|document| document.name() == text.name.as_ref());
                    let before = at.map(|at| known.swap_remove(at));
                    Document::new(text, before)
                });
                Body::Documents(read.collect())
            }
        };
        Self { part: draft.part, folded: choice.unwrap_or(draft.folded), body, head: draft.head }
    }

    /// How many rows there are.
    pub(super) fn length(&self) -> usize {
        let inside = match &self.body {
            _ if self.folded => 0,
            Body::Rows(rows) => rows.len(),
            Body::Documents(documents) => documents.iter().map(Document::length).sum(),
        };
        self.head_rows() + inside
    }

    /// At most `count` rows from `first` on.
    pub(super) fn rows(&self, first: usize, count: usize, now: Millis) -> Vec<RowKind> {
        let mut rows = Vec::new();
        if first == 0 && count > 0 {
            rows.extend(self.head_row(now));
        }
        if self.folded {
            return rows;
        }
        let mut skipped = first.saturating_sub(self.head_rows());
        match &self.body {
            Body::Rows(all) => {
                let room = count.saturating_sub(rows.len());
                rows.extend(all.iter().skip(skipped).take(room).map(|row| row.as_of(now)));
            }
            Body::Documents(documents) => {
                for document in documents {
                    let room = count.saturating_sub(rows.len());
                    if room == 0 {
                        break;
                    }
                    if skipped >= document.length() {
                        skipped -= document.length();
                        continue;
                    }
                    rows.extend(document.rows(skipped, room).into_iter().map(RowKind::Tree));
                    skipped = 0;
                }
            }
        }
        rows
    }

    /// The row that opens it.
    pub(super) fn head_row(&self, now: Millis) -> Option<RowKind> {
        let folded = self.folded;
        match &self.head {
            Head::Nothing => None,
            Head::Title { title, note } => Some(RowKind::Heading { title, folded, note: note.clone() }),
            Head::Status { status, from, until, visit, visits, iteration } => Some(RowKind::Status {
                status: *status,
                took: status.map(|_| until.unwrap_or(now).saturating_sub(*from).max(0)),
                visit: *visit,
                visits: *visits,
                iteration: *iteration,
                folded,
            }),
            Head::Order(status) => Some(RowKind::Order { status: *status, folded }),
        }
    }

    /// Whether it stays open when everything is folded: it says what the rest is about.
    pub(super) fn leads(&self) -> bool {
        !matches!(self.head, Head::Title { .. })
    }

    /// Where the row of that number is.
    pub(super) fn spot(&self, row: usize) -> Spot {
        let Some(mut rest) = row.checked_sub(self.head_rows()) else { return Spot::Head };
        let Body::Documents(documents) = &self.body else { return Spot::Row(rest) };
        for (document, shown) in documents.iter().enumerate() {
            if rest < shown.length() {
                return Spot::Tree { document, row: rest };
            }
            rest -= shown.length();
        }
        Spot::Head
    }

    /// The number of the row that is there; of what a fold hides, the heading's.
    pub(super) fn row_of(&self, spot: Spot) -> usize {
        let inside = match (spot, &self.body) {
            (Spot::Head, _) => return 0,
            _ if self.folded => return 0,
            (Spot::Tree { document, row }, Body::Documents(documents)) => {
                documents.iter().take(document).map(Document::length).sum::<usize>() + row
            }
            (Spot::Row(row) | Spot::Tree { row, .. }, _) => row,
        };
        (self.head_rows() + inside).min(self.length().saturating_sub(1))
    }

    /// The document of that number.
    pub(super) fn document(&self, index: usize) -> Option<&Document> {
        match &self.body {
            Body::Documents(documents) => documents.get(index),
            Body::Rows(_) => None,
        }
    }

    /// The document of that number, to be changed.
    pub(super) fn document_mut(&mut self, index: usize) -> Option<&mut Document> {
        match &mut self.body {
            Body::Documents(documents) => documents.get_mut(index),
            Body::Rows(_) => None,
        }
    }

    /// All of it as a text, to be copied.
    pub(super) fn plain(&self) -> String {
        match &self.body {
            Body::Rows(rows) => rows.iter().map(RowKind::plain).collect::<Vec<_>>().join("\n"),
            Body::Documents(documents) => {
                let text = |document: &Document| match document.name() {
                    Some(name) => format!("{name} = {}", document.text()),
                    None => document.text().to_string(),
                };
                documents.iter().map(text).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn head_rows(&self) -> usize {
        usize::from(!matches!(self.head, Head::Nothing))
    }
}
