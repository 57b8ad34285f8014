//! What the parts promise each other: error names, placeholders, statuses.

use std::collections::BTreeSet;

use order_core::{OrderError, OrderStatus};
use orderflow_tui::local;

fn machine() -> asl::Machine {
    let (machine, findings) = asl::read(&local::definition());
    assert_eq!(findings, []);
    machine.unwrap()
}

#[test]
fn every_error_that_is_tried_again_or_caught_can_be_raised() {
    // Errors of Lambda itself: <https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html>.
    let of_lambda = [
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "Lambda.Unknown",
        "Runtime.ExitError",
        "Sandbox.Timedout",
    ];
    for state in machine().all_states() {
        let names = state
            .kind
            .retry()
            .iter()
            .flat_map(|rule| &rule.errors)
            .chain(state.kind.catch().iter().flat_map(|rule| &rule.errors));
        for name in names {
            let known = name.starts_with("States.")
                || of_lambda.contains(&name.as_str())
                || OrderError::NAMES.contains(&name.as_str());
            assert!(known, "{}: {name}", state.name);
        }
    }
}

#[test]
fn every_state_says_what_it_is_for() {
    for state in machine().all_states() {
        assert!(state.comment.as_deref().is_some_and(|comment| comment.len() > 10), "{}", state.name);
    }
}

#[test]
fn every_status_in_the_workflow_is_one_of_an_order() {
    let text = local::DEFINITION;
    let mut found = BTreeSet::new();
    for (at, key) in text.match_indices("\"status\": \"") {
        let value = text[at + key.len()..].split('"').next().unwrap();
        if !value.starts_with("{%") {
            found.insert(value.parse::<OrderStatus>().unwrap());
        }
    }
    assert_eq!(found.len(), OrderStatus::ALL.len(), "the workflow uses every status");
}

#[test]
fn every_placeholder_has_a_function() {
    assert!(local::DEFINITION.contains("${"));
    assert!(!local::definition().contains("${"));
}
