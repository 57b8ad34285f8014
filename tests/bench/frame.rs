//! How long a frame of 200 by 60 takes, by the states of the machine that is looked at, all of them visited.

use orderflow_tui::app::{Model, Msg, update};
use orderflow_tui::facts::{Arn, ExecutionStatus, ExecutionSummary, HistoryEvent, MachineFacts, MachineKind};
use orderflow_tui::{local, ui};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

fn main() {
    divan::main();
}

/// A chain of states, each of which may fail to the same handler.
fn definition(states: usize) -> String {
    let mut all: serde_json::Map<String, Value> = (0..states)
        .map(|at| {
            let next = if at + 1 == states { "Done".to_owned() } else { format!("State{}", at + 1) };
            let state = json!({
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:000000000000:function:work",
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
                "Next": next,
            });
            (format!("State{at}"), state)
        })
        .collect();
    all.insert("Done".into(), json!({"Type": "Succeed"}));
    all.insert("Failed".into(), json!({"Type": "Fail"}));
    json!({"StartAt": "State0", "States": all}).to_string()
}

fn event(id: i64, type_name: &str, name: Option<String>) -> HistoryEvent {
    HistoryEvent { name, ..HistoryEvent::new(id, id - 1, id, type_name) }
}

fn model(states: usize) -> Model {
    let arn = Arn("arn:aws:states:us-east-1:000000000000:execution:order-workflow:it".into());
    let mut model = Model::new("embedded cloud".into(), local::machine_arn(), Vec::new(), 0);
    let summary = ExecutionSummary {
        arn: arn.clone(),
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
        definition: definition(states),
        kind: MachineKind::Standard,
        log_group: None,
    };
    update(&mut model, Msg::Machine { execution: Some(arn.clone()), result: Ok(facts) });
    let mut events = vec![event(1, "ExecutionStarted", None)];
    for at in 0..states {
        for type_name in ["TaskStateEntered", "TaskStateExited"] {
            let id = i64::try_from(events.len() + 1).unwrap_or(i64::MAX);
            events.push(event(id, type_name, Some(format!("State{at}"))));
        }
    }
    update(&mut model, Msg::History { execution: arn, result: Ok(events) });
    model
}

#[divan::bench(args = [10, 100, 1_000])]
fn frame(bencher: divan::Bencher<'_, '_>, states: usize) {
    let model = model(states);
    let mut views = ui::Views::default();
    if let Some(machine) = views.wanted(&model) {
        views.take(ui::Drawings::of(machine));
    }
    bencher.bench_local(|| {
        // A new terminal each time, so that every cell is drawn.
        let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
        terminal.draw(|frame| _ = ui::draw(&model, &views, frame)).unwrap();
    });
}
