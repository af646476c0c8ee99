//! After the works: conditions that now hold, and tasks that now belong to others.

use super::Process;
use crate::clauses::listen::{self, Listener};
use crate::formula::Formula;
use crate::ids::VisitId;
use crate::moment::Moment;
use crate::steps::Kind;
use crate::steps::wait::Wait;

impl Process {
    /// Looks at each visit that what happened may concern. Answers whether there is more to do.
    pub(super) fn settle(&self, moment: &mut Moment<'_>) -> bool {
        if !moment.case.is_open() {
            return false;
        }
        let mut any = false;
        for visit in moment.visits_to_look_at() {
            if moment.visit(visit).is_some_and(crate::case::Visit::awaits_lock) {
                continue;
            }
            if moment.is_first_look(visit) {
                let step = self.step_of(moment, visit).map(|(_, step)| step);
                if step.is_none() && visit != VisitId::CASE {
                    continue;
                }
                let listeners = step.map_or(&self.listeners, |step| &step.listeners);
                let own = step.map_or_else(Vec::new, |step| watched(&step.kind));
                let heard = listeners.iter().filter_map(Listener::condition);
                heard.chain(own).for_each(|formula| moment.watch(visit, formula));
            }
            any |= self.look(moment, visit);
        }
        any
    }

    fn look(&self, moment: &mut Moment<'_>, visit: VisitId) -> bool {
        if visit == VisitId::CASE {
            return listen::look(&self.listeners, moment, visit);
        }
        let Some((_, step)) = self.step_of(moment, visit) else { return false };
        let has_heard = listen::look(&step.listeners, moment, visit);
        let holds = match &step.kind {
            Kind::Wait(wait) => wait.look(moment, visit),
            Kind::Task(task) => {
                task.renew(moment, visit);
                false
            }
            Kind::Stage(_)
            | Kind::Parallel(_)
            | Kind::Each(_)
            | Kind::Call(_)
            | Kind::Job(_)
            | Kind::Choose(_)
            | Kind::Decide(_)
            | Kind::Do(_)
            | Kind::Close(_) => step.kind.gather().is_some_and(|gather| gather.look(moment, visit)),
        };
        if holds {
            // What it leads to may leave it as it is: then it still holds.
            moment.look_again(visit);
        }
        has_heard || holds
    }
}

/// What a step of a kind looks at by itself.
fn watched(kind: &Kind) -> Vec<&Formula> {
    match kind {
        Kind::Wait(Wait::When(formula)) => vec![formula],
        Kind::Task(task) => task.by.formulas(),
        Kind::Wait(Wait::Message { .. } | Wait::For(_) | Wait::Until(_))
        | Kind::Stage(_)
        | Kind::Parallel(_)
        | Kind::Each(_)
        | Kind::Call(_)
        | Kind::Job(_)
        | Kind::Choose(_)
        | Kind::Decide(_)
        | Kind::Do(_)
        | Kind::Close(_) => kind.gather().and_then(|gather| gather.join.condition()).into_iter().collect(),
    }
}
