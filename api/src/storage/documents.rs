//! Documents that were made from templates and filed with a case.

use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction, digest};

/// The table.
pub const TABLE: Table = Table {
    name: "documents",
    columns: &[
        text("id"),
        text("case_id"),
        text("template"),
        text("unit"),
        text("title"),
        text("body"),
        integer("created_at"),
        text("digest"),
    ],
    key: 1,
    tails: &[],
};

const OF_CASE: &str = "SELECT id, case_id, template, unit, title, body, created_at FROM documents
    WHERE case_id = $1 ORDER BY created_at, id";
const FIND: &str = "SELECT id, case_id, template, unit, title, body, created_at FROM documents WHERE id = $1";

const REWRITE: &str = "UPDATE documents SET title = $2, body = $3, digest = $4 WHERE id = $1";

pub(super) const STATEMENTS: &[&str] = &[OF_CASE, FIND, REWRITE];

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The key of the effect that made it.
    pub id: String,
    /// The case it is filed with.
    pub case: CaseId,
    /// Its template.
    pub template: Name,
    /// The unit it is for.
    pub unit: Option<Name>,
    /// The first line.
    pub title: String,
    /// The text.
    pub body: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Document {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![
            self.id.as_str().into(),
            self.case.into(),
            (&self.template).into(),
            self.unit.as_ref().into(),
            self.title.as_str().into(),
            self.body.as_str().into(),
            self.created_at.into(),
        ];
        cells.push(digest(&cells).into());
        cells
    }

    /// A row of the columns of the table, without the digest.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text(0)?,
            case: row.case(1)?,
            template: row.name(2)?,
            unit: row.maybe_name(3),
            title: row.text(4)?,
            body: row.text(5)?,
            created_at: row.at(6)?,
        })
    }
}

/// The documents of a case, oldest first.
pub async fn of_case(database: &Database, case: CaseId) -> Result<Vec<Document>> {
    let rows = database.fetch(OF_CASE, &[case.into()]).await?;
    rows.iter().map(Document::read).collect()
}

/// One document.
pub async fn find(database: &Database, id: &str) -> Result<Option<Document>> {
    let rows = database.fetch(FIND, &[Cell::from(id)]).await?;
    rows.first().map(Document::read).transpose()
}

/// Changes what a document says.
pub async fn rewrite(transaction: &mut Transaction, document: &Document) -> Result<()> {
    let digest = document.cells().pop().unwrap_or(Cell::Null);
    let parameters =
        [document.id.as_str().into(), document.title.as_str().into(), document.body.as_str().into(), digest];
    transaction.execute(REWRITE, &parameters).await.map(drop)
}
