//! Intrinsic functions (`States.Format(…)`): reading a call and evaluating it.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

use crate::chance::Chance;
use crate::evaluate::{EvaluationError, Scope};
use crate::hash;
use crate::json;
use crate::path::Path;

/// How deep calls may nest (AWS: 10).
const MAX_DEPTH: usize = 10;
/// The longest list that `States.ArrayRange` makes (AWS: 1,000).
const MAX_RANGE: usize = 1_000;

/// An argument of a payload template: a path, a literal of a call, or a call.
#[derive(Clone, Debug)]
pub enum Expression {
    /// `$.a`, `$$.Execution.Id`, `$variable`.
    Path(Path),
    /// A literal within a call.
    Literal(Value),
    /// `States.Format('{}', $.a)`.
    Call(Intrinsic, Vec<Expression>, Arc<str>),
}

/// The functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is AWS's own name")]
pub enum Intrinsic {
    Format,
    StringToJson,
    JsonToString,
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
}

impl Intrinsic {
    const ALL: [(&'static str, Self, std::ops::RangeInclusive<usize>); 18] = [
        ("Format", Self::Format, 1..=usize::MAX),
        ("StringToJson", Self::StringToJson, 1..=1),
        ("JsonToString", Self::JsonToString, 1..=1),
        ("ArrayPartition", Self::ArrayPartition, 2..=2),
        ("ArrayContains", Self::ArrayContains, 2..=2),
        ("ArrayRange", Self::ArrayRange, 3..=3),
        ("ArrayGetItem", Self::ArrayGetItem, 2..=2),
        ("ArrayLength", Self::ArrayLength, 1..=1),
        ("ArrayUnique", Self::ArrayUnique, 1..=1),
        ("Array", Self::Array, 0..=usize::MAX),
        ("Base64Encode", Self::Base64Encode, 1..=1),
        ("Base64Decode", Self::Base64Decode, 1..=1),
        ("Hash", Self::Hash, 2..=2),
        ("JsonMerge", Self::JsonMerge, 3..=3),
        ("MathRandom", Self::MathRandom, 2..=3),
        ("MathAdd", Self::MathAdd, 2..=2),
        ("StringSplit", Self::StringSplit, 2..=2),
        ("UUID", Self::Uuid, 0..=0),
    ];

    /// AWS's name: `States.Format`.
    pub fn name(self) -> String {
        let name = Self::ALL.iter().find(|(_, function, _)| *function == self).map_or("?", |(name, ..)| name);
        format!("States.{name}")
    }
}

impl Expression {
    /// Reads a path or a call: what may stand behind a key that ends in `.$`.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence without a full stop.
    pub fn parse(source: &str) -> Result<Self, String> {
        if source.starts_with("States.") {
            let mut parser = Parser { source, at: 0 };
            let call = parser.call(0)?;
            parser.blanks();
            if parser.at == source.len() { Ok(call) } else { Err(parser.wrong("unexpected text")) }
        } else {
            Path::parse(source).map(Self::Path).map_err(|error| error.to_string())
        }
    }

    /// The value in `scope`.
    ///
    /// # Errors
    /// A path that selects nothing; a call whose arguments do not fit.
    pub fn evaluate(&self, scope: &Scope<'_>, chance: &mut Chance) -> Result<Value, EvaluationError> {
        match self {
            Self::Path(path) => scope.select(path),
            Self::Literal(value) => Ok(value.clone()),
            Self::Call(function, arguments, call) => {
                let too_large = || EvaluationError::TooLarge { of: call.to_string() };
                let (mut values, mut bytes) = (Vec::with_capacity(arguments.len()), 0);
                for argument in arguments {
                    let value = argument.evaluate(scope, chance).map_err(|error| match error {
                        EvaluationError::NoResult { path, document, .. } => {
                            EvaluationError::Argument { call: Arc::clone(call), path, document }
                        }
                        other => other,
                    })?;
                    bytes += json::bytes(&value);
                    if bytes > json::MAX_BYTES {
                        return Err(too_large());
                    }
                    values.push(value);
                }
                let value = apply(*function, values, chance)
                    .map_err(|problem| EvaluationError::Intrinsic { call: Arc::clone(call), problem })?;
                if json::bytes(&value) > json::MAX_BYTES { Err(too_large()) } else { Ok(value) }
            }
        }
    }

    /// The paths in it, for checks.
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Path(path) => vec![path],
            Self::Literal(_) => Vec::new(),
            Self::Call(_, arguments, _) => arguments.iter().flat_map(Self::paths).collect(),
        }
    }
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn wrong(&self, problem: &str) -> String {
        format!("{problem} at position {}", self.at)
    }

    fn call(&mut self, depth: usize) -> Result<Expression, String> {
        if depth >= MAX_DEPTH {
            return Err(self.wrong("calls are nested deeper than 10"));
        }
        let start = self.at;
        self.at += "States.".len();
        let end = crate::path::name_end(self.rest());
        let name = &self.rest()[..end];
        let Some((_, function, arity)) = Intrinsic::ALL.iter().find(|(known, ..)| *known == name) else {
            return Err(self.wrong(&format!("there is no function States.{name}")));
        };
        self.at += end;
        if !self.rest().starts_with('(') {
            return Err(self.wrong("expected '('"));
        }
        self.at += 1;
        let mut arguments = Vec::new();
        loop {
            self.blanks();
            if arguments.is_empty() && self.rest().starts_with(')') {
                break;
            }
            arguments.push(self.argument(depth)?);
            self.blanks();
            match self.rest().chars().next() {
                Some(',') => self.at += 1,
                Some(')') => break,
                _ => return Err(self.wrong("expected ',' or ')'")),
            }
        }
        self.at += 1;
        if !arity.contains(&arguments.len()) {
            return Err(self.wrong(&format!("States.{name} does not take {} arguments", arguments.len())));
        }
        Ok(Expression::Call(*function, arguments, Arc::from(&self.source[start..self.at])))
    }

    fn argument(&mut self, depth: usize) -> Result<Expression, String> {
        let rest = self.rest();
        match rest.chars().next() {
            Some('\'') => self.text(),
            Some('$') => {
                let end = path_end(rest);
                let path = Path::parse(rest[..end].trim_end()).map_err(|error| error.to_string())?;
                self.at += end;
                Ok(Expression::Path(path))
            }
            _ if rest.starts_with("States.") => self.call(depth + 1),
            _ => {
                let end = rest.find([',', ')']).unwrap_or(rest.len());
                let literal = rest[..end].trim();
                let value: Value = match literal {
                    "true" => true.into(),
                    "false" => false.into(),
                    "null" => Value::Null,
                    number => number.parse::<Number>().map(Value::Number).map_err(|_| {
                        self.wrong("expected a path, a number, a quoted text, true, false, null or a call")
                    })?,
                };
                self.at += end;
                Ok(Expression::Literal(value))
            }
        }
    }

    fn text(&mut self) -> Result<Expression, String> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((offset, c)) = chars.next() {
            match c {
                '\'' => {
                    self.at += offset + 1;
                    return Ok(Expression::Literal(Value::String(text)));
                }
                '\\' => match chars.next() {
                    // `\{` and `\}` keep their backslash for States.Format, which reads them itself.
                    Some((_, c @ ('{' | '}'))) => text.extend(['\\', c]),
                    Some((_, c @ ('\'' | '\\'))) => text.push(c),
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    _ => return Err(self.wrong("only \\', \\{, \\} and \\\\ can be escaped")),
                },
                c => text.push(c),
            }
        }
        Err(self.wrong("the quote is not closed"))
    }
}

/// Where a path within a call's arguments ends: at the `,` or `)` that is in none of its own brackets or quotes.
fn path_end(text: &str) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    for (offset, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if depth > 0 => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') if depth > 0 => depth -= 1,
            (None, ',' | ')') if depth == 0 => return offset,
            _ => {}
        }
    }
    text.len()
}

/// The value with the fields of its objects in order, which does not tell objects apart.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(in_order).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), in_order(value))).collect();
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(fields.into_iter().collect())
        }
        other => other.clone(),
    }
}

fn apply(function: Intrinsic, mut arguments: Vec<Value>, chance: &mut Chance) -> Result<Value, String> {
    use Intrinsic as I;
    let mut take = || if arguments.is_empty() { Value::Null } else { arguments.remove(0) };
    match function {
        I::Array => Ok(Value::Array(arguments)),
        I::Format => format_text(&arguments),
        I::StringToJson => {
            let text = text_of(take())?;
            if text.trim().is_empty() {
                return Ok(Value::Null);
            }
            serde_json::from_str(&text).map_err(|error| format!("the text is not JSON: {error}"))
        }
        I::JsonToString => Ok(Value::String(take().to_string())),
        I::ArrayPartition => {
            let (list, size) = (list_of(take())?, positive(&take())?);
            Ok(list.chunks(size).map(|chunk| Value::Array(chunk.to_vec())).collect())
        }
        I::ArrayContains => {
            let list = list_of(take())?;
            Ok(list.contains(&take()).into())
        }
        I::ArrayRange => range(integer(&take())?, integer(&take())?, integer(&take())?),
        I::ArrayGetItem => {
            let (list, index) = (list_of(take())?, integer(&take())?);
            usize::try_from(index)
                .ok()
                .and_then(|index| list.get(index).cloned())
                .ok_or_else(|| format!("there is no element {index} in a list of {}", list.len()))
        }
        I::ArrayLength => Ok(list_of(take())?.len().into()),
        I::ArrayUnique => {
            let mut seen = HashSet::new();
            let mut unique = list_of(take())?;
            unique.retain(|value| seen.insert(in_order(value).to_string()));
            Ok(Value::Array(unique))
        }
        I::Base64Encode => Ok(STANDARD.encode(bounded(take())?).into()),
        I::Base64Decode => {
            let bytes = STANDARD.decode(bounded(take())?).map_err(|error| format!("not Base64: {error}"))?;
            String::from_utf8(bytes).map(Value::String).map_err(|_| "the decoded bytes are not UTF-8".to_owned())
        }
        I::Hash => {
            let data = match take() {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let data = bounded(Value::String(data))?;
            let algorithm = text_of(take())?;
            hash::hex(&data, &algorithm).map(Value::String).ok_or_else(|| format!("there is no algorithm {algorithm}"))
        }
        I::JsonMerge => match (take(), take(), take()) {
            (Value::Object(mut first), Value::Object(second), Value::Bool(false)) => {
                for (name, value) in second {
                    first.insert(name, value);
                }
                Ok(Value::Object(first))
            }
            (_, _, Value::Bool(true)) => Err("deep merging is not supported".to_owned()),
            _ => Err("expected two objects and false".to_owned()),
        },
        I::MathRandom => {
            let (start, end) = (integer(&take())?, integer(&take())?);
            let seed = take();
            if start >= end {
                return Err(format!("the start {start} must be below the end {end}"));
            }
            let span = end.abs_diff(start);
            let drawn = match integer(&seed) {
                Ok(seed) => Chance::new(seed.unsigned_abs()).below(span),
                Err(_) => chance.below(span),
            };
            Ok(start.wrapping_add_unsigned(drawn).into())
        }
        I::MathAdd => {
            let (left, right) = (integer(&take())?, integer(&take())?);
            left.checked_add(right).map(Value::from).ok_or_else(|| "the sum is too large".to_owned())
        }
        I::StringSplit => {
            let (text, delimiters) = (text_of(take())?, text_of(take())?);
            let pieces = text.split(|c| delimiters.contains(c)).filter(|piece| !piece.is_empty());
            Ok(pieces.map(|piece| Value::String(piece.to_owned())).collect())
        }
        I::Uuid => Ok(chance.uuid().into()),
    }
}

/// Fills the `{}` of a template. `\{`, `\}` and `\\` stand for themselves.
fn format_text(arguments: &[Value]) -> Result<Value, String> {
    let Some(Value::String(template)) = arguments.first() else {
        return Err("the template must be a text".to_owned());
    };
    let mut values = arguments[1..].iter();
    let mut text = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if matches!(chars.peek(), Some('{' | '}' | '\\')) => text.extend(chars.next()),
            '{' if chars.peek() == Some(&'}') => {
                chars.next();
                match values.next() {
                    Some(Value::String(value)) => text.push_str(value),
                    Some(value) => text.push_str(&value.to_string()),
                    None => return Err("the template has more {} than there are values".to_owned()),
                }
            }
            '{' | '}' => return Err("a brace that is not {} must be escaped".to_owned()),
            c => text.push(c),
        }
    }
    if values.next().is_some() {
        return Err("the template has fewer {} than there are values".to_owned());
    }
    Ok(Value::String(text))
}

fn range(first: i64, last: i64, step: i64) -> Result<Value, String> {
    if step == 0 {
        return Err("the step must not be 0".to_owned());
    }
    let mut numbers = Vec::new();
    let mut next = first;
    while if step > 0 { next <= last } else { next >= last } {
        if numbers.len() == MAX_RANGE {
            return Err("the range has more than 1000 elements".to_owned());
        }
        numbers.push(Value::from(next));
        let Some(following) = next.checked_add(step) else { break };
        next = following;
    }
    Ok(Value::Array(numbers))
}

fn text_of(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(format!("expected a text, found {}", kind(&other))),
    }
}

fn bounded(value: Value) -> Result<String, String> {
    let text = text_of(value)?;
    if text.chars().count() > 10_000 { Err("the text is longer than 10000 characters".to_owned()) } else { Ok(text) }
}

fn list_of(value: Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(list) => Ok(list),
        other => Err(format!("expected a list, found {}", kind(&other))),
    }
}

/// Whole numbers; others are rounded, as AWS documents for the Math functions.
fn integer(value: &Value) -> Result<i64, String> {
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(integer),
            #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
            (None, Some(float)) => Ok(float.round() as i64),
            (None, None) => Err("the number is too large".to_owned()),
        },
        other => Err(format!("expected a number, found {}", kind(other))),
    }
}

fn positive(value: &Value) -> Result<usize, String> {
    let number = integer(value)?;
    usize::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("expected 1 or more, found {number}"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(source: &str, expected: Value) {
        let input = json!({"name": "Ada", "list": [1, 2, 2, {"a": 1}], "object": {"b": 2}, "empty": null});
        let scope = Scope::of_input(&input);
        let result = Expression::parse(source)
            .unwrap_or_else(|error| panic!("{source}: {error}"))
            .evaluate(&scope, &mut Chance::new(1));
        assert_eq!(result.unwrap_or_else(|error| json!(error.to_string())), expected, "{source}");
    }

    #[test]
    fn functions_answer_as_aws_does() {
        check("States.Format('Hello {}, \\{{}\\}', $.name, 1.5)", json!("Hello Ada, {1.5}"));
        check("States.Format('{}', $.empty)", json!("null"));
        check("States.StringToJson('{\"a\": [1]}')", json!({"a": [1]}));
        check("States.JsonToString($.object)", json!("{\"b\":2}"));
        check("States.Array(1, 'a', $.name)", json!([1, "a", "Ada"]));
        check("States.ArrayPartition(States.ArrayRange(1, 5, 1), 2)", json!([[1, 2], [3, 4], [5]]));
        check("States.ArrayContains($.list, $.list[3])", json!(true));
        check("States.ArrayUnique($.list)", json!([1, 2, {"a": 1}]));
        check("States.ArrayGetItem($.list, 1)", json!(2));
        check("States.ArrayLength($.list)", json!(4));
        check("States.Base64Decode(States.Base64Encode('söme'))", json!("söme"));
        check("States.Hash('a', 'SHA-1')", json!("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"));
        check("States.JsonMerge($.object, States.StringToJson('{\"b\":3,\"c\":4}'), false)", json!({"b": 3, "c": 4}));
        check("States.MathAdd(1.6, 1)", json!(3));
        check("States.StringSplit('a,b;;c', ',;')", json!(["a", "b", "c"]));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for source in [
            "States.Nope(1)",
            "States.UUID(1)",
            "States.Format('a",
            "States.Array(1,)",
            "States.Array(1) x",
            "States.Format('\\\"')",
        ] {
            assert!(Expression::parse(source).is_err(), "{source}");
        }
        let deep = "States.Array(".repeat(20) + &")".repeat(20);
        assert!(Expression::parse(&deep).is_err());
    }
}
