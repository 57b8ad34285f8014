//! The orders table. Its key design stands in `order-core`.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use order_core::{BY_STATUS, OrderId, OrderRecord, OrderStatus, Payment, Reservation, StockItem, keys};
use order_store::{from_sdk, to_sdk};

use super::{Cloud, CloudError};
use crate::facts::{Millis, OrderFacts, OrdersAsked, OrdersPage};

impl Cloud {
    /// An order with all that its partition holds, in one query; `None` when there is none.
    ///
    /// # Errors
    /// What the cloud answered, or an item that is not as we write it.
    pub async fn order(&self, table: &str, id: &OrderId) -> Result<Option<OrderFacts>, CloudError> {
        let action = format!("read order {id}");
        let answer = self
            .dynamodb
            .query()
            .table_name(table)
            .key_condition_expression(format!("{} = :order", keys::PK))
            .expression_attribute_values(":order", AttributeValue::S(keys::order(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| CloudError::of(&action, &error))?;
        let unreadable = |error: order_core::ItemError| CloudError::unreadable(&action, error.to_string());
        let (mut record, mut payment, mut reservation) = (None, None, None);
        for item in answer.items.unwrap_or_default() {
            let item = from_sdk(&item);
            match item.text_or_none(keys::SK) {
                Some(keys::ORDER) => record = Some(OrderRecord::from_item(&item).map_err(unreadable)?),
                Some(keys::PAYMENT) => payment = Some(Payment::from_item(&item).map_err(unreadable)?),
                Some(keys::RESERVATION) => reservation = Some(Reservation::from_item(&item).map_err(unreadable)?),
                _ => {}
            }
        }
        Ok(record.map(|record| OrderFacts { record, payment, reservation }))
    }

    /// Orders that are asked for, those that changed last first, at most `most`.
    ///
    /// # Errors
    /// As of [`Self::order`].
    pub async fn orders(&self, table: &str, asked: &OrdersAsked, most: usize) -> Result<OrdersPage, CloudError> {
        let statuses = asked.statuses.clone().unwrap_or_else(|| OrderStatus::ALL.to_vec());
        let queries = statuses.into_iter().map(|status| self.orders_of_status(table, status, asked, most));
        let mut page = OrdersPage::default();
        for answer in futures::future::join_all(queries).await {
            let (orders, has_more) = answer?;
            page.orders.extend(orders);
            page.has_more |= has_more;
        }
        page.orders
            .sort_by(|left, right| (&right.updated_at, &right.order_id).cmp(&(&left.updated_at, &left.order_id)));
        page.has_more |= page.orders.len() > most;
        page.orders.truncate(most);
        Ok(page)
    }

    /// Those of one status, and whether there are more.
    async fn orders_of_status(
        &self,
        table: &str,
        status: OrderStatus,
        asked: &OrdersAsked,
        most: usize,
    ) -> Result<(Vec<OrderRecord>, bool), CloudError> {
        let action = "list the orders";
        let from = asked.from.map(written);
        // Sort keys go on behind the time, so what is not after a time is before the next millisecond.
        let until = asked.until.map(|until| written(until.saturating_add(1)));
        let cursor = asked.older_than.as_ref().map(|(changed, id)| keys::updated(changed, id));
        let upper = match (until, cursor) {
            (Some(until), Some(cursor)) => Some(until.min(cursor)),
            (until, cursor) => until.or(cursor),
        };
        let bounds = match (&from, &upper) {
            // No range of a table's may end before it begins.
            (Some(from), Some(upper)) if from > upper => return Ok((Vec::new(), false)),
            (Some(_), Some(_)) => format!(" AND {} BETWEEN :from AND :upper", keys::GSI1SK),
            (Some(_), None) => format!(" AND {} >= :from", keys::GSI1SK),
            (None, Some(_)) => format!(" AND {} < :upper", keys::GSI1SK),
            (None, None) => String::new(),
        };
        let mut query = self
            .dynamodb
            .query()
            .table_name(table)
            .index_name(BY_STATUS)
            .key_condition_expression(format!("{} = :status{bounds}", keys::GSI1PK))
            .expression_attribute_values(":status", AttributeValue::S(keys::status(status)));
        for (name, value) in [(":from", from), (":upper", upper)] {
            if let Some(value) = value {
                query = query.expression_attribute_values(name, AttributeValue::S(value));
            }
        }
        // One more, which tells that there are more; and one that the range of two ends has too many.
        let read = most.saturating_add(2);
        let limit = i32::try_from(read).unwrap_or(i32::MAX);
        let mut pages = query.scan_index_forward(false).limit(limit).into_paginator().send();
        let mut records = Vec::new();
        while records.len() < read
            && let Some(page) = pages.next().await
        {
            let page = page.map_err(|error| CloudError::of(action, &error))?;
            for item in page.items.unwrap_or_default() {
                let record = OrderRecord::from_item(&from_sdk(&item))
                    .map_err(|error| CloudError::unreadable(action, error.to_string()))?;
                records.push(record);
            }
        }
        if let Some((changed, id)) = &asked.older_than {
            records.retain(|record| (&record.updated_at, &record.order_id) < (changed, id));
        }
        let has_more = records.len() > most;
        records.truncate(most);
        Ok((records, has_more))
    }

    /// The names of all tables.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn tables(&self) -> Result<Vec<String>, CloudError> {
        let answer =
            self.dynamodb.list_tables().send().await.map_err(|error| CloudError::of("list the tables", &error))?;
        Ok(answer.table_names.unwrap_or_default())
    }

    /// Creates the orders table.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn create_orders_table(&self, table: &str) -> Result<(), CloudError> {
        let action = format!("create the table {table}");
        let refused = |error: aws_sdk_dynamodb::error::BuildError| CloudError::unreadable(&action, error.to_string());
        let attribute = |name: &str| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
        };
        let key = |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let index = GlobalSecondaryIndex::builder()
            .index_name(BY_STATUS)
            .key_schema(key(keys::GSI1PK, KeyType::Hash).map_err(refused)?)
            .key_schema(key(keys::GSI1SK, KeyType::Range).map_err(refused)?)
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .map_err(refused)?;
        let mut create = self
            .dynamodb
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key(keys::PK, KeyType::Hash).map_err(refused)?)
            .key_schema(key(keys::SK, KeyType::Range).map_err(refused)?)
            .global_secondary_indexes(index);
        for name in [keys::PK, keys::SK, keys::GSI1PK, keys::GSI1SK] {
            create = create.attribute_definitions(attribute(name).map_err(refused)?);
        }
        create.send().await.map_err(|error| CloudError::of(&action, &error))?;
        Ok(())
    }

    /// Creates the inventory table and fills it.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn create_inventory_table(&self, table: &str, stock: &[StockItem]) -> Result<(), CloudError> {
        let action = format!("create the table {table}");
        let refused = |error: aws_sdk_dynamodb::error::BuildError| CloudError::unreadable(&action, error.to_string());
        let attribute = AttributeDefinition::builder()
            .attribute_name("sku")
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(refused)?;
        let key = KeySchemaElement::builder().attribute_name("sku").key_type(KeyType::Hash).build().map_err(refused)?;
        self.dynamodb
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute)
            .key_schema(key)
            .send()
            .await
            .map_err(|error| CloudError::of(&action, &error))?;
        for item in stock {
            self.put_stock(table, item).await?;
        }
        Ok(())
    }

    /// Sets what is on stock of an SKU.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn put_stock(&self, table: &str, item: &StockItem) -> Result<(), CloudError> {
        self.dynamodb
            .put_item()
            .table_name(table)
            .set_item(Some(to_sdk(item.to_item())))
            .send()
            .await
            .map_err(|error| CloudError::of(format!("stock {}", item.sku), &error))?;
        Ok(())
    }
}

/// A time as the tables keep it: RFC 3339, UTC, milliseconds. Beyond what can be written, the first or the last.
fn written(at: Millis) -> String {
    let least = if at < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at).unwrap_or(least).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
