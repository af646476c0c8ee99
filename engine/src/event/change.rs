//! What an event changes, for whoever watches a case: a look costs, and most events change nothing that is watched.

use super::{Event, Fields};
use crate::ids::VisitId;

/// What an event changes of what may be watched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'e> {
    /// Nothing: it tells, sends or counts, or hands a task to somebody.
    Nothing,
    /// Fields of a visit, or the case's own when the visit is 0.
    Fields(VisitId, &'e Fields),
    /// A visit begins, goes on or ends: its alarms and conditions, and where the case is.
    Stay(VisitId),
    /// When a visit's deadline ends, and with it its alarms.
    Limit(VisitId),
    /// The alarms of a visit, or the case's own when the visit is 0.
    Alarms(VisitId),
    /// What was done in the case: the items of an `each`, the actions taken.
    Course,
    /// Everything.
    All,
}

impl Event {
    /// What it changes of what may be watched.
    pub fn change(&self) -> Change<'_> {
        match self {
            Self::FieldsSet { visit, values } => Change::Fields(*visit, values),
            Self::StepEntered { visit, .. }
            | Self::StepLeft { visit, .. }
            | Self::StepPassed { visit }
            | Self::LockTaken { visit, .. } => Change::Stay(*visit),
            Self::DeadlineSet { visit, .. } | Self::DeadlineMoved { visit, .. } => Change::Limit(*visit),
            Self::DeadlinePaused { visit }
            | Self::RungPassed { visit, .. }
            | Self::TimerSet { visit, .. }
            | Self::TimerPassed { visit, .. } => Change::Alarms(*visit),
            Self::ActionTaken { .. } | Self::ItemAdded { .. } | Self::ItemDropped { .. } => Change::Course,
            Self::CaseOpened { .. } | Self::ActionWithdrawn { .. } => Change::All,
            Self::StepSkipped { .. }
            | Self::TaskOffered { .. }
            | Self::TaskAssigned { .. }
            | Self::TaskReleased { .. }
            | Self::ListenerHeard { .. }
            | Self::ConditionTurned { .. }
            | Self::MessageTaken { .. }
            | Self::ChildOpened { .. }
            | Self::ChildClosed { .. }
            | Self::ChildCancelled { .. }
            | Self::JobQueued { .. }
            | Self::JobDone { .. }
            | Self::JobFailed { .. }
            | Self::LockAwaited { .. }
            | Self::Notified { .. }
            | Self::WebhookRaised { .. }
            | Self::DocumentFiled { .. }
            | Self::Marked { .. }
            | Self::CaseStarted { .. }
            | Self::MessageSent { .. }
            | Self::Urged { .. }
            | Self::UrgencyRaised { .. }
            | Self::IncidentRaised { .. }
            | Self::CaseClosed { .. }
            | Self::PrivateRemoved => Change::Nothing,
        }
    }
}
