//! The sample orders and the catalogue, as they stand in `assets/`.

use color_eyre::eyre::{Context, eyre};
use order_core::{Currency, Money, Sample, Sku, StockItem};
use serde::Deserialize;

macro_rules! sample_files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../assets/orders/", $name, ".json")))),*]
    };
}

const FILES: &[(&str, &str)] = sample_files![
    "success",
    "several-lines",
    "large-order",
    "invalid",
    "unknown-sku",
    "out-of-stock",
    "declined",
    "flaky-gateway",
    "gateway-down",
    "gateway-timeout",
    "crash",
    "unforeseen",
];

/// The sample orders, in the order in which they are best looked at.
///
/// # Errors
/// When a file is not what a sample is; a test reads them all.
pub fn samples() -> color_eyre::Result<Vec<Sample>> {
    FILES.iter().map(|(name, text)| Sample::read(name, text).map_err(Into::into)).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CatalogueItem {
    sku: Sku,
    name: String,
    unit_price: i64,
    currency: String,
    available: u32,
}

/// What is on stock at the start.
///
/// # Errors
/// When the file is not a catalogue; a test reads it.
pub fn catalogue() -> color_eyre::Result<Vec<StockItem>> {
    let items: Vec<CatalogueItem> =
        serde_json::from_str(include_str!("../../assets/catalogue.json")).wrap_err("assets/catalogue.json")?;
    items
        .into_iter()
        .map(|item| {
            let currency: Currency = item.currency.parse().map_err(|error| eyre!("{}: {error}", item.sku))?;
            Ok(StockItem {
                sku: item.sku,
                name: item.name,
                unit_price: Money::new(item.unit_price, currency),
                available: item.available,
                reserved: 0,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_sample_and_every_sample_a_file() {
        let mut names: Vec<String> = samples().unwrap().into_iter().map(|sample| sample.name).collect();
        names.sort();
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/orders");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        assert_eq!(names, files);
        assert!(catalogue().unwrap().len() > 3);
    }
}
