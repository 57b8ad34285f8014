//! The mouse as the terminal has it into ours, and asking the terminal for it.

use std::fmt;

use crossterm::Command;
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::app::mouse::{Mouse, MouseKind};

/// What it did, if it means anything to us.
pub(super) fn mouse(event: MouseEvent) -> Option<Mouse> {
    let shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let kind = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
        MouseEventKind::Drag(MouseButton::Left) => MouseKind::Drag,
        MouseEventKind::Up(MouseButton::Left) => MouseKind::Release,
        // What a wheel with Shift is told as, where the terminal does not tell it as sideways.
        MouseEventKind::ScrollUp if shift => MouseKind::WheelLeft,
        MouseEventKind::ScrollDown if shift => MouseKind::WheelRight,
        MouseEventKind::ScrollUp => MouseKind::WheelUp,
        MouseEventKind::ScrollDown => MouseKind::WheelDown,
        MouseEventKind::ScrollLeft => MouseKind::WheelLeft,
        MouseEventKind::ScrollRight => MouseKind::WheelRight,
        _ => return None,
    };
    Some(Mouse { kind, column: event.column, row: event.row })
}

/// Asks for presses, drags and the wheel, or leaves all of it to the terminal and its selection.
///
/// crossterm's own command asks for every move besides, which wakes the program for nothing while a hand crosses it.
/// <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-Mouse-Tracking>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listen(pub(super) bool);

impl Command for Listen {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        // Presses, drags, and places beyond column 223.
        f.write_str(if self.0 { "\x1b[?1000h\x1b[?1002h\x1b[?1006h" } else { "\x1b[?1006l\x1b[?1002l\x1b[?1000l" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_means_something_is_told() {
        use MouseEventKind::{Down, Drag, Moved, ScrollDown, ScrollLeft, ScrollUp, Up};
        let cases = [
            (Down(MouseButton::Left), Some(MouseKind::Press)),
            (Drag(MouseButton::Left), Some(MouseKind::Drag)),
            (Up(MouseButton::Left), Some(MouseKind::Release)),
            (ScrollUp, Some(MouseKind::WheelUp)),
            (ScrollDown, Some(MouseKind::WheelDown)),
            (Down(MouseButton::Right), None),
            (Drag(MouseButton::Middle), None),
            (Moved, None),
            (ScrollLeft, Some(MouseKind::WheelLeft)),
        ];
        for (kind, expected) in cases {
            let event = MouseEvent { kind, column: 3, row: 4, modifiers: KeyModifiers::NONE };
            assert_eq!(mouse(event), expected.map(|kind| Mouse { kind, column: 3, row: 4 }), "{kind:?}");
        }
    }
}
