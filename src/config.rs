//! The configuration file: keys, colours, columns, times, accounts, sizes.
//!
//! Reading never fails: what does not read is told with its line, and is as if it were not there. Nothing here names a
//! terminal or a cloud, and nothing is written to disk.

mod colour;
mod nearest;
mod read;
mod reader;
mod write;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use colour::{Ansi, Brightness, Colour, ColourError, Colours, Depth, Role, Signs};

use crate::app::keymap::Keymap;
use crate::app::settings::Settings;

/// The variable that names another file.
const VARIABLE: &str = "ORDERFLOW_CONFIG";

/// What a user has configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// `[keys]`
    pub keymap: Keymap,
    /// `[colours]`
    pub colours: Colours,
    /// All other sections.
    pub settings: Settings,
}

/// Something in the file that does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; 0 where it is about the whole file.
    pub line: usize,
    /// The key with its section, such as `colours.theme`; empty where it is about none.
    pub key: String,
    /// What is wrong and what to do, as text from outside: to be cleaned where it is printed.
    pub sentence: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, sentence } = self;
        if *line > 0 {
            write!(f, "line {line}: ")?;
        }
        if !key.is_empty() {
            write!(f, "{key}: ")?;
        }
        f.write_str(sentence)
    }
}

/// Reads a configuration, and tells what in it does not read, by line. What does not read is at its default.
pub fn read(text: &str) -> (Config, Vec<Problem>) {
    read::read(text)
}

/// The default configuration as a file, with a comment on each key.
pub fn defaults() -> String {
    Config::default().to_text()
}

impl Config {
    /// As a file that reads as this configuration, with a comment on each key.
    pub fn to_text(&self) -> String {
        write::text(self)
    }
}

/// What was found where the configuration is.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Where it is, if that can be told.
    pub path: Option<PathBuf>,
    /// Whether there is such a file.
    pub is_there: bool,
    /// The configuration; the default one if there is none.
    pub config: Config,
    /// What in it does not read.
    pub problems: Vec<Problem>,
}

/// Why there is no place for a configuration.
#[derive(Debug, thiserror::Error)]
#[error("cannot find the home directory: name the file in ORDERFLOW_CONFIG")]
pub struct NoPlace(#[from] etcetera::HomeDirError);

/// Where the configuration is: what `ORDERFLOW_CONFIG` names, or `$XDG_CONFIG_HOME/orderflow-tui/config.toml`.
///
/// # Errors
/// When the home directory cannot be found.
pub fn place() -> Result<PathBuf, NoPlace> {
    use etcetera::BaseStrategy;
    match named() {
        Some(path) => Ok(path),
        None => Ok(etcetera::choose_base_strategy()?.config_dir().join("orderflow-tui").join("config.toml")),
    }
}

fn named() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Reads the configuration from where it is. That there is none is no problem, unless `ORDERFLOW_CONFIG` names it.
pub fn load() -> Loaded {
    match place() {
        Ok(path) => load_from(&path, named().is_some()),
        Err(error) => Loaded {
            path: None,
            is_there: false,
            config: Config::default(),
            problems: vec![Problem { line: 0, key: String::new(), sentence: error.to_string() }],
        },
    }
}

/// Reads the configuration from a file that may have to be there.
pub fn load_from(path: &Path, has_to_be_there: bool) -> Loaded {
    let (is_there, (config, problems)) = match std::fs::read_to_string(path) {
        Ok(text) => (true, read(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !has_to_be_there => (false, Default::default()),
        Err(error) => {
            let sentence = format!("cannot read {}: {error}", path.display());
            (false, (Config::default(), vec![Problem { line: 0, key: String::new(), sentence }]))
        }
    };
    Loaded { path: Some(path.to_owned()), is_there, config, problems }
}

/// The name of a value in a list of names.
fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> &'static str {
    names.iter().find(|(_, named)| named == value).map_or("", |(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_place() {
        let cases =
            [(3, "colours.theme", "line 3: colours.theme: what now"), (3, "", "line 3: what now"), (0, "", "what now")];
        for (line, key, expected) in cases {
            let problem = Problem { line, key: key.to_owned(), sentence: "what now".to_owned() };
            assert_eq!(problem.to_string(), expected);
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_a_problem_only_if_it_was_named() {
        let path = Path::new("/nowhere/at/all/config.toml");
        let loaded = load_from(path, false);
        assert!(!loaded.is_there && loaded.problems.is_empty());
        let loaded = load_from(path, true);
        assert_eq!(loaded.config, Config::default());
        assert!(matches!(loaded.problems.as_slice(), [problem] if problem.sentence.contains("config.toml")));
    }
}
