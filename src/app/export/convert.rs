//! From facts to what is exported, and back.
//!
//! Never fails: what can be wrong with a document was found when it was read.

use order_core::{HistoryEntry, OrderRecord, Payment, Reservation};

use super::{
    Exported, ExportedEvent, ExportedExecution, ExportedLine, ExportedMachine, ExportedOrder, ExportedPayment,
    ExportedReservation, ExportedStep, VERSION,
};
use crate::app::run::Run;
use crate::facts::{
    Arn, EventKind, Execution, ExecutionSummary, HistoryEvent, LogLine, MachineFacts, MachineKind, OrderFacts,
};

impl Exported {
    /// Puts together what is known of an execution.
    pub fn new(
        execution: &Execution,
        machine: &MachineFacts,
        events: &[HistoryEvent],
        order: Option<&OrderFacts>,
        logs: &[&LogLine],
    ) -> Self {
        let summary = &execution.summary;
        Self {
            version: VERSION,
            execution: ExportedExecution {
                arn: summary.arn.0.clone(),
                name: summary.name.clone(),
                status: summary.status,
                started_at: summary.started_at,
                stopped_at: summary.stopped_at,
                input: execution.input.clone(),
                output: execution.output.clone(),
                error: execution.error.clone(),
                cause: execution.cause.clone(),
            },
            machine: ExportedMachine {
                arn: machine.arn.0.clone(),
                name: machine.name.clone(),
                definition: machine.definition.clone(),
            },
            events: events.iter().map(exported_event).collect(),
            order: order.map(exported_order),
            logs: logs.iter().map(|line| exported_line(line)).collect(),
        }
    }

    /// The execution.
    pub fn execution(&self) -> Execution {
        let exported = &self.execution;
        Execution {
            summary: ExecutionSummary {
                arn: Arn(exported.arn.clone()),
                name: exported.name.clone(),
                status: exported.status,
                started_at: exported.started_at,
                stopped_at: exported.stopped_at,
                through: None,
            },
            machine: Arn(self.machine.arn.clone()),
            input: exported.input.clone(),
            output: exported.output.clone(),
            error: exported.error.clone(),
            cause: exported.cause.clone(),
        }
    }

    /// The machine.
    pub fn machine(&self) -> MachineFacts {
        MachineFacts {
            arn: Arn(self.machine.arn.clone()),
            name: self.machine.name.clone(),
            definition: self.machine.definition.clone(),
            kind: if Arn(self.execution.arn.clone()).is_express() {
                MachineKind::Express
            } else {
                MachineKind::Standard
            },
            log_group: None,
        }
    }

    /// The run of the events.
    pub fn run(&self) -> Run {
        let mut run = Run::default();
        run.absorb(self.events.iter().map(event));
        run
    }

    /// The order. It waits for nobody: what could approve it is not exported.
    pub fn order(&self) -> Option<OrderFacts> {
        self.order.as_ref().map(order)
    }

    /// The log lines.
    pub fn logs(&self) -> Vec<LogLine> {
        self.logs.iter().map(line).collect()
    }
}

fn exported_event(event: &HistoryEvent) -> ExportedEvent {
    ExportedEvent {
        id: event.id,
        previous_event_id: event.previous,
        timestamp: event.at,
        type_name: event.type_name.clone(),
        name: event.name.clone(),
        input: event.input.as_deref().map(ToOwned::to_owned),
        output: event.output.as_deref().map(ToOwned::to_owned),
        parameters: event.parameters.as_deref().map(ToOwned::to_owned),
        resource: event.resource.clone(),
        error: event.error.clone(),
        cause: event.cause.as_deref().map(ToOwned::to_owned),
        index: event.index,
        length: event.length,
        assigned: event.assigned.iter().cloned().collect(),
    }
}

fn event(exported: &ExportedEvent) -> HistoryEvent {
    HistoryEvent {
        id: exported.id,
        previous: exported.previous_event_id,
        at: exported.timestamp,
        kind: EventKind::of(&exported.type_name),
        type_name: exported.type_name.clone(),
        name: exported.name.clone(),
        input: exported.input.as_deref().map(Into::into),
        output: exported.output.as_deref().map(Into::into),
        parameters: exported.parameters.as_deref().map(Into::into),
        resource: exported.resource.clone(),
        error: exported.error.clone(),
        cause: exported.cause.as_deref().map(Into::into),
        index: exported.index,
        length: exported.length,
        assigned: exported.assigned.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
    }
}

fn exported_order(facts: &OrderFacts) -> ExportedOrder {
    let record = &facts.record;
    ExportedOrder {
        order_id: record.order_id.clone(),
        status: record.status,
        created_at: record.created_at.clone(),
        updated_at: record.updated_at.clone(),
        execution: record.execution.clone(),
        order: record.order.clone(),
        history: record.history.iter().map(exported_step).collect(),
        payment: facts.payment.as_ref().map(|payment| ExportedPayment {
            state: payment.state,
            amount: payment.amount.clone(),
            reference: payment.reference.clone(),
            at: payment.at.clone(),
        }),
        reservation: facts
            .reservation
            .as_ref()
            .map(|reservation| ExportedReservation { state: reservation.state, lines: reservation.lines.clone() }),
    }
}

fn order(exported: &ExportedOrder) -> OrderFacts {
    OrderFacts {
        record: OrderRecord {
            order_id: exported.order_id.clone(),
            status: exported.status,
            created_at: exported.created_at.clone(),
            updated_at: exported.updated_at.clone(),
            execution: exported.execution.clone(),
            order: exported.order.clone(),
            approval_token: None,
            history: exported.history.iter().map(step).collect(),
        },
        payment: exported.payment.as_ref().map(|payment| Payment {
            state: payment.state,
            amount: payment.amount.clone(),
            reference: payment.reference.clone(),
            at: payment.at.clone(),
        }),
        reservation: exported
            .reservation
            .as_ref()
            .map(|reservation| Reservation { state: reservation.state, lines: reservation.lines.clone() }),
    }
}

fn exported_step(entry: &HistoryEntry) -> ExportedStep {
    ExportedStep {
        status: entry.status,
        at: entry.at.clone(),
        reason: entry.reason.clone(),
        execution: entry.execution.clone(),
    }
}

fn step(exported: &ExportedStep) -> HistoryEntry {
    HistoryEntry {
        status: exported.status,
        at: exported.at.clone(),
        reason: exported.reason.clone(),
        execution: exported.execution.clone(),
    }
}

fn exported_line(line: &LogLine) -> ExportedLine {
    ExportedLine {
        id: line.id.clone(),
        group: line.group.clone(),
        stream: line.stream.clone(),
        timestamp: line.at,
        message: line.message.clone(),
    }
}

fn line(exported: &ExportedLine) -> LogLine {
    LogLine {
        id: exported.id.clone(),
        group: exported.group.clone(),
        stream: exported.stream.clone(),
        at: exported.timestamp,
        message: exported.message.clone(),
    }
}
