//! Orders from submission to their end, over the AWS wire. The clock is paused: timeouts and back-offs take no time.

use std::time::Duration;

use order_core::{OrderRecord, OrderStatus, PaymentState, ReservationState};
use orderflow_tui::app::run::{Run, VisitStatus};
use orderflow_tui::facts::{Arn, EventKind, ExecutionStatus, Metric, OrdersAsked, Periods, Statistic, time_of};
use orderflow_tui::local::{self, INVENTORY_TABLE, ORDERS_TABLE};

use crate::world::{World, sample};

/// A sample, the execution's end with its error, and the statuses that the order goes through.
async fn check(name: &str, status: ExecutionStatus, error: Option<&str>, history: &[OrderStatus]) {
    let world = World::open().await;
    let arn = world.submit("ord-1", &sample(name)).await;
    let (execution, order) = world.settled(&arn).await;
    assert_eq!((execution.summary.status, execution.error.as_deref()), (status, error), "{name}");
    let statuses: Vec<OrderStatus> = order.record.history.iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, history, "{name}");
    assert!(order.record.history.iter().all(|entry| entry.execution == arn.0), "{name}");
    let expected = local::samples().unwrap().into_iter().find(|sample| sample.name == name).unwrap().ends;
    assert_eq!(order.record.status, expected, "{name}: what its file says");
    let charged = order.payment.as_ref().is_some_and(|payment| payment.state == PaymentState::Charged);
    assert_eq!(charged, order.record.status == OrderStatus::Confirmed, "{name}: charged if and only if confirmed");
    let held = order.reservation.as_ref().is_some_and(|reservation| reservation.state == ReservationState::Held);
    let keeps = matches!(order.record.status, OrderStatus::Confirmed | OrderStatus::AwaitingApproval);
    assert_eq!(held, keeps, "{name}: stock is kept if and only if it is needed");
}

macro_rules! samples {
    ($($test:ident: $name:literal => $status:ident, $error:expr, [$($step:ident),*];)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $test() {
            check($name, ExecutionStatus::$status, $error, &[$(OrderStatus::$step),*]).await;
        })*
    };
}

samples! {
    success: "success" => Succeeded, None, [Received, Reserved, Confirmed];
    several_lines: "several-lines" => Succeeded, None, [Received, Reserved, Confirmed];
    large_order: "large-order" => Running, None, [Received, Reserved, AwaitingApproval];
    invalid: "invalid" => Failed, Some("InvalidOrder"), [Received, Rejected];
    unknown_sku: "unknown-sku" => Failed, Some("InvalidOrder"), [Received, Rejected];
    out_of_stock: "out-of-stock" => Failed, Some("OutOfStock"), [Received, OutOfStock];
    declined: "declined" => Failed, Some("PaymentDeclined"), [Received, Reserved, PaymentFailed];
    flaky_gateway: "flaky-gateway" => Succeeded, None, [Received, Reserved, Confirmed];
    gateway_down: "gateway-down" => Failed, Some("PaymentGatewayUnavailable"), [Received, Reserved, PaymentFailed];
    gateway_timeout: "gateway-timeout" => Failed, Some("States.Timeout"), [Received, Reserved, PaymentFailed];
    crash: "crash" => Failed, Some("Runtime.ExitError"), [Received, Reserved, PaymentFailed];
    unforeseen: "unforeseen" => Failed, Some("UnexpectedGatewayAnswer"), [Received, Reserved, Failed];
}

#[tokio::test(start_paused = true)]
async fn the_flaky_gateway_is_tried_three_times_with_delays() {
    let world = World::open().await;
    let arn = world.submit("ord-1", &sample("flaky-gateway")).await;
    world.settled(&arn).await;
    let mut run = Run::default();
    run.absorb(world.cloud.history_after(&arn, 0).await.unwrap());
    let payment = run.visits_to("ProcessPayment").next().unwrap();
    let errors: Vec<Option<&str>> = payment.attempts.iter().map(|attempt| attempt.error.as_deref()).collect();
    assert_eq!(errors, [Some("PaymentGatewayUnavailable"), Some("PaymentGatewayUnavailable"), None]);
    assert_eq!(payment.status, VisitStatus::Succeeded);
    for pair in payment.attempts.windows(2) {
        assert!(pair[1].scheduled_at >= pair[0].ended_at.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn an_approval_lets_a_large_order_go_on_and_a_rejection_ends_it() {
    for (approve, status) in [(true, OrderStatus::Confirmed), (false, OrderStatus::NotApproved)] {
        let world = World::open().await;
        let arn = world.submit("ord-1", &sample("large-order")).await;
        let token = world.settled(&arn).await.1.record.approval_token.unwrap();
        if approve {
            world.cloud.task_success(&token, r#"{"approved":true}"#).await.unwrap();
        } else {
            world.cloud.task_failure(&token, "OrderNotApproved", "too dear").await.unwrap();
        }
        let (_, order) = world.ended(&arn).await;
        assert_eq!(order.record.status, status);
        assert_eq!(order.record.approval_token, None);
        let again = world.cloud.task_success(&token, "{}").await.unwrap_err();
        assert_eq!(again.code.as_deref(), Some("TaskTimedOut"), "a token is good for one answer");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_approves_in_time() {
    let world = World::open().await;
    let arn = world.submit("ord-1", &sample("large-order")).await;
    world.settled(&arn).await;
    tokio::time::advance(Duration::from_secs(86_401)).await;
    let (execution, order) = world.ended(&arn).await;
    assert_eq!(execution.error.as_deref(), Some("States.Timeout"));
    assert_eq!(order.record.history.last().unwrap().reason, "States.Timeout: Nobody approved the order in time");
}

#[tokio::test(start_paused = true)]
async fn an_order_without_a_usable_id_is_not_taken() {
    let world = World::open().await;
    let arn = world.cloud.start_execution(&local::machine_arn(), "odd", r#"{"orderId": "a b"}"#).await.unwrap();
    let mut changes = world.local.changes.clone().unwrap();
    while !world.cloud.execution(&arn).await.unwrap().summary.status.is_over() {
        changes.changed().await.unwrap();
    }
    let execution = world.cloud.execution(&arn).await.unwrap();
    assert_eq!(execution.error.as_deref(), Some("BadEvent"));
    let events = world.cloud.history_after(&arn, 0).await.unwrap();
    assert!(events.iter().any(|event| event.name.as_deref() == Some("OrderNotTaken")));
}

#[tokio::test(start_paused = true)]
async fn concurrent_orders_never_oversell() {
    const STOCK: u32 = 7;
    const ORDERS: usize = 25;
    let world = World::open().await;
    let mut stock = local::catalogue().unwrap().into_iter().find(|item| item.sku.as_str() == "RARE-1").unwrap();
    stock.available = STOCK;
    world.cloud.put_stock(INVENTORY_TABLE, &stock).await.unwrap();
    let mut order = sample("success");
    order["lines"] = serde_json::json!([{"sku": "RARE-1", "quantity": 1, "unitPrice": 150}]);
    order["total"] = 150.into();
    let ids: Vec<String> = (0..ORDERS).map(|number| format!("ord-{number}")).collect();
    let arns = futures::future::join_all(ids.iter().map(|id| world.submit(id, &order))).await;
    let mut confirmed = 0;
    for arn in &arns {
        let (_, order) = world.settled(arn).await;
        let charged = order.payment.as_ref().is_some_and(|payment| payment.state == PaymentState::Charged);
        match order.record.status {
            OrderStatus::Confirmed => confirmed += u32::from(charged),
            OrderStatus::OutOfStock => assert!(!charged),
            other => panic!("{other}"),
        }
    }
    assert_eq!(confirmed, STOCK);
    let all = OrdersAsked::default();
    let confirmed = OrdersAsked { statuses: Some(vec![OrderStatus::Confirmed]), ..all.clone() };
    assert_eq!(world.cloud.orders(ORDERS_TABLE, &confirmed, 100).await.unwrap().orders.len(), 7);
    let page = world.cloud.orders(ORDERS_TABLE, &all, 100).await.unwrap();
    assert_eq!((page.orders.len(), page.has_more), (ORDERS, false));
    // The same in pages of three: each begins behind the last one of the page before.
    let (mut paged, mut asked) = (Vec::new(), all);
    loop {
        let page = world.cloud.orders(ORDERS_TABLE, &asked, 3).await.unwrap();
        let last = page.orders.last().unwrap();
        asked.older_than = Some((last.updated_at.clone(), last.order_id.clone()));
        paged.extend(page.orders);
        if !page.has_more {
            break;
        }
    }
    assert_eq!(paged, page.orders);
    // Between two times, both meant.
    let middle = &page.orders[1..ORDERS - 1];
    let time = |order: &OrderRecord| time_of(&order.updated_at);
    let between =
        OrdersAsked { from: time(&middle[middle.len() - 1]), until: time(&middle[0]), ..OrdersAsked::default() };
    let found = world.cloud.orders(ORDERS_TABLE, &between, 100).await.unwrap().orders;
    assert!(middle.iter().all(|order| found.contains(order)));
    let is_between = |order: &OrderRecord| time(order) >= between.from && time(order) <= between.until;
    assert_eq!(found.len(), page.orders.iter().filter(|order| is_between(order)).count());
}

#[tokio::test(start_paused = true)]
async fn the_same_order_twice_is_one_order() {
    let world = World::open().await;
    let order = sample("large-order");
    let first = world.submit("ord-1", &order).await;
    let second = world.submit("ord-1", &order).await;
    assert_eq!(first, second, "the same name and input is the same start");
    let other = world.cloud.start_execution(&local::machine_arn(), "ord-1", "{}").await.unwrap_err();
    assert_eq!(other.code.as_deref(), Some("ExecutionAlreadyExists"));
    assert_eq!(world.cloud.executions(&local::machine_arn(), None, 10).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn functions_log_as_lambda_does() {
    let world = World::open().await;
    let arn = world.submit("ord-1", &sample("crash")).await;
    world.settled(&arn).await;
    let groups = world.cloud.log_groups("/aws/lambda/").await.unwrap();
    assert_eq!(groups.len(), 5);
    let lines = world.cloud.log_lines("/aws/lambda/process-payment", 0, None, 100).await.unwrap();
    let crashed: Vec<&str> = lines.iter().map(|line| line.message.as_str()).take(6).collect();
    let request = crashed[0].split_whitespace().nth(2).unwrap();
    assert_eq!(crashed[0], format!("START RequestId: {request} Version: $LATEST"));
    for json in &crashed[1..3] {
        let line: serde_json::Value = serde_json::from_str(json).unwrap();
        let span = &line["span"];
        assert_eq!(
            (&span["orderId"], &span["execution"], &span["requestId"]),
            (&"ord-1".into(), &arn.0.as_str().into(), &request.into())
        );
    }
    assert!(crashed[3].ends_with("Runtime.ExitError"), "{}", crashed[3]);
    assert_eq!(crashed[4], format!("END RequestId: {request}"));
    assert!(crashed[5].starts_with(&format!("REPORT RequestId: {request}\tDuration: ")));
    let errors =
        world.cloud.log_lines("/aws/lambda/process-payment", 0, Some("{ $.level = \"ERROR\" }"), 100).await.unwrap();
    assert_eq!(errors.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_history_is_read_in_pages_and_from_a_known_event_on() {
    let world = World::open().await;
    let arn = world.submit("ord-1", &sample("several-lines")).await;
    world.settled(&arn).await;
    let all = world.cloud.history_after(&arn, 0).await.unwrap();
    assert_eq!(all.last().unwrap().kind, EventKind::ExecutionSucceeded);
    let ids: Vec<i64> = all.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=i64::try_from(all.len()).unwrap()).collect::<Vec<_>>());
    for known in [1, 5, ids.len() - 1] {
        let rest = world.cloud.history_after(&arn, i64::try_from(known).unwrap()).await.unwrap();
        assert_eq!(rest, all[known..], "after {known}");
    }
}

#[tokio::test(start_paused = true)]
async fn metrics_come_through_the_sdk() {
    let world = World::open().await;
    let arn = world.submit("ord-1", &sample("declined")).await;
    let (execution, _) = world.ended(&arn).await;
    let day = 86_400_000;
    let from = execution.summary.started_at.div_euclid(day) * day;
    let periods = Periods { from, to: from + 2 * day, each: day };
    let functions = ["process-payment".to_owned(), "none-such".to_owned()];
    let series = world.cloud.metrics(Some(&local::machine_arn()), &functions, periods).await.unwrap();
    let total = |of: &str, name: Metric, statistic: Statistic| -> f64 {
        let found = series.iter().find(|one| one.of.ends_with(of) && one.name == name && one.statistic == statistic);
        found.unwrap().points.iter().map(|(_, value)| value).fold(0.0, |sum, value| sum + value)
    };
    assert_eq!(series.len(), 8 + 2 * 5);
    assert_eq!(total("order-workflow", Metric::ExecutionsStarted, Statistic::Sum), 1.0);
    assert_eq!(total("order-workflow", Metric::ExecutionsFailed, Statistic::Sum), 1.0);
    assert!(total("process-payment", Metric::Errors, Statistic::Sum) >= 1.0);
    assert_eq!(total("none-such", Metric::Invocations, Statistic::Sum), 0.0);
}

#[tokio::test(start_paused = true)]
async fn what_is_called_is_counted() {
    let world = World::open().await;
    world.cloud.identity().await.unwrap();
    world.cloud.identity().await.unwrap();
    let missing = Arn(local::machine_arn().0.replace(":stateMachine:", ":execution:") + ":none-such");
    world.cloud.execution(&missing).await.unwrap_err();
    let counts = world.cloud.calls(i64::MAX);
    let of = |operation: &str| {
        let found = counts.iter().find(|one| one.operation == operation).unwrap();
        (found.calls, found.throttled, found.failed)
    };
    assert_eq!(of("GetCallerIdentity"), (2, 0, 0));
    assert_eq!(of("DescribeExecution"), (1, 0, 1));
}
