//! Whom a message reaches and what it asks of them: the same rule for the server and for scenarios.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::case::Case;
use crate::command::{Ask, StartedBy};
use crate::event::Fields;
use crate::ids::{CaseId, Name};
use crate::library::Library;
use crate::process::Process;

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// To a process that begins with it.
    Process(Name),
    /// To a case.
    Case(CaseId),
}

/// A command that a message becomes: for a case that exists, or for one that a process begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The case, or the id it will have.
    pub case: CaseId,
    /// The process of a case that is opened.
    pub process: Option<Name>,
    /// What is asked of it.
    pub ask: Ask,
    /// The same key again is the same delivery.
    pub key: String,
}

/// The processes that begin with a message to all, as new cases run by them.
pub fn begun<'l>(library: &'l Library, message: &'l Name) -> impl Iterator<Item = Recipient> + 'l {
    let processes = library.processes.values().filter(|process| process.opens_on(message));
    processes.map(|process| Recipient::Process(process.name.clone()))
}

/// Where a message goes among these cases: to the one with the number `to`, or else to processes that begin with it and to every
/// open case that may wait or listen for it, the one that sends it too.
pub fn recipients<'c>(
    library: &Library,
    message: &Name,
    to: Option<&Name>,
    cases: impl Iterator<Item = (&'c Process, &'c Case)>,
) -> Vec<Recipient> {
    let is_meant = |process: &Process, case: &Case| match to {
        Some(_) => case.number.as_ref() == to,
        None => process.hears(message),
    };
    let meant = cases.filter(|(process, case)| case.is_open() && is_meant(process, case));
    let found = meant.map(|(_, case)| Recipient::Case(case.id));
    match to {
        Some(_) => found.collect(),
        None => begun(library, message).chain(found).collect(),
    }
}

impl Recipient {
    /// What a message asks of this one; the message's own key tells it from others.
    pub fn delivery(&self, message: &Name, fields: &Fields, key: &str) -> Delivery {
        let (message, fields) = (message.clone(), fields.clone());
        match self {
            Self::Process(process) => {
                let key = format!("{key}:{process}");
                let case = case_of(&key);
                let ask = Ask::Open { case, start: StartedBy::Message(message), fields, serial: 0 };
                Delivery { case, process: Some(process.clone()), ask, key }
            }
            Self::Case(case) => {
                let ask = Ask::Deliver { message, fields };
                Delivery { case: *case, process: None, ask, key: format!("{key}:{case}") }
            }
        }
    }
}

/// The id of the case that a key opens: the same key always opens the same case.
pub fn case_of(key: &str) -> CaseId {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let id = digest.first_chunk::<16>().expect("32 bytes have a first half");
    CaseId(u128::from_be_bytes(*id))
}
