//! ARNs and names of Step Functions, and what they have to look like.

use crate::wire::WireError;
use crate::world::{ACCOUNT, REGION};

/// Characters that no name may have, beside blanks and control characters.
const FORBIDDEN: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

pub(super) fn machine(name: &str) -> String {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}")
}

pub(super) fn execution(machine: &str, name: &str) -> String {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:execution:{machine}:{name}")
}

/// An Express execution's, which is another one each time that its name is used.
pub(super) fn express(machine: &str, name: &str) -> String {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:express:{machine}:{name}:{}", uuid::Uuid::new_v4())
}

pub(super) fn activity(name: &str) -> String {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:activity:{name}")
}

/// Refuses what is no ARN before anything is looked up.
pub(super) fn check(arn: &str) -> Result<(), WireError> {
    if arn.starts_with("arn:") {
        Ok(())
    } else {
        Err(WireError::new(400, "InvalidArn", format!("Invalid Arn: 'Invalid ARN prefix: {arn}'")))
    }
}

/// Refuses an ARN of another kind of resource.
pub(super) fn check_kind(arn: &str, kinds: &[&str]) -> Result<(), WireError> {
    check(arn)?;
    match arn.split(':').nth(5) {
        Some(kind) if !kinds.contains(&kind) => {
            let message = format!("Invalid Arn: 'Resource type not valid in this context: {kind}'");
            Err(WireError::new(400, "InvalidArn", message))
        }
        _ => Ok(()),
    }
}

/// The ARN of a state machine without its version or alias, and that qualifier.
pub(super) fn qualified(arn: &str) -> (&str, Option<&str>) {
    match arn.match_indices(':').nth(6) {
        Some((at, _)) => (&arn[..at], Some(&arn[at + 1..])),
        None => (arn, None),
    }
}

pub(super) fn check_name(name: &str) -> Result<(), WireError> {
    if name.chars().any(|c| c.is_whitespace() || c.is_control() || FORBIDDEN.contains(c)) {
        return Err(WireError::new(400, "InvalidName", format!("Invalid Name: '{name}'")));
    }
    Ok(())
}

pub(super) fn constraint_error(value: &str, member: &str, constraint: &str) -> WireError {
    WireError::new(
        400,
        "ValidationException",
        format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        ),
    )
}

pub(super) fn resource_not_found(arn: &str) -> WireError {
    WireError::new(400, "ResourceNotFound", format!("Resource not found: '{arn}'"))
}
