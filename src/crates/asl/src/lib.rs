//! The Amazon States Language.
//!
//! [`read`] turns a definition into a [`Machine`] and every finding about it; the rest evaluates what stands in it:
//! paths, templates, expressions, choice rules, retry and catch rules. [`Machine::graph`] is what a drawing needs.
//!
//! Values in, values out. Never waits, never calls anything, never reads a clock or rolls dice of its own: the time
//! comes in the [`Scope`], chance as a [`Chance`]. Nothing in a definition or an input can hang it or overflow its stack.
//!
//! The language: <https://states-language.net/spec.html> and
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html>.

mod chance;
pub mod choice;
mod evaluate;
mod fields;
mod finding;
pub mod graph;
mod hash;
pub mod intrinsic;
mod json;
pub mod jsonata;
mod machine;
pub mod path;
mod read;
pub mod reference;
mod source;
pub mod template;
mod variables;

pub use chance::Chance;
pub use choice::ConditionError;
pub use evaluate::{Context, EvaluationError, Scope, Variables};
pub use finding::{Code, Finding, Severity};
pub use json::Json;
pub use machine::{
    Catcher, DocumentPath, Flow, ItemBatcher, Kind, Machine, Map, Next, Parallel, Pattern, QueryLanguage, Resource,
    ResultPath, ResultWriter, Retrier, Rule, Setting, State, StateName, Task, Transformation, Wait, matches_error,
};
pub use read::{BARE_STATE, Workflow, read, read_as, read_state};
pub use source::{JsonFault, Position, Source, json_fault};
pub use template::Template;

/// The time that an ISO 8601 text with an offset stands for, in milliseconds since 1970.
pub fn timestamp_millis(text: &str) -> Option<i64> {
    choice::timestamp(text).map(jiff::Timestamp::as_millisecond)
}
