//! The parts of an exported execution, as they are written.
//!
//! Never more than that: `convert` knows the facts, `words` how single words are spelled.

use std::collections::BTreeMap;

use order_core::{OrderId, OrderStatus, PaymentState, ReservationState, Sku};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words;
use crate::facts::{ExecutionStatus, Millis};

/// An execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedExecution {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    #[serde(with = "words::status")]
    pub status: ExecutionStatus,
    /// When it started: RFC 3339, UTC, milliseconds.
    #[serde(with = "words::time")]
    pub started_at: Millis,
    /// When it ended.
    #[serde(with = "words::time_or_none", default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Millis>,
    /// Its input, JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Its output, JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The error that it ended with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedMachine {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its definition, JSON text.
    pub definition: String,
}

/// An event of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedEvent {
    /// Its place.
    pub id: i64,
    /// What it followed from.
    pub previous_event_id: i64,
    /// When.
    #[serde(with = "words::time")]
    pub timestamp: Millis,
    /// Its type, as AWS names it.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The state's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What a task was called with, JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
    /// What was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The error's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The number of a Map iteration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// How many items a Map has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// What the state assigned: JSON texts by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub assigned: BTreeMap<String, String>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedOrder {
    /// Its identity.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was taken in: RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// When its status last changed, in the same form.
    pub updated_at: String,
    /// The execution that handles it, by its ARN.
    pub execution: String,
    /// The order as it came in.
    pub order: Value,
    /// Every status that it went through, oldest first.
    pub history: Vec<ExportedStep>,
    /// Its payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<ExportedPayment>,
    /// Its reservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation: Option<ExportedReservation>,
}

/// A step of an order's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedStep {
    /// The status that was entered.
    pub status: OrderStatus,
    /// When: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// Why.
    pub reason: String,
    /// The execution that did it, by its ARN.
    pub execution: String,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedPayment {
    /// Charged or voided.
    #[serde(with = "words::payment")]
    pub state: PaymentState,
    /// The amount, as shown.
    pub amount: String,
    /// The gateway's own identity of the charge.
    pub reference: String,
    /// When the state was entered: RFC 3339, UTC, milliseconds.
    pub at: String,
}

/// A reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedReservation {
    /// Held or given back.
    #[serde(with = "words::reservation")]
    pub state: ReservationState,
    /// The pieces of each SKU.
    pub lines: Vec<(Sku, u32)>,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedLine {
    /// CloudWatch's identity of the event.
    pub id: String,
    /// The log group.
    pub group: String,
    /// The log stream.
    pub stream: String,
    /// When.
    #[serde(with = "words::time")]
    pub timestamp: Millis,
    /// The text.
    pub message: String,
}
