//! What a line of a log tells: its level, and what a person reads first.
//!
//! Never drops anything but what a list of lines shows anyway, which is the time.

use serde_json::Value;

/// The levels, as they are told here, with the names that runtimes have for them.
const LEVELS: [(&str, &[&str]); 6] = [
    ("ERROR", &["ERROR"]),
    ("WARN", &["WARN", "WARNING"]),
    ("INFO", &["INFO"]),
    ("DEBUG", &["DEBUG"]),
    ("TRACE", &["TRACE"]),
    ("FATAL", &["FATAL", "CRITICAL"]),
];
/// Fields of a JSON line that are told elsewhere in it, or tell nothing.
const PASSED_OVER: [&str; 6] = ["timestamp", "time", "level", "message", "span", "target"];

/// The level, empty if there is none, and the text.
pub(super) fn told(message: &str) -> (String, String) {
    let message = message.trim_end();
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(message) else {
        return (level_among(message).to_owned(), message.to_owned());
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut parts = vec![text("message").trim_end().to_owned()];
    for (name, value) in fields.iter().filter(|(name, _)| !PASSED_OVER.contains(&name.as_str())) {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        parts.push(format!("{name}={value}"));
    }
    parts.retain(|part| !part.is_empty());
    let level = text("level").to_uppercase();
    let level = known(&level).map(ToOwned::to_owned).unwrap_or(level);
    (level, parts.join(" "))
}

/// The level in a line that is not JSON: one of the first words, which runtimes put before what is said.
fn level_among(message: &str) -> &'static str {
    let first = message.lines().next().unwrap_or_default();
    let mut words = first.split([' ', '\t']).filter(|word| !word.is_empty()).take(4);
    words.find_map(|word| known(word.trim_matches(['[', ']', ':']))).unwrap_or_default()
}

/// The level that is called so. In a sentence it is a word like another, in small letters.
fn known(word: &str) -> Option<&'static str> {
    LEVELS.iter().find(|(_, names)| names.contains(&word)).map(|(level, _)| *level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_many_runtimes() {
        let cases = [
            (
                r#"{"timestamp":"2026-01-01T00:00:00Z","level":"WARNING","message":"slow\n","ms":12,"span":{"a":1}}"#,
                "WARN",
                "slow ms=12",
            ),
            (r#"{"level":"notice","order":"ord-1"}"#, "NOTICE", "order=ord-1"),
            ("[ERROR]\t2026-01-01T00:00:00Z\tid\tno money\n", "ERROR", "[ERROR]\t2026-01-01T00:00:00Z\tid\tno money"),
            ("2026-01-01T00:00:00Z\tid\tINFO\tfine", "INFO", "2026-01-01T00:00:00Z\tid\tINFO\tfine"),
            ("START RequestId: x Version: 1", "", "START RequestId: x Version: 1"),
            ("there was no error", "", "there was no error"),
            ("[1, 2]", "", "[1, 2]"),
            ("", "", ""),
        ];
        for (message, level, text) in cases {
            assert_eq!(told(message), (level.to_owned(), text.to_owned()), "{message}");
        }
    }
}
