//! What an order is: the words that the Lambda functions and the dashboard share.
//!
//! Values in, values out. Never reads a clock, never calls a service, never names an AWS type.
//!
//! # The orders table
//!
//! Everything about one order shares one partition, so that one `Query` reads it whole:
//!
//! | `PK` | `SK` | what | written by |
//! |---|---|---|---|
//! | `ORDER#<order id>` | `ORDER` | the order, its status and its status history (a list) | update-order-status |
//! | `ORDER#<order id>` | `PAYMENT` | the one charge, or the tombstone that forbids one | process-payment |
//! | `ORDER#<order id>` | `RESERVATION` | the reserved lines | check-inventory, release-inventory |
//!
//! The history is a list inside the `ORDER` item, because a status and its history entry have to change in one
//! conditional write; an order passes through fewer than ten statuses. The index [`BY_STATUS`] (`GSI1PK` = `STATUS#<status>`,
//! `GSI1SK` = `<updated at>#<order id>`) lists orders by status; read backwards it gives the newest first. Only `ORDER`
//! items carry the index keys, so the other items never appear in it.
//!
//! The inventory table has one item a SKU, with `sku` as its only key: name, unit price, currency, `available`, `reserved`.

mod error;
mod item;
mod money;
mod order;
mod record;
mod sample;
mod status;

pub use error::{OrderError, Shortage};
pub use item::{Attribute, Item, ItemError};
pub use money::{Currency, Money, MoneyError};
pub use order::{Customer, Email, FieldError, MAX_LINES, MAX_QUANTITY, Order, OrderId, OrderLine, PaymentToken, Sku};
pub use record::{
    BY_STATUS, HistoryEntry, OrderRecord, Payment, PaymentState, Reservation, ReservationState, StockItem, keys,
};
pub use sample::{Sample, SampleError};
pub use status::{OrderStatus, UnknownStatus};
