//! The statuses of an order and which may follow which.
//!
//! ```text
//! RECEIVED ─▶ RESERVED ─▶ CONFIRMED
//!    │           │  ▲        ▲
//!    │           ▼  │        │
//!    │     AWAITING_APPROVAL ┘
//!    ▼           ▼
//! REJECTED, OUT_OF_STOCK, NOT_APPROVED, PAYMENT_FAILED, FAILED   (ends, like CONFIRMED)
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Taken in, nothing checked yet.
    Received,
    /// Valid, and its stock is set aside.
    Reserved,
    /// Large: somebody has to approve it.
    AwaitingApproval,
    /// Paid. The good end.
    Confirmed,
    /// Not a valid order.
    Rejected,
    /// A line could not be served from stock.
    OutOfStock,
    /// Somebody said no, or nobody said yes in time.
    NotApproved,
    /// No payment could be had.
    PaymentFailed,
    /// Something that nobody foresaw.
    Failed,
}

/// A status name that is none of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown order status {0:?}")]
pub struct UnknownStatus(pub String);

impl OrderStatus {
    /// Every status, in the order of an order's life.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Reserved,
        Self::AwaitingApproval,
        Self::Confirmed,
        Self::Rejected,
        Self::OutOfStock,
        Self::NotApproved,
        Self::PaymentFailed,
        Self::Failed,
    ];

    /// The name as stored and shown: `AWAITING_APPROVAL`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Reserved => "RESERVED",
            Self::AwaitingApproval => "AWAITING_APPROVAL",
            Self::Confirmed => "CONFIRMED",
            Self::Rejected => "REJECTED",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::NotApproved => "NOT_APPROVED",
            Self::PaymentFailed => "PAYMENT_FAILED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether the order's life is over.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Received | Self::Reserved | Self::AwaitingApproval)
    }

    /// The statuses that this one may follow. [`Self::Received`] follows none: it is the first.
    pub const fn follows(self) -> &'static [Self] {
        use OrderStatus::{AwaitingApproval, Received, Reserved};
        match self {
            Self::Received => &[],
            Self::Reserved | Self::Rejected | Self::OutOfStock => &[Received],
            Self::AwaitingApproval => &[Reserved],
            Self::NotApproved => &[AwaitingApproval],
            Self::Confirmed | Self::PaymentFailed => &[Reserved, AwaitingApproval],
            Self::Failed => &[Received, Reserved, AwaitingApproval],
        }
    }

    /// Whether an order may go from `self` to `next`.
    pub fn may_become(self, next: Self) -> bool {
        next.follows().contains(&self)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OrderStatus {
    type Err = UnknownStatus;

    fn from_str(name: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == name).ok_or_else(|| UnknownStatus(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_an_end_and_everything_can_be_reached() {
        for from in OrderStatus::ALL {
            let goes_on = OrderStatus::ALL.into_iter().any(|to| from.may_become(to));
            assert_eq!(goes_on, !from.is_final(), "{from}");
            assert_eq!(from.follows().is_empty(), from == OrderStatus::Received, "{from}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for status in OrderStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::json!(status), status.as_str());
        }
        assert_eq!("SHIPPED".parse::<OrderStatus>(), Err(UnknownStatus("SHIPPED".into())));
    }
}
