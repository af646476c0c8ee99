//! The pure heart of Duban: YAML in, decisions out. No clock, random, IO, thread, async or hash order.

pub mod calendar;
pub mod expression;
pub mod ids;
pub mod nearest;
pub mod schedule;
pub mod time;
pub mod value;
