//! An exported execution as a Markdown report.
//!
//! Never knows a time zone: whoever calls says how times are written.

use super::Exported;
use crate::app::lens::{Lens, failures};
use crate::app::markdown::{code, document, prose, table, took};
use crate::app::run::{Run, Visit};
use crate::facts::{Arn, LogLine, Millis};

impl Exported {
    /// What the execution is, its states, the first cause of its failure if it has one, its input and its output.
    pub fn to_markdown(&self, time: &dyn Fn(Millis) -> String) -> String {
        let run = self.run();
        let mut text = format!("# {}\n\n{}", prose(&self.execution.name), self.summary(time));
        let rows: Vec<[String; 5]> = (0..run.visits.len()).filter_map(|visit| row(&run, visit)).collect();
        if !rows.is_empty() {
            let head = ["State", "Status", "Took", "Tries", "Error"];
            text.push_str(&format!("\n## States\n\n{}", table(head, &rows)));
        }
        if let Some(lens) = self.first_failure(&run) {
            text.push_str(&format!("\n{}", lens.section(2, time)));
        }
        for (title, value) in [("Input", &self.execution.input), ("Output", &self.execution.output)] {
            if let Some(value) = value {
                text.push_str(&format!("\n## {title}\n\n{}", document(value)));
            }
        }
        text
    }

    fn summary(&self, time: &dyn Fn(Millis) -> String) -> String {
        let execution = &self.execution;
        let mut rows = vec![
            ["Status".to_owned(), execution.status.as_str().to_owned()],
            ["State machine".to_owned(), code(&self.machine.name)],
            ["ARN".to_owned(), code(&execution.arn)],
            ["Started".to_owned(), prose(&time(execution.started_at))],
        ];
        let mut more = |name: &str, value: Option<String>| rows.extend(value.map(|value| [name.to_owned(), value]));
        more("Ended", execution.stopped_at.map(|at| prose(&time(at))));
        more("Took", execution.stopped_at.map(|at| took(at.saturating_sub(execution.started_at))));
        more("Error", execution.error.as_deref().map(code));
        let order = self.order.as_ref();
        more("Order", order.map(|order| format!("{} {}", code(order.order_id.as_str()), order.status.as_str())));
        table(["Execution", ""], &rows)
    }

    fn first_failure(&self, run: &Run) -> Option<Lens> {
        let first = *failures(run).first()?;
        let (machine, logs) = (asl::read(&self.machine.definition).0, self.logs());
        let logs: Vec<&LogLine> = logs.iter().collect();
        Lens::of(&Arn(self.execution.arn.clone()), run, machine.as_ref(), &logs, first)
    }
}

fn row(run: &Run, visit: usize) -> Option<[String; 5]> {
    let visit = run.visits.get(visit)?;
    let iteration = visit.iteration.map(|index| format!(" [{index}]")).unwrap_or_default();
    let name = prose(&format!("{}{}{iteration}", "↳ ".repeat(depth(run, visit)), visit.state));
    Some([
        name,
        visit.status.word().to_owned(),
        visit.left_at.map(|left| took(left.saturating_sub(visit.entered_at))).unwrap_or_default(),
        if visit.attempts.is_empty() { String::new() } else { visit.attempts.len().to_string() },
        visit.error.as_deref().map(code).unwrap_or_default(),
    ])
}

fn depth(run: &Run, visit: &Visit) -> usize {
    std::iter::successors(visit.parent, |around| run.visits.get(*around)?.parent).count()
}
