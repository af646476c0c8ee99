//! Rows that cannot be made again and so carry a digest of themselves.

use std::collections::{BTreeMap, BTreeSet};

use duban_engine::ids::Name;
use jiff::SignedDuration;

use super::{Findings, case_of};
use crate::runner::Shared;
use crate::runner::definitions::{Ready, digest_of};
use crate::runner::schedules as starts;
use crate::storage::processes::{self, Deployment};
use crate::storage::schedules::Schedule;
use crate::storage::{Cell, Error, Result, Row, Table, commands, digest, documents, notices, schedules};

/// The tables whose rows carry a digest, each with the columns that it does not cover.
const SEALED: [(&Table, &[&str]); 3] =
    [(&commands::TABLE, &[]), (&documents::TABLE, &[]), (&notices::TABLE, &["read_at"])];

/// Checks the digests, and that every version is what its deployment's files say.
pub async fn check(shared: &Shared, findings: &mut Findings) -> Result<()> {
    for (table, free) in SEALED {
        for Row(row) in shared.database.fetch_table(table).await? {
            let covered = table
                .columns
                .iter()
                .zip(&row)
                .filter(|(column, _)| column.name != "digest" && !free.contains(&column.name));
            let right = digest(covered.map(|(_, cell)| cell));
            if row.last() != Some(&Cell::Text(right)) {
                let key = &row[..table.key];
                findings.add(&case_of(table, &row), format!("{}: the row {key:?} was changed", table.name));
            }
        }
    }
    check_versions(shared, findings).await?;
    check_schedules(shared, findings).await
}

/// What was read; a text that is not what this program writes is a finding, and no reason to stop looking.
fn readable<T>(read: Result<T>, findings: &mut Findings) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error @ Error::Unreadable { .. }) => {
            findings.add("", error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn check_versions(shared: &Shared, findings: &mut Findings) -> Result<()> {
    let mut titles = BTreeMap::new();
    let deployments = readable(processes::deployments(&shared.database).await, findings)?;
    for deployment in deployments.into_iter().flatten() {
        let Deployment { id, files, deployed_at } = &deployment;
        if digest_of(files) != *id {
            findings.add("", format!("deployments: the files of {id} were changed"));
            continue;
        }
        let Ok(Ready { library, .. }) = Ready::compile(files) else { continue };
        for process in library.processes.values() {
            let key = (process.name.clone(), process.version.clone(), id.clone());
            titles.insert(key, (process.title.to_string(), *deployed_at));
        }
    }
    let mut missing: BTreeSet<(Name, Name)> =
        titles.keys().map(|(process, version, _)| (process.clone(), version.clone())).collect();
    for version in processes::all_versions(&shared.database).await? {
        let key = (version.process.clone(), version.version.clone(), version.deployment.clone());
        missing.remove(&(version.process.clone(), version.version.clone()));
        if titles.get(&key) != Some(&(version.title, version.deployed_at)) {
            let (process, version, _) = key;
            findings.add("", format!("process_versions: `{process}` {version} is not what was deployed"));
        }
    }
    for (process, version) in missing {
        findings.add("", format!("process_versions: `{process}` {version} is missing"));
    }
    Ok(())
}

/// Each schedule of the active deployment that comes again has a row, at one of its instants, and there are no others.
async fn check_schedules(shared: &Shared, findings: &mut Findings) -> Result<()> {
    let active = readable(processes::active(&shared.database).await, findings)?;
    let Some(active) = active.flatten() else { return Ok(()) };
    let Ok(Ready { library, .. }) = Ready::compile(&active.files) else { return Ok(()) };
    let now = shared.clock.now();
    let mut expected = BTreeSet::new();
    for process in library.processes.values() {
        for (position, _) in process.schedules() {
            if starts::next(&library, process, position, now).is_some() {
                expected.insert((process.name.clone(), position));
            }
        }
    }
    for schedule in schedules::all(&shared.database).await? {
        let Schedule { process, position, next_at } = &schedule;
        expected.remove(&(process.clone(), *position));
        let before = *next_at - SignedDuration::from_micros(1);
        let found = library.processes.get(process);
        if found.and_then(|found| starts::next(&library, found, *position, before)) != Some(*next_at) {
            findings.add("", format!("schedules: `{process}` {position} does not come at {next_at}"));
        }
    }
    for (process, position) in expected {
        findings.add("", format!("schedules: `{process}` {position} is missing"));
    }
    Ok(())
}
