//! A whole city's load on the server: real requests replayed with seeded staff, kills at random instants, benchmarks.

pub mod chance;
pub mod census;
pub mod checker;
pub mod city;
pub mod client;
#[path = "../../../api/tests/conformance/cluster.rs"]
pub mod cluster;
pub mod complaints;
pub mod door;
pub mod evidence;
pub mod failover;
pub mod fault;
pub mod history;
pub mod load;
pub mod machines;
pub mod node;
pub mod postgres;
pub mod proxy;
pub mod receiver;
pub mod room;
pub mod server;
pub mod staff;
pub mod trial;
pub mod upgrade;
