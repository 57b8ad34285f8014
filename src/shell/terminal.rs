//! The terminal: taken over at the start, given back at every end.

use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::{cursor, event, execute, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::app::{Model, Msg, update};
use crate::ui;

/// Whether the terminal is ours just now.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, for as long as it is held.
pub(super) struct Screen(Terminal<CrosstermBackend<Stdout>>);

impl Screen {
    pub(super) fn open() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let taken = execute!(io::stdout(), terminal::EnterAlternateScreen, event::EnableBracketedPaste, cursor::Hide)
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match taken {
            Ok(terminal) => Ok(Self(terminal)),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Draws, and tells the model how far what it shows could be scrolled.
    pub(super) fn draw(&mut self, model: &mut Model, views: &ui::Views) -> io::Result<()> {
        let mut inspector_most = 0;
        self.0.draw(|frame| inspector_most = ui::draw(model, views, frame))?;
        update(model, Msg::Drawn { inspector_most });
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back, if it was taken. Also for the panic hook, where nothing else may be relied on.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // There is nothing to be done about a terminal that is gone.
        let _ = terminal::disable_raw_mode();
        let _ = execute!(io::stdout(), event::DisableBracketedPaste, terminal::LeaveAlternateScreen, cursor::Show);
        let _ = io::stdout().flush();
    }
}
