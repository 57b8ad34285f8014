//! The inspector: all that is known of a state of an execution, or of an order, as sections that fold.
//!
//! It is told again and again what to show while events come in, and keeps the cursor and the folds for as long as it
//! is told of the same subject. Never fetches, never draws, never knows how wide a screen is; only the rows that are
//! asked for are made.

mod build;
mod copy;
mod definition;
mod document;
mod order;
mod row;
mod search;
mod section;
#[cfg(test)]
mod tests;
mod told;

use std::sync::Arc;

use self::search::Search;
use self::section::{Body, Draft, DraftBody, Head, Part, Section, Spot};
use super::lens::Lens;
use super::run::Run;
use crate::facts::{Arn, LogLine, Millis, OrderFacts};

pub use self::row::{InspectorRow, Moment, Outcome, RowKind, Tone};

/// What a state is known by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// The execution.
    pub execution: Option<&'a Arn>,
    /// Its run, as of the instant that is looked at.
    pub run: Option<&'a Run>,
    /// Its machine, as far as the definition reads.
    pub machine: Option<&'a asl::Machine>,
    /// The definition, JSON text.
    pub definition: Option<&'a str>,
    /// The state's name.
    pub state: Option<&'a str>,
    /// The Map iteration that is looked at; `None` for whichever.
    pub iteration: Option<usize>,
    /// The visit that is looked at, among those of the run. `None`, or one to another state, leaves the choice to the
    /// inspector: the last that failed, else the last.
    pub visit: Option<usize>,
    /// The log lines that may belong to it, oldest first.
    pub logs: &'a [&'a LogLine],
    /// The execution's order.
    pub order: Option<&'a OrderFacts>,
    /// The time, for what is still under way.
    pub now: Millis,
}

/// What of the inspector was on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The first row.
    pub first: usize,
    /// How many lines of the screen each row took, from the first on. Empty when the inspector was not drawn.
    pub heights: Vec<usize>,
}

/// The sections, where in them one is, and what is searched for.
#[derive(Clone, Debug, Default)]
pub struct Inspector {
    shown: Shown,
    now: Millis,
    sections: Vec<Section>,
    lens: Option<Lens>,
    /// The sections that somebody has folded (`true`) or unfolded.
    choices: Vec<(Part, bool)>,
    cursor: usize,
    drawn: Drawn,
    search: Search,
}

/// What is shown, and all that it depends on: the same again needs no work.
#[derive(Clone, Debug)]
enum Shown {
    Note(String),
    State(Stamp),
    Order(Box<OrderFacts>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    execution: Option<Arn>,
    state: String,
    iteration: Option<usize>,
    visit: Option<usize>,
    events: usize,
    logs: usize,
    last_log: Option<String>,
    /// Where the machine and the definition are kept: they are replaced, never changed.
    machine: Option<usize>,
    definition: Option<(usize, usize)>,
    order: Option<(usize, String)>,
}

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    section: usize,
    spot: Spot,
}

/// Where a row is, told so that it can be found when more has become known.
struct Anchor {
    part: Part,
    spot: Spot,
    /// The name of the document.
    name: Option<Arc<str>>,
    /// The path in it.
    path: Option<String>,
}

impl Inspector {
    /// Shows a state. Cheap when nothing has changed since it was last told so.
    pub fn show_state(&mut self, sources: &Sources<'_>) {
        self.now = sources.now;
        let Some(state) = sources.state else {
            self.show_note("Choose an execution and a state.");
            return;
        };
        let stamp = Stamp::of(sources, state);
        let known = match &self.shown {
            Shown::State(known) => Some(known),
            _ => None,
        };
        if known == Some(&stamp) {
            return;
        }
        let is_read = known.is_some_and(|known| known.definition == stamp.definition && known.state == stamp.state);
        let fragment = if is_read {
            self.text_of(Part::Definition)
        } else {
            sources.definition.and_then(|text| definition::fragment(text, state)).map(Arc::from)
        };
        let built = build::state(sources, state, fragment);
        self.lens = built.lens;
        self.replace(Shown::State(stamp), built.drafts);
    }

    /// Shows an order. Cheap when nothing has changed since it was last told so.
    pub fn show_order(&mut self, facts: &OrderFacts) {
        if matches!(&self.shown, Shown::Order(known) if **known == *facts) {
            return;
        }
        self.lens = None;
        self.replace(Shown::Order(Box::new(facts.clone())), order::sections(facts));
    }

    /// Shows a sentence: there is nothing to inspect.
    pub fn show_note(&mut self, note: &str) {
        if matches!(&self.shown, Shown::Note(known) if known == note) && !self.sections.is_empty() {
            return;
        }
        self.lens = None;
        let body = DraftBody::Rows(vec![RowKind::fact("", note, Tone::Dim)]);
        let draft = Draft { part: Part::Note, head: Head::Nothing, folded: false, body };
        self.replace(Shown::Note(note.to_owned()), vec![draft]);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.sections.iter().map(Section::length).sum()
    }

    /// Whether nothing is shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At most `count` rows from the row `first` on, counted from 0.
    pub fn rows(&self, first: usize, count: usize) -> Vec<InspectorRow> {
        let mut kinds: Vec<RowKind> = Vec::new();
        let mut skipped = first;
        for section in &self.sections {
            let room = count.saturating_sub(kinds.len());
            if room == 0 {
                break;
            }
            let length = section.length();
            if skipped >= length {
                skipped -= length;
                continue;
            }
            kinds.extend(section.rows(skipped, room, self.now));
            skipped = 0;
        }
        let row = |kind: RowKind| InspectorRow { is_match: self.search.matches(&kind), kind };
        kinds.into_iter().map(row).collect()
    }

    /// The row that the cursor is on.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first row to draw. Whoever draws may have to begin later, so that the cursor's row is in view.
    pub fn first(&self) -> usize {
        self.drawn.first
    }

    /// Takes in what was drawn.
    pub fn drawn(&mut self, drawn: Drawn) {
        if !drawn.heights.is_empty() {
            self.drawn = drawn;
        }
    }

    /// The failure that is shown, to be copied as Markdown.
    pub fn lens(&self) -> Option<&Lens> {
        self.lens.as_ref()
    }

    /// Moves the cursor by so many rows.
    pub fn move_by(&mut self, rows: isize) {
        self.move_to(self.cursor.saturating_add_signed(rows));
    }

    /// Moves the cursor by so many screens.
    pub fn page_by(&mut self, pages: isize) {
        let page = isize::try_from(self.drawn.heights.len().saturating_sub(1).max(1)).unwrap_or(1);
        self.move_by(pages.saturating_mul(page));
    }

    /// Moves the cursor to the first row.
    pub fn to_first(&mut self) {
        self.move_to(0);
    }

    /// Moves the cursor to the last row.
    pub fn to_last(&mut self) {
        self.move_to(usize::MAX);
    }

    /// Moves what is shown by so many rows; the cursor only as far as it has to, to stay in view.
    pub fn scroll_by(&mut self, rows: isize) {
        let page = self.drawn.heights.len().max(1);
        let most = self.len().saturating_sub(page);
        let first = self.drawn.first.saturating_add_signed(rows).min(most);
        self.drawn.first = first;
        self.cursor = self.cursor.clamp(first, first.saturating_add(page - 1)).min(self.last());
    }

    /// Moves the cursor to the row on that line of the screen, counted from 0. Answers whether there is one.
    pub fn click(&mut self, line: usize) -> bool {
        let mut below = 0_usize;
        let row = self.drawn.heights.iter().position(|height| {
            below = below.saturating_add(*height);
            line < below
        });
        let row = row.map(|row| self.drawn.first.saturating_add(row)).filter(|row| *row < self.len());
        if let Some(row) = row {
            self.move_to(row);
        }
        row.is_some()
    }

    /// Folds or unfolds what the row of the cursor opens or closes. Answers whether there was something to fold.
    pub fn toggle(&mut self) -> bool {
        let Some(place) = self.place(self.cursor) else { return false };
        let Some(section) = self.sections.get_mut(place.section) else { return false };
        let spot = match place.spot {
            Spot::Head => {
                section.folded = !section.folded;
                let choice = (section.part, section.folded);
                self.choose(choice);
                return true;
            }
            Spot::Row(_) => return false,
            Spot::Tree { document, row } => {
                let opens = section.document_mut(document).and_then(|shown| shown.toggle(row));
                let Some(row) = opens else { return false };
                Spot::Tree { document, row }
            }
        };
        self.move_to(self.row_of(Place { spot, ..place }));
        true
    }

    /// Folds everything: the headings are left.
    pub fn fold_all(&mut self) {
        self.refold(true);
    }

    /// Unfolds everything.
    pub fn unfold_all(&mut self) {
        self.refold(false);
    }

    fn refold(&mut self, folded: bool) {
        let anchor = self.anchor();
        for section in &mut self.sections {
            section.folded = folded && !section.leads();
            if let Body::Documents(documents) = &mut section.body {
                for document in documents {
                    if folded {
                        document.fold_all();
                    } else {
                        document.unfold_all();
                    }
                }
            }
        }
        let choices: Vec<(Part, bool)> = self.sections.iter().map(|section| (section.part, section.folded)).collect();
        for choice in choices {
            self.choose(choice);
        }
        self.return_to(anchor);
    }

    /// Notes how somebody wants a section.
    fn choose(&mut self, choice: (Part, bool)) {
        self.choices.retain(|(part, _)| *part != choice.0);
        self.choices.push(choice);
    }

    fn last(&self) -> usize {
        self.len().saturating_sub(1)
    }

    /// Moves the cursor to a row, and what is shown so far that it is in view.
    fn move_to(&mut self, row: usize) {
        self.cursor = row.min(self.last());
        self.drawn.first = self.drawn.first.min(self.cursor);
        // Before it was drawn nobody knows how much is in view; whoever draws will see to it.
        if let Some(below) = self.drawn.heights.len().checked_sub(1) {
            self.drawn.first = self.drawn.first.max(self.cursor.saturating_sub(below));
        }
    }

    /// Where a row is.
    fn place(&self, row: usize) -> Option<Place> {
        let mut rest = row;
        for (index, section) in self.sections.iter().enumerate() {
            let length = section.length();
            if rest < length {
                return Some(Place { section: index, spot: section.spot(rest) });
            }
            rest -= length;
        }
        None
    }

    /// The row that is there.
    fn row_of(&self, place: Place) -> usize {
        let above: usize = self.sections.iter().take(place.section).map(Section::length).sum();
        above + self.sections.get(place.section).map_or(0, |section| section.row_of(place.spot))
    }

    fn anchor(&self) -> Option<Anchor> {
        let place = self.place(self.cursor)?;
        let section = self.sections.get(place.section)?;
        let (name, path) = match place.spot {
            Spot::Tree { document, row } => {
                let document = section.document(document)?;
                (document.name().cloned(), document.path(row))
            }
            Spot::Head | Spot::Row(_) => (None, None),
        };
        Some(Anchor { part: section.part, spot: place.spot, name, path })
    }

    /// Moves the cursor back to where it was, on the same line of the screen.
    fn return_to(&mut self, anchor: Option<Anchor>) {
        let above = self.cursor.saturating_sub(self.drawn.first);
        if let Some(row) = anchor.and_then(|anchor| self.row_at(&anchor)) {
            self.cursor = row;
        }
        self.cursor = self.cursor.min(self.last());
        self.drawn.first = self.cursor.saturating_sub(above);
    }

    fn row_at(&self, anchor: &Anchor) -> Option<usize> {
        let index = self.sections.iter().position(|section| section.part == anchor.part)?;
        let section = self.sections.get(index)?;
        let spot = match (anchor.spot, &anchor.path, &section.body) {
            (Spot::Tree { row, .. }, Some(path), Body::Documents(documents)) => {
                let at = documents.iter().position(|document| document.name() == anchor.name.as_ref());
                match at.and_then(|at| Some((at, documents.get(at)?))) {
                    Some((at, document)) => Spot::Tree { document: at, row: document.row_of(row, path) },
                    None => Spot::Head,
                }
            }
            (spot, ..) => spot,
        };
        Some(self.row_of(Place { section: index, spot }))
    }

    /// The text of a section that has one.
    fn text_of(&self, part: Part) -> Option<Arc<str>> {
        let section = self.sections.iter().find(|section| section.part == part)?;
        section.document(0).map(|document| Arc::clone(document.text()))
    }

    /// Puts other sections in the place of those that are shown.
    fn replace(&mut self, shown: Shown, drafts: Vec<Draft>) {
        let is_same = self.shown.is_same_subject(&shown);
        let anchor = if is_same { self.anchor() } else { None };
        let mut before = std::mem::take(&mut self.sections);
        if !is_same {
            before.clear();
            self.choices.clear();
            (self.cursor, self.drawn.first) = (0, 0);
        }
        self.shown = shown;
        let mut sections = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let known = before.iter().position(|section| section.part == draft.part);
            let known = known.map(|at| before.swap_remove(at));
            let choice = self.choices.iter().find(|(part, _)| *part == draft.part).map(|(_, folded)| *folded);
            sections.push(Section::of(draft, choice, known));
        }
        self.sections = sections;
        self.return_to(anchor);
        self.find_again(false);
    }
}

impl Default for Shown {
    fn default() -> Self {
        Self::Note(String::new())
    }
}

impl Shown {
    fn is_same_subject(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::State(one), Self::State(other)) => {
                one.execution == other.execution && one.state == other.state && one.iteration == other.iteration
            }
            (Self::Order(one), Self::Order(other)) => one.record.order_id == other.record.order_id,
            (Self::Note(_), Self::Note(_)) => true,
            _ => false,
        }
    }
}

impl Stamp {
    fn of(sources: &Sources<'_>, state: &str) -> Self {
        Self {
            execution: sources.execution.cloned(),
            state: state.to_owned(),
            iteration: sources.iteration,
            visit: sources.visit,
            events: sources.run.map_or(0, |run| run.events.len()),
            logs: sources.logs.len(),
            last_log: sources.logs.last().map(|line| line.id.clone()),
            machine: sources.machine.map(|machine| std::ptr::from_ref(machine).addr()),
            definition: sources.definition.map(|text| (text.as_ptr().addr(), text.len())),
            order: sources.order.map(|order| (order.record.history.len(), order.record.updated_at.clone())),
        }
    }
}
