//! The wire, judged by the unchanged AWS SDK and by plain HTTP.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use aws_sdk_sfn::error::ProvideErrorMetadata;
use orderflow_tui::app::logs::LogBuffer;
use orderflow_tui::local::{Local, machine_arn};
use tokio_util::sync::CancellationToken;

use crate::world::{World, sample};

/// Serves a world on a free port of loopback, and answers its address.
async fn served() -> (World, std::net::SocketAddr, CancellationToken) {
    let world = World::open().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(localaws::serve::tcp(Local::router(&world.local).unwrap(), listener, stop.clone()));
    (world, address, stop)
}

/// A POST to `/`; answers status and body.
async fn post(address: std::net::SocketAddr, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let mut request = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(body);
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
    .await
    .unwrap();
    let status = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[tokio::test]
async fn errors_are_typed_for_the_sdk() {
    let world = World::open().await;
    let sfn = aws_sdk_sfn::Client::new(&world.local.config);
    let missing = format!("{}-none", machine_arn().0);
    let error = sfn.describe_state_machine().state_machine_arn(&missing).send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_state_machine_does_not_exist());
    assert_eq!(error.message(), Some(format!("State Machine Does Not Exist: '{missing}'").as_str()));
    let error = sfn.describe_execution().execution_arn("nonsense").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_invalid_arn());
    let error = sfn.start_execution().state_machine_arn(machine_arn().0).input("{").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_invalid_execution_input());
    let error = sfn.send_task_success().task_token("x").output("{}").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_invalid_token());
    let error = sfn.create_activity().name("a b").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_invalid_name());
    let error = sfn
        .create_state_machine()
        .name("m")
        .role_arn("arn:aws:iam::0:role/r")
        .definition("{}")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        Some(
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /'"
        )
    );
}

#[tokio::test]
async fn what_a_web_page_could_send_is_refused() {
    let (_world, address, stop) = served().await;
    let target = ("X-Amz-Target", "AWSStepFunctions.ListStateMachines");
    assert_eq!(post(address, &[target], "{}").await.0, 200);
    assert_eq!(post(address, &[target, ("Host", "sync-localhost:1")], "{}").await.0, 200);
    assert_eq!(post(address, &[target, ("Origin", "http://evil.example")], "{}").await.0, 403);
    assert_eq!(post(address, &[target, ("Host", "evil.example")], "{}").await.0, 403);
    stop.cancel();
}

#[tokio::test]
async fn every_service_answers_what_it_does_not_know() {
    let (_world, address, stop) = served().await;
    for target in [
        "AWSStepFunctions.Nope",
        "DynamoDB_20120810.Nope",
        "Logs_20140328.Nope",
        "GraniteServiceVersion20100801.Nope",
        "Nope.Nope",
    ] {
        let (status, body) = post(address, &[("X-Amz-Target", target)], "{}").await;
        assert_eq!((status, body.contains("UnknownOperationException")), (400, true), "{target}: {body}");
    }
    for (target, body) in [
        ("AWSStepFunctions.StartExecution", "{"),
        ("AWSStepFunctions.StartExecution", "[]"),
        ("Logs_20140328.FilterLogEvents", "5"),
    ] {
        let (status, answer) = post(address, &[("X-Amz-Target", target)], body).await;
        assert_eq!((status, answer.contains("SerializationException")), (400, true), "{target}: {answer}");
    }
    let (status, body) = post(address, &[], "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert_eq!((status, body.contains("<Account>000000000000</Account>")), (200, true));
    stop.cancel();
}

#[tokio::test]
async fn metrics_are_counted_under_aws_s_names() {
    let (world, address, stop) = served().await;
    let arn = world.submit("ord-1", &sample("declined")).await;
    world.settled(&arn).await;
    let list = ("X-Amz-Target", "GraniteServiceVersion20100801.ListMetrics");
    let (_, body) = post(address, &[list], r#"{"Namespace":"AWS/States"}"#).await;
    for name in ["ExecutionsStarted", "ExecutionsFailed", "ExecutionTime"] {
        assert!(body.contains(name), "{body}");
    }
    let query = serde_json::json!({"StartTime": 0, "EndTime": 99_999_999_999_i64, "MetricDataQueries": [{"Id": "e", "MetricStat": {
        "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "process-payment"}]},
        "Period": 99_999_999, "Stat": "Sum"}}]});
    let get = ("X-Amz-Target", "GraniteServiceVersion20100801.GetMetricData");
    let (_, body) = post(address, &[get], &query.to_string()).await;
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["MetricDataResults"][0]["Values"], serde_json::json!([1.0]), "{body}");
    stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn live_tail_streams_new_lines() {
    let world = World::open().await;
    let first = world.submit("ord-1", &sample("success")).await;
    world.settled(&first).await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&world.local.config);
    let group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/process-payment";
    let mut tail = logs.start_live_tail().log_group_identifiers(group).send().await.unwrap().response_stream;
    let started = tail.recv().await.unwrap().unwrap();
    assert!(started.is_session_start());
    // The session tells what comes after it has begun.
    let mut lines: Vec<String> = Vec::new();
    let mut number = 1;
    while lines.is_empty() {
        number += 1;
        let arn = world.submit(&format!("ord-{number}"), &sample("success")).await;
        world.settled(&arn).await;
        let update = tail.recv().await.unwrap().unwrap();
        let results = update.as_session_update().unwrap().session_results();
        lines.extend(results.iter().filter_map(|line| line.message().map(ToOwned::to_owned)));
    }
    assert!(lines.iter().any(|line| line.contains("charged")), "{lines:?}");
}

/// As the dashboard has it: lines with their functions, and none twice where the same comes by polling as well.
#[tokio::test]
async fn the_dashboard_tails_what_its_machine_calls() {
    let world = World::open().await;
    let functions = vec!["process-payment".to_owned(), "validate-order".to_owned()];
    // What has never logged has no log group, and would refuse the session.
    assert!(world.cloud.live_tail(&machine_arn(), &functions).await.is_err());
    let first = world.submit("ord-0", &sample("success")).await;
    world.settled(&first).await;
    let mut tail = world.cloud.live_tail(&machine_arn(), &functions).await.unwrap();
    let mut buffer = LogBuffer::default();
    let mut number = 0;
    while buffer.is_empty() {
        number += 1;
        let arn = world.submit(&format!("ord-{number}"), &sample("success")).await;
        world.settled(&arn).await;
        buffer.add(tail.next().await.unwrap().unwrap());
    }
    let tailed = buffer.len();
    let groups: BTreeSet<&str> = buffer.all().map(|line| line.group.as_str()).collect();
    assert_eq!(groups, ["/aws/lambda/process-payment", "/aws/lambda/validate-order"].into());
    let mut polled = Vec::new();
    for group in groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>() {
        polled.extend(world.cloud.log_lines(&group, 0, None, 10_000).await.unwrap());
    }
    let all = polled.len();
    assert_eq!((buffer.add(polled), buffer.len()), (all - tailed, all));
}

#[tokio::test]
async fn a_function_is_invoked_by_itself() {
    let (_world, address, stop) = served().await;
    let body = r#"{"action":"look","orderId":"x","execution":"y","line":{"sku":"KB-75","quantity":1}}"#;
    let request = format!(
        "POST /2015-03-31/functions/check-inventory/invocations HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
    .await
    .unwrap();
    assert!(answer.contains(r#"{"sku":"KB-75","wanted":1,"available":100000,"enough":true}"#), "{answer}");
    stop.cancel();
}

/// Requests one after the other: what is asked, and what stands in the answer.
#[tokio::test]
async fn what_does_not_fit_is_refused_and_what_is_there_is_listed() {
    let (_world, address, stop) = served().await;
    let pass = r#"{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Succeed\"}}}"#;
    let machine = |name: &str| {
        format!(
            r#"{{"name": "{name}", "roleArn": "arn:aws:iam::000000000000:role/r", "publish": true, "definition": "{pass}"}}"#
        )
    };
    let arn = |rest: &str| format!("arn:aws:states:us-east-1:000000000000:stateMachine:{rest}");
    let route =
        |to: &str| format!(r#""routingConfiguration": [{{"stateMachineVersionArn": "{}", "weight": 100}}]"#, arn(to));
    let (one, two) = (machine("one"), machine("two"));
    let alias = |name: &str| format!(r#"{{"name": "{name}", {}}}"#, route("one:1"));
    let moved = format!(r#"{{"stateMachineAliasArn": "{}", {}}}"#, arn("one:P"), route("two:1"));
    let unchanged = format!(r#"{{"stateMachineAliasArn": "{}"}}"#, arn("one:P"));
    let listed = format!(r#"{{"stateMachineArn": "{}", "maxResults": 1}}"#, arn("one"));
    let (p, q) = (alias("P"), alias("Q"));
    let (logs, states) = ("Logs_20140328", "AWSStepFunctions");
    let steps: &[(&str, &str, &str, u16, &str)] = &[
        (logs, "CreateLogStream", r#"{"logGroupName": "/g", "logStreamName": "a"}"#, 400, "log group does not exist"),
        (
            logs,
            "PutLogEvents",
            r#"{"logGroupName": "/g", "logStreamName": "a", "logEvents": []}"#,
            400,
            "log group does not exist",
        ),
        (logs, "CreateLogGroup", r#"{"logGroupName": "/g"}"#, 200, ""),
        (
            logs,
            "PutLogEvents",
            r#"{"logGroupName": "/g", "logStreamName": "a", "logEvents": []}"#,
            400,
            "log stream does not exist",
        ),
        (logs, "CreateLogStream", r#"{"logGroupName": "/g", "logStreamName": "a"}"#, 200, ""),
        (logs, "CreateLogStream", r#"{"logGroupName": "/g", "logStreamName": "b"}"#, 200, ""),
        (logs, "CreateLogStream", r#"{"logGroupName": "/g", "logStreamName": "a"}"#, 400, "already exists"),
        (
            logs,
            "PutLogEvents",
            r#"{"logGroupName": "/g", "logStreamName": "a", "logEvents": [{"timestamp": 2, "message": "x"}, {"timestamp": 1, "message": "y"}]}"#,
            400,
            "chronological",
        ),
        (
            logs,
            "PutLogEvents",
            r#"{"logGroupName": "/g", "logStreamName": "a", "logEvents": [{"timestamp": 2, "message": "x"}]}"#,
            200,
            "",
        ),
        (logs, "DescribeLogStreams", r#"{"logGroupName": "/g", "limit": 1}"#, 200, r#""nextToken":"a""#),
        (
            logs,
            "DescribeLogStreams",
            r#"{"logGroupName": "/g", "limit": 1, "nextToken": "a"}"#,
            200,
            r#""logStreamName":"b""#,
        ),
        (logs, "PutRetentionPolicy", r#"{"logGroupName": "/g", "retentionInDays": 7}"#, 200, ""),
        (logs, "DescribeLogGroups", r#"{"logGroupNamePrefix": "/g"}"#, 200, r#""retentionInDays":7"#),
        (states, "CreateStateMachine", &one, 200, "stateMachineVersionArn"),
        (states, "CreateStateMachine", &two, 200, "stateMachineVersionArn"),
        (states, "CreateStateMachineAlias", &p, 200, "one:P"),
        (states, "CreateStateMachineAlias", &q, 200, "one:Q"),
        (states, "ListStateMachineAliases", &listed, 200, "one:P"),
        (states, "UpdateStateMachineAlias", &moved, 400, "of the state machine that the alias is of"),
        (states, "UpdateStateMachineAlias", &unchanged, 400, "At least one"),
        (
            states,
            "CreateActivity",
            r#"{"name": "a", "tags": [{"value": "v"}]}"#,
            400,
            "Value null at 'tags.1.member.key'",
        ),
        (states, "CreateActivity", r#"{"name": "a", "tags": [{"key": "k", "value": "v"}]}"#, 200, "activity:a"),
    ];
    for (service, operation, body, status, part) in steps {
        let target = format!("{service}.{operation}");
        let headers = [("X-Amz-Target", target.as_str()), ("Content-Type", "application/x-amz-json-1.1")];
        let (answered, text) = post(address, &headers, body).await;
        assert!(answered == *status && text.contains(part), "{operation} {body}: {answered} {text}");
    }
    stop.cancel();
}
