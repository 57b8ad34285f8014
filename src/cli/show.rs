//! `show`: an execution, state by state.

use serde_json::{Value, json};

use super::args::Show;
use super::listing::summary;
use super::output::{local_time, say, say_json, table, utc_time};
use super::{Connected, Ended};
use crate::app::run::{Attempt, Run, Visit, VisitStatus};
use crate::facts::{Execution, ExecutionStatus, HistoryEvent};
use crate::ui::text::{clean, duration};

pub(super) async fn run(world: &Connected, args: Show) -> color_eyre::Result<Ended> {
    let arn = world.execution(&args.execution).await?;
    let execution = world.cloud.execution(&arn).await?;
    let mut run = Run::default();
    run.absorb(world.cloud.history_after(&arn, 0).await?);
    if args.json {
        say_json(&as_json(&execution, &run).to_string())?;
    } else {
        print(&execution, &run)?;
    }
    let status = execution.summary.status;
    Ok(if status.is_over() && status != ExecutionStatus::Succeeded { Ended::ExecutionFailed } else { Ended::Well })
}

fn as_json(execution: &Execution, run: &Run) -> Value {
    let parsed = |text: Option<&str>| -> Value {
        text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
    };
    let mut value = summary(&execution.summary);
    value["stateMachineArn"] = execution.machine.0.as_str().into();
    value["input"] = parsed(execution.input.as_deref());
    value["output"] = parsed(execution.output.as_deref());
    value["error"] = json!(execution.error);
    value["cause"] = json!(execution.cause);
    value["states"] = run
        .visits
        .iter()
        .map(|visit| {
            json!({
                "name": visit.state,
                "status": visit.status.word(),
                "iteration": visit.iteration,
                "enteredAt": utc_time(visit.entered_at),
                "leftAt": visit.left_at.map(utc_time),
                "input": parsed(visit.input.as_deref()),
                "output": parsed(visit.output.as_deref()),
                "error": visit.error,
                "cause": visit.cause,
                "attempts": visit.attempts.iter().enumerate().map(|(index, attempt)| json!({
                    "resource": attempt.resource,
                    "scheduledAt": utc_time(attempt.scheduled_at),
                    "endedAt": attempt.ended_at.map(utc_time),
                    "delayMillis": delay(&visit.attempts, index),
                    "error": attempt.error,
                    "cause": attempt.cause,
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    value["events"] = run.events.iter().map(event).collect();
    value
}

fn event(event: &HistoryEvent) -> Value {
    let mut value = json!({
        "id": event.id,
        "previousEventId": event.previous,
        "timestamp": utc_time(event.at),
        "type": event.type_name,
    });
    let texts = [
        ("name", event.name.as_deref()),
        ("input", event.input.as_deref()),
        ("output", event.output.as_deref()),
        ("parameters", event.parameters.as_deref()),
        ("resource", event.resource.as_deref()),
        ("error", event.error.as_deref()),
        ("cause", event.cause.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            value[name] = text.into();
        }
    }
    value
}

/// How long after the end of the try before this one was made.
fn delay(attempts: &[Attempt], index: usize) -> Option<i64> {
    let before = attempts.get(index.checked_sub(1)?)?;
    Some(attempts[index].scheduled_at - before.ended_at?)
}

fn print(execution: &Execution, run: &Run) -> color_eyre::Result<()> {
    let summary = &execution.summary;
    let took = summary.stopped_at.map(|stopped| duration(stopped - summary.started_at)).unwrap_or_default();
    say(&clean(&format!("{}  {}  {}  {took}", summary.name, summary.status.as_str(), local_time(summary.started_at))))?;
    let mut rows = Vec::new();
    for visit in &run.visits {
        rows.push(row(visit));
    }
    let mut lines = table(&rows).into_iter();
    for visit in &run.visits {
        say(&clean(&lines.next().unwrap_or_default()))?;
        if visit.attempts.len() > 1 || visit.error.is_some() {
            for (index, attempt) in visit.attempts.iter().enumerate() {
                say(&clean(&attempt_line(visit, index, attempt)))?;
            }
        }
    }
    if let Some(error) = &execution.error {
        say(&clean(&format!("error  {error}")))?;
        say(&clean(&format!("cause  {}", execution.cause.as_deref().unwrap_or("none was given"))))?;
    }
    Ok(())
}

fn row(visit: &Visit) -> Vec<String> {
    let indent = if visit.parent.is_some() { "  " } else { "" };
    let iteration = visit.iteration.map(|index| format!(" [{index}]")).unwrap_or_default();
    let took = visit.left_at.map(|left| duration(left - visit.entered_at)).unwrap_or_default();
    vec![
        format!("{} {indent}{}{iteration}", glyph(visit.status), visit.state),
        visit.status.word().to_owned(),
        took,
        visit.error.clone().unwrap_or_default(),
    ]
}

fn attempt_line(visit: &Visit, index: usize, attempt: &Attempt) -> String {
    let after = delay(&visit.attempts, index).map(|millis| format!(" after {}", duration(millis))).unwrap_or_default();
    let took = attempt.ended_at.map(|ended| duration(ended - attempt.scheduled_at)).unwrap_or_default();
    let outcome = match (&attempt.error, attempt.ended_at) {
        (Some(error), _) => error.as_str(),
        (None, Some(_)) => "ok",
        (None, None) => "running",
    };
    format!("    try {}{after}: {outcome} {took}", index + 1)
}

fn glyph(status: VisitStatus) -> char {
    match status {
        VisitStatus::Running => '▶',
        VisitStatus::Retrying => '↻',
        VisitStatus::Succeeded => '✓',
        VisitStatus::Caught => '⚠',
        VisitStatus::Failed => '✗',
        VisitStatus::Aborted => '■',
    }
}
