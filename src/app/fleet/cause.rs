//! Causes without what is different in each execution, so that failures that are alike read alike.
//!
//! A small scanner over words; it knows how ids, numbers and times look, and nothing of what they are.

use std::borrow::Cow;

use serde_json::Value;

/// The most characters of a normalised cause.
const MOST: usize = 160;
/// The longest id in bytes that is looked for in quotes.
const MAX_QUOTED: usize = 128;
/// How many messages inside of messages are opened.
const MAX_INSIDE: usize = 3;

const ID: &str = "<id>";
const NUMBER: &str = "<n>";
const TIME: &str = "<time>";

/// A cause on one line of 160 characters at the most, with `<id>`, `<n>` and `<time>` in the place of ids, numbers and
/// times. Of what a Lambda function raised, a JSON object, it is the `errorMessage`.
pub fn normalise(cause: &str) -> String {
    let message = message_of(cause);
    let mut rest = message.trim();
    let mut line = String::new();
    let mut length = 0;
    // Whether a word may begin here. Digits inside of words stay: they are names' (`sha256`).
    let mut begins = true;
    while let Some(c) = rest.chars().next()
        && length <= MOST
    {
        let before = line.len();
        let taken = if c.is_whitespace() {
            line.push(' ');
            begins = true;
            rest.len() - rest.trim_start().len()
        } else if begins && let Some((taken, quote)) = quoted_id(rest) {
            line.extend([quote, '<', 'i', 'd', '>', quote]);
            begins = false;
            taken
        } else if begins && let Some((taken, shown)) = token(rest) {
            line.push_str(shown);
            begins = false;
            taken
        } else {
            line.push(c);
            begins = !c.is_alphanumeric();
            c.len_utf8()
        };
        length += line.get(before..).map_or(0, |added| added.chars().count());
        rest = rest.get(taken..).unwrap_or_default();
    }
    match line.char_indices().nth(MOST) {
        None => line,
        Some(_) => {
            let kept: String = line.chars().take(MOST - 1).collect();
            kept + "…"
        }
    }
}

/// What a cause says to people: the message in it, where it is a JSON object that has one.
fn message_of(cause: &str) -> Cow<'_, str> {
    let mut message = Cow::Borrowed(cause);
    for _ in 0..MAX_INSIDE {
        let Some(inside) = message_in(&message) else { break };
        message = Cow::Owned(inside);
    }
    message
}

fn message_in(text: &str) -> Option<String> {
    let text = text.trim_start();
    if !text.starts_with('{') {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    // Lambda's, other services', and that of an execution that another one started.
    let names = ["errorMessage", "message", "Cause"];
    let mut messages = names.into_iter().filter_map(|name| value.get(name)?.as_str());
    messages.find(|message| !message.is_empty()).map(ToOwned::to_owned)
}

/// An id in quotes, with its length and the quote. Words without digits are names, and stay.
fn quoted_id(text: &str) -> Option<(usize, char)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let inside = text.get(1..)?;
    let end = inside.bytes().take(MAX_QUOTED + 1).position(|byte| char::from(byte) == quote)?;
    let id = inside.get(..end)?;
    let reads = id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '#' | '@'));
    let is_id = reads && id.contains(|c: char| c.is_ascii_digit()) && id.contains(char::is_alphabetic);
    let is_time = timestamp(id) == Some(id.len());
    (is_id && !is_time).then_some((end + 2, quote))
}

/// What stands at the beginning of a word, and how long it is.
fn token(text: &str) -> Option<(usize, &'static str)> {
    if let Some(length) = timestamp(text) {
        return Some((length, TIME));
    }
    if let Some(length) = uuid(text).or_else(|| order_id(text)) {
        return Some((length, ID));
    }
    let word = text.get(..run(text, |c| c.is_ascii_alphanumeric()))?;
    let digits = run(word, |c| c.is_ascii_digit());
    if digits == word.len() {
        return number(text).map(|length| (length, NUMBER));
    }
    let count = word.bytes().filter(u8::is_ascii_digit).count();
    let hex = word.strip_prefix("0x").unwrap_or(word);
    let is_hex = hex.len() >= 8 && count > 0 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_long = word.len() >= 16 && count > 1;
    if is_hex || is_long {
        return Some((word.len(), ID));
    }
    let unit = word.get(digits..)?;
    match (digits, unit.contains(|c: char| c.is_ascii_digit())) {
        (0, _) => None,
        // `5s`, `200ms`: the unit stays.
        (_, false) => Some((digits, NUMBER)),
        (_, true) => Some((word.len(), ID)),
    }
}

/// `2026-07-01`, and its time, in the ways of ISO 8601 that logs use.
fn timestamp(text: &str) -> Option<usize> {
    let mut left = after(text, "0000-00-00")?;
    if let Some(time) = left.strip_prefix(['T', 't', ' ']).and_then(|time| after(time, "00:00")) {
        left = after(time, ":00").unwrap_or(time);
        if let Some(fraction) = left.strip_prefix(['.', ',']) {
            let digits = run(fraction, |c| c.is_ascii_digit());
            left = if digits > 0 { fraction.get(digits..)? } else { left };
        }
        let zones = ["Z", "z", "+00:00", "-00:00", "+0000", "-0000"];
        left = zones.into_iter().find_map(|zone| after(left, zone)).unwrap_or(left);
    }
    ends(left).then_some(text.len() - left.len())
}

fn uuid(text: &str) -> Option<usize> {
    let mut left = text;
    for (index, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if index > 0 {
            left = left.strip_prefix('-')?;
        }
        let group = left.get(..length)?;
        if !group.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        left = left.get(length..)?;
    }
    ends(left).then_some(text.len() - left.len())
}

fn order_id(text: &str) -> Option<usize> {
    let id = text.strip_prefix("ord-")?;
    let length = run(id, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    (length > 0).then_some(text.len() - id.len() + length)
}

/// Digits, with the points and commas between them.
fn number(text: &str) -> Option<usize> {
    let mut length = run(text, |c| c.is_ascii_digit());
    while let Some(more) = text.get(length..)?.strip_prefix(['.', ',']) {
        let digits = run(more, |c| c.is_ascii_digit());
        if digits == 0 {
            break;
        }
        length += 1 + digits;
    }
    (length > 0).then_some(length)
}

/// What follows a shape, in which `0` stands for any digit.
fn after<'a>(text: &'a str, shape: &str) -> Option<&'a str> {
    let mut left = text.chars();
    for wanted in shape.chars() {
        let c = left.next()?;
        let fits = if wanted == '0' { c.is_ascii_digit() } else { c == wanted };
        if !fits {
            return None;
        }
    }
    Some(left.as_str())
}

/// How many bytes from the beginning are of such characters.
fn run(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.len() - text.trim_start_matches(of).len()
}

/// Whether a word ends before this text.
fn ends(text: &str) -> bool {
    !text.starts_with(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cause: &str, expected: &str) {
        assert_eq!(normalise(cause), expected, "{cause}");
    }

    #[test]
    fn what_is_different_in_each_execution_is_replaced() {
        let cases = [
            ("", ""),
            ("no funds", "no funds"),
            ("there is no order ord-3fa9c0", "there is no order <id>"),
            ("order ord-1: no funds", "order <id>: no funds"),
            ("order ord- has no id", "order ord- has no id"),
            ("item 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is gone", "item <id> is gone"),
            ("3F2504E0-4F89-11D3-9A0C-0305E82C3301", "<id>"),
            ("trace 1-67891233-abcdef012345678912345678", "trace <n>-<n>-<id>"),
            ("commit 9fceb02d", "commit <id>"),
            ("at 0xdeadbeef01", "at <id>"),
            ("the facade is decade old", "the facade is decade old"),
            ("(Request ID: VVPLKJQ5F3G3A1B2C3D4)", "(Request ID: <id>)"),
            ("short 3fa9b", "short <id>"),
            ("timed out after 3.00 seconds", "timed out after <n> seconds"),
            ("waited 5s, then 200ms.", "waited <n>s, then <n>ms."),
            ("1,234.56 EUR of 12", "<n> EUR of <n>"),
            ("KB-75 (wanted 2, available 0)", "KB-<n> (wanted <n>, available <n>)"),
            ("sha256 of utf8 in Lambda2", "sha256 of utf8 in Lambda2"),
            ("token pay_1234", "token pay_<n>"),
            ("2026-07-01T12:00:00.123Z Task timed out", "<time> Task timed out"),
            ("since 2026-07-01 12:00:00,5 +02:00", "since <time> +<n>:<n>"),
            ("on 2026-07-01.", "on <time>."),
            ("from 2026-07-01T12:00+02:00 on", "from <time> on"),
            ("no card 'tok_4242' here", "no card '<id>' here"),
            (r#"field "orderId" of "A-1""#, r#"field "orderId" of "<id>""#),
            ("'2026-07-01T12:00:00Z' and '17'", "'<time>' and '<n>'"),
            ("it can't be 5 o'clock", "it can't be <n> o'clock"),
            ("größe 5 für 'ü7'", "größe <n> für '<id>'"),
            ("  two\r\n\tlines  ", "two lines"),
        ];
        for (cause, expected) in cases {
            check(cause, expected);
        }
    }

    #[test]
    fn of_what_a_function_raised_the_message_is_shown() {
        let cases = [
            (r#"{"errorType":"Declined","errorMessage":"order ord-1: no funds"}"#, "order <id>: no funds"),
            (r#" {"errorMessage":"{\"message\":\"card 12 expired\"}"}"#, "card <n> expired"),
            (r#"{"Error":"Own","Cause":"its cause"}"#, "its cause"),
            (r#"{"errorMessage":""}"#, r#"{"errorMessage":""}"#),
            (r#"{"code":7}"#, r#"{"code":<n>}"#),
            (r#"{"errorMessage": cut of"#, r#"{"errorMessage": cut of"#),
        ];
        for (cause, expected) in cases {
            check(cause, expected);
        }
    }

    #[test]
    fn it_is_one_line_of_a_bounded_length() {
        let long = normalise(&"größer ".repeat(100));
        assert_eq!(long.chars().count(), 160);
        assert!(long.ends_with('…'));
        assert_eq!(normalise(&"a".repeat(160)), "a".repeat(160));
        assert_eq!(normalise(&"3f2504e0-4f89-11d3-9a0c-0305e82c3301 ".repeat(20)).chars().count(), 99);
    }

    #[test]
    fn odd_texts_do_no_harm() {
        let texts =
            ["'", "\"\"", "'''", "ü'ü", "2026-", "2026-07-01Tü", "ord-ü", "0x", "1.", "1,,2", "{", "\u{0}5", "５"];
        for text in texts {
            assert!(normalise(text).chars().count() <= 160, "{text}");
        }
    }
}
