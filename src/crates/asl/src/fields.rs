//! Which fields a state of each type may have, and in which query language.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html> and the pages of the state types.

/// Fields that every state may have.
const COMMON: &[&str] = &["Type", "Comment", "QueryLanguage"];

/// Fields that only JSONPath states may have.
const JSON_PATH_ONLY: &[&str] = &[
    "InputPath",
    "OutputPath",
    "ResultPath",
    "Parameters",
    "ResultSelector",
    "Result",
    "ItemsPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "SecondsPath",
    "TimestampPath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "ErrorPath",
    "CausePath",
];

/// Fields that only JSONata states may have.
const JSONATA_ONLY: &[&str] = &["Arguments", "Output", "Items"];

/// The types, in the order that AWS's message names them in.
pub(crate) const TYPES: [&str; 8] = ["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

fn of_type(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pass" => &["InputPath", "OutputPath", "Result", "ResultPath", "Parameters", "Output", "Assign", "Next", "End"],
        "Task" => &[
            "InputPath",
            "OutputPath",
            "ResultPath",
            "Parameters",
            "Arguments",
            "Output",
            "Assign",
            "Resource",
            "Credentials",
            "ResultSelector",
            "Retry",
            "Catch",
            "TimeoutSeconds",
            "TimeoutSecondsPath",
            "HeartbeatSeconds",
            "HeartbeatSecondsPath",
            "Next",
            "End",
        ],
        "Wait" => &[
            "InputPath",
            "OutputPath",
            "Output",
            "Assign",
            "Seconds",
            "SecondsPath",
            "Timestamp",
            "TimestampPath",
            "Next",
            "End",
        ],
        "Parallel" => &[
            "InputPath",
            "OutputPath",
            "ResultPath",
            "Parameters",
            "Arguments",
            "Output",
            "Assign",
            "ResultSelector",
            "Retry",
            "Catch",
            "Branches",
            "Next",
            "End",
        ],
        "Map" => &[
            "InputPath",
            "OutputPath",
            "ResultPath",
            "Parameters",
            "Output",
            "Assign",
            "ResultSelector",
            "Retry",
            "Catch",
            "ItemProcessor",
            "Iterator",
            "ItemsPath",
            "Items",
            "ItemSelector",
            "ItemReader",
            "ItemBatcher",
            "ResultWriter",
            "MaxConcurrency",
            "MaxConcurrencyPath",
            "ToleratedFailurePercentage",
            "ToleratedFailurePercentagePath",
            "ToleratedFailureCount",
            "ToleratedFailureCountPath",
            "Label",
            "Next",
            "End",
        ],
        "Choice" => &["InputPath", "OutputPath", "Output", "Assign", "Choices", "Default"],
        "Succeed" => &["InputPath", "OutputPath", "Output"],
        "Fail" => &["Error", "Cause", "ErrorPath", "CausePath"],
        _ => &[],
    }
}

/// How a field stands to a state's type and language.
pub(crate) enum Standing {
    Allowed,
    NotSupported,
    OnlyIn(&'static str),
}

/// Whether a state of the type `kind` may have `field`.
pub(crate) fn standing(kind: &str, field: &str, jsonata: bool) -> Standing {
    if COMMON.contains(&field) {
        return Standing::Allowed;
    }
    if !of_type(kind).contains(&field) {
        return Standing::NotSupported;
    }
    // `ItemSelector` came with JSONPath and stayed in JSONata; `Parameters` did not.
    match jsonata {
        true if JSON_PATH_ONLY.contains(&field) => Standing::OnlyIn("JSONPath"),
        false if JSONATA_ONLY.contains(&field) => Standing::OnlyIn("JSONata"),
        _ => Standing::Allowed,
    }
}
