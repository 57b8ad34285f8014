//! Pages of lists: how many, and where the next begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::wire::WireError;

/// The page size asked for; 0 and nothing mean 100.
pub(super) fn size(max_results: Option<usize>) -> usize {
    max_results.filter(|size| *size > 0).unwrap_or(100)
}

/// A token that says where the next page begins.
pub(super) fn token(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

/// Where a token says to begin.
fn place(token: Option<&str>) -> Result<Option<String>, WireError> {
    let Some(token) = token else { return Ok(None) };
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(Some)
        .ok_or_else(|| WireError::new(400, "InvalidToken", "Invalid Token: 'Invalid token'"))
}

/// The same, where the place is a number.
pub(super) fn number(token: Option<&str>) -> Result<Option<i64>, WireError> {
    place(token)?
        .map(|place| place.parse().map_err(|_| WireError::new(400, "InvalidToken", "Invalid Token: 'Invalid token'")))
        .transpose()
}

/// A page of a list that is at hand, under `name`; the token is a position in it.
pub(super) fn of_list(
    name: &str,
    items: impl Iterator<Item = Value>,
    max_results: Option<usize>,
    next_token: Option<&str>,
) -> Result<Value, WireError> {
    let size = size(max_results);
    let from = usize::try_from(number(next_token)?.unwrap_or(0)).unwrap_or(0);
    let mut rest = items.skip(from);
    let page: Vec<Value> = rest.by_ref().take(size).collect();
    let mut answer = json!({});
    if rest.next().is_some() {
        answer["nextToken"] = token(&(from + page.len()).to_string()).into();
    }
    answer[name] = page.into();
    Ok(answer)
}
