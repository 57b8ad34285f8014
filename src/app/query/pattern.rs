//! Looking for a text without regard to case.
//!
//! Most texts are ASCII and compared as they are, byte by byte; only others are brought to lower case first. What a
//! pattern looks for is prepared once.

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    kind: Kind,
    /// In lower case; of a glob, what stands between its asterisks, else one.
    pieces: Vec<String>,
    is_ascii: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Part,
    Whole,
    Glob,
}

impl Pattern {
    /// Of a text; an asterisk in it stands for anything, unless the whole is meant or the text was quoted.
    pub(super) fn new(text: &str, is_whole: bool, is_quoted: bool) -> Self {
        let kind = match (is_whole, is_quoted) {
            (true, _) => Kind::Whole,
            (false, false) if text.contains('*') => Kind::Glob,
            _ => Kind::Part,
        };
        let text = lowered(text);
        let is_ascii = text.is_ascii();
        let pieces: Vec<String> =
            if kind == Kind::Glob { text.split('*').map(ToOwned::to_owned).collect() } else { Vec::from([text]) };
        Self { kind, pieces, is_ascii }
    }

    /// Whether a name fits: a glob has to fit all of it.
    pub(super) fn fits(&self, name: &str) -> bool {
        self.matches(name, self.kind == Kind::Glob)
    }

    /// Whether a document holds it somewhere.
    pub(super) fn is_within(&self, document: &str) -> bool {
        self.matches(document, false)
    }

    fn matches(&self, text: &str, is_anchored: bool) -> bool {
        if self.is_ascii || text.is_ascii() {
            self.matches_bytes(text.as_bytes(), is_anchored)
        } else {
            self.matches_bytes(lowered(text).as_bytes(), is_anchored)
        }
    }

    fn matches_bytes(&self, text: &[u8], is_anchored: bool) -> bool {
        let Some((first, others)) = self.pieces.split_first() else { return true };
        if self.kind == Kind::Whole {
            return text.eq_ignore_ascii_case(first.as_bytes());
        }
        let begun = if is_anchored { after_start(text, first) } else { after(text, first) };
        let Some(mut left) = begun else { return false };
        let Some((last, middle)) = others.split_last() else { return true };
        for piece in middle {
            let Some(rest) = after(left, piece) else { return false };
            left = rest;
        }
        if is_anchored {
            left.len().checked_sub(last.len()).and_then(|at| left.get(at..)).is_some_and(|end| same(end, last))
        } else {
            after(left, last).is_some()
        }
    }
}

/// The text in lower case, letter by letter: a letter is the same wherever it stands.
pub(super) fn lowered(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn same(text: &[u8], piece: &str) -> bool {
    text.eq_ignore_ascii_case(piece.as_bytes())
}

/// What follows a piece at the beginning.
fn after_start<'a>(text: &'a [u8], piece: &str) -> Option<&'a [u8]> {
    let (start, rest) = text.split_at_checked(piece.len())?;
    same(start, piece).then_some(rest)
}

/// What follows a piece where it is found first.
fn after<'a>(text: &'a [u8], piece: &str) -> Option<&'a [u8]> {
    let Some((first, others)) = piece.as_bytes().split_first() else { return Some(text) };
    let (lower, upper) = (*first, first.to_ascii_uppercase());
    let mut left = text;
    loop {
        let at = left.iter().position(|byte| *byte == lower || *byte == upper)?;
        left = left.get(at + 1..)?;
        let (next, rest) = left.split_at_checked(others.len())?;
        if next.eq_ignore_ascii_case(others) {
            return Some(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pattern as it is typed without quotes, whether a name fits, and whether a document holds it.
    fn check(typed: &str, text: &str, expected: (bool, bool)) {
        let (typed, is_whole) = typed.strip_prefix('=').map_or((typed, false), |whole| (whole, true));
        let pattern = Pattern::new(typed, is_whole, false);
        assert_eq!((pattern.fits(text), pattern.is_within(text)), expected, "{typed} in {text}");
    }

    #[test]
    fn parts_wholes_and_globs() {
        let cases = [
            ("", "", (true, true)),
            ("b", "abc", (true, true)),
            ("BC", "abc", (true, true)),
            ("cd", "abc", (false, false)),
            ("aab", "aaab", (true, true)),
            ("abcd", "abc", (false, false)),
            ("=ABC", "abc", (true, true)),
            ("=ab", "abc", (false, false)),
            ("=a*c", "abc", (false, false)),
            ("=a*c", "A*C", (true, true)),
            ("*", "", (true, true)),
            ("a*", "abc", (true, true)),
            ("b*", "abc", (false, true)),
            ("*c", "abc", (true, true)),
            ("*b", "abc", (false, true)),
            ("a*c", "abc", (true, true)),
            ("a*c", "abcd", (false, true)),
            ("a*b*c", "aXXbYYc", (true, true)),
            ("a*b*c", "acb", (false, false)),
            ("ab*bc", "abc", (false, false)),
            ("**", "abc", (true, true)),
            ("grö", "GRÖSSE", (true, true)),
            ("GRÖ*", "größe", (true, true)),
            ("größe", "grosse", (false, false)),
            ("sse", "GRÖSSE", (true, true)),
            ("ΣΑΣ", "σας", (false, false)),
            ("ΣΑΣ", "ΣΑΣ", (true, true)),
        ];
        for (typed, text, expected) in cases {
            check(typed, text, expected);
        }
    }

    #[test]
    fn in_quotes_an_asterisk_is_one() {
        let pattern = Pattern::new("a*c", false, true);
        assert!(pattern.fits("xa*cx") && !pattern.fits("abc"));
    }
}
