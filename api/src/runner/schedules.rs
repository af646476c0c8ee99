//! Starts by the clock: each instant of a schedule opens one case, and all that were missed together one.

use duban_engine::command::StartedBy;
use duban_engine::event::{Actor, Fields};
use duban_engine::library::Library;
use duban_engine::message::case_of;
use duban_engine::process::Process;
use jiff::Timestamp;

use super::submission::Submission;
use crate::storage::schedules::{self, Schedule};
use crate::storage::{Result, Transaction, micros};

/// Replaces the schedules by those of a library, as they come after `now`.
pub async fn replace(transaction: &mut Transaction, library: &Library, now: Timestamp) -> Result<()> {
    let coming = library.processes.values().flat_map(|process| {
        process.schedules().filter_map(|(position, _)| {
            let next_at = next(library, process, position, now)?;
            Some(Schedule { process: process.name.clone(), position, next_at })
        })
    });
    schedules::replace(transaction, &coming.collect::<Vec<_>>()).await
}

/// When a schedule of a process fires first after an instant; `None` when it never does, or is gone.
pub fn next(library: &Library, process: &Process, position: u16, after: Timestamp) -> Option<Timestamp> {
    let (_, schedule) = process.schedules().find(|(number, _)| *number == position)?;
    schedule.next_on(after, process.calendar_in(&library.catalog.calendars)).map(|instant| instant.at)
}

/// The command that a schedule's instant gives. Its key is the instant that is kept, so that however late it is looked at,
/// and by how many nodes, it is one case.
pub fn start(schedule: &Schedule) -> Submission {
    let Schedule { process, position, next_at } = schedule;
    let key = format!("schedule/{process}/{position}/{}", micros(*next_at));
    let (case, start) = (case_of(&key), StartedBy::Schedule(*position));
    Submission::open(case, process.clone(), Actor::Clock, start, Fields::new()).with_key(key)
}
