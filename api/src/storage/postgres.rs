//! What only PostgreSQL does its own way: opening, row locks, telling other nodes.

mod address;
mod pool;
mod rows;
mod session;

use std::time::Duration;

use jiff::Timestamp;
use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use self::pool::{Pool, Sessions, Use};
use self::rows::{dialect, query, read, together};
use super::writes::Writes;
use super::{Cell, Mode, Presence, Result, Row};

pub(super) use self::rows::source;

/// What writes: committers, and what follows from commands. The server itself ends the transaction of a node that is frozen or
/// cut off within it, so that others get what it holds. All that they touch is found by an index: a plan from when a table was
/// empty would read it whole for as long as nobody analyses it.
const WRITERS: Use = Use {
    connections_max: 8,
    settings: &["idle_in_transaction_session_timeout = 5000", "enable_seqscan = off"],
    ..Use::PLAIN
};

/// How long a transaction that has others behind it waits for a lock, in milliseconds: many turns of writers who are well.
const IMPATIENT: &str = "lock_timeout = 1000";

/// What answers a statement that changes several tables. The server asks for it before it changes anything.
const DONE: &str = "1";
const DONE_IMPATIENTLY: &str = "set_config('lock_timeout', '1000', true)";

/// What they read to decide, by indexes as well. It is apart because who holds a transaction also reads.
const READERS: Use = Use { connections_max: 6, settings: &["enable_seqscan = off"], ..Use::PLAIN };

/// What people look at. Nobody locks a whole table in passing, so that waiting for one is given up at once: a server under
/// maintenance then keeps no page waiting that does not need the table. Whoever asked is gone after 30 seconds.
const PAGES: Use = Use {
    connections_max: 12,
    settings: &["lock_timeout = 250", "statement_timeout = 30000"],
    is_read_only: true,
    ..Use::PLAIN
};

/// What lasts as long as the node: its presence, and its ear for others.
const SESSIONS: Use = Use { connections_max: 2, ..Use::PLAIN };

/// How long anybody waits for a connection, also for the first.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// The channel on which nodes tell each other things.
const CHANNEL: &str = "duban";

/// The advisory lock that a node holds while it migrates: the letters of `duban`.
const MIGRATION_LOCK: &str = "SET LOCAL client_min_messages = warning; SELECT pg_advisory_xact_lock(431466111342)";

/// A database on a server.
#[derive(Clone, Debug)]
pub struct Postgres {
    writers: Pool,
    readers: Pool,
    pages: Pool,
    sessions: Pool,
    is_for_pages: bool,
}

/// A transaction on a server.
#[derive(Debug)]
pub struct Transaction {
    inner: sqlx::Transaction<'static, sqlx::Postgres>,
    keeps_statements: bool,
}

impl Postgres {
    /// Through a pooler that gives each transaction another session there is a `direct` way for what needs one of its own.
    pub(super) async fn open(address: &str, direct: Option<&str>, mode: Mode) -> Result<Self> {
        let (options, direct) = (address::read(address)?, direct.map(address::read).transpose()?);
        session::expect_to_last(direct.as_ref().unwrap_or(&options)).await?;
        if mode != Mode::Read {
            session::expect_primary(&options).await?;
        }
        if let Some(direct) = &direct {
            session::expect_same(direct, &options).await?;
        }
        let sessions = if direct.is_some() { Sessions::Change } else { Sessions::Last };
        let pool = |purpose: Use| {
            let (is_read_only, takes_standby) = (purpose.is_read_only || mode == Mode::Read, mode == Mode::Read);
            Pool::new(&options, sessions, Use { is_read_only, takes_standby, ..purpose })
        };
        Ok(Self {
            writers: pool(WRITERS),
            readers: pool(READERS),
            pages: pool(PAGES),
            sessions: Pool::new(
                direct.as_ref().unwrap_or(&options),
                Sessions::Last,
                Use { takes_standby: mode == Mode::Read, ..SESSIONS },
            ),
            is_for_pages: false,
        })
    }

    /// The same for what people look at.
    pub(super) fn for_pages(&self) -> Self {
        Self { is_for_pages: true, ..self.clone() }
    }

    pub(super) async fn begin(&self) -> Result<Transaction> {
        Ok(Transaction { inner: self.writers.begin().await?, keeps_statements: self.writers.keeps_statements() })
    }

    pub(super) async fn begin_impatiently(&self) -> Result<Transaction> {
        let inner = self.writers.begin_with(IMPATIENT).await?;
        Ok(Transaction { inner, keeps_statements: self.writers.keeps_statements() })
    }

    /// One statement is a transaction by itself.
    pub(super) async fn write(&self, writes: &Writes<'_>) -> Result<()> {
        Ok(self.writers.execute(together(writes, DONE)).await?)
    }

    pub(super) async fn write_impatiently(&self, writes: &Writes<'_>) -> Result<()> {
        Ok(self.writers.execute(together(writes, DONE_IMPATIENTLY)).await?)
    }

    /// Returns when the server takes writes: a standby, or one that was set to read only, does not.
    pub(super) async fn probe(&self) -> Result<()> {
        self.begin().await?.execute("SELECT id FROM outbox WHERE id = '' FOR UPDATE", &[]).await.map(drop)
    }

    /// Returns when everything that could be read before is as safe as what is written now: on the disks of as many servers as
    /// the server waits for. It writes a line of the log that means nothing, because only what was written is waited for.
    pub(super) async fn confirm(&self) -> Result<()> {
        Ok(self.writers.execute(query("SELECT pg_logical_emit_message(true, 'duban', '')::text", &[])).await?)
    }

    pub(super) async fn now(&self) -> Result<Timestamp> {
        let rows = self.fetch("SELECT (EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000000)::bigint", &[]).await?;
        rows.first().map_or(Ok(Timestamp::UNIX_EPOCH), |row| row.at(0))
    }

    pub(super) async fn fetch(&self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>> {
        let readers = if self.is_for_pages { &self.pages } else { &self.readers };
        readers.fetch(query(sql, parameters)).await?.iter().map(read).collect()
    }

    pub(super) async fn prepare(&self, sql: &str) -> Result<()> {
        let statement = AssertSqlSafe(dialect(sql)).into_sql_str();
        self.sessions.connections().acquire().await?.prepare(statement).await?;
        Ok(())
    }

    pub(super) async fn enter(&self) -> Result<Presence> {
        Presence::of_session(self.sessions.connections()).await
    }

    pub(super) async fn tell(&self, words: &str) -> Result<()> {
        let parameters = [Cell::from(CHANNEL), Cell::from(words)];
        Ok(self.writers.execute(query("SELECT pg_notify($1, $2)", &parameters)).await?)
    }

    pub(super) async fn listen(&self) -> Result<PgListener> {
        let mut listener = PgListener::connect_with(self.sessions.connections()).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }

    pub(super) async fn close(&self) {
        for pool in [&self.pages, &self.readers, &self.sessions, &self.writers] {
            pool.close().await;
        }
    }
}

impl Transaction {
    pub(super) async fn fetch(&mut self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>> {
        let found = query(sql, parameters).persistent(self.keeps_statements).fetch_all(&mut *self.inner).await?;
        found.iter().map(read).collect()
    }

    pub(super) async fn execute(&mut self, sql: &str, parameters: &[Cell]) -> Result<u64> {
        Ok(query(sql, parameters).persistent(self.keeps_statements).execute(&mut *self.inner).await?.rows_affected())
    }

    /// Texts are ordered by their bytes, as in SQLite, whatever the language of the server is.
    pub(super) async fn run(&mut self, sql: &'static str) -> Result<()> {
        let sql = sql.replace(" TEXT", " TEXT COLLATE \"C\"");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.inner).await?;
        Ok(())
    }

    pub(super) async fn lock_migrations(&mut self) -> Result<()> {
        sqlx::raw_sql(MIGRATION_LOCK).execute(&mut *self.inner).await?;
        Ok(())
    }

    pub(super) async fn write(&mut self, writes: &Writes<'_>) -> Result<()> {
        together(writes, DONE).persistent(self.keeps_statements).execute(&mut *self.inner).await?;
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }
}
