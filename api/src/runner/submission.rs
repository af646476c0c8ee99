//! What goes into the runner and what comes out: one command, and its answer or its refusal.

use std::sync::Arc;

use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::event::{Actor, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_engine::rejection::Rejection;
use serde::{Deserialize, Serialize};

use crate::storage;

/// A command on its way to a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The case; for a command that opens one, the id it will have.
    pub case: CaseId,
    /// The process, for a command that opens a case; its active version is taken.
    pub process: Option<Name>,
    /// Who asks for what. The serial of [`Ask::Open`] is filled in by the runner.
    pub command: Command,
    /// The same key again gets the same answer and has no second effect. Refused commands keep none.
    pub key: Option<String>,
    /// What was asked with the key, as the sender tells one request from another: another one is refused.
    pub fingerprint: Option<String>,
    /// The last transition that the asker knows of; a case that has moved on since refuses.
    pub seen: Option<u32>,
    /// Whether the case has an incident when the process refuses the command.
    pub(super) tells: bool,
    /// The entry of the outbox that is done with this command, whatever becomes of it.
    pub(super) settles: Option<String>,
}

impl Submission {
    /// A command for a case that exists.
    pub fn new(case: CaseId, by: Actor, ask: Ask) -> Self {
        Self {
            case,
            process: None,
            command: Command { by, ask },
            key: None,
            fingerprint: None,
            seen: None,
            tells: false,
            settles: None,
        }
    }

    /// A command that opens a case.
    pub fn open(case: CaseId, process: Name, by: Actor, start: StartedBy, fields: Fields) -> Self {
        let ask = Ask::Open { case, start, fields, serial: 0 };
        Self {
            case,
            process: Some(process),
            command: Command { by, ask },
            key: None,
            fingerprint: None,
            seen: None,
            tells: false,
            settles: None,
        }
    }

    /// The same with a key.
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The same with what tells it from another command under the same key.
    pub fn with_fingerprint(mut self, fingerprint: Option<String>) -> Self {
        self.fingerprint = fingerprint;
        self
    }

    /// Whether a refusal becomes an incident of the case.
    pub(super) fn tells_of(&self, rejection: &Rejection) -> bool {
        self.tells && !is_over(rejection)
    }

    /// The same, and when the process refuses it the case has an incident.
    pub(super) fn telling(mut self) -> Self {
        self.tells = true;
        self
    }

    /// The same for an effect: the entry's id is the key, and the entry is done with it.
    pub(super) fn settling(mut self, entry: &str) -> Self {
        self.key = Some(entry.to_owned());
        self.settles = Some(entry.to_owned());
        self
    }
}

/// Whether a case was refused only because it has moved on since somebody asked.
pub fn is_over(rejection: &Rejection) -> bool {
    matches!(rejection, Rejection::CaseClosed | Rejection::NotAwaited)
}

/// A command was done, and the disk has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The case; with a key that was used before, the one that the first command went to.
    pub case: CaseId,
    /// The transition that the command made, or the last one before it when it changed nothing.
    pub sequence: u32,
    /// The case's number.
    pub number: Option<Name>,
}

/// A command was not done; nothing has changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// The process does not allow it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// There is no such case.
    #[error("there is no case {0}")]
    NoSuchCase(CaseId),
    /// There is a case with this id already.
    #[error("there is a case {0} already")]
    CaseExists(CaseId),
    /// The case has moved on since the asker looked.
    #[error("the case is at transition {sequence} now")]
    Moved {
        /// Its last transition.
        sequence: u32,
    },
    /// The key was used for something else.
    #[error("this key was used for another command")]
    KeyReused,
    /// No such process is deployed.
    #[error("there is no process `{0}`")]
    NoSuchProcess(Name),
    /// The database failed; with a key the command can be sent again safely.
    #[error("{0}")]
    Storage(Arc<storage::Error>),
    /// The runner is stopping; with a key the command can be sent again safely.
    #[error("the server is stopping")]
    Stopped,
}

impl From<storage::Error> for Refusal {
    fn from(error: storage::Error) -> Self {
        Self::Storage(Arc::new(error))
    }
}
