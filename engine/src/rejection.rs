//! Why a command was refused. The case is unchanged.

use serde::Serialize;

use crate::event::Candidate;
use crate::ids::{Name, VisitId};

/// A refusal, for the caller of a command.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Rejection {
    /// The case has ended.
    #[error("the case is closed")]
    CaseClosed,
    /// There is no such visit now.
    #[error("the case is not at visit {visit} any more")]
    NoSuchVisit {
        /// What was asked for.
        visit: VisitId,
    },
    /// The action is not on offer where the case is.
    #[error("there is no action `{action}` here{}", suggestion(.nearest))]
    NoSuchAction {
        /// What was asked for.
        action: Name,
        /// What was probably meant.
        nearest: Option<Name>,
    },
    /// The action is on offer at several visits and none was named.
    #[error("`{action}` is on offer at several places; name the visit")]
    Ambiguous {
        /// What was asked for.
        action: Name,
        /// Where it is on offer.
        visits: Vec<VisitId>,
    },
    /// The person does not have the role.
    #[error("{person} may not do this")]
    NotAllowed {
        /// Who asked.
        person: Name,
        /// Who may.
        allowed: Vec<Candidate>,
    },
    /// The person did another step and so may not do this one.
    #[error("{person} did `{step}` and may not do this step as well")]
    Separation {
        /// Who asked.
        person: Name,
        /// The step they did.
        step: Name,
    },
    /// Only the person who did another step may do this one.
    #[error("only the person who did `{step}` may do this")]
    SamePersonNeeded {
        /// The step.
        step: Name,
    },
    /// Somebody else holds the task.
    #[error("{holder} holds this task")]
    HeldByOther {
        /// Who.
        holder: Name,
    },
    /// Nobody holds the task, so it cannot be given away.
    #[error("nobody holds this task")]
    NotHeld,
    /// The process does not want this.
    #[error("the process does not allow `{verb}` here")]
    Forbidden {
        /// What.
        verb: Name,
    },
    /// A required field is missing.
    #[error("`{field}` is required")]
    FieldMissing {
        /// Which.
        field: Name,
        /// What people call it.
        #[serde(rename = "field_title")]
        title: Name,
    },
    /// A field is not part of the form.
    #[error("`{field}` is not part of this form{}", suggestion(.nearest))]
    FieldUnknown {
        /// Which.
        field: Name,
        /// What was probably meant.
        nearest: Option<Name>,
    },
    /// A value does not fit its field.
    #[error("`{field}`: {message}")]
    FieldWrong {
        /// Which.
        field: Name,
        /// What is wrong.
        message: String,
    },
    /// A requirement of the action does not hold.
    #[error("{message}")]
    Requirement {
        /// The administrator's words.
        message: String,
    },
    /// The action was taken as often as allowed.
    #[error("`{action}` may be taken {at_most} time(s) here")]
    TooOften {
        /// The action.
        action: Name,
        /// How often it may be.
        at_most: u32,
    },
    /// The action needs the person's confirmation.
    #[error("`{action}` needs the person's own confirmation")]
    SealMissing {
        /// The action.
        action: Name,
    },
    /// There is nothing to take back, or something has happened since.
    #[error("there is nothing of yours to take back")]
    NothingToWithdraw,
    /// The process cannot begin this way.
    #[error("the process does not start this way")]
    NoSuchStart,
    /// Nothing here waits for this.
    #[error("the case does not wait for this")]
    NotAwaited,
    /// The organisation does not know the person, unit or duty.
    #[error("the organisation does not know `{name}`")]
    Unknown {
        /// What was named.
        name: Name,
    },
    /// The definition kept the case moving without end.
    #[error("the case would move without end: more than {steps_max} steps in one transition")]
    Endless {
        /// The limit.
        steps_max: usize,
    },
}

fn suggestion(nearest: &Option<Name>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}
