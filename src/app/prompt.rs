//! The line at the bottom of the screen that a query, a filter or something to search for is typed in.
//!
//! It holds what is typed, what was there before and what it can be completed to, which is worked out as one types and
//! never for a picture; what it means is up to the pane that it belongs to.

use super::editor::Editor;
use super::model::Pane;
use super::query::{self, Vocabulary};

/// A line that a query or something to search for is typed in.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The pane that it belongs to.
    pub pane: Pane,
    /// What is typed.
    pub text: Editor,
    /// What was there before, for `Esc`.
    pub before: String,
    /// What it is for.
    pub kind: PromptKind,
    /// The names that it can be completed with, as they were when it was opened.
    pub names: Names,
    /// The texts that it can be completed to by now, the likeliest first.
    pub offers: Vec<String>,
}

/// What the last word of a line can be completed with.
#[derive(Clone, Debug)]
pub enum Names {
    /// Nothing.
    None,
    /// The words of a query of executions.
    Executions(Vocabulary),
    /// The words of a query of orders.
    Orders,
    /// One of these as a whole, if it holds what is typed.
    Whole(Vec<String>),
    /// One of these behind those that are there.
    Listed(Vec<String>),
}

impl Prompt {
    /// Works out anew what it can be completed to.
    pub fn offer(&mut self) {
        let typed = self.text.text();
        self.offers = match &self.names {
            Names::None => Vec::new(),
            Names::Executions(vocabulary) => query::complete(&typed, vocabulary),
            Names::Orders => query::complete_orders(&typed),
            Names::Whole(names) => {
                let typed = typed.to_lowercase();
                names.iter().filter(|name| name.to_lowercase().contains(&typed)).cloned().collect()
            }
            Names::Listed(names) => {
                let at = typed.rfind([' ', ',']).map_or(0, |blank| blank + 1);
                let (before, begun) = typed.split_at(at);
                let is_new = |name: &&String| !before.split([' ', ',']).any(|known| known == name.as_str());
                let wanted = names.iter().filter(|name| name.starts_with(begun) && *name != begun).filter(is_new);
                wanted.map(|name| format!("{before}{name}")).collect()
            }
        };
    }
}

/// What a line is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// To find something, or ask for executions or orders.
    Search,
    /// To show only the log lines that hold it.
    Filter,
    /// The fields of JSON log lines that are shown.
    Fields,
}

impl PromptKind {
    /// What is typed in the line.
    pub const fn word(self, pane: Pane) -> &'static str {
        match (self, pane) {
            (Self::Search, Pane::Executions | Pane::Orders) => "query",
            (Self::Search, Pane::Graph) => "state",
            (Self::Search, _) => "search",
            (Self::Filter, _) => "filter",
            (Self::Fields, _) => "fields",
        }
    }
}
