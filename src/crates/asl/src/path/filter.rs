//! The tests of `[?(…)]`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::{Effort, Selected, Step, select, weight};

/// A test that an element passes or not.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Any(Vec<Test>),
    All(Vec<Test>),
    Not(Box<Test>),
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
    Matches(Operand, regex::Regex),
}

/// One side of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// `@…`: from the element.
    Here(Vec<Step>),
    /// `$…`: from the document.
    Root(Vec<Step>),
    Literal(Value),
    /// What one from the document has selected: the same for all elements.
    Known(Option<Value>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    In,
    NotIn,
    Contains,
    SubsetOf,
    AnyOf,
    NoneOf,
    Size,
    Empty,
}

impl Comparison {
    /// Spellings, the longer before its own prefix.
    pub(super) const SPELLINGS: &[(&str, Self)] = &[
        ("==", Self::Equal),
        ("=~", Self::Matches),
        ("!=", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("<", Self::Less),
        (">", Self::Greater),
        ("in", Self::In),
        ("nin", Self::NotIn),
        ("contains", Self::Contains),
        ("subsetof", Self::SubsetOf),
        ("anyof", Self::AnyOf),
        ("noneof", Self::NoneOf),
        ("size", Self::Size),
        ("empty", Self::Empty),
    ];
}

/// How many values are compared in the time that one takes to be found.
const COMPARED_AT_ONCE: usize = 16;

impl Comparison {
    fn is_of_lists(self) -> bool {
        matches!(self, Self::In | Self::NotIn | Self::Contains | Self::SubsetOf | Self::AnyOf | Self::NoneOf)
    }
}

impl Test {
    /// The test with all that it takes from the document, which is the same for all elements; itself if that is nothing.
    pub(super) fn over(&self, root: &Value, effort: &Effort<'_>) -> Cow<'_, Self> {
        if self.has_root() { Cow::Owned(self.known(root, effort)) } else { Cow::Borrowed(self) }
    }

    fn has_root(&self) -> bool {
        let is_root = |operand: &Operand| matches!(operand, Operand::Root(_));
        match self {
            Self::Any(tests) | Self::All(tests) => tests.iter().any(Self::has_root),
            Self::Not(test) => test.has_root(),
            Self::Exists(operand) | Self::Matches(operand, _) => is_root(operand),
            Self::Compare(left, _, right) => is_root(left) || is_root(right),
        }
    }

    fn known(&self, root: &Value, effort: &Effort<'_>) -> Self {
        let all = |tests: &[Self]| tests.iter().map(|test| test.known(root, effort)).collect();
        let operand = |operand: &Operand| match operand {
            Operand::Root(_) => Operand::Known(operand.value(&Value::Null, root, effort).map(Cow::into_owned)),
            other => other.clone(),
        };
        match self {
            Self::Any(tests) => Self::Any(all(tests)),
            Self::All(tests) => Self::All(all(tests)),
            Self::Not(test) => Self::Not(Box::new(test.known(root, effort))),
            Self::Exists(tested) => Self::Exists(operand(tested)),
            Self::Matches(tested, pattern) => Self::Matches(operand(tested), pattern.clone()),
            Self::Compare(left, comparison, right) => Self::Compare(operand(left), *comparison, operand(right)),
        }
    }

    pub(super) fn holds(&self, here: &Value, root: &Value, effort: &Effort<'_>) -> bool {
        if effort.is_spent() {
            return false;
        }
        match self {
            Self::Any(tests) => tests.iter().any(|test| test.holds(here, root, effort)),
            Self::All(tests) => tests.iter().all(|test| test.holds(here, root, effort)),
            Self::Not(test) => !test.holds(here, root, effort),
            Self::Exists(operand) => operand.value(here, root, effort).is_some(),
            Self::Matches(operand, pattern) => {
                let value = operand.value(here, root, effort);
                matches!(value.as_deref(), Some(Value::String(text)) if pattern.is_match(text))
            }
            Self::Compare(left, comparison, right) => {
                let (left, right) = (left.value(here, root, effort), right.value(here, root, effort));
                let sizes = [&left, &right].map(|side| side.as_deref().map_or(0, weight));
                // Lists are compared each with each.
                let amount =
                    if comparison.is_of_lists() { sizes[0].saturating_mul(sizes[1]) } else { sizes[0] + sizes[1] };
                effort.look(amount / COMPARED_AT_ONCE) && compare(left.as_deref(), *comparison, right.as_deref())
            }
        }
    }
}

impl Operand {
    fn value(&self, here: &Value, root: &Value, effort: &Effort<'_>) -> Option<Cow<'_, Value>> {
        let (steps, start) = match self {
            Self::Literal(value) => return Some(Cow::Borrowed(value)),
            Self::Known(value) => return value.as_ref().map(Cow::Borrowed),
            Self::Here(steps) => (steps, here),
            Self::Root(steps) => (steps, root),
        };
        let definite = steps.iter().all(|step| match step {
            Step::Name(_) | Step::Function(_) | Step::Indices(_) => true,
            Step::Names(names) | Step::Each(names) => names.len() == 1,
            _ => false,
        });
        match select(steps, start, root, definite, &effort.inner()) {
            Selected::Many(values) if values.is_empty() => None,
            selected => selected.into_value().map(Cow::Owned),
        }
    }
}

fn compare(left: Option<&Value>, comparison: Comparison, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        // A missing side equals nothing, so it differs from everything.
        return comparison == Comparison::NotEqual && left.is_some() != right.is_some();
    };
    let order = || -> Option<Ordering> {
        match (left, right) {
            (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            _ => None,
        }
    };
    match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => !equal(left, right),
        Comparison::Less => order() == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order() == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
        Comparison::In => list(right).any(|value| equal(value, left)),
        Comparison::NotIn => !list(right).any(|value| equal(value, left)),
        Comparison::Contains => match (left, right) {
            (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
            (Value::Array(values), part) => values.iter().any(|value| equal(value, part)),
            _ => false,
        },
        Comparison::SubsetOf => list(left).all(|value| list(right).any(|other| equal(value, other))),
        Comparison::AnyOf => list(left).any(|value| list(right).any(|other| equal(value, other))),
        Comparison::NoneOf => !list(left).any(|value| list(right).any(|other| equal(value, other))),
        Comparison::Size => size(left).is_some_and(|size| size == right.as_u64() || size == size_of(right)),
        Comparison::Empty => size_of(left).is_some_and(|size| (size == 0) == (right == &Value::Bool(true))),
        // Built as `Test::Matches`.
        Comparison::Matches => false,
    }
}

fn list(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map_or(&[][..], Vec::as_slice).iter()
}

fn size(value: &Value) -> Option<Option<u64>> {
    size_of(value).map(Some)
}

fn size_of(value: &Value) -> Option<u64> {
    match value {
        Value::Array(values) => u64::try_from(values.len()).ok(),
        Value::String(text) => u64::try_from(text.chars().count()).ok(),
        _ => None,
    }
}

/// JSON equality with numbers by value: 1 equals 1.0.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}
