//! A state machine as read from its definition: plain data.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::choice::Condition;
use crate::intrinsic::Expression;
use crate::jsonata::Query;
use crate::path::Path;
use crate::template::Template;

/// A state's name.
pub type StateName = Arc<str>;

/// A state machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What its author says of it.
    pub comment: Option<String>,
    /// The language of states that name none.
    pub language: QueryLanguage,
    /// How long an execution may take, in seconds.
    pub timeout_seconds: Option<u64>,
    /// Its states.
    pub flow: Arc<Flow>,
    /// Whether one state of it may take long: in JSONata, or by a path that searches. Said generously.
    pub may_take_long: bool,
}

/// A `States` block with its `StartAt`: the whole machine, a branch, or an item processor.
#[derive(Debug)]
pub struct Flow {
    /// The first state.
    pub start_at: StateName,
    /// The states in the definition's order.
    pub states: IndexMap<StateName, Arc<State>>,
}

/// The language of paths and templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    /// The older one.
    #[default]
    JsonPath,
    /// JSONata 2.
    Jsonata,
}

/// A state.
#[derive(Debug)]
pub struct State {
    /// Its name.
    pub name: StateName,
    /// What its author says of it.
    pub comment: Option<String>,
    /// Its language.
    pub language: QueryLanguage,
    /// `InputPath`.
    pub input_path: DocumentPath,
    /// `OutputPath`.
    pub output_path: DocumentPath,
    /// `Assign`.
    pub assign: Option<Template>,
    /// `Output`.
    pub output: Option<Template>,
    /// Where it goes on. A Choice and the ends have [`Next::Nowhere`].
    pub next: Next,
    /// What it does.
    pub kind: Kind,
}

/// Where a state goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// `Next`.
    State(StateName),
    /// `End`.
    End,
    /// Choice, Succeed and Fail say it otherwise.
    Nowhere,
}

/// `InputPath` and `OutputPath`.
#[derive(Clone, Debug, Default)]
pub enum DocumentPath {
    /// Not given: `$`.
    #[default]
    Whole,
    /// `null`: an empty object.
    Empty,
    /// A path.
    Path(Path),
}

/// `ResultPath`.
#[derive(Clone, Debug, Default)]
pub enum ResultPath {
    /// Not given, or `$`: the result replaces the input.
    #[default]
    Replace,
    /// `null`: the input stays.
    Discard,
    /// The result goes into the input.
    Into(Path),
}

/// What a state does.
#[derive(Debug)]
pub enum Kind {
    /// Passes on, perhaps transformed.
    Pass {
        /// `Result`.
        result: Option<Value>,
        /// `Parameters`.
        parameters: Option<Template>,
        /// `ResultPath`.
        result_path: ResultPath,
    },
    /// Does work elsewhere.
    Task(Box<Task>),
    /// Goes one of several ways.
    Choice {
        /// The rules, in order.
        rules: Vec<Rule>,
        /// `Default`.
        default: Option<StateName>,
    },
    /// Waits.
    Wait(Wait),
    /// Ends well.
    Succeed,
    /// Ends badly.
    Fail {
        /// `Error`, `ErrorPath`.
        error: Option<Setting>,
        /// `Cause`, `CausePath`.
        cause: Option<Setting>,
    },
    /// Runs branches side by side.
    Parallel(Box<Parallel>),
    /// Runs one flow over items.
    Map(Box<Map>),
}

/// A value that stands in the definition or is found when the state runs.
#[derive(Clone, Debug)]
pub enum Setting {
    /// Literal.
    Fixed(Value),
    /// The `…Path` form.
    Path(Expression),
    /// `{% … %}`.
    Query(Query),
}

/// A Task state.
#[derive(Debug)]
pub struct Task {
    /// What is called.
    pub resource: Resource,
    /// `Parameters` or `Arguments`.
    pub arguments: Option<Template>,
    /// `ResultSelector`.
    pub result_selector: Option<Template>,
    /// `ResultPath`.
    pub result_path: ResultPath,
    /// `TimeoutSeconds`, `TimeoutSecondsPath`.
    pub timeout: Option<Setting>,
    /// `HeartbeatSeconds`, `HeartbeatSecondsPath`.
    pub heartbeat: Option<Setting>,
    /// `Credentials`.
    pub credentials: Option<Template>,
    /// `Retry`.
    pub retry: Vec<Retrier>,
    /// `Catch`.
    pub catch: Vec<Catcher>,
}

/// What a Task calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A Lambda function by its ARN.
    Function {
        /// The ARN.
        arn: String,
    },
    /// An activity by its ARN.
    Activity {
        /// The ARN.
        arn: String,
    },
    /// A service integration: `arn:aws:states:::lambda:invoke.waitForTaskToken`.
    Integration {
        /// The ARN.
        arn: String,
        /// `lambda`, `aws-sdk:dynamodb`.
        service: String,
        /// `invoke`, `getItem`.
        action: String,
        /// How long the task lasts.
        pattern: Pattern,
    },
    /// None of these; a definition may hold placeholders until it is deployed.
    Other(String),
}

/// How long a service integration's task lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Until the service answers.
    RequestResponse,
    /// `.sync`: until the job is done.
    Sync,
    /// `.sync:2`: the same, with the output parsed.
    Sync2,
    /// `.waitForTaskToken`: until somebody answers with the token.
    WaitForTaskToken,
}

impl Resource {
    /// Reads a `Resource`.
    pub fn parse(text: &str) -> Self {
        let parts: Vec<&str> = text.splitn(7, ':').collect();
        match parts.as_slice() {
            ["arn", _, "lambda", _, _, "function", _] => Self::Function { arn: text.to_owned() },
            ["arn", _, "states", _, _, "activity", _] => Self::Activity { arn: text.to_owned() },
            ["arn", _, "states", "", "", service, action] | ["arn", _, "states", _, "", service, action] => {
                let (service, action) = match (*service, action.split_once(':')) {
                    ("aws-sdk", Some((service, action))) => (format!("aws-sdk:{service}"), action),
                    (service, _) => (service.to_owned(), *action),
                };
                let (action, pattern) = match action.split_once('.') {
                    Some((action, "sync")) => (action, Pattern::Sync),
                    Some((action, "sync:2")) => (action, Pattern::Sync2),
                    Some((action, "waitForTaskToken")) => (action, Pattern::WaitForTaskToken),
                    Some(_) => return Self::Other(text.to_owned()),
                    None => (action, Pattern::RequestResponse),
                };
                Self::Integration { arn: text.to_owned(), service, action: action.to_owned(), pattern }
            }
            _ => Self::Other(text.to_owned()),
        }
    }

    /// The text as it stands in the definition.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Function { arn } | Self::Activity { arn } | Self::Integration { arn, .. } | Self::Other(arn) => arn,
        }
    }
}

/// A rule of a Choice.
#[derive(Debug)]
pub struct Rule {
    /// When it applies.
    pub condition: Condition,
    /// Where it leads.
    pub next: StateName,
    /// `Assign`.
    pub assign: Option<Template>,
    /// `Output`.
    pub output: Option<Template>,
}

/// A Wait state's time.
#[derive(Debug)]
pub enum Wait {
    /// `Seconds`, `SecondsPath`.
    Seconds(Setting),
    /// `Timestamp`, `TimestampPath`.
    Timestamp(Setting),
}

/// A Parallel state.
#[derive(Debug)]
pub struct Parallel {
    /// The branches.
    pub branches: Vec<Arc<Flow>>,
    /// `Parameters` or `Arguments`.
    pub arguments: Option<Template>,
    /// `ResultSelector`.
    pub result_selector: Option<Template>,
    /// `ResultPath`.
    pub result_path: ResultPath,
    /// `Retry`.
    pub retry: Vec<Retrier>,
    /// `Catch`.
    pub catch: Vec<Catcher>,
}

/// A Map state.
#[derive(Debug)]
pub struct Map {
    /// `ItemProcessor` or `Iterator`.
    pub processor: Arc<Flow>,
    /// `ProcessorConfig.Mode` is `DISTRIBUTED`.
    pub distributed: bool,
    /// `ItemsPath`.
    pub items_path: Option<Path>,
    /// `Items`.
    pub items: Option<Template>,
    /// `ItemSelector`, or `Parameters` as it was called before.
    pub item_selector: Option<Template>,
    /// `MaxConcurrency`, `MaxConcurrencyPath`.
    pub max_concurrency: Option<Setting>,
    /// `ToleratedFailureCount`, `ToleratedFailureCountPath`.
    pub tolerated_count: Option<Setting>,
    /// `ToleratedFailurePercentage`, `ToleratedFailurePercentagePath`.
    pub tolerated_percentage: Option<Setting>,
    /// `ItemReader`, as it stands.
    pub item_reader: Option<Value>,
    /// `ItemBatcher`.
    pub item_batcher: Option<ItemBatcher>,
    /// `ResultWriter`.
    pub result_writer: Option<ResultWriter>,
    /// `ProcessorConfig.ExecutionType` is `EXPRESS`.
    pub express_children: bool,
    /// `Label`.
    pub label: Option<String>,
    /// `ResultSelector`.
    pub result_selector: Option<Template>,
    /// `ResultPath`.
    pub result_path: ResultPath,
    /// `Retry`.
    pub retry: Vec<Retrier>,
    /// `Catch`.
    pub catch: Vec<Catcher>,
}

/// Packs the items of a distributed Map into fewer child executions.
#[derive(Debug)]
pub struct ItemBatcher {
    /// `MaxItemsPerBatch`, `MaxItemsPerBatchPath`.
    pub max_items: Option<Setting>,
    /// `MaxInputBytesPerBatch`, `MaxInputBytesPerBatchPath`.
    pub max_bytes: Option<Setting>,
    /// `BatchInput`.
    pub batch_input: Option<Template>,
}

/// What becomes of the results of a distributed Map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultWriter {
    /// Where they are written, if anywhere.
    pub resource: Option<String>,
    /// What is made of them.
    pub transformation: Transformation,
}

/// `ResultWriter.WriterConfig.Transformation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transformation {
    /// `NONE`: with the metadata of the child executions.
    None,
    /// `COMPACT`: the outputs.
    #[default]
    Compact,
    /// `FLATTEN`: the outputs, lists among them taken apart.
    Flatten,
}

/// A rule of `Retry`.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    /// `ErrorEquals`.
    pub errors: Vec<String>,
    /// `IntervalSeconds`, 1 by default.
    pub interval_seconds: u64,
    /// `MaxAttempts`, 3 by default.
    pub max_attempts: u64,
    /// `BackoffRate`, 2 by default.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`.
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy` is `FULL`.
    pub full_jitter: bool,
}

impl Retrier {
    /// The delay before retry `attempt` (from 1), in seconds, without jitter.
    pub fn delay_seconds(&self, attempt: u64) -> f64 {
        if self.interval_seconds == 0 {
            return 0.0;
        }
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        #[expect(clippy::cast_precision_loss, reason = "intervals are at most 31,622,400")]
        let (interval, most) = (
            self.interval_seconds as f64,
            // AWS's own bound for a delay: a year and a day.
            self.max_delay_seconds.unwrap_or(31_622_400) as f64,
        );
        (interval * self.backoff_rate.powi(exponent)).min(most)
    }
}

/// A rule of `Catch`.
#[derive(Debug)]
pub struct Catcher {
    /// `ErrorEquals`.
    pub errors: Vec<String>,
    /// Where it leads.
    pub next: StateName,
    /// `ResultPath`.
    pub result_path: ResultPath,
    /// `Assign`.
    pub assign: Option<Template>,
    /// `Output`.
    pub output: Option<Template>,
}

/// Whether an error of the name `error` is one of `patterns`.
///
/// Nothing matches `States.Runtime`. `States.ALL` matches everything else, also `States.DataLimitExceeded`, as AWS does
/// against its own documentation; `States.TaskFailed` matches all of a task but a timeout.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
pub fn matches_error(patterns: &[String], error: &str) -> bool {
    if error == "States.Runtime" {
        return false;
    }
    patterns.iter().any(|pattern| match pattern.as_str() {
        "States.ALL" => true,
        "States.TaskFailed" => {
            !matches!(error, "States.Timeout" | "States.HeartbeatTimeout" | "States.DataLimitExceeded")
        }
        "States.Timeout" => matches!(error, "States.Timeout" | "States.HeartbeatTimeout"),
        pattern => pattern == error,
    })
}

impl Kind {
    /// The `Type` of the state.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Pass { .. } => "Pass",
            Self::Task(_) => "Task",
            Self::Choice { .. } => "Choice",
            Self::Wait(_) => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail { .. } => "Fail",
            Self::Parallel(_) => "Parallel",
            Self::Map(_) => "Map",
        }
    }

    /// The rules of `Retry`.
    pub fn retry(&self) -> &[Retrier] {
        match self {
            Self::Task(task) => &task.retry,
            Self::Parallel(parallel) => &parallel.retry,
            Self::Map(map) => &map.retry,
            _ => &[],
        }
    }

    /// The rules of `Catch`.
    pub fn catch(&self) -> &[Catcher] {
        match self {
            Self::Task(task) => &task.catch,
            Self::Parallel(parallel) => &parallel.catch,
            Self::Map(map) => &map.catch,
            _ => &[],
        }
    }

    /// `ResultSelector` and `ResultPath`.
    pub fn result_rules(&self) -> (Option<&Template>, &ResultPath) {
        const REPLACE: &ResultPath = &ResultPath::Replace;
        match self {
            Self::Pass { result_path, .. } => (None, result_path),
            Self::Task(task) => (task.result_selector.as_ref(), &task.result_path),
            Self::Parallel(parallel) => (parallel.result_selector.as_ref(), &parallel.result_path),
            Self::Map(map) => (map.result_selector.as_ref(), &map.result_path),
            _ => (None, REPLACE),
        }
    }

    /// The flows inside, with how messages call them: `Branches[0]`, `ItemProcessor`.
    pub fn flows(&self) -> Vec<(String, &Arc<Flow>)> {
        match self {
            Self::Parallel(parallel) => {
                parallel.branches.iter().enumerate().map(|(index, flow)| (format!("Branches[{index}]"), flow)).collect()
            }
            Self::Map(map) => vec![("ItemProcessor".to_owned(), &map.processor)],
            _ => Vec::new(),
        }
    }
}

impl Machine {
    /// The state of that name, at whatever depth. Names are unique in a machine.
    pub fn state(&self, name: &str) -> Option<&Arc<State>> {
        fn find<'a>(flow: &'a Flow, name: &str) -> Option<&'a Arc<State>> {
            flow.states.get(name).or_else(|| {
                flow.states.values().flat_map(|state| state.kind.flows()).find_map(|(_, flow)| find(flow, name))
            })
        }
        find(&self.flow, name)
    }

    /// Every state, containers before what is in them.
    pub fn all_states(&self) -> Vec<&Arc<State>> {
        fn collect<'a>(flow: &'a Flow, all: &mut Vec<&'a Arc<State>>) {
            for state in flow.states.values() {
                all.push(state);
                for (_, inner) in state.kind.flows() {
                    collect(inner, all);
                }
            }
        }
        let mut all = Vec::new();
        collect(&self.flow, &mut all);
        all
    }
}

impl fmt::Display for QueryLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JsonPath => "JSONPath",
            Self::Jsonata => "JSONata",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_patterns_match_as_documented() {
        let cases = [
            ("States.ALL", "Anything", true),
            ("States.ALL", "States.Timeout", true),
            ("States.ALL", "States.DataLimitExceeded", true),
            ("States.ALL", "States.Runtime", false),
            ("States.Runtime", "States.Runtime", false),
            ("States.TaskFailed", "PaymentDeclined", true),
            ("States.TaskFailed", "Lambda.Unknown", true),
            ("States.TaskFailed", "States.Timeout", false),
            ("States.TaskFailed", "States.HeartbeatTimeout", false),
            ("States.Timeout", "States.HeartbeatTimeout", true),
            ("States.HeartbeatTimeout", "States.Timeout", false),
            ("PaymentDeclined", "PaymentDeclined", true),
            ("PaymentDeclined", "Payment", false),
        ];
        for (pattern, error, expected) in cases {
            assert_eq!(matches_error(&[pattern.to_owned()], error), expected, "{pattern} {error}");
        }
    }

    #[test]
    fn resources_are_told_apart() {
        let cases = [
            ("arn:aws:states:::lambda:invoke", "lambda", "invoke", Pattern::RequestResponse),
            ("arn:aws:states:::lambda:invoke.waitForTaskToken", "lambda", "invoke", Pattern::WaitForTaskToken),
            ("arn:aws:states:::states:startExecution.sync:2", "states", "startExecution", Pattern::Sync2),
            ("arn:aws:states:::aws-sdk:dynamodb:getItem", "aws-sdk:dynamodb", "getItem", Pattern::RequestResponse),
        ];
        for (arn, service, action, pattern) in cases {
            let expected = Resource::Integration {
                arn: arn.to_owned(),
                service: service.to_owned(),
                action: action.to_owned(),
                pattern,
            };
            assert_eq!(Resource::parse(arn), expected);
        }
        let function = "arn:aws:lambda:us-east-1:123456789012:function:f:1";
        assert_eq!(Resource::parse(function), Resource::Function { arn: function.to_owned() });
        assert_eq!(Resource::parse("${Fn}"), Resource::Other("${Fn}".to_owned()));
    }

    #[test]
    fn delays_grow_up_to_their_bound() {
        let retrier = Retrier {
            errors: vec![],
            interval_seconds: 3,
            max_attempts: 9,
            backoff_rate: 2.0,
            max_delay_seconds: Some(20),
            full_jitter: false,
        };
        let delays: Vec<f64> = (1..=5).map(|attempt| retrier.delay_seconds(attempt)).collect();
        assert_eq!(delays, [3.0, 6.0, 12.0, 20.0, 20.0]);
    }
}
