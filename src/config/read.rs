//! TOML into a [`Config`], key by key: a problem with one leaves the others alone.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::colour::{Brightness, Depth, Role, Signs};
use super::reader::{Entry, Reader, meant, quoted};
use super::{Colour, Colours, Config, Problem};
use crate::app::keymap::{Intent, Key, Keymap, Override};
use crate::app::settings::{Column, Poll, Settings, Shares, TimeStyle, Zone};
use crate::facts::Millis;

/// More than any configuration has; what is larger was not meant to be one.
const MOST_BYTES: usize = 1 << 16;

/// The sections with their keys, apart from actions and roles.
pub(super) const SECTIONS: &[(&str, &[&str])] = &[
    ("keys", &[]),
    ("colours", &["theme", "depth", "signs"]),
    ("columns", &["executions"]),
    ("times", &["zone", "style"]),
    ("aws", &["production", "regions", "read_only", "poll"]),
    ("panes", &["graph", "lists", "executions", "logs"]),
    ("mouse", &["enabled"]),
];

pub(super) fn read(text: &str) -> (Config, Vec<Problem>) {
    let mut config = Config::default();
    if text.len() > MOST_BYTES {
        let sentence = format!("the file is larger than {MOST_BYTES} bytes: it is not read");
        return (config, vec![Problem { line: 0, key: String::new(), sentence }]);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader::new(text);
    for error in &errors {
        reader.no_toml(error.span().map_or(0, |span| span.start), error.message());
    }
    for (name, value) in document.get_ref() {
        reader.section(name.get_ref(), name.span().start, value, &mut config);
    }
    (config, reader.into_problems())
}

impl Reader<'_> {
    fn section<'d>(&mut self, name: &str, at: usize, value: &'d Spanned<DeValue<'d>>, config: &mut Config) {
        let Some(&(section, keys)) = SECTIONS.iter().find(|(section, _)| *section == name) else {
            if !self.is_broken(at, at) {
                let known: Vec<&str> = SECTIONS.iter().map(|(section, _)| *section).collect();
                self.tell(at, name, &format!("there is no such section: {}", meant(name, &known)));
            }
            return;
        };
        let mut known = keys.to_vec();
        match section {
            "keys" => known.extend(Keymap::default().actions().map(|(binding, _)| binding.intent.name())),
            "colours" => known.extend(Role::ALL.iter().map(|(_, name, ..)| *name)),
            _ => {}
        }
        let entries = self.entries(section, value, &known);
        match section {
            "keys" => config.keymap = self.keys(&entries),
            "colours" => self.colours(&entries, &mut config.colours),
            _ => {
                for entry in &entries {
                    self.setting(entry, &mut config.settings);
                }
            }
        }
    }

    fn keys(&mut self, entries: &[Entry<'_>]) -> Keymap {
        let mut overrides = Vec::new();
        for entry in entries {
            let (Some(intent), Some(texts)) = (Intent::parse(entry.name), self.texts(entry)) else { continue };
            let mut keys: Vec<Key> = Vec::new();
            let mut is_sound = true;
            for (at, text) in texts {
                match text.parse::<Key>() {
                    Ok(key) => keys.push(key),
                    Err(error) => {
                        is_sound = false;
                        self.tell(at, &entry.key(), &error.to_string());
                    }
                }
            }
            if is_sound {
                overrides.push(Override { intent, keys });
            }
        }
        let (keymap, conflicts) = Keymap::with(&overrides);
        for conflict in conflicts {
            if let Some(entry) = entries.iter().find(|entry| Intent::parse(entry.name) == Some(conflict.intent)) {
                self.refuse(entry, &conflict.to_string());
            }
        }
        keymap
    }

    fn colours(&mut self, entries: &[Entry<'_>], colours: &mut Colours) {
        for entry in entries {
            match entry.name {
                "theme" => set(&mut colours.theme, self.word(entry, Brightness::NAMES)),
                "depth" => set(&mut colours.depth, self.word(entry, Depth::NAMES)),
                "signs" => set(&mut colours.signs, self.word(entry, Signs::NAMES)),
                name => {
                    let role = Role::ALL.iter().find(|(_, known, ..)| *known == name).map(|(role, ..)| *role);
                    let (Some(role), Some(text)) = (role, self.text(entry)) else { continue };
                    match text.parse::<Colour>() {
                        Ok(colour) => colours.roles.push((role, colour)),
                        Err(error) => self.refuse(entry, &error.to_string()),
                    }
                }
            }
        }
        colours.roles.sort_by_key(|(role, _)| *role);
    }

    fn setting(&mut self, entry: &Entry<'_>, settings: &mut Settings) {
        let panes = &mut settings.panes;
        match (entry.section, entry.name) {
            ("columns", "executions") => set(&mut settings.columns, self.columns(entry)),
            ("times", "zone") => set(&mut settings.zone, self.word(entry, Zone::NAMES)),
            ("times", "style") => set(&mut settings.times, self.word(entry, TimeStyle::NAMES)),
            ("aws", "production") => set(&mut settings.production, self.production(entry)),
            ("aws", "regions") => set(&mut settings.regions, self.regions(entry)),
            ("aws", "read_only") => set(&mut settings.read_only, self.flag(entry)),
            ("aws", "poll") => set(&mut settings.poll, self.poll(entry)),
            ("panes", "graph") => set(&mut panes.graph, self.share(entry)),
            ("panes", "lists") => set(&mut panes.lists, self.share(entry)),
            ("panes", "executions") => set(&mut panes.executions, self.share(entry)),
            ("panes", "logs") => set(&mut panes.logs, self.share(entry)),
            ("mouse", "enabled") => set(&mut settings.mouse, self.flag(entry)),
            _ => {}
        }
    }

    fn columns(&mut self, entry: &Entry<'_>) -> Option<Vec<Column>> {
        let known: Vec<&str> = Column::NAMES.iter().map(|(name, _)| *name).collect();
        let mut columns = Vec::new();
        for (at, text) in self.texts(entry)? {
            let column = Column::NAMES.iter().find(|(name, _)| *name == text).map(|(_, column)| *column);
            match column {
                Some(column) if !columns.contains(&column) => columns.push(column),
                Some(_) => {
                    self.tell(at, &entry.key(), &format!("{text} stands there already"));
                    return None;
                }
                None => {
                    self.tell(at, &entry.key(), &format!("{} is no column: {}", quoted(text), meant(text, &known)));
                    return None;
                }
            }
        }
        if columns.is_empty() {
            self.refuse(entry, &format!("write at least one of {}", known.join(", ")));
            return None;
        }
        Some(columns)
    }

    fn production(&mut self, entry: &Entry<'_>) -> Option<Vec<String>> {
        let mut named = Vec::new();
        for (at, text) in self.texts(entry)? {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if text.trim().is_empty() || (is_number && text.len() != 12) {
                let sentence = format!("{} is no account: its number has 12 digits", quoted(text));
                self.tell(at, &entry.key(), &sentence);
                return None;
            }
            named.push(text.to_owned());
        }
        Some(named)
    }

    fn regions(&mut self, entry: &Entry<'_>) -> Option<Vec<String>> {
        let mut named = Vec::new();
        for (at, text) in self.texts(entry)? {
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !text.contains('-') || !text.chars().all(is_name) {
                self.tell(at, &entry.key(), &format!("{} is no region: write one such as eu-west-1", quoted(text)));
                return None;
            }
            named.push(text.to_owned());
        }
        Some(named)
    }

    fn poll(&mut self, entry: &Entry<'_>) -> Option<Poll> {
        let (least, most) = Poll::BOUNDS;
        let mut bounds = Vec::new();
        for (at, text) in self.texts(entry)? {
            match millis(text).filter(|millis| (least..=most).contains(millis)) {
                Some(millis) => bounds.push(millis),
                None => {
                    let sentence = format!("{} is no time between two looks: write 200ms to 1h", quoted(text));
                    self.tell(at, &entry.key(), &sentence);
                    return None;
                }
            }
        }
        match bounds.as_slice() {
            [fastest, slowest] if fastest <= slowest => Some(Poll { fastest: *fastest, slowest: *slowest }),
            _ => {
                self.refuse(entry, "write the shortest and the longest time between two looks: [\"1s\", \"5s\"]");
                None
            }
        }
    }

    fn share(&mut self, entry: &Entry<'_>) -> Option<u16> {
        let (least, most) = Shares::BOUNDS;
        // The parser has seen that it is a number; how it is written is known best from the file.
        let written = self.written(entry);
        let number = match entry.value.get_ref() {
            DeValue::Integer(_) => written.parse::<u16>().ok().filter(|number| (least..=most).contains(number)),
            _ => None,
        };
        if number.is_none() {
            let sentence = format!("write a whole number from {least} to {most}: hundredths of the room there is");
            self.refuse(entry, &sentence);
        }
        number
    }
}

/// Takes a value that reads.
fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// `200ms`, `1s`, `2m`, `1h`
fn millis(text: &str) -> Option<Millis> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(end)?;
    let scale = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<Millis>().ok()?.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::super::colour::Ansi;
    use super::*;

    /// Reads the text; the problems as `line key: sentence`.
    fn told(text: &str) -> (Config, Vec<String>) {
        let (config, problems) = read(text);
        let told = |problem: &Problem| format!("{} {}: {}", problem.line, problem.key, problem.sentence);
        (config, problems.iter().map(told).collect())
    }

    /// One problem, and everything at its default.
    fn refused(text: &str, expected: &str) {
        let (config, problems) = told(text);
        assert_eq!(problems, [expected], "{text}");
        assert_eq!(config, Config::default(), "{text}");
    }

    #[test]
    fn nothing_says_nothing() {
        for text in ["", "\n", "# a comment\n", "[keys]\n[colours]\n"] {
            assert_eq!(told(text), (Config::default(), Vec::new()), "{text:?}");
        }
    }

    #[test]
    fn everything_can_be_said() {
        let text = r##"
            [keys]
            stop = ["X", "f5"]
            new-order = "ctrl-n"
            [colours]
            theme = "light"
            depth = "256"
            signs = "ascii"
            succeeded = "#50fa7b"
            dim = "124"
            [columns]
            executions = ["name", "status"]
            [times]
            zone = "utc"
            style = "relative"
            [aws]
            production = ["123456789012", "live"]
            regions = ["eu-west-1", "us-east-1"]
            read_only = true
            poll = ["500ms", "1m"]
            [panes]
            graph = 60
            logs = 20
            [mouse]
            enabled = false
        "##;
        let (config, problems) = told(text);
        assert!(problems.is_empty(), "{problems:?}");
        let stop = |key| config.keymap.intent(&[crate::app::keymap::Mode::Panes], key) == Some(Intent::Stop);
        assert!(stop(Key::Char('X')) && stop(Key::F(5)) && !stop(Key::Char('S')));
        assert_eq!(
            config.colours,
            Colours {
                theme: Some(Brightness::Light),
                depth: Some(Depth::Indexed),
                signs: Some(Signs::Ascii),
                roles: vec![(Role::Dim, Colour::Indexed(124)), (Role::Succeeded, Colour::Rgb(0x50, 0xfa, 0x7b))],
            }
        );
        assert_eq!(
            config.settings,
            Settings {
                columns: vec![Column::Name, Column::Status],
                zone: Zone::Utc,
                times: TimeStyle::Relative,
                production: vec!["123456789012".to_owned(), "live".to_owned()],
                regions: vec!["eu-west-1".to_owned(), "us-east-1".to_owned()],
                read_only: true,
                poll: Poll { fastest: 500, slowest: 60_000 },
                panes: Shares { graph: 60, logs: 20, ..Shares::default() },
                mouse: false,
            }
        );
    }

    #[test]
    fn what_does_not_read_is_told_and_left_out() {
        refused("[colurs]\ntheme = \"dark\"", "1 colurs: there is no such section: did you mean colours?");
        refused(
            "theme = \"dark\"",
            "1 theme: there is no such section: there are keys, colours, columns, times, aws, panes, mouse",
        );
        refused("keys = 1", "1 keys: this is a section: write [keys] on a line of its own");
        refused("[keys]\n\nqiut = \"x\"", "3 keys.qiut: there is no such key: did you mean quit?");
        refused("[mouse]\non = true", "2 mouse.on: there is no such key: there are enabled");
        refused(
            "[keys]\nstop = [\n  \"x\",\n  \"hyper-x\",\n]",
            "4 keys.stop: \"hyper-x\" is no key: write a character, or a name such as ctrl-c, shift-tab, pgup, f5, space",
        );
        refused("[keys]\nstop = 5", "2 keys.stop: expected text in quotes, found integer");
        refused("[keys]\nstop = \"q\"", "2 keys.stop: q is quit in the panes already: stop keeps its own keys");
        refused("[colours]\ntheme = \"drak\"", "2 colours.theme: \"drak\" is none of auto, dark, light");
        refused("[colours]\ndepth = 256", "2 colours.depth: expected text in quotes, found integer");
        refused(
            "[colours]\ndim = \"greenish\"",
            "2 colours.dim: \"greenish\" is no colour: write a name such as green or light-blue, #rrggbb, or a number from 0 to 255",
        );
        refused("[columns]\nexecutions = [\"nam\"]", "2 columns.executions: \"nam\" is no column: did you mean name?");
        refused("[columns]\nexecutions = [\"name\", \"name\"]", "2 columns.executions: name stands there already");
        refused(
            "[columns]\nexecutions = []",
            "2 columns.executions: write at least one of status, name, order, state, started, duration",
        );
        refused("[aws]\nproduction = [\"1234\"]", "2 aws.production: \"1234\" is no account: its number has 12 digits");
        refused("[aws]\nproduction = 123456789012", "2 aws.production: expected text in quotes, found integer");
        refused(
            "[aws]\nregions = [\"Ireland\"]",
            "2 aws.regions: \"Ireland\" is no region: write one such as eu-west-1",
        );
        refused("[aws]\nread_only = \"yes\"", "2 aws.read_only: write true or false, without quotes");
        refused(
            "[aws]\npoll = [\"5s\", \"1s\"]",
            "2 aws.poll: write the shortest and the longest time between two looks: [\"1s\", \"5s\"]",
        );
        refused(
            "[aws]\npoll = [\"1ms\", \"1s\"]",
            "2 aws.poll: \"1ms\" is no time between two looks: write 200ms to 1h",
        );
        for share in ["5", "95", "50.5", "\"50\"", "0x32"] {
            refused(
                &format!("[panes]\ngraph = {share}"),
                "2 panes.graph: write a whole number from 10 to 90: hundredths of the room there is",
            );
        }
    }

    #[test]
    fn one_bad_line_leaves_the_others_alone() {
        let (config, problems) = told("[colours]\ntheme = dark\ndim = \"red\"\n[mouse]\nenabled = false\n");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("2 : "), "{problems:?}");
        assert_eq!(config.colours, Colours { roles: vec![(Role::Dim, Colour::Ansi(Ansi::Red))], ..Colours::default() });
        assert!(!config.settings.mouse);
    }

    #[test]
    fn no_text_panics() {
        let whole = super::super::defaults();
        for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)).step_by(7) {
            read(&whole[..end]);
            read(&whole[end..]);
        }
        let texts =
            ["[", "]", "=", "a.b.c = 1", "[[keys]]\nquit = \"x\"", "keys.quit.x = 1", "\"", "'''", "\u{0}", "[a]\n[a]"];
        for text in texts {
            read(text);
        }
        read(&"[".repeat(10_000));
        read(&format!("a = {}", "[".repeat(10_000)));
        let (config, problems) = read(&"x".repeat(MOST_BYTES + 1));
        assert_eq!((config, problems.len()), (Config::default(), 1));
    }
}
