//! The engine under test from outside: golden runs, golden diagnostics, stored events, properties, and W3C's order.

#![expect(clippy::panic, reason = "a test fails by panicking")]

mod entrances;
mod many_items;
mod order;
mod properties;
mod runs;
mod statechart;
mod stored_events;
mod workload;
