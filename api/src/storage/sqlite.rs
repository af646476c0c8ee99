//! What only SQLite does its own way: opening, the one writer, and rows as one JSON text.

pub mod copy;
mod file;
mod still;
mod traces;

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{
    Arguments, AssertSqlSafe, Column as _, ConnectOptions, Connection as _, Executor, Row as _, SqlSafeStr, TypeInfo,
    ValueRef,
};
use tokio::sync::broadcast;

pub(crate) use file::{identity, of_address};

use super::writes::{Change, Writes, renumber};
use super::{Cell, Column, Error, Kind, Mode, Presence, Result, Row, json};

/// How many read at the same time to decide: as many as there are committers, and one for what follows from commands.
const READERS_MAX: u32 = 3;

/// How many read at the same time for what people look at; a read keeps a thread busy.
const PAGES_MAX: u32 = 4;

/// How long one waits for the writer before another process.
const BUSY: Duration = Duration::from_secs(20);

/// How many prepared statements a connection keeps: all that there are.
const STATEMENTS_MAX: usize = 256;

/// What the other nodes are told is at most this many messages behind before some are lost.
const TOLD_MAX: usize = 1024;

/// What a writer must be able to do: take room for a large batch and have it on the disk.
const PROBE: &str = "DROP TABLE IF EXISTS probe; CREATE TABLE probe (bytes BLOB);
    INSERT INTO probe VALUES (zeroblob(262144))";
const PROBE_END: &str = "DROP TABLE IF EXISTS probe";

/// A database in a file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    pages: SqlitePool,
    is_for_pages: bool,
    told: broadcast::Sender<String>,
    path: String,
    file: file::Place,
    health: Arc<Health>,
    /// Whether it can be read only as long as nobody writes.
    is_still: bool,
}

/// What is known of the writer.
#[derive(Debug, Default)]
struct Health {
    /// After an error nobody knows what SQLite has taken back by itself, so that the connection is opened again.
    is_doubtful: AtomicBool,
    /// Whether nothing was committed since the last failure.
    is_failing: AtomicBool,
}

impl Health {
    /// Takes note of what became of a write. Another writer's key is no failure.
    fn note<T>(&self, done: sqlx::Result<T>) -> Result<T> {
        done.map_err(|error| {
            let error = Error::from(error);
            if !matches!(error, Error::Conflict(_)) {
                self.is_doubtful.store(true, Ordering::Release);
                self.is_failing.store(true, Ordering::Release);
            }
            error
        })
    }
}

/// A transaction that holds the file's write lock from the beginning.
#[derive(Debug)]
pub struct Transaction {
    inner: sqlx::Transaction<'static, sqlx::Sqlite>,
    health: Arc<Health>,
    file: file::Place,
}

impl Sqlite {
    pub(super) async fn open(path: &str, mode: Mode) -> Result<Self> {
        let options = match of_address(path).filter(|_| !path.contains('?')) {
            // A file has the name that it is given, whatever a `%` in it would mean elsewhere.
            Some(file) => SqliteConnectOptions::new().filename(file),
            None => SqliteConnectOptions::from_str(&format!("sqlite:{path}"))?,
        };
        let options = options
            .create_if_missing(mode == Mode::Make)
            .busy_timeout(BUSY)
            .statement_cache_capacity(STATEMENTS_MAX)
            .pragma("cache_size", "-65536")
            .pragma("mmap_size", "1073741824")
            .pragma("temp_store", "memory")
            .disable_statement_logging();
        let (options, is_still) = match mode {
            // What is removed is written over where it stood.
            Mode::Make | Mode::Use => {
                let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
                (options.pragma("secure_delete", "on"), false)
            }
            Mode::Read => still::readable(options.read_only(true), path).await?,
        };
        if mode == Mode::Make {
            file::make(path).map_err(sqlx::Error::Io)?;
        }
        let health = Arc::<Health>::default();
        let known = Arc::clone(&health);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .before_acquire(move |connection, _| {
                let is_doubtful = known.is_doubtful.swap(false, Ordering::AcqRel) || connection.is_in_transaction();
                Box::pin(async move { Ok(!is_doubtful) })
            });
        let reading = |connections_max| {
            let pool = SqlitePoolOptions::new().max_connections(connections_max).test_before_acquire(false);
            pool.connect_lazy_with(options.clone())
        };
        let (told, _) = broadcast::channel(TOLD_MAX);
        let (writer, readers, pages) =
            (writer.connect_with(options.clone()).await?, reading(READERS_MAX), reading(PAGES_MAX));
        let file = file::Place::of(path).map_err(sqlx::Error::Io)?;
        Ok(Self { writer, readers, pages, is_for_pages: false, told, path: path.to_owned(), file, health, is_still })
    }

    /// The same for what people look at.
    pub(super) fn for_pages(&self) -> Self {
        Self { is_for_pages: true, ..self.clone() }
    }

    pub(super) async fn begin(&self) -> Result<Transaction> {
        let inner = self.health.note(self.writer.begin_with("BEGIN IMMEDIATE").await)?;
        Ok(Transaction { inner, health: Arc::clone(&self.health), file: self.file.clone() })
    }

    /// Returns when a write would succeed, as far as that can be known without one; after a failure one is made.
    pub(super) async fn probe(&self) -> Result<()> {
        self.file.check().map_err(sqlx::Error::Io)?;
        if !self.health.is_failing.load(Ordering::Acquire) {
            return self.begin().await.map(drop);
        }
        for statements in [PROBE, PROBE_END] {
            let mut transaction = self.begin().await?;
            transaction.run(statements).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// One text from the first statement to the last, because each costs a hop to the database's thread and back.
    pub(super) async fn write(&self, writes: &Writes<'_>) -> Result<()> {
        let (sql, parameters) = together(writes);
        let sql = format!("BEGIN IMMEDIATE;\n{sql};\nCOMMIT");
        let mut writer = self.health.note(self.writer.acquire().await)?;
        let done = self.health.note(query(&sql, parameters).execute(&mut *writer).await);
        if let Err(error) = done {
            // It stopped within its transaction.
            if !matches!(error, Error::Conflict(_)) || writer.execute("ROLLBACK").await.is_err() {
                self.health.is_doubtful.store(true, Ordering::Release);
            }
            return Err(error);
        }
        self.health.is_failing.store(false, Ordering::Release);
        Ok(self.file.check().map_err(sqlx::Error::Io)?)
    }

    pub(super) async fn fetch(&self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>> {
        // A connection that is made only now would have another file, and go on with it when the right one is back.
        self.file.check().map_err(sqlx::Error::Io)?;
        let readers = if self.is_for_pages { &self.pages } else { &self.readers };
        let found = query(sql, parameters.to_vec()).fetch_all(readers).await?;
        if self.is_still && still::log_of(&self.path).is_some() {
            return Err(sqlx::Error::Io(std::io::Error::other("somebody began to write to the file meanwhile")).into());
        }
        found.iter().map(read).collect()
    }

    pub(super) async fn prepare(&self, sql: &str) -> Result<()> {
        let statement = AssertSqlSafe(dialect(sql)).into_sql_str();
        self.readers.acquire().await?.prepare(statement).await?;
        Ok(())
    }

    pub(super) fn enter(&self) -> Result<Presence> {
        Presence::of_file(&self.path)
    }

    pub(super) fn tell(&self, words: &str) {
        // Nobody listening is no failure.
        let _ = self.told.send(words.to_owned());
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<String> {
        self.told.subscribe()
    }

    pub(super) async fn close(&self) {
        self.pages.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl Transaction {
    pub(super) async fn fetch(&mut self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>> {
        let found = self.health.note(query(sql, parameters.to_vec()).fetch_all(&mut *self.inner).await)?;
        found.iter().map(read).collect()
    }

    pub(super) async fn execute(&mut self, sql: &str, parameters: &[Cell]) -> Result<u64> {
        let done = self.health.note(query(sql, parameters.to_vec()).execute(&mut *self.inner).await)?;
        Ok(done.rows_affected())
    }

    pub(super) async fn run(&mut self, sql: &'static str) -> Result<()> {
        self.health.note(sqlx::raw_sql(sql).execute(&mut *self.inner).await).map(drop)
    }

    pub(super) async fn write(&mut self, writes: &Writes<'_>) -> Result<()> {
        let (sql, parameters) = together(writes);
        self.health.note(query(&sql, parameters).execute(&mut *self.inner).await).map(drop)
    }

    pub(super) async fn commit(self) -> Result<()> {
        self.health.note(self.inner.commit().await)?;
        self.health.is_failing.store(false, Ordering::Release);
        Ok(self.file.check().map_err(sqlx::Error::Io)?)
    }
}

/// Statements one behind the other, and the parameters of all of them.
fn together(writes: &Writes<'_>) -> (String, Vec<Cell>) {
    let (mut statements, mut parameters) = (Vec::new(), Vec::new());
    for write in writes.iter() {
        let before = parameters.len();
        match &write.change {
            Change::Run(sql) => {
                parameters.extend(write.rows.iter().flatten().cloned());
                statements.push(renumber(sql, before));
            }
            change => {
                parameters.push(Cell::Text(json(&write.rows)));
                statements.push(change.statement(|columns| source(columns, before)));
            }
        }
    }
    (statements.join(";\n"), parameters)
}

/// Many rows as a table expression: one JSON text, the parameter after so many others.
pub(super) fn source(columns: &[Column], before: usize) -> String {
    let cell = |(index, column): (usize, &Column)| match column.kind {
        Kind::Text | Kind::Integer => format!("value ->> {index} AS {}", column.name),
        Kind::Bytes => format!("unhex(value ->> {index}) AS {}", column.name),
    };
    let cells: Vec<String> = columns.iter().enumerate().map(cell).collect();
    format!("(SELECT {} FROM each(${}))", cells.join(", "), before + 1)
}

fn dialect(sql: &str) -> String {
    sql.replace("each($", "json_each($").replace("FOR UPDATE SKIP LOCKED", "")
}

fn query<'q>(sql: &str, parameters: Vec<Cell>) -> sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    for parameter in parameters {
        let added = match parameter {
            Cell::Null => arguments.add(None::<i64>),
            Cell::Text(text) => arguments.add(text),
            Cell::Integer(number) => arguments.add(number),
            Cell::Bytes(bytes) => arguments.add(bytes),
            Cell::Texts(texts) => arguments.add(json(&texts)),
        };
        added.expect("texts, numbers and bytes can always be encoded");
    }
    sqlx::query_with(AssertSqlSafe(dialect(sql)), arguments)
}

fn read(row: &SqliteRow) -> Result<Row> {
    let cells = row.columns().iter().map(|column| {
        let value = row.try_get_raw(column.ordinal())?;
        Ok(match value.type_info().name() {
            _ if value.is_null() => Cell::Null,
            "INTEGER" => Cell::Integer(row.try_get(column.ordinal())?),
            "BLOB" => Cell::Bytes(row.try_get(column.ordinal())?),
            _ => Cell::Text(row.try_get(column.ordinal())?),
        })
    });
    cells.collect::<Result<Vec<Cell>>>().map(Row)
}
