//! Who and what caused an event, and how a step ended.

use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, Name, VisitId};

/// Who or what moved a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person, perhaps standing in for another.
    Person {
        /// Who acted.
        person: Name,
        /// Whose duty it was, when the person acted as a deputy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deputy_for: Option<Name>,
    },
    /// A deadline, timer or schedule.
    Clock,
    /// A message from outside, by its name.
    Message(Name),
    /// Another case: the one that called this one, was called by it, or sent it a message.
    Case {
        /// Which one.
        case: CaseId,
        /// How many cases have set each other off, this one included, since something else did.
        #[serde(default, skip_serializing_if = "is_first")]
        hops: u32,
    },
    /// A program that did a job.
    Worker(Name),
    /// An administrator's repair or a change of calendar.
    Administrator(Name),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_first(hops: &u32) -> bool {
    *hops == 0
}

impl Actor {
    /// A person who acts for themself.
    pub fn person(name: &str) -> Self {
        Self::Person { person: name.into(), deputy_for: None }
    }

    /// The person who acted, if it was one.
    pub fn as_person(&self) -> Option<&Name> {
        match self {
            Self::Person { person, .. } => Some(person),
            Self::Clock | Self::Message(_) | Self::Case { .. } | Self::Worker(_) | Self::Administrator(_) => None,
        }
    }

    /// How many cases have set each other off since a person, a program, the clock or a message from outside did.
    pub fn hops(&self) -> u32 {
        match self {
            Self::Case { hops, .. } => *hops,
            Self::Person { .. } | Self::Clock | Self::Message(_) | Self::Worker(_) | Self::Administrator(_) => 0,
        }
    }

    /// Whom the person stood in for, if it was a deputy.
    pub fn deputy_for(&self) -> Option<&Name> {
        match self {
            Self::Person { deputy_for, .. } => deputy_for.as_ref(),
            Self::Clock | Self::Message(_) | Self::Case { .. } | Self::Worker(_) | Self::Administrator(_) => None,
        }
    }
}

/// The case that called this one, and the visit that waits there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Caller {
    /// The calling case.
    pub case: CaseId,
    /// The visit that waits for the outcome.
    pub visit: VisitId,
}

/// Which line of the definition moved the case: the edge taken, not only the places visited.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cause {
    /// What kind of edge.
    pub edge: Edge,
    /// The step that declares the edge; empty for the process itself.
    pub step: Name,
    /// The line in the version's definition, from 1.
    pub line: u32,
}

/// The kinds of edges between steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// The start of the case.
    Start,
    /// The first step of a stage, or a branch or item of a step that has several.
    Inside,
    /// An action that a person took.
    Action(Name),
    /// A rung of the deadline's ladder, from 0.
    Rung(u16),
    /// A branch of `choose`, or an entry of a `goto` list, from 0.
    Branch(u16),
    /// The step was done and its `goto`, or the order of steps, said what is next.
    Next,
    /// The step did not apply (`when`), so the case went on.
    Skipped,
    /// `repeat` asked for another round.
    Repeat,
    /// A listener, from 0 in the step's list.
    Listener(u16),
    /// An effect: `finish`, `leave`, `add`, `drop`.
    Effect,
    /// The join held, so the rest was cancelled.
    Join,
    /// The called case closed without a fitting branch, or the job gave up.
    Failed,
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It did what it was for.
    Done,
    /// The case went elsewhere, or the step was cancelled.
    Left,
}
