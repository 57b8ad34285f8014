//! Every execution that was seen, with what was read of it: what a query searches and the fleet is counted from.
//!
//! Never asks for anything, never reads a clock, and never grows beyond its bounds: the oldest executions are
//! forgotten, and long before memory is short the texts of the oldest are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use super::fleet::Digest;
use super::query::{Query, Vocabulary};
use super::run::Run;
use crate::facts::{Arn, EventKind, Execution, ExecutionSummary, Millis};

/// The most executions that are kept.
pub const MAX_ENTRIES: usize = 20_000;
/// The most bytes of a text that are kept.
pub const MAX_TEXT: usize = 64 * 1024;
/// The most bytes of all texts together.
const MAX_TEXTS: usize = 128 * 1024 * 1024;
/// The longest order id in bytes; whatever is longer is none.
const MAX_ORDER: usize = 256;
/// So many milliseconds apart, two answers may mean one and the same end: not every answer is as exact.
const SAME_END: Millis = 1_000;

/// What is known of an execution.
#[derive(Clone, Debug)]
pub struct Entry {
    /// As the list has it.
    pub summary: ExecutionSummary,
    /// Its input, JSON text, cut to [`MAX_TEXT`].
    pub input: Option<Arc<str>>,
    /// Its output, JSON text, cut to [`MAX_TEXT`].
    pub output: Option<Arc<str>>,
    /// The error that it ended with.
    pub error: Option<Arc<str>>,
    /// Why, cut to [`MAX_TEXT`].
    pub cause: Option<Arc<str>>,
    /// The order: the input's `orderId`, else the execution's name where that is an order's.
    pub order: Option<String>,
    /// The state whose failure ended it.
    pub failed_state: Option<String>,
    /// The states that it went through or is in, in the order in which they were first entered.
    pub states: Vec<Arc<str>>,
    /// What its history tells, once it was read.
    pub digest: Option<Digest>,
    /// Whether `DescribeExecution` was read since it ended.
    pub has_details: bool,
    /// Whether its details or its history could not be read: they are not asked for again until it changes.
    pub is_unreadable: bool,
    /// As of which list its history was read.
    pub listing: u64,
}

impl Entry {
    /// An execution of which only the list's line is known.
    pub fn of(summary: ExecutionSummary) -> Self {
        Self {
            order: order_of(&summary.name, None),
            summary,
            input: None,
            output: None,
            error: None,
            cause: None,
            failed_state: None,
            states: Vec::new(),
            digest: None,
            has_details: false,
            is_unreadable: false,
            listing: 0,
        }
    }

    /// Takes in a newer line of the list.
    fn note(&mut self, summary: &ExecutionSummary) {
        if !is_same_end(&self.summary, summary) {
            if self.summary.status.is_over() {
                // It was redriven: what was read is of an end that is none any more.
                self.has_details = false;
                if let Some(digest) = &mut self.digest {
                    digest.is_over = false;
                }
            }
            if !summary.status.is_over() {
                (self.output, self.error, self.cause, self.failed_state) = (None, None, None, None);
            }
            self.is_unreadable = false;
        }
        self.summary = summary.clone();
    }

    /// Whether something of a finished execution is still to be read.
    fn wants_details(&self) -> bool {
        let is_read = self.has_details && self.digest.as_ref().is_some_and(|digest| digest.is_over);
        self.summary.status.is_over() && !self.is_unreadable && !is_read
    }

    /// Bytes of its texts.
    fn weight(&self) -> usize {
        let texts = [&self.input, &self.output, &self.error, &self.cause];
        texts.into_iter().flatten().map(|text| text.len()).sum()
    }

    /// Drops the texts that may be long, and answers how many bytes that were.
    fn lighten(&mut self) -> usize {
        let before = self.weight();
        (self.input, self.output, self.cause) = (None, None, None);
        before - self.weight()
    }
}

/// Whether two lines of lists tell of the same end, or of none.
fn is_same_end(one: &ExecutionSummary, other: &ExecutionSummary) -> bool {
    one.status == other.status
        && match (one.stopped_at, other.stopped_at) {
            (Some(one), Some(other)) => one.abs_diff(other) < SAME_END.unsigned_abs(),
            (one, other) => one.is_some() == other.is_some(),
        }
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Index {
    /// How many lists were taken in.
    listing: u64,
    /// By start, and by ARN where several started at once.
    entries: BTreeMap<(Millis, Arn), Entry>,
    /// When each started.
    starts: HashMap<Arn, Millis>,
    /// Bytes of all texts.
    weight: usize,
    max_entries: usize,
    max_weight: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self::bounded(MAX_ENTRIES, MAX_TEXTS)
    }
}

impl Index {
    fn bounded(max_entries: usize, max_weight: usize) -> Self {
        Self { listing: 0, entries: BTreeMap::new(), starts: HashMap::new(), weight: 0, max_entries, max_weight }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none was seen.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// An execution.
    pub fn get(&self, arn: &Arn) -> Option<&Entry> {
        let start = self.starts.get(arn)?;
        self.entries.get(&(*start, arn.clone()))
    }

    /// All, newest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().rev()
    }

    /// Those that a query means, newest first.
    pub fn matching(&self, query: &Query, now: Millis) -> Vec<&Entry> {
        self.entries().filter(|entry| query.matches(entry, now)).collect()
    }

    /// Finished ones whose details or history were not read to their end, newest first, so many at the most; and those
    /// that run and were not read since the last list, if they are meant as well.
    pub fn wanting_details(&self, most: usize, with_running: bool) -> Vec<Arn> {
        let runs =
            |entry: &Entry| !entry.summary.status.is_over() && !entry.is_unreadable && entry.listing < self.listing;
        let wanting = self.entries().filter(|entry| entry.wants_details() || (with_running && runs(entry)));
        wanting.take(most).map(|entry| entry.summary.arn.clone()).collect()
    }

    /// The names that a query line can be completed with. It goes through all executions: ask once for a line, not for
    /// every key.
    pub fn vocabulary(&self) -> Vocabulary {
        let mut states: BTreeSet<&str> = BTreeSet::new();
        let mut errors: BTreeSet<&str> = BTreeSet::new();
        for entry in self.entries.values() {
            states.extend(entry.states.iter().map(|state| &**state));
            errors.extend(entry.error.as_deref());
        }
        Vocabulary {
            states: states.into_iter().map(ToOwned::to_owned).collect(),
            errors: errors.into_iter().map(ToOwned::to_owned).collect(),
        }
    }

    /// Takes in lines of a list.
    pub fn note_summaries(&mut self, summaries: &[ExecutionSummary]) {
        self.listing += 1;
        for summary in summaries {
            self.note_summary(summary);
        }
    }

    /// Takes in what `DescribeExecution` told.
    pub fn note_execution(&mut self, execution: &Execution) {
        let summary = &execution.summary;
        self.note_summary(summary);
        let input = execution.input.as_deref();
        self.change(&summary.arn, |entry| {
            if input.is_some() {
                entry.order = order_of(&summary.name, input);
                entry.input = input.map(kept);
            }
            entry.output = execution.output.as_deref().map(kept);
            entry.error = execution.error.as_deref().map(kept);
            entry.cause = execution.cause.as_deref().map(kept);
            entry.has_details = summary.status.is_over();
        });
    }

    /// Takes in a history, as far as it was read. Of an execution that was in no list nothing is kept.
    pub fn note_run(&mut self, arn: &Arn, run: &Run) {
        if !self.starts.contains_key(arn) {
            return;
        }
        let digest = Digest::of(run);
        let listing = self.listing;
        let start = run.events.iter().find(|event| event.kind == EventKind::ExecutionStarted);
        let input = start.and_then(|event| event.input.as_deref());
        let end = run.events.last().filter(|_| digest.is_over);
        self.change(arn, |entry| {
            if entry.input.is_none() && input.is_some() {
                entry.order = order_of(&entry.summary.name, input);
                entry.input = input.map(kept);
            }
            if let Some(end) = end {
                entry.output = end.output.as_deref().map(kept).or(entry.output.take());
                entry.error = end.error.as_deref().map(kept).or(entry.error.take());
                entry.cause = end.cause.as_deref().map(kept).or(entry.cause.take());
            }
            entry.states = digest.passages.iter().map(|passage| Arc::clone(&passage.state)).collect();
            let failed_state = digest.failure.as_ref().and_then(|failure| failure.state.as_deref());
            entry.failed_state = failed_state.map(ToOwned::to_owned);
            entry.digest = Some(digest);
            entry.listing = listing;
        });
    }

    /// Takes in that the details or the history of an execution cannot be read, so that they are not asked for forever.
    pub fn note_unreadable(&mut self, arn: &Arn) {
        self.change(arn, |entry| entry.is_unreadable = true);
    }

    fn note_summary(&mut self, summary: &ExecutionSummary) {
        if self.get(&summary.arn).is_some_and(|entry| entry.summary == *summary) {
            return;
        }
        let key = (summary.started_at, summary.arn.clone());
        let start = self.starts.insert(summary.arn.clone(), summary.started_at);
        if let Some(start) = start.filter(|start| *start != summary.started_at)
            && let Some(entry) = self.entries.remove(&(start, summary.arn.clone()))
        {
            self.entries.insert(key.clone(), entry);
        }
        self.entries.entry(key).or_insert_with(|| Entry::of(summary.clone()));
        self.change(&summary.arn, |entry| entry.note(summary));
    }

    fn change(&mut self, arn: &Arn, change: impl FnOnce(&mut Entry)) {
        let Some(start) = self.starts.get(arn).copied() else { return };
        let Some(entry) = self.entries.get_mut(&(start, arn.clone())) else { return };
        let before = entry.weight();
        change(entry);
        self.weight = (self.weight + entry.weight()).saturating_sub(before);
        self.bound();
    }

    fn bound(&mut self) {
        while self.entries.len() > self.max_entries
            && let Some(((_, arn), entry)) = self.entries.pop_first()
        {
            self.starts.remove(&arn);
            self.weight = self.weight.saturating_sub(entry.weight());
        }
        if self.weight <= self.max_weight {
            return;
        }
        // Some room is made, so that not every new text makes the whole index be gone through.
        let wanted = self.max_weight - self.max_weight / 8;
        for entry in self.entries.values_mut() {
            if self.weight <= wanted {
                break;
            }
            self.weight = self.weight.saturating_sub(entry.lighten());
        }
    }
}

/// The text, cut to its bound.
fn kept(text: &str) -> Arc<str> {
    let end = text.floor_char_boundary(MAX_TEXT);
    Arc::from(text.get(..end).unwrap_or_default())
}

/// The order of an execution of this name and input.
fn order_of(name: &str, input: Option<&str>) -> Option<String> {
    #[derive(Deserialize)]
    struct Ordered {
        #[serde(rename = "orderId")]
        order_id: String,
    }
    // An input that is no object, or has no such text, is not an order's.
    let ordered: Option<Ordered> =
        input.filter(|input| input.trim_start().starts_with('{')).and_then(|input| serde_json::from_str(input).ok());
    ordered
        .map(|ordered| ordered.order_id)
        .filter(|id| !id.is_empty() && id.len() <= MAX_ORDER)
        .or_else(|| name.starts_with("ord-").then(|| name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;
    use crate::facts::ExecutionStatus;

    const FAILING: &str = r#"
        1<0 ExecutionStarted | input {"orderId":"ord-9"}
        2<0 TaskStateEntered Pay
        3<2 TaskScheduled
        4<3 TaskFailed | error Declined | cause no funds
        5<4 TaskStateExited Pay
        6<5 FailStateEntered Failed
        7<6 ExecutionFailed | error Declined | cause no funds"#;

    fn arn(name: &str) -> Arn {
        Arn(format!("arn:aws:states:eu-west-1:123456789012:execution:M:{name}"))
    }

    fn summary(name: &str, started_at: Millis, status: ExecutionStatus) -> ExecutionSummary {
        let stopped_at = status.is_over().then_some(started_at + 100);
        ExecutionSummary { arn: arn(name), name: name.to_owned(), status, started_at, stopped_at, through: None }
    }

    fn described(summary: ExecutionSummary, input: &str) -> Execution {
        Execution {
            summary,
            machine: Arn("m".into()),
            input: Some(input.to_owned()),
            output: Some("{}".into()),
            error: None,
            cause: None,
        }
    }

    fn names(index: &Index) -> Vec<&str> {
        index.entries().map(|entry| entry.summary.name.as_str()).collect()
    }

    #[test]
    fn the_newest_come_first_and_the_oldest_are_forgotten() {
        use ExecutionStatus as S;
        let mut index = Index::bounded(3, 1_000);
        for (name, started_at) in [("b", 20), ("a", 10), ("d", 40), ("c", 30), ("too-old", 5)] {
            index.note_summaries(&[summary(name, started_at, S::Running)]);
        }
        assert_eq!(names(&index), ["d", "c", "b"]);
        assert_eq!((index.len(), index.get(&arn("a")).is_some()), (3, false));
        // A later answer may know the start better.
        index.note_summaries(&[summary("b", 50, S::Running)]);
        assert_eq!(names(&index), ["b", "d", "c"]);
        assert!(index.get(&arn("b")).is_some());
    }

    #[test]
    fn the_order_comes_from_the_input_or_the_name() {
        let cases = [
            ("ord-1", r#"{"orderId":"mine","lines":[{}]}"#, Some("mine")),
            ("ord-1", r#"{"orderId":7}"#, Some("ord-1")),
            ("ord-1", r#"{"orderId":""}"#, Some("ord-1")),
            ("ord-1", "[1, 2", Some("ord-1")),
            ("odd", r#"{"total":5}"#, None),
            ("odd", r#"["ord-1"]"#, None),
        ];
        for (name, input, expected) in cases {
            let mut index = Index::default();
            index.note_execution(&described(summary(name, 10, ExecutionStatus::Succeeded), input));
            assert_eq!(index.get(&arn(name)).unwrap().order.as_deref(), expected, "{name} {input}");
        }
    }

    #[test]
    fn a_history_tells_what_the_list_does_not() {
        let mut index = Index::default();
        index.note_run(&arn("unknown"), &run(FAILING));
        assert!(index.is_empty());
        index.note_summaries(&[summary("x", 10, ExecutionStatus::Failed)]);
        index.note_run(&arn("x"), &run(FAILING));
        let entry = index.get(&arn("x")).unwrap();
        assert_eq!(entry.order.as_deref(), Some("ord-9"));
        assert_eq!(entry.failed_state.as_deref(), Some("Pay"));
        assert_eq!((entry.error.as_deref(), entry.cause.as_deref()), (Some("Declined"), Some("no funds")));
        let states: Vec<&str> = entry.states.iter().map(|state| &**state).collect();
        assert_eq!(states, ["Pay", "Failed"]);
        assert_eq!(index.vocabulary().states, ["Failed", "Pay"]);
        assert_eq!(index.vocabulary().errors, ["Declined"]);
    }

    #[test]
    fn what_is_over_and_not_read_is_wanted_newest_first() {
        use ExecutionStatus as S;
        let mut index = Index::default();
        let lines = [summary("a", 10, S::Failed), summary("b", 20, S::Running), summary("c", 30, S::Succeeded)];
        index.note_summaries(&lines);
        assert_eq!(index.wanting_details(9, false), [arn("c"), arn("a")]);
        // What runs is read once for each list, where that matters.
        assert_eq!(index.wanting_details(9, true), [arn("c"), arn("b"), arn("a")]);
        index.note_run(&arn("b"), &run("1<0 ExecutionStarted\n2<0 TaskStateEntered Pay"));
        assert_eq!(index.wanting_details(9, true), [arn("c"), arn("a")]);
        index.note_summaries(&lines);
        assert_eq!(index.wanting_details(9, true), [arn("c"), arn("b"), arn("a")]);
        assert_eq!(index.wanting_details(1, false), [arn("c")]);
        index.note_unreadable(&arn("c"));
        index.note_execution(&described(lines[0].clone(), "{}"));
        assert_eq!(index.wanting_details(9, false), [arn("a")], "its history is missing");
        index.note_run(&arn("a"), &run(FAILING));
        index.note_summaries(&lines);
        assert_eq!(index.wanting_details(9, false), [] as [Arn; 0]);
    }

    #[test]
    fn what_was_described_while_it_ran_is_described_again_when_it_is_over() {
        let mut index = Index::default();
        index.note_execution(&described(summary("a", 10, ExecutionStatus::Running), "{}"));
        index.note_run(&arn("a"), &run(FAILING));
        assert_eq!(index.wanting_details(9, false), [] as [Arn; 0]);
        index.note_summaries(&[summary("a", 10, ExecutionStatus::Failed)]);
        assert_eq!(index.wanting_details(9, false), [arn("a")]);
    }

    #[test]
    fn a_redriven_execution_is_read_again() {
        let failed = summary("a", 10, ExecutionStatus::Failed);
        let read = || {
            let mut index = Index::default();
            index.note_execution(&described(failed.clone(), "{}"));
            index.note_run(&arn("a"), &run(FAILING));
            index
        };
        // A list may round the time.
        let mut index = read();
        index.note_summaries(&[ExecutionSummary { stopped_at: Some(1), ..failed.clone() }]);
        assert_eq!(index.wanting_details(9, false), [] as [Arn; 0]);
        // It ended again, and nobody saw it run.
        let mut index = read();
        index.note_summaries(&[ExecutionSummary { stopped_at: Some(90_000), ..failed.clone() }]);
        assert_eq!(index.wanting_details(9, false), [arn("a")]);
        // It runs again: no error of before shows.
        let mut index = read();
        index.note_summaries(&[summary("a", 10, ExecutionStatus::Running)]);
        let entry = index.get(&arn("a")).unwrap();
        assert_eq!((entry.error.as_deref(), entry.failed_state.as_deref()), (None, None));
        index.note_summaries(std::slice::from_ref(&failed));
        assert_eq!(index.wanting_details(9, false), [arn("a")]);
    }

    #[test]
    fn texts_are_cut_and_those_of_the_oldest_are_dropped() {
        let long = "ü".repeat(MAX_TEXT);
        let mut index = Index::default();
        index.note_execution(&described(summary("a", 10, ExecutionStatus::Succeeded), &long));
        assert_eq!(index.get(&arn("a")).unwrap().input.as_ref().unwrap().len(), MAX_TEXT);

        let mut index = Index::bounded(100, 80);
        for started_at in 0..10 {
            let name = format!("e{started_at}");
            index.note_execution(&described(summary(&name, started_at, ExecutionStatus::Succeeded), "0123456789"));
        }
        let with_input: Vec<bool> = index.entries().map(|entry| entry.input.is_some()).collect();
        assert_eq!(with_input.iter().filter(|has| **has).count(), 6, "{with_input:?}");
        assert!(with_input[..6].iter().all(|has| *has), "the newest keep theirs");
        assert_eq!(index.len(), 10);
    }
}
