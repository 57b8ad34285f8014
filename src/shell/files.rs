//! Files that the user has written, and addresses that are opened in a browser.
//!
//! Never writes over a file that is there.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

/// How many names are tried for a file.
const NAMES: usize = 1_000;

/// Writes texts into the current directory, each into a file of that name and its extension, and answers their names.
///
/// # Errors
/// The sentence for the user.
pub(super) fn write(name: &str, files: &[(&'static str, String)]) -> Result<Vec<String>, String> {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    files.iter().map(|(extension, text)| write_one(&name, extension, text)).collect()
}

fn write_one(name: &str, extension: &str, text: &str) -> Result<String, String> {
    for number in 0..NAMES {
        let more = if number == 0 { String::new() } else { format!("-{number}") };
        let path = PathBuf::from(format!("{name}{more}.{extension}"));
        let opened = OpenOptions::new().write(true).create_new(true).open(&path);
        let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
        match written {
            Ok(()) => return Ok(path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("cannot write {}: {error}", path.display())),
        }
    }
    Err(format!("cannot write {name}.{extension}: {NAMES} files of that name are there"))
}

/// Opens an address in the user's browser.
///
/// # Errors
/// The sentence for the user, with the address.
pub(super) async fn open(url: &str) -> Result<(), String> {
    for program in ["xdg-open", "open"] {
        let started =
            Command::new(program).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        match started {
            Ok(mut child) => {
                // Nobody waits for a browser, but it must not stay behind as a zombie.
                tokio::spawn(async move { child.wait().await });
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(format!("cannot open {url}: {program}: {error}")),
        }
    }
    Err(format!("there is no browser here: {url}"))
}
