//! Deciding: what a key or an answer changes, and what is to be asked next.
//!
//! [`update`] takes a [`Msg`], changes the [`Model`], and answers with wishes ([`Cmd`]). Never waits, never reads a
//! clock, never draws, never knows a cloud: the shell brings the time and fulfils the wishes. Every answer says what
//! it answers, and one that nobody waits for any more changes nothing.

pub mod editor;
pub mod keymap;
pub mod model;
pub mod run;
pub mod submit;
mod update;

pub use keymap::{Intent, Key};
pub use model::{Cmd, Model, Msg, Pane, TaskKey};
pub use update::update;
