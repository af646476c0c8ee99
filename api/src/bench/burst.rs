//! A burst: many deadlines end at one instant, while people go on asking.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::askers::{Done, Door, Journeys, Load, Until, load};
use super::desk::Desk;
use super::figure::{Figures, rank};
use super::mile::{miles, name};
use super::set;
use crate::clock::{Clock, SystemClock, Waiting};
use crate::config::Failure;
use crate::storage::Database;

/// How many open cases at the same time before the burst.
const FILLERS: usize = 512;

/// How many go on asking.
const ASKERS: usize = 16;

/// How far ahead the instant is: long enough to open all cases before it.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// For how many runs' time people ask before the instant comes.
const RUNS_BEFORE: u32 = 5;

/// How long a burst may take.
const BURST_TIME_MAX: f64 = 60.0;

/// After so long nothing more is waited for.
const PATIENCE: Duration = Duration::from_secs(600);

/// How often it is asked whether all have fired.
const PAUSE: Duration = Duration::from_millis(250);

/// The zone of the calendar that the cases live by.
const ZONE: SignedDuration = SignedDuration::from_hours(8);

/// What fired: how often, in how many cases, the first and the last, and how often twice at once.
const FIRED: &str = r#"SELECT COUNT(*), COUNT(DISTINCT transitions.case_id), MIN(transitions.at), MAX(transitions.at),
    CAST(SUM(CASE WHEN events LIKE '%"rung_passed"%"rung_passed"%' THEN 1 ELSE 0 END) AS BIGINT)
    FROM cases JOIN transitions ON transitions.case_id = cases.case_id
    WHERE cases.process = 'alarm' AND cases.opened_at >= $1 AND events LIKE '%"rung_passed"%'"#;

/// Whether a case waits for the clock that should not any more.
const WAITING: &str = "SELECT case_id FROM cases WHERE wake_at <= $1 LIMIT 1";

/// The machine's clock, so much ahead: the instant comes when everything is ready for it.
struct Early(SignedDuration);

impl Clock for Early {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.0
    }

    fn sleep_until(&self, at: Timestamp) -> Waiting<'_> {
        Box::pin(async move { SystemClock.sleep_until(at - self.0).await })
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many deadlines end at one instant.
    pub deadlines: usize,
    /// How long a run takes; people ask before the instant for five of them.
    pub time: Duration,
}

/// Measures a database.
///
/// # Errors
/// When it fails, or is not the measurements' own.
pub async fn measure(address: &str, plan: Plan, figures: &mut Figures) -> Result<(), Failure> {
    let (begun, count, quiet) = (SystemClock.now(), plan.deadlines, plan.time * RUNS_BEFORE);
    let at = Timestamp::from_second((begun + AHEAD).as_second())?;
    let desk = Arc::new(Desk::open(address, Arc::new(SystemClock), false).await?);
    let name = format!("{}, {count} deadlines at one instant", name(&desk.database));
    let due = (at + ZONE).to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let alarms: Journeys = Arc::new(move |desk, number| set::alarm(desk.id("alarm", number), number, &due));
    let filled = load(&desk, Door::Inside, FILLERS, Until::Count(count), &alarms).await?;
    figures.add(format!("{name}: cases opened, {FILLERS} at a time"), "/s", &[filled.rate()]);
    close(desk).await;

    let early = at.duration_since(SystemClock.now()) - SignedDuration::try_from(quiet)?;
    let desk = Arc::new(Desk::open(address, Arc::new(Early(early)), true).await?);
    let comes_in = at.duration_since(Early(early).now());
    let comes_at = Instant::now() + comes_in.max(SignedDuration::ZERO).unsigned_abs();
    let over = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn(ask(Arc::clone(&desk), Until::Told(Arc::clone(&over))));
    let drained = drain(&desk.database, at, comes_at).await;
    over.store(true, Ordering::Relaxed);
    let asked = asking.await??;
    drained?;
    fired(&desk.database, (begun, at), (count, &name), figures).await?;
    answered(&asked, comes_at, (quiet, &name), figures);
    close(desk).await;
    Ok(())
}

async fn ask(desk: Arc<Desk>, until: Until) -> Result<Load, Failure> {
    load(&desk, Door::Inside, ASKERS, until, &miles()).await
}

/// Returns when nothing waits any more that is due at the instant.
async fn drain(database: &Database, at: Timestamp, comes_at: Instant) -> Result<(), Failure> {
    tokio::time::sleep_until(comes_at.into()).await;
    while !database.fetch(WAITING, &[at.into()]).await?.is_empty() {
        if comes_at.elapsed() > PATIENCE {
            return Err(format!("not all deadlines have fired after {PATIENCE:?}").into());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Says what fired, by the transitions alone.
async fn fired(
    database: &Database,
    (begun, at): (Timestamp, Timestamp),
    (count, name): (usize, &str),
    figures: &mut Figures,
) -> Result<(), Failure> {
    let rows = database.fetch(FIRED, &[begun.into()]).await?;
    let row = rows.first().ok_or("a count has a row")?;
    let (all, cases, twice) = (row.integer(0)?, row.integer(1)?, row.integer(4)?);
    let seconds = |column| -> Result<f64, Failure> { Ok(row.at(column)?.duration_since(at).as_secs_f64()) };
    let (first, last) = (seconds(2)?, seconds(3)?);
    let figure = figures.add(format!("{name}: until the last has fired"), "s", &[last]);
    figure.bar(format!("{BURST_TIME_MAX} s"), last < BURST_TIME_MAX);
    let figure = figures.add(format!("{name}: the first fires after it"), "s", &[first]);
    figure.bar("none early", first >= 0.0);
    let expected = i64::try_from(count)?;
    let figure = figures.add(format!("{name}: fired"), "", &[all as f64]);
    figure.against("deadlines", count as f64);
    figure.bar("each once", all == expected && cases == expected && twice == 0);
    Ok(())
}

/// Says how long people waited, before the instant and from then on.
fn answered(asked: &Load, comes_at: Instant, (quiet, name): (Duration, &str), figures: &mut Figures) {
    let (before, meanwhile): (Vec<&Done>, Vec<&Done>) = asked.done.iter().partition(|done| done.at < comes_at);
    let times =
        [quiet.as_secs_f64(), meanwhile.iter().map(|done| (done.at - comes_at).as_secs_f64()).fold(0.0, f64::max)];
    let rates = [before.len() as f64 / times[0], meanwhile.len() as f64 / times[1]];
    for ((when, done), rate) in [("before", before), ("meanwhile", meanwhile)].into_iter().zip(rates) {
        figures.add(format!("{name}: commands {when}, {ASKERS} at a time"), "/s", &[rate]);
        let times: Vec<f64> = done.iter().map(|done| done.time).collect();
        for (of_hundred, word) in [(50, "median"), (99, "99 of 100"), (100, "the slowest")] {
            figures.add(format!("{name}: a command {when}, {word}"), "ms", &[rank(&times, of_hundred)]);
        }
    }
}

async fn close(desk: Arc<Desk>) {
    if let Some(desk) = Arc::into_inner(desk) {
        desk.close().await;
    }
}
