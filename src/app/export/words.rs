//! How single words of an exported execution are written: statuses as AWS and the tables spell them, times as RFC 3339.
//!
//! For `#[serde(with = …)]`; never used otherwise.

use order_core::{PaymentState, ReservationState};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::facts::{ExecutionStatus, Millis};

macro_rules! words {
    ($(#[$doc:meta])* $module:ident, $type:ty, [$($word:expr),* $(,)?]) => {
        $(#[$doc])*
        pub(super) mod $module {
            use super::*;

            pub(in super::super) fn serialize<S: Serializer>(word: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(word.as_str())
            }

            pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let text = String::deserialize(deserializer)?;
                let all: Vec<$type> = vec![$($word),*];
                let names: Vec<&str> = all.iter().map(|word| word.as_str()).collect();
                let found = all.iter().copied().find(|word| word.as_str() == text);
                found.ok_or_else(|| D::Error::custom(format!("{text:?} is none of {}", names.join(", "))))
            }
        }
    };
}

words!(
    /// The status of an execution.
    status,
    ExecutionStatus,
    [
        ExecutionStatus::Running,
        ExecutionStatus::Succeeded,
        ExecutionStatus::Failed,
        ExecutionStatus::TimedOut,
        ExecutionStatus::Aborted,
        ExecutionStatus::PendingRedrive,
    ]
);
words!(
    /// What became of a payment.
    payment,
    PaymentState,
    [PaymentState::Charged, PaymentState::Voided]
);
words!(
    /// What became of a reservation.
    reservation,
    ReservationState,
    [ReservationState::Held, ReservationState::Released]
);

/// A time.
pub(super) mod time {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(at: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&written(*at))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
        read(&String::deserialize(deserializer)?)
    }
}

/// A time that may not have come.
pub(super) mod time_or_none {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(at: &Option<Millis>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.serialize_some(&written(*at)),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Millis>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| read(&text)).transpose()
    }
}

/// A time beyond what a calendar holds is written as the epoch.
fn written(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn read<E: Error>(text: &str) -> Result<Millis, E> {
    asl::timestamp_millis(text)
        .ok_or_else(|| E::custom(format!("{text:?} is not a time such as 2026-01-31T12:00:00.000Z")))
}
