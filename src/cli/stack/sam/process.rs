//! Running a program to its end while hearing what it says, line by line. Knows nothing of SAM.

use std::collections::VecDeque;
use std::io;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

/// How many of the last lines of a program are kept.
const KEPT: usize = 20;

/// A line that the program said.
pub(super) enum Heard<'a> {
    /// On its standard output.
    Out(&'a str),
    /// On its standard error.
    Err(&'a str),
}

/// Runs it to its end. It has no standard input, so that it cannot ask.
pub(super) async fn listen(command: &mut Command, mut hear: impl FnMut(Heard<'_>)) -> io::Result<ExitStatus> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("what it says cannot be heard"));
    };
    let (mut out, mut err) = (Lines::of(out), Lines::of(err));
    while out.open || err.open {
        let (out_open, err_open) = (out.open, err.open);
        tokio::select! {
            line = out.next(), if out_open => {
                if let Some(line) = line? {
                    hear(Heard::Out(&line));
                }
            }
            line = err.next(), if err_open => {
                if let Some(line) = line? {
                    hear(Heard::Err(&line));
                }
            }
        }
    }
    child.wait().await
}

struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    open: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn of(reader: R) -> Self {
        Self { reader: BufReader::new(reader), line: Vec::new(), open: true }
    }

    /// The next line, `None` at the end. When it is dropped before it is done, the next call goes on where it was.
    async fn next(&mut self) -> io::Result<Option<String>> {
        self.reader.read_until(b'\n', &mut self.line).await?;
        self.open = self.line.ends_with(b"\n");
        if self.line.is_empty() {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        self.line.clear();
        Ok(Some(line))
    }
}

/// The last lines that a program said, for the case that it fails.
#[derive(Debug, Default)]
pub(super) struct Complaints(VecDeque<String>);

impl Complaints {
    /// Takes in a line.
    pub(super) fn hear(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(line.trim().to_owned());
    }

    /// Why it failed: the last line that says `Error:`, else the last line, else its exit status.
    pub(super) fn last(&self, status: ExitStatus) -> String {
        let errors = self.0.iter().rev().find_map(|line| line.strip_prefix("Error:"));
        match errors.or_else(|| self.0.back().map(String::as_str)) {
            Some(line) => line.trim().to_owned(),
            None => format!("it ended with {status}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn why_it_failed_is_the_last_error() {
        let cases: &[(&[&str], &str)] = &[
            (&[], "it ended with exit status: 1"),
            (&["", "  one ", "two", ""], "two"),
            (&["Error: one", "Error: two", "Traceback", "for more see"], "two"),
        ];
        for (lines, expected) in cases {
            let mut complaints = Complaints::default();
            for line in *lines {
                complaints.hear(line);
            }
            assert_eq!(complaints.last(ExitStatus::from_raw(1 << 8)), *expected, "{lines:?}");
        }
    }

    #[tokio::test]
    async fn lines_of_both_are_heard_to_the_last_byte() {
        let mut command = Command::new("sh");
        command.args(["-c", r"printf 'a\nb\n\nlast'; printf '\377x\n' >&2; exit 3"]);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = listen(&mut command, |heard| match heard {
            Heard::Out(line) => out.push(line.to_owned()),
            Heard::Err(line) => err.push(line.to_owned()),
        })
        .await
        .unwrap();
        assert_eq!(status.code(), Some(3));
        assert_eq!(out, ["a", "b", "", "last"]);
        assert_eq!(err, ["\u{fffd}x"]);
    }
}
