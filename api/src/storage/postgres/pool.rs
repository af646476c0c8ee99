//! Connections of one kind, and what holds for all that is asked through them.

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Executor};

use super::CONNECT_TIME_MAX;
use super::rows::Query;

/// Connections, and how they are used.
#[derive(Clone, Debug)]
pub struct Pool {
    pool: PgPool,
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
}

impl Use {
    /// What a session begins with, so that no statement needs a transaction for it.
    fn of_session(&self) -> String {
        let read_only = self.is_read_only.then_some("default_transaction_read_only = on");
        self.settings.iter().copied().chain(read_only).map(|setting| format!("SET {setting}; ")).collect()
    }
}

impl Pool {
    /// Connections that are made when they are needed.
    pub fn new(options: &PgConnectOptions, purpose: Use) -> Self {
        let pool = PgPoolOptions::new().max_connections(purpose.connections_max).acquire_timeout(CONNECT_TIME_MAX);
        let begin = purpose.of_session();
        let pool = pool.test_before_acquire(false).after_connect(move |connection, _| {
            let begin = begin.clone();
            Box::pin(async move {
                if !begin.is_empty() {
                    connection.execute(AssertSqlSafe(begin)).await?;
                }
                Ok(())
            })
        });
        Self { pool: pool.connect_lazy_with(options.clone()) }
    }

    /// The rows that a statement answers.
    pub async fn fetch(&self, query: Query<'_>) -> sqlx::Result<Vec<PgRow>> {
        query.fetch_all(&self.pool).await
    }

    /// Runs a statement, which is a transaction by itself.
    pub async fn execute(&self, query: Query<'_>) -> sqlx::Result<()> {
        query.execute(&self.pool).await.map(drop)
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> sqlx::Result<sqlx::Transaction<'static, sqlx::Postgres>> {
        self.pool.begin().await
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
