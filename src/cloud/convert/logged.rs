//! What a machine logs: one event of an execution as a line of JSON, into the fact that its history would have.
//!
//! The details are those of the history without their name around them, and without the execution's data unless the
//! machine is told to include it. <https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html>

use std::sync::Arc;

use std::collections::HashMap;

use aws_sdk_sfn::types::{LogLevel, LoggingConfiguration};
use serde_json::{Map, Value};

use crate::facts::{Arn, EventKind, ExecutionStatus, ExecutionSummary, HistoryEvent, Millis};

/// An event with the execution that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logged {
    /// Which execution.
    pub(crate) execution: Arn,
    /// What happened in it.
    pub(crate) event: HistoryEvent,
}

/// Reads a line of a log; `None` for what is no event, which others may have written into the same group.
pub(crate) fn event(line: &str) -> Option<Logged> {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else { return None };
    let execution = field(&fields, "executionArn")?.as_str()?;
    let type_name = field(&fields, "type")?.as_str()?;
    let none = Map::new();
    let details = field(&fields, "details").and_then(Value::as_object).unwrap_or(&none);
    let event = HistoryEvent {
        error: text(details, "error"),
        cause: text(details, "cause").map(Arc::from),
        ..HistoryEvent::new(
            number(field(&fields, "id")?)?,
            field(&fields, "previousEventId").and_then(number).unwrap_or(0),
            field(&fields, "eventTimestamp").and_then(number).unwrap_or(0),
            type_name,
        )
    };
    Some(Logged { execution: Arn(execution.to_owned()), event: detailed(event, details) })
}

/// The details go where `convert::history` has them.
fn detailed(mut event: HistoryEvent, details: &Map<String, Value>) -> HistoryEvent {
    use EventKind as K;
    let shared = |name: &str| text(details, name).map(Arc::from);
    let count = |name: &str| field(details, name).and_then(number).and_then(|number| usize::try_from(number).ok());
    match event.kind {
        K::ExecutionStarted => event.input = shared("input"),
        K::StateEntered => {
            event.name = text(details, "name");
            event.input = shared("input");
        }
        K::StateExited => {
            event.name = text(details, "name");
            event.output = shared("output");
            event.assigned = assigned(details);
        }
        K::TaskScheduled => {
            let resource = text(details, "resource");
            event.resource = match (text(details, "resourceType"), resource) {
                (Some(service), Some(action)) => Some(format!("{service}:{action}")),
                (_, resource) => resource,
            };
            // Functions and activities have an input, other services parameters.
            event.parameters = shared("parameters").or_else(|| shared("input"));
        }
        K::ExecutionSucceeded | K::TaskSubmitted | K::TaskSucceeded => event.output = shared("output"),
        K::ContainerStarted => event.length = count("length"),
        K::IterationStarted | K::IterationSucceeded | K::IterationFailed | K::IterationAborted => {
            event.name = text(details, "name");
            event.index = count("index");
        }
        K::EvaluationFailed => event.name = text(details, "state"),
        K::MapRunStarted => event.resource = text(details, "mapRunArn"),
        K::ExecutionFailed
        | K::ExecutionAborted
        | K::ExecutionTimedOut
        | K::ExecutionRedriven
        | K::StateAborted
        | K::TaskStarted
        | K::TaskFailed
        | K::TaskTimedOut
        | K::ContainerSucceeded
        | K::ContainerFailed
        | K::MapRunFailed
        | K::MapRunRedriven
        | K::Other => {}
    }
    event
}

fn assigned(details: &Map<String, Value>) -> Vec<(String, String)> {
    let variables = field(details, "assignedVariables").and_then(Value::as_object);
    let mut assigned: Vec<(String, String)> =
        variables.into_iter().flatten().map(|(name, value)| (name.clone(), as_text(value))).collect();
    assigned.sort();
    assigned
}

/// A field by its name in camel case. The line itself has its fields in snake case, its details in camel case; both are
/// taken in both.
fn field<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let found = fields.get(name).or_else(|| {
        let mut snake = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(c.to_ascii_lowercase());
        }
        fields.get(&snake)
    });
    found.filter(|value| !value.is_null())
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    field(fields, name).map(as_text)
}

/// Data is JSON text, as in histories; what is a value of its own becomes such a text.
fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Numbers are written as texts.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// The executions that lines of a log tell of.
#[derive(Debug, Default)]
pub(crate) struct Executions {
    found: HashMap<Arn, Found>,
    started: usize,
}

#[derive(Debug)]
struct Found {
    started_at: Option<Millis>,
    ended: Option<(Millis, ExecutionStatus)>,
}

impl Executions {
    /// Takes in a line; the order of the lines does not matter.
    pub(crate) fn take(&mut self, logged: Logged) {
        use EventKind as K;
        let Logged { execution, event } = logged;
        let status = match event.kind {
            K::ExecutionStarted => None,
            K::ExecutionSucceeded => Some(ExecutionStatus::Succeeded),
            K::ExecutionFailed => Some(ExecutionStatus::Failed),
            K::ExecutionAborted => Some(ExecutionStatus::Aborted),
            K::ExecutionTimedOut => Some(ExecutionStatus::TimedOut),
            _ => return,
        };
        let found = self.found.entry(execution).or_insert(Found { started_at: None, ended: None });
        match status {
            Some(status) => found.ended = Some((event.at, status)),
            None => {
                self.started += usize::from(found.started_at.is_none());
                found.started_at = Some(event.at);
            }
        }
    }

    /// How many are there whose start was seen.
    pub(crate) fn started(&self) -> usize {
        self.started
    }

    /// At most `most` of them, newest first. One whose start was not logged, or lies before what was read, counts as
    /// started when it ended; `with_starts_only` leaves such ones out.
    pub(crate) fn newest(self, most: usize, with_starts_only: bool) -> Vec<ExecutionSummary> {
        let mut summaries: Vec<ExecutionSummary> = self
            .found
            .into_iter()
            .filter(|(_, found)| found.started_at.is_some() || !with_starts_only)
            .map(|(arn, found)| ExecutionSummary {
                name: arn.name().to_owned(),
                arn,
                status: found.ended.map_or(ExecutionStatus::Running, |(_, status)| status),
                started_at: found.started_at.or(found.ended.map(|(at, _)| at)).unwrap_or(0),
                stopped_at: found.ended.map(|(at, _)| at),
                through: None,
            })
            .collect();
        summaries.sort_by(|left, right| (right.started_at, &right.arn).cmp(&(left.started_at, &left.arn)));
        summaries.truncate(most);
        summaries
    }
}

/// The machine of an Express execution, whose ARN is `arn:aws:states:<region>:<account>:express:<machine>:<name>:<id>`;
/// that of the Map around it for one that a distributed Map has started.
pub(crate) fn machine_of(execution: &Arn) -> Option<Arn> {
    let parts: Vec<&str> = execution.0.split(':').collect();
    match parts.as_slice() {
        [arn, partition, states, region, account, "express", machine, ..] => {
            let machine = machine.split('/').next().unwrap_or_default();
            Some(Arn([*arn, *partition, *states, *region, *account, "stateMachine", machine].join(":")))
        }
        _ => None,
    }
}

/// How the ARNs of an Express machine's executions begin.
pub(crate) fn executions_prefix(machine: &Arn) -> String {
    let parts: Vec<&str> = machine.0.split(':').take(7).collect();
    format!("{}:", parts.join(":").replacen(":stateMachine:", ":express:", 1))
}

/// The log group that a machine logs to, by its name; `None` where it logs nothing.
pub(crate) fn log_group(configuration: Option<&LoggingConfiguration>) -> Option<String> {
    let configuration = configuration.filter(|logging| logging.level() != Some(&LogLevel::Off))?;
    let groups = configuration.destinations().iter().filter_map(|destination| destination.cloud_watch_logs_log_group());
    groups.filter_map(|group| group.log_group_arn()).find_map(group_name)
}

/// The name in a log group's ARN, `arn:aws:logs:<region>:<account>:log-group:<name>:*`.
fn group_name(arn: &str) -> Option<String> {
    let (_, name) = arn.split_once(":log-group:")?;
    let name = name.strip_suffix(":*").unwrap_or(name);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::types::{CloudWatchLogsLogGroup, LogDestination};

    use super::*;

    const ARN: &str = "arn:aws:states:eu-central-1:123456789012:express:pay:ord-1:8f3a";

    /// A line as Step Functions writes it.
    fn line(id: &str, type_name: &str, details: &str) -> String {
        format!(
            r#"{{"id":"{id}","type":"{type_name}","details":{details},"redrive_count":"0","previous_event_id":"{}","event_timestamp":"170000000000{id}","execution_arn":"{ARN}"}}"#,
            id.parse::<i64>().unwrap() - 1
        )
    }

    /// What is read of a line, as one text: the kind and every field that is there.
    fn told(line: &str) -> String {
        let Some(Logged { event, .. }) = event(line) else { return "nothing".to_owned() };
        let mut told = format!("{:?}", event.kind);
        for (name, value) in [
            ("name", event.name),
            ("input", event.input.as_deref().map(ToOwned::to_owned)),
            ("output", event.output.as_deref().map(ToOwned::to_owned)),
            ("parameters", event.parameters.as_deref().map(ToOwned::to_owned)),
            ("resource", event.resource),
            ("error", event.error),
            ("cause", event.cause.as_deref().map(ToOwned::to_owned)),
            ("index", event.index.map(|index| index.to_string())),
            ("length", event.length.map(|length| length.to_string())),
        ] {
            if let Some(value) = value {
                told += &format!(" {name}={value}");
            }
        }
        for (name, value) in event.assigned {
            told += &format!(" ${name}={value}");
        }
        told
    }

    #[test]
    fn lines_are_read_as_histories_are() {
        let cases = [
            (
                line(
                    "1",
                    "ExecutionStarted",
                    r#"{"input":"{\"n\":1}","inputDetails":{"truncated":false},"roleArn":"r"}"#,
                ),
                r#"ExecutionStarted input={"n":1}"#,
            ),
            // Without the execution's data.
            (line("1", "ExecutionStarted", r#"{"roleArn":"r"}"#), "ExecutionStarted"),
            (line("2", "PassStateEntered", r#"{"name":"State_1"}"#), "StateEntered name=State_1"),
            (
                line("2", "TaskStateEntered", r#"{"input":"{}","inputDetails":{"truncated":false},"name":"Pay"}"#),
                "StateEntered name=Pay input={}",
            ),
            // Data that is no text but the value itself.
            (line("2", "FailStateEntered", r#"{"input":{},"name":"F"}"#), "StateEntered name=F input={}"),
            (
                line(
                    "3",
                    "TaskStateExited",
                    r#"{"name":"Pay","output":"[1]","assignedVariables":{"b":"2","a":"\"x\""}}"#,
                ),
                r#"StateExited name=Pay output=[1] $a="x" $b=2"#,
            ),
            (
                line(
                    "4",
                    "TaskScheduled",
                    r#"{"parameters":"{\"FunctionName\":\"f\"}","region":"eu-central-1","resource":"invoke","resourceType":"lambda","timeoutInSeconds":5}"#,
                ),
                r#"TaskScheduled parameters={"FunctionName":"f"} resource=lambda:invoke"#,
            ),
            (
                line("4", "TaskScheduled", r#"{"resource":"invoke","resource_type":"lambda"}"#),
                "TaskScheduled resource=lambda:invoke",
            ),
            (
                line("4", "LambdaFunctionScheduled", r#"{"input":"{}","resource":"arn:f"}"#),
                "TaskScheduled parameters={} resource=arn:f",
            ),
            (line("5", "LambdaFunctionStarted", "{}"), "TaskStarted"),
            (line("6", "LambdaFunctionSucceeded", r#"{"output":"7"}"#), "TaskSucceeded output=7"),
            (
                line("6", "LambdaFunctionFailed", r#"{"cause":"no","error":"Declined"}"#),
                "TaskFailed error=Declined cause=no",
            ),
            (
                line("6", "TaskTimedOut", r#"{"error":"States.Timeout","resource":"invoke","resourceType":"lambda"}"#),
                "TaskTimedOut error=States.Timeout",
            ),
            (line("7", "MapStateStarted", r#"{"length":3}"#), "ContainerStarted length=3"),
            (line("7", "MapIterationStarted", r#"{"index":"2","name":"Each"}"#), "IterationStarted name=Each index=2"),
            (
                line(
                    "7",
                    "EvaluationFailed",
                    r#"{"error":"States.QueryEvaluationError","cause":"c","location":"Output","state":"Pick"}"#,
                ),
                "EvaluationFailed name=Pick error=States.QueryEvaluationError cause=c",
            ),
            (line("8", "ExecutionFailed", r#"{"cause":"c","error":"E"}"#), "ExecutionFailed error=E cause=c"),
            (
                line("8", "ExecutionSucceeded", r#"{"output":"{}","outputDetails":{"truncated":false}}"#),
                "ExecutionSucceeded output={}",
            ),
            (line("9", "SomethingNew", r#"{"name":"x"}"#), "Other"),
            (line("9", "ParallelStateSucceeded", "null"), "ContainerSucceeded"),
            ("START RequestId: 1".to_owned(), "nothing"),
            (r#"{"level":"INFO","message":"hello"}"#.to_owned(), "nothing"),
            (r#"{"id":"x","type":"ExecutionStarted","execution_arn":"a"}"#.to_owned(), "nothing"),
            ("[1]".to_owned(), "nothing"),
        ];
        for (line, expected) in cases {
            assert_eq!(told(&line), expected, "{line}");
        }
    }

    #[test]
    fn an_event_stands_where_it_stood() {
        let logged = event(&line("3", "PassStateExited", r#"{"name":"State_1"}"#)).unwrap();
        assert_eq!(logged.execution.0, ARN);
        assert_eq!((logged.event.id, logged.event.previous, logged.event.at), (3, 2, 1_700_000_000_003));
        assert_eq!(logged.event.type_name, "PassStateExited");
        let bare = event(
            r#"{"id":1,"type":"ExecutionStarted","previous_event_id":0,"event_timestamp":5,"execution_arn":"a"}"#,
        );
        assert_eq!(bare.map(|logged| (logged.event.id, logged.event.at)), Some((1, 5)));
    }

    #[test]
    fn executions_are_found_in_what_is_logged_of_them() {
        use ExecutionStatus as S;
        let of = |name: &str, type_name: &str, at: i64| {
            let arn = format!("arn:aws:states:eu-central-1:123456789012:express:pay:{name}:id");
            event(&format!(r#"{{"id":"1","type":"{type_name}","event_timestamp":"{at}","execution_arn":"{arn}"}}"#))
                .unwrap()
        };
        let lines = [
            of("quick", "ExecutionStarted", 10),
            of("quick", "ExecutionSucceeded", 12),
            of("slow", "ExecutionStarted", 20),
            of("slow", "TaskStateEntered", 21),
            of("bad", "ExecutionFailed", 35),
            of("bad", "ExecutionStarted", 30),
            of("cut", "ExecutionTimedOut", 5),
        ];
        let check = |most: usize, with_starts_only: bool, expected: &[(&str, S, i64, Option<i64>)]| {
            let mut executions = Executions::default();
            lines.iter().cloned().for_each(|line| executions.take(line));
            assert_eq!(executions.started(), 3);
            let newest = executions.newest(most, with_starts_only);
            let newest: Vec<_> =
                newest.iter().map(|it| (it.name.as_str(), it.status, it.started_at, it.stopped_at)).collect();
            assert_eq!(newest, expected);
        };
        let all = [
            ("bad", S::Failed, 30, Some(35)),
            ("slow", S::Running, 20, None),
            ("quick", S::Succeeded, 10, Some(12)),
            ("cut", S::TimedOut, 5, Some(5)),
        ];
        check(9, false, all.as_slice());
        check(9, true, &all[..3]);
        check(2, false, &all[..2]);
    }

    #[test]
    fn arns_of_express_executions() {
        let machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:pay";
        assert_eq!(machine_of(&Arn(ARN.to_owned())), Some(Arn(machine.to_owned())));
        let of_a_map = Arn("arn:aws:states:eu-central-1:123456789012:express:pay/Each:1:2".to_owned());
        assert_eq!(machine_of(&of_a_map), Some(Arn(machine.to_owned())));
        let prefix = "arn:aws:states:eu-central-1:123456789012:express:pay:";
        assert_eq!(executions_prefix(&Arn(machine.to_owned())), prefix);
        assert_eq!(executions_prefix(&Arn(format!("{machine}:7"))), prefix);
        let standard = Arn("arn:aws:states:eu-central-1:123456789012:execution:pay:ord-1".to_owned());
        assert_eq!(machine_of(&standard), None);
    }

    #[test]
    fn a_machine_tells_where_it_logs() {
        let logging = |level: LogLevel, arn: &str| {
            let group = CloudWatchLogsLogGroup::builder().log_group_arn(arn).build();
            let destination = LogDestination::builder().cloud_watch_logs_log_group(group).build();
            LoggingConfiguration::builder().level(level).destinations(destination).build()
        };
        let arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/states/pay:*";
        let cases = [
            (Some(logging(LogLevel::All, arn)), Some("/aws/vendedlogs/states/pay")),
            (Some(logging(LogLevel::Error, arn.trim_end_matches(":*"))), Some("/aws/vendedlogs/states/pay")),
            (Some(logging(LogLevel::Off, arn)), None),
            (Some(logging(LogLevel::All, "arn:aws:s3:::bucket")), None),
            (Some(LoggingConfiguration::builder().build()), None),
            (None, None),
        ];
        for (configuration, expected) in cases {
            assert_eq!(log_group(configuration.as_ref()).as_deref(), expected);
        }
    }
}
