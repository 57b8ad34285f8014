//! An execution as a document of its own: to hand on, and to open again without a cloud.
//!
//! Its shape is written down here and nowhere else, so that the facts stay plain and a document of today is read by the
//! program of tomorrow. Never reads or writes files, and never carries the token that approves an order.

mod convert;
mod report;
mod shape;
mod words;

use std::collections::HashSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use shape::{
    ExportedEvent, ExportedExecution, ExportedLine, ExportedMachine, ExportedOrder, ExportedPayment,
    ExportedReservation, ExportedStep,
};

/// The version of the shape that is written, and the only one that is read.
pub const VERSION: u64 = 1;

/// An execution with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exported {
    /// The version of the shape.
    pub version: u64,
    /// The execution.
    pub execution: ExportedExecution,
    /// The machine that it ran.
    pub machine: ExportedMachine,
    /// Its history, oldest first.
    pub events: Vec<ExportedEvent>,
    /// The order that it handled, if it handled one.
    pub order: Option<ExportedOrder>,
    /// What its functions have logged, oldest first.
    pub logs: Vec<ExportedLine>,
}

/// Why a text cannot be read as an exported execution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// It is not JSON.
    #[error("not JSON: {problem}")]
    NotJson {
        /// What is wrong, with line and column.
        problem: String,
    },
    /// It is JSON of something else.
    #[error("not an exported execution: expected an object with a version")]
    NotAnExport,
    /// It has a shape of another time.
    #[error("version {found} is not {}, which this program reads: open it with the program that wrote it", VERSION)]
    Version {
        /// The version that it names, as it stands there.
        found: String,
    },
    /// A part is not as it should be.
    #[error("{place}: {problem}")]
    Part {
        /// Which: `execution`, `events[12]`.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Exported {
    /// The document, indented.
    pub fn to_json(&self) -> String {
        // Texts, numbers and maps with text for keys can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Reads a document. Fields that are not known are passed over.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(text: &str) -> Result<Self, ExportError> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| ExportError::NotJson { problem: error.to_string() })?;
        let Value::Object(mut fields) = value else { return Err(ExportError::NotAnExport) };
        let version = fields.get("version").ok_or(ExportError::NotAnExport)?;
        if version.as_u64() != Some(VERSION) {
            return Err(ExportError::Version { found: version.to_string() });
        }
        let exported = Self {
            version: VERSION,
            execution: part(&mut fields, "execution")?,
            machine: part(&mut fields, "machine")?,
            events: parts(&mut fields, "events")?,
            order: read_as("order", fields.remove("order").unwrap_or_default())?,
            logs: parts(&mut fields, "logs")?,
        };
        exported.check_events()?;
        Ok(exported)
    }

    /// A history is told in the order of the events' ids, and each event follows from an earlier one.
    fn check_events(&self) -> Result<(), ExportError> {
        let mut known: HashSet<i64> = HashSet::from([0]);
        let mut last = 0;
        for (index, event) in self.events.iter().enumerate() {
            let problem = if event.id <= last {
                format!("id {} does not follow {last}", event.id)
            } else if !known.contains(&event.previous_event_id) {
                format!("previousEventId {} is not that of an earlier event", event.previous_event_id)
            } else {
                known.insert(event.id);
                last = event.id;
                continue;
            };
            return Err(ExportError::Part { place: format!("events[{index}]"), problem });
        }
        Ok(())
    }
}

fn part<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Result<T, ExportError> {
    read_as(name, taken(fields, name)?)
}

/// A list, each item with its own place.
fn parts<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Result<Vec<T>, ExportError> {
    let Value::Array(items) = taken(fields, name)? else {
        return Err(ExportError::Part { place: name.to_owned(), problem: "expected a list".to_owned() });
    };
    items.into_iter().enumerate().map(|(index, item)| read_as(&format!("{name}[{index}]"), item)).collect()
}

fn taken(fields: &mut Map<String, Value>, name: &str) -> Result<Value, ExportError> {
    let missing = || ExportError::Part { place: name.to_owned(), problem: "missing".to_owned() };
    fields.remove(name).ok_or_else(missing)
}

fn read_as<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, ExportError> {
    serde_json::from_value(value)
        .map_err(|error| ExportError::Part { place: place.to_owned(), problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use order_core::{
        HistoryEntry, OrderId, OrderRecord, OrderStatus, Payment, PaymentState, Reservation, ReservationState, Sku,
    };
    use serde_json::json;

    use super::*;
    use crate::app::run::VisitStatus;
    use crate::app::script::events;
    use crate::facts::{
        Arn, Execution, ExecutionStatus, ExecutionSummary, HistoryEvent, LogLine, MachineFacts, MachineKind, Millis,
        OrderFacts,
    };

    const START: Millis = 1_767_225_600_000;

    fn execution() -> Execution {
        Execution {
            summary: ExecutionSummary {
                arn: Arn("arn:aws:states:us-east-1:1:execution:orders:ord-1".into()),
                name: "ord-1".into(),
                status: ExecutionStatus::Failed,
                started_at: START,
                stopped_at: Some(START + 1_310),
                through: None,
            },
            machine: Arn("arn:aws:states:us-east-1:1:stateMachine:orders".into()),
            input: Some(r#"{"orderId":"ord-1","note":"```"}"#.into()),
            output: None,
            error: Some("Declined".into()),
            cause: Some("no".into()),
        }
    }

    fn machine() -> MachineFacts {
        let definition = r#"{"StartAt": "Pay", "States": {"Pay": {"Type": "Task", "End": true,
            "Resource": "arn:aws:states:::lambda:invoke", "Retry": [{"ErrorEquals": ["Declined"], "MaxAttempts": 1}]}}}"#;
        MachineFacts {
            arn: Arn("arn:aws:states:us-east-1:1:stateMachine:orders".into()),
            name: "orders".into(),
            definition: definition.into(),
            kind: MachineKind::Standard,
            log_group: None,
        }
    }

    fn history() -> Vec<HistoryEvent> {
        let mut history = events(
            r#"1<0 0 ExecutionStarted input={"orderId":"ord-1"}
               2<0 1 TaskStateEntered name=Pay
               3<2 10 TaskScheduled resource=lambda:invoke parameters={"FunctionName":"pay"}
               4<3 110 TaskFailed error=Declined cause={"errorType":"Declined","errorMessage":"no|money"}
               5<4 1110 TaskScheduled resource=lambda:invoke parameters={"FunctionName":"pay"}
               6<5 1310 TaskFailed error=Declined cause={"errorType":"Declined","errorMessage":"no|money"}
               7<6 1310 ExecutionFailed error=Declined"#,
        );
        for event in &mut history {
            event.at += START;
        }
        history
    }

    fn order() -> OrderFacts {
        let at = || "2026-01-01T00:00:00.000Z".to_owned();
        OrderFacts {
            record: OrderRecord {
                order_id: OrderId::new("ord-1").unwrap(),
                status: OrderStatus::PaymentFailed,
                created_at: at(),
                updated_at: at(),
                execution: "arn:x".into(),
                order: json!({"total": 5, "odd": [null]}),
                approval_token: Some("secret".into()),
                history: vec![HistoryEntry {
                    status: OrderStatus::Received,
                    at: at(),
                    reason: "taken in".into(),
                    execution: "arn:x".into(),
                }],
            },
            payment: Some(Payment {
                state: PaymentState::Voided,
                amount: "5 JPY".into(),
                reference: "ch_1".into(),
                at: at(),
            }),
            reservation: Some(Reservation {
                state: ReservationState::Held,
                lines: vec![(Sku::new("KB-75").unwrap(), 2)],
            }),
        }
    }

    fn exported() -> Exported {
        let line = LogLine {
            id: "1".into(),
            group: "/aws/lambda/pay".into(),
            stream: "s".into(),
            at: START + 1_200,
            message: "ord-1: no money".into(),
        };
        Exported::new(&execution(), &machine(), &history(), Some(&order()), &[&line])
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = exported();
        let text = written.to_json();
        let read = Exported::read(&text).unwrap();
        assert_eq!(read, written);
        assert_eq!((read.execution(), read.machine()), (execution(), machine()));
        assert_eq!(read.run().events, history());
        assert_eq!(read.run().visits[0].status, VisitStatus::Failed);
        let mut known = order();
        known.record.approval_token = None;
        assert_eq!(read.order(), Some(known));
        assert_eq!(read.logs().len(), 1);
        assert!(!text.contains("secret") && text.contains(r#""timestamp": "2026-01-01T00:00:01.310Z""#));
    }

    #[test]
    fn what_assigns_and_iterates_is_read_back() {
        let events = events(
            "1<0 0 ExecutionStarted
             2<0 0 MapStateEntered name=Each
             3<2 0 MapStateStarted length=3
             4<3 0 MapIterationStarted name=Each index=2
             5<4 0 PassStateEntered name=P
             6<5 0 PassStateExited name=P assigned=a:1;b:[]",
        );
        let written = Exported::new(&execution(), &machine(), &events, None, &[]);
        assert_eq!(Exported::read(&written.to_json()).unwrap().run().events, events);
    }

    /// What reading says when a part of the document is another, or is not there.
    fn check(pointer: &str, value: Option<Value>, expected: &str) {
        let mut document: Value = serde_json::from_str(&exported().to_json()).unwrap();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let holder = document.pointer_mut(parent).unwrap();
        match value {
            Some(value) => *document.pointer_mut(pointer).unwrap() = value,
            None => drop(holder.as_object_mut().unwrap().remove(name)),
        }
        assert_eq!(Exported::read(&document.to_string()).unwrap_err().to_string(), expected);
    }

    #[test]
    fn an_error_names_the_place() {
        let no_export = "not an exported execution: expected an object with a version";
        check("/version", None, no_export);
        check(
            "/version",
            Some(json!(2)),
            "version 2 is not 1, which this program reads: open it with the program that wrote it",
        );
        check("/machine", None, "machine: missing");
        check("/machine/definition", None, "machine: missing field `definition`");
        check("/logs", Some(json!({})), "logs: expected a list");
        check("/events/2/id", None, "events[2]: missing field `id`");
        check("/events/2/id", Some(json!(9)), "events[3]: id 4 does not follow 9");
        check(
            "/events/3/previousEventId",
            Some(json!(5)),
            "events[3]: previousEventId 5 is not that of an earlier event",
        );
        check(
            "/execution/status",
            Some(json!("DONE")),
            r#"execution: "DONE" is none of RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, PENDING_REDRIVE"#,
        );
        check(
            "/logs/0/timestamp",
            Some(json!("today")),
            r#"logs[0]: "today" is not a time such as 2026-01-31T12:00:00.000Z"#,
        );
        check("/order/payment/state", Some(json!("GONE")), r#"order: "GONE" is none of CHARGED, VOIDED"#);
        assert_eq!(Exported::read("[]").unwrap_err().to_string(), no_export);
        assert!(
            Exported::read("{\n x").unwrap_err().to_string().starts_with("not JSON: key must be a string at line 2")
        );
    }

    #[test]
    fn what_is_not_known_yet_is_passed_over() {
        let mut document: Value = serde_json::from_str(&exported().to_json()).unwrap();
        document["later"] = json!(1);
        document["events"][0]["later"] = json!({});
        document["order"] = Value::Null;
        assert_eq!(Exported::read(&document.to_string()).unwrap().order, None);
    }

    #[test]
    fn a_report_tells_it_all() {
        let expected = "# ord-1

| Execution |  |
|---|---|
| Status | FAILED |
| State machine | `orders` |
| ARN | `arn:aws:states:us-east-1:1:execution:orders:ord-1` |
| Started | t0 |
| Ended | t1310 |
| Took | 1.310 s |
| Error | `Declined` |
| Order | `ord-1` PAYMENT_FAILED |

## States

| State | Status | Took | Tries | Error |
|---|---|---|---|---|
| Pay | failed | 1.309 s | 2 | `Declined` |

## Pay failed with Declined

In execution `ord-1`: no\\|money

### Cause

```json
{
  \"errorType\": \"Declined\",
  \"errorMessage\": \"no|money\"
}
```

### Rules

| Rule | What it made of the error |
|---|---|
| Retry | Retry\\[0\\] (Declined) allows 1 retry, 1 used: exhausted |
| Catch | the state has no Catch |

### Tries

| Try | Started | Waited before | Took | Error | Cause |
|---|---|---|---|---|---|
| 1 | t10 |  | 100 ms | `Declined` | no\\|money |
| 2 | t1110 | 1.000 s | 200 ms | `Declined` | no\\|money |

### Log

```text
t1200 ord-1: no money
```

## Input

````json
{
  \"orderId\": \"ord-1\",
  \"note\": \"```\"
}
````
";
        assert_eq!(exported().to_markdown(&|at| format!("t{}", at - START)), expected);
    }
}
