//! The mouse: what it points at, and what a press, a drag or a turn of its wheel means.
//!
//! Where the panes are is not known here: whoever knows says what was hit. Reads no clock: the time comes with each
//! event, and decides what is a double click.

use super::model::Pane;
use crate::facts::Millis;

/// How soon the second press has to follow the first.
const DOUBLE: Millis = 400;
/// Lines that a step of the wheel moves.
const WHEEL: isize = 3;

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub kind: MouseKind,
    /// The column of the screen, from 0.
    pub column: u16,
    /// The row of the screen, from 0.
    pub row: u16,
}

/// What a mouse can do. Other buttons than the left one are left to the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name")]
pub enum MouseKind {
    Press,
    Drag,
    Release,
    WheelUp,
    WheelDown,
    WheelLeft,
    WheelRight,
}

/// What stands between panes and can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divider {
    /// The left side of the graph.
    Graph,
    /// Between the lists and the inspector.
    Lists,
    /// Between executions and orders.
    Executions,
    /// The top of the drawer.
    Drawer,
}

/// What is at a place of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// The header.
    Header,
    /// The footer, at a column.
    Footer(u16),
    /// What stands between panes.
    Divider(Divider),
    /// The border of a pane.
    Border(Pane),
    /// The inside of a pane.
    Pane {
        /// Which.
        pane: Pane,
        /// The row, from 0, inside of its border.
        row: u16,
        /// The column, from 0, inside of its border.
        column: u16,
        /// How many rows there are inside of its border.
        rows: u16,
    },
}

impl Hit {
    /// The pane that was hit, at its border or inside.
    pub const fn pane(self) -> Option<Pane> {
        match self {
            Self::Border(pane) | Self::Pane { pane, .. } => Some(pane),
            Self::Header | Self::Footer(_) | Self::Divider(_) => None,
        }
    }

    /// Whether a second press here, after one there, is the second half of a double click.
    fn is_same_place(self, other: Self) -> bool {
        match (self, other) {
            // A hand that clicks twice moves sideways rather than to another row.
            (Self::Pane { pane, row, .. }, Self::Pane { pane: other, row: before, .. }) => {
                (pane, row) == (other, before)
            }
            _ => self == other,
        }
    }
}

/// What the mouse means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// Something was pressed.
    Click(Hit),
    /// It was pressed again: as if it had been chosen and Enter were pressed.
    DoubleClick(Hit),
    /// The wheel turned over something: down is positive.
    Scroll(Hit, isize),
    /// The wheel turned sideways over something: right is positive.
    Sideways(Hit, isize),
    /// A divider was moved to a place of the screen.
    Divide {
        /// Which.
        divider: Divider,
        /// The column.
        column: u16,
        /// The row.
        row: u16,
    },
    /// A divider was let go.
    LetGo(Divider),
}

/// What is remembered from one event to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pointer {
    /// The divider that is held.
    held: Option<Divider>,
    /// What was pressed last, and when.
    pressed: Option<(Millis, Hit)>,
}

//  Free ─ press on a divider ──▶ Held ─ drag ─▶ Held
//   ▲                             └─ release, press ─▶ Free
//   └─ all else
impl Pointer {
    /// The divider that is held, which the next drag moves.
    pub const fn held(&self) -> Option<Divider> {
        self.held
    }

    /// Takes in what the mouse did at what is there, and answers what it means.
    pub fn take(&mut self, mouse: Mouse, hit: Option<Hit>, now: Millis) -> Option<Gesture> {
        let Mouse { kind, column, row } = mouse;
        match (kind, self.held, hit) {
            // A release may get lost outside of the window; the next press says that it has happened.
            (MouseKind::Press, _, Some(Hit::Divider(divider))) => {
                (self.held, self.pressed) = (Some(divider), None);
                None
            }
            (MouseKind::Press, _, hit) => {
                self.held = None;
                self.press(hit?, now)
            }
            (MouseKind::Drag, Some(divider), _) => Some(Gesture::Divide { divider, column, row }),
            (MouseKind::Release, Some(divider), _) => {
                self.held = None;
                Some(Gesture::LetGo(divider))
            }
            (MouseKind::WheelUp, None, Some(hit)) => Some(Gesture::Scroll(hit, -WHEEL)),
            (MouseKind::WheelDown, None, Some(hit)) => Some(Gesture::Scroll(hit, WHEEL)),
            (MouseKind::WheelLeft, None, Some(hit)) => Some(Gesture::Sideways(hit, -2 * WHEEL)),
            (MouseKind::WheelRight, None, Some(hit)) => Some(Gesture::Sideways(hit, 2 * WHEEL)),
            // Nothing is held, or nothing is there, or the wheel was turned with the button down.
            (MouseKind::Drag | MouseKind::Release, None, _) => None,
            (MouseKind::WheelUp | MouseKind::WheelDown | MouseKind::WheelLeft | MouseKind::WheelRight, ..) => None,
        }
    }

    fn press(&mut self, hit: Hit, now: Millis) -> Option<Gesture> {
        let is_double = self
            .pressed
            .is_some_and(|(at, before)| (at..=at.saturating_add(DOUBLE)).contains(&now) && hit.is_same_place(before));
        // A third press begins anew.
        self.pressed = (!is_double).then_some((now, hit));
        Some(if is_double { Gesture::DoubleClick(hit) } else { Gesture::Click(hit) })
    }
}

/// The first row to show of a list of so many: the one that was, or the nearest from which the chosen one is in view.
pub fn first_row(top: usize, chosen: Option<usize>, length: usize, rows: usize) -> usize {
    let first = match chosen {
        Some(chosen) if chosen < top => chosen,
        Some(chosen) if chosen >= top.saturating_add(rows) => (chosen + 1).saturating_sub(rows),
        _ => top,
    };
    first.min(length.saturating_sub(rows))
}

/// What of a list is at a row of its pane; `None` below its end.
pub fn row_of(top: usize, chosen: Option<usize>, length: usize, rows: u16, row: u16) -> Option<usize> {
    let at = first_row(top, chosen, length, usize::from(rows)) + usize::from(row);
    (at < length && row < rows).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(row: u16, column: u16) -> Hit {
        Hit::Pane { pane: Pane::Executions, row, column, rows: 10 }
    }

    const fn mouse(kind: MouseKind) -> Mouse {
        Mouse { kind, column: 7, row: 9 }
    }

    /// What was done, where, when, and what it means.
    type Step = (MouseKind, Option<Hit>, Millis, Option<Gesture>);

    #[test]
    fn events_become_gestures() {
        use MouseKind::{Drag, Press, Release, WheelDown, WheelUp};
        let graph = Some(Hit::Divider(Divider::Graph));
        let moved = Some(Gesture::Divide { divider: Divider::Graph, column: 7, row: 9 });
        let check = |steps: &[Step]| {
            let mut pointer = Pointer::default();
            for (number, (kind, hit, now, expected)) in steps.iter().enumerate() {
                assert_eq!(pointer.take(mouse(*kind), *hit, *now), *expected, "step {number} of {steps:?}");
            }
        };
        // A double click: soon, in one row, and a third press is none of it.
        check(&[
            (Press, Some(at(2, 5)), 1_000, Some(Gesture::Click(at(2, 5)))),
            (Release, Some(at(2, 5)), 1_080, None),
            (Press, Some(at(2, 6)), 1_400, Some(Gesture::DoubleClick(at(2, 6)))),
            (Press, Some(at(2, 6)), 1_500, Some(Gesture::Click(at(2, 6)))),
        ]);
        for second in
            [(Some(at(3, 5)), 1_100), (Some(at(2, 5)), 1_401), (Some(at(2, 5)), 900), (Some(Hit::Header), 1_100)]
        {
            let (hit, now) = second;
            check(&[
                (Press, Some(at(2, 5)), 1_000, Some(Gesture::Click(at(2, 5)))),
                (Press, hit, now, hit.map(Gesture::Click)),
            ]);
        }
        // A divider follows wherever the mouse goes, until it is let go.
        check(&[
            (Drag, graph, 0, None),
            (Press, graph, 0, None),
            (Drag, Some(at(1, 1)), 10, moved),
            (WheelUp, Some(at(1, 1)), 15, None),
            (Drag, None, 20, moved),
            (Release, None, 30, Some(Gesture::LetGo(Divider::Graph))),
            (Drag, graph, 40, None),
        ]);
        check(&[
            (Press, graph, 0, None),
            (Press, Some(at(1, 1)), 10, Some(Gesture::Click(at(1, 1)))),
            (Drag, Some(at(1, 2)), 20, None),
        ]);
        check(&[
            (WheelUp, Some(at(0, 0)), 0, Some(Gesture::Scroll(at(0, 0), -3))),
            (WheelDown, Some(at(0, 0)), 0, Some(Gesture::Scroll(at(0, 0), 3))),
            (WheelDown, None, 0, None),
            (Press, None, 0, None),
        ]);
    }

    #[test]
    fn a_row_of_a_pane_is_a_row_of_its_list() {
        // The row that was first, chosen, length, rows, row; what is there.
        let cases = [
            (0, None, 3, 10, 2, Some(2)),
            (0, None, 3, 10, 3, None),
            (0, Some(0), 100, 10, 4, Some(4)),
            // What is clicked stays where it is.
            (45, Some(50), 100, 10, 0, Some(45)),
            (45, Some(45), 100, 10, 0, Some(45)),
            (45, Some(54), 100, 10, 9, Some(54)),
            // Only as far as there is need.
            (45, Some(44), 100, 10, 0, Some(44)),
            (45, Some(55), 100, 10, 9, Some(55)),
            (45, Some(50), 100, 10, 10, None),
            (0, Some(99), 100, 10, 9, Some(99)),
            (95, None, 100, 10, 9, Some(99)),
            (0, Some(0), 0, 10, 0, None),
            (0, Some(5), 9, 0, 0, None),
        ];
        for (top, chosen, length, rows, row, expected) in cases {
            assert_eq!(row_of(top, chosen, length, rows, row), expected, "{top} {chosen:?} {length} {rows} {row}");
        }
    }
}
