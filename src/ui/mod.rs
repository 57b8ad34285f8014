//! Drawing.

pub mod graph;
pub mod text;
