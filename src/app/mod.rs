//! Deciding: what a key or an answer changes, and what is to be asked next.
//!
//! [`update`] takes a [`Msg`], changes the [`Model`], and answers with wishes ([`Cmd`]). Never waits, never reads a
//! clock, never draws, never knows a cloud: the shell brings the time and fulfils the wishes. Every answer says what
//! it answers, and one that nobody waits for any more changes nothing.

pub mod compare;
pub mod editor;
pub mod export;
pub mod fleet;
pub mod index;
mod key;
pub mod keymap;
pub mod lens;
mod markdown;
pub mod model;
pub mod query;
pub mod replay;
pub mod run;
#[cfg(test)]
mod script;
pub mod settings;
pub mod submit;
pub mod timeline;
pub mod tree;
pub mod tries;
mod update;

pub use keymap::{Intent, Key};
pub use model::{Cmd, Model, Msg, Pane, TaskKey};
pub use update::update;
