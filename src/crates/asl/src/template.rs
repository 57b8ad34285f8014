//! Payload templates of both query languages: `Parameters`, `ResultSelector`, `ItemSelector`, `Arguments`, `Output`, `Assign`.

use serde_json::{Map, Value};

use crate::chance::Chance;
use crate::evaluate::{EvaluationError, Scope};
use crate::intrinsic::Expression;
use crate::json;
use crate::jsonata::{Query, enclosed, half_enclosed};

/// A template, ready to be evaluated.
#[derive(Clone, Debug)]
pub enum Template {
    /// Nothing in it is evaluated.
    Literal(Value),
    /// Fields, in the order in which the service writes them.
    Object(Vec<Field>),
    /// Elements.
    List(Vec<Template>),
    /// The value of a key that ends in `.$`.
    Expression(Expression),
    /// `{% … %}`.
    Query(Query),
}

/// A field of a template.
#[derive(Clone, Debug)]
pub struct Field {
    /// The key without `.$`.
    pub name: String,
    /// Its value.
    pub value: Template,
}

/// What is told of a string with one marker alone.
pub(crate) const HALF_ENCLOSED: &str = "JSONata string must start with {% and end with %}";

/// A fault of a template: where within it (key path, outermost first) and what.
pub type TemplateFault = (Vec<String>, String);

impl Template {
    /// Reads a template of the JSONPath language: keys that end in `.$` have a path or an intrinsic call as value.
    pub fn json_path(value: &Value, faults: &mut Vec<TemplateFault>) -> Self {
        Self::read_json_path(value, &mut Vec::new(), faults)
    }

    /// Reads a template of the JSONata language: strings of the form `{% … %}` are expressions.
    pub fn jsonata(value: &Value, faults: &mut Vec<TemplateFault>) -> Self {
        Self::read_jsonata(value, &mut Vec::new(), faults)
    }

    fn read_json_path(value: &Value, place: &mut Vec<String>, faults: &mut Vec<TemplateFault>) -> Self {
        match value {
            Value::Object(fields) => {
                let (mut literal, mut dynamic) = (Vec::new(), Vec::new());
                for (key, value) in fields {
                    let Some(name) = key.strip_suffix(".$") else {
                        place.push(key.clone());
                        literal.push(Field { name: key.clone(), value: Self::read_json_path(value, place, faults) });
                        place.pop();
                        continue;
                    };
                    let read = match value {
                        Value::String(source) => Expression::parse(source),
                        _ => Err("not a string".to_owned()),
                    };
                    match read {
                        Ok(expression) => {
                            dynamic.push(Field { name: name.to_owned(), value: Self::Expression(expression) });
                        }
                        Err(problem) => {
                            place.push(key.clone());
                            faults.push((place.clone(), problem));
                            place.pop();
                        }
                    }
                }
                if dynamic.is_empty() && literal.iter().all(|field| matches!(field.value, Self::Literal(_))) {
                    return Self::Literal(value.clone());
                }
                in_hash_map_order(&mut dynamic);
                literal.append(&mut dynamic);
                Self::Object(literal)
            }
            Value::Array(values) => {
                Self::list(values.iter().map(|value| Self::read_json_path(value, place, faults)).collect(), value)
            }
            other => Self::Literal(other.clone()),
        }
    }

    fn read_jsonata(value: &Value, place: &mut Vec<String>, faults: &mut Vec<TemplateFault>) -> Self {
        match value {
            Value::Object(fields) => {
                let mut read = Vec::new();
                for (key, value) in fields {
                    place.push(key.clone());
                    read.push(Field { name: key.clone(), value: Self::read_jsonata(value, place, faults) });
                    place.pop();
                }
                if read.iter().all(|field| matches!(field.value, Self::Literal(_))) {
                    return Self::Literal(value.clone());
                }
                Self::Object(read)
            }
            Value::Array(values) => {
                let mut read = Vec::new();
                for (index, value) in values.iter().enumerate() {
                    place.push(format!("[{index}]"));
                    read.push(Self::read_jsonata(value, place, faults));
                    place.pop();
                }
                Self::list(read, value)
            }
            Value::String(text) => match enclosed(text).map(Query::parse) {
                None => {
                    if half_enclosed(text) {
                        faults.push((place.clone(), HALF_ENCLOSED.to_owned()));
                    }
                    Self::Literal(value.clone())
                }
                Some(Ok(query)) => Self::Query(query),
                Some(Err(problem)) => {
                    faults.push((place.clone(), problem));
                    Self::Literal(value.clone())
                }
            },
            other => Self::Literal(other.clone()),
        }
    }

    fn list(read: Vec<Self>, value: &Value) -> Self {
        if read.iter().all(|template| matches!(template, Self::Literal(_))) {
            Self::Literal(value.clone())
        } else {
            Self::List(read)
        }
    }

    /// Shows every expression of the JSONata language with its place, which begins with `place`.
    pub(crate) fn each_query(&self, place: &str, visit: &mut impl FnMut(&str, &Query)) {
        match self {
            Self::Query(query) => visit(place, query),
            Self::Object(fields) => {
                fields.iter().for_each(|field| field.value.each_query(&format!("{place}/{}", field.name), visit));
            }
            Self::List(values) => {
                values.iter().enumerate().for_each(|(at, value)| value.each_query(&format!("{place}[{at}]"), visit));
            }
            Self::Literal(_) | Self::Expression(_) => {}
        }
    }

    /// Evaluates the template.
    ///
    /// # Errors
    /// The first expression without a value, with the key path to it.
    pub fn evaluate(&self, scope: &Scope<'_>, chance: &mut Chance) -> Result<Value, Failed> {
        let mut left = json::MAX_BYTES;
        self.evaluate_within(&mut left, scope, chance)
    }

    /// Evaluates it while there are bytes left, so that many small expressions of a large input cannot take the memory.
    fn evaluate_within(&self, left: &mut usize, scope: &Scope<'_>, chance: &mut Chance) -> Result<Value, Failed> {
        let failed = |source: &str, error| Failed { place: Vec::new(), source: source.to_owned(), error };
        let value = match self {
            Self::Literal(value) => return Ok(value.clone()),
            Self::Object(fields) => {
                let mut object = Map::with_capacity(fields.len());
                for field in fields {
                    let value = field.value.evaluate_within(left, scope, chance);
                    object.insert(field.name.clone(), value.map_err(|failed| failed.within(&field.name))?);
                }
                return Ok(Value::Object(object));
            }
            Self::List(values) => {
                let mut list = Vec::with_capacity(values.len());
                for (index, value) in values.iter().enumerate() {
                    let value = value.evaluate_within(left, scope, chance);
                    list.push(value.map_err(|failed| failed.within(&format!("[{index}]")))?);
                }
                return Ok(Value::Array(list));
            }
            Self::Expression(expression) => expression.evaluate(scope, chance).map_err(|error| failed("", error))?,
            Self::Query(query) => query.evaluate(scope, chance).map_err(|error| failed(query.source(), error))?,
        };
        match left.checked_sub(json::bytes(&value)) {
            Some(rest) => {
                *left = rest;
                Ok(value)
            }
            None => Err(failed("", EvaluationError::TooLarge { of: "the template".to_owned() })),
        }
    }
}

/// A template that has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// The keys that lead to the expression, innermost first.
    pub place: Vec<String>,
    /// The JSONata expression, empty in JSONPath.
    pub source: String,
    /// Why.
    pub error: EvaluationError,
}

impl Failed {
    fn within(mut self, key: &str) -> Self {
        self.place.push(key.to_owned());
        self
    }

    /// Where the expression stands: `Output/total`, from the field's name.
    pub fn location(&self, field: &str) -> String {
        self.place.iter().rev().fold(field.to_owned(), |text, key| {
            if key.starts_with('[') { format!("{text}{key}") } else { format!("{text}/{key}") }
        })
    }
}

/// The service puts the evaluated keys into a Java `HashMap` and writes them in its iteration order.
fn in_hash_map_order(fields: &mut [Field]) {
    let mut capacity = 16_u32;
    while fields.len() * 4 > capacity as usize * 3 {
        capacity *= 2;
    }
    let bucket = |name: &str| {
        let hash = name.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
        (hash ^ (hash >> 16)) & (capacity - 1)
    };
    fields.sort_by_key(|field| bucket(&field.name));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(template: Value, expected: &str) {
        let input = json!({"a": 1, "b": [2, 3]});
        let mut faults = Vec::new();
        let template = Template::json_path(&template, &mut faults);
        assert_eq!(faults, []);
        let value = template.evaluate(&Scope::of_input(&input), &mut Chance::new(0)).unwrap();
        assert_eq!(value.to_string(), expected);
    }

    #[test]
    fn literal_keys_come_first_then_java_s_order() {
        check(
            json!({"StateMachineArn.$": "$.a", "Input.$": "$.a", "Name.$": "$.a"}),
            r#"{"Input":1,"StateMachineArn":1,"Name":1}"#,
        );
        check(json!({"FunctionName.$": "$.a", "Payload": {}}), r#"{"Payload":{},"FunctionName":1}"#);
        check(
            json!({"original_input.$": "$.a", "iteration_input_value.$": "$.a", "iteration_index.$": "$.a",
                   "from_input_constant.$": "$.a", "constant_value": 0}),
            r#"{"constant_value":0,"iteration_input_value":1,"from_input_constant":1,"iteration_index":1,"original_input":1}"#,
        );
        check(json!({"list": [{"x.$": "$.b[*]"}, "$.a"]}), r#"{"list":[{"x":[2,3]},"$.a"]}"#);
    }

    /// Neither many copies of the input nor calls within calls take the memory.
    #[test]
    fn no_template_makes_more_than_it_may() {
        let input = json!({"x": "y".repeat(250_000)});
        let copies: Map<String, Value> = (0..2_000).map(|at| (format!("k{at}.$"), json!("$.x"))).collect();
        let twice = |inner: String| format!("States.Format('{{}}{{}}', {inner}, {inner})");
        let calls = (0..8).fold("$.x".to_owned(), |inner, _| twice(inner));
        for template in [Value::Object(copies), json!({"a.$": calls})] {
            let template = Template::json_path(&template, &mut Vec::new());
            let failed = template.evaluate(&Scope::of_input(&input), &mut Chance::new(0)).unwrap_err();
            assert!(matches!(failed.error, EvaluationError::TooLarge { .. }), "{failed:?}");
        }
    }

    #[test]
    fn a_missing_value_is_told_with_its_place() {
        let mut faults = Vec::new();
        let template = Template::jsonata(&json!({"x": {"y": ["{% $nowhere %}"]}}), &mut faults);
        let input = Value::Null;
        let failed = template.evaluate(&Scope::of_input(&input), &mut Chance::new(0)).unwrap_err();
        assert_eq!(failed.location("Output"), "Output/x/y[0]");
    }

    #[test]
    fn faults_name_the_key() {
        let mut faults = Vec::new();
        Template::json_path(&json!({"a": {"b.$": "nonsense"}}), &mut faults);
        Template::jsonata(&json!({"c": "{% ( %}", "d": ["{% 1"], "e": " {% 1 %} "}), &mut faults);
        let places: Vec<String> = faults.into_iter().map(|(place, _)| place.join("/")).collect();
        assert_eq!(places, ["a/b.$", "c", "d/[0]"]);
    }
}
