//! The Step Functions console in a terminal.
//!
//! Floors, from the ground: [`facts`] is what can be known of the cloud; [`cloud`] is the one door to AWS; [`app`]
//! decides; [`ui`] draws; [`shell`] does; [`cli`] and [`local`] put it together. A floor names only those before it,
//! `app` and `ui` know no cloud, and `cloud` and `shell` do not know that a cloud is embedded. The whole map is
//! `src/ARCHITECTURE.md`.

pub mod facts;

pub mod cloud;

pub mod app;

pub mod config;

pub mod ui;

pub mod shell;

pub mod cli;
pub mod local;
pub mod telemetry;
