//! The fields of a log line that is a JSON object, as they stand in its text.
//!
//! Values are not read until somebody asks, and then not changed: numbers stay as they were written.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields, in the order of the text.
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Those of a text; `None` if it is no JSON object.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        // Most of what is none tells by its first letter.
        if text.trim_start().starts_with('{') { serde_json::from_str(text).ok() } else { None }
    }

    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// What stands at a path: a name, or names with dots between them, `span.orderId`.
    pub(super) fn at(&self, path: &str) -> Option<Cow<'a, str>> {
        let (mut value, mut rest) = self.step(path)?;
        while let Some(path) = rest {
            (value, rest) = Fields::of(value.get())?.step(path)?;
        }
        Some(unquoted(value))
    }

    /// Names and values.
    pub(super) fn into_pairs(self) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        self.0
    }

    /// The field of that name; or of the name before the first dot, and what stands behind the dot.
    fn step<'p>(&self, path: &'p str) -> Option<(&'a RawValue, Option<&'p str>)> {
        if let Some(value) = self.get(path) {
            return Some((value, None));
        }
        let (name, rest) = path.split_once('.')?;
        Some((self.get(name)?, Some(rest)))
    }
}

/// A string without its quotes, another value as it is written.
pub(super) fn unquoted(value: &RawValue) -> Cow<'_, str> {
    let text = value.get();
    if text.starts_with('"')
        && let Ok(Text(string)) = serde_json::from_str::<Text<'_>>(text)
    {
        return string;
    }
    Cow::Borrowed(text)
}

/// A string that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_paths() {
        let text = r#" {"a":1.50,"b":{"c":{"d":"x\ty"},"e.f":null},"g.h":[1, 2],"\u0069":"\"","n":"plain"}"#;
        let cases = [
            ("a", Some("1.50")),
            ("b.c.d", Some("x\ty")),
            ("b.e.f", Some("null")),
            ("b.c", Some(r#"{"d":"x\ty"}"#)),
            ("g.h", Some("[1, 2]")),
            ("i", Some("\"")),
            ("n", Some("plain")),
            ("n.x", None),
            ("b.x", None),
            ("x", None),
            ("", None),
            (".", None),
        ];
        let fields = Fields::of(text).unwrap();
        for (path, expected) in cases {
            assert_eq!(fields.at(path).as_deref(), expected, "{path}");
        }
        for text in ["", "START", "[1]", "{", r#"{"a":}"#, "{} x"] {
            assert!(Fields::of(text).is_none(), "{text}");
        }
    }
}
