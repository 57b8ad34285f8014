//! JSONata behind one door: `jsonata-core` with Step Functions' own functions, limits, and no `$eval`.
//!
//! The clock and chance come from the scope. `jsonata-core`'s values are not `Send`, so parsed expressions are kept
//! per thread and nothing of it is seen outside of this module.

mod bounds;
mod limits;
mod tree;
mod watch;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use indexmap::IndexMap;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::{Map, Number, Value};
pub use watch::{Stop, Watcher, watch_with};

use crate::chance::{Chance, Outlook};
use crate::evaluate::{EvaluationError, Scope};
use crate::hash;

/// The longest an expression may run. That one ran longer is chance, and kept as such for a replay.
const TIME_LIMIT_MS: u64 = 1_000;
/// The same in a replay of one that ended the first time, on a machine that had less to do.
const REPLAY_LIMIT_MS: u64 = 60_000;
/// How much more memory it may take then.
const REPLAY_MEMORY_TIMES: usize = 4;
/// What AWS says of one that runs longer, and of one that goes deeper than it may.
const TIMED_OUT: &str = "Expression evaluation timeout: Check for infinite loop";
const TOO_DEEP: &str =
    "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive";
/// The longest sequence that a query may make: the longest range that AWS's memory holds.
const SEQUENCE_LIMIT: usize = 873_782;
/// The deepest an evaluation may nest.
const STACK_LIMIT: usize = 2_400;
/// The stack for functions that keep others, a thousand bytes for each of as many as a second makes. It is taken as it is
/// used.
const NESTING_STACK: usize = 1 << 30;
/// How many elements `$range` makes at most.
const MAX_RANGE: usize = 1_000_000;
/// How many parsed expressions a thread keeps.
const KEPT: usize = 4_096;

/// An expression: what stands between `{%` and `%}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    source: String,
    /// The variables that it may use, by name, without `$`.
    variables: Vec<String>,
    uses: Uses,
}

/// Which fields of `$states` an expression may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Uses {
    input: bool,
    context: bool,
    result: bool,
    error_output: bool,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QueryError {
    /// It evaluated to nothing.
    #[error("returned nothing (undefined)")]
    Undefined,
    /// It evaluated to a function.
    #[error("returned an unsupported result type")]
    Function,
    /// It raised an error: JSONata's code and sentence.
    #[error("threw an error during evaluation. {0}")]
    Raised(String),
    /// It ran into a bound, for which there is no code.
    #[error("threw an error during evaluation: {0}")]
    Bounded(String),
}

/// An expression inside `{% %}`: its text, trimmed, or `None` when the string is none.
pub fn enclosed(text: &str) -> Option<&str> {
    (text.len() >= 4).then(|| text.strip_prefix("{%")?.strip_suffix("%}")).flatten().map(str::trim)
}

/// Whether a string has one of the two markers alone: neither a text nor an expression.
pub(crate) fn half_enclosed(text: &str) -> bool {
    enclosed(text).is_none() && (text.starts_with("{%") || text.ends_with("%}"))
}

impl Query {
    /// Reads the text between the markers.
    ///
    /// # Errors
    /// The parser's sentence.
    pub fn parse(source: &str) -> Result<Self, String> {
        let source = source.trim();
        parsed(source)?;
        let (mut variables, mut seen) = (Vec::new(), HashSet::new());
        for (at, _) in source.match_indices('$') {
            let rest = &source[at + 1..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            if end > 0 && seen.insert(&rest[..end]) {
                variables.push(rest[..end].to_owned());
            }
        }
        // A field of $states that no text of the expression names cannot be used by it, unless it takes $states whole.
        let whole =
            source.match_indices("$states").any(|(at, name)| !source[at + name.len()..].trim_start().starts_with('.'));
        let names = |field: &str| whole || source.contains(field);
        let uses = Uses {
            input: names("input"),
            context: names("context"),
            result: names("result"),
            error_output: names("errorOutput"),
        };
        Ok(Self { source: source.to_owned(), variables, uses })
    }

    /// The text between the markers.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names after `$` in it: variables and functions, `states` among them.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// A name that stands at the top level, where there is no document to find it in.
    pub(crate) fn bare_reference(&self) -> Option<String> {
        parsed(&self.source).ok()?.bare.clone()
    }

    /// Whether it reads this field of `$states`.
    pub(crate) fn names_state_field(&self, field: &str) -> bool {
        parsed(&self.source).is_ok_and(|parsed| parsed.state_fields.iter().any(|known| known == field))
    }

    /// Evaluates in `scope`.
    ///
    /// # Errors
    /// [`EvaluationError::Query`].
    pub fn evaluate(&self, scope: &Scope<'_>, chance: &mut Chance) -> Result<Value, EvaluationError> {
        self.run(scope, chance).map_err(EvaluationError::Query)
    }

    fn run(&self, scope: &Scope<'_>, chance: &mut Chance) -> Result<Value, QueryError> {
        let ast = parsed(&self.source).map_err(QueryError::Raised)?;
        let mut context = Context::new();
        for name in &self.variables {
            if name == "states" {
                context.bind(name.clone(), self.states(scope));
            } else if let Some(json) = scope.variables.get(name) {
                context.bind(name.clone(), to_query(json.value()));
            }
        }
        safely(&ast, || evaluate(&ast, &self.source, context, JValue::Undefined, scope.now, chance))
    }

    fn states(&self, scope: &Scope<'_>) -> JValue {
        let mut states = IndexMap::new();
        let mut put = |used: bool, name: &str, value: Option<&Value>| {
            if let Some(value) = value.filter(|_| used) {
                states.insert(name.to_owned(), to_query(value));
            }
        };
        put(self.uses.input, "input", Some(scope.state_input));
        put(self.uses.context, "context", self.uses.context.then(|| scope.context.value()));
        put(self.uses.result, "result", scope.result);
        put(self.uses.error_output, "errorOutput", scope.error_output);
        JValue::object(states)
    }
}

/// Evaluates an expression over a document with bindings, as JSONata itself would.
///
/// # Errors
/// As of a query in a state.
pub fn evaluate_over(source: &str, data: Option<&Value>, bindings: &Map<String, Value>) -> Result<Value, QueryError> {
    let ast = parsed(source).map_err(QueryError::Raised)?;
    let mut context = Context::new();
    for (name, value) in bindings {
        context.bind(name.clone(), to_query(value));
    }
    let data = data.map_or(JValue::Undefined, to_query);
    safely(&ast, || evaluate(&ast, source, context, data, 0, &mut Chance::new(0)))
}

thread_local! {
    static SHIELDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread reads or evaluates an expression: a panic there is the expression's end, and nobody else's.
pub fn is_evaluating() -> bool {
    SHIELDED.get()
}

/// Does what the library might break at; `None` where it does.
fn shielded<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = SHIELDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    SHIELDED.set(before);
    done.ok()
}

/// Evaluates on a stack that holds what the expression may nest.
fn safely(ast: &Parsed, evaluate: impl FnOnce() -> Result<Value, QueryError>) -> Result<Value, QueryError> {
    let run = || if ast.may_nest { stacker::grow(NESTING_STACK, evaluate) } else { evaluate() };
    shielded(run).unwrap_or_else(|| Err(QueryError::Bounded("The expression cannot be evaluated".to_owned())))
}

fn evaluate(
    ast: &Parsed,
    source: &str,
    context: Context,
    data: JValue,
    now: i64,
    chance: &mut Chance,
) -> Result<Value, QueryError> {
    let (time_limit, times) = match chance.next_query() {
        Outlook::Open => (TIME_LIMIT_MS, 1),
        Outlook::Ends => (REPLAY_LIMIT_MS, REPLAY_MEMORY_TIMES),
        Outlook::GivenUp => return Err(QueryError::Bounded(TIMED_OUT.to_owned())),
    };
    let watched = if ast.may_grow { watch::watch(times) } else { None };
    let options = EvaluatorOptions {
        cancel: watched.as_ref().map(|(_, token)| token.clone()),
        timeout_ms: Some(time_limit),
        max_stack_depth: Some(STACK_LIMIT),
        max_sequence_length: Some(SEQUENCE_LIMIT),
    };
    let mut evaluator = Evaluator::with_options(context, options);
    let shared = Rc::new(RefCell::new(chance.clone()));
    register(&mut evaluator, &shared, now)
        .and_then(|()| if names_dateless_picture(source) { register_to_millis(&mut evaluator, now) } else { Ok(()) })
        .and_then(|()| if ast.is_led { bounds::register(&mut evaluator) } else { Ok(()) })
        .map_err(|error| QueryError::Raised(error.message().to_owned()))?;
    let result = evaluator.evaluate(&ast.node, &data);
    drop(watched);
    *chance = shared.borrow().clone();
    let value = result.map_err(|error| {
        match error.message() {
            // Cancelled, by who watches the memory: like the time that it takes, that is chance.
            message if message.starts_with("D1012") || message.starts_with("U1003") => {
                chance.give_up();
                QueryError::Bounded(TIMED_OUT.to_owned())
            }
            message if message.starts_with("D1011") => QueryError::Bounded(TOO_DEEP.to_owned()),
            bounds::MEMORY => QueryError::Bounded(bounds::MEMORY.to_owned()),
            // A sequence that is too long is too large for AWS.
            message if message.starts_with("D2015") => QueryError::Bounded(bounds::MEMORY.to_owned()),
            message => QueryError::Raised(sentence(message)),
        }
    })?;
    bounds::can_leave(&value).map_err(QueryError::Bounded)?;
    from_query(&value)
}

/// A sentence as the reference implementation, and so AWS, has it.
fn sentence(message: &str) -> String {
    // It does not name what is no function, and quotes operators and values.
    let plain = "T1006: Attempted to invoke a non-function";
    if message.starts_with(plain) {
        return plain.to_owned();
    }
    let between = |start: &str, end: &str| message.strip_prefix(start)?.strip_suffix(end);
    if let Some(value) = between("D3030: Cannot convert '", "' to number") {
        return format!("D3030: Unable to cast value to a number: \"{value}\"");
    }
    if let Some((start, rest)) = message.split_once(" of the ")
        && let Some((operator, end)) = rest.split_once(" operator ")
        && message.starts_with("T20")
    {
        return format!("{start} of the \"{operator}\" operator {end}");
    }
    message.to_owned()
}

/// The reference implementation's code for what the parser tells without one.
fn coded(problem: &str) -> String {
    if problem == "Unclosed comment" { "S0106: Comment has no closing tag".to_owned() } else { problem.to_owned() }
}

/// A parsed expression.
struct Parsed {
    node: AstNode,
    /// A name in it that nothing is looked up in.
    bare: Option<String>,
    /// The fields of `$states` that it reads.
    state_fields: Vec<String>,
    /// Whether some of its calls are led through [`bounds`].
    is_led: bool,
    /// Whether it can make more than a few times what it reads.
    may_grow: bool,
    /// Whether it can make functions that keep others, one within the other.
    may_nest: bool,
}

fn parsed(source: &str) -> Result<Rc<Parsed>, String> {
    thread_local! {
        static PARSED: RefCell<HashMap<String, Rc<Parsed>>> = RefCell::default();
    }
    PARSED.with_borrow_mut(|kept| {
        if let Some(ast) = kept.get(source) {
            return Ok(Rc::clone(ast));
        }
        limits::check(source)?;
        let read = shielded(|| parser::parse(source)).ok_or("The expression cannot be read")?;
        let mut node = read.map_err(|error| coded(&error.to_string()))?;
        limits::check_regexes(&mut node)?;
        let (bare, state_fields) = (tree::bare_reference(&mut node), tree::state_fields(&mut node));
        let may_grow = tree::may_grow(&mut node);
        let may_nest = limits::may_nest(&mut node);
        let is_led = bounds::lead(&mut node, may_grow);
        let ast = Rc::new(Parsed { node, bare, state_fields, is_led, may_grow, may_nest });
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(source.to_owned(), Rc::clone(&ast));
        Ok(ast)
    })
}

/// Step Functions' own functions, and the built-in ones that it has differently or not at all.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn>
fn register(evaluator: &mut Evaluator, chance: &Rc<RefCell<Chance>>, now: i64) -> Result<(), EvaluatorError> {
    evaluator.register_fn("partition", |arguments: &[JValue]| {
        let (Some(list), Some(size)) = (arguments.first().and_then(JValue::as_array), arguments.get(1).and_then(count))
        else {
            return Err(raised("$partition takes an array and a number of 1 or more"));
        };
        Ok(JValue::array(list.chunks(size).map(|chunk| JValue::array(chunk.to_vec())).collect()))
    })?;
    evaluator.register_fn("range", |arguments: &[JValue]| {
        let number = |index: usize| arguments.get(index).and_then(JValue::as_f64);
        let (Some(first), Some(last), Some(step)) = (number(0), number(1), number(2)) else {
            return Err(raised("$range takes three numbers"));
        };
        if step == 0.0 {
            return Err(raised("the step of $range must not be 0"));
        }
        let mut numbers = Vec::new();
        let mut next = first;
        while if step > 0.0 { next <= last } else { next >= last } {
            if numbers.len() == MAX_RANGE {
                return Err(raised("$range has more than 1000000 elements"));
            }
            numbers.push(JValue::from_f64(next));
            next += step;
        }
        Ok(JValue::sequence(numbers))
    })?;
    evaluator.register_fn("hash", |arguments: &[JValue]| {
        let text = |index: usize| arguments.get(index).and_then(JValue::as_str);
        let (Some(data), Some(algorithm)) = (text(0), text(1)) else { return Err(raised("$hash takes two strings")) };
        hash::hex(data, algorithm)
            .map(JValue::string)
            .ok_or_else(|| raised(&format!("$hash does not have the algorithm {algorithm}")))
    })?;
    let source = Rc::clone(chance);
    evaluator.register_fn("uuid", move |_: &[JValue]| Ok(JValue::string(source.borrow_mut().uuid())))?;
    evaluator.register_fn("parse", |arguments: &[JValue]| match arguments.first() {
        Some(JValue::String(text)) => {
            JValue::from_json_str(text).map_err(|error| raised(&format!("$parse: the string is not JSON: {error}")))
        }
        _ => Err(raised("$parse takes a string")),
    })?;
    let source = Rc::clone(chance);
    evaluator.register_fn_override("random", move |arguments: &[JValue]| {
        let drawn = match arguments.first().and_then(JValue::as_i64) {
            Some(seed) => Chance::new(seed.unsigned_abs()).unit(),
            None => source.borrow_mut().unit(),
        };
        Ok(JValue::from_f64(drawn))
    })?;
    evaluator.register_fn_override("eval", |_: &[JValue]| Err(raised("T1006: Attempted to invoke a non-function")))?;
    evaluator.register_fn_override("millis", move |_: &[JValue]| Ok(JValue::from_i64(now)))?;
    evaluator.register_fn_override("now", move |arguments: &[JValue]| {
        // The picture and the zone are $fromMillis's business.
        let mut context = Context::new();
        context.bind("at".into(), JValue::from_i64(now));
        for (name, argument) in ["picture", "zone"].into_iter().zip(arguments) {
            context.bind(name.into(), argument.clone());
        }
        let call = match arguments.len() {
            0 => "$fromMillis($at)",
            1 => "$fromMillis($at, $picture)",
            _ => "$fromMillis($at, $picture, $zone)",
        };
        built_in(call, context)
    })
}

/// A call of built-in functions with values that are bound.
fn built_in(call: &str, context: Context) -> Result<JValue, EvaluatorError> {
    let ast = parsed(call).map_err(|problem| raised(&problem))?;
    let mut evaluator = Evaluator::with_context(context);
    if ast.is_led {
        bounds::register(&mut evaluator)?;
    }
    evaluator.evaluate(&ast.node, &JValue::Undefined)
}

/// Whether the expression may read a time without its date.
fn names_dateless_picture(source: &str) -> bool {
    let pictures = || ["'[", "\"["].into_iter().flat_map(|quote| source.split(quote).skip(1));
    source.contains("toMillis") && pictures().any(|picture| !picture.starts_with(['Y', 'X']))
}

/// `$toMillis` takes what a picture lacks of the date from the clock; here from the time that came in.
fn register_to_millis(evaluator: &mut Evaluator, now: i64) -> Result<(), EvaluatorError> {
    evaluator.register_fn_override("toMillis", move |arguments: &[JValue]| {
        let mut context = Context::new();
        for (name, argument) in ["text", "picture"].into_iter().zip(arguments) {
            context.bind(name.into(), argument.clone());
        }
        context.bind("now".into(), JValue::from_i64(now));
        let picture = arguments.get(1).and_then(JValue::as_str).unwrap_or_default();
        let has = |components: &[char]| components.iter().any(|component| picture.contains(&format!("[{component}")));
        let date = match () {
            () if picture.is_empty() || has(&['Y', 'X', 'x', 'W', 'w', 'F']) => "",
            () if has(&['M', 'd']) => "[Y0001]|",
            () if has(&['D']) => "[Y0001]-[M01]|",
            () => "[Y0001]-[M01]-[D01]|",
        };
        context.bind("date".into(), JValue::string(date));
        let call = match (arguments.len(), date) {
            (0 | 1, _) => "$toMillis($text)",
            (_, "") => "$toMillis($text, $picture)",
            _ => "$toMillis($fromMillis($now, $date) & $text, $date & $picture)",
        };
        built_in(call, context)
    })
}

/// A size, rounded down.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn count(value: &JValue) -> Option<usize> {
    value.as_f64().map(|size| size.floor() as usize).filter(|size| *size > 0)
}

fn raised(problem: &str) -> EvaluatorError {
    EvaluatorError::EvaluationError(problem.to_owned())
}

fn to_query(value: &Value) -> JValue {
    JValue::from(value.clone())
}

/// Numbers in JSONata are floats: whole ones become integers again as far as a float holds them exactly.
fn from_query(value: &JValue) -> Result<Value, QueryError> {
    Ok(match value {
        JValue::Null => Value::Null,
        JValue::Bool(truth) => Value::Bool(*truth),
        // What JSON has no number for is written as Java writes it.
        JValue::Number(number) if number.is_nan() => "NaN".into(),
        JValue::Number(number) if number.is_infinite() => if *number > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        JValue::Number(number) => whole(*number)
            .map(Value::from)
            .or_else(|| Number::from_f64(*number).map(Value::Number))
            .unwrap_or(Value::Null),
        JValue::String(text) => Value::String(text.to_string()),
        JValue::Array(values) => {
            Value::Array(values.iter().filter(|value| !value.is_undefined()).map(from_query).collect::<Result<_, _>>()?)
        }
        JValue::Object(fields) => Value::Object(
            fields
                .iter()
                .filter(|(_, value)| !value.is_undefined())
                .map(|(name, value)| Ok((name.clone(), from_query(value)?)))
                .collect::<Result<_, QueryError>>()?,
        ),
        JValue::Undefined => return Err(QueryError::Undefined),
        _ => return Err(QueryError::Function),
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "guarded by the bound")]
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = (1_u64 << 53) as f64;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(source: &str, expected: Value) {
        let input = json!({"lines": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 3}], "big": 9_007_199_254_740_991_i64});
        let mut scope = Scope::of_input(&input);
        scope.now = 1_767_225_600_000;
        let query = Query::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        let result = query.evaluate(&scope, &mut Chance::new(1)).unwrap_or_else(|error| json!(error.to_string()));
        assert_eq!(result, expected, "{source}");
    }

    #[test]
    fn evaluates_as_step_functions_does() {
        check("$sum($states.input.lines.quantity)", json!(5));
        check("$states.input.big", json!(9_007_199_254_740_991_i64));
        check("$partition([1,2,3], 2)", json!([[1, 2], [3]]));
        check("$partition([1,2,3,4], 2.9)", json!([[1, 2], [3, 4]]));
        check("$pad('a', 3) & $pad('b', -3, '#')", json!("a  ##b"));
        check("'a' ~> $pad(2, '-')", json!("a-"));
        check("('a').$pad(3)", json!("a  "));
        let raised = |problem: &str| json!(format!("threw an error during evaluation. {problem}"));
        let large = || {
            json!(
                "threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage"
            )
        };
        for (source, expected) in [
            ("$replace('abcabc', 'b', 'x')", json!("axcaxc")),
            ("$replace('abcabc', /b/, function($m) { $uppercase($m.match) }, 1)", json!("aBcabc")),
            ("'abcabc' ~> $replace('b', 'x')", json!("axcaxc")),
            ("['a', 'b'].$replace('a', 'x')", json!(["x", "b"])),
            ("$join(['a', 'b'], $join(['-', '+'], '*'))", json!("a-*+b")),
            ("$join(['a', 'b'])", json!("ab")),
            ("($join := function($x, $y) { $y }; $join(1, 2))", json!(2)),
            ("(['a', 'b'] ~> $join('/')) & $string({'a': 1})", json!("a/b{\"a\":1}")),
            ("$map(['a'], $string)", json!("a")),
            ("($x := 5; 'a' & $x & $nothing)", json!("a5")),
            ("$reduce([1, 2, 3], function($a, $b) { $a + $b })", json!(6)),
            ("[] ~> $reduce(function($a, $b) { $a + $b })", json!("returned nothing (undefined)")),
            ("$reduce([], function($a, $b) { $a + $b }, 7)", json!(7)),
            ("($y := [1..2000]; $count([1..20000].$y))", large()),
            ("($y := [1..3000]; $count($y@$a.$y@$b.{'a': $a, 'b': $b}))", large()),
            ("($d := function($n) { $n = 0 ? 0 : ($x := $d($n - 1); [[$x], [$x]]) }; $d(60) = $d(60))", large()),
            ("($d := function($n) { $n = 0 ? 0 : ($x := $d($n - 1); [[$x], [$x]]) }; $count($d(60).a))", large()),
            ("($d := function($n) { $n = 0 ? 0 : ($x := $d($n - 1); [[$x], [$x]]) }; $d(60) ? 1 : 2)", large()),
            ("($y := [1..3]; $y@$a.$y@$b[$b > $a].{'p': $a * $b}.p)", json!([2, 3, 6])),
            // A first step is evaluated over what its kind says.
            ("($l := $states.input.lines; $l{sku: $[0].quantity})", json!({"A": 2, "B": 3})),
            ("[[1, 2], [3]].($sum($map($, function($v) { $v * 2 })))", json!([6, 6])),
            ("($m := {'l': [1, 2]}; $m.l.($x := $; $x.($ + 1)))", json!([2, 3])),
            (
                "[{'c': 'a', 'p': 1}, {'c': 'a', 'p': 2}]{c: $reduce($, function($a, $v) { $a + $v.p }, 0)}",
                json!({"a": 3}),
            ),
            ("[{'c': 'a', 'p': 1}, {'c': 'a', 'p': 2}]{c: $map($, function($v) { $v.p })}", json!({"a": [1, 2]})),
            ("($k := {'z': 1}; [{'c': 'a'}, {'c': 'a'}]{c: $k.z})", json!({"a": 1})),
            ("($d := $reduce([1..60], function($a, $i) { [[$a], [$a]] }, 0); $d)", large()),
            ("$pad('a', 1e9)", large()),
            ("$number('abc')", raised("D3030: Unable to cast value to a number: \"abc\"")),
            ("'a' + 1", raised("T2001: The left side of the \"+\" operator must evaluate to a number")),
            ("$formatInteger(3e12, 'I')", large()),
            ("$formatInteger(3e12, '0') & $formatInteger(14, 'i')", json!("3000000000000xiv")),
            ("($s := $pad('x', 100000); $length($join([1..300].$s)))", large()),
            ("[1..873783] ~> $count()", large()),
            ("[1/0, -1/0]", json!(["Infinity", "-Infinity"])),
            (
                "($f := function($n, $a) { $n = 0 ? $a : $f($n - 1, {'a': $a}) }; $f(4000, 1))",
                json!("threw an error during evaluation: The result is nested deeper than 500 levels"),
            ),
            ("$replace($pad('', 200000, 'a'), 'a', $pad('', 200000, 'b'))", large()),
            ("$pad('', 200000, 'a') ~> $replace(/a/, $pad('', 200000, 'b'))", large()),
            ("$join([1..1000].$string(), $pad('', 100000))", large()),
            ("($d := function($n) { $n = 0 ? 1 : ($x := $d($n - 1); [[$x], [$x]]) }; $string($d(60)))", large()),
            ("($d := function($n) { $n = 0 ? 1 : ($x := $d($n - 1); [[$x], [$x]]) }; $d(60))", large()),
        ] {
            check(source, expected);
        }
        check("$range(0, 10, 3)", json!([0, 3, 6, 9]));
        check("$range(1, 9, 9)", json!(1));
        check("$hash('a', 'MD5')", json!("0cc175b9c0f1b6a831c399e269772661"));
        check("$parse('{\"a\": 1}').a", json!(1));
        check("$now()", json!("2026-01-01T00:00:00.000Z"));
        check("$millis()", json!(1_767_225_600_000_i64));
        check("$toMillis('13:45', '[H]:[m]') ~> $fromMillis()", json!("2026-01-01T13:45:00.000Z"));
        check("$toMillis('3 Feb', '[D] [MNn,3-3]') ~> $fromMillis()", json!("2026-02-03T00:00:00.000Z"));
        check("$random(7) = $random(7)", json!(true));
        check("$length($uuid())", json!(36));
        check("$states.input.nowhere", json!("returned nothing (undefined)"));
        check("$eval('1')", json!("threw an error during evaluation. T1006: Attempted to invoke a non-function"));
        check("$uppercase", json!("returned an unsupported result type"));
    }

    #[test]
    fn nothing_runs_for_ever_and_a_replay_gives_up_the_same() {
        let input = Value::Null;
        let run = |source: &str, chance: &mut Chance| {
            Query::parse(source).unwrap().evaluate(&Scope::of_input(&input), chance).map_err(|error| error.to_string())
        };
        let mut chance = Chance::new(1);
        assert!(run("( $f := function($n) { $f($n + 1) + 1 }; $f(0) )", &mut chance).is_err(), "too deep");
        let endless = run("( $f := function($n) { $f($n + 1) }; $f(0) )", &mut chance).unwrap_err();
        assert!(endless.contains("evaluation timeout"), "{endless}");
        assert_eq!(run("1", &mut chance), Ok(json!(1)));
        let given_up = chance.take_given_up();
        assert_eq!(given_up, [2]);
        let mut again = Chance::new(1).foretold(given_up.into_iter().collect());
        assert_eq!(run("1", &mut again), Ok(json!(1)));
        assert_eq!(run("1", &mut again), Err(endless), "it was given up the first time");
        assert_eq!(run("1", &mut again), Ok(json!(1)));
    }

    #[test]
    fn where_the_library_breaks_nothing_else_does() {
        let inside = shielded(is_evaluating);
        let broken: Option<()> = shielded(|| panic!("as the library would"));
        assert_eq!((inside, broken, is_evaluating()), (Some(true), None, false));
    }

    #[test]
    fn only_the_exact_markers_enclose() {
        assert_eq!(enclosed("{% $x %}"), Some("$x"));
        for (text, half) in [(" {% $x %} ", false), ("{% $x", true), ("$x %}", true), ("$x", false), ("{%}", true)] {
            assert_eq!((enclosed(text), half_enclosed(text)), (None, half), "{text}");
        }
    }

    #[test]
    fn fields_of_states_are_found_in_code_alone() {
        for (source, names) in [
            ("$states.result.a", true),
            ("$states . `result`", true),
            ("$states.results", false),
            ("$states.input.result", false),
            ("\"a\\\"b $states.result\"", false),
            ("/* $states.result */ 1", false),
            ("\"a\" & $states.result", true),
        ] {
            assert_eq!(Query::parse(source).unwrap().names_state_field("result"), names, "{source}");
        }
    }
}
