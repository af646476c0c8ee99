//! A table as it is written: its columns, its key, and the statements made from them.

use super::Cell;

/// What a column keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// Whole numbers.
    Integer,
    /// Bytes.
    Bytes,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it keeps.
    pub kind: Kind,
}

/// A column of text.
pub const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

/// A column of numbers.
pub const fn integer(name: &'static str) -> Column {
    Column { name, kind: Kind::Integer }
}

/// A column of bytes.
pub const fn bytes(name: &'static str) -> Column {
    Column { name, kind: Kind::Bytes }
}

/// A table: the columns that rows are written with, the first of which are its key.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in the order of a row's cells.
    pub columns: &'static [Column],
    /// How many columns from the first make the key.
    pub key: usize,
    /// From which columns on rows are mostly changed, the last first, when those stand in fewer indexes than the others: SQLite
    /// writes every index of a column that it is told to set, also to what it was, and in a large table each is another page.
    pub tails: &'static [usize],
}

impl Table {
    /// The columns of the key.
    pub fn key_columns(&self) -> &'static [Column] {
        &self.columns[..self.key]
    }

    /// The last of the columns from which on it is enough to write a row that is there otherwise.
    pub fn tail(&self, there: &[Cell], row: &[Cell]) -> usize {
        let first = there.iter().zip(row).position(|(there, cell)| there != cell).unwrap_or(row.len());
        self.tails.iter().copied().find(|tail| *tail <= first).unwrap_or(self.key)
    }

    /// The columns' names with commas between them.
    pub fn names(columns: &[Column]) -> String {
        columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// Adds many rows; one that is there already is an error. `source` is a table expression with the same columns.
    pub fn insert(&self, source: &str) -> String {
        let names = Self::names(self.columns);
        format!("INSERT INTO {} ({names}) SELECT {names} FROM {source}", self.name)
    }

    /// Adds many rows, or changes those that are there from one of the columns on. Without `WHERE true` SQLite reads `ON` as a
    /// join.
    pub fn upsert(&self, from: usize, source: &str) -> String {
        let changes: Vec<String> =
            self.columns[from..].iter().map(|column| format!("{0} = excluded.{0}", column.name)).collect();
        let key = Self::names(self.key_columns());
        let then =
            if changes.is_empty() { "DO NOTHING".to_owned() } else { format!("DO UPDATE SET {}", changes.join(", ")) };
        format!("{} WHERE true ON CONFLICT ({key}) {then}", self.insert(source))
    }

    /// Removes many rows by their keys. `source` is a table expression with the key's columns.
    pub fn delete(&self, source: &str) -> String {
        let key = Self::names(self.key_columns());
        let compared: Vec<String> =
            self.key_columns().iter().enumerate().map(|(at, column)| compared(at, column)).collect();
        format!("DELETE FROM {} WHERE ({}) IN (SELECT {key} FROM {source})", self.name, compared.join(", "))
    }

    /// Reads the rows whose key begins from one text until before another, in the order of the key.
    pub fn select_between(&self) -> String {
        let (names, key) = (Self::names(self.columns), Self::names(self.key_columns()));
        let first = self.columns[0].name;
        format!("SELECT {names} FROM {} WHERE {first} >= $1 AND {first} < $2 ORDER BY {key}", self.name)
    }

    /// Reads every row, in the order of the key.
    pub fn select(&self) -> String {
        format!("SELECT {} FROM {} ORDER BY {}", Self::names(self.columns), self.name, Self::names(self.key_columns()))
    }
}

/// How many columns of a key find nearly a single row.
const FINDING: usize = 2;

/// A column of a key, so that only the index of the key can find it. Other indexes begin with what stands at the end of a key, and
/// thousands of rows have the same there: a planner that knows a table as it was when it was small takes them for as good.
fn compared(at: usize, column: &Column) -> String {
    match column.kind {
        Kind::Text if at >= FINDING => format!("{} || ''", column.name),
        Kind::Integer if at >= FINDING => format!("{} + 0", column.name),
        Kind::Text | Kind::Integer | Kind::Bytes => column.name.to_owned(),
    }
}
