//! What only SQLite does its own way: opening, the one writer, and rows as one JSON text.

use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, Column as _, ConnectOptions, Executor, Row as _, SqlSafeStr, TypeInfo, ValueRef};
use tokio::sync::broadcast;

use super::database::TOLD_MAX;
use super::{Cell, Column, Presence, Result, Row};

/// How many read at the same time; a read keeps a thread busy.
const READERS_MAX: u32 = 4;

/// How long one waits for the writer before another process.
const BUSY: Duration = Duration::from_secs(20);

/// How many prepared statements a connection keeps: all that there are.
const STATEMENTS_MAX: usize = 256;

/// A database in a file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    told: broadcast::Sender<String>,
    path: String,
}

/// A transaction that holds the file's write lock from the beginning.
#[derive(Debug)]
pub struct Transaction(sqlx::Transaction<'static, sqlx::Sqlite>);

impl Sqlite {
    pub(super) async fn open(path: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(&format!("sqlite:{path}"))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .statement_cache_capacity(STATEMENTS_MAX)
            .pragma("cache_size", "-65536")
            .pragma("mmap_size", "1073741824")
            .pragma("temp_store", "memory")
            .disable_statement_logging();
        let writer = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let readers = SqlitePoolOptions::new().max_connections(READERS_MAX);
        let (told, _) = broadcast::channel(TOLD_MAX);
        Ok(Self {
            writer: writer.test_before_acquire(false).connect_with(options.clone()).await?,
            readers: readers.test_before_acquire(false).connect_with(options).await?,
            told,
            path: path.to_owned(),
        })
    }

    pub(super) async fn begin(&self) -> Result<Transaction> {
        Ok(Transaction(self.writer.begin_with("BEGIN IMMEDIATE").await?))
    }

    pub(super) async fn fetch(&self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>> {
        let found = query(sql, parameters).fetch_all(&self.readers).await?;
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
        self.readers.close().await;
        self.writer.close().await;
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

    pub(super) async fn run(&mut self, sql: &'static str) -> Result<()> {
        sqlx::raw_sql(sql).execute(&mut *self.0).await?;
        Ok(())
    }

    pub(super) async fn write(&mut self, sql: &str, rows: &[Vec<Cell>]) -> Result<()> {
        self.execute(sql, &[Cell::Text(json_of(&rows))]).await?;
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

/// Many rows as a table expression: one JSON text, because each statement costs a hop to the database's thread.
pub(super) fn source(columns: &[Column]) -> String {
    let cells: Vec<String> =
        columns.iter().enumerate().map(|(index, column)| format!("value ->> {index} AS {}", column.name)).collect();
    format!("(SELECT {} FROM each($1))", cells.join(", "))
}

fn dialect(sql: &str) -> String {
    sql.replace("each($", "json_each($").replace("FOR UPDATE SKIP LOCKED", "")
}

fn json_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are always JSON")
}

fn query<'q>(sql: &str, parameters: &[Cell]) -> sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    for parameter in parameters {
        let added = match parameter {
            Cell::Null => arguments.add(None::<i64>),
            Cell::Text(text) => arguments.add(text.clone()),
            Cell::Integer(number) => arguments.add(*number),
            Cell::Texts(texts) => arguments.add(json_of(texts)),
        };
        added.expect("texts and numbers can always be encoded");
    }
    sqlx::query_with(AssertSqlSafe(dialect(sql)), arguments)
}

fn read(row: &SqliteRow) -> Result<Row> {
    let cells = row.columns().iter().map(|column| {
        let value = row.try_get_raw(column.ordinal())?;
        Ok(match value.type_info().name() {
            _ if value.is_null() => Cell::Null,
            "INTEGER" => Cell::Integer(row.try_get(column.ordinal())?),
            _ => Cell::Text(row.try_get(column.ordinal())?),
        })
    });
    cells.collect::<Result<Vec<Cell>>>().map(Row)
}
