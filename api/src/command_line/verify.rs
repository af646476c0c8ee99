//! `duban verify`: whether the database is what the histories say.

use clap::Args;

use super::{Failure, Paint, Screen, counted, runtime};
use crate::config::{self, Storage};
use crate::storage::Mode;

/// Rebuild every list from the histories and compare; check that no history was changed or lost.
///
/// Ends with status 0 when all is as it should be, 1 when something is not, 2 when the database cannot be read.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    storage: Storage,
}

/// Runs the command. Answers whether all is well.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let findings = runtime()?.block_on(async {
        let database = arguments.storage.open_existing(Mode::Read).await?;
        let runner = config::runner(database, false).await?;
        Ok::<_, Failure>(runner.verify().await?)
    })?;
    let mut text = super::findings(&findings);
    let (verdict, paint) = match findings.len() {
        0 => ("ok: every list is what the histories say, and no history was changed".to_owned(), Paint::Good),
        count => (counted(count, "finding"), Paint::Bad),
    };
    text.push_str(&screen.word(&verdict, paint));
    text.push('\n');
    screen.say(&text);
    Ok(findings.is_empty())
}
