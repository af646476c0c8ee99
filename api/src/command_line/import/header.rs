//! The first line of a spreadsheet: which field each column is.

use duban_engine::clauses::form::FormEntry;
use duban_engine::ids::Name;
use duban_engine::nearest::nearest;
use duban_engine::process::Process;
use duban_engine::rejection::Rejection;

use super::Mistake;

/// What else separates columns in files that are called CSV, and how it is named.
const SEPARATORS: [(char, &str); 4] = [(';', "`;`"), ('\t', "tabs"), ('；', "`；`"), ('，', "`，`")];

/// What the columns are.
pub(super) struct Columns {
    /// The place of each column's field in the starting form; none for the key's column when it is not a field.
    pub(super) fields: Vec<Option<usize>>,
    /// What the file calls the columns.
    pub(super) titles: Vec<String>,
    /// The column that tells rows apart.
    pub(super) key: Option<usize>,
    /// The fields' names, in the order of the columns.
    names: Vec<Option<Name>>,
}

impl Columns {
    /// Reads the header.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(header: &csv::StringRecord, process: &Process, key: Option<&str>) -> Result<Self, Vec<Mistake>> {
        if header.iter().all(str::is_empty) {
            return Err(vec![mistake(None, "the file is empty; its first line names fields of the starting form")]);
        }
        if header.get(0).is_some_and(|first| first.starts_with("sep=")) {
            return Err(vec![mistake(
                None,
                "this line tells a spreadsheet how to read the file; the header comes first",
            )]);
        }
        let entries = &process.start.form.entries;
        if let Some(separator) = other_separator(header, entries) {
            let message =
                format!("the columns are separated by {separator}, not by commas; save it as CSV with commas");
            return Err(vec![mistake(None, message)]);
        }
        let (mut fields, mut mistakes) = (Vec::new(), Vec::new());
        for column in header {
            // Spreadsheets write columns that were emptied; what stands in one is a mistake of its row.
            if column.is_empty() {
                fields.push(None);
                continue;
            }
            let found = entries.iter().position(|entry| is_called(entry, column));
            if found.is_none() && Some(column) != key {
                let names = entries.iter().flat_map(|entry| [entry.field.name.as_str(), entry.field.title.as_str()]);
                let hint = nearest(column, names).map_or_else(
                    || format!("; `--key {column}` when it tells rows apart"),
                    |near| format!(", did you mean `{near}`?"),
                );
                mistakes.push(mistake(Some(column), format!("the starting form has no such field{hint}")));
            }
            if found.is_some() && fields.contains(&found) {
                mistakes.push(mistake(Some(column), "two columns are this field"));
            }
            fields.push(found);
        }
        let titles: Vec<String> = header.iter().map(str::to_owned).collect();
        let key_column = key.and_then(|key| titles.iter().position(|title| title == key));
        if let (Some(key), None) = (key, key_column) {
            mistakes.push(mistake(Some(key), "there is no such column"));
        }
        if mistakes.is_empty() {
            // Beside a column that is no field this may be the same mistake.
            mistakes.extend(missing(&fields, entries));
        }
        let names = fields.iter().map(|field| Some(entries.get((*field)?)?.field.name.clone())).collect();
        if mistakes.is_empty() { Ok(Self { fields, titles, key: key_column, names }) } else { Err(mistakes) }
    }

    /// Why a row opens no case, in the words of the header.
    pub(super) fn mistake(&self, line: u64, rejection: Rejection) -> Mistake {
        let column_of = |name: &Name| {
            let place = self.names.iter().position(|field| field.as_ref() == Some(name));
            Some(place.and_then(|place| self.titles.get(place)).map_or_else(|| name.to_string(), Clone::clone))
        };
        match rejection {
            Rejection::FieldMissing { field, title: _ } => {
                Mistake { line, column: column_of(&field), message: "this must be filled in".to_owned() }
            }
            Rejection::FieldWrong { field, message } => Mistake { line, column: column_of(&field), message },
            other => Mistake { line, column: None, message: other.to_string() },
        }
    }
}

fn is_called(entry: &FormEntry, column: &str) -> bool {
    entry.field.name == *column || entry.field.title == *column
}

/// What separates the columns of a file that seems to have only one.
fn other_separator(header: &csv::StringRecord, entries: &[FormEntry]) -> Option<&'static str> {
    let only = header.get(0).filter(|only| header.len() == 1 && !entries.iter().any(|entry| is_called(entry, only)))?;
    SEPARATORS.iter().find(|(separator, _)| only.contains(*separator)).map(|(_, name)| *name)
}

/// The fields that must be filled in and have no column.
fn missing(fields: &[Option<usize>], entries: &[FormEntry]) -> Vec<Mistake> {
    let is_missing = |(place, entry): &(usize, &FormEntry)| entry.required && !fields.contains(&Some(*place));
    let absent = entries.iter().enumerate().filter(is_missing).map(|(_, entry)| {
        let field = &entry.field;
        let name = if field.name == field.title { String::new() } else { format!(" (`{}`)", field.name) };
        mistake(None, format!("the column `{}`{name} is missing; the starting form requires it", field.title))
    });
    absent.collect()
}

fn mistake(column: Option<&str>, message: impl Into<String>) -> Mistake {
    Mistake { line: 1, column: column.map(str::to_owned), message: message.into() }
}
