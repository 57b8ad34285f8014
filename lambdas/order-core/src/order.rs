//! An order, valid by construction: the only way in is [`Order::read`], which names every bad field.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::{Currency, Money};

/// The most lines an order may have: a DynamoDB transaction takes 100 items, one of which is the reservation.
pub const MAX_LINES: usize = 50;
/// The most pieces of one SKU.
pub const MAX_QUANTITY: u32 = 1_000;

/// A field that is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Where, as a path into the order: `lines[1].quantity`.
    pub field: String,
    /// What is wrong with it and what is expected, without a full stop.
    pub problem: String,
}

impl FieldError {
    /// `problem` at `field`.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes the text if it is of the form.
            ///
            /// # Errors
            /// The expected form, as a sentence without a full stop.
            pub fn new(text: impl Into<String>) -> Result<Self, &'static str> {
                let text = text.into();
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) { Ok(Self(text)) } else { Err($expected) }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;
            fn try_from(text: String) -> Result<Self, &'static str> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_word(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

text_type!(
    /// An order's identity. It also names the execution, so it keeps to what Step Functions takes in a name.
    OrderId, "expected 1 to 64 letters, digits, '-' or '_'", |text| is_word(text, 64)
);
text_type!(
    /// A stock keeping unit.
    Sku, "expected 1 to 32 letters, digits, '-' or '_'", |text| is_word(text, 32)
);
text_type!(
    /// What the payment gateway knows the customer's means of payment by. In the simulated gateway it decides the answer.
    PaymentToken, "expected 1 to 64 letters, digits, '-' or '_'", |text| is_word(text, 64)
);
text_type!(
    /// An e-mail address: one `@` between a name and a domain with a dot. Delivery is the only real test of one.
    Email, "expected an e-mail address such as ada@example.com", |text| {
        text.len() <= 254
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
            && text.split_once('@').is_some_and(|(name, domain)| {
                !name.is_empty()
                    && !domain.contains('@')
                    && domain.split('.').count() > 1
                    && domain.split('.').all(|part| !part.is_empty())
            })
    }
);

/// Who ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// The customer's name, 1 to 100 characters.
    pub name: String,
    /// Where the confirmation goes.
    pub email: Email,
}

/// One line: so many pieces of an SKU at a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// What.
    pub sku: Sku,
    /// Pieces, 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
    /// The price of one piece.
    pub unit_price: Money,
}

/// A valid order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    id: OrderId,
    customer: Customer,
    lines: Vec<OrderLine>,
    total: Money,
    token: PaymentToken,
}

impl Order {
    /// Reads an order from JSON:
    ///
    /// ```json
    /// {"orderId": "ord-1", "customer": {"name": "Ada", "email": "ada@example.com"}, "currency": "EUR",
    ///  "lines": [{"sku": "KB-75", "quantity": 2, "unitPrice": 8900}], "total": 17800, "payment": {"token": "tok_approved"}}
    /// ```
    ///
    /// Amounts are minor units (cents).
    ///
    /// # Errors
    /// Every field that is missing or wrong, in the order of the document above.
    pub fn read(value: &Value) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader { errors: Vec::new() };
        let order = reader.order(value);
        match order {
            Some(order) if reader.errors.is_empty() => Ok(order),
            _ => Err(reader.errors),
        }
    }

    /// The lines that can be read, each with its place in the list: also of an order that is not valid.
    pub fn readable_lines(value: &Value) -> Vec<(usize, OrderLine)> {
        let mut reader = Reader { errors: Vec::new() };
        let currency = value.get("currency").and_then(Value::as_str).and_then(|code| code.parse().ok());
        let lines = value.get("lines").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut seen = BTreeSet::new();
        lines
            .iter()
            .take(MAX_LINES)
            .enumerate()
            .filter_map(|(index, line)| Some((index, reader.line(line, "", currency)?)))
            .filter(|(_, line)| seen.insert(line.sku.clone()))
            .collect()
    }

    /// The order's identity.
    pub fn id(&self) -> &OrderId {
        &self.id
    }

    /// Who ordered.
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// The lines: at least one, no SKU twice.
    pub fn lines(&self) -> &[OrderLine] {
        &self.lines
    }

    /// The sum of all lines.
    pub fn total(&self) -> Money {
        self.total
    }

    /// The means of payment.
    pub fn token(&self) -> &PaymentToken {
        &self.token
    }

    /// The order as [`Order::read`] reads it.
    pub fn to_value(&self) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| json!({"sku": line.sku, "quantity": line.quantity, "unitPrice": line.unit_price.minor()}))
            .collect();
        json!({
            "orderId": self.id,
            "customer": self.customer,
            "currency": self.total.currency(),
            "lines": lines,
            "total": self.total.minor(),
            "payment": {"token": self.token},
        })
    }
}

impl Serialize for Order {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

/// Collects what is wrong instead of stopping at it.
struct Reader {
    errors: Vec<FieldError>,
}

impl Reader {
    fn order(&mut self, value: &Value) -> Option<Order> {
        let Some(fields) = value.as_object() else {
            self.wrong::<()>("order", "expected a JSON object");
            return None;
        };
        let id = self.text(fields, "", "orderId", OrderId::new);
        let customer = self.customer(fields);
        let currency = self.text(fields, "", "currency", |code| {
            code.parse::<Currency>().map_err(|_| "expected one of EUR, USD, GBP, JPY")
        });
        let lines = self.lines(fields, currency);
        let total = self.minor(fields, "", "total");
        let token = self
            .object(fields, "payment")
            .and_then(|payment| self.text(payment, "payment.", "token", PaymentToken::new));
        if let (Some(currency), Some(lines), Some(total)) = (currency, &lines, total) {
            self.check_total(lines, Money::new(total, currency));
        }
        Some(Order { id: id?, customer: customer?, lines: lines?, total: Money::new(total?, currency?), token: token? })
    }

    fn customer(&mut self, order: &Map<String, Value>) -> Option<Customer> {
        let fields = self.object(order, "customer")?;
        let name = self.text(fields, "customer.", "name", |name| {
            let usable = (1..=100).contains(&name.trim().chars().count()) && !name.chars().any(char::is_control);
            if usable { Ok(name) } else { Err("expected 1 to 100 characters") }
        });
        let email = self.text(fields, "customer.", "email", Email::new);
        Some(Customer { name: name?, email: email? })
    }

    fn lines(&mut self, order: &Map<String, Value>, currency: Option<Currency>) -> Option<Vec<OrderLine>> {
        let lines = match order.get("lines") {
            None => return self.missing("lines"),
            Some(Value::Array(lines)) if (1..=MAX_LINES).contains(&lines.len()) => lines,
            Some(_) => return self.wrong("lines", format!("expected a list of 1 to {MAX_LINES} lines")),
        };
        let mut seen = BTreeSet::new();
        // Every line is read, though one may be bad: `collect` on an iterator of options would stop at the first.
        let read: Vec<Option<OrderLine>> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                let line = self.line(line, &format!("lines[{index}]"), currency)?;
                if !seen.insert(line.sku.clone()) {
                    return self
                        .wrong(format!("lines[{index}].sku"), format!("{} stands in an earlier line", line.sku));
                }
                Some(line)
            })
            .collect();
        read.into_iter().collect()
    }

    fn line(&mut self, value: &Value, place: &str, currency: Option<Currency>) -> Option<OrderLine> {
        let Some(fields) = value.as_object() else {
            return self.wrong(place, "expected an object with sku, quantity and unitPrice");
        };
        let prefix = format!("{place}.");
        let sku = self.text(fields, &prefix, "sku", Sku::new);
        let quantity = match fields.get("quantity") {
            None => self.missing(format!("{prefix}quantity")),
            Some(quantity) => match quantity.as_u64().and_then(|n| u32::try_from(n).ok()) {
                Some(quantity) if (1..=MAX_QUANTITY).contains(&quantity) => Some(quantity),
                _ => {
                    self.wrong(format!("{prefix}quantity"), format!("expected a whole number from 1 to {MAX_QUANTITY}"))
                }
            },
        };
        let unit_price = self.minor(fields, &prefix, "unitPrice");
        Some(OrderLine { sku: sku?, quantity: quantity?, unit_price: Money::new(unit_price?, currency?) })
    }

    fn check_total(&mut self, lines: &[OrderLine], total: Money) {
        let sum = lines.iter().try_fold(Money::new(0, total.currency()), |sum, line| {
            line.unit_price.times(line.quantity).and_then(|price| sum.plus(price))
        });
        match sum {
            Ok(sum) if sum == total => {}
            Ok(sum) => {
                self.errors.push(FieldError::new("total", format!("is {total}, but the lines add up to {sum}")));
            }
            Err(error) => self.errors.push(FieldError::new("lines", error.to_string())),
        }
    }

    fn object<'a>(&mut self, fields: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
        match fields.get(name) {
            None => self.missing(name),
            Some(Value::Object(object)) => Some(object),
            Some(_) => self.wrong(name, "expected an object"),
        }
    }

    fn text<T>(
        &mut self,
        fields: &Map<String, Value>,
        prefix: &str,
        name: &str,
        make: impl FnOnce(String) -> Result<T, &'static str>,
    ) -> Option<T> {
        match fields.get(name) {
            None | Some(Value::Null) => self.missing(format!("{prefix}{name}")),
            Some(Value::String(text)) => match make(text.clone()) {
                Ok(made) => Some(made),
                Err(expected) => self.wrong(format!("{prefix}{name}"), expected),
            },
            Some(_) => self.wrong(format!("{prefix}{name}"), "expected a text"),
        }
    }

    fn minor(&mut self, fields: &Map<String, Value>, prefix: &str, name: &str) -> Option<i64> {
        match fields.get(name) {
            None | Some(Value::Null) => self.missing(format!("{prefix}{name}")),
            Some(value) => match value.as_i64() {
                Some(minor) if minor >= 0 => Some(minor),
                _ => self.wrong(format!("{prefix}{name}"), "expected a whole number of cents, 0 or more"),
            },
        }
    }

    fn missing<T>(&mut self, field: impl Into<String>) -> Option<T> {
        self.wrong(field, "is missing")
    }

    fn wrong<T>(&mut self, field: impl Into<String>, problem: impl Into<String>) -> Option<T> {
        self.errors.push(FieldError::new(field, problem));
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order() -> Value {
        json!({
            "orderId": "ord-1",
            "customer": {"name": "Ada Example", "email": "ada@example.com"},
            "currency": "EUR",
            "lines": [{"sku": "KB-75", "quantity": 2, "unitPrice": 8900}, {"sku": "MS-1", "quantity": 1, "unitPrice": 2500}],
            "total": 20300,
            "payment": {"token": "tok_approved"},
        })
    }

    /// Puts `value` at the JSON pointer and compares the complaints with `expected`.
    fn check(pointer: &str, value: Value, expected: &[&str]) {
        let mut order = order();
        *order.pointer_mut(pointer).unwrap() = value;
        let complaints: Vec<String> = match Order::read(&order) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(complaints, expected, "{pointer}");
    }

    #[test]
    fn a_valid_order_is_read_and_written_back() {
        let read = Order::read(&order()).unwrap();
        assert_eq!(read.total().to_string(), "203.00 EUR");
        assert_eq!(read.to_value(), order());
    }

    #[test]
    fn each_bad_field_is_named() {
        check("", json!([]), &["order: expected a JSON object"]);
        check("/orderId", json!("a b"), &["orderId: expected 1 to 64 letters, digits, '-' or '_'"]);
        check(
            "/customer/email",
            json!("ada@home"),
            &["customer.email: expected an e-mail address such as ada@example.com"],
        );
        check("/customer", json!(7), &["customer: expected an object"]);
        check("/currency", json!("XXX"), &["currency: expected one of EUR, USD, GBP, JPY"]);
        check("/lines", json!([]), &["lines: expected a list of 1 to 50 lines"]);
        check("/lines/1/quantity", json!(0), &["lines[1].quantity: expected a whole number from 1 to 1000"]);
        check("/lines/1/quantity", json!(1.5), &["lines[1].quantity: expected a whole number from 1 to 1000"]);
        check("/lines/1/sku", json!("KB-75"), &["lines[1].sku: KB-75 stands in an earlier line"]);
        check("/total", json!(20301), &["total: is 203.01 EUR, but the lines add up to 203.00 EUR"]);
        check("/total", json!(203.5), &["total: expected a whole number of cents, 0 or more"]);
        check("/payment/token", Value::Null, &["payment.token: is missing"]);
    }

    #[test]
    fn all_bad_fields_are_named_at_once() {
        let errors = Order::read(&json!({"lines": [{"quantity": -1}, 3], "total": "x"})).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "orderId",
                "customer",
                "currency",
                "lines[0].sku",
                "lines[0].quantity",
                "lines[0].unitPrice",
                "lines[1]",
                "total",
                "payment"
            ],
        );
    }

    proptest! {
        #[test]
        fn no_document_panics_and_every_refusal_has_a_reason(text in ".{0,200}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text)
                && let Err(errors) = Order::read(&value)
            {
                prop_assert!(!errors.is_empty());
            }
        }
    }
}
