//! Where answers come from: a cloud, or an exported execution, which answers the same wishes without any cloud.
//!
//! A file is read whole before, so nothing here waits for it. Nothing in it can be changed.

use std::sync::Arc;

use crate::app::export::Exported;
use crate::app::{Cmd, Msg};
use crate::cloud::Cloud;
use crate::facts::{Arn, Execution, HistoryEvent, Identity, LogLine, MachineFacts, Millis, OrderFacts, OrdersPage};

/// Where answers come from.
#[derive(Clone)]
pub enum Source {
    /// A cloud.
    Cloud(Cloud),
    /// A file.
    File(Arc<Recorded>),
}

/// What a file knows.
#[derive(Debug)]
pub struct Recorded {
    execution: Execution,
    machine: MachineFacts,
    events: Vec<HistoryEvent>,
    order: Option<OrderFacts>,
    logs: Vec<LogLine>,
}

impl Recorded {
    /// What an exported execution knows.
    pub fn of(exported: &Exported) -> Self {
        Self {
            execution: exported.execution(),
            machine: exported.machine(),
            events: exported.run().events,
            order: exported.order(),
            logs: exported.logs(),
        }
    }

    /// The machine that was run.
    pub fn machine(&self) -> &Arn {
        &self.machine.arn
    }

    /// The time that it is in the file: that of the last thing that it tells of. What still ran then goes on running.
    pub fn now(&self) -> Millis {
        let events = self.events.last().map(|event| event.at);
        let logs = self.logs.iter().map(|line| line.at).max();
        let summary = &self.execution.summary;
        [events, logs, summary.stopped_at].into_iter().flatten().max().unwrap_or(summary.started_at)
    }

    /// Answers a wish.
    pub(super) fn answer(&self, wish: Cmd) -> Msg {
        let refused = || "this is a file: nothing in it can be changed, and no cloud is asked".to_owned();
        match wish {
            Cmd::FetchIdentity => {
                let arn = &self.execution.summary.arn.0;
                let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
                Msg::Identity(Ok(Identity { account, arn: String::new() }))
            }
            Cmd::FetchMachines { .. } => Msg::Machines { machines: vec![self.machine.arn.clone()], problem: None },
            Cmd::CountCalls => Msg::Calls(Vec::new()),
            Cmd::FetchVersions => Msg::Versions(Err(refused())),
            Cmd::FetchMapRun { map_run } => Msg::MapRun { map_run, result: Err(refused()) },
            Cmd::FetchExecutions => Msg::Executions(Ok(vec![self.execution.summary.clone()])),
            Cmd::FetchMachine { execution } => Msg::Machine { execution, result: Ok(self.machine.clone()) },
            Cmd::FetchHistory { execution, after } => {
                let is_this = execution == self.execution.summary.arn;
                let newer = self.events.iter().filter(|event| is_this && event.id > after);
                Msg::History { result: Ok(newer.cloned().collect()), execution }
            }
            Cmd::FetchOrders { asked } | Cmd::FetchOlderOrders { asked } => {
                let orders = self.order.iter().map(|order| order.record.clone()).collect();
                Msg::Orders { asked, result: Ok(OrdersPage { orders, has_more: false }) }
            }
            Cmd::FetchOrder { id } => {
                let order = self.order.clone().filter(|order| order.record.order_id == id);
                Msg::Order { id, result: Box::new(Ok(order)) }
            }
            // All of them, though only the newest may be asked for: they are those of the execution, whenever it was.
            Cmd::FetchLogs { .. } => Msg::Logs(Ok(self.logs.clone())),
            Cmd::StartExecution { request, .. } => Msg::Started { request, result: Err(refused()) },
            Cmd::Act { request, action, .. } => Msg::Acted { request, action, done: 0, result: Err(refused()) },
            Cmd::TestState { request, .. } => Msg::StateTested { request, result: Box::new(Err(refused())) },
            Cmd::FetchDetails { execution } => {
                let is_this = execution == self.execution.summary.arn;
                let result = if is_this { Ok((self.execution.clone(), self.events.clone())) } else { Err(refused()) };
                Msg::Details { execution, result: Box::new(result) }
            }
            Cmd::FetchCompared { execution } => Msg::Compared { execution, result: Err(refused()) },
            Cmd::FetchMetrics { periods, .. } => Msg::Metrics { periods, result: Ok(Vec::new()) },
            // What needs no cloud does not come here.
            Cmd::Copy { .. }
            | Cmd::Write { .. }
            | Cmd::OpenUrl { .. }
            | Cmd::Edit { .. }
            | Cmd::Connect { .. }
            | Cmd::StartTail { .. }
            | Cmd::StopTail
            | Cmd::Suspend
            | Cmd::ListenToMouse { .. } => Msg::Opened(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::model::Action;
    use crate::facts::{ExecutionStatus, ExecutionSummary, MachineKind, OrdersAsked};

    const ARN: &str = "arn:aws:states:us-east-1:123456789012:execution:orders:ord-1";

    fn recorded() -> Recorded {
        let summary = ExecutionSummary {
            arn: Arn(ARN.into()),
            name: "ord-1".into(),
            status: ExecutionStatus::Running,
            started_at: 1_000,
            stopped_at: None,
            through: None,
        };
        let machine = Arn("arn:aws:states:us-east-1:123456789012:stateMachine:orders".into());
        let execution =
            Execution { summary, machine: machine.clone(), input: None, output: None, error: None, cause: None };
        let machine = MachineFacts {
            arn: machine,
            name: "orders".into(),
            definition: "{}".into(),
            kind: MachineKind::Standard,
            log_group: None,
        };
        let event = |id: i64, type_name: &str| HistoryEvent::new(id, id - 1, 1_000 + id, type_name);
        let line = LogLine {
            id: "1".into(),
            group: "/aws/lambda/pay".into(),
            stream: "s".into(),
            at: 1_500,
            message: "paid".into(),
        };
        let events = [event(1, "ExecutionStarted"), event(2, "PassStateEntered")];
        Recorded::of(&Exported::new(&execution, &machine, &events, None, &[&line]))
    }

    /// What of an answer is to be seen.
    fn told(message: &Msg) -> String {
        match message {
            Msg::Identity(Ok(identity)) => identity.account.clone(),
            Msg::Executions(Ok(executions)) => format!("{} executions", executions.len()),
            Msg::Machine { result: Ok(machine), .. } => machine.name.clone(),
            Msg::History { result: Ok(events), .. } => format!("{} events", events.len()),
            Msg::Orders { result: Ok(page), .. } => format!("{} orders", page.orders.len()),
            Msg::Logs(Ok(lines)) => format!("{} lines", lines.len()),
            Msg::Started { request, result: Err(_) } => format!("{request} refused"),
            Msg::Acted { request, result: Err(_), .. } => format!("{request} refused"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_file_answers_as_a_cloud_and_changes_nothing() {
        let this = || Arn(ARN.into());
        let cases = [
            (Cmd::FetchIdentity, "123456789012"),
            (Cmd::FetchExecutions, "1 executions"),
            (Cmd::FetchMachine { execution: Some(this()) }, "orders"),
            (Cmd::FetchHistory { execution: this(), after: 0 }, "2 events"),
            (Cmd::FetchHistory { execution: this(), after: 1 }, "1 events"),
            (Cmd::FetchHistory { execution: Arn("arn:other".into()), after: 0 }, "0 events"),
            (Cmd::FetchOrders { asked: OrdersAsked::default() }, "0 orders"),
            (Cmd::FetchLogs { since: i64::MAX, functions: Vec::new() }, "1 lines"),
            (
                Cmd::StartExecution { request: 7, machine: Arn("m".into()), name: "o".into(), input: "{}".into() },
                "7 refused",
            ),
            (
                Cmd::Act { request: 8, action: Action::Stop { executions: vec![this()] }, reason: String::new() },
                "8 refused",
            ),
        ];
        let recorded = recorded();
        for (wish, expected) in cases {
            assert_eq!(told(&recorded.answer(wish)), expected);
        }
        assert_eq!(recorded.now(), 1_500);
    }
}
