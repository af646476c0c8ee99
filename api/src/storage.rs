//! Where cases are kept: one schema and one SQL text for SQLite and PostgreSQL, one file per table.

mod block;
mod cell;
mod database;
mod migration;
mod mode;
mod postgres;
mod presence;
mod sqlite;
mod stored;
mod table;
mod traces;
mod writes;

pub mod archive;
pub mod cases;
pub mod commands;
pub mod cooling;
pub mod deadlines;
pub mod documents;
pub mod heads;
pub mod incidents;
pub mod jobs;
pub mod locks;
pub mod marks;
pub mod messages;
pub mod notices;
pub mod outbox;
pub mod processes;
pub mod recalculations;
pub mod schedules;
pub mod serials;
pub mod tasks;
pub mod tokens;
pub mod transitions;

pub use cell::{Cell, Row, digest, hexadecimal, json, micros, timestamp};
pub use database::{Database, Listener, Transaction};
pub(crate) use database::{is_postgres, sqlite_path};
pub use mode::Mode;
pub use presence::Presence;
pub use sqlite::copy;
pub(crate) use sqlite::{identity, of_address};
pub use table::{Column, Kind, Table};
pub use traces::Traces;
pub use writes::Writes;

use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::{PgDatabaseError, PgSeverity};

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
    /// The address of the database is not one. It is not repeated, because there may be a password in it.
    #[error("a database address begins with `sqlite:` or `postgres://`, and this one does not")]
    Address,
    /// An address of a server has an option that means nothing.
    #[error("the address of the database has an option `{word}` that is not known: did you mean `{meant}`?")]
    AddressOption {
        /// Which.
        word: String,
        /// What it is nearest to.
        meant: &'static str,
    },
    /// An address of a server cannot be taken apart.
    #[error(
        "the address of the database cannot be read: in the user's name and the password, what is neither a letter nor a digit is \
         written with `%`, as `%40` for `@` and `%23` for `#`"
    )]
    AddressUnreadable(#[source] sqlx::Error),
    /// Something between this program and the database gives each transaction another session.
    #[error(
        "the sessions at this address of the database do not last, as with PgBouncer in transaction mode: give the pooler's \
         address to --database, and the server's own to --database-direct"
    )]
    SessionsChange,
    /// The same, seen only when a statement that was prepared was missing.
    #[error("a statement that was prepared is gone, as with PgBouncer in transaction mode without --database-direct")]
    StatementLost(#[source] sqlx::Error),
    /// A pooler and the direct way lead to different databases.
    #[error("--database and --database-direct lead to different databases")]
    AnotherDatabase,
    /// Only a server can have a pooler.
    #[error(
        "--database-direct belongs to a PostgreSQL server behind a pooler: both addresses begin with `postgres://`"
    )]
    NoPooler,
    /// There is no file at this path.
    #[error("there is no database at {0}: `duban serve` makes one")]
    NoFile(String),
    /// The database has no tables yet.
    #[error("the database has no tables: start the server once, which makes them")]
    NoTables(#[source] sqlx::Error),
    /// The database was last used by an older version of the program.
    #[error(
        "the tables of the database are older than this program: start the server once, which brings them up to date"
    )]
    Outdated,
    /// The database was last used by a version of the program that is newer by more than one change of the tables.
    #[error(
        "the tables of the database are too new: they have change {number}, and this program works with one that it does not \
         know, no more; use a newer program"
    )]
    TooNew {
        /// The first change that is too much.
        number: i64,
    },
    /// The database was last used by another version of the program.
    #[error(
        "migration {number} of the database is not the one that this program knows; use the program it was made with"
    )]
    OtherMigration {
        /// Which.
        number: i64,
    },
}

impl Error {
    /// Whether somebody else kept locked what a transaction needed, for longer than it waits. Nothing was written.
    pub fn is_locked(&self) -> bool {
        let Self::Unreachable(sqlx::Error::Database(refused)) = self else { return false };
        refused.code().as_deref() == Some("55P03")
    }
}

/// The result of asking the database.
pub type Result<T> = std::result::Result<T, Error>;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => Self::Conflict(error),
            sqlx::Error::Database(refused) if is_guard(&**refused) => Self::Conflict(error),
            // 40001 and 40P01 are PostgreSQL's serialization failure and deadlock, 26000 and 42P05 a prepared statement that
            // is missing or was there before, 57P01–57P03 a server that goes or comes.
            sqlx::Error::Database(refused) => match refused.code().as_deref() {
                Some("40001" | "40P01") => Self::Conflict(error),
                Some("26000" | "42P05") => Self::StatementLost(error),
                Some(code) if may_pass(code) || is_end_of_session(&**refused) => Self::Unreachable(error),
                _ => Self::Refused(error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
            | sqlx::Error::InvalidSavePointStatement
            | sqlx::Error::Tls(_) => Self::Unreachable(error),
            _ => Self::Refused(error),
        }
    }
}

/// Whether a row was refused that is written only because a case or a series moved ([`cases::expect`], [`serials::move_on`]).
/// SQLite says which in its text alone, which has one language.
fn is_guard(refused: &dyn DatabaseError) -> bool {
    refused.kind() == ErrorKind::NotNullViolation
        && (refused.table() == Some(serials::TABLE.name) || refused.message().contains(" failed: serials."))
}

/// Whether PostgreSQL failed by itself and ended the session, as when a new one cannot write its files because the disk is full: it
/// says neither that it has no room nor anything else about what was asked.
fn is_end_of_session(refused: &dyn DatabaseError) -> bool {
    refused.try_downcast_ref::<PgDatabaseError>().is_some_and(|refused| {
        refused.code().starts_with("XX") && matches!(refused.severity(), PgSeverity::Fatal | PgSeverity::Panic)
    })
}

/// Whether a failure is one of the database's surroundings and may be over when the same is asked again.
fn may_pass(code: &str) -> bool {
    match code.parse::<u32>() {
        // SQLite: what is below the lowest byte says more about the same. Those of PostgreSQL have five digits.
        Ok(extended) if code.len() < 5 => {
            let (busy, locked, no_memory, read_only, io, full, cannot_open) = (5, 6, 7, 8, 10, 13, 14);
            [busy, locked, no_memory, read_only, io, full, cannot_open].contains(&(extended & 0xff))
        }
        // PostgreSQL: connections, read-only, a node that stood still within a transaction, resources such as a full disk, a
        // lock that did not come, the operator (who may also have set how long a statement takes), and the disk itself.
        Ok(_) | Err(_) => {
            ["08", "25006", "25P03", "53", "55P03", "57", "58"].iter().any(|class| code.starts_with(class))
        }
    }
}

/// Every table, in an order in which they can be filled.
pub const TABLES: &[&Table] = &[
    &transitions::TABLE,
    &archive::TABLE,
    &cases::TABLE,
    &tasks::TABLE,
    &tasks::CANDIDATES,
    &deadlines::TABLE,
    &locks::TABLE,
    &marks::TABLE,
    &incidents::TABLE,
    &commands::TABLE,
    &messages::TABLE,
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
        archive::STATEMENTS,
        cases::STATEMENTS,
        commands::STATEMENTS,
        cooling::STATEMENTS,
        deadlines::STATEMENTS,
        documents::STATEMENTS,
        heads::STATEMENTS,
        incidents::STATEMENTS,
        jobs::STATEMENTS,
        locks::STATEMENTS,
        marks::STATEMENTS,
        messages::STATEMENTS,
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

#[cfg(test)]
mod tests {
    use super::may_pass;

    #[test]
    fn what_the_surroundings_do_may_pass_and_what_was_asked_wrongly_does_not() {
        // SQLITE_BUSY, _BUSY_RECOVERY, _LOCKED, _NOMEM, _READONLY_DBMOVED, _IOERR_WRITE, _FULL, _CANTOPEN.
        for code in [
            "5", "261", "6", "7", "1032", "778", "13", "14", "08006", "25006", "25P03", "53100", "55P03", "57014",
            "57P01", "58030",
        ] {
            assert!(may_pass(code), "{code}");
        }
        // SQLITE_ERROR, _CORRUPT, _CONSTRAINT_NOTNULL, _MISMATCH; a wrong value, a wrong statement, a missing table.
        for code in ["1", "11", "1299", "20", "22P02", "42601", "42P01", ""] {
            assert!(!may_pass(code), "{code}");
        }
    }
}
