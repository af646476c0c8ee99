//! What becomes of an entry of the outbox.

use duban_engine::rejection::Rejection;

use super::submission::{Answer, Refusal};

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Done, and noted together with the command that did it.
    Settled,
    /// Done.
    Done,
    /// Nobody wants it any more: why.
    Unwanted(String),
    /// It failed, and may go better later.
    Again(String),
    /// It failed, and would always fail.
    Dead(String),
    /// The database failed, so that nothing can be noted: it is claimed again when its lease ends.
    Left,
    /// It was broken off because the node goes: another one may begin at once.
    BrokenOff,
}

impl Fate {
    /// What becomes of an entry after its command: one whose case has moved on is not wanted any more, and any other that
    /// was refused stands still until somebody looks.
    pub fn of(outcome: Result<Answer, Refusal>) -> Self {
        match outcome {
            Ok(_) => Self::Settled,
            Err(Refusal::Storage(_) | Refusal::Stopped) => Self::Left,
            Err(
                refusal @ Refusal::Rejected(
                    Rejection::CaseClosed | Rejection::NotAwaited | Rejection::NoSuchVisit { .. },
                ),
            ) => Self::Unwanted(refusal.to_string()),
            Err(
                refusal @ (Refusal::Rejected(_)
                | Refusal::NoSuchCase(_)
                | Refusal::CaseExists(_)
                | Refusal::Moved { .. }
                | Refusal::KeyReused
                | Refusal::NoSuchProcess(_)),
            ) => Self::Dead(refusal.to_string()),
        }
    }
}
