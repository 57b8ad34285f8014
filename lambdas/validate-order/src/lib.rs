//! Checks an order against its own rules and the catalogue. Reads the inventory table, writes nothing.

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use order_core::{FieldError, Order, OrderError, OrderLine, StockItem};
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
    let (lines, mut complaints) = match Order::read(&event.order) {
        Ok(order) => (order.lines().iter().cloned().enumerate().collect(), Vec::new()),
        // The lines that can be read are compared with the catalogue all the same: every bad field is named.
        Err(complaints) => (Order::readable_lines(&event.order), complaints),
    };
    let catalogue = look_up(&lines, deps).await?;
    complaints.extend(compare(&lines, &catalogue));
    let order = match Order::read(&event.order) {
        Ok(order) if complaints.is_empty() => order,
        _ => return Err(OrderError::InvalidOrder(complaints).into()),
    };
    tracing::info!(total = %order.total(), lines = order.lines().len(), "the order is valid");
    Ok(order.to_value())
}

async fn look_up(lines: &[(usize, OrderLine)], deps: &Deps) -> Result<Vec<StockItem>, OrderError> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let table = &deps.tables.inventory;
    let keys =
        lines.iter().map(|(_, line)| [("sku".to_owned(), AttributeValue::S(line.sku.to_string()))].into()).collect();
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

/// What the catalogue says against the lines.
fn compare(lines: &[(usize, OrderLine)], catalogue: &[StockItem]) -> Vec<FieldError> {
    let complaint = |(index, line): &(usize, OrderLine)| match catalogue.iter().find(|item| item.sku == line.sku) {
        None => Some(FieldError::new(format!("lines[{index}].sku"), format!("there is no SKU {}", line.sku))),
        Some(item) if item.unit_price != line.unit_price => Some(FieldError::new(
            format!("lines[{index}].unitPrice"),
            format!("is {}, but {} costs {}", line.unit_price, line.sku, item.unit_price),
        )),
        Some(_) => None,
    };
    lines.iter().filter_map(complaint).collect()
}
