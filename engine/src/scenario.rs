//! Scenarios: tests that an administrator writes, run in virtual time and without outside effect.

mod cast;
mod coverage;
mod expect;
mod expectations;
mod play;
mod read;
mod stage;
mod values;
mod words;

pub use coverage::{Coverage, Covered};

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::diagnostic::{Diagnostic, Span};
use crate::event::Fields;
use crate::ids::Name;
use crate::library::Library;
use crate::organization::Absence;
use crate::time::Span as Length;
use crate::value::Value;

/// A scenario, ready to be played.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is about.
    pub name: Name,
    /// The process it starts.
    pub process: Name,
    /// The requirements it shows.
    pub covers: Vec<Name>,
    /// When it begins.
    pub at: Timestamp,
    /// Who starts it: a role or a person.
    pub by: Option<Name>,
    /// How the case begins.
    pub start: Opening,
    /// Who is away, beside those of the organisation.
    pub absences: Vec<Absence>,
    /// What happens then.
    pub acts: Vec<Act>,
    /// Where it stands.
    pub span: Span,
}

/// How a scenario's case begins.
#[derive(Clone, Debug)]
pub struct Opening {
    /// By a message; by a person when neither this nor `public` is there.
    pub message: Option<Name>,
    /// By a form for the public.
    pub public: Option<Name>,
    /// What is known.
    pub fields: Fields,
    /// The rejection that is expected.
    pub rejected: Option<Name>,
    /// Where it stands.
    pub span: Span,
}

/// One line of a scenario.
#[derive(Clone, Debug)]
pub struct Act {
    /// What happens or is expected.
    pub what: What,
    /// Where it stands.
    pub span: Span,
}

/// What a line of a scenario does.
#[derive(Clone, Debug)]
pub enum What {
    /// Somebody takes an action.
    Take {
        /// The action.
        action: Name,
        /// The form as filled in.
        fields: Fields,
        /// Who, where, and whether it is refused.
        doing: Doing,
    },
    /// Somebody does something to a task.
    Verb {
        /// `claim`, `release`, `hand_on`, `delegate`, `answer`, `withdraw`.
        verb: Name,
        /// The other person.
        to: Option<Name>,
        /// Who, where, and whether it is refused.
        doing: Doing,
    },
    /// Time passes.
    Wait(Length),
    /// Time passes until an instant.
    Until(Timestamp),
    /// A message comes.
    Message {
        /// Its name.
        message: Name,
        /// What it carries.
        fields: Fields,
        /// The rejection that is expected.
        rejected: Option<Name>,
    },
    /// A program finishes the job that the case waits for, or fails at it.
    Job {
        /// What comes out; the reason when it failed.
        outcome: Result<Fields, String>,
    },
    /// Something must be so.
    Expect(Vec<Expectation>),
}

/// Who does something, and where.
#[derive(Clone, Debug, Default)]
pub struct Doing {
    /// A role or a person.
    pub by: Option<Name>,
    /// The step.
    pub step: Option<Name>,
    /// The item of an `each`.
    pub item: Option<Value>,
    /// The rejection that is expected.
    pub rejected: Option<Name>,
}

/// One thing that must be so.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What.
    pub what: Expected,
    /// Where it is written.
    pub span: Span,
}

/// What can be expected of a case.
#[derive(Clone, Debug)]
pub enum Expected {
    /// It is in exactly these innermost steps.
    In(Vec<Name>),
    /// It is in none of these steps.
    NotIn(Vec<Name>),
    /// A deadline here ends then.
    Due(Option<Timestamp>),
    /// A deadline here shows this light.
    Light(Name),
    /// A deadline here is provisional, or is not.
    Provisional(bool),
    /// It ended like this.
    Outcome(Name),
    /// It has not ended, or has.
    Open(bool),
    /// These kinds of marks were made so far, in order.
    Marks(Vec<Name>),
    /// Fields have these values.
    Fields(Fields),
    /// Documents were filed by these templates so far, in order.
    Documents(Vec<Name>),
    /// These templates were sent so far, in order.
    Notified(Vec<Name>),
    /// Somebody may take exactly these actions now.
    May(Name, Vec<Name>),
    /// So many of this process are open or closed.
    Cases(Name, usize),
    /// The holder of the task is this person.
    Holder(Option<Name>),
    /// An administrator was called.
    Incidents(usize),
}

/// How a scenario went.
#[derive(Clone, Debug)]
pub struct Played {
    /// Which.
    pub name: Name,
    /// Its process.
    pub process: Name,
    /// What was not as it should be; nothing when it passed.
    pub failures: Vec<Diagnostic>,
    /// What it saw.
    pub covered: Covered,
}

/// All scenarios of a library, or what is wrong with how they are written.
///
/// # Errors
/// Everything that is wrong.
pub fn read_all(library: &Library) -> Result<Vec<Scenario>, Vec<Diagnostic>> {
    read::read_all(library)
}

impl Scenario {
    /// Plays it from beginning to end, or to a line that cannot be done.
    pub fn play(&self, library: &Library) -> Played {
        play::play(self, library)
    }
}

/// Values by name, from what is written.
pub(crate) type Values = BTreeMap<Name, Value>;
