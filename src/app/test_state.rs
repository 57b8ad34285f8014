//! The dialog that tests one state by itself: which input, and what came of it.
//!
//! Never runs anything: it makes what is asked for, and takes the answer in. A test runs the state for real, so whoever
//! opens the dialog asks `off` first.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::editor::{Edit, Editor};
use super::replay::variables_at;
use super::run::Run;
use super::tree::{Folds, RowValue, Tree};
use crate::facts::{InspectionLevel, MachineFacts, StateTest, TestedState};

/// Whether a state can be tested by itself, without an answer made up for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Testable {
    /// It can.
    Yes,
    /// It is a Map or a Parallel.
    Container,
    /// It is done when somebody or something else says so.
    Waits,
}

/// Where keys go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// To the input.
    Input,
    /// To what came of it.
    Result,
}

/// The dialog.
#[derive(Clone, Debug)]
pub struct TestDialog {
    /// The state's name.
    pub state: String,
    /// The state with what it is tested with, but for the input as it is edited.
    pub tested: TestedState,
    /// The input.
    pub input: Editor,
    /// Where keys go to.
    pub part: Part,
    /// The number of the test that is under way.
    pub sending: Option<u64>,
    /// Why it cannot be tested, or was not.
    pub problem: Option<String>,
    /// What came of the last test.
    pub result: Option<Tested>,
}

/// What came of a test, as it is looked at.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The answer.
    pub answer: StateTest,
    /// Its output, its cause and what the data passed through, as one document.
    pub tree: Tree,
    /// What of that is folded.
    pub folds: Folds,
    /// The chosen row of it, from 0.
    pub row: usize,
}

impl Testable {
    /// What the definition says. As AWS says what a test without a mock supports:
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html>.
    pub fn of(state: &asl::State) -> Self {
        use asl::{Kind, Pattern, Resource};
        match &state.kind {
            Kind::Map(_) | Kind::Parallel(_) => Self::Container,
            Kind::Task(task) => match &task.resource {
                Resource::Activity { .. } => Self::Waits,
                Resource::Integration { pattern, .. } => match pattern {
                    Pattern::RequestResponse => Self::Yes,
                    Pattern::Sync | Pattern::Sync2 | Pattern::WaitForTaskToken => Self::Waits,
                },
                Resource::Function { .. } | Resource::Other(_) => Self::Yes,
            },
            Kind::Pass { .. } | Kind::Choice { .. } | Kind::Wait(_) | Kind::Succeed | Kind::Fail { .. } => Self::Yes,
        }
    }

    /// Why it cannot be tested.
    pub const fn why_not(self) -> Option<&'static str> {
        match self {
            Self::Yes => None,
            Self::Container => Some("a Map or Parallel cannot be tested by itself: test a state in it"),
            Self::Waits => Some("a state that waits for an answer cannot be tested by itself"),
        }
    }
}

impl TestDialog {
    /// The dialog for a state of a machine. Where it was visited, with the input of that visit and the variables as
    /// they were then; otherwise with an empty object.
    ///
    /// `None` when the definition has no such state, or does not read.
    pub fn open(machine: &MachineFacts, state: &str, visited: Option<(&Run, usize)>) -> Option<Self> {
        let definition = definition_of(&machine.definition, state)?;
        let visit = visited.and_then(|(run, visit)| Some((run, run.visits.get(visit)?)));
        let input = visit.and_then(|(_, visit)| visit.input.as_deref()).map_or_else(|| "{}".to_owned(), pretty);
        let variables = visit.and_then(|(run, visit)| variables(run, visit.entered));
        Some(Self {
            state: state.to_owned(),
            tested: TestedState {
                machine: machine.arn.clone(),
                definition,
                input: String::new(),
                variables,
                level: InspectionLevel::default(),
            },
            input: Editor::new(&input),
            part: Part::Input,
            sending: None,
            problem: None,
            result: None,
        })
    }

    /// Keys go to the other part, if there is something in it.
    pub fn next_part(&mut self) {
        self.part = match self.part {
            Part::Input if self.result.is_some() => Part::Result,
            Part::Input | Part::Result => Part::Input,
        };
    }

    /// More is told, or after the most the least again.
    pub fn next_level(&mut self) {
        let at = InspectionLevel::ALL.iter().position(|level| *level == self.tested.level);
        let next = at.and_then(|at| InspectionLevel::ALL.get(at + 1));
        self.tested.level = next.copied().unwrap_or(InspectionLevel::Info);
    }

    /// What a key does to a text: in the input that. In the result it moves, and folds.
    pub fn edit(&mut self, edit: Edit) {
        match (self.part, edit) {
            (Part::Input, edit) => {
                self.input.apply(edit);
                self.problem = None;
            }
            (Part::Result, Edit::Up | Edit::Insert('k')) => self.step(-1),
            (Part::Result, Edit::Down | Edit::Insert('j')) => self.step(1),
            (Part::Result, Edit::Home | Edit::Insert('g')) => self.step(isize::MIN),
            (Part::Result, Edit::End | Edit::Insert('G')) => self.step(isize::MAX),
            (Part::Result, Edit::NewLine | Edit::Insert(' ')) => {
                if let Some(result) = &mut self.result {
                    result.fold();
                }
            }
            (Part::Result, _) => {}
        }
    }

    /// Types a text that was pasted, if the input is edited.
    pub fn paste(&mut self, text: &str) {
        if self.part != Part::Input {
            return;
        }
        for c in text.replace("\r\n", "\n").chars() {
            match c {
                '\n' | '\r' => self.input.apply(Edit::NewLine),
                '\t' => (0..2).for_each(|_| self.input.apply(Edit::Insert(' '))),
                c if c.is_control() => {}
                c => self.input.apply(Edit::Insert(c)),
            }
        }
        self.problem = None;
    }

    /// Moves so many rows, in the part that keys go to.
    pub fn step(&mut self, by: isize) {
        match (self.part, &mut self.result) {
            (Part::Input, _) => {
                let (row, column) = self.input.cursor();
                self.input.go_to(row.saturating_add_signed(by), column);
            }
            (Part::Result, Some(result)) => result.step(by),
            (Part::Result, None) => {}
        }
    }

    /// What is to be asked of the cloud, under this number. `None` while another test is under way, and where the
    /// input is not JSON: then the cursor goes to where it is not.
    pub fn send(&mut self, request: u64) -> Option<TestedState> {
        if self.sending.is_some() {
            return None;
        }
        let input = self.input.text();
        if let Err(error) = serde_json::from_str::<IgnoredAny>(&input) {
            self.input.go_to(error.line().saturating_sub(1), error.column().saturating_sub(1));
            self.part = Part::Input;
            self.problem = Some(format!("the input is not JSON: {error}"));
            return None;
        }
        self.problem = None;
        self.sending = Some(request);
        Some(TestedState { input, ..self.tested.clone() })
    }

    /// Takes an answer in. One to another test than the one that is under way changes nothing.
    pub fn take(&mut self, request: u64, result: Result<StateTest, String>) {
        if self.sending != Some(request) {
            return;
        }
        self.sending = None;
        match result {
            Ok(answer) => {
                // Folds are by path: what was folded before stays so.
                let folds = self.result.take().map(|before| before.folds).unwrap_or_default();
                let tree = Tree::new(&document(&answer));
                self.result = Some(Tested { answer, tree, folds, row: 0 });
            }
            Err(problem) => self.problem = Some(problem),
        }
    }
}

impl Tested {
    fn step(&mut self, by: isize) {
        let last = self.tree.len(&self.folds).saturating_sub(1);
        self.row = self.row.saturating_add_signed(by).min(last);
    }

    fn fold(&mut self) {
        let Some(row) = self.tree.rows_from(&self.folds, self.row, 1).pop() else { return };
        if matches!(row.value, RowValue::Open { .. } | RowValue::Close { .. }) {
            self.folds.toggle(&row.path);
            self.row = self.tree.position(&self.folds, &row.path).unwrap_or(self.row);
            self.step(0);
        }
    }
}

/// The definition of a state, at whatever depth, with the language that the machine gives it.
fn definition_of(machine: &str, name: &str) -> Option<String> {
    let machine: Value = serde_json::from_str(machine).ok()?;
    let language = machine.get("QueryLanguage");
    let mut flows = vec![&machine];
    while let Some(flow) = flows.pop() {
        let Some(states) = flow.get("States").and_then(Value::as_object) else { continue };
        if let Some(Value::Object(state)) = states.get(name) {
            let mut state = state.clone();
            if let (Some(language), false) = (language, state.contains_key("QueryLanguage")) {
                state.insert("QueryLanguage".to_owned(), language.clone());
            }
            return serde_json::to_string_pretty(&state).ok();
        }
        for state in states.values() {
            flows.extend(["ItemProcessor", "Iterator"].into_iter().filter_map(|field| state.get(field)));
            flows.extend(state.get("Branches").and_then(Value::as_array).into_iter().flatten());
        }
    }
    None
}

/// The variables as they were before an event, as a JSON object.
fn variables(run: &Run, event: i64) -> Option<String> {
    let before = run.events.partition_point(|known| known.id < event);
    let set = variables_at(&run.events, before);
    let fields: Vec<String> =
        set.iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), literal(value))).collect();
    (!fields.is_empty()).then(|| format!("{{{}}}", fields.join(",")))
}

/// Output, cause and what the data passed through as one document; what is not there is left out.
fn document(answer: &StateTest) -> String {
    let parts = [("output", &answer.output), ("cause", &answer.cause), ("inspection", &answer.inspection)];
    let fields: Vec<String> = parts
        .into_iter()
        .filter_map(|(name, text)| Some(format!("{}:{}", Value::from(name), literal(text.as_deref()?))))
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// The text as a value within a document: JSON as it is, another text as a string.
fn literal(text: &str) -> String {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => text.to_owned(),
        Err(_) => Value::from(text).to_string(),
    }
}

fn pretty(text: &str) -> String {
    let value: Option<Value> = serde_json::from_str(text).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::script::run;
    use crate::facts::{Arn, MachineKind, StateTestStatus};

    const DEFINITION: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Take", "States": {
        "Take": {"Type": "Pass", "Assign": {"x": 1}, "Next": "Each"},
        "Each": {"Type": "Map", "Next": "Both", "ItemProcessor": {"StartAt": "Old", "States": {
            "Old": {"Type": "Pass", "QueryLanguage": "JSONPath", "End": true}}}},
        "Both": {"Type": "Parallel", "Next": "Ask", "Branches": [{"StartAt": "Pay", "States": {
            "Pay": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true}}}]},
        "Ask": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Next": "Run"},
        "Run": {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "Next": "Work"},
        "Work": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:1:activity:work", "Next": "Done"},
        "Done": {"Type": "Succeed"}}}"#;

    fn machine() -> MachineFacts {
        MachineFacts {
            arn: Arn("arn:aws:states:us-east-1:1:stateMachine:orders".into()),
            name: "orders".into(),
            definition: DEFINITION.into(),
            kind: MachineKind::Standard,
            log_group: None,
        }
    }

    fn answer(output: Option<&str>, cause: Option<&str>, inspection: Option<&str>) -> StateTest {
        StateTest {
            status: StateTestStatus::Succeeded,
            output: output.map(ToOwned::to_owned),
            error: None,
            cause: cause.map(ToOwned::to_owned),
            next_state: None,
            inspection: inspection.map(ToOwned::to_owned),
        }
    }

    #[test]
    fn what_can_be_tested_by_itself() {
        let (machine, _) = asl::read(DEFINITION);
        let machine = machine.unwrap();
        let cases = [
            ("Take", Testable::Yes),
            ("Each", Testable::Container),
            ("Both", Testable::Container),
            ("Pay", Testable::Yes),
            ("Ask", Testable::Waits),
            ("Run", Testable::Waits),
            ("Work", Testable::Waits),
            ("Done", Testable::Yes),
        ];
        for (name, expected) in cases {
            assert_eq!(Testable::of(machine.state(name).unwrap()), expected, "{name}");
        }
    }

    #[test]
    fn a_state_is_taken_out_of_its_machine_with_its_language() {
        let cases = [("Take", "JSONata"), ("Pay", "JSONata"), ("Old", "JSONPath")];
        for (name, language) in cases {
            let definition: Value = serde_json::from_str(&definition_of(DEFINITION, name).unwrap()).unwrap();
            assert_eq!(definition["QueryLanguage"].as_str(), Some(language), "{name}");
            assert!(definition["Type"].is_string());
        }
        assert_eq!(definition_of(DEFINITION, "Nobody"), None);
        assert_eq!(definition_of("{", "Take"), None);
        let plain = definition_of(r#"{"States": {"A": {"Type": "Fail"}}}"#, "A").unwrap();
        assert!(!plain.contains("QueryLanguage"));
    }

    #[test]
    fn a_visit_gives_the_input_and_the_variables_of_then() {
        let run = run(r#"1<0 0 ExecutionStarted
             2<0 1 PassStateEntered name=Take
             3<2 2 PassStateExited name=Take assigned=x:1;y:"a"
             4<3 3 TaskStateEntered name=Ask input={"a":[1]}
             5<4 4 TaskStateExited name=Ask assigned=x:2"#);
        let dialog = TestDialog::open(&machine(), "Ask", Some((&run, 1))).unwrap();
        assert_eq!(dialog.input.text(), "{\n  \"a\": [\n    1\n  ]\n}");
        assert_eq!(dialog.tested.variables.as_deref(), Some(r#"{"x":1,"y":"a"}"#));
        let first = TestDialog::open(&machine(), "Take", Some((&run, 0))).unwrap();
        assert_eq!((first.input.text().as_str(), first.tested.variables), ("{}", None));
        assert!(TestDialog::open(&machine(), "Nobody", None).is_none());
    }

    #[test]
    fn what_is_sent_is_the_input_as_it_was_edited_and_only_once() {
        let mut dialog = TestDialog::open(&machine(), "Pay", None).unwrap();
        dialog.paste("\n ");
        assert_eq!(dialog.send(7).map(|tested| tested.input).as_deref(), Some("\n {}"));
        assert_eq!(dialog.send(8), None);
        dialog.take(6, Ok(answer(Some("1"), None, None)));
        assert!(dialog.result.is_none() && dialog.sending == Some(7));
        dialog.take(7, Err("cannot test the state".into()));
        assert_eq!((dialog.problem.as_deref(), dialog.sending), (Some("cannot test the state"), None));

        dialog.edit(Edit::End);
        dialog.edit(Edit::Insert('x'));
        assert_eq!((dialog.send(9), dialog.sending), (None, None));
        assert!(dialog.problem.as_deref().is_some_and(|problem| problem.starts_with("the input is not JSON: ")));
        assert_eq!(dialog.input.cursor().0, 1);
    }

    #[test]
    fn what_came_of_it_is_one_document_to_fold() {
        let mut dialog = TestDialog::open(&machine(), "Pay", None).unwrap();
        dialog.next_part();
        assert_eq!(dialog.part, Part::Input);
        dialog.sending = Some(1);
        let inspection = r#"{"input":"{\"a\":1}","afterArguments":2}"#;
        dialog.take(1, Ok(answer(Some("{\"big\":12345678901234567890123}"), Some("no"), Some(inspection))));
        dialog.next_part();
        assert_eq!(dialog.part, Part::Result);
        let result = dialog.result.as_ref().unwrap();
        assert_eq!(result.tree.value_at("$.output.big").as_deref(), Some("12345678901234567890123"));
        assert_eq!(result.tree.value_at("$.cause").as_deref(), Some("\"no\""));
        assert_eq!(result.tree.value_at("$.inspection.input.a").as_deref(), Some("1"));
        let all = result.tree.len(&result.folds);
        // { output { big } cause …
        dialog.step(3);
        dialog.edit(Edit::NewLine);
        let folded = dialog.result.as_ref().unwrap();
        assert_eq!((folded.row, folded.tree.len(&folded.folds)), (1, all - 2));
        dialog.step(isize::MAX);
        dialog.edit(Edit::Insert('j'));
        assert_eq!(dialog.result.as_ref().unwrap().row, all - 3);
        dialog.edit(Edit::Home);
        assert_eq!(dialog.result.as_ref().unwrap().row, 0);
        // The next answer is folded as the one before.
        dialog.sending = Some(2);
        dialog.take(2, Ok(answer(Some("{\"b\":1}"), None, None)));
        let again = dialog.result.as_ref().unwrap();
        assert_eq!((again.row, again.tree.len(&again.folds)), (0, 3));
    }

    #[test]
    fn levels_go_round() {
        let mut dialog = TestDialog::open(&machine(), "Pay", None).unwrap();
        let mut told = Vec::new();
        for _ in 0..4 {
            told.push(dialog.tested.level.as_str());
            dialog.next_level();
        }
        assert_eq!(told, ["DEBUG", "TRACE", "INFO", "DEBUG"]);
    }
}
