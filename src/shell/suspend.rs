//! Ctrl-Z: the terminal goes back to the shell and the program stops, until the shell lets it go on.
//!
//! Stops by the signal that a terminal would send, and catches it nowhere: then the kernel decides as it does for every
//! program, and does not stop one that nobody could continue.

use std::fs::File;
use std::io;
use std::time::Duration;

use futures::FutureExt;
use rustix::process::{Signal as Number, getpgrp, getpid, getsid, kill_current_process_group};
use rustix::termios::tcgetpgrp;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::listen::Listener;
use super::terminal::Screen;

/// How long the signal may take to stop us. It takes no time at all, but another thread may be the one to get it.
const PATIENCE: Duration = Duration::from_millis(150);

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspended {
    /// The shell has let the program go on.
    Continued,
    /// It was not stopped: nobody could let it go on, as where a terminal window runs it without a shell.
    NotStopped,
}

/// Every time that somebody lets the program go on. To be had before it is first stopped.
///
/// # Errors
/// When the system does not let it.
pub(super) fn continuations() -> io::Result<Signal> {
    signal(SignalKind::from_raw(Number::CONT.as_raw()))
}

/// Gives the terminal back, stops, and takes it again. What is to be drawn has to be drawn anew.
///
/// # Errors
/// When the terminal cannot be taken again.
pub(super) async fn suspend(screen: &mut Screen, listener: &Listener, continued: &mut Signal) -> io::Result<Suspended> {
    if has_no_shell() {
        return Ok(Suspended::NotStopped);
    }
    listener.pause().await;
    screen.give_back();
    let suspended = stop(continued).await?;
    screen.take_again()?;
    listener.resume();
    Ok(suspended)
}

/// Whether the program was started as the first of its terminal, by a window or over ssh: then nobody waits for it to
/// stop.
fn has_no_shell() -> bool {
    getsid(None).is_ok_and(|leader| leader == getpid())
}

async fn stop(continued: &mut Signal) -> io::Result<Suspended> {
    // News of an earlier time are none.
    let _ = continued.recv().now_or_never();
    // The whole group, as a terminal does it: whoever started us and waits for us has to stop as well, or the shell
    // waits on.
    kill_current_process_group(Number::TSTP)?;
    if !went_on(continued).await {
        return Ok(Suspended::NotStopped);
    }
    // `bg` lets the program go on without the terminal. To take it then would make the shell's modes ours for good.
    while !is_in_front() {
        kill_current_process_group(Number::TTIN)?;
        if !went_on(continued).await {
            return Err(io::Error::other("another program has the terminal"));
        }
    }
    Ok(Suspended::Continued)
}

/// Whether the program was stopped and went on.
async fn went_on(continued: &mut Signal) -> bool {
    // Clocks run on while it is stopped, so the time is up as soon as it goes on. Only the second wait has a whole
    // PATIENCE for the news that it was stopped.
    for _ in 0..2 {
        if tokio::time::timeout(PATIENCE, continued.recv()).await.is_ok() {
            return true;
        }
    }
    false
}

/// Whether the terminal is ours to take. Where there is none to ask, nobody else has it.
fn is_in_front() -> bool {
    let front = File::open("/dev/tty").and_then(|terminal| Ok(tcgetpgrp(&terminal)?));
    front.ok().is_none_or(|front| front == getpgrp())
}
