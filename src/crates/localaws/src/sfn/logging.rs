//! `loggingConfiguration`: which events of an execution become CloudWatch log events, and how they are written.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html>

use std::sync::Arc;

use asl_engine::HistoryEvent;
use serde_json::{Map, Value, json};

use crate::driver::About;
use crate::wire::WireError;
use crate::world::MachineRecord;

/// What a machine's executions log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logging {
    pub(crate) group: String,
    pub(crate) stream: String,
    level: Level,
    with_data: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    All,
    Error,
    Fatal,
}

/// The fields of an event's details that are an execution's data.
const DATA: [&str; 7] =
    ["input", "inputDetails", "output", "outputDetails", "parameters", "assignedVariables", "assignedVariablesDetails"];

impl Logging {
    /// What the machine logs; `None` for nothing.
    pub(crate) fn of(record: &MachineRecord) -> Option<Arc<Self>> {
        let configuration = record.logging.as_ref()?;
        let level = match configuration.get("level").and_then(Value::as_str)? {
            "ALL" => Level::All,
            "ERROR" => Level::Error,
            "FATAL" => Level::Fatal,
            _ => return None,
        };
        let arn = configuration.pointer("/destinations/0/cloudWatchLogsLogGroup/logGroupArn")?.as_str()?;
        let group = arn.split(":log-group:").nth(1)?.trim_end_matches(":*").to_owned();
        let with_data = configuration.get("includeExecutionData").and_then(Value::as_bool).unwrap_or(false);
        let now = jiff::Timestamp::now().strftime("%Y-%m-%d-%H-%M");
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let stream = format!("states/{}/{now}/{}", record.name, &unique[..8]);
        Some(Arc::new(Self { group, stream, level, with_data }))
    }

    /// The log lines of events, with their times.
    pub(crate) fn lines(&self, execution: &str, about: &About, events: &[HistoryEvent]) -> Vec<(i64, String)> {
        let kept = events.iter().filter(|event| self.takes(&event.event.type_name()));
        kept.map(|event| (event.at, self.line(execution, about, event))).collect()
    }

    fn takes(&self, kind: &str) -> bool {
        let fatal = matches!(kind, "ExecutionFailed" | "ExecutionAborted" | "ExecutionTimedOut");
        match self.level {
            Level::All => true,
            Level::Fatal => fatal,
            Level::Error => {
                fatal
                    || kind == "FailStateEntered"
                    || kind.ends_with("Failed")
                    || kind.ends_with("TimedOut")
                    || kind.ends_with("Aborted")
            }
        }
    }

    fn line(&self, execution: &str, about: &About, event: &HistoryEvent) -> String {
        let mut details = match event.to_value() {
            Value::Object(fields) => fields
                .into_iter()
                .find(|(name, _)| name.ends_with("EventDetails"))
                .map_or_else(Map::new, |(_, details)| details.as_object().cloned().unwrap_or_default()),
            _ => Map::new(),
        };
        if !self.with_data {
            details.retain(|name, _| !DATA.contains(&name.as_str()));
        }
        let mut line = json!({
            "id": event.id.to_string(),
            "type": event.event.type_name(),
            "details": details,
            "previous_event_id": event.previous.to_string(),
            "event_timestamp": event.at.to_string(),
            "execution_arn": execution,
            "redrive_count": about.redrives.to_string(),
        });
        if let (Some(run), Some(parent)) = (&about.map_run, &about.parent) {
            line["map_run_arn"] = run.as_str().into();
            line["parent_execution_arn"] = parent.arn.as_str().into();
        }
        line.to_string()
    }
}

/// Refuses a configuration as AWS does.
pub(super) fn check(configuration: Option<&Value>) -> Result<(), WireError> {
    let Some(configuration) = configuration else { return Ok(()) };
    let refused = |problem: &str| {
        WireError::new(400, "InvalidLoggingConfiguration", format!("Invalid Logging Configuration: {problem}"))
    };
    let level = configuration.get("level").and_then(Value::as_str).unwrap_or("OFF");
    let destinations = configuration.get("destinations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if (level != "OFF" && destinations.len() != 1) || destinations.len() > 1 {
        return Err(refused("Must specify exactly one Log Destination."));
    }
    for destination in destinations {
        match destination.pointer("/cloudWatchLogsLogGroup/logGroupArn").and_then(Value::as_str) {
            None => return Err(refused("Must set valid CloudWatch Log Group ARN.")),
            Some(arn) if !arn.contains(":log-group:") => {
                return Err(refused("Provided ARN is not CloudWatch Logs Log Group ARN."));
            }
            Some(arn) if !arn.ends_with(":*") => {
                return Err(refused("Log Group ARN must be provided with '*' qualifier."));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
