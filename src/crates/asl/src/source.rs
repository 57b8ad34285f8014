//! A definition as text: where each part of it stands, what keeps it from being JSON, and keys given twice.
//!
//! The sentences about broken JSON are those of Jackson, which AWS reads with and quotes.

use std::collections::HashMap;

/// What keeps a text from being JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault {
    /// What is wrong, in Jackson's words.
    pub sentence: String,
    /// The line, from 1.
    pub line: usize,
    /// The column after what was read, from 1.
    pub column: usize,
}

/// Where in a text something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// What there is to know of a JSON text beside its value.
#[derive(Clone, Debug, Default)]
pub struct Source {
    places: HashMap<String, Position>,
    /// Places of keys that their object has already, in the order of the text.
    pub duplicates: Vec<(String, Position)>,
}

impl Source {
    /// Looks through a text.
    ///
    /// # Errors
    /// What keeps it from being JSON.
    pub fn read(text: &str) -> Result<Self, JsonFault> {
        Scanner { text, at: 0, line: 1, column: 1, stack: Vec::new(), source: Self::default() }.run()
    }

    /// Where the part at a location as findings name it (`/States/Pay/Catch[0]/Next`) stands; of a part that is not
    /// there, where the nearest one around it does.
    pub fn position(&self, location: &str) -> Position {
        let mut location = location.trim_end_matches('/');
        loop {
            if let Some(position) = self.places.get(location) {
                return *position;
            }
            match location.rfind(['/', '[']) {
                Some(end) => location = &location[..end],
                None => return Position { line: 1, column: 1 },
            }
        }
    }
}

/// The fault of a text that `serde_json` refused with `error`.
pub fn json_fault(text: &str, error: &serde_json::Error) -> JsonFault {
    Source::read(text).err().unwrap_or_else(|| JsonFault {
        sentence: error.to_string(),
        line: error.line(),
        column: error.column(),
    })
}

/// How deep a text may nest to be read: as deep as `serde_json` reads. Each level keeps its place, which grows with it.
const DEEPEST: usize = 127;

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    column: usize,
    stack: Vec<Open>,
    source: Source,
}

/// An object or array that is not closed yet.
struct Open {
    place: String,
    is_object: bool,
    keys: std::collections::HashSet<String>,
    count: usize,
    line: usize,
    column: usize,
}

impl Scanner<'_> {
    fn run(mut self) -> Result<Source, JsonFault> {
        self.value(String::new())?;
        loop {
            self.space();
            let Some(open) = self.stack.last() else { break };
            let (is_object, first) = (open.is_object, open.count == 0);
            match (self.peek(), is_object) {
                (None, _) => {
                    let kind = if is_object { "Object" } else { "Array" };
                    let (line, column) = (open.line, open.column);
                    let marker = format!("[Source: (String)\"{}\"; line: {line}, column: {column}]", clip(self.text));
                    return self.fault(format!(
                        "Unexpected end-of-input: expected close marker for {kind} (start marker at {marker})"
                    ));
                }
                (Some('}'), true) | (Some(']'), false) => {
                    self.next();
                    self.stack.pop();
                    continue;
                }
                (Some(','), _) if !first => {
                    self.next();
                    self.space();
                }
                (Some(c), _) if !first => {
                    let kind = if is_object { "Object" } else { "Array" };
                    return self.unexpected(c, &format!("was expecting comma to separate {kind} entries"));
                }
                _ => {}
            }
            self.entry()?;
        }
        match self.peek() {
            None => Ok(self.source),
            Some(c) => self.unexpected(c, "expected the end of the text"),
        }
    }

    /// One entry of the innermost object or array.
    fn entry(&mut self) -> Result<(), JsonFault> {
        let Some(open) = self.stack.last_mut() else { return Ok(()) };
        open.count += 1;
        if !open.is_object {
            let place = format!("{}[{}]", open.place, open.count - 1);
            return self.value(place);
        }
        let place = open.place.clone();
        let position = Position { line: self.line, column: self.column };
        match self.peek() {
            Some('"') => {}
            Some(c) => return self.unexpected(c, "was expecting double-quote to start field name"),
            None => return Ok(()),
        }
        let key = self.string("in field name")?;
        let place = format!("{place}/{key}");
        if let Some(open) = self.stack.last_mut()
            && !open.keys.insert(key)
        {
            self.source.duplicates.push((place.clone(), position));
        }
        self.space();
        match self.peek() {
            Some(':') => drop(self.next()),
            Some(c) => return self.unexpected(c, "was expecting a colon to separate field name and value"),
            None => return Ok(()),
        }
        self.source.places.entry(place.clone()).or_insert(position);
        self.value(place)
    }

    /// The beginning of a value, or all of one that holds no others.
    fn value(&mut self, place: String) -> Result<(), JsonFault> {
        self.space();
        let position = Position { line: self.line, column: self.column };
        self.source.places.entry(place.clone()).or_insert(position);
        match self.peek() {
            // Whoever is open tells of the end; at the top the text is empty.
            None if !self.stack.is_empty() => Ok(()),
            None => self.fault("No content to map due to end-of-input".to_owned()),
            Some('{' | '[') if self.stack.len() == DEEPEST => {
                self.fault(format!("nested deeper than {DEEPEST} levels"))
            }
            Some(c @ ('{' | '[')) => {
                let (line, column) = (self.line, self.column);
                self.next();
                let keys = std::collections::HashSet::new();
                self.stack.push(Open { place, is_object: c == '{', keys, count: 0, line, column });
                Ok(())
            }
            Some('"') => self.string("was expecting closing quote for a string value").map(drop),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' || c == '$' => self.word(),
            Some(c) => self.unexpected(
                c,
                "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            ),
        }
    }

    fn word(&mut self) -> Result<(), JsonFault> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            self.next();
        }
        let word = &self.text[start..self.at];
        if ["null", "true", "false"].contains(&word) {
            return Ok(());
        }
        let sentence = format!(
            "Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        );
        self.fault(sentence)
    }

    fn number(&mut self) -> Result<(), JsonFault> {
        let start = self.at;
        while self.peek().is_some_and(|c| matches!(c, '-' | '+' | '.' | 'e' | 'E') || c.is_ascii_digit()) {
            self.next();
        }
        let number = &self.text[start..self.at];
        if number.parse::<serde_json::Number>().is_ok() {
            return Ok(());
        }
        let digits = number.trim_start_matches('-');
        let sentence = if digits.starts_with('0') && digits.len() > 1 && digits.as_bytes()[1].is_ascii_digit() {
            "Invalid numeric value: Leading zeroes not allowed".to_owned()
        } else {
            format!("Invalid numeric value: {number}")
        };
        self.fault(sentence)
    }

    fn string(&mut self, at_end: &str) -> Result<String, JsonFault> {
        let start = self.at;
        self.next();
        loop {
            match self.next() {
                None => return self.fault(format!("Unexpected end-of-input: {at_end}").replace(": in", " in")),
                Some('"') => break,
                Some('\\') => match self.next() {
                    Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') => {}
                    Some(c) => {
                        return self.fault(format!("Unrecognized character escape '{c}' (code {})", u32::from(c)));
                    }
                    None => {}
                },
                Some(c) if u32::from(c) < 0x20 => {
                    return self.fault(format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped using backslash to be included in string value",
                        u32::from(c)
                    ));
                }
                Some(_) => {}
            }
        }
        let literal = &self.text[start..self.at];
        match serde_json::from_str(literal) {
            Ok(text) => Ok(text),
            Err(error) => self.fault(format!("Illegal string: {error}")),
        }
    }

    fn unexpected<T>(&mut self, c: char, expectation: &str) -> Result<T, JsonFault> {
        self.next();
        self.fault(format!("Unexpected character ('{c}' (code {})): {expectation}", u32::from(c)))
    }

    fn fault<T>(&self, sentence: String) -> Result<T, JsonFault> {
        Err(JsonFault { sentence, line: self.line, column: self.column })
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }
}

/// Jackson shows 500 characters of its source.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(500) {
        Some((end, _)) => format!("{}\"[truncated {} chars]", &text[..end], text[end..].chars().count()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_nests_too_deep_is_told_where_it_does() {
        let fault = Source::read(&"[".repeat(200_000)).expect_err("too deep");
        assert_eq!((fault.sentence.as_str(), fault.line, fault.column), ("nested deeper than 127 levels", 1, 128));
        Source::read(&format!("{}{}", "[".repeat(127), "]".repeat(127))).expect("just deep enough");
    }

    #[test]
    fn faults_are_told_as_jackson_does() {
        let cases = [
            (
                "not a definition",
                "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
                4,
            ),
            ("{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name", 3),
            (
                "{\"a\" 1}",
                "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
                7,
            ),
            ("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", 5),
            ("[01]", "Invalid numeric value: Leading zeroes not allowed", 4),
            ("\"a", "Unexpected end-of-input: was expecting closing quote for a string value", 3),
        ];
        for (text, sentence, column) in cases {
            let fault = Source::read(text).unwrap_err();
            assert_eq!((fault.sentence.as_str(), fault.line, fault.column), (sentence, 1, column), "{text}");
        }
    }

    #[test]
    fn every_part_has_its_place() {
        let source =
            Source::read("{\n  \"States\": {\n    \"A\": {\"Next\": 1, \"Next\": 2},\n    \"B\": [0, {}]\n  }\n}")
                .unwrap();
        let at = |location: &str| {
            let position = source.position(location);
            (position.line, position.column)
        };
        assert_eq!(at("/"), (1, 1));
        assert_eq!(at("/States/A/Next"), (3, 11));
        assert_eq!(at("/States/A/Nowhere"), (3, 5));
        assert_eq!(at("/States/B[1]/x"), (4, 14));
        assert_eq!(source.duplicates.len(), 1);
    }

    proptest! {
        #[test]
        fn agrees_with_serde_on_what_is_json(text in r#"[\{\}\[\]":,a-z0-9.\\ -]{0,40}"#) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            let ours = Source::read(&text).is_ok();
            // What serde takes we take; beyond that it refuses only lone surrogates and numbers beyond a float.
            prop_assert!(ours || !theirs, "{text}");
        }
    }
}
