//! `duban backup`: a copy of the database while the server runs.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::{Failure, Paint, Screen, contents, counted, findings, runtime};
use crate::backup::{self, Part};
use crate::config::Storage;
use crate::runner::Finding;
use crate::storage::copy::{self, Contents};
use crate::storage::{Error, Mode};

/// What to do instead for a server.
const SERVER: &str = "a PostgreSQL server is backed up with its own tools, pg_basebackup and WAL archiving: \
    docs/guide/backup.md shows how";

/// Copy the database to a file while the server runs, as it is at one instant.
///
/// The copy is checked like `duban verify` does before it lies in its place; what is not sound is not put there. For a
/// PostgreSQL server use pg_basebackup and WAL archiving, as docs/guide/backup.md shows.
///
/// Ends with status 0 when there is a sound copy, 1 when something is wrong with what was copied, 2 when it failed.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Where to put the copy.
    #[arg(value_name = "FILE")]
    target: PathBuf,
    #[command(flatten)]
    storage: Storage,
    /// Put it in the place of a file that is there.
    #[arg(long)]
    force: bool,
    /// Do not check it.
    #[arg(long)]
    no_verify: bool,
}

/// What became of it.
enum Outcome {
    Kept(Contents),
    Unsound(Vec<Finding>),
}

/// Runs the command. Answers whether there is a sound copy.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let source = arguments.storage.file(SERVER)?;
    if !source.is_file() {
        return Err(Error::NoFile(source.display().to_string()).into());
    }
    let began = Instant::now();
    let contents = match runtime()?.block_on(back_up(arguments, source))? {
        Outcome::Kept(contents) => contents,
        Outcome::Unsound(wrong) => {
            screen.say(&findings(&wrong));
            let verdict = counted(wrong.len(), "finding");
            let verdict = format!("{verdict}: no copy is kept; --no-verify makes one all the same");
            screen.say(&format!("{}\n", screen.word(&verdict, Paint::Bad)));
            return Ok(false);
        }
    };
    let checked = if arguments.no_verify { "not checked" } else { "checked" };
    let size = std::fs::metadata(&arguments.target)?.len();
    let seconds = began.elapsed().as_secs_f64();
    let (target, contents) = (arguments.target.display(), self::contents(&contents));
    screen.say(&format!("{target}: {size} bytes, {contents}, {checked}, {seconds:.1} seconds\n"));
    Ok(true)
}

async fn back_up(arguments: &Arguments, source: &Path) -> Result<Outcome, Failure> {
    let part = Part::begin(&arguments.target, arguments.force).map_err(|error| match error {
        backup::Error::Exists(path) => format!("{} is there already: --force replaces it", path.display()).into(),
        other => Failure::from(other),
    })?;
    copy::take(source, part.path()).await?;
    if !arguments.no_verify {
        let wrong = backup::check(part.path(), Mode::Read).await?;
        if !wrong.is_empty() {
            return Ok(Outcome::Unsound(wrong));
        }
    }
    let contents = copy::contents(part.path()).await?;
    part.put()?;
    Ok(Outcome::Kept(contents))
}
