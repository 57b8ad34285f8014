use order_core::{HistoryEntry, OrderId, OrderRecord, OrderStatus, Payment, PaymentState};
use serde_json::json;

use super::document::{Document, Text};
use super::*;
use crate::app::script::{events, run};
use crate::app::tree::RowValue;

const FIRST: &str = "0a0a0a0a-0000-4000-8000-000000000000";
const SECOND: &str = "0b0b0b0b-0000-4000-8000-000000000000";

const DEFINITION: &str = r#"{"StartAt": "Pay", "States": {
    "Pay": {"Type": "Task", "Comment": "Charges.", "Resource": "arn:aws:states:::lambda:invoke", "Next": "No",
        "Retry": [{"ErrorEquals": ["Declined"], "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "No"}]},
    "No": {"Type": "Fail", "Error": "OrderFailed", "Cause": "nobody paid"}}}"#;

const PAID_TWICE: &str = r#"
    1<0 0 ExecutionStarted | input {"orderId":"ord-1"}
    2<0 5 TaskStateEntered Pay | input {"orderId":"ord-1"}
    3<2 10 TaskScheduled resource=lambda:invoke | parameters {"FunctionName":"pay"}
    4<3 110 TaskFailed error=Declined | cause {"errorMessage":"card declined","errorType":"CardError","stackTrace":["a","b"]}
    5<4 1110 TaskScheduled resource=lambda:invoke | parameters {"FunctionName":"pay"}
    6<5 1310 TaskFailed error=Declined | cause {"errorMessage":"card declined","errorType":"CardError","stackTrace":["a","b"]}
    7<6 1310 TaskStateExited Pay assigned=x:1 | output {"error":"Declined"}
    8<7 1310 FailStateEntered No
    9<8 1310 ExecutionFailed error=OrderFailed"#;

struct Known {
    arn: Arn,
    run: Run,
    machine: Option<asl::Machine>,
    logs: Vec<LogLine>,
    order: Option<OrderFacts>,
}

impl Known {
    fn new(script: &str) -> Self {
        let line = |at: Millis, message: String| LogLine {
            id: at.to_string(),
            group: "/aws/lambda/pay".into(),
            stream: "s".into(),
            at,
            message,
        };
        Self {
            arn: Arn("arn:aws:states:us-east-1:1:execution:orders:run-1".into()),
            run: run(script),
            machine: asl::read(DEFINITION).0,
            logs: vec![
                line(20, format!("RequestId: {FIRST} ord-1")),
                line(
                    1120,
                    format!(r#"{{"level":"ERROR","message":"no money","requestId":"{SECOND}","orderId":"ord-1"}}"#),
                ),
                line(1130, format!("END RequestId: {SECOND}\n")),
            ],
            order: Some(order()),
        }
    }

    fn show(&self, inspector: &mut Inspector, state: &str, now: Millis) {
        self.show_visit(inspector, state, (None, None), now);
    }

    fn show_visit(
        &self,
        inspector: &mut Inspector,
        state: &str,
        (iteration, visit): (Option<usize>, Option<usize>),
        now: Millis,
    ) {
        let logs: Vec<&LogLine> = self.logs.iter().collect();
        inspector.show_state(&Sources {
            execution: Some(&self.arn),
            run: Some(&self.run),
            machine: self.machine.as_ref(),
            definition: Some(DEFINITION),
            state: Some(state),
            iteration,
            visit,
            logs: &logs,
            order: self.order.as_ref(),
            now,
        });
    }
}

fn order() -> OrderFacts {
    let arn = "arn:aws:states:us-east-1:1:execution:orders:run-1";
    let entry = |status, at: &str, reason: &str| HistoryEntry {
        status,
        at: at.to_owned(),
        reason: reason.to_owned(),
        execution: arn.to_owned(),
    };
    OrderFacts {
        record: OrderRecord {
            order_id: OrderId::new("ord-1").unwrap(),
            status: OrderStatus::PaymentFailed,
            created_at: "1970-01-01T00:00:00.001Z".into(),
            updated_at: "1970-01-01T00:00:01.400Z".into(),
            execution: arn.into(),
            order: json!({
                "customer": {"name": "Ada"}, "currency": "EUR", "total": 17_800,
                "lines": [{"sku": "KB-75", "quantity": 2, "unitPrice": 8_900}],
            }),
            approval_token: None,
            history: vec![
                entry(OrderStatus::Received, "1970-01-01T00:00:00.001Z", "taken in"),
                entry(OrderStatus::Reserved, "1970-01-01T00:00:00.003Z", "in stock"),
                entry(OrderStatus::PaymentFailed, "1970-01-01T00:00:01.400Z", "no payment"),
            ],
        },
        payment: Some(Payment {
            state: PaymentState::Charged,
            amount: "178.00 EUR".into(),
            reference: "ch_1".into(),
            at: "1970-01-01T00:00:01.000Z".into(),
        }),
        reservation: None,
    }
}

fn text_of(row: &InspectorRow) -> String {
    let fold = |folded: bool| if folded { '+' } else { '-' };
    let note = |note: &str| if note.is_empty() { String::new() } else { format!(" ({note})") };
    match &row.kind {
        RowKind::Status { status, took, visit, visits, folded, .. } => {
            let word = status.map_or("not reached", |status| status.word());
            format!("{} {word} {} {visit}/{visits}", fold(*folded), took.unwrap_or(-1))
        }
        RowKind::Order { status, folded } => format!("{} {status}", fold(*folded)),
        RowKind::Heading { title, folded, note: words } => format!("{} {title}{}", fold(*folded), note(words)),
        RowKind::Fact { name: "", value, .. } => value.clone(),
        RowKind::Fact { name, value, .. } => format!("{name}: {value}"),
        RowKind::Tree(row) => {
            let key = row.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
            let value = match &row.value {
                RowValue::Open { count, folded: true, .. } => format!("+{count}"),
                RowValue::Open { count, .. } => format!("{{{count}"),
                RowValue::Close { .. } => "}".to_owned(),
                RowValue::Text(text) | RowValue::Number(text) => text.clone(),
                RowValue::Bool(value) => value.to_string(),
                RowValue::Null => "null".to_owned(),
            };
            format!("{}{key}{value}", "  ".repeat(row.depth))
        }
        RowKind::Try { number, waited, took, outcome, cause, .. } => {
            let cause = note(cause.as_deref().unwrap_or_default());
            format!("{number} {} {outcome:?} {took}{cause}", waited.unwrap_or(-1))
        }
        RowKind::Step { moment, at, status, reason } => {
            let moment = moment.map(|moment| format!("{moment:?} ")).unwrap_or_default();
            format!("{moment}{} {status} {reason}", at.unwrap_or(-1))
        }
        RowKind::Log { at, level, text, .. } => format!("{at} {level} {text}"),
        RowKind::Event { id, type_name, offset, .. } => format!("{id} {type_name} +{offset}"),
    }
}

fn texts(inspector: &Inspector) -> Vec<String> {
    inspector.rows(0, usize::MAX).iter().map(text_of).collect()
}

fn current(inspector: &Inspector) -> String {
    inspector.rows(inspector.cursor(), 1).iter().map(text_of).collect()
}

/// Moves the cursor to the first row of that text.
fn go(inspector: &mut Inspector, text: &str) {
    let row = texts(inspector).iter().position(|row| row.trim_start() == text).unwrap();
    inspector.to_first();
    inspector.move_by(isize::try_from(row).unwrap());
    assert_eq!(current(inspector).trim_start(), text);
}

fn failed() -> Inspector {
    let mut inspector = Inspector::default();
    Known::new(PAID_TWICE).show(&mut inspector, "Pay", 9_000);
    inspector
}

#[test]
fn a_failure_with_all_that_belongs_to_it() {
    let inspector = failed();
    let request = format!("request: {SECOND}");
    let line = format!("1120 ERROR no money requestId={SECOND} orderId=ord-1");
    let end = format!("1130  END RequestId: {SECOND}");
    let first = format!("20  RequestId: {FIRST} ord-1");
    let expected = [
        "+ caught 1305 1/1",
        "- failure",
        "error: Declined",
        "message: card declined",
        "type: CardError",
        "Retry[0] (Declined) allows 1 retry, 1 used: exhausted",
        "Catch[0] (States.ALL) leads to No",
        "+ stack trace (2 lines)",
        "+ cause",
        "- tries (2)",
        r#"1 -1 Failed("Declined") 100 (card declined)"#,
        r#"2 1000 Failed("Declined") 200 (card declined)"#,
        "- log lines (2)",
        request.as_str(),
        line.as_str(),
        end.as_str(),
        "try 1",
        first.as_str(),
        "- order row (ord-1)",
        "Before 3 RESERVED in stock",
        "After 1400 PAYMENT_FAILED no payment",
        "- input",
        "{1",
        "  orderId: ord-1",
        "}",
        "- output",
        "{1",
        "  error: Declined",
        "}",
        "- called with (lambda:invoke)",
        "{1",
        "  FunctionName: pay",
        "}",
        "- variables (1)",
        "$x: 1",
        "+ definition",
        "+ events (6)",
    ];
    assert_eq!(texts(&inspector), expected);
    assert_eq!(inspector.lens().map(|lens| lens.error.as_str()), Some("Declined"));
    // Any window is a part of the whole.
    let all = inspector.rows(0, usize::MAX);
    for first in 0..=all.len() {
        let window = inspector.rows(first, 5);
        assert_eq!(window, all[first..all.len().min(first + 5)], "{first}");
    }
}

#[test]
fn what_is_folded_opens() {
    let mut inspector = failed();
    go(&mut inspector, "+ caught 1305 1/1");
    assert!(inspector.toggle());
    assert_eq!(texts(&inspector)[..3], ["- caught 1305 1/1", "type: Task", "Charges."]);
    go(&mut inspector, "+ events (6)");
    assert!(inspector.toggle());
    let shown = texts(&inspector);
    let expected = [
        "2 TaskStateEntered +0",
        "3 TaskScheduled +5",
        "4 TaskFailed +105",
        "5 TaskScheduled +1105",
        "6 TaskFailed +1305",
    ];
    assert_eq!(shown[shown.len() - 6..shown.len() - 1], expected);
    // A fact does not fold; what closes folds what it closes.
    go(&mut inspector, "type: Task");
    assert!(!inspector.toggle());
    go(&mut inspector, "orderId: ord-1");
    inspector.move_by(1);
    assert!(inspector.toggle());
    assert_eq!(current(&inspector), "+1");
    inspector.fold_all();
    assert_eq!(current(&inspector), "+ input");
    assert_eq!(inspector.len(), 15);
    inspector.unfold_all();
    assert_eq!(current(&inspector), "- input");
    assert!(texts(&inspector).contains(&"a".to_owned()));
}

#[test]
fn cursor_and_folds_stay_while_events_come_in() {
    let mut inspector = Inspector::default();
    let mut known = Known::new("");
    let all = events(PAID_TWICE);
    known.run.absorb(all[..3].iter().cloned());
    known.show(&mut inspector, "Pay", 105);
    assert_eq!(texts(&inspector)[0], "- running 100 1/1");
    known.show(&mut inspector, "Pay", 205);
    assert_eq!(texts(&inspector)[0], "- running 200 1/1");
    go(&mut inspector, "- called with (lambda:invoke)");
    inspector.toggle();
    go(&mut inspector, "orderId: ord-1");
    for count in 4..=all.len() {
        known.run.absorb(all[..count].iter().cloned());
        known.show(&mut inspector, "Pay", 9_000);
        assert_eq!(current(&inspector).trim_start(), "orderId: ord-1", "{count}");
        assert!(texts(&inspector).contains(&"+ called with (lambda:invoke)".to_owned()), "{count}");
    }
    // Another state begins anew.
    known.show(&mut inspector, "No", 9_000);
    assert_eq!(inspector.cursor(), 0);
    known.show(&mut inspector, "Pay", 9_000);
    assert!(texts(&inspector).contains(&"- called with (lambda:invoke)".to_owned()));
}

#[test]
fn a_search_goes_through_everything() {
    let mut inspector = failed();
    assert_eq!(inspector.search("DECLINED"), 8);
    let expected = [
        "error: Declined",
        "message: card declined",
        "Retry[0] (Declined) allows 1 retry, 1 used: exhausted",
        "errorMessage: card declined",
        r#"1 -1 Failed("Declined") 100 (card declined)"#,
        r#"2 1000 Failed("Declined") 200 (card declined)"#,
        "error: Declined",
        "Declined",
        "error: Declined",
    ];
    for (index, text) in expected.iter().enumerate() {
        assert_eq!(current(&inspector).trim_start(), *text, "{index}");
        assert!(inspector.rows(inspector.cursor(), 1)[0].is_match, "{index}");
        inspector.next_match(true);
    }
    assert_eq!(current(&inspector), "message: card declined");
    inspector.next_match(false);
    inspector.next_match(false);
    assert_eq!(current(&inspector).trim_start(), "Declined");
    // From between two hits to the one after, and what follows the cursor counts first.
    go(&mut inspector, "- input");
    inspector.next_match(true);
    assert_eq!(current(&inspector), "  error: Declined");
    assert_eq!(inspector.search("$x"), 1);
    assert_eq!(current(&inspector), "$x: 1");
    assert_eq!(inspector.search("ord-1"), 3);
    assert_eq!(inspector.search("nowhere"), 0);
    assert!(!inspector.next_match(true));
    assert_eq!(inspector.search(""), 0);
    assert!(inspector.rows(0, usize::MAX).iter().all(|row| !row.is_match));
}

#[test]
fn what_can_be_copied() {
    let mut inspector = failed();
    let mut check = |row: &str, expected: &[(&str, &str)]| {
        go(&mut inspector, row);
        let found = inspector.copyables();
        let found: Vec<(&str, &str)> = found.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(found, expected, "{row}");
    };
    let input = r#"{"orderId":"ord-1"}"#;
    check("orderId: ord-1", &[("value", "ord-1"), ("JSONPath", "$.orderId"), ("document", input)]);
    check("$x: 1", &[("value", "1"), ("JSONPath", "$x"), ("document", "$x = 1")]);
    check("- input", &[("document", input)]);
    check(
        "After 1400 PAYMENT_FAILED no payment",
        &[("value", "PAYMENT_FAILED no payment"), ("section", "RESERVED in stock\nPAYMENT_FAILED no payment")],
    );
}

#[test]
fn the_visit_that_is_shown() {
    let known = Known::new(
        "1<0 0 ExecutionStarted
         2<0 0 MapStateEntered Each
         3<2 0 MapStateStarted length=2
         4<3 0 MapIterationStarted Each index=0
         5<4 1 PassStateEntered T
         6<5 2 PassStateExited T
         7<6 2 MapIterationSucceeded Each index=0
         8<6 2 MapIterationStarted Each index=1
         9<8 3 PassStateEntered T
         10<9 4 EvaluationFailed T error=Boom",
    );
    let mut inspector = Inspector::default();
    let mut check = |state: &str, chosen: (Option<usize>, Option<usize>), expected: &str| {
        known.show_visit(&mut inspector, state, chosen, 10);
        assert_eq!(texts(&inspector)[0].get(2..), Some(expected), "{state} {chosen:?}");
    };
    check("T", (None, None), "retrying 7 2/2");
    check("T", (Some(0), None), "succeeded 1 1/1");
    check("T", (None, Some(1)), "succeeded 1 1/2");
    check("T", (None, Some(0)), "retrying 7 2/2");
    check("T", (Some(7), None), "not reached -1 0/0");
    check("Each", (Some(1), None), "running 10 1/1");
    go(&mut inspector, "+ events (5)");
    inspector.toggle();
    let ids: Vec<String> = texts(&inspector).iter().rev().take(5).rev().map(|row| row[..2].trim().to_owned()).collect();
    assert_eq!(ids, ["2", "3", "4", "7", "8"]);
}

#[test]
fn large_documents_start_folded() {
    let length = |text: String| Document::new(Text { name: None, text: text.into() }, None).length();
    let inner = r#"{"x":[1,2],"y":1}"#;
    let fields: Vec<String> = (0..10).map(|field| format!(r#""f{field}":{inner}"#)).collect();
    assert_eq!(length(format!("{{{}}}", fields.join(","))), 2 + 10 * 4);
    assert_eq!(length(format!("[{}]", vec![inner; 500].join(","))), 502);
    assert_eq!(length(format!("[{inner},{inner}]")), 2 + 2 * 7);
    assert_eq!(length("no\nJSON".to_owned()), 2);
}

#[test]
fn an_order_and_a_sentence() {
    let mut inspector = Inspector::default();
    inspector.show_note("Choose an order.");
    assert_eq!(texts(&inspector), ["Choose an order."]);
    let mut facts = order();
    inspector.show_order(&facts);
    let expected = [
        "- PAYMENT_FAILED",
        "customer: Ada",
        "total: 178.00 EUR",
        "payment: CHARGED 178.00 EUR ch_1",
        "execution: run-1",
        "- lines (1)",
        "2 x KB-75  89.00 EUR",
        "- history",
        "1 RECEIVED taken in",
        "3 RESERVED in stock",
        "1400 PAYMENT_FAILED no payment",
        "- order",
    ];
    assert_eq!(texts(&inspector)[..expected.len()], expected);
    go(&mut inspector, "3 RESERVED in stock");
    facts.record.approval_token = Some("token".to_owned());
    inspector.show_order(&facts);
    assert_eq!(current(&inspector), "3 RESERVED in stock");
    assert_eq!(texts(&inspector)[1], "waits for approval: a approves, r rejects");
}

#[test]
fn what_is_drawn_follows_the_cursor() {
    let mut inspector = failed();
    let last = inspector.len() - 1;
    inspector.drawn(Drawn { first: 0, heights: vec![1, 3, 1, 1, 2] });
    assert!(inspector.click(3) && !inspector.click(8));
    assert_eq!((inspector.cursor(), inspector.first()), (1, 0));
    inspector.page_by(1);
    assert_eq!((inspector.cursor(), inspector.first()), (5, 1));
    inspector.scroll_by(10);
    assert_eq!((inspector.cursor(), inspector.first()), (11, 11));
    inspector.to_last();
    assert_eq!((inspector.cursor(), inspector.first()), (last, last - 4));
    inspector.scroll_by(-3);
    assert_eq!((inspector.cursor(), inspector.first()), (last - 3, last - 7));
    inspector.to_first();
    assert_eq!((inspector.cursor(), inspector.first()), (0, 0));
    inspector.drawn(Drawn::default());
    assert!(inspector.click(0));
}
