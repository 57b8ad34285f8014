//! `deploy` and `destroy`, with a stand-in for the SAM CLI, and the embedded cloud in the place of AWS.
//!
//! The stand-in answers in SAM CLI 1.170's words; that SAM itself deploys the template is not tested here.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use orderflow_tui::local::{Local, machine_arn};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// Answers from the files beside it, and writes down how it was called.
const SAM: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
case "$1 $2" in
"--version "*) echo "SAM CLI, version 1.170.0" ;;
"build "*)
    echo "Building codeuri: . runtime: provided.al2023" >&2
    echo '{"type": "result", "status": "success"}' ;;
"deploy "*)
    case "$*" in
    *--no-execute-changeset*) cat "$here/plan" ;;
    *) cat "$here/events"
        if test -e "$here/fails"; then echo "Error: Failed to create/update the stack: orderflow" >&2; exit 1; fi ;;
    esac ;;
"list stack-outputs") echo '[{"OutputKey": "SourceBucket", "OutputValue": "uploads-of-sam", "Description": ""}]' ;;
"list resources")
    if test -e "$here/resources"; then cat "$here/resources"; exit; fi
    echo "Error: The input stack orderflow does not exist on Cloudformation in the region us-east-1" >&2
    exit 1 ;;
"delete "*)
    echo "	- Deleting Cloudformation stack orderflow"
    rm -f "$here/resources" ;;
*) echo "Error: No such command: $*" >&2; exit 2 ;;
esac
"#;

/// A directory with programs that stand in for the real ones, and the cloud that they are pointed at.
struct Desk {
    directory: PathBuf,
    world: World,
    endpoint: String,
    stop: CancellationToken,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    async fn open(name: &str) -> Self {
        let directory = empty_directory(name);
        program(&directory.join("sam"), SAM);
        for name in ["cargo", "rustc"] {
            program(&directory.join(name), "#!/bin/sh\n");
        }
        let world = World::open().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(localaws::serve::tcp(Local::router(&world.local).unwrap(), listener, stop.clone()));
        Self { directory, world, endpoint, stop }
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.directory.join(file), text).unwrap();
    }

    /// The program with the stand-ins, in the checkout, without a terminal.
    async fn run(&self, args: &[&str]) -> Ran {
        let mut command = bare(&self.directory);
        command.args(args).args(["--region", "us-east-1", "--endpoint-url", &self.endpoint]);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.directory.display()));
        command.env("ORDERFLOW_SAM", self.directory.join("sam"));
        command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        // The cloud is served by this thread meanwhile.
        tokio::task::spawn_blocking(move || ran(command)).await.unwrap()
    }

    /// How SAM was called.
    fn calls(&self) -> String {
        std::fs::read_to_string(self.directory.join("calls")).unwrap_or_default()
    }

    async fn make_log_groups(&self, names: &[&str]) {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&self.world.local.config);
        for name in names {
            logs.create_log_group().log_group_name(*name).send().await.unwrap();
        }
    }

    async fn log_groups(&self) -> Vec<String> {
        let groups = self.world.cloud.log_groups("/aws/lambda/orderflow").await.unwrap();
        groups.into_iter().map(|group| group.replace("/aws/lambda/", "")).collect()
    }

    fn close(self) {
        self.stop.cancel();
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

fn empty_directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("orderflow-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// Writes a program. A shell does it: a file that this process has open for writing while another test starts a
/// program cannot be run ("text file busy").
fn program(path: &Path, text: &str) {
    let write = r#"cat > "$0" && chmod 755 "$0""#;
    let mut shell = Command::new("sh").args(["-c", write]).arg(path).stdin(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
}

/// The program with nothing around it: no account, no configuration, no instance's metadata.
fn bare(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orderflow-tui"));
    command.env_clear().env("HOME", home).env("XDG_DATA_HOME", home).env("AWS_EC2_METADATA_DISABLED", "true");
    command.stdin(Stdio::null());
    command
}

fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn change(action: &str, id: &str, kind: &str) -> String {
    json!({"type": "changeset", "action": action, "logical_id": id, "resource_type": kind, "replacement": "N/A"})
        .to_string()
}

fn event(status: &str, id: &str, kind: &str, reason: &str) -> String {
    json!({"type": "event", "status": status, "detailed_status": null, "resource_type": kind, "logical_id": id,
        "reason": reason, "timestamp": "2026-11-24T05:45:36+00:00"})
    .to_string()
}

fn plan() -> String {
    let created = json!({"type": "result", "status": "changeset_created", "changeset_id": "arn:aws:cloudformation:x"});
    [change("Add", "OrdersTable", "AWS::DynamoDB::Table"), created.to_string()].join("\n")
}

fn resources(of: &[(&str, &str)]) -> String {
    let resources: Vec<_> = of
        .iter()
        .map(|(logical, physical)| json!({"LogicalResourceId": logical, "PhysicalResourceId": physical}))
        .collect();
    serde_json::to_string_pretty(&resources).unwrap()
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let directory = empty_directory("missing");
    let mut command = bare(&directory);
    command.args(["deploy", "--yes"]).env("PATH", &directory).current_dir(&directory);
    let ran = ran(command);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    for words in [
        "5 things are missing",
        "the SAM CLI cannot be run",
        "pip install aws-sam-cli",
        "Cargo, which builds the functions",
        "pip install cargo-lambda",
        "statemachine/template.yaml",
        "no region is given",
        "no AWS credentials",
        "aws sso login",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    assert_eq!(ran.out, "");
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn a_deployment_ends_with_the_command_that_opens_the_dashboard_on_it() {
    let desk = Desk::open("deploy").await;
    desk.write("plan", &plan());
    let outputs = json!({"type": "outputs", "stack_outputs": [
        {"key": "StateMachine", "value": machine_arn().0, "description": ""},
        {"key": "OrdersTableName", "value": "orders", "description": ""},
        {"key": "InventoryTableName", "value": "inventory", "description": ""}]});
    let lines = [
        change("Add", "OrdersTable", "AWS::DynamoDB::Table"),
        event("CREATE_COMPLETE", "OrdersTable", "AWS::DynamoDB::Table", ""),
        event("CREATE_COMPLETE", "orderflow", "AWS::CloudFormation::Stack", ""),
        outputs.to_string(),
        json!({"type": "result", "status": "success", "stack_name": "orderflow"}).to_string(),
    ];
    desk.write("events", &lines.join("\n"));
    let ran = desk.run(&["deploy", "--yes", "--architecture", "x86_64"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("+ add  OrdersTable"), "{}", ran.out);
    assert!(ran.err.contains("CREATE_COMPLETE OrdersTable"), "{}", ran.err);
    assert!(!ran.err.contains("on stock"), "what is on stock already stays as it is: {}", ran.err);
    let calls = desk.calls();
    let deploy = calls.lines().find(|line| line.contains("--no-execute-changeset")).unwrap();
    for words in [
        "--resolve-s3 --s3-prefix orderflow",
        "--capabilities CAPABILITY_IAM",
        "--parameter-overrides Architecture=x86_64",
        "--tags project=orderflow-tui stack=orderflow",
        "--region us-east-1",
    ] {
        assert!(deploy.contains(words), "{words}: {deploy}");
    }
    // The last line is meant to be pasted; a command behind it shows that it points where it should.
    let line = ran.out.lines().last().unwrap();
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let mut command = bare(&desk.directory);
    command.args(&words).args(["executions", "--json"]);
    command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
    let listed = tokio::task::spawn_blocking(move || self::ran(command)).await.unwrap();
    assert_eq!(listed.code, Some(0), "{line}: {}", listed.err);
    desk.close();
}

#[tokio::test]
async fn a_deployment_that_fails_tells_the_first_cause_first() {
    let desk = Desk::open("fails").await;
    desk.write("plan", &plan());
    let lines = [
        event("CREATE_IN_PROGRESS", "orderflow", "AWS::CloudFormation::Stack", "User Initiated"),
        event("CREATE_FAILED", "InventoryTable", "AWS::DynamoDB::Table", "Resource creation cancelled"),
        event("CREATE_FAILED", "OrdersTable", "AWS::DynamoDB::Table", "orderflow-orders already exists"),
        event("ROLLBACK_IN_PROGRESS", "orderflow", "AWS::CloudFormation::Stack", "failed to create: [OrdersTable]"),
        event("ROLLBACK_COMPLETE", "orderflow", "AWS::CloudFormation::Stack", ""),
        json!({"type": "result", "status": "failure", "error": {"type": "DeployFailedError", "message": "Waiter failed"}})
            .to_string(),
    ];
    desk.write("events", &lines.join("\n"));
    desk.write("fails", "");
    let ran = desk.run(&["deploy", "--yes"]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let error = ran.err.lines().find(|line| line.starts_with("error:")).unwrap();
    assert_eq!(error, "error: OrdersTable (AWS::DynamoDB::Table): CREATE_FAILED: orderflow-orders already exists");
    assert!(ran.err.contains("describe-stack-events --stack-name orderflow"), "{}", ran.err);
    assert!(ran.err.contains("orderflow-tui destroy --stack-name orderflow"), "{}", ran.err);
    desk.close();
}

#[tokio::test]
async fn what_an_earlier_stack_left_is_told_before_anything_is_built() {
    let desk = Desk::open("left").await;
    desk.make_log_groups(&["/aws/lambda/orderflow-process-payment"]).await;
    let ran = desk.run(&["deploy", "--yes"]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("/aws/lambda/orderflow-process-payment"), "{}", ran.err);
    assert!(!desk.calls().contains("build"), "{}", desk.calls());
    desk.close();
}

#[tokio::test]
async fn nobody_is_asked_without_a_terminal() {
    let desk = Desk::open("unasked").await;
    desk.write("resources", &resources(&[("OrdersTable", "orderflow-orders")]));
    for command in ["deploy", "destroy"] {
        let ran = desk.run(&[command]).await;
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.err);
        assert!(ran.err.contains("no terminal") && ran.err.contains("--yes"), "{command}: {}", ran.err);
    }
    // What would go has been listed.
    let ran = desk.run(&["destroy"]).await;
    assert!(ran.out.contains("orderflow-orders") && ran.out.contains("s3://uploads-of-sam/orderflow/"), "{}", ran.out);
    let calls = desk.calls();
    assert!(!calls.contains("build ") && !calls.contains("delete "), "{calls}");
    desk.close();
}

#[tokio::test]
async fn destroy_leaves_nothing_of_the_stack_and_all_else() {
    let desk = Desk::open("destroy").await;
    let groups = [
        "/aws/lambda/orderflow-process-payment",
        "/aws/lambda/orderflow-2-process-payment",
        "/aws/lambda/orderflow-own",
    ];
    for (keep, expected) in [
        (true, &["orderflow-2-process-payment", "orderflow-own", "orderflow-process-payment"][..]),
        (false, &["orderflow-2-process-payment", "orderflow-own"][..]),
    ] {
        if keep {
            desk.make_log_groups(&groups).await;
        }
        desk.write(
            "resources",
            &resources(&[("OrdersTable", "orderflow-orders"), ("ProcessPaymentLogs", groups[0]), ("Nothing", "-")]),
        );
        let args: &[&str] = if keep { &["destroy", "--yes", "--keep-logs"] } else { &["destroy", "--yes"] };
        let ran = desk.run(args).await;
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
        assert!(
            ran.out.lines().last().unwrap().starts_with("nothing is left of orderflow in us-east-1"),
            "{}",
            ran.out
        );
        assert_eq!(ran.out.contains(groups[0]), !keep, "a group is listed when it goes: {}", ran.out);
        assert!(desk.calls().contains("delete --stack-name orderflow --no-prompts"), "{}", desk.calls());
        assert_eq!(desk.log_groups().await, expected, "{args:?}");
    }
    let again = desk.run(&["destroy", "--yes"]).await;
    assert_eq!((again.code, again.out.contains("there is nothing of orderflow")), (Some(0), true), "{}", again.err);
    desk.close();
}

#[tokio::test]
async fn a_stack_of_another_template_is_left_alone() {
    let desk = Desk::open("foreign").await;
    desk.write("resources", &resources(&[("OrdersTable", "orderflow-orders"), ("Bucket", "important")]));
    for command in ["deploy", "destroy"] {
        let ran = desk.run(&[command, "--yes"]).await;
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.err);
    }
    let calls = desk.calls();
    assert!(!calls.contains("build ") && !calls.contains("delete "), "{calls}");
    desk.close();
}
