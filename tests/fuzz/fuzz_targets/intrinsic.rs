//! Reads any text as an intrinsic call and evaluates it.
#![no_main]

use asl::intrinsic::Expression;
use asl::{Chance, Scope};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(expression) = Expression::parse(text) else { return };
    let input = serde_json::json!({"a": [1, "b", null, {"c": 2.5}], "d": "x,y"});
    let _ = expression.evaluate(&Scope::of_input(&input), &mut Chance::new(1));
});
