//! The shell of Duban: storage, and the runner that every command goes through.

pub mod clock;
pub mod storage;

pub mod runner;
