//! Reads any text as a definition; what is accepted is run on an empty input until it waits or ends.
#![no_main]

use std::sync::Arc;

use asl_engine::{Execution, Facts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (machine, findings) = asl::read(text);
    let _ = asl::Source::read(text);
    let (Some(machine), true) = (machine, findings.is_empty()) else { return };
    let _ = machine.variable_references();
    let _ = machine.graph();
    let facts = Facts {
        arn: "arn:aws:states:us-east-1:000000000000:execution:m:e".into(),
        name: "e".into(),
        machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
        machine_name: "m".into(),
        role_arn: "arn:aws:iam::000000000000:role/r".into(),
        region: "us-east-1".into(),
        started_at: 0,
        input: "{}".into(),
        seed: 1,
        express: false,
        map_state: None,
    };
    Execution::start(Arc::new(machine), facts).unwrap();
});
