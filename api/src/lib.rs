//! The shell of Duban: storage, the runner that every command goes through, HTTP, and the command line.

pub mod clock;
pub mod template;
pub mod folder;
pub mod storage;
pub mod runner;

mod random;
pub mod access;
pub mod http;
pub mod config;
pub mod live;
pub mod command_line;
