//! Colours and signs. Nothing is told by colour alone: each status has a sign of its own.
//!
//! A [`Theme`] is worked out once, from what the user configured and what the terminal can do; it is told both, and
//! asks neither the environment nor the terminal.

use order_core::OrderStatus;
use ratatui::style::{Color, Modifier, Style};

use crate::app::run::VisitStatus;
use crate::config::{Ansi, Brightness, Colour, Colours, Depth, Role, Signs};
use crate::facts::ExecutionStatus;

/// How everything looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Text that matters less.
    pub(super) dim: Style,
    /// What is chosen.
    pub(super) chosen: Style,
    /// Titles.
    pub(super) title: Style,
    /// Keys in the footer.
    pub(super) key: Style,
    /// What went wrong.
    pub(super) error: Style,
    /// The border of the pane that keys go to.
    pub(super) focused: Style,
    /// What waits for somebody.
    pub(super) waiting: Style,
    /// Names of fields.
    pub(super) field: Style,
    /// The mark of a production account.
    pub(super) production: Style,
    running: Style,
    retrying: Style,
    succeeded: Style,
    caught: Style,
    failed: Style,
    aborted: Style,
    log_error: Style,
    log_warn: Style,
    log_info: Style,
    log_debug: Style,
    signs: Signs,
}

impl Default for Theme {
    fn default() -> Self {
        Self::dark()
    }
}

impl Theme {
    /// Light letters on a dark ground, in the colours of the terminal's own theme.
    pub fn dark() -> Self {
        Self::painted(dark, &[], Depth::True, Signs::Unicode)
    }

    /// Dark letters on a light ground.
    pub fn light() -> Self {
        Self::painted(light, &[], Depth::True, Signs::Unicode)
    }

    /// What the user configured, on a terminal with these variables.
    pub fn of(colours: &Colours, variables: &Variables) -> Self {
        let palette: fn(Role) -> Colour = match colours.theme.unwrap_or_else(|| variables.brightness()) {
            Brightness::Dark => dark,
            Brightness::Light => light,
        };
        let depth = colours.depth.unwrap_or_else(|| variables.depth());
        let signs = colours.signs.unwrap_or_else(|| variables.signs());
        Self::painted(palette, &colours.roles, depth, signs)
    }

    fn painted(palette: fn(Role) -> Colour, roles: &[(Role, Colour)], depth: Depth, signs: Signs) -> Self {
        let colour = |role: Role| {
            let own = roles.iter().find(|(of, _)| *of == role).map(|(_, colour)| *colour);
            shown(own.unwrap_or_else(|| palette(role)), depth)
        };
        let paint = |role: Role, modifier: Modifier| {
            let style = Style::new().add_modifier(modifier);
            colour(role).map_or(style, |colour| style.fg(colour))
        };
        let (plain, bold) = (Modifier::empty(), Modifier::BOLD);
        // Without colours, weight has to tell apart what colours did.
        let (faint, strong) = if depth == Depth::Plain { (Modifier::DIM, bold) } else { (plain, plain) };
        Self {
            dim: paint(Role::Dim, faint),
            chosen: match colour(Role::Chosen) {
                Some(ground) => Style::new().bg(ground),
                None => Style::new().add_modifier(Modifier::REVERSED),
            },
            title: paint(Role::Title, bold),
            key: paint(Role::Key, bold),
            error: paint(Role::Error, bold),
            focused: paint(Role::Focused, strong),
            waiting: paint(Role::Waiting, strong),
            field: paint(Role::Field, plain),
            production: paint(Role::Production, bold.union(Modifier::REVERSED)),
            running: paint(Role::Running, bold),
            retrying: paint(Role::Retrying, bold),
            succeeded: paint(Role::Succeeded, plain),
            caught: paint(Role::Caught, bold),
            failed: paint(Role::Failed, bold),
            aborted: paint(Role::Aborted, faint),
            log_error: paint(Role::LogError, bold),
            log_warn: paint(Role::LogWarn, strong),
            log_info: paint(Role::LogInfo, plain),
            log_debug: paint(Role::LogDebug, faint),
            signs,
        }
    }

    /// The sign and style of a visit.
    pub(super) fn visit(&self, status: Option<VisitStatus>) -> (&'static str, Style) {
        match status {
            None => (" ", self.dim),
            Some(VisitStatus::Running) => (self.sign("▶", ">"), self.running),
            Some(VisitStatus::Retrying) => (self.sign("↻", "~"), self.retrying),
            Some(VisitStatus::Succeeded) => (self.sign("✓", "+"), self.succeeded),
            Some(VisitStatus::Caught) => ("!", self.caught),
            Some(VisitStatus::Failed) => (self.sign("✗", "x"), self.failed),
            Some(VisitStatus::Aborted) => (self.sign("■", "#"), self.aborted),
        }
    }

    /// The sign and style of an execution.
    pub(super) fn execution(&self, status: ExecutionStatus) -> (&'static str, Style) {
        match status {
            ExecutionStatus::Running => self.visit(Some(VisitStatus::Running)),
            ExecutionStatus::Succeeded => self.visit(Some(VisitStatus::Succeeded)),
            ExecutionStatus::Failed => self.visit(Some(VisitStatus::Failed)),
            ExecutionStatus::TimedOut => (self.sign("◷", "t"), self.failed),
            ExecutionStatus::Aborted => self.visit(Some(VisitStatus::Aborted)),
            ExecutionStatus::PendingRedrive => self.visit(Some(VisitStatus::Retrying)),
        }
    }

    /// The sign and style of an order.
    pub(super) fn order(&self, status: OrderStatus) -> (&'static str, Style) {
        match status {
            OrderStatus::Received | OrderStatus::Reserved => self.visit(Some(VisitStatus::Running)),
            OrderStatus::AwaitingApproval => ("?", self.waiting.add_modifier(Modifier::BOLD)),
            OrderStatus::Confirmed => self.visit(Some(VisitStatus::Succeeded)),
            OrderStatus::Rejected
            | OrderStatus::OutOfStock
            | OrderStatus::NotApproved
            | OrderStatus::PaymentFailed
            | OrderStatus::Failed => self.visit(Some(VisitStatus::Failed)),
        }
    }

    /// The style of a log level.
    pub(super) fn level(&self, level: &str) -> Style {
        match level {
            "ERROR" => self.log_error,
            "WARN" => self.log_warn,
            "INFO" => self.log_info,
            _ => self.log_debug,
        }
    }

    /// The sign before what folds.
    pub(super) const fn fold(&self, folded: bool) -> &'static str {
        if folded { self.sign("▸", "+") } else { self.sign("▾", "-") }
    }

    /// Whether the terminal is to get nothing but ASCII of us.
    pub(super) const fn is_ascii(&self) -> bool {
        matches!(self.signs, Signs::Ascii)
    }

    pub(super) const fn sign(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.signs {
            Signs::Unicode => unicode,
            Signs::Ascii => ascii,
        }
    }
}

fn dark(role: Role) -> Colour {
    Colour::Ansi(match role {
        Role::Chosen | Role::Title => return Colour::Default,
        Role::Dim | Role::LogDebug => Ansi::DarkGray,
        Role::Key | Role::Focused | Role::Field | Role::Running => Ansi::Cyan,
        Role::Error | Role::Failed | Role::Production | Role::LogError => Ansi::Red,
        Role::Waiting | Role::Retrying | Role::LogWarn => Ansi::Yellow,
        Role::Succeeded | Role::LogInfo => Ansi::Green,
        Role::Caught => Ansi::Magenta,
        Role::Aborted => Ansi::Gray,
    })
}

/// The yellow and the grey of most terminals cannot be read on white; what stands here instead can, and is near them.
fn light(role: Role) -> Colour {
    match role {
        Role::Key | Role::Focused | Role::Field | Role::Running => Colour::Ansi(Ansi::Blue),
        Role::Waiting | Role::Retrying | Role::LogWarn => Colour::Rgb(0x87, 0x5f, 0x00),
        Role::Succeeded | Role::LogInfo => Colour::Rgb(0x00, 0x6e, 0x00),
        Role::Dim | Role::LogDebug | Role::Aborted => Colour::Rgb(0x6c, 0x6c, 0x6c),
        other => dark(other),
    }
}

/// The colour as a terminal of that depth has it; `None` leaves it to the terminal.
fn shown(colour: Colour, depth: Depth) -> Option<Color> {
    match (colour, depth) {
        (Colour::Default, _) | (_, Depth::Plain) => None,
        (Colour::Ansi(ansi), _) => Some(ansi_color(ansi)),
        (Colour::Indexed(index), Depth::True | Depth::Indexed) => Some(Color::Indexed(index)),
        (Colour::Indexed(index), Depth::Ansi) => Some(nearest_ansi(rgb_of(index))),
        (Colour::Rgb(red, green, blue), Depth::True) => Some(Color::Rgb(red, green, blue)),
        (Colour::Rgb(red, green, blue), Depth::Indexed) => Some(nearest_indexed((red, green, blue))),
        (Colour::Rgb(red, green, blue), Depth::Ansi) => Some(nearest_ansi((red, green, blue))),
    }
}

const fn ansi_color(ansi: Ansi) -> Color {
    match ansi {
        Ansi::Black => Color::Black,
        Ansi::Red => Color::Red,
        Ansi::Green => Color::Green,
        Ansi::Yellow => Color::Yellow,
        Ansi::Blue => Color::Blue,
        Ansi::Magenta => Color::Magenta,
        Ansi::Cyan => Color::Cyan,
        Ansi::Gray => Color::Gray,
        Ansi::DarkGray => Color::DarkGray,
        Ansi::LightRed => Color::LightRed,
        Ansi::LightGreen => Color::LightGreen,
        Ansi::LightYellow => Color::LightYellow,
        Ansi::LightBlue => Color::LightBlue,
        Ansi::LightMagenta => Color::LightMagenta,
        Ansi::LightCyan => Color::LightCyan,
        Ansi::White => Color::White,
    }
}

/// Red, green, blue.
type Rgb = (u8, u8, u8);

/// What the sixteen are on xterm; elsewhere the user's theme decides, and is not far from it.
const SIXTEEN: [Rgb; 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// xterm's palette: the sixteen, a cube of six levels a side, a ramp of greys.
fn rgb_of(index: u8) -> Rgb {
    match index {
        0..=15 => SIXTEEN.get(usize::from(index)).copied().unwrap_or_default(),
        16..=231 => {
            let at = index - 16;
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            (level(at / 36), level(at / 6 % 6), level(at % 6))
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

/// Of the cube and the ramp: what the first sixteen look like is not known.
fn nearest_indexed(wanted: Rgb) -> Color {
    Color::Indexed((16..=255).min_by_key(|index| distance(rgb_of(*index), wanted)).unwrap_or_default())
}

fn nearest_ansi(wanted: Rgb) -> Color {
    let nearest = Ansi::NAMES.iter().zip(SIXTEEN).min_by_key(|(_, rgb)| distance(*rgb, wanted));
    nearest.map_or(Color::Reset, |((_, ansi), _)| ansi_color(*ansi))
}

fn distance(left: Rgb, right: Rgb) -> u32 {
    let square = |left: u8, right: u8| u32::from(left.abs_diff(right)).pow(2);
    square(left.0, right.0) + square(left.1, right.1) + square(left.2, right.2)
}

/// What the environment says of the terminal, as the variables have it; empty where they are not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// `NO_COLOR`: anything in it forbids colours. <https://no-color.org>
    pub no_color: String,
    /// `COLORTERM`: `truecolor` or `24bit` on terminals with all colours.
    pub colorterm: String,
    /// `TERM`: the terminal's kind.
    pub term: String,
    /// `COLORFGBG`: on some terminals the numbers of the letters' colour and the ground's, as `15;0`.
    pub colorfgbg: String,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set.
    pub locale: String,
}

impl Variables {
    /// The variables as `variable` has them.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| variable(name).unwrap_or_default();
        let locales = ["LC_ALL", "LC_CTYPE", "LANG"];
        Self {
            no_color: text("NO_COLOR"),
            colorterm: text("COLORTERM"),
            term: text("TERM"),
            colorfgbg: text("COLORFGBG"),
            locale: locales.into_iter().map(text).find(|locale| !locale.is_empty()).unwrap_or_default(),
        }
    }

    fn depth(&self) -> Depth {
        if !self.no_color.is_empty() || self.term == "dumb" {
            Depth::Plain
        } else if ["truecolor", "24bit"].contains(&self.colorterm.as_str()) || self.term.ends_with("-direct") {
            Depth::True
        } else if self.term.contains("256color") {
            Depth::Indexed
        } else {
            Depth::Ansi
        }
    }

    fn brightness(&self) -> Brightness {
        let ground = self.colorfgbg.rsplit(';').next().and_then(|ground| ground.parse::<u8>().ok());
        if matches!(ground, Some(7 | 9..=15)) { Brightness::Light } else { Brightness::Dark }
    }

    /// Where no locale is set, as in many containers, terminals speak UTF-8 all the same. Linux' own console does too,
    /// but its letters have no signs.
    fn signs(&self) -> Signs {
        let locale = self.locale.to_lowercase();
        let is_utf8 = locale.is_empty() || locale.contains("utf-8") || locale.contains("utf8");
        if is_utf8 && !["linux", "dumb"].contains(&self.term.as_str()) { Signs::Unicode } else { Signs::Ascii }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_examples_in_the_configuration_are_the_dark_theme() {
        for (role, name, usual, _) in Role::ALL {
            assert_eq!(usual.parse::<Colour>(), Ok(dark(*role)), "{name}");
        }
        let roles: Vec<(Role, Colour)> = Role::ALL.iter().map(|(role, ..)| (*role, dark(*role))).collect();
        let all = Colours { theme: Some(Brightness::Light), depth: Some(Depth::True), signs: None, roles };
        assert_eq!(Theme::of(&all, &Variables::default()), Theme::dark());
    }

    #[test]
    fn signs_tell_statuses_apart_without_colours() {
        use VisitStatus as S;
        let visits = [S::Running, S::Retrying, S::Succeeded, S::Caught, S::Failed, S::Aborted];
        for signs in [Signs::Unicode, Signs::Ascii] {
            let theme = Theme::painted(dark, &[], Depth::Plain, signs);
            let seen: HashSet<&str> = visits.iter().map(|status| theme.visit(Some(*status)).0).collect();
            assert_eq!(seen.len(), visits.len());
            let executions: HashSet<&str> =
                ExecutionStatus::ALL.iter().map(|status| theme.execution(*status).0).collect();
            assert_eq!(executions.len(), ExecutionStatus::ALL.len());
            assert_eq!(executions.iter().all(|sign| sign.is_ascii()), signs == Signs::Ascii);
        }
    }

    #[test]
    fn a_colour_is_shown_as_near_as_the_terminal_can() {
        let orange = Colour::Rgb(255, 135, 10);
        let cases = [
            (Colour::Default, Depth::True, None),
            (Colour::Ansi(Ansi::Green), Depth::True, Some(Color::Green)),
            (Colour::Ansi(Ansi::Green), Depth::Ansi, Some(Color::Green)),
            (Colour::Ansi(Ansi::Green), Depth::Plain, None),
            (orange, Depth::True, Some(Color::Rgb(255, 135, 10))),
            (orange, Depth::Indexed, Some(Color::Indexed(208))),
            (Colour::Rgb(250, 10, 5), Depth::Ansi, Some(Color::LightRed)),
            (Colour::Rgb(118, 118, 118), Depth::Indexed, Some(Color::Indexed(243))),
            (Colour::Indexed(208), Depth::Indexed, Some(Color::Indexed(208))),
            (Colour::Indexed(2), Depth::Ansi, Some(Color::Green)),
            (Colour::Indexed(231), Depth::Ansi, Some(Color::White)),
        ];
        for (colour, depth, expected) in cases {
            assert_eq!(shown(colour, depth), expected, "{colour} {depth:?}");
        }
    }

    #[test]
    fn no_colour_is_left_where_none_are_wanted() {
        let variables = Variables { no_color: "1".into(), colorterm: "truecolor".into(), ..Variables::default() };
        let theme = Theme::of(&Colours::default(), &variables);
        for style in [theme.error, theme.running, theme.focused, theme.dim, theme.chosen, theme.production] {
            assert_eq!((style.fg, style.bg), (None, None));
            assert!(!style.add_modifier.is_empty());
        }
        // What the user wrote down counts more than what the environment says.
        let colours = Colours { depth: Some(Depth::Ansi), ..Colours::default() };
        assert_eq!(Theme::of(&colours, &variables).error.fg, Some(Color::Red));
    }

    #[test]
    fn the_environment_is_read_as_terminals_set_it() {
        fn check(set: &[(&str, &str)], expected: (Depth, Brightness, Signs)) {
            let value = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            let variables = Variables::of(value);
            assert_eq!((variables.depth(), variables.brightness(), variables.signs()), expected, "{set:?}");
        }
        let (dark, light) = (Brightness::Dark, Brightness::Light);
        check(&[], (Depth::Ansi, dark, Signs::Unicode));
        check(&[("TERM", "xterm-256color"), ("LANG", "de_DE.UTF-8")], (Depth::Indexed, dark, Signs::Unicode));
        check(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], (Depth::True, dark, Signs::Unicode));
        check(&[("TERM", "xterm-direct"), ("NO_COLOR", "")], (Depth::True, dark, Signs::Unicode));
        check(&[("TERM", "xterm"), ("NO_COLOR", "1")], (Depth::Plain, dark, Signs::Unicode));
        check(&[("TERM", "linux"), ("LANG", "en_GB.utf8")], (Depth::Ansi, dark, Signs::Ascii));
        check(&[("TERM", "dumb")], (Depth::Plain, dark, Signs::Ascii));
        check(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")], (Depth::Ansi, dark, Signs::Ascii));
        check(&[("COLORFGBG", "0;15")], (Depth::Ansi, light, Signs::Unicode));
        check(&[("COLORFGBG", "0;default;7")], (Depth::Ansi, light, Signs::Unicode));
        check(&[("COLORFGBG", "15;0")], (Depth::Ansi, dark, Signs::Unicode));
    }
}
