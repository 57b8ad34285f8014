//! History events as the API spells them.

use asl::StateName;
use serde_json::Value;

use crate::event::{Event, HistoryEvent, Scheduled, StateKind};
use crate::execution::Failure;

impl HistoryEvent {
    /// The event as `GetExecutionHistory` answers it; the timestamp in seconds since 1970 with milliseconds.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut fields = Fields { out, first: true };
        fields.key("timestamp");
        let (seconds, millis) = (self.at.div_euclid(1000), self.at.rem_euclid(1000));
        fields.out.extend_from_slice(format!("{seconds}.{millis:03}").as_bytes());
        fields.text("type", &self.event.type_name());
        fields.number("id", self.id);
        fields.number("previousEventId", self.previous);
        self.event.write_details(&mut fields);
        out.push(b'}');
    }

    /// The same as a value.
    pub fn to_value(&self) -> Value {
        let mut text = Vec::new();
        self.write(&mut text);
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// The events as one JSON array.
pub fn history_text(events: &[HistoryEvent]) -> String {
    let mut out = vec![b'['];
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        event.write(&mut out);
    }
    out.push(b']');
    String::from_utf8(out).unwrap_or_default()
}

/// An object that is being written.
struct Fields<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl Fields<'_> {
    fn key(&mut self, name: &str) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.string(name);
        self.out.push(b':');
    }

    fn string(&mut self, text: &str) {
        // Writing into memory does not fail.
        let _ = serde_json::to_writer(&mut *self.out, text);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.key(name);
        self.string(text);
    }

    fn number(&mut self, name: &str, number: u64) {
        self.key(name);
        let _ = serde_json::to_writer(&mut *self.out, &number);
    }

    fn object(&mut self, name: &str, write: impl FnOnce(&mut Fields<'_>)) {
        self.key(name);
        self.out.push(b'{');
        write(&mut Fields { out: self.out, first: true });
        self.out.push(b'}');
    }

    fn details(&mut self, kind: &str, write: impl FnOnce(&mut Fields<'_>)) {
        self.object(&format!("{kind}EventDetails"), write);
    }

    /// `input` or `output` with its `…Details`. Only data above the API's answer size would be truncated; ours never is.
    fn data(&mut self, name: &str, text: &str) {
        self.text(name, text);
        self.untruncated(name);
    }

    fn untruncated(&mut self, name: &str) {
        self.key(&format!("{name}Details"));
        self.out.extend_from_slice(br#"{"truncated":false}"#);
    }

    fn iteration(&mut self, name: &StateName, index: usize) {
        self.text("name", name);
        self.number("index", index as u64);
    }

    fn task(&mut self, service: &str, action: &str) {
        self.text("resourceType", service);
        self.text("resource", action);
    }

    fn failure(&mut self, failure: &Failure) {
        for (name, text) in [("error", &failure.error), ("cause", &failure.cause)] {
            if let Some(text) = text {
                self.text(name, text);
            }
        }
    }

    fn limits(&mut self, scheduled: &Scheduled) {
        if let Some(timeout) = scheduled.timeout {
            self.number("timeoutInSeconds", timeout);
        }
        if let Some(heartbeat) = scheduled.heartbeat {
            self.number("heartbeatInSeconds", heartbeat);
        }
        if let Some(role) = &scheduled.role_arn {
            self.object("taskCredentials", |out| out.text("roleArn", role));
        }
    }
}

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

    /// The name of the details field, for the types that have one, with its content written to `out`.
    fn write_details(&self, out: &mut Fields<'_>) {
        match self {
            Self::ExecutionStarted { input, role_arn } => out.details("executionStarted", |out| {
                out.data("input", input);
                out.text("roleArn", role_arn);
            }),
            Self::ExecutionSucceeded { output } => {
                out.details("executionSucceeded", |out| out.data("output", output));
            }
            Self::ExecutionFailed(failure) => out.details("executionFailed", |out| out.failure(failure)),
            Self::ExecutionAborted(failure) => out.details("executionAborted", |out| out.failure(failure)),
            Self::ExecutionTimedOut(failure) => out.details("executionTimedOut", |out| out.failure(failure)),
            Self::StateEntered { name, input, .. } => out.details("stateEntered", |out| {
                out.text("name", name);
                out.data("input", input);
            }),
            Self::StateExited { name, output, assigned, .. } => out.details("stateExited", |out| {
                out.text("name", name);
                out.data("output", output);
                if !assigned.is_empty() {
                    out.object("assignedVariables", |out| {
                        for (name, text) in assigned {
                            out.text(name, text);
                        }
                    });
                    out.untruncated("assignedVariables");
                }
            }),
            Self::TaskScheduled { service, action, region, parameters, scheduled } => {
                out.details("taskScheduled", |out| {
                    out.task(service, action);
                    out.text("region", region);
                    out.text("parameters", parameters);
                    out.limits(scheduled);
                });
            }
            Self::TaskStarted { service, action } => out.details("taskStarted", |out| out.task(service, action)),
            Self::TaskSubmitted { service, action, output } => out.details("taskSubmitted", |out| {
                out.task(service, action);
                out.data("output", output);
            }),
            Self::TaskSucceeded { service, action, output } => out.details("taskSucceeded", |out| {
                out.task(service, action);
                out.data("output", output);
            }),
            Self::TaskFailed { service, action, failure } => out.details("taskFailed", |out| {
                out.task(service, action);
                out.failure(failure);
            }),
            Self::TaskTimedOut { service, action, failure } => out.details("taskTimedOut", |out| {
                out.task(service, action);
                out.failure(failure);
            }),
            Self::LambdaFunctionScheduled { resource, input, scheduled } => {
                out.details("lambdaFunctionScheduled", |out| {
                    out.text("resource", resource);
                    out.data("input", input);
                    out.limits(scheduled);
                });
            }
            Self::LambdaFunctionSucceeded { output } => {
                out.details("lambdaFunctionSucceeded", |out| out.data("output", output));
            }
            Self::LambdaFunctionFailed(failure) => out.details("lambdaFunctionFailed", |out| out.failure(failure)),
            Self::LambdaFunctionTimedOut(failure) => out.details("lambdaFunctionTimedOut", |out| out.failure(failure)),
            Self::ActivityScheduled { resource, input, scheduled } => out.details("activityScheduled", |out| {
                out.text("resource", resource);
                out.data("input", input);
                out.limits(scheduled);
            }),
            Self::ActivityStarted { worker } => out.details("activityStarted", |out| {
                if let Some(worker) = worker {
                    out.text("workerName", worker);
                }
            }),
            Self::ActivitySucceeded { output } => out.details("activitySucceeded", |out| out.data("output", output)),
            Self::ActivityFailed(failure) => out.details("activityFailed", |out| out.failure(failure)),
            Self::ActivityTimedOut(failure) => out.details("activityTimedOut", |out| out.failure(failure)),
            Self::MapStateStarted { length } => {
                out.details("mapStateStarted", |out| out.number("length", *length as u64));
            }
            Self::MapIterationStarted { name, index } => {
                out.details("mapIterationStarted", |out| out.iteration(name, *index));
            }
            Self::MapIterationSucceeded { name, index } => {
                out.details("mapIterationSucceeded", |out| out.iteration(name, *index));
            }
            Self::MapIterationFailed { name, index } => {
                out.details("mapIterationFailed", |out| out.iteration(name, *index));
            }
            Self::MapIterationAborted { name, index } => {
                out.details("mapIterationAborted", |out| out.iteration(name, *index));
            }
            Self::MapRunStarted { arn } => out.details("mapRunStarted", |out| out.text("mapRunArn", arn)),
            Self::MapRunRedriven { arn, count } => out.details("mapRunRedriven", |out| {
                out.text("mapRunArn", arn);
                out.number("redriveCount", *count);
            }),
            Self::MapRunFailed(failure) => out.details("mapRunFailed", |out| out.failure(failure)),
            Self::ExecutionRedriven { count } => {
                out.details("executionRedriven", |out| out.number("redriveCount", *count));
            }
            Self::EvaluationFailed { state, location, failure } => out.details("evaluationFailed", |out| {
                out.failure(failure);
                if let Some(location) = location {
                    out.text("location", location);
                }
                out.text("state", state);
            }),
            Self::StateAborted { .. }
            | Self::LambdaFunctionStarted
            | Self::MapRunSucceeded
            | Self::MapStateSucceeded
            | Self::MapStateFailed
            | Self::ParallelStateStarted
            | Self::ParallelStateSucceeded
            | Self::ParallelStateFailed => {}
        }
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
