//! The pure heart of Duban: YAML in, decisions out. No clock, random, IO, thread, async or hash order.

pub mod expression;
pub mod ids;
pub mod nearest;
pub mod value;
