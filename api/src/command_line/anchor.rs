//! `duban anchor`: a signed statement of how far every history has come.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Paint, Screen, counted, runtime};
use crate::anchor::{self, Checked, Key};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Storage;
use crate::storage::Mode;

/// Where anchors are written when no other place is named.
const FOLDER: &str = "data/anchors";

/// Write a signed statement of how far every history has come, to be kept where the database cannot reach.
///
/// `duban verify --anchor` then finds every case that was removed, shortened or written anew since, even when whoever did it
/// computed all hashes again. docs/guide/backup.md shows how to keep and check anchors.
///
/// Ends with status 0 when it is written, 1 when it is, but the histories do not go on from the anchor before in the same
/// folder, 2 when it is not.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    storage: Storage,
    /// The key to sign with; one that is missing is made, with the public key beside it in a file that ends with `.pub`.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_KEY)]
    key: PathBuf,
    /// The file to write; by default one with the time in its name, in data/anchors.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The key when no other is named.
pub(super) const DEFAULT_KEY: &str = "data/anchor.key";

/// Runs the command. Answers whether the histories go on from the anchor before.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let clock = SystemClock;
    let named = arguments.out.clone();
    let file = named.unwrap_or_else(|| anchor::file_of(FOLDER.as_ref(), clock.now()));
    let Checked { statement, findings } = runtime()?.block_on(async {
        let database = arguments.storage.open_existing(Mode::Read).await?;
        let key = Key::open_or_make(&arguments.key)?;
        Ok::<_, Failure>(anchor::write(&database, &clock, &key, &file).await?)
    })?;
    let cases = counted(usize::try_from(statement.cases)?, "case");
    screen.say(&format!("{}: {cases} at {}, {}\n", file.display(), statement.at, statement.digest()));
    if findings.is_empty() {
        return Ok(true);
    }
    screen.say(&super::findings(&findings));
    let verdict = format!("{} by the anchor before", counted(findings.len(), "finding"));
    screen.say(&format!("{}\n", screen.word(&verdict, Paint::Bad)));
    Ok(false)
}
