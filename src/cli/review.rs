//! `approve` and `reject`: answers an order that waits for somebody.

use color_eyre::eyre::{bail, eyre};
use order_core::OrderId;
use serde_json::json;

use super::args::Review;
use super::output::{say, say_json};
use super::{Connected, Ended};
use crate::ui::text::clean;

pub(super) async fn approve(world: &Connected, args: Review) -> color_eyre::Result<Ended> {
    let token = token(world, &args.execution).await?;
    let output = json!({"approved": true, "reason": args.reason}).to_string();
    world.cloud.task_success(&token, &output).await?;
    report("approved", &args)?;
    finish(world, &args.execution).await
}

pub(super) async fn reject(world: &Connected, args: Review) -> color_eyre::Result<Ended> {
    let token = token(world, &args.execution).await?;
    let cause = if args.reason.is_empty() { "Somebody rejected the order" } else { &args.reason };
    world.cloud.task_failure(&token, "OrderNotApproved", cause).await?;
    report("rejected", &args)?;
    finish(world, &args.execution).await
}

fn report(outcome: &str, args: &Review) -> std::io::Result<()> {
    if args.json {
        say_json(&json!({"execution": args.execution, "outcome": outcome}).to_string())
    } else {
        say(&clean(&format!("{outcome} {}", args.execution)))
    }
}

/// The embedded cloud ends with its process: it stays until the order has come to rest.
async fn finish(world: &Connected, execution: &str) -> color_eyre::Result<Ended> {
    if world.local.as_ref().is_some_and(crate::local::Local::is_host) {
        let arn = world.execution(execution).await?;
        while !world.cloud.execution(&arn).await?.summary.status.is_over() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    Ok(Ended::Well)
}

/// The token that the order's row keeps while its execution waits. The order is that of the execution's input; most
/// executions are named after it, but one that somebody else started need not be.
async fn token(world: &Connected, execution: &str) -> color_eyre::Result<String> {
    let arn = world.execution(execution).await?;
    let input = world.cloud.execution(&arn).await?.input.unwrap_or_default();
    let name = serde_json::from_str::<serde_json::Value>(&input)
        .ok()
        .and_then(|input| input.get("orderId").and_then(|id| id.as_str()).map(ToOwned::to_owned));
    let Some(name) = name else { bail!("the input of {execution} has no orderId") };
    let id = OrderId::new(name.as_str()).map_err(|expected| eyre!("{name:?} is no order id: {expected}"))?;
    let Some(order) = world.cloud.order(&world.table, &id).await? else { bail!("there is no order {id}") };
    match order.record.approval_token {
        Some(token) if order.record.execution == arn.0 => Ok(token),
        _ => bail!("order {id} does not wait for approval by {execution}: it is {}", order.record.status),
    }
}
