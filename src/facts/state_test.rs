//! Testing one state by itself: what is asked, and what came of it.

use super::Arn;

/// How much a test tells of what the data passed through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InspectionLevel {
    /// The output, or the error.
    Info,
    /// Also the data after each step of processing it.
    #[default]
    Debug,
    /// Also the request and the response of an HTTP Task.
    Trace,
}

impl InspectionLevel {
    /// All of them, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Info, Self::Debug, Self::Trace];

    /// The name as AWS writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

/// A state to test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestedState {
    /// The machine whose role it runs with.
    pub machine: Arn,
    /// The state's own definition, JSON text.
    pub definition: String,
    /// What goes in, JSON text.
    pub input: String,
    /// The variables that are set before, a JSON object; `None` where there are none.
    pub variables: Option<String>,
    /// How much is told.
    pub level: InspectionLevel,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateTestStatus {
    /// It succeeded.
    Succeeded,
    /// It failed, and nothing took the error.
    Failed,
    /// It failed, and a `Retry` would try it again.
    Retriable,
    /// It failed, and a `Catch` took the error.
    CaughtError,
    /// In a way that this program does not know.
    Other,
}

impl StateTestStatus {
    /// The name as AWS writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Retriable => "RETRIABLE",
            Self::CaughtError => "CAUGHT_ERROR",
            Self::Other => "unknown",
        }
    }
}

/// What came of testing a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateTest {
    /// How it ended.
    pub status: StateTestStatus,
    /// Its output, JSON text.
    pub output: Option<String>,
    /// The error's name.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// Where the execution would go on.
    pub next_state: Option<String>,
    /// What the data passed through, a JSON object whose values are mostly JSON texts.
    pub inspection: Option<String>,
}
