//! Drawing.

pub mod text;
