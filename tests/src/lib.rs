//! What the tests share: a town of cases in virtual time, its history as text, the rules every case keeps, and random
//! processes.

#![expect(clippy::panic, reason = "a test fails by panicking")]

pub mod dice;
pub mod generate;
pub mod golden;
pub mod history;
pub mod modules;
pub mod rules;
pub mod script;
pub mod sources;
pub mod town;
