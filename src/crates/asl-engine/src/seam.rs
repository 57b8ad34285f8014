//! What an execution is told and what it answers: plain data, some of it kept in the journal.

use asl::{Json, StateName};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::HistoryEvent;

/// A piece of work that somebody else does, within its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u64);

/// A timer, within its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u64);

/// What went wrong, as Step Functions tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error's name.
    pub error: Option<String>,
    /// Why.
    pub cause: Option<String>,
}

impl Failure {
    /// An error with its cause.
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { error: Some(error.into()), cause: Some(cause.into()) }
    }

    /// An error without a cause.
    pub fn named(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), cause: None }
    }
}

/// What an execution is: given at its start, never changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The machine's ARN.
    pub machine_arn: String,
    /// The machine's name.
    pub machine_name: String,
    /// The role it runs as.
    pub role_arn: String,
    /// The region, as `TaskScheduled` tells it.
    pub region: String,
    /// When it started, in milliseconds since 1970.
    pub started_at: i64,
    /// The input, as it came.
    pub input: String,
    /// What its chance starts from.
    pub seed: u64,
    /// An Express execution has no redrives.
    pub express: bool,
    /// For a child execution of a map run: the Map state whose processor it runs.
    #[serde(default)]
    pub map_state: Option<String>,
}

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// Milliseconds since 1970.
    pub at: i64,
    /// What.
    pub input: Input,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// A worker took the activity's task.
    TaskStarted {
        /// Which.
        task: TaskId,
        /// The worker's name.
        worker: Option<String>,
    },
    /// The service took the job; its end is still to come.
    TaskSubmitted {
        /// Which.
        task: TaskId,
        /// The service's answer.
        #[serde(serialize_with = "write_json", deserialize_with = "read_json")]
        output: Json,
    },
    /// The task was done.
    TaskSucceeded {
        /// Which.
        task: TaskId,
        /// Its result.
        #[serde(serialize_with = "write_json", deserialize_with = "read_json")]
        output: Json,
    },
    /// The task was not done.
    TaskFailed {
        /// Which.
        task: TaskId,
        /// Why.
        failure: Failure,
    },
    /// The task is alive.
    Heartbeat {
        /// Which.
        task: TaskId,
    },
    /// A timer is due.
    TimerFired {
        /// Which.
        timer: TimerId,
    },
    /// Whether the activity that a task is for is there.
    ActivityFound {
        /// Which task.
        task: TaskId,
        /// Without it the state fails.
        exists: bool,
    },
    /// A child execution of a map run ended well.
    ItemSucceeded {
        /// The map run.
        task: TaskId,
        /// Which of its inputs.
        index: usize,
        /// The child's output.
        #[serde(serialize_with = "write_json", deserialize_with = "read_json")]
        output: Json,
    },
    /// A child execution of a map run did not end well.
    ItemFailed {
        /// The map run.
        task: TaskId,
        /// Which of its inputs.
        index: usize,
    },
    /// Somebody changed the limits of a map run under way; what is `None` stays as it is.
    MapRunUpdated {
        /// The map run.
        task: TaskId,
        /// The new limits.
        limits: MapRunLimits,
    },
    /// Somebody stopped the execution.
    Stop {
        /// What they said.
        failure: Failure,
    },
    /// Somebody has an execution that failed go on where it failed.
    Redrive,
    /// There is time again for an execution that was paused.
    GoOn,
    /// Not for a step: the one before was paused ([`Execution::paused`](crate::Execution::paused)).
    Paused {
        /// After how many pieces of work.
        after: u64,
    },
    /// Not for a step: what a replay is told beforehand ([`Execution::again`](crate::Execution::again)).
    QueryGivenUp {
        /// The number of the JSONata query among all that were evaluated.
        query: u64,
    },
}

fn write_json<S: Serializer>(json: &Json, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(json.text())
}

fn read_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
    let text = String::deserialize(deserializer)?;
    Json::parse(&text).map_err(serde::de::Error::custom)
}

/// Work to be done elsewhere.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// How the answer names it.
    pub task: TaskId,
    /// The state it is for.
    pub state: StateName,
    /// How often the state has called before in this execution, in whatever iteration.
    pub calls_before: u64,
    /// The token that answers it, of a task that waits for one.
    pub token: Option<String>,
    /// What is called.
    pub resource: asl::Resource,
    /// With what.
    pub payload: Json,
}

/// What should happen next.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Write this event.
    Record(HistoryEvent),
    /// Have this done.
    Invoke(Invocation),
    /// Tell me at this time (milliseconds since 1970).
    SetTimer {
        /// How the answer names it.
        timer: TimerId,
        /// When.
        at: i64,
    },
    /// Forget this timer.
    CancelTimer(TimerId),
    /// Keep in the journal that this query took longer than it may ([`Input::QueryGivenUp`]).
    GiveUpQuery(u64),
    /// Nobody waits for this work any more. For a map run: stop its child executions.
    CancelTask(TaskId),
    /// Tell me whether this activity is there.
    FindActivity {
        /// The task that needs it.
        task: TaskId,
        /// The activity's ARN.
        arn: String,
    },
    /// A map run begins; its child executions follow.
    StartMapRun(MapRunFacts),
    /// A map run that had ended goes on: its children that did not succeed are to be started again, by
    /// [`Effect::StartItem`].
    RedriveMapRun(MapRunFacts),
    /// Start a child execution of a map run.
    StartItem {
        /// The map run.
        task: TaskId,
        /// Which of its inputs this is.
        index: usize,
        /// The child's name.
        name: String,
        /// The child's input.
        input: Json,
        /// How many items are in it.
        items: usize,
    },
    /// A map run is over.
    EndMapRun {
        /// Which.
        task: TaskId,
        /// Whether it failed.
        failed: bool,
    },
    /// That was all.
    End(Ended),
}

/// What `UpdateMapRun` can change of a map run.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateMapRun.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MapRunLimits {
    /// How many children may run at once; 0 sets no limit.
    pub max_concurrency: Option<u64>,
    /// How many items may fail.
    pub tolerated_count: Option<u64>,
    /// How many of a hundred items may fail.
    pub tolerated_percentage: Option<f64>,
}

/// What a map run is.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunFacts {
    /// How effects and inputs name it.
    pub task: TaskId,
    /// The Map state.
    pub state: StateName,
    /// `Label`, or what stands for it.
    pub label: String,
    /// The run's ARN.
    pub arn: String,
    /// Items, and the child executions that they are worked on in: fewer when they are batched.
    pub items: usize,
    /// Child executions.
    pub children: usize,
    /// How many at once; 0 for as many as there are.
    pub max_concurrency: u64,
    /// How many may fail.
    pub tolerated_count: u64,
    /// How many of a hundred may fail.
    pub tolerated_percentage: f64,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// With an output.
    Succeeded(Json),
    /// With an error.
    Failed(Failure),
    /// By somebody's hand.
    Aborted(Failure),
    /// By the machine's own `TimeoutSeconds`.
    TimedOut(Failure),
}

/// An input that cannot be: our own mistake, never the user's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The input given at the start is not JSON.
    #[error("the execution's input is not JSON: {0}")]
    Input(String),
    /// The Map state that a child execution belongs to is not in the definition.
    #[error("the definition has no Map state '{0}'")]
    MapState(String),
}

/// What a task token says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenParts {
    /// The execution's ARN.
    pub execution: String,
    /// The task within it.
    pub task: u64,
    /// What makes it hard to guess.
    pub nonce: u64,
}

impl TokenParts {
    /// The token as it is handed out.
    pub fn encode(&self) -> String {
        use base64::Engine;
        let text = serde_json::json!([self.execution, self.task, format!("{:016x}", self.nonce)]).to_string();
        base64::engine::general_purpose::STANDARD.encode(text)
    }

    /// Reads a token that [`Self::encode`] wrote.
    pub fn decode(token: &str) -> Option<Self> {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(token).ok()?;
        let (execution, task, nonce): (String, u64, String) = serde_json::from_slice(&bytes).ok()?;
        Some(Self { execution, task, nonce: u64::from_str_radix(&nonce, 16).ok()? })
    }
}
