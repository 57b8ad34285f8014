//! Gives reserved stock back: the compensation of check-inventory. Harmless when called twice or with nothing to give.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use order_core::{OrderError, OrderId, Reservation, ReservationState, keys};
use order_lambda::{Deps, Fault, Handling, read_event};
use order_store::{cancellation_reasons, store_error, to_sdk, unreadable};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the function is called with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    order_id: OrderId,
}

/// [`handle`] as the surroundings call it.
pub fn handler(event: Value, deps: Deps) -> Handling {
    Box::pin(async move { handle(event, &deps).await })
}

/// Answers whether this invocation gave something back.
///
/// # Errors
/// `StoreUnavailable`, `StoreRefused`, `BadEvent`.
pub async fn handle(event: Value, deps: &Deps) -> Result<Value, Fault> {
    let Event { order_id } = read_event(event)?;
    let released = match deps.tables.order_item(&order_id, keys::RESERVATION).await? {
        None => forbid(&order_id, deps).await?,
        Some(item) => {
            let reservation = Reservation::from_item(&item).map_err(|error| unreadable(&error))?;
            match reservation.state {
                ReservationState::Released => false,
                ReservationState::Held => give_back(&order_id, &reservation, deps).await?,
            }
        }
    };
    tracing::info!(released, "released the reservation");
    Ok(json!({"orderId": order_id, "released": released}))
}

/// Leaves an empty, released reservation, so that a reserving call that is still on its way finds it taken.
async fn forbid(order: &OrderId, deps: &Deps) -> Result<bool, OrderError> {
    let tombstone = Reservation { state: ReservationState::Released, lines: Vec::new() };
    let put = deps
        .tables
        .dynamodb
        .put_item()
        .table_name(&deps.tables.orders)
        .set_item(Some(to_sdk(tombstone.to_item(order))))
        .condition_expression(format!("attribute_not_exists({})", keys::PK))
        .send()
        .await;
    match put {
        Ok(_) => Ok(false),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) => {
            Err(OrderError::StoreUnavailable("the reservation was being made at the same time".into()))
        }
        Err(error) => Err(store_error(&error)),
    }
}

async fn give_back(order: &OrderId, reservation: &Reservation, deps: &Deps) -> Result<bool, OrderError> {
    let refused = |error: aws_sdk_dynamodb::error::BuildError| OrderError::StoreRefused(error.to_string());
    let close = Update::builder()
        .table_name(&deps.tables.orders)
        .key(keys::PK, AttributeValue::S(keys::order(order)))
        .key(keys::SK, AttributeValue::S(keys::RESERVATION.into()))
        .update_expression("SET reservationState = :released")
        .condition_expression("reservationState = :held")
        .expression_attribute_values(":released", AttributeValue::S(ReservationState::Released.as_str().into()))
        .expression_attribute_values(":held", AttributeValue::S(ReservationState::Held.as_str().into()))
        .build()
        .map_err(refused)?;
    let mut writes = vec![TransactWriteItem::builder().update(close).build()];
    for (sku, quantity) in &reservation.lines {
        let give = Update::builder()
            .table_name(&deps.tables.inventory)
            .key("sku", AttributeValue::S(sku.to_string()))
            .update_expression("SET available = available + :given, reserved = reserved - :given")
            .expression_attribute_values(":given", AttributeValue::N(quantity.to_string()))
            .build()
            .map_err(refused)?;
        writes.push(TransactWriteItem::builder().update(give).build());
    }
    let sent = deps.tables.dynamodb.transact_write_items().set_transact_items(Some(writes)).send().await;
    let Err(error) = sent else { return Ok(true) };
    match cancellation_reasons(&error) {
        // Another call released it between our read and our write.
        Some([first, ..]) if first.code() == Some("ConditionalCheckFailed") => Ok(false),
        Some(_) => Err(OrderError::StoreUnavailable("the transaction was cancelled".into())),
        None => Err(store_error(&error)),
    }
}
