//! `duban retain`: private values go when the law says that they must.

use clap::Args;
use duban_engine::ids::Name;
use duban_engine::nearest::nearest;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Failure, Screen, counted, runtime};
use crate::config::{self, Storage};
use crate::runner::{Retained, Retention, Runner};
use crate::storage::{Database, Mode, Traces, processes};

/// Remove the private values of cases that closed long ago, for good; what happened to them stays.
///
/// What was made from them goes too: the texts of notices and documents, what was sent, the words of incidents. The
/// histories stay unbroken, and say when the values were removed and by whom. On SQLite the file is written anew in the
/// end when no server has it open, so that no byte is left in it.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The first day whose cases keep their values: those that closed before it lose them.
    #[arg(long, value_name = "DATE")]
    closed_before: Date,
    /// Only cases of this process.
    #[arg(long, value_name = "NAME")]
    process: Option<String>,
    /// Who has it done: the histories name them.
    #[arg(long, value_name = "NAME", default_value = "retain")]
    by: String,
    /// Only say what would be removed.
    #[arg(long)]
    dry_run: bool,
    /// Write the file of SQLite anew in the end although a server has it open: it cannot write meanwhile.
    #[arg(long)]
    rewrite: bool,
    #[command(flatten)]
    storage: Storage,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let retained = runtime()?.block_on(retain(arguments))?;
    screen.say(&told(&retained, arguments.dry_run));
    match retained.traces {
        Traces::Gone => {}
        Traces::Strewn => screen.remark(
            "the values are removed and written over; single copies of them may lie in the file where rows once were, until \
             this is run again with the server stopped, or with --rewrite in a quiet hour\n",
        ),
        Traces::InUse => screen.remark(
            "the values are removed, but bytes of them may still lie in the file, because somebody reads it: \
             run the command again when the server is quiet\n",
        ),
        Traces::OnServer => screen.remark(
            "the values are removed, but bytes of them may still lie in the files of the server: `VACUUM FULL` \
             removes them\n",
        ),
    }
    Ok(true)
}

async fn retain(arguments: &Arguments) -> Result<Retained, Failure> {
    let mode = if arguments.dry_run { Mode::Read } else { Mode::Use };
    let database = arguments.storage.open_existing(mode).await?;
    let process = arguments.process.as_deref().map(Name::new);
    if let Some(process) = &process {
        let versions = processes::all_versions(&database).await?;
        if versions.iter().all(|version| version.process != *process) {
            let known = versions.iter().map(|version| version.process.as_str());
            let hint =
                nearest(process.as_str(), known).map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
            return Err(format!("no process `{process}` was ever deployed here{hint}").into());
        }
    }
    // A server that starts now waits until the file is written.
    let presence = match &database {
        Database::Sqlite(_) if !arguments.dry_run => Some(database.enter().await?),
        Database::Sqlite(_) | Database::Postgres(_) => None,
    };
    let may_rewrite = arguments.rewrite || presence.as_ref().is_some_and(|presence| presence.is_alone);
    let runner = config::runner(database).await?;
    let closed_before = beginning(arguments.closed_before, &runner)?;
    if closed_before > runner.clock().now() {
        return Err(format!("{} is still to come", arguments.closed_before).into());
    }
    let retention = Retention { closed_before, process, by: Name::new(&arguments.by), may_rewrite };
    let retained = match arguments.dry_run {
        true => runner.retainable(&retention).await,
        false => runner.retain(&retention).await,
    };
    if let Some(presence) = presence {
        presence.leave().await;
    }
    Ok(retained?)
}

/// When a day begins, on the clock of the calendar that is deployed.
fn beginning(day: Date, runner: &Runner) -> Result<Timestamp, Failure> {
    let library = runner.definitions().active();
    let zone = library.map_or(TimeZone::UTC, |library| library.catalog.calendars.default_calendar().zone().clone());
    Ok(day.to_zoned(zone)?.timestamp())
}

fn told(retained: &Retained, is_rehearsal: bool) -> String {
    let Retained { cases, values, texts, waiting, traces: _ } = retained;
    let mut text: String =
        waiting.iter().map(|case| format!("{case}: left as it is, because a delivery of it is not over\n")).collect();
    let verb = if is_rehearsal { "would be removed" } else { "removed" };
    let count = |count: u64, one| counted(usize::try_from(count).unwrap_or(usize::MAX), one);
    let (values, texts, cases) = (count(*values, "private value"), count(*texts, "text"), count(*cases, "case"));
    text.push_str(&format!("{values} and {texts} of {cases} {verb}\n"));
    text
}
