//! `duban restore`: a copy becomes the database.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::{Failure, Paint, Screen, contents, counted, findings, hold, runtime};
use crate::backup::{self, Held, Part};
use crate::config::{self, Storage};
use crate::runner::Finding;
use crate::storage::copy::{self, Contents};
use crate::storage::{Error, Mode, Presence};

/// What to do instead for a server.
const SERVER: &str = "a PostgreSQL server is restored with its own tools: docs/guide/backup.md shows how; \
    then `duban hold` holds back what may have been sent since";

/// Make a copy the database again.
///
/// Webhooks and jobs that were still to be done when the copy was made are held back, because the original may have done
/// them since: they stand under `/api/incidents`, where an administrator has each retried.
///
/// Ends with status 0 when it is restored, 1 when something is wrong with the copy, 2 when it failed.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The copy, as `duban backup` made it.
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    #[command(flatten)]
    storage: Storage,
    /// Send what was still to be sent: the original is known to have sent nothing since the copy.
    #[arg(long)]
    send_again: bool,
    /// Do not check the copy.
    #[arg(long)]
    no_verify: bool,
}

/// What became of it.
enum Outcome {
    Restored(Contents, Held),
    Unsound(Vec<Finding>),
}

/// Runs the command. Answers whether it is restored.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let place = arguments.storage.file(SERVER)?;
    if !arguments.backup.is_file() {
        return Err(format!("there is no copy at {}", arguments.backup.display()).into());
    }
    let (contents, held) = match runtime()?.block_on(restore(arguments, place))? {
        Outcome::Restored(contents, held) => (contents, held),
        Outcome::Unsound(wrong) => {
            screen.say(&findings(&wrong));
            let verdict = counted(wrong.len(), "finding");
            let verdict = format!("{verdict}: nothing was restored; --no-verify restores it all the same");
            screen.say(&format!("{}\n", screen.word(&verdict, Paint::Bad)));
            return Ok(false);
        }
    };
    screen.say(&format!("{}: {}\n", place.display(), self::contents(&contents)));
    screen.say(&if arguments.send_again { "what was still to be sent will be\n".to_owned() } else { hold::told(held) });
    Ok(true)
}

async fn restore(arguments: &Arguments, place: &Path) -> Result<Outcome, Failure> {
    config::make_folder_of(place)?;
    if place.exists() {
        let place = place.display();
        return Err(format!("there is a database at {place} already: move it away, or restore to another place").into());
    }
    // Held until the copy lies there, so that no server begins on what is half there.
    let presence = Presence::of_file(&place.display().to_string())?;
    if !presence.is_alone {
        let place = place.display();
        return Err(format!("a server has {place} open, or its drive cannot tell: stop the server first").into());
    }
    let part = Part::begin(place, false)?;
    copy::take(&arguments.backup, part.path()).await?;
    let contents = copy::contents(part.path()).await?;
    match backup::open(part.path(), Mode::Read).await {
        // It is brought up to date where it is opened for use.
        Ok(database) => database.close().await,
        Err(Error::Outdated) => {}
        Err(error) => return Err(error.into()),
    }
    if !arguments.no_verify {
        let wrong = backup::check(part.path(), Mode::Use).await?;
        if !wrong.is_empty() {
            return Ok(Outcome::Unsound(wrong));
        }
    }
    let mut held = Held::default();
    if !arguments.send_again {
        let database = backup::open(part.path(), Mode::Use).await?;
        held = backup::hold(&database, Timestamp::now()).await?;
        database.close().await;
    }
    part.put()?;
    presence.leave().await;
    Ok(Outcome::Restored(contents, held))
}
