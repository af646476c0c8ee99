//! What only PostgreSQL does its own way: opening, row locks, telling other nodes, and rows as one array per column.

use std::collections::BTreeMap;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgListener, PgPool, PgPoolOptions, PgRow};
use sqlx::{
    Arguments, AssertSqlSafe, Column as _, ConnectOptions, Connection as _, Executor, Row as _, SqlSafeStr, TypeInfo,
    ValueRef,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::writes::{Change, Writes, renumber};
use super::{Cell, Column, Kind, Mode, Presence, Result, Row};

/// How many connections a node holds that write: committers, what follows from commands, and the listener.
const WRITERS_MAX: u32 = 8;

/// How many it holds that read.
const READERS_MAX: u32 = 16;

/// How many of them are for statements that begin with one table, so that who reads a table that somebody keeps locked leaves
/// connections to the others.
const READERS_OF_TABLE_MAX: usize = 4;

/// How long anybody waits for a connection, also for the first.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// The channel on which nodes tell each other things.
const CHANNEL: &str = "duban";

/// The advisory lock that a node holds while it migrates: the letters of `duban`.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(431466111342)";

/// A database on a server.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: PgPool,
    readers: PgPool,
    /// By the table that is read first: who may.
    of_tables: Arc<Mutex<BTreeMap<String, Arc<Semaphore>>>>,
}

/// A transaction on a server.
#[derive(Debug)]
pub struct Transaction(sqlx::Transaction<'static, sqlx::Postgres>);

impl Postgres {
    pub(super) async fn open(address: &str, mode: Mode) -> Result<Self> {
        let options = PgConnectOptions::from_str(address)?.application_name("duban").disable_statement_logging();
        let options = match mode {
            Mode::Make | Mode::Use => options,
            Mode::Read => options.options([("default_transaction_read_only", "on")]),
        };
        // A pool asks a server that refuses again and again, and in the end says only that it waited.
        let first = PgConnection::connect_with(&options);
        let first = tokio::time::timeout(CONNECT_TIME_MAX, first).await.map_err(|_| silence())?;
        first?.close().await?;
        let pool = |connections_max| {
            let pool = PgPoolOptions::new().max_connections(connections_max).acquire_timeout(CONNECT_TIME_MAX);
            pool.test_before_acquire(false)
        };
        let readers = pool(READERS_MAX).connect_lazy_with(options.clone());
        Ok(Self { pool: pool(WRITERS_MAX).connect_with(options).await?, readers, of_tables: Arc::default() })
    }

    /// A turn among those whose statements read the same table first; one that is only joined does not count.
    async fn turn(&self, sql: &str) -> Result<OwnedSemaphorePermit> {
        let mut froms = sql.split("FROM ").skip(1).filter_map(|from| from.split_whitespace().next());
        let table = froms.find(|table| !table.starts_with('(')).unwrap_or_default();
        let readers = {
            let mut of_tables = self.of_tables.lock().unwrap_or_else(PoisonError::into_inner);
            let readers = of_tables.entry(table.to_owned());
            Arc::clone(readers.or_insert_with(|| Arc::new(Semaphore::new(READERS_OF_TABLE_MAX))))
        };
        let turn = tokio::time::timeout(CONNECT_TIME_MAX, readers.acquire_owned()).await;
        Ok(turn.map_err(|_| sqlx::Error::PoolTimedOut)?.expect("it is never closed"))
    }

    pub(super) async fn begin(&self) -> Result<Transaction> {
        Ok(Transaction(self.pool.begin().await?))
    }

    /// One statement is a transaction by itself.
    pub(super) async fn write(&self, writes: &Writes<'_>) -> Result<()> {
        together(writes).execute(&self.pool).await?;
        Ok(())
    }

    /// Returns when the server takes writes: a standby, or one that was set to read only, does not.
    pub(super) async fn probe(&self) -> Result<()> {
        self.begin().await?.execute("SELECT id FROM outbox WHERE id = '' FOR UPDATE", &[]).await.map(drop)
    }

    pub(super) async fn now(&self) -> Result<Timestamp> {
        let rows = self.fetch("SELECT (EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000000)::bigint", &[]).await?;
        rows.first().map_or(Ok(Timestamp::UNIX_EPOCH), |row| row.at(0))
    }

    pub(super) async fn fetch(&self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>> {
        let turn = self.turn(sql).await?;
        let (query, readers) = (query(sql, parameters), self.readers.clone());
        // Whoever asked may give up; the connection is taken until the server has answered, and the turn with it.
        let reading = tokio::spawn(async move {
            let found = query.fetch_all(&readers).await;
            drop(turn);
            found
        });
        let found = reading.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
        found.iter().map(read).collect()
    }

    pub(super) async fn prepare(&self, sql: &str) -> Result<()> {
        let statement = AssertSqlSafe(dialect(sql)).into_sql_str();
        self.pool.acquire().await?.prepare(statement).await?;
        Ok(())
    }

    pub(super) async fn enter(&self) -> Result<Presence> {
        Presence::of_session(self.pool.acquire().await?.detach()).await
    }

    pub(super) async fn tell(&self, words: &str) -> Result<()> {
        let parameters = [Cell::from(CHANNEL), Cell::from(words)];
        query("SELECT pg_notify($1, $2)", &parameters).execute(&self.pool).await?;
        Ok(())
    }

    pub(super) async fn listen(&self) -> Result<PgListener> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.pool.close().await;
    }
}

impl Transaction {
    pub(super) async fn fetch(&mut self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>> {
        let found = query(sql, parameters).fetch_all(&mut *self.0).await?;
        found.iter().map(read).collect()
    }

    pub(super) async fn execute(&mut self, sql: &str, parameters: &[Cell]) -> Result<u64> {
        Ok(query(sql, parameters).execute(&mut *self.0).await?.rows_affected())
    }

    /// Texts are ordered by their bytes, as in SQLite, whatever the language of the server is.
    pub(super) async fn run(&mut self, sql: &'static str) -> Result<()> {
        let sql = sql.replace(" TEXT", " TEXT COLLATE \"C\"");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.0).await?;
        Ok(())
    }

    pub(super) async fn lock_migrations(&mut self) -> Result<()> {
        sqlx::raw_sql(MIGRATION_LOCK).execute(&mut *self.0).await?;
        Ok(())
    }

    pub(super) async fn write(&mut self, writes: &Writes<'_>) -> Result<()> {
        together(writes).execute(&mut *self.0).await?;
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

/// A server that was reached and says nothing.
fn silence() -> sqlx::Error {
    let seconds = CONNECT_TIME_MAX.as_secs();
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, format!("the server said nothing for {seconds} seconds")))
}

/// Several changes as one statement, because each costs a way to the server and back.
fn together<'q>(writes: &Writes<'_>) -> sqlx::query::Query<'q, sqlx::Postgres, PgArguments> {
    let (mut arguments, mut before, mut parts) = (PgArguments::default(), 0, Vec::new());
    for (number, write) in writes.iter().enumerate() {
        let sql = match &write.change {
            Change::Run(sql) => {
                let sql = renumber(&dialect(sql), before);
                for parameter in write.rows.iter().flatten() {
                    add(&mut arguments, parameter);
                    before += 1;
                }
                sql
            }
            change => {
                let columns = change.columns();
                let sql = change.statement(|columns| source(columns, before));
                columns
                    .iter()
                    .enumerate()
                    .for_each(|(index, column)| add_column(&mut arguments, &write.rows, index, column));
                before += columns.len();
                sql
            }
        };
        parts.push(format!("change_{number} AS ({sql})"));
    }
    sqlx::query_with(AssertSqlSafe(format!("WITH {} SELECT 1", parts.join(",\n"))), arguments)
}

/// Many rows as a table expression: one array per column, the parameters after so many others.
pub(super) fn source(columns: &[Column], before: usize) -> String {
    let arrays: Vec<String> =
        (before + 1..).zip(columns).map(|(number, column)| format!("${number}::{}[]", type_of(column))).collect();
    format!("UNNEST({}) AS rows ({})", arrays.join(", "), super::Table::names(columns))
}

fn type_of(column: &Column) -> &'static str {
    match column.kind {
        Kind::Text => "text",
        Kind::Integer => "bigint",
    }
}

/// `each($1)` becomes a list of texts; the number of the parameter stays as it is.
fn dialect(sql: &str) -> String {
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
        Cell::Null | Cell::Integer(_) | Cell::Texts(_) => None,
    }
}

fn as_integer(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(number) => Some(*number),
        Cell::Null | Cell::Text(_) | Cell::Texts(_) => None,
    }
}

fn query<'q>(sql: &str, parameters: &[Cell]) -> sqlx::query::Query<'q, sqlx::Postgres, PgArguments> {
    let mut arguments = PgArguments::default();
    parameters.iter().for_each(|parameter| add(&mut arguments, parameter));
    sqlx::query_with(AssertSqlSafe(dialect(sql)), arguments)
}

fn add(arguments: &mut PgArguments, parameter: &Cell) {
    let added = match parameter {
        Cell::Null => arguments.add(None::<String>),
        Cell::Text(text) => arguments.add(text.as_str()),
        Cell::Integer(number) => arguments.add(*number),
        Cell::Texts(texts) => arguments.add(texts.as_slice()),
    };
    added.expect("texts and numbers can always be encoded");
}

fn add_column(arguments: &mut PgArguments, rows: &[Vec<Cell>], index: usize, column: &Column) {
    let cells = rows.iter().map(|row| row.get(index).unwrap_or(&Cell::Null));
    let added = match column.kind {
        Kind::Text => arguments.add(cells.map(as_text).collect::<Vec<_>>()),
        Kind::Integer => arguments.add(cells.map(as_integer).collect::<Vec<_>>()),
    };
    added.expect("texts and numbers can always be encoded");
}

fn read(row: &PgRow) -> Result<Row> {
    let cells = row.columns().iter().map(|column| {
        let value = row.try_get_raw(column.ordinal())?;
        Ok(match value.type_info().name() {
            _ if value.is_null() => Cell::Null,
            "INT8" => Cell::Integer(row.try_get(column.ordinal())?),
            "INT4" => Cell::Integer(row.try_get::<i32, _>(column.ordinal())?.into()),
            _ => Cell::Text(row.try_get(column.ordinal())?),
        })
    });
    cells.collect::<Result<Vec<Cell>>>().map(Row)
}
