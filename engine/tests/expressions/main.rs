//! Expressions as a host meets them: what they give, what their authors are told, and how they end.

mod bounds;
mod cells;
mod host;
mod mistakes;
mod values;
mod unknown;
