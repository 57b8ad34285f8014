//! The part of a definition that defines one state, as it is written there.
//!
//! Never judges a definition: what cannot be read holds no state.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// What holds states: a machine, a branch, an item processor.
#[derive(Deserialize)]
struct Flow<'a> {
    #[serde(borrow, rename = "States")]
    states: HashMap<String, &'a RawValue>,
}

/// What of a state holds further states.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Holder<'a> {
    #[serde(borrow, default)]
    branches: Vec<&'a RawValue>,
    #[serde(borrow)]
    item_processor: Option<&'a RawValue>,
    #[serde(borrow)]
    iterator: Option<&'a RawValue>,
}

/// The JSON text of a state, at whatever depth it is defined.
pub(super) fn fragment(definition: &str, state: &str) -> Option<String> {
    let mut flows = vec![definition];
    while let Some(flow) = flows.pop() {
        let Ok(Flow { states }) = serde_json::from_str::<Flow<'_>>(flow) else { continue };
        if let Some(found) = states.get(state) {
            return Some(found.get().to_owned());
        }
        for inner in states.into_values() {
            let Ok(holder) = serde_json::from_str::<Holder<'_>>(inner.get()) else { continue };
            let held = holder.branches.into_iter().chain(holder.item_processor).chain(holder.iterator);
            flows.extend(held.map(RawValue::get));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str = r#"{"StartAt": "P", "Comment": "c", "States": {
        "P": {"Type": "Parallel", "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"States": {"Z": 1}}, "End": true}}},
            {"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "In it",
                "States": {"In it": {"Type":  "Succeed"}}}}}}], "Next": "Old"},
        "Old": {"Type": "Map", "Iterator": {"StartAt": "I", "States": {"I": {"Type": "Fail"}}}, "End": true},
        "Odd": {"Type": "Parallel", "Branches": null}}}"#;

    #[test]
    fn a_state_is_found_where_it_is_defined() {
        let cases = [
            ("A", Some(r#"{"Type": "Pass", "Parameters": {"States": {"Z": 1}}, "End": true}"#)),
            ("In it", Some(r#"{"Type":  "Succeed"}"#)),
            ("I", Some(r#"{"Type": "Fail"}"#)),
            ("Odd", Some(r#"{"Type": "Parallel", "Branches": null}"#)),
            ("Z", None),
            ("", None),
        ];
        for (state, expected) in cases {
            assert_eq!(fragment(DEFINITION, state).as_deref(), expected, "{state}");
        }
        assert_eq!(fragment("{\"States\": ", "A"), None);
        assert_eq!(fragment(&"[".repeat(100_000), "A"), None);
    }
}
