//! A dashboard in memory: what it is told, the keys it is given, and its screen.

use order_core::{HistoryEntry, OrderId, OrderRecord, OrderStatus, Payment, PaymentState};
use orderflow_tui::app::clip::Reach;
use orderflow_tui::app::model::Drawn;
use orderflow_tui::app::{Key, Model, Msg, update};
use orderflow_tui::config::{Colours, Signs};
use orderflow_tui::facts::{
    Arn, EventKind, Execution, ExecutionStatus, ExecutionSummary, HistoryEvent, Identity, LogLine, MachineFacts,
    MachineKind, OrderFacts, OrdersAsked, OrdersPage,
};
use orderflow_tui::ui::theme::{Theme, Variables};
use orderflow_tui::{local, ui};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;

/// 2026-01-01T12:00:00Z.
pub(crate) const NOON: i64 = 1_767_268_800_000;

pub(crate) const CHARGED: &str = "1 0 ExecutionStarted
2 0 TaskStateEntered ReserveStock
3 2 TaskScheduled
4 3 TaskSucceeded
5 4 TaskStateExited ReserveStock
6 5 TaskStateEntered ProcessPayment
7 6 TaskScheduled
8 7 TaskFailed PaymentDeclined
9 8 TaskStateExited ProcessPayment
10 9 ExecutionFailed PaymentDeclined";

pub(crate) const SHORT: &str = "1 0 ExecutionStarted
2 0 TaskStateEntered ReserveStock
3 2 TaskScheduled
4 3 TaskFailed OutOfStock
5 4 TaskStateExited ReserveStock
6 5 ExecutionFailed OutOfStock";

/// A dashboard that nobody but the test talks to.
pub(crate) struct App {
    pub(crate) model: Model,
    pub(crate) views: ui::Views,
    pub(crate) terminal: Terminal<TestBackend>,
}

pub(crate) fn arn(name: &str) -> Arn {
    Arn(format!("arn:aws:states:us-east-1:000000000000:execution:order-workflow:{name}"))
}

pub(crate) fn invoices() -> Arn {
    Arn("arn:aws:states:us-east-1:000000000000:stateMachine:invoices".into())
}

pub(crate) fn summary(name: &str, status: ExecutionStatus, seconds: i64) -> ExecutionSummary {
    ExecutionSummary {
        arn: arn(name),
        name: name.to_owned(),
        status,
        started_at: NOON - seconds * 1000,
        stopped_at: status.is_over().then_some(NOON - seconds * 1000 + 1234),
        through: None,
    }
}

/// What the table answers if nothing special was asked for.
pub(crate) fn orders(listed: &[(&str, OrderStatus)]) -> Msg {
    let orders = listed.iter().map(|(name, status)| record(name, *status)).collect();
    Msg::Orders { asked: OrdersAsked::default(), result: Ok(OrdersPage { orders, has_more: false }) }
}

pub(crate) fn record(name: &str, status: OrderStatus) -> OrderRecord {
    let entry = |status, second: u32, reason: &str| HistoryEntry {
        status,
        at: format!("2026-01-01T11:59:{second:02}.000Z"),
        reason: reason.to_owned(),
        execution: arn(name).0,
    };
    OrderRecord {
        order_id: OrderId::new(name).unwrap(),
        status,
        created_at: "2026-01-01T11:59:00.000Z".into(),
        updated_at: "2026-01-01T11:59:01.000Z".into(),
        execution: arn(name).0,
        order: json!({"customer": {"name": "Ada Example"}, "currency": "EUR", "total": 259_800}),
        approval_token: (status == OrderStatus::AwaitingApproval).then(|| "token".to_owned()),
        history: vec![
            entry(OrderStatus::Received, 0, "Order taken in"),
            entry(status, 1, "The amount needs somebody's approval"),
        ],
    }
}

/// `id previous Type name-or-error`, one event a line.
pub(crate) fn history(script: &str) -> Vec<HistoryEvent> {
    script
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let kind = EventKind::of(words[2]);
            let failed = matches!(kind, EventKind::TaskFailed | EventKind::ExecutionFailed);
            let word = words.get(3).map(|word| (*word).to_owned());
            let (id, previous) = (words[0].parse().unwrap(), words[1].parse().unwrap());
            HistoryEvent {
                name: word.clone().filter(|_| !failed),
                error: word.filter(|_| failed),
                cause: failed.then(|| {
                    json!({"errorType": words[3], "errorMessage": "insufficient funds \u{1b}[31m"}).to_string().into()
                }),
                input: Some(r#"{"orderId":"ord-2"}"#.into()).filter(|_| kind == EventKind::StateEntered),
                length: words.get(4).and_then(|length| length.parse().ok()),
                ..HistoryEvent::new(id, previous, NOON - 10_000 + id * 100, words[2])
            }
        })
        .collect()
}

pub(crate) const DECLINED: &str = "1 0 ExecutionStarted
2 0 TaskStateEntered ReceiveOrder
3 2 TaskStateExited ReceiveOrder
4 3 TaskStateEntered ValidateOrder
5 4 TaskStateExited ValidateOrder
6 5 MapStateEntered CheckLines
7 6 MapStateStarted - 2
8 7 MapStateExited CheckLines
9 8 TaskStateEntered ReserveStock
10 9 TaskStateExited ReserveStock
11 10 TaskStateEntered RecordReserved
12 11 TaskStateExited RecordReserved
13 12 ChoiceStateEntered IsLargeOrder
14 13 ChoiceStateExited IsLargeOrder
15 14 TaskStateEntered ProcessPayment
16 15 TaskScheduled
17 16 TaskStarted
18 17 TaskFailed PaymentDeclined
19 18 TaskStateExited ProcessPayment
20 19 TaskStateEntered VoidPayment";

/// Two items under way of three.
pub(crate) const ITEMS: &str = "1 0 ExecutionStarted
2 0 MapStateEntered CheckLines
3 2 MapStateStarted - 3
4 3 MapIterationStarted CheckLines
5 4 TaskStateEntered LookAtStock
6 3 MapIterationStarted CheckLines
7 6 TaskStateEntered LookAtStock";

/// A state entered twice, and a gateway that has not answered twice.
pub(crate) const BACKING_OFF: &str = "1 0 ExecutionStarted
2 0 TaskStateEntered ReceiveOrder
3 2 TaskStateExited ReceiveOrder
4 3 TaskStateEntered ReceiveOrder
5 4 TaskStateExited ReceiveOrder
6 5 TaskStateEntered ProcessPayment
7 6 TaskScheduled
8 7 TaskFailed PaymentGatewayUnavailable
9 8 TaskScheduled
99 9 TaskFailed PaymentGatewayUnavailable";

impl App {
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let samples = local::samples().unwrap();
        let model = Model::new("embedded cloud".into(), local::machine_arn(), samples, NOON);
        Self { model, views: ui::Views::default(), terminal: Terminal::new(TestBackend::new(width, height)).unwrap() }
    }

    /// A dashboard with orders in it, looking at one whose payment was declined.
    pub(crate) fn lively(width: u16, height: u16) -> Self {
        Self::running(width, height, DECLINED)
    }

    /// The same, with another history of the order that is looked at.
    pub(crate) fn running(width: u16, height: u16, script: &str) -> Self {
        let mut app = Self::new(width, height);
        let identity = Identity { account: "000000000000".into(), arn: "arn:aws:iam::000000000000:root".into() };
        app.tell(Msg::Identity(Ok(identity)));
        app.tell(Msg::Executions(Ok(vec![
            summary("ord-2", ExecutionStatus::Running, 10),
            summary("ord-1", ExecutionStatus::Succeeded, 65),
            summary("ord-0", ExecutionStatus::Failed, 4000),
        ])));
        let facts = MachineFacts {
            arn: local::machine_arn(),
            name: "order-workflow".into(),
            definition: local::definition(),
            kind: MachineKind::Standard,
            log_group: None,
        };
        app.tell(Msg::Machine { execution: Some(arn("ord-2")), result: Ok(facts) });
        app.tell(Msg::History { execution: arn("ord-2"), result: Ok(history(script)) });
        app.tell(orders(&[
            ("ord-3", OrderStatus::AwaitingApproval),
            ("ord-1", OrderStatus::Confirmed),
            ("ord-0", OrderStatus::OutOfStock),
        ]));
        app.tell(Msg::Order {
            id: OrderId::new("ord-3").unwrap(),
            result: Box::new(Ok(Some(OrderFacts {
                record: record("ord-3", OrderStatus::AwaitingApproval),
                payment: Some(Payment {
                    state: PaymentState::Voided,
                    amount: String::new(),
                    reference: String::new(),
                    at: String::new(),
                }),
                reservation: None,
            }))),
        });
        let line = |id: i64, message: &str| LogLine {
            id: id.to_string(),
            group: "/aws/lambda/process-payment".into(),
            stream: "s".into(),
            at: NOON - 1000 + id,
            message: message.to_owned(),
        };
        app.tell(Msg::Logs(Ok(vec![
            line(1, "START RequestId: 11111111-1111-1111-1111-111111111111 Version: $LATEST"),
            line(2, r#"{"level":"INFO","message":"asking the gateway","attempt":0,"span":{"orderId":"ord-2","execution":"…:ord-2","requestId":"11111111-1111-1111-1111-111111111111"}}"#),
            line(3, r#"{"level":"ERROR","message":"payment declined: \u001b[2Jinsufficient funds","error":"PaymentDeclined","span":{"orderId":"ord-2","execution":"…:ord-2"}}"#),
        ])));
        app
    }

    /// All executions on the graph.
    pub(crate) fn counted(width: u16, height: u16) -> Self {
        let mut app = Self::lively(width, height);
        for (name, status) in [("ord-1", ExecutionStatus::Succeeded), ("ord-0", ExecutionStatus::Failed)] {
            app.details(name, status);
        }
        app.keys(&[Key::Char('v')])
    }

    /// Two executions beside each other.
    pub(crate) fn compared(width: u16, height: u16) -> Self {
        let app = Self::lively(width, height);
        let mut app = app.keys(&[Key::Char(' '), Key::Down, Key::Down, Key::Char(' '), Key::Char('c')]);
        app.tell(Msg::Compared { execution: arn("ord-2"), result: Ok(history(CHARGED)) });
        app.tell(Msg::Compared { execution: arn("ord-0"), result: Ok(history(SHORT)) });
        app
    }

    pub(crate) fn details(&mut self, name: &str, status: ExecutionStatus) {
        let execution = Execution {
            summary: summary(name, status, 60),
            machine: local::machine_arn(),
            input: Some(format!(r#"{{"orderId":"{name}"}}"#)),
            output: None,
            error: (status == ExecutionStatus::Failed).then(|| "OutOfStock".to_owned()),
            cause: None,
        };
        let events = if status == ExecutionStatus::Failed { history(SHORT) } else { history(CHARGED) };
        self.tell(Msg::Details { execution: arn(name), result: Box::new(Ok((execution, events))) });
    }

    /// The account has a second machine.
    pub(crate) fn with_invoices(mut self) -> Self {
        self.tell(Msg::Machines { machines: vec![invoices(), local::machine_arn()], problem: None });
        self
    }

    /// What is told of the second machine.
    pub(crate) fn invoiced(mut self) -> Self {
        let facts = MachineFacts {
            arn: invoices(),
            name: "invoices".into(),
            definition: json!({"StartAt": "Gather", "States": {
                "Gather": {"Type": "Pass", "Next": "Send"},
                "Send": {"Type": "Succeed"}
            }})
            .to_string(),
            kind: MachineKind::Standard,
            log_group: None,
        };
        self.tell(Msg::Machine { execution: None, result: Ok(facts) });
        self.tell(Msg::Executions(Ok(Vec::new())));
        self
    }

    pub(crate) fn read_only(mut self) -> Self {
        self.model.settings.read_only = true;
        self
    }

    pub(crate) fn tell(&mut self, message: Msg) {
        update(&mut self.model, message);
    }

    pub(crate) fn keys(mut self, keys: &[Key]) -> Self {
        for key in keys {
            // Nobody presses a key before the screen is there.
            self.screen();
            self.tell(Msg::Key(*key));
        }
        self
    }

    /// An account with two profiles.
    pub(crate) fn on_aws(mut self) -> Self {
        self.model.reach = Some(Reach::default());
        self.model.elsewhere.profiles = vec!["dev".into(), "live".into()];
        self.model.elsewhere.regions = vec!["eu-west-1".into()];
        self.model.settings.production = vec!["live".into()];
        self
    }

    /// On a terminal that shows nothing but ASCII.
    pub(crate) fn in_ascii(mut self) -> Self {
        let colours = Colours { signs: Some(Signs::Ascii), ..Colours::default() };
        self.views = ui::Views::new(Theme::of(&colours, &Variables::of(|_| None)));
        self
    }

    pub(crate) fn screen(&mut self) -> String {
        if let Some(machine) = self.views.wanted(&self.model) {
            self.views.take(ui::Drawings::of(machine));
        }
        let (model, views) = (&self.model, &self.views);
        let mut seen = Drawn::default();
        self.terminal.draw(|frame| seen = ui::draw(model, views, frame)).unwrap();
        update(&mut self.model, Msg::Drawn(seen));
        self.terminal.backend().to_string()
    }
}

/// Keys that are characters.
pub(crate) fn typed(text: &str) -> Vec<Key> {
    text.chars().map(Key::Char).collect()
}
