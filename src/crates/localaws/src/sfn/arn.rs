//! ARNs and names of Step Functions.

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

/// Refuses what is no ARN before anything is looked up.
pub(super) fn check(arn: &str) -> Result<(), WireError> {
    if arn.starts_with("arn:") {
        Ok(())
    } else {
        Err(WireError::new(400, "InvalidArn", format!("Invalid Arn: 'Invalid ARN prefix: {arn}'")))
    }
}

pub(super) fn check_name(name: &str) -> Result<(), WireError> {
    let length = name.chars().count();
    if length > 80 {
        let constraint = "Member must have length less than or equal to 80";
        return Err(constraint_error(name, "name", constraint));
    }
    if length == 0 {
        return Err(constraint_error(name, "name", "Member must have length greater than or equal to 1"));
    }
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
