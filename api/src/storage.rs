//! Where cases are kept: one schema and one SQL text for SQLite and PostgreSQL, one file per table.

mod cell;
mod database;
mod migration;
mod postgres;
mod presence;
mod sqlite;
mod table;

pub mod cases;
pub mod commands;
pub mod deadlines;
pub mod documents;
pub mod incidents;
pub mod jobs;
pub mod marks;
pub mod notices;
pub mod outbox;
pub mod processes;
pub mod recalculations;
pub mod schedules;
pub mod serials;
pub mod tasks;
pub mod tokens;
pub mod transitions;

pub use cell::{Cell, Row, digest, hexadecimal, micros, timestamp};
pub use database::{Database, Listener, Transaction};
pub use presence::Presence;
pub use table::{Column, Kind, Table};

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row with the same key was written by somebody else first.
    #[error("another writer was first")]
    Conflict(#[source] sqlx::Error),
    /// The database cannot be reached or does not answer; what was asked may be tried again.
    #[error("the database cannot be reached")]
    Unreachable(#[source] sqlx::Error),
    /// The database refused what it was asked.
    #[error("the database refused")]
    Refused(#[source] sqlx::Error),
    /// A stored text is not what this program writes.
    #[error("stored {what} cannot be read: {why}")]
    Unreadable {
        /// Which.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The address of the database is not one.
    #[error("a database address is `sqlite:PATH` or `postgres://…`, not `{0}`")]
    Address(String),
    /// The database was last used by another version of the program.
    #[error(
        "migration {number} of the database is not the one that this program knows; use the program it was made with"
    )]
    OtherMigration {
        /// Which.
        number: i64,
    },
}

/// The result of asking the database.
pub type Result<T> = std::result::Result<T, Error>;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => Self::Conflict(error),
            // 40001 and 40P01 are PostgreSQL's serialization failure and deadlock, 57P01–57P03 a server that goes or comes.
            sqlx::Error::Database(refused) => match refused.code().as_deref() {
                Some("40001" | "40P01") => Self::Conflict(error),
                Some("57P01" | "57P02" | "57P03" | "53300") => Self::Unreachable(error),
                _ => Self::Refused(error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Tls(_) => Self::Unreachable(error),
            _ => Self::Refused(error),
        }
    }
}

/// Every table, in an order in which they can be filled.
pub const TABLES: &[&Table] = &[
    &transitions::TABLE,
    &cases::TABLE,
    &tasks::TABLE,
    &tasks::CANDIDATES,
    &deadlines::TABLE,
    &marks::TABLE,
    &incidents::TABLE,
    &commands::TABLE,
    &outbox::TABLE,
    &serials::TABLE,
    &notices::TABLE,
    &documents::TABLE,
    &jobs::TABLE,
    &processes::DEPLOYMENTS,
    &processes::TABLE,
    &schedules::TABLE,
    &recalculations::TABLE,
    &tokens::TABLE,
];

/// Every statement that is not made from a [`Table`], so that each can be tried on each database.
pub fn statements() -> Vec<&'static str> {
    [
        cases::STATEMENTS,
        commands::STATEMENTS,
        deadlines::STATEMENTS,
        documents::STATEMENTS,
        incidents::STATEMENTS,
        jobs::STATEMENTS,
        marks::STATEMENTS,
        migration::STATEMENTS,
        notices::STATEMENTS,
        outbox::STATEMENTS,
        processes::STATEMENTS,
        recalculations::STATEMENTS,
        schedules::STATEMENTS,
        serials::STATEMENTS,
        tasks::STATEMENTS,
        tokens::STATEMENTS,
        transitions::STATEMENTS,
    ]
    .concat()
}
