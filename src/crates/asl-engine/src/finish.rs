//! Leaving a state well: what becomes of its result, variables and output, and where the thread goes on.

use std::sync::Arc;

use asl::{DocumentPath, Json, Next, QueryLanguage, ResultPath, StateName, Template, Variables};
use serde_json::{Map, Value};

use crate::enter::{After, invalid_path};
use crate::event::{Event, StateKind};
use crate::execution::{Active, Execution, MAX_NESTING, MAX_PAYLOAD, MAX_VARIABLES, Step, ThreadId};
use crate::fail::Trouble;
use crate::test_state::Stage;

impl Execution {
    /// Takes the state's result through `ResultSelector`, `ResultPath`, `OutputPath`, or `Output`, and `Assign`.
    pub(crate) fn finish_result(&mut self, id: ThreadId, active: &mut Active, result: Json) -> Result<After, Trouble> {
        let state = Arc::clone(&active.state);
        let (selector, result_path) = state.kind.result_rules();
        self.trace_stage(&state, Stage::Result, &result);
        let output;
        let selected;
        match state.language {
            QueryLanguage::Jsonata => {
                selected = result.clone();
                output = match &state.output {
                    Some(template) => {
                        let input = active.raw_input.clone();
                        self.template(active, "Output", template, input.value(), Some(result.value()), None)?.into()
                    }
                    None => result,
                };
            }
            QueryLanguage::JsonPath => {
                selected = match selector {
                    Some(template) => {
                        self.template(active, "ResultSelector", template, result.value(), None, None)?.into()
                    }
                    None => result,
                };
                self.trace_stage(&state, Stage::AfterResultSelector, &selected);
                let placed = self.place_result(active, result_path, &selected)?;
                self.trace_stage(&state, Stage::AfterResultPath, &placed);
                output = self.through_output_path(active, placed)?;
            }
        }
        let assigned = self.assign(active, "Assign", state.assign.as_ref(), &selected, None)?;
        self.leave(id, active, output, assigned, &state.next)
    }

    /// Leaves with `Assign` and `Output` of a Choice's rule, or of its default; `within` is where they stand.
    pub(crate) fn exit_with(
        &mut self,
        id: ThreadId,
        active: &mut Active,
        within: &str,
        assign: Option<&Template>,
        output: Option<&Template>,
        next: &StateName,
    ) -> Result<After, Trouble> {
        let passed = active.input.clone();
        let state = Arc::clone(&active.state);
        let output = match (state.language, output) {
            (QueryLanguage::Jsonata, Some(template)) => {
                let input = active.raw_input.clone();
                self.template(active, &format!("{within}Output"), template, input.value(), None, None)?.into()
            }
            (QueryLanguage::Jsonata, None) => passed.clone(),
            (QueryLanguage::JsonPath, _) => self.through_output_path(active, passed.clone())?,
        };
        let assigned = self.assign(active, &format!("{within}Assign"), assign, &passed, None)?;
        self.leave(id, active, output, assigned, &Next::State(Arc::clone(next)))
    }

    /// The value that `ResultPath` makes of input and result.
    pub(crate) fn place_result(
        &mut self,
        active: &Active,
        result_path: &ResultPath,
        result: &Json,
    ) -> Result<Json, Trouble> {
        match result_path {
            ResultPath::Replace => Ok(result.clone()),
            ResultPath::Discard => Ok(active.raw_input.clone()),
            ResultPath::Into(path) => {
                let document = active.raw_input.value().clone();
                asl::reference::put(document, path, result.value().clone()).map(Json::from).map_err(|error| {
                    let cause =
                        format!("Unable to apply ReferencePath {} to input {}", error.path, active.raw_input.text());
                    Trouble::raised("States.ResultPathMatchFailure", cause).prefixed()
                })
            }
        }
    }

    fn through_output_path(&mut self, active: &Active, value: Json) -> Result<Json, Trouble> {
        match &active.state.output_path {
            DocumentPath::Whole => Ok(value),
            DocumentPath::Empty => Ok(Value::Object(Map::new()).into()),
            DocumentPath::Path(path) => self
                .scoped(active, value.value(), None, None, |scope, _| scope.select(path))
                .map(Json::from)
                .map_err(|error| invalid_path(path.source(), &error)),
        }
    }

    /// The variables that `Assign` sets. Every right-hand side sees the old values.
    pub(crate) fn assign(
        &mut self,
        active: &Active,
        field: &str,
        template: Option<&Template>,
        result: &Json,
        error_output: Option<&Value>,
    ) -> Result<Vec<(String, Json)>, Trouble> {
        let Some(template) = template else { return Ok(Vec::new()) };
        let value = match active.state.language {
            QueryLanguage::JsonPath => {
                let input = error_output.unwrap_or_else(|| result.value());
                self.template(active, field, template, input, None, None)?
            }
            QueryLanguage::Jsonata => {
                let input = active.raw_input.clone();
                let result = error_output.is_none().then(|| result.value());
                self.template(active, field, template, input.value(), result, error_output)?
            }
        };
        match value {
            Value::Object(fields) => Ok(fields.into_iter().map(|(name, value)| (name, value.into())).collect()),
            _ => Ok(Vec::new()),
        }
    }

    /// Writes the exit, sets the variables and goes on.
    pub(crate) fn leave(
        &mut self,
        id: ThreadId,
        active: &Active,
        output: Json,
        assigned: Vec<(String, Json)>,
        next: &Next,
    ) -> Result<After, Trouble> {
        let name = &active.state.name;
        if output.is_deeper_than(MAX_NESTING) || assigned.iter().any(|(_, json)| json.is_deeper_than(MAX_NESTING)) {
            return Err(Trouble::runtime(format!("A value is nested deeper than {MAX_NESTING} levels.")));
        }
        if output.text().len() > MAX_PAYLOAD {
            let cause = format!(
                "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
            );
            return Err(Trouble::raised("States.DataLimitExceeded", cause));
        }
        if !assigned.is_empty() {
            self.check_sizes(id, name, &assigned)?;
        }
        if self.trace.is_some() {
            self.test_left(output, assigned, next);
            return Ok(After::Moved);
        }
        let previous = self.thread(id).map_or(0, |thread| thread.previous);
        let event = Event::StateExited {
            kind: StateKind::of(&active.state.kind),
            name: Arc::clone(name),
            output: Arc::clone(output.text()),
            assigned: assigned.iter().map(|(name, json)| (name.clone(), Arc::clone(json.text()))).collect(),
        };
        let exited = self.record(previous, event);
        if let Some(thread) = self.thread(id) {
            thread.previous = exited;
            if !assigned.is_empty() {
                let variables: &mut Variables = &mut thread.variables;
                Arc::make_mut(variables).extend(assigned);
            }
        }
        match next {
            Next::State(next) => {
                if let Some(thread) = self.thread(id) {
                    thread.step = Step::Between { next: Arc::clone(next), input: output };
                }
            }
            Next::End | Next::Nowhere => self.thread_over(id, exited, output),
        }
        Ok(After::Moved)
    }

    /// What a state may set at once, and what may be set in all.
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>
    fn check_sizes(&mut self, id: ThreadId, state: &str, assigned: &[(String, Json)]) -> Result<(), Trouble> {
        let too_large = |what: &str| Err(Trouble::raised("States.DataLimitExceeded", format!("{what} service limit.")));
        let new: usize = assigned.iter().map(|(_, json)| json.text().len()).sum();
        if new > MAX_PAYLOAD {
            return too_large(&format!(
                "The state/task '{state}' assigned variables with a size exceeding the maximum number of bytes"
            ));
        }
        let kept = self.thread(id).map_or(0, |thread| {
            let others = thread.variables.iter().filter(|(name, _)| !assigned.iter().any(|(known, _)| known == *name));
            others.map(|(_, json)| json.text().len()).sum::<usize>()
        });
        if kept + new > MAX_VARIABLES {
            return too_large(&format!(
                "With those of the state/task '{state}' the variables have a size exceeding the maximum number of bytes"
            ));
        }
        Ok(())
    }

    /// A thread came to its end.
    fn thread_over(&mut self, id: ThreadId, last: u64, output: Json) {
        let Some(thread) = self.remove(id) else { return };
        match thread.parent {
            None => self.end_succeeded(last, output),
            Some((parent, index)) => self.child_succeeded(parent, index, last, output),
        }
    }
}
