//! Pages of lists: how many, and where the next begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::arn::constraint_error;
use crate::wire::WireError;

/// The page size asked for; 0 and nothing mean the default.
pub(super) fn size(max_results: Option<usize>, default: usize) -> Result<usize, WireError> {
    match max_results {
        None | Some(0) => Ok(default),
        Some(size) if size > 1000 => {
            let constraint = "Member must have value less than or equal to 1000";
            Err(constraint_error(&size.to_string(), "maxResults", constraint))
        }
        Some(size) => Ok(size),
    }
}

/// A token that says where the next page begins.
pub(super) fn token(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

/// Where a token says to begin.
pub(super) fn place(token: Option<&str>, longest: usize) -> Result<Option<String>, WireError> {
    let Some(token) = token else { return Ok(None) };
    if token.len() > longest {
        let constraint = format!("Member must have length less than or equal to {longest}");
        return Err(constraint_error(token, "nextToken", &constraint));
    }
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(Some)
        .ok_or_else(|| WireError::new(400, "InvalidToken", "Invalid Token: 'Invalid token'"))
}

/// The same, where the place is a number.
pub(super) fn number(token: Option<&str>, longest: usize) -> Result<Option<i64>, WireError> {
    place(token, longest)?
        .map(|place| place.parse().map_err(|_| WireError::new(400, "InvalidToken", "Invalid Token: 'Invalid token'")))
        .transpose()
}
