//! The palette: every action and every place to go, found by a few of their letters.
//!
//! Never acts and goes nowhere: it says what was chosen. What cannot be done now is found too, with the reason.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::editor::{Edit, Editor};
use super::keymap::{Intent, Keymap};
use super::off::{Situation, why_off};
use crate::facts::{Arn, ExecutionSummary};

/// The most that is found: nobody reads on behind it.
pub const MAX_FOUND: usize = 200;
/// The most characters that are taken of what is typed.
const MAX_TYPED: usize = 100;

/// An action that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it means.
    pub intent: Intent,
    /// What it is, in few words.
    pub title: &'static str,
    /// Its keys as the help names them; empty if it has none.
    pub keys: String,
    /// Why it cannot be done now.
    pub off: Option<&'static str>,
}

/// A place to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What it is.
    pub kind: TargetKind,
    /// The name that it is found by.
    pub label: String,
}

/// What can be gone to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A state of the machine that is drawn, by its name.
    State(String),
    /// A state machine.
    Machine(Arn),
    /// An execution.
    Execution(Arn),
    /// An execution that the one that is looked at has started.
    Child(Arn),
    /// A profile of the AWS CLI's files, by its name.
    Profile(String),
    /// A region.
    Region(String),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub what: What,
    /// The characters of its title or label that match, by their places from 0, in order. None of them does where the
    /// action is found by its name in the configuration.
    pub matched: Vec<usize>,
}

/// Which of what is offered, by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// One of the actions.
    Action(usize),
    /// One of the places.
    Place(usize),
}

/// What is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// To do something.
    Act(Intent),
    /// To go somewhere.
    Go(TargetKind),
    /// Something that cannot be done now.
    Off {
        /// What.
        title: &'static str,
        /// Why not.
        why: &'static str,
    },
}

/// The palette, open.
#[derive(Clone, Debug)]
pub struct Palette {
    text: Editor,
    entries: Vec<Entry>,
    targets: Vec<Target>,
    found: Vec<Found>,
    chosen: usize,
    /// Whether it leads to state machines, of which more may become known.
    leads_to_machines: bool,
}

/// Every action with its keys, in the order of the table. What only a dialog knows to take is not among them, nor is
/// the palette.
pub fn entries(keymap: &Keymap, situation: &Situation) -> Vec<Entry> {
    let is_offered = |intent: Intent| !matches!(intent, Intent::Palette | Intent::Send | Intent::Confirm);
    let bindings = keymap.actions().map(|(binding, _)| binding).filter(|binding| is_offered(binding.intent));
    bindings
        .map(|binding| Entry {
            intent: binding.intent,
            title: binding.help,
            keys: keymap.shown(binding),
            off: why_off(binding.intent, situation),
        })
        .collect()
}

impl Target {
    /// A state, by its name.
    pub fn state(name: &str) -> Self {
        Self { kind: TargetKind::State(name.to_owned()), label: name.to_owned() }
    }

    /// A state machine, with its region if it has to be told.
    pub fn machine(arn: &Arn, with_region: bool) -> Self {
        let region = arn.region().filter(|_| with_region).map(|region| format!("  {region}")).unwrap_or_default();
        Self { kind: TargetKind::Machine(arn.clone()), label: format!("{}{region}", arn.name()) }
    }

    /// A state machine, or one of its versions or aliases.
    pub fn version(arn: &Arn) -> Self {
        let label = match arn.qualifier() {
            None => format!("{}, whatever version", arn.name()),
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => format!("version {number}"),
            Some(alias) => format!("alias {alias}"),
        };
        Self { kind: TargetKind::Machine(arn.clone()), label }
    }

    /// An execution of a distributed Map's run.
    pub fn child(execution: &ExecutionSummary) -> Self {
        let label = format!("{}  {}", execution.name, execution.status.as_str());
        Self { kind: TargetKind::Child(execution.arn.clone()), label }
    }

    /// A profile.
    pub fn profile(name: &str) -> Self {
        Self { kind: TargetKind::Profile(name.to_owned()), label: name.to_owned() }
    }

    /// A region.
    pub fn region(name: &str) -> Self {
        Self { kind: TargetKind::Region(name.to_owned()), label: name.to_owned() }
    }

    /// An execution.
    pub fn execution(arn: &Arn) -> Self {
        Self { kind: TargetKind::Execution(arn.clone()), label: arn.name().to_owned() }
    }
}

impl TargetKind {
    /// In a word or two.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::State(_) => "state",
            Self::Machine(_) => "state machine",
            Self::Execution(_) => "execution",
            Self::Child(_) => "map run",
            Self::Profile(_) => "profile",
            Self::Region(_) => "region",
        }
    }

    /// Of what is found equally well the nearest comes first.
    const fn distance(&self) -> u8 {
        match self {
            Self::State(_) => 1,
            Self::Machine(_) => 2,
            Self::Execution(_) | Self::Child(_) => 3,
            Self::Profile(_) => 4,
            Self::Region(_) => 5,
        }
    }
}

impl Palette {
    /// A palette that nothing was typed into yet: it shows the actions, or else the places.
    pub fn new(entries: Vec<Entry>, targets: Vec<Target>) -> Self {
        // With the actions stand all places; without, those that were asked for.
        let leads_to_machines = !entries.is_empty();
        let mut palette =
            Self { text: Editor::new(""), entries, targets, found: Vec::new(), chosen: 0, leads_to_machines };
        palette.search();
        palette
    }

    /// A palette of state machines alone.
    pub fn of_machines(targets: Vec<Target>) -> Self {
        Self { leads_to_machines: true, ..Self::new(Vec::new(), targets) }
    }

    /// Whether it leads to state machines, of which more may become known.
    pub fn leads_to_machines(&self) -> bool {
        self.leads_to_machines
    }

    /// What was typed.
    pub fn text(&self) -> &Editor {
        &self.text
    }

    /// The actions that are offered.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is found, the best first.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// Which of it is chosen.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The action that was found, if it is one.
    pub fn entry(&self, found: &Found) -> Option<&Entry> {
        match found.what {
            What::Action(index) => self.entries.get(index),
            What::Place(_) => None,
        }
    }

    /// The place that was found, if it is one.
    pub fn target(&self, found: &Found) -> Option<&Target> {
        match found.what {
            What::Action(_) => None,
            What::Place(index) => self.targets.get(index),
        }
    }

    /// Edits what was typed. It is one line: there is no other to go to.
    pub fn edit(&mut self, edit: Edit) {
        if matches!(edit, Edit::NewLine | Edit::Up | Edit::Down) {
            return;
        }
        if matches!(edit, Edit::Insert(_)) && self.typed() >= MAX_TYPED {
            return;
        }
        let before = self.text.text();
        self.text.apply(edit);
        if self.text.text() != before {
            self.search();
        }
    }

    /// Types a text that was pasted; line breaks become blanks.
    pub fn paste(&mut self, text: &str) {
        let room = MAX_TYPED.saturating_sub(self.typed());
        for c in text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()).take(room) {
            self.text.apply(Edit::Insert(c));
        }
        self.search();
    }

    /// Takes what is offered by now. What was typed stays, and what was chosen, if it is still found.
    pub fn renew(&mut self, entries: Vec<Entry>, targets: Vec<Target>) {
        let chosen = self.found.get(self.chosen).map(|found| (self.entry(found).cloned(), self.target(found).cloned()));
        (self.entries, self.targets) = (entries, targets);
        self.search();
        let Some((entry, target)) = chosen else { return };
        let intent = entry.map(|entry| entry.intent);
        let is_chosen = |found: &Found| {
            self.entry(found).map(|entry| entry.intent) == intent && self.target(found) == target.as_ref()
        };
        self.chosen = self.found.iter().position(is_chosen).unwrap_or(0);
    }

    /// Chooses what stands so many rows further down.
    pub fn step(&mut self, by: isize) {
        self.chosen = self.chosen.saturating_add_signed(by).min(self.found.len().saturating_sub(1));
    }

    /// What is chosen, if anything was found.
    pub fn choice(&self) -> Option<Choice> {
        let found = self.found.get(self.chosen)?;
        if let Some(target) = self.target(found) {
            return Some(Choice::Go(target.kind.clone()));
        }
        let entry = self.entry(found)?;
        Some(match entry.off {
            Some(why) => Choice::Off { title: entry.title, why },
            None => Choice::Act(entry.intent),
        })
    }

    fn typed(&self) -> usize {
        self.text.lines().iter().map(|line| line.chars().count()).sum()
    }

    fn search(&mut self) {
        self.chosen = 0;
        let pattern = Pattern::parse(&self.text.text(), CaseMatching::Ignore, Normalization::Smart);
        if pattern.atoms.is_empty() {
            let places = if self.entries.is_empty() { self.targets.len() } else { 0 };
            let all = (0..self.entries.len()).map(What::Action).chain((0..places).map(What::Place));
            self.found = all.map(|what| Found { what, matched: Vec::new() }).collect();
            return;
        }
        let mut search = Search { pattern, matcher: Matcher::new(Config::DEFAULT), characters: Vec::new() };
        let mut ranked = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let score = search.score(entry.title).or_else(|| search.score(entry.intent.name()));
            let length = entry.title.len();
            ranked.extend(score.map(|score| ((Reverse(score), entry.off.is_some(), 0, length), What::Action(index))));
        }
        for (index, target) in self.targets.iter().enumerate() {
            let (distance, length) = (target.kind.distance(), target.label.len());
            let score = search.score(&target.label);
            ranked.extend(score.map(|score| ((Reverse(score), false, distance, length), What::Place(index))));
        }
        // The sort is stable: what ranks alike stays in the order in which it was offered.
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.truncate(MAX_FOUND);
        self.found = ranked
            .into_iter()
            .map(|(_, what)| {
                let text = match what {
                    What::Action(index) => self.entries.get(index).map(|entry| entry.title),
                    What::Place(index) => self.targets.get(index).map(|target| target.label.as_str()),
                };
                Found { what, matched: search.places(text.unwrap_or_default()) }
            })
            .collect();
    }
}

/// A pattern with what matching needs room for.
struct Search {
    pattern: Pattern,
    matcher: Matcher,
    characters: Vec<char>,
}

impl Search {
    fn score(&mut self, text: &str) -> Option<u32> {
        self.pattern.score(characters(text, &mut self.characters), &mut self.matcher)
    }

    /// The places of the characters that match.
    fn places(&mut self, text: &str) -> Vec<usize> {
        let mut places = Vec::new();
        let text = characters(text, &mut self.characters);
        if self.pattern.indices(text, &mut self.matcher, &mut places).is_none() {
            // What one word has found is not what was asked for.
            return Vec::new();
        }
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| usize::try_from(place).ok()).collect()
    }
}

/// The text's characters one by one, so that the places of matches are those of characters.
fn characters<'a>(text: &'a str, room: &'a mut Vec<char>) -> Utf32Str<'a> {
    if text.is_ascii() {
        return Utf32Str::Ascii(text.as_bytes());
    }
    room.clear();
    room.extend(text.chars());
    Utf32Str::Unicode(room.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(intent: Intent, title: &'static str, off: Option<&'static str>) -> Entry {
        Entry { intent, title, keys: "x".to_owned(), off }
    }

    fn palette() -> Palette {
        let entries = vec![
            entry(Intent::NewOrder, "new order", None),
            entry(Intent::Stop, "stop the execution", Some("this execution has ended")),
            entry(Intent::ZoomPane, "zoom", None),
            entry(Intent::Other, "from an execution to its order and back", None),
        ];
        let targets = vec![
            Target::state("ProcessPayment"),
            Target::state("Überprüfen"),
            Target::machine(&Arn("arn:aws:states:us-east-1:1:stateMachine:billing".into()), false),
            Target::execution(&Arn("arn:aws:states:us-east-1:1:execution:billing:ord-17".into())),
        ];
        Palette::new(entries, targets)
    }

    fn shown(palette: &Palette) -> Vec<String> {
        let text = |found: &Found| {
            let action = palette.entry(found).map(|entry| entry.title.to_owned());
            action.or_else(|| palette.target(found).map(|target| target.label.clone())).unwrap()
        };
        palette.found().iter().map(text).collect()
    }

    fn typed(text: &str) -> Palette {
        let mut palette = palette();
        text.chars().for_each(|c| palette.edit(Edit::Insert(c)));
        palette
    }

    /// What comes first, and the places of the letters that match.
    fn check(text: &str, first: Option<&str>, matched: &[usize]) {
        let palette = typed(text);
        assert_eq!(shown(&palette).first().map(String::as_str), first, "{text}");
        assert_eq!(
            palette.found().first().map(|found| found.matched.as_slice()).unwrap_or_default(),
            matched,
            "{text}"
        );
    }

    #[test]
    fn a_few_letters_find_actions_and_places() {
        check("pay", Some("ProcessPayment"), &[7, 8, 9]);
        check("PAYM", Some("ProcessPayment"), &[7, 8, 9, 10]);
        check("zoom", Some("zoom"), &[0, 1, 2, 3]);
        check("bill", Some("billing"), &[0, 1, 2, 3]);
        check("17", Some("ord-17"), &[4, 5]);
        check("stop exec", Some("stop the execution"), &[0, 1, 2, 3, 9, 10, 11, 12]);
        // Letters without their marks find those with them, and places count characters.
        check("uberp", Some("Überprüfen"), &[0, 1, 2, 3, 4]);
        check("prüf", Some("Überprüfen"), &[4, 5, 6, 7]);
        // Found by its name in the configuration, of which nothing is shown.
        check("zoom-pane", Some("zoom"), &[]);
        check("qqq", None, &[]);
        check("^", Some("new order"), &[]);
    }

    #[test]
    fn without_letters_the_actions_are_shown_and_no_places() {
        assert_eq!(shown(&palette()).len(), 4);
        let mut palette = typed("pay");
        (0..3).for_each(|_| palette.edit(Edit::Backspace));
        assert_eq!(shown(&palette).len(), 4);
    }

    #[test]
    fn what_is_chosen_is_said() {
        assert_eq!(typed("zoom").choice(), Some(Choice::Act(Intent::ZoomPane)));
        assert_eq!(typed("paym").choice(), Some(Choice::Go(TargetKind::State("ProcessPayment".into()))));
        let off = Choice::Off { title: "stop the execution", why: "this execution has ended" };
        assert_eq!(typed("stop").choice(), Some(off));
        assert_eq!(typed("qqq").choice(), None);

        let mut palette = palette();
        palette.step(-1);
        assert_eq!((palette.chosen(), palette.choice()), (0, Some(Choice::Act(Intent::NewOrder))));
        palette.step(isize::MAX);
        assert_eq!((palette.chosen(), palette.choice()), (3, Some(Choice::Act(Intent::Other))));
        palette.edit(Edit::Insert('z'));
        assert_eq!(palette.chosen(), 0);
        palette.step(isize::MIN);
        assert_eq!(palette.chosen(), 0);
    }

    #[test]
    fn what_was_chosen_stays_when_the_offer_changes() {
        let mut palette = palette();
        palette.step(2);
        let entries = vec![entry(Intent::Help, "help", None), entry(Intent::ZoomPane, "zoom", None)];
        palette.renew(entries, Vec::new());
        assert_eq!((palette.chosen(), palette.choice()), (1, Some(Choice::Act(Intent::ZoomPane))));
        palette.renew(Vec::new(), Vec::new());
        assert_eq!((palette.chosen(), palette.choice()), (0, None));
    }

    #[test]
    fn one_line_is_typed_and_it_has_an_end() {
        let mut palette = palette();
        palette.edit(Edit::NewLine);
        palette.paste(&format!("pay\n\u{1b}{}", "x".repeat(500)));
        let text = palette.text().text();
        assert!(text.starts_with("pay xx") && text.len() == MAX_TYPED, "{text}");
        palette.edit(Edit::Insert('y'));
        assert_eq!(palette.text().text().len(), MAX_TYPED);
    }

    #[test]
    fn every_action_of_the_table_is_offered_once() {
        let offered = entries(&Keymap::default(), &Situation::default());
        for (index, entry) in offered.iter().enumerate() {
            assert!(offered.iter().skip(index + 1).all(|other| other.intent != entry.intent), "{}", entry.title);
        }
        assert!(offered.iter().any(|entry| entry.intent == Intent::Help && entry.keys == "?"));
        assert!(offered.iter().all(|entry| entry.intent != Intent::Confirm));
    }
}
