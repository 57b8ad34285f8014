//! JSONPath in Jayway's dialect, which Step Functions' own follows.
//!
//! A definite path (names and single indices only) selects one value or nothing; any other selects a list.
//! Regular expressions run in linear time, and a path's nesting and its [`Effort`] are bounded, so no path can hang, take
//! the memory or overflow the stack.
//! Never changes a document; writing into one is `reference`'s business.

mod filter;
mod parse;

use std::cell::Cell;

use serde_json::Value;

use filter::Test;
pub(crate) use parse::name_end;

/// A parsed path: `$.order.lines[0].sku`, `$$.Execution.Id`, `$variable.field`.
#[derive(Clone, Debug)]
pub struct Path {
    source: String,
    root: Root,
    steps: Vec<Step>,
}

/// What a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `$`: the state's input.
    Input,
    /// `$$`: the context object.
    Context,
    /// `$name`: a variable.
    Variable(String),
}

#[derive(Clone, Debug)]
enum Step {
    Name(String),
    /// At the end of a path: those of the names that are there, in one object.
    Names(Vec<String>),
    /// Before the end: the value of each.
    Each(Vec<String>),
    Indices(Vec<i64>),
    Slice(Option<i64>, Option<i64>),
    All,
    Deep(Box<Step>),
    Filter(Test),
    Function(Function),
}

#[derive(Clone, Copy, Debug)]
enum Function {
    Length,
    Min,
    Max,
    Average,
    Sum,
    StandardDeviation,
    Keys,
    First,
    Last,
}

impl Step {
    /// What the step is when others follow it.
    fn make_inner(&mut self) {
        match self {
            Self::Names(names) if names.len() == 1 => *self = Self::Name(names.remove(0)),
            Self::Names(names) => *self = Self::Each(std::mem::take(names)),
            Self::Deep(inner) => inner.make_inner(),
            _ => {}
        }
    }
}

/// A text that is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at position {position}")]
pub struct PathError {
    /// What is wrong.
    pub problem: String,
    /// Bytes into the text.
    pub position: usize,
}

/// What a path selected.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected {
    /// The value of a definite path.
    One(Value),
    /// The values of an indefinite path, in document order.
    Many(Vec<Value>),
    /// A definite path that leads nowhere.
    Nothing,
}

impl Selected {
    /// The selected value; a list for an indefinite path.
    pub fn into_value(self) -> Option<Value> {
        match self {
            Self::One(value) => Some(value),
            Self::Many(values) => Some(Value::Array(values)),
            Self::Nothing => None,
        }
    }
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Where and why the text is not one.
    pub fn parse(source: &str) -> Result<Self, PathError> {
        let (root, steps) = parse::parse(source)?;
        Ok(Self { source: source.to_owned(), root, steps })
    }

    /// The path as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it starts from.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Whether it can select one value at most.
    pub fn is_definite(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Name(_) | Step::Names(_) | Step::Function(_) => true,
            Step::Indices(indices) => indices.len() == 1,
            Step::Each(_) | Step::Slice(..) | Step::All | Step::Deep(_) | Step::Filter(_) => false,
        })
    }

    /// The names and indices of a reference path (ASL: a path that identifies one node), or `None` if it is not one.
    pub fn as_reference(&self) -> Option<Vec<Place>> {
        self.steps
            .iter()
            .map(|step| match step {
                Step::Name(name) => Some(Place::Name(name.clone())),
                Step::Names(names) if names.len() == 1 => Some(Place::Name(names[0].clone())),
                Step::Indices(indices) if indices.len() == 1 => usize::try_from(indices[0]).ok().map(Place::Index),
                _ => None,
            })
            .collect()
    }

    /// Selects from the document that the root stands for.
    ///
    /// # Errors
    /// When it would look at, or select, more than a path may.
    pub fn select(&self, document: &Value) -> Result<Selected, TooMuch> {
        let looks = Cell::new(MAX_LOOKS);
        let effort = Effort::with(&looks);
        let selected = select(&self.steps, document, document, self.is_definite(), &effort);
        if effort.is_spent() { Err(TooMuch) } else { Ok(selected) }
    }
}

/// How many values a path may look at, in its filters as well: about a second's work.
const MAX_LOOKS: usize = 50_000_000;
/// How many values it may find in a step, and select: several times what the largest input has.
const MAX_FOUND: usize = 2_000_000;

/// A path that would look at, or select, more than a path may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it selects more than a path may")]
pub struct TooMuch;

/// What a path may still do. Steps like `..*..*` find the same values many times over, and filters within filters look
/// at all for each of all.
struct Effort<'a> {
    looks: &'a Cell<usize>,
    found: Cell<usize>,
}

impl<'a> Effort<'a> {
    fn with(looks: &'a Cell<usize>) -> Self {
        Self { looks, found: Cell::new(MAX_FOUND) }
    }

    /// The same for a path within a filter: what it finds is kept for one comparison only.
    fn inner(&self) -> Self {
        Self::with(self.looks)
    }

    /// Counts values that are looked at; whether there were as many left.
    fn look(&self, values: usize) -> bool {
        let left = self.looks.get().saturating_sub(values);
        self.looks.set(left);
        left > 0
    }

    /// Counts values that are kept.
    fn find(&self, values: usize) -> bool {
        let left = self.found.get().saturating_sub(values);
        self.found.set(left);
        if left == 0 {
            self.looks.set(0);
        }
        self.look(values)
    }

    fn is_spent(&self) -> bool {
        self.looks.get() == 0
    }

    /// The value by itself.
    fn take(&self, found: Found<'_>) -> Value {
        match found {
            Found::Borrowed(value) if self.find(weight(value)) => value.clone(),
            Found::Borrowed(_) => Value::Null,
            Found::Computed(value) => value,
        }
    }
}

/// How many values there are in a value; a long text counts as several.
fn weight(value: &Value) -> usize {
    1 + match value {
        Value::String(text) => text.len() / 64,
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Object(fields) => fields.values().map(weight).sum(),
        _ => 0,
    }
}

/// One step of a reference path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A field.
    Name(String),
    /// An element, from 0.
    Index(usize),
}

/// A value on its way through a path: borrowed until a function computes one.
#[derive(Clone)]
enum Found<'a> {
    Borrowed(&'a Value),
    Computed(Value),
}

fn select(steps: &[Step], start: &Value, root: &Value, definite: bool, effort: &Effort<'_>) -> Selected {
    let mut found = vec![Found::Borrowed(start)];
    let mut before_definite = true;
    for step in steps {
        // A function takes the whole list that an indefinite path selected, not each of its values.
        if let Step::Function(function) = step {
            let whole = if before_definite {
                found.pop().map(|found| effort.take(found))
            } else {
                Some(Value::Array(std::mem::take(&mut found).into_iter().map(|found| effort.take(found)).collect()))
            };
            let computed = whole.and_then(|whole| apply(*function, &whole));
            found = computed.map(Found::Computed).into_iter().collect();
            before_definite = true;
            continue;
        }
        let mut next = Vec::new();
        for value in found {
            match value {
                Found::Borrowed(value) => step_into(step, value, root, effort, &mut next),
                Found::Computed(value) => {
                    let mut inner = Vec::new();
                    step_into(step, &value, root, effort, &mut inner);
                    next.extend(inner.into_iter().map(|found| Found::Computed(effort.take(found))));
                }
            }
        }
        found = next;
        before_definite &= matches!(step, Step::Name(_))
            || matches!(step, Step::Indices(indices) if indices.len() == 1)
            || matches!(step, Step::Names(names) if names.len() == 1);
    }
    if definite || (matches!(steps.last(), Some(Step::Function(_)))) {
        match found.into_iter().next() {
            Some(found) => Selected::One(effort.take(found)),
            None => Selected::Nothing,
        }
    } else {
        Selected::Many(found.into_iter().map(|found| effort.take(found)).collect())
    }
}

fn step_into<'a>(step: &Step, value: &'a Value, root: &Value, effort: &Effort<'_>, out: &mut Vec<Found<'a>>) {
    // What a step may find at once is what the value has.
    let parts = match (step, value) {
        (Step::Name(_), _) => 0,
        (Step::Indices(indices), Value::Array(_)) => indices.len(),
        // All of them in one object.
        (Step::Names(names), Value::Object(_)) if names.len() > 1 => {
            names.iter().filter_map(|name| value.get(name)).map(weight).sum()
        }
        (Step::Each(names), Value::Object(_)) => names.len(),
        (_, Value::Array(values)) => values.len(),
        (_, Value::Object(fields)) => fields.len(),
        _ => 0,
    };
    if !effort.find(1 + parts) {
        return;
    }
    match step {
        Step::Name(name) => out.extend(value.get(name).map(Found::Borrowed)),
        Step::Names(names) if names.len() == 1 => out.extend(value.get(&names[0]).map(Found::Borrowed)),
        Step::Names(names) => {
            // Jayway answers a union of names with one object that has those of them that are there.
            if let Value::Object(fields) = value {
                let kept = names.iter().filter_map(|name| Some((name.clone(), fields.get(name)?.clone()))).collect();
                out.push(Found::Computed(Value::Object(kept)));
            }
        }
        Step::Each(names) => out.extend(names.iter().filter_map(|name| value.get(name)).map(Found::Borrowed)),
        Step::Indices(indices) => {
            if let Value::Array(values) = value {
                let at = |index: &i64| from_end(*index, values.len()).and_then(|index| values.get(index));
                out.extend(indices.iter().filter_map(at).map(Found::Borrowed));
            }
        }
        Step::Slice(from, to) => {
            if let Value::Array(values) = value {
                let length = i64::try_from(values.len()).unwrap_or(i64::MAX);
                let from_start = |bound: i64| if bound < 0 { (length + bound).max(0) } else { bound };
                // Between two bounds Jayway counts as it goes: from -2 to 2 leads round the end.
                let (from, to) = match (*from, *to) {
                    (Some(from), Some(to)) => (from, to.min(length)),
                    (Some(from), None) => (from_start(from), length),
                    (None, Some(to)) => (0, if to < 0 { length + to } else { to.min(length) }),
                    (None, None) => (0, length),
                };
                let from = from.max(-length);
                out.extend(
                    (from..to).filter_map(|index| values.get(from_end(index, values.len())?)).map(Found::Borrowed),
                );
            }
        }
        Step::All => match value {
            Value::Array(values) => out.extend(values.iter().map(Found::Borrowed)),
            Value::Object(fields) => out.extend(fields.values().map(Found::Borrowed)),
            _ => {}
        },
        Step::Deep(inner) => {
            // A union is found only where all of it is.
            let whole = |names: &[String]| names.iter().all(|name| value.get(name).is_some());
            if !matches!(&**inner, Step::Names(names) if !whole(names)) {
                step_into(inner, value, root, effort, out);
            }
            match value {
                Value::Array(values) => values.iter().for_each(|value| step_into(step, value, root, effort, out)),
                Value::Object(fields) => fields.values().for_each(|value| step_into(step, value, root, effort, out)),
                _ => {}
            }
        }
        Step::Filter(test) => match value {
            Value::Array(values) => {
                let test = test.over(root, effort);
                out.extend(values.iter().filter(|value| test.holds(value, root, effort)).map(Found::Borrowed));
            }
            Value::Object(_) if test.holds(value, root, effort) => out.push(Found::Borrowed(value)),
            _ => {}
        },
        // Handled by `select`, which knows the whole list.
        Step::Function(_) => {}
    }
}

fn from_end(index: i64, length: usize) -> Option<usize> {
    if index < 0 {
        length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

fn apply(function: Function, value: &Value) -> Option<Value> {
    let numbers = || -> Option<Vec<f64>> {
        let numbers: Vec<f64> = value.as_array()?.iter().filter_map(Value::as_f64).collect();
        (!numbers.is_empty()).then_some(numbers)
    };
    #[expect(clippy::cast_precision_loss, reason = "lists are far shorter than 2^53")]
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
    let computed = match function {
        Function::Length => {
            return match value {
                Value::Array(values) => Some(values.len().into()),
                Value::Object(fields) => Some(fields.len().into()),
                Value::String(text) => Some(text.chars().count().into()),
                _ => None,
            };
        }
        Function::Keys => return Some(value.as_object()?.keys().cloned().collect()),
        Function::First => return value.as_array()?.first().cloned(),
        Function::Last => return value.as_array()?.last().cloned(),
        Function::Min => numbers()?.into_iter().fold(f64::INFINITY, f64::min),
        Function::Max => numbers()?.into_iter().fold(f64::NEG_INFINITY, f64::max),
        Function::Sum => numbers()?.into_iter().sum(),
        Function::Average => mean(&numbers()?),
        Function::StandardDeviation => {
            let numbers = numbers()?;
            let middle = mean(&numbers);
            mean(&numbers.iter().map(|number| (number - middle).powi(2)).collect::<Vec<_>>()).sqrt()
        }
    };
    Some(computed.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, expected: Value) {
        let document = json!({
            "store": {
                "book": [
                    {"category": "reference", "title": "Sayings", "price": 8.95},
                    {"category": "fiction", "title": "Sword", "price": 12.99, "isbn": "0-1"},
                    {"category": "fiction", "title": "Moby", "price": 8.99, "isbn": "0-2"}
                ],
                "bicycle": {"color": "red", "price": 19.95}
            },
            "odd-name": {"a b": [1, 2, 3, 4]},
            "limit": 10
        });
        let path = Path::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(path.select(&document).unwrap().into_value().unwrap_or(Value::Null), expected, "{}", path.source());
    }

    /// Found by the fuzz target `intrinsic`.
    #[test]
    fn an_escape_that_the_text_ends_in_is_refused() {
        for path in ["$['\\u", "$['\\u12", "$['\\uam\u{fffd}", "$['\\u+123']", "$['\\u12g4']"] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
        check("$['limit\\u12']", json!(10));
    }

    #[test]
    fn selects_as_jayway_does() {
        check("$.limit", json!(10));
        check("$.nowhere", Value::Null);
        check("$.odd-name['a b'][-1]", json!(4));
        check("$['odd-name']['a b'][1:3]", json!([2, 3]));
        check("$['odd-name']['a b'][0,2]", json!([1, 3]));
        check("$['odd-name']['a b'][-2:]", json!([3, 4]));
        check("$.store.book[*].title", json!(["Sayings", "Sword", "Moby"]));
        check("$..price", json!([8.95, 12.99, 8.99, 19.95]));
        check("$.store.book[?(@.price < $.limit)].title", json!(["Sayings", "Moby"]));
        check("$.store.book[?(@['category'] == 'fiction' && @['price'] > 10)].title", json!(["Sword"]));
        check("$.store.book[?(@.isbn)].title", json!(["Sword", "Moby"]));
        check("$.store.book[?(@.category == 'fiction' && @.price > 10)].title", json!(["Sword"]));
        check("$.store.book[?(@.title =~ /s.*/i)].title", json!(["Sayings", "Sword"]));
        check("$.store.book[?(!(@.isbn))].title", json!(["Sayings"]));
        check("$.store.book[?(@.title in ['Moby', 'x'])].price", json!([8.99]));
        check("$['odd-name']['a b'][-2:2]", json!([3, 4, 1, 2]));
        check("$['limit','nowhere']", json!({"limit": 10}));
        check("$.store['bicycle','book'].color", json!(["red"]));
        check("$.store.book.length()", json!(3));
        check("$..price.max()", json!(19.95));
    }

    #[test]
    fn no_path_does_more_than_it_may() {
        let deep = (0..95).fold(json!(1), |inner, _| json!({"a": inner}));
        let wide = json!({"l": (0..20_000).collect::<Vec<_>>()});
        assert_eq!(Path::parse("$..*..*..*..*").unwrap().select(&deep), Err(TooMuch));
        assert!(Path::parse("$..*").unwrap().select(&wide).is_ok());
        let orders = json!({"orders": (0..5_000).map(|id| json!({"id": id})).collect::<Vec<_>>(), "wanted": (0..4_000).collect::<Vec<_>>()});
        let wanted = Path::parse("$.orders[?(@.id in $.wanted)].id").unwrap().select(&orders);
        assert_eq!(wanted.unwrap().into_value(), Some((0..4_000).collect()));
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_position() {
        for text in [
            "",
            "x",
            "$.",
            "$[",
            "$['a'",
            "$[?(@.a ==)]",
            "$.a[:]",
            "$[?@.a]",
            "$[9999999999]",
            "$[(@.length-1)]",
            "$[?(((((",
            "$x y",
        ] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        let deep = format!("$[?{}@.a{}]", "(".repeat(500), ")".repeat(500));
        assert!(Path::parse(&deep).is_err());
    }

    #[test]
    fn roots_and_references() {
        assert_eq!(Path::parse("$$.Execution.Id").unwrap().root(), &Root::Context);
        assert_eq!(Path::parse("$order.total").unwrap().root(), &Root::Variable("order".into()));
        let places = Path::parse("$.a['b'][2]").unwrap().as_reference().unwrap();
        assert_eq!(places, [Place::Name("a".into()), Place::Name("b".into()), Place::Index(2)]);
        assert_eq!(Path::parse("$.a[*]").unwrap().as_reference(), None);
    }
}
