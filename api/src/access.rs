//! Who asks, and what they may see and do: every request is decided here, and what is not allowed is refused.

mod sight;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use duban_engine::ids::Name;
use duban_engine::organization::Organization;
use jiff::Timestamp;

pub use sight::{Sight, sight};
pub use token::Token;

use crate::storage::{self, Database, tokens};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Somebody of the organisation.
    Person(Name),
    /// Another system. It may send messages, and nothing else.
    Program(Name),
    /// Somebody who keeps the server running. They see what stands still and may have it retried, and nothing else.
    Administrator(Name),
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// They did not say who they are.
    #[error("send `Authorization: Bearer TOKEN`")]
    NoToken,
    /// What they showed opens nothing.
    #[error("this token is not known, or has expired")]
    WrongToken,
    /// The token's holder has left the organisation.
    #[error("the holder of this token is not in the organisation any more")]
    Gone,
    /// Whether they may come in could not be found out.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// The door.
pub struct Access {
    database: Database,
    samples: BTreeMap<String, Principal>,
}

impl Access {
    /// A door that opens to the tokens that the database knows.
    pub fn new(database: Database) -> Self {
        Self { database, samples: BTreeMap::new() }
    }

    /// Makes a token that works until the server stops: for trying things out on one's own machine.
    pub fn add_sample(&mut self, principal: Principal) -> Token {
        let token = Token::random();
        self.samples.insert(token.digest(), principal);
        token
    }

    /// Who it is that shows this `Authorization` header.
    ///
    /// # Errors
    /// When nobody is let in with it.
    pub async fn admit(
        &self,
        authorization: Option<&str>,
        organization: &Organization,
        now: Timestamp,
    ) -> Result<Principal, Denied> {
        let (scheme, token) = authorization.and_then(|text| text.split_once(' ')).ok_or(Denied::NoToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Denied::NoToken);
        }
        let digest = Token::read(token.trim()).ok_or(Denied::WrongToken)?.digest();
        let principal = match self.samples.get(&digest) {
            Some(principal) => principal.clone(),
            None => match tokens::find(&self.database, &digest, now).await? {
                Some((kind, holder)) if kind == tokens::PERSON => Principal::Person(holder),
                Some((kind, holder)) if kind == tokens::ADMINISTRATOR => Principal::Administrator(holder),
                Some((_, holder)) => Principal::Program(holder),
                None => return Err(Denied::WrongToken),
            },
        };
        match &principal {
            Principal::Person(person) if !organization.people.contains_key(person) => Err(Denied::Gone),
            Principal::Person(_) | Principal::Program(_) | Principal::Administrator(_) => Ok(principal),
        }
    }
}

/// The person and everyone they stand in for now.
pub fn standings(organization: &Organization, person: &Name, now: Timestamp) -> BTreeSet<Name> {
    let absences = organization.absences.iter();
    let covered = absences.filter(|absence| absence.deputy == *person && absence.covers(now));
    covered.map(|absence| absence.person.clone()).chain([person.clone()]).collect()
}
