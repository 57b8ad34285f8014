//! A DynamoDB item without DynamoDB: the attribute values that the tables use, and reading them back.

use std::collections::BTreeMap;

/// The value of one attribute, as DynamoDB types it. Sets and binary are not used by our tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `S`
    Text(String),
    /// `N`, in DynamoDB's own decimal spelling.
    Number(String),
    /// `BOOL`
    Bool(bool),
    /// `NULL`
    Null,
    /// `L`
    List(Vec<Attribute>),
    /// `M`
    Map(Item),
}

/// An item, or a map within one: attributes by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item(pub BTreeMap<String, Attribute>);

/// An item that does not have the shape that we write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// The attribute is not there or of another type.
    #[error("attribute {name} is missing or not {expected}")]
    Attribute {
        /// The attribute's name.
        name: String,
        /// What it should be: `a text`, `a whole number` …
        expected: &'static str,
    },
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Attribute {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<u32> for Attribute {
    fn from(number: u32) -> Self {
        Self::Number(number.to_string())
    }
}

impl Item {
    /// An empty item.
    pub fn new() -> Self {
        Self::default()
    }

    /// The item with one more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Attribute>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The attribute, if it is there.
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.get(name)
    }

    /// A text that may be absent.
    pub fn text_or_none(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Attribute::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A text.
    ///
    /// # Errors
    /// When there is no text of that name.
    pub fn text(&self, name: &str) -> Result<&str, ItemError> {
        self.text_or_none(name).ok_or_else(|| wrong(name, "a text"))
    }

    /// A text that is read as something more particular, such as a status.
    ///
    /// # Errors
    /// When there is no text of that name or it does not read as `expected`.
    pub fn parsed<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ItemError> {
        self.text_or_none(name).and_then(read).ok_or_else(|| wrong(name, expected))
    }

    /// A whole number.
    ///
    /// # Errors
    /// When there is no whole number of that name, or it does not fit.
    pub fn whole<T: std::str::FromStr>(&self, name: &str) -> Result<T, ItemError> {
        match self.get(name) {
            Some(Attribute::Number(number)) => number.parse().map_err(|_| wrong(name, "a whole number")),
            _ => Err(wrong(name, "a whole number")),
        }
    }

    /// A list of maps.
    ///
    /// # Errors
    /// When there is no list of that name, or not all of it are maps.
    pub fn maps(&self, name: &str) -> Result<Vec<&Item>, ItemError> {
        let Some(Attribute::List(list)) = self.get(name) else { return Err(wrong(name, "a list")) };
        list.iter()
            .map(|entry| match entry {
                Attribute::Map(map) => Ok(map),
                _ => Err(wrong(name, "a list of maps")),
            })
            .collect()
    }
}

fn wrong(name: &str, expected: &'static str) -> ItemError {
    ItemError::Attribute { name: name.to_owned(), expected }
}
