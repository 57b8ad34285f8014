//! Reads a path. Recursion is bounded by [`MAX_DEPTH`].

use serde_json::Value;

use super::filter::{Comparison, Operand, Test};
use super::{Function, PathError, Root, Step};

/// How deep parentheses and paths within filters may nest.
const MAX_DEPTH: usize = 64;

pub(super) fn parse(source: &str) -> Result<(Root, Vec<Step>), PathError> {
    let mut parser = Parser { source, at: 0, depth: 0 };
    let root = parser.root()?;
    let steps = parser.steps()?;
    parser.spaces();
    if parser.at < source.len() { parser.fail("unexpected text") } else { Ok((root, steps)) }
}

/// Where a variable's name ends that starts at the beginning of `text`.
pub(crate) fn name_end(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Outside of filters a blank is a space and nothing else.
    fn spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
    }

    fn fail<T>(&self, problem: &str) -> Result<T, PathError> {
        Err(PathError { problem: problem.to_owned(), position: self.at })
    }

    fn expect(&mut self, text: &str) -> Result<(), PathError> {
        if self.eat(text) { Ok(()) } else { self.fail(&format!("expected '{text}'")) }
    }

    fn root(&mut self) -> Result<Root, PathError> {
        if self.eat("$$") {
            return Ok(Root::Context);
        }
        if !self.eat("$") {
            return self.fail("a path starts with '$'");
        }
        let end = name_end(self.rest());
        if end == 0 {
            return Ok(Root::Input);
        }
        let name = self.rest()[..end].to_owned();
        self.at += end;
        Ok(Root::Variable(name))
    }

    fn steps(&mut self) -> Result<Vec<Step>, PathError> {
        let mut steps = Vec::new();
        loop {
            if self.eat("..") {
                let step = if self.rest().starts_with('[') { self.bracket()? } else { self.dotted()? };
                steps.push(Step::Deep(Box::new(step)));
            } else if self.eat(".") {
                let step = if self.rest().starts_with('[') { self.bracket()? } else { self.dotted()? };
                steps.push(step);
            } else if self.rest().starts_with('[') {
                steps.push(self.bracket()?);
            } else {
                let last = steps.len().saturating_sub(1);
                for step in &mut steps[..last] {
                    step.make_inner();
                }
                return Ok(steps);
            }
        }
    }

    fn dotted(&mut self) -> Result<Step, PathError> {
        if self.eat("*") {
            return Ok(Step::All);
        }
        // In a filter, a path ends where the comparison goes on.
        let in_filter = self.depth > 0;
        let ends = |c: char| " .[(".contains(c) || (in_filter && (c.is_whitespace() || "])=!<>&|,?'\"".contains(c)));
        let end = self.rest().find(ends).unwrap_or(self.rest().len());
        if end == 0 {
            return self.fail("expected a name");
        }
        let name = &self.rest()[..end];
        self.at += end;
        if self.eat("()") {
            return Ok(Step::Function(match name {
                "length" | "size" => Function::Length,
                "min" => Function::Min,
                "max" => Function::Max,
                "avg" => Function::Average,
                "sum" => Function::Sum,
                "stddev" => Function::StandardDeviation,
                "keys" => Function::Keys,
                "first" => Function::First,
                "last" => Function::Last,
                _ => return self.fail("unknown function"),
            }));
        }
        Ok(Step::Name(name.to_owned()))
    }

    fn bracket(&mut self) -> Result<Step, PathError> {
        self.expect("[")?;
        self.spaces();
        let step = match self.rest().chars().next() {
            Some('*') => {
                self.at += 1;
                Step::All
            }
            Some('?') => {
                self.at += 1;
                self.spaces();
                self.expect("(")?;
                let test = self.any_of()?;
                self.blanks();
                self.expect(")")?;
                Step::Filter(test)
            }
            Some('\'' | '"') => self.names()?,
            _ => self.indices()?,
        };
        self.spaces();
        self.expect("]")?;
        Ok(step)
    }

    fn names(&mut self) -> Result<Step, PathError> {
        let mut names = vec![self.quoted()?];
        loop {
            self.spaces();
            if !self.eat(",") {
                return Ok(Step::Names(names));
            }
            self.blanks();
            names.push(self.quoted()?);
        }
    }

    fn indices(&mut self) -> Result<Step, PathError> {
        let Some(end) = self.rest().find(']') else { return self.fail("expected ']'") };
        let text = self.rest()[..end].trim_end_matches(' ');
        let number = |text: &str| text.parse::<i32>().ok().filter(|_| !text.starts_with('+')).map(i64::from);
        let step = if text.contains(':') {
            // What follows a second colon is not looked at.
            let mut bounds = text
                .split(':')
                .map(|bound| if bound.is_empty() { Ok(None) } else { number(bound).map(Some).ok_or(()) });
            let known = text.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ':');
            match (bounds.next(), bounds.next()) {
                (Some(Ok(from)), Some(Ok(to))) if known && (from.is_some() || to.is_some()) => Step::Slice(from, to),
                _ => return self.fail("expected the bounds of a slice"),
            }
        } else {
            match text.split(',').map(|index| number(index.trim_matches(' '))).collect() {
                Some(indices) => Step::Indices(indices),
                None => return self.fail("expected an index, a quoted name, '*' or '?('"),
            }
        };
        self.at += text.len();
        Ok(step)
    }

    fn quoted(&mut self) -> Result<String, PathError> {
        let Some(quote) = self.rest().chars().next().filter(|c| "'\"".contains(*c)) else {
            return self.fail("expected a quoted name");
        };
        let mut units: Vec<u16> = Vec::new();
        let push = |units: &mut Vec<u16>, c: char| units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((offset, c)) = chars.next() {
            match c {
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('b') => units.push(0x08),
                    Some('f') => units.push(0x0c),
                    Some('n') => units.push(0x0a),
                    Some('r') => units.push(0x0d),
                    Some('t') => units.push(0x09),
                    Some('u') => {
                        let taken: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        // Too few are dropped, as Jayway does.
                        if let Some((digits, _)) = taken.split_once(quote) {
                            self.at += offset + 2 + digits.len() + quote.len_utf8();
                            return Ok(String::from_utf16_lossy(&units));
                        }
                        match u16::from_str_radix(&taken, 16) {
                            Ok(unit) if taken.len() == 4 && !taken.starts_with('+') => units.push(unit),
                            _ => return self.fail("expected four hexadecimal digits"),
                        }
                    }
                    // As recorded from Step Functions, where Jayway drops the backslash.
                    Some('"') if quote == '\'' => {
                        push(&mut units, '\\');
                        push(&mut units, '"');
                    }
                    Some(c) => push(&mut units, c),
                    None => {}
                },
                c if c == quote => {
                    self.at += offset + c.len_utf8();
                    return Ok(String::from_utf16_lossy(&units));
                }
                c => push(&mut units, c),
            }
        }
        self.fail("the quote is not closed")
    }

    fn any_of(&mut self) -> Result<Test, PathError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("nested too deep");
        }
        let mut tests = vec![self.all_of()?];
        loop {
            self.blanks();
            if !self.eat("||") {
                break;
            }
            tests.push(self.all_of()?);
        }
        self.depth -= 1;
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::Any(tests) })
    }

    fn all_of(&mut self) -> Result<Test, PathError> {
        let mut tests = vec![self.test()?];
        loop {
            self.blanks();
            if !self.eat("&&") {
                break;
            }
            tests.push(self.test()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::All(tests) })
    }

    fn test(&mut self) -> Result<Test, PathError> {
        self.blanks();
        if self.rest().starts_with('!') && !self.rest().starts_with("!=") {
            self.at += 1;
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return self.fail("nested too deep");
            }
            let inner = self.test()?;
            self.depth -= 1;
            return Ok(Test::Not(Box::new(inner)));
        }
        if self.eat("(") {
            let inner = self.any_of()?;
            self.blanks();
            self.expect(")")?;
            return Ok(inner);
        }
        let left = self.operand()?;
        self.blanks();
        let Some(comparison) = self.comparison() else { return Ok(Test::Exists(left)) };
        self.blanks();
        if comparison == Comparison::Matches {
            return Ok(Test::Matches(left, self.pattern()?));
        }
        Ok(Test::Compare(left, comparison, self.operand()?))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        for (text, comparison) in Comparison::SPELLINGS {
            let is_word = text.starts_with(|c: char| c.is_alphabetic());
            let rest = self.rest();
            let matches = if is_word {
                rest.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text))
                    && rest[text.len()..].starts_with([' ', '[', '\'', '"', '@', '$'])
            } else {
                rest.starts_with(text)
            };
            if matches {
                self.at += text.len();
                return Some(*comparison);
            }
        }
        None
    }

    fn operand(&mut self) -> Result<Operand, PathError> {
        self.blanks();
        let rest = self.rest();
        match rest.chars().next() {
            Some('@') => {
                self.at += 1;
                Ok(Operand::Here(self.inner_steps()?))
            }
            Some('$') => {
                self.at += 1;
                Ok(Operand::Root(self.inner_steps()?))
            }
            Some('\'' | '"') => Ok(Operand::Literal(Value::String(self.quoted()?))),
            Some('[') => self.list(),
            Some('{') => self.json(),
            Some(c) if c == '-' || c.is_ascii_digit() => {
                let end = rest.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(rest.len());
                let Ok(number) = serde_json::from_str::<Value>(&rest[..end]) else {
                    return self.fail("expected a number");
                };
                self.at += end;
                Ok(Operand::Literal(number))
            }
            _ => {
                for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
                {
                    if self.eat(word) {
                        return Ok(Operand::Literal(value));
                    }
                }
                self.fail("expected a path or a literal")
            }
        }
    }

    fn inner_steps(&mut self) -> Result<Vec<Step>, PathError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("nested too deep");
        }
        let steps = self.steps()?;
        self.depth -= 1;
        Ok(steps)
    }

    fn list(&mut self) -> Result<Operand, PathError> {
        self.expect("[")?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("nested too deep");
        }
        let mut values = Vec::new();
        loop {
            self.blanks();
            if self.eat("]") {
                self.depth -= 1;
                return Ok(Operand::Literal(Value::Array(values)));
            }
            if !values.is_empty() {
                self.expect(",")?;
                self.blanks();
            }
            match self.operand()? {
                Operand::Literal(value) => values.push(value),
                _ => return self.fail("expected a literal"),
            }
        }
    }

    fn json(&mut self) -> Result<Operand, PathError> {
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                self.at += values.byte_offset();
                Ok(Operand::Literal(value))
            }
            _ => self.fail("expected JSON"),
        }
    }

    fn pattern(&mut self) -> Result<regex::Regex, PathError> {
        self.expect("/")?;
        let mut end = None;
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices() {
            match c {
                '/' if !escaped => {
                    end = Some(offset);
                    break;
                }
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        let Some(end) = end else { return self.fail("the pattern is not closed") };
        let body = &self.rest()[..end];
        self.at += end + 1;
        let insensitive = self.eat("i");
        regex::RegexBuilder::new(&format!("^(?:{body})$"))
            .case_insensitive(insensitive)
            .size_limit(1 << 20)
            .build()
            .or_else(|_| self.fail("not a regular expression"))
    }
}
