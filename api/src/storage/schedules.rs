//! Starts of processes by the clock: when each comes next.

use duban_engine::ids::Name;
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction};

/// The table.
pub const TABLE: Table = Table {
    name: "schedules",
    columns: &[text("process"), integer("position"), integer("next_at")],
    key: 2,
    tails: &[],
};

const DUE: &str = "SELECT process, position, next_at FROM schedules WHERE next_at <= $1
    ORDER BY next_at, process, position LIMIT $2";
const NEXT: &str = "SELECT MIN(next_at) FROM schedules";
const MOVE: &str = "UPDATE schedules SET next_at = $4 WHERE process = $1 AND position = $2 AND next_at = $3";
const END: &str = "DELETE FROM schedules WHERE process = $1 AND position = $2 AND next_at = $3";
const CLEAR: &str = "DELETE FROM schedules";

pub(super) const STATEMENTS: &[&str] = &[DUE, NEXT, MOVE, END, CLEAR];

/// A start by the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Which process.
    pub process: Name,
    /// Which of its schedules, from 0.
    pub position: u16,
    /// When it comes next.
    pub next_at: Timestamp,
}

impl Schedule {
    /// A row of the columns of the table.
    pub fn read(row: &Row) -> Result<Self> {
        let position = u16::try_from(row.integer(1)?).unwrap_or(u16::MAX);
        Ok(Self { process: row.name(0)?, position, next_at: row.at(2)? })
    }
}

/// Up to `limit` schedules whose time has come, earliest first.
pub async fn due(database: &Database, now: Timestamp, limit: i64) -> Result<Vec<Schedule>> {
    let rows = database.fetch(DUE, &[now.into(), limit.into()]).await?;
    rows.iter().map(Schedule::read).collect()
}

/// All schedules.
pub async fn all(database: &Database) -> Result<Vec<Schedule>> {
    let rows = database.fetch_table(&TABLE).await?;
    rows.iter().map(Schedule::read).collect()
}

/// When the next schedule comes.
pub async fn next(database: &Database) -> Result<Option<Timestamp>> {
    let rows = database.fetch(NEXT, &[]).await?;
    rows.first().map_or(Ok(None), |row| row.maybe_at(0))
}

/// Moves a schedule on, or removes one that never comes again, unless another node did so already.
pub async fn advance(transaction: &mut Transaction, schedule: &Schedule, next_at: Option<Timestamp>) -> Result<()> {
    let Schedule { process, position, next_at: now } = schedule;
    let key: [Cell; 3] = [process.into(), i64::from(*position).into(), (*now).into()];
    match next_at {
        Some(next_at) => transaction.execute(MOVE, &[&key[..], &[next_at.into()]].concat()).await?,
        None => transaction.execute(END, &key).await?,
    };
    Ok(())
}

/// Replaces all schedules: those of a new deployment count from now on.
pub async fn replace(transaction: &mut Transaction, schedules: &[Schedule]) -> Result<()> {
    transaction.execute(CLEAR, &[]).await?;
    let rows: Vec<Vec<Cell>> = schedules
        .iter()
        .map(|found| vec![(&found.process).into(), i64::from(found.position).into(), found.next_at.into()])
        .collect();
    transaction.upsert(&TABLE, &rows).await
}
