//! A kill at any moment loses no accepted execution.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

/// A cloud of its own process, killed and started again.
struct Served {
    directory: std::path::PathBuf,
    process: Child,
    /// What it goes on to tell.
    _told: BufReader<ChildStdout>,
    sfn: Client,
}

impl Served {
    fn start(directory: &std::path::Path) -> Self {
        let mut process = Command::new(PROGRAM)
            .arg("--data-dir")
            .arg(directory)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut told = BufReader::new(process.stdout.take().unwrap());
        told.read_line(&mut line).unwrap();
        let address =
            line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().trim_end_matches([';', ',']);
        let config = aws_sdk_sfn::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::for_tests())
            .endpoint_url(address)
            .build();
        Self { directory: directory.to_owned(), process, _told: told, sfn: Client::from_conf(config) }
    }

    fn killed_and_started_again(mut self) -> Self {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        Self::start(&self.directory)
    }

    async fn status(&self, execution: &str) -> ExecutionStatus {
        self.sfn.describe_execution().execution_arn(execution).send().await.unwrap().status
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_orderflow-tui");

/// Runs a command on the data directory to its end, and reads its JSON lines.
fn lines(directory: &std::path::Path, args: &[&str]) -> Vec<Value> {
    let output = Command::new(PROGRAM).arg("--data-dir").arg(directory).args(args).output().unwrap();
    let told = || (output.status, String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{args:?}: {:?}", told());
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

/// Whoever was told that something is stopped or deleted finds it so after a kill, with all that belonged to it.
#[tokio::test]
async fn what_was_stopped_before_a_kill_stays_stopped() {
    let directory = std::env::temp_dir().join(format!("orderflow-stopped-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    let mut cloud = Served::start(&directory);
    let wait = json!({"Type": "Wait", "Seconds": 100_000, "End": true});
    let flow = json!({"StartAt": "Wait", "States": {"Wait": wait}});
    let mut of_children = flow.clone();
    of_children["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    let map = json!({"Type": "Map", "ItemProcessor": of_children, "End": true});
    let make = async |cloud: &Served, name: &str, definition: &Value| {
        let made = cloud.sfn.create_state_machine().name(name).role_arn("arn:aws:iam::000000000000:role/test");
        made.definition(definition.to_string()).send().await.unwrap().state_machine_arn
    };
    let start = async |cloud: &Served, machine: &str| {
        let started = cloud.sfn.start_execution().state_machine_arn(machine).input(json!([1, 2, 3]).to_string());
        started.send().await.unwrap().execution_arn
    };

    let waiting = make(&cloud, "waiting", &flow).await;
    let of_deleted = start(&cloud, &waiting).await;
    cloud.sfn.delete_state_machine().state_machine_arn(&waiting).send().await.unwrap();
    cloud = cloud.killed_and_started_again();
    while cloud.status(&of_deleted).await == ExecutionStatus::Running {}
    assert_eq!(cloud.status(&of_deleted).await, ExecutionStatus::Aborted);

    let mapping = make(&cloud, "mapping", &json!({"StartAt": "Map", "States": {"Map": map}})).await;
    let parent = start(&cloud, &mapping).await;
    let run = cloud.sfn.list_map_runs().execution_arn(&parent).send().await.unwrap().map_runs[0].map_run_arn.clone();
    let children = async |cloud: &Served| {
        let children = cloud.sfn.list_executions().map_run_arn(&run).send().await.unwrap().executions;
        children.into_iter().map(|child| child.execution_arn).collect::<Vec<_>>()
    };
    while children(&cloud).await.len() < 3 {}
    cloud = cloud.killed_and_started_again();
    for child in children(&cloud).await {
        assert_eq!(cloud.status(&child).await, ExecutionStatus::Running, "its parent still waits for it");
    }
    cloud.sfn.stop_execution().execution_arn(&parent).send().await.unwrap();
    cloud = cloud.killed_and_started_again();
    for child in children(&cloud).await {
        while cloud.status(&child).await == ExecutionStatus::Running {}
        assert_eq!(cloud.status(&child).await, ExecutionStatus::Aborted);
    }
    cloud.process.kill().unwrap();
    cloud.process.wait().unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
}
