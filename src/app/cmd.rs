//! What the dashboard can wish for, and which wishes replace one another.
//!
//! Nothing is done here: the shell fulfils them.

use order_core::OrderId;

use super::model::Action;
use crate::facts::{Arn, Millis, OrdersAsked, Periods, TestedState};

/// What can be wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says it")]
pub enum Cmd {
    FetchIdentity,
    FetchMachines { regions: Vec<String> },
    FetchVersions,
    FetchMapRun { map_run: Arn },
    FetchExecutions,
    FetchMachine { execution: Option<Arn> },
    FetchHistory { execution: Arn, after: i64 },
    FetchOrders { asked: OrdersAsked },
    FetchOlderOrders { asked: OrdersAsked },
    FetchOrder { id: OrderId },
    FetchLogs { since: Millis, functions: Vec<String> },
    FetchDetails { execution: Arn },
    FetchCompared { execution: Arn },
    FetchMetrics { machine: Arn, functions: Vec<String>, periods: Periods },
    TestState { request: u64, test: Box<TestedState> },
    Copy { label: &'static str, text: String },
    Write { name: String, files: Vec<(&'static str, String)> },
    OpenUrl { url: String },
    Edit { text: String },
    Connect { profile: Option<String>, region: Option<String>, machine: Option<Arn> },
    StartTail { request: u64, functions: Vec<String> },
    StopTail,
    CountCalls,
    Suspend,
    ListenToMouse { listen: bool },
    StartExecution { request: u64, machine: Arn, name: String, input: String },
    Act { request: u64, action: Action, reason: String },
}

/// What replaces what: of two fetches with one key only the later counts. What the user ordered has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the Cmd of its name")]
pub enum TaskKey {
    Identity,
    Machines,
    Versions,
    MapRun,
    Executions,
    Machine,
    History,
    Orders,
    OlderOrders,
    Order,
    Logs,
    Details,
    Compared(Arn),
    Metrics,
}

impl TaskKey {
    /// Whether an answer is about the machine that was looked at as it was asked for.
    pub const fn is_of_machine(&self) -> bool {
        match self {
            Self::Logs
            | Self::Versions
            | Self::MapRun
            | Self::Executions
            | Self::Machine
            | Self::History
            | Self::Details
            | Self::Compared(_)
            | Self::Metrics => true,
            Self::Identity | Self::Machines | Self::Orders | Self::OlderOrders | Self::Order => false,
        }
    }
}

impl Cmd {
    /// Its key.
    pub fn key(&self) -> Option<TaskKey> {
        match self {
            Self::FetchIdentity => Some(TaskKey::Identity),
            Self::FetchMachines { .. } => Some(TaskKey::Machines),
            Self::FetchVersions => Some(TaskKey::Versions),
            Self::FetchMapRun { .. } => Some(TaskKey::MapRun),
            Self::FetchExecutions => Some(TaskKey::Executions),
            Self::FetchMachine { .. } => Some(TaskKey::Machine),
            Self::FetchHistory { .. } => Some(TaskKey::History),
            Self::FetchOrders { .. } => Some(TaskKey::Orders),
            Self::FetchOlderOrders { .. } => Some(TaskKey::OlderOrders),
            Self::FetchOrder { .. } => Some(TaskKey::Order),
            Self::FetchLogs { .. } => Some(TaskKey::Logs),
            Self::FetchDetails { .. } => Some(TaskKey::Details),
            Self::FetchCompared { execution } => Some(TaskKey::Compared(execution.clone())),
            Self::FetchMetrics { .. } => Some(TaskKey::Metrics),
            Self::StartExecution { .. }
            | Self::Act { .. }
            | Self::TestState { .. }
            | Self::Copy { .. }
            | Self::Write { .. }
            | Self::OpenUrl { .. }
            | Self::Edit { .. }
            | Self::Connect { .. }
            | Self::StartTail { .. }
            | Self::StopTail
            | Self::CountCalls
            | Self::Suspend
            | Self::ListenToMouse { .. } => None,
        }
    }
}
