//! `duban import`: a backlog from a spreadsheet, all of it or nothing.

mod cell;
mod header;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use duban_engine::case::Case;
use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::decide::decide;
use duban_engine::event::{Actor, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_engine::library::Library;
use duban_engine::moment::World;
use duban_engine::nearest::nearest;
use duban_engine::process::Process;
use duban_engine::rejection::Rejection;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use self::header::Columns;
use super::{Failure, Paint, Screen, counted, runtime};
use crate::config::{self, Storage};
use crate::runner::{Answer, Refusal, Runner, Submission};
use crate::storage::{Mode, cases};

/// How many rows a file may have; a larger one is split by whoever made it.
const ROWS_MAX: usize = 100_000;

/// How many mistakes are shown: more than anybody mends before trying again.
const MISTAKES_SHOWN_MAX: usize = 1_000;

/// How many cases are opened at the same time.
const UNDER_WAY_MAX: usize = 512;

/// Open a case for every row of a spreadsheet, or for none when a row is wrong.
///
/// The first row names fields of the process's starting form, by name or by title. A row that was imported before is
/// passed over, so that the same file can be imported again, whole or with more rows.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The file: CSV in UTF-8 (in Excel: "CSV UTF-8").
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// The process that the rows become cases of.
    #[arg(long, value_name = "NAME")]
    process: String,
    /// The person in whose name the cases are opened.
    #[arg(long = "as", value_name = "PERSON")]
    person: String,
    /// The column that tells rows apart, when it is not the whole row. It need not be a field.
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// Only check the file.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    storage: Storage,
}

/// A row that can become a case.
struct Row {
    key: String,
    fields: Fields,
}

impl Row {
    /// The case that the row is or becomes.
    fn case(&self) -> CaseId {
        let digest: [u8; 32] = Sha256::digest(&self.key).into();
        CaseId(u128::from_be_bytes(*digest.first_chunk().expect("32 bytes have a first half")))
    }
}

/// What is wrong in which line of the file.
struct Mistake {
    line: u64,
    column: Option<String>,
    message: String,
}

/// Runs the command. Answers whether every row is a case now.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    let text = read(&arguments.file)?;
    let (done, text) = runtime()?.block_on(import(arguments, &text, screen))?;
    screen.say(&text);
    Ok(done)
}

fn read(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes).to_vec();
    String::from_utf8(bytes).map_err(|_| format!("{}: not UTF-8; save it as \"CSV UTF-8\"", path.display()).into())
}

async fn import(arguments: &Arguments, text: &str, screen: &Screen) -> Result<(bool, String), Failure> {
    let database = arguments.storage.open_existing(Mode::Use).await?;
    let runner = config::runner(database).await?;
    let library = runner.definitions().active().ok_or("no definitions are deployed yet: start the server first")?;
    let process = library.processes.get(arguments.process.as_str()).ok_or_else(|| {
        let known = library.processes.keys().map(Name::as_str);
        let hint =
            nearest(&arguments.process, known).map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
        format!("there is no process `{}`{hint}", arguments.process)
    })?;
    let person = Name::from(arguments.person.as_str());
    let now = runner.clock().now();
    admit(process, &library, &person, now)?;
    let rows = match rows(arguments, text, process, &library, &person, now) {
        Ok(rows) => rows,
        Err(mistakes) => return Ok((false, told(&arguments.file, &mistakes, screen))),
    };
    let ids: Vec<CaseId> = rows.iter().map(Row::case).collect();
    let before = cases::last_transitions(runner.database(), &ids).await?.len();
    let fresh = rows.len() - before;
    if arguments.dry_run {
        let text = format!("{}; {before} of them were imported before\n", counted(rows.len(), "good row"));
        return Ok((true, screen.word(&text, Paint::Good)));
    }
    open(&runner, &process.name, &person, rows).await?;
    let text = format!("{} opened, {before} were there before", counted(fresh, "case"));
    Ok((true, format!("{}\n", screen.word(&text, Paint::Good))))
}

/// Reads every row and tries it out.
fn rows(
    arguments: &Arguments,
    text: &str,
    process: &Process,
    library: &Library,
    person: &Name,
    now: Timestamp,
) -> Result<Vec<Row>, Vec<Mistake>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    if let Some((line, message)) = wrong_quote(text) {
        return Err(vec![Mistake { line, column: None, message: message.to_owned() }]);
    }
    let header = reader.headers().map_err(|error| vec![broken(&error)])?.clone();
    let columns = Columns::of(&header, process, arguments.key.as_deref())?;
    let (mut rows, mut mistakes, mut lines) = (Vec::new(), Vec::new(), BTreeMap::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                mistakes.push(broken(&error));
                continue;
            }
        };
        // Spreadsheets write rows that were empty or emptied.
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        if rows.len() == ROWS_MAX {
            mistakes.push(Mistake { line, column: None, message: format!("more than {ROWS_MAX} rows") });
            break;
        }
        let key = key_of(&record, &columns, &process.name);
        if let Some(other) = lines.insert(key.clone(), line) {
            let message = format!("the same as line {other}; `--key COLUMN` names the column that tells rows apart");
            mistakes.push(Mistake { line, column: None, message });
            continue;
        }
        match fields(&record, &columns, process, library, line) {
            Ok(fields) => match try_out(process, library, person, &fields, now) {
                Ok(()) => rows.push(Row { key, fields }),
                Err(rejection) => mistakes.push(columns.mistake(line, rejection)),
            },
            Err(found) => mistakes.extend(found),
        }
    }
    if rows.is_empty() && mistakes.is_empty() {
        let message = "there is no row below the header".to_owned();
        mistakes.push(Mistake { line: 1, column: None, message });
    }
    if mistakes.is_empty() { Ok(rows) } else { Err(mistakes) }
}

/// What the reader says of a row that it cannot take, in words of the spreadsheet.
fn broken(error: &csv::Error) -> Mistake {
    let line = error.position().map_or(1, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!(
                "the header has {}, and this row {len}",
                counted(usize::try_from(*expected_len).unwrap_or(0), "cell")
            )
        }
        _ => error.to_string(),
    };
    Mistake { line, column: None, message }
}

/// A quote that the reader would take for something else: one that opens a cell which the file never closes, where it takes
/// the rest of the file for it, and one inside of a cell, which it drops. The line, and what is wrong.
fn wrong_quote(text: &str) -> Option<(u64, &'static str)> {
    let (mut line, mut opened, mut is_start, mut letters) = (1, None, true, text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            // Two quotes inside of a cell are one that belongs to it.
            '"' if opened.is_some() && letters.next_if_eq(&'"').is_some() => {}
            '"' if opened.is_some() => {
                opened = None;
                if letters.peek().is_some_and(|next| !matches!(next, ',' | '\n' | '\r' | ' ' | '\t')) {
                    return Some((
                        line,
                        "a cell goes on behind the quote that closes it; inside of a cell, a quote is written twice",
                    ));
                }
            }
            '"' if is_start => opened = Some(line),
            _ => {}
        }
        line += u64::from(letter == '\n');
        is_start = opened.is_none() && matches!(letter, ',' | '\n' | '\r');
    }
    opened.map(|line| (line, "this quote is never closed, so that all that follows is one cell"))
}

/// The key of a row's command: from the key's column, or from all of the row.
fn key_of(record: &csv::StringRecord, columns: &Columns, process: &Name) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    };
    match columns.key {
        Some(column) => add(record.get(column).unwrap_or("")),
        None => columns.titles.iter().zip(record).filter(|(_, value)| !value.is_empty()).for_each(|(title, value)| {
            add(title);
            add(value);
        }),
    }
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("import:{process}:{digest}")
}

fn fields(
    record: &csv::StringRecord,
    columns: &Columns,
    process: &Process,
    library: &Library,
    line: u64,
) -> Result<Fields, Vec<Mistake>> {
    let (mut fields, mut mistakes) = (Fields::new(), Vec::new());
    if let Some(key) = columns.key.filter(|key| record.get(*key).is_none_or(str::is_empty)) {
        let column = columns.titles.get(key).cloned();
        mistakes.push(Mistake { line, column, message: "the key is empty".to_owned() });
    }
    for ((text, field), title) in record.iter().zip(&columns.fields).zip(&columns.titles) {
        if title.is_empty() && !text.is_empty() {
            let message = format!("`{text}` stands in a column that the header has no name for");
            mistakes.push(Mistake { line, column: None, message });
        }
        let entry = field.and_then(|field| process.start.form.entries.get(field));
        let Some(entry) = entry.filter(|_| !text.is_empty()) else { continue };
        let zone = process.calendar_in(&library.catalog.calendars).zone();
        match cell::read(text, &entry.field, &library.catalog.organization, zone) {
            Ok(value) => _ = fields.insert(entry.field.name.clone(), value),
            Err(message) => mistakes.push(Mistake { line, column: Some(title.clone()), message }),
        }
    }
    if mistakes.is_empty() { Ok(fields) } else { Err(mistakes) }
}

/// Whether a person can open cases at all, whatever is in the rows.
fn admit(process: &Process, library: &Library, person: &Name, now: Timestamp) -> Result<(), Failure> {
    let people = &library.catalog.organization.people;
    if !people.contains_key(person) {
        let hint = nearest(person, people.keys().map(Name::as_str));
        let hint = hint.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
        return Err(format!("there is no person `{person}` in the organization{hint}").into());
    }
    match try_out(process, library, person, &Fields::new(), now) {
        Err(Rejection::NotAllowed { .. }) => Err(format!("{person} may not open cases of `{}`", process.name).into()),
        Err(Rejection::NoSuchStart) => Err(format!("nobody opens cases of `{}` by hand", process.name).into()),
        // Whatever else is wrong depends on what a row says.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether the row would open a case.
fn try_out(
    process: &Process,
    library: &Library,
    person: &Name,
    fields: &Fields,
    now: Timestamp,
) -> Result<(), Rejection> {
    let id = CaseId(1);
    let ask = Ask::Open { case: id, start: StartedBy::Person, fields: fields.clone(), serial: 1 };
    let command = Command { by: Actor::person(person), ask };
    let world =
        World { organization: &library.catalog.organization, calendars: &library.catalog.calendars, workload: None };
    decide(process, &world, &Case::new(id), &command, now).map(|_| ())
}

/// Opens all cases. When it breaks off, the same file opens the rest.
async fn open(runner: &Arc<Runner>, process: &Name, person: &Name, rows: Vec<Row>) -> Result<(), Failure> {
    let mut under_way = JoinSet::new();
    for row in rows {
        let id = row.case();
        let by = Actor::person(person);
        let submission = Submission::open(id, process.clone(), by, StartedBy::Person, row.fields).with_key(row.key);
        let runner = Arc::clone(runner);
        under_way.spawn(async move { runner.submit(submission).await });
        if under_way.len() == UNDER_WAY_MAX
            && let Some(opened) = under_way.join_next().await
        {
            check(opened?)?;
        }
    }
    while let Some(opened) = under_way.join_next().await {
        check(opened?)?;
    }
    Ok(())
}

/// A row that was imported so long ago that its key is forgotten still has its case.
fn check(opened: Result<Answer, Refusal>) -> Result<(), Refusal> {
    match opened {
        Ok(_) | Err(Refusal::CaseExists(_)) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

fn told(path: &Path, mistakes: &[Mistake], screen: &Screen) -> String {
    let mut text = String::new();
    for mistake in mistakes.iter().take(MISTAKES_SHOWN_MAX) {
        let column = mistake.column.as_ref().map_or_else(String::new, |column| format!(" `{column}`:"));
        text.push_str(&format!("{}:{}:{column} {}\n", path.display(), mistake.line, mistake.message));
    }
    if mistakes.len() > MISTAKES_SHOWN_MAX {
        text.push_str(&format!("… and {} more\n", mistakes.len() - MISTAKES_SHOWN_MAX));
    }
    let total = format!("{}, so nothing was imported", counted(mistakes.len(), "mistake"));
    format!("{text}{}\n", screen.word(&total, Paint::Bad))
}

#[cfg(test)]
mod tests {
    use super::wrong_quote;

    #[test]
    fn a_quote_that_is_never_closed_is_found_where_it_opens_and_one_inside_of_a_cell_where_it_stands() {
        for (text, line) in [
            ("content\n\"abc\n", Some(2)),
            ("a,b\n1,\"two\nlines\"\n3,\"four \"\"five\n6,7\n", Some(4)),
            ("\"", Some(1)),
            ("a\n\"\"\"\n", Some(2)),
            ("a,b\n\"x\ny\",\"z\"\"\"\n", None),
            ("a\n5\" pipe, 6\" pipe\n", None),
            ("a\n\"\"\n", None),
            ("", None),
            ("a,b\n\"x\"y,z\n", Some(2)),
            ("a\n\"x\ny\"\"z\"w\"\n", Some(3)),
            ("a,b\n\"x\" ,y\n", None),
        ] {
            assert_eq!(wrong_quote(text).map(|(line, _)| line), line, "{text}");
        }
    }
}
