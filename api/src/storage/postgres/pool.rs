//! Connections of one kind, and what holds for all that is asked through them.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Connection};

use super::rows::Query;
use super::{CONNECT_TIME_MAX, session};

/// How long nobody may have used a connection before it is asked whether the server is still there: after that it may have been
/// restarted, or replaced. Under load nobody is asked.
const TRUSTED_TIME: Duration = Duration::from_secs(1);

/// Connections, and how they are used.
#[derive(Clone, Debug)]
pub struct Pool {
    pool: PgPool,
    /// What each transaction begins with where sessions do not last. Then every statement needs one: it is prepared first and
    /// run afterwards, and between transactions a pooler may give another session.
    begin: Option<String>,
}

/// Whether what a session was told holds as long as the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// It does.
    Last,
    /// A pooler gives each transaction the session that is free.
    Change,
}

/// What a pool is for.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// How many connections there are at most.
    pub connections_max: u32,
    /// What the server is told to keep to, as `name = value`.
    pub settings: &'static [&'static str],
    /// Whether the server refuses what writes.
    pub is_read_only: bool,
    /// Whether a server will do that follows another one, and may be behind it.
    pub takes_standby: bool,
}

impl Use {
    /// No connections, of which nothing is wanted.
    pub const PLAIN: Self = Self { connections_max: 0, settings: &[], is_read_only: false, takes_standby: false };

    /// What a session begins with, so that no statement needs a transaction for it.
    fn of_session(&self) -> String {
        let read_only = self.is_read_only.then_some("default_transaction_read_only = on");
        self.settings.iter().copied().chain(read_only).map(|setting| format!("SET {setting}; ")).collect()
    }

    /// What a transaction begins with, in one way to the server.
    fn of_transaction(&self) -> String {
        let begin = if self.is_read_only { "BEGIN READ ONLY" } else { "BEGIN" };
        let settings = self.settings.iter().map(|setting| format!("; SET LOCAL {setting}"));
        std::iter::once(begin.to_owned()).chain(settings).collect()
    }
}

impl Pool {
    /// Connections that are made when they are needed.
    pub fn new(options: &PgConnectOptions, sessions: Sessions, purpose: Use) -> Self {
        let pool = PgPoolOptions::new().max_connections(purpose.connections_max).acquire_timeout(CONNECT_TIME_MAX);
        let pool = pool.test_before_acquire(false).before_acquire(|connection, kept| {
            Box::pin(async move { Ok(kept.idle_for < TRUSTED_TIME || connection.ping().await.is_ok()) })
        });
        if sessions == Sessions::Change {
            return Self { pool: pool.connect_lazy_with(options.clone()), begin: Some(purpose.of_transaction()) };
        }
        let (settings, takes_standby) = (purpose.of_session(), purpose.takes_standby);
        let pool = pool.after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move { session::begin(connection, settings, takes_standby).await })
        });
        Self { pool: pool.connect_lazy_with(options.clone()), begin: None }
    }

    /// The rows that a statement answers.
    pub async fn fetch(&self, query: Query<'_>) -> sqlx::Result<Vec<PgRow>> {
        if self.begin.is_none() {
            return query.fetch_all(&self.pool).await;
        }
        let mut transaction = self.begin().await?;
        let found = query.persistent(false).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Runs a statement, which is a transaction by itself.
    pub async fn execute(&self, query: Query<'_>) -> sqlx::Result<()> {
        if self.begin.is_none() {
            return query.execute(&self.pool).await.map(drop);
        }
        let mut transaction = self.begin().await?;
        query.persistent(false).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> sqlx::Result<sqlx::Transaction<'static, sqlx::Postgres>> {
        match &self.begin {
            None => self.pool.begin().await,
            Some(begin) => self.pool.begin_with(AssertSqlSafe(begin.clone())).await,
        }
    }

    /// Begins a transaction in which the server keeps to this as well, in the same way to it.
    pub async fn begin_with(&self, setting: &str) -> sqlx::Result<sqlx::Transaction<'static, sqlx::Postgres>> {
        let begin = self.begin.as_deref().unwrap_or("BEGIN");
        self.pool.begin_with(AssertSqlSafe(format!("{begin}; SET LOCAL {setting}"))).await
    }

    /// Whether a statement that was prepared is there when the connection is used again.
    pub fn keeps_statements(&self) -> bool {
        self.begin.is_none()
    }

    /// The connections themselves.
    pub fn connections(&self) -> &PgPool {
        &self.pool
    }

    /// Closes them when what is under way is finished.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
