//! The keys, as one table. It decides what a key means, and prints the footer, the help and the README's section.
//!
//! A [`Keymap`] is the table with what a user has changed of it. Where that is written is not known here.

mod table;

use std::fmt;

pub use super::key::{Key, KeyError};
pub use table::BINDINGS;

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
    Grow,
    Shrink,
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
    FirstCause,
    NextFailure,
    Density,
    Fit,
    Minimap,
    MoveLeft,
    MoveRight,
    AlongWay,
    BackAlongWay,
    PanUp,
    PanDown,
    PanLeft,
    PanRight,
    Collapse,
    Iteration,
    Scope,
    Other,
    Send,
    Confirm,
    Again,
    Redrive,
    TestState,
    Search,
    NextMatch,
    PreviousMatch,
    Palette,
    Mark,
    Compare,
    Fleet,
    EventBack,
    EventForward,
    StateBack,
    StateForward,
    Live,
    ZoomIn,
    ZoomOut,
    Copy,
    Export,
    Console,
    Times,
    Mouse,
    Unlock,
    Open,
    WrapLines,
    PlainLines,
    Level,
    Filter,
    Fields,
    LiveTail,
    NextError,
    PreviousError,
    Editor,
    Calls,
    Machines,
    Places,
    Versions,
    Child,
    Parent,
    Suspend,
}

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In every pane.
    Panes,
    /// In the list of executions.
    Executions,
    /// In the graph.
    Graph,
    /// In the inspector.
    Inspector,
    /// In the logs.
    Logs,
    /// In the timeline.
    Timeline,
    /// While the graph shows all executions.
    Fleet,
    /// While something is searched for in the pane.
    Searching,
    /// In the line that a query or search is typed in.
    Prompt,
    /// In the palette.
    Palette,
    /// In the list of what can be copied.
    Clip,
    /// In the dialog that tests a state.
    TestState,
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
    /// The keys, any of them, unless the user has changed them.
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

/// What a user has decided of an intent: the keys where it is at home, instead of the table's. None leaves it without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The intent.
    pub intent: Intent,
    /// Its keys.
    pub keys: Vec<Key>,
}

/// An override that was not taken, because one of its keys has something else to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The intent that keeps the table's keys.
    pub intent: Intent,
    /// The key.
    pub key: Key,
    /// Where.
    pub mode: Mode,
    /// What the key means there; `None` where it types text.
    pub with: Option<Intent>,
}

/// The table with what a user has changed of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    /// The keys of the bindings that are not the table's, in its order.
    changed: Vec<(Mode, Intent, Vec<Key>)>,
}

impl Keymap {
    /// The table with overrides, and those of them that cannot be taken.
    ///
    /// An override replaces the keys where its intent is at home. Where it holds besides, such as `Back` in dialogs,
    /// its keys are added to the table's as far as they are free and type no text, so that no dialog can become a
    /// trap. `Ctrl-C` quits whatever is said.
    pub fn with(overrides: &[Override]) -> (Self, Vec<Conflict>) {
        let mut taken: Vec<&Override> = overrides.iter().collect();
        let mut conflicts = Vec::new();
        // What is given up may have freed the key that another one has taken: each is looked at again.
        while let Some(conflict) = conflict(&taken) {
            taken.retain(|one| one.intent != conflict.intent);
            conflicts.push(conflict);
        }
        (Self { changed: changed(&taken) }, conflicts)
    }

    /// What a key means where these modes hold; the first mode counts most.
    pub fn intent(&self, modes: &[Mode], key: Key) -> Option<Intent> {
        modes.iter().find_map(|mode| {
            BINDINGS
                .iter()
                .find(|binding| binding.mode == *mode && self.keys(binding).contains(&key))
                .map(|binding| binding.intent)
        })
    }

    /// The keys of a binding; none if the user wants none.
    pub fn keys(&self, binding: &Binding) -> &[Key] {
        self.changed
            .iter()
            .find(|(mode, intent, _)| *mode == binding.mode && *intent == binding.intent)
            .map_or(binding.keys, |(.., keys)| keys.as_slice())
    }

    /// How the help names the keys of a binding; empty if there are none.
    pub fn shown(&self, binding: &Binding) -> String {
        let keys = self.keys(binding);
        if keys == binding.keys {
            return binding.shown.to_owned();
        }
        keys.iter().take(2).map(|key| key.shown()).collect::<Vec<_>>().join(" ")
    }

    /// Every intent with its keys where it is at home, in the order of the table.
    pub fn actions(&self) -> impl Iterator<Item = (&'static Binding, &[Key])> {
        BINDINGS.iter().filter(|binding| is_home(binding)).map(move |binding| (binding, self.keys(binding)))
    }
}

/// Whether the intent is at home in this binding.
fn is_home(binding: &Binding) -> bool {
    BINDINGS.iter().find(|first| first.intent == binding.intent).is_some_and(|first| first.mode == binding.mode)
}

/// The keys that an override gives a binding where its intent is at home.
fn given(binding: &Binding, taken: &[&Override]) -> Option<Vec<Key>> {
    let one = taken.iter().find(|one| one.intent == binding.intent).filter(|_| is_home(binding))?;
    let mut keys: Vec<Key> = Vec::new();
    let always = (binding.intent == Intent::Quit).then_some(Key::Ctrl('c'));
    for key in one.keys.iter().copied().chain(always) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Some(keys)
}

fn keys_of(binding: &Binding, taken: &[&Override]) -> Vec<Key> {
    given(binding, taken).unwrap_or_else(|| binding.keys.to_vec())
}

/// The last override in the order of the table that cannot be taken beside the others.
fn conflict(taken: &[&Override]) -> Option<Conflict> {
    BINDINGS.iter().rev().find_map(|binding| {
        let (intent, mode) = (binding.intent, binding.mode);
        given(binding, taken)?.into_iter().find_map(|key| {
            if mode.takes_text() && key.types_text() && !binding.keys.contains(&key) {
                return Some(Conflict { intent, key, mode, with: None });
            }
            let other = BINDINGS
                .iter()
                .filter(|other| other.mode == mode && other.intent != intent)
                .find(|other| keys_of(other, taken).contains(&key))?;
            Some(Conflict { intent, key, mode, with: Some(other.intent) })
        })
    })
}

fn changed(taken: &[&Override]) -> Vec<(Mode, Intent, Vec<Key>)> {
    let mut changed: Vec<(Mode, Intent, Vec<Key>)> = Vec::new();
    for binding in BINDINGS {
        let keys = if is_home(binding) { keys_of(binding, taken) } else { widened(binding, taken, &changed) };
        if keys != binding.keys {
            changed.push((binding.mode, binding.intent, keys));
        }
    }
    changed
}

/// The keys of a binding where its intent is not at home: those of an override that are free there, and the table's.
fn widened(binding: &Binding, taken: &[&Override], changed: &[(Mode, Intent, Vec<Key>)]) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    // What says the same as the table changes nothing elsewhere either.
    let home = BINDINGS.iter().find(|first| first.intent == binding.intent).map(|first| first.keys);
    let differs = |one: &&&Override| one.intent == binding.intent && home != Some(one.keys.as_slice());
    for key in taken.iter().filter(differs).flat_map(|one| &one.keys) {
        let types = binding.mode.takes_text() && key.types_text();
        let by_table = BINDINGS
            .iter()
            .filter(|other| other.mode == binding.mode)
            .any(|other| other.keys.contains(key) || keys_of(other, taken).contains(key));
        let by_another = changed.iter().any(|(mode, _, others)| *mode == binding.mode && others.contains(key));
        if !types && !by_table && !by_another && !keys.contains(key) {
            keys.push(*key);
        }
    }
    keys.extend_from_slice(binding.keys);
    keys
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { intent, key, mode, with } = self;
        match with {
            Some(other) => write!(f, "{key} is {} {} already", other.name(), mode.place())?,
            None => write!(f, "{key} types text {}", mode.place())?,
        }
        write!(f, ": {} keeps its own keys", intent.name())
    }
}

impl Intent {
    /// Its name in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::Help => "help",
            Self::Back => "back",
            Self::NextPane => "next-pane",
            Self::PreviousPane => "previous-pane",
            Self::Focus(1) => "focus-1",
            Self::Focus(2) => "focus-2",
            Self::Focus(3) => "focus-3",
            Self::Focus(4) => "focus-4",
            Self::Focus(5) => "focus-5",
            Self::Focus(6) => "focus-6",
            Self::Focus(7) => "focus-7",
            Self::Focus(8) => "focus-8",
            Self::Focus(_) => "focus",
            Self::ZoomPane => "zoom-pane",
            Self::Grow => "grow",
            Self::Shrink => "shrink",
            Self::Up => "up",
            Self::Down => "down",
            Self::PageUp => "page-up",
            Self::PageDown => "page-down",
            Self::First => "first",
            Self::Last => "last",
            Self::Follow => "follow",
            Self::NewOrder => "new-order",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Stop => "stop",
            Self::FirstCause => "first-cause",
            Self::NextFailure => "next-failure",
            Self::Collapse => "collapse",
            Self::Iteration => "iteration",
            Self::Again => "again",
            Self::Redrive => "redrive",
            Self::TestState => "test-state",
            Self::Search => "search",
            Self::NextMatch => "next-match",
            Self::PreviousMatch => "previous-match",
            Self::Palette => "palette",
            Self::Mark => "mark",
            Self::Compare => "compare",
            Self::Fleet => "fleet",
            Self::EventBack => "event-back",
            Self::EventForward => "event-forward",
            Self::StateBack => "state-back",
            Self::StateForward => "state-forward",
            Self::Live => "live",
            Self::ZoomIn => "zoom-in",
            Self::ZoomOut => "zoom-out",
            Self::Copy => "copy",
            Self::Export => "export",
            Self::Console => "console",
            Self::Times => "times",
            Self::Mouse => "mouse",
            Self::Unlock => "unlock",
            Self::Open => "open",
            Self::WrapLines => "wrap-lines",
            Self::PlainLines => "plain-lines",
            Self::Level => "level",
            Self::Filter => "filter",
            Self::Fields => "fields",
            Self::LiveTail => "live-tail",
            Self::NextError => "next-error",
            Self::PreviousError => "previous-error",
            Self::Editor => "editor",
            Self::Calls => "calls",
            Self::Machines => "machines",
            Self::Places => "places",
            Self::Versions => "versions",
            Self::Child => "child",
            Self::Parent => "parent",
            Self::Suspend => "suspend",
            Self::Density => "density",
            Self::Fit => "fit",
            Self::Minimap => "minimap",
            Self::MoveLeft => "move-left",
            Self::MoveRight => "move-right",
            Self::AlongWay => "along-way",
            Self::BackAlongWay => "back-along-way",
            Self::PanUp => "pan-up",
            Self::PanDown => "pan-down",
            Self::PanLeft => "pan-left",
            Self::PanRight => "pan-right",
            Self::Scope => "scope",
            Self::Other => "other",
            Self::Send => "send",
            Self::Confirm => "confirm",
        }
    }

    /// The intent of that name, among those that the table has.
    pub fn parse(name: &str) -> Option<Self> {
        BINDINGS.iter().map(|binding| binding.intent).find(|intent| intent.name() == name)
    }
}

impl Mode {
    /// Whether keys without a meaning of their own go to a text there.
    const fn takes_text(self) -> bool {
        matches!(self, Self::Submit | Self::Question | Self::Prompt | Self::Palette | Self::TestState)
    }

    /// What the help calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Panes => "Everywhere",
            Self::Executions => "Executions",
            Self::Graph => "Graph",
            Self::Inspector => "Inspector",
            Self::Logs => "Logs",
            Self::Timeline => "Timeline",
            Self::Fleet => "All executions",
            Self::Searching => "After a search",
            Self::Prompt => "Query and search",
            Self::Palette => "Palette",
            Self::Clip => "Copy",
            Self::TestState => "Test of a state",
            Self::Submit => "New order",
            Self::Question => "Questions",
            Self::Help => "Help",
        }
    }

    const fn place(self) -> &'static str {
        match self {
            Self::Panes => "in the panes",
            Self::Executions => "in the executions",
            Self::Graph => "in the graph",
            Self::Inspector => "in the inspector",
            Self::Logs => "in the logs",
            Self::Timeline => "in the timeline",
            Self::Fleet => "in the graph of all executions",
            Self::Searching => "in a search",
            Self::Prompt => "in a query",
            Self::Palette => "in the palette",
            Self::Clip => "in what can be copied",
            Self::TestState => "in the test of a state",
            Self::Submit => "in a new order",
            Self::Question => "in questions",
            Self::Help => "in the help",
        }
    }
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
                let twice = binding.mode == other.mode && binding.intent == other.intent;
                assert!(!twice, "{} and {} are overridden together", binding.help, other.help);
            }
        }
    }

    /// `NextPane` is `next-pane`, `Focus(1)` is `focus-1`.
    #[test]
    fn an_intent_is_called_in_a_configuration_as_in_the_program() {
        for binding in BINDINGS {
            let mut kebab = String::new();
            for c in format!("{:?}", binding.intent).chars().filter(|c| *c != ')') {
                match c {
                    '(' => kebab.push('-'),
                    c if c.is_uppercase() && !kebab.is_empty() => kebab.extend(['-', c.to_ascii_lowercase()]),
                    c => kebab.push(c.to_ascii_lowercase()),
                }
            }
            assert_eq!(binding.intent.name(), kebab);
            assert_eq!(Intent::parse(&kebab), Some(binding.intent));
        }
    }

    /// Names of intents, each with its keys.
    type Said = &'static [(&'static str, &'static [&'static str])];

    fn keymap(overrides: Said) -> (Keymap, Vec<String>) {
        let overrides: Vec<Override> = overrides
            .iter()
            .map(|(name, keys)| Override {
                intent: Intent::parse(name).unwrap(),
                keys: keys.iter().map(|key| key.parse().unwrap()).collect(),
            })
            .collect();
        let (keymap, conflicts) = Keymap::with(&overrides);
        (keymap, conflicts.iter().map(ToString::to_string).collect())
    }

    fn check(overrides: Said, modes: &[Mode], key: &str, expected: Option<Intent>) {
        let (keymap, conflicts) = keymap(overrides);
        assert!(conflicts.is_empty(), "{overrides:?}: {conflicts:?}");
        assert_eq!(keymap.intent(modes, key.parse().unwrap()), expected, "{overrides:?} {modes:?} {key}");
    }

    #[test]
    fn an_override_takes_the_place_of_the_keys_at_home() {
        use Mode::{Graph, Help, Logs, Panes, Question, Submit};
        check(&[], &[Panes], "q", Some(Intent::Quit));
        check(&[], &[Graph, Panes], "d", Some(Intent::Density));
        check(&[("stop", &["X"])], &[Panes], "X", Some(Intent::Stop));
        check(&[("stop", &["X"])], &[Panes], "S", None);
        check(&[("stop", &[])], &[Panes], "S", None);
        check(&[("stop", &["f5", "ctrl-k"])], &[Panes], "ctrl-k", Some(Intent::Stop));
        check(&[("approve", &["r"]), ("reject", &["a"])], &[Panes], "r", Some(Intent::Approve));
        check(&[("scope", &["X"])], &[Logs, Panes], "X", Some(Intent::Scope));
        // Dialogs keep what they have, and take what is free and types nothing.
        check(&[("back", &["backspace"])], &[Question], "esc", Some(Intent::Back));
        check(&[("back", &["backspace"])], &[Question], "backspace", None);
        check(&[("back", &["backspace"])], &[Help], "backspace", Some(Intent::Back));
        check(&[("up", &["u"])], &[Help], "u", Some(Intent::Up));
        check(&[("quit", &["X"])], &[Submit], "X", None);
        check(&[("quit", &["f10"])], &[Submit], "f10", Some(Intent::Quit));
        check(&[("quit", &["f10"])], &[Panes], "ctrl-c", Some(Intent::Quit));
        check(&[("quit", &[])], &[Panes], "ctrl-c", Some(Intent::Quit));
    }

    #[test]
    fn what_cannot_be_taken_is_told_and_stays() {
        let cases: [(Said, &[&str]); 6] = [
            (&[("stop", &["q"])], &["q is quit in the panes already: stop keeps its own keys"]),
            (
                &[("approve", &["X"]), ("reject", &["X"])],
                &["X is approve in the panes already: reject keeps its own keys"],
            ),
            (&[("send", &["esc"])], &["esc is back in a new order already: send keeps its own keys"]),
            (&[("send", &["s"])], &["s types text in a new order: send keeps its own keys"]),
            (&[("other", &["ctrl-c"])], &["ctrl-c is quit in the panes already: other keeps its own keys"]),
            // The first has the second's key, and the second cannot be taken.
            (
                &[("approve", &["r"]), ("reject", &["q"])],
                &[
                    "q is quit in the panes already: reject keeps its own keys",
                    "r is reject in the panes already: approve keeps its own keys",
                ],
            ),
        ];
        for (overrides, expected) in cases {
            let (keymap, conflicts) = keymap(overrides);
            assert_eq!(conflicts, expected);
            let taken = overrides.len() - expected.len();
            assert_eq!(keymap.changed.len(), taken, "{overrides:?}");
        }
    }

    #[test]
    fn to_say_what_the_table_says_changes_nothing() {
        let overrides: Vec<Override> = Keymap::default()
            .actions()
            .map(|(binding, keys)| Override { intent: binding.intent, keys: keys.to_vec() })
            .collect();
        assert_eq!(Keymap::with(&overrides), (Keymap::default(), Vec::new()));
    }

    #[test]
    fn the_help_names_the_keys_that_are() {
        let (keymap, _) = keymap(&[("stop", &["ctrl-k", "f5", "X"]), ("new-order", &[]), ("up", &["u"])]);
        let shown = |mode: Mode, intent: Intent| {
            let of_both = |binding: &&Binding| binding.mode == mode && binding.intent == intent;
            keymap.shown(BINDINGS.iter().find(of_both).unwrap())
        };
        assert_eq!(shown(Mode::Panes, Intent::Stop), "Ctrl-K F5");
        assert_eq!(shown(Mode::Panes, Intent::NewOrder), "");
        assert_eq!(shown(Mode::Panes, Intent::Down), "↓ j");
        assert_eq!(shown(Mode::Help, Intent::Up), "u ↑");
    }
}
