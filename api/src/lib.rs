//! The shell of Duban: storage, the runner that every command goes through, and the command line.

pub mod folder;
pub mod storage;
pub mod command_line;
