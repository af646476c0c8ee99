//! What a database says of itself, read by plain SQL and not by the program under test.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

/// What is stored at the end of a trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// When it was read, in microseconds.
    pub at: i64,
    /// Every transition, by case and sequence.
    pub transitions: Vec<Transition>,
    /// Every line of the list of cases.
    pub cases: Vec<Case>,
    /// Every entry of the outbox.
    pub outbox: Vec<Outgoing>,
    /// What `duban verify` found; empty when all is well.
    pub verify: String,
}

/// A row of `transitions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// The case's id.
    pub case: String,
    /// From 1 in each case.
    pub sequence: u64,
    /// When it was, by the clock of the node that decided it.
    pub at: i64,
    /// When the row was written, by the clock of the database, where that has one of its own.
    pub witnessed: Option<i64>,
    /// Who.
    pub actor: Json,
    /// What happened.
    pub events: Vec<Json>,
}

/// A row of `cases`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The case's id.
    pub case: String,
    /// The process.
    pub process: String,
    /// Its number, in a process that counts.
    pub number: Option<String>,
    /// How many transitions it has.
    pub sequence: u64,
}

/// A row of `outbox`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// `CASE-SEQUENCE-POSITION`.
    pub id: String,
    /// When it is tried next; none when it is over.
    pub due_at: Option<i64>,
    /// When it was done; none when it was given up, or is not over.
    pub done_at: Option<i64>,
}

/// The clock of the database sees every transition from now on: nobody else can say when a node with a wrong clock acted.
pub const WITNESS: &str = "CREATE TABLE witness (case_id TEXT, sequence BIGINT, at BIGINT);
    CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO witness VALUES (NEW.case_id, NEW.sequence, EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000000);
        RETURN NULL;
    END $$;
    CREATE TRIGGER witness AFTER INSERT ON transitions FOR EACH ROW EXECUTE FUNCTION witness()";

/// A database that is looked at and tampered with from outside.
#[derive(Clone, Debug)]
pub enum Reader {
    /// The path of a file.
    Sqlite(String),
    /// The address of a database.
    Postgres(String),
}

impl Reader {
    /// Runs statements that answer nothing.
    ///
    /// # Errors
    /// When the database refuses, or is not there.
    pub async fn run(&self, sql: &str) -> sqlx::Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(path) => {
                let mut connection = SqliteConnectOptions::from_str(&format!("sqlite:{path}"))?.connect().await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await
            }
            Self::Postgres(address) => {
                let mut connection = PgConnection::connect(address).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await
            }
        }
    }

    /// Keeps for a while what every command writes to: the table of transitions, or the whole file.
    ///
    /// # Errors
    /// When the database refuses, or is not there.
    pub async fn lock(&self, length: Duration) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(path) => {
                let mut connection = SqliteConnectOptions::from_str(&format!("sqlite:{path}"))?.connect().await?;
                sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await?;
                tokio::time::sleep(length).await;
                sqlx::raw_sql("ROLLBACK").execute(&mut connection).await?;
                connection.close().await
            }
            Self::Postgres(address) => {
                let mut connection = PgConnection::connect(address).await?;
                sqlx::raw_sql("BEGIN; LOCK TABLE transitions").execute(&mut connection).await?;
                tokio::time::sleep(length).await;
                sqlx::raw_sql("ROLLBACK").execute(&mut connection).await?;
                connection.close().await
            }
        }
    }

    /// Rows as JSON, one text each; `array(` in the statement makes one.
    async fn rows(&self, sql: &str) -> sqlx::Result<Vec<Json>> {
        let texts: Vec<String> = match self {
            Self::Sqlite(path) => {
                let sql = AssertSqlSafe(sql.replace("array(", "json_array("));
                let mut connection = SqliteConnectOptions::from_str(&format!("sqlite:{path}"))?.connect().await?;
                sqlx::query_scalar(sql).fetch_all(&mut connection).await?
            }
            Self::Postgres(address) => {
                let sql =
                    format!("SELECT found::text FROM ({}) AS rows (found)", sql.replace("array(", "json_build_array("));
                let mut connection = PgConnection::connect(address).await?;
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut connection).await?
            }
        };
        Ok(texts.iter().map(|text| serde_json::from_str(text).expect("the database makes JSON")).collect())
    }

    /// How much is still due: entries of the outbox, and cases that want to be woken before an instant.
    ///
    /// # Errors
    /// When the database refuses, or is not there.
    pub async fn open_ends(&self, before: i64) -> sqlx::Result<u64> {
        let sql = format!(
            "SELECT array((SELECT COUNT(*) FROM outbox WHERE due_at IS NOT NULL), \
             (SELECT COUNT(*) FROM cases WHERE wake_at < {before}))"
        );
        let rows = self.rows(&sql).await?;
        Ok(rows.iter().flat_map(|row| [row[0].as_u64(), row[1].as_u64()]).flatten().sum())
    }

    /// Reads everything.
    ///
    /// # Errors
    /// When the database refuses, or is not there.
    pub async fn read(&self, at: i64, verify: String) -> sqlx::Result<Evidence> {
        let (witnessed, join) = match self {
            Self::Sqlite(_) => ("NULL", ""),
            Self::Postgres(_) => ("witness.at", "LEFT JOIN witness USING (case_id, sequence)"),
        };
        let transitions = format!(
            "SELECT array(case_id, sequence, transitions.at, {witnessed}, actor, events) \
             FROM transitions {join} ORDER BY case_id, sequence"
        );
        let transitions = self.rows(&transitions).await?;
        let transitions = transitions.iter().map(|row| Transition {
            case: text(&row[0]),
            sequence: row[1].as_u64().unwrap_or(0),
            at: row[2].as_i64().unwrap_or(0),
            witnessed: row[3].as_i64(),
            actor: inner(&row[4]),
            events: inner(&row[5]).as_array().cloned().unwrap_or_default(),
        });
        let cases = self.rows("SELECT array(case_id, process, number, sequence) FROM cases ORDER BY case_id").await?;
        let cases = cases.iter().map(|row| Case {
            case: text(&row[0]),
            process: text(&row[1]),
            number: row[2].as_str().map(str::to_owned),
            sequence: row[3].as_u64().unwrap_or(0),
        });
        let outbox = self.rows("SELECT array(id, due_at, done_at) FROM outbox ORDER BY id").await?;
        let outbox =
            outbox.iter().map(|row| Outgoing { id: text(&row[0]), due_at: row[1].as_i64(), done_at: row[2].as_i64() });
        Ok(Evidence {
            at,
            transitions: transitions.collect(),
            cases: cases.collect(),
            outbox: outbox.collect(),
            verify,
        })
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// JSON that is kept as a text.
fn inner(value: &Json) -> Json {
    value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Json::Null)
}
