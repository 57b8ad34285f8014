//! What the order functions have in common: their surroundings, their log, and how they end.
//!
//! One handler serves both worlds. On AWS [`run`] drives it by the Lambda Runtime API; the embedded cloud calls
//! [`invoke`] itself. Neither the handler nor [`invoke`] knows which of the two it is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use order_core::OrderError;
use order_store::Tables;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;
use tracing_subscriber::fmt::MakeWriter;

/// What a handler works with.
#[derive(Clone, Debug)]
pub struct Deps {
    /// The tables.
    pub tables: Tables,
}

impl Deps {
    /// The time as the tables keep it: RFC 3339, UTC, milliseconds.
    pub fn now(&self) -> String {
        jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}

/// How an invocation can go wrong.
#[derive(Debug)]
pub enum Fault {
    /// The handler raised an error; Lambda answers with its name and sentence.
    Raised(OrderError),
    /// The process ends without an answer; Lambda tells it as `Runtime.ExitError`.
    Exit {
        /// The process's exit status.
        status: i32,
    },
}

impl From<OrderError> for Fault {
    fn from(error: OrderError) -> Self {
        Self::Raised(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raised(error) => write!(f, "{}: {error}", error.name()),
            Self::Exit { status } => write!(f, "the process ends with status {status}"),
        }
    }
}

/// An invocation on its way.
pub type Handling = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send>>;

/// A function's handler, the same on AWS and in the embedded cloud.
pub type Handler = fn(Value, Deps) -> Handling;

/// Reads the event into the shape that the function takes.
///
/// # Errors
/// [`OrderError::BadEvent`] with the place that does not fit.
pub fn read_event<T: DeserializeOwned>(event: Value) -> Result<T, OrderError> {
    serde_json::from_value(event).map_err(|error| OrderError::BadEvent(error.to_string()))
}

/// Runs one invocation within a span that puts order, execution and request id on every line it logs.
///
/// # Errors
/// The handler's own.
pub async fn invoke(handler: Handler, event: Value, deps: Deps, request_id: &str) -> Result<Value, Fault> {
    let text = |name: &str| {
        let found = event.get(name).or_else(|| event.get("order").and_then(|order| order.get(name)));
        found.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let span = tracing::info_span!(
        "invocation",
        orderId = text("orderId"),
        execution = text("execution"),
        requestId = request_id
    );
    async {
        let result = handler(event, deps).await;
        if let Err(fault) = &result {
            match fault {
                Fault::Raised(error) => tracing::error!(error = error.name(), "{error}"),
                Fault::Exit { .. } => tracing::error!("{fault}"),
            }
        }
        result
    }
    .instrument(span)
    .await
}

/// The subscriber that writes a JSON object a line: timestamp, level, message, fields, and the invocation's span.
pub fn json_log<W>(writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(writer)
        .finish()
}

/// Serves a handler on AWS Lambda until the sandbox is taken away. The body of each function's `main`.
///
/// # Errors
/// When the Runtime API cannot be reached or the environment lacks `ORDERS_TABLE` or `INVENTORY_TABLE`.
pub async fn run(handler: Handler) -> Result<(), lambda_runtime::Error> {
    tracing::subscriber::set_global_default(json_log(std::io::stdout))?;
    // A panicked process has unknown state; ending it gets the next invocation a fresh one.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(101);
    }));
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let deps = Deps {
        tables: Tables {
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            orders: std::env::var("ORDERS_TABLE")?,
            inventory: std::env::var("INVENTORY_TABLE")?,
        },
    };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let deps = deps.clone();
        async move {
            let (event, context) = event.into_parts();
            match invoke(handler, event, deps, &context.request_id).await {
                Ok(answer) => Ok(answer),
                Err(Fault::Raised(error)) => Err(Diagnostic {
                    // The stable name: the runtime's default is a Rust type name, which no Catch would match.
                    error_type: error.name().to_owned(),
                    error_message: error.to_string(),
                }),
                Err(Fault::Exit { status }) => std::process::exit(status),
            }
        }
    }))
    .await
}
