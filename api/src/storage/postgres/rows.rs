//! Rows and parameters as PostgreSQL takes and gives them: many rows are one array per column.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, AssertSqlSafe, Column as _, Row as _, TypeInfo, ValueRef};

use super::super::writes::{Change, Writes, renumber};
use super::super::{Cell, Column, Kind, Result, Row, Table};

/// A statement with its parameters.
pub type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, PgArguments>;

/// Several changes as one statement, because each costs a way to the server and back, and what it answers.
pub fn together<'q>(writes: &Writes<'_>, answer: &str) -> Query<'q> {
    let (mut arguments, mut before, mut parts) = (PgArguments::default(), 0, Vec::new());
    for (number, (change, rows)) in whole(writes).into_iter().enumerate() {
        let sql = match &change {
            Change::Run(sql) => {
                let sql = renumber(&dialect(sql), before);
                for parameter in rows.into_iter().flatten() {
                    add(&mut arguments, parameter);
                    before += 1;
                }
                sql
            }
            change => {
                let columns = change.columns();
                let sql = change.statement(|columns| source(columns, before));
                columns.iter().enumerate().for_each(|(index, column)| add_column(&mut arguments, &rows, index, column));
                before += columns.len();
                sql
            }
        };
        parts.push(format!("change_{number} AS ({sql})"));
    }
    sqlx::query_with(AssertSqlSafe(format!("WITH {} SELECT {answer}", parts.join(",\n"))), arguments)
}

/// The changes with their rows, those of one table in one: the server sees by itself which columns stay as they are, and plans
/// fewer statements.
fn whole<'w>(writes: &'w Writes<'_>) -> Vec<(Change, Vec<&'w Vec<Cell>>)> {
    let mut whole: Vec<(Change, Vec<&Vec<Cell>>)> = Vec::new();
    for write in writes.iter() {
        match (&write.change, whole.last_mut()) {
            (Change::Upsert(table, _), Some((Change::Upsert(last, _), rows))) if last.name == table.name => {
                rows.extend(write.rows.iter());
            }
            (Change::Upsert(table, _), _) => {
                whole.push((Change::Upsert(table, table.key), write.rows.iter().collect()))
            }
            (change, _) => whole.push((*change, write.rows.iter().collect())),
        }
    }
    whole
}

/// Many rows as a table expression: one array per column, the parameters after so many others.
pub fn source(columns: &[Column], before: usize) -> String {
    let arrays: Vec<String> =
        (before + 1..).zip(columns).map(|(number, column)| format!("${number}::{}[]", type_of(column))).collect();
    format!("UNNEST({}) AS rows ({})", arrays.join(", "), Table::names(columns))
}

fn type_of(column: &Column) -> &'static str {
    match column.kind {
        Kind::Text => "text",
        Kind::Integer => "bigint",
        Kind::Bytes => "bytea",
    }
}

/// `each($1)` becomes a list of texts; the number of the parameter stays as it is. What is looked for among such a list is no
/// join, which the server may go about from the other side: an index looks up each of them, whatever the table was like
/// when the statement was planned.
pub fn dialect(sql: &str) -> String {
    let mut pieces = sql.split("IN (SELECT value FROM each($");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (number, rest) = piece.split_once("))").unwrap_or((piece, ""));
        text.push_str(&format!("= ANY(${number}::text[]){rest}"));
    }
    each(&text)
}

fn each(sql: &str) -> String {
    let mut pieces = sql.split("each($");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (number, rest) = piece.split_once(')').unwrap_or((piece, ""));
        text.push_str(&format!("UNNEST(${number}::text[]) AS each (value){rest}"));
    }
    text
}

fn as_text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Null | Cell::Integer(_) | Cell::Bytes(_) | Cell::Texts(_) => None,
    }
}

fn as_integer(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(number) => Some(*number),
        Cell::Null | Cell::Text(_) | Cell::Bytes(_) | Cell::Texts(_) => None,
    }
}

fn as_bytes(cell: &Cell) -> Option<&[u8]> {
    match cell {
        Cell::Bytes(bytes) => Some(bytes),
        Cell::Null | Cell::Text(_) | Cell::Integer(_) | Cell::Texts(_) => None,
    }
}

/// One statement.
pub fn query<'q>(sql: &str, parameters: &[Cell]) -> Query<'q> {
    let mut arguments = PgArguments::default();
    parameters.iter().for_each(|parameter| add(&mut arguments, parameter));
    sqlx::query_with(AssertSqlSafe(dialect(sql)), arguments)
}

fn add(arguments: &mut PgArguments, parameter: &Cell) {
    let added = match parameter {
        Cell::Null => arguments.add(None::<String>),
        Cell::Text(text) => arguments.add(text.as_str()),
        Cell::Integer(number) => arguments.add(*number),
        Cell::Bytes(bytes) => arguments.add(bytes.as_slice()),
        Cell::Texts(texts) => arguments.add(texts.as_slice()),
    };
    added.expect("texts, numbers and bytes can always be encoded");
}

fn add_column(arguments: &mut PgArguments, rows: &[&Vec<Cell>], index: usize, column: &Column) {
    let cells = rows.iter().map(|row| row.get(index).unwrap_or(&Cell::Null));
    let added = match column.kind {
        Kind::Text => arguments.add(cells.map(as_text).collect::<Vec<_>>()),
        Kind::Integer => arguments.add(cells.map(as_integer).collect::<Vec<_>>()),
        Kind::Bytes => arguments.add(cells.map(as_bytes).collect::<Vec<_>>()),
    };
    added.expect("texts, numbers and bytes can always be encoded");
}

/// A row as every database has it.
pub fn read(row: &PgRow) -> Result<Row> {
    let cells = row.columns().iter().map(|column| {
        let value = row.try_get_raw(column.ordinal())?;
        Ok(match value.type_info().name() {
            _ if value.is_null() => Cell::Null,
            "BYTEA" => Cell::Bytes(row.try_get(column.ordinal())?),
            "INT8" => Cell::Integer(row.try_get(column.ordinal())?),
            "INT4" => Cell::Integer(row.try_get::<i32, _>(column.ordinal())?.into()),
            _ => Cell::Text(row.try_get(column.ordinal())?),
        })
    });
    cells.collect::<Result<Vec<Cell>>>().map(Row)
}
