//! Standard output and standard error, the only places that print.

use std::io::{self, Write};

/// Prints a line.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Prints a JSON line. Control characters that JSON lets pass (DEL, and those above it) are escaped: what prints to a
/// terminal must not steer it.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn say_json(line: &str) -> io::Result<()> {
    let escaped: String =
        line.chars().map(|c| if c.is_control() { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect();
    say(&escaped)
}

/// Prints a line for a person, beside the output.
pub(crate) fn complain(text: &str) {
    // There is nowhere left to say that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Columns of a table, as wide as their widest cell; the last one is not padded.
pub(crate) fn table(rows: &[Vec<String>]) -> Vec<String> {
    use unicode_width::UnicodeWidthStr;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate().map(|(index, (cell, width))| {
                let padding = if index + 1 == row.len() { 0 } else { width.saturating_sub(cell.width()) };
                format!("{cell}{}", " ".repeat(padding))
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

/// A time as people read it: local, to the second.
pub(crate) fn local_time(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time as programs read it: RFC 3339, UTC, milliseconds.
pub(crate) fn utc_time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
