//! Testing one state: `TestState`.
//!
//! The state runs as in any execution; what it is given and what comes of it is noted on the way, and where it would
//! leave, the test is over.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html>

use std::sync::Arc;

use asl::{Flow, Json, Kind, Machine, Next, QueryLanguage, Retrier, State, StateName, Variables};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::containers::joined;
use crate::enter::After;
use crate::execution::{Active, Effect, Ended, Execution, Facts, Failure, ThreadId};
use crate::fail::Trouble;
use crate::map_run::Tolerated;

/// What stands in for the work of a Map or Parallel. A Task's answer comes as for any task.
#[derive(Clone, Debug)]
pub enum Mock {
    /// It was done.
    Result(Json),
    /// It was not.
    Error(Failure),
}

/// How the state is run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The context object, instead of the real one.
    pub context: Option<Value>,
    /// Variables that are there already.
    pub variables: Variables,
    /// How often its retriers were used.
    pub retry_count: u64,
    /// For Map and Parallel.
    pub mock: Option<Mock>,
    /// How many iterations of a Map failed.
    pub failed_iterations: Option<u64>,
    /// What a Map's reader would have read, where that is JSON.
    pub read: Option<Json>,
    /// For a state inside a Map: the item of its iteration.
    pub item: Option<Json>,
}

/// A test under way.
#[derive(Debug)]
pub struct Probe {
    /// The execution of the one state; takes inputs until it has ended.
    pub execution: Execution,
    /// What it wants done first.
    pub effects: Vec<Effect>,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the API's TestExecutionStatus")]
pub enum Verdict {
    Succeeded,
    Failed,
    Retriable,
    CaughtError,
}

/// What a test has shown.
#[derive(Clone, Debug)]
pub struct Tested {
    /// How it ended.
    pub verdict: Verdict,
    /// The output, of a state that left.
    pub output: Option<Json>,
    /// The error, of one that did not, or was caught.
    pub failure: Failure,
    /// Where it would go on.
    pub next: Option<StateName>,
    /// The variables after it.
    pub variables: Variables,
    /// `inspectionData`, in the API's names.
    pub inspection: Map<String, Value>,
}

/// A point that data passes in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    AfterInputPath,
    AfterParameters,
    Result,
    AfterResultSelector,
    AfterResultPath,
}

/// What is noted while a state is tested.
#[derive(Debug)]
pub(crate) struct Trace {
    settings: Settings,
    tested: Option<Tested>,
    caught: Option<Failure>,
    inspection: Map<String, Value>,
    variables: Variables,
}

/// Starts the test of a state.
///
/// # Errors
/// When the input is not JSON.
pub fn test_state(
    machine: &Machine,
    state: &Arc<State>,
    facts: Facts,
    settings: Settings,
) -> Result<Probe, crate::Broken> {
    let flow = Flow {
        start_at: Arc::clone(&state.name),
        states: IndexMap::from([(Arc::clone(&state.name), Arc::clone(state))]),
    };
    let machine = Machine {
        comment: None,
        language: machine.language,
        timeout_seconds: None,
        flow: Arc::new(flow),
        may_take_long: machine.may_take_long,
    };
    let mut execution = Execution::new(Arc::new(machine), facts)?;
    let variables = Arc::clone(&settings.variables);
    execution.trace = Some(Box::new(Trace {
        variables: Arc::clone(&variables),
        settings,
        tested: None,
        caught: None,
        inspection: Map::new(),
    }));
    let effects = execution.begin_test(variables);
    Ok(Probe { execution, effects })
}

impl Execution {
    /// What the test has shown, once it is over.
    pub fn tested(&self) -> Option<&Tested> {
        self.trace.as_ref()?.tested.as_ref()
    }

    pub(crate) fn given_context(&self) -> Option<&Value> {
        self.trace.as_ref()?.settings.context.as_ref()
    }

    fn note(&mut self, name: &str, value: Value) {
        if let Some(trace) = &mut self.trace {
            trace.inspection.insert(name.to_owned(), value);
        }
    }

    pub(crate) fn trace_entering(&mut self, active: &mut Active) {
        let Some(trace) = &self.trace else { return };
        active.retries.fill(trace.settings.retry_count);
        active.retry_count = trace.settings.retry_count;
        let input = active.raw_input.text().as_ref().into();
        self.note("input", input);
    }

    pub(crate) fn trace_stage(&mut self, state: &State, stage: Stage, json: &Json) {
        if self.trace.is_none() {
            return;
        }
        let task = matches!(state.kind, Kind::Task(_));
        let shown = match state.language {
            // As recorded: of JSONata states only a Task shows what it sent and got.
            QueryLanguage::Jsonata => task && matches!(stage, Stage::AfterParameters | Stage::Result),
            QueryLanguage::JsonPath => match stage {
                Stage::Result => !matches!(state.kind, Kind::Pass { .. } | Kind::Succeed | Kind::Choice { .. }),
                _ => true,
            },
        };
        if !shown {
            return;
        }
        let name = match stage {
            Stage::AfterInputPath => "afterInputPath",
            Stage::AfterParameters if state.language == QueryLanguage::Jsonata => "afterArguments",
            Stage::AfterParameters => "afterParameters",
            Stage::Result => "result",
            Stage::AfterResultSelector => "afterResultSelector",
            Stage::AfterResultPath => "afterResultPath",
        };
        self.note(name, json.text().as_ref().into());
    }

    pub(crate) fn trace_retrier(&mut self, index: usize, retrier: &Retrier, used: u64) {
        if self.trace.is_none() {
            return;
        }
        let mut details = json!({"retryIndex": index});
        if used < retrier.max_attempts {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a delay is at most a year")]
            let seconds = retrier.delay_seconds(used + 1).round() as u64;
            details["retryBackoffIntervalSeconds"] = seconds.into();
        }
        self.note("errorDetails", details);
    }

    pub(crate) fn trace_catcher(&mut self, index: usize, failure: &Failure) {
        if let Some(trace) = &mut self.trace {
            trace.caught = Some(failure.clone());
            trace.inspection.insert("errorDetails".into(), json!({"catchIndex": index}));
        }
    }

    /// The test is over without the state's having left.
    pub(crate) fn test_over(&mut self, verdict: Verdict, failure: Failure) {
        self.conclude(verdict, None, failure, None);
    }

    /// The state left.
    pub(crate) fn test_left(&mut self, output: Json, assigned: Vec<(String, Json)>, next: &Next) {
        let Some(trace) = &mut self.trace else { return };
        Arc::make_mut(&mut trace.variables).extend(assigned);
        let (verdict, failure) = match trace.caught.take() {
            Some(failure) => (Verdict::CaughtError, failure),
            None => (Verdict::Succeeded, Failure::default()),
        };
        let next = match next {
            Next::State(next) => Some(Arc::clone(next)),
            Next::End | Next::Nowhere => None,
        };
        self.conclude(verdict, Some(output), failure, next);
    }

    fn conclude(&mut self, verdict: Verdict, output: Option<Json>, failure: Failure, next: Option<StateName>) {
        self.abandon();
        self.ended = Some(match &output {
            Some(output) => Ended::Succeeded(output.clone()),
            None => Ended::Failed(failure.clone()),
        });
        if let Some(trace) = &mut self.trace {
            let (variables, inspection) = (Arc::clone(&trace.variables), std::mem::take(&mut trace.inspection));
            trace.tested = Some(Tested { verdict, output, failure, next, variables, inspection });
        }
    }

    pub(crate) fn test_map(&mut self, id: ThreadId, active: &mut Active, map: &asl::Map) -> Result<After, Trouble> {
        let (read, keyed) = if let Some(reader) = &map.item_reader {
            (self.trace_read(reader), false)
        } else {
            let (items, keyed) = self.items(active, map)?;
            if active.state.language == QueryLanguage::JsonPath {
                // As it stands in the input's text, where the path only points into it.
                let pointed = map.items_path.as_ref().and_then(|path| active.input.text_at(path));
                let text = pointed.unwrap_or_else(|| joined(items.clone()).text().to_string());
                self.note("afterItemsPath", text.into());
            }
            (Some(items), keyed)
        };
        let count = read.as_ref().map(Vec::len);
        if let Some(mut items) = read {
            if map.item_selector.is_some() {
                items = self.select_all(active, map, items, keyed)?;
                self.note("afterItemSelector", joined(items.clone()).text().as_ref().into());
            }
            if let Some(batcher) = &map.item_batcher {
                let batches = self.batches(active, batcher, items)?.into_iter().map(|(batch, _)| batch).collect();
                self.note("afterItemBatcher", joined(batches).text().as_ref().into());
            }
        }
        let limit = match &map.max_concurrency {
            Some(setting) => self.whole_setting(active, "MaxConcurrency", setting)?,
            None => 0,
        };
        self.note("maxConcurrency", limit.into());
        let tolerated = self.tolerated(active, map)?;
        if let Some(count) = tolerated.count {
            self.note("toleratedFailureCount", count.into());
        }
        if let Some(percentage) = tolerated.percentage {
            self.note("toleratedFailurePercentage", percentage.into());
        }
        let failed = self.trace.as_ref().and_then(|trace| trace.settings.failed_iterations).unwrap_or(0);
        let declared = tolerated.count.is_some() || tolerated.percentage.is_some();
        // What a reader would read is not known.
        let items = count.unwrap_or(1).max(1);
        if declared && tolerated.is_exceeded(usize::try_from(failed).unwrap_or(usize::MAX), items) {
            let Failure { error, cause } = Tolerated::failure();
            return Err(Trouble::raised(&error.unwrap_or_default(), cause.unwrap_or_default()));
        }
        self.mocked(id, active)
    }

    /// The items in what a reader would have read, if that is known.
    fn trace_read(&mut self, reader: &Value) -> Option<Vec<Json>> {
        let read = self.trace.as_ref()?.settings.read.clone()?;
        let mut list = read.value();
        if let Some(pointer) = reader.pointer("/ReaderConfig/ItemsPointer").and_then(Value::as_str) {
            list = list.pointer(pointer)?;
            self.note("afterItemsPointer", list.to_string().into());
        }
        Some(list.as_array()?.iter().cloned().map(Json::from).collect())
    }

    pub(crate) fn test_parallel(
        &mut self,
        id: ThreadId,
        active: &mut Active,
        parallel: &asl::Parallel,
    ) -> Result<After, Trouble> {
        if let Some(template) = &parallel.arguments {
            let field = match active.state.language {
                QueryLanguage::JsonPath => "Parameters",
                QueryLanguage::Jsonata => "Arguments",
            };
            let input = active.input.clone();
            let parameters = self.template(active, field, template, input.value(), None, None)?.into();
            self.trace_stage(&active.state, Stage::AfterParameters, &parameters);
        }
        self.mocked(id, active)
    }

    fn mocked(&mut self, id: ThreadId, active: &mut Active) -> Result<After, Trouble> {
        match self.trace.as_ref().and_then(|trace| trace.settings.mock.clone()) {
            Some(Mock::Result(result)) => self.finish_result(id, active, result),
            Some(Mock::Error(failure)) => Err(Trouble::of(failure)),
            None => Err(Trouble::runtime("Without a mock, this state cannot be tested.")),
        }
    }

    fn begin_test(&mut self, variables: Variables) -> Vec<Effect> {
        let (flow, input) = (Arc::clone(&self.machine.flow), self.input.clone());
        let item = self.trace.as_ref().and_then(|trace| trace.settings.item.clone()).map(|item| (0, item));
        let root = self.spawn(None, flow, variables, item, 0, input);
        self.ready.push_back(root);
        self.run(&mut || true);
        std::mem::take(&mut self.effects)
    }
}
