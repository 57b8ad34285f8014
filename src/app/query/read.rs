//! Reading the query line: words, then what they mean.
//!
//! Nothing that is typed fails: a word that does not read becomes a problem, and the others go on.

use std::ops::Range;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::pattern::{Pattern, lowered};
use super::{Bound, FIELDS, Field, Moment, Problem, Query, STATUSES, Test};
use crate::facts::Millis;

/// Digits after a point that count.
const MAX_FRACTION: usize = 6;

/// What a text asks for.
pub(super) fn query(text: &str, zone: &TimeZone) -> Query {
    let (mut terms, problems) = terms(text, FIELDS, |field, value| asked(field.and_then(Field::of), value, zone));
    terms.sort_by_key(super::cost);
    Query { problems, terms }
}

/// A word as it was typed: `!field:value,"another value"`.
#[derive(Debug)]
pub(super) struct Word<'a> {
    /// Where it stands, in bytes.
    pub(super) at: Range<usize>,
    /// Whether `!` or `-` stands before it.
    pub(super) is_negated: bool,
    /// What stands before its colon.
    pub(super) field: Option<&'a str>,
    /// At least one, which may be empty.
    pub(super) values: Vec<Value>,
}

/// What stands between commas.
#[derive(Debug)]
pub(super) struct Value {
    /// Where, in bytes, with all that belongs to it.
    pub(super) at: Range<usize>,
    /// Without quotes and what they need.
    pub(super) text: String,
    /// Whether `=` stands before it.
    pub(super) is_whole: bool,
    /// Whether it stands in quotes.
    pub(super) is_quoted: bool,
}

impl Value {
    /// Nothing was typed yet.
    pub(super) fn is_missing(&self) -> bool {
        self.text.is_empty() && !self.is_quoted
    }
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut scanner = Scanner { text, at: 0 };
    std::iter::from_fn(|| scanner.word()).collect()
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn takes(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn word(&mut self) -> Option<Word<'a>> {
        while self.peek()?.is_whitespace() {
            self.take();
        }
        let start = self.at;
        let is_negated = self.takes('!') || self.takes('-');
        let field = self.field();
        let mut values = vec![self.value(field.is_some())];
        while field.is_some() && self.takes(',') {
            values.push(self.value(true));
        }
        Some(Word { at: start..self.at, is_negated, field, values })
    }

    /// A field's name and its colon. An ARN is none: it is what people paste.
    fn field(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic())?;
        let (name, after) = rest.split_at_checked(end)?;
        if name.is_empty() || !after.starts_with(':') || name.eq_ignore_ascii_case("arn") {
            return None;
        }
        self.at += end + 1;
        Some(name)
    }

    /// A value; in a list it ends at a comma too. Quotes that nobody closes end with the text.
    fn value(&mut self, in_list: bool) -> Value {
        let start = self.at;
        let is_whole = self.takes('=');
        let is_quoted = self.takes('"');
        let mut text = String::new();
        if is_quoted {
            while let Some(c) = self.take() {
                match c {
                    '"' => break,
                    '\\' if matches!(self.peek(), Some('"' | '\\')) => text.extend(self.take()),
                    c => text.push(c),
                }
            }
        }
        let ends = |c: char| c.is_whitespace() || (in_list && c == ',');
        while let Some(c) = self.peek().filter(|c| !ends(*c)) {
            text.push(c);
            self.take();
        }
        Value { at: start..self.at, text, is_whole, is_quoted }
    }
}

/// What has to hold, or must not: of one field; one of the tests is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term<T> {
    pub(super) is_negated: bool,
    pub(super) any: Vec<T>,
}

impl<T> Term<T> {
    pub(super) fn holds(&self, holds: impl Fn(&T) -> bool) -> bool {
        self.any.iter().any(holds) != self.is_negated
    }
}

/// What a text asks for by these fields; `asks` says what a value asks of the field of that name, or what is wrong with
/// it.
pub(super) fn terms<T>(
    text: &str,
    fields: &[(&'static str, &'static str)],
    asks: impl Fn(Option<&'static str>, &Value) -> Result<Vec<T>, String>,
) -> (Vec<Term<T>>, Vec<Problem>) {
    let (mut terms, mut problems) = (Vec::new(), Vec::new());
    for word in words(text) {
        let field = match word.field {
            None => None,
            Some(name) => {
                let Some((field, _)) = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
                    let sentence = format!(
                        "there is no field {name}: there are {}; a text with a colon is put in quotes",
                        listed(fields.iter().map(|(name, _)| *name))
                    );
                    problems.push(Problem { at: word.at, sentence });
                    continue;
                };
                Some(*field)
            }
        };
        let mut any = Vec::new();
        for value in word.values.iter().filter(|value| !value.is_missing()) {
            match asks(field, value) {
                Ok(tests) => any.extend(tests),
                Err(sentence) => problems.push(Problem { at: value.at.clone(), sentence }),
            }
        }
        if word.values.iter().all(Value::is_missing) {
            let sentence = match word.field {
                Some(name) => format!("{name} has no value yet: write it after the colon, without a blank"),
                None => "there is nothing to look for: write it after the sign, without a blank".to_owned(),
            };
            problems.push(Problem { at: word.at, sentence });
        }
        if !any.is_empty() {
            terms.push(Term { is_negated: word.is_negated, any });
        }
    }
    (terms, problems)
}

/// What a value asks of a field; an error is the problem's sentence.
fn asked(field: Option<Field>, value: &Value, zone: &TimeZone) -> Result<Vec<Test>, String> {
    let text = value.text.as_str();
    let pattern = || Pattern::new(text, value.is_whole, value.is_quoted);
    let is_arn = || text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:"));
    match field {
        None if is_arn() => Ok(vec![Test::Arn(pattern())]),
        None => Ok(vec![Test::Word(pattern())]),
        Some(Field::Text(field)) => Ok(vec![Test::Text(field, pattern())]),
        Some(Field::Status) => statuses(text),
        Some(Field::Since) => Ok(vec![Test::Since(moment(text, zone, false)?)]),
        Some(Field::Until) => Ok(vec![Test::Until(moment(text, zone, true)?)]),
        Some(Field::Duration) => duration(text).map(|test| vec![test]),
    }
}

fn statuses(text: &str) -> Result<Vec<Test>, String> {
    let statuses = meant(text, STATUSES.map(|status| (status, status.as_str())))?;
    Ok(statuses.into_iter().map(Test::Status).collect())
}

/// The statuses that a text means, by the beginning of their names; without regard to case and to what joins words.
pub(super) fn meant<T, const N: usize>(text: &str, named: [(T, &'static str); N]) -> Result<Vec<T>, String> {
    let plain = |name: &str| lowered(name).replace(['_', '-', ' '], "");
    let typed = plain(text);
    let names = listed(named.iter().map(|(_, name)| *name));
    let is_meant = |(_, name): &(T, &'static str)| !typed.is_empty() && plain(name).starts_with(&typed);
    let found: Vec<T> = named.into_iter().filter(is_meant).map(|(status, _)| status).collect();
    if found.is_empty() {
        return Err(format!("{text} is no status: there are {names}"));
    }
    Ok(found)
}

pub(super) fn moment(text: &str, zone: &TimeZone, is_until: bool) -> Result<Moment, String> {
    span(text)
        .map(Moment::Ago)
        .or_else(|| instant(text, zone, is_until).map(Moment::At))
        .ok_or_else(|| format!("{text} is no time: write 30s, 15m, 1h or 2d, or 2026-07-01 or 2026-07-01T12:00"))
}

/// A date, with a time or without. Until a day means until its end: the day is meant with all its hours.
fn instant(text: &str, zone: &TimeZone, is_until: bool) -> Option<Millis> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    let at: DateTime = text.parse().ok()?;
    let is_day = !text.contains(['T', 't', ' ']);
    if is_day && is_until {
        let next = at.date().tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
        return Some(next.timestamp().as_millisecond() - 1);
    }
    let at = at.to_zoned(zone.clone()).ok()?;
    Some(at.timestamp().as_millisecond())
}

fn duration(text: &str) -> Result<Test, String> {
    let bounds = [(">=", Bound::AtLeast), ("<=", Bound::AtMost), (">", Bound::Above), ("<", Bound::Below)];
    let bound = bounds.into_iter().find_map(|(sign, bound)| Some((bound, text.strip_prefix(sign)?)));
    let (bound, limit) = bound.unwrap_or((Bound::AtLeast, text));
    span(limit)
        .map(|limit| Test::Duration(bound, limit))
        .ok_or_else(|| format!("{text} is no duration: write >5s, <200ms, 1.5s or 1h30m"))
}

/// A span in milliseconds: numbers, each with its unit.
fn span(text: &str) -> Option<Millis> {
    let mut total: Millis = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (whole, after) = split(rest, |c| c.is_ascii_digit())?;
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => split(after, |c| c.is_ascii_digit())?,
            None => ("0", after),
        };
        let (unit, after) = split(after, |c| c.is_ascii_alphabetic())?;
        let unit: Millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let whole = whole.parse::<Millis>().ok()?.checked_mul(unit)?;
        let digits = u32::try_from(fraction.len().min(MAX_FRACTION)).ok()?;
        let fraction: Millis = fraction.get(..fraction.len().min(MAX_FRACTION))?.parse().ok()?;
        let fraction = fraction.checked_mul(unit)? / 10_i64.checked_pow(digits)?;
        total = total.checked_add(whole)?.checked_add(fraction)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// A text behind its first characters of a kind; none if there is none.
fn split(text: &str, of: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let length = text.len() - text.trim_start_matches(of).len();
    text.split_at_checked(length).filter(|_| length > 0)
}

fn listed(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_where_no_quotes_hold_them() {
        // Expected: each word as its sign, its field and a colon, and its values in angle brackets.
        let cases = [
            ("", ""),
            ("  a  b ", ":<a> :<b>"),
            ("a,b", ":<a,b>"),
            ("state:A,B", "state:<A><B>"),
            ("!state:A -b", "!state:<A> !:<b>"),
            ("state:=A,", "state:<A><>"),
            (r#"input:"blue mug",x y"#, "input:<blue mug><x> :<y>"),
            (r#""a \"b\" \\ \n""#, r#":<a "b" \ \n>"#),
            (r#"state:"open end"#, "state:<open end>"),
            (r#"say"so"#, r#":<say"so>"#),
            ("States.Timeout:x", ":<States.Timeout:x>"),
            ("arn:aws:x", ":<arn:aws:x>"),
            ("since:2026-07-01T12:00", "since:<2026-07-01T12:00>"),
            ("ß:ü", ":<ß:ü>"),
        ];
        for (text, expected) in cases {
            let found: Vec<String> = words(text)
                .iter()
                .map(|word| {
                    let sign = if word.is_negated { "!" } else { "" };
                    let values: String = word.values.iter().map(|value| format!("<{}>", value.text)).collect();
                    format!("{sign}{}:{values}", word.field.unwrap_or_default())
                })
                .collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn a_problem_says_where_and_what_would_do() {
        // The text, the part of it that does not read, and what is said of it.
        let cases = [
            ("colour:blue", "colour:blue", "there is no field colour"),
            ("x http://y", "http://y", "in quotes"),
            ("status:", "status:", "status has no value yet"),
            ("status:failed,lost", "lost", "lost is no status"),
            ("!  a", "!", "nothing to look for"),
            ("=", "=", "nothing to look for"),
            ("since:yesterday", "yesterday", "yesterday is no time"),
            ("since:15", "15", "15 is no time"),
            ("duration:>fast", ">fast", ">fast is no duration"),
            ("duration:>", ">", "> is no duration"),
            ("größe ü:status: until:2026-13-01", "2026-13-01", "is no time"),
        ];
        for (text, place, sentence) in cases {
            let query = query(text, &TimeZone::UTC);
            assert_eq!(query.problems.len(), 1, "{text}: {:?}", query.problems);
            assert_eq!(text.get(query.problems[0].at.clone()), Some(place), "{text}");
            assert!(query.problems[0].sentence.contains(sentence), "{text}: {}", query.problems[0].sentence);
        }
    }

    #[test]
    fn what_reads_of_a_list_is_kept_and_what_is_half_typed_ignored() {
        assert_eq!(query("status:failed,lost", &TimeZone::UTC).terms, query("status:failed", &TimeZone::UTC).terms);
        assert_eq!(query("status:failed, since:", &TimeZone::UTC).terms, query("status:failed", &TimeZone::UTC).terms);
        assert!(query("colour:blue status: !", &TimeZone::UTC).is_empty());
    }

    #[test]
    fn spans_have_units() {
        let cases = [
            ("250ms", Some(250)),
            ("1.5s", Some(1_500)),
            ("1h30m", Some(5_400_000)),
            ("2d", Some(172_800_000)),
            ("0.0000009s", Some(0)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("s", None),
            ("1.s", None),
            (".5s", None),
            ("5 s", None),
            ("-5s", None),
            ("5y", None),
            ("99999999999999999999s", None),
            ("9223372036854775807d", None),
            ("9223372036854775ms9223372036854774d", None),
        ];
        for (text, expected) in cases {
            assert_eq!(span(text), expected, "{text}");
        }
    }
}
