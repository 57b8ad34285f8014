//! What SAM CLI tells with `--output json`: an object a line, and lists of outputs and resources.
//!
//! The form is that of SAM CLI 1.166 and newer; lines of kinds that are not known here, and lines that are no JSON, are
//! passed over. Never runs anything.

use serde::Deserialize;

/// What a change set does to a resource.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Change {
    /// `Add`, `Modify` or `Remove`.
    pub(crate) action: String,
    pub(crate) logical_id: String,
    pub(crate) resource_type: String,
    /// `True`, `False`, `Conditional` or `N/A`.
    pub(crate) replacement: String,
}

/// An event of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct StackEvent {
    /// `CREATE_IN_PROGRESS` …
    pub(crate) status: String,
    pub(crate) resource_type: String,
    pub(crate) logical_id: String,
    pub(crate) reason: Option<String>,
}

impl StackEvent {
    /// Whether it is of the stack itself (or of one in it), not of a resource.
    fn is_of_stack(&self) -> bool {
        self.resource_type == "AWS::CloudFormation::Stack"
    }

    /// Whether something failed by itself. What CloudFormation calls off after a failure is told as failed too.
    fn is_failure(&self) -> bool {
        let cancelled = ["Resource creation cancelled", "Resource update cancelled"];
        let reason = self.reason.as_deref().unwrap_or_default();
        self.status.ends_with("_FAILED") && !cancelled.iter().any(|start| reason.starts_with(start))
    }
}

/// An output of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Output {
    /// `sam deploy` and `sam list` spell it differently.
    #[serde(alias = "OutputKey")]
    pub(crate) key: String,
    #[serde(alias = "OutputValue")]
    pub(crate) value: String,
}

/// A resource of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Resource {
    pub(crate) logical_resource_id: String,
    /// `None` or `-` for what is not made.
    pub(crate) physical_resource_id: Option<String>,
}

/// How a run of SAM ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did what was asked.
    Done,
    /// The stack is already what it should be.
    NoChanges,
    /// It failed, as SAM says it.
    Failed(String),
}

/// All that a run told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) changes: Vec<Change>,
    pub(crate) events: Vec<StackEvent>,
    pub(crate) outputs: Vec<Output>,
    outcome: Option<Outcome>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Changeset(Change),
    Event(StackEvent),
    Outputs {
        stack_outputs: Vec<Output>,
    },
    Result {
        status: String,
        error: Option<Fault>,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Deserialize)]
struct Fault {
    message: String,
}

impl Told {
    /// Takes a line in; the event, when it told one.
    pub(crate) fn absorb(&mut self, line: &str) -> Option<&StackEvent> {
        match serde_json::from_str(line).unwrap_or(Line::Unknown) {
            Line::Changeset(change) => self.changes.push(change),
            Line::Event(event) => {
                self.events.push(event);
                return self.events.last();
            }
            Line::Outputs { stack_outputs } => self.outputs = stack_outputs,
            Line::Result { error: Some(fault), .. } => self.outcome = Some(Outcome::Failed(fault.message)),
            Line::Result { status, .. } if status == "no_changes" => self.outcome = Some(Outcome::NoChanges),
            Line::Result { .. } => self.outcome = Some(Outcome::Done),
            Line::Unknown => {}
        }
        None
    }

    /// How it ended. A run that ended badly without saying why is told with what it complained of last.
    pub(crate) fn outcome(&self, success: bool, complaint: &str) -> Outcome {
        match (&self.outcome, success) {
            (Some(Outcome::Failed(message)), _) => Outcome::Failed(message.clone()),
            (_, false) => Outcome::Failed(complaint.to_owned()),
            (Some(outcome), true) => outcome.clone(),
            (None, true) => Outcome::Done,
        }
    }

    /// What failed first. Resources come before the stack itself, which fails because of them.
    pub(crate) fn first_cause(&self) -> Option<&StackEvent> {
        let failures = || self.events.iter().filter(|event| event.is_failure());
        failures().find(|event| !event.is_of_stack()).or_else(|| failures().next())
    }

    /// Where the stack stands after all, if that was told.
    pub(crate) fn stack_status(&self) -> Option<&str> {
        self.events.iter().rev().find(|event| event.is_of_stack()).map(|event| event.status.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absorbed(lines: &[&str]) -> Told {
        let mut told = Told::default();
        for line in lines {
            told.absorb(line);
        }
        told
    }

    fn event(status: &str, kind: &str, id: &str, reason: &str) -> String {
        serde_json::json!({"type": "event", "status": status, "detailed_status": null, "resource_type": kind,
            "logical_id": id, "reason": reason, "timestamp": "2026-11-24T05:45:36+00:00"})
        .to_string()
    }

    #[test]
    fn the_first_cause_is_the_resource_that_failed_by_itself() {
        let table = "AWS::DynamoDB::Table";
        let stack = "AWS::CloudFormation::Stack";
        let cases: &[(&[String], Option<&str>, Option<&str>)] = &[
            (&[], None, None),
            (&[event("CREATE_COMPLETE", table, "OrdersTable", "")], None, None),
            (
                &[
                    event("CREATE_IN_PROGRESS", stack, "shop", "User Initiated"),
                    event("CREATE_FAILED", table, "InventoryTable", "Resource creation cancelled"),
                    event("CREATE_FAILED", table, "OrdersTable", "shop-orders already exists"),
                    event("CREATE_FAILED", table, "Late", "another one"),
                    event("ROLLBACK_IN_PROGRESS", stack, "shop", "The following resource(s) failed to create"),
                    event("DELETE_FAILED", table, "InventoryTable", "in use"),
                    event("ROLLBACK_FAILED", stack, "shop", "The following resource(s) failed to delete"),
                ],
                Some("OrdersTable"),
                Some("ROLLBACK_FAILED"),
            ),
            (
                &[event("UPDATE_ROLLBACK_FAILED", stack, "shop", "no permission")],
                Some("shop"),
                Some("UPDATE_ROLLBACK_FAILED"),
            ),
        ];
        for (lines, cause, status) in cases {
            let told = absorbed(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(told.first_cause().map(|event| event.logical_id.as_str()), *cause, "{lines:?}");
            assert_eq!(told.stack_status(), *status, "{lines:?}");
        }
    }

    #[test]
    fn how_it_ended_is_what_was_told_or_else_what_was_complained_of() {
        let failed = |message: &str| Outcome::Failed(message.to_owned());
        let error = r#"{"type": "result", "status": "failure", "error": {"type": "ChangeSetError", "message": "no bucket", "resources": null}}"#;
        let cases: &[(&[&str], bool, Outcome)] = &[
            (&[r#"{"type": "result", "status": "changeset_created", "changeset_id": "arn"}"#], true, Outcome::Done),
            (&[r#"{"type": "result", "status": "no_changes", "message": "none"}"#], true, Outcome::NoChanges),
            (&[error], false, failed("no bucket")),
            (&["{\"type\": \"result\"", "no JSON", "[]", "7"], false, failed("Error: killed")),
            (&[r#"{"type": "result", "status": "success"}"#], false, failed("Error: killed")),
            (&[r#"{"type": "of another version", "status": 5}"#], true, Outcome::Done),
        ];
        for (lines, success, expected) in cases {
            assert_eq!(absorbed(lines).outcome(*success, "Error: killed"), *expected, "{lines:?}");
        }
    }

    #[test]
    fn changes_and_outputs_are_read_as_sam_writes_them() {
        let told = absorbed(&[
            r#"{"type": "changeset", "action": "Add", "logical_id": "OrdersTable", "resource_type": "AWS::DynamoDB::Table", "replacement": "N/A"}"#,
            r#"{"type": "outputs", "stack_outputs": [{"key": "OrdersTableName", "value": "shop-orders", "description": ""}]}"#,
        ]);
        assert_eq!(told.changes.len(), 1);
        assert_eq!(told.outputs.first().map(|output| output.value.as_str()), Some("shop-orders"));
        let listed: Vec<Output> = serde_json::from_str(
            r#"[{"OutputKey": "OrdersTableName", "OutputValue": "shop-orders", "Description": "The orders table."}]"#,
        )
        .unwrap();
        assert_eq!(listed, told.outputs);
    }
}
