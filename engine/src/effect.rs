//! What is to be done outside a case after its events are stored.

use serde::{Deserialize, Serialize};

use crate::event::{Caller, Candidate, Event, Fields, Job, Way};
use crate::ids::{CaseId, Name, VisitId};

/// The template of the notice to whoever is urged.
pub const URGED: &str = "urged";

/// Something to be done, at least once; the receiver drops second copies by the key that the outbox gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Tell people something.
    Notify {
        /// Whom.
        to: Vec<Candidate>,
        /// In which words.
        template: Name,
        /// By which ways.
        ways: Vec<Way>,
    },
    /// Send a signed event to a connection.
    SendWebhook {
        /// The connection.
        connection: Name,
        /// The event's type.
        kind: Name,
        /// What is told.
        fields: Fields,
    },
    /// Make a document and file it.
    MakeDocument {
        /// Its template.
        template: Name,
        /// The unit it is for.
        to: Option<Name>,
    },
    /// Open another case.
    OpenCase {
        /// The new case.
        case: CaseId,
        /// Its process.
        process: Name,
        /// What it is given.
        fields: Fields,
        /// The visit that waits for it, if one does.
        waits: Option<VisitId>,
    },
    /// Tell a called case that it is no longer wanted.
    CancelCase {
        /// The other case.
        case: CaseId,
    },
    /// Tell the calling case how this one ended.
    TellCaller {
        /// Who waits.
        caller: Caller,
        /// How it ended.
        outcome: Name,
    },
    /// Send a message to other cases.
    SendMessage {
        /// Its name.
        message: Name,
        /// The number of the case it is for.
        to: Option<Name>,
        /// What it carries.
        fields: Fields,
    },
    /// Have a job done.
    QueueJob {
        /// The visit that waits.
        visit: VisitId,
        /// The job.
        job: Job,
    },
}

/// What an event asks to be done outside, read once when the event is first stored.
///
/// `caller` is the case that called the one the event belongs to.
pub fn effects(event: &Event, caller: Option<&Caller>) -> Option<Effect> {
    match event {
        Event::Notified { to, template, ways, visit: _ } => {
            Some(Effect::Notify { to: to.clone(), template: template.clone(), ways: ways.clone() })
        }
        Event::WebhookRaised { connection, kind, fields } => {
            Some(Effect::SendWebhook { connection: connection.clone(), kind: kind.clone(), fields: fields.clone() })
        }
        Event::DocumentFiled { template, to, visit: _ } => {
            Some(Effect::MakeDocument { template: template.clone(), to: to.clone() })
        }
        Event::ChildOpened { visit, child, process, fields } => Some(Effect::OpenCase {
            case: *child,
            process: process.clone(),
            fields: fields.clone(),
            waits: Some(*visit),
        }),
        Event::CaseStarted { other, process, fields } => {
            Some(Effect::OpenCase { case: *other, process: process.clone(), fields: fields.clone(), waits: None })
        }
        Event::ChildCancelled { visit: _, child } => Some(Effect::CancelCase { case: *child }),
        Event::CaseClosed { outcome } => {
            caller.map(|caller| Effect::TellCaller { caller: caller.clone(), outcome: outcome.clone() })
        }
        Event::MessageSent { message, to, fields } => {
            Some(Effect::SendMessage { message: message.clone(), to: to.clone(), fields: fields.clone() })
        }
        Event::JobQueued { visit, job } => Some(Effect::QueueJob { visit: *visit, job: job.clone() }),
        Event::Urged { to } => {
            Some(Effect::Notify { to: to.clone(), template: Name::new(URGED), ways: vec![Way::Inbox] })
        }
        Event::CaseOpened { .. }
        | Event::FieldsSet { .. }
        | Event::StepEntered { .. }
        | Event::StepLeft { .. }
        | Event::StepSkipped { .. }
        | Event::StepPassed { .. }
        | Event::ActionTaken { .. }
        | Event::ActionWithdrawn { .. }
        | Event::TaskOffered { .. }
        | Event::TaskAssigned { .. }
        | Event::TaskReleased { .. }
        | Event::DeadlineSet { .. }
        | Event::DeadlineMoved { .. }
        | Event::DeadlinePaused { .. }
        | Event::RungPassed { .. }
        | Event::TimerSet { .. }
        | Event::TimerPassed { .. }
        | Event::ListenerHeard { .. }
        | Event::ConditionTurned { .. }
        | Event::MessageTaken { .. }
        | Event::ItemAdded { .. }
        | Event::ItemDropped { .. }
        | Event::ChildClosed { .. }
        | Event::JobDone { .. }
        | Event::JobFailed { .. }
        | Event::LockAwaited { .. }
        | Event::LockTaken { .. }
        | Event::Marked { .. }
        | Event::UrgencyRaised { .. }
        | Event::IncidentRaised { .. }
        | Event::PrivateRemoved => None,
    }
}
