//! A failure as a Markdown report, to hand to somebody who has no terminal at hand.
//!
//! Never knows a time zone: whoever calls says how times are written.

use super::{Lens, Try};
use crate::app::markdown::{code, document, fenced, prose, table, took};
use crate::facts::Millis;

impl Lens {
    /// The whole of it as Markdown.
    pub fn to_markdown(&self, time: &dyn Fn(Millis) -> String) -> String {
        self.section(1, time)
    }

    /// The same as a section of a larger report, with headings from `level` on.
    pub(in crate::app) fn section(&self, level: usize, time: &dyn Fn(Millis) -> String) -> String {
        let (head, inner) = ("#".repeat(level), "#".repeat(level + 1));
        let iteration = self.iteration.map(|index| format!(", iteration {index}")).unwrap_or_default();
        let mut text = format!(
            "{head} {} failed with {}\n\nIn execution {}{iteration}: {}\n",
            prose(&self.state),
            prose(&self.error),
            code(&self.execution),
            prose(&self.cause.summary),
        );
        let mut part = |title: &str, body: String| text.push_str(&format!("\n{inner} {title}\n\n{body}"));
        if !self.cause.raw.is_empty() {
            part("Cause", self.cause_text());
        }
        if !self.cause.stack.is_empty() {
            part("Stack trace", fenced("text", &self.cause.stack.join("\n")));
        }
        let rules =
            [["Retry".into(), prose(&self.retry.to_string())], ["Catch".into(), prose(&self.catch.to_string())]];
        part("Rules", table(["Rule", "What it made of the error"], &rules));
        if !self.attempts.is_empty() {
            let rows: Vec<[String; 6]> = self.attempts.iter().map(|one| row(one, time)).collect();
            part("Tries", table(["Try", "Started", "Waited before", "Took", "Error", "Cause"], &rows));
        }
        if self.request_id.is_some() || !self.lines.is_empty() {
            part("Log", self.log(time));
        }
        text
    }

    /// The document in the cause, or the cause as it came.
    fn cause_text(&self) -> String {
        match &self.cause.document {
            Some(value) => document(&value.to_string()),
            None => fenced("text", &self.cause.raw),
        }
    }

    fn log(&self, time: &dyn Fn(Millis) -> String) -> String {
        let request = self.request_id.as_ref().map(|id| format!("Request {}\n", code(id)));
        let lines: Vec<String> =
            self.lines.iter().map(|line| format!("{} {}", time(line.at), line.message.trim_end())).collect();
        let lines = (!lines.is_empty()).then(|| fenced("text", &lines.join("\n")));
        [request, lines].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

fn row(one: &Try, time: &dyn Fn(Millis) -> String) -> [String; 6] {
    [
        one.number.to_string(),
        prose(&time(one.started_at)),
        one.waited.map(took).unwrap_or_default(),
        one.duration.map_or_else(|| "not ended".to_owned(), took),
        one.error.as_deref().map(code).unwrap_or_default(),
        one.cause_summary.as_deref().map(prose).unwrap_or_default(),
    ]
}
