//! Expressions as a host meets them: what they give, what their authors are told, and how they end.

#![allow(clippy::panic, reason = "a test fails by panicking")]

mod bounds;
mod cells;
mod host;
mod mistakes;
mod values;
mod unknown;
