//! The program `duban`.

use std::process::ExitCode;

fn main() -> ExitCode {
    duban::command_line::main()
}
