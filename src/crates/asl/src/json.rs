//! A JSON value on its way through an execution: shared, with its text made once.
//!
//! Step Functions keeps a text that nothing transformed as it was written, and writes all else compactly; so a value
//! that came in as text remembers that text.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::path::{Path, Place, Root};

/// The most bytes that a value on its way may have: far more than a state's quota, which is looked at when it arrives.
pub(crate) const MAX_BYTES: usize = 16 << 20;

/// About how many bytes a value has as text.
pub(crate) fn bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(values) => 2 + values.iter().map(|value| bytes(value) + 1).sum::<usize>(),
        Value::Object(fields) => 2 + fields.iter().map(|(name, value)| name.len() + 4 + bytes(value)).sum::<usize>(),
        _ => 4,
    }
}

/// A shared JSON value with its text.
#[derive(Clone, Debug)]
pub struct Json(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    value: Value,
    text: OnceLock<Arc<str>>,
}

impl Json {
    /// Parses a text and keeps it verbatim.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let value = serde_json::from_str(text)?;
        Ok(Self(Arc::new(Inner { value, text: OnceLock::from(Arc::from(text)) })))
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// The text: as it came in, or compact.
    pub fn text(&self) -> &Arc<str> {
        self.0.text.get_or_init(|| Arc::from(self.0.value.to_string()))
    }

    /// The part of the text that a reference path points at, as it stands there.
    pub fn text_at(&self, path: &Path) -> Option<String> {
        if *path.root() != Root::Input {
            return None;
        }
        let mut text: &RawValue = serde_json::from_str(self.text()).ok()?;
        for place in path.as_reference()? {
            text = match place {
                Place::Name(name) => {
                    let mut fields: IndexMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text.get()).ok()?;
                    fields.swap_remove(name.as_str())?
                }
                Place::Index(index) => {
                    let values: Vec<&RawValue> = serde_json::from_str(text.get()).ok()?;
                    values.get(index).copied()?
                }
            };
        }
        Some(text.get().to_owned())
    }

    /// Whether it nests deeper than so many levels. Looks no deeper than that itself.
    pub fn is_deeper_than(&self, levels: usize) -> bool {
        fn deeper(value: &Value, left: usize) -> bool {
            match value {
                Value::Array(values) => left == 0 || values.iter().any(|value| deeper(value, left - 1)),
                Value::Object(fields) => left == 0 || fields.values().any(|value| deeper(value, left - 1)),
                _ => false,
            }
        }
        deeper(&self.0.value, levels)
    }

    /// The value, cloned only if it is shared.
    pub fn into_value(self) -> Value {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => inner.value,
            Err(shared) => shared.value.clone(),
        }
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(Arc::new(Inner { value, text: OnceLock::new() }))
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0.value == other.0.value
    }
}
