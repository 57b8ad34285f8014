//! Functions as the embedded cloud sees them: a name, its configuration, and something that runs it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;

/// What is known of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionFacts {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Its memory, in MiB.
    pub memory_mib: u32,
}

/// One invocation.
pub struct Call {
    /// The event.
    pub payload: Bytes,
    /// Lambda's id of this invocation.
    pub request_id: String,
    /// Where its log lines go.
    pub log: LogSink,
}

/// Takes the lines that a function logs.
#[derive(Clone)]
pub struct LogSink(Arc<dyn Fn(String) + Send + Sync>);

impl LogSink {
    /// A sink that hands each line to `take`.
    pub fn new(take: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Takes one line, without its end.
    pub fn line(&self, text: impl Into<String>) {
        (self.0)(text.into());
    }
}

impl fmt::Debug for LogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogSink")
    }
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Answered(Bytes),
    /// With an error that the handler raised.
    Raised {
        /// `errorType`.
        error_type: String,
        /// `errorMessage`.
        message: String,
    },
    /// With an error, as the function's runtime told it: a JSON object with `errorType` and `errorMessage`.
    Failed(Bytes),
    /// Without an answer: the process ended. What Lambda says of it: `exit status 1`, `signal: aborted`.
    Exited {
        /// How it ended.
        how: String,
    },
}

/// Runs functions. There are two ways: a handler in this process, or a process of its own.
pub trait Functions: Send + Sync {
    /// All functions.
    fn list(&self) -> Vec<FunctionFacts>;

    /// Runs one. Is dropped when the time is over.
    fn invoke(&self, name: &str, call: Call) -> BoxFuture<'static, Outcome>;
}
