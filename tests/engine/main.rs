//! The engine under test from outside: golden runs, golden diagnostics, stored events, properties, and W3C's order.

mod properties;
mod runs;
mod stored_events;
