//! Markdown as reports need it: text from outside that stays text, whatever is in it.
//!
//! Never renders, and never knows what is reported.

use crate::facts::Millis;

/// A text in a fence that is longer than any run of backticks in it.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let text = text.replace("\r\n", "\n");
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// A JSON text, indented, in a fence; another text as it is.
pub(super) fn document(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => fenced("json", &serde_json::to_string_pretty(&value).unwrap_or_else(|_| text.to_owned())),
        Err(_) => fenced("text", text),
    }
}

/// A short text as code within a line.
pub(super) fn code(text: &str) -> String {
    let text = one_line(text);
    if text.is_empty() {
        return text;
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    // A blank keeps backticks at the ends apart from those around.
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{blank}{text}{blank}{ticks}")
}

/// A text as prose within a line, with nothing in it that Markdown takes for its own.
pub(super) fn prose(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_line(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '$') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A table. The cells are Markdown.
pub(super) fn table<const COLUMNS: usize>(head: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(COLUMNS));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell_of(cell)).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

/// A duration: `12 ms`, `3.045 s`, `1 h 02 min 05.000 s`.
pub(super) fn took(millis: Millis) -> String {
    let millis = millis.max(0);
    let (seconds, rest) = (millis / 1000, millis % 1000);
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{seconds}.{rest:03} s"),
        60..3600 => format!("{} min {:02}.{rest:03} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min {:02}.{rest:03} s", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

/// A bar ends a cell wherever it stands, in code too, unless it is escaped.
fn cell_of(markdown: &str) -> String {
    let mut cell = String::new();
    let mut escaped = false;
    for c in markdown.chars() {
        if c == '|' && !escaped {
            cell.push('\\');
        }
        escaped = c == '\\' && !escaped;
        cell.push(if matches!(c, '\n' | '\r') { ' ' } else { c });
    }
    cell
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_holds_whatever_is_in_it() {
        let cases = [
            ("a", "```text\na\n```\n"),
            ("a\n", "```text\na\n```\n"),
            ("", "```text\n```\n"),
            ("```\nx", "````text\n```\nx\n````\n"),
            ("a ````` b\r\nc", "``````text\na ````` b\nc\n``````\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(fenced("text", text), expected);
        }
        assert_eq!(document("{\"a\":1}"), "```json\n{\n  \"a\": 1\n}\n```\n");
        assert_eq!(document("{a"), "```text\n{a\n```\n");
    }

    #[test]
    fn text_stays_text() {
        let codes = [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a\n b", "`a b`"), ("", "")];
        for (text, expected) in codes {
            assert_eq!(code(text), expected);
        }
        assert_eq!(prose("a_b <i>*x*</i>\n# [l](u) | `c`"), r"a\_b \<i\>\*x\*\</i\> \# \[l\](u) \| \`c\`");
        let rows = [[code("a|b"), prose("c|d")]];
        assert_eq!(table(["x", "y"], &rows), "| x | y |\n|---|---|\n| `a\\|b` | c\\|d |\n");
    }

    #[test]
    fn durations_are_exact() {
        let cases = [
            (-3, "0 ms"),
            (999, "999 ms"),
            (3_045, "3.045 s"),
            (65_000, "1 min 05.000 s"),
            (3_725_001, "1 h 02 min 05.001 s"),
        ];
        for (millis, expected) in cases {
            assert_eq!(took(millis), expected);
        }
    }
}
