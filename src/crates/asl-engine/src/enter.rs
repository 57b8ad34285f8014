//! Entering states, and the states that need nobody else: Pass, Choice, Wait, Succeed, Fail.

use std::sync::Arc;

use asl::{ConditionError, DocumentPath, EvaluationError, Json, Kind, QueryLanguage, Scope, Setting, StateName, Wait};
use serde_json::{Map, Value};

use crate::context::{Item, LazyContext};
use crate::event::{Event, StateKind};
use crate::execution::{Active, Doing, Execution, Failure, Purpose, TaskId, ThreadId, seconds_later};
use crate::fail::Trouble;
use crate::test_state::{Stage, Verdict};

/// The longest a Wait may be, in seconds: 2^31 - 1.
const MAX_WAIT: i64 = i32::MAX as i64;

impl Execution {
    /// Enters a state and goes as far as it goes alone.
    pub(crate) fn enter(&mut self, id: ThreadId, name: &StateName, raw_input: Json) {
        let Some(thread) = self.thread(id) else { return };
        let previous = thread.previous;
        let (variables, item) = (Arc::clone(&thread.variables), thread.item.clone());
        let Some(state) = thread.flow.states.get(name).map(Arc::clone) else {
            // A definition with errors is refused before it runs; this is for one that slipped through.
            let failure = Failure::new("States.Runtime", format!("There is no state '{name}'"));
            self.leave_entered(id, previous, failure, StateKind::Pass, (Arc::clone(name), raw_input));
            return;
        };
        let kind = StateKind::of(&state.kind);
        let input = Arc::clone(raw_input.text());
        let entered = self.record(previous, Event::StateEntered { kind, name: Arc::clone(name), input });
        let retriers = state.kind.retry().len();
        let mut active = Box::new(Active {
            entered,
            entered_previous: previous,
            entered_at: self.now,
            input: raw_input.clone(),
            raw_input,
            variables,
            item,
            retries: vec![0; retriers],
            retry_count: 0,
            token: None,
            task: TaskId(0),
            doing: Doing::Nothing,
            wrecked: None,
            ran: None,
            state,
        });
        self.trace_entering(&mut active);
        self.set_previous(id, entered);
        let begun = self.begin_work(id, &mut active);
        self.begun(id, active, begun);
    }

    /// What became of a state's beginning.
    pub(crate) fn begun(&mut self, id: ThreadId, active: Box<Active>, begun: Result<After, Trouble>) {
        match begun {
            Ok(After::Waits) => self.put_active(id, active),
            Ok(After::Moved) => {}
            Err(trouble) => self.in_trouble(id, active, trouble),
        }
    }

    fn begin_work(&mut self, id: ThreadId, active: &mut Box<Active>) -> Result<After, Trouble> {
        let state = Arc::clone(&active.state);
        active.input = self.effective_input(active)?;
        let input = active.input.clone();
        self.trace_stage(&state, Stage::AfterInputPath, &input);
        match &state.kind {
            Kind::Pass { result, parameters, .. } => {
                let value = match (result, parameters) {
                    (Some(result), _) => Json::from(result.clone()),
                    (None, Some(parameters)) => {
                        let input = active.input.clone();
                        self.template(active, "Parameters", parameters, input.value(), None, None)?.into()
                    }
                    (None, None) => active.input.clone(),
                };
                self.trace_stage(&state, Stage::AfterParameters, &value);
                self.finish_result(id, active, value)
            }
            Kind::Succeed => self.finish_result(id, active, active.input.clone()),
            Kind::Fail { error, cause } => {
                let error = self.text_setting(active, "Error", error.as_ref())?;
                let cause = self.text_setting(active, "Cause", cause.as_ref())?;
                let failure = Failure { error, cause };
                if self.trace.is_some() {
                    self.test_over(Verdict::Failed, failure);
                    return Ok(After::Moved);
                }
                let entered = (Arc::clone(&state.name), active.raw_input.clone());
                self.leave_entered(id, active.entered, failure, StateKind::Fail, entered);
                Ok(After::Moved)
            }
            Kind::Choice { rules, default } => {
                for (index, rule) in rules.iter().enumerate() {
                    let input = active.input.clone();
                    let holds = self
                        .scoped(active, input.value(), None, None, |scope, chance| rule.condition.holds(scope, chance))
                        .map_err(|error| self.condition_trouble(active, index, &error))?;
                    if holds {
                        let (assign, output) = (rule.assign.as_ref(), rule.output.as_ref());
                        return self.exit_with(id, active, &format!("Choices[{index}]/"), assign, output, &rule.next);
                    }
                }
                let Some(default) = default else {
                    let cause =
                        "Failed to transition out of the state. The state does not point to a next state.".to_owned();
                    return Err(Trouble::raised("States.NoChoiceMatched", cause).prefixed());
                };
                let (assign, output) = (state.assign.as_ref(), state.output.as_ref());
                self.exit_with(id, active, "", assign, output, default)
            }
            Kind::Wait(wait) => {
                let until = self.wait_until(active, wait)?;
                if until <= self.now {
                    return self.finish_result(id, active, active.input.clone());
                }
                if until - self.now > MAX_WAIT * 1000 {
                    return Err(Trouble::runtime("Wait state delay is too long."));
                }
                active.doing = Doing::Waiting(self.set_timer(until, Purpose::Wait(id)));
                Ok(After::Waits)
            }
            Kind::Task(task) => self.schedule(id, active, task),
            Kind::Parallel(parallel) => self.start_branches(id, active, parallel),
            Kind::Map(map) => self.start_map(id, active, map),
        }
    }

    /// Begins the state's work once more: it was entered before.
    pub(crate) fn begin_again(&mut self, id: ThreadId, mut active: Box<Active>) {
        let state = Arc::clone(&active.state);
        let begun = match &state.kind {
            Kind::Task(task) => self.schedule(id, &mut active, task),
            Kind::Parallel(parallel) => self.start_branches(id, &mut active, parallel),
            Kind::Map(map) => self.start_map(id, &mut active, map),
            _ => Ok(After::Waits),
        };
        self.begun(id, active, begun);
    }

    pub(crate) fn wait_over(&mut self, id: ThreadId) {
        let Some(mut active) = self.take_active(id) else { return };
        active.doing = Doing::Nothing;
        let input = active.input.clone();
        match self.finish_result(id, &mut active, input) {
            Ok(_) => self.ready.push_back(id),
            Err(trouble) => self.in_trouble(id, active, trouble),
        }
    }

    fn effective_input(&mut self, active: &Active) -> Result<Json, Trouble> {
        match &active.state.input_path {
            DocumentPath::Whole => Ok(active.raw_input.clone()),
            DocumentPath::Empty => Ok(Value::Object(Map::new()).into()),
            DocumentPath::Path(path) => {
                let input = active.raw_input.clone();
                self.scoped(active, input.value(), None, None, |scope, _| scope.select(path))
                    .map(Json::from)
                    .map_err(|error| invalid_path(path.source(), &error))
            }
        }
    }

    fn wait_until(&mut self, active: &Active, wait: &Wait) -> Result<i64, Trouble> {
        match wait {
            Wait::Seconds(Setting::Path(path)) => {
                let source = source_of(path);
                let value = self.setting_value(active, path).map_err(|_| {
                    Trouble::runtime(format!("The SecondsPath parameter does not reference an input value: {source}"))
                })?;
                let Some(seconds) = value.as_i64() else {
                    let cause = format!(
                        "The SecondsPath parameter cannot be parsed as a long value: {source} == {}",
                        plain(&value)
                    );
                    return Err(Trouble::runtime(cause));
                };
                if seconds < 0 {
                    let cause = format!("The SecondsPath parameter references a negative value: {source} == {seconds}");
                    return Err(Trouble::runtime(cause));
                }
                Ok(seconds_later(self.now, seconds.unsigned_abs()))
            }
            Wait::Seconds(setting) => {
                let seconds = self.whole_setting(active, "Seconds", setting)?;
                Ok(seconds_later(self.now, seconds))
            }
            Wait::Timestamp(Setting::Path(path)) => {
                let source = source_of(path);
                let value = self.setting_value(active, path).map_err(|_| {
                    Trouble::runtime(format!("The TimestampPath parameter does not reference an input value: {source}"))
                })?;
                value.as_str().and_then(asl::timestamp_millis).ok_or_else(|| {
                    Trouble::runtime(format!(
                        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {source} == {}",
                        plain(&value)
                    ))
                })
            }
            Wait::Timestamp(setting) => {
                let text = self.text_setting(active, "Timestamp", Some(setting))?.unwrap_or_default();
                asl::timestamp_millis(&text).ok_or_else(|| {
                    let cause = format!(
                        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}"
                    );
                    Trouble::query(Some("Timestamp".to_owned()), cause)
                })
            }
        }
    }

    fn setting_value(&mut self, active: &Active, path: &asl::intrinsic::Expression) -> Result<Value, EvaluationError> {
        let input = active.input.clone();
        self.scoped(active, input.value(), None, None, |scope, chance| path.evaluate(scope, chance))
    }

    /// A whole number that is literal or computed, such as `TimeoutSeconds`.
    pub(crate) fn whole_setting(&mut self, active: &Active, name: &str, setting: &Setting) -> Result<u64, Trouble> {
        self.whole_setting_from(0, active, name, setting)
    }

    /// A whole number of at least `least`, which is 0 or 1. A path may lead to one that is written as a string.
    pub(crate) fn whole_setting_from(
        &mut self,
        least: u64,
        active: &Active,
        name: &str,
        setting: &Setting,
    ) -> Result<u64, Trouble> {
        let value = self.any_setting(active, name, setting)?;
        let whole = match (&value, setting) {
            (Value::String(text), Setting::Path(_)) => text.parse().ok(),
            (value, _) => value.as_u64(),
        };
        whole.filter(|number| *number >= least).ok_or_else(|| match setting {
            Setting::Path(path) => Trouble::runtime(format!(
                "The {name}Path field refers to value \"{}\" which is not a valid integer: {}",
                plain(&value),
                source_of(path)
            )),
            Setting::Query(query) if !value.is_number() => unexpected_type(query.source(), name, "number", &value),
            _ => Trouble::query(
                Some(name.to_owned()),
                format!("The {name} field must be a whole number of at least {least}, but was: {value}"),
            ),
        })
    }

    fn text_setting(
        &mut self,
        active: &Active,
        name: &str,
        setting: Option<&Setting>,
    ) -> Result<Option<String>, Trouble> {
        let Some(setting) = setting else { return Ok(None) };
        match self.any_setting(active, name, setting)? {
            Value::String(text) => Ok(Some(text)),
            other => match setting {
                Setting::Path(path) => Err(Trouble::runtime(format!(
                    "The {name}Path field refers to value \"{}\" which is not a string: {}",
                    plain(&other),
                    source_of(path)
                ))),
                Setting::Query(query) => Err(unexpected_type(query.source(), name, "string", &other)),
                Setting::Fixed(_) => Ok(Some(other.to_string())),
            },
        }
    }

    /// The value of a setting in whatever form.
    pub(crate) fn any_setting(&mut self, active: &Active, name: &str, setting: &Setting) -> Result<Value, Trouble> {
        match setting {
            Setting::Fixed(value) => Ok(value.clone()),
            Setting::Path(path) => {
                self.setting_value(active, path).map_err(|error| not_found(&format!("{name}Path"), &error))
            }
            Setting::Query(query) => {
                let input = active.raw_input.clone();
                self.scoped(active, input.value(), None, None, |scope, chance| query.evaluate(scope, chance))
                    .map_err(|error| query_trouble(query.source(), name, &error))
            }
        }
    }

    fn condition_trouble(&self, active: &Active, index: usize, error: &ConditionError) -> Trouble {
        let field = format!("Choices[{index}]/Condition");
        match error {
            ConditionError::Query { source, error } => query_trouble(source, &field, error),
            ConditionError::NotBoolean { source, value } => unexpected_type(source, &field, "boolean", value),
            ConditionError::Path { error: error @ EvaluationError::TooLarge { .. }, .. } => not_found(&field, error),
            ConditionError::Path { path, .. } => Trouble::runtime(format!(
                "Invalid path '{path}': The choice state's condition path references an invalid value."
            ))
            .of_language(active.state.language),
        }
    }
}

/// What became of a thread that worked on its state.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// It waits in the state.
    Waits,
    /// It has left the state, or is no more.
    Moved,
}

impl Execution {
    /// Evaluates something in the scope of a state.
    pub(crate) fn scoped<T>(
        &mut self,
        active: &Active,
        input: &Value,
        result: Option<&Value>,
        error_output: Option<&Value>,
        evaluate: impl FnOnce(&Scope<'_>, &mut asl::Chance) -> T,
    ) -> T {
        self.scoped_item(active, input, result, error_output, None, evaluate)
    }

    /// The same with the Map item that is about to start.
    pub(crate) fn scoped_item<T>(
        &mut self,
        active: &Active,
        input: &Value,
        result: Option<&Value>,
        error_output: Option<&Value>,
        item: Option<Item<'_>>,
        evaluate: impl FnOnce(&Scope<'_>, &mut asl::Chance) -> T,
    ) -> T {
        let mut chance = self.chance.clone();
        let context = LazyContext::new(self, active);
        let context = match item {
            Some(item) => context.with_item(item),
            None => context,
        };
        let scope = Scope {
            input,
            state_input: active.raw_input.value(),
            context: &context,
            variables: &active.variables,
            result,
            error_output,
            now: self.now,
        };
        let evaluated = evaluate(&scope, &mut chance);
        self.chance = chance;
        evaluated
    }

    /// Evaluates a template of a field.
    pub(crate) fn template(
        &mut self,
        active: &Active,
        field: &str,
        template: &asl::Template,
        input: &Value,
        result: Option<&Value>,
        error_output: Option<&Value>,
    ) -> Result<Value, Trouble> {
        self.scoped(active, input, result, error_output, |scope, chance| template.evaluate(scope, chance))
            .map_err(|failed| template_trouble(field, &failed))
    }

    pub(crate) fn set_previous(&mut self, id: ThreadId, event: u64) {
        if let Some(thread) = self.thread(id) {
            thread.previous = event;
        }
    }
}

pub(crate) fn template_trouble(field: &str, failed: &asl::template::Failed) -> Trouble {
    match &failed.error {
        EvaluationError::Query(_) => query_trouble(&failed.source, &failed.location(field), &failed.error),
        error @ EvaluationError::TooLarge { .. } => not_found(&failed.location(field), error),
        error => {
            // JSONPath errors name the innermost key only.
            let key = failed.place.first().map_or_else(|| field.to_owned(), |key| format!("{key}.$"));
            not_found(&key, error)
        }
    }
}

pub(crate) fn query_trouble(source: &str, field: &str, error: &EvaluationError) -> Trouble {
    let cause = format!("The JSONata expression '{source}' specified for the field '{field}' {error}.");
    // JSONata's own sentences end without a full stop, and AWS adds none to them.
    let cause = match error {
        EvaluationError::Query(asl::jsonata::QueryError::Raised(_) | asl::jsonata::QueryError::Bounded(_)) => {
            cause.trim_end_matches('.').to_owned()
        }
        _ => cause,
    };
    Trouble::query(Some(field.to_owned()), cause)
}

pub(crate) fn unexpected_type(source: &str, field: &str, expected: &str, value: &Value) -> Trouble {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let cause = format!(
        "The JSONata expression '{source}' specified for the field '{field}' returned an unexpected result type. Expected '{expected}', but was '{found}' for value: {value}"
    );
    Trouble::query(Some(field.to_owned()), cause)
}

pub(crate) fn not_found(field: &str, error: &EvaluationError) -> Trouble {
    match error {
        EvaluationError::NoResult { path, document, .. } => Trouble::runtime(format!(
            "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{document}'"
        )),
        EvaluationError::Intrinsic { .. } => Trouble::raised("States.IntrinsicFailure", error.to_string()).prefixed(),
        EvaluationError::Argument { .. } => Trouble::runtime(error.to_string()),
        EvaluationError::TooLarge { .. } => {
            Trouble::raised("States.DataLimitExceeded", format!("The field '{field}': {error}."))
        }
        error => Trouble::runtime(format!("The field '{field}': {error}")),
    }
}

/// `InputPath` and `OutputPath` are told in Jayway's own words.
pub(crate) fn invalid_path(path: &str, error: &EvaluationError) -> Trouble {
    match error {
        EvaluationError::NoResult { reason, .. } => Trouble::runtime(format!("Invalid path '{path}' : {reason}")),
        EvaluationError::TooLarge { .. } => Trouble::raised("States.DataLimitExceeded", format!("{error}.")),
        error => Trouble::runtime(format!("Invalid path '{path}' : {error}")),
    }
}

pub(crate) fn source_of(expression: &asl::intrinsic::Expression) -> String {
    match expression {
        asl::intrinsic::Expression::Path(path) => path.source().to_owned(),
        asl::intrinsic::Expression::Literal(value) => value.to_string(),
        asl::intrinsic::Expression::Call(_, _, call) => call.to_string(),
    }
}

/// A value as messages show it: a string without quotes.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

impl Trouble {
    /// In a JSONata state the same trouble is an evaluation that failed.
    fn of_language(self, language: QueryLanguage) -> Self {
        match language {
            QueryLanguage::JsonPath => self,
            QueryLanguage::Jsonata => Self::query(None, self.cause()),
        }
    }
}
