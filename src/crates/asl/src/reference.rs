//! Writing a value into a document at a reference path: `ResultPath`.

use serde_json::{Map, Value};

use crate::path::{Path, Place};

/// Puts `value` into `document` at `path`; fields that are not there are made. A list's element must be there.
///
/// # Errors
/// When the path leads into something that cannot hold it.
pub fn put(document: Value, path: &Path, value: Value) -> Result<Value, PutError> {
    let places = path.as_reference().ok_or_else(|| PutError { path: path.source().to_owned() })?;
    let mut document = document;
    let mut slot = &mut document;
    for place in places {
        slot = match place {
            Place::Name(name) => {
                if slot.is_null() {
                    *slot = Value::Object(Map::new());
                }
                match slot {
                    Value::Object(fields) => fields.entry(name).or_insert(Value::Null),
                    _ => return Err(PutError { path: path.source().to_owned() }),
                }
            }
            Place::Index(index) => match slot {
                Value::Array(values) if index < values.len() => &mut values[index],
                _ => return Err(PutError { path: path.source().to_owned() }),
            },
        };
    }
    *slot = value;
    Ok(document)
}

/// A reference path that cannot be written to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path {path} cannot be applied to the input")]
pub struct PutError {
    /// The path.
    pub path: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_made_and_kept_in_place() {
        let cases = [
            (json!({"a": 1}), "$.b.c", Some(json!({"a": 1, "b": {"c": 9}}))),
            (json!({"a": 1, "b": 2}), "$.a", Some(json!({"a": 9, "b": 2}))),
            (json!({"a": [1, 2]}), "$.a[1]", Some(json!({"a": [1, 9]}))),
            (json!({"a": 1}), "$.a.b", None),
            (json!({"a": [1]}), "$.a[4]", None),
        ];
        for (document, path, expected) in cases {
            let written = put(document, &Path::parse(path).unwrap(), json!(9));
            assert_eq!(written.ok(), expected, "{path}");
        }
    }
}
