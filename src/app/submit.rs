//! The form that submits an order: which sample, and its fields or its text as they are being edited.

use order_core::OrderId;

use super::editor::{Edit, Editor};
use super::fields::Fields;
use crate::facts::Arn;

/// A new order.
#[derive(Clone, Debug)]
pub struct SubmitForm {
    /// The state machine that it starts.
    pub machine: Arn,
    /// Whether it is an order, which has an id of its own; else it goes out as it is.
    pub is_order: bool,
    /// The chosen sample.
    pub sample: usize,
    /// Where keys go.
    pub part: FormPart,
    /// Whether the text is no longer the sample's.
    pub edited: bool,
    /// The order as it will be sent.
    pub text: Editor,
    /// Why it cannot be sent, or was not.
    pub problem: Option<String>,
    /// Whether it is on its way.
    pub sending: Option<u64>,
}

/// Where keys go in the form of an order.
#[derive(Clone, Debug)]
pub enum FormPart {
    /// To the list of samples.
    Samples,
    /// To the order's fields.
    Fields(Fields),
    /// To its text.
    Text,
}

impl SubmitForm {
    /// Whether keys are typed into the order.
    pub const fn is_typing(&self) -> bool {
        !matches!(self.part, FormPart::Samples)
    }

    /// To the next part: the samples, the fields, the text. Only an order has samples, and only JSON has fields. A field
    /// that is wrong stays where it is seen.
    pub fn next_part(&mut self) {
        if !self.keeps_fields() {
            return;
        }
        self.part = match (&self.part, Fields::of(&self.text.text())) {
            (FormPart::Samples, Ok(fields)) => FormPart::Fields(fields),
            (FormPart::Text, Ok(fields)) if !self.is_order => FormPart::Fields(fields),
            (FormPart::Text, _) if self.is_order => FormPart::Samples,
            _ => FormPart::Text,
        };
    }

    /// Edits the field that is chosen; the text follows as far as the fields are right.
    pub fn edit_field(&mut self, edits: impl IntoIterator<Item = Edit>) {
        let FormPart::Fields(fields) = &mut self.part else { return };
        for edit in edits {
            match edit {
                Edit::Up => fields.step(-1),
                Edit::Down | Edit::NewLine => fields.step(1),
                edit => {
                    fields.edit(edit);
                    self.edited |= edit.changes();
                }
            }
        }
        self.keeps_fields();
    }

    /// Takes the fields over into the text; whether they are right. What is wrong is told.
    pub fn keeps_fields(&mut self) -> bool {
        let FormPart::Fields(fields) = &self.part else { return true };
        match fields.document() {
            Ok(text) => {
                self.problem = None;
                if self.edited {
                    self.text = Editor::new(&text);
                }
                true
            }
            Err(problem) => {
                self.problem = Some(problem);
                false
            }
        }
    }

    /// What is sent, or why it cannot be: as typed, whichever part that was in.
    ///
    /// # Errors
    /// The field that is not what it has to be.
    pub fn document(&self) -> Result<String, String> {
        match &self.part {
            FormPart::Fields(fields) if self.edited => fields.document(),
            _ => Ok(self.text.text()),
        }
    }
}

/// An order id made of random hexadecimal digits, which whoever calls brings along.
///
/// # Panics
/// Never: what is left of the digits is always of the id's form.
pub fn new_order_id(random: &str) -> OrderId {
    let digits: String = random.chars().filter(char::is_ascii_hexdigit).take(12).collect();
    OrderId::new(format!("ord-{digits}")).unwrap_or_else(|_| unreachable!("hexadecimal digits are of the form"))
}

/// What is sent, or why it cannot be: an order's JSON with its id, and the id.
///
/// Only what would make the execution impossible is refused here: a text that is not a JSON object, or an id of a wrong
/// form. Whether the order is a good one is for the workflow to say; showing that is what samples are for.
///
/// # Errors
/// The sentence for the form.
pub fn prepare(text: &str, random: &str) -> Result<(OrderId, String), String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let serde_json::Value::Object(mut fields) = value else { return Err("an order is a JSON object".into()) };
    let id = match fields.get("orderId") {
        None => new_order_id(random),
        Some(serde_json::Value::String(id)) => {
            OrderId::new(id.as_str()).map_err(|expected| format!("orderId: {expected}"))?
        }
        Some(_) => return Err("orderId: expected a text".into()),
    };
    fields.insert("orderId".into(), id.as_str().into());
    Ok((id, serde_json::Value::Object(fields).to_string()))
}

/// What is sent of an input that is no order, with a name for its execution.
///
/// # Errors
/// The sentence for the form.
pub fn prepare_input(text: &str, random: &str) -> Result<(String, String), String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    Ok((format!("again-{random}"), value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_is_no_order_goes_out_as_it_is() {
        for (text, input) in [("[1, 2]", "[1,2]"), (r#"{"a": 1.50}"#, r#"{"a":1.5}"#), ("\"x\"", "\"x\"")] {
            assert_eq!(prepare_input(text, "01ab"), Ok(("again-01ab".to_owned(), input.to_owned())));
        }
        assert!(prepare_input("{", "01ab").unwrap_err().starts_with("not JSON"));
    }

    #[test]
    fn an_order_gets_an_id_and_keeps_its_own() {
        let (id, input) = prepare(r#"{"total": 5}"#, "0123456789abcdef").unwrap();
        assert_eq!((id.as_str(), input.as_str()), ("ord-0123456789ab", r#"{"total":5,"orderId":"ord-0123456789ab"}"#));
        assert_eq!(prepare(r#"{"orderId": "mine"}"#, "0").unwrap().0.as_str(), "mine");
        for (text, problem) in [("{", "not JSON"), ("[]", "an order is"), (r#"{"orderId": "a b"}"#, "orderId:")] {
            assert!(prepare(text, "0").unwrap_err().starts_with(problem));
        }
    }
}
