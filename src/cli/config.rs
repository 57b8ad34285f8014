//! `config`: where the configuration is, what is in effect, and what in it does not read.
//!
//! Writes no file: what is printed can be redirected to the place that `config path` names.

use std::path::Path;

use serde_json::json;

use super::Ended;
use super::args::{Config, ConfigAction, ConfigCheck, ConfigPrint};
use super::output::{complain, say, say_json};
use crate::config::{self, Loaded};
use crate::ui::text::clean;

pub(super) fn run(args: Config) -> color_eyre::Result<Ended> {
    match args.action {
        ConfigAction::Print(args) => print(&args),
        ConfigAction::Path => {
            say(&clean(&config::place()?.display().to_string()))?;
            Ok(Ended::Well)
        }
        ConfigAction::Check(args) => check(args),
    }
}

/// What is in effect, as a file. What does not read is told beside it.
fn print(args: &ConfigPrint) -> color_eyre::Result<Ended> {
    let text = if args.default {
        config::defaults()
    } else {
        let loaded = config::load();
        for line in told(&loaded) {
            complain(&line);
        }
        loaded.config.to_text()
    };
    for line in text.lines() {
        say(&clean(line))?;
    }
    Ok(Ended::Well)
}

fn check(args: ConfigCheck) -> color_eyre::Result<Ended> {
    let loaded = match &args.file {
        Some(file) => config::load_from(file, true),
        None => config::load(),
    };
    if args.json {
        for problem in &loaded.problems {
            let problem = json!({
                "file": name(loaded.path.as_deref()),
                "line": (problem.line > 0).then_some(problem.line),
                "key": Some(problem.key.as_str()).filter(|key| !key.is_empty()),
                "message": problem.sentence,
            });
            say_json(&problem.to_string())?;
        }
    } else if loaded.problems.is_empty() {
        let state = if loaded.is_there { "ok" } else { "not there: everything is at its default" };
        say(&clean(&format!("{}: {state}", name(loaded.path.as_deref()))))?;
    } else {
        for line in told(&loaded) {
            say(&line)?;
        }
    }
    Ok(if loaded.problems.is_empty() { Ended::Well } else { Ended::Badly })
}

/// The problems as lines that editors can jump to: `file:line: key: sentence`.
pub(super) fn told(loaded: &Loaded) -> Vec<String> {
    let file = name(loaded.path.as_deref());
    let line = |problem: &config::Problem| {
        let place = if problem.line > 0 { format!(":{}", problem.line) } else { String::new() };
        let key = if problem.key.is_empty() { String::new() } else { format!("{}: ", problem.key) };
        clean(&format!("{file}{place}: {key}{}", problem.sentence))
    };
    loaded.problems.iter().map(line).collect()
}

fn name(path: Option<&Path>) -> String {
    path.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn problems_are_lines_that_editors_can_jump_to() {
        let (config, problems) = config::read("[keys]\nqiut = \"x\"\n");
        let loaded = Loaded { path: Some(PathBuf::from("/etc/it.toml")), is_there: true, config, problems };
        assert_eq!(told(&loaded), ["/etc/it.toml:2: keys.qiut: there is no such key: did you mean quit?"]);
    }
}
