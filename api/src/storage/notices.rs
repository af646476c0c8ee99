//! The inbox in the product: what people were told.

use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction, digest};

/// The table. A notice is for a duty in a unit, or for a person; what does not apply is empty.
pub const TABLE: Table = Table {
    name: "notices",
    columns: &[
        text("id"),
        text("unit"),
        text("duty"),
        text("person"),
        text("case_id"),
        text("template"),
        text("title"),
        text("text"),
        integer("created_at"),
        integer("read_at"),
        text("digest"),
    ],
    key: 1,
    tails: &[],
};

const OF_CASE: &str = "SELECT id, unit, duty, person, case_id, template, title, text, created_at, read_at
    FROM notices WHERE id >= $1 AND id < $2 ORDER BY created_at, id";
const OF_PERSON: &str = "SELECT id, unit, duty, person, case_id, template, title, text, created_at, read_at
    FROM notices WHERE person = $1 AND person <> '' ORDER BY created_at DESC, id LIMIT $2";
const OF_DUTY: &str = "SELECT id, unit, duty, person, case_id, template, title, text, created_at, read_at
    FROM notices WHERE unit = $1 AND duty = $2 AND duty <> '' ORDER BY created_at DESC, id LIMIT $3";
const FIND: &str = "SELECT id, unit, duty, person, case_id, template, title, text, created_at, read_at
    FROM notices WHERE id = $1";
const READ: &str = "UPDATE notices SET read_at = $2 WHERE id = $1 AND read_at IS NULL";

const REWRITE: &str = "UPDATE notices SET title = $2, text = $3, digest = $4 WHERE id = $1";

pub(super) const STATEMENTS: &[&str] = &[OF_CASE, OF_PERSON, OF_DUTY, FIND, READ, REWRITE];

/// Something that people were told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The key of the effect, and which of its readers this is for.
    pub id: String,
    /// The unit of the readers.
    pub unit: String,
    /// The duty of the readers.
    pub duty: String,
    /// The one reader.
    pub person: String,
    /// The case it is about.
    pub case: CaseId,
    /// Its template.
    pub template: Name,
    /// The first line.
    pub title: String,
    /// The text.
    pub text: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When somebody read it.
    pub read_at: Option<Timestamp>,
}

impl Notice {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![
            self.id.as_str().into(),
            self.unit.as_str().into(),
            self.duty.as_str().into(),
            self.person.as_str().into(),
            self.case.into(),
            (&self.template).into(),
            self.title.as_str().into(),
            self.text.as_str().into(),
            self.created_at.into(),
        ];
        let digest = digest(&cells);
        cells.extend([self.read_at.into(), digest.into()]);
        cells
    }

    /// A row of the columns of the table, without the digest.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text(0)?,
            unit: row.text(1)?,
            duty: row.text(2)?,
            person: row.text(3)?,
            case: row.case(4)?,
            template: row.name(5)?,
            title: row.text(6)?,
            text: row.text(7)?,
            created_at: row.at(8)?,
            read_at: row.maybe_at(9)?,
        })
    }
}

/// What was told about a case, oldest first.
pub async fn of_case(database: &Database, case: CaseId) -> Result<Vec<Notice>> {
    // `.` is the character after `-`, so that the range is every key that begins with the case.
    read_all(database.fetch(OF_CASE, &[format!("{case}-").into(), format!("{case}.").into()]).await?)
}

/// What a person was told by name, newest first.
pub async fn of_person(database: &Database, person: &Name, limit: i64) -> Result<Vec<Notice>> {
    read_all(database.fetch(OF_PERSON, &[person.into(), limit.into()]).await?)
}

/// What everyone with a duty in a unit was told, newest first.
pub async fn of_duty(database: &Database, unit: &Name, duty: &Name, limit: i64) -> Result<Vec<Notice>> {
    read_all(database.fetch(OF_DUTY, &[unit.into(), duty.into(), limit.into()]).await?)
}

/// One notice.
pub async fn find(database: &Database, id: &str) -> Result<Option<Notice>> {
    Ok(read_all(database.fetch(FIND, &[id.into()]).await?)?.pop())
}

/// Notes that somebody read a notice; the first time counts.
pub async fn mark_read(transaction: &mut Transaction, id: &str, at: Timestamp) -> Result<()> {
    transaction.execute(READ, &[id.into(), Cell::from(at)]).await?;
    Ok(())
}

fn read_all(rows: Vec<Row>) -> Result<Vec<Notice>> {
    rows.iter().map(Notice::read).collect()
}

/// Changes what a notice says; whether it was read stays.
pub async fn rewrite(transaction: &mut Transaction, notice: &Notice) -> Result<()> {
    let digest = notice.cells().pop().unwrap_or(Cell::Null);
    let parameters = [notice.id.as_str().into(), notice.title.as_str().into(), notice.text.as_str().into(), digest];
    transaction.execute(REWRITE, &parameters).await.map(drop)
}
