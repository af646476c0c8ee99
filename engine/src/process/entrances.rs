//! What reaches a process from outside: the messages that its cases hear or begin with, and its schedules.

use super::{Entrance, Process};
use crate::clauses::listen::{Listener, Listens};
use crate::ids::Name;
use crate::schedule::Schedule;
use crate::steps::Kind;
use crate::steps::wait::Wait;

impl Process {
    /// Whether a case may wait or listen for a message somewhere.
    pub fn hears(&self, message: &Name) -> bool {
        let listens =
            |listener: &Listener| matches!(&listener.to, Listens::Message { message: name, .. } if name == message);
        let waits = |kind: &Kind| matches!(kind, Kind::Wait(Wait::Message { message: name, .. }) if name == message);
        self.listeners.iter().any(listens)
            || self.steps.iter().any(|step| waits(&step.kind) || step.listeners.iter().any(listens))
    }

    /// Whether a message opens a case.
    pub fn opens_on(&self, message: &Name) -> bool {
        self.start.also.iter().any(|entrance| match entrance {
            Entrance::Message(name) => name == message,
            Entrance::Public(_) | Entrance::Schedule(_) => false,
        })
    }

    /// The schedules by which cases begin, with their numbers.
    pub fn schedules(&self) -> impl Iterator<Item = (u16, &Schedule)> {
        let schedules = self.start.also.iter().filter_map(|entrance| match entrance {
            Entrance::Schedule(schedule) => Some(&**schedule),
            Entrance::Message(_) | Entrance::Public(_) => None,
        });
        (0u16..).zip(schedules)
    }
}
