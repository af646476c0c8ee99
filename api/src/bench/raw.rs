//! The references: the rows that commands wrote, written again without any deciding.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use duban_engine::ids::CaseId;
use tokio::task::JoinSet;

use super::askers::{Done, submission};
use super::desk::Desk;
use super::set::Journey;
use crate::config::{COMMITTERS, Failure};
use crate::storage::{Cell, Database, Table, Writes, cases, commands, deadlines, tasks, transitions};

/// The lists that show where a case is.
const LISTS: [&Table; 4] = [&cases::TABLE, &tasks::TABLE, &tasks::CANDIDATES, &deadlines::TABLE];

/// How many cases' rows are read at once.
const PAGE: usize = 500;

/// How many batches are under way at once on SQLite, as in the runner.
const SQLITE_LANES: usize = 2;

/// Rows by their key.
type Rows = BTreeMap<Vec<Cell>, Vec<Cell>>;

/// A row, and the column from which on it is written when it is there otherwise.
type Row = (usize, Vec<Cell>);

/// What the commands on one way write beside their transitions, each by its place on the way: found by having one case go
/// it, and the same for every other up to its id.
#[derive(Debug)]
pub struct Footprints {
    case: CaseId,
    deeds: Vec<Footprint>,
}

#[derive(Debug)]
struct Footprint {
    written: [Vec<Row>; LISTS.len()],
    removed: [Vec<Vec<Cell>>; LISTS.len()],
    command: Vec<Cell>,
}

/// What one command wrote.
#[derive(Clone, Debug)]
pub struct Written {
    case: CaseId,
    at: i64,
    transition: Vec<Cell>,
    command: Vec<Cell>,
    written: [Vec<Row>; LISTS.len()],
    removed: [Vec<Vec<Cell>>; LISTS.len()],
}

impl Footprints {
    /// Has a case go a way, and looks what is written at each command.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn find(desk: &Desk, journey: &Journey) -> Result<Self, Failure> {
        let mut before = lists(&desk.database, journey.case).await?;
        let (case, mut deeds) = (journey.case, Vec::new());
        for deed in &journey.deeds {
            let key = desk.id("footprint", desk.number()).to_string();
            desk.runner.submit(submission(case, deed, &key)).await?;
            let after = lists(&desk.database, case).await?;
            let select = format!("SELECT {} FROM commands WHERE key = $1", Table::names(commands::TABLE.columns));
            let found = desk.database.fetch(&select, &[format!("http:{key}").into()]).await?;
            let command = found.into_iter().next().ok_or("a command with a key is kept")?.0;
            let mut footprint = Footprint { written: Default::default(), removed: Default::default(), command };
            for (list, (before, after)) in before.iter().zip(&after).enumerate() {
                let changed = after.iter().filter(|(key, row)| before.get(*key) != Some(*row));
                let table = LISTS[list];
                let from = |key, row| before.get(key).map_or(table.key, |there: &Vec<Cell>| table.tail(there, row));
                footprint.written[list] = changed.map(|(key, row)| (from(key, row), row.clone())).collect();
                footprint.removed[list] = before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
            }
            deeds.push(footprint);
            before = after;
        }
        Ok(Self { case, deeds })
    }

    /// What commands wrote, in the order of the instants at which they were decided.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn follow(&self, database: &Database, done: &[Done]) -> Result<Vec<Written>, Failure> {
        let mut places: BTreeMap<(CaseId, i64), usize> = BTreeMap::new();
        for done in done {
            places.insert((done.case, done.sequence.into()), done.deed);
        }
        let mut ids: Vec<String> = done.iter().map(|done| done.case.to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        let names = Table::names(transitions::TABLE.columns);
        let select = format!("SELECT {names} FROM transitions WHERE case_id IN (SELECT value FROM each($1))");
        let mut all = Vec::with_capacity(done.len());
        for page in ids.chunks(PAGE) {
            for row in database.fetch(&select, &[Cell::Texts(page.to_vec())]).await? {
                let (case, sequence, at) = (row.case(0)?, row.integer(1)?, row.integer(2)?);
                if let Some(place) = places.get(&(case, sequence)) {
                    all.push(self.written(case, sequence, at, row.0, &self.deeds[*place]));
                }
            }
        }
        all.sort_by_key(|written| written.at);
        Ok(all)
    }

    fn written(&self, case: CaseId, sequence: i64, at: i64, transition: Vec<Cell>, like: &Footprint) -> Written {
        let (from, to) = (Cell::from(self.case), Cell::from(case));
        let removed = like.removed.each_ref().map(|keys| keys.iter().map(|key| moved(key, &from, &to)).collect());
        let written = like.written.each_ref();
        let written = written.map(|rows| rows.iter().map(|(tail, row)| (*tail, moved(row, &from, &to))).collect());
        let mut command = moved(&like.command, &from, &to);
        // A key of the same length that nothing else has.
        command[0] = format!("http:{}{sequence:04x}", &case.to_string()[..28]).into();
        command[2] = sequence.into();
        Written { case, at, transition, command, written, removed }
    }
}

/// A row of one case as another case's.
fn moved(row: &[Cell], from: &Cell, to: &Cell) -> Vec<Cell> {
    row.iter().map(|cell| if cell == from { to.clone() } else { cell.clone() }).collect()
}

/// The rows of a case in each list.
async fn lists(database: &Database, case: CaseId) -> Result<[Rows; LISTS.len()], Failure> {
    let mut found: [Rows; LISTS.len()] = Default::default();
    for (rows, table) in found.iter_mut().zip(LISTS) {
        let select = format!("SELECT {} FROM {} WHERE case_id = $1", Table::names(table.columns), table.name);
        let read = database.fetch(&select, &[case.into()]).await?;
        rows.extend(read.into_iter().map(|row| (row.0[..table.key].to_vec(), row.0)));
    }
    Ok(found)
}

/// Rows of one transaction.
#[derive(Debug, Default)]
struct Batch {
    /// A number by which the batches of one committer are told from another's.
    case: u128,
    commands: usize,
    transitions: Vec<Vec<Cell>>,
    keys: Vec<Vec<Cell>>,
    /// By their key: one row is written once, from the first of the columns on.
    written: [BTreeMap<Vec<Cell>, Row>; LISTS.len()],
    removed: [Vec<Vec<Cell>>; LISTS.len()],
}

impl Batch {
    fn add(&mut self, written: Written) {
        self.case = written.case.0;
        self.commands += 1;
        self.transitions.push(written.transition);
        self.keys.push(written.command);
        for (list, table) in LISTS.into_iter().enumerate() {
            for (from, row) in &written.written[list] {
                let slot = self.written[list].entry(row[..table.key].to_vec()).or_insert_with(|| (*from, Vec::new()));
                *slot = (slot.0.min(*from), row.clone());
            }
            self.removed[list].extend_from_slice(&written.removed[list]);
        }
    }

    async fn write(self, database: &Database) -> crate::storage::Result<()> {
        let mut writes = Writes::default();
        writes.insert(&transitions::TABLE, self.transitions);
        for (table, keys) in LISTS.into_iter().zip(self.removed) {
            writes.delete(table, keys);
        }
        for (table, rows) in LISTS.into_iter().zip(self.written) {
            let mut tails: BTreeMap<usize, Vec<Vec<Cell>>> = BTreeMap::new();
            rows.into_values().for_each(|(from, row)| tails.entry(from).or_default().push(row));
            tails.into_iter().for_each(|(from, rows)| writes.upsert_from(table, from, rows));
        }
        writes.insert(&commands::TABLE, self.keys);
        database.write(&writes).await
    }
}

/// How the same rows go without a runner.
#[derive(Clone, Copy, Debug)]
pub struct Raw {
    /// Commands a second.
    pub rate: f64,
    /// How many commands a batch had.
    pub size: f64,
}

/// Writes the rows in the batches in which they were written, by as many writers.
///
/// # Errors
/// When the database fails.
pub async fn batches(database: &Database, all: Vec<Written>) -> Result<Raw, Failure> {
    let commands = all.len() as f64;
    let mut batches: BTreeMap<i64, Batch> = BTreeMap::new();
    for written in all {
        batches.entry(written.at).or_default().add(written);
    }
    let count = batches.len() as f64;
    let lanes = if matches!(database, Database::Sqlite(_)) { SQLITE_LANES } else { COMMITTERS };
    let mut queues: Vec<Vec<Batch>> = (0..lanes).map(|_| Vec::new()).collect();
    for batch in batches.into_values() {
        let lane = usize::try_from(batch.case % lanes as u128)?;
        queues[lane].push(batch);
    }
    let began = Instant::now();
    let mut writing = JoinSet::new();
    for queue in queues {
        let database = database.clone();
        writing.spawn(async move {
            for batch in queue {
                batch.write(&database).await?;
            }
            Ok::<(), crate::storage::Error>(())
        });
    }
    while let Some(written) = writing.join_next().await {
        written??;
    }
    Ok(Raw { rate: commands / began.elapsed().as_secs_f64(), size: commands / count })
}

/// Writes the rows as a program does that has a transaction for each command: it reads where the case is, then has one
/// statement for each table. So many cases are under way at once. Answers how many commands a second that was.
///
/// # Errors
/// When the database fails.
pub async fn bare(database: &Database, all: Vec<Written>, askers: usize) -> Result<f64, Failure> {
    let count = all.len() as f64;
    let mut of_cases: BTreeMap<CaseId, Vec<Written>> = BTreeMap::new();
    for written in all {
        of_cases.entry(written.case).or_default().push(written);
    }
    let waiting: Arc<Mutex<VecDeque<Vec<Written>>>> = Arc::new(Mutex::new(of_cases.into_values().collect()));
    let began = Instant::now();
    let mut writing = JoinSet::new();
    for _ in 0..askers {
        let (database, waiting) = (database.clone(), Arc::clone(&waiting));
        writing.spawn(async move {
            loop {
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(case) = next else { return Ok::<(), crate::storage::Error>(()) };
                for written in case {
                    alone(&database, &written).await?;
                }
            }
        });
    }
    while let Some(written) = writing.join_next().await {
        written??;
    }
    Ok(count / began.elapsed().as_secs_f64())
}

async fn alone(database: &Database, written: &Written) -> crate::storage::Result<()> {
    let mut transaction = database.begin().await?;
    transaction.fetch("SELECT sequence, hash FROM cases WHERE case_id = $1", &[written.case.into()]).await?;
    transaction.insert(&transitions::TABLE, std::slice::from_ref(&written.transition)).await?;
    for (list, table) in LISTS.into_iter().enumerate() {
        transaction.delete(table, &written.removed[list]).await?;
        let mut writes = Writes::default();
        for (from, row) in &written.written[list] {
            writes.upsert_from(table, *from, std::slice::from_ref(row));
        }
        transaction.write(&writes).await?;
    }
    transaction.insert(&commands::TABLE, std::slice::from_ref(&written.command)).await?;
    transaction.commit().await
}
