//! What the tests share: a town of cases in virtual time, its history as text, and the rules every case keeps.

pub mod golden;
pub mod history;
pub mod rules;
pub mod script;
pub mod town;
