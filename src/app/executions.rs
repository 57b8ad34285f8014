//! The list of executions as it is shown: what the cloud listed, or what the query means; which row is chosen, and
//! which are marked.
//!
//! It asks for nothing and follows nothing: whoever moves the choice decides what that leads to. Rows are made when
//! something changed ([`ExecutionsList::refresh`]), never for a picture.

use std::sync::Arc;

use super::index::{Entry, Index};
use super::query::Query;
use crate::facts::{Arn, ExecutionSummary, Millis};

/// From so many rows on a list's columns have a head, and what is wrong with a query has a row of its own.
pub const ROOMY: u16 = 6;

/// What the list is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// Executions as the cloud listed them, newest first.
    pub executions: &'a [ExecutionSummary],
    /// Whether they were read at least once.
    pub is_loaded: bool,
    /// All that was seen of executions.
    pub index: &'a Index,
    /// Which are meant; an empty one means those that the cloud listed.
    pub query: &'a Query,
    /// The query as it was typed.
    pub text: &'a str,
    /// The time that the query measures from.
    pub now: Millis,
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The execution, as it was listed.
    pub summary: ExecutionSummary,
    /// The order that it handles.
    pub order: Option<String>,
    /// The state that it failed in or, while it runs, the one that it entered last of those that it is in.
    pub state: Option<Arc<str>>,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The query as it was typed.
    pub text: String,
    /// What in it does not read first.
    pub problem: Option<String>,
}

/// The list of executions.
#[derive(Clone, Debug, Default)]
pub struct ExecutionsList {
    rows: Vec<Row>,
    asked: Option<Asked>,
    is_loaded: bool,
    chosen: Option<Arn>,
    /// The row of the chosen one, if it is listed.
    place: Option<usize>,
    /// The row that the chosen one had when it was listed last.
    last_place: usize,
    /// In the order in which they were marked.
    marks: Vec<Arn>,
    /// The row that was shown first as it was last drawn.
    top: usize,
}

impl ExecutionsList {
    /// The row that was shown first as it was last drawn.
    pub fn top(&self) -> usize {
        self.top
    }

    /// It was drawn from this row on.
    pub fn drawn_from(&mut self, top: usize) {
        self.top = top;
    }

    /// The rows, newest first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The query, if one is set.
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Whether executions were listed at least once.
    pub fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// The chosen execution. It may be one that is not listed.
    pub fn chosen(&self) -> Option<&Arn> {
        self.chosen.as_ref()
    }

    /// The row of the chosen execution, if it is listed.
    pub fn place(&self) -> Option<usize> {
        self.place
    }

    /// The marked executions, in the order in which they were marked. They need not be listed.
    pub fn marked(&self) -> &[Arn] {
        &self.marks
    }

    /// Whether an execution is marked.
    pub fn is_marked(&self, arn: &Arn) -> bool {
        self.marks.contains(arn)
    }

    /// The two to compare: those that are marked, or the only marked one and the chosen one.
    pub fn pair(&self) -> Option<[&Arn; 2]> {
        match self.marks.as_slice() {
            [one, other] => Some([one, other]),
            [one] => self.chosen.as_ref().filter(|chosen| *chosen != one).map(|chosen| [one, chosen]),
            _ => None,
        }
    }

    /// Makes the rows anew. The choice stays with its execution, and so do marks, until nothing is known of it any
    /// more.
    pub fn refresh(&mut self, sources: Sources<'_>) {
        let Sources { executions, is_loaded, index, query, text, now } = sources;
        self.is_loaded = is_loaded;
        self.asked = (!text.trim().is_empty()).then(|| Asked {
            text: text.trim().to_owned(),
            problem: query.problems.first().map(|problem| problem.sentence.clone()),
        });
        self.rows = if query.is_empty() {
            executions.iter().map(|summary| Row::of(summary, index.get(&summary.arn))).collect()
        } else {
            index.matching(query, now).into_iter().map(|entry| Row::of(&entry.summary, Some(entry))).collect()
        };
        let is_listed = |arn: &Arn| executions.iter().any(|execution| execution.arn == *arn);
        self.marks.retain(|arn| index.get(arn).is_some() || is_listed(arn));
        self.find_chosen();
    }

    /// Chooses so many rows further down, or up; `isize::MIN` and `isize::MAX` lead to the first and the last. Whether
    /// that is another execution.
    ///
    /// From a chosen one that is not listed, the first step leads to where it was.
    pub fn move_by(&mut self, by: isize) -> bool {
        let Some(most) = self.rows.len().checked_sub(1) else { return false };
        let to = match self.place {
            Some(place) => place.saturating_add_signed(by),
            None => self.last_place.saturating_add_signed(by - by.signum()),
        };
        self.choose_row(to.min(most))
    }

    /// Chooses the execution of a row, if there is such a row. Whether that is another execution.
    pub fn choose_row(&mut self, row: usize) -> bool {
        let Some(arn) = self.rows.get(row).map(|row| row.summary.arn.clone()) else { return false };
        self.choose(&arn)
    }

    /// Chooses an execution, listed or not. Whether that is another one.
    pub fn choose(&mut self, arn: &Arn) -> bool {
        let is_other = self.chosen.as_ref() != Some(arn);
        self.chosen = Some(arn.clone());
        self.find_chosen();
        is_other
    }

    /// Marks the chosen row, or takes its mark away.
    pub fn toggle_mark(&mut self) {
        let Some(row) = self.place.and_then(|place| self.rows.get(place)) else { return };
        let arn = &row.summary.arn;
        match self.marks.iter().position(|marked| marked == arn) {
            Some(at) => {
                self.marks.remove(at);
            }
            None => self.marks.push(arn.clone()),
        }
    }

    /// Takes all marks away. Whether there were any.
    pub fn clear_marks(&mut self) -> bool {
        let had_any = !self.marks.is_empty();
        self.marks.clear();
        had_any
    }

    fn find_chosen(&mut self) {
        self.place = self.chosen.as_ref().and_then(|arn| self.rows.iter().position(|row| row.summary.arn == *arn));
        self.last_place = self.place.unwrap_or(self.last_place);
    }
}

impl Row {
    fn of(summary: &ExecutionSummary, entry: Option<&Entry>) -> Self {
        let state = entry.and_then(|entry| {
            if summary.status.is_over() {
                entry.failed_state.as_deref().map(Arc::<str>::from)
            } else {
                entry.digest.as_ref()?.current.last().map(Arc::clone)
            }
        });
        Self { summary: summary.clone(), order: entry.and_then(|entry| entry.order.clone()), state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;
    use crate::facts::ExecutionStatus;

    const NOW: Millis = 1_000_000;

    fn arn(name: &str) -> Arn {
        Arn(format!("arn:aws:states:eu-west-1:123456789012:execution:M:{name}"))
    }

    fn summary(name: &str, started_at: Millis, status: ExecutionStatus) -> ExecutionSummary {
        let stopped_at = status.is_over().then_some(started_at + 100);
        ExecutionSummary { arn: arn(name), name: name.to_owned(), status, started_at, stopped_at, through: None }
    }

    /// What the cloud lists, all that was ever seen, and the list.
    struct Seen {
        executions: Vec<ExecutionSummary>,
        index: Index,
        list: ExecutionsList,
    }

    impl Seen {
        /// Lists executions, the newest first, and older ones were seen before.
        fn of(names: &[&str], older: &[&str]) -> Self {
            let all = names.iter().chain(older).enumerate();
            let all: Vec<ExecutionSummary> = all
                .map(|(age, name)| summary(name, 1_000 - Millis::try_from(age).unwrap(), ExecutionStatus::Running))
                .collect();
            let mut index = Index::default();
            index.note_summaries(&all);
            let executions = all[..names.len()].to_vec();
            let mut seen = Self { executions, index, list: ExecutionsList::default() };
            seen.ask("");
            seen
        }

        fn ask(&mut self, text: &str) {
            let query = Query::parse(text);
            let Self { executions, index, list } = self;
            list.refresh(Sources { executions, is_loaded: true, index, query: &query, text, now: NOW });
        }

        fn names(&self) -> Vec<&str> {
            self.list.rows().iter().map(|row| row.summary.name.as_str()).collect()
        }

        fn chosen(&self) -> (Option<&str>, Option<usize>) {
            (self.list.chosen().map(Arn::name), self.list.place())
        }
    }

    #[test]
    fn without_a_query_it_is_what_was_listed_with_one_all_that_is_meant() {
        // The query, the names, and whether a problem is told.
        let cases: [(&str, &[&str], bool); 6] = [
            ("", &["ord-3", "b", "ord-1"], false),
            ("  ", &["ord-3", "b", "ord-1"], false),
            ("name:ord", &["ord-3", "ord-1", "ord-0"], false),
            ("order:ord-0", &["ord-0"], false),
            ("name:ord colour:blue", &["ord-3", "ord-1", "ord-0"], true),
            ("colour:blue", &["ord-3", "b", "ord-1"], true),
        ];
        let mut seen = Seen::of(&["ord-3", "b", "ord-1"], &["ord-0", "a"]);
        for (text, expected, has_problem) in cases {
            seen.ask(text);
            assert_eq!(seen.names(), expected, "{text}");
            assert_eq!(seen.list.asked().is_some(), !text.trim().is_empty(), "{text}");
            let problem = seen.list.asked().and_then(|asked| asked.problem.as_deref());
            assert_eq!(problem.is_some(), has_problem, "{text}");
        }
    }

    #[test]
    fn the_choice_moves_and_stops_at_the_ends() {
        let mut seen = Seen::of(&["d", "c", "b", "a"], &[]);
        assert_eq!(seen.chosen(), (None, None));
        let cases = [
            (1, true, "d"),
            (1, true, "c"),
            (isize::MAX, true, "a"),
            (1, false, "a"),
            (-2, true, "c"),
            (isize::MIN, true, "d"),
            (-1, false, "d"),
        ];
        for (by, is_other, expected) in cases {
            assert_eq!((seen.list.move_by(by), seen.chosen().0), (is_other, Some(expected)), "{by}");
        }
        let mut empty = ExecutionsList::default();
        assert!(!empty.move_by(1) && !empty.choose_row(0));
    }

    #[test]
    fn the_choice_stays_with_its_execution() {
        let mut seen = Seen::of(&["d", "c", "b"], &["a"]);
        assert!(seen.list.choose(&arn("c")));
        assert_eq!(seen.chosen(), (Some("c"), Some(1)));
        // A newer one comes in.
        seen.executions.insert(0, summary("e", 2_000, ExecutionStatus::Running));
        seen.ask("");
        assert_eq!(seen.chosen(), (Some("c"), Some(2)));
        // It is not among those that are meant; what is looked at stays, and moving goes on near where it was.
        seen.index.note_summaries(&seen.executions);
        seen.ask("!name:c");
        assert_eq!(seen.names(), ["e", "d", "b", "a"]);
        assert_eq!(seen.chosen(), (Some("c"), None));
        seen.ask("");
        assert_eq!(seen.chosen(), (Some("c"), Some(2)));
        seen.ask("!name:c");
        assert!(seen.list.move_by(1));
        assert_eq!(seen.chosen(), (Some("b"), Some(2)));
        // One that is in no row.
        assert!(seen.list.choose(&arn("z")));
        assert!(!seen.list.choose(&arn("z")));
        assert_eq!(seen.chosen(), (Some("z"), None));
        assert!(seen.list.move_by(isize::MAX));
        assert_eq!(seen.chosen(), (Some("a"), Some(3)));
    }

    #[test]
    fn marks_stay_in_their_order_and_make_a_pair() {
        let mut seen = Seen::of(&["c", "b", "a"], &[]);
        let pair = |list: &ExecutionsList| list.pair().map(|pair| pair.map(|arn| arn.name().to_owned()));
        let two = |one: &str, other: &str| Some([one.to_owned(), other.to_owned()]);
        seen.list.toggle_mark();
        assert!(seen.list.marked().is_empty(), "nothing is chosen");
        seen.list.choose(&arn("a"));
        seen.list.toggle_mark();
        assert_eq!(pair(&seen.list), None, "it is the chosen one itself");
        seen.list.choose(&arn("c"));
        assert_eq!(pair(&seen.list), two("a", "c"));
        seen.list.choose(&arn("b"));
        seen.list.toggle_mark();
        seen.list.choose(&arn("c"));
        assert_eq!(pair(&seen.list), two("a", "b"));
        seen.list.toggle_mark();
        assert_eq!(pair(&seen.list), None, "three are no pair");
        seen.list.toggle_mark();
        // What is not listed keeps its mark, and loses it when it was forgotten.
        seen.ask("name:c");
        assert_eq!(seen.list.marked(), [arn("a"), arn("b")]);
        assert!(seen.list.is_marked(&arn("b")) && !seen.list.is_marked(&arn("c")));
        (seen.index, seen.executions) = (Index::default(), vec![summary("b", 7, ExecutionStatus::Failed)]);
        seen.ask("");
        assert_eq!(seen.list.marked(), [arn("b")]);
        assert!(seen.list.clear_marks() && !seen.list.clear_marks());
    }

    #[test]
    fn a_row_tells_the_state_that_matters() {
        use ExecutionStatus as S;
        let running = "1<0 ExecutionStarted\n2<0 PassStateEntered A\n3<2 PassStateExited A\n4<3 TaskStateEntered Pay";
        let failing = format!("{running}\n5<4 TaskScheduled\n6<5 TaskFailed | error Boom");
        let failed = format!("{failing}\n7<6 ExecutionFailed | error Boom");
        let paid = format!("{running}\n5<4 TaskStateExited Pay\n6<5 ExecutionSucceeded");
        let cases = [
            (S::Running, running, Some("Pay")),
            (S::Failed, failed.as_str(), Some("Pay")),
            (S::Succeeded, paid.as_str(), None),
            // The list knows already that it is over.
            (S::Succeeded, running, None),
            (S::Running, "", None),
        ];
        for (status, script, expected) in cases {
            let executions = [summary("ord-1", 10, status)];
            let mut index = Index::default();
            index.note_summaries(&executions);
            if !script.is_empty() {
                index.note_run(&arn("ord-1"), &run(script));
            }
            let query = Query::default();
            let mut list = ExecutionsList::default();
            list.refresh(Sources {
                executions: &executions,
                is_loaded: true,
                index: &index,
                query: &query,
                text: "",
                now: NOW,
            });
            assert_eq!(list.rows()[0].state.as_deref(), expected, "{status:?} {script}");
            assert_eq!(list.rows()[0].order.as_deref(), Some("ord-1"));
        }
    }
}
