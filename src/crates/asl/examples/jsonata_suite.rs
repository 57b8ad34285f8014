//! Runs JSONata's own test suite through this crate's door, a case a line of JSON: `expr`, `data`, `bindings`, and
//! `result`, `undefinedResult` or `code`.
//!
//! `cargo run --release -p asl --example jsonata_suite -- jsonata-suite.jsonl` prints the counts and every case that
//! differs; exit code 1 if one does that is no known exception. The suite is not part of the project.

#![expect(clippy::print_stdout, reason = "a program whose answer is what it prints")]

use std::process::ExitCode;

use asl::jsonata::{QueryError, evaluate_over};
use serde_json::Value;

fn main() -> ExitCode {
    let Some(text) = std::env::args().nth(1).and_then(|path| std::fs::read_to_string(path).ok()) else {
        println!("give the suite's file");
        return ExitCode::from(2);
    };
    let (mut passed, mut excepted, mut failed) = (0, 0, 0);
    for line in text.lines() {
        let outcome = match serde_json::from_str::<Value>(line) {
            Ok(case) => check(&case).map_err(|problem| (exception(&case), problem, case["expr"].to_string())),
            Err(error) => {
                Err((Some("a lone surrogate, which no UTF-8 text can hold"), error.to_string(), line.to_owned()))
            }
        };
        match outcome {
            Ok(()) => passed += 1,
            Err((Some(reason), _, source)) => {
                excepted += 1;
                println!("except {reason}: {}", brief(&source));
            }
            Err((None, problem, source)) => {
                failed += 1;
                println!("FAILED {problem}: {}", brief(&source));
            }
        }
    }
    println!("{passed} passed, {failed} failed, {excepted} excepted");
    ExitCode::from(u8::from(failed > 0))
}

fn brief(text: &str) -> String {
    text.chars().take(160).collect()
}

fn check(case: &Value) -> Result<(), String> {
    let source = case["expr"].as_str().unwrap_or_default();
    let bindings = case["bindings"].as_object().cloned().unwrap_or_default();
    let answer = evaluate_over(source, case.get("data"), &bindings);
    let code = case.get("code").or_else(|| case.get("error").and_then(|error| error.get("code")));
    match (code.and_then(Value::as_str), case.get("result"), answer) {
        (Some(code), _, Err(QueryError::Raised(sentence))) if sentence.contains(code) => Ok(()),
        (Some(code), _, answer) => Err(format!("expected {code}, got {answer:?}")),
        (None, Some(expected), Ok(value)) => {
            let same =
                if case["unordered"] == true { sorted(&value) == sorted(expected) } else { same(&value, expected) };
            if same { Ok(()) } else { Err(format!("expected {expected}, got {value}")) }
        }
        // What is not JSON, such as a function, stands as no result in the suite.
        (None, None, Err(QueryError::Undefined | QueryError::Function)) => Ok(()),
        (None, expected, answer) => Err(format!("expected {expected:?}, got {answer:?}")),
    }
}

/// Equal, with the last bits of a float left out: the suite prints them as JavaScript does.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64().unwrap_or(f64::NAN), right.as_f64().unwrap_or(f64::NAN));
            left == right || (left - right).abs() <= 1e-12 * left.abs().max(right.abs())
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

fn sorted(value: &Value) -> Vec<String> {
    let mut texts: Vec<String> = value.as_array().into_iter().flatten().map(Value::to_string).collect();
    texts.sort();
    texts
}

/// Why a case is not ours to pass.
fn exception(case: &Value) -> Option<&'static str> {
    let source = case["expr"].as_str().unwrap_or_default();
    if source.contains("$eval") {
        return Some("Step Functions has no $eval");
    }
    if case.get("timelimit").is_some() {
        return Some("wants a limit of its own, which is fixed here");
    }
    None
}
