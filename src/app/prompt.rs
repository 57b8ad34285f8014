//! The line at the bottom of the screen that a query, a filter or something to search for is typed in.
//!
//! It holds what is typed and what was there before; what it means is up to the pane that it belongs to.

use super::editor::Editor;
use super::model::Pane;

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
}

/// What a line is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// To find something, or ask for executions.
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
