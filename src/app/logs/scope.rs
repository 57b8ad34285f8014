//! What the lines that are shown have to do with: anything, an execution, or one of its states.
//!
//! A function's START, END and REPORT name only their request, so a line also belongs to an execution if another line
//! of its request names it.

use std::collections::HashSet;

use super::read::{Entry, Request};
use crate::app::lens::{function_of, named_request};
use crate::app::needle::Needle;
use crate::app::run::Visit;
use crate::facts::Millis;

/// How long after the end of a try its function may still log, in milliseconds: a runtime reports when it is done.
const LATE: Millis = 2_000;

/// Which lines there are at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    #[default]
    All,
    /// Those of the execution of that name.
    Execution(String),
    /// Those of a state of an execution.
    State(StateScope),
}

/// What the lines of a state are known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateScope {
    /// The execution's name.
    pub execution: String,
    /// The state's name.
    pub state: String,
    /// The requests that it is known to have made: all of their lines belong to it.
    pub requests: Vec<String>,
    /// When it did what has no known request, first and last instant: lines of then that belong to the execution
    /// belong to the state.
    pub windows: Vec<(Millis, Millis)>,
    /// The requests that other states are known to have made: none of their lines belongs to it.
    pub others: Vec<String>,
    /// The functions that may have written them; any if there are none.
    pub functions: Vec<String>,
}

impl StateScope {
    /// The scope of visits to a state. Reads the results of its tries, so it is worked out when those change.
    pub fn of<'a>(execution: &str, state: &str, visits: impl IntoIterator<Item = &'a Visit>) -> Self {
        let mut scope = Self { execution: execution.to_owned(), state: state.to_owned(), ..Self::default() };
        for visit in visits {
            scope.visit(visit);
        }
        scope
    }

    /// Knows what other visits did while it did something that no known request tells of.
    pub fn beside<'a>(mut self, others: impl IntoIterator<Item = &'a Visit>) -> Self {
        let windows = joined(self.windows.clone());
        let meets = |visit: &&Visit| {
            // The first window that has not ended before the visit began.
            let next = windows.partition_point(|(_, to)| *to < visit.entered_at);
            windows.get(next).is_some_and(|(from, _)| visit.left_at.is_none_or(|left| left >= *from))
        };
        let has_called = |visit: &&Visit| !visit.attempts.is_empty() && visit.state != self.state;
        let others = others.into_iter().filter(has_called).filter(meets);
        self.others = others.flat_map(|visit| &visit.attempts).filter_map(named_request).collect();
        self
    }

    fn visit(&mut self, visit: &Visit) {
        if visit.attempts.is_empty() {
            self.windows.push((visit.entered_at, visit.left_at.unwrap_or(Millis::MAX)));
        }
        for (index, attempt) in visit.attempts.iter().enumerate() {
            if let Some(function) = function_of(attempt)
                && !self.functions.contains(&function)
            {
                self.functions.push(function);
            }
            if let Some(request) = named_request(attempt) {
                self.requests.push(request);
                continue;
            }
            let late = attempt.ended_at.map_or(Millis::MAX, |ended| ended.saturating_add(LATE));
            let next = visit.attempts.get(index + 1).map_or(Millis::MAX, |next| next.scheduled_at.saturating_sub(1));
            self.windows.push((attempt.scheduled_at, late.min(next)));
        }
    }
}

/// A scope that can be asked of every line.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The execution's name; without one every line is in the scope.
    name: Option<Needle>,
    /// The requests of which a line names the execution.
    naming: HashSet<Request>,
    state: Option<AskedState>,
}

#[derive(Clone, Debug)]
struct AskedState {
    requests: HashSet<Request>,
    others: HashSet<Request>,
    /// In order and apart.
    windows: Vec<(Millis, Millis)>,
    functions: Vec<String>,
}

impl Asked {
    pub(super) fn of(scope: &Scope) -> Self {
        match scope {
            Scope::All => Self::default(),
            Scope::Execution(name) => Self { name: Needle::new(name), ..Self::default() },
            Scope::State(state) => Self {
                name: Needle::new(&state.execution),
                naming: HashSet::new(),
                state: Some(AskedState {
                    requests: state.requests.iter().filter_map(|id| Request::parse(id)).collect(),
                    others: state.others.iter().filter_map(|id| Request::parse(id)).collect(),
                    windows: joined(state.windows.clone()),
                    functions: state.functions.clone(),
                }),
            },
        }
    }

    /// Whether a message names the execution.
    pub(super) fn is_named_in(&self, message: &str) -> bool {
        self.name.as_ref().is_some_and(|name| name.is_word_in(message))
    }

    /// Takes in that a line which names the execution is of a request; whether that is new.
    pub(super) fn learn(&mut self, request: Request) -> bool {
        self.naming.insert(request)
    }

    /// Whether a line is in the scope, as far as is known by now.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        let is_of_execution =
            self.name.is_none() || entry.names || entry.request.is_some_and(|request| self.naming.contains(&request));
        match &self.state {
            None => is_of_execution,
            Some(state) => {
                entry.request.is_some_and(|request| state.requests.contains(&request))
                    || (is_of_execution && state.may_have(entry))
            }
        }
    }
}

impl AskedState {
    fn may_have(&self, entry: &Entry) -> bool {
        let at = entry.line.at;
        let before = self.windows.partition_point(|(from, _)| *from <= at).checked_sub(1);
        let is_in_time = before.and_then(|before| self.windows.get(before)).is_some_and(|(_, to)| at <= *to);
        let is_of_function = || self.functions.iter().any(|function| function == entry.function());
        let is_of_others = entry.request.is_some_and(|request| self.others.contains(&request));
        is_in_time && !is_of_others && (self.functions.is_empty() || is_of_function())
    }
}

/// Windows in order, those that touch made one.
fn joined(mut windows: Vec<(Millis, Millis)>) -> Vec<(Millis, Millis)> {
    windows.sort_unstable();
    let mut apart: Vec<(Millis, Millis)> = Vec::with_capacity(windows.len());
    for (from, to) in windows {
        match apart.last_mut() {
            Some((_, last)) if from <= *last => *last = to.max(*last),
            _ => apart.push((from, to)),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;
    use crate::facts::LogLine;

    const A: &str = "11111111-1111-4111-8111-111111111111";
    const B: &str = "22222222-2222-4222-8222-222222222222";

    /// `at function message`, and whether it is in the scope.
    fn check(scope: &StateScope, lines: &[(&str, bool)]) {
        let asked = Asked::of(&Scope::State(scope.clone()));
        for (line, expected) in lines {
            let mut parts = line.splitn(3, ' ');
            let mut part = || parts.next().unwrap().to_owned();
            let mut entry = Entry::read(LogLine {
                at: part().parse().unwrap(),
                group: format!("/aws/lambda/{}", part()),
                message: part().replace("<A>", A).replace("<B>", B),
                id: String::new(),
                stream: String::new(),
            });
            entry.names = asked.is_named_in(&entry.line.message);
            assert_eq!(asked.has(&entry), *expected, "{line}");
        }
    }

    #[test]
    fn a_state_has_the_lines_of_its_requests_and_of_its_time() {
        let run = run(&format!(
            r#"1<0 ExecutionStarted
            2<0 1000 TaskStateEntered Pay
            3<2 1000 TaskScheduled resource=lambda:invoke parameters={{"FunctionName":"pay"}}
            4<3 1100 TaskFailed error=Busy
            5<4 5000 TaskScheduled resource=lambda:invoke parameters={{"FunctionName":"pay"}}
            6<5 5100 TaskSucceeded output={{"SdkResponseMetadata":{{"RequestId":"{A}"}}}}
            7<6 5100 TaskStateExited Pay
            8<7 6000 WaitStateEntered Rest"#
        ));
        let pay = StateScope::of("run-1", "Pay", run.visits_to("Pay"));
        assert_eq!((&pay.requests, &pay.functions), (&vec![A.to_owned()], &vec!["pay".to_owned()]));
        assert_eq!(pay.windows, [(1_000, 3_100)]);
        check(
            &pay,
            &[
                ("1050 pay RequestId: <B> run-1", true),
                ("1050 pay RequestId: <B> run-2", false),
                ("1050 ship run-1", false),
                ("999 pay run-1", false),
                ("3101 pay run-1", false),
                ("5050 pay START RequestId: <A>", true),
                ("9999 other RequestId: <A>", true),
                ("5050 pay RequestId: <B> run-1", false),
            ],
        );
        // What a request of another state did meanwhile is that state's.
        let meanwhile = StateScope { others: vec![B.to_owned()], ..pay };
        check(&meanwhile, &[("1050 pay RequestId: <B> run-1", false), ("1050 pay run-1", true)]);
        let rest = StateScope::of("run-1", "Rest", run.visits_to("Rest"));
        check(&rest, &[("7000 any run-1", true), ("5999 any run-1", false), ("7000 any run-2", false)]);
        check(&StateScope::of("run-1", "Never", []), &[("7000 any run-1", false)]);
    }

    #[test]
    fn windows_that_touch_are_one() {
        let windows = vec![(5, 9), (1, 3), (2, 4), (9, 9), (20, 25), (21, 22)];
        assert_eq!(joined(windows), [(1, 4), (5, 9), (20, 25)]);
    }
}
