//! The keys of a keyboard: which there are, and how they are called in a configuration and on the screen.
//!
//! What a key means stands in `keymap`.

use std::fmt;
use std::str::FromStr;

/// A key as it comes from a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a key's name")]
pub enum Key {
    Char(char),
    Ctrl(char),
    /// A function key, by its number.
    F(u8),
    Enter,
    Esc,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    ShiftUp,
    ShiftDown,
    ShiftLeft,
    ShiftRight,
    PageUp,
    PageDown,
    Home,
    End,
    Backspace,
    Delete,
}

/// The keys that have a name: in a configuration, and on the screen.
const NAMED: &[(Key, &str, &str)] = &[
    (Key::Enter, "enter", "Enter"),
    (Key::Esc, "esc", "Esc"),
    (Key::Tab, "tab", "Tab"),
    (Key::BackTab, "shift-tab", "Shift-Tab"),
    (Key::Up, "up", "↑"),
    (Key::Down, "down", "↓"),
    (Key::Left, "left", "←"),
    (Key::Right, "right", "→"),
    (Key::ShiftUp, "shift-up", "Shift-↑"),
    (Key::ShiftDown, "shift-down", "Shift-↓"),
    (Key::ShiftLeft, "shift-left", "Shift-←"),
    (Key::ShiftRight, "shift-right", "Shift-→"),
    (Key::PageUp, "pgup", "PgUp"),
    (Key::PageDown, "pgdn", "PgDn"),
    (Key::Home, "home", "Home"),
    (Key::End, "end", "End"),
    (Key::Backspace, "backspace", "Backspace"),
    (Key::Delete, "delete", "Delete"),
    (Key::Char(' '), "space", "Space"),
    (Key::Ctrl(' '), "ctrl-space", "Ctrl-Space"),
];

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key is called so.
    #[error("{0:?} is no key: write a character, or a name such as ctrl-c, shift-tab, pgup, f5, space")]
    Unknown(String),
    /// A terminal sends the one for the other.
    #[error("a terminal does not tell {0} from {1}: write {1}")]
    Same(&'static str, &'static str),
}

impl Key {
    /// Its name on the screen.
    pub fn shown(self) -> String {
        match (NAMED.iter().find(|(key, ..)| *key == self), self) {
            (Some((.., shown)), _) => (*shown).to_owned(),
            (None, Self::Ctrl(c)) => format!("Ctrl-{}", c.to_uppercase()),
            (None, Self::F(number)) => format!("F{number}"),
            (None, Self::Char(c)) => c.to_string(),
            (None, _) => String::new(),
        }
    }

    /// The same without Shift, where nothing else is meant by it.
    pub(super) const fn unshifted(self) -> Self {
        match self {
            Self::ShiftUp => Self::Up,
            Self::ShiftDown => Self::Down,
            Self::ShiftLeft => Self::Left,
            Self::ShiftRight => Self::Right,
            other => other,
        }
    }

    /// Whether it changes a text, or moves in it.
    pub(super) const fn types_text(self) -> bool {
        matches!(
            self,
            Self::Char(_)
                | Self::Enter
                | Self::Up
                | Self::Down
                | Self::Left
                | Self::Right
                | Self::Home
                | Self::End
                | Self::Backspace
                | Self::Delete
        )
    }
}

impl FromStr for Key {
    type Err = KeyError;

    /// A key from a configuration: `q`, `ctrl-c`, `shift-tab`, `pgup`, `f5`, `space`. Names may be in capitals.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let unknown = || KeyError::Unknown(text.chars().take(40).collect());
        if let Some(c) = single(text).filter(|c| !c.is_control() && !c.is_whitespace()) {
            return Ok(Self::Char(c));
        }
        let lower = text.to_lowercase();
        let name = match lower.as_str() {
            "return" => "enter",
            "escape" => "esc",
            "backtab" => "shift-tab",
            "pageup" => "pgup",
            "pagedown" => "pgdn",
            "del" => "delete",
            other => other,
        };
        if let Some((key, ..)) = NAMED.iter().find(|(_, known, _)| *known == name) {
            return Ok(*key);
        }
        if let Some(rest) = name.strip_prefix("ctrl-") {
            // What terminals send for these has been another key's since there were teletypes.
            return match single(rest).filter(|c| !c.is_control() && !c.is_whitespace()) {
                Some('i') => Err(KeyError::Same("ctrl-i", "tab")),
                Some('m') => Err(KeyError::Same("ctrl-m", "enter")),
                Some('[') => Err(KeyError::Same("ctrl-[", "esc")),
                Some(c) => Ok(Self::Ctrl(c)),
                None => Err(unknown()),
            };
        }
        if let Some(letter) = name.strip_prefix("shift-").and_then(single).filter(char::is_ascii_lowercase) {
            return Ok(Self::Char(letter.to_ascii_uppercase()));
        }
        let number = name.strip_prefix('f').and_then(|number| number.parse::<u8>().ok());
        number.filter(|number| (1..=24).contains(number)).map(Self::F).ok_or_else(unknown)
    }
}

/// The character of a text that has no other.
fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

impl fmt::Display for Key {
    /// As a configuration has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (NAMED.iter().find(|(key, ..)| key == self), self) {
            (Some((_, name, _)), _) => f.write_str(name),
            (None, Self::Ctrl(c)) => write!(f, "ctrl-{c}"),
            (None, Self::F(number)) => write!(f, "f{number}"),
            (None, Self::Char(c)) => write!(f, "{c}"),
            (None, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_written() {
        let cases = [
            ("q", Key::Char('q'), "q", "q"),
            ("Q", Key::Char('Q'), "Q", "Q"),
            ("shift-q", Key::Char('Q'), "Q", "Q"),
            ("-", Key::Char('-'), "-", "-"),
            ("ü", Key::Char('ü'), "ü", "ü"),
            ("space", Key::Char(' '), "space", "Space"),
            ("ctrl-c", Key::Ctrl('c'), "ctrl-c", "Ctrl-C"),
            ("Ctrl-C", Key::Ctrl('c'), "ctrl-c", "Ctrl-C"),
            ("ctrl-space", Key::Ctrl(' '), "ctrl-space", "Ctrl-Space"),
            ("ctrl--", Key::Ctrl('-'), "ctrl--", "Ctrl--"),
            ("shift-tab", Key::BackTab, "shift-tab", "Shift-Tab"),
            ("backtab", Key::BackTab, "shift-tab", "Shift-Tab"),
            ("PageUp", Key::PageUp, "pgup", "PgUp"),
            ("pgdn", Key::PageDown, "pgdn", "PgDn"),
            ("return", Key::Enter, "enter", "Enter"),
            ("up", Key::Up, "up", "↑"),
            ("f5", Key::F(5), "f5", "F5"),
            ("F12", Key::F(12), "f12", "F12"),
        ];
        for (text, key, written, shown) in cases {
            assert_eq!(text.parse::<Key>(), Ok(key), "{text}");
            assert_eq!((key.to_string().as_str(), key.shown().as_str()), (written, shown));
            assert_eq!(written.parse::<Key>(), Ok(key), "{written}");
        }
        for text in ["", " ", "\u{1b}", "qq", "f0", "f25", "ctrl-", "ctrl-xx", "ctrl-i", "ctrl-m", "alt-x", "shift-1"] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }
}
