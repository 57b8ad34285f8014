//! Service integrations: does what a Task asks for and tells the driver what became of it.

mod dynamodb;
mod functions;
mod states;

use std::sync::Arc;

use asl::{Json, Pattern, Resource};
use asl_engine::{Failure, Input, Invocation};
use serde_json::{Map, Value, json};

use crate::driver::{Message, Watch, plain_machine};
use crate::world::World;

/// Does the work; the driver hears of it as an [`Input`].
pub(crate) async fn perform(world: World, arn: Arc<str>, invocation: Invocation, test_case: Option<String>) {
    let (task, resource) = (invocation.task, invocation.resource.clone());
    let Some(input) = answer(&world, &arn, &invocation, test_case.as_deref()).await else { return };
    // A job that was taken on is waited for from here on.
    let watch = match (&resource, &input) {
        (
            Resource::Integration { pattern: pattern @ (Pattern::Sync | Pattern::Sync2), .. },
            Input::TaskSubmitted { output, .. },
        ) => output.value().get("ExecutionArn").and_then(Value::as_str).map(|child| Watch {
            child: child.to_owned(),
            parent: Arc::clone(&arn),
            task,
            pattern: *pattern,
        }),
        _ => None,
    };
    world.driver.tell(Message::Told { arn, input });
    if let Some(watch) = watch {
        world.driver.tell(Message::Watch(watch));
    }
}

/// An execution that a task waits for has ended.
pub(crate) async fn child_ended(world: &World, watch: Watch) {
    let input = states::result(world, &watch).await;
    world.driver.tell(Message::Told { arn: watch.parent, input });
}

/// What the service answers; `None` when somebody else will.
pub(crate) async fn answer(
    world: &World,
    arn: &Arc<str>,
    invocation: &Invocation,
    test_case: Option<&str>,
) -> Option<Input> {
    let task = invocation.task;
    let told = |result: Result<Json, Failure>| match result {
        Ok(output) => Input::TaskSucceeded { task, output },
        Err(failure) => Input::TaskFailed { task, failure },
    };
    if let (Some(case), Some(mocks)) = (test_case, &world.mocks)
        && let Some(answer) = mocks.answer(machine_of(arn), case, &invocation.state, invocation.calls_before)
    {
        return Some(told(answer.map(|output| mocked(&invocation.resource, output))));
    }
    let payload = &invocation.payload;
    let (service, action, pattern) = match &invocation.resource {
        // A worker will ask for it.
        Resource::Activity { .. } => return None,
        Resource::Function { arn } => return Some(told(functions::plain(world, arn, payload).await)),
        Resource::Integration { service, action, pattern, .. } => (service.as_str(), action.as_str(), *pattern),
        Resource::Other(text) => return Some(told(Err(unsupported(text)))),
    };
    let parameters = payload.value();
    let result = match (service, action) {
        ("lambda", "invoke") => functions::invoke(world, parameters).await,
        ("dynamodb" | "aws-sdk:dynamodb", _) => dynamodb::call(world, service, action, parameters).await,
        ("states", "startExecution") => states::start_execution(world, arn, task, pattern, parameters).await,
        ("aws-sdk:sfn", _) => states::sdk(world, action, parameters).await,
        _ => Err(unsupported(&format!("{service}:{action}"))),
    };
    Some(match (result, pattern) {
        (Ok(output), Pattern::Sync | Pattern::Sync2 | Pattern::WaitForTaskToken) => {
            Input::TaskSubmitted { task, output }
        }
        (result, _) => told(result),
    })
}

/// What a mocked output means to a resource: mock files have Lambda's whole answer, of which a function that is named by
/// its ARN gives the payload alone.
fn mocked(resource: &Resource, output: Json) -> Json {
    match (resource, output.value()) {
        (Resource::Function { .. }, Value::Object(fields)) if fields.contains_key("StatusCode") => {
            fields.get("Payload").cloned().map_or(output.clone(), Json::from)
        }
        _ => output,
    }
}

/// The name of the machine that an execution runs.
fn machine_of(execution: &str) -> &str {
    plain_machine(execution).split(':').nth(6).unwrap_or_default()
}

/// Says it in so many words: nothing is done silently that the embedded cloud cannot do.
fn unsupported(what: &str) -> Failure {
    Failure::new(
        "LocalCloud.UnsupportedIntegration",
        format!(
            "The embedded cloud does not have the integration {what}. It has Lambda functions (by ARN and lambda:invoke), DynamoDB and Step Functions (optimised and aws-sdk), and activities; a mock file (--mock-config) can stand in for the rest."
        ),
    )
}

/// What version 1 of Java's SDK, and so an optimised integration, tells of the answer that it got. Nothing went over a
/// wire here: the headers are those that the answer would have come with.
fn sdk_http_metadata(request: &str, length: usize, content_type: &str, others: &[(&str, String)]) -> Value {
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let usual = [
        ("Connection", "keep-alive".to_owned()),
        ("Content-Length", length.to_string()),
        ("Content-Type", content_type.to_owned()),
        ("Date", date),
        ("x-amzn-RequestId", request.to_owned()),
    ];
    let headers: Map<String, Value> =
        usual.iter().chain(others).map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
    let all: Map<String, Value> = headers.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    json!({"AllHttpHeaders": all, "HttpHeaders": headers, "HttpStatusCode": 200})
}

/// The first letter as the SDK integrations have it.
fn with_first(name: &str, change: impl Fn(&mut str)) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        change(first);
    }
    name
}

fn pascal(name: &str) -> String {
    with_first(name, str::make_ascii_uppercase)
}

fn camel(name: &str) -> String {
    with_first(name, str::make_ascii_lowercase)
}

/// The same value with every key renamed.
fn renamed(value: &Value, rename: fn(&str) -> String) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (rename(name), renamed(value, rename))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(|value| renamed(value, rename)).collect()),
        other => other.clone(),
    }
}
