//! What can be copied of what is looked at: values, ARNs, links, commands of the AWS CLI, reports.
//!
//! Never reaches a clipboard: it makes the texts. A command is one that does the same as the dashboard, quoted for a
//! POSIX shell, whatever stands in the texts that it is made of.

use std::fmt;

use order_core::{OrderId, keys};
use serde_json::json;

use super::export::Exported;
use super::lens::Lens;
use crate::facts::{Arn, ExecutionStatus, ExecutionSummary, Millis};

/// The longest text that is put into a command, in bytes: an argument of more than 128 KiB Linux refuses.
const MAX_ARGUMENT: usize = 100_000;

/// A text that can be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copyable {
    /// What it is, in few words.
    pub label: &'static str,
    /// The text.
    pub text: String,
}

/// What is looked at, as far as there is something to copy of it.
#[derive(Clone, Debug, Default)]
pub struct Focused<'a> {
    /// What the pane that keys go to has: the value of a row, its path.
    pub rows: Vec<Copyable>,
    /// The execution.
    pub execution: Option<&'a ExecutionSummary>,
    /// Its machine.
    pub machine: Option<&'a Arn>,
    /// The log group that the machine logs to.
    pub log_group: Option<&'a str>,
    /// What the execution was started with, JSON text.
    pub input: Option<&'a str>,
    /// The order, and the table that it is in.
    pub order: Option<(&'a OrderId, &'a str)>,
    /// What answers the task that waits for somebody.
    pub token: Option<&'a str>,
    /// The invocation of a function that is looked at. Without one, that of the failure.
    pub request: Option<Request<'a>>,
    /// The failure.
    pub lens: Option<&'a Lens>,
    /// The execution as a document.
    pub exported: Option<&'a Exported>,
    /// How the AWS CLI reaches this cloud. `None` where it cannot: only this process knows its embedded cloud.
    pub reach: Option<&'a Reach>,
    /// Whether the cloud is AWS's own, which has a console.
    pub has_console: bool,
}

/// An invocation of a function, as its log tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The log group.
    pub group: &'a str,
    /// The request's id.
    pub id: &'a str,
    /// When it began, or a moment before.
    pub since: Millis,
}

/// How the AWS CLI is told to reach the cloud: as this program was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// `--region`
    pub region: Option<String>,
    /// `--profile`
    pub profile: Option<String>,
    /// `--endpoint-url`
    pub endpoint_url: Option<String>,
}

/// How a text was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A program took it.
    Program(&'static str),
    /// The terminal was offered it; whether it takes such offers nobody tells.
    Terminal,
}

/// The list of what can be copied, open.
#[derive(Clone, Debug)]
pub struct Clip {
    items: Vec<Copyable>,
    chosen: usize,
}

/// Everything that can be copied, the nearest first. `time` writes times in reports.
pub fn copyables(focused: Focused<'_>, time: &dyn Fn(Millis) -> String) -> Vec<Copyable> {
    let mut items = identities(&focused);
    if let Some(reach) = focused.reach {
        items.extend(commands(&focused, reach));
    }
    if let Some(lens) = focused.lens {
        items.push(Copyable { label: "failure as Markdown", text: lens.to_markdown(time) });
    }
    if let Some(exported) = focused.exported {
        items.push(Copyable { label: "execution as Markdown", text: exported.to_markdown(time) });
    }
    let mut all = focused.rows;
    all.extend(items);
    all
}

/// The address of an execution or a state machine in the AWS console. `None` where there is none: in a partition that
/// this program does not know, and for what is neither.
///
/// An Express execution is found by its time too.
pub fn console_url(arn: &Arn, started_at: Option<Millis>) -> Option<String> {
    let parts: Vec<&str> = arn.0.splitn(7, ':').collect();
    let &[_, partition, _, region, _, kind, _] = parts.as_slice() else { return None };
    let host = match partition {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return None;
    }
    let page = match kind {
        "execution" => "v2/executions/details",
        "express" => "express-executions/details",
        "stateMachine" => "statemachines/view",
        _ => return None,
    };
    let when = started_at.filter(|_| kind == "express").map(|at| format!("?startDate={at}")).unwrap_or_default();
    Some(format!("https://{region}.{host}/states/home?region={region}#/{page}/{}{when}", escaped(&arn.0)))
}

/// A text as one word of a POSIX shell. Control characters, which no command needs, are left out: of JSON, they are
/// between the values only.
pub fn quoted(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@+:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl Clip {
    /// The list; `None` when there is nothing to copy.
    pub fn new(items: Vec<Copyable>) -> Option<Self> {
        (!items.is_empty()).then_some(Self { items, chosen: 0 })
    }

    /// What can be copied.
    pub fn items(&self) -> &[Copyable] {
        &self.items
    }

    /// Which of it is chosen.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// What is chosen.
    pub fn item(&self) -> Option<&Copyable> {
        self.items.get(self.chosen)
    }

    /// Chooses what stands so many rows further down.
    pub fn step(&mut self, by: isize) {
        self.chosen = self.chosen.saturating_add_signed(by).min(self.items.len().saturating_sub(1));
    }
}

impl fmt::Display for How {
    /// As it follows "copied the input".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(name) => write!(f, "with {name}"),
            Self::Terminal => f.write_str("through the terminal"),
        }
    }
}

/// ARNs, the input, the request's id, links.
fn identities(focused: &Focused<'_>) -> Vec<Copyable> {
    let execution = focused.execution;
    let console = |arn: &Arn, at: Option<Millis>| focused.has_console.then(|| console_url(arn, at)).flatten();
    let request = request(focused).map(|request| request.id.to_owned());
    let texts = [
        ("execution ARN", execution.map(|execution| execution.arn.0.clone())),
        ("input", focused.input.map(ToOwned::to_owned)),
        ("request id", request),
        (
            "link to the execution in the console",
            execution.and_then(|execution| console(&execution.arn, Some(execution.started_at))),
        ),
        ("order id", focused.order.map(|(id, _)| id.to_string())),
        ("state machine ARN", focused.machine.map(|machine| machine.0.clone())),
        ("link to the state machine in the console", focused.machine.and_then(|machine| console(machine, None))),
    ];
    texts.into_iter().filter_map(|(label, text)| Some(Copyable { label, text: text? })).collect()
}

/// The commands of the AWS CLI that do the same as the dashboard.
fn commands(focused: &Focused<'_>, reach: &Reach) -> Vec<Copyable> {
    let mut commands = Vec::new();
    let mut add = |label: &'static str, service: &str, options: &[(&str, &str)]| {
        if options.iter().all(|(_, value)| value.len() <= MAX_ARGUMENT) {
            commands.push(Copyable { label, text: command(service, options, reach) });
        }
    };
    if let Some(execution) = focused.execution {
        let arn = execution.arn.0.as_str();
        if execution.arn.is_express() {
            // Step Functions answers nothing about it: all there is, the machine has logged.
            if let Some(group) = focused.log_group {
                let pattern = format!(r#"{{ $.execution_arn = "{}" }}"#, arn.replace('\\', r"\\").replace('"', "\\\""));
                let since = execution.started_at.to_string();
                let options = [
                    ("--log-group-name", group),
                    ("--start-time", since.as_str()),
                    ("--filter-pattern", pattern.as_str()),
                ];
                add("aws: history of the execution", "logs filter-log-events", &options);
            }
        } else {
            add("aws: the execution", "stepfunctions describe-execution", &[("--execution-arn", arn)]);
            add("aws: history of the execution", "stepfunctions get-execution-history", &[("--execution-arn", arn)]);
        }
    }
    if let Some(Request { group, id, since }) = request(focused) {
        let (pattern, since) = (format!("\"{}\"", id.replace('"', "")), since.to_string());
        let options =
            [("--log-group-name", group), ("--start-time", since.as_str()), ("--filter-pattern", pattern.as_str())];
        add("aws: log lines of the request", "logs filter-log-events", &options);
    }
    if let Some((id, table)) = focused.order {
        let key = json!({ (keys::PK): {"S": keys::order(id)}, (keys::SK): {"S": keys::ORDER} }).to_string();
        add("aws: the order's row", "dynamodb get-item", &[("--table-name", table), ("--key", key.as_str())]);
    }
    if let (Some(machine), Some(input)) = (focused.machine, focused.input) {
        let options = [("--state-machine-arn", machine.0.as_str()), ("--input", input)];
        add("aws: start one with this input", "stepfunctions start-execution", &options);
    }
    if let Some(token) = focused.token {
        let output = json!({"approved": true, "reason": ""}).to_string();
        let options = [("--task-token", token), ("--task-output", output.as_str())];
        add("aws: approve", "stepfunctions send-task-success", &options);
    }
    if let Some(execution) = focused.execution.filter(|execution| !execution.arn.is_express()) {
        let options = [("--execution-arn", execution.arn.0.as_str())];
        match execution.status {
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive => {
                add("aws: stop the execution", "stepfunctions stop-execution", &options);
            }
            ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => {
                add("aws: redrive the execution", "stepfunctions redrive-execution", &options);
            }
            ExecutionStatus::Succeeded => {}
        }
    }
    commands
}

/// The invocation that is looked at, or the one that failed.
fn request<'a>(focused: &Focused<'a>) -> Option<Request<'a>> {
    focused.request.or_else(|| {
        let lens = focused.lens?;
        let first = lens.lines.first()?;
        Some(Request { group: &first.group, id: lens.request_id.as_deref()?, since: first.at })
    })
}

fn command(service: &str, options: &[(&str, &str)], reach: &Reach) -> String {
    let given = [("--region", &reach.region), ("--profile", &reach.profile), ("--endpoint-url", &reach.endpoint_url)];
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let mut text = format!("aws {service}");
    for (name, value) in options.iter().copied().chain(given) {
        // What begins like an option would be read as one.
        let between = if value.starts_with('-') { '=' } else { ' ' };
        text.push_str(&format!(" {name}{between}{}", quoted(value)));
    }
    text
}

/// A text within a URL, with everything escaped that has a meaning there but what ARNs are made of.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b'/' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_word_of_a_shell() {
        let cases = [
            ("plain-1.2_3/x:y", "plain-1.2_3/x:y"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("'", r"''\'''"),
            ("$HOME `id` \\ \"x\" !", "'$HOME `id` \\ \"x\" !'"),
            ("a\u{1b}[31m\nb", "'a[31mb'"),
            ("=ls", "'=ls'"),
            ("~", "'~'"),
            ("ü", "'ü'"),
            ("{\n  \"a\": 1\n}", "'{  \"a\": 1}'"),
        ];
        for (text, expected) in cases {
            assert_eq!(quoted(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_console_has_its_address_in_every_partition() {
        let at = Some(1_700_000_000_000);
        let cases = [
            (
                "arn:aws:states:eu-central-1:1:execution:pay:ord-1",
                Some(
                    "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1#/v2/executions/details/arn:aws:states:eu-central-1:1:execution:pay:ord-1",
                ),
            ),
            (
                "arn:aws-cn:states:cn-north-1:1:stateMachine:pay",
                Some(
                    "https://cn-north-1.console.amazonaws.cn/states/home?region=cn-north-1#/statemachines/view/arn:aws-cn:states:cn-north-1:1:stateMachine:pay",
                ),
            ),
            (
                "arn:aws-us-gov:states:us-gov-west-1:1:express:pay:a b:8f3a",
                Some(
                    "https://us-gov-west-1.console.amazonaws-us-gov.com/states/home?region=us-gov-west-1#/express-executions/details/arn:aws-us-gov:states:us-gov-west-1:1:express:pay:a%20b:8f3a?startDate=1700000000000",
                ),
            ),
            ("arn:aws-moon:states:crater-1:1:execution:pay:ord-1", None),
            ("arn:aws:states:evil.com/:1:execution:pay:ord-1", None),
            ("arn:aws:states::1:execution:pay:ord-1", None),
            ("arn:aws:states:eu-central-1:1:activity:pay", None),
            ("no arn", None),
        ];
        for (arn, expected) in cases {
            assert_eq!(console_url(&Arn(arn.to_owned()), at).as_deref(), expected, "{arn}");
        }
    }

    fn execution(arn: &str, status: ExecutionStatus) -> ExecutionSummary {
        let arn = Arn(arn.to_owned());
        ExecutionSummary { name: arn.name().to_owned(), arn, status, started_at: 5, stopped_at: None, through: None }
    }

    const STANDARD: &str = "arn:aws:states:us-east-1:1:execution:orders:ord-1";

    /// The texts with their labels, a line each.
    fn shown(focused: Focused<'_>) -> String {
        let lines = copyables(focused, &|at| format!("t{at}"));
        lines.iter().map(|item| format!("{}: {}\n", item.label, item.text)).collect()
    }

    #[test]
    fn what_is_looked_at_can_be_had_with_the_aws_cli() {
        let machine = Arn("arn:aws:states:us-east-1:1:stateMachine:orders".into());
        let id = OrderId::new("ord-1").unwrap();
        let running = execution(STANDARD, ExecutionStatus::Running);
        let reach = Reach {
            region: Some("us-east-1".into()),
            profile: Some("my team".into()),
            endpoint_url: Some("http://127.0.0.1:4566".into()),
        };
        let focused = Focused {
            rows: vec![Copyable { label: "value", text: "5".into() }],
            execution: Some(&running),
            machine: Some(&machine),
            input: Some(r#"{"note":"it's"}"#),
            order: Some((&id, "orders")),
            token: Some("AQ=="),
            request: Some(Request { group: "/aws/lambda/pay", id: "0a-1", since: 7 }),
            reach: Some(&reach),
            has_console: true,
            ..Focused::default()
        };
        let at = "--region us-east-1 --profile 'my team' --endpoint-url http://127.0.0.1:4566";
        let url = "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/";
        let expected = format!(
            r#"value: 5
execution ARN: {STANDARD}
input: {{"note":"it's"}}
request id: 0a-1
link to the execution in the console: {url}v2/executions/details/{STANDARD}
order id: ord-1
state machine ARN: {machine}
link to the state machine in the console: {url}statemachines/view/{machine}
aws: the execution: aws stepfunctions describe-execution --execution-arn {STANDARD} {at}
aws: history of the execution: aws stepfunctions get-execution-history --execution-arn {STANDARD} {at}
aws: log lines of the request: aws logs filter-log-events --log-group-name /aws/lambda/pay --start-time 7 --filter-pattern '"0a-1"' {at}
aws: the order's row: aws dynamodb get-item --table-name orders --key '{{"PK":{{"S":"ORDER#ord-1"}},"SK":{{"S":"ORDER"}}}}' {at}
aws: start one with this input: aws stepfunctions start-execution --state-machine-arn {machine} --input '{{"note":"it'\''s"}}' {at}
aws: approve: aws stepfunctions send-task-success --task-token 'AQ==' --task-output '{{"approved":true,"reason":""}}' {at}
aws: stop the execution: aws stepfunctions stop-execution --execution-arn {STANDARD} {at}
"#
        );
        assert_eq!(shown(focused), expected);
    }

    #[test]
    fn only_what_can_be_done_is_offered() {
        let reach = Reach::default();
        let express = execution("arn:aws:states:us-east-1:1:express:pay:ord-1:8f", ExecutionStatus::Failed);
        let long = format!("\"{}\"", "x".repeat(MAX_ARGUMENT));
        let machine = Arn("arn:aws:states:us-east-1:1:stateMachine:pay".into());
        let cases = [
            (ExecutionStatus::Failed, "redrive-execution", "stop-execution"),
            (ExecutionStatus::Running, "stop-execution", "redrive-execution"),
            (ExecutionStatus::Succeeded, "describe-execution", "redrive-execution"),
            (ExecutionStatus::Succeeded, "describe-execution", "stop-execution"),
        ];
        for (status, has, has_not) in cases {
            let execution = execution(STANDARD, status);
            let text = shown(Focused { execution: Some(&execution), reach: Some(&reach), ..Focused::default() });
            assert!(text.contains(has) && !text.contains(has_not), "{text}");
            assert!(!text.contains("https://") && !text.contains("--region"), "{text}");
            let elsewhere = shown(Focused { execution: Some(&execution), ..Focused::default() });
            assert_eq!(elsewhere, format!("execution ARN: {STANDARD}\n"));
        }
        let text = shown(Focused {
            execution: Some(&express),
            machine: Some(&machine),
            log_group: Some("/aws/states/pay"),
            input: Some(&long),
            reach: Some(&reach),
            ..Focused::default()
        });
        assert!(!text.contains("aws stepfunctions"), "{text}");
        assert!(
            text.contains(
                r#"--filter-pattern '{ $.execution_arn = "arn:aws:states:us-east-1:1:express:pay:ord-1:8f" }'"#
            )
        );
    }

    #[test]
    fn the_list_has_two_ends() {
        assert!(Clip::new(Vec::new()).is_none());
        let items = ["a", "b"].map(|text| Copyable { label: "value", text: text.to_owned() });
        let mut clip = Clip::new(items.to_vec()).unwrap();
        for (by, expected) in [(-1, "a"), (1, "b"), (1, "b"), (isize::MIN, "a"), (isize::MAX, "b")] {
            clip.step(by);
            assert_eq!(clip.item().map(|item| item.text.as_str()), Some(expected));
        }
    }
}
