//! Who holds how many tasks of the case: counted when it is first asked, and kept as tasks change hands.

use super::{Workload, workload};
use crate::case::Case;
use crate::event::Event;
use crate::ids::{Name, VisitId};

/// The tasks that people hold in one case.
#[derive(Debug)]
pub(super) struct Tally {
    began: Workload,
    now: Workload,
}

impl Tally {
    /// The tasks of the case before the command, and as it is now.
    pub(super) fn of(began: &Case, case: &Case) -> Self {
        Self { began: workload(std::iter::once(began)), now: workload(std::iter::once(case)) }
    }

    /// How many tasks somebody holds who held `stored` in all cases before the command.
    pub(super) fn count(&self, person: &Name, stored: u32) -> u32 {
        let of = |tasks: &Workload| tasks.get(person).copied().unwrap_or(0);
        stored.saturating_sub(of(&self.began)).saturating_add(of(&self.now))
    }

    /// A task was in the hands of one and is in those of another.
    pub(super) fn shift(&mut self, from: Option<&Name>, to: Option<&Name>) {
        if from == to {
            return;
        }
        if let Some(left) = from.and_then(|person| self.now.get_mut(person)) {
            *left = left.saturating_sub(1);
        }
        if let Some(person) = to {
            *self.now.entry(person.clone()).or_default() += 1;
        }
    }
}

/// What an event may do to those who hold tasks.
pub(super) enum Hands {
    /// Nothing.
    Same,
    /// The task of a visit may change hands.
    Of(VisitId),
    /// All may.
    All,
}

impl Hands {
    pub(super) fn of(event: &Event) -> Self {
        if let Event::TaskAssigned { visit, .. } | Event::TaskReleased { visit } | Event::StepLeft { visit, .. } = event
        {
            return Self::Of(*visit);
        }
        // A step that is entered again has a new task, which nobody holds.
        if matches!(event, Event::CaseOpened { .. } | Event::ActionWithdrawn { .. }) { Self::All } else { Self::Same }
    }
}

/// Who holds the task of a visit.
pub(super) fn holder(case: &Case, visit: VisitId) -> Option<&Name> {
    case.visits.get(&visit)?.task.as_ref()?.holder.as_ref()
}
