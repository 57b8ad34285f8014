//! The terminal: taken over at the start, lent to other programs, given back at every end.

use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::{cursor, event, execute, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use super::mouse::Listen;
use crate::app::model::Drawn;
use crate::app::{Model, Msg, update};
use crate::ui;

/// Whether the terminal is ours just now.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, for as long as it is held.
pub(super) struct Screen {
    /// What draws on it; `None` while another program has it.
    terminal: Option<Terminal<CrosstermBackend<Stdout>>>,
    /// Whether the mouse is listened to.
    mouse: bool,
    /// What was last drawn on.
    area: Rect,
}

impl Screen {
    pub(super) fn open(mouse: bool) -> io::Result<Self> {
        Ok(Self { terminal: Some(take(mouse)?), mouse, area: Rect::ZERO })
    }

    /// What was last drawn on: the mouse points at what was seen.
    pub(super) const fn area(&self) -> Rect {
        self.area
    }

    /// Draws, and tells the model how far what it shows could be scrolled. While another program has the terminal,
    /// nothing is drawn.
    pub(super) fn draw(&mut self, model: &mut Model, views: &ui::Views) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        let mut seen = Drawn::default();
        let drawn = terminal.draw(|frame| seen = ui::draw(model, views, frame))?;
        self.area = drawn.area;
        update(model, Msg::Drawn(seen));
        Ok(())
    }

    /// Leaves the terminal to another program.
    pub(super) fn give_back(&mut self) {
        restore();
        close(&mut self.terminal);
    }

    /// Takes it again, from a program that it was left to or one that just took it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn take_again(&mut self) -> io::Result<()> {
        self.give_back();
        // Nothing that was drawn counts any more, nor does the size: a new one begins with an empty screen. `clear`
        // would ask the terminal where its cursor is, and wait for an answer that the listener hears.
        self.terminal = Some(take(self.mouse)?);
        Ok(())
    }

    /// Listens to the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn listen_to_mouse(&mut self, mouse: bool) -> io::Result<()> {
        if self.mouse != mouse {
            self.mouse = mouse;
            if self.terminal.is_some() {
                execute!(io::stdout(), Listen(mouse))?;
            }
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Whether there is a terminal still. Not every one that goes away says so by a signal.
pub(super) fn is_there() -> bool {
    io::stdout().is_terminal()
}

/// Drops what came in while another program had the terminal: its answers to what that one asked, such as which sort it
/// is, would be taken for keys.
pub(super) fn forget_typed() {
    // Where the input is no terminal nothing was asked.
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

fn take(mouse: bool) -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    // Not every terminal empties its other screen when it shows it.
    let taken = execute!(
        io::stdout(),
        terminal::EnterAlternateScreen,
        terminal::Clear(terminal::ClearType::All),
        event::EnableBracketedPaste,
        Listen(mouse),
        cursor::Hide
    )
    .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
    if taken.is_err() {
        restore();
    }
    taken
}

fn close(terminal: &mut Option<Terminal<CrosstermBackend<Stdout>>>) {
    if let Some(mut terminal) = terminal.take() {
        // What drops it shows the cursor, and complains on standard error if it cannot, which panics where that is
        // gone as well. The few buffers of a program that ends are the smaller loss.
        if terminal.show_cursor().is_err() {
            std::mem::forget(terminal);
        }
    }
}

/// Gives the terminal back, if it was taken. Also for the panic hook, where nothing else may be relied on.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // There is nothing to be done about a terminal that is gone.
        let _ = terminal::disable_raw_mode();
        let _ = execute!(
            io::stdout(),
            Listen(false),
            event::DisableBracketedPaste,
            terminal::LeaveAlternateScreen,
            cursor::Show
        );
        let _ = io::stdout().flush();
    }
}
