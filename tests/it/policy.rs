//! What `iam-policy` allows is what the door to AWS calls: nothing missing, nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use orderflow_tui::cli::{CALLS, Caller};

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The clients of the door by their fields' names, with IAM's name of their service.
fn clients(door: &str) -> BTreeMap<String, &'static str> {
    let services = [
        ("aws_sdk_sfn", "states"),
        ("aws_sdk_dynamodb", "dynamodb"),
        ("aws_sdk_cloudwatchlogs", "logs"),
        ("aws_sdk_cloudwatch", "cloudwatch"),
        ("aws_sdk_lambda", "lambda"),
        ("aws_sdk_sts", "sts"),
    ];
    let fields = door.lines().filter_map(|line| line.trim().strip_suffix("::Client,")?.split_once(": "));
    fields
        .map(|(field, sdk)| {
            let service = services.iter().find(|(name, _)| *name == sdk);
            let (_, service) = service.unwrap_or_else(|| panic!("{sdk}: what does IAM call this service?"));
            (field.trim_start_matches("pub(super) ").to_owned(), *service)
        })
        .collect()
}

/// `list_executions` as IAM spells it.
fn operation(method: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    method.split('_').map(capital).collect()
}

/// The actions that the sources need.
fn called() -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud");
    let clients = clients(&std::fs::read_to_string(directory.join("mod.rs")).unwrap());
    assert!(clients.len() >= 4, "{clients:?}");
    let mut actions = BTreeSet::new();
    for path in sources(&directory) {
        let text = std::fs::read_to_string(&path).unwrap();
        for (field, service) in &clients {
            for (at, found) in text.match_indices(&format!(".{field}")) {
                let rest = &text[at + found.len()..];
                if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                // A client that goes elsewhere would hide its calls from this test.
                let method = rest.trim_start().strip_prefix('.').and_then(|rest| rest.split_once("()"));
                let (method, _) = method.unwrap_or_else(|| panic!("{}: .{field} is not called", path.display()));
                assert!(method.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}: {method}", path.display());
                actions.insert(format!("{service}:{}", operation(method)));
            }
        }
    }
    actions
}

#[test]
fn the_table_has_what_is_called_and_no_more() {
    let listed: BTreeSet<String> = CALLS.iter().map(|call| call.action.to_owned()).collect();
    assert_eq!(listed.len(), CALLS.len(), "an action is listed once");
    assert_eq!(listed, called());
}

#[test]
fn what_the_stack_makes_is_not_the_dashboard_s_to_make() {
    for call in CALLS.iter().filter(|call| matches!(call.by, Caller::Looking | Caller::Acting)) {
        let (_, operation) = call.action.split_once(':').unwrap();
        for start in ["Create", "Update", "Delete", "Put"] {
            assert!(!operation.starts_with(start), "{}", call.action);
        }
    }
}
