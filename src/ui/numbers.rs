//! Numbers and times as tables show them: in few letters that line up.

use crate::facts::Millis;

/// A number with its thousands set apart: `25,000`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The time from a start, to the millisecond where that matters: `+3.045s`, `+2m05.300s`, `+1h02m05s`.
pub(super) fn offset(millis: Millis) -> String {
    let sign = if millis < 0 { '-' } else { '+' };
    let millis = millis.unsigned_abs();
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}.{rest:03}s"),
        (0, _) => format!("{sign}{minutes}m{:02}.{rest:03}s", seconds % 60),
        _ => format!("{sign}{hours}h{:02}m{:02}s", minutes % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (25_000, "25,000"), (1_234_567, "1,234,567")];
        for (number, expected) in cases {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn offsets_are_exact_where_that_matters() {
        let cases = [
            (0, "+0.000s"),
            (3_045, "+3.045s"),
            (125_300, "+2m05.300s"),
            (3_725_999, "+1h02m05s"),
            (-1_500, "-1.500s"),
            (Millis::MIN, "-2562047788015h12m55s"),
        ];
        for (millis, expected) in cases {
            assert_eq!(offset(millis), expected);
        }
    }
}
