//! What an event holds of all that people and programs gave.

use std::collections::BTreeMap;

use super::Event;
use crate::ids::Name;
use crate::value::Value;

/// Fields by name, as they were set.
pub type Fields = BTreeMap<Name, Value>;

/// Values in an event, each where it stands.
#[derive(Debug)]
pub enum Held<'a> {
    /// Fields of the case or of a visit, by the names that the process declares.
    Set(&'a mut Fields),
    /// Fields on their way to somebody else, by whatever names they have there.
    Carried(&'a mut Fields),
    /// The value of an item.
    Item(&'a mut Value),
    /// A sentence or an address that may quote a value.
    Said(&'a mut String),
}

impl Event {
    /// The values in it, fields at most once and others at most once; none when it only has names, places and instants.
    pub fn held(&mut self) -> Vec<Held<'_>> {
        match self {
            Self::FieldsSet { visit: _, values } => vec![Held::Set(values)],
            Self::ChildOpened { fields, .. }
            | Self::WebhookRaised { fields, .. }
            | Self::CaseStarted { fields, .. }
            | Self::MessageSent { fields, .. } => vec![Held::Carried(fields)],
            Self::JobQueued { visit: _, job } => {
                let address = job.request.as_mut().map(|(_, address)| Held::Said(address));
                address.into_iter().chain([Held::Carried(&mut job.fields)]).collect()
            }
            Self::StepEntered { item, .. } => item.iter_mut().map(|item| Held::Item(&mut item.value)).collect(),
            Self::ItemAdded { visit: _, item } => vec![Held::Item(&mut item.value)],
            Self::JobFailed { reason, .. } => vec![Held::Said(reason)],
            Self::IncidentRaised { visit: _, text } => vec![Held::Said(text)],
            Self::CaseOpened { .. }
            | Self::StepLeft { .. }
            | Self::StepPassed { .. }
            | Self::StepSkipped { .. }
            | Self::ActionTaken { .. }
            | Self::ActionWithdrawn { .. }
            | Self::TaskOffered { .. }
            | Self::TaskAssigned { .. }
            | Self::TaskReleased { .. }
            | Self::DeadlineSet { .. }
            | Self::DeadlineMoved { .. }
            | Self::DeadlinePaused { .. }
            | Self::RungPassed { .. }
            | Self::TimerSet { .. }
            | Self::TimerPassed { .. }
            | Self::ListenerHeard { .. }
            | Self::ConditionTurned { .. }
            | Self::MessageTaken { .. }
            | Self::ItemDropped { .. }
            | Self::ChildClosed { .. }
            | Self::ChildCancelled { .. }
            | Self::JobDone { .. }
            | Self::LockAwaited { .. }
            | Self::LockTaken { .. }
            | Self::Notified { .. }
            | Self::DocumentFiled { .. }
            | Self::Marked { .. }
            | Self::Urged { .. }
            | Self::UrgencyRaised { .. }
            | Self::CaseClosed { .. }
            | Self::PrivateRemoved => Vec::new(),
        }
    }
}
