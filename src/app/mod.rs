//! Deciding: what a key or an answer changes, and what is to be asked next.
//!
//! [`update`] takes a [`Msg`], changes the [`Model`], and answers with wishes ([`Cmd`]). Never waits, never reads a
//! clock, never draws, never knows a cloud: the shell brings the time and fulfils the wishes. Every answer says what
//! it answers, and one that nobody waits for any more changes nothing.

pub mod clip;
mod cmd;
pub mod compare;
pub mod editor;
pub mod elsewhere;
pub mod events;
pub mod executions;
pub mod export;
pub mod fields;
pub mod fleet;
pub mod fleet_view;
pub mod graph_view;
pub mod index;
pub mod inspector;
mod key;
pub mod keymap;
pub mod lens;
pub mod logs;
mod markdown;
pub mod metrics;
pub mod model;
pub mod mouse;
mod needle;
pub mod off;
pub mod orders;
pub mod palette;
pub mod prompt;
pub mod query;
pub mod replay;
pub mod run;
#[cfg(test)]
mod script;
pub mod settings;
pub mod submit;
pub mod tail;
pub mod test_state;
pub mod timeline;
pub mod timeline_view;
pub mod tree;
pub mod tries;
mod update;
pub mod watch;

pub use keymap::{Intent, Key};
pub use model::{Cmd, Model, Msg, Pane, TaskKey};
pub use update::update;
