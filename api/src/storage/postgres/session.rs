//! Sessions: how they begin, and whether what answers at an address keeps them, takes writes and is of the same database as another.

use std::io;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::super::{Error, Result};
use super::CONNECT_TIME_MAX;

/// The first half of the advisory lock by which two addresses are compared: the letters of `same`.
const SAME: i32 = 1_935_764_837;

/// Connects for the first time. A pool asks a server that refuses again and again, and in the end says only that it waited.
pub async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    let first = tokio::time::timeout(CONNECT_TIME_MAX, PgConnection::connect_with(options)).await;
    Ok(first.map_err(|_| silence())??)
}

/// Makes sure that sessions last as long as their connections. Where they do not, the session that is free again is given to
/// whoever asks next: that is seen unless many others use it at this moment, and then as soon as a statement is missing.
pub async fn expect_to_last(options: &PgConnectOptions) -> Result<()> {
    let (mut one, mut other) = (connect(options).await?, connect(options).await?);
    let lasts = async {
        let before = backend(&mut one).await?;
        sqlx::raw_sql("BEGIN").execute(&mut other).await?;
        Ok::<bool, sqlx::Error>(backend(&mut other).await? != before && backend(&mut one).await? == before)
    };
    let lasts = tokio::time::timeout(CONNECT_TIME_MAX, lasts).await.map_err(|_| silence())??;
    one.close().await?;
    other.close().await?;
    if lasts { Ok(()) } else { Err(Error::SessionsChange) }
}

/// Makes sure that two addresses are of one database, where a lock that is held through one is missing through the other.
pub async fn expect_same(direct: &PgConnectOptions, pooled: &PgConnectOptions) -> Result<()> {
    let (mut holder, mut asker) = (connect(direct).await?, connect(pooled).await?);
    let name = backend(&mut holder).await?;
    let hold = format!("SELECT pg_advisory_lock({SAME}, {name})");
    sqlx::raw_sql(AssertSqlSafe(hold)).execute(&mut holder).await?;
    let ask = format!("SELECT pg_try_advisory_xact_lock({SAME}, {name})::text");
    let is_free = ask_one(&mut asker, ask).await? == "true";
    holder.close().await?;
    asker.close().await?;
    if is_free { Err(Error::AnotherDatabase) } else { Ok(()) }
}

/// Begins a session with its settings. One on a server that follows another never becomes better by waiting, and would be kept for
/// long: it is only taken by who says so.
pub async fn begin(connection: &mut PgConnection, settings: String, takes_standby: bool) -> sqlx::Result<()> {
    let ask = AssertSqlSafe(format!("{settings}SELECT pg_is_in_recovery()"));
    // All of the answer is read: a listener would take what is left for something else.
    let rows = sqlx::raw_sql(ask).fetch_all(connection).await?;
    let is_standby = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(false);
    if is_standby && !takes_standby { Err(follows()) } else { Ok(()) }
}

/// Makes sure that a server takes writes. Some followers say so only as the first table is to be made.
pub async fn expect_primary(options: &PgConnectOptions) -> Result<()> {
    let mut connection = connect(options).await?;
    begin(&mut connection, String::new(), false).await?;
    Ok(connection.close().await?)
}

fn follows() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(
        io::ErrorKind::NotConnected,
        "the server is a standby, which takes no writes: give the address of the primary, or of a proxy that knows it",
    ))
}

/// The process that serves a session.
async fn backend(connection: &mut PgConnection) -> sqlx::Result<String> {
    ask_one(connection, "SELECT pg_backend_pid()::text".to_owned()).await
}

async fn ask_one(connection: &mut PgConnection, sql: String) -> sqlx::Result<String> {
    // What is not prepared is one message, which no pooler takes apart.
    sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(connection).await?.try_get(0)
}

/// A server that was reached and says nothing.
fn silence() -> sqlx::Error {
    let seconds = CONNECT_TIME_MAX.as_secs();
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, format!("the server said nothing for {seconds} seconds")))
}
