//! Reads the first line as a path and applies it to the rest, if that is JSON.
#![no_main]

use asl::path::Path;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (path, document) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(path) = Path::parse(path) else { return };
    let document = serde_json::from_str(document).unwrap_or_default();
    let _ = path.select(&document);
    let _ = path.as_reference();
});
