//! The narrow waist: all that a database is asked for, whichever it is.

use std::io::ErrorKind;
use std::path::Path;

use jiff::Timestamp;

use super::postgres::{self, Postgres};
use super::sqlite::{self, Sqlite};
use super::{Cell, Error, Mode, Presence, Result, Row, Table, Traces, Writes, migration};

/// A database that is open. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file, for one machine.
    Sqlite(Sqlite),
    /// A server, for any number of nodes.
    Postgres(Postgres),
}

/// A transaction that may write. Dropped without `commit`, it has not happened.
#[derive(Debug)]
pub enum Transaction {
    /// In a file.
    Sqlite(sqlite::Transaction),
    /// On a server.
    Postgres(postgres::Transaction),
}

/// What the other nodes tell.
#[derive(Debug)]
pub enum Listener {
    /// Only this process uses a file.
    Sqlite(tokio::sync::broadcast::Receiver<String>),
    /// Every node on the server, and whether nothing was heard yet.
    Postgres(Box<sqlx::postgres::PgListener>, bool),
}

impl Database {
    /// Opens the database at `sqlite:PATH` or `postgres://…`, makes it when it is a file that is missing, and brings its
    /// tables up to date.
    pub async fn open(address: &str) -> Result<Self> {
        Self::open_as(address, Mode::Make).await
    }

    /// Opens the database at `sqlite:PATH` or `postgres://…`.
    pub async fn open_as(address: &str, mode: Mode) -> Result<Self> {
        let database = if let Some(path) = sqlite_path(address) {
            if mode != Mode::Make {
                match sqlite::of_address(path).map(Path::metadata) {
                    Some(Ok(found)) if found.is_file() => {}
                    // Whether it is there, who may not look into the folder cannot tell.
                    Some(Err(error)) if error.kind() == ErrorKind::PermissionDenied => {
                        return Err(sqlx::Error::Io(error).into());
                    }
                    Some(Ok(_) | Err(_)) | None => return Err(Error::NoFile(path.to_owned())),
                }
            }
            Self::Sqlite(Sqlite::open(path, mode).await?)
        } else if is_postgres(address) {
            Self::Postgres(Postgres::open(address, None, mode).await?)
        } else {
            return Err(Error::Address);
        };
        database.settled(mode).await
    }

    /// Opens the database behind a pooler that gives each transaction another session. What needs a session of its own – two
    /// connections of a node – goes to the server itself at `direct`.
    pub async fn open_pooled(pooler: &str, direct: &str, mode: Mode) -> Result<Self> {
        if !is_postgres(pooler) || !is_postgres(direct) {
            return Err(Error::NoPooler);
        }
        Self::Postgres(Postgres::open(pooler, Some(direct), mode).await?).settled(mode).await
    }

    /// Brings the tables up to date, or makes sure that they are.
    async fn settled(self, mode: Mode) -> Result<Self> {
        match mode {
            Mode::Make | Mode::Use => migration::run(&self).await?,
            Mode::Read => migration::check(&self).await?,
        }
        Ok(self)
    }

    /// The same database for what people look at: its reads have connections of their own, so that what is slow there keeps
    /// no command waiting. On a server a page waits a quarter of a second for a table that somebody keeps locked.
    pub fn for_pages(&self) -> Self {
        match self {
            Self::Sqlite(database) => Self::Sqlite(database.for_pages()),
            Self::Postgres(database) => Self::Postgres(database.for_pages()),
        }
    }

    /// Begins a transaction; on SQLite it is the only one that writes.
    pub async fn begin(&self) -> Result<Transaction> {
        match self {
            Self::Sqlite(database) => database.begin().await.map(Transaction::Sqlite),
            Self::Postgres(database) => database.begin().await.map(Transaction::Postgres),
        }
    }

    /// The same, but what somebody else keeps locked on a server is waited for a second only: see [`Error::is_locked`].
    pub async fn begin_impatiently(&self) -> Result<Transaction> {
        match self {
            Self::Sqlite(database) => database.begin().await.map(Transaction::Sqlite),
            Self::Postgres(database) => database.begin_impatiently().await.map(Transaction::Postgres),
        }
    }

    /// Writes in a transaction of its own: when this returns, the disk has it.
    pub async fn write(&self, writes: &Writes<'_>) -> Result<()> {
        if writes.is_empty() {
            return Ok(());
        }
        match self {
            Self::Sqlite(database) => database.write(writes).await,
            Self::Postgres(database) => database.write(writes).await,
        }
    }

    /// The same, but what somebody else keeps locked on a server is waited for a second only: see [`Error::is_locked`].
    pub async fn write_impatiently(&self, writes: &Writes<'_>) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.write(writes).await,
            Self::Postgres(database) => database.write_impatiently(writes).await,
        }
    }

    /// Reads rows as they are now, outside of any transaction.
    pub async fn fetch(&self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(database) => database.fetch(sql, parameters).await,
            Self::Postgres(database) => database.fetch(sql, parameters).await,
        }
    }

    /// Returns when what was read before is as safe as what is written now. A server that crashed shows what its followers do not
    /// have yet, although nobody was told that it is done.
    pub async fn confirm(&self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(database) => database.confirm().await,
        }
    }

    /// What time it is where the database runs, if that has a clock of its own.
    pub async fn now(&self) -> Result<Option<Timestamp>> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(database) => database.now().await.map(Some),
        }
    }

    /// Returns when the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.fetch("SELECT 1", &[]).await.map(drop)
    }

    /// Returns when the database answers and can be written to.
    pub async fn probe(&self) -> Result<()> {
        self.ping().await?;
        match self {
            Self::Sqlite(database) => database.probe().await,
            Self::Postgres(database) => database.probe().await,
        }
    }

    /// Reads every row of a table in the order of its key.
    pub async fn fetch_table(&self, table: &Table) -> Result<Vec<Row>> {
        self.fetch(&table.select(), &[]).await
    }

    /// Asks the database whether it understands a statement, without running it.
    pub async fn prepare(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(database) => database.prepare(sql).await,
            Self::Postgres(database) => database.prepare(sql).await,
        }
    }

    /// Asks the database whether it understands the statements that a table is written with.
    pub async fn prepare_table(&self, table: &Table) -> Result<()> {
        let source = |columns| match self {
            Self::Sqlite(_) => sqlite::source(columns, 0),
            Self::Postgres(_) => postgres::source(columns, 0),
        };
        self.prepare(&table.insert(&source(table.columns))).await?;
        for from in table.tails.iter().chain([&table.key]) {
            self.prepare(&table.upsert(*from, &source(table.columns))).await?;
        }
        self.prepare(&table.delete(&source(table.key_columns()))).await?;
        self.prepare(&table.select_between()).await?;
        self.prepare(&table.select()).await
    }

    /// Comes as a node that serves timers and the outbox.
    pub async fn enter(&self) -> Result<Presence> {
        match self {
            Self::Sqlite(database) => database.enter(),
            Self::Postgres(database) => database.enter().await,
        }
    }

    /// Tells a few words to every node that listens, this one included.
    pub async fn tell(&self, words: &str) -> Result<()> {
        match self {
            Self::Sqlite(database) => {
                database.tell(words);
                Ok(())
            }
            Self::Postgres(database) => database.tell(words).await,
        }
    }

    /// Begins to listen to what the nodes tell.
    pub async fn listen(&self) -> Result<Listener> {
        match self {
            Self::Sqlite(database) => Ok(Listener::Sqlite(database.listen())),
            Self::Postgres(database) => Ok(Listener::Postgres(Box::new(database.listen().await?), true)),
        }
    }

    /// Notes that rows are about to be removed of which no byte may stay.
    pub async fn note_traces(&self) -> Result<()> {
        match self {
            Self::Sqlite(database) => database.note_traces().await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Removes the bytes of removed values that were noted; answers which are left. A file that may be written anew keeps
    /// everybody else from writing meanwhile.
    pub async fn remove_traces(&self, may_rewrite: bool) -> Result<Traces> {
        match self {
            Self::Sqlite(database) => database.remove_traces(may_rewrite).await,
            // Only its own `VACUUM FULL` does it.
            Self::Postgres(_) => Ok(Traces::OnServer),
        }
    }

    /// Closes every connection; what is under way is finished first.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(database) => database.close().await,
            Self::Postgres(database) => database.close().await,
        }
    }
}

/// The path in the address of a file.
pub(crate) fn sqlite_path(address: &str) -> Option<&str> {
    address.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path))
}

/// Whether an address is that of a server.
pub(crate) fn is_postgres(address: &str) -> bool {
    address.starts_with("postgres:") || address.starts_with("postgresql:")
}

impl Transaction {
    /// Reads rows as the transaction sees them, or runs a statement that returns rows.
    pub async fn fetch(&mut self, sql: &str, parameters: &[Cell]) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(transaction) => transaction.fetch(sql, parameters).await,
            Self::Postgres(transaction) => transaction.fetch(sql, parameters).await,
        }
    }

    /// Runs a statement; answers how many rows it changed.
    pub async fn execute(&mut self, sql: &str, parameters: &[Cell]) -> Result<u64> {
        match self {
            Self::Sqlite(transaction) => transaction.execute(sql, parameters).await,
            Self::Postgres(transaction) => transaction.execute(sql, parameters).await,
        }
    }

    /// Runs a migration: several statements that take no parameters.
    pub(super) async fn run(&mut self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.run(sql).await,
            Self::Postgres(transaction) => transaction.run(sql).await,
        }
    }

    /// Keeps every other node out of the migrations until the transaction ends.
    pub(super) async fn lock_migrations(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction) => transaction.lock_migrations().await,
        }
    }

    /// Adds rows; one whose key is there already is [`Error::Conflict`].
    pub async fn insert(&mut self, table: &'static Table, rows: &[Vec<Cell>]) -> Result<()> {
        let mut writes = Writes::default();
        writes.insert(table, rows);
        self.write(&writes).await
    }

    /// Adds rows, or changes those that are there.
    pub async fn upsert(&mut self, table: &'static Table, rows: &[Vec<Cell>]) -> Result<()> {
        let mut writes = Writes::default();
        writes.upsert(table, rows);
        self.write(&writes).await
    }

    /// Removes the rows with these keys.
    pub async fn delete(&mut self, table: &'static Table, keys: &[Vec<Cell>]) -> Result<()> {
        let mut writes = Writes::default();
        writes.delete(table, keys);
        self.write(&writes).await
    }

    /// Writes rows of several tables.
    pub async fn write(&mut self, writes: &Writes<'_>) -> Result<()> {
        if writes.is_empty() {
            return Ok(());
        }
        match self {
            Self::Sqlite(transaction) => transaction.write(writes).await,
            Self::Postgres(transaction) => transaction.write(writes).await,
        }
    }

    /// Makes it durable: when this returns, the disk has it.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}

impl Listener {
    /// The next words; `None` when some may have been missed, so that the listener should look for itself.
    pub async fn hear(&mut self) -> Result<Option<String>> {
        match self {
            Self::Sqlite(receiver) => Ok(receiver.recv().await.ok()),
            // What was told before, while the server was not there, nobody tells again.
            Self::Postgres(_, is_new) if *is_new => {
                *is_new = false;
                Ok(None)
            }
            Self::Postgres(listener, _) => {
                Ok(listener.try_recv().await?.map(|notification| notification.payload().to_owned()))
            }
        }
    }
}
