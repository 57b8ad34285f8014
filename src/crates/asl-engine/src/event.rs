//! History events. The wire's spelling of them is `spell`'s business.

use std::sync::Arc;

use asl::StateName;

use crate::execution::Failure;

/// An event's place in the history, from 1; 0 stands for "none".
pub type EventId = u64;

/// JSON text, shared between the events that carry the same.
pub(crate) type Text = Arc<str>;

/// One entry of an execution's history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEvent {
    /// Its place.
    pub id: EventId,
    /// What it followed from.
    pub previous: EventId,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What happened.
    pub event: Event,
}

/// The types of states that leave events of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the state types")]
pub enum StateKind {
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

impl StateKind {
    /// The kind of an ASL state.
    pub const fn of(kind: &asl::Kind) -> Self {
        match kind {
            asl::Kind::Pass { .. } => Self::Pass,
            asl::Kind::Task(_) => Self::Task,
            asl::Kind::Choice { .. } => Self::Choice,
            asl::Kind::Wait(_) => Self::Wait,
            asl::Kind::Succeed => Self::Succeed,
            asl::Kind::Fail { .. } => Self::Fail,
            asl::Kind::Parallel(_) => Self::Parallel,
            asl::Kind::Map(_) => Self::Map,
        }
    }
}

/// What a Task of whatever kind was scheduled with.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled {
    /// `TimeoutSeconds`.
    pub timeout: Option<u64>,
    /// `HeartbeatSeconds`.
    pub heartbeat: Option<u64>,
    /// `Credentials.RoleArn`.
    pub role_arn: Option<String>,
}

/// What happened. The names are Step Functions' own.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "names and fields are those of the API's HistoryEvent")]
pub enum Event {
    ExecutionStarted { input: Text, role_arn: Arc<str> },
    ExecutionSucceeded { output: Text },
    ExecutionFailed(Failure),
    ExecutionAborted(Failure),
    ExecutionTimedOut(Failure),
    StateEntered { kind: StateKind, name: StateName, input: Text },
    StateExited { kind: StateKind, name: StateName, output: Text, assigned: Vec<(String, Text)> },
    StateAborted { kind: StateKind },
    TaskScheduled { service: Arc<str>, action: Arc<str>, region: Arc<str>, parameters: Text, scheduled: Scheduled },
    TaskStarted { service: Arc<str>, action: Arc<str> },
    TaskSubmitted { service: Arc<str>, action: Arc<str>, output: Text },
    TaskSucceeded { service: Arc<str>, action: Arc<str>, output: Text },
    TaskFailed { service: Arc<str>, action: Arc<str>, failure: Failure },
    TaskTimedOut { service: Arc<str>, action: Arc<str>, failure: Failure },
    LambdaFunctionScheduled { resource: Arc<str>, input: Text, scheduled: Scheduled },
    LambdaFunctionStarted,
    LambdaFunctionSucceeded { output: Text },
    LambdaFunctionFailed(Failure),
    LambdaFunctionTimedOut(Failure),
    ActivityScheduled { resource: Arc<str>, input: Text, scheduled: Scheduled },
    ActivityStarted { worker: Option<String> },
    ActivitySucceeded { output: Text },
    ActivityFailed(Failure),
    ActivityTimedOut(Failure),
    MapStateStarted { length: usize },
    MapIterationStarted { name: StateName, index: usize },
    MapIterationSucceeded { name: StateName, index: usize },
    MapIterationFailed { name: StateName, index: usize },
    MapIterationAborted { name: StateName, index: usize },
    MapRunStarted { arn: Arc<str> },
    MapRunRedriven { arn: Arc<str>, count: u64 },
    MapRunSucceeded,
    MapRunFailed(Failure),
    ExecutionRedriven { count: u64 },
    MapStateSucceeded,
    MapStateFailed,
    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,
    EvaluationFailed { state: StateName, location: Option<String>, failure: Failure },
}
