//! A kill at any moment loses no accepted execution.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_orderflow-tui");

/// Runs a command on the data directory to its end, and reads its JSON lines.
fn lines(directory: &std::path::Path, args: &[&str]) -> Vec<Value> {
    let output = Command::new(PROGRAM).arg("--data-dir").arg(directory).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn killed_in_the_middle_and_started_again() {
    let directory = std::env::temp_dir().join(format!("orderflow-kill-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    // Killed once some orders have ended, when others are under way.
    let mut child = Command::new(PROGRAM)
        .arg("--data-dir")
        .arg(&directory)
        .args(["submit", "several-lines", "--count", "40", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut seen = String::new();
    for _ in 0..3 {
        reader.read_line(&mut seen).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let accepted = lines(&directory, &["executions", "--json", "--limit", "1000"]);
    assert!(accepted.len() >= 3);
    // The next submission keeps the cloud open until its own order has ended; the others go on beside it. Each look
    // goes on until all have.
    let mut open = accepted.len();
    for _ in 0..100 {
        lines(&directory, &["submit", "success", "--wait", "--json"]);
        open = lines(&directory, &["executions", "--json", "--status", "running"]).len();
        if open == 0 {
            break;
        }
    }
    assert_eq!(open, 0, "every accepted execution reaches its end");
    for execution in &accepted {
        let name = execution["name"].as_str().unwrap();
        let order = &lines(&directory, &["orders", name, "--json"])[0];
        assert_eq!(order["status"], "CONFIRMED", "{name}");
        assert_eq!(order["payment"]["state"], "CHARGED", "{name}");
        let statuses: Vec<&str> =
            order["history"].as_array().unwrap().iter().map(|entry| entry["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["RECEIVED", "RESERVED", "CONFIRMED"], "{name}");
        let shown = &lines(&directory, &["show", name, "--json"])[0];
        let events = shown["events"].as_array().unwrap();
        for (index, event) in events.iter().enumerate() {
            assert_eq!(event["id"], index + 1, "{name}: no event is lost, doubled or renumbered");
        }
        assert_eq!(events.last().unwrap()["type"], "ExecutionSucceeded");
    }
    std::fs::remove_dir_all(&directory).unwrap();
}
