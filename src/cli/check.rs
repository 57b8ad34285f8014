//! `check`: what is wrong with a definition, and where.

use std::io::Read;

use asl::{Severity, Source, Workflow};
use color_eyre::eyre::WrapErr;
use serde_json::json;

use super::Ended;
use super::args::Check;
use super::output::say;
use crate::ui::text::clean;

pub(super) fn run(args: &Check) -> color_eyre::Result<Ended> {
    let mut errors = false;
    for name in &args.files {
        let text = if name == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).wrap_err("cannot read standard input")?;
            text
        } else {
            std::fs::read_to_string(name).wrap_err_with(|| format!("cannot read {name}"))?
        };
        errors |= check(name, &text, args)?;
    }
    Ok(if errors { Ended::Badly } else { Ended::Well })
}

/// Prints the findings of one definition; whether there is an error among them.
fn check(name: &str, text: &str, args: &Check) -> color_eyre::Result<bool> {
    let workflow = if args.express { Workflow::Express } else { Workflow::Standard };
    let (_, findings) = asl::read_as(text, workflow);
    let source = Source::read(text);
    for finding in &findings {
        let (line, column) = match &source {
            Ok(source) => {
                let position = source.position(finding.location.as_deref().unwrap_or("/"));
                (position.line, position.column)
            }
            Err(fault) => (fault.line, fault.column),
        };
        let sentence = finding.message.lines().next().unwrap_or_default();
        if args.json {
            let finding = json!({
                "file": name,
                "line": line,
                "column": column,
                "severity": finding.severity.as_str(),
                "code": finding.code.as_str(),
                "message": finding.message,
                "location": finding.location,
            });
            say(&finding.to_string())?;
        } else {
            let severity = finding.severity.as_str().to_lowercase();
            let place = finding.location.as_deref().filter(|place| place.starts_with("/States"));
            let place = place.map_or_else(String::new, |place| format!(" at {place}"));
            let code = finding.code.as_str();
            say(&clean(&format!("{name}:{line}:{column}: {severity}: {sentence} [{code}]{place}")))?;
        }
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if errors == 0 && !args.json {
        say(&clean(&format!("{name}: ok")))?;
    }
    Ok(errors > 0)
}
