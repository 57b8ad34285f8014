//! Bounds for what one call may make out of little: `$pad`, `$join`, `$replace`, `$string` and `$formatInteger` build their
//! text at once, where no limit of the evaluator is looked at. So does a step of a path, which puts the lists that it finds
//! into one; and whatever goes down into a value goes down as often as its parts are shared.
//!
//! The arguments of those calls, the values of steps and what is gone down into are led through functions of ours, which
//! let them pass or raise an error. Never changes what an expression means that stays within the bounds. The same way
//! mends `$reduce` of nothing, which is nothing, and null in the library.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::value::JValue;

use super::tree::children;

/// The most bytes of a text that a call makes, and of a value that leaves the evaluation. AWS makes texts of 2^22
/// characters, and none of 2^23.
const MAX_BYTES: usize = (1 << 23) - 1;
/// What AWS says of more.
pub(super) const MEMORY: &str = "Expression evaluation memory limit exceeded: Check for excessive memory usage";
/// The most characters that `$pad` makes of a text.
const MAX_PAD: f64 = 4_194_304.0;
/// The numbers that `$formatInteger` writes as Roman ones are below it: they take a letter for each thousand.
const MAX_ROMAN: f64 = 1e9;
/// The most bytes of a text that a regular expression is searched for in, divided by how many parts are told of each
/// place.
const MAX_SEARCHED: usize = 512 << 10;
/// The longest picture of a number or a time, and the most digits of a width in it.
const MAX_PICTURE: usize = 1_000;
const MAX_WIDTH_DIGITS: usize = 4;
/// The most elements that are compared each with each.
const MAX_COMPARED: usize = 30_000;
/// How the names of our functions begin.
const OURS: &str = "bounds_";

/// How many elements the steps of paths may make in one evaluation.
const MAX_STEPPED: usize = 4 << 20;
/// How many elements one counts for that variables are bound with.
const A_TUPLE: usize = 64;

/// Leads what could make much through our functions; whether there is any. Values have shared parts only where an
/// expression repeats something, which is when it `may_grow`.
pub(super) fn lead(ast: &mut AstNode, may_grow: bool) -> bool {
    let own = defined(ast);
    let (mut open, mut any) = (vec![ast], false);
    while let Some(node) = open.pop() {
        if may_grow {
            any |= lead_descents(node, &own);
        }
        match node {
            AstNode::Function { name, args, .. } => any |= lead_call(name, None, args, &own),
            AstNode::Binary { op: BinaryOp::ChainPipe, lhs, rhs } => match rhs.as_mut() {
                AstNode::Function { name, args, .. } => any |= lead_call(name, Some(lhs), args, &own),
                AstNode::Variable(name) if name == "string" && !own.contains(name) => {
                    wrap("value", lhs);
                    any = true;
                }
                _ => {}
            },
            // What is no text becomes one.
            AstNode::Binary { op: BinaryOp::Concatenate, lhs, rhs } => {
                for side in [lhs, rhs] {
                    if may_be_shared(side, &own) {
                        wrap("value", side);
                        any = true;
                    }
                }
            }
            _ => {}
        }
        open.extend(children(node));
    }
    any
}

/// Leads what a node goes down into.
fn lead_descents(node: &mut AstNode, own: &[String]) -> bool {
    let mut into: Vec<&mut AstNode> = match node {
        AstNode::Binary {
            op: BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::In | BinaryOp::And | BinaryOp::Or,
            lhs,
            rhs,
        } => {
            vec![lhs, rhs]
        }
        // What stands behind it may be a transformation, which copies.
        AstNode::Binary { op: BinaryOp::ChainPipe, lhs, rhs } if !matches!(**rhs, AstNode::Function { .. }) => {
            vec![lhs]
        }
        AstNode::Conditional { condition, .. } => vec![condition],
        AstNode::Function { name, args, .. } if own.contains(name) || DESCENDING.contains(&name.as_str()) => {
            args.iter_mut().collect()
        }
        // What is referred to twice was bound to a name before: no value that has one is too large.
        AstNode::Binary { op: BinaryOp::ColonEqual, rhs, .. } if !matches!(**rhs, AstNode::Variable(_)) => vec![rhs],
        AstNode::Path { steps } => return lead_steps(steps, own),
        _ => return false,
    };
    into.retain(|node| may_be_shared(node, own));
    let any = !into.is_empty();
    into.into_iter().for_each(|node| wrap("value", node));
    any
}

/// The functions that go down into their arguments.
const DESCENDING: [&str; 6] = ["boolean", "not", "lookup", "keys", "spread", "sort"];

/// Leads the values that the steps of a path find. The first may be anything that others look into; each other is put
/// together for all that the one before it found.
fn lead_steps(steps: &mut [PathStep], own: &[String]) -> bool {
    let is_data = |node: &AstNode| matches!(node, AstNode::Variable(name) if !name.is_empty() && !own.contains(name));
    let is_plain = |step: &PathStep| matches!(step.node, AstNode::Name(_)) && step.stages.is_empty();
    if steps.split_first().is_some_and(|(first, others)| is_data(&first.node) && others.iter().all(is_plain)) {
        return false;
    }
    let mut any = false;
    let is_alone = steps.len() == 1;
    for (at, step) in steps.iter_mut().enumerate() {
        for stage in &mut step.stages {
            if let Stage::Filter(filter) = stage
                && may_be_shared(filter, own)
            {
                wrap("value", filter);
                any = true;
            }
        }
        // Those that are no lists to be put into one are told by their kind, and so is what `%` leads back to.
        let binds = step.is_tuple || step.focus.is_some() || step.index_var.is_some();
        let is_block = matches!(step.node, AstNode::Block(_) | AstNode::FunctionApplication(_));
        if step.ancestor_label.is_some() || step.inner_tuple || binds && is_block {
            continue;
        }
        let found = if binds { "tuples" } else { "step" };
        let node = match &mut step.node {
            AstNode::FunctionApplication(inner) => inner.as_mut(),
            node => node,
        };
        let guard = match &node {
            // `[]` keeps the list that a function makes, which is told by its kind too.
            _ if at == 0 && is_alone && step.stages.iter().any(|stage| matches!(stage, Stage::KeepArray)) => None,
            // The kind of the first step says what it is evaluated over.
            AstNode::Function { .. } if at == 0 && may_be_shared(node, own) => Some("value"),
            _ if at == 0 => None,
            AstNode::Name(_) | AstNode::Variable(_) | AstNode::Function { .. } | AstNode::Block(_) => Some(found),
            AstNode::Conditional { .. } | AstNode::Call { .. } | AstNode::Path { .. } => Some(found),
            _ => None,
        };
        if let Some(guard) = guard {
            wrap(guard, node);
            any = true;
        }
    }
    any
}

/// Whether a value may hold the same parts many times over, which only what an expression made itself does.
fn may_be_shared(node: &AstNode, own: &[String]) -> bool {
    match node {
        AstNode::Function { name, .. } => {
            own.contains(name) || !SCALAR.contains(&name.as_str()) && !name.starts_with(OURS)
        }
        // Others are the state's data, or parts of what was looked at.
        AstNode::Variable(name) => name.is_empty() || own.contains(name),
        AstNode::Call { .. } | AstNode::Block(_) | AstNode::Conditional { .. } => true,
        AstNode::Array(nodes) | AstNode::ArrayGroup(nodes) => nodes.iter().any(|node| may_be_shared(node, own)),
        AstNode::Object(fields) => fields.iter().any(|(_, value)| may_be_shared(value, own)),
        _ => false,
    }
}

/// Functions whose results have no parts.
const SCALAR: [&str; 34] = [
    "abs",
    "average",
    "boolean",
    "ceil",
    "contains",
    "count",
    "exists",
    "floor",
    "formatNumber",
    "formatInteger",
    "fromMillis",
    "hash",
    "length",
    "lowercase",
    "max",
    "millis",
    "min",
    "not",
    "now",
    "number",
    "pad",
    "power",
    "random",
    "replace",
    "round",
    "sqrt",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "toMillis",
    "trim",
    "uppercase",
];

/// The names that an expression gives to something of its own: a call of one is no call of a built-in function.
fn defined(ast: &mut AstNode) -> Vec<String> {
    let (mut names, mut open) = (Vec::new(), vec![ast]);
    while let Some(node) = open.pop() {
        match node {
            AstNode::Lambda { params, .. } => names.extend(params.iter().cloned()),
            AstNode::Binary { op: BinaryOp::ColonEqual, lhs, .. } => {
                if let AstNode::Variable(name) = lhs.as_ref() {
                    names.push(name.clone());
                }
            }
            _ => {}
        }
        open.extend(children(node));
    }
    names
}

/// Leads the arguments of one call, the first of which may stand before `~>`.
fn lead_call(name: &str, before: Option<&mut Box<AstNode>>, args: &mut [AstNode], own: &[String]) -> bool {
    let is_ours = |node: &AstNode| matches!(node, AstNode::Function { name, .. } if name.starts_with(OURS));
    let led = before.as_deref().is_some_and(|node| is_ours(node)) || args.iter().any(is_ours);
    if led || own.iter().any(|known| known == name) || args.iter().any(|arg| matches!(arg, AstNode::Placeholder)) {
        return false;
    }
    let searches = matches!(name, "contains" | "match" | "split" | "replace");
    let groups = match args.iter().find(|arg| matches!(arg, AstNode::Regex { .. })) {
        Some(AstNode::Regex { pattern, .. }) if searches => Some(pattern.matches('(').count()),
        _ => None,
    };
    let mut all: Vec<&mut AstNode> = before.into_iter().map(AsMut::as_mut).chain(args.iter_mut()).collect();
    if let (Some(groups), Some(text), true) = (groups, all.first_mut(), name != "replace") {
        // What is found is told with its groups.
        let parts = if name == "match" { groups + 2 } else { 1 };
        wrap_with("searched", text, parts);
        return true;
    }
    match (name, all.as_mut_slice()) {
        ("formatNumber" | "fromMillis" | "toMillis", [_, picture, ..]) => wrap("layout", picture),
        ("now", [picture, ..]) => wrap("layout", picture),
        ("distinct", [list]) => wrap("compared", list),
        ("formatInteger", [number, picture]) => {
            wrap("number", number);
            wrap("picture", picture);
        }
        ("pad", all) => all.iter_mut().for_each(|arg| wrap("width", arg)),
        ("string", [value, ..]) => wrap("value", value),
        ("reduce", [list, function, others @ ..]) => {
            if others.is_empty() {
                wrap("filled", list);
            }
            if let AstNode::Lambda { params, body, .. } = &mut **function
                && let Some(first) = params.first()
            {
                // What was made so far is bound to a name again and again.
                let mut so_far = AstNode::Variable(first.clone());
                wrap("value", &mut so_far);
                let inner = std::mem::replace(body.as_mut(), AstNode::Undefined);
                **body = AstNode::Block(vec![so_far, inner]);
            }
        }
        ("join", [list]) => wrap("texts", list),
        ("join", [list, separator]) => {
            wrap("list", list);
            wrap("separator", separator);
        }
        ("replace", [text, pattern, replacement, ..]) => {
            wrap("text", text);
            wrap("pattern", pattern);
            wrap("replacement", replacement);
        }
        _ => return false,
    }
    true
}

fn wrap(by: &str, node: &mut AstNode) {
    let inner = std::mem::replace(node, AstNode::Undefined);
    *node = AstNode::Function { name: format!("{OURS}{by}"), args: vec![inner], is_builtin: true };
}

/// The same with a number for the function.
fn wrap_with(by: &str, node: &mut AstNode, number: usize) {
    wrap(by, node);
    if let AstNode::Function { args, .. } = node {
        #[expect(clippy::cast_precision_loss, reason = "it is small")]
        args.push(AstNode::Number(number as f64));
    }
}

/// Whether no width in a picture makes more of it than it says.
fn is_sane_picture(picture: &str) -> bool {
    let widths = picture.split('[').filter_map(|part| Some(part.split(']').next()?.split_once(',')?.1));
    let mut digits = widths.flat_map(|width| width.split(|c: char| !c.is_ascii_digit())).map(str::len);
    picture.len() <= MAX_PICTURE && digits.all(|digits| digits <= MAX_WIDTH_DIGITS)
}

/// Lets an argument pass.
type Check = Box<dyn Fn(&JValue) -> Result<(), EvaluatorError>>;

/// What the arguments before the one that decides were.
enum Seen {
    /// The texts of a list: how many, and their bytes.
    List(usize, usize),
    Number(f64),
    Text(Rc<str>),
    Pattern(JValue),
    /// Something else, which the built-in function tells of.
    Other,
}

/// Our functions, by the names that [`lead`] calls them.
pub(super) fn register(evaluator: &mut Evaluator) -> Result<(), EvaluatorError> {
    evaluator.register_fn(format!("{OURS}filled"), |arguments: &[JValue]| match arguments.first() {
        Some(list) if !list.as_array().is_some_and(|list| list.is_empty()) => Ok(list.clone()),
        _ => Ok(JValue::Undefined),
    })?;
    evaluator.register_fn(format!("{OURS}searched"), |arguments: &[JValue]| {
        let text = arguments.first().cloned().unwrap_or(JValue::Undefined);
        let parts = arguments.get(1).and_then(JValue::as_f64).unwrap_or(1.0);
        #[expect(clippy::cast_precision_loss, reason = "texts are far shorter than 2^53")]
        let is_large = text_bytes(&text) as f64 * parts > MAX_SEARCHED as f64;
        if is_large { Err(too_large()) } else { Ok(text) }
    })?;
    let mut add = |name: &str, function: Check| {
        evaluator.register_fn(format!("{OURS}{name}"), move |arguments: &[JValue]| {
            let argument = arguments.first().cloned().unwrap_or(JValue::Undefined);
            function(&argument)?;
            Ok(argument)
        })
    };
    add(
        "width",
        Box::new(|width| match width.as_f64() {
            Some(width) if width.abs() > MAX_PAD => Err(too_large()),
            _ => Ok(()),
        }),
    )?;
    add("value", Box::new(|value| if bytes(value) > MAX_BYTES { Err(too_large()) } else { Ok(()) }))?;
    add(
        "layout",
        Box::new(|picture| match picture.as_str() {
            Some(picture) if !is_sane_picture(picture) => Err(too_large()),
            _ => Ok(()),
        }),
    )?;
    add(
        "compared",
        Box::new(|list| match list.as_array() {
            Some(values) if values.len() > MAX_COMPARED || bytes(list) > MAX_BYTES => Err(too_large()),
            _ => Ok(()),
        }),
    )?;
    let stepped: Rc<Cell<usize>> = Rc::default();
    for (name, weight) in [("step", 1), ("tuples", A_TUPLE)] {
        let stepped = Rc::clone(&stepped);
        let step = move |value: &JValue| {
            let found = value.as_array().map_or(0, |values| values.len());
            stepped.set(stepped.get().saturating_add(found * weight));
            if stepped.get() > MAX_STEPPED || bytes(value) > MAX_BYTES { Err(too_large()) } else { Ok(()) }
        };
        add(name, Box::new(step))?;
    }
    add(
        "texts",
        Box::new(|list| match list.as_array() {
            Some(list) if list.iter().map(text_bytes).sum::<usize>() > MAX_BYTES => Err(too_large()),
            _ => Ok(()),
        }),
    )?;
    // Arguments may hold calls of their own: what was seen is a stack.
    let seen: Rc<RefCell<Vec<Seen>>> = Rc::default();
    let lists = Rc::clone(&seen);
    add(
        "list",
        Box::new(move |list| {
            let size = |texts: &[JValue]| Seen::List(texts.len(), texts.iter().map(text_bytes).sum());
            lists.borrow_mut().push(list.as_array().map_or(Seen::Other, |list| size(list)));
            Ok(())
        }),
    )?;
    let lists = Rc::clone(&seen);
    add(
        "separator",
        Box::new(move |separator| match lists.borrow_mut().pop() {
            Some(Seen::List(count, bytes)) if bytes + count.saturating_mul(text_bytes(separator)) > MAX_BYTES => {
                Err(too_large())
            }
            _ => Ok(()),
        }),
    )?;
    let numbers = Rc::clone(&seen);
    add(
        "number",
        Box::new(move |number| {
            numbers.borrow_mut().push(number.as_f64().map_or(Seen::Other, Seen::Number));
            Ok(())
        }),
    )?;
    let numbers = Rc::clone(&seen);
    add(
        "picture",
        Box::new(move |picture| {
            let number = numbers.borrow_mut().pop();
            let is_roman = picture.as_str().is_some_and(|picture| picture.starts_with(['I', 'i']));
            match number {
                Some(Seen::Number(number)) if is_roman && number.abs() >= MAX_ROMAN => Err(too_large()),
                _ => Ok(()),
            }
        }),
    )?;
    let texts = Rc::clone(&seen);
    add(
        "text",
        Box::new(move |text| {
            texts.borrow_mut().push(match text {
                JValue::String(text) => Seen::Text(Rc::clone(text)),
                _ => Seen::Other,
            });
            Ok(())
        }),
    )?;
    let texts = Rc::clone(&seen);
    add(
        "pattern",
        Box::new(move |pattern| {
            texts.borrow_mut().push(Seen::Pattern(pattern.clone()));
            Ok(())
        }),
    )?;
    add(
        "replacement",
        Box::new(move |replacement| {
            let pattern = seen.borrow_mut().pop();
            let text = seen.borrow_mut().pop();
            match (text, pattern) {
                (Some(Seen::Text(text)), Some(Seen::Pattern(pattern))) => {
                    let most = match &pattern {
                        // The parts of a text that it is found in are as many as it fits into.
                        JValue::String(pattern) => text.len() / pattern.len().max(1),
                        _ => text.len(),
                    };
                    if most.saturating_mul(text_bytes(replacement)) > MAX_BYTES {
                        return Err(too_large());
                    }
                    Ok(())
                }
                _ => Ok(()),
            }
        }),
    )
}

fn too_large() -> EvaluatorError {
    super::raised(MEMORY)
}

fn text_bytes(value: &JValue) -> usize {
    value.as_str().map_or(0, str::len)
}

/// The deepest that a value may nest which leaves the evaluation: more than the engine takes, and little enough for
/// whoever goes down into it.
const MAX_DEPTH: usize = 500;

/// Whether a value can leave the evaluation: neither too large as JSON nor nested too deep.
pub(super) fn can_leave(value: &JValue) -> Result<(), String> {
    let (bytes, depth) = extent(value);
    if bytes > MAX_BYTES {
        return Err(MEMORY.to_owned());
    }
    if depth > MAX_DEPTH {
        return Err(format!("The result is nested deeper than {MAX_DEPTH} levels"));
    }
    Ok(())
}

fn bytes(value: &JValue) -> usize {
    extent(value).0
}

/// About how many bytes a value takes as JSON, and how deep it nests; looked at no further than the most bytes. What is
/// shared counts as often as it is written.
fn extent(value: &JValue) -> (usize, usize) {
    let (mut open, mut bytes, mut deepest) = (vec![(value, 0_usize)], 0_usize, 0_usize);
    while let Some((value, depth)) = open.pop() {
        deepest = deepest.max(depth);
        match value {
            JValue::String(text) => bytes += text.len() + 2,
            JValue::Array(values) => {
                bytes += 2;
                open.extend(values.iter().map(|value| (value, depth + 1)));
            }
            JValue::Object(fields) => {
                bytes += 2;
                for (name, value) in fields.iter() {
                    bytes += name.len() + 4;
                    open.push((value, depth + 1));
                }
            }
            _ => bytes += 5,
        }
        if bytes > MAX_BYTES {
            break;
        }
    }
    (bytes, deepest)
}
