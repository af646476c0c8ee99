//! The pure heart of Duban: YAML in, decisions out. No clock, random, IO, thread, async or hash order.

pub mod calendar;
pub mod diagnostic;
pub mod ids;
pub mod schedule;
pub mod time;
pub mod yaml;
