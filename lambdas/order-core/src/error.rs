//! Every error that a function of the workflow raises, under the stable name that `Retry` and `Catch` match.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{FieldError, OrderId, OrderStatus, Sku};

/// An SKU that cannot be served, with what was wanted and what there is, in pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    /// The SKU.
    pub sku: Sku,
    /// Pieces ordered.
    pub wanted: u32,
    /// Pieces on stock.
    pub available: u32,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (wanted {}, available {})", self.sku, self.wanted, self.available)
    }
}

/// What a function raises. [`OrderError::name`] is the contract with the state machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The order is not valid; every bad field is named.
    #[error("{}", list(.0))]
    InvalidOrder(Vec<FieldError>),
    /// Not enough on stock.
    #[error("out of stock: {}", list(.0))]
    OutOfStock(Vec<Shortage>),
    /// The gateway said no.
    #[error("payment declined: {0}")]
    PaymentDeclined(String),
    /// The gateway could not be reached; trying again may help.
    #[error("payment gateway unavailable: {0}")]
    PaymentGatewayUnavailable(String),
    /// The gateway answered what no contract foresees.
    #[error("unexpected answer of the payment gateway: {0}")]
    UnexpectedGatewayAnswer(String),
    /// Somebody did not approve the order.
    #[error("{0}")]
    OrderNotApproved(String),
    /// The status may not follow the order's present one.
    #[error("order {order} is {from} and may not become {to}")]
    IllegalTransition {
        /// The order.
        order: OrderId,
        /// Its present status.
        from: OrderStatus,
        /// The refused one.
        to: OrderStatus,
    },
    /// There is no such order.
    #[error("there is no order {0}")]
    OrderNotFound(OrderId),
    /// The event does not have the shape that the function takes.
    #[error("bad event: {0}")]
    BadEvent(String),
    /// DynamoDB throttled, conflicted or could not be reached; trying again may help.
    #[error("the table could not be used: {0}")]
    StoreUnavailable(String),
    /// DynamoDB refused the call for good.
    #[error("the table refused the call: {0}")]
    StoreRefused(String),
}

impl OrderError {
    /// Every name, for the test that compares them with the state machine's.
    pub const NAMES: [&'static str; 11] = [
        "InvalidOrder",
        "OutOfStock",
        "PaymentDeclined",
        "PaymentGatewayUnavailable",
        "UnexpectedGatewayAnswer",
        "OrderNotApproved",
        "IllegalTransition",
        "OrderNotFound",
        "BadEvent",
        "StoreUnavailable",
        "StoreRefused",
    ];

    /// The stable name: Lambda's `errorType`, Step Functions' `Error`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidOrder(_) => "InvalidOrder",
            Self::OutOfStock(_) => "OutOfStock",
            Self::PaymentDeclined(_) => "PaymentDeclined",
            Self::PaymentGatewayUnavailable(_) => "PaymentGatewayUnavailable",
            Self::UnexpectedGatewayAnswer(_) => "UnexpectedGatewayAnswer",
            Self::OrderNotApproved(_) => "OrderNotApproved",
            Self::IllegalTransition { .. } => "IllegalTransition",
            Self::OrderNotFound(_) => "OrderNotFound",
            Self::BadEvent(_) => "BadEvent",
            Self::StoreUnavailable(_) => "StoreUnavailable",
            Self::StoreRefused(_) => "StoreRefused",
        }
    }
}

fn list<T: fmt::Display>(parts: &[T]) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
