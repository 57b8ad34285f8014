//! How fast an execution goes: transitions a second, and whether that stays so as the history grows.

use std::sync::Arc;

use asl_engine::{Execution, Facts};
use divan::counter::ItemsCount;
use serde_json::{Value, json};

fn main() {
    divan::main();
}

fn facts(input: &str) -> Facts {
    Facts {
        arn: "arn:aws:states:us-east-1:000000000000:execution:m:e".into(),
        name: "e".into(),
        machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
        machine_name: "m".into(),
        role_arn: "arn:aws:iam::000000000000:role/r".into(),
        region: "us-east-1".into(),
        started_at: 1_767_225_600_000,
        input: input.to_owned(),
        seed: 7,
        express: false,
        map_state: None,
    }
}

fn machine(definition: &Value) -> Arc<asl::Machine> {
    let (machine, findings) = asl::read(&definition.to_string());
    assert!(findings.is_empty(), "{findings:?}");
    Arc::new(machine.unwrap())
}

/// A chain of Pass states: `states` transitions, two events each.
#[divan::bench(args = [10, 100, 1_000, 12_000])]
fn pass(bencher: divan::Bencher<'_, '_>, states: usize) {
    let mut block = serde_json::Map::new();
    for index in 0..states {
        let mut state = json!({"Type": "Pass"});
        if index + 1 < states {
            state["Next"] = format!("S{}", index + 1).into();
        } else {
            state["End"] = true.into();
        }
        block.insert(format!("S{index}"), state);
    }
    let machine = machine(&json!({"StartAt": "S0", "States": block}));
    bencher
        .counter(ItemsCount::new(states))
        .bench(|| Execution::start(Arc::clone(&machine), facts(r#"{"order": "ord-1"}"#)).unwrap());
}

/// A loop that counts: two transitions a turn.
#[divan::bench(args = [100, 2_500])]
fn counting(bencher: divan::Bencher<'_, '_>, turns: usize) {
    let machine = machine(&json!({"StartAt": "Init", "States": {
        "Init": {"Type": "Pass", "Result": {"n": 0}, "Next": "More"},
        "More": {"Type": "Choice", "Default": "Done",
                 "Choices": [{"Variable": "$.n", "NumericLessThan": turns, "Next": "Inc"}]},
        "Inc": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "More"},
        "Done": {"Type": "Succeed"}}}));
    bencher.counter(ItemsCount::new(turns * 2)).bench(|| Execution::start(Arc::clone(&machine), facts("{}")).unwrap());
}

/// A Map over 1,000 items of 3 states.
#[divan::bench]
fn map(bencher: divan::Bencher<'_, '_>) {
    let machine = machine(&json!({"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "End": true,
        "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Pass", "End": true}}}}}}));
    let items: Vec<Value> = (0..1_000).map(|index| json!({"i": index})).collect();
    let input = json!({"items": items}).to_string();
    bencher
        .counter(ItemsCount::new(3_000_usize))
        .bench(|| Execution::start(Arc::clone(&machine), facts(&input)).unwrap());
}
