//! Reads a definition. Never stops at the first fault: it returns the machine as far as it goes, and every finding.

mod choices;
mod flow;
mod parameters;
mod resources;
mod services;
mod settings;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::finding::{Code, Finding, Severity};
use crate::machine::{Flow, Machine, QueryLanguage, State};
use crate::source::{JsonFault, clip, json_fault};

/// Which kind of workflow a definition is for: Express ones cannot do everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workflow {
    /// Up to a year, with a history.
    #[default]
    Standard,
    /// Up to five minutes, at high rates.
    Express,
}

/// The name that a state without a machine is given.
pub const BARE_STATE: &str = "StateName";

/// Reads a definition's text: the machine as far as it could be read, and all that is wrong with it.
///
/// A machine that comes with an error among its findings is good for drawing, not for running.
pub fn read(text: &str) -> (Option<Machine>, Vec<Finding>) {
    read_as(text, Workflow::Standard)
}

/// The same for a kind of workflow.
pub fn read_as(text: &str, workflow: Workflow) -> (Option<Machine>, Vec<Finding>) {
    let mut reader = Reader { workflow, ..Reader::default() };
    let Some(fields) = reader.object(text) else { return (None, reader.findings) };
    let machine = reader.machine(&fields).map(|machine| estimated(machine, text));
    (machine, reader.findings)
}

/// Says how long a state may take: by the signs of filters and descents anywhere in the text.
fn estimated(machine: Machine, text: &str) -> Machine {
    let is_jsonata = |state: &&Arc<State>| state.language == QueryLanguage::Jsonata;
    let searches = text.contains('?') || text.contains("..");
    Machine { may_take_long: searches || machine.all_states().iter().any(is_jsonata), ..machine }
}

/// Reads the definition of a single state, as `TestState` takes it: a machine of that state alone, named
/// [`BARE_STATE`]. Where the state leads is not looked for.
pub fn read_state(text: &str) -> (Option<Machine>, Vec<Finding>) {
    let mut reader = Reader::default();
    let Some(fields) = reader.object(text) else { return (None, reader.findings) };
    let name: Arc<str> = Arc::from(BARE_STATE);
    let state = reader.state(&name, &fields, &format!("/States/{name}"));
    let machine = state.map(|state| Machine {
        comment: None,
        language: QueryLanguage::default(),
        timeout_seconds: None,
        flow: Arc::new(Flow { start_at: Arc::clone(&name), states: [(name, Arc::new(state))].into() }),
        may_take_long: true,
    });
    (machine, reader.findings)
}

type Fields = Map<String, Value>;

#[derive(Default)]
pub(super) struct Reader {
    findings: Vec<Finding>,
    /// Names seen so far: they are unique over the whole machine.
    names: std::collections::HashSet<Arc<str>>,
    /// The language of states that name none.
    language: QueryLanguage,
    /// How many flows are open, so that no definition nests without bound.
    depth: usize,
    workflow: Workflow,
    labels: std::collections::HashSet<String>,
}

impl Reader {
    /// The object that a definition is.
    fn object(&mut self, text: &str) -> Option<Fields> {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) if text.trim().is_empty() => Value::Null,
            Err(error) => {
                let JsonFault { sentence, line, column } = json_fault(text, &error);
                let place = format!("[Source: (String)\"{}\"; line: {line}, column: {column}]", clip(text));
                self.put(Code::InvalidJsonDescription, format!("{sentence}\n at {place}"), Some(place));
                return None;
            }
        };
        if let Value::Object(fields) = value {
            return Some(fields);
        }
        self.put(Code::SchemaValidationFailed, "Definition must be a valid JSON object", None);
        None
    }

    fn machine(&mut self, fields: &Fields) -> Option<Machine> {
        self.language = self.language_of(fields, "").unwrap_or_default();
        for key in fields.keys() {
            if !["Comment", "QueryLanguage", "StartAt", "TimeoutSeconds", "Version", "States"].contains(&key.as_str()) {
                self.schema(format!("Field '{key}' is not supported"), "/");
            }
        }
        if let Some(version) = fields.get("Version")
            && version != "1.0"
        {
            self.schema("Value should be one of the following: [1.0]", "/Version");
        }
        let comment = self.text(fields, "Comment", "");
        let timeout_seconds = self.whole(fields, "TimeoutSeconds", "", 0, 99_999_999);
        let flow = self.flow(fields, "", true)?;
        let flow = Arc::new(flow);
        Some(Machine { comment, language: self.language, timeout_seconds, flow, may_take_long: true })
    }

    /// The language that an object names. A name that is none of the two acts as JSONata, as it does at AWS.
    fn language_of(&mut self, fields: &Fields, place: &str) -> Option<QueryLanguage> {
        match fields.get("QueryLanguage")? {
            Value::String(name) if name == "JSONPath" => Some(QueryLanguage::JsonPath),
            Value::String(name) => {
                if name != "JSONata" {
                    let message = "Value should be one of the following: [JSONPath, JSONata]";
                    self.schema(message, &format!("{place}/QueryLanguage"));
                }
                Some(QueryLanguage::Jsonata)
            }
            _ => {
                self.schema("Expected value of type [STRING]", &format!("{place}/QueryLanguage"));
                Some(QueryLanguage::Jsonata)
            }
        }
    }

    fn put(&mut self, code: Code, message: impl Into<String>, location: Option<String>) {
        self.findings.push(Finding { severity: Severity::Error, code, message: message.into(), location });
    }

    fn schema(&mut self, message: impl Into<String>, location: &str) {
        let location = if location.is_empty() { "/" } else { location };
        self.put(Code::SchemaValidationFailed, message, Some(location.to_owned()));
    }

    fn text(&mut self, fields: &Fields, name: &str, place: &str) -> Option<String> {
        match fields.get(name)? {
            Value::String(text) => Some(text.clone()),
            _ => {
                self.schema("Expected value of type [STRING]", &format!("{place}/{name}"));
                None
            }
        }
    }

    fn whole(&mut self, fields: &Fields, name: &str, place: &str, least: u64, most: u64) -> Option<u64> {
        let value = fields.get(name)?;
        self.in_range(value, &format!("{place}/{name}"), least, most)
    }

    fn in_range(&mut self, value: &Value, place: &str, least: u64, most: u64) -> Option<u64> {
        let Some(number) = value.as_f64() else {
            self.schema("Expected value of type Integer", place);
            return None;
        };
        #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53")]
        let (low, high) = (least as f64, most as f64);
        if number < low {
            self.schema(format!("Minimum value is {least}"), place);
        } else if number > high {
            self.schema(format!("Maximum value is {most}"), place);
        } else if let Some(whole) = value.as_u64() {
            return Some(whole);
        } else {
            self.schema("Expected value of type Integer", place);
        }
        None
    }

    fn required(&mut self, names: &[&str], place: &str) {
        self.schema(format!("These fields are required: [{}]", names.join(", ")), place);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(definition: &str, expected: &[&str]) {
        let (_, findings) = read(definition);
        let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{definition}");
    }

    #[test]
    fn every_fault_is_found_and_placed() {
        check(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#, &[]);
        check(" ", &["SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null"]);
        check("{}", &["SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"]);
        check(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Job"}}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/A/Type",
            ],
        );
        check(
            r#"{"StartAt": "X", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}"#,
            &[
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /StartAt",
                "MISSING_TRANSITION_TARGET: State \"A\" is not reachable. at /States/A",
                "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B",
            ],
        );
        for path in ["$v", "$v.a", "$$.x", "$.a[*]"] {
            check(
                &format!(
                    r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "ResultPath": "{path}", "End": true}}}}}}"#
                ),
                &["SCHEMA_VALIDATION_FAILED: Value is not a Reference Path at /States/A/ResultPath"],
            );
        }
        check(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}"#,
            &["MISSING_END_STATE: Workflow has no terminal state at null"],
        );
        check(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:lambda:r:1:function:f", "End": true,
                "Retry": [{"ErrorEquals": ["States.ALL", "x"], "BackoffRate": 0.5}], "Catch": [{"ErrorEquals": [], "Next": "Z"}],
                "Parameters": {"a.$": "nope"}, "Output": 1}}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/A",
                "SCHEMA_VALIDATION_FAILED: The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters",
                "SCHEMA_VALIDATION_FAILED: States.ALL must appear alone and at end of list at /States/A/Retry[0]/ErrorEquals[0]",
                "SCHEMA_VALIDATION_FAILED: Minimum value is 1 at /States/A/Retry[0]/BackoffRate",
                "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/A/Catch[0]/ErrorEquals",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/A/Catch[0]/Next",
            ],
        );
        check(
            r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": "{% ( %}", "End": true}}}"#,
            &["INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output"],
        );
        check(
            r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "QueryLanguage": "JSONPath", "End": true}}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A",
            ],
        );
    }

    /// A state named `A`, in JSONata, and what is wrong with it.
    fn check_state(state: &str, expected: &[&str]) {
        let (_, findings) = read(&format!(
            r#"{{"QueryLanguage": "JSONata", "StartAt": "A", "States": {{"A": {state}, "B": {{"Type": "Succeed"}}}}}}"#
        ));
        let unreachable = "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B";
        let found: Vec<String> = findings.iter().map(ToString::to_string).filter(|text| text != unreachable).collect();
        assert_eq!(found, expected, "{state}");
    }

    #[test]
    fn expressions_see_what_is_there() {
        let task = r#""Type": "Task", "Resource": "arn:aws:lambda:r:1:function:f", "End": true"#;
        let catch = r#""ErrorEquals": ["States.ALL"], "Next": "B""#;
        check_state(&format!(r#"{{{task}, "Output": "{{% $states.result %}}"}}"#), &[]);
        check_state(
            &format!(r#"{{{task}, "Catch": [{{{catch}, "Output": {{"e": "{{% $states.errorOutput %}}"}}}}]}}"#),
            &[],
        );
        check_state(
            &format!(
                r#"{{{task}, "Arguments": {{"a": ["{{% $states.result %}}"]}}, "Catch": [{{{catch}, "ResultPath": "$.x"}}]}}"#
            ),
            &[
                "UNSUPPORTED_JSONATA_EXPRESSION: The variable '$states.result' is not available in this field. at /States/A/Arguments/a[0]",
                "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only supported for the 'JSONPath' QueryLanguage at /States/A/Catch[0]",
            ],
        );
        check_state(
            r#"{"Type": "Pass", "Output": {"a": "{% $states.input[x = 1].y & $map([1], function($i) { $i }) %}", "b": "{% $sum(x.y) + 1 %}"}, "End": true}"#,
            &[
                "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'x' at the top level is not supported. at /States/A/Output/b",
            ],
        );
        check_state(
            r#"{"Type": "Pass", "Output": "{% $states.errorOutput %}", "End": true}"#,
            &[
                "UNSUPPORTED_JSONATA_EXPRESSION: The variable '$states.errorOutput' is not available in this field. at /States/A/Output",
            ],
        );
        check_state(
            r#"{"Type": "Wait", "Seconds": "{% 1", "Output": "1 %}", "End": true}"#,
            &[
                "INVALID_JSONATA_EXPRESSION: JSONata string must start with {% and end with %} at /States/A/Output",
                "INVALID_JSONATA_EXPRESSION: JSONata string must start with {% and end with %} at /States/A/Seconds",
            ],
        );
    }

    #[test]
    fn every_object_has_its_fields_and_no_other() {
        let wrong = |state: &str, expected: &[&str]| {
            let found: Vec<String> = read(&format!(r#"{{"StartAt": "A", "States": {{"A": {state}}}}}"#))
                .1
                .iter()
                .map(|finding| format!("{} at {}", finding.message, finding.location.as_deref().unwrap_or_default()))
                .collect();
            assert_eq!(found, expected, "{state}");
        };
        let task = r#""Type": "Task", "Resource": "arn:aws:lambda:r:1:function:f", "End": true"#;
        wrong(
            &format!(
                r#"{{{task}, "TimeoutSeconds": 5, "HeartbeatSeconds": 6, "Retry": [{{"ErrorEquals": ["E"], "Interval": 1}}],
                "Catch": [{{"ErrorEquals": ["E"], "Next": "A", "Retry": 1, "Output": 2}}]}}"#
            ),
            &[
                "HeartbeatSeconds must not be greater than TimeoutSeconds at /States/A",
                "Field 'Interval' is not supported at /States/A/Retry[0]",
                "Field 'Retry' is not supported at /States/A/Catch[0]",
                "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/A/Catch[0]",
            ],
        );
        wrong(
            r#"{"Type": "Choice", "Default": "A", "Choices": [
                {"Variable": "$.a", "NumericEquals": "1", "Next": "A"}, {"Variable": "$.a", "IsNull": 1, "Next": "A"},
                {"Not": {"Variable": "$.a", "StringMatches": true}, "Then": 1, "Next": "A"}]}"#,
            &[
                "Expected value of type Number at /States/A/Choices[0]/NumericEquals",
                "Expected value of type Boolean at /States/A/Choices[1]/IsNull",
                "Field 'Then' is not supported at /States/A/Choices[2]",
                "Expected value of type [STRING] at /States/A/Choices[2]/Not/StringMatches",
                "Workflow has no terminal state at ",
            ],
        );
        wrong(
            r#"{"Type": "Map", "ItemBatcher": {"Max": 1}, "ResultWriter": {"WriterConfig": {"OutputType": "CSV"}}, "End": true,
                "ItemReader": {"ReaderConfig": {"MaxItems": 1, "MaxItemsPath": "$.n"}},
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "FAST", "Size": 1},
                    "StartAt": "I", "States": {"I": {"Type": "Succeed"}}}}"#,
            &[
                "Value should be one of the following: [STANDARD, EXPRESS] at /States/A/ItemProcessor/ProcessorConfig/ExecutionType",
                "Field 'Size' is not supported at /States/A/ItemProcessor/ProcessorConfig",
                "These fields are required: [Resource] at /States/A/ItemReader",
                "There should only be one of the following fields: [MaxItems, MaxItemsPath] at /States/A/ItemReader/ReaderConfig",
                "Field 'Max' is not supported at /States/A/ItemBatcher",
                "This object should have one of the following fields: [MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath] at /States/A/ItemBatcher",
                "Value should be one of the following: [JSON, JSONL] at /States/A/ResultWriter/WriterConfig/OutputType",
            ],
        );
    }

    #[test]
    fn a_map_is_of_one_mode_and_one_language() {
        let map = |fields: &str, processor: &str, expected: &[&str]| {
            check_state(
                &format!(
                    r#"{{"Type": "Map", {fields} "ItemProcessor": {{{processor} "StartAt": "I", "States": {{"I": {{"Type": "Task",
                        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
                        "Arguments": {{"QueueUrl": "q", "MessageBody": "{{% $states.context.Task.Token %}}"}}}}}}}}, "End": true}}"#
                ),
                expected,
            );
        };
        let distributed =
            |kind: &str| format!(r#""ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "{kind}"}},"#);
        map("", "", &[]);
        map(
            r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject"},"#,
            r#""TimeoutSeconds": 3,"#,
            &[
                "SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported at /States/A/ItemProcessor",
                "SCHEMA_VALIDATION_FAILED: The field 'ItemReader' is not supported when the field 'Mode' has value 'INLINE' at /States/A",
            ],
        );
        map(
            r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {}}, "ItemBatcher": {"MaxItemsPerBatchPath": "$.n"},"#,
            &distributed("STANDARD"),
            &[
                "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'Parameters' is only supported for the 'JSONPath' QueryLanguage at /States/A/ItemReader",
                "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'MaxItemsPerBatchPath' is only supported for the 'JSONPath' QueryLanguage at /States/A/ItemBatcher",
            ],
        );
        map(
            "",
            &distributed("EXPRESS"),
            &[
                "SCHEMA_VALIDATION_FAILED: Express state machine does not support '.waitForTaskToken' service integration  at /States/A/ItemProcessor/States/I/Resource",
            ],
        );
        check(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "SecondsPath": "States.MathAdd(1, 0)", "Next": "B"},
                "B": {"Type": "Fail", "ErrorPath": "States.Format('{}', $.e)"}}}"#,
            &["SCHEMA_VALIDATION_FAILED: Value must be a valid JSONPath. at /States/A/SecondsPath"],
        );
    }

    #[test]
    fn what_a_task_calls_is_there_and_has_what_it_needs() {
        let task = |resource: &str, arguments: &str, expected: &[&str]| {
            check_state(
                &format!(
                    r#"{{"Type": "Task", "Resource": "arn:aws:states:::{resource}", "Arguments": {arguments}, "End": true}}"#
                ),
                expected,
            );
        };
        task("lambda:invoke", r#"{"FunctionName": "f", "Payload": {"any": "thing"}}"#, &[]);
        task("lambda:invoke", r#""{% $states.input %}""#, &[]);
        task("sagemaker:createModel", r#"{"Whatever": 1}"#, &[]);
        task("aws-sdk:dynamodb:query", "{}", &[]);
        task("aws-sdk:sfn:startExecution.waitForTaskToken", "{}", &[]);
        task(
            "dynamodb:putItem",
            r#"{"TableName": "t", "Itm": {}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: The field 'Item' is required but was missing at /States/A/Arguments",
                "SCHEMA_VALIDATION_FAILED: The field 'Itm' is not supported by Step Functions at /States/A/Arguments",
            ],
        );
        for unknown in
            ["aws-sdk:stepfunctions:startExecution", "aws-sdk:dynamodb:fetch", "aws-sdk:DynamoDB:query", "sns:send"]
        {
            let message = format!(
                "SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:states:::{unknown} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/A/Resource"
            );
            task(unknown, "{}", &[&message]);
        }
        check(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "Parameters": {"StateMachineArn.$": "$.arn", "Input.$": "$", "Name": 1}, "End": true}}}"#,
            &[],
        );
        check(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl": "q", "Body.$": "$$.Task.Token"}, "End": true}}}"#,
            &[
                "SCHEMA_VALIDATION_FAILED: The field 'MessageBody' is required but was missing at /States/A/Parameters",
                "SCHEMA_VALIDATION_FAILED: The field 'Body' is not supported by Step Functions at /States/A/Parameters",
            ],
        );
    }

    #[test]
    fn half_a_definition_is_half_a_machine() {
        let (machine, findings) = read(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": 5}}"#);
        assert_eq!(machine.unwrap().flow.states.len(), 1);
        assert!(findings.len() >= 2);
    }

    #[test]
    fn no_depth_overflows_the_stack() {
        let mut definition = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#.to_owned();
        for _ in 0..40 {
            definition = format!(
                r#"{{"StartAt":"A","States":{{"A":{{"Type":"Parallel","Branches":[{definition}],"End":true}}}}}}"#
            );
        }
        let (_, findings) = read(&definition);
        assert!(!findings.is_empty());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"[\{\}\[\]":,a-zA-Z$.%0-9 ]{0,200}"#) {
            let _ = read(&text);
        }
    }
}
