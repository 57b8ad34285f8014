//! SDK types into facts.

pub(super) mod history;
pub(super) mod logged;

use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::{ExecutionStatus as SdkStatus, StateMachineType};

use crate::facts::{ExecutionStatus, MachineKind, Millis};

/// A time of the SDK.
pub(super) fn millis(at: &DateTime) -> Millis {
    at.to_millis().unwrap_or_default()
}

/// A status. One that AWS adds later counts as running until this program knows better.
pub(super) fn status(status: &SdkStatus) -> ExecutionStatus {
    match status {
        SdkStatus::Succeeded => ExecutionStatus::Succeeded,
        SdkStatus::Failed => ExecutionStatus::Failed,
        SdkStatus::TimedOut => ExecutionStatus::TimedOut,
        SdkStatus::Aborted => ExecutionStatus::Aborted,
        SdkStatus::PendingRedrive => ExecutionStatus::PendingRedrive,
        _ => ExecutionStatus::Running,
    }
}

/// What kind of machine it is. One that AWS adds later is asked as standard ones are.
pub(super) fn machine_kind(kind: &StateMachineType) -> MachineKind {
    match kind {
        StateMachineType::Express => MachineKind::Express,
        _ => MachineKind::Standard,
    }
}
