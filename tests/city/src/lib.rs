//! A whole city's load on the server: real requests replayed with seeded staff, kills at random instants, benchmarks.

pub mod chance;
pub mod census;
pub mod city;
pub mod client;
#[path = "../../../api/tests/conformance/cluster.rs"]
pub mod cluster;
pub mod complaints;
pub mod door;
pub mod node;
pub mod server;
pub mod staff;
