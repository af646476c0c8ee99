//! The program `duban` itself, so that tests of this package can start and end it.

use std::process::ExitCode;

fn main() -> ExitCode {
    duban::command_line::main()
}
