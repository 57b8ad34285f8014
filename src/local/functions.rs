//! The order functions as the embedded cloud runs them: the very handlers of AWS, each in a task of its own.

use std::cell::RefCell;
use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use localaws::functions::{Call, FunctionFacts, Functions, LogSink, Outcome};
use order_lambda::{Deps, Fault, Handler};
use order_store::Tables;
use tokio::sync::SetOnce;
use tokio_util::task::AbortOnDropHandle;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::MakeWriter;

/// The placeholders of the definition and the functions that stand for them here.
pub(super) const NAMES: [(&str, &str); 5] = [
    ("ValidateOrderFunction", "validate-order"),
    ("CheckInventoryFunction", "check-inventory"),
    ("ProcessPaymentFunction", "process-payment"),
    ("ReleaseInventoryFunction", "release-inventory"),
    ("UpdateOrderStatusFunction", "update-order-status"),
];

/// Name, what it is for, seconds, handler.
const HANDLERS: [(&str, &str, u64, Handler); 5] = [
    ("validate-order", "Checks an order against its own rules and the catalogue", 10, validate_order::handler),
    ("check-inventory", "Looks at stock, and reserves it", 10, check_inventory::handler),
    ("process-payment", "Charges an order, at most once, and takes it back", 15, process_payment::handler),
    ("release-inventory", "Gives reserved stock back", 10, release_inventory::handler),
    ("update-order-status", "Sets an order's status and appends to its history", 10, update_order_status::handler),
];

tokio::task_local! {
    /// Where the function that runs in this task logs.
    static SINK: LogSink;
}

/// Whether this thread runs a function just now: its panic is the function's end, not the program's.
pub fn is_in_function() -> bool {
    SINK.try_with(|_| ()).is_ok()
}

/// The functions. They wait for [`Handlers::begin`]: the cloud opens, and may invoke, before its tables can be reached.
pub(super) struct Handlers {
    deps: std::sync::Arc<SetOnce<Deps>>,
    log: Dispatch,
}

impl Default for Handlers {
    fn default() -> Self {
        Self { deps: std::sync::Arc::default(), log: Dispatch::new(order_lambda::json_log(ToSink)) }
    }
}

impl Handlers {
    pub(super) fn begin(&self, tables: Tables) {
        // Set once, by the one who opened the cloud.
        let _ = self.deps.set(Deps { tables });
    }
}

impl Functions for Handlers {
    fn list(&self) -> Vec<FunctionFacts> {
        HANDLERS
            .iter()
            .map(|(name, description, seconds, _)| FunctionFacts {
                name: (*name).to_owned(),
                description: (*description).to_owned(),
                timeout: Duration::from_secs(*seconds),
                memory_mib: 128,
            })
            .collect()
    }

    fn invoke(&self, name: &str, call: Call) -> BoxFuture<'static, Outcome> {
        let handler = HANDLERS.iter().find(|(known, ..)| *known == name).map(|(.., handler)| *handler);
        let (deps, log) = (std::sync::Arc::clone(&self.deps), self.log.clone());
        Box::pin(async move {
            let Some(handler) = handler else { return Outcome::Exited { how: "exit status 127".into() } };
            let deps = deps.wait().await.clone();
            run(handler, deps, call, log).await
        })
    }
}

async fn run(handler: Handler, deps: Deps, call: Call, log: Dispatch) -> Outcome {
    let event = match serde_json::from_slice(&call.payload) {
        Ok(event) => event,
        Err(error) => {
            return Outcome::Raised { error_type: "Runtime.UnmarshalError".into(), message: error.to_string() };
        }
    };
    let Call { request_id, log: sink, .. } = call;
    let handling = async move { order_lambda::invoke(handler, event, deps, &request_id).await };
    // A task of its own: its panic ends it alone, and giving up waiting for it ends it too.
    let task = AbortOnDropHandle::new(tokio::spawn(SINK.scope(sink, handling.with_subscriber(log))));
    match task.await {
        Ok(Ok(answer)) => Outcome::Answered(Bytes::from(answer.to_string())),
        Ok(Err(Fault::Raised(error))) => {
            Outcome::Raised { error_type: error.name().to_owned(), message: error.to_string() }
        }
        Ok(Err(Fault::Exit { status })) => Outcome::Exited { how: format!("exit status {status}") },
        Err(_) => Outcome::Exited { how: "exit status 101".to_owned() },
    }
}

/// Writes log lines to the sink of the task that logs.
struct ToSink;

impl<'a> MakeWriter<'a> for ToSink {
    type Writer = SinkLine;

    fn make_writer(&'a self) -> SinkLine {
        SinkLine(RefCell::default())
    }
}

/// Gathers one line and hands it over when it is dropped.
struct SinkLine(RefCell<Vec<u8>>);

impl Write for SinkLine {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.get_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for SinkLine {
    fn drop(&mut self) {
        let line = String::from_utf8_lossy(self.0.get_mut()).trim_end().to_owned();
        if !line.is_empty() {
            // Outside of a function there is nobody to log for.
            let _ = SINK.try_with(|sink| sink.line(line));
        }
    }
}
