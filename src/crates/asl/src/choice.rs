//! Choice rules: their tests and a short text of what decides.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html>

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use crate::chance::Chance;
use crate::evaluate::{EvaluationError, Scope};
use crate::jsonata::Query;
use crate::path::{Path, Root, Selected};

/// What a rule tests.
#[derive(Clone, Debug)]
pub enum Condition {
    /// JSONata: `Condition`.
    Query(Query),
    /// All of them hold.
    And(Vec<Condition>),
    /// One of them holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// `Variable` compared with something.
    Compare {
        /// What is compared.
        variable: Path,
        /// How.
        operator: Operator,
        /// With what.
        operand: Operand,
    },
}

/// What a variable is compared with.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A value in the definition.
    Literal(Value),
    /// The `…Path` form: a value from the input.
    Path(Path),
}

/// A comparison operator, without the `Path` of its other form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Type and order: `NumericLessThan`.
    Order(Kind, Relation),
    /// `StringMatches`: `*` matches anything.
    StringMatches,
    /// `IsNull`, `IsPresent` …
    Is(Is),
}

/// The types that can be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "AWS's own names")]
pub enum Kind {
    String,
    Numeric,
    Timestamp,
    Boolean,
}

/// The relations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "AWS's own names")]
pub enum Relation {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

/// The tests of what a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "AWS's own names")]
pub enum Is {
    Null,
    Present,
    Numeric,
    String,
    Boolean,
    Timestamp,
}

impl Operator {
    /// Reads an operator's name; the second tells whether it is the `…Path` form.
    pub fn parse(name: &str) -> Option<(Self, bool)> {
        let is = match name {
            "IsNull" => Some(Is::Null),
            "IsPresent" => Some(Is::Present),
            "IsNumeric" => Some(Is::Numeric),
            "IsString" => Some(Is::String),
            "IsBoolean" => Some(Is::Boolean),
            "IsTimestamp" => Some(Is::Timestamp),
            _ => None,
        };
        if let Some(is) = is {
            return Some((Self::Is(is), false));
        }
        if name == "StringMatches" {
            return Some((Self::StringMatches, false));
        }
        let (plain, by_path) = match name.strip_suffix("Path") {
            Some(plain) => (plain, true),
            None => (name, false),
        };
        let kinds = [
            ("String", Kind::String),
            ("Numeric", Kind::Numeric),
            ("Timestamp", Kind::Timestamp),
            ("Boolean", Kind::Boolean),
        ];
        let (kind, relation) = kinds.iter().find_map(|(word, kind)| Some((*kind, plain.strip_prefix(word)?)))?;
        let relation = match relation {
            "Equals" => Relation::Equals,
            "LessThan" => Relation::LessThan,
            "GreaterThan" => Relation::GreaterThan,
            "LessThanEquals" => Relation::LessThanEquals,
            "GreaterThanEquals" => Relation::GreaterThanEquals,
            _ => return None,
        };
        (kind != Kind::Boolean || relation == Relation::Equals).then_some((Self::Order(kind, relation), by_path))
    }
}

/// How testing a rule can fail.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionError {
    /// A JSONPath variable or operand that selects nothing.
    Path {
        /// The path.
        path: String,
        /// Why.
        error: EvaluationError,
    },
    /// A JSONata condition without a value.
    Query {
        /// The expression.
        source: String,
        /// Why.
        error: EvaluationError,
    },
    /// A JSONata condition that is neither true nor false.
    NotBoolean {
        /// The expression.
        source: String,
        /// What it was.
        value: Value,
    },
}

impl Condition {
    /// Whether it holds.
    ///
    /// # Errors
    /// When something it needs is not there.
    pub fn holds(&self, scope: &Scope<'_>, chance: &mut Chance) -> Result<bool, ConditionError> {
        match self {
            Self::Query(query) => match query.evaluate(scope, chance) {
                Ok(Value::Bool(truth)) => Ok(truth),
                Ok(value) => Err(ConditionError::NotBoolean { source: query.source().to_owned(), value }),
                Err(error) => Err(ConditionError::Query { source: query.source().to_owned(), error }),
            },
            Self::And(conditions) => {
                for condition in conditions {
                    if !condition.holds(scope, chance)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(conditions) => {
                for condition in conditions {
                    if condition.holds(scope, chance)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(condition) => condition.holds(scope, chance).map(|holds| !holds),
            Self::Compare { variable, operator, operand } => compare(variable, *operator, operand, scope),
        }
    }

    /// What decides, as short as it can be told: `total ≥ 1000`.
    pub fn label(&self) -> String {
        match self {
            Self::Query(query) => {
                query.source().replace("$states.input.", "").split_whitespace().collect::<Vec<_>>().join(" ")
            }
            Self::And(conditions) => joined(conditions, " and "),
            Self::Or(conditions) => joined(conditions, " or "),
            Self::Not(condition) => match condition.as_ref() {
                Self::Compare { operator: Operator::Order(_, Relation::Equals), .. } => {
                    condition.label().replacen(" = ", " ≠ ", 1)
                }
                Self::Compare { variable, operator: Operator::Is(is), operand: Operand::Literal(value) } => {
                    let negated = if value == true { "is not" } else { "is" };
                    format!("{} {negated} {}", short(variable), is.word())
                }
                Self::Compare { .. } => format!("not {}", condition.label()),
                other => format!("not ({})", other.label()),
            },
            Self::Compare { variable, operator, operand } => {
                let name = short(variable);
                let other = match operand {
                    Operand::Literal(value) => value.to_string(),
                    Operand::Path(path) => short(path),
                };
                match operator {
                    Operator::Order(_, relation) => format!("{name} {} {other}", relation.sign()),
                    Operator::StringMatches => format!("{name} ~ {other}"),
                    Operator::Is(is) => {
                        let negated = if other == "true" { "is" } else { "is not" };
                        format!("{name} {negated} {}", is.word())
                    }
                }
            }
        }
    }
}

impl Relation {
    const fn sign(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::LessThan => "<",
            Self::GreaterThan => ">",
            Self::LessThanEquals => "≤",
            Self::GreaterThanEquals => "≥",
        }
    }

    const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equals => order.is_eq(),
            Self::LessThan => order.is_lt(),
            Self::GreaterThan => order.is_gt(),
            Self::LessThanEquals => order.is_le(),
            Self::GreaterThanEquals => order.is_ge(),
        }
    }
}

impl Is {
    const fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Present => "present",
            Self::Numeric => "a number",
            Self::String => "a string",
            Self::Boolean => "a boolean",
            Self::Timestamp => "a timestamp",
        }
    }
}

fn joined(conditions: &[Condition], word: &str) -> String {
    conditions.iter().map(Condition::label).collect::<Vec<_>>().join(word)
}

fn short(path: &Path) -> String {
    path.source().strip_prefix("$.").unwrap_or(path.source()).to_owned()
}

fn compare(variable: &Path, operator: Operator, operand: &Operand, scope: &Scope<'_>) -> Result<bool, ConditionError> {
    let failed = |path: &Path, error| ConditionError::Path { path: path.source().to_owned(), error };
    // IsPresent alone may look for what is not there.
    if let (Operator::Is(Is::Present), Operand::Literal(Value::Bool(wanted))) = (operator, operand) {
        let missing = matches!(variable.root(), Root::Variable(name) if !scope.variables.contains_key(name));
        let present = !missing
            && match scope.find(variable).map_err(|error| failed(variable, error))? {
                Selected::One(_) => true,
                Selected::Many(values) => !values.is_empty(),
                Selected::Nothing => false,
            };
        return Ok(present == *wanted);
    }
    let left = scope.select(variable).map_err(|error| failed(variable, error))?;
    let right = match operand {
        Operand::Literal(value) => value.clone(),
        Operand::Path(path) => scope.select(path).map_err(|error| failed(path, error))?,
    };
    Ok(match operator {
        Operator::Order(kind, relation) => order(kind, &left, &right).is_some_and(|order| relation.holds(order)),
        Operator::StringMatches => match (&left, &right) {
            (Value::String(text), Value::String(pattern)) => matches_pattern(text, pattern),
            _ => false,
        },
        Operator::Is(is) => {
            let truth = match is {
                Is::Null => left.is_null(),
                Is::Present => true,
                Is::Numeric => left.is_number(),
                Is::String => left.is_string(),
                Is::Boolean => left.is_boolean(),
                Is::Timestamp => left.as_str().and_then(timestamp).is_some(),
            };
            Value::Bool(truth) == right
        }
    })
}

/// The order of two values of one type; values of another type have none, so every comparison with them is false.
fn order(kind: Kind, left: &Value, right: &Value) -> Option<Ordering> {
    match (kind, left, right) {
        (Kind::Numeric, Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        // Java compares UTF-16 units.
        (Kind::String, Value::String(left), Value::String(right)) => {
            Some(left.encode_utf16().cmp(right.encode_utf16()))
        }
        (Kind::Timestamp, Value::String(left), Value::String(right)) => Some(timestamp(left)?.cmp(&timestamp(right)?)),
        (Kind::Boolean, Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// An ISO 8601 date and time with an offset or `Z` (ASL's profile: RFC 3339 with `T` and an upper-case `Z`).
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let has_form = bytes.len() >= 20
        && bytes[10] == b'T'
        && bytes[4] == b'-'
        && bytes[13] == b':'
        && (bytes.ends_with(b"Z") || bytes[19..].iter().any(|byte| b"+-".contains(byte)));
    has_form.then(|| text.parse().ok()).flatten()
}

/// `*` matches any run of characters; `\*` and `\\` stand for themselves. Linear: each piece between two stars is looked
/// for once, from where the one before it ended.
fn matches_pattern(text: &str, pattern: &str) -> bool {
    let mut pieces = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => pieces.push(String::new()),
            c => {
                let c = if c == '\\' { chars.next().unwrap_or('\\') } else { c };
                pieces.last_mut().into_iter().for_each(|piece| piece.push(c));
            }
        }
    }
    let Some((last, others)) = pieces.split_last() else { return text.is_empty() };
    let Some((first, middle)) = others.split_first() else { return text == last };
    let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
    middle.iter().all(|piece| match rest.find(piece.as_str()) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_another_type_compare_as_false() {
        let cases = [
            ("NumericEquals", json!(1), json!(1.0), true),
            ("NumericEquals", json!(true), json!(1), false),
            ("StringEquals", json!("a"), json!("a "), false),
            ("StringLessThan", json!("a"), json!("b"), true),
            ("StringEquals", json!(null), json!("a"), false),
            ("BooleanEquals", json!(true), json!(true), true),
            ("TimestampLessThan", json!("2026-01-01T00:00:00Z"), json!("2026-01-01T01:00:00.5+00:30"), true),
            ("TimestampEquals", json!("2026-01-01"), json!("2026-01-01"), false),
            ("StringMatches", json!("log-2026.txt"), json!("log-*.txt"), true),
            ("StringMatches", json!("a*b"), json!("a\\*b"), true),
            ("StringMatches", json!("axb"), json!("a\\*b"), false),
            ("IsNull", json!(null), json!(true), true),
            ("IsTimestamp", json!("2026-01-01T00:00:00Z"), json!(true), true),
            ("IsString", json!(1), json!(false), true),
            ("IsPresent", json!(null), json!(true), true),
        ];
        for (name, left, right, expected) in cases {
            let (operator, _) = Operator::parse(name).unwrap();
            let input = json!({"x": left});
            let variable = Path::parse("$.x").unwrap();
            let result = compare(&variable, operator, &Operand::Literal(right.clone()), &Scope::of_input(&input));
            assert_eq!(result, Ok(expected), "{name} {left} {right}");
        }
    }

    #[test]
    fn labels_tell_what_decides() {
        let (operator, by_path) = Operator::parse("NumericGreaterThanEqualsPath").unwrap();
        assert!(by_path);
        let condition = Condition::Compare {
            variable: Path::parse("$.order.total").unwrap(),
            operator,
            operand: Operand::Path(Path::parse("$.limit").unwrap()),
        };
        assert_eq!(condition.label(), "order.total ≥ limit");
        let (operator, _) = Operator::parse("IsPresent").unwrap();
        let variable = Path::parse("$.order").unwrap();
        let present = Condition::Compare { variable, operator, operand: Operand::Literal(true.into()) };
        assert_eq!(present.label(), "order is present");
        assert_eq!(Condition::Not(Box::new(present)).label(), "order is not present");
        let (operator, _) = Operator::parse("StringEquals").unwrap();
        let variable = Path::parse("$.status").unwrap();
        let equal = Condition::Compare { variable, operator, operand: Operand::Literal("a = b".into()) };
        assert_eq!(Condition::Not(Box::new(equal)).label(), "status ≠ \"a = b\"");
        let query = Condition::Query(Query::parse("$states.input.total >= 5").unwrap());
        assert_eq!(Condition::Not(Box::new(query)).label(), "not (total >= 5)");
    }
}
