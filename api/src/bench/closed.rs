//! Closed cases beside the open ones: rows like those that a case mile leaves when its keys were pruned and its history is
//! cold, of any number of cases, each with a chain of its own.

use std::sync::Arc;

use duban_engine::ids::CaseId;
use jiff::SignedDuration;

use super::askers::submission;
use super::desk::Desk;
use super::figure::Figures;
use super::{machine, set};
use crate::config::Failure;
use crate::storage::transitions::{self, Stored};
use crate::storage::{Cell, Database, Table, Writes, archive, cases};

/// How long ago they closed: longer than a history stays hot.
const AGO: SignedDuration = SignedDuration::from_hours(60 * 24);

/// How many are written in one transaction.
const ROWS_MAX: u64 = 10_000;

/// How many are made hot and then moved by the sweep, so that both shapes and the move have figures.
const HOT_MAX: u64 = 20_000;

/// How many closed cases' pages are looked at.
const SHOWN_MAX: i64 = 20_000;

/// A case whose way the first unit's clerk goes.
const NUMBER: u64 = 0;

const COUNT: &str = "SELECT COUNT(*) FROM archive";
const SHOWN: &str = "SELECT case_id FROM archive ORDER BY case_id LIMIT $1";

/// A closed case, whose rows others are made from.
struct Like {
    case: CaseId,
    history: Vec<Stored>,
    row: Vec<Cell>,
}

/// The shape of a closed case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Hot,
    Cold,
}

/// Closed cases as rows.
#[derive(Default)]
struct Made {
    cases: Vec<Vec<Cell>>,
    transitions: Vec<Vec<Cell>>,
    archive: Vec<Vec<Cell>>,
}

/// Adds closed cases until there are so many.
///
/// # Errors
/// When the database fails.
pub async fn fill(desk: &Arc<Desk>, name: &str, count: u64, figures: &mut Figures) -> Result<(), Failure> {
    let there = desk.database.fetch(COUNT, &[]).await?.first().map(|row| row.integer(0)).transpose()?;
    let missing = count.saturating_sub(u64::try_from(there.unwrap_or_default())?);
    if missing == 0 {
        return Ok(());
    }
    let like = Arc::new(Like::make(desk).await?);
    let hot = (missing / 2).min(HOT_MAX);
    add(desk, &like, Shape::Cold, missing - hot, (name, figures)).await?;
    add(desk, &like, Shape::Hot, hot, (name, figures)).await?;
    let began = std::time::Instant::now();
    let moved = desk.runner.cool().await?;
    let rate = moved as f64 / began.elapsed().as_secs_f64();
    figures.add(format!("{name}: histories moved into cold rows"), "/s", &[rate]);
    Ok(())
}

async fn add(
    desk: &Arc<Desk>,
    like: &Arc<Like>,
    shape: Shape,
    count: u64,
    (name, figures): (&str, &mut Figures),
) -> Result<(), Failure> {
    if count == 0 {
        return Ok(());
    }
    let before = machine::bytes(&desk.database).await?;
    let mut next = make(desk, like, shape, count.min(ROWS_MAX));
    let mut left = count;
    while left > 0 {
        let made = next.await?;
        left -= left.min(ROWS_MAX);
        // While these are written, the next ones are made.
        next = make(desk, like, shape, left.min(ROWS_MAX));
        let mut writes = Writes::default();
        writes.insert(&cases::TABLE, made.cases);
        writes.insert(&transitions::TABLE, made.transitions);
        writes.insert(&archive::TABLE, made.archive);
        desk.database.write(&writes).await?;
    }
    let grown = machine::bytes(&desk.database).await? - before;
    let word = match shape {
        Shape::Hot => "before its history is moved",
        Shape::Cold => "with a cold history",
    };
    figures.add(format!("{name}: disk for each closed case, {word}"), "bytes", &[grown / count as f64]);
    Ok(())
}

fn make(desk: &Arc<Desk>, like: &Arc<Like>, shape: Shape, count: u64) -> tokio::task::JoinHandle<Made> {
    let (desk, like) = (Arc::clone(desk), Arc::clone(like));
    tokio::task::spawn_blocking(move || {
        let mut made = Made::default();
        for _ in 0..count {
            like.add(desk.id("closed", desk.number()), shape, &mut made);
        }
        made.cases.sort_unstable();
        made.transitions.sort_unstable();
        made.archive.sort_unstable();
        made
    })
}

/// Some of the closed cases.
///
/// # Errors
/// When the database fails.
pub async fn shown(database: &Database) -> Result<Vec<CaseId>, Failure> {
    let rows = database.fetch(SHOWN, &[SHOWN_MAX.into()]).await?;
    Ok(rows.iter().map(|row| row.case(0)).collect::<Result<_, _>>()?)
}

fn place(table: &Table, name: &str) -> usize {
    table.columns.iter().position(|column| column.name == name).expect("these are columns of the list of cases")
}

impl Like {
    /// Has one case go a mile.
    async fn make(desk: &Desk) -> Result<Self, Failure> {
        let journey = set::mile(desk.id("mile", desk.number()), NUMBER);
        for deed in &journey.deeds {
            let key = desk.id("like", desk.number()).to_string();
            desk.runner.submit(submission(journey.case, deed, &key)).await?;
        }
        let case = journey.case;
        let history = transitions::histories(&desk.database, [case]).await?.remove(&case).unwrap_or_default();
        let [from, to] = [case.to_string(), format!("{case}0")].map(Cell::from);
        let rows = desk.database.fetch(&cases::TABLE.select_between(), &[from, to]).await?;
        let row = rows.into_iter().next().ok_or("a case is in the list")?.0;
        Ok(Self { case, history, row })
    }

    /// The rows of a case that went the same way at another time.
    fn add(&self, case: CaseId, shape: Shape, made: &mut Made) {
        let ago = i64::try_from(AGO.as_micros()).expect("it is some weeks");
        let (own, other) = (self.case.to_string(), case.to_string());
        let (mut history, mut hash) = (self.history.clone(), String::new());
        for stored in &mut history {
            (stored.case, stored.at) = (case, stored.at - ago);
            stored.events = stored.events.replace(&own, &other);
            stored.hash = stored.hash_after(&hash);
            hash.clone_from(&stored.hash);
        }
        let mut row = self.row.clone();
        row[0] = case.into();
        row[place(&cases::TABLE, "hash")] = hash.into();
        for name in ["opened_at", "closed_at", "updated_at"] {
            if let Cell::Integer(at) = &mut row[place(&cases::TABLE, name)] {
                *at -= ago;
            }
        }
        match shape {
            Shape::Hot => made.transitions.extend(history.iter().map(Stored::cells)),
            Shape::Cold => {
                // What the sweep leaves: nobody need take the case any more.
                row[place(&cases::TABLE, "claimed_until")] = Cell::Integer(i64::MAX);
                made.archive.extend(archive::cells(&history));
            }
        }
        made.cases.push(row);
    }
}
