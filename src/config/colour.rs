//! Colours as a user writes them, and what they are for.
//!
//! No terminal is known here: what becomes of a colour on one that has fewer is `ui::theme`'s business.

use std::fmt;
use std::str::FromStr;

/// `[colours]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colours {
    /// The theme; `None` is found out from the terminal.
    pub theme: Option<Brightness>,
    /// How many colours there are; `None` is found out from the terminal.
    pub depth: Option<Depth>,
    /// What signs are made of; `None` is found out from the terminal.
    pub signs: Option<Signs>,
    /// The colours that are not the theme's, in the order of [`Role::ALL`].
    pub roles: Vec<(Role, Colour)>,
}

/// What the ground of the terminal is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brightness {
    /// Light letters on a dark ground.
    Dark,
    /// Dark letters on a light ground.
    Light,
}

impl Brightness {
    /// All of them, by their names in a configuration.
    pub const NAMES: &'static [(&'static str, Option<Self>)] =
        &[("auto", None), ("dark", Some(Self::Dark)), ("light", Some(Self::Light))];
}

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All of them.
    True,
    /// xterm's 256.
    Indexed,
    /// The sixteen of ANSI.
    Ansi,
    /// None; weight and inversion tell things apart.
    Plain,
}

impl Depth {
    /// All of them, by their names in a configuration.
    pub const NAMES: &'static [(&'static str, Option<Self>)] = &[
        ("auto", None),
        ("true", Some(Self::True)),
        ("256", Some(Self::Indexed)),
        ("16", Some(Self::Ansi)),
        ("none", Some(Self::Plain)),
    ];
}

/// What the signs of statuses are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// Characters such as ✓ and ▶.
    Unicode,
    /// Characters that every terminal has.
    Ascii,
}

impl Signs {
    /// All of them, by their names in a configuration.
    pub const NAMES: &'static [(&'static str, Option<Self>)] =
        &[("auto", None), ("unicode", Some(Self::Unicode)), ("ascii", Some(Self::Ascii))];
}

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words beside its name in `ALL` say it")]
pub enum Role {
    Dim,
    Chosen,
    Title,
    Key,
    Error,
    Focused,
    Waiting,
    Field,
    Running,
    Retrying,
    Succeeded,
    Caught,
    Failed,
    Aborted,
    Production,
    LogError,
    LogWarn,
    LogInfo,
    LogDebug,
}

impl Role {
    /// All of them: the name in a configuration, the dark theme's colour as it would be written there, and what it is.
    pub const ALL: &'static [(Self, &'static str, &'static str, &'static str)] = &[
        (Self::Dim, "dim", "dark-gray", "text that matters less"),
        (Self::Chosen, "chosen", "default", "the ground of what is chosen; default inverts it"),
        (Self::Title, "title", "default", "titles"),
        (Self::Key, "key", "cyan", "keys in the footer"),
        (Self::Error, "error", "red", "what went wrong"),
        (Self::Focused, "focused", "cyan", "the border of the pane that keys go to"),
        (Self::Waiting, "waiting", "yellow", "what waits for somebody"),
        (Self::Field, "field", "cyan", "names of fields"),
        (Self::Running, "running", "cyan", "what runs"),
        (Self::Retrying, "retrying", "yellow", "what is tried again"),
        (Self::Succeeded, "succeeded", "green", "what ended well"),
        (Self::Caught, "caught", "magenta", "what failed and was caught"),
        (Self::Failed, "failed", "red", "what failed"),
        (Self::Aborted, "aborted", "gray", "what was given up"),
        (Self::Production, "production", "red", "the mark of a production account"),
        (Self::LogError, "log-error", "red", "log lines at ERROR"),
        (Self::LogWarn, "log-warn", "yellow", "log lines at WARN"),
        (Self::LogInfo, "log-info", "green", "log lines at INFO"),
        (Self::LogDebug, "log-debug", "dark-gray", "log lines below that"),
    ];
}

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// That of the terminal.
    Default,
    /// One of the sixteen that a terminal's own theme decides.
    Ansi(Ansi),
    /// One of xterm's 256.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// The sixteen colours of ANSI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the colours' own names")]
pub enum Ansi {
    Black,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
    Gray,
    DarkGray,
    LightRed,
    LightGreen,
    LightYellow,
    LightBlue,
    LightMagenta,
    LightCyan,
    White,
}

impl Ansi {
    /// All of them in the order of their numbers, by their names in a configuration.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("black", Self::Black),
        ("red", Self::Red),
        ("green", Self::Green),
        ("yellow", Self::Yellow),
        ("blue", Self::Blue),
        ("magenta", Self::Magenta),
        ("cyan", Self::Cyan),
        ("gray", Self::Gray),
        ("dark-gray", Self::DarkGray),
        ("light-red", Self::LightRed),
        ("light-green", Self::LightGreen),
        ("light-yellow", Self::LightYellow),
        ("light-blue", Self::LightBlue),
        ("light-magenta", Self::LightMagenta),
        ("light-cyan", Self::LightCyan),
        ("white", Self::White),
    ];
}

/// A text that is no colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no colour: write a name such as green or light-blue, #rrggbb, or a number from 0 to 255")]
pub struct ColourError(String);

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, ColourError> {
        if let Some(hex) = text.strip_prefix('#').filter(|hex| hex.len() == 6 && is_all(hex, u8::is_ascii_hexdigit)) {
            let [_, red, green, blue] = u32::from_str_radix(hex, 16).unwrap_or_default().to_be_bytes();
            return Ok(Self::Rgb(red, green, blue));
        }
        if is_all(text, u8::is_ascii_digit)
            && let Ok(index) = text.parse()
        {
            return Ok(Self::Indexed(index));
        }
        let name = text.to_lowercase().replace(['_', ' '], "-").replace("grey", "gray").replace("bright-", "light-");
        if name == "default" {
            return Ok(Self::Default);
        }
        let found = Ansi::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, ansi)| Self::Ansi(*ansi)).ok_or_else(|| ColourError(text.chars().take(40).collect()))
    }
}

fn is_all(text: &str, such: fn(&u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|byte| such(&byte))
}

impl fmt::Display for Colour {
    /// As a configuration has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Ansi(ansi) => f.write_str(super::name_of(Ansi::NAMES, ansi)),
            Self::Indexed(index) => write!(f, "{index}"),
            Self::Rgb(red, green, blue) => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_written() {
        let cases = [
            ("green", Colour::Ansi(Ansi::Green), "green"),
            ("Dark_Grey", Colour::Ansi(Ansi::DarkGray), "dark-gray"),
            ("bright-blue", Colour::Ansi(Ansi::LightBlue), "light-blue"),
            ("default", Colour::Default, "default"),
            ("124", Colour::Indexed(124), "124"),
            ("#50fa7b", Colour::Rgb(0x50, 0xfa, 0x7b), "#50fa7b"),
            ("#FFFFFF", Colour::Rgb(255, 255, 255), "#ffffff"),
        ];
        for (text, colour, written) in cases {
            assert_eq!(text.parse::<Colour>(), Ok(colour), "{text}");
            assert_eq!(colour.to_string(), written);
            assert_eq!(written.parse::<Colour>(), Ok(colour), "{written}");
        }
        for text in ["", "256", "-1", "+5", "#12345", "#12345g", "#+12345", "#ééé", "greenish"] {
            assert!(text.parse::<Colour>().is_err(), "{text}");
        }
    }

    #[test]
    fn roles_stand_in_their_order() {
        assert!(Role::ALL.is_sorted_by_key(|(role, ..)| *role));
    }
}
