//! What is written together: rows of several tables in one go, because each statement costs a way to the database.

use std::borrow::Cow;

use super::{Cell, Column, Table};

/// Rows to write and to remove, in order; none of them both.
#[derive(Debug, Default)]
pub struct Writes<'a>(Vec<Write<'a>>);

/// Rows of one table, or a statement of its own.
#[derive(Debug)]
pub(super) struct Write<'a> {
    pub change: Change,
    pub rows: Cow<'a, [Vec<Cell>]>,
}

/// What becomes of the rows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// They are added.
    Insert(&'static Table),
    /// They are added, or changed from one of the columns on when they are there.
    Upsert(&'static Table, usize),
    /// They are keys of rows to remove.
    Delete(&'static Table),
    /// They are one row, the parameters of a statement.
    Run(&'static str),
}

impl<'a> Writes<'a> {
    /// Adds rows; one whose key is there already makes all of it [`super::Error::Conflict`].
    pub fn insert(&mut self, table: &'static Table, rows: impl Into<Cow<'a, [Vec<Cell>]>>) {
        self.add(Change::Insert(table), rows.into());
    }

    /// Adds rows, or changes those that are there.
    pub fn upsert(&mut self, table: &'static Table, rows: impl Into<Cow<'a, [Vec<Cell>]>>) {
        self.upsert_from(table, table.key, rows);
    }

    /// The same where those that are there differ only from one of the columns on.
    pub fn upsert_from(&mut self, table: &'static Table, from: usize, rows: impl Into<Cow<'a, [Vec<Cell>]>>) {
        self.add(Change::Upsert(table, from), rows.into());
    }

    /// Removes the rows with these keys.
    pub fn delete(&mut self, table: &'static Table, keys: impl Into<Cow<'a, [Vec<Cell>]>>) {
        self.add(Change::Delete(table), keys.into());
    }

    /// Runs a statement that answers nothing.
    pub fn run(&mut self, sql: &'static str, parameters: Vec<Cell>) {
        self.add(Change::Run(sql), vec![parameters].into());
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Write<'a>> {
        self.0.iter()
    }

    fn add(&mut self, change: Change, rows: Cow<'a, [Vec<Cell>]>) {
        if !rows.is_empty() {
            self.0.push(Write { change, rows });
        }
    }
}

impl Change {
    /// The statement, its rows from a table expression that `source` makes of their columns.
    pub fn statement(&self, source: impl FnOnce(&[Column]) -> String) -> String {
        match self {
            Self::Insert(table) => table.insert(&source(table.columns)),
            Self::Upsert(table, from) => table.upsert(*from, &source(table.columns)),
            Self::Delete(table) => table.delete(&source(table.key_columns())),
            Self::Run(sql) => (*sql).to_owned(),
        }
    }

    /// The columns of the rows; a statement of its own has none.
    pub fn columns(&self) -> &'static [Column] {
        match self {
            Self::Insert(table) | Self::Upsert(table, _) => table.columns,
            Self::Delete(table) => table.key_columns(),
            Self::Run(_) => &[],
        }
    }
}

/// A statement with the numbers of its parameters so much higher.
pub(super) fn renumber(sql: &str, by: usize) -> String {
    let mut pieces = sql.split('$');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|next: char| !next.is_ascii_digit()).unwrap_or(piece.len());
        let number: usize = piece[..end].parse().expect("a `$` in a statement is followed by a number");
        text.push_str(&format!("${}{}", number + by, &piece[end..]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::renumber;

    #[test]
    fn the_parameters_of_a_later_statement_are_counted_on() {
        let sql = "UPDATE outbox SET done_at = $2 WHERE id IN (SELECT value FROM each($1)) AND $10 = $2";
        let later = "UPDATE outbox SET done_at = $5 WHERE id IN (SELECT value FROM each($4)) AND $13 = $5";
        assert_eq!(renumber(sql, 3), later);
    }
}
