//! Looks at stock, and reserves it: every line of an order in one transaction, so that orders never oversell.

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use order_core::{OrderError, OrderId, Reservation, ReservationState, Shortage, Sku, StockItem, keys};
use order_lambda::{Deps, Fault, Handling, read_event};
use order_store::{cancellation_reasons, from_sdk, store_error, to_sdk, unreadable};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the function is called with.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
enum Event {
    /// Says what one line would find. Reads only.
    Look { line: Line },
    /// Sets all lines aside, or none.
    Reserve {
        #[serde(rename = "orderId")]
        order_id: OrderId,
        lines: Vec<Line>,
    },
}

#[derive(Deserialize)]
struct Line {
    sku: Sku,
    quantity: u32,
}

/// [`handle`] as the surroundings call it.
pub fn handler(event: Value, deps: Deps) -> Handling {
    Box::pin(async move { handle(event, &deps).await })
}

/// Looks at one line or reserves all of an order, once an order however often it is invoked.
///
/// # Errors
/// `OutOfStock` with each SKU that is short; `StoreUnavailable`, `StoreRefused`, `BadEvent`.
pub async fn handle(event: Value, deps: &Deps) -> Result<Value, Fault> {
    match read_event(event)? {
        Event::Look { line } => look(&line, deps).await,
        Event::Reserve { order_id, lines } => reserve(&order_id, &lines, deps).await,
    }
}

async fn look(line: &Line, deps: &Deps) -> Result<Value, Fault> {
    let answer = deps
        .tables
        .dynamodb
        .get_item()
        .table_name(&deps.tables.inventory)
        .key("sku", AttributeValue::S(line.sku.to_string()))
        .send()
        .await
        .map_err(|error| store_error(&error))?;
    let available = match answer.item {
        Some(item) => StockItem::from_item(&from_sdk(&item)).map_err(|error| unreadable(&error))?.available,
        None => 0,
    };
    let enough = available >= line.quantity;
    tracing::info!(sku = %line.sku, wanted = line.quantity, available, enough, "looked at the stock");
    Ok(json!({"sku": line.sku, "wanted": line.quantity, "available": available, "enough": enough}))
}

async fn reserve(order: &OrderId, lines: &[Line], deps: &Deps) -> Result<Value, Fault> {
    let reservation = Reservation {
        state: ReservationState::Held,
        lines: lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect(),
    };
    let refused = |error: aws_sdk_dynamodb::error::BuildError| OrderError::StoreRefused(error.to_string());
    let mark = Put::builder()
        .table_name(&deps.tables.orders)
        .set_item(Some(to_sdk(reservation.to_item(order))))
        .condition_expression(format!("attribute_not_exists({})", keys::PK))
        .build()
        .map_err(refused)?;
    let mut writes = vec![TransactWriteItem::builder().put(mark).build()];
    for line in lines {
        let take = Update::builder()
            .table_name(&deps.tables.inventory)
            .key("sku", AttributeValue::S(line.sku.to_string()))
            .update_expression("SET available = available - :wanted, reserved = reserved + :wanted")
            .condition_expression("available >= :wanted")
            .expression_attribute_values(":wanted", AttributeValue::N(line.quantity.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(refused)?;
        writes.push(TransactWriteItem::builder().update(take).build());
    }
    let sent = deps.tables.dynamodb.transact_write_items().set_transact_items(Some(writes)).send().await;
    let Err(error) = sent else {
        tracing::info!(lines = lines.len(), "reserved");
        return Ok(json!({"orderId": order, "reserved": true}));
    };
    let Some(reasons) = cancellation_reasons(&error) else {
        return Err(store_error(&error).into());
    };
    let failed = |code: Option<&str>| code == Some("ConditionalCheckFailed");
    // The first write is the reservation itself: it is there already when this is a repeat.
    if reasons.first().is_some_and(|reason| failed(reason.code())) {
        return repeated(order, deps).await;
    }
    let shortages: Vec<Shortage> = lines
        .iter()
        .zip(reasons.iter().skip(1))
        .filter(|(_, reason)| failed(reason.code()))
        .map(|(line, reason)| Shortage {
            sku: line.sku.clone(),
            wanted: line.quantity,
            available: reason
                .item()
                .and_then(|item| StockItem::from_item(&from_sdk(item)).ok())
                .map_or(0, |item| item.available),
        })
        .collect();
    if shortages.is_empty() {
        let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason.code()).collect();
        return Err(OrderError::StoreUnavailable(format!("the transaction was cancelled: {}", codes.join(", "))).into());
    }
    Err(OrderError::OutOfStock(shortages).into())
}

async fn repeated(order: &OrderId, deps: &Deps) -> Result<Value, Fault> {
    let item = deps.tables.order_item(order, keys::RESERVATION).await?;
    let item = item.ok_or_else(|| OrderError::StoreUnavailable("the reservation vanished".into()))?;
    let reservation = Reservation::from_item(&item).map_err(|error| unreadable(&error))?;
    match reservation.state {
        ReservationState::Held => {
            tracing::info!("already reserved");
            Ok(json!({"orderId": order, "reserved": true}))
        }
        // A late repeat after the compensation must not take stock that nobody would give back.
        ReservationState::Released => {
            Err(OrderError::StoreRefused(format!("the reservation of {order} was already released")).into())
        }
    }
}
