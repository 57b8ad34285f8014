//! The form that submits an order: which sample, and its text as it is being edited.

use order_core::OrderId;

/// An order id made of random hexadecimal digits, which whoever calls brings along.
///
/// # Panics
/// Never: what is left of the digits is always of the id's form.
pub fn new_order_id(random: &str) -> OrderId {
    let digits: String = random.chars().filter(char::is_ascii_hexdigit).take(12).collect();
    OrderId::new(format!("ord-{digits}")).unwrap_or_else(|_| unreachable!("hexadecimal digits are of the form"))
}
