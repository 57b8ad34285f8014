//! Finding a text in many others, such as in a hundred thousand log lines between two keys.
//!
//! The case of ASCII letters does not count; other letters are compared as they are. Never allocates while it looks,
//! and never copies what it looks through.

use std::ops::Range;

/// Places that are looked at together: few enough that most blocks hold nothing, and whole vector registers.
const BLOCK: usize = 32;
/// Bytes of logs and documents, the most frequent first. Those that are not here are rarer.
const FREQUENT: &[u8] = b"e\"taoinrs:,l-dcmu0h1p2. {}g3";

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    text: String,
    /// The text itself, then others that stand for it.
    forms: Vec<Form>,
}

/// One text, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    bytes: Box<[u8]>,
    /// The two bytes that are compared before all others: the rarest ones.
    anchors: [Anchor; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Anchor {
    offset: usize,
    byte: u8,
    /// The bit that makes a letter a small one; none for other bytes.
    fold: u8,
}

impl Needle {
    /// A text to look for; `None` if it is empty.
    ///
    /// `name=value` also finds the field of a JSON text whose value begins so: `"name":"value`, `"name":value`.
    pub fn new(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let mut forms = vec![Form::new(text)];
        if let Some((name, value)) = text.split_once('=')
            && !name.is_empty()
        {
            forms.push(Form::new(&format!("{name}\":\"{value}")));
            forms.push(Form::new(&format!("{name}\":{value}")));
        }
        Some(Self { text: text.to_owned(), forms })
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is in a text.
    pub fn is_in(&self, text: &str) -> bool {
        self.forms.iter().any(|form| form.find(text.as_bytes(), 0).is_some())
    }

    /// Where it is in a text first, in bytes.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        self.find_from(text, 0)
    }

    /// Everywhere that it is in a text, in bytes, without overlaps.
    pub fn all(&self, text: &str) -> impl Iterator<Item = Range<usize>> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let found = self.find_from(text, from)?;
            from = found.end;
            Some(found)
        })
    }

    /// Whether it is in a text as a word of its own, and with the same capitals: `ord-1` is not in `ord-12`.
    pub fn is_word_in(&self, text: &str) -> bool {
        let Some(form) = self.forms.first() else { return false };
        let mut from = 0;
        while let Some(start) = form.find(text.as_bytes(), from) {
            let end = start + self.text.len();
            let before = text.get(..start).unwrap_or_default();
            let after = text.get(end..).unwrap_or_default();
            let is_same = text.get(start..end) == Some(self.text.as_str());
            if is_same && !ends_in_word(before) && !after.starts_with(is_of_word) {
                return true;
            }
            from = start + 1;
        }
        false
    }

    fn find_from(&self, text: &str, from: usize) -> Option<Range<usize>> {
        let found = self.forms.iter().filter_map(|form| {
            let start = form.find(text.as_bytes(), from)?;
            Some(start..start + form.bytes.len())
        });
        found.min_by_key(|range| range.start)
    }
}

impl Form {
    fn new(text: &str) -> Self {
        let bytes: Box<[u8]> = text.bytes().map(|byte| byte.to_ascii_lowercase()).collect();
        let rarest = |except: Option<usize>| {
            let others = bytes.iter().enumerate().filter(|(offset, _)| Some(*offset) != except);
            others.max_by_key(|(_, byte)| rarity(**byte)).map(|(offset, byte)| Anchor {
                offset,
                byte: *byte,
                fold: if byte.is_ascii_lowercase() { 0x20 } else { 0 },
            })
        };
        let first = rarest(None).unwrap_or_default();
        let second = rarest(Some(first.offset)).unwrap_or(first);
        Self { anchors: [first, second], bytes }
    }

    /// Where it begins in a text first, from a place on.
    fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let starts = text.len().checked_sub(self.bytes.len())?.checked_sub(from)? + 1;
        let [first, second] = self.anchors;
        let ones = text.get(from + first.offset..)?.get(..starts)?;
        let others = text.get(from + second.offset..)?.get(..starts)?;
        let (one_blocks, ones_left) = ones.as_chunks::<BLOCK>();
        let (other_blocks, others_left) = others.as_chunks::<BLOCK>();
        for (number, (one, other)) in one_blocks.iter().zip(other_blocks).enumerate() {
            // Without a branch inside, so that a block takes a few vector instructions.
            let fitting = one
                .iter()
                .zip(other)
                .fold(0_u8, |fitting, (one, other)| fitting | u8::from(first.fits(*one) & second.fits(*other)));
            if fitting != 0
                && let Some(start) = self.find_among(text, from + number * BLOCK, one, other)
            {
                return Some(start);
            }
        }
        self.find_among(text, from + one_blocks.len() * BLOCK, ones_left, others_left)
    }

    /// The first of the places from `start` on where all bytes fit, given what stands at the anchors of each.
    fn find_among(&self, text: &[u8], start: usize, ones: &[u8], others: &[u8]) -> Option<usize> {
        let [first, second] = self.anchors;
        let fitting = ones.iter().zip(others).enumerate();
        let fitting = fitting.filter(|(_, (one, other))| first.fits(**one) && second.fits(**other));
        fitting.map(|(offset, _)| start + offset).find(|start| {
            let place = text.get(*start..*start + self.bytes.len());
            place.is_some_and(|place| place.eq_ignore_ascii_case(&self.bytes))
        })
    }
}

impl Anchor {
    fn fits(self, byte: u8) -> bool {
        (byte | self.fold) == self.byte
    }
}

fn rarity(byte: u8) -> usize {
    FREQUENT.iter().position(|frequent| *frequent == byte).unwrap_or(FREQUENT.len())
}

/// What names of executions, orders and functions are made of.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

fn ends_in_word(text: &str) -> bool {
    let mut letters = text.chars().rev();
    match (letters.next(), letters.next()) {
        // In a JSON text a line break is written with a letter.
        (Some('n' | 'r' | 't'), Some('\\')) | (None, _) => false,
        (Some(last), _) => is_of_word(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where it begins and ends, every time.
    fn check(needle: &str, text: &str, expected: &[(usize, usize)]) {
        let needle = Needle::new(needle).unwrap();
        let found: Vec<(usize, usize)> = needle.all(text).map(|found| (found.start, found.end)).collect();
        assert_eq!(found, expected, "{} in {text}", needle.text());
        assert_eq!(needle.is_in(text), !expected.is_empty());
        assert_eq!(needle.find(text).map(|found| found.start), expected.first().map(|(start, _)| *start));
    }

    #[test]
    fn case_does_not_count_and_nothing_overlaps() {
        assert_eq!(Needle::new(""), None);
        check("a", "", &[]);
        check("a", "A", &[(0, 1)]);
        check("abc", "ab", &[]);
        check("ABC", "xxAbCabc", &[(2, 5), (5, 8)]);
        check("aa", "aaaaa", &[(0, 2), (2, 4)]);
        check("@", "`@`", &[(1, 2)]);
        check("`", "@", &[]);
        check("ü", "Über ü", &[(6, 8)]);
        check("日", "本日", &[(3, 6)]);
        check("no money", "said: No Money left", &[(6, 14)]);
    }

    #[test]
    fn it_is_found_wherever_it_stands() {
        // Around the ends of blocks, and with the rarest bytes at either end of the needle.
        for length in [1_usize, 31, 32, 33, 64, 100, 257] {
            for needle in ["x", "eeex", "xeee", "exe", "zzzz"] {
                for at in 0..=length {
                    let text = format!("{}{needle}{}", "e".repeat(at), "e".repeat(length - at));
                    let expected = text.find(needle).unwrap();
                    assert_eq!(Needle::new(needle).unwrap().find(&text).map(|found| found.start), Some(expected));
                    assert!(!Needle::new("absent").unwrap().is_in(&text));
                }
            }
        }
    }

    #[test]
    fn a_field_is_found_as_it_is_shown() {
        let json = r#"{"error":"PaymentDeclined","attempt":2}"#;
        check("error=pay", json, &[(2, 13)]);
        check("attempt=2", json, &[(28, 38)]);
        check("ror=", json, &[(4, 10)]);
        check("error=x", json, &[]);
        check("error=Pay", "error=Payment", &[(0, 9)]);
        check("=", "a=b", &[(1, 2)]);
    }

    #[test]
    fn words_are_whole() {
        let cases = [
            ("x ord-1.", true),
            ("ord-1", true),
            (r#"{"execution":"arn:aws:states:::execution:m:ord-1"}"#, true),
            (r"first\nord-1", true),
            ("ord-12", false),
            ("xord-1", false),
            ("a-ord-1", false),
            ("ord-1ü", false),
            ("Ord-1", false),
            ("ord-12 ord-1", true),
            ("", false),
        ];
        let needle = Needle::new("ord-1").unwrap();
        for (text, expected) in cases {
            assert_eq!(needle.is_word_in(text), expected, "{text}");
        }
    }
}
