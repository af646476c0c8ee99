//! `verify`: every list is built anew from the transitions and compared, row by row.

pub(super) mod expected;
mod sealed;

use std::collections::{BTreeMap, BTreeSet};

use duban_engine::ids::CaseId;
use jiff::Timestamp;

use super::Shared;
use super::pruning::may_be_gone;
use crate::storage::transitions::{Stored, cases_after, histories};
use crate::storage::{Cell, Error, Result, Row, Table, outbox, serials, timestamp};
use expected::{Expected, Rows};

/// How many cases are compared at once.
const PAGE_MAX: usize = 500;

/// Columns that belong to the nodes and the readers, and not to the history.
const FREE: [(&str, &[&str]); 6] = [
    ("cases", &["claimed_until"]),
    ("locks", &["rest_until"]),
    ("outbox", &["due_at", "attempts", "done_at", "error"]),
    ("jobs", &["free_at", "worker"]),
    // Names in a text are those of the day; the digest in the row keeps the text.
    ("notices", &["title", "text", "read_at", "digest"]),
    ("documents", &["title", "body", "digest"]),
];

/// Columns that may have private values in them: a finding goes into logs and letters, and does not say what stands there.
const UNSAID: [(&str, &str); 4] = [("cases", "title"), ("incidents", "text"), ("jobs", "job"), ("outbox", "effect")];

/// Something that is not as the history says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The case, as it is written in the database; empty for what belongs to none.
    pub case: String,
    /// What is wrong.
    pub what: String,
}

/// What was found so far, and what the series must say.
#[derive(Default)]
struct Findings {
    found: BTreeSet<Finding>,
    /// How many cases of each series were opened.
    opened: BTreeMap<String, i64>,
}

impl Findings {
    fn add(&mut self, case: &str, what: impl Into<String>) {
        self.found.insert(Finding { case: case.to_owned(), what: what.into() });
    }
}

/// Checks everything that is kept. Cases may move meanwhile, so that only what is found twice counts.
pub async fn run(shared: &Shared) -> Result<Vec<Finding>> {
    let first = look(shared).await?;
    if first.is_empty() {
        return Ok(Vec::new());
    }
    let second = look(shared).await?;
    Ok(first.intersection(&second).cloned().collect())
}

async fn look(shared: &Shared) -> Result<BTreeSet<Finding>> {
    let mut findings = Findings::default();
    let mut after = String::new();
    loop {
        let limit = i64::try_from(PAGE_MAX).expect("a page is small");
        let page = cases_after(&shared.database, &after, limit).await?;
        // Beyond the last case there may still be rows of cases without any history.
        let until = page.last().filter(|_| page.len() == PAGE_MAX).cloned();
        check_page(shared, &page, &after, until.as_deref(), &mut findings).await?;
        match until {
            Some(last) => after = last,
            None => break,
        }
    }
    check_serials(shared, &mut findings).await?;
    sealed::check(shared, &mut findings).await?;
    Ok(findings.found)
}

async fn check_page(
    shared: &Shared,
    page: &[String],
    after: &str,
    until: Option<&str>,
    findings: &mut Findings,
) -> Result<()> {
    let mut ids = Vec::new();
    for text in page {
        match text.parse::<CaseId>() {
            Ok(case) if case.to_string() == *text => ids.push(case),
            Ok(_) | Err(_) => findings.add(text, "transitions: this is not the id of a case"),
        }
    }
    let mut expected = Expected::default();
    for (case, history) in readable(shared, ids, findings).await? {
        expected.add(shared, case, &history, findings).await?;
    }
    for (table, rows) in expected.tables {
        let stored = shared.database.fetch(&table.select_between(), &bounds(after, until)).await?;
        compare(table, rows, stored, shared.clock.now(), findings);
    }
    Ok(())
}

/// The histories of some cases; one of which nothing can be made is a finding.
async fn readable(
    shared: &Shared,
    cases: Vec<CaseId>,
    findings: &mut Findings,
) -> Result<BTreeMap<CaseId, Vec<Stored>>> {
    match histories(&shared.database, cases.iter().copied()).await {
        Err(Error::Unreadable { .. }) => {}
        read => return read,
    }
    let mut all = BTreeMap::new();
    for case in cases {
        match histories(&shared.database, [case]).await {
            Err(error @ Error::Unreadable { .. }) => findings.add(&case.to_string(), error.to_string()),
            read => all.extend(read?),
        }
    }
    Ok(all)
}

/// From after one case until another, whether a table's key is the case or only begins with it:
/// `.` comes after the `-` that follows a case's id in a key.
fn bounds(after: &str, until: Option<&str>) -> [Cell; 2] {
    let above = if after.is_empty() { String::new() } else { format!("{after}.") };
    let below = until.map_or_else(|| char::MAX.to_string(), |until| format!("{until}."));
    [above.into(), below.into()]
}

fn compare(table: &Table, mut expected: Rows, stored: Vec<Row>, now: Timestamp, findings: &mut Findings) {
    let free = FREE.iter().find(|(name, _)| *name == table.name).map_or(&[][..], |(_, columns)| columns);
    for Row(row) in stored {
        let case = case_of(table, &row);
        let Some(right) = expected.remove(&row[..table.key]) else {
            findings.add(&case, format!("{}: there is a row too many, {}", table.name, said(&row[..table.key])));
            continue;
        };
        for ((column, is), should) in table.columns.iter().zip(&row).zip(&right) {
            if is == should || free.contains(&column.name) {
                continue;
            }
            let place = format!("{}.{}", table.name, column.name);
            findings.add(
                &case,
                match UNSAID.contains(&(table.name, column.name)) {
                    true => format!("{place} is not what the history says"),
                    false => format!("{place} is {is} and should be {should}"),
                },
            );
        }
    }
    for (key, row) in expected {
        if table.name == outbox::TABLE.name && outbox_row_may_be_gone(table, &row, now) {
            continue;
        }
        findings.add(&case_of(table, &row), format!("{}: the row {} is missing", table.name, said(&key)));
    }
}

/// A key as a person reads it.
fn said(key: &[Cell]) -> String {
    key.iter().map(Cell::to_string).collect::<Vec<_>>().join(" ")
}

/// Whether a delivery is old enough to have been removed after it was over.
fn outbox_row_may_be_gone(table: &Table, row: &[Cell], now: Timestamp) -> bool {
    let column = table.columns.iter().position(|column| column.name == "created_at");
    match column.and_then(|column| row.get(column)) {
        Some(Cell::Integer(at)) => timestamp(*at).is_ok_and(|at| may_be_gone(at, now)),
        Some(Cell::Null | Cell::Text(_) | Cell::Bytes(_) | Cell::Texts(_)) | None => false,
    }
}

fn case_of(table: &Table, row: &[Cell]) -> String {
    let column = table.columns.iter().position(|column| column.name == "case_id");
    match column.and_then(|column| row.get(column)) {
        Some(Cell::Text(case)) => case.clone(),
        Some(Cell::Null | Cell::Integer(_) | Cell::Bytes(_) | Cell::Texts(_)) | None => String::new(),
    }
}

async fn check_serials(shared: &Shared, findings: &mut Findings) -> Result<()> {
    let mut opened = std::mem::take(&mut findings.opened);
    for row in shared.database.fetch_table(&serials::TABLE).await? {
        let (series, next) = (row.text(0)?, row.integer(1)?);
        let count = opened.remove(&series).unwrap_or(0);
        if next != count + 1 {
            findings.add("", format!("serials: `{series}` is at {next} after {count} cases"));
        }
    }
    for (series, count) in opened {
        findings.add("", format!("serials: `{series}` is missing after {count} cases"));
    }
    Ok(())
}
