//! A sample order: a file of `assets/orders` with a line on what it shows.

use serde::Deserialize;
use serde_json::Value;

/// A sample order as its file has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Sample {
    /// The file's stem, by which the command line names it.
    #[serde(skip)]
    pub name: String,
    /// One line on what it shows.
    pub description: String,
    /// The status that the order ends in, or waits in when somebody has to act.
    pub ends: crate::OrderStatus,
    /// The order, without `orderId`: each submission gets its own.
    pub order: Value,
}

/// A sample file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("sample {name}: {source}")]
pub struct SampleError {
    name: String,
    source: serde_json::Error,
}

impl Sample {
    /// Reads the sample `name` from its file's text.
    ///
    /// # Errors
    /// When the text is not JSON of the sample's shape.
    pub fn read(name: &str, text: &str) -> Result<Self, SampleError> {
        let sample: Self =
            serde_json::from_str(text).map_err(|source| SampleError { name: name.to_owned(), source })?;
        Ok(Self { name: name.to_owned(), ..sample })
    }
}
