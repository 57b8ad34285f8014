//! Whether the terminal is dark or light: it is asked, where it is known to answer.
//!
//! A terminal that does not answer would cost the first screen its time, and one that answers late would type its answer
//! into the dashboard. Others tell by `COLORFGBG`, or are taken for dark, and the configuration has the last word.

use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use crate::config::Brightness;

/// How long the answer may take: one way over ssh and back.
const PATIENCE: Duration = Duration::from_millis(400);

/// What the terminal says; `None` where it is not asked, or says nothing.
pub(super) fn brightness(variable: impl Fn(&str) -> Option<String>) -> Option<Brightness> {
    if !is_known_to_answer(variable) {
        return None;
    }
    let mut options = QueryOptions::default();
    options.timeout = PATIENCE;
    match theme_mode(options).ok()? {
        ThemeMode::Dark => Some(Brightness::Dark),
        ThemeMode::Light => Some(Brightness::Light),
    }
}

/// Terminals that answer OSC 11, by what they call themselves. What stands between, such as tmux, may keep the answer.
/// <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h3-Operating-System-Commands>
fn is_known_to_answer(variable: impl Fn(&str) -> Option<String>) -> bool {
    let text = |name: &str| variable(name).unwrap_or_default();
    if !text("TMUX").is_empty() || !text("STY").is_empty() || !text("COLORFGBG").is_empty() {
        return false;
    }
    let by_name = ["kitty", "alacritty", "foot", "ghostty", "wezterm", "contour", "rio"];
    let by_program = ["iTerm.app", "WezTerm", "ghostty", "vscode", "Apple_Terminal", "rio"];
    let (term, program) = (text("TERM"), text("TERM_PROGRAM"));
    by_name.iter().any(|name| term.contains(name))
        || by_program.contains(&program.as_str())
        || !text("VTE_VERSION").is_empty()
        || !text("KONSOLE_VERSION").is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terminals_that_answer_are_asked() {
        let cases: [(&[(&str, &str)], bool); 8] = [
            (&[], false),
            (&[("TERM", "xterm-256color")], false),
            (&[("TERM", "xterm-kitty")], true),
            (&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux-0/default,1,0")], false),
            (&[("TERM", "alacritty"), ("COLORFGBG", "15;0")], false),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "vscode")], true),
            (&[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")], true),
            (&[("TERM", "linux")], false),
        ];
        for (set, expected) in cases {
            let variable =
                |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(is_known_to_answer(variable), expected, "{set:?}");
        }
    }
}
