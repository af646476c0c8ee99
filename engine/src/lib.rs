//! The pure heart of Duban: YAML in, decisions out. No clock, random, IO, thread, async or hash order.

pub mod diagnostic;
pub mod nearest;
pub mod yaml;
pub mod ids;
pub mod time;
pub mod value;
pub mod calendar;
pub mod schedule;
pub mod expression;
pub mod event;
pub mod organization;
pub mod command;
pub mod effect;
pub mod rejection;
pub mod case;
pub mod formula;
pub mod field;
pub mod who;
pub mod moment;
pub mod catalog;
pub mod checker;
pub mod clauses;
pub mod steps;
pub mod process;
pub mod decide;
pub mod compile;
