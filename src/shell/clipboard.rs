//! The clipboard: through the terminal, and through whatever program of the system reaches one.
//!
//! Never reads it, and never makes the screen wait: programs run beside it, and not for long.

use std::io::{self, Write};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::app::clip::How;

/// The longest text that a terminal is offered, in bytes as it is sent. Some drop longer ones without a word.
const MAX_OFFERED: usize = 100_000;
/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A program that reaches a clipboard.
struct Program {
    name: &'static str,
    arguments: &'static [&'static str],
    /// The variable that is set where it can reach one.
    needs: Option<&'static str>,
}

const PROGRAMS: &[Program] = &[
    Program { name: "wl-copy", arguments: &[], needs: Some("WAYLAND_DISPLAY") },
    Program { name: "xclip", arguments: &["-selection", "clipboard"], needs: Some("DISPLAY") },
    Program { name: "pbcopy", arguments: &[], needs: None },
];

/// Offers a text to the terminal; whether it is short enough to be offered. For the task that draws alone: in the midst
/// of what another task writes there, it would be neither.
///
/// # Errors
/// When the terminal is gone.
pub(super) fn offer(text: &str, terminal: &mut impl Write) -> io::Result<bool> {
    let Some(sequence) = osc52(text, std::env::var_os("TMUX").is_some()) else { return Ok(false) };
    terminal.write_all(sequence.as_bytes())?;
    terminal.flush()?;
    Ok(true)
}

/// Hands a text to the first program that takes it. Where none does, that it was offered to the terminal has to do.
///
/// # Errors
/// The sentence for the user, when it was not offered either.
pub(super) async fn copy(text: String, was_offered: bool) -> Result<How, String> {
    let mut problem = None;
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    for program in PROGRAMS.iter().filter(|program| program.needs.is_none_or(is_set)) {
        let name = program.name;
        match timeout(PATIENCE, hand_over(program, &text)).await {
            Ok(Ok(())) => return Ok(How::Program(name)),
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(Err(error)) => problem = Some(format!("cannot copy: {name}: {error}")),
            Err(_) => problem = Some(format!("cannot copy: {name} does not answer")),
        }
    }
    if was_offered {
        return Ok(How::Terminal);
    }
    Err(problem.unwrap_or_else(|| {
        "cannot copy: the text is too long for the terminal; install wl-copy or xclip, or export it to a file"
            .to_owned()
    }))
}

/// The sequence that asks a terminal to put a text into the clipboard (OSC 52); `None` when the text is too long. tmux
/// takes it for its own buffers by `set-clipboard`, and by `allow-passthrough` passes it on to the terminal around it when
/// it is wrapped, with each escape doubled: it is asked both ways.
fn osc52(text: &str, in_tmux: bool) -> Option<String> {
    // Four characters for each three bytes, so the length is known before the work is done.
    if text.len().div_ceil(3).saturating_mul(4) > MAX_OFFERED {
        return None;
    }
    let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    if in_tmux {
        let wrapped = sequence.replace('\x1b', "\x1b\x1b");
        return Some(format!("{sequence}\x1bPtmux;{wrapped}\x1b\\"));
    }
    Some(sequence)
}

async fn hand_over(program: &Program, text: &str) -> io::Result<()> {
    let mut child = Command::new(program.name)
        .args(program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // On X11 and Wayland a program stays to serve the text: it must not end with the dashboard, or stop with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes()).await?;
        stdin.shutdown().await?;
    }
    let status = child.wait().await?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_asked_in_base64_and_tmux_passes_it_on() {
        let cases = [
            ("", false, Some("\x1b]52;c;\x07")),
            ("ü\x1b", false, Some("\x1b]52;c;w7wb\x07")),
            ("ab", true, Some("\x1b]52;c;YWI=\x07\x1bPtmux;\x1b\x1b]52;c;YWI=\x07\x1b\\")),
        ];
        for (text, in_tmux, expected) in cases {
            assert_eq!(osc52(text, in_tmux).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_not_offered() {
        for (length, is_offered) in [(75_000, true), (75_001, false)] {
            let mut written = Vec::new();
            assert_eq!(offer(&"x".repeat(length), &mut written).unwrap(), is_offered, "{length}");
            assert_eq!(!written.is_empty(), is_offered);
        }
    }

    /// What comes of handing a text to a program.
    async fn check(name: &'static str, arguments: &'static [&'static str], expected: Result<(), io::ErrorKind>) {
        let program = Program { name, arguments, needs: None };
        let taken = hand_over(&program, "text").await.map_err(|error| error.kind());
        assert_eq!(taken, expected, "{name}");
    }

    #[tokio::test]
    async fn a_program_takes_the_text_or_says_that_it_did_not() {
        check("sh", &["-c", "test \"$(cat)\" = text"], Ok(())).await;
        check("sh", &["-c", "cat; exit 3"], Err(io::ErrorKind::Other)).await;
        check("no-such-program-as-this", &[], Err(io::ErrorKind::NotFound)).await;
    }
}
