//! Two runs side by side: where they part, how each state went in both, and what is different in their data.
//!
//! Values in, values out. It reads no clock: what still runs is taken to last until the last event that is known.
//! However large the data is, the differences are bounded.

use std::collections::{HashMap, HashSet};

use serde_json::{Number, Value};

use super::run::{Run, Visit, VisitStatus};
use crate::facts::{EventKind, Millis};

/// The most differences of two JSON values that are listed.
pub const MAX_DIFFERENCES: usize = 200;
/// How deep values are compared part by part; what is deeper is compared as a whole.
const MAX_DEPTH: usize = 64;
/// The most characters of a value or a path that are shown.
const MAX_SHOWN: usize = 400;

/// What is different in two runs, and what is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Where they part first, if they do.
    pub divergence: Option<Divergence>,
    /// Every state that either entered, in the order of the first time.
    pub states: Vec<Row>,
    /// Between what they were started with.
    pub input: Differences,
    /// Between what came out of them.
    pub output: Differences,
}

/// The first step that is not the same in both.
///
/// Steps are visits in the order in which they were entered, those inside of a Map or Parallel before their container:
/// what went differently inside is why it did outside. Map iterations come by their numbers, whichever was faster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Which, from 0.
    pub step: usize,
    /// What the left run did; `None` where it had no more steps.
    pub left: Option<Step>,
    /// What the right run did; `None` where it had no more steps.
    pub right: Option<Step>,
}

/// A visit, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The state's name.
    pub state: String,
    /// The Map iteration that it belongs to.
    pub iteration: Option<usize>,
    /// How it went.
    pub status: VisitStatus,
    /// The error, if there was one.
    pub error: Option<String>,
}

/// A state in both runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub state: String,
    /// In the left run; `None` where that did not enter it.
    pub left: Option<Side>,
    /// In the right run; `None` where that did not enter it.
    pub right: Option<Side>,
    /// Between the inputs of the last visits; empty where a run did not enter it.
    pub input: Differences,
    /// Between their outputs; empty where a run did not enter it.
    pub output: Differences,
}

/// A state in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// How often it was entered.
    pub visits: usize,
    /// Where it stands over all visits.
    pub status: VisitStatus,
    /// How long all visits took together, in milliseconds.
    pub duration: Millis,
    /// Tries of its task over all visits.
    pub attempts: usize,
    /// The error of the last visit that had one.
    pub error: Option<String>,
}

/// What is different in two JSON values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// In the order of the left value, at most [`MAX_DIFFERENCES`].
    pub found: Vec<Difference>,
    /// Whether there are more, or finer ones than are told.
    pub is_cut: bool,
}

/// A place where two JSON values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A JSONPath: `$.lines[0].sku`.
    pub path: String,
    /// What is there in the left value, as JSON; `None` where nothing is.
    pub left: Option<String>,
    /// What is there in the right value, as JSON; `None` where nothing is.
    pub right: Option<String>,
}

/// Compares two runs, as far as they are known.
pub fn compare(left: &Run, right: &Run) -> Comparison {
    let states = states(left, right);
    Comparison {
        divergence: divergence(left, right, &states),
        states: states.iter().map(|state| row(state, left, right)).collect(),
        input: text_differences(input(left), input(right)),
        output: text_differences(output(left), output(right)),
    }
}

/// Compares two JSON values. Strings that both hold a JSON object or array are compared as such; numbers by value.
pub fn json_differences(left: &Value, right: &Value) -> Differences {
    let mut finder = Finder { path: "$".to_owned(), differences: Differences::default() };
    finder.compare(left, right, 0);
    finder.differences
}

/// The states of both runs, in the order of the first time that either entered them.
fn states<'a>(left: &'a Run, right: &'a Run) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    let mut states = Vec::new();
    for step in 0..left.visits.len().max(right.visits.len()) {
        for visit in [left.visits.get(step), right.visits.get(step)].into_iter().flatten() {
            if seen.insert(visit.state.as_str()) {
                states.push(visit.state.as_str());
            }
        }
    }
    states
}

fn divergence(left: &Run, right: &Run, states: &[&str]) -> Option<Divergence> {
    let ranks: HashMap<&str, usize> = states.iter().enumerate().map(|(rank, state)| (*state, rank)).collect();
    let (left, right) = (steps(left, &ranks), steps(right, &ranks));
    let step = (0..left.len().max(right.len())).find(|step| step_at(&left, *step) != step_at(&right, *step))?;
    Some(Divergence { step, left: step_at(&left, step), right: step_at(&right, step) })
}

fn step_at(steps: &[&Visit], step: usize) -> Option<Step> {
    steps.get(step).map(|visit| Step::of(visit))
}

/// The visits in an order that does not depend on which of several things at once was faster.
fn steps<'a>(run: &'a Run, ranks: &HashMap<&str, usize>) -> Vec<&'a Visit> {
    let mut inside: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (index, visit) in run.visits.iter().enumerate() {
        inside.entry(visit.parent).or_default().push(index);
    }
    for (container, visits) in &mut inside {
        if container.is_some() {
            // Branches of a Parallel carry no number: their states come in the order of both runs together. What is of
            // one iteration, or of one state, stays as it was entered.
            visits.sort_by_key(|index| match run.visits.get(*index) {
                Some(Visit { iteration: Some(iteration), .. }) => *iteration,
                visit => visit.and_then(|visit| ranks.get(visit.state.as_str())).copied().unwrap_or_default(),
            });
        }
    }
    let mut steps = Vec::with_capacity(run.visits.len());
    let mut ahead: Vec<usize> = inside.remove(&None::<usize>).unwrap_or_default();
    ahead.reverse();
    while let Some(index) = ahead.pop() {
        match inside.remove(&Some(index)) {
            // The container comes again once all inside of it has come.
            Some(visits) => {
                ahead.push(index);
                ahead.extend(visits.into_iter().rev());
            }
            None => steps.extend(run.visits.get(index)),
        }
    }
    steps
}

impl Step {
    fn of(visit: &Visit) -> Self {
        Self {
            state: visit.state.clone(),
            iteration: visit.iteration,
            status: visit.status,
            error: visit.error.clone(),
        }
    }
}

fn row(state: &str, left: &Run, right: &Run) -> Row {
    let (mut input, mut output) = (Differences::default(), Differences::default());
    if let (Some(left), Some(right)) = (left.visits_to(state).next_back(), right.visits_to(state).next_back()) {
        input = text_differences(left.input.as_deref(), right.input.as_deref());
        output = text_differences(left.output.as_deref(), right.output.as_deref());
    }
    Row { state: state.to_owned(), left: Side::of(left, state), right: Side::of(right, state), input, output }
}

impl Side {
    fn of(run: &Run, state: &str) -> Option<Self> {
        let status = run.status_of(state)?;
        let known_until = run.events.last().map_or(0, |event| event.at);
        let mut side = Self { visits: 0, status, duration: 0, attempts: 0, error: None };
        for visit in run.visits_to(state) {
            let took = visit.left_at.unwrap_or(known_until).saturating_sub(visit.entered_at).max(0);
            side.visits += 1;
            side.duration = side.duration.saturating_add(took);
            side.attempts += visit.attempts.len();
            side.error = visit.error.clone().or(side.error);
        }
        Some(side)
    }
}

fn input(run: &Run) -> Option<&str> {
    run.events.iter().find(|event| event.kind == EventKind::ExecutionStarted)?.input.as_deref()
}

fn output(run: &Run) -> Option<&str> {
    run.events.iter().rfind(|event| event.kind == EventKind::ExecutionSucceeded)?.output.as_deref()
}

fn text_differences(left: Option<&str>, right: Option<&str>) -> Differences {
    match (left, right) {
        (left, right) if left == right => Differences::default(),
        (Some(left), Some(right)) => json_differences(&read(left), &read(right)),
        (left, right) => {
            let shown = |text: Option<&str>| text.map(|text| cut(&read(text).to_string()));
            let difference = Difference { path: "$".to_owned(), left: shown(left), right: shown(right) };
            Differences { found: vec![difference], is_cut: false }
        }
    }
}

/// What is no JSON is compared as the text that it is.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

struct Finder {
    path: String,
    differences: Differences,
}

impl Finder {
    fn compare(&mut self, left: &Value, right: &Value, depth: usize) {
        let is_deep = depth >= MAX_DEPTH;
        match (left, right) {
            (Value::Object(lefts), Value::Object(rights)) if !is_deep => {
                for (name, left) in lefts {
                    self.step_into(&step_to(name), Some(left), rights.get(name), depth);
                }
                for (name, right) in rights.iter().filter(|(name, _)| !lefts.contains_key(*name)) {
                    self.step_into(&step_to(name), None, Some(right), depth);
                }
            }
            (Value::Array(lefts), Value::Array(rights)) if !is_deep => {
                for index in 0..lefts.len().max(rights.len()) {
                    self.step_into(&format!("[{index}]"), lefts.get(index), rights.get(index), depth);
                }
            }
            (Value::Number(one), Value::Number(other)) if same_number(one, other) => {}
            (Value::String(one), Value::String(other)) if one != other => match (opened(one), opened(other)) {
                (Some(left), Some(right)) if !is_deep => self.compare(&left, &right, depth + 1),
                _ => self.note(Some(left), Some(right)),
            },
            _ if left == right => {}
            _ => {
                self.differences.is_cut |=
                    (left.is_object() && right.is_object()) || (left.is_array() && right.is_array());
                self.note(Some(left), Some(right));
            }
        }
    }

    fn step_into(&mut self, step: &str, left: Option<&Value>, right: Option<&Value>, depth: usize) {
        if self.is_full() && self.differences.is_cut {
            return;
        }
        let length = self.path.len();
        self.path.push_str(step);
        match (left, right) {
            (Some(left), Some(right)) => self.compare(left, right, depth + 1),
            (left, right) => self.note(left, right),
        }
        self.path.truncate(length);
    }

    fn note(&mut self, left: Option<&Value>, right: Option<&Value>) {
        if self.is_full() {
            self.differences.is_cut = true;
            return;
        }
        let shown = |value: Option<&Value>| value.map(|value| cut(&value.to_string()));
        self.differences.found.push(Difference { path: cut(&self.path), left: shown(left), right: shown(right) });
    }

    fn is_full(&self) -> bool {
        self.differences.found.len() >= MAX_DIFFERENCES
    }
}

/// `1` and `1.0` are one number; two integers are compared exactly.
fn same_number(one: &Number, other: &Number) -> bool {
    if one.is_f64() || other.is_f64() { one.as_f64() == other.as_f64() } else { one == other }
}

/// The object or array that a string holds: Lambda puts JSON into strings.
fn opened(text: &str) -> Option<Value> {
    let value: Value = text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok())??;
    (value.is_object() || value.is_array()).then_some(value)
}

/// A member in a JSONPath: by its name where that is a word, else in brackets.
fn step_to(name: &str) -> String {
    let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_word { format!(".{name}") } else { format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")) }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::app::script::run;

    const PAID: &str = r#"
        1<0 ExecutionStarted | input {"orderId":"ord-1","total":5}
        2<0 TaskStateEntered Pay | input {"token":"good"}
        3<2 TaskScheduled
        4<3 TaskSucceeded | output {"paid":true}
        5<4 TaskStateExited Pay | output {"paid":true} | at 100
        6<5 SucceedStateEntered Done
        7<6 SucceedStateExited Done
        8<7 ExecutionSucceeded | output {"ok":true}"#;
    const DECLINED: &str = r#"
        1<0 ExecutionStarted | input {"orderId":"ord-2","total":5.0}
        2<0 TaskStateEntered Pay | input {"token":"bad"}
        3<2 TaskScheduled
        4<3 TaskFailed | error Busy
        5<4 TaskScheduled
        6<5 TaskFailed | error Declined | cause no funds
        7<6 TaskStateExited Pay | output {"Error":"Declined"} | at 200
        8<7 FailStateEntered Failed
        9<8 ExecutionFailed | error Declined"#;

    /// Step, and both sides as `state`, or `state#iteration`, their status and error.
    fn check_divergence(left: &str, right: &str, expected: Option<(usize, &str, &str)>) {
        let comparison = compare(&run(left), &run(right));
        let shown = |step: &Option<Step>| {
            let Some(step) = step else { return "-".to_owned() };
            let iteration = step.iteration.map(|iteration| format!("#{iteration}")).unwrap_or_default();
            let error = step.error.as_deref().map(|error| format!(" {error}")).unwrap_or_default();
            format!("{}{iteration} {:?}{error}", step.state, step.status)
        };
        let found = comparison.divergence.map(|it| (it.step, shown(&it.left), shown(&it.right)));
        assert_eq!(found, expected.map(|(step, left, right)| (step, left.to_owned(), right.to_owned())), "{right}");
    }

    #[test]
    fn runs_part_where_state_or_outcome_differ_first() {
        let waiting = "1<0 ExecutionStarted\n2<0 WaitStateEntered Wait";
        let parted = "1<0 ExecutionStarted\n2<0 PassStateEntered Other\n3<2 PassStateExited Other";
        check_divergence(PAID, PAID, None);
        check_divergence("", "", None);
        check_divergence(PAID, DECLINED, Some((0, "Pay Succeeded", "Pay Caught Declined")));
        check_divergence(PAID, waiting, Some((0, "Pay Succeeded", "Wait Running")));
        check_divergence(waiting, parted, Some((0, "Wait Running", "Other Succeeded")));
        check_divergence("", waiting, Some((0, "-", "Wait Running")));
        let paid_so_far: String = PAID.lines().take(6).collect::<Vec<_>>().join("\n");
        check_divergence(PAID, &paid_so_far, Some((1, "Done Succeeded", "-")));
    }

    /// A Map of two items: number 0 goes through A and B, number 1 through A, which may fail; `first` enters A first.
    fn map(first: usize, fails: bool) -> String {
        // The events that start the iterations, and those that enter A.
        let (starts, zero, one) = if first == 0 { ([4, 5], 6, 7) } else { ([5, 4], 7, 6) };
        let end = if fails { "TaskFailed | error Boom" } else { "TaskStateExited A" };
        format!(
            "1<0 ExecutionStarted
             2<0 MapStateEntered M
             3<2 MapStateStarted | length 2
             4<3 MapIterationStarted M | index 0
             5<3 MapIterationStarted M | index 1
             6<{} TaskStateEntered A
             7<{} TaskStateEntered A
             8<{zero} TaskStateExited A
             9<8 PassStateEntered B
             10<9 PassStateExited B
             11<{one} TaskScheduled
             12<11 {end}",
            starts[0], starts[1]
        )
    }

    #[test]
    fn which_iteration_was_faster_is_no_difference() {
        check_divergence(&map(0, false), &map(1, false), None);
        check_divergence(&map(0, true), &map(1, true), None);
        check_divergence(&map(0, false), &map(1, true), Some((2, "A#1 Succeeded", "A#1 Retrying Boom")));
    }

    #[test]
    fn which_branch_was_faster_is_no_difference() {
        let parallel = |first: &str, second: &str| {
            format!(
                "1<0 ExecutionStarted
                 2<0 ParallelStateEntered P
                 3<2 ParallelStateStarted
                 4<3 PassStateEntered {first}
                 5<3 PassStateEntered {second}
                 6<4 PassStateExited {first}
                 7<5 PassStateExited {second}"
            )
        };
        check_divergence(&parallel("X", "Y"), &parallel("Y", "X"), None);
    }

    #[test]
    fn every_state_has_a_row_with_both_sides() {
        let comparison = compare(&run(PAID), &run(DECLINED));
        let names: Vec<&str> = comparison.states.iter().map(|row| row.state.as_str()).collect();
        assert_eq!(names, ["Pay", "Done", "Failed"]);
        let pay = &comparison.states[0];
        let side = |status, duration, attempts, error: Option<&str>| {
            Some(Side { visits: 1, status, duration, attempts, error: error.map(ToOwned::to_owned) })
        };
        assert_eq!(pay.left, side(VisitStatus::Succeeded, 80, 1, None));
        assert_eq!(pay.right, side(VisitStatus::Caught, 180, 2, Some("Declined")));
        assert_eq!(shown(&pay.input), [r#"$.token "good" "bad""#]);
        assert_eq!(shown(&pay.output), ["$.paid true -", r#"$.Error - "Declined""#]);
        assert_eq!(comparison.states[1].right, None);
        assert_eq!(comparison.states[1].input, Differences::default());
        assert_eq!(shown(&comparison.input), [r#"$.orderId "ord-1" "ord-2""#], "5 and 5.0 are one number");
        assert_eq!(shown(&comparison.output), [r#"$ {"ok":true} -"#]);
    }

    fn shown(differences: &Differences) -> Vec<String> {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let all = differences.found.iter();
        all.map(|found| format!("{} {} {}", found.path, side(&found.left), side(&found.right))).collect()
    }

    #[test]
    fn differences_have_paths() {
        let cases: [(Value, Value, &[&str]); 14] = [
            (json!(null), json!(null), &[]),
            (json!(1), json!("1"), &[r#"$ 1 "1""#]),
            (json!(1), json!(1.0), &[]),
            (
                json!(9_007_199_254_740_993_u64),
                json!(9_007_199_254_740_992_u64),
                &["$ 9007199254740993 9007199254740992"],
            ),
            (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), &[]),
            (json!({"a": {"b": [1, 2]}}), json!({"a": {"b": [1, 3, 4]}}), &["$.a.b[1] 2 3", "$.a.b[2] - 4"]),
            (json!({"lines": [{"sku": "A"}]}), json!({"lines": [{"sku": "B"}]}), &[r#"$.lines[0].sku "A" "B""#]),
            (json!({"my key": 1}), json!({"my key": 2}), &["$['my key'] 1 2"]),
            (json!({"it's \\": 1}), json!({}), &[r"$['it\'s \\'] 1 -"]),
            (json!({"größe": 1, "": 1, "1st": 1}), json!({"größe": 2}), &["$.größe 1 2", "$[''] 1 -", "$['1st'] 1 -"]),
            (json!({"body": "{\"x\": 1, \"y\": 0}"}), json!({"body": "{\"y\":0,\"x\":2}"}), &["$.body.x 1 2"]),
            (json!("{\"x\": 1}"), json!("{ \"x\":1 }"), &[]),
            (json!("[1"), json!("[2]"), &[r#"$ "[1" "[2]""#]),
            (json!({"x": 1}), json!([1]), &[r#"$ {"x":1} [1]"#]),
        ];
        for (left, right, expected) in cases {
            let differences = json_differences(&left, &right);
            assert_eq!(shown(&differences), expected, "{left} {right}");
            assert!(!differences.is_cut);
        }
    }

    #[test]
    fn differences_are_bounded() {
        let many = |by: usize| Value::from((0..MAX_DIFFERENCES + 5).map(|number| number + by).collect::<Vec<_>>());
        let differences = json_differences(&many(0), &many(1));
        assert_eq!((differences.found.len(), differences.is_cut), (MAX_DIFFERENCES, true));

        let deep = |inside: u8| (0..100).fold(json!(inside), |inside, _| json!({ "a": inside }));
        let differences = json_differences(&deep(1), &deep(2));
        assert_eq!((differences.found.len(), differences.is_cut), (1, true));
        assert!(!json_differences(&deep(1), &deep(1)).is_cut);

        let long = json_differences(&json!("ü".repeat(5_000)), &json!(1));
        assert_eq!(long.found[0].left.as_ref().unwrap().chars().count(), MAX_SHOWN + 1);
    }
}
