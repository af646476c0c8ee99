//! The shell of Duban: storage, the runner that every command goes through, HTTP, and the command line.

/// A command makes and drops many small things; the system's allocator takes longer for that, by the figures in
/// `docs/decisions/0000-dependencies.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod random;
pub mod clock;
pub mod template;
pub mod folder;
pub mod storage;
pub mod runner;

pub mod access;
pub mod http;
pub mod config;
pub mod live;
pub mod backup;
pub mod anchor;
pub mod bench;
pub mod command_line;
