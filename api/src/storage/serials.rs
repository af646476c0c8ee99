//! The number series: which serial each will give next, without gaps.

use std::collections::BTreeMap;

use super::table::{Table, integer, text};
use super::{Cell, Result, Transaction, Writes};

/// The table.
pub const TABLE: Table = Table { name: "serials", columns: &[text("series"), integer("next")], key: 1, tails: &[] };

// Writing each row before reading it holds the series until the transaction ends, on either database.
const HOLD: &str = "INSERT INTO serials (series, next) SELECT value, 1 FROM each($1) WHERE true
    ORDER BY value ON CONFLICT (series) DO UPDATE SET next = serials.next RETURNING series, next";

/// Moves a series that stands where it is thought to, and is a row that cannot be otherwise: [`super::is_guard`] knows it. Who
/// changes it at the same time is waited for, and what is compared is what they left.
const MOVE: &str =
    "INSERT INTO serials (series, next) SELECT (SELECT series FROM serials WHERE series = $1), $3 WHERE true
    ON CONFLICT (series) DO UPDATE SET next = CASE WHEN serials.next = $2 THEN excluded.next END";

pub(super) const STATEMENTS: &[&str] = &[HOLD, MOVE];

/// The next serial of some series; nobody else gets one of them until the transaction ends.
pub async fn hold(transaction: &mut Transaction, series: Vec<String>) -> Result<BTreeMap<String, u64>> {
    if series.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = transaction.fetch(HOLD, &[Cell::Texts(series)]).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.integer(1)?.unsigned_abs()))).collect()
}

/// Keeps what the series that are held will give next.
pub fn keep(writes: &mut Writes<'_>, next: &BTreeMap<String, u64>) {
    let rows: Vec<Vec<Cell>> = next.iter().map(|(series, next)| vec![series.into(), cell(*next)]).collect();
    writes.upsert(&TABLE, rows);
}

/// Moves a series that nobody holds. All that is written with it is [`super::Error::Conflict`] when it is not where it is thought
/// to be, because somebody else took numbers or the database was put back.
pub fn move_on(writes: &mut Writes<'_>, series: &str, from: u64, to: u64) {
    writes.run(MOVE, vec![series.into(), cell(from), cell(to)]);
}

fn cell(next: u64) -> Cell {
    i64::try_from(next).expect("a serial is counted up from 1").into()
}
