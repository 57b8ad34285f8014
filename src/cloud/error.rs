//! The SDK's errors in our words: what was tried, what sort of error, and what to do about it.

use std::fmt;

use aws_sdk_sfn::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudError {
    /// What was tried, as it follows "cannot": `start the execution`.
    pub action: String,
    /// What sort of error.
    pub kind: ErrorKind,
    /// AWS's code, if the service answered.
    pub code: Option<String>,
    /// AWS's sentence, or the SDK's.
    pub message: String,
}

/// What sort of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The role may not do it.
    Denied,
    /// The credentials are missing or no longer good.
    Credentials,
    /// Too many calls.
    Throttled,
    /// What was asked for is not there.
    Missing,
    /// It is there already.
    Exists,
    /// Nobody answered.
    Unreachable,
    /// Any other.
    Other,
}

impl CloudError {
    /// Sorts an SDK error.
    pub(super) fn of<E, R>(action: impl Into<String>, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: fmt::Debug,
    {
        let code = error.code().map(ToOwned::to_owned);
        let message = match error.message() {
            Some(message) => message.to_owned(),
            None => match error {
                SdkError::DispatchFailure(_) => root(error),
                SdkError::TimeoutError(_) => "no answer in time".to_owned(),
                _ => DisplayErrorContext(error).to_string(),
            },
        };
        let kind = match (error, code.as_deref()) {
            (SdkError::ServiceError(_), Some(code)) => kind_of(code),
            (SdkError::ServiceError(_), None) => ErrorKind::Other,
            (SdkError::ConstructionFailure(_), _) => ErrorKind::Credentials,
            (SdkError::TimeoutError(_), _) => ErrorKind::Unreachable,
            // Without credentials the SDK fails before it sends, and says so only in its sentence.
            (SdkError::DispatchFailure(_), _) if message.to_lowercase().contains("credential") => {
                ErrorKind::Credentials
            }
            _ => ErrorKind::Unreachable,
        };
        Self { action: action.into(), kind, code, message }
    }

    /// An answer that lacks what it must have, or does not read as what it should be.
    pub(super) fn unreadable(action: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { action: action.into(), kind: ErrorKind::Other, code: None, message: problem.into() }
    }

    /// What to do about it, where there is something.
    pub fn advice(&self) -> Option<&'static str> {
        match self.kind {
            ErrorKind::Denied => Some("the role lacks the permission"),
            ErrorKind::Credentials => Some("renew them, for example with: aws sso login"),
            ErrorKind::Throttled => Some("wait a moment"),
            ErrorKind::Unreachable => Some("check the network, --endpoint-url and --region"),
            ErrorKind::Missing | ErrorKind::Exists | ErrorKind::Other => None,
        }
    }
}

/// What is at the bottom of an error: what is around it says only that something is below.
fn root(error: &dyn std::error::Error) -> String {
    let mut chain = vec![error];
    while let Some(source) = chain.last().and_then(|error| error.source()) {
        chain.push(source);
    }
    // Some end in a source that says nothing of its own.
    let telling = chain.iter().rev().map(ToString::to_string).find(|text| !text.is_empty());
    telling.unwrap_or_default()
}

fn kind_of(code: &str) -> ErrorKind {
    match code {
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" | "NotAuthorized" => ErrorKind::Denied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken" => ErrorKind::Credentials,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "ProvisionedThroughputExceededException" => ErrorKind::Throttled,
        "ExecutionDoesNotExist"
        | "StateMachineDoesNotExist"
        | "ResourceNotFoundException"
        | "ResourceNotFound"
        | "TaskDoesNotExist"
        | "TaskTimedOut" => ErrorKind::Missing,
        "ExecutionAlreadyExists" => ErrorKind::Exists,
        _ => ErrorKind::Other,
    }
}

impl fmt::Display for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: ", self.action)?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(self.message.trim_end_matches('.'))?;
        match self.advice() {
            Some(advice) => write!(f, " ({advice})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CloudError {}
