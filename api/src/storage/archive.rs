//! Cold rows: the history of a case that closed a while ago, or its beginning, in one row.

use duban_engine::ids::CaseId;
use serde_json::from_str;

use super::block::{pack, unpack};
use super::stored::Stored;
use super::table::{Table, bytes, integer, text};
use super::{Cell, Error, Result, Row, Transaction, json};

/// The table. `sequence` and `hash` are those of the last transition in the block. `private` has the private values of each
/// transition, or nothing, in their order, until they are removed.
pub const TABLE: Table = Table {
    name: "archive",
    columns: &[text("case_id"), integer("sequence"), text("hash"), bytes("block"), text("private")],
    key: 1,
    tails: &[],
};

const REMOVE_PRIVATE: &str = "UPDATE archive SET private = NULL
    WHERE case_id IN (SELECT value FROM each($1)) AND private IS NOT NULL";

pub(super) const STATEMENTS: &[&str] = &[REMOVE_PRIVATE];

/// The row of a history; an empty one has none.
pub fn cells(history: &[Stored]) -> Option<Vec<Cell>> {
    let last = history.last()?;
    let private: Vec<Option<&str>> = history.iter().map(|stored| stored.private.as_deref()).collect();
    let private = private.iter().any(Option::is_some).then(|| json(&private));
    Some(vec![
        last.case.into(),
        last.sequence.into(),
        last.hash.as_str().into(),
        Cell::Bytes(pack(history)),
        private.into(),
    ])
}

/// The history of a cold row, of which some columns stand elsewhere.
pub(super) fn read(case: CaseId, row: &Row, columns: [usize; 4]) -> Result<Vec<Stored>> {
    let [sequence, hash, block, private] = columns;
    let why = |why: &str| Error::Unreadable { what: "archive", why: format!("the row of case {case} {why}") };
    let mut history = unpack(case, &row.bytes(block)?).map_err(why)?;
    if u32::try_from(history.len()) != Ok(row.count(sequence)?) {
        return Err(why("has another number of transitions than it says"));
    }
    // Where it is not what follows from the block, the chain is broken at its end.
    if let Some(last) = history.last_mut() {
        last.hash = row.text(hash)?;
    }
    if let Some(private) = row.maybe_text(private) {
        let private: Vec<Option<String>> = from_str(&private).map_err(|error| why(&error.to_string()))?;
        if private.len() != history.len() {
            return Err(why("has private values of another number of transitions"));
        }
        history.iter_mut().zip(private).for_each(|(stored, private)| stored.private = private);
    }
    Ok(history)
}

/// Removes the private values of some cases.
pub(super) async fn remove_private(transaction: &mut Transaction, cases: &[CaseId]) -> Result<()> {
    let ids = cases.iter().map(CaseId::to_string).collect();
    transaction.execute(REMOVE_PRIVATE, &[Cell::Texts(ids)]).await.map(drop)
}
