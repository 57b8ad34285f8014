//! The deployable stack: its roles allow what the functions call, and nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// By function and table: actions of DynamoDB.
type Actions = BTreeMap<(String, String), BTreeSet<String>>;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const FUNCTIONS: [&str; 5] =
    ["validate-order", "check-inventory", "process-payment", "release-inventory", "update-order-status"];

/// How the code calls DynamoDB, and what it needs for that. A transaction needs the actions that are in it.
const CALLS: [(&str, &str); 9] = [
    (".get_item()", "GetItem"),
    (".order_item(", "GetItem"),
    (".put_item()", "PutItem"),
    (".update_item()", "UpdateItem"),
    (".delete_item()", "DeleteItem"),
    (".query()", "Query"),
    (".batch_get_item()", "BatchGetItem"),
    ("Put::builder()", "PutItem"),
    ("Update::builder()", "UpdateItem"),
];

fn template() -> String {
    std::fs::read_to_string(Path::new(ROOT).join("statemachine/template.yaml")).unwrap()
}

/// What the functions call, as their sources have it.
fn called() -> Actions {
    let mut actions = Actions::new();
    for function in FUNCTIONS {
        let source = std::fs::read_to_string(Path::new(ROOT).join(format!("lambdas/{function}/src/lib.rs"))).unwrap();
        for (call, action) in CALLS {
            for (at, _) in source.match_indices(call) {
                // The table is named behind the call; a batch takes it from a variable before.
                let table = |text: &str, last: bool| {
                    let places = ["orders", "inventory"].map(|name| {
                        let pattern = format!("tables.{name}");
                        if last { text.rfind(&pattern) } else { text.find(&pattern) }
                    });
                    match places {
                        [Some(orders), Some(inventory)] if (orders < inventory) != last => Some("orders"),
                        [_, Some(_)] => Some("inventory"),
                        [Some(_), None] => Some("orders"),
                        [None, None] => None,
                    }
                };
                let name = match call {
                    ".order_item(" => "orders",
                    ".batch_get_item()" => table(&source[..at], true).unwrap(),
                    _ => table(&source[at..], false).unwrap(),
                };
                actions.entry((function.into(), name.into())).or_default().insert(format!("dynamodb:{action}"));
            }
        }
    }
    actions
}

/// What the roles allow, as the template has it.
fn allowed() -> Actions {
    let mut actions = Actions::new();
    let (mut function, mut table) = (String::new(), String::new());
    for line in template().lines().map(str::trim) {
        if let Some(binary) = line.strip_prefix("Binary: ") {
            binary.clone_into(&mut function);
        }
        if let Some(sid) = line.strip_prefix("- Sid: ") {
            table = sid.to_lowercase();
        }
        if let Some(list) = line.strip_prefix("Action: [").and_then(|list| list.strip_suffix(']')) {
            let list = list.split(", ").map(ToOwned::to_owned);
            actions.entry((function.clone(), table.clone())).or_default().extend(list);
        }
    }
    actions
}

#[test]
fn each_role_allows_what_its_function_calls_and_no_more() {
    assert_eq!(called(), allowed());
}

#[test]
fn every_placeholder_of_the_definition_is_filled_in() {
    let template = template();
    let definition = std::fs::read_to_string(Path::new(ROOT).join("statemachine/order-workflow.asl.json")).unwrap();
    let names: BTreeSet<&str> = definition
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .filter(|name| name.ends_with("Function"))
        .collect();
    assert_eq!(names.len(), FUNCTIONS.len());
    let substitutions = template.split("DefinitionSubstitutions:").nth(1).unwrap().split("Role:").next().unwrap();
    let invocable = template.split("Sid: Functions").nth(1).unwrap().split("Sid: LogDelivery").next().unwrap();
    for name in names {
        assert!(substitutions.contains(&format!("Fn::GetAtt: [{name}, Arn]")), "{name}");
        assert!(invocable.contains(&format!("Fn::GetAtt: [{name}, Arn]")), "the state machine may invoke {name}");
    }
}

#[test]
fn the_keys_of_the_tables_are_those_that_the_code_writes() {
    use order_core::{BY_STATUS, keys};
    let template = template();
    for name in [keys::PK, keys::SK, keys::GSI1PK, keys::GSI1SK, "sku"] {
        assert!(template.contains(&format!("AttributeName: {name}\n")), "{name}");
    }
    assert!(template.contains(&format!("IndexName: {BY_STATUS}\n")));
}

#[test]
fn failures_and_throttles_of_each_function_and_of_the_workflow_are_alarmed() {
    let template = template();
    let count = |metric: &str| template.matches(&format!("MetricName: {metric}\n")).count();
    assert_eq!(count("Errors"), FUNCTIONS.len());
    assert_eq!(count("Throttles"), FUNCTIONS.len());
    assert_eq!((count("ExecutionsFailed"), count("ExecutionThrottled")), (1, 1));
}

#[test]
fn every_log_group_outlives_the_stack() {
    // `destroy` deletes them after the stack, or keeps them.
    let template = template();
    let groups = template.matches("Type: AWS::Logs::LogGroup\n").count();
    assert_eq!(groups, FUNCTIONS.len() + 1);
    assert_eq!(
        template.matches("Type: AWS::Logs::LogGroup\n    DeletionPolicy: RetainExceptOnCreate\n").count(),
        groups
    );
}
