//! What there is to do: who is offered a task, the item of an `each`, a job, and the ways a notice goes.

use serde::{Deserialize, Serialize};

use super::Fields;
use crate::ids::Name;
use crate::value::Value;

/// Someone who may do a task: whoever holds the duty in the unit, or one person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Candidate {
    /// Everyone with this duty in this unit, now.
    Duty {
        /// The unit's id.
        unit: Name,
        /// The duty's id.
        duty: Name,
    },
    /// One person.
    Person {
        /// The person's id.
        person: Name,
    },
}

/// How a task came to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assigned {
    /// The person took it from the pool.
    Claimed,
    /// The process chose the person.
    Assigned,
    /// The holder passed it on for good (转办).
    HandedOn,
    /// The holder asked somebody and will get the answer back (委派).
    Delegated,
    /// The answer came back to who asked.
    Answered,
}

/// One item of an `each` step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its place in the order of items, from 0; never used again in the same visit.
    pub index: u32,
    /// The item variable.
    pub name: Name,
    /// What the item variable stands for.
    pub value: Value,
}

/// Work for a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The topic that workers fetch by, or `http` for a request made by the server.
    pub topic: Name,
    /// For a request made by the server: its method and address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<(Name, String)>,
    /// What the program is given.
    pub fields: Fields,
    /// How many tries in all.
    pub tries: u16,
    /// How long a worker may hold it without a sign of life, in seconds.
    pub lease_seconds: u32,
}

/// Ways a notification can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The inbox in the product.
    Inbox,
    /// Mail.
    Mail,
    /// A text message.
    Sms,
}
