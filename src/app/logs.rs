//! The logs of all functions as one stream: what is kept of it, and what is shown.
//!
//! What is shown is kept as a list and kept right as lines come: those that come cost what they are, not what is there
//! already; a change of the filter or of what is searched for costs one pass. Who has scrolled back goes on seeing the
//! same lines. Never fetches anything, never knows how wide a screen is.

mod fields;
mod histogram;
mod moves;
mod read;
mod scope;
mod serving;
#[cfg(test)]
mod tests;
mod told;
mod view;

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::needle::Needle;
use crate::facts::{LogLine, Millis};
use fields::Fields;
use histogram::Histogram;
use serving::Serving;
use view::Sieve;

pub use histogram::Bucket;
pub use moves::Jump;
pub(in crate::app) use read::request_of_line;
pub use read::{Entry, Level, Request};
pub use scope::{Scope, StateScope};
pub use told::Told;
pub use view::LogsView;

/// The most lines that are kept.
pub const MAX_LOGS: usize = 100_000;
/// About the most bytes that are kept.
pub const MAX_BYTES: usize = 60 * 1024 * 1024;

/// How many lines are looked at for the names of their fields.
const LOOKED_AT: usize = 100;

/// The lines, oldest first, and which of them are shown.
#[derive(Clone, Debug)]
pub struct LogBuffer {
    entries: VecDeque<Entry>,
    /// About how many bytes they take.
    bytes: usize,
    /// How many lines were dropped; a line's number is its place plus this.
    dropped: usize,
    most_lines: usize,
    most_bytes: usize,
    functions: BTreeSet<String>,
    serving: Serving,
    view: LogsView,
    sieve: Sieve,
    needle: Option<Needle>,
    /// The numbers of the lines that are shown.
    shown: VecDeque<usize>,
    /// How many of them hold what is searched for.
    found: usize,
    histogram: Histogram,
    /// The number of the line that was jumped to.
    mark: Option<usize>,
    /// How many lines the pane had as it was last drawn.
    rows: usize,
}

impl Default for LogBuffer {
    fn default() -> Self {
        Self::with(MAX_LOGS, MAX_BYTES)
    }
}

impl LogBuffer {
    fn with(most_lines: usize, most_bytes: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            most_lines,
            most_bytes,
            functions: BTreeSet::new(),
            serving: Serving::default(),
            view: LogsView::default(),
            sieve: Sieve::default(),
            needle: None,
            shown: VecDeque::new(),
            found: 0,
            histogram: Histogram::default(),
            mark: None,
            rows: 0,
        }
    }

    /// Takes in lines in any order and answers how many of them were not known. The oldest are dropped where there are
    /// too many.
    pub fn add(&mut self, lines: Vec<LogLine>) -> usize {
        let mut fresh = self.unknown(lines);
        let Some(first) = fresh.first() else { return 0 };
        let at = self.entries.partition_point(|known| known.key() < first.key());
        let added = fresh.len();
        let mut learnt = HashSet::new();
        for entry in &mut fresh {
            self.serving.take(entry);
            entry.names = self.sieve.is_named_in(&entry.line.message);
            if let Some(request) = entry.request.filter(|_| entry.names)
                && self.sieve.learn(request)
            {
                learnt.insert(request);
            }
            if !self.functions.contains(entry.function()) {
                self.functions.insert(entry.function().to_owned());
            }
            self.bytes += entry.bytes();
        }
        for entry in &mut fresh {
            judge(entry, &self.sieve, self.needle.as_ref());
        }
        let bottom = self.held().map(|number| self.moved(number, &fresh));
        self.mark = self.mark.map(|number| self.moved(number, &fresh));
        self.hide_from(at);
        self.merge(at, fresh);
        let from = self.reveal(&learnt).map_or(at, |revealed| revealed.min(at));
        self.hide_from(from);
        self.show_from(from);
        self.drop_oldest();
        self.hold(bottom);
        added
    }

    /// How the lines are looked at.
    pub fn view(&self) -> &LogsView {
        &self.view
    }

    /// Changes how they are looked at. Who has scrolled back stays near where they were.
    pub fn look(&mut self, change: impl FnOnce(&mut LogsView)) {
        let (before, bottom) = (self.view.clone(), self.held());
        change(&mut self.view);
        if self.view == before {
            return;
        }
        let is_search_new = self.view.needle != before.needle;
        if is_search_new {
            self.needle = Needle::new(&self.view.needle);
        }
        if self.view.scope != before.scope {
            self.set_scope();
        }
        if !self.view.shows_as(&before) {
            self.sieve.set_filters(&self.view);
            self.sift();
        } else if is_search_new {
            self.search();
        }
        self.hold(bottom);
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many lines are shown.
    pub fn shown_len(&self) -> usize {
        self.shown.len()
    }

    /// At most `count` of the lines that are shown, from the one at `first` on.
    pub fn shown(&self, first: usize, count: usize) -> impl DoubleEndedIterator<Item = &Entry> {
        let first = first.min(self.shown.len());
        let end = first.saturating_add(count).min(self.shown.len());
        self.shown.range(first..end).filter_map(move |number| self.entry(*number))
    }

    /// The line that is meant by what is done with one: the marked one, else the last one in view.
    pub fn chosen(&self) -> Option<&Entry> {
        self.at(self.marked().or_else(|| self.end().checked_sub(1))?)
    }

    /// What is to be made visible in lines: what is searched for, else what is filtered by.
    pub fn highlights(&self) -> &[Needle] {
        self.needle.as_ref().map_or_else(|| self.sieve.wanted(), std::slice::from_ref)
    }

    /// How many of the lines that are shown hold what is searched for.
    pub fn matches(&self) -> usize {
        self.found
    }

    /// How many lines there are over the time of those that are shown, in so many columns; none if nothing is shown.
    pub fn histogram(&self, columns: usize) -> Vec<Bucket> {
        self.histogram.columns(columns)
    }

    /// When the first and the last line that is shown were written.
    pub fn time(&self) -> Option<(Millis, Millis)> {
        let (first, last) = (self.shown.front()?, self.shown.back()?);
        Some((self.entry(*first)?.line.at, self.entry(*last)?.line.at))
    }

    /// Every line, oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &LogLine> {
        self.entries.iter().map(|entry| &entry.line)
    }

    /// The lines from one instant to another, both included, oldest first.
    pub fn between(&self, from: Millis, to: Millis) -> impl DoubleEndedIterator<Item = &LogLine> {
        let first = self.entries.partition_point(|entry| entry.line.at < from);
        let end = self.entries.partition_point(|entry| entry.line.at <= to).max(first);
        self.entries.range(first..end).map(|entry| &entry.line)
    }

    /// The lines of requests, oldest first: those that name one of them, and those that only one of them can have
    /// written.
    pub fn lines_of_requests(&self, requests: &[&str]) -> Vec<&LogLine> {
        let requests: HashSet<Request> = requests.iter().filter_map(|id| Request::parse(id)).collect();
        let of_them = |entry: &&Entry| entry.request.is_some_and(|request| requests.contains(&request));
        self.entries.iter().filter(of_them).map(|entry| &entry.line).collect()
    }

    /// The lines of an execution from its start on, oldest first: those that use one of its names, all others of their
    /// requests, and those of the requests that it is known to have made.
    pub fn lines_of_execution(&self, names: &[String], requests: &[String], from: Millis) -> Vec<&LogLine> {
        let first = self.entries.partition_point(|entry| entry.line.at < from);
        let names: Vec<Needle> = names.iter().filter_map(|name| Needle::new(name)).collect();
        let is_named = |entry: &Entry| names.iter().any(|name| name.is_word_in(&entry.line.message));
        let mut requests: HashSet<Request> = requests.iter().filter_map(|id| Request::parse(id)).collect();
        requests.extend(self.entries.range(first..).filter(|entry| is_named(entry)).filter_map(|entry| entry.request));
        let of_it = |entry: &&Entry| match entry.request {
            Some(request) => requests.contains(&request),
            None => is_named(entry),
        };
        self.entries.range(first..).filter(of_it).map(|entry| &entry.line).collect()
    }

    /// The paths of the fields in the JSON lines that are shown, of the last of them: the names, and those one below.
    pub fn field_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for entry in self.shown(self.shown.len().saturating_sub(LOOKED_AT), LOOKED_AT) {
            let Some(fields) = Fields::of(&entry.line.message) else { continue };
            for (name, value) in fields.into_pairs() {
                match Fields::of(value.get()) {
                    Some(inner) => {
                        names.extend(inner.into_pairs().into_iter().map(|(below, _)| format!("{name}.{below}")));
                    }
                    None => drop(names.insert(name.into_owned())),
                }
            }
        }
        names
    }

    /// The functions of which there were lines, in order.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().map(String::as_str)
    }

    /// The function behind that of the view, for going through them all; `None` is every function.
    pub fn next_function(&self) -> Option<String> {
        match &self.view.function {
            None => self.functions.first().cloned(),
            Some(function) => self.functions.iter().find(|other| *other > function).cloned(),
        }
    }

    /// Those of the lines that are not known and not older than what was dropped, in order.
    fn unknown(&self, mut lines: Vec<LogLine>) -> Vec<Entry> {
        lines.sort_unstable_by(|left, right| (left.at, &left.id).cmp(&(right.at, &right.id)));
        lines.dedup_by(|later, earlier| later.at == earlier.at && later.id == earlier.id);
        let oldest = self.entries.front().filter(|_| self.dropped > 0).map(Entry::key);
        lines.retain(|line| {
            let key = (line.at, line.id.as_str());
            oldest.is_none_or(|oldest| key > oldest)
                && self.entries.binary_search_by(|known| known.key().cmp(&key)).is_err()
                && !self.is_retold(line)
        });
        lines.into_iter().map(Entry::read).collect()
    }

    /// Forgets all lines; how they are looked at stays.
    pub fn clear(&mut self) {
        let view = std::mem::take(&mut self.view);
        *self = Self::with(self.most_lines, self.most_bytes);
        self.look(|own| *own = view);
        self.to_end();
    }

    /// Whether a line came before, by the other of the two ways that lines come by.
    fn is_retold(&self, line: &LogLine) -> bool {
        let first = self.entries.partition_point(|known| known.line.at < line.at);
        self.entries.range(first..).take_while(|known| known.line.at == line.at).any(|known| known.line.is_retold(line))
    }

    /// The number that a line will have once lines are added.
    fn moved(&self, number: usize, fresh: &[Entry]) -> usize {
        let before = self.entry(number).map(|entry| fresh.partition_point(|new| new.key() < entry.key()));
        number + before.unwrap_or_default()
    }

    /// Puts lines in order among those from a place on; none of them stands before it.
    fn merge(&mut self, at: usize, fresh: Vec<Entry>) {
        let later = self.entries.split_off(at.min(self.entries.len()));
        let mut fresh = fresh.into_iter().peekable();
        for entry in later {
            while let Some(new) = fresh.next_if(|new| new.key() < entry.key()) {
                self.entries.push_back(new);
            }
            self.entries.push_back(entry);
        }
        self.entries.extend(fresh);
    }

    /// Shows the lines of requests of which only now is known that they belong to the execution, and answers the place
    /// of the first. One pass, and only where a request is new.
    fn reveal(&mut self, requests: &HashSet<Request>) -> Option<usize> {
        if requests.is_empty() {
            return None;
        }
        let mut first = None;
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if !entry.shown && entry.request.is_some_and(|request| requests.contains(&request)) {
                judge(entry, &self.sieve, self.needle.as_ref());
                first = first.or(entry.shown.then_some(place));
            }
        }
        first
    }

    /// Finds out which lines name the execution of the scope.
    fn set_scope(&mut self) {
        self.sieve.set_scope(&self.view.scope);
        for entry in &mut self.entries {
            entry.names = self.sieve.is_named_in(&entry.line.message);
            if let Some(request) = entry.request.filter(|_| entry.names) {
                self.sieve.learn(request);
            }
        }
    }

    /// Finds out which lines are shown.
    fn sift(&mut self) {
        for entry in &mut self.entries {
            judge(entry, &self.sieve, self.needle.as_ref());
        }
        self.shown.clear();
        self.found = 0;
        self.histogram = Histogram::default();
        self.show_from(0);
    }

    /// Finds out which of the lines that are shown hold what is searched for.
    fn search(&mut self) {
        self.found = 0;
        for number in &self.shown {
            if let Some(entry) = self.entries.get_mut(number.saturating_sub(self.dropped)) {
                entry.found = self.needle.as_ref().is_some_and(|needle| entry.holds(needle));
                self.found += usize::from(entry.found);
            }
        }
    }

    /// Takes the lines from a place on out of the list of those that are shown.
    fn hide_from(&mut self, place: usize) {
        let first = self.dropped + place;
        while self.shown.back().is_some_and(|number| *number >= first)
            && let Some(number) = self.shown.pop_back()
        {
            self.count_out(number);
        }
    }

    /// Puts them into it; it has none of them.
    fn show_from(&mut self, place: usize) {
        for (offset, entry) in self.entries.range(place.min(self.entries.len())..).enumerate() {
            if entry.shown {
                self.shown.push_back(self.dropped + place + offset);
                self.found += usize::from(entry.found);
                self.histogram.add(entry.line.at, entry.level == Level::Error);
            }
        }
    }

    fn count_out(&mut self, number: usize) {
        let place = number.checked_sub(self.dropped);
        if let Some(entry) = place.and_then(|place| self.entries.get(place)) {
            self.found = self.found.saturating_sub(usize::from(entry.found));
            self.histogram.remove(entry.line.at, entry.level == Level::Error);
        }
    }

    fn drop_oldest(&mut self) {
        while self.entries.len() > self.most_lines || self.bytes > self.most_bytes {
            if self.shown.front() == Some(&self.dropped) {
                self.count_out(self.dropped);
                self.shown.pop_front();
            }
            let Some(entry) = self.entries.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(entry.bytes());
            self.dropped += 1;
        }
        self.mark = self.mark.filter(|number| *number >= self.dropped);
    }

    fn entry(&self, number: usize) -> Option<&Entry> {
        self.entries.get(number.checked_sub(self.dropped)?)
    }

    /// The line at a place among those that are shown.
    pub fn at(&self, position: usize) -> Option<&Entry> {
        self.entry(*self.shown.get(position)?)
    }
}

/// Finds out whether a line is shown, and whether it holds what is searched for.
fn judge(entry: &mut Entry, sieve: &Sieve, needle: Option<&Needle>) {
    entry.shown = sieve.lets_through(entry);
    entry.found = entry.shown && needle.is_some_and(|needle| entry.holds(needle));
}
