//! How the logs are looked at, and which lines are shown then.

use super::read::{Entry, Level, Request};
use super::scope::{Asked, Scope};
use crate::app::needle::Needle;

/// What the user has set of the logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogsView {
    /// What the lines have to do with.
    pub scope: Scope,
    /// Words that a line has to hold, each of them, in its message or the name of its function. `!word` must not be in
    /// it, `"two words"` are one, `name=value` is also the field of a JSON line.
    pub filter: String,
    /// The least level.
    pub level: Option<Level>,
    /// The function that has to have written them.
    pub function: Option<String>,
    /// What is searched for among the lines that are shown.
    pub needle: String,
    /// Whether long lines are broken instead of cut.
    pub wrap: bool,
    /// Whether messages are shown as they were written.
    pub plain: bool,
    /// The fields of JSON lines that are shown behind the message, by name or path; `None` shows what is usual.
    pub fields: Option<Vec<String>>,
    /// How many lines stand below the last one that is in view.
    pub(super) from_end: usize,
}

impl LogsView {
    /// The next least level: all lines, from INFO on, from WARN on, errors only.
    pub fn next_level(&mut self) {
        self.level = match self.level {
            None => Some(Level::Info),
            Some(Level::Platform | Level::Debug | Level::Info | Level::Plain) => Some(Level::Warn),
            Some(Level::Warn) => Some(Level::Error),
            Some(Level::Error) => None,
        };
    }

    /// Whether the same lines are shown.
    pub(super) fn shows_as(&self, other: &Self) -> bool {
        self.scope == other.scope
            && self.filter == other.filter
            && self.level == other.level
            && self.function == other.function
    }
}

/// What decides which lines are shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Sieve {
    scope: Asked,
    level: Option<Level>,
    function: Option<String>,
    wanted: Vec<Needle>,
    unwanted: Vec<Needle>,
}

impl Sieve {
    /// Takes another scope; what was learnt of the one before is forgotten.
    pub(super) fn set_scope(&mut self, scope: &Scope) {
        self.scope = Asked::of(scope);
    }

    /// Takes what else decides.
    pub(super) fn set_filters(&mut self, view: &LogsView) {
        self.level = view.level;
        self.function.clone_from(&view.function);
        let (unwanted, wanted): (Vec<Word<'_>>, Vec<Word<'_>>) = words(&view.filter).partition(|word| word.unwanted);
        self.wanted = needles(wanted);
        self.unwanted = needles(unwanted);
    }

    /// Whether a message names the execution of the scope.
    pub(super) fn is_named_in(&self, message: &str) -> bool {
        self.scope.is_named_in(message)
    }

    /// Takes in that a line which names the execution is of a request; whether that is new.
    pub(super) fn learn(&mut self, request: Request) -> bool {
        self.scope.learn(request)
    }

    /// Whether a line is shown. What costs least is asked first.
    pub(super) fn lets_through(&self, entry: &Entry) -> bool {
        self.level.is_none_or(|least| entry.level >= least)
            && self.function.as_deref().is_none_or(|function| function == entry.function())
            && self.scope.has(entry)
            && self.wanted.iter().all(|word| entry.holds(word))
            && !self.unwanted.iter().any(|word| entry.holds(word))
    }

    /// The words that every line holds.
    pub(super) fn wanted(&self) -> &[Needle] {
        &self.wanted
    }
}

/// A word of a filter.
struct Word<'a> {
    text: &'a str,
    unwanted: bool,
}

fn needles(words: Vec<Word<'_>>) -> Vec<Needle> {
    words.into_iter().filter_map(|word| Needle::new(word.text)).collect()
}

fn words(filter: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = filter.trim_start();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (unwanted, word) = rest.strip_prefix('!').map_or((false, rest), |word| (true, word));
        let (text, behind) = match word.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => word.split_once(char::is_whitespace).unwrap_or((word, "")),
        };
        rest = behind.trim_start();
        Some(Word { text, unwanted })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::LogLine;

    #[test]
    fn a_filter_is_words_that_all_hold() {
        let message = r#"{"level":"ERROR","message":"Declined: no money","error":"PaymentDeclined"}"#;
        let entry = Entry::read(LogLine {
            id: "1".into(),
            group: "/aws/lambda/pay-card".into(),
            stream: "s".into(),
            at: 0,
            message: message.to_owned(),
        });
        let cases = [
            ("", true),
            ("  ", true),
            ("money declined", true),
            ("money rich", false),
            ("\"no money\"", true),
            ("\"money no\"", false),
            ("\"no money", true),
            ("!rich", true),
            ("money !declined", false),
            ("!\"money no\" PAY-CARD", true),
            ("error=payment", true),
            ("!error=payment", false),
            ("!", true),
            ("! money", true),
            ("!!money", true),
            ("\"\"", true),
        ];
        for (filter, expected) in cases {
            let mut sieve = Sieve::default();
            sieve.set_filters(&LogsView { filter: filter.to_owned(), ..LogsView::default() });
            assert_eq!(sieve.lets_through(&entry), expected, "{filter}");
        }
    }

    #[test]
    fn levels_go_round() {
        let mut view = LogsView::default();
        let mut seen = Vec::new();
        for _ in 0..4 {
            view.next_level();
            seen.push(view.level.map(Level::word));
        }
        assert_eq!(seen, [Some("INFO"), Some("WARN"), Some("ERROR"), None]);
    }
}
