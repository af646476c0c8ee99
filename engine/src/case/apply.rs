//! `apply`: how each event changes a case. It sees the event and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::visit::{Deadline, Lock, Outcome, Task, Visit};
use super::{BACK_DEPTH_MAX, Before, Case, Closed, Mark, Performers, Taken};
use crate::event::{Actor, Assigned, Ending, Event, Fields, Item, Light, Moved, Transition};
use crate::ids::{Name, VisitId};

impl Case {
    /// Writes a whole transition into the case.
    pub fn apply_all(&mut self, transition: &Transition) {
        self.begin(transition.sequence);
        for event in &transition.events {
            self.apply(transition.at, &transition.by, event);
        }
    }

    /// Makes the case ready for the events of one transition.
    pub fn begin(&mut self, sequence: u32) {
        self.sequence = sequence;
    }

    /// Writes one event into the case; `at` and `by` are its transition's.
    pub fn apply(&mut self, at: Timestamp, by: &Actor, event: &Event) {
        let is_withdrawal = matches!(event, Event::ActionWithdrawn { .. });
        if !is_withdrawal && self.before.as_ref().is_some_and(|before| before.sequence != self.sequence) {
            self.before = None;
        }
        match event {
            Event::CaseOpened { case: _, process, version, number, caller } => {
                self.process = process.clone();
                self.version = version.clone();
                self.number = number.clone();
                self.caller = caller.clone();
                self.opened = at;
            }
            Event::FieldsSet { visit, values } => {
                let fields = match self.visits.get_mut(visit) {
                    Some(visit) => &mut visit.fields,
                    None if *visit == VisitId::CASE => &mut self.fields,
                    None => return,
                };
                fields.extend(values.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            Event::StepEntered { visit, step, parent, cause: _, item, after, resumes } => {
                self.enter(at, Visit::new(*visit, step.clone(), *parent, at), item, *after, *resumes);
            }
            Event::StepLeft { visit, step: _, how, kept } => self.leave(*visit, *how, *kept),
            Event::ActionTaken { visit: _, scope, step: _, action, line: _, seal: _ } => {
                self.take(at, by, *scope, action);
            }
            Event::ActionWithdrawn { sequence: _ } => self.restore(),
            Event::CaseClosed { outcome } => {
                self.closed = Some(Closed { outcome: outcome.clone(), at });
                self.before = None;
            }
            Event::Marked { kind, unit, person, at: instant } => {
                let (kind, unit, person, sequence) = (kind.clone(), unit.clone(), person.clone(), self.sequence);
                self.marks.push(Mark { kind, unit, person, at: instant.unwrap_or(at), sequence });
            }
            Event::UrgencyRaised { to } => self.urgency = Some(to.clone()),
            Event::ChildOpened { visit, child, process: _, fields: _ } => {
                self.others += 1;
                self.before = None;
                self.change(*visit, |visit| visit.child = Some(*child));
            }
            Event::CaseStarted { .. } => {
                self.others += 1;
                self.before = None;
            }
            Event::JobQueued { .. }
            | Event::MessageSent { .. }
            | Event::WebhookRaised { .. }
            | Event::ChildCancelled { .. } => {
                self.before = None;
                self.apply_to_visit(at, event);
            }
            _ => self.apply_to_visit(at, event),
        }
    }

    /// The events that change one visit only, or nothing.
    fn apply_to_visit(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::TaskOffered { visit, to, unstaffed } => self.change(*visit, |visit| {
                let task = visit.task.get_or_insert_with(Task::default);
                task.offered = to.clone();
                task.unstaffed = *unstaffed;
            }),
            Event::TaskAssigned { visit, to, how } => self.change(*visit, |visit| {
                let task = visit.task.get_or_insert_with(Task::default);
                task.asked_by = match how {
                    Assigned::Delegated => task.holder.take(),
                    Assigned::Claimed | Assigned::Assigned | Assigned::HandedOn | Assigned::Answered => None,
                };
                task.holder = Some(to.clone());
            }),
            Event::TaskReleased { visit } => self.change(*visit, |visit| {
                let task = visit.task.get_or_insert_with(Task::default);
                task.holder = None;
                task.asked_by = None;
            }),
            Event::DeadlineSet { visit, due } => self.change(*visit, |visit| {
                let due = due.clone();
                visit.deadline = Some(Deadline { due, light: Light::Green, paused: None, moved: false, extensions: 0 });
            }),
            Event::DeadlineMoved { visit, why, light, due } => self.change(*visit, |visit| {
                let before = visit.deadline.as_ref();
                let extensions = before.map_or(0, |before| before.extensions) + u32::from(*why == Moved::Extended);
                let (moved, paused) = match why {
                    Moved::Extended => (true, before.and_then(|before| before.paused)),
                    Moved::Resumed => (true, None),
                    Moved::Restarted => (false, None),
                    Moved::Recalculated => {
                        (before.is_some_and(|before| before.moved), before.and_then(|before| before.paused))
                    }
                };
                visit.deadline = Some(Deadline { due: due.clone(), light: *light, paused, moved, extensions });
            }),
            Event::DeadlinePaused { visit } => self.change_deadline(*visit, |deadline| deadline.paused = Some(at)),
            Event::RungPassed { visit, step: _, rung, at: _, line: _, light, next } => {
                self.change_deadline(*visit, |deadline| {
                    if let Some(slot) = deadline.due.rungs.get_mut(usize::from(*rung)) {
                        *slot = *next;
                    }
                    deadline.light = light.unwrap_or(deadline.light);
                });
            }
            Event::TimerSet { visit, timer, at } => self.set_timer(*visit, *timer, Some(*at)),
            Event::TimerPassed { visit, timer, next } => self.set_timer(*visit, *timer, *next),
            Event::ConditionTurned { visit, listener, holds } => match self.visits.get_mut(visit) {
                Some(visit) => {
                    visit.holding.insert(*listener, *holds);
                }
                None => {
                    self.holding.insert(*listener, *holds);
                }
            },
            Event::ItemAdded { visit, item } => self.change(*visit, |visit| visit.waiting.push_back(item.clone())),
            Event::ItemDropped { visit, index } => self.change(*visit, |visit| {
                visit.waiting.retain(|item| item.index != *index);
                visit.results.remove(index);
                // Its index stays used.
                visit.ended.insert((visit.step.clone(), *index), Ending::Left);
            }),
            Event::ChildClosed { visit, outcome: _ } | Event::ChildCancelled { visit, child: _ } => {
                self.change(*visit, |visit| visit.child = None);
            }
            Event::JobQueued { visit, job } => self.change(*visit, |visit| {
                let tries = visit.job.as_ref().map_or(job.tries, |(_, left)| *left);
                visit.job = Some((job.clone(), tries));
            }),
            Event::JobDone { visit } => self.change(*visit, |visit| visit.job = None),
            Event::JobFailed { visit, reason: _, tries_left, retry: _ } => self.change(*visit, |visit| {
                if let Some((_, left)) = &mut visit.job {
                    *left = *tries_left;
                }
            }),
            Event::LockAwaited { visit, lock, across } => self.change(*visit, |visit| {
                // What waits has not begun, also when it is come back to.
                let (item, after) = (visit.item.take(), visit.after);
                let lock = Some(Lock { name: lock.clone(), across: *across, held: false });
                *visit = Visit { item, after, lock, ..Visit::new(visit.id, visit.step.clone(), visit.parent, at) };
            }),
            Event::LockTaken { visit, lock } => self.change(*visit, |visit| {
                let across = visit.lock.as_ref().is_some_and(|lock| lock.across);
                visit.lock = Some(Lock { name: lock.clone(), across, held: true });
            }),
            Event::StepPassed { visit } => self.change(*visit, |visit| visit.passed = true),
            Event::CaseOpened { .. }
            | Event::FieldsSet { .. }
            | Event::StepEntered { .. }
            | Event::StepLeft { .. }
            | Event::StepSkipped { .. }
            | Event::ActionTaken { .. }
            | Event::ActionWithdrawn { .. }
            | Event::ListenerHeard { .. }
            | Event::MessageTaken { .. }
            | Event::ChildOpened { .. }
            | Event::Notified { .. }
            | Event::WebhookRaised { .. }
            | Event::DocumentFiled { .. }
            | Event::Marked { .. }
            | Event::CaseStarted { .. }
            | Event::MessageSent { .. }
            | Event::Urged { .. }
            | Event::UrgencyRaised { .. }
            | Event::IncidentRaised { .. }
            | Event::CaseClosed { .. }
            | Event::PrivateRemoved => {}
        }
    }

    fn change(&mut self, visit: VisitId, change: impl FnOnce(&mut Visit)) {
        if let Some(visit) = self.visits.get_mut(&visit) {
            change(visit);
        }
    }

    fn change_deadline(&mut self, visit: VisitId, change: impl FnOnce(&mut Deadline)) {
        if let Some(deadline) = self.visits.get_mut(&visit).and_then(|visit| visit.deadline.as_mut()) {
            change(deadline);
        }
    }

    fn set_timer(&mut self, visit: VisitId, timer: u16, at: Option<Timestamp>) {
        let timers = match self.visits.get_mut(&visit) {
            Some(visit) => &mut visit.timers,
            None if visit == VisitId::CASE => &mut self.timers,
            None => return,
        };
        match at {
            Some(at) => timers.insert(timer, at),
            None => timers.remove(&timer),
        };
    }

    fn enter(
        &mut self,
        at: Timestamp,
        mut visit: Visit,
        item: &Option<Item>,
        after: Option<VisitId>,
        resumes: Option<VisitId>,
    ) {
        if let Some(old) = resumes.and_then(|old| self.take_left(old)) {
            visit = Visit { id: visit.id, parent: visit.parent, ..old };
            visit.entered = at;
            visit.task = None;
            visit.child = None;
            visit.job = None;
            visit.lock = None;
            visit.passed = false;
        }
        if item.is_some() {
            visit.item.clone_from(item);
        }
        if resumes.is_none() {
            visit.after = after;
        }
        if let (Some(item), Some(each)) = (item, self.visits.get_mut(&visit.parent)) {
            if let Some(place) = each.waiting.iter().position(|waiting| waiting.index == item.index) {
                each.waiting.remove(place);
            }
            // It runs again, by `back` or `repeat`: what counts is how it ends now.
            each.ended.remove(&(visit.step.clone(), item.index));
            let is_done = each.ended.iter().all(|((_, index), how)| *index != item.index || *how == Ending::Done);
            if let Some(outcome) = each.results.get_mut(&item.index) {
                outcome.done = is_done;
            }
        }
        *self.visited.entry(visit.step.clone()).or_insert(0) += 1;
        self.next_visit = self.next_visit.max(visit.id.0 + 1);
        self.tree.insert((visit.parent, visit.id));
        self.visits.insert(visit.id, visit);
        if after.is_some() {
            self.forget();
        }
    }

    fn leave(&mut self, visit: VisitId, how: Ending, kept: Option<VisitId>) {
        let Some(gone) = self.visits.get(&visit) else { return };
        if !gone.results.is_empty() {
            let outcomes = self.outcomes(gone);
            self.collections.insert(gone.step.clone(), outcomes);
        }
        let Some(gone) = self.visits.remove(&visit) else { return };
        self.tree.remove(&(gone.parent, visit));
        if gone.lock.as_ref().is_some_and(|lock| lock.across && lock.held) {
            // Another case may have it now.
            self.before = None;
        }
        if let Some(around) = self.visits.get_mut(&gone.parent) {
            let index = gone.item.as_ref().map_or(0, |item| item.index);
            around.ended.insert((gone.step.clone(), index), how);
            if let Some(item) = &gone.item {
                let blank = || Outcome { item: item.clone(), fields: Fields::new(), done: true };
                let outcome = around.results.entry(item.index).or_insert_with(blank);
                outcome.fields.extend(gone.fields.clone());
                outcome.done &= how == Ending::Done;
            }
        }
        if let Some(root) = kept {
            self.left.entry(root).or_default().insert(visit, gone);
        }
    }

    /// Takes a visit out of those that were left.
    fn take_left(&mut self, old: VisitId) -> Option<Visit> {
        let group = self.left.values_mut().find(|group| group.contains_key(&old))?;
        let visit = group.remove(&old);
        self.left.retain(|_, group| !group.is_empty());
        visit
    }

    /// Drops the visits that `back` cannot reach any more.
    fn forget(&mut self) {
        let mut reachable = BTreeSet::new();
        let mut frontier: Vec<VisitId> = self.visits.values().filter_map(|visit| visit.after).collect();
        for _ in 0..BACK_DEPTH_MAX {
            let roots: Vec<VisitId> = frontier.drain(..).filter(|root| reachable.insert(*root)).collect();
            let groups = roots.iter().filter_map(|root| self.left.get(root));
            frontier.extend(groups.flat_map(|group| group.values().filter_map(|visit| visit.after)));
        }
        self.left.retain(|root, _| reachable.contains(root));
    }

    fn take(&mut self, at: Timestamp, by: &Actor, scope: VisitId, action: &Name) {
        let Some(person) = by.as_person() else { return };
        if self.before.is_none() {
            let mut case = self.clone();
            case.before = None;
            let sequence = self.sequence;
            self.before = Some(Arc::new(Before { sequence, person: person.clone(), case }));
        }
        let taken = Taken { times: 0, by: person.clone(), at };
        let record = self.taken.entry(action.clone()).or_insert(taken);
        record.times += 1;
        record.by = person.clone();
        record.at = at;
        self.change(scope, |scope| *scope.actions.entry(action.clone()).or_insert(0) += 1);
        let people: Vec<Name> = std::iter::once(person).chain(by.deputy_for()).cloned().collect();
        let rounds: Vec<(Name, VisitId)> =
            self.path(scope).map(|place| (place.step.clone(), round_of(place))).collect();
        for (step, round) in rounds {
            let record = self.performers.entry(step).or_insert(Performers { round, people: BTreeSet::new() });
            if record.round != round {
                record.round = round;
                record.people.clear();
            }
            record.people.extend(people.iter().cloned());
        }
    }

    fn restore(&mut self) {
        let Some(before) = &self.before else { return };
        let before = Arc::clone(before);
        let sequence = self.sequence;
        let next_visit = self.next_visit;
        *self = before.case.clone();
        self.sequence = sequence;
        self.next_visit = next_visit;
    }
}

/// The visit that makes a round of a step: its own, or the `each` around its items.
fn round_of(place: &Visit) -> VisitId {
    if place.item.is_some() { place.parent } else { place.id }
}
