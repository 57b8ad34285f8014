//! A [`Config`] as the file that reads as it, with a comment on each key.

use std::fmt::Write as _;

use super::colour::{Brightness, Depth, Role, Signs};
use super::{Colours, Config, name_of};
use crate::app::keymap::Keymap;
use crate::app::settings::{Column, Poll, Settings, Shares, TimeStyle, Zone};
use crate::facts::Millis;

const HEAD: &str = "\
# What orderflow-tui reads at its start. What is left out is as it is without a file; what does not read is told by
# `orderflow-tui config check`, and is as if it were left out.
";

/// The file.
pub(super) fn text(config: &Config) -> String {
    // Nothing that can be configured is forgotten here: a new field does not compile until it is written.
    let Config { keymap, colours, settings } = config;
    let Settings { columns, zone, times, production, regions, read_only, poll, panes, mouse } = settings;
    let Poll { fastest, slowest } = poll;
    let Shares { graph, lists, executions, logs } = panes;
    let mut out = HEAD.to_owned();
    keys(keymap, &mut out);
    colour(colours, &mut out);
    section("columns", "", &mut out);
    let columns: Vec<&str> = columns.iter().map(|column| name_of(Column::NAMES, column)).collect();
    key("executions", &list(&columns), "the list of executions, from the left", &mut out);
    section("times", "", &mut out);
    key("zone", &quoted(name_of(Zone::NAMES, zone)), "local or utc", &mut out);
    key("style", &quoted(name_of(TimeStyle::NAMES, times)), "relative or absolute", &mut out);
    section("aws", "", &mut out);
    key("production", &list(production), "accounts and profiles to be careful with", &mut out);
    key("regions", &list(regions), "their state machines are listed together", &mut out);
    key("read_only", &read_only.to_string(), "true refuses everything that changes something", &mut out);
    let poll = list(&[duration(*fastest), duration(*slowest)]);
    key("poll", &poll, "between two looks, while something runs and while nothing does", &mut out);
    section("panes", "Hundredths of the room there is.", &mut out);
    key("graph", &graph.to_string(), "of the width", &mut out);
    key("lists", &lists.to_string(), "of the width beside the graph", &mut out);
    key("executions", &executions.to_string(), "of the height of the lists", &mut out);
    key("logs", &logs.to_string(), "of the height", &mut out);
    section("mouse", "", &mut out);
    key("enabled", &mouse.to_string(), "false leaves the mouse to the terminal", &mut out);
    out
}

fn keys(keymap: &Keymap, out: &mut String) {
    let help = "A key or a list: a character, or a name such as ctrl-c, shift-tab, pgup, f5, space. [] is no key.";
    section("keys", help, out);
    for (binding, keys) in keymap.actions() {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let value = match keys.as_slice() {
            [one] => quoted(one),
            several => list(several),
        };
        key(binding.intent.name(), &value, binding.help, out);
    }
}

fn colour(colours: &Colours, out: &mut String) {
    let Colours { theme, depth, signs, roles } = colours;
    let help = "A colour is a name such as green or light-blue, \"#rrggbb\", or a number from \"0\" to \"255\".";
    section("colours", help, out);
    key("theme", &quoted(name_of(Brightness::NAMES, theme)), "auto, dark or light", out);
    key("depth", &quoted(name_of(Depth::NAMES, depth)), "auto, true, 256, 16 or none", out);
    key("signs", &quoted(name_of(Signs::NAMES, signs)), "auto, unicode or ascii", out);
    for (role, name, usual, help) in Role::ALL {
        match roles.iter().find(|(of, _)| of == role) {
            Some((_, colour)) => key(name, &quoted(&colour.to_string()), help, out),
            // The theme decides; what stands there is an example.
            None => key(&format!("# {name}"), &quoted(usual), help, out),
        }
    }
}

fn section(name: &str, help: &str, out: &mut String) {
    // Writing into a string does not fail.
    let _ = writeln!(out, "\n[{name}]");
    if !help.is_empty() {
        let _ = writeln!(out, "# {help}");
    }
}

fn key(name: &str, value: &str, help: &str, out: &mut String) {
    let set = format!("{name} = {value}");
    let _ = writeln!(out, "{set:<40} # {help}");
}

fn list(texts: &[impl AsRef<str>]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// In the largest unit that it is a whole number of.
fn duration(millis: Millis) -> String {
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let unit = units.into_iter().find(|(_, scale)| millis % scale == 0);
    let (unit, scale) = unit.unwrap_or(("ms", 1));
    format!("{}{unit}", millis / scale)
}

#[cfg(test)]
mod tests {
    use super::super::read::SECTIONS;
    use super::super::{defaults, read};
    use super::*;

    #[test]
    fn the_default_file_says_the_defaults() {
        assert_eq!(read(&defaults()), (Config::default(), Vec::new()), "{}", defaults());
    }

    #[test]
    fn every_key_is_in_the_default_file() {
        let text = defaults();
        let actions = Keymap::default();
        let actions = actions.actions().map(|(binding, _)| binding.intent.name());
        let roles = Role::ALL.iter().map(|(_, name, ..)| *name);
        let keys = SECTIONS.iter().flat_map(|(_, keys)| keys.iter().copied());
        for name in keys.chain(actions).chain(roles) {
            let stands = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{name} = "));
            assert!(text.lines().any(stands), "{name}");
        }
        for (name, _) in SECTIONS {
            assert!(text.contains(&format!("\n[{name}]\n")), "{name}");
        }
    }

    #[test]
    fn the_colours_that_are_shown_as_examples_are_colours() {
        let text =
            defaults().lines().map(|line| line.trim_start_matches("# ")).fold(String::new(), |mut text, line| {
                // Comments that are sentences stay comments.
                let is_key =
                    line.starts_with('[') || line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
                let _ = writeln!(text, "{}{line}", if is_key { "" } else { "# " });
                text
            });
        let (config, problems) = read(&text);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(config.colours.roles.len(), Role::ALL.len());
    }

    #[test]
    fn what_was_read_is_written_as_it_was_meant() {
        let texts = [
            "[keys]\nstop = [\"\\\"\", \"\\\\\", \"f5\"]\nnew-order = []\nquit = \"X\"\nup = [\"u\", \"up\"]\nback = \"backspace\"",
            "[colours]\ntheme = \"light\"\ndepth = \"none\"\nsigns = \"unicode\"\nfailed = \"#010203\"\nlog-info = \"default\"",
            "[columns]\nexecutions = \"name\"\n[times]\nzone = \"utc\"\nstyle = \"relative\"",
            "[aws]\nproduction = [\"a\\tb\", \"123456789012\"]\nregions = [\"eu-west-1\"]\nread_only = true\npoll = [\"1500ms\", \"1h\"]",
            "[panes]\ngraph = 10\nlists = 90\nexecutions = 11\nlogs = 12\n[mouse]\nenabled = false",
        ];
        for text in texts {
            let (config, problems) = read(text);
            assert!(problems.is_empty(), "{problems:?}");
            assert_ne!(config, Config::default(), "{text}");
            assert_eq!(read(&config.to_text()), (config.clone(), Vec::new()), "{}", config.to_text());
        }
    }
}
