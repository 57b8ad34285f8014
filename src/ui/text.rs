//! Text as the screen can show it: without control characters, cut to a width, times and durations in few letters.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text without control characters: nothing that comes from outside may steer the terminal. Tabs become blanks.
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\t' => Some(' '),
            c if c.is_control() || is_steering(c) => None,
            c => Some(c),
        })
        .collect()
}

/// Format characters that reorder or hide text.
fn is_steering(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The text cut to so many columns, with `…` where something is missing.
pub fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if used + width + 1 > columns {
            break;
        }
        used += width;
        kept.push(c);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// A duration in few letters: `12ms`, `3.4s`, `2m05s`, `1h02m`, `3d04h`.
pub fn duration(millis: i64) -> String {
    let millis = millis.max(0);
    let seconds = millis / 1000;
    match seconds {
        0 => format!("{millis}ms"),
        1..=59 => format!("{seconds}.{}s", millis % 1000 / 100),
        60..=3599 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..=86_399 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\tc\r\n\u{202e}d\u{9b}e"), "a[31mb cde");
    }

    #[test]
    fn cuts_at_columns_not_at_bytes() {
        assert_eq!(cut("Überprüfung", 6), "Überp…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn durations_are_short() {
        let cases =
            [(7, "7ms"), (1234, "1.2s"), (125_000, "2m05s"), (3_720_000, "1h02m"), (273_600_000, "3d04h"), (-5, "0ms")];
        for (millis, expected) in cases {
            assert_eq!(duration(millis), expected);
        }
    }
}
