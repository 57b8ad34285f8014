//! What the dashboard's side of AWS makes of a service that refuses, and of answers in small pieces.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use orderflow_tui::app::{Model, Msg, update};
use orderflow_tui::cloud::{Cloud, ErrorKind};
use orderflow_tui::facts::{Arn, HistoryEvent, LogLine, OrdersAsked};
use orderflow_tui::local::{self, ORDERS_TABLE};
use serde_json::{Value, json};

use crate::world::{World, sample};

/// A way to the embedded cloud on which things go wrong.
#[derive(Clone, Debug)]
struct Faulty {
    to: SharedHttpClient,
    calls: Arc<AtomicUsize>,
    /// The code of the error that the first so many tries of every call are answered with.
    refusal: Option<(&'static str, usize)>,
    /// Items a page, whatever was asked for.
    page: Option<usize>,
    /// How long each answer takes, on the paused clock.
    slow: Option<Duration>,
}

impl Faulty {
    fn new(world: &World) -> Self {
        let to = world.local.config.http_client().unwrap();
        Self { to, calls: Arc::default(), refusal: None, page: None, slow: None }
    }

    fn cloud(&self, world: &World) -> Cloud {
        let http = SharedHttpClient::new(self.clone());
        Cloud::new(&world.local.config.to_builder().http_client(http).build())
    }

    /// The calls since the last time.
    fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::Relaxed)
    }
}

impl HttpClient for Faulty {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let to = self.to.http_connector(settings, components);
        SharedHttpConnector::new(Connector { to, faults: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    to: SharedHttpConnector,
    faults: Faulty,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        self.faults.calls.fetch_add(1, Ordering::Relaxed);
        match self.faults.refusal {
            Some((code, tries)) if tried(&request) <= tries => {
                let body = json!({"__type": code, "message": "as the test wants it"}).to_string();
                HttpConnectorFuture::ready(Ok(HttpResponse::new(400.try_into().unwrap(), body.into())))
            }
            _ => {
                if let Some(page) = self.faults.page {
                    shorten(&mut request, page);
                }
                let answer = self.to.call(request);
                match self.faults.slow {
                    None => answer,
                    Some(slow) => HttpConnectorFuture::new(async move {
                        tokio::time::sleep(slow).await;
                        answer.await
                    }),
                }
            }
        }
    }
}

/// Which try of its call a request is, from 1.
fn tried(request: &HttpRequest) -> usize {
    let header = request.headers().get("amz-sdk-request").unwrap();
    let (_, rest) = header.split_once("attempt=").unwrap();
    rest.split(';').next().unwrap().parse().unwrap()
}

/// Asks for so many items.
fn shorten(request: &mut HttpRequest, page: usize) {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let (_, operation) = target.rsplit_once('.').unwrap_or_default();
    let field = match operation {
        "GetExecutionHistory" | "ListExecutions" | "ListStateMachines" => "maxResults",
        "Query" => "Limit",
        "FilterLogEvents" | "DescribeLogGroups" => "limit",
        _ => return,
    };
    let mut body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    body[field] = page.into();
    *request.body_mut() = body.to_string().into();
}

async fn logged(cloud: &Cloud, groups: &[String]) -> Vec<LogLine> {
    let mut lines = Vec::new();
    for group in groups {
        lines.extend(cloud.log_lines(group, 0, None, 1_000).await.unwrap());
    }
    lines
}

/// A function's answer may be there before its report: until every request has one, more lines are to come.
async fn reported(world: &World) {
    loop {
        let groups = world.cloud.log_groups("/aws/lambda/").await.unwrap();
        let lines = logged(&world.cloud, &groups).await;
        let count = |word: &str| lines.iter().filter(|line| line.message.starts_with(word)).count();
        if count("START ") == count("REPORT ") {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// What the dashboard asks for of an account with one execution.
async fn asked(cloud: &Cloud, execution: &Arn) -> String {
    let machine = local::machine_arn();
    let groups = cloud.log_groups("/aws/lambda/").await.unwrap();
    let lines = logged(cloud, &groups).await;
    format!(
        "{:#?}",
        (
            cloud.machines().await.unwrap(),
            cloud.executions(&machine, None, 100).await.unwrap(),
            cloud.history_after(execution, 0).await.unwrap(),
            cloud.history_after(execution, 10).await.unwrap(),
            cloud.orders(ORDERS_TABLE, &OrdersAsked::default(), 100).await.unwrap(),
            groups,
            lines,
        )
    )
}

#[tokio::test(start_paused = true)]
async fn refusals_and_small_pages_lose_nothing() {
    let world = World::open().await;
    for at in 0..3 {
        let arn = world.submit(&format!("ord-{at}"), &sample("success")).await;
        world.ended(&arn).await;
    }
    let execution = world.submit("ord-9", &sample("declined")).await;
    world.ended(&execution).await;
    reported(&world).await;
    let expected = asked(&world.cloud, &execution).await;
    let whole = Faulty::new(&world);
    asked(&whole.cloud(&world), &execution).await;
    let few = whole.calls();
    for (refusal, page, slow, most) in [
        (None, None, Some(20), few),
        (Some(("ThrottlingException", 1)), Some(7), Some(20), 200),
        (Some(("ThrottlingException", 1)), None, None, 2 * few),
        (Some(("ThrottlingException", 2)), None, None, 3 * few),
        (Some(("ThrottlingException", 1)), Some(1), None, 800),
        (None, Some(1), None, 400),
        (None, Some(7), None, 100),
    ] {
        let slow = slow.map(Duration::from_secs);
        let faulty = Faulty { refusal, page, slow, ..Faulty::new(&world) };
        let found = asked(&faulty.cloud(&world), &execution).await;
        assert_eq!(found, expected, "{refusal:?} {page:?} {slow:?}");
        let calls = faulty.calls();
        assert!(calls <= most, "{refusal:?} {page:?} {slow:?}: {calls} calls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_and_not_stormed_against() {
    let world = World::open().await;
    for (code, kind, advice, calls) in [
        ("ThrottlingException", ErrorKind::Throttled, "wait a moment", 3),
        ("AccessDeniedException", ErrorKind::Denied, "the role lacks the permission", 1),
        ("ExpiredTokenException", ErrorKind::Credentials, "aws sso login", 1),
        ("UnrecognizedClientException", ErrorKind::Credentials, "aws sso login", 1),
    ] {
        let faulty = Faulty { refusal: Some((code, 9)), ..Faulty::new(&world) };
        let error = faulty.cloud(&world).executions(&local::machine_arn(), None, 10).await.unwrap_err();
        let told = error.to_string();
        assert_eq!((error.kind, faulty.calls()), (kind, calls), "{told}");
        assert!(told.contains(code) && told.contains(advice), "{told}");
    }
}

/// As many events as a history can have, under a service that refuses every call once.
#[tokio::test(start_paused = true)]
async fn the_longest_history_comes_whole() {
    let world = World::open().await;
    let sfn = aws_sdk_sfn::Client::new(&world.local.config);
    let definition = json!({"StartAt": "Again", "States": {
        "Again": {"Type": "Pass", "Next": "Enough"},
        "Enough": {"Type": "Choice", "Choices": [{"Variable": "$.enough", "IsPresent": true, "Next": "Done"}], "Default": "Again"},
        "Done": {"Type": "Succeed"}
    }});
    let definition = definition.to_string();
    let machine = sfn
        .create_state_machine()
        .name("endless")
        .role_arn("arn:aws:iam::000000000000:role/endless")
        .definition(definition);
    let machine = machine.send().await.unwrap().state_machine_arn;
    let started = sfn.start_execution().state_machine_arn(machine).send().await.unwrap();
    let execution = Arn(started.execution_arn);
    let mut changes = world.local.changes.clone().unwrap();
    while !world.cloud.execution(&execution).await.unwrap().summary.status.is_over() {
        changes.changed().await.unwrap();
    }
    let faulty = Faulty { refusal: Some(("ThrottlingException", 1)), ..Faulty::new(&world) };
    let events: Vec<HistoryEvent> = faulty.cloud(&world).history_after(&execution, 0).await.unwrap();
    assert_eq!(faulty.calls(), 2 * 25);
    assert!(events.iter().map(|event| event.id).eq(1..=25_000), "{} events", events.len());
    let mut model = Model::new("here".into(), local::machine_arn(), Vec::new(), 0);
    let summary = world.cloud.execution(&execution).await.unwrap().summary;
    update(&mut model, Msg::Executions(Ok(vec![summary])));
    update(&mut model, Msg::History { execution, result: Ok(events) });
    assert_eq!(model.run().unwrap().events.len(), 25_000);
}
