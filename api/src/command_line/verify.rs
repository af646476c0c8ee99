//! `duban verify`: whether the database is what the histories say.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Paint, Screen, counted, runtime};
use crate::anchor::{self, PublicKey, Statement};
use crate::config::{self, Storage};
use crate::storage::{Mode, cases};

/// Rebuild every list from the histories and compare; check that no history was changed or lost.
///
/// Ends with status 0 when all is as it should be, 1 when something is not, 2 when the database cannot be read.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    storage: Storage,
    /// An anchor, as `duban anchor` wrote it: whether the histories of then are contained in today's.
    #[arg(long, value_name = "FILE", requires = "public_key")]
    anchor: Option<PathBuf>,
    /// The public key that belongs to the one the anchor was signed with.
    #[arg(long, value_name = "FILE", requires = "anchor")]
    public_key: Option<PathBuf>,
}

/// Runs the command. Answers whether all is well.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let mut anchored = None::<Statement>;
    let (count, findings) = runtime()?.block_on(async {
        let database = arguments.storage.open_existing(Mode::Read).await?;
        let mut findings = Vec::new();
        if let (Some(anchor), Some(public)) = (&arguments.anchor, &arguments.public_key) {
            let checked = anchor::check(&database, anchor, &PublicKey::read(public)?).await?;
            anchored = Some(checked.statement);
            findings = checked.findings;
        }
        let count = cases::count(&database).await?;
        let runner = config::runner(database).await?;
        findings.extend(runner.verify().await?);
        Ok::<_, Failure>((count, findings))
    })?;
    let mut text = super::findings(&findings);
    let (mut verdict, paint) = match findings.len() {
        0 => (
            format!("ok, {}: every list is what the histories say, and no history was changed", counted(count, "case")),
            Paint::Good,
        ),
        count => (counted(count, "finding"), Paint::Bad),
    };
    if let (true, Some(Statement { at, cases, .. })) = (findings.is_empty(), anchored) {
        let cases = counted(usize::try_from(cases)?, "case");
        verdict.push_str(&format!("; the histories of {cases} go on from the anchor of {at}"));
    }
    text.push_str(&screen.word(&verdict, paint));
    text.push('\n');
    screen.say(&text);
    Ok(findings.is_empty())
}
