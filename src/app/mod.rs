//! Deciding.

pub mod run;
pub mod submit;
