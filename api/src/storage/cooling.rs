//! The move of histories from their rows into cold ones, a few cases at a time.

use duban_engine::ids::CaseId;
use jiff::Timestamp;

use super::transitions::Stored;
use super::{Cell, Result, Transaction, Writes, archive, transitions};

/// `claimed_until` of a case of which all is cold: nobody need take it any more, until it is written again.
const CLAIM: &str = "UPDATE cases SET claimed_until = $3 WHERE case_id IN (
    SELECT case_id FROM cases WHERE closed_at <= $1 AND claimed_until < 9223372036854775807 AND claimed_until <= $2
    AND wake_at IS NULL ORDER BY closed_at LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING case_id";
const TAKE: &str = "UPDATE cases SET claimed_until = 9223372036854775807
    WHERE case_id IN (SELECT substr(value, 1, 32) FROM each($1))
    AND case_id || hash IN (SELECT value FROM each($1)) RETURNING case_id";
pub(super) const STATEMENTS: &[&str] = &[CLAIM, TAKE];

/// Takes up to `limit` cases that were closed by an instant, have hot rows and are held by nobody, and holds them until
/// `until`.
pub async fn claim(
    transaction: &mut Transaction,
    closed_by: Timestamp,
    (now, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<CaseId>> {
    let rows = transaction.fetch(CLAIM, &[closed_by.into(), now.into(), until.into(), limit.into()]).await?;
    rows.iter().map(|row| row.case(0)).collect()
}

/// Moves whole histories into cold rows, but for cases that have moved on from them; answers how many were moved.
///
/// The rows of the cases are taken first: who writes a case or removes its private values comes before or after all of this.
pub async fn keep(transaction: &mut Transaction, histories: &[&[Stored]]) -> Result<usize> {
    let heads = histories.iter().filter_map(|history| history.last());
    let heads = heads.map(|last| format!("{}{}", last.case, last.hash)).collect();
    let taken = transaction.fetch(TAKE, &[Cell::Texts(heads)]).await?;
    let taken: Vec<CaseId> = taken.iter().map(|row| row.case(0)).collect::<Result<_>>()?;
    let histories = histories.iter().filter(|history| history.last().is_some_and(|last| taken.contains(&last.case)));
    let (mut rows, mut keys) = (Vec::new(), Vec::new());
    for history in histories {
        rows.extend(archive::cells(history));
        keys.extend(history.iter().map(|stored| vec![stored.case.into(), stored.sequence.into()]));
    }
    let mut writes = Writes::default();
    writes.upsert(&archive::TABLE, &rows);
    writes.delete(&transitions::TABLE, keys);
    transaction.write(&writes).await?;
    Ok(rows.len())
}
