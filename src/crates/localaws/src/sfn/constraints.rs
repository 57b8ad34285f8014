//! What the API's model demands of every request before anything is looked up: members that must be there, lengths,
//! bounds, and the names of enumerations. What a name or an ARN has to look like is told by [`super::arn`].
//!
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html>

use serde_json::Value;

use crate::wire::WireError;

/// What a member of a request has to be, if it is there.
#[derive(Clone, Copy)]
enum Constraint {
    /// Characters of a string: at least, at most.
    Length(usize, usize),
    /// The same of what is not said back.
    Secret(usize, usize),
    /// Elements of a list: at least, at most.
    Elements(usize, usize),
    /// A number: at least, at most.
    Range(f64, f64),
    /// One of these.
    OneOf(&'static [&'static str]),
}

use Constraint::{Elements, Length, OneOf, Range, Secret};

const TYPES: Constraint = OneOf(&["STANDARD", "EXPRESS"]);
const INCLUDED: Constraint = OneOf(&["ALL_DATA", "METADATA_ONLY"]);
// There are no keys but the own ones here.
const ENCRYPTION: Constraint = OneOf(&["AWS_OWNED_KEY"]);
const STATUS: Constraint = OneOf(&["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]);
const PAYLOAD: Constraint = Secret(0, asl_engine::MAX_PAYLOAD);
const ARN: Constraint = Length(1, 256);
const LONG_ARN: Constraint = Length(1, 2000);

/// A member by its names from the top, whichever operation it belongs to. They mean the same everywhere but for
/// [`EXCEPTIONS`].
const MEMBERS: &[(&str, Constraint)] = &[
    ("activityArn", ARN),
    ("clientToken", Length(1, 64)),
    ("context", PAYLOAD),
    ("definition", Secret(1, 1 << 20)),
    ("description", Secret(0, 256)),
    ("encryptionConfiguration.type", ENCRYPTION),
    ("error", Secret(0, 256)),
    ("cause", Secret(0, 32_768)),
    ("executionArn", ARN),
    ("includedData", INCLUDED),
    ("input", PAYLOAD),
    ("inspectionLevel", OneOf(&["INFO", "DEBUG", "TRACE"])),
    ("loggingConfiguration.level", OneOf(&["ALL", "ERROR", "FATAL", "OFF"])),
    ("mapRunArn", LONG_ARN),
    ("maxConcurrency", Range(0.0, 2_147_483_647.0)),
    ("maxResults", Range(0.0, 1000.0)),
    ("mock.errorOutput.cause", Secret(0, 32_768)),
    ("mock.errorOutput.error", Secret(0, 256)),
    ("mock.fieldValidationMode", OneOf(&["STRICT", "PRESENT", "NONE"])),
    ("mock.result", PAYLOAD),
    ("name", Length(1, 80)),
    ("nextToken", Length(1, 1024)),
    ("output", PAYLOAD),
    ("redriveFilter", OneOf(&["REDRIVEN", "NOT_REDRIVEN"])),
    ("resourceArn", ARN),
    ("roleArn", ARN),
    ("routingConfiguration", Elements(1, 2)),
    ("severity", OneOf(&["ERROR", "WARNING"])),
    ("stateConfiguration.errorCausedByState", Length(1, 80)),
    ("stateConfiguration.mapItemReaderData", PAYLOAD),
    ("stateConfiguration.mapIterationFailureCount", Range(0.0, 2_147_483_647.0)),
    ("stateConfiguration.retrierRetryCount", Range(0.0, 2_147_483_647.0)),
    ("stateMachineAliasArn", ARN),
    ("stateMachineArn", ARN),
    ("stateMachineVersionArn", LONG_ARN),
    ("stateName", Length(1, 80)),
    ("statusFilter", STATUS),
    ("taskToken", Length(1, 2048)),
    ("toleratedFailureCount", Range(0.0, 9_007_199_254_740_991.0)),
    ("toleratedFailurePercentage", Range(0.0, 100.0)),
    ("traceHeader", Length(0, 256)),
    ("type", TYPES),
    ("variables", PAYLOAD),
    ("versionDescription", Secret(0, 256)),
    ("workerName", Length(1, 80)),
];

const EXCEPTIONS: &[(&str, &str, Constraint)] = &[
    ("ListExecutions", "nextToken", Length(1, 3096)),
    ("ValidateStateMachineDefinition", "maxResults", Range(0.0, 100.0)),
];

/// The members that an operation cannot do without.
fn required(operation: &str) -> &'static [&'static str] {
    match operation {
        "CreateStateMachine" => &["name", "definition", "roleArn"],
        "CreateStateMachineAlias" => &["name", "routingConfiguration"],
        "CreateActivity" => &["name"],
        "DeleteActivity" | "DescribeActivity" | "GetActivityTask" => &["activityArn"],
        "DeleteStateMachine"
        | "DescribeStateMachine"
        | "UpdateStateMachine"
        | "StartExecution"
        | "StartSyncExecution"
        | "PublishStateMachineVersion"
        | "ListStateMachineVersions"
        | "ListStateMachineAliases" => &["stateMachineArn"],
        "DeleteStateMachineAlias" | "DescribeStateMachineAlias" | "UpdateStateMachineAlias" => {
            &["stateMachineAliasArn"]
        }
        "DeleteStateMachineVersion" => &["stateMachineVersionArn"],
        "DescribeExecution"
        | "DescribeStateMachineForExecution"
        | "GetExecutionHistory"
        | "ListMapRuns"
        | "RedriveExecution"
        | "StopExecution" => &["executionArn"],
        "DescribeMapRun" | "UpdateMapRun" => &["mapRunArn"],
        "ListTagsForResource" => &["resourceArn"],
        "TagResource" => &["resourceArn", "tags"],
        "UntagResource" => &["resourceArn", "tagKeys"],
        "SendTaskFailure" | "SendTaskHeartbeat" => &["taskToken"],
        "SendTaskSuccess" => &["taskToken", "output"],
        "TestState" | "ValidateStateMachineDefinition" => &["definition"],
        _ => &[],
    }
}

/// Refuses what breaks the model, with every place where it does.
pub(super) fn check(operation: &str, body: &str) -> Result<(), WireError> {
    // What is no JSON is told by whoever reads the request.
    let Ok(request) = serde_json::from_str::<Value>(if body.is_empty() { "{}" } else { body }) else { return Ok(()) };
    if !request.is_object() {
        return Err(WireError::new(400, "SerializationException", "Start of structure or map expected."));
    }
    if let Some(problem) = wrong_type(&request, "") {
        return Err(WireError::new(400, "SerializationException", problem));
    }
    let mut found = Vec::new();
    for member in required(operation) {
        if request.get(member).is_none_or(Value::is_null) {
            found.push(format!("Value null at '{member}' failed to satisfy constraint: Member must not be null"));
        }
    }
    look_at(operation, &request, "", &mut found);
    if found.is_empty() {
        return Ok(());
    }
    let errors = if found.len() == 1 { "error" } else { "errors" };
    let message = format!("{} validation {errors} detected: {}", found.len(), found.join("; "));
    Err(WireError::new(400, "ValidationException", message))
}

/// A member of another type than it has, in AWS's words.
fn wrong_type(object: &Value, within: &str) -> Option<String> {
    object.as_object().into_iter().flatten().find_map(|(name, value)| {
        let path = format!("{within}{name}");
        let Some((_, constraint)) = MEMBERS.iter().find(|(member, _)| *member == path) else {
            return wrong_type(value, &format!("{path}."));
        };
        let (fits, wanted) = match constraint {
            Length(..) | Secret(..) | OneOf(_) => (value.is_string(), "String"),
            Elements(..) => (value.is_array(), "List"),
            Range(..) => (value.is_number(), "Number"),
        };
        let found = match value {
            _ if fits => return None,
            Value::Null => return None,
            Value::Bool(true) => "TRUE_VALUE",
            Value::Bool(false) => "FALSE_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::String(_) => "STRING_VALUE",
            Value::Array(_) => "START_ARRAY",
            Value::Object(_) => "START_OBJECT",
        };
        Some(format!("{found} can not be converted to a {wanted} at '{path}'"))
    })
}

/// Looks at the members of an object, and of the objects in it.
fn look_at(operation: &str, object: &Value, within: &str, found: &mut Vec<String>) {
    for (name, value) in object.as_object().into_iter().flatten() {
        let path = format!("{within}{name}");
        if value.is_object() {
            look_at(operation, value, &format!("{path}."), found);
        }
        let exception = EXCEPTIONS.iter().find(|(of, member, _)| *of == operation && *member == path);
        let constraint = match exception {
            Some((.., constraint)) => Some(constraint),
            None => MEMBERS.iter().find(|(member, _)| *member == path).map(|(_, constraint)| constraint),
        };
        if let Some(constraint) = constraint
            && let Some(demand) = constraint.broken_by(value)
        {
            let shown = match (value, constraint) {
                (_, Secret(..)) => "",
                (Value::String(text), _) => text,
                (other, _) => &other.to_string(),
            };
            found.push(format!("Value '{shown}' at '{path}' failed to satisfy constraint: Member must {demand}"));
        }
    }
}

impl Constraint {
    /// What a value should be and is not. A value of another type is told by whoever reads it.
    fn broken_by(self, value: &Value) -> Option<String> {
        let size = |least: usize, most: usize, size: usize| {
            if size < least {
                Some(format!("have length greater than or equal to {least}"))
            } else {
                (size > most).then(|| format!("have length less than or equal to {most}"))
            }
        };
        match self {
            Length(least, most) | Secret(least, most) => size(least, most, value.as_str()?.chars().count()),
            Elements(least, most) => size(least, most, value.as_array()?.len()),
            Range(least, most) => {
                let number = value.as_f64()?;
                if number < least {
                    Some(format!("have value greater than or equal to {least}"))
                } else {
                    (number > most).then(|| format!("have value less than or equal to {most}"))
                }
            }
            OneOf(names) => {
                let text = value.as_str()?;
                (!names.contains(&text)).then(|| format!("satisfy enum value set: [{}]", names.join(", ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_broken_demand_is_told() {
        let cases = [
            ("StopExecution", json!({"executionArn": "arn:a", "error": "e"}), ""),
            (
                "StopExecution",
                json!({}),
                "1 validation error detected: Value null at 'executionArn' failed to satisfy constraint: Member must not be null",
            ),
            (
                "CreateStateMachine",
                json!({"name": "m", "definition": "", "roleArn": "r", "type": "FAST", "loggingConfiguration": {"level": "LOUD"}}),
                "3 validation errors detected: Value '' at 'definition' failed to satisfy constraint: Member must have length greater than or equal to 1; Value 'FAST' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]; Value 'LOUD' at 'loggingConfiguration.level' failed to satisfy constraint: Member must satisfy enum value set: [ALL, ERROR, FATAL, OFF]",
            ),
            (
                "ListExecutions",
                json!({"maxResults": -1, "nextToken": "x".repeat(2000)}),
                "1 validation error detected: Value '-1' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 0",
            ),
            (
                "ListExecutions",
                json!({"maxResults": "9"}),
                "STRING_VALUE can not be converted to a Number at 'maxResults'",
            ),
            ("ListExecutions", json!([]), "Start of structure or map expected."),
            (
                "ValidateStateMachineDefinition",
                json!({"definition": "{}", "maxResults": 101}),
                "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100",
            ),
            (
                "CreateStateMachineAlias",
                json!({"name": "a", "routingConfiguration": []}),
                "1 validation error detected: Value '[]' at 'routingConfiguration' failed to satisfy constraint: Member must have length greater than or equal to 1",
            ),
        ];
        for (operation, request, expected) in cases {
            let told = check(operation, &request.to_string())
                .map_or_else(|error| error.message().to_owned(), |()| String::new());
            assert_eq!(told, expected, "{operation} {request}");
        }
    }
}
