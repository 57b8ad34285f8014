//! Lambda: invoking functions, with their logs and metrics, and saying what there is.

pub(crate) mod processes;

use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use crate::functions::{Call, FunctionFacts, Outcome};
use crate::wire::{self, WireError};
use crate::world::{ACCOUNT, REGION, World};
use crate::{logs, metrics};

/// The largest event, and the largest answer (AWS's quotas).
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_EVENT: usize = 6_291_456;
const MAX_ANSWER: usize = 6_291_556;

/// What an invocation gave.
pub(crate) struct Invoked {
    pub(crate) payload: Bytes,
    /// `Unhandled` when the payload tells an error.
    pub(crate) function_error: Option<&'static str>,
    pub(crate) request_id: String,
    /// The last lines of the log.
    pub(crate) tail: String,
}

impl Invoked {
    /// The end of the log as `LogType: Tail` answers it: at most 4 KB, in Base64.
    pub(crate) fn log_result(&self) -> String {
        use base64::Engine;
        let start = self.tail.ceil_char_boundary(self.tail.len().saturating_sub(4096));
        base64::engine::general_purpose::STANDARD.encode(&self.tail[start..])
    }
}

/// The name in a name, partial ARN or ARN, without its version.
pub(crate) fn name_of(function: &str) -> String {
    let parts: Vec<&str> = function.split(':').collect();
    let name = match parts.iter().position(|part| *part == "function") {
        Some(at) => parts.get(at + 1).copied().unwrap_or_default(),
        None => parts[0],
    };
    name.to_owned()
}

pub(crate) fn arn_of(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// Invokes a function; `None` when there is none of that name.
pub(crate) async fn invoke(world: &World, name: &str, payload: Bytes) -> Option<Invoked> {
    let facts = facts_of(world, name)?;
    let request_id = uuid::Uuid::new_v4().to_string();
    let stream = format!("{}{}", jiff::Timestamp::now().strftime("%Y/%m/%d/"), world.stream);
    let (sink, lines) = logs::sink(world, format!("/aws/lambda/{name}"), stream);
    let ready = match world.processes.find(name) {
        Some(record) => Some(processes::ready(world, record, &sink).await),
        None => None,
    };
    let init = ready.as_ref().and_then(|ready| ready.as_ref().ok()?.init);
    sink.line(format!("START RequestId: {request_id} Version: $LATEST"));
    let started = tokio::time::Instant::now();
    let call = Call { payload, request_id: request_id.clone(), log: sink.clone() };
    let (outcome, memory) = run(world, &facts, ready, call).await;
    let took = started.elapsed();
    let millis = took.as_secs_f64() * 1000.0;
    sink.line(format!("END RequestId: {request_id}"));
    let used = memory.map_or_else(String::new, |mib| format!("\tMax Memory Used: {mib} MB"));
    let init = init.map_or_else(String::new, |init| format!("\tInit Duration: {:.2} ms", init.as_secs_f64() * 1000.0));
    sink.line(format!(
        "REPORT RequestId: {request_id}\tDuration: {millis:.2} ms\tBilled Duration: {:.0} ms\tMemory Size: {} MB{used}{init}{}",
        millis.ceil(),
        facts.memory_mib,
        if matches!(outcome, Ran::TimedOut) { "\tStatus: timeout" } else { "" },
    ));
    let tail = lines();
    let error = |error_type: &str, message: String| {
        Bytes::from(json!({"errorType": error_type, "errorMessage": message}).to_string())
    };
    let (payload, failed) = match outcome {
        Ran::Ended(Outcome::Answered(payload)) if payload.len() > MAX_ANSWER => {
            let message = format!("Response payload size exceeded maximum allowed payload size ({MAX_ANSWER} bytes).");
            (error("Function.ResponseSizeTooLarge", message), true)
        }
        Ran::Ended(Outcome::Answered(payload)) => (payload, false),
        Ran::Ended(Outcome::Failed(payload)) => (payload, true),
        Ran::Ended(Outcome::Raised { error_type, message }) => (error(&error_type, message), true),
        Ran::Ended(Outcome::Exited { how }) => {
            let message = format!("RequestId: {request_id} Error: Runtime exited with error: {how}");
            (error("Runtime.ExitError", message), true)
        }
        Ran::TimedOut => {
            let seconds = facts.timeout.as_secs_f64();
            let message = format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds");
            (error("Sandbox.Timedout", message), true)
        }
    };
    metrics::invocation(world, name, millis, failed);
    world.ring();
    Some(Invoked { payload, function_error: failed.then_some("Unhandled"), request_id, tail })
}

enum Ran {
    Ended(Outcome),
    TimedOut,
}

/// Runs a function in its process, or, without one, the handler of that name in this process; how it ended, and how
/// much memory it took, in MiB.
async fn run(
    world: &World,
    facts: &FunctionFacts,
    ready: Option<Result<processes::Ready, String>>,
    call: Call,
) -> (Ran, Option<u64>) {
    let (request_id, sink) = (call.request_id.clone(), call.log.clone());
    let running = match ready {
        Some(Ok(ready)) => ready.run(world, call).boxed(),
        Some(Err(problem)) => {
            let error_type = "Runtime.InvalidEntrypoint".to_owned();
            let message = format!("RequestId: {request_id} Error: {problem}");
            return (Ran::Ended(Outcome::Raised { error_type, message }), None);
        }
        None => world.functions.invoke(&facts.name, call).map(|outcome| (outcome, resident_mib())).boxed(),
    };
    match tokio::time::timeout(facts.timeout, running).await {
        Ok((outcome, memory)) => {
            if let Outcome::Exited { how } = &outcome {
                sink.line(format!(
                    "RequestId: {request_id} Error: Runtime exited with error: {how}\nRuntime.ExitError"
                ));
            }
            (Ran::Ended(outcome), memory)
        }
        Err(_) => {
            let seconds = facts.timeout.as_secs_f64();
            sink.line(format!("{request_id} Task timed out after {seconds:.2} seconds"));
            (Ran::TimedOut, None)
        }
    }
}

/// The memory of this process, which its handlers share, in MiB. Not every system tells.
fn resident_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = status.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096 / (1024 * 1024))
}

/// Answers a request of Lambda's REST API below `/2015-03-31/functions`.
pub(crate) async fn handle(
    world: &World,
    method: &Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(error) = check_qualifier(method, path, query) {
        return error.into_rest_response();
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    let plain = |name: &str| name_of(&decoded(name));
    let (status, answer) = match (method, path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice()) {
        (&Method::GET, [""]) => (200, Ok(list(world))),
        (&Method::POST, [""]) => (201, processes::create(world, &text).await),
        (&Method::GET, [name]) => (
            200,
            get(world, name).map(|configuration| {
                json!({
                    "Configuration": configuration,
                    "Code": {"RepositoryType": "Local"},
                })
            }),
        ),
        (&Method::DELETE, [name]) => (204, processes::delete(world, &plain(name)).await),
        (&Method::GET, [name, "configuration"]) => (200, get(world, name)),
        (&Method::PUT, [name, "code"]) => (200, processes::update_code(world, &plain(name), &text).await),
        (&Method::PUT, [name, "configuration"]) => {
            (200, processes::update_configuration(world, &plain(name), &text).await)
        }
        (&Method::POST, [name, "invocations"]) => return invocation(world, &decoded(name), headers, body).await,
        _ => (400, Err(WireError::unknown_operation())),
    };
    match answer {
        Ok(_) if status == 204 => wire::respond(204, "application/json", String::new()),
        Ok(answer) => wire::respond(status, "application/json", answer.to_string()),
        Err(error) => error.into_rest_response(),
    }
}

/// There is no version of a function but the latest one.
fn check_qualifier(method: &Method, path: &str, query: &str) -> Result<(), WireError> {
    let Some(qualifier) = query.split('&').find_map(|pair| pair.strip_prefix("Qualifier=")).map(decoded) else {
        return Ok(());
    };
    if qualifier != "$LATEST" {
        let name = name_of(&decoded(path.trim_matches('/').split('/').next().unwrap_or_default()));
        let message = format!("Function not found: {}:{qualifier}", arn_of(&name));
        return Err(WireError::new(404, "ResourceNotFoundException", message));
    }
    if method == Method::DELETE {
        let message = "$LATEST version cannot be deleted without deleting the function.";
        return Err(WireError::new(400, "InvalidParameterValueException", message));
    }
    Ok(())
}

fn decoded(name: &str) -> String {
    name.replace("%3A", ":").replace("%3a", ":").replace("%24", "$")
}

/// What is known of a function of that name.
pub(crate) fn facts_of(world: &World, name: &str) -> Option<FunctionFacts> {
    match world.processes.find(name) {
        Some(record) => Some(record.facts()),
        None => world.functions.list().into_iter().find(|facts| facts.name == name),
    }
}

fn get(world: &World, name: &str) -> Result<Value, WireError> {
    let name = name_of(&decoded(name));
    match world.processes.find(&name) {
        Some(record) => Ok(record.configuration()),
        None => facts_of(world, &name).map(|facts| configuration(&facts)).ok_or_else(|| not_found(&name)),
    }
}

fn not_found(name: &str) -> WireError {
    WireError::new(404, "ResourceNotFoundException", format!("Function not found: {}", arn_of(name)))
}

fn list(world: &World) -> Value {
    let built_in = world.functions.list();
    let made = world.processes.list();
    let all: Vec<Value> =
        built_in.iter().map(configuration).chain(made.iter().map(|record| record.configuration())).collect();
    json!({"Functions": all})
}

fn configuration(facts: &FunctionFacts) -> Value {
    json!({
        "FunctionName": facts.name,
        "FunctionArn": arn_of(&facts.name),
        "Runtime": "provided.al2023",
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/{}", facts.name),
        "Handler": "bootstrap",
        "Description": facts.description,
        "Timeout": facts.timeout.as_secs(),
        "MemorySize": facts.memory_mib,
        "Version": "$LATEST",
        "PackageType": "Zip",
        "Architectures": [std::env::consts::ARCH.replace("aarch64", "arm64")],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", facts.name)},
    })
}

async fn invocation(world: &World, name: &str, headers: &HeaderMap, body: Bytes) -> Response {
    let name = name_of(name);
    let text = |header: &str| headers.get(header).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
        let message = format!("Could not parse request body into json: {error}");
        return WireError::new(400, "InvalidRequestContentException", message).into_rest_response();
    }
    if body.len() > MAX_EVENT {
        let message = format!("Request must be smaller than {MAX_EVENT} bytes for the InvokeFunction operation");
        return WireError::new(413, "RequestTooLargeException", message).into_rest_response();
    }
    if facts_of(world, &name).is_none() {
        return not_found(&name).into_rest_response();
    }
    let invocation_type = text("x-amz-invocation-type");
    match invocation_type.as_str() {
        "DryRun" => wire::respond(204, "application/json", String::new()),
        "Event" => {
            let world = world.clone();
            tokio::spawn(async move { invoke(&world, &name, body).await.is_some() });
            wire::respond(202, "application/json", String::new())
        }
        "" | "RequestResponse" => {
            let Some(invoked) = invoke(world, &name, body).await else { return not_found(&name).into_rest_response() };
            let mut response = wire::respond_bytes(200, "application/json", invoked.payload.clone());
            let answer = response.headers_mut();
            answer.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
            if let Some(error) = invoked.function_error {
                answer.insert("x-amz-function-error", HeaderValue::from_static(error));
            }
            if text("x-amz-log-type") == "Tail"
                && let Ok(tail) = invoked.log_result().parse()
            {
                answer.insert("x-amz-log-result", tail);
            }
            response
        }
        other => {
            let message = format!(
                "1 validation error detected: Value '{other}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
            );
            WireError::new(400, "ValidationException", message).into_rest_response()
        }
    }
}
