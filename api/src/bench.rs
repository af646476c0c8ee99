//! Measurements of a database: what cases cost on it, next to what the database itself takes.

mod aside;
mod askers;
pub mod burst;
mod client;
mod closed;
mod desk;
pub mod figure;
pub mod growth;
mod machine;
pub mod mile;
mod node;
mod pages;
mod pgbench;
mod raw;
mod set;

/// How many runs a figure has.
const RUNS: usize = 5;
