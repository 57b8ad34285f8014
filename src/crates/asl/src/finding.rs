//! What reading a definition found fault with.

use std::fmt;

/// A fault of a definition, as `ValidateStateMachineDefinition` reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// AWS's code.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// Where, as AWS writes it: `/States/Pay/Catch[0]/Next`. `None` where AWS names no place.
    pub location: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The machine cannot be created.
    Error,
    /// It can, but perhaps does not do what was meant.
    Warning,
}

/// The diagnostic codes of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is AWS's own name, see `as_str`")]
pub enum Code {
    InvalidJsonDescription,
    SchemaValidationFailed,
    MissingTransitionTarget,
    MissingEndState,
    DuplicateStateName,
    InvalidStateName,
    InvalidJsonataExpression,
    ReservedVariableName,
    InvalidVariableName,
    UnsupportedJsonataExpression,
    InvalidLabelName,
    DuplicateLabelName,
}

impl Code {
    /// The code as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJsonDescription => "INVALID_JSON_DESCRIPTION",
            Self::SchemaValidationFailed => "SCHEMA_VALIDATION_FAILED",
            Self::MissingTransitionTarget => "MISSING_TRANSITION_TARGET",
            Self::MissingEndState => "MISSING_END_STATE",
            Self::DuplicateStateName => "DUPLICATE_STATE_NAME",
            Self::InvalidStateName => "INVALID_STATE_NAME",
            Self::InvalidJsonataExpression => "INVALID_JSONATA_EXPRESSION",
            Self::ReservedVariableName => "RESERVED_VARIABLE_NAME",
            Self::InvalidVariableName => "INVALID_VARIABLE_NAME",
            Self::UnsupportedJsonataExpression => "UNSUPPORTED_JSONATA_EXPRESSION",
            Self::InvalidLabelName => "INVALID_LABEL_NAME",
            Self::DuplicateLabelName => "DUPLICATE_LABEL_NAME",
        }
    }
}

impl Severity {
    /// The severity as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = self.location.as_deref().unwrap_or("null");
        write!(f, "{}: {} at {location}", self.code.as_str(), self.message)
    }
}
