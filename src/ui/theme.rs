//! Colours and signs. Nothing is told by colour alone: each status has a sign of its own.

use order_core::OrderStatus;
use ratatui::style::{Color, Modifier, Style};

use crate::app::run::VisitStatus;
use crate::facts::ExecutionStatus;

/// Text that matters less.
pub(super) const DIM: Style = Style::new().fg(Color::DarkGray);
/// What is chosen.
pub(super) const CHOSEN: Style = Style::new().add_modifier(Modifier::REVERSED);
/// Titles.
pub(super) const TITLE: Style = Style::new().add_modifier(Modifier::BOLD);
/// Keys in the footer.
pub(super) const KEY: Style = Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD);
/// What went wrong.
pub(super) const ERROR: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
/// The border of the pane that keys go to.
pub(super) const FOCUSED: Style = Style::new().fg(Color::Cyan);
/// What waits for somebody.
pub(super) const WAITING: Style = Style::new().fg(Color::Yellow);
/// Names of fields.
pub(super) const FIELD: Style = Style::new().fg(Color::Cyan);

/// The sign and style of a visit.
pub(super) fn visit(status: Option<VisitStatus>) -> (&'static str, Style) {
    match status {
        None => (" ", DIM),
        Some(VisitStatus::Running) => ("▶", Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD)),
        Some(VisitStatus::Retrying) => ("↻", Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD)),
        Some(VisitStatus::Succeeded) => ("✓", Style::new().fg(Color::Green)),
        Some(VisitStatus::Caught) => ("!", Style::new().fg(Color::Magenta).add_modifier(Modifier::BOLD)),
        Some(VisitStatus::Failed) => ("✗", ERROR),
        Some(VisitStatus::Aborted) => ("■", Style::new().fg(Color::Gray)),
    }
}

/// The sign and style of an execution.
pub(super) fn execution(status: ExecutionStatus) -> (&'static str, Style) {
    match status {
        ExecutionStatus::Running => visit(Some(VisitStatus::Running)),
        ExecutionStatus::Succeeded => visit(Some(VisitStatus::Succeeded)),
        ExecutionStatus::Failed => visit(Some(VisitStatus::Failed)),
        ExecutionStatus::TimedOut => ("◷", ERROR),
        ExecutionStatus::Aborted => visit(Some(VisitStatus::Aborted)),
        ExecutionStatus::PendingRedrive => visit(Some(VisitStatus::Retrying)),
    }
}

/// The sign and style of an order.
pub(super) fn order(status: OrderStatus) -> (&'static str, Style) {
    match status {
        OrderStatus::Received | OrderStatus::Reserved => visit(Some(VisitStatus::Running)),
        OrderStatus::AwaitingApproval => ("?", WAITING.add_modifier(Modifier::BOLD)),
        OrderStatus::Confirmed => visit(Some(VisitStatus::Succeeded)),
        OrderStatus::Rejected
        | OrderStatus::OutOfStock
        | OrderStatus::NotApproved
        | OrderStatus::PaymentFailed
        | OrderStatus::Failed => visit(Some(VisitStatus::Failed)),
    }
}

/// The style of a log level.
pub(super) fn level(level: &str) -> Style {
    match level {
        "ERROR" => ERROR,
        "WARN" => WAITING,
        "INFO" => Style::new().fg(Color::Green),
        _ => DIM,
    }
}
