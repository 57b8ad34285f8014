//! The cockpit under load: an execution of 25,000 events, 100,000 log lines, and 200 events a second.
//!
//! What the user feels is a message with the frame that follows it, so that is what is measured, at 200 by 60.

use std::cell::RefCell;

use orderflow_tui::app::model::Drawn;
use orderflow_tui::app::{Key, Model, Msg, update};
use orderflow_tui::facts::{
    Arn, EventKind, ExecutionStatus, ExecutionSummary, HistoryEvent, LogLine, MachineFacts, MachineKind,
};
use orderflow_tui::{local, ui};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const EVENTS: i64 = 25_000;
const LINES: usize = 100_000;

fn main() {
    divan::main();
}

fn arn() -> Arn {
    Arn("arn:aws:states:us-east-1:000000000000:execution:order-workflow:it".into())
}

/// A loop over three states of the order workflow, five events a state.
fn events(count: i64) -> Vec<HistoryEvent> {
    let kinds = [
        (EventKind::StateEntered, "TaskStateEntered"),
        (EventKind::TaskScheduled, "TaskScheduled"),
        (EventKind::TaskStarted, "TaskStarted"),
        (EventKind::TaskSucceeded, "TaskSucceeded"),
        (EventKind::StateExited, "TaskStateExited"),
    ];
    let states = ["ReserveStock", "RecordReserved", "ProcessPayment"];
    (0..count)
        .map(|at| {
            let (kind, type_name) = kinds[usize::try_from(at % 5).unwrap_or(0)];
            let state = states[usize::try_from(at / 5 % 3).unwrap_or(0)];
            let is_of_state = matches!(kind, EventKind::StateEntered | EventKind::StateExited);
            let document =
                || Some(format!(r#"{{"orderId":"ord-{at}","lines":[{{"sku":"KB-1","quantity":2}}]}}"#).into());
            HistoryEvent {
                name: is_of_state.then(|| state.to_owned()),
                input: if kind == EventKind::StateEntered { document() } else { None },
                output: if kind == EventKind::StateExited { document() } else { None },
                parameters: if kind == EventKind::TaskScheduled { document() } else { None },
                resource: (kind == EventKind::TaskScheduled).then(|| "lambda:invoke".to_owned()),
                ..HistoryEvent::new(at + 1, at, at * 5, type_name)
            }
        })
        .collect()
}

fn lines(count: usize) -> Vec<LogLine> {
    (0..count)
        .map(|at| LogLine {
            id: format!("{at:08}"),
            group: "/aws/lambda/process-payment".into(),
            stream: "s".into(),
            at: i64::try_from(at).unwrap_or(0),
            message: format!(
                r#"{{"level":"{}","message":"asking the gateway","orderId":"ord-{}","requestId":"{:08}-0000-0000-0000-000000000000"}}"#,
                if at % 100 == 7 { "ERROR" } else { "INFO" },
                at / 20,
                at / 5
            ),
        })
        .collect()
}

struct App {
    model: Model,
    views: ui::Views,
    terminal: Terminal<TestBackend>,
}

impl App {
    fn new() -> Self {
        let mut model = Model::new("embedded cloud".into(), local::machine_arn(), Vec::new(), 0);
        let summary = ExecutionSummary {
            arn: arn(),
            name: "it".into(),
            status: ExecutionStatus::Running,
            started_at: 0,
            stopped_at: None,
            through: None,
        };
        update(&mut model, Msg::Executions(Ok(vec![summary])));
        let facts = MachineFacts {
            arn: local::machine_arn(),
            name: "order-workflow".into(),
            definition: local::definition(),
            kind: MachineKind::Standard,
            log_group: None,
        };
        update(&mut model, Msg::Machine { execution: Some(arn()), result: Ok(facts) });
        let mut views = ui::Views::default();
        if let Some(wanted) = views.wanted(&model) {
            views.take(ui::Drawings::of(wanted));
        }
        let terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal in memory");
        Self { model, views, terminal }
    }

    fn with(events_of: i64, lines_of: usize) -> Self {
        let mut app = Self::new();
        app.tell(Msg::History { execution: arn(), result: Ok(events(events_of)) });
        app.tell(Msg::Logs(Ok(lines(lines_of))));
        app.frame();
        app
    }

    fn tell(&mut self, message: Msg) {
        update(&mut self.model, message);
    }

    fn frame(&mut self) {
        let (model, views) = (&self.model, &self.views);
        let mut seen = Drawn::default();
        self.terminal.draw(|frame| seen = ui::draw(model, views, frame)).expect("drawing in memory");
        update(&mut self.model, Msg::Drawn(seen));
    }

    fn press(&mut self, key: Key) {
        self.tell(Msg::Key(key));
        self.frame();
    }
}

#[divan::bench(sample_count = 10)]
fn open_25_000_events(bencher: divan::Bencher<'_, '_>) {
    bencher.with_inputs(|| (App::new(), events(EVENTS))).bench_local_values(|(mut app, events)| {
        app.tell(Msg::History { execution: arn(), result: Ok(events) });
        app.frame();
    });
}

#[divan::bench(sample_count = 10)]
fn take_in_100_000_lines(bencher: divan::Bencher<'_, '_>) {
    bencher.with_inputs(|| (App::new(), lines(LINES))).bench_local_values(|(mut app, lines)| {
        app.tell(Msg::Logs(Ok(lines)));
        app.frame();
    });
}

/// A key on the loaded cockpit, with its frame.
fn key(bencher: divan::Bencher<'_, '_>, before: &[Key], keys: &[Key]) {
    let app = RefCell::new(App::with(EVENTS, LINES));
    for key in before {
        app.borrow_mut().press(*key);
    }
    let mut turn = 0;
    bencher.bench_local(|| {
        app.borrow_mut().press(keys[turn % keys.len()]);
        turn += 1;
    });
}

#[divan::bench(sample_count = 200)]
fn scrub_back(bencher: divan::Bencher<'_, '_>) {
    key(bencher, &[Key::Char('7')], &[Key::Char('[')]);
}

#[divan::bench(sample_count = 200)]
fn scroll_events(bencher: divan::Bencher<'_, '_>) {
    key(bencher, &[Key::Char('7')], &[Key::PageUp]);
}

#[divan::bench(sample_count = 20)]
fn search_events_as_typed(bencher: divan::Bencher<'_, '_>) {
    key(
        bencher,
        &[Key::Char('7'), Key::Char('/')],
        &[Key::Char('o'), Key::Char('r'), Key::Char('d'), Key::Backspace, Key::Backspace, Key::Backspace],
    );
}

#[divan::bench(sample_count = 200)]
fn scroll_logs(bencher: divan::Bencher<'_, '_>) {
    key(bencher, &[Key::Char('5')], &[Key::PageUp]);
}

#[divan::bench(sample_count = 20)]
fn search_logs_as_typed(bencher: divan::Bencher<'_, '_>) {
    key(
        bencher,
        &[Key::Char('5'), Key::Char('/')],
        &[Key::Char('g'), Key::Char('a'), Key::Char('t'), Key::Backspace, Key::Backspace, Key::Backspace],
    );
}

#[divan::bench(sample_count = 200)]
fn frame(bencher: divan::Bencher<'_, '_>) {
    let app = RefCell::new(App::with(EVENTS, LINES));
    bencher.bench_local(|| {
        let mut app = app.borrow_mut();
        app.terminal.clear().expect("clearing in memory");
        app.frame();
    });
}

/// Events that come at 200 a second reach the screen in looks of 25 ms: five events and a frame.
#[divan::bench(sample_count = 400)]
fn five_events_and_a_key(bencher: divan::Bencher<'_, '_>) {
    let app = RefCell::new(App::with(5_000, LINES));
    let mut more = events(EVENTS).into_iter().skip(5_000);
    bencher.bench_local(|| {
        let mut app = app.borrow_mut();
        let events = more.by_ref().take(5).collect();
        app.tell(Msg::History { execution: arn(), result: Ok(events) });
        app.press(Key::Down);
    });
}
