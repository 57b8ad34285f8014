//! What every section of a configuration reads with: words, texts, lists, each with what is told when it is another.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::DeValue;

use super::Problem;
use super::nearest::nearest;

/// More problems than this are not told.
const MOST_PROBLEMS: usize = 100;

/// A key of a section with its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'d> {
    pub(super) section: &'static str,
    pub(super) name: &'d str,
    /// Where the key begins, in bytes.
    at: usize,
    pub(super) value: &'d Spanned<DeValue<'d>>,
}

impl Entry<'_> {
    /// The key with its section.
    pub(super) fn key(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }
}

/// A text with what was found wrong in it so far.
pub(super) struct Reader<'t> {
    text: &'t str,
    /// Lines that are not TOML: what the parser makes of them is not what was meant.
    broken: BTreeSet<usize>,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, broken: BTreeSet::new(), problems: Vec::new() }
    }

    /// What was found wrong, by line.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems;
        problems.sort_by_key(|problem| problem.line);
        problems
    }

    /// Notes a line that is not TOML.
    pub(super) fn no_toml(&mut self, at: usize, problem: &str) {
        let line = self.line(at);
        // What follows from the first fault of a line says nothing more.
        if self.broken.insert(line) {
            self.tell(at, "", problem.lines().next().unwrap_or("not TOML"));
        }
    }

    /// A value as it is written.
    pub(super) fn written(&self, entry: &Entry<'_>) -> &'t str {
        self.text.get(entry.value.span()).unwrap_or_default()
    }

    /// The known keys of a section; of the others it is told what was probably meant.
    pub(super) fn entries<'d>(
        &mut self,
        section: &'static str,
        value: &'d Spanned<DeValue<'d>>,
        known: &[&str],
    ) -> Vec<Entry<'d>> {
        let Some(table) = value.get_ref().as_table() else {
            let sentence = format!("this is a section: write [{section}] on a line of its own");
            self.tell(value.span().start, section, &sentence);
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (key, value) in table {
            let name: &'d str = key.get_ref();
            let entry = Entry { section, name, at: key.span().start, value };
            if self.is_broken(entry.at, value.span().end) {
                continue;
            }
            if known.contains(&name) {
                entries.push(entry);
            } else {
                self.refuse(&entry, &format!("there is no such key: {}", meant(name, known)));
            }
        }
        entries
    }

    pub(super) fn flag(&mut self, entry: &Entry<'_>) -> Option<bool> {
        let flag = entry.value.get_ref().as_bool();
        if flag.is_none() {
            self.refuse(entry, "write true or false, without quotes");
        }
        flag
    }

    /// One of a list of words.
    pub(super) fn word<T: Copy>(&mut self, entry: &Entry<'_>, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(entry)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refuse(entry, &format!("{} is none of {}", quoted(text), known.join(", ")));
        }
        found
    }

    pub(super) fn text<'d>(&mut self, entry: &Entry<'d>) -> Option<&'d str> {
        let text = entry.value.get_ref().as_str();
        if text.is_none() {
            let found = entry.value.get_ref().type_str();
            self.refuse(entry, &format!("expected text in quotes, found {found}"));
        }
        text
    }

    /// The texts of a list, or the one that stands for a list of one, each with its place.
    pub(super) fn texts<'d>(&mut self, entry: &Entry<'d>) -> Option<Vec<(usize, &'d str)>> {
        let Some(items) = entry.value.get_ref().as_array() else {
            return self.text(entry).map(|text| vec![(entry.value.span().start, text)]);
        };
        let items: &'d [Spanned<DeValue<'d>>] = items;
        let mut texts = Vec::new();
        for item in items {
            let Some(text) = item.get_ref().as_str() else {
                let found = item.get_ref().type_str();
                self.tell(item.span().start, &entry.key(), &format!("expected text in quotes, found {found}"));
                return None;
            };
            texts.push((item.span().start, text));
        }
        Some(texts)
    }

    /// Tells what is wrong with a key.
    pub(super) fn refuse(&mut self, entry: &Entry<'_>, sentence: &str) {
        self.tell(entry.at, &entry.key(), sentence);
    }

    /// Tells what is wrong at a place.
    pub(super) fn tell(&mut self, at: usize, key: &str, sentence: &str) {
        if self.problems.len() < MOST_PROBLEMS {
            let line = self.line(at);
            self.problems.push(Problem { line, key: key.to_owned(), sentence: sentence.to_owned() });
        }
    }

    /// The line of a place, from 1.
    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    /// Whether a place from one to another touches a line that is not TOML.
    pub(super) fn is_broken(&self, from: usize, to: usize) -> bool {
        let lines = self.line(from)..=self.line(to);
        self.broken.iter().any(|line| lines.contains(line))
    }
}

/// A text from outside in a sentence.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", text.chars().take(40).collect::<String>())
}

/// What was probably meant by a word, or what could be.
pub(super) fn meant(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(word) => format!("did you mean {word}?"),
        None if known.len() <= 10 => format!("there are {}", known.join(", ")),
        None => "orderflow-tui config print shows what there is".to_owned(),
    }
}
