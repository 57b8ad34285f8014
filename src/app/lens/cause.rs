//! What a cause says: Lambda's payload, other JSON, or a text with a stack trace.
//!
//! Never invents: what cannot be read stays in `raw`, and a text that says nothing more than itself is its own message.

use serde_json::{Map, Value};

/// How deep a cause is followed into what it wraps.
const MAX_WRAPS: usize = 16;
/// How deep in a document strings are still opened. A string's own document nests 128 levels at most, as `serde_json`
/// reads no more, so that both together bound the recursion.
const MAX_OPENED: usize = 64;
/// The longest summary, in characters.
const MAX_SUMMARY: usize = 200;

/// Where error types, messages and stack traces stand, in the order in which they are believed.
const TYPES: [&str; 6] = ["Error", "error", "errorCode", "code", "__type", "name"];
const MESSAGES: [&str; 9] =
    ["errorMessage", "error_message", "message", "Message", "Cause", "msg", "detail", "reason", "error"];
const STACKS: [&str; 4] = ["stackTrace", "trace", "stack_trace", "stack"];

/// A cause, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The one line to read.
    pub summary: String,
    /// What went wrong, as whoever failed put it.
    pub message: Option<String>,
    /// The type of the error, if the cause names one.
    pub error_type: Option<String>,
    /// The lines of the stack trace, outermost document first.
    pub stack: Vec<String>,
    /// The JSON in the cause, with the JSON in its strings opened.
    pub document: Option<Value>,
    /// The cause as it came.
    pub raw: String,
}

impl Decoded {
    /// Takes a cause apart.
    pub fn of(raw: &str) -> Self {
        let found = document_in(raw);
        let said = match &found {
            None => Said::text(raw),
            Some((before, document)) => {
                let said = Said::value(document, MAX_WRAPS);
                let before = before.trim().trim_end_matches(':');
                Said { message: said.message.or_else(|| (!before.is_empty()).then(|| before.to_owned())), ..said }
            }
        };
        let document = found.map(|(_, document)| document);
        Self {
            summary: summary(said.message.as_deref().or(said.error_type.as_deref()), document.as_ref()),
            message: said.message,
            error_type: said.error_type,
            stack: said.stack,
            document,
            raw: raw.to_owned(),
        }
    }
}

/// The JSON in a text, with what stands before it: the whole text, or all from its first bracket on.
fn document_in(text: &str) -> Option<(&str, Value)> {
    let text = text.trim();
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let value = opened(value, 0);
        return matches!(value, Value::Object(_) | Value::Array(_) | Value::String(_)).then_some(("", value));
    }
    ['{', '['].into_iter().find_map(|bracket| {
        let (before, rest) = text.split_at_checked(text.find(bracket)?)?;
        let value: Value = serde_json::from_str(rest).ok()?;
        Some((before, opened(value, 0)))
    })
}

/// The value with objects and arrays in strings put in their strings' place.
fn opened(value: Value, depth: usize) -> Value {
    match value {
        Value::String(text) if depth < MAX_OPENED && text.trim_start().starts_with(['{', '[', '"']) => {
            match serde_json::from_str::<Value>(&text) {
                Ok(inner @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => opened(inner, depth + 1),
                _ => Value::String(text),
            }
        }
        Value::Array(values) => values.into_iter().map(|value| opened(value, depth + 1)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, opened(value, depth + 1))).collect(),
        other => other,
    }
}

/// What a part of a cause says.
#[derive(Default)]
struct Said {
    message: Option<String>,
    error_type: Option<String>,
    stack: Vec<String>,
}

impl Said {
    fn value(value: &Value, left: usize) -> Self {
        match value {
            Value::String(text) => Self::text(text),
            Value::Object(fields) => Self::fields(fields, left),
            other => Self { message: Some(other.to_string()), ..Self::default() },
        }
    }

    fn fields(fields: &Map<String, Value>, left: usize) -> Self {
        let says = |name: &&str| fields.get(*name).filter(|value| !says_nothing(value));
        let message = MESSAGES.iter().find_map(says).filter(|_| left > 0);
        let mut said = message.map_or_else(Self::default, |message| Self::value(message, left.saturating_sub(1)));
        // What Lambda calls the type is the type; other names may be those of a wrapper, which knows less.
        let lambda = fields.get("errorType").and_then(Value::as_str).map(ToOwned::to_owned);
        let other = || TYPES.iter().find_map(|name| fields.get(*name)?.as_str()).map(ToOwned::to_owned);
        said.error_type = lambda.or(said.error_type).or_else(other).filter(|name| !name.is_empty());
        if said.error_type == said.message {
            said.error_type = None;
        }
        let own = STACKS.iter().find_map(says).map(frames).unwrap_or_default();
        said.stack.splice(0..0, own);
        // Java tells what an exception was raised for in the same form.
        if let Some(Value::Object(cause)) = fields.get("cause").filter(|_| left > 0) {
            let cause = Self::fields(cause, left - 1);
            let words: Vec<String> = [cause.error_type, cause.message].into_iter().flatten().collect();
            said.stack.push(format!("Caused by: {}", words.join(": ")));
            said.stack.extend(cause.stack);
        }
        said
    }

    /// A text: its stack trace, if it has one, and the rest.
    fn text(text: &str) -> Self {
        let mut told: Vec<&str> = Vec::new();
        let mut stack: Vec<String> = Vec::new();
        let mut in_trace = false;
        // Where in `told` begins what follows a trace: Python names the error after it.
        let mut after: Option<usize> = None;
        for line in text.lines() {
            let trimmed = line.trim();
            let indented = line.starts_with([' ', '\t']);
            let begins = if trimmed.starts_with("Traceback (most recent call last)") {
                // What an earlier trace ended with led to this one.
                if let Some(after) = after {
                    stack.extend(
                        told.drain(after..).map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned),
                    );
                }
                after = Some(told.len());
                true
            } else {
                trimmed == "stack backtrace:"
            };
            in_trace = begins || (in_trace && (indented || trimmed.is_empty()));
            if !in_trace && !is_frame(trimmed, indented, stack.is_empty()) {
                told.push(line);
            } else if !trimmed.is_empty() {
                stack.push(line.trim_end().to_owned());
            }
        }
        let all = joined(&told);
        if stack.is_empty() {
            return Self { message: all, ..Self::default() };
        }
        let named = after.and_then(|after| joined(told.get(after..)?)).or(all);
        let (error_type, message) = named.map_or((None, None), |named| split(&named));
        Self { message, error_type, stack }
    }
}

/// Whether a line outside of a trace belongs to one: Node's and Java's frames, and what Rust adds.
fn is_frame(trimmed: &str, indented: bool, first: bool) -> bool {
    let of_java = |line: &str| line.starts_with("... ") && line.ends_with(" more");
    (indented && (trimmed.starts_with("at ") || of_java(trimmed)))
        || (!first && trimmed.starts_with("Caused by: "))
        || (trimmed.starts_with("note: ") && trimmed.contains("RUST_BACKTRACE"))
}

fn joined(lines: &[&str]) -> Option<String> {
    let text = lines.join("\n");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The type and the message in what stands beside a stack trace.
fn split(text: &str) -> (Option<String>, Option<String>) {
    if text.starts_with("thread '") && text.contains("panicked at") {
        // Since Rust 1.73 the message has lines of its own.
        let message = text.split_once('\n').map_or(text, |(_, message)| message.trim());
        return (Some("panic".to_owned()), Some(message.to_owned()));
    }
    let (head, rest) = text.split_once(": ").unwrap_or((text, ""));
    let is_type = head.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && head.contains(char::is_uppercase)
        && head.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'));
    match (is_type, rest.is_empty()) {
        (true, false) => (Some(head.to_owned()), Some(rest.to_owned())),
        (true, true) => (Some(head.to_owned()), None),
        (false, _) => (None, Some(text.to_owned())),
    }
}

/// The lines of a stack trace, however a runtime lists them.
fn frames(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let entries: Vec<String> = match value {
        Value::Array(entries) => entries
            .iter()
            .map(|entry| match entry {
                // Old Python runtimes list file, line, function and code.
                Value::Array(parts) => parts.iter().map(text).collect::<Vec<_>>().join(", "),
                entry => text(entry),
            })
            .collect(),
        value => vec![text(value)],
    };
    let lines = entries.iter().flat_map(|entry| entry.lines()).map(str::trim_end);
    lines.filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn summary(words: Option<&str>, document: Option<&Value>) -> String {
    let line = words.and_then(|words| words.lines().map(str::trim).find(|line| !line.is_empty()));
    match (line, document) {
        (Some(line), _) => clipped(essence(line)),
        (None, Some(document)) => clipped(&document.to_string()),
        (None, None) => "no cause was given".to_owned(),
    }
}

/// The sentence without what Step Functions and Lambda put before it, which is known from elsewhere.
fn essence(line: &str) -> &str {
    let rest = if line.starts_with("An error occurred while executing the state '") {
        line.split_once(" (entered at the event id #")
            .and_then(|(_, rest)| rest.split_once("). "))
            .map(|(_, rest)| rest)
    } else {
        line.strip_prefix("RequestId: ").and_then(|rest| rest.split_once(" Error: ")).map(|(_, rest)| rest)
    };
    rest.map(str::trim).filter(|rest| !rest.is_empty()).unwrap_or(line)
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_SUMMARY) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Summary, message, type and stack.
    fn check(raw: &str, summary: &str, message: Option<&str>, error_type: Option<&str>, stack: &[&str]) {
        let decoded = Decoded::of(raw);
        assert_eq!(decoded.summary, summary, "{raw}");
        assert_eq!(decoded.message.as_deref(), message, "{raw}");
        assert_eq!(decoded.error_type.as_deref(), error_type, "{raw}");
        assert_eq!(decoded.stack, stack, "{raw}");
        assert_eq!(decoded.raw, raw);
    }

    #[test]
    fn payloads_of_lambda() {
        check(
            r#"{"errorMessage":"Some exception was raised.","errorType":"Exception","requestId":"7c0f","stackTrace":["  File \"/var/task/handler.py\", line 2, in handler\n    raise Exception(\"Some exception was raised.\")\n"]}"#,
            "Some exception was raised.",
            Some("Some exception was raised."),
            Some("Exception"),
            &[
                "  File \"/var/task/handler.py\", line 2, in handler",
                "    raise Exception(\"Some exception was raised.\")",
            ],
        );
        check(
            r#"{"errorType":"TypeError","errorMessage":"x is not a function","trace":["TypeError: x is not a function","    at handler (/var/task/index.js:3:5)"]}"#,
            "x is not a function",
            Some("x is not a function"),
            Some("TypeError"),
            &["TypeError: x is not a function", "    at handler (/var/task/index.js:3:5)"],
        );
        check(
            r#"{"errorMessage":"no","errorType":"a.B","stackTrace":["c.d(E.java:1)"],"cause":{"errorMessage":"why","errorType":"a.C","stackTrace":["f.g(H.java:2)"]}}"#,
            "no",
            Some("no"),
            Some("a.B"),
            &["c.d(E.java:1)", "Caused by: a.C: why", "f.g(H.java:2)"],
        );
        check(
            r#"{"stackTrace":[["/var/task/x.py",4,"handler","raise X"]],"errorType":"X","errorMessage":""}"#,
            "X",
            None,
            Some("X"),
            &["/var/task/x.py, 4, handler, raise X"],
        );
        check(
            r#"{"errorMessage":"RequestId: 0f0f Error: Task timed out after 3.00 seconds"}"#,
            "Task timed out after 3.00 seconds",
            Some("RequestId: 0f0f Error: Task timed out after 3.00 seconds"),
            None,
            &[],
        );
    }

    #[test]
    fn json_in_json_in_json() {
        check(
            r#"{"Error":"States.TaskFailed","Cause":"{\"errorMessage\":\"{\\\"message\\\":\\\"card declined\\\",\\\"code\\\":\\\"C7\\\"}\",\"errorType\":\"Declined\"}","Name":"child"}"#,
            "card declined",
            Some("card declined"),
            Some("Declined"),
            &[],
        );
        check(r#""{\"error\":{\"message\":\"deep\",\"name\":\"Deep\"}}""#, "deep", Some("deep"), Some("Deep"), &[]);
        check(
            r#"The cause could not be determined because Lambda did not return an error type. Returned payload: {"errorMessage":"out of memory"}"#,
            "out of memory",
            Some("out of memory"),
            None,
            &[],
        );
        check(r#"Returned payload: {"a":1}"#, "Returned payload", Some("Returned payload"), None, &[]);
        check(r#"{"Value1":"HelloWorld"}"#, r#"{"Value1":"HelloWorld"}"#, None, None, &[]);
        check(r#"{"error":"Boom"}"#, "Boom", Some("Boom"), None, &[]);
        check(r#"["a","b"]"#, r#"["a","b"]"#, Some(r#"["a","b"]"#), None, &[]);
        let wrapped = Decoded::of(r#"{"Cause":"{\"errorType\":\"E\"}"}"#);
        assert_eq!(wrapped.document, Some(serde_json::json!({"Cause": {"errorType": "E"}})));
    }

    #[test]
    fn plain_texts() {
        check("", "no cause was given", None, None, &[]);
        check("HandleItemFailCause", "HandleItemFailCause", Some("HandleItemFailCause"), None, &[]);
        check("42", "42", Some("42"), None, &[]);
        check("{'Value1': 'x'}", "{'Value1': 'x'}", Some("{'Value1': 'x'}"), None, &[]);
        let told = "An error occurred while executing the state 'pass' (entered at the event id #2). The JSONPath '$.x' could not be found";
        check(told, "The JSONPath '$.x' could not be found", Some(told), None, &[]);
        let long = "ü".repeat(300);
        assert_eq!(Decoded::of(&long).summary, format!("{}…", "ü".repeat(200)));
    }

    #[test]
    fn stack_traces_in_plain_texts() {
        check(
            "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\n\nValueError: bad: value\nmore",
            "bad: value",
            Some("bad: value\nmore"),
            Some("ValueError"),
            &["Traceback (most recent call last):", "  File \"a.py\", line 1, in f", "    g()"],
        );
        check(
            "[ERROR] failed\nTraceback (most recent call last):\n  File \"a.py\"\nKeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"b.py\"\napp.Broken: why",
            "why",
            Some("why"),
            Some("app.Broken"),
            &[
                "Traceback (most recent call last):",
                "  File \"a.py\"",
                "KeyError: 'a'",
                "During handling of the above exception, another exception occurred:",
                "Traceback (most recent call last):",
                "  File \"b.py\"",
            ],
        );
        check(
            "TypeError: x is undefined\n    at f (/var/task/i.js:1:2)\n    at async Runtime.handleOnce (file:///var/runtime/index.mjs:1:2)",
            "x is undefined",
            Some("x is undefined"),
            Some("TypeError"),
            &["    at f (/var/task/i.js:1:2)", "    at async Runtime.handleOnce (file:///var/runtime/index.mjs:1:2)"],
        );
        check(
            "java.lang.IllegalStateException\n\tat a.B.c(B.java:3)\nCaused by: java.io.IOException: gone\n\t... 3 more",
            "java.lang.IllegalStateException",
            None,
            Some("java.lang.IllegalStateException"),
            &["\tat a.B.c(B.java:3)", "Caused by: java.io.IOException: gone", "\t... 3 more"],
        );
        check(
            "thread 'main' panicked at src/main.rs:3:5:\nindex out of bounds\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/x\nnote: run with `RUST_BACKTRACE=full` for a verbose backtrace.",
            "index out of bounds",
            Some("index out of bounds"),
            Some("panic"),
            &[
                "stack backtrace:",
                "   0: rust_begin_unwind",
                "             at /rustc/x",
                "note: run with `RUST_BACKTRACE=full` for a verbose backtrace.",
            ],
        );
        check("look at me\nat home", "look at me", Some("look at me\nat home"), None, &[]);
    }

    #[test]
    fn nothing_nests_too_deep() {
        let mut text = "\"x\"".to_owned();
        for _ in 0..10 {
            text = format!(r#"{{"message":{}}}"#, serde_json::to_string(&text).unwrap());
        }
        assert_eq!(Decoded::of(&text).message.as_deref(), Some("x"));
        let nested = format!("{}{}", "{\"message\":".repeat(100), "1}".to_owned() + &"}".repeat(99));
        assert!(Decoded::of(&nested).document.is_some());
        assert_eq!(Decoded::of(&"[".repeat(100_000)).stack, Vec::<String>::new());
    }
}
