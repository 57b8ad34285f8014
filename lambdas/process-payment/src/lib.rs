//! Charges an order, at most once, and takes the charge back when the order fails.
//!
//! The `PAYMENT` item is what makes it once: it is written only where there is none. Voiding an order that was never
//! charged leaves the item as a tombstone, so that a charge that is still on its way (the function outlives the state's
//! timeout) finds it taken.

mod gateway;

use aws_sdk_dynamodb::types::AttributeValue;
use order_core::{Currency, Money, OrderError, OrderId, Payment, PaymentState, PaymentToken, keys};
use order_lambda::{Deps, Fault, Handling, read_event};
use order_store::{store_error, to_sdk, unreadable};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the function is called with.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Event {
    /// Charges the order.
    Charge {
        order_id: OrderId,
        /// Minor units.
        amount: i64,
        currency: Currency,
        token: PaymentToken,
        /// How often it was tried before.
        #[serde(default)]
        attempt: u32,
    },
    /// Takes the charge back, or forbids one.
    Void { order_id: OrderId },
}

/// [`handle`] as the surroundings call it.
pub fn handler(event: Value, deps: Deps) -> Handling {
    Box::pin(async move { handle(event, &deps).await })
}

/// Charges or voids. Repeats are harmless.
///
/// # Errors
/// `PaymentDeclined`, `PaymentGatewayUnavailable`, `UnexpectedGatewayAnswer`, `StoreUnavailable`, `StoreRefused`, `BadEvent`.
pub async fn handle(event: Value, deps: &Deps) -> Result<Value, Fault> {
    match read_event(event)? {
        Event::Charge { order_id, amount, currency, token, attempt } => {
            charge(&order_id, Money::new(amount, currency), &token, attempt, deps).await
        }
        Event::Void { order_id } => void(&order_id, deps).await,
    }
}

async fn charge(
    order: &OrderId,
    amount: Money,
    token: &PaymentToken,
    attempt: u32,
    deps: &Deps,
) -> Result<Value, Fault> {
    if let Some(payment) = payment_of(order, deps).await? {
        return settled(order, &payment);
    }
    tracing::info!(%amount, attempt, "asking the gateway");
    gateway::charge(token, attempt).await?;
    // The order's id is the gateway's idempotency key, so the reference is the same however often we ask.
    let payment = Payment {
        state: PaymentState::Charged,
        amount: amount.to_string(),
        reference: format!("ch_{order}"),
        at: deps.now(),
    };
    if put_if_none(order, &payment, deps).await? {
        tracing::info!(%amount, reference = payment.reference, "charged");
        return settled(order, &payment);
    }
    let standing = payment_of(order, deps).await?;
    // The order was given up while the gateway was still busy with it.
    if standing.as_ref().is_some_and(|standing| standing.state == PaymentState::Voided) {
        gateway::refund(&payment.reference);
    }
    settled(order, &standing.ok_or_else(|| OrderError::StoreUnavailable("the payment vanished".into()))?)
}

fn settled(order: &OrderId, payment: &Payment) -> Result<Value, Fault> {
    match payment.state {
        PaymentState::Charged => {
            Ok(json!({"orderId": order, "amount": payment.amount, "reference": payment.reference, "at": payment.at}))
        }
        PaymentState::Voided => Err(OrderError::PaymentDeclined("the payment was voided before".into()).into()),
    }
}

async fn void(order: &OrderId, deps: &Deps) -> Result<Value, Fault> {
    let tombstone =
        Payment { state: PaymentState::Voided, amount: String::new(), reference: String::new(), at: deps.now() };
    let refunded = !put_if_none(order, &tombstone, deps).await? && mark_voided(order, deps).await?;
    tracing::info!(refunded, "voided the payment");
    Ok(json!({"orderId": order, "refunded": refunded}))
}

/// Turns a charge into a voided one. `false` when it was voided before.
async fn mark_voided(order: &OrderId, deps: &Deps) -> Result<bool, OrderError> {
    let updated = deps
        .tables
        .dynamodb
        .update_item()
        .table_name(&deps.tables.orders)
        .key(keys::PK, AttributeValue::S(keys::order(order)))
        .key(keys::SK, AttributeValue::S(keys::PAYMENT.into()))
        .update_expression("SET paymentState = :voided, #at = :at")
        .condition_expression("paymentState = :charged")
        .expression_attribute_names("#at", "at")
        .expression_attribute_values(":voided", AttributeValue::S(PaymentState::Voided.as_str().into()))
        .expression_attribute_values(":charged", AttributeValue::S(PaymentState::Charged.as_str().into()))
        .expression_attribute_values(":at", AttributeValue::S(deps.now()))
        .send()
        .await;
    match updated {
        Ok(_) => {
            gateway::refund(&format!("ch_{order}"));
            Ok(true)
        }
        Err(error) if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) => {
            Ok(false)
        }
        Err(error) => Err(store_error(&error)),
    }
}

/// Writes the payment where there is none. `false` when there is one.
async fn put_if_none(order: &OrderId, payment: &Payment, deps: &Deps) -> Result<bool, OrderError> {
    let put = deps
        .tables
        .dynamodb
        .put_item()
        .table_name(&deps.tables.orders)
        .set_item(Some(to_sdk(payment.to_item(order))))
        .condition_expression(format!("attribute_not_exists({})", keys::PK))
        .send()
        .await;
    match put {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) => {
            Ok(false)
        }
        Err(error) => Err(store_error(&error)),
    }
}

async fn payment_of(order: &OrderId, deps: &Deps) -> Result<Option<Payment>, OrderError> {
    let item = deps.tables.order_item(order, keys::PAYMENT).await?;
    item.map(|item| Payment::from_item(&item)).transpose().map_err(|error| unreadable(&error))
}
