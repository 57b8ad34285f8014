//! `submit`: orders into executions.

use std::io::Read;
use std::time::Duration;

use color_eyre::eyre::WrapErr;
use futures::StreamExt;
use order_core::{OrderId, OrderStatus};
use serde_json::{Value, json};

use super::args::Submit;
use super::output::{complain, say, say_json, table};
use super::{Connected, Ended, Usage};
use crate::facts::{Arn, Execution};
use crate::local;
use crate::ui::text::clean;

/// How many orders are on their way at once.
const AT_ONCE: usize = 64;

pub(super) async fn run(world: &Connected, args: Submit) -> color_eyre::Result<Ended> {
    let Some(source) = &args.order else { return list().map(|()| Ended::Well) };
    let order = read(source)?;
    if args.count > 1 && order.get("orderId").is_some() {
        return Err(
            Usage("the order has an orderId of its own: it can be submitted once, not --count times".into()).into()
        );
    }
    let machine = world.machine().await?;
    // The embedded cloud ends with its process: it stays until the orders have come to rest.
    let hosts = world.local.as_ref().is_some_and(local::Local::is_host);
    let settles = args.wait || hosts;
    let mut submissions = futures::stream::iter(0..args.count)
        .map(|_| submit_one(world, &machine, &order, settles))
        .buffer_unordered(AT_ONCE);
    let mut ended = Ended::Well;
    while let Some(submitted) = submissions.next().await {
        let submitted = submitted?;
        if submitted.execution.as_ref().is_some_and(|execution| {
            let status = execution.summary.status;
            status.is_over() && status != crate::facts::ExecutionStatus::Succeeded
        }) && args.wait
        {
            ended = Ended::ExecutionFailed;
        }
        report(&submitted, &args)?;
    }
    Ok(ended)
}

fn list() -> color_eyre::Result<()> {
    let rows: Vec<Vec<String>> =
        local::samples()?.into_iter().map(|sample| vec![sample.name, sample.description]).collect();
    for line in table(&rows) {
        say(&line)?;
    }
    Ok(())
}

/// A sample's order, or what stands in a file or comes on standard input.
fn read(source: &str) -> color_eyre::Result<Value> {
    let samples = local::samples()?;
    if let Some(sample) = samples.iter().find(|sample| sample.name == source) {
        return Ok(sample.order.clone());
    }
    let mut text = String::new();
    if source == "-" {
        std::io::stdin().read_to_string(&mut text).wrap_err("cannot read standard input")?;
    } else {
        text = std::fs::read_to_string(source).map_err(|error| {
            let names: Vec<&str> = samples.iter().map(|sample| sample.name.as_str()).collect();
            Usage(format!("{source} is neither a sample ({}) nor a file that can be read: {error}", names.join(", ")))
        })?;
    }
    let value: Value = serde_json::from_str(&text).wrap_err_with(|| format!("{source} is not JSON"))?;
    // A sample's file may be given too: what counts is the order in it.
    match value {
        Value::Object(mut fields) if fields.contains_key("order") && fields.contains_key("description") => {
            Ok(fields.remove("order").unwrap_or_default())
        }
        value => Ok(value),
    }
}

struct Submitted {
    order_id: OrderId,
    arn: Arn,
    execution: Option<Execution>,
    status: Option<OrderStatus>,
}

async fn submit_one(world: &Connected, machine: &Arn, order: &Value, settles: bool) -> color_eyre::Result<Submitted> {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let (order_id, input) = crate::app::submit::prepare(&order.to_string(), &random)
        .map_err(|problem| Usage(format!("the order: {problem}")))?;
    let arn = world.cloud.start_execution(machine, order_id.as_str(), &input).await?;
    if !settles {
        return Ok(Submitted { order_id, arn, execution: None, status: None });
    }
    let (execution, status) = settled(world, &arn, &order_id).await?;
    Ok(Submitted { order_id, arn, execution: Some(execution), status })
}

/// Waits until the execution has ended or the order waits for somebody's approval.
async fn settled(
    world: &Connected,
    arn: &Arn,
    order_id: &OrderId,
) -> color_eyre::Result<(Execution, Option<OrderStatus>)> {
    let mut pause = Duration::from_millis(20);
    loop {
        let execution = world.cloud.execution(arn).await?;
        let over = execution.summary.status.is_over();
        let order = world.cloud.order(&world.table, order_id).await?;
        let status = order.map(|order| order.record.status);
        if over || status == Some(OrderStatus::AwaitingApproval) {
            return Ok((execution, status));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_secs(1));
    }
}

fn report(submitted: &Submitted, args: &Submit) -> color_eyre::Result<()> {
    let Submitted { order_id, arn, execution, status } = submitted;
    if args.json {
        let mut line = json!({"orderId": order_id, "executionArn": arn.0});
        if let Some(execution) = execution {
            line["status"] = execution.summary.status.as_str().into();
            line["orderStatus"] = json!(status);
            for (name, text) in [("error", &execution.error), ("cause", &execution.cause)] {
                if let Some(text) = text {
                    line[name] = text.as_str().into();
                }
            }
            if let Some(output) = execution.output.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok())
            {
                line["output"] = output;
            }
        }
        say_json(&line.to_string())?;
        return Ok(());
    }
    let Some(execution) = execution else {
        say(order_id.as_str())?;
        return Ok(());
    };
    let status = status.map_or("not recorded", OrderStatus::as_str);
    let mut line = format!("{order_id}  {}  {status}", execution.summary.status.as_str());
    if let Some(error) = &execution.error {
        line.push_str(&format!("  {error}: {}", execution.cause.as_deref().unwrap_or("no cause")));
    }
    say(&clean(&line))?;
    if status == OrderStatus::AwaitingApproval.as_str() {
        complain(&format!("{order_id} waits for approval: orderflow-tui approve {order_id}"));
    }
    Ok(())
}
