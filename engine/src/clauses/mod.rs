//! The clauses that any step may carry, one file each.

pub mod action;
pub mod deadline;
pub mod effects;
pub mod fields;
pub mod form;
pub mod guarantee;
pub mod hook;
pub mod listen;
pub mod lock;
pub mod people;
