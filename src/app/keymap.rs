//! The keys, as one table. It decides what a key means, and prints the footer, the help and the README's section.

/// A key as it comes from a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a key's name")]
pub enum Key {
    Char(char),
    Ctrl(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Backspace,
    Delete,
}

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the help text of its binding says it")]
pub enum Intent {
    Quit,
    Help,
    Back,
    NextPane,
    PreviousPane,
    Focus(u8),
    ZoomPane,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Follow,
    NewOrder,
    Approve,
    Reject,
    Stop,
    Failure,
    Density,
    Scope,
    Other,
    Send,
    Confirm,
}

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In every pane.
    Panes,
    /// In the graph.
    Graph,
    /// In the logs.
    Logs,
    /// In the submit dialog.
    Submit,
    /// In a question.
    Question,
    /// In the help.
    Help,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it holds.
    pub mode: Mode,
    /// The keys, any of them.
    pub keys: &'static [Key],
    /// How the help names them.
    pub shown: &'static str,
    /// What they mean.
    pub intent: Intent,
    /// What that is, in few words.
    pub help: &'static str,
    /// Whether the footer shows it.
    pub in_footer: bool,
}

macro_rules! binding {
    ($mode:ident, [$($key:expr),*], $shown:literal, $intent:expr, $help:literal, $footer:literal) => {
        Binding { mode: Mode::$mode, keys: &[$($key),*], shown: $shown, intent: $intent, help: $help, in_footer: $footer }
    };
}

/// The table.
pub const BINDINGS: &[Binding] = &[
    binding!(Panes, [Key::Char('n')], "n", Intent::NewOrder, "new order", true),
    binding!(Panes, [Key::Tab, Key::Char('l'), Key::Right], "Tab", Intent::NextPane, "next pane", true),
    binding!(
        Panes,
        [Key::BackTab, Key::Char('h'), Key::Left],
        "Shift-Tab",
        Intent::PreviousPane,
        "previous pane",
        false
    ),
    binding!(Panes, [Key::Char('1')], "1", Intent::Focus(1), "executions", false),
    binding!(Panes, [Key::Char('2')], "2", Intent::Focus(2), "graph", false),
    binding!(Panes, [Key::Char('3')], "3", Intent::Focus(3), "inspector", false),
    binding!(Panes, [Key::Char('4')], "4", Intent::Focus(4), "orders", false),
    binding!(Panes, [Key::Char('5')], "5", Intent::Focus(5), "logs", false),
    binding!(Panes, [Key::Up, Key::Char('k')], "↑ k", Intent::Up, "up: the row, state or line before", false),
    binding!(Panes, [Key::Down, Key::Char('j')], "↓ j", Intent::Down, "down: the next row, state or line", false),
    binding!(Panes, [Key::PageUp, Key::Ctrl('u')], "PgUp", Intent::PageUp, "a page up", false),
    binding!(Panes, [Key::PageDown, Key::Ctrl('d')], "PgDn", Intent::PageDown, "a page down", false),
    binding!(Panes, [Key::Home, Key::Char('g')], "Home g", Intent::First, "to the first", false),
    binding!(Panes, [Key::End, Key::Char('G')], "End G", Intent::Last, "to the last", false),
    binding!(Panes, [Key::Char('f')], "f", Intent::Failure, "failure", true),
    binding!(Panes, [Key::Char('a')], "a", Intent::Approve, "approve", true),
    binding!(Panes, [Key::Char('r')], "r", Intent::Reject, "reject", true),
    binding!(Panes, [Key::Char('S')], "S", Intent::Stop, "stop the execution", false),
    binding!(Panes, [Key::Char('o')], "o", Intent::Other, "from an execution to its order and back", false),
    binding!(Panes, [Key::Char('F')], "F", Intent::Follow, "follow the newest execution, state and line", false),
    binding!(Panes, [Key::Char('z')], "z", Intent::ZoomPane, "zoom", true),
    binding!(Graph, [Key::Char('d'), Key::Char('+'), Key::Char('-')], "d", Intent::Density, "density", true),
    binding!(Logs, [Key::Char('s')], "s", Intent::Scope, "all / this one", true),
    binding!(Panes, [Key::Char('?')], "?", Intent::Help, "help", true),
    binding!(Panes, [Key::Esc], "Esc", Intent::Back, "one step back", false),
    binding!(Panes, [Key::Char('q'), Key::Ctrl('c')], "q", Intent::Quit, "quit", true),
    binding!(Submit, [Key::Ctrl('s')], "Ctrl-S", Intent::Send, "send", true),
    binding!(Submit, [Key::Tab], "Tab", Intent::NextPane, "samples / text", true),
    binding!(Submit, [Key::Esc], "Esc", Intent::Back, "close", true),
    binding!(Submit, [Key::Ctrl('c')], "Ctrl-C", Intent::Quit, "quit", false),
    binding!(Question, [Key::Enter], "Enter", Intent::Confirm, "yes", true),
    binding!(Question, [Key::Esc], "Esc", Intent::Back, "no", true),
    binding!(Question, [Key::Ctrl('c')], "Ctrl-C", Intent::Quit, "quit", false),
    binding!(Help, [Key::Esc, Key::Char('?'), Key::Char('q'), Key::Enter], "Esc", Intent::Back, "close", true),
    binding!(Help, [Key::Up, Key::Char('k')], "↑ k", Intent::Up, "up", false),
    binding!(Help, [Key::Down, Key::Char('j')], "↓ j", Intent::Down, "down", false),
    binding!(Help, [Key::Ctrl('c')], "Ctrl-C", Intent::Quit, "quit", false),
];

/// What a key means where these modes hold; the first mode counts most.
pub fn intent(modes: &[Mode], key: Key) -> Option<Intent> {
    modes.iter().find_map(|mode| {
        BINDINGS
            .iter()
            .find(|binding| binding.mode == *mode && binding.keys.contains(&key))
            .map(|binding| binding.intent)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_mode() {
        for (index, binding) in BINDINGS.iter().enumerate() {
            for other in &BINDINGS[index + 1..] {
                let both = binding.mode == other.mode && binding.keys.iter().any(|key| other.keys.contains(key));
                assert!(!both, "{} and {}", binding.help, other.help);
            }
        }
    }
}
