//! A text in the user's own editor, which has the terminal meanwhile.
//!
//! The text is kept in a directory that only this user may look into, and gone with all that the editor leaves there
//! once it has ended. Never draws and never reads the terminal: who lends it takes it again.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use uuid::Uuid;

/// The editor where the user names none, as POSIX has it.
const USUAL: &str = "vi";
/// The longest text that is taken over: more than Step Functions lets any input be.
const MOST_BYTES: u64 = 1 << 20;
/// What a shell answers for a program that is not there.
const NOT_FOUND: i32 = 127;

/// Why no text came of it. What was there before stays as it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum EditError {
    /// The text could not be laid down for it.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It did not start.
    #[error("cannot start {program}: {source}: $VISUAL or $EDITOR names another editor")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It is not there.
    #[error("there is no {program}: $VISUAL or $EDITOR names another editor")]
    Missing {
        /// Which.
        program: String,
    },
    /// It ended badly, which is also how one says that nothing is to be taken over.
    #[error("{program} ended with {status}: nothing is taken over")]
    Ended {
        /// Which.
        program: String,
        /// How.
        status: ExitStatus,
    },
    /// What it left cannot be read as a text.
    #[error("cannot read what {program} has written: {source}")]
    Read {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
}

/// The user's editor: what `VISUAL` names, or `EDITOR`, or vi.
pub(super) fn program(variable: impl Fn(&str) -> Option<String>) -> String {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(variable).find(|name| !name.trim().is_empty());
    named.unwrap_or_else(|| USUAL.to_owned())
}

/// An editor at work on a text.
pub(super) struct Editing {
    program: String,
    child: Child,
    text: Kept,
}

impl Editing {
    /// Starts it. `extension` says what the text is, such as `json`. The terminal has to be lent before.
    pub(super) fn start(program: String, text: &str, extension: &str) -> Result<Self, EditError> {
        let directory = std::env::temp_dir().join(format!("orderflow-tui-{}", Uuid::new_v4().simple()));
        let kept = Kept::new(directory.clone(), text, extension)
            .map_err(|source| EditError::Write { path: directory, source })?;
        // Editors are named with arguments, quoted as in a shell: `code --wait`. So a shell takes them apart.
        let child = Command::new("sh")
            .arg("-c")
            .arg(format!("{program} \"$@\""))
            .arg(&program)
            .arg(kept.path())
            .stdin(terminal_input())
            .spawn();
        match child {
            Ok(child) => Ok(Self { program, child, text: kept }),
            Err(source) => Err(EditError::Start { program, source }),
        }
    }

    /// Waits until it has ended, and answers the text. Nothing is lost if nobody waits to the end.
    pub(super) async fn ended(&mut self) -> Result<String, EditError> {
        let program = self.program.clone();
        let status = match self.child.wait().await {
            Ok(status) => status,
            Err(source) => return Err(EditError::Read { program, source }),
        };
        if status.code() == Some(NOT_FOUND) {
            return Err(EditError::Missing { program });
        }
        if !status.success() {
            return Err(EditError::Ended { program, status });
        }
        self.text.read().map_err(|source| EditError::Read { program, source })
    }

    /// Tells it that the terminal is gone, or that all has to end. It may save what it has.
    pub(super) fn end(&self, with: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            // It may have ended just now.
            let _ = kill_process(id, with);
        }
    }
}

/// The terminal, also where our own input comes from a file.
fn terminal_input() -> Stdio {
    if io::stdin().is_terminal() {
        return Stdio::inherit();
    }
    File::open("/dev/tty").map_or_else(|_| Stdio::inherit(), Stdio::from)
}

/// A text in a directory of its own, which is gone when this is.
struct Kept {
    directory: PathBuf,
    file: PathBuf,
}

impl Kept {
    fn new(directory: PathBuf, text: &str, extension: &str) -> io::Result<Self> {
        // The name is nobody's to guess, and what is there already is not used: it may be somebody else's.
        DirBuilder::new().mode(0o700).create(&directory)?;
        let file = directory.join(format!("order.{extension}"));
        // From here on it is removed, whatever happens.
        let kept = Self { directory, file };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&kept.file)?;
        file.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok(kept)
    }

    fn path(&self) -> &Path {
        &self.file
    }

    /// The text as it is now; many editors put another file in its place.
    fn read(&self) -> io::Result<String> {
        let mut text = String::new();
        let read = File::open(&self.file)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
        if u64::try_from(read).unwrap_or(u64::MAX) > MOST_BYTES {
            return Err(io::Error::other(format!("it has more than {MOST_BYTES} bytes")));
        }
        Ok(text)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // There is nothing to be done about a directory that cannot be removed.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_user_names_the_editor() {
        let cases = [
            (None, None, "vi"),
            (None, Some("nano"), "nano"),
            (Some("code --wait"), Some("nano"), "code --wait"),
            (Some(" "), Some("nano"), "nano"),
        ];
        for (visual, editor, expected) in cases {
            let variable = |name: &str| {
                let named = if name == "VISUAL" { visual } else { editor };
                named.map(ToOwned::to_owned)
            };
            assert_eq!(program(variable), expected);
        }
    }

    #[tokio::test]
    async fn what_the_editor_leaves_is_the_text() {
        // What edits, and what comes of it.
        let cases = [
            ("true", Ok("{}\n")),
            ("sh -c 'printf \"changed\" > \"$0\"'", Ok("changed")),
            ("sh -c 'printf \"changed\" > \"$0.new\"; mv \"$0.new\" \"$0\"; touch \"$0~\"'", Ok("changed")),
            ("false", Err("false ended with exit status: 1: nothing is taken over")),
            ("no-such-editor-here", Err("there is no no-such-editor-here: $VISUAL or $EDITOR names another editor")),
        ];
        for (program, expected) in cases {
            let mut editing = Editing::start(program.to_owned(), "{}", "json").unwrap();
            let directory = editing.text.directory.clone();
            let found = editing.ended().await.map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{program}");
            drop(editing);
            assert!(!directory.exists(), "{program}");
        }
        let gone = Editing::start("sh -c 'rm \"$0\"'".to_owned(), "{}", "json").unwrap().ended().await;
        assert!(matches!(gone, Err(EditError::Read { .. })));
        let binary =
            Editing::start("sh -c 'printf \"\\377\" > \"$0\"'".to_owned(), "{}", "json").unwrap().ended().await;
        assert!(matches!(binary, Err(EditError::Read { .. })));
    }

    #[test]
    fn only_the_user_may_look_into_it() {
        let directory = std::env::temp_dir().join(format!("orderflow-tui-{}", Uuid::new_v4().simple()));
        let kept = Kept::new(directory.clone(), "secret", "json").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(kept.path())), (0o700, 0o600));
        assert!(Kept::new(directory.clone(), "", "json").is_err(), "what is there already is not used");
        assert!(directory.exists());
        fs::write(kept.path(), vec![b'x'; usize::try_from(MOST_BYTES).unwrap() + 1]).unwrap();
        assert!(kept.read().is_err());
        drop(kept);
        assert!(!directory.exists());
    }
}
