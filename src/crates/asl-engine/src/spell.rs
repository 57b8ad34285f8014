//! History events as the API spells them.

use asl::StateName;
use serde_json::{Map, Value, json};

use crate::event::{Event, HistoryEvent, Scheduled, StateKind};
use crate::execution::Failure;

impl HistoryEvent {
    /// The event as `GetExecutionHistory` answers it; the timestamp in seconds since 1970 with milliseconds.
    pub fn to_value(&self) -> Value {
        let mut fields = Map::new();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a float exactly")]
        fields.insert("timestamp".into(), json!(self.at as f64 / 1000.0));
        fields.insert("type".into(), Value::String(self.event.type_name()));
        fields.insert("id".into(), self.id.into());
        fields.insert("previousEventId".into(), self.previous.into());
        if let Some((name, details)) = self.event.details() {
            fields.insert(name.into(), Value::Object(details));
        }
        Value::Object(fields)
    }
}

/// A details object.
type Details = Map<String, Value>;

impl Event {
    /// The API's `HistoryEventType`.
    pub fn type_name(&self) -> String {
        let name = match self {
            Self::StateEntered { kind, .. } => return format!("{}StateEntered", kind.name()),
            Self::StateExited { kind, .. } => return format!("{}StateExited", kind.name()),
            Self::StateAborted { kind } => return format!("{}StateAborted", kind.name()),
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Self::ExecutionFailed(_) => "ExecutionFailed",
            Self::ExecutionAborted(_) => "ExecutionAborted",
            Self::ExecutionTimedOut(_) => "ExecutionTimedOut",
            Self::TaskScheduled { .. } => "TaskScheduled",
            Self::TaskStarted { .. } => "TaskStarted",
            Self::TaskSubmitted { .. } => "TaskSubmitted",
            Self::TaskSucceeded { .. } => "TaskSucceeded",
            Self::TaskFailed { .. } => "TaskFailed",
            Self::TaskTimedOut { .. } => "TaskTimedOut",
            Self::LambdaFunctionScheduled { .. } => "LambdaFunctionScheduled",
            Self::LambdaFunctionStarted => "LambdaFunctionStarted",
            Self::LambdaFunctionSucceeded { .. } => "LambdaFunctionSucceeded",
            Self::LambdaFunctionFailed(_) => "LambdaFunctionFailed",
            Self::LambdaFunctionTimedOut(_) => "LambdaFunctionTimedOut",
            Self::ActivityScheduled { .. } => "ActivityScheduled",
            Self::ActivityStarted { .. } => "ActivityStarted",
            Self::ActivitySucceeded { .. } => "ActivitySucceeded",
            Self::ActivityFailed(_) => "ActivityFailed",
            Self::ActivityTimedOut(_) => "ActivityTimedOut",
            Self::MapStateStarted { .. } => "MapStateStarted",
            Self::MapIterationStarted { .. } => "MapIterationStarted",
            Self::MapIterationSucceeded { .. } => "MapIterationSucceeded",
            Self::MapIterationFailed { .. } => "MapIterationFailed",
            Self::MapIterationAborted { .. } => "MapIterationAborted",
            Self::MapRunStarted { .. } => "MapRunStarted",
            Self::MapRunRedriven { .. } => "MapRunRedriven",
            Self::MapRunSucceeded => "MapRunSucceeded",
            Self::MapRunFailed(_) => "MapRunFailed",
            Self::ExecutionRedriven { .. } => "ExecutionRedriven",
            Self::MapStateSucceeded => "MapStateSucceeded",
            Self::MapStateFailed => "MapStateFailed",
            Self::ParallelStateStarted => "ParallelStateStarted",
            Self::ParallelStateSucceeded => "ParallelStateSucceeded",
            Self::ParallelStateFailed => "ParallelStateFailed",
            Self::EvaluationFailed { .. } => "EvaluationFailed",
        };
        name.to_owned()
    }

    /// The name and content of the details field, for the types that have one.
    fn details(&self) -> Option<(&'static str, Details)> {
        Some(match self {
            Self::ExecutionStarted { input, role_arn } => {
                let mut details = data("input", input);
                details.insert("roleArn".into(), role_arn.as_ref().into());
                ("executionStartedEventDetails", details)
            }
            Self::ExecutionSucceeded { output } => ("executionSucceededEventDetails", data("output", output)),
            Self::ExecutionFailed(failure) => ("executionFailedEventDetails", failed(failure)),
            Self::ExecutionAborted(failure) => ("executionAbortedEventDetails", failed(failure)),
            Self::ExecutionTimedOut(failure) => ("executionTimedOutEventDetails", failed(failure)),
            Self::StateEntered { name, input, .. } => {
                let mut details = named(name);
                details.extend(data("input", input));
                ("stateEnteredEventDetails", details)
            }
            Self::StateExited { name, output, assigned, .. } => {
                let mut details = named(name);
                details.extend(data("output", output));
                if !assigned.is_empty() {
                    let variables: Details =
                        assigned.iter().map(|(name, text)| (name.clone(), text.as_ref().into())).collect();
                    details.insert("assignedVariables".into(), Value::Object(variables));
                    details.insert("assignedVariablesDetails".into(), json!({"truncated": false}));
                }
                ("stateExitedEventDetails", details)
            }
            Self::TaskScheduled { service, action, region, parameters, scheduled } => {
                let mut details = task(service, action);
                details.insert("region".into(), region.as_ref().into());
                details.insert("parameters".into(), parameters.as_ref().into());
                details.extend(limits(scheduled));
                ("taskScheduledEventDetails", details)
            }
            Self::TaskStarted { service, action } => ("taskStartedEventDetails", task(service, action)),
            Self::TaskSubmitted { service, action, output } => {
                let mut details = task(service, action);
                details.extend(data("output", output));
                ("taskSubmittedEventDetails", details)
            }
            Self::TaskSucceeded { service, action, output } => {
                let mut details = task(service, action);
                details.extend(data("output", output));
                ("taskSucceededEventDetails", details)
            }
            Self::TaskFailed { service, action, failure } => {
                let mut details = task(service, action);
                details.extend(failed(failure));
                ("taskFailedEventDetails", details)
            }
            Self::TaskTimedOut { service, action, failure } => {
                let mut details = task(service, action);
                details.extend(failed(failure));
                ("taskTimedOutEventDetails", details)
            }
            Self::LambdaFunctionScheduled { resource, input, scheduled } => {
                let mut details = Details::from_iter([("resource".to_owned(), Value::from(resource.as_ref()))]);
                details.extend(data("input", input));
                details.extend(limits(scheduled));
                ("lambdaFunctionScheduledEventDetails", details)
            }
            Self::LambdaFunctionSucceeded { output } => ("lambdaFunctionSucceededEventDetails", data("output", output)),
            Self::LambdaFunctionFailed(failure) => ("lambdaFunctionFailedEventDetails", failed(failure)),
            Self::LambdaFunctionTimedOut(failure) => ("lambdaFunctionTimedOutEventDetails", failed(failure)),
            Self::ActivityScheduled { resource, input, scheduled } => {
                let mut details = Details::from_iter([("resource".to_owned(), Value::from(resource.as_ref()))]);
                details.extend(data("input", input));
                details.extend(limits(scheduled));
                ("activityScheduledEventDetails", details)
            }
            Self::ActivityStarted { worker } => {
                let details = worker.iter().map(|worker| ("workerName".to_owned(), Value::from(worker.as_str())));
                ("activityStartedEventDetails", details.collect())
            }
            Self::ActivitySucceeded { output } => ("activitySucceededEventDetails", data("output", output)),
            Self::ActivityFailed(failure) => ("activityFailedEventDetails", failed(failure)),
            Self::ActivityTimedOut(failure) => ("activityTimedOutEventDetails", failed(failure)),
            Self::MapStateStarted { length } => {
                ("mapStateStartedEventDetails", Details::from_iter([("length".to_owned(), Value::from(*length))]))
            }
            Self::MapIterationStarted { name, index } => ("mapIterationStartedEventDetails", iteration(name, *index)),
            Self::MapIterationSucceeded { name, index } => {
                ("mapIterationSucceededEventDetails", iteration(name, *index))
            }
            Self::MapIterationFailed { name, index } => ("mapIterationFailedEventDetails", iteration(name, *index)),
            Self::MapIterationAborted { name, index } => ("mapIterationAbortedEventDetails", iteration(name, *index)),
            Self::EvaluationFailed { state, location, failure } => {
                let mut details = failed(failure);
                if let Some(location) = location {
                    details.insert("location".into(), location.as_str().into());
                }
                details.insert("state".into(), state.as_ref().into());
                ("evaluationFailedEventDetails", details)
            }
            Self::MapRunStarted { arn } => {
                ("mapRunStartedEventDetails", Details::from_iter([("mapRunArn".to_owned(), Value::from(arn.as_ref()))]))
            }
            Self::MapRunRedriven { arn, count } => (
                "mapRunRedrivenEventDetails",
                Details::from_iter([
                    ("mapRunArn".to_owned(), Value::from(arn.as_ref())),
                    ("redriveCount".to_owned(), Value::from(*count)),
                ]),
            ),
            Self::MapRunFailed(failure) => ("mapRunFailedEventDetails", failed(failure)),
            Self::ExecutionRedriven { count } => (
                "executionRedrivenEventDetails",
                Details::from_iter([("redriveCount".to_owned(), Value::from(*count))]),
            ),
            Self::StateAborted { .. }
            | Self::LambdaFunctionStarted
            | Self::MapRunSucceeded
            | Self::MapStateSucceeded
            | Self::MapStateFailed
            | Self::ParallelStateStarted
            | Self::ParallelStateSucceeded
            | Self::ParallelStateFailed => return None,
        })
    }
}

impl StateKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Task => "Task",
            Self::Choice => "Choice",
            Self::Wait => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail => "Fail",
            Self::Parallel => "Parallel",
            Self::Map => "Map",
        }
    }
}

/// `input` or `output` with its `…Details`. Only data above the API's answer size would be truncated; ours never is.
fn data(name: &str, text: &str) -> Details {
    Details::from_iter([(name.to_owned(), Value::from(text)), (format!("{name}Details"), json!({"truncated": false}))])
}

fn named(name: &StateName) -> Details {
    Details::from_iter([("name".to_owned(), Value::from(name.as_ref()))])
}

fn iteration(name: &StateName, index: usize) -> Details {
    let mut details = named(name);
    details.insert("index".into(), index.into());
    details
}

fn task(service: &str, action: &str) -> Details {
    Details::from_iter([
        ("resourceType".to_owned(), Value::from(service)),
        ("resource".to_owned(), Value::from(action)),
    ])
}

fn failed(failure: &Failure) -> Details {
    let fields = [("error", &failure.error), ("cause", &failure.cause)];
    fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text.as_deref()?)))).collect()
}

fn limits(scheduled: &Scheduled) -> Details {
    let mut details = Details::new();
    if let Some(timeout) = scheduled.timeout {
        details.insert("timeoutInSeconds".into(), timeout.into());
    }
    if let Some(heartbeat) = scheduled.heartbeat {
        details.insert("heartbeatInSeconds".into(), heartbeat.into());
    }
    if let Some(role) = &scheduled.role_arn {
        details.insert("taskCredentials".into(), json!({"roleArn": role}));
    }
    details
}

/// The events as one JSON array, each as [`HistoryEvent::to_value`] has it.
pub fn history_text(events: &[HistoryEvent]) -> String {
    let values: Vec<Value> = events.iter().map(HistoryEvent::to_value).collect();
    Value::Array(values).to_string()
}
