//! `duban schema`: what an editor completes and checks while a process is written.

use clap::Args;
use duban_engine::schema;

use super::{Failure, Screen};

/// Print the JSON Schema of a process's file, for editors.
///
/// `duban schema > duban.schema.json`; an editor with the YAML language server then completes keys and shows what they
/// mean in every file that begins with `# yaml-language-server: $schema=PATH/duban.schema.json`.
#[derive(Args, Debug)]
pub(super) struct Arguments {}

/// Runs the command.
pub(super) fn run(_: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    screen.say(&format!("{:#}\n", schema::process()));
    Ok(true)
}
