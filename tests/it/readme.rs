//! The README: its keys and samples are what the program has.

use std::fmt::Write as _;

use orderflow_tui::app::keymap::{BINDINGS, Mode};
use orderflow_tui::local;

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

fn table() -> String {
    let mut table = "| key | does | where |\n|---|---|---|\n".to_owned();
    for binding in BINDINGS.iter().filter(|binding| !matches!(binding.mode, Mode::Help | Mode::Palette | Mode::Clip)) {
        let place = binding.mode.title().to_lowercase();
        writeln!(table, "| `{}` | {} | {place} |", binding.shown, binding.help).unwrap();
    }
    table
}

#[test]
fn its_keys_are_the_keymap() {
    let readme = readme();
    let inside = readme.split("<!-- keys: begin -->\n").nth(1).unwrap().split("<!-- keys: end -->").next().unwrap();
    assert_eq!(inside, table(), "put this between the marks:\n{}", table());
}

#[test]
fn its_samples_are_the_samples() {
    let readme = readme();
    for sample in local::samples().unwrap() {
        let row = format!("| `{}` | {} |", sample.name, sample.ends);
        assert!(readme.contains(&row), "{row}");
    }
}

#[test]
fn its_commands_are_commands() {
    use clap::Parser;
    let readme = readme();
    let commands = readme.lines().filter(|line| line.starts_with("orderflow-tui "));
    for line in commands {
        let line = line.split('#').next().unwrap();
        orderflow_tui::cli::Args::try_parse_from(line.split_whitespace())
            .unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}
