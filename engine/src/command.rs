//! What somebody or something asks of a case.

use serde::{Deserialize, Serialize};

use crate::event::{Actor, Caller, Fields};
use crate::ids::{CaseId, Name, VisitId};

/// A wish and who has it. Whether it comes true is for `decide` to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Who asks.
    pub by: Actor,
    /// What is asked.
    pub ask: Ask,
}

/// What can be asked of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Begin a new case.
    Open {
        /// The id it will have.
        case: CaseId,
        /// By which of the process's starts.
        start: StartedBy,
        /// What is known at the start.
        fields: Fields,
        /// The next free number of the process's series (`Process::series`).
        serial: u64,
    },
    /// Take an action.
    TakeAction {
        /// The visit where the person stands; it may be left out when only one offers the action.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visit: Option<VisitId>,
        /// The action.
        action: Name,
        /// The form as filled in.
        fields: Fields,
        /// The signature, for actions that need a seal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<String>,
    },
    /// Take a task from the pool.
    Claim {
        /// The task's visit.
        visit: VisitId,
    },
    /// Put a task back. The clock does it for a holder whom the organisation does not know any more.
    Release {
        /// The task's visit.
        visit: VisitId,
    },
    /// Pass a task on for good (转办).
    HandOn {
        /// The task's visit.
        visit: VisitId,
        /// To whom.
        to: Name,
    },
    /// Ask somebody to do it, with the answer coming back (委派).
    Delegate {
        /// The task's visit.
        visit: VisitId,
        /// To whom.
        to: Name,
    },
    /// Give a delegated task back to who asked.
    Answer {
        /// The task's visit.
        visit: VisitId,
    },
    /// Take the last action back (撤回).
    Withdraw,
    /// Give a visit the lock across cases that it waits for: no other holds it, and none has waited longer.
    GiveLock {
        /// The visit that waits.
        visit: VisitId,
    },
    /// Let everything that is due by now happen.
    Wake,
    /// A message from outside or from another case.
    Deliver {
        /// Its name.
        message: Name,
        /// What it carries.
        fields: Fields,
    },
    /// The called case closed.
    CloseChild {
        /// The visit that waits for it.
        visit: VisitId,
        /// The other case.
        child: CaseId,
        /// How it ended.
        outcome: Name,
        /// What it knew at the end.
        fields: Fields,
    },
    /// End this case because the case that called it went elsewhere.
    Cancel,
    /// A program finished a job.
    FinishJob {
        /// The visit that waits for it.
        visit: VisitId,
        /// What came out.
        fields: Fields,
    },
    /// A program could not do a job.
    FailJob {
        /// The visit that waits for it.
        visit: VisitId,
        /// Why.
        reason: String,
    },
    /// Compute open deadlines again, because a calendar changed.
    Recalculate,
}

/// By which way a case begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartedBy {
    /// A person who holds the starting role.
    Person,
    /// The public, by a form's name.
    Public(Name),
    /// A message, by its name.
    Message(Name),
    /// A schedule of the process, from 0.
    Schedule(u16),
    /// Another case that waits for the outcome.
    Call(Caller),
    /// Another case that does not wait.
    Case,
}
