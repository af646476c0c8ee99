//! The HTTP face on a real server: a whole case, every problem, who sees what, what a crash leaves behind, and its reference.

// The conformance suite uses the rest of it.
#[allow(dead_code)]
#[path = "conformance/cluster.rs"]
mod cluster;

#[path = "http/client.rs"]
mod client;
#[path = "http/connections.rs"]
mod connections;
#[path = "http/definitions.rs"]
mod definitions;
#[path = "http/fuzz.rs"]
mod fuzz;
#[cfg(target_os = "linux")]
#[path = "http/disk.rs"]
mod disk;
#[path = "http/incidents.rs"]
mod incidents;
#[path = "http/journey.rs"]
mod journey;
#[path = "http/locked.rs"]
mod locked;
#[path = "http/nodes.rs"]
mod nodes;
#[path = "http/numbers.rs"]
mod numbers;
#[path = "http/permissions.rs"]
mod permissions;
#[path = "http/problems.rs"]
mod problems;
#[path = "http/reference.rs"]
mod reference;
