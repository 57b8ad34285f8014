//! A JSON document as fields: each text, number or word in it by its path, to be edited one by one.
//!
//! The shape stays as it is: what is added, taken away or nested otherwise is edited as text.

use serde_json::Value;

use super::editor::{Edit, Editor};

/// The fields of a document.
#[derive(Clone, Debug)]
pub struct Fields {
    document: Value,
    rows: Vec<Field>,
    chosen: usize,
}

/// A value that holds no others.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where it is, as one would say it: `lines[0].sku`.
    pub path: String,
    /// What is typed.
    pub text: Editor,
    /// Whether it is a text; else it is a number, `true`, `false` or `null`.
    is_text: bool,
    pointer: String,
}

impl Fields {
    /// Those of a document, the first one chosen.
    ///
    /// # Errors
    /// Why there are none: it is not JSON, or nothing in it can be edited so.
    pub fn of(text: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
        let mut rows = Vec::new();
        collect(&document, &mut String::new(), &mut String::new(), &mut rows);
        if rows.is_empty() {
            return Err("there is nothing in it to edit field by field".to_owned());
        }
        Ok(Self { document, rows, chosen: 0 })
    }

    /// The fields, in the document's order.
    pub fn rows(&self) -> &[Field] {
        &self.rows
    }

    /// Which one is edited.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// Goes up or down.
    pub fn step(&mut self, by: isize) {
        self.chosen = self.chosen.saturating_add_signed(by).min(self.rows.len() - 1);
        self.rows[self.chosen].text.apply(Edit::End);
    }

    /// Edits the chosen field.
    pub fn edit(&mut self, edit: Edit) {
        self.rows[self.chosen].text.apply(edit);
    }

    /// The document with what was typed.
    ///
    /// # Errors
    /// Which field is not what it has to be.
    pub fn document(&self) -> Result<String, String> {
        let mut document = self.document.clone();
        for field in &self.rows {
            let typed = field.text.text();
            let value = match field.is_text {
                true => Value::String(typed),
                false => serde_json::from_str(&typed)
                    .ok()
                    .filter(|value: &Value| !value.is_string() && !value.is_array() && !value.is_object())
                    .ok_or_else(|| format!("{}: {typed:?} is no number, nor true, false or null", field.path))?,
            };
            if let Some(place) = document.pointer_mut(&field.pointer) {
                *place = value;
            }
        }
        serde_json::to_string_pretty(&document).map_err(|error| error.to_string())
    }
}

fn collect(value: &Value, path: &mut String, pointer: &mut String, rows: &mut Vec<Field>) {
    let (path_length, pointer_length) = (path.len(), pointer.len());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                collect(value, path, pointer, rows);
                path.truncate(path_length);
                pointer.truncate(pointer_length);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                path.push_str(&format!("[{index}]"));
                pointer.push_str(&format!("/{index}"));
                collect(value, path, pointer, rows);
                path.truncate(path_length);
                pointer.truncate(pointer_length);
            }
        }
        // A text of several lines is edited as text.
        Value::String(text) if text.contains(['\n', '\r']) => {}
        value => {
            let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            let mut text = Editor::new(&text);
            text.apply(Edit::End);
            rows.push(Field { path: path.clone(), text, is_text: value.is_string(), pointer: pointer.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types a text in place of the field's, and compares the whole document.
    fn check(document: &str, path: &str, typed: &str, expected: Result<&str, &str>) {
        let mut fields = Fields::of(document).unwrap();
        let at = fields.rows().iter().position(|field| field.path == path).unwrap();
        fields.step(isize::try_from(at).unwrap());
        fields.edit(Edit::EraseToStart);
        typed.chars().for_each(|c| fields.edit(Edit::Insert(c)));
        let found = fields.document().map(|text| serde_json::from_str::<Value>(&text).unwrap().to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn a_field_changes_its_value_and_nothing_else() {
        let order = r#"{"customer":{"name":"Ada","a/b~c":true},"lines":[{"sku":"M","quantity":1}],"note":null}"#;
        let cases = [
            ("customer.name", "7", Ok(order.replace("\"Ada\"", "\"7\""))),
            ("customer.a/b~c", "false", Ok(order.replace("true", "false"))),
            ("lines[0].quantity", "2.5", Ok(order.replace(":1}", ":2.5}"))),
            ("note", "1", Ok(order.replace("null", "1"))),
            ("lines[0].quantity", "two", Err("lines[0].quantity: \"two\" is no number, nor true, false or null")),
            ("note", "[]", Err("note: \"[]\" is no number, nor true, false or null")),
        ];
        for (path, typed, expected) in cases {
            check(order, path, typed, expected.as_deref().map_err(|problem| *problem));
        }
    }

    #[test]
    fn what_has_no_fields_says_so() {
        assert!(Fields::of("{").unwrap_err().starts_with("not JSON"));
        assert!(Fields::of(r#"{"a":[]}"#).unwrap_err().contains("nothing in it"));
    }
}
