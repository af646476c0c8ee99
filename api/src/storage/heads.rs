//! The heads of the histories: of each case its latest transition and the hash of it, which stands for all before.

use std::collections::BTreeSet;

use duban_engine::ids::CaseId;

use super::transitions::histories;
use super::{Cell, Database, Result, Row};

const AFTER: &str = "SELECT transitions.case_id, transitions.sequence, transitions.hash FROM transitions
    JOIN (SELECT case_id, MAX(sequence) AS latest FROM transitions WHERE case_id > $1
        GROUP BY case_id ORDER BY case_id LIMIT $2) AS heads
    ON transitions.case_id = heads.case_id AND transitions.sequence = heads.latest
    UNION ALL SELECT case_id, sequence, hash FROM (SELECT case_id, sequence, hash FROM archive WHERE case_id > $1
        ORDER BY case_id LIMIT $2) AS cold
    ORDER BY case_id, sequence";
const AT: &str = "SELECT case_id, sequence, hash FROM transitions WHERE case_id IN (SELECT value FROM each($1))
    AND case_id || '-' || sequence IN (SELECT value FROM each($2))
    UNION ALL SELECT case_id, sequence, hash FROM archive WHERE case_id IN (SELECT value FROM each($1))
    AND case_id || '-' || sequence IN (SELECT value FROM each($2))";
const OF: &str = "SELECT transitions.case_id, transitions.sequence, transitions.hash FROM transitions
    JOIN (SELECT case_id, MAX(sequence) AS latest FROM transitions WHERE case_id IN (SELECT value FROM each($1))
        GROUP BY case_id) AS heads
    ON transitions.case_id = heads.case_id AND transitions.sequence = heads.latest
    UNION ALL SELECT case_id, sequence, hash FROM archive WHERE case_id IN (SELECT value FROM each($1))
    ORDER BY case_id, sequence";

pub(super) const STATEMENTS: &[&str] = &[AFTER, AT, OF];

/// How far a history had come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// The case, as it is written in the database.
    pub case: String,
    /// The number of its transitions.
    pub sequence: u32,
    /// The hash of the last of them.
    pub hash: String,
}

impl Head {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self { case: row.text(0)?, sequence: row.count(1)?, hash: row.text(2)? })
    }
}

/// Up to `limit` heads in the order of their cases, after one of them (or from the first).
pub async fn after(database: &Database, after: &str, limit: i64) -> Result<Vec<Head>> {
    let rows = database.fetch(AFTER, &[after.into(), limit.into()]).await?;
    let mut heads = latest(&rows)?;
    // Each half has so many, and both together may have more.
    heads.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(heads)
}

/// The last head of each case, where they come in order.
fn latest(rows: &[Row]) -> Result<Vec<Head>> {
    let mut heads: Vec<Head> = Vec::new();
    for row in rows {
        let head = Head::read(row)?;
        match heads.last_mut().filter(|before| before.case == head.case) {
            Some(before) => *before = head,
            None => heads.push(head),
        }
    }
    Ok(heads)
}

/// What the histories say today at the places of some heads; those that end before, or are gone, are missing.
pub async fn at(database: &Database, heads: &[Head]) -> Result<Vec<Head>> {
    let cases = heads.iter().map(|head| head.case.clone()).collect();
    let places = heads.iter().map(|head| format!("{}-{}", head.case, head.sequence)).collect();
    let rows = database.fetch(AT, &[Cell::Texts(cases), Cell::Texts(places)]).await?;
    let mut found = rows.iter().map(Head::read).collect::<Result<Vec<Head>>>()?;
    // A place within a cold row has no row of its own.
    let known: BTreeSet<(&str, u32)> = found.iter().map(|head| (head.case.as_str(), head.sequence)).collect();
    let within = heads.iter().filter(|head| !known.contains(&(head.case.as_str(), head.sequence)));
    let within: BTreeSet<(CaseId, u32)> =
        within.filter_map(|head| Some((head.case.parse().ok()?, head.sequence))).collect();
    for (case, history) in histories(database, within.iter().map(|(case, _)| *case)).await? {
        let wanted = history.into_iter().filter(|stored| within.contains(&(case, stored.sequence)));
        found.extend(wanted.map(|stored| Head {
            case: case.to_string(),
            sequence: stored.sequence,
            hash: stored.hash,
        }));
    }
    Ok(found)
}

/// Today's heads of some cases; those that are gone are missing.
pub async fn of(database: &Database, cases: Vec<String>) -> Result<Vec<Head>> {
    latest(&database.fetch(OF, &[Cell::Texts(cases)]).await?)
}

/// Whether a text is the id of a case as it is written: somebody may have put in what is not.
pub fn is_id(text: &str) -> bool {
    text.parse::<CaseId>().is_ok_and(|case| case.to_string() == text)
}
