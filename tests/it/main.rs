//! The program from outside: flows on the embedded cloud, the wire, screens, the terminal, and what holds the code
//! together. One crate, so that it links once.

mod contract;
mod dashboard;
mod deploy;
mod faults;
mod flows;
mod kill;
mod nested;
mod policy;
mod readme;
mod screens;
mod states;
mod template;
mod terminal;
mod tidy;
mod wire;
mod world;
