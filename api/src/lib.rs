//! The shell of Duban: storage, the runner that every command goes through, HTTP, and the command line.

pub mod clock;
pub mod folder;
pub mod storage;
pub mod runner;
pub mod command_line;
