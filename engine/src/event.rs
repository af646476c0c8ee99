//! What happened to a case: the only truth, written once and readable for ever.

mod cause;
mod change;
mod due;
mod held;
mod transition;
mod work;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, Name, VisitId};

pub use cause::{Actor, Caller, Cause, Edge, Ending};
pub use change::Change;
pub use due::{Due, Light, Moved};
pub use held::{Fields, Held};
pub use transition::Transition;
pub use work::{Assigned, Candidate, Item, Job, Way};

/// The version of the shapes of events; a stored transition names the one it was written with.
pub const EVENT_VERSION: u16 = 1;

/// One thing that happened. Names are past; whatever was computed is inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The case began.
    CaseOpened {
        /// Which case.
        case: CaseId,
        /// Which process.
        process: Name,
        /// Which version of it, as a digest of its text.
        version: Name,
        /// The number people use.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Name>,
        /// The case that called this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caller: Option<Caller>,
    },
    /// Fields got values; those of a visit when `visit` is not 0.
    FieldsSet {
        /// Whose fields.
        visit: VisitId,
        /// The new values.
        values: Fields,
    },
    /// The case entered a step.
    StepEntered {
        /// The stay that begins.
        visit: VisitId,
        /// The step.
        step: Name,
        /// The visit around it, 0 for the outermost.
        parent: VisitId,
        /// Which edge led here.
        cause: Cause,
        /// The item, inside an `each`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Item>,
        /// The visit that was left for this one: where `back` leads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<VisitId>,
        /// The earlier visit that this one goes on with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resumes: Option<VisitId>,
    },
    /// The case left a step.
    StepLeft {
        /// The stay that ended.
        visit: VisitId,
        /// The step, for readers of the history.
        step: Name,
        /// Whether it was done or abandoned.
        how: Ending,
        /// The outermost visit that was left with it, when `back` may come to it again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<VisitId>,
    },
    /// A join held and the case went on, while the rest goes on as well.
    StepPassed {
        /// The visit whose branches or items go on.
        visit: VisitId,
    },
    /// A step did not apply and was passed over.
    StepSkipped {
        /// The step.
        step: Name,
        /// The visit around it.
        parent: VisitId,
        /// Which edge led to it.
        cause: Cause,
    },
    /// A person took an action.
    ActionTaken {
        /// Where the person stood.
        visit: VisitId,
        /// The visit of the step that declares the action.
        scope: VisitId,
        /// The step that declares it.
        step: Name,
        /// The action.
        action: Name,
        /// The line in the version's definition.
        line: u32,
        /// The person's signature over what was signed, for actions that need a seal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<String>,
    },
    /// The last action was taken back: the case is as it was before.
    ActionWithdrawn {
        /// The transition that is undone.
        sequence: u32,
    },
    /// A task is open to these people.
    TaskOffered {
        /// The visit that waits.
        visit: VisitId,
        /// Who may do it.
        to: Vec<Candidate>,
        /// Whether none of these is in the organisation.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unstaffed: bool,
    },
    /// A task came to one person.
    TaskAssigned {
        /// The visit that waits.
        visit: VisitId,
        /// Who holds it now.
        to: Name,
        /// How it came to be.
        how: Assigned,
    },
    /// A task went back to everyone who may do it.
    TaskReleased {
        /// The visit that waits.
        visit: VisitId,
    },
    /// A deadline began to run.
    DeadlineSet {
        /// The visit it belongs to.
        visit: VisitId,
        /// When it ends and why.
        due: Due,
    },
    /// A deadline got a new due time.
    DeadlineMoved {
        /// The visit it belongs to.
        visit: VisitId,
        /// Why.
        why: Moved,
        /// The light from now on.
        light: Light,
        /// When it ends now.
        due: Due,
    },
    /// The clock of a deadline stands still.
    DeadlinePaused {
        /// The visit it belongs to.
        visit: VisitId,
    },
    /// A rung of a deadline was reached.
    RungPassed {
        /// The visit of the deadline.
        visit: VisitId,
        /// The step that has the deadline.
        step: Name,
        /// The rung, from 0.
        rung: u16,
        /// When it was to be.
        at: Timestamp,
        /// The line in the version's definition.
        line: u32,
        /// The light it switched on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        light: Option<Light>,
        /// When it comes again, for a repeated rung.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Timestamp>,
    },
    /// An instant to wake at was set: of a `wait`, or of a listener.
    TimerSet {
        /// The visit that waits, 0 for the process's own listeners.
        visit: VisitId,
        /// Which timer of it.
        timer: u16,
        /// When.
        at: Timestamp,
    },
    /// A timer was reached, and perhaps set again.
    TimerPassed {
        /// The visit it belongs to.
        visit: VisitId,
        /// Which timer of it.
        timer: u16,
        /// When it comes again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Timestamp>,
    },
    /// A listener answered to a message, an instant or a condition.
    ListenerHeard {
        /// The visit it belongs to, 0 for the process.
        visit: VisitId,
        /// The listener, from 0.
        listener: u16,
        /// The line in the version's definition.
        line: u32,
    },
    /// A condition that a listener watches turned true or false.
    ConditionTurned {
        /// The visit it belongs to, 0 for the process.
        visit: VisitId,
        /// The listener, from 0.
        listener: u16,
        /// What it is now.
        holds: bool,
    },
    /// A message reached the case.
    MessageTaken {
        /// Its name.
        message: Name,
        /// The visit that waited for it, 0 for a listener of the process.
        visit: VisitId,
    },
    /// An item joined a running `each`.
    ItemAdded {
        /// The visit of the `each`.
        visit: VisitId,
        /// The item.
        item: Item,
    },
    /// An item was taken off a running `each`.
    ItemDropped {
        /// The visit of the `each`.
        visit: VisitId,
        /// The item's index.
        index: u32,
    },
    /// A `call` opened another case.
    ChildOpened {
        /// The visit that waits.
        visit: VisitId,
        /// The other case.
        child: CaseId,
        /// Its process.
        process: Name,
        /// What it was given.
        fields: Fields,
    },
    /// The called case closed.
    ChildClosed {
        /// The visit that waited.
        visit: VisitId,
        /// How it ended.
        outcome: Name,
    },
    /// The called case is no longer wanted.
    ChildCancelled {
        /// The visit that waited.
        visit: VisitId,
        /// The other case.
        child: CaseId,
    },
    /// A job was given to a program.
    JobQueued {
        /// The visit that waits.
        visit: VisitId,
        /// What is to be done.
        job: Job,
    },
    /// A program finished a job.
    JobDone {
        /// The visit that waited.
        visit: VisitId,
    },
    /// A try of a job failed.
    JobFailed {
        /// The visit that waits.
        visit: VisitId,
        /// What the program said.
        reason: String,
        /// How many tries are left.
        tries_left: u16,
        /// When it is tried again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry: Option<Timestamp>,
    },
    /// A visit waits for a lock.
    LockAwaited {
        /// The visit that waits.
        visit: VisitId,
        /// The lock.
        lock: Name,
        /// Whether all cases of the process share it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        across: bool,
    },
    /// A visit got a lock.
    LockTaken {
        /// The visit that holds it.
        visit: VisitId,
        /// The lock.
        lock: Name,
    },
    /// Something is to be told.
    Notified {
        /// To whom.
        to: Vec<Candidate>,
        /// In which words.
        template: Name,
        /// By which ways.
        ways: Vec<Way>,
        /// The visit it is about.
        visit: VisitId,
    },
    /// A signed event is to be sent to a connection.
    WebhookRaised {
        /// The connection.
        connection: Name,
        /// The event's type.
        kind: Name,
        /// What is told.
        fields: Fields,
    },
    /// A document is to be made and filed.
    DocumentFiled {
        /// Its template.
        template: Name,
        /// The unit it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Name>,
        /// The visit it is about.
        visit: VisitId,
    },
    /// An entry for the assessment ledger.
    Marked {
        /// Its kind.
        kind: Name,
        /// The unit it counts for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<Name>,
        /// The person it counts for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<Name>,
        /// The instant it is for, when that is not the transition's: a limit passed while nobody looked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// Another process was started.
    CaseStarted {
        /// The new case.
        other: CaseId,
        /// Its process.
        process: Name,
        /// What it was given.
        fields: Fields,
    },
    /// A message was sent to other cases.
    MessageSent {
        /// Its name.
        message: Name,
        /// The number of the case it is for; to every case that waits or listens, and to processes that begin with it,
        /// when missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Name>,
        /// What it carries.
        fields: Fields,
    },
    /// Whoever the case waits for was urged.
    Urged {
        /// Who.
        to: Vec<Candidate>,
    },
    /// The case became more urgent.
    UrgencyRaised {
        /// To what.
        to: Name,
    },
    /// Something needs an administrator.
    IncidentRaised {
        /// The visit that stands still.
        visit: VisitId,
        /// What stands still, and why.
        text: String,
    },
    /// The case ended.
    CaseClosed {
        /// How.
        outcome: Name,
    },
    /// The private values of everything before were removed for good.
    PrivateRemoved,
}
