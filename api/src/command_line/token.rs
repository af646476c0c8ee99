//! `duban token`: keys for people and programs.

use clap::Args;
use duban_engine::ids::Name;
use jiff::{SignedDuration, Timestamp};

use super::{Failure, Screen, counted, runtime};
use crate::access::Token;
use crate::config::{self, Storage};
use crate::storage::{Mode, tokens};

/// Make a token for a person or a program, or take all of theirs away.
///
/// The token is printed once; the database keeps only its digest.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The person's id in the organization.
    #[arg(value_name = "PERSON", required_unless_present_any = ["program", "admin"], conflicts_with_all = ["program", "admin"])]
    person: Option<String>,
    /// Another system, by a name of your choice: it may send messages and nothing else.
    #[arg(long, value_name = "NAME")]
    program: Option<String>,
    /// An administrator, by a name of your choice: they see what stands still and may have it retried, nothing else.
    #[arg(long, value_name = "NAME", conflicts_with = "program")]
    admin: Option<String>,
    /// For how many days it works.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3660))]
    days: u16,
    /// Take every token of theirs away instead.
    #[arg(long)]
    revoke: bool,
    #[command(flatten)]
    storage: Storage,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let text = runtime()?.block_on(change(arguments))?;
    screen.say(&text);
    Ok(true)
}

async fn change(arguments: &Arguments) -> Result<String, Failure> {
    let database = arguments.storage.open_existing(Mode::Use).await?;
    let (kind, holder) = match (&arguments.person, &arguments.program, &arguments.admin) {
        (Some(person), _, _) => (tokens::PERSON, person),
        (None, Some(program), _) => (tokens::PROGRAM, program),
        (None, None, Some(admin)) => (tokens::ADMINISTRATOR, admin),
        (None, None, None) => return Err("name a person, a program or an administrator".into()),
    };
    let holder = Name::from(holder.as_str());
    if arguments.revoke {
        let mut transaction = database.begin().await?;
        let count = tokens::revoke(&mut transaction, kind, &holder).await?;
        transaction.commit().await?;
        return Ok(format!("{} of {holder} taken away\n", counted(usize::try_from(count)?, "token")));
    }
    if kind == tokens::PERSON {
        let runner = config::runner(database.clone()).await?;
        let library = runner.definitions().active().ok_or("no definitions are deployed yet: start the server first")?;
        if !library.catalog.organization.people.contains_key(&holder) {
            return Err(format!("there is no person `{holder}` in the organization").into());
        }
    }
    let token = Token::random();
    let created_at = Timestamp::now();
    let expires_at = created_at.checked_add(SignedDuration::from_hours(24 * i64::from(arguments.days)))?;
    let kept = tokens::Kept { digest: token.digest(), kind, holder, created_at, expires_at };
    let mut transaction = database.begin().await?;
    tokens::keep(&mut transaction, &kept).await?;
    transaction.commit().await?;
    database.close().await;
    Ok(format!("{}\n", token.reveal()))
}
