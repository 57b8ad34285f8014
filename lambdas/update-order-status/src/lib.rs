//! The only writer of an order's status: sets it and appends to the history in one conditional write.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use order_core::{Attribute, HistoryEntry, OrderError, OrderId, OrderRecord, OrderStatus, keys};
use order_lambda::{Deps, Fault, Handling, read_event};
use order_store::{SdkItem, attribute, from_sdk, store_error, to_sdk, unreadable};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the function is called with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    order_id: OrderId,
    execution: String,
    status: OrderStatus,
    reason: String,
    /// The order as it came in; with the status `RECEIVED` only.
    order: Option<Value>,
    /// What answers the waiting task; with the status `AWAITING_APPROVAL` only.
    task_token: Option<String>,
}

/// [`handle`] as the surroundings call it.
pub fn handler(event: Value, deps: Deps) -> Handling {
    Box::pin(async move { handle(event, &deps).await })
}

/// Brings the order into the status. A repeat by the same execution changes nothing.
///
/// # Errors
/// `IllegalTransition`, `OrderNotFound`, `StoreUnavailable`, `StoreRefused`, `BadEvent`.
pub async fn handle(event: Value, deps: &Deps) -> Result<Value, Fault> {
    let event: Event = read_event(event)?;
    let at = deps.now();
    let entry = HistoryEntry {
        status: event.status,
        at: at.clone(),
        reason: event.reason.clone(),
        execution: event.execution.clone(),
    };
    let present = match event.status {
        OrderStatus::Received => create(&event, entry, &at, deps).await?,
        _ => change(&event, entry, &at, deps).await?,
    };
    match present {
        None => tracing::info!(status = event.status.as_str(), reason = event.reason, "status changed"),
        Some(record) if record.status == event.status && is_by(&record, &event) => {
            // A task that is tried again waits with another token; the old one answers nobody.
            if let Some(token) =
                event.task_token.as_deref().filter(|token| record.approval_token.as_deref() != Some(token))
            {
                renew(&event, token, deps).await?;
            }
            tracing::info!(status = event.status.as_str(), "the status was set before");
        }
        Some(record) => {
            return Err(
                OrderError::IllegalTransition { order: event.order_id, from: record.status, to: event.status }.into()
            );
        }
    }
    Ok(json!({"orderId": event.order_id, "status": event.status, "at": at}))
}

/// Puts the token of the try that waits now in the place of an older one.
async fn renew(event: &Event, token: &str, deps: &Deps) -> Result<(), OrderError> {
    deps.tables
        .dynamodb
        .update_item()
        .table_name(&deps.tables.orders)
        .key(keys::PK, AttributeValue::S(keys::order(&event.order_id)))
        .key(keys::SK, AttributeValue::S(keys::ORDER.into()))
        .update_expression("SET approvalToken = :token")
        .condition_expression("#status = :status")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":token", text(token))
        .expression_attribute_values(":status", text(event.status.as_str()))
        .send()
        .await
        .map_err(|error| store_error(&error))?;
    Ok(())
}

fn is_by(record: &OrderRecord, event: &Event) -> bool {
    record.history.last().is_some_and(|last| last.execution == event.execution)
}

/// Writes the first status. `Some` is what stands there already.
async fn create(event: &Event, entry: HistoryEntry, at: &str, deps: &Deps) -> Result<Option<OrderRecord>, OrderError> {
    let record = OrderRecord {
        order_id: event.order_id.clone(),
        status: event.status,
        created_at: at.to_owned(),
        updated_at: at.to_owned(),
        execution: event.execution.clone(),
        order: event.order.clone().unwrap_or(Value::Null),
        approval_token: None,
        history: vec![entry],
    };
    let put = deps
        .tables
        .dynamodb
        .put_item()
        .table_name(&deps.tables.orders)
        .set_item(Some(to_sdk(record.to_item())))
        .condition_expression(format!("attribute_not_exists({})", keys::PK))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let Err(error) = put else { return Ok(None) };
    match error.as_service_error() {
        Some(aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(refusal)) => {
            standing(refusal.item(), event)
        }
        _ => Err(store_error(&error)),
    }
}

/// Writes a later status. `Some` is the record whose status it may not follow.
async fn change(event: &Event, entry: HistoryEntry, at: &str, deps: &Deps) -> Result<Option<OrderRecord>, OrderError> {
    let before = event.status.follows();
    let names: Vec<String> = (0..before.len()).map(|index| format!(":before{index}")).collect();
    let approval = if event.task_token.is_some() { ", approvalToken = :token" } else { " REMOVE approvalToken" };
    let mut update = deps
        .tables
        .dynamodb
        .update_item()
        .table_name(&deps.tables.orders)
        .key(keys::PK, AttributeValue::S(keys::order(&event.order_id)))
        .key(keys::SK, AttributeValue::S(keys::ORDER.into()))
        .update_expression(format!(
            "SET #status = :status, updatedAt = :at, {} = :gsi1pk, {} = :gsi1sk, history = list_append(history, :entry){approval}",
            keys::GSI1PK,
            keys::GSI1SK,
        ))
        .condition_expression(format!("#status IN ({})", names.join(", ")))
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":status", text(event.status.as_str()))
        .expression_attribute_values(":at", text(at))
        .expression_attribute_values(":gsi1pk", text(&keys::status(event.status)))
        .expression_attribute_values(":gsi1sk", text(&keys::updated(at, &event.order_id)))
        .expression_attribute_values(":entry", attribute(Attribute::List(vec![Attribute::Map(entry.to_item())])))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    for (name, status) in names.into_iter().zip(before) {
        update = update.expression_attribute_values(name, text(status.as_str()));
    }
    if let Some(token) = &event.task_token {
        update = update.expression_attribute_values(":token", text(token));
    }
    let Err(error) = update.send().await else { return Ok(None) };
    match error.as_service_error() {
        Some(aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(refusal)) => {
            standing(refusal.item(), event)
        }
        _ => Err(store_error(&error)),
    }
}

fn standing(item: Option<&SdkItem>, event: &Event) -> Result<Option<OrderRecord>, OrderError> {
    let item = item.filter(|item| !item.is_empty()).ok_or_else(|| OrderError::OrderNotFound(event.order_id.clone()))?;
    OrderRecord::from_item(&from_sdk(item)).map(Some).map_err(|error| unreadable(&error))
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}
