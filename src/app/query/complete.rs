//! Completing the last word of a query line.
//!
//! It offers; what is taken is up to whoever asked. It knows the fields, and of states and errors only the names that
//! it is given.

use super::pattern::lowered;
use super::read::{Word, words};
use super::{FIELDS, Field, STATUSES, TextField};

/// The most completions that are offered.
const MAX_OFFERED: usize = 50;

/// Names that values can be completed with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Names of states.
    pub states: Vec<String>,
    /// Names of errors.
    pub errors: Vec<String>,
}

/// What can be offered.
pub(super) struct Offers<'a> {
    /// The fields, by name.
    pub(super) fields: &'a [(&'static str, &'static str)],
    /// The values that a field may have, as far as they are known.
    pub(super) values: &'a dyn Fn(&str) -> Vec<String>,
    /// Whether a field's values are found by any part of them.
    pub(super) has_parts: &'a dyn Fn(&str) -> bool,
    /// The fields whose values are found without them.
    pub(super) named: &'a [&'static str],
}

/// The texts that complete the last word of a text, the likeliest first. After a blank, the fields begin a new one.
pub fn complete(text: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let values = |name: &str| Field::of(name).map(|field| values(field, vocabulary)).unwrap_or_default();
    let has_parts = |name: &str| matches!(Field::of(name), Some(Field::Text(_)));
    let named = &["status", "state", "error"];
    complete_with(text, &Offers { fields: FIELDS, values: &values, has_parts: &has_parts, named })
}

/// The same of what is offered.
pub(super) fn complete_with(text: &str, offers: &Offers<'_>) -> Vec<String> {
    let words = words(text);
    let word = words.last().filter(|word| word.at.end == text.len());
    let mut offered = Vec::new();
    for ending in endings(word, offers) {
        // What stays is the text before the value that is being typed.
        let start = word.and_then(|word| word.values.last()).map_or(text.len(), |value| value.at.start);
        let completed = format!("{}{ending}", text.get(..start).unwrap_or_default());
        if completed != text && !offered.contains(&completed) {
            offered.push(completed);
        }
        if offered.len() == MAX_OFFERED {
            break;
        }
    }
    offered
}

/// What can stand in the place of the last value.
fn endings(word: Option<&Word<'_>>, offers: &Offers<'_>) -> Vec<String> {
    let fields = offers.fields.iter().map(|(name, _)| *name);
    let Some((word, value)) = word.and_then(|word| Some((word, word.values.last()?))) else {
        return fields.map(|name| format!("{name}:")).collect();
    };
    let typed = lowered(&value.text);
    if let Some(name) = word.field {
        let Some(field) = offers.fields.iter().map(|(name, _)| *name).find(|known| known.eq_ignore_ascii_case(name))
        else {
            return Vec::new();
        };
        let sign = if value.is_whole { "=" } else { "" };
        let values = sorted((offers.values)(field), &typed, (offers.has_parts)(field));
        return values.into_iter().map(|name| format!("{sign}{}", quoted(&name))).collect();
    }
    if value.is_quoted || value.is_whole {
        return Vec::new();
    }
    let mut endings: Vec<String> =
        fields.filter(|name| name.starts_with(&typed)).map(|name| format!("{name}:")).collect();
    if !typed.is_empty() {
        // A name that is typed without its field finds it.
        for name in offers.named {
            let values = sorted((offers.values)(name), &typed, false);
            endings.extend(values.into_iter().map(|value| format!("{name}:{}", quoted(&value))));
        }
    }
    endings
}

/// The values that a field may have, as far as they are known.
fn values(field: Field, vocabulary: &Vocabulary) -> Vec<String> {
    match field {
        Field::Status => STATUSES.into_iter().map(|status| status.as_str().to_ascii_lowercase()).collect(),
        Field::Text(TextField::State | TextField::Failed) => vocabulary.states.clone(),
        Field::Text(TextField::Error) => vocabulary.errors.clone(),
        Field::Since | Field::Until => ["15m", "1h", "1d", "7d"].map(ToOwned::to_owned).to_vec(),
        Field::Duration => [">1s", ">10s", ">1m", "<1s"].map(ToOwned::to_owned).to_vec(),
        Field::Text(_) => Vec::new(),
    }
}

/// Those that begin with what was typed, and after them, where that is wanted, those that hold it.
fn sorted(values: Vec<String>, typed: &str, with_parts: bool) -> Vec<String> {
    let (mut beginning, others): (Vec<String>, Vec<String>) =
        values.into_iter().partition(|value| lowered(value).starts_with(typed));
    if with_parts {
        beginning.extend(others.into_iter().filter(|value| lowered(value).contains(typed)));
    }
    beginning
}

/// The value, in quotes where it would not be read as it is.
fn quoted(value: &str) -> String {
    let is_plain =
        !value.starts_with('=') && !value.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '"' | '*'));
    if is_plain { value.to_owned() } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::query::Query;

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            states: ["ProcessPayment", "VoidPayment", "Order, failed", "ReserveStock"].map(ToOwned::to_owned).to_vec(),
            errors: ["PaymentDeclined", "OutOfStock", "States.Timeout"].map(ToOwned::to_owned).to_vec(),
        }
    }

    #[test]
    fn the_last_word_is_completed() {
        let cases: [(&str, &[&str]); 20] = [
            ("st", &["status:", "state:", "error:States.Timeout"]),
            ("blue fai", &["blue failed:", "blue status:failed"]),
            ("!du", &["!duration:"]),
            ("proc", &["state:ProcessPayment"]),
            ("status:f", &["status:failed"]),
            ("STATUS:A", &["STATUS:aborted"]),
            ("status:failed,ab", &["status:failed,aborted"]),
            ("status:failed", &[]),
            ("state:pay", &["state:ProcessPayment", "state:VoidPayment"]),
            ("state:v", &["state:VoidPayment", "state:ReserveStock"]),
            ("-failed:=void", &["-failed:=VoidPayment"]),
            ("state:order", &[r#"state:"Order, failed""#]),
            (r#"state:"order, f"#, &[r#"state:"Order, failed""#]),
            ("error:out", &["error:OutOfStock", "error:States.Timeout"]),
            ("since:", &["since:15m", "since:1h", "since:1d", "since:7d"]),
            ("duration:>1", &["duration:>1s", "duration:>10s", "duration:>1m"]),
            ("name:o", &[]),
            ("colour:b", &[]),
            (r#""blue"#, &[]),
            ("zzz", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(complete(text, &vocabulary()), expected, "{text}");
        }
    }

    #[test]
    fn a_new_word_begins_with_any_field() {
        for text in ["", "status:failed ", "!"] {
            let offered = complete(text, &Vocabulary::default());
            assert_eq!(offered.len(), FIELDS.len(), "{text}");
            assert!(offered.iter().all(|offer| offer.starts_with(text) && offer.ends_with(':')), "{text}");
        }
    }

    #[test]
    fn what_is_offered_reads() {
        for text in ["status:", "state:", "error:", "since:", "until:", "duration:", "failed:=", "o", "s"] {
            for offer in complete(text, &vocabulary()).iter().filter(|offer| !offer.ends_with(':')) {
                assert!(Query::parse(offer).problems.is_empty(), "{offer}");
            }
        }
    }

    #[test]
    fn there_are_never_too_many() {
        let states = (0..1_000).map(|number| format!("S{number}")).collect();
        let offered = complete("state:s", &Vocabulary { states, errors: Vec::new() });
        assert_eq!(offered.len(), MAX_OFFERED);
    }
}
