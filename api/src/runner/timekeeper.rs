//! The timekeeper: wakes cases, fires schedules and fetches due entries, each when its time has come.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use duban_engine::command::Ask;
use duban_engine::event::Actor;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::submission::{Refusal, Submission};
use super::{Shared, abandoned, dispatcher, locks, outgoing, recalculation, schedules as starts, unable};
use crate::clock::Clock;
use crate::storage::{Database, Presence, Result};
use crate::storage::{cases, micros, outbox, recalculations, schedules};

/// How many cases are woken together.
const WAKES_MAX: i64 = 256;

/// How often cases are woken before the outbox and the schedules have their turn.
const ROUNDS_MAX: usize = 16;

/// How long whoever wakes a case has it to themself. Waking takes milliseconds, and waking twice does nothing.
const LEASE: SignedDuration = SignedDuration::from_secs(10);

/// How many schedules are looked at together.
const STARTS_MAX: i64 = 64;

/// The longest sleep: what other nodes leave behind when they die is found within it.
const SLEEP_MAX: SignedDuration = SignedDuration::from_secs(5);

/// How long to rest after the database failed.
pub const PAUSE: Duration = Duration::from_secs(1);

/// Comes as a node. One that is alone takes at once what the dead held; others wait until their leases end.
pub async fn enter(database: &Database, clock: &dyn Clock) -> Result<Presence> {
    let presence = database.enter().await?;
    if presence.is_alone {
        let now = clock.now();
        let mut transaction = database.begin().await?;
        cases::free(&mut transaction, now).await?;
        outbox::free(&mut transaction, now, now + outgoing::LEASE).await?;
        recalculations::free(&mut transaction, now).await?;
        transaction.commit().await?;
    }
    presence.stay().await
}

/// Serves the clock until the node goes.
pub async fn run(shared: Arc<Shared>) {
    loop {
        // Until the next instant is known, every commit that wants a wake nudges.
        shared.alarm.store(i64::MAX, Ordering::Release);
        match serve(&shared).await {
            Ok(next) => {
                let latest = shared.clock.now() + SLEEP_MAX;
                let at = next.map_or(latest, |next| next.min(latest));
                shared.alarm.store(micros(at), Ordering::Release);
                tokio::select! {
                    () = shared.clock.sleep_until(at) => {}
                    () = shared.nudge.notified() => {}
                    () = shared.left() => return,
                }
            }
            Err(error) => {
                tracing::warn!(%error, "timers wait for the database");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Serves all that is due; answers when the next comes.
async fn serve(shared: &Arc<Shared>) -> Result<Option<Timestamp>> {
    recalculation::sweep(shared).await?;
    abandoned::sweep(shared).await?;
    fire_due(shared).await?;
    wake_due(shared).await?;
    locks::pass_on(shared).await?;
    while dispatcher::claim(shared).await? > 0 {}
    let now = shared.clock.now();
    let next = [
        cases::next_wake(&shared.database, now).await?,
        outbox::next_due(&shared.database).await?,
        schedules::next(&shared.database).await?,
        recalculations::next_due(&shared.database).await?,
        locks::next(shared).await?,
    ];
    Ok(next.into_iter().flatten().min())
}

/// Wakes cases whose time has come, so many that everything else has its turn; answers how many.
pub async fn wake_due(shared: &Arc<Shared>) -> Result<usize> {
    let mut woken = 0;
    for _ in 0..ROUNDS_MAX {
        let now = shared.clock.now();
        if cases::next_wake(&shared.database, now).await?.is_none_or(|at| at > now) {
            break;
        }
        let mut transaction = shared.database.begin().await?;
        let until = now + LEASE;
        let claimed = cases::claim(&mut transaction, now, until, WAKES_MAX).await?;
        transaction.commit().await?;
        woken += claimed.len();
        let mut running = JoinSet::new();
        for (case, _) in claimed {
            let shared = Arc::clone(shared);
            let wake = Submission::new(case, Actor::Clock, Ask::Wake);
            running.spawn(async move { (case, shared.submit(wake).await) });
        }
        let mut left = Vec::new();
        for (case, outcome) in running.join_all().await {
            let Err(refusal) = outcome else { continue };
            if matches!(refusal, Refusal::Stopped) {
                left.push(case);
                continue;
            }
            if let Some(rest) = unable::rest(shared, case, Ask::Wake, refusal).await? {
                let mut transaction = shared.database.begin().await?;
                cases::hold(&mut transaction, case, now + rest).await?;
                transaction.commit().await?;
            }
        }
        cases::release(&shared.database, &left, until).await?;
        if !left.is_empty() {
            break;
        }
    }
    Ok(woken)
}

/// Fires every schedule whose time has come; what was missed while no node ran is made up for by one start. Answers how
/// many starts there were.
pub async fn fire_due(shared: &Arc<Shared>) -> Result<usize> {
    let now = shared.clock.now();
    let mut fired = 0;
    for schedule in schedules::due(&shared.database, now, STARTS_MAX).await? {
        match shared.submit(starts::start(&schedule)).await {
            Err(Refusal::Storage(error)) => {
                tracing::warn!(%error, process = %schedule.process, "a scheduled start waits for the database");
                tokio::time::sleep(PAUSE).await;
                return Ok(fired);
            }
            Err(Refusal::Stopped) => return Ok(fired),
            Err(refusal) => tracing::warn!(%refusal, process = %schedule.process, "a scheduled start was refused"),
            Ok(_) => {}
        }
        fired += 1;
        advance(shared, &schedule, now).await?;
    }
    Ok(fired)
}

async fn advance(shared: &Shared, schedule: &schedules::Schedule, now: Timestamp) -> Result<()> {
    let after = schedule.next_at.max(now);
    let next = shared
        .definitions
        .process(&schedule.process)
        .and_then(|definition| starts::next(&definition.library, &definition.process, schedule.position, after));
    let mut transaction = shared.database.begin().await?;
    schedules::advance(&mut transaction, schedule, next).await?;
    transaction.commit().await
}
