//! Checks an order against its own rules and the catalogue. Reads the inventory table, writes nothing.

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use order_core::{FieldError, Order, OrderError, StockItem};
use order_lambda::{Deps, Fault, Handling, read_event};
use order_store::{from_sdk, store_error, unreadable};
use serde::Deserialize;
use serde_json::Value;

/// What the function is called with.
#[derive(Deserialize)]
struct Event {
    order: Value,
}

/// [`handle`] as the surroundings call it.
pub fn handler(event: Value, deps: Deps) -> Handling {
    Box::pin(async move { handle(event, &deps).await })
}

/// Answers with the order, read and written back.
///
/// # Errors
/// `InvalidOrder` with every bad field; `StoreUnavailable`, `StoreRefused`, `BadEvent`.
pub async fn handle(event: Value, deps: &Deps) -> Result<Value, Fault> {
    let event: Event = read_event(event)?;
    let order = Order::read(&event.order).map_err(OrderError::InvalidOrder)?;
    let catalogue = look_up(&order, deps).await?;
    let complaints = compare(&order, &catalogue);
    if !complaints.is_empty() {
        return Err(OrderError::InvalidOrder(complaints).into());
    }
    tracing::info!(total = %order.total(), lines = order.lines().len(), "the order is valid");
    Ok(order.to_value())
}

async fn look_up(order: &Order, deps: &Deps) -> Result<Vec<StockItem>, OrderError> {
    let table = &deps.tables.inventory;
    let keys = order
        .lines()
        .iter()
        .map(|line| [("sku".to_owned(), AttributeValue::S(line.sku.to_string()))].into())
        .collect();
    let keys = KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .build()
        .map_err(|error| OrderError::StoreRefused(error.to_string()))?;
    let answer = deps
        .tables
        .dynamodb
        .batch_get_item()
        .request_items(table, keys)
        .send()
        .await
        .map_err(|error| store_error(&error))?;
    if answer.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
        return Err(OrderError::StoreUnavailable("BatchGetItem left keys unprocessed".into()));
    }
    let items = answer.responses.and_then(|mut tables| tables.remove(table)).unwrap_or_default();
    items
        .iter()
        .map(|item| StockItem::from_item(&from_sdk(item)))
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable(&error))
}

/// What the catalogue says against the order's lines.
fn compare(order: &Order, catalogue: &[StockItem]) -> Vec<FieldError> {
    let complaint = |index: usize, line: &order_core::OrderLine| match catalogue.iter().find(|item| item.sku == line.sku) {
        None => Some(FieldError::new(format!("lines[{index}].sku"), format!("there is no SKU {}", line.sku))),
        Some(item) if item.unit_price != line.unit_price => Some(FieldError::new(
            format!("lines[{index}].unitPrice"),
            format!("is {}, but {} costs {}", line.unit_price, line.sku, item.unit_price),
        )),
        Some(_) => None,
    };
    order.lines().iter().enumerate().filter_map(|(index, line)| complaint(index, line)).collect()
}
