//! What the driver is asked and told, and what it answers with. Never does anything.

use std::sync::Arc;

use asl::Json;
use asl_engine::{Effect, Execution, Facts, Failure, Input, MapRunLimits, TaskId};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::recover::Replayed;
use super::redrive::Going;
use super::{Then, Watch};
use crate::sfn::logging::Logging;

/// What the driver is asked or told.
pub(crate) enum Message {
    Start {
        launch: Box<Launch>,
        reply: oneshot::Sender<Result<i64, StartRefused>>,
        /// Who waits for the end.
        ended: Option<oneshot::Sender<Finished>>,
    },
    Stop {
        arn: String,
        failure: Failure,
        reply: oneshot::Sender<Result<i64, Missing>>,
    },
    Redrive {
        arn: String,
        /// What tells a repetition of the same request.
        token: Option<String>,
        reply: oneshot::Sender<Result<i64, String>>,
    },
    /// A worker has made an execution again that is to be redriven, or could not.
    MadeAgain {
        arn: Arc<str>,
        made: Result<Box<Execution>, String>,
        going: Going,
    },
    /// A worker has had an execution do again what it did before the process ended.
    Replayed {
        arn: Arc<str>,
        replayed: Replayed,
    },
    /// What became of work that the driver had done.
    Told {
        arn: Arc<str>,
        input: Input,
    },
    /// A worker is done with an execution, for now.
    Back {
        arn: Arc<str>,
        execution: Box<Execution>,
        effects: Vec<Effect>,
        then: Then,
    },
    /// A worker could not do its work.
    Broken {
        arn: Arc<str>,
        problem: String,
        then: Then,
    },
    /// What somebody outside says of a task, by its token.
    Token {
        arn: String,
        token: String,
        input: Input,
        reply: oneshot::Sender<Result<(), Missing>>,
    },
    /// A state machine is gone: its executions end.
    /// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html>
    Deleted {
        machine: String,
    },
    /// Somebody changes the limits of a map run.
    UpdateRun {
        run: String,
        limits: MapRunLimits,
        reply: oneshot::Sender<Result<(), Missing>>,
    },
    /// Whoever reads histories or metrics wants them up to now.
    Settle {
        with_metrics: bool,
        /// Whose history is wanted, even if it is still being read back.
        read_back: Option<String>,
        reply: oneshot::Sender<()>,
    },
    /// A task waits for an execution to end.
    Watch(Watch),
    /// A worker asks for an activity's task.
    Poll {
        activity: String,
        worker: Option<String>,
        reply: oneshot::Sender<Polled>,
    },
}

/// An execution to be started.
pub(crate) struct Launch {
    pub(crate) facts: Facts,
    /// Whether somebody chose its name, which may be taken.
    pub(crate) is_named: bool,
    pub(crate) machine: Arc<asl::Machine>,
    pub(crate) definition: Arc<str>,
    pub(crate) about: About,
    pub(crate) logging: Option<Arc<Logging>>,
}

/// What belongs to an execution beside what the engine knows of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct About {
    /// The version that it runs.
    #[serde(default)]
    pub(crate) version: Option<String>,
    /// The revision of the machine that it runs, and when that came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) updated_at: Option<i64>,
    /// The alias that it was started by.
    #[serde(default)]
    pub(crate) alias: Option<String>,
    /// The map run that it belongs to.
    #[serde(default)]
    pub(crate) map_run: Option<String>,
    /// For a child of a map run: how many of the run's items it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<usize>,
    /// For a child of a map run: who waits for it.
    #[serde(default)]
    pub(crate) parent: Option<Parent>,
    /// The task that started it.
    #[serde(default)]
    pub(crate) started_by: Option<(String, u64)>,
    /// Whether that task waits for its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) waited_for: bool,
    #[serde(default)]
    pub(crate) trace_header: Option<String>,
    /// The test case of the mock file that it runs.
    #[serde(default)]
    pub(crate) test_case: Option<String>,
    #[serde(default)]
    pub(crate) redrives: u64,
    #[serde(default)]
    pub(crate) redriven_at: Option<i64>,
    /// The client token of the last redrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_token: Option<String>,
}

/// The execution that waits for a child of its map run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Parent {
    pub(crate) arn: String,
    pub(crate) task: TaskId,
    pub(crate) index: usize,
}

/// How an execution ended.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub(crate) status: &'static str,
    pub(crate) output: Option<Json>,
    pub(crate) failure: Failure,
    pub(crate) started_at: i64,
    pub(crate) stopped_at: i64,
}

/// What a worker gets.
#[derive(Clone, Debug)]
pub(crate) struct Polled {
    pub(crate) token: String,
    pub(crate) input: Arc<str>,
}

/// Why an execution did not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StartRefused {
    /// The name is taken, by an execution with another input or one that has ended.
    Exists,
    /// Our own store failed.
    Store(String),
}

/// There is no such execution running, or nobody waits for the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing;
