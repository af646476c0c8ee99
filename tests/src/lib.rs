//! What the tests share: a town of cases in virtual time, its history as text, and the rules every case keeps.

#![expect(clippy::panic, reason = "a test fails by panicking")]

pub mod golden;
pub mod history;
pub mod rules;
pub mod script;
pub mod sources;
pub mod town;
