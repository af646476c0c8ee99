//! `duban hold`: what a restored database would send is held back.

use clap::Args;
use jiff::Timestamp;

use super::{Failure, Screen, runtime};
use crate::backup::{self, Held};
use crate::config::Storage;
use crate::storage::Mode;

/// Hold back what a restored database would send, before a server starts on it.
///
/// `duban restore` does so by itself. For a PostgreSQL server that was restored with its own tools, and for a file that was
/// copied by hand: webhooks and jobs that are still to be done may have been done after the instant that was restored.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    storage: Storage,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    screen.say(&told(runtime()?.block_on(hold(arguments))?));
    Ok(true)
}

async fn hold(arguments: &Arguments) -> Result<Held, Failure> {
    let database = arguments.storage.open_existing(Mode::Use).await?;
    let presence = database.enter().await?;
    if !presence.is_alone {
        return Err("a server has the database open: what was due is being sent already".into());
    }
    let held = backup::hold(&database, Timestamp::now()).await?;
    presence.leave().await;
    database.close().await;
    Ok(held)
}

/// What is held back, for who restores.
pub(super) fn told(Held { deliveries, jobs }: Held) -> String {
    match (deliveries, jobs) {
        (0, 0) => "nothing was still to be sent\n".to_owned(),
        _ => {
            format!("held back, to be retried under /api/incidents: deliveries {deliveries}, jobs for workers {jobs}\n")
        }
    }
}
