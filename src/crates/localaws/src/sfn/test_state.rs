//! `TestState`: one state, run for real or with a mock, and what its data passes through.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html>

mod mock;

use std::sync::Arc;

use asl::{Flow, Json, Kind, Machine, State};
use asl_engine::{Effect, Facts, Failure, Input, Invocation, Mock, Settings, Stamped, Tested, Verdict};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{arn, executions, machines};
use crate::integrate;
use crate::wire::{WireError, read};
use crate::world::{ACCOUNT, REGION, World};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    definition: String,
    role_arn: Option<String>,
    input: Option<String>,
    inspection_level: Option<String>,
    #[serde(default)]
    reveal_secrets: bool,
    variables: Option<String>,
    state_name: Option<String>,
    mock: Option<MockInput>,
    context: Option<String>,
    state_configuration: Option<Configuration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MockInput {
    result: Option<String>,
    error_output: Option<ErrorOutput>,
    field_validation_mode: Option<String>,
}

#[derive(Deserialize)]
struct ErrorOutput {
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    retrier_retry_count: Option<u64>,
    error_caused_by_state: Option<String>,
    map_iteration_failure_count: Option<u64>,
    map_item_reader_data: Option<String>,
}

pub(super) async fn test(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Request = read(body)?;
    let (machine, state) = state_of(&request)?;
    let mock = check(&request, &state)?;
    if mock.is_none() && matches!(state.kind, Kind::Map(_) | Kind::Parallel(_)) {
        let message = "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]";
        return Err(WireError::new(400, "InvalidDefinition", message));
    }
    if mock.is_none() && request.role_arn.is_none() && matches!(state.kind, Kind::Task(_)) {
        return Err(invalid("RoleArn must be specified when testing a Task state"));
    }
    let input = request.input.clone().unwrap_or_else(|| "{}".to_owned());
    executions::check_input(&input)?;
    let configuration = request.state_configuration.as_ref();
    let settings = Settings {
        context: context(&request)?,
        variables: variables(&request)?,
        retry_count: configuration.and_then(|given| given.retrier_retry_count).unwrap_or(0),
        mock: mock.clone(),
        failed_iterations: configuration.and_then(|given| given.map_iteration_failure_count),
        read: read_data(configuration, &state)?,
        item: is_in_map(&machine.flow, &state.name).then(|| Json::parse(&input).ok()).flatten(),
    };
    let unnamed = |prefix: &str| format!("{prefix}-{}", uuid::Uuid::new_v4());
    let (machine_name, name) = (unnamed("test-state-machine"), unnamed("test-state-execution"));
    let facts = Facts {
        arn: format!("arn:aws:states:{REGION}:{ACCOUNT}:express:{machine_name}:{name}"),
        name,
        machine_arn: arn::machine(&machine_name),
        machine_name,
        role_arn: request.role_arn.clone().unwrap_or_default(),
        region: REGION.to_owned(),
        started_at: world.clock.now(),
        input,
        seed: uuid::Uuid::new_v4().as_u64_pair().0,
        express: true,
        map_state: None,
    };
    let tested = run(world, &machine, &state, facts, settings, mock).await?;
    Ok(answer(&tested, request.inspection_level.as_deref().unwrap_or("INFO")))
}

fn invalid(message: impl Into<String>) -> WireError {
    WireError::new(400, "ValidationException", message)
}

/// The state that is tested, and the machine it is read in: the definition is a machine or a bare state.
fn state_of(request: &Request) -> Result<(Arc<Machine>, Arc<State>), WireError> {
    if let Some(name) = &request.state_name {
        let machine = machines::readable(&request.definition, false)?;
        let state = machine.state(name).cloned().ok_or_else(|| invalid("State not found in definition"))?;
        return Ok((machine, state));
    }
    let (machine, findings) = asl::read_state(&request.definition);
    let errors: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let state = machine.as_ref().and_then(|machine| machine.state(asl::BARE_STATE)).cloned();
    match (machine, state) {
        (Some(machine), Some(state)) if errors.is_empty() => Ok((Arc::new(machine), state)),
        _ => Err(WireError::new(
            400,
            "InvalidDefinition",
            format!("Invalid State Machine Definition: '{}'", errors.join(", ")),
        )),
    }
}

/// Checks the mock and what goes with it, and reads it.
fn check(request: &Request, state: &State) -> Result<Option<Mock>, WireError> {
    let configuration = request.state_configuration.as_ref();
    let Some(mock) = &request.mock else {
        let given = |what: bool, name: &str| {
            if what {
                Err(invalid(format!("TestState does not support {name} when a mock is not specified.")))
            } else {
                Ok(())
            }
        };
        if let Some(configuration) = configuration {
            given(configuration.map_iteration_failure_count.is_some(), "MapIterationFailureCount")?;
            given(configuration.retrier_retry_count.is_some(), "RetrierRetryCount")?;
            given(configuration.error_caused_by_state.is_some(), "ErrorCausedByState")?;
            given(configuration.map_item_reader_data.is_some(), "MapItemReaderData")?;
        }
        return Ok(None);
    };
    if mock.result.is_some() && mock.error_output.is_some() {
        return Err(invalid("A test mock should have only one of the following fields: [result, errorOutput]."));
    }
    if !matches!(state.kind, Kind::Task(_) | Kind::Map(_) | Kind::Parallel(_)) {
        let kind = state.kind.type_name();
        return Err(invalid(format!("State type '{kind}' is not supported when a mock is specified")));
    }
    if request.reveal_secrets {
        return Err(invalid("TestState does not support RevealSecrets when a mock is specified."));
    }
    if let Some(ErrorOutput { error, cause }) = &mock.error_output {
        return Ok(Some(Mock::Error(Failure { error: error.clone(), cause: cause.clone() })));
    }
    let result =
        Json::parse(mock.result.as_deref().unwrap_or("{}")).map_err(|_| invalid("Mocked result must be valid JSON"))?;
    match &state.kind {
        Kind::Parallel(parallel) => match result.value().as_array() {
            None => return Err(invalid("Mocked result must be an array.")),
            Some(results) if results.len() != parallel.branches.len() => {
                let message = "Mocked result must contain the same number of items as number of Parallel branches.";
                return Err(invalid(message));
            }
            Some(_) => {}
        },
        Kind::Map(map) if map.result_writer.is_some() && !result.value().is_object() => {
            return Err(invalid("Mocked result must be a JSON object."));
        }
        Kind::Map(map) if map.result_writer.is_none() && !result.value().is_array() => {
            return Err(invalid("Mocked result must be an array."));
        }
        Kind::Task(task) => {
            mock::check(&task.resource, result.value(), mock.field_validation_mode.as_deref().unwrap_or("STRICT"))
                .map_err(|problem| invalid(format!("Mock result schema validation error: {problem}")))?;
        }
        _ => {}
    }
    Ok(Some(Mock::Result(result)))
}

/// What the reader of a Map is said to have read. Other forms than JSON are not looked into.
fn read_data(configuration: Option<&Configuration>, state: &State) -> Result<Option<Json>, WireError> {
    let Kind::Map(map) = &state.kind else { return Ok(None) };
    let data = configuration.and_then(|given| given.map_item_reader_data.as_ref());
    let (Some(reader), Some(data)) = (&map.item_reader, data) else { return Ok(None) };
    if reader.pointer("/ReaderConfig/InputType").and_then(Value::as_str) != Some("JSON") {
        return Ok(None);
    }
    Json::parse(data).map(Some).map_err(|_| invalid("MapItemReaderData must be valid JSON"))
}

/// Whether a state is in a Map of the flow, at whatever depth: then it sees an item, its input.
fn is_in_map(flow: &Flow, name: &str) -> bool {
    flow.states.values().any(|outer| {
        let is_map = matches!(outer.kind, Kind::Map(_));
        outer.kind.flows().iter().any(|(_, inner)| is_in_map(inner, name) || (is_map && has_state(inner, name)))
    })
}

fn has_state(flow: &Flow, name: &str) -> bool {
    let inside = |state: &Arc<State>| state.kind.flows().iter().any(|(_, inner)| has_state(inner, name));
    flow.states.contains_key(name) || flow.states.values().any(inside)
}

fn variables(request: &Request) -> Result<asl::Variables, WireError> {
    let Some(text) = &request.variables else { return Ok(asl::Variables::default()) };
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => {
            Ok(Arc::new(fields.into_iter().map(|(name, value)| (name, Json::from(value))).collect()))
        }
        _ => Err(invalid("Variables must be a JSON object")),
    }
}

/// The given context object, if it is one that AWS takes.
fn context(request: &Request) -> Result<Option<Value>, WireError> {
    const ALLOWED: [(&str, &[&str]); 4] = [
        ("Execution", &["Id", "Input", "Name", "RoleArn", "StartTime"]),
        ("State", &["EnteredTime", "Name", "RetryCount"]),
        ("StateMachine", &["Id", "Name"]),
        ("Task", &["Token"]),
    ];
    let Some(text) = &request.context else { return Ok(None) };
    let refused = |problem: String| invalid(format!("Invalid Context object provided: {problem}"));
    let Ok(Value::Object(context)) = serde_json::from_str(text) else {
        return Err(refused("must be a JSON object".into()));
    };
    for (name, value) in &context {
        if name == "Map" {
            return Err(refused("'Map' field is not supported when mocking a Context object".into()));
        }
        let Some((_, fields)) = ALLOWED.iter().find(|(known, _)| known == name) else {
            return Err(refused(format!("Field '{name}' is not allowed")));
        };
        let Value::Object(inner) = value else { return Err(refused(format!("{name} must be an object"))) };
        for (field, value) in inner {
            if !fields.contains(&field.as_str()) {
                return Err(refused(format!("Field '{field}' is not allowed")));
            }
            let (kind, fits) = match field.as_str() {
                "Input" => continue,
                "RetryCount" => ("number", value.is_number()),
                _ => ("string", value.is_string()),
            };
            if !fits {
                return Err(refused(format!("{name}.{field} must be a {kind}")));
            }
        }
    }
    Ok(Some(Value::Object(context)))
}

/// Runs the state to its end. A Wait does not wait, as at AWS.
async fn run(
    world: &World,
    machine: &Machine,
    state: &Arc<State>,
    facts: Facts,
    settings: Settings,
    mock: Option<Mock>,
) -> Result<Tested, WireError> {
    let execution_arn: Arc<str> = Arc::from(facts.arn.as_str());
    let broken = |problem: String| WireError::new(500, "InternalServerError", problem);
    let mut probe =
        apart(|| asl_engine::test_state(machine, state, facts, settings)).map_err(|error| broken(error.to_string()))?;
    let mut effects = std::mem::take(&mut probe.effects);
    loop {
        if let Some(tested) = probe.execution.tested() {
            return Ok(tested.clone());
        }
        let mut next = None;
        for effect in effects.drain(..) {
            match effect {
                Effect::Invoke(invocation) => next = Some(work(world, &execution_arn, invocation, mock.as_ref()).await),
                Effect::FindActivity { task, .. } => next = Some(Input::ActivityFound { task, exists: true }),
                Effect::SetTimer { timer, .. } if !matches!(state.kind, Kind::Task(_)) => {
                    next = Some(Input::TimerFired { timer });
                }
                _ => {}
            }
        }
        let Some(input) = next else { return Err(broken("the state waits for something that does not come".into())) };
        let stamped = Stamped { at: world.clock.now(), input };
        effects = apart(|| probe.execution.step(stamped));
    }
}

async fn work(world: &World, arn: &Arc<str>, invocation: Invocation, mock: Option<&Mock>) -> Input {
    let task = invocation.task;
    match mock {
        Some(Mock::Result(output)) => Input::TaskSucceeded { task, output: output.clone() },
        Some(Mock::Error(failure)) => Input::TaskFailed { task, failure: failure.clone() },
        None => match integrate::answer(world, arn, &invocation, None).await {
            // A callback, an activity or a job cannot be waited for in a test.
            Some(Input::TaskSubmitted { task, output }) => Input::TaskSucceeded { task, output },
            Some(input) => input,
            None => Input::TaskFailed {
                task,
                failure: Failure::new("States.TaskFailed", "This state can be tested with a mock only."),
            },
        },
    }
}

fn answer(tested: &Tested, level: &str) -> Value {
    let status = match tested.verdict {
        Verdict::Succeeded => "SUCCEEDED",
        Verdict::Failed => "FAILED",
        Verdict::Retriable => "RETRIABLE",
        Verdict::CaughtError => "CAUGHT_ERROR",
    };
    let mut answer = json!({"status": status});
    if let Some(output) = &tested.output {
        answer["output"] = output.text().as_ref().into();
    }
    for (name, text) in [("error", &tested.failure.error), ("cause", &tested.failure.cause)] {
        if let Some(text) = text {
            answer[name] = text.as_str().into();
        }
    }
    if let Some(next) = &tested.next {
        answer["nextState"] = next.as_ref().into();
    }
    if level != "INFO" {
        let mut inspection = tested.inspection.clone();
        if !tested.variables.is_empty() {
            let variables: Map<String, Value> =
                tested.variables.iter().map(|(name, json)| (name.clone(), json.value().clone())).collect();
            inspection.insert("variables".into(), Value::Object(variables).to_string().into());
        }
        answer["inspectionData"] = Value::Object(inspection);
    }
    answer
}

/// Does what may take long, an expression of JSONata say, without keeping a thread from those who wait for answers.
fn apart<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // With one thread alone, a test's, there is nobody to step aside for.
        _ => work(),
    }
}
