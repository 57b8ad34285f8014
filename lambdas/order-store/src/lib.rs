//! The tables through the AWS SDK: attribute values to and from [`order_core::Item`], and the SDK's errors as ours.
//!
//! Knows no order logic: what is written when is the functions' business.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};
use order_core::{Attribute, Item, ItemError, OrderError, OrderId, keys};

/// An item as the SDK has it.
pub type SdkItem = HashMap<String, AttributeValue>;

/// The two tables and the client that reaches them.
#[derive(Clone, Debug)]
pub struct Tables {
    /// The client.
    pub dynamodb: Client,
    /// The orders table's name.
    pub orders: String,
    /// The inventory table's name.
    pub inventory: String,
}

impl Tables {
    /// The item of an order's partition under the sort key `sk`, read consistently.
    ///
    /// # Errors
    /// What DynamoDB answered.
    pub async fn order_item(&self, order: &OrderId, sk: &str) -> Result<Option<Item>, OrderError> {
        let answer = self
            .dynamodb
            .get_item()
            .table_name(&self.orders)
            .key(keys::PK, AttributeValue::S(keys::order(order)))
            .key(keys::SK, AttributeValue::S(sk.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(answer.item.map(|item| from_sdk(&item)))
    }
}

/// The item as the SDK takes it.
pub fn to_sdk(item: Item) -> SdkItem {
    item.0.into_iter().map(|(name, value)| (name, attribute(value))).collect()
}

/// The attribute as the SDK takes it.
pub fn attribute(value: Attribute) -> AttributeValue {
    match value {
        Attribute::Text(text) => AttributeValue::S(text),
        Attribute::Number(number) => AttributeValue::N(number),
        Attribute::Bool(truth) => AttributeValue::Bool(truth),
        Attribute::Null => AttributeValue::Null(true),
        Attribute::List(list) => AttributeValue::L(list.into_iter().map(attribute).collect()),
        Attribute::Map(map) => AttributeValue::M(to_sdk(map)),
    }
}

/// The SDK's item as ours. Attributes of types that our tables never hold (binary, sets) are left out.
pub fn from_sdk(item: &SdkItem) -> Item {
    Item(item.iter().filter_map(|(name, value)| Some((name.clone(), from_attribute(value)?))).collect())
}

fn from_attribute(value: &AttributeValue) -> Option<Attribute> {
    Some(match value {
        AttributeValue::S(text) => Attribute::Text(text.clone()),
        AttributeValue::N(number) => Attribute::Number(number.clone()),
        AttributeValue::Bool(truth) => Attribute::Bool(*truth),
        AttributeValue::Null(_) => Attribute::Null,
        AttributeValue::L(list) => Attribute::List(list.iter().filter_map(from_attribute).collect()),
        AttributeValue::M(map) => Attribute::Map(from_sdk(map)),
        _ => return None,
    })
}

/// Sorts an SDK error into "trying again may help" and "it will not".
pub fn store_error<E, R>(error: &SdkError<E, R>) -> OrderError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let sentence = aws_sdk_dynamodb::error::DisplayErrorContext(error).to_string();
    match (error, error.code()) {
        (SdkError::ServiceError(_), Some(code)) if !is_transient(code) => {
            OrderError::StoreRefused(format!("{code}: {}", error.message().unwrap_or("no message")))
        }
        (SdkError::ServiceError(_), Some(code)) => OrderError::StoreUnavailable(code.to_owned()),
        _ => OrderError::StoreUnavailable(sentence),
    }
}

/// Why each write of a transaction was refused, in their order, when that is why it failed.
pub fn cancellation_reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<&[CancellationReason]> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => Some(canceled.cancellation_reasons()),
        _ => None,
    }
}

/// An item that we cannot read is refused: trying again reads the same.
pub fn unreadable(error: &ItemError) -> OrderError {
    OrderError::StoreRefused(error.to_string())
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>, the column "OK to retry?".
fn is_transient(code: &str) -> bool {
    matches!(
        code,
        "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "TransactionConflictException"
            | "TransactionInProgressException"
            | "InternalServerError"
            | "ServiceUnavailable"
            | "LimitExceededException"
    )
}
