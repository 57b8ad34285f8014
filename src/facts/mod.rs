//! What can be known of the cloud: plain data with public fields.
//!
//! Never an SDK type, never behaviour beyond looking at itself. Who fills these in is `cloud`; who reads them is everyone.

mod state_test;

use std::fmt;
use std::sync::Arc;

pub use state_test::{InspectionLevel, StateTest, StateTestStatus, TestedState};

/// Milliseconds since 1970.
pub type Millis = i64;

/// An ARN.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn(pub String);

impl Arn {
    /// What stands behind the last colon: the name of an execution, a machine, a function. An Express execution has an
    /// id behind its name, which may be used again; a machine perhaps a version or alias.
    pub fn name(&self) -> &str {
        if let Some(name) = self.machine_parts().map(|(name, _)| name) {
            return name;
        }
        let mut parts = self.0.rsplit(':');
        let last = parts.next().unwrap_or(&self.0);
        match (parts.next(), parts.nth(1)) {
            (Some(name), Some("express")) => name,
            _ => last,
        }
    }

    /// A state machine's name, and its version or alias if it names one.
    fn machine_parts(&self) -> Option<(&str, Option<&str>)> {
        let mut parts = self.0.split(':').skip(5);
        if parts.next()? != "stateMachine" {
            return None;
        }
        Some((parts.next()?, parts.next()))
    }

    /// The version (a number) or alias of a state machine, if it names one.
    pub fn qualifier(&self) -> Option<&str> {
        self.machine_parts()?.1
    }

    /// The state machine without its version or alias.
    #[must_use]
    pub fn unqualified(&self) -> Self {
        let end = self.qualifier().map_or(self.0.len(), |qualifier| self.0.len() - qualifier.len() - 1);
        Self(self.0.get(..end).unwrap_or(&self.0).to_owned())
    }

    /// The state machine of an execution; `None` for one that a distributed Map has started, which is of no machine that
    /// could be started by itself.
    pub fn machine_of_execution(&self) -> Option<Self> {
        let mut parts = self.0.splitn(8, ':');
        let head: Vec<&str> = parts.by_ref().take(5).collect();
        let (kind, name) = (parts.next()?, parts.next()?);
        (matches!(kind, "execution" | "express") && !name.contains('/'))
            .then(|| Self(format!("{}:stateMachine:{name}", head.join(":"))))
    }

    /// Whether it is the run of a distributed Map.
    pub fn is_map_run(&self) -> bool {
        self.0.split(':').nth(5) == Some("mapRun")
    }

    /// The region that it names, if it names one.
    pub fn region(&self) -> Option<&str> {
        self.0.split(':').nth(3).filter(|region| !region.is_empty())
    }

    /// Whether it is an execution of an Express machine.
    pub fn is_express(&self) -> bool {
        self.0.split(':').nth(5) == Some("express")
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an execution stands, in Step Functions' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "Step Functions' own names")]
pub enum ExecutionStatus {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
    PendingRedrive,
}

impl ExecutionStatus {
    /// Every status that `ListExecutions` can filter by.
    pub const ALL: [Self; 5] = [Self::Running, Self::Succeeded, Self::Failed, Self::TimedOut, Self::Aborted];

    /// The name as AWS writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
            Self::PendingRedrive => "PENDING_REDRIVE",
        }
    }

    /// Whether it is over.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Running | Self::PendingRedrive)
    }

    /// Whether an execution that stands so can be redriven, if nothing else forbids it.
    pub const fn is_redrivable(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Aborted)
    }
}

/// A line of a list of executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionSummary {
    /// Which.
    pub arn: Arn,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it started.
    pub started_at: Millis,
    /// When it ended.
    pub stopped_at: Option<Millis>,
    /// The version or alias that it was started through, if it was.
    pub through: Option<Arn>,
}

/// An execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// As in lists.
    pub summary: ExecutionSummary,
    /// The machine that it runs.
    pub machine: Arn,
    /// Its input, JSON text.
    pub input: Option<String>,
    /// Its output, JSON text.
    pub output: Option<String>,
    /// The error that it ended with.
    pub error: Option<String>,
    /// Why.
    pub cause: Option<String>,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineFacts {
    /// Which.
    pub arn: Arn,
    /// Its name.
    pub name: String,
    /// Its definition, JSON text.
    pub definition: String,
    /// What kind of machine it is.
    pub kind: MachineKind,
    /// The log group that its executions log to, by name; `None` where they log nothing.
    pub log_group: Option<String>,
}

/// How a state machine runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineKind {
    /// With a history that Step Functions keeps.
    #[default]
    Standard,
    /// For a short time and without a history: all that is known afterwards is what was logged.
    Express,
}

/// What kind of thing an event tells. Lambda's, activities' and services' tasks are told alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "Step Functions' own names, with Task for LambdaFunction and Activity, Container for Map and Parallel"
)]
pub enum EventKind {
    ExecutionStarted,
    ExecutionSucceeded,
    ExecutionFailed,
    ExecutionAborted,
    ExecutionTimedOut,
    ExecutionRedriven,
    StateEntered,
    StateExited,
    StateAborted,
    TaskScheduled,
    TaskStarted,
    TaskSubmitted,
    MapRunStarted,
    MapRunFailed,
    MapRunRedriven,
    TaskSucceeded,
    TaskFailed,
    TaskTimedOut,
    ContainerStarted,
    ContainerSucceeded,
    ContainerFailed,
    IterationStarted,
    IterationSucceeded,
    IterationFailed,
    IterationAborted,
    EvaluationFailed,
    /// One that this program does not know.
    Other,
}

impl EventKind {
    /// The kind of an event type, as AWS names it.
    pub fn of(type_name: &str) -> Self {
        use EventKind as K;
        match type_name {
            "ExecutionStarted" => return K::ExecutionStarted,
            "ExecutionSucceeded" => return K::ExecutionSucceeded,
            "ExecutionFailed" => return K::ExecutionFailed,
            "ExecutionAborted" => return K::ExecutionAborted,
            "ExecutionTimedOut" => return K::ExecutionTimedOut,
            "ExecutionRedriven" => return K::ExecutionRedriven,
            "EvaluationFailed" => return K::EvaluationFailed,
            "MapRunStarted" => return K::MapRunStarted,
            "MapRunFailed" => return K::MapRunFailed,
            "MapRunRedriven" => return K::MapRunRedriven,
            "MapStateStarted" | "ParallelStateStarted" => return K::ContainerStarted,
            "MapStateSucceeded" | "ParallelStateSucceeded" => return K::ContainerSucceeded,
            "MapStateFailed" | "ParallelStateFailed" => return K::ContainerFailed,
            "MapIterationStarted" => return K::IterationStarted,
            "MapIterationSucceeded" => return K::IterationSucceeded,
            "MapIterationFailed" => return K::IterationFailed,
            "MapIterationAborted" => return K::IterationAborted,
            _ => {}
        }
        if type_name.ends_with("StateEntered") {
            return K::StateEntered;
        }
        if type_name.ends_with("StateExited") {
            return K::StateExited;
        }
        if type_name.ends_with("StateAborted") {
            return K::StateAborted;
        }
        let rest = ["LambdaFunction", "Activity", "Task"].into_iter().find_map(|prefix| type_name.strip_prefix(prefix));
        match rest {
            Some("Scheduled") => K::TaskScheduled,
            Some("Started") => K::TaskStarted,
            Some("Submitted") => K::TaskSubmitted,
            Some("Succeeded") => K::TaskSucceeded,
            Some("Failed" | "ScheduleFailed" | "StartFailed" | "SubmitFailed") => K::TaskFailed,
            Some("TimedOut") => K::TaskTimedOut,
            _ => K::Other,
        }
    }
}

/// An event of a history. Fields that its type does not have are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEvent {
    /// Its place.
    pub id: i64,
    /// What it followed from.
    pub previous: i64,
    /// When.
    pub at: Millis,
    /// What kind of thing.
    pub kind: EventKind,
    /// The type as AWS names it.
    pub type_name: String,
    /// The state's name.
    pub name: Option<String>,
    /// JSON text.
    pub input: Option<Arc<str>>,
    /// JSON text.
    pub output: Option<Arc<str>>,
    /// What a task was called with, JSON text.
    pub parameters: Option<Arc<str>>,
    /// What was called: `lambda:invoke`, an ARN.
    pub resource: Option<String>,
    /// The error's name.
    pub error: Option<String>,
    /// Why.
    pub cause: Option<Arc<str>>,
    /// The number of a Map iteration.
    pub index: Option<usize>,
    /// How many items a Map has.
    pub length: Option<usize>,
    /// What the state assigned: names and JSON texts.
    pub assigned: Vec<(String, String)>,
}

impl HistoryEvent {
    /// An event of a type, by AWS's name of it, that tells nothing else yet.
    pub fn new(id: i64, previous: i64, at: Millis, type_name: impl Into<String>) -> Self {
        let type_name = type_name.into();
        Self {
            id,
            previous,
            at,
            kind: EventKind::of(&type_name),
            type_name,
            name: None,
            input: None,
            output: None,
            parameters: None,
            resource: None,
            error: None,
            cause: None,
            index: None,
            length: None,
            assigned: Vec::new(),
        }
    }
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// CloudWatch's identity of the event.
    pub id: String,
    /// The log group.
    pub group: String,
    /// The log stream.
    pub stream: String,
    /// When.
    pub at: Millis,
    /// The text, as the function wrote it.
    pub message: String,
}

impl LogLine {
    /// What the ids of lines begin with that came by Live Tail, which has none.
    pub const TAILED: &'static str = "tail ";

    /// Whether both are the same line, of which one came by Live Tail.
    pub fn is_retold(&self, other: &Self) -> bool {
        self.id.starts_with(Self::TAILED) != other.id.starts_with(Self::TAILED)
            && (self.at, &self.group, &self.stream, &self.message)
                == (other.at, &other.group, &other.stream, &other.message)
    }
}

/// A metric of CloudWatch that the dashboard shows, in AWS's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "CloudWatch's own names")]
pub enum Metric {
    ExecutionsStarted,
    ExecutionsSucceeded,
    ExecutionsFailed,
    ExecutionsTimedOut,
    ExecutionsAborted,
    ExecutionThrottled,
    ExecutionTime,
    Invocations,
    Errors,
    Throttles,
    Duration,
}

impl Metric {
    /// What Step Functions tells of a state machine.
    pub const OF_MACHINE: [Self; 7] = [
        Self::ExecutionsStarted,
        Self::ExecutionsSucceeded,
        Self::ExecutionsFailed,
        Self::ExecutionsTimedOut,
        Self::ExecutionsAborted,
        Self::ExecutionThrottled,
        Self::ExecutionTime,
    ];
    /// What Lambda tells of a function.
    pub const OF_FUNCTION: [Self; 4] = [Self::Invocations, Self::Errors, Self::Throttles, Self::Duration];

    /// The name as AWS writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExecutionsStarted => "ExecutionsStarted",
            Self::ExecutionsSucceeded => "ExecutionsSucceeded",
            Self::ExecutionsFailed => "ExecutionsFailed",
            Self::ExecutionsTimedOut => "ExecutionsTimedOut",
            Self::ExecutionsAborted => "ExecutionsAborted",
            Self::ExecutionThrottled => "ExecutionThrottled",
            Self::ExecutionTime => "ExecutionTime",
            Self::Invocations => "Invocations",
            Self::Errors => "Errors",
            Self::Throttles => "Throttles",
            Self::Duration => "Duration",
        }
    }

    /// What it counts.
    pub const fn unit(self) -> Unit {
        match self {
            Self::ExecutionTime | Self::Duration => Unit::Millis,
            _ => Unit::Count,
        }
    }

    /// What is asked of it: how many there were, or how long most took.
    pub const fn statistics(self) -> &'static [Statistic] {
        match self.unit() {
            Unit::Count => &[Statistic::Sum],
            Unit::Millis => &[Statistic::P50, Statistic::P95],
        }
    }
}

/// How the values of a period become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// The median.
    P50,
    /// What 95 of 100 do not exceed.
    P95,
}

impl Statistic {
    /// The name as AWS writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "Sum",
            Self::P50 => "p50",
            Self::P95 => "p95",
        }
    }
}

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Milliseconds.
    Millis,
}

/// A stretch of time, cut into periods of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// The start of the first one.
    pub from: Millis,
    /// The end of the last one.
    pub to: Millis,
    /// How long each is: whole minutes, in milliseconds.
    pub each: Millis,
}

/// A metric over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Which metric.
    pub name: Metric,
    /// What it is told of: a state machine, by its ARN, or a function, by its name.
    pub of: String,
    /// How the values of a period became one.
    pub statistic: Statistic,
    /// What they count.
    pub unit: Unit,
    /// The start of each period that has a value, and the value, oldest first.
    pub points: Vec<(Millis, f64)>,
}

/// How often an operation was called since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallCount {
    /// The service, as its SDK names it: `SFN`, `CloudWatch Logs`.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The calls, those among them that the SDK repeated of itself.
    pub calls: u64,
    /// Those that the service refused because there were too many.
    pub throttled: u64,
    /// Those that failed for another reason, or were not answered.
    pub failed: u64,
    /// The calls of the last 60 seconds.
    pub last_minute: u64,
}

/// Who we are to the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account's number.
    pub account: String,
    /// The ARN of the user or role.
    pub arn: String,
}

/// Which orders are meant, as far as the table can be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrdersAsked {
    /// What tells answers to it from those to other questions.
    pub question: String,
    /// Their statuses; `None` means all.
    pub statuses: Option<Vec<order_core::OrderStatus>>,
    /// They have changed since.
    pub from: Option<Millis>,
    /// They have not changed since.
    pub until: Option<Millis>,
    /// Only those behind this one in the list, by the time of its last change and its id.
    pub older_than: Option<(String, order_core::OrderId)>,
}

/// A part of a list of orders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrdersPage {
    /// The orders, those that changed last first.
    pub orders: Vec<order_core::OrderRecord>,
    /// Whether there are more behind the last one.
    pub has_more: bool,
}

/// A time as the tables keep it: RFC 3339.
pub fn time_of(text: &str) -> Option<Millis> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// An order with all that its partition holds.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderFacts {
    /// The order.
    pub record: order_core::OrderRecord,
    /// Its payment, if there is one.
    pub payment: Option<order_core::Payment>,
    /// Its reservation, if there is one.
    pub reservation: Option<order_core::Reservation>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_sdk_has_a_kind_or_is_other() {
        use EventKind as K;
        let cases = [
            ("PassStateEntered", K::StateEntered),
            ("WaitStateExited", K::StateExited),
            ("ParallelStateAborted", K::StateAborted),
            ("LambdaFunctionTimedOut", K::TaskTimedOut),
            ("ActivityScheduleFailed", K::TaskFailed),
            ("TaskSubmitted", K::TaskSubmitted),
            ("MapStateStarted", K::ContainerStarted),
            ("MapIterationAborted", K::IterationAborted),
            ("MapRunStarted", K::MapRunStarted),
            ("SomethingNew", K::Other),
        ];
        for (name, expected) in cases {
            assert_eq!(EventKind::of(name), expected, "{name}");
        }
    }

    #[test]
    fn an_arn_tells_its_machine() {
        let arn = |rest: &str| Arn(format!("arn:aws:states:eu-central-1:123456789012:{rest}"));
        let machine = Some(arn("stateMachine:pay"));
        assert_eq!(arn("execution:pay:ord-1").machine_of_execution(), machine);
        assert_eq!(arn("express:pay:ord-1:8f3a").machine_of_execution(), machine);
        assert_eq!(arn("execution:pay/Each:8f3a").machine_of_execution(), None);
        assert_eq!(arn("stateMachine:pay").machine_of_execution(), None);
        assert_eq!(Arn("no arn".into()).machine_of_execution(), None);
        assert_eq!(arn("stateMachine:pay:7").qualifier(), Some("7"));
        assert_eq!(arn("stateMachine:pay:7").unqualified(), arn("stateMachine:pay"));
        assert_eq!(arn("stateMachine:pay").unqualified(), arn("stateMachine:pay"));
        assert!(arn("mapRun:pay/Each:8f3a").is_map_run() && !arn("execution:pay:x").is_map_run());
    }

    #[test]
    fn an_arn_tells_a_name() {
        let cases = [
            ("arn:aws:states:eu-central-1:123456789012:execution:pay:ord-1", "ord-1", false),
            ("arn:aws:states:eu-central-1:123456789012:express:pay:ord-1:8f3a", "ord-1", true),
            ("arn:aws:states:eu-central-1:123456789012:stateMachine:pay", "pay", false),
            ("arn:aws:states:eu-central-1:123456789012:stateMachine:pay:7", "pay", false),
            ("no arn", "no arn", false),
            ("", "", false),
        ];
        for (arn, name, is_express) in cases {
            let arn = Arn(arn.to_owned());
            assert_eq!((arn.name(), arn.is_express()), (name, is_express), "{arn}");
        }
    }
}
