//! What the tables keep of an order, and its mapping to items. The key design stands at the top of the crate.

use serde::Serialize;
use serde_json::Value;

use crate::item::{Attribute, Item, ItemError};
use crate::{Currency, Money, OrderId, OrderStatus, Sku};

/// The index that lists orders by status, newest last.
pub const BY_STATUS: &str = "by-status";

/// The keys of the orders table.
pub mod keys {
    use crate::{OrderId, OrderStatus};

    /// The partition key's attribute.
    pub const PK: &str = "PK";
    /// The sort key's attribute.
    pub const SK: &str = "SK";
    /// The index's partition key.
    pub const GSI1PK: &str = "GSI1PK";
    /// The index's sort key.
    pub const GSI1SK: &str = "GSI1SK";
    /// The sort key of the order itself.
    pub const ORDER: &str = "ORDER";
    /// The sort key of its charge.
    pub const PAYMENT: &str = "PAYMENT";
    /// The sort key of its reservation.
    pub const RESERVATION: &str = "RESERVATION";

    /// The partition of an order.
    pub fn order(id: &OrderId) -> String {
        format!("ORDER#{id}")
    }

    /// The index partition of a status.
    pub fn status(status: OrderStatus) -> String {
        format!("STATUS#{status}")
    }

    /// The index sort key: the time first, so that it sorts by it. `updated_at` is RFC 3339 in UTC with milliseconds.
    pub fn updated(updated_at: &str, id: &OrderId) -> String {
        format!("{updated_at}#{id}")
    }
}

/// One step of an order's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The status that was entered.
    pub status: OrderStatus,
    /// When: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// Why.
    pub reason: String,
    /// The execution that did it, by its ARN.
    pub execution: String,
}

impl HistoryEntry {
    /// The entry as a map of the history list.
    pub fn to_item(&self) -> Item {
        Item::new()
            .with("status", self.status.as_str())
            .with("at", self.at.as_str())
            .with("reason", self.reason.as_str())
            .with("execution", self.execution.as_str())
    }

    fn from_item(item: &Item) -> Result<Self, ItemError> {
        Ok(Self {
            status: status(item)?,
            at: item.text("at")?.to_owned(),
            reason: item.text("reason")?.to_owned(),
            execution: item.text("execution")?.to_owned(),
        })
    }
}

/// The `ORDER` item.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRecord {
    /// The order's identity.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was taken in: RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// When its status last changed, in the same form.
    pub updated_at: String,
    /// The execution that handles it, by its ARN.
    pub execution: String,
    /// The order as it came in, valid or not.
    pub order: Value,
    /// The task token that an approval answers with, while one is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_token: Option<String>,
    /// Every status that it went through, oldest first.
    pub history: Vec<HistoryEntry>,
}

impl OrderRecord {
    /// The item, with its keys and index keys.
    pub fn to_item(&self) -> Item {
        let history = self.history.iter().map(|entry| Attribute::Map(entry.to_item())).collect();
        let item = Item::new()
            .with(keys::PK, keys::order(&self.order_id))
            .with(keys::SK, keys::ORDER)
            .with(keys::GSI1PK, keys::status(self.status))
            .with(keys::GSI1SK, keys::updated(&self.updated_at, &self.order_id))
            .with("orderId", self.order_id.as_str())
            .with("status", self.status.as_str())
            .with("createdAt", self.created_at.as_str())
            .with("updatedAt", self.updated_at.as_str())
            .with("execution", self.execution.as_str())
            // The document is kept as text: it may be any JSON, and DynamoDB's maps nest 32 deep at most.
            .with("order", self.order.to_string())
            .with("history", Attribute::List(history));
        match &self.approval_token {
            Some(token) => item.with("approvalToken", token.as_str()),
            None => item,
        }
    }

    /// Reads the item back.
    ///
    /// # Errors
    /// The first attribute that is not as we write it.
    pub fn from_item(item: &Item) -> Result<Self, ItemError> {
        Ok(Self {
            order_id: order_id(item)?,
            status: status(item)?,
            created_at: item.text("createdAt")?.to_owned(),
            updated_at: item.text("updatedAt")?.to_owned(),
            execution: item.text("execution")?.to_owned(),
            order: item.parsed("order", "a JSON document", |text| serde_json::from_str(text).ok())?,
            approval_token: item.text_or_none("approvalToken").map(ToOwned::to_owned),
            history: item.maps("history")?.into_iter().map(HistoryEntry::from_item).collect::<Result<_, _>>()?,
        })
    }

    /// The order's total, when the document has a readable one.
    pub fn total(&self) -> Option<Money> {
        let currency: Currency = self.order.get("currency")?.as_str()?.parse().ok()?;
        Some(Money::new(self.order.get("total")?.as_i64()?, currency))
    }

    /// The customer's name, when the document has one.
    pub fn customer(&self) -> Option<&str> {
        self.order.get("customer")?.get("name")?.as_str()
    }
}

/// What became of an order's payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentState {
    /// The customer was charged.
    Charged,
    /// Given back, or forbidden before it happened: no charge may follow.
    Voided,
}

/// The `PAYMENT` item. Its being there at most once is what charges an order at most once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// Charged or voided.
    pub state: PaymentState,
    /// The amount, as shown: `89.00 EUR`. Empty in a tombstone.
    pub amount: String,
    /// The gateway's own identity of the charge.
    pub reference: String,
    /// When the state was entered: RFC 3339, UTC, milliseconds.
    pub at: String,
}

impl Payment {
    /// The item, with its keys.
    pub fn to_item(&self, order: &OrderId) -> Item {
        Item::new()
            .with(keys::PK, keys::order(order))
            .with(keys::SK, keys::PAYMENT)
            .with("paymentState", self.state.as_str())
            .with("amount", self.amount.as_str())
            .with("reference", self.reference.as_str())
            .with("at", self.at.as_str())
    }

    /// Reads the item back.
    ///
    /// # Errors
    /// The first attribute that is not as we write it.
    pub fn from_item(item: &Item) -> Result<Self, ItemError> {
        Ok(Self {
            state: item.parsed("paymentState", "CHARGED or VOIDED", |text| match text {
                "CHARGED" => Some(PaymentState::Charged),
                "VOIDED" => Some(PaymentState::Voided),
                _ => None,
            })?,
            amount: item.text("amount")?.to_owned(),
            reference: item.text("reference")?.to_owned(),
            at: item.text("at")?.to_owned(),
        })
    }
}

impl PaymentState {
    /// The name as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Charged => "CHARGED",
            Self::Voided => "VOIDED",
        }
    }
}

/// Whether reserved pieces are still set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReservationState {
    /// Set aside for the order.
    Held,
    /// Given back.
    Released,
}

impl ReservationState {
    /// The name as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "HELD",
            Self::Released => "RELEASED",
        }
    }
}

/// The `RESERVATION` item. Its being there at most once is what reserves once an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reservation {
    /// Held or given back.
    pub state: ReservationState,
    /// The pieces of each SKU.
    pub lines: Vec<(Sku, u32)>,
}

impl Reservation {
    /// The item, with its keys.
    pub fn to_item(&self, order: &OrderId) -> Item {
        let lines = self
            .lines
            .iter()
            .map(|(sku, quantity)| Attribute::Map(Item::new().with("sku", sku.as_str()).with("quantity", *quantity)))
            .collect();
        Item::new()
            .with(keys::PK, keys::order(order))
            .with(keys::SK, keys::RESERVATION)
            .with("reservationState", self.state.as_str())
            .with("lines", Attribute::List(lines))
    }

    /// Reads the item back.
    ///
    /// # Errors
    /// The first attribute that is not as we write it.
    pub fn from_item(item: &Item) -> Result<Self, ItemError> {
        let state = item.parsed("reservationState", "HELD or RELEASED", |text| match text {
            "HELD" => Some(ReservationState::Held),
            "RELEASED" => Some(ReservationState::Released),
            _ => None,
        })?;
        let line = |line: &Item| {
            let sku = line.parsed("sku", "an SKU", |text| Sku::new(text).ok())?;
            Ok((sku, line.whole("quantity")?))
        };
        let lines = item.maps("lines")?.into_iter().map(line).collect::<Result<_, _>>()?;
        Ok(Self { state, lines })
    }
}

/// An item of the inventory table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockItem {
    /// The key.
    pub sku: Sku,
    /// What it is called.
    pub name: String,
    /// The price of a piece.
    pub unit_price: Money,
    /// Pieces that can be ordered.
    pub available: u32,
    /// Pieces set aside for orders.
    pub reserved: u32,
}

impl StockItem {
    /// The item, with its key.
    pub fn to_item(&self) -> Item {
        Item::new()
            .with("sku", self.sku.as_str())
            .with("name", self.name.as_str())
            .with("unitPrice", self.unit_price.minor())
            .with("currency", self.unit_price.currency().code())
            .with("available", self.available)
            .with("reserved", self.reserved)
    }

    /// Reads the item back.
    ///
    /// # Errors
    /// The first attribute that is not as we write it.
    pub fn from_item(item: &Item) -> Result<Self, ItemError> {
        let currency = item.parsed("currency", "a currency", |text| text.parse().ok())?;
        Ok(Self {
            sku: item.parsed("sku", "an SKU", |text| Sku::new(text).ok())?,
            name: item.text("name")?.to_owned(),
            unit_price: Money::new(item.whole("unitPrice")?, currency),
            available: item.whole("available")?,
            reserved: item.whole("reserved")?,
        })
    }
}

fn status(item: &Item) -> Result<OrderStatus, ItemError> {
    item.parsed("status", "an order status", |text| text.parse().ok())
}

fn order_id(item: &Item) -> Result<OrderId, ItemError> {
    item.parsed("orderId", "an order id", |text| OrderId::new(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_read_back_as_written() {
        let order = OrderRecord {
            order_id: OrderId::new("ord-1").unwrap(),
            status: OrderStatus::AwaitingApproval,
            created_at: "2026-01-01T00:00:00.000Z".into(),
            updated_at: "2026-01-01T00:00:01.000Z".into(),
            execution: "arn:x".into(),
            order: serde_json::json!({"total": 5, "currency": "JPY", "odd": [null]}),
            approval_token: Some("token".into()),
            history: vec![HistoryEntry {
                status: OrderStatus::Received,
                at: "2026-01-01T00:00:00.000Z".into(),
                reason: "taken in".into(),
                execution: "arn:x".into(),
            }],
        };
        assert_eq!(OrderRecord::from_item(&order.to_item()), Ok(order.clone()));
        assert_eq!(order.total().unwrap().to_string(), "5 JPY");

        let reservation = Reservation { state: ReservationState::Held, lines: vec![(Sku::new("KB-75").unwrap(), 2)] };
        assert_eq!(Reservation::from_item(&reservation.to_item(&order.order_id)), Ok(reservation));

        let payment = Payment {
            state: PaymentState::Charged,
            amount: "5 JPY".into(),
            reference: "ch_1".into(),
            at: "2026-01-01T00:00:00.000Z".into(),
        };
        assert_eq!(Payment::from_item(&payment.to_item(&order.order_id)), Ok(payment));

        let stock = StockItem {
            sku: Sku::new("KB-75").unwrap(),
            name: "Keyboard".into(),
            unit_price: Money::new(8900, Currency::Eur),
            available: 3,
            reserved: 1,
        };
        assert_eq!(StockItem::from_item(&stock.to_item()), Ok(stock));
    }

    #[test]
    fn a_foreign_item_names_the_attribute() {
        let error =
            OrderRecord::from_item(&Item::new().with("orderId", "ord-1").with("status", "SHIPPED")).unwrap_err();
        assert_eq!(error.to_string(), "attribute status is missing or not an order status");
    }
}
