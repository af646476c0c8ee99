//! The number series: which serial each will give next, without gaps.

use std::collections::BTreeMap;

use super::table::{Table, integer, text};
use super::{Cell, Result, Transaction, Writes};

/// The table.
pub const TABLE: Table = Table { name: "serials", columns: &[text("series"), integer("next")], key: 1, tails: &[] };

// Writing each row before reading it holds the series until the transaction ends, on either database.
const HOLD: &str = "INSERT INTO serials (series, next) SELECT value, 1 FROM each($1) WHERE true
    ORDER BY value ON CONFLICT (series) DO UPDATE SET next = serials.next RETURNING series, next";

pub(super) const STATEMENTS: &[&str] = &[HOLD];

/// The next serial of some series; nobody else gets one of them until the transaction ends.
pub async fn hold(transaction: &mut Transaction, series: Vec<String>) -> Result<BTreeMap<String, u64>> {
    if series.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = transaction.fetch(HOLD, &[Cell::Texts(series)]).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.integer(1)?.unsigned_abs()))).collect()
}

/// Keeps what the series will give next.
pub fn keep(writes: &mut Writes<'_>, next: &BTreeMap<String, u64>) {
    let rows: Vec<Vec<Cell>> = next
        .iter()
        .map(|(series, next)| vec![series.into(), i64::try_from(*next).expect("a serial is counted up from 1").into()])
        .collect();
    writes.upsert(&TABLE, rows);
}
