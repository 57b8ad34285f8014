//! `executions` and `orders`: lists, and one order whole.

use color_eyre::eyre::eyre;
use order_core::{OrderId, OrderRecord, OrderStatus};
use serde_json::{Value, json};

use super::args::{Executions, Orders};
use super::output::{local_time, say, say_json, table, utc_time};
use super::{Connected, Ended, Usage};
use crate::facts::{ExecutionStatus, ExecutionSummary, OrderFacts, OrdersAsked};
use crate::ui::text::{clean, duration};

pub(super) async fn executions(world: &Connected, args: Executions) -> color_eyre::Result<Ended> {
    let status = args
        .status
        .as_deref()
        .and_then(|name| ExecutionStatus::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(name)));
    let machine = world.machine().await?;
    let executions = world.cloud.executions(&machine, status, args.limit).await?;
    if args.json {
        for execution in &executions {
            say_json(&summary(execution).to_string())?;
        }
        return Ok(Ended::Well);
    }
    let rows: Vec<Vec<String>> = executions
        .iter()
        .map(|execution| {
            let took = execution.stopped_at.map(|stopped| duration(stopped - execution.started_at));
            vec![
                execution.name.clone(),
                execution.status.as_str().to_owned(),
                local_time(execution.started_at),
                took.unwrap_or_default(),
            ]
        })
        .collect();
    for line in table(&rows) {
        say(&clean(&line))?;
    }
    Ok(Ended::Well)
}

pub(super) fn summary(execution: &ExecutionSummary) -> Value {
    json!({
        "executionArn": execution.arn.0,
        "name": execution.name,
        "status": execution.status.as_str(),
        "startDate": utc_time(execution.started_at),
        "stopDate": execution.stopped_at.map(utc_time),
    })
}

pub(super) async fn orders(world: &Connected, args: Orders) -> color_eyre::Result<Ended> {
    if let Some(id) = &args.id {
        let id = OrderId::new(id.as_str()).map_err(|expected| Usage(format!("{id:?} is no order id: {expected}")))?;
        let order = world.cloud.order(&world.table, &id).await?.ok_or_else(|| eyre!("there is no order {id}"))?;
        one(&order, args.json)?;
        return Ok(Ended::Well);
    }
    let statuses = match &args.status {
        None => None,
        Some(name) => {
            let status: OrderStatus = name.to_uppercase().parse().map_err(|error| {
                let names: Vec<&str> = OrderStatus::ALL.iter().map(|status| status.as_str()).collect();
                Usage(format!("{error}, expected one of {}", names.join(", ")))
            })?;
            Some(vec![status])
        }
    };
    let asked = OrdersAsked { statuses, ..OrdersAsked::default() };
    let records = world.cloud.orders(&world.table, &asked, args.limit).await?.orders;
    if args.json {
        for record in &records {
            say_json(&serde_json::to_string(record)?)?;
        }
        return Ok(Ended::Well);
    }
    let rows: Vec<Vec<String>> = records.iter().map(row).collect();
    for line in table(&rows) {
        say(&clean(&line))?;
    }
    Ok(Ended::Well)
}

fn row(record: &OrderRecord) -> Vec<String> {
    vec![
        record.order_id.to_string(),
        record.status.to_string(),
        record.updated_at.clone(),
        record.total().map(|total| total.to_string()).unwrap_or_default(),
        record.customer().unwrap_or_default().to_owned(),
    ]
}

fn one(order: &OrderFacts, json: bool) -> color_eyre::Result<()> {
    if json {
        let mut value = serde_json::to_value(&order.record)?;
        value["payment"] = serde_json::to_value(&order.payment)?;
        value["reservation"] = serde_json::to_value(&order.reservation)?;
        say_json(&value.to_string())?;
        return Ok(());
    }
    let record = &order.record;
    say(&clean(&row(record).join("  ")))?;
    say(&format!("execution  {}", record.execution))?;
    if let Some(payment) = order.payment.as_ref().filter(|payment| !payment.amount.is_empty()) {
        say(&clean(&format!("payment    {} {} {}", payment.state.as_str(), payment.amount, payment.reference)))?;
    }
    if let Some(reservation) = order.reservation.as_ref().filter(|reservation| !reservation.lines.is_empty()) {
        let lines: Vec<String> = reservation.lines.iter().map(|(sku, pieces)| format!("{pieces} x {sku}")).collect();
        say(&format!("stock      {} {}", reservation.state.as_str(), lines.join(", ")))?;
    }
    let rows: Vec<Vec<String>> = record
        .history
        .iter()
        .map(|entry| vec![format!("  {}", entry.at), entry.status.to_string(), entry.reason.clone()])
        .collect();
    for line in table(&rows) {
        say(&clean(&line))?;
    }
    Ok(())
}
