//! `goto`: leave the least common ancestor's child, enter the target (W3C SCXML §3.13), and `back` again.

use std::collections::BTreeMap;

use super::Process;
use crate::case::Visit;
use crate::event::{Cause, Ending, Event};
use crate::ids::VisitId;
use crate::moment::{Entry, Moment, StepId, Target, Work};

/// A step that the case goes on from without being in it any more.
pub(super) struct Departure {
    pub(super) step: StepId,
    pub(super) parent: VisitId,
    pub(super) index: u32,
    pub(super) after: Option<VisitId>,
}

impl Process {
    /// Goes from a running visit to a target.
    pub(super) fn travel(&self, moment: &mut Moment<'_>, from: VisitId, target: Target, how: Ending, cause: Cause) {
        if from == VisitId::CASE {
            self.travel_from_case(moment, target, cause);
            return;
        }
        let Some((_, step)) = self.step_of(moment, from) else { return };
        match target {
            Target::End if step.kind.is_scope() || self.is_member(moment, from) => {
                let how = if self.is_member(moment, from) { how } else { Ending::Done };
                moment.first([Work::Finish { visit: from, how }]);
            }
            Target::End => {
                let parent = moment.visit(from).map_or(VisitId::CASE, |visit| visit.parent);
                self.leave(moment, from, (from, how), None);
                moment.first([Work::Finish { visit: parent, how: Ending::Done }]);
            }
            Target::Back => self.back(moment, from, how, cause),
            Target::Step(target) => self.travel_to(moment, from, target, how, cause),
        }
    }

    /// Whether the visit is a branch or an item.
    fn is_member(&self, moment: &Moment<'_>, visit: VisitId) -> bool {
        let parent = moment.visit(visit).and_then(|found| self.step_of(moment, found.parent));
        parent.is_some_and(|(_, step)| step.kind.gather().is_some())
    }

    fn travel_to(&self, moment: &mut Moment<'_>, from: VisitId, target: StepId, how: Ending, cause: Cause) {
        let around: Vec<StepId> = self.around(target).collect();
        let mut root = from;
        let common = loop {
            let Some(parent) = moment.visit(root).map(|visit| visit.parent) else { return };
            match self.step_of(moment, parent) {
                None => break VisitId::CASE,
                Some((id, _)) if around.contains(&id) => break parent,
                Some(_) => root = parent,
            }
        };
        let is_passing = self.step_of(moment, root).is_some_and(|(_, step)| step.kind.is_passing());
        let inherited = moment.visit(root).and_then(|visit| visit.after);
        let kept = Some(root).filter(|_| self.goes_back && !is_passing);
        let after = if is_passing { inherited } else { kept };
        // A branch or an item that begins anew is still that branch or item.
        let own = self.step_of(moment, root).map(|(id, _)| id);
        let item = moment.visit(root).and_then(|visit| visit.item.clone());
        self.leave(moment, root, (from, how), kept);
        let mut way = self.way_in(moment, common, target, &around);
        let first = way.remove(0);
        let item = item.filter(|_| own == Some(first));
        moment.first([Work::Enter(Entry { after, item, through: way, ..Entry::new(first, common, cause) })]);
    }

    /// The steps to enter from the common visit down to the target.
    fn way_in(&self, moment: &Moment<'_>, common: VisitId, target: StepId, around: &[StepId]) -> Vec<StepId> {
        let common = self.step_of(moment, common).map(|(id, _)| id);
        let inner = around.iter().copied().take_while(|id| Some(*id) != common);
        let mut way: Vec<StepId> = inner.collect();
        way.reverse();
        way.push(target);
        way
    }

    fn travel_from_case(&self, moment: &mut Moment<'_>, target: Target, cause: Cause) {
        let roots: Vec<VisitId> = moment.case.inside(VisitId::CASE).map(|visit| visit.id).collect();
        match (target, roots.first()) {
            (Target::Step(step), Some(_)) => {
                let after = roots.last().copied().filter(|_| self.goes_back);
                for root in roots.into_iter().rev() {
                    self.leave(moment, root, (root, Ending::Left), Some(root).filter(|_| self.goes_back));
                }
                let around: Vec<StepId> = self.around(step).collect();
                let mut way = self.way_in(moment, VisitId::CASE, step, &around);
                let first = way.remove(0);
                moment.first([Work::Enter(Entry { after, through: way, ..Entry::new(first, VisitId::CASE, cause) })]);
            }
            (Target::Back, Some(root)) => self.back(moment, *root, Ending::Left, cause),
            (Target::End, _) | (_, None) => {}
        }
    }

    /// Goes on from a step that was passed over.
    pub(super) fn depart(&self, moment: &mut Moment<'_>, from: Departure, target: Target, cause: Cause) {
        match target {
            Target::Step(step) => {
                let around: Vec<StepId> = self.around(step).collect();
                let is_common =
                    |visit: VisitId| self.step_of(moment, visit).is_some_and(|(id, _)| around.contains(&id));
                if from.parent == VisitId::CASE || is_common(from.parent) {
                    let mut way = self.way_in(moment, from.parent, step, &around);
                    let first = way.remove(0);
                    let entry = Entry { after: from.after, through: way, ..Entry::new(first, from.parent, cause) };
                    moment.first([Work::Enter(entry)]);
                } else {
                    self.travel_to(moment, from.parent, step, Ending::Left, cause);
                }
            }
            Target::End | Target::Back => {
                moment.first([Work::Ended { parent: from.parent, step: from.step, index: from.index }]);
            }
        }
    }

    /// Goes back to what was left for the nearest step that remembers it.
    fn back(&self, moment: &mut Moment<'_>, from: VisitId, how: Ending, cause: Cause) {
        let remembers = |visit: &&Visit| visit.after.is_some_and(|after| moment.case.left.contains_key(&after));
        let Some((root, parent, after)) =
            moment.case.path(from).find(remembers).map(|visit| (visit.id, visit.parent, visit.after))
        else {
            let text = "there is nothing to go back to".to_owned();
            moment.emit(Event::IncidentRaised { visit: from, text });
            return;
        };
        let Some(after) = after else { return };
        self.leave(moment, root, (from, how), None);
        let mut works = Vec::new();
        let group = moment.case.left.get(&after).cloned().unwrap_or_default();
        self.resume(moment, &group, (after, parent), &cause, &mut works);
        moment.first(works);
    }

    /// Enters again, outer before inner and in the order it was entered, what was left together.
    fn resume(
        &self,
        moment: &mut Moment<'_>,
        group: &BTreeMap<VisitId, Visit>,
        root: (VisitId, VisitId),
        cause: &Cause,
        works: &mut Vec<Work>,
    ) {
        let mut to_do = vec![root];
        while let Some((old, parent)) = to_do.pop() {
            let Some(left) = group.get(&old) else { continue };
            let Some((_, step)) = self.find(&left.step) else { continue };
            let visit = moment.next_visit();
            moment.emit(Event::StepEntered {
                visit,
                step: step.name.clone(),
                parent,
                cause: cause.clone(),
                item: left.item.clone(),
                after: None,
                resumes: Some(old),
            });
            // A step that waits for its lock begins anew when it gets it.
            let has_lock = step.lock.as_ref().is_none_or(|lock| lock.take(moment, visit));
            if !has_lock {
                continue;
            }
            if left.awaits_lock() {
                works.push(Work::Begin { visit, through: Vec::new(), cause: cause.clone() });
                continue;
            }
            self.pass_missed_rungs(moment, visit);
            let inside: Vec<VisitId> =
                group.values().filter(|inner| inner.parent == old).map(|inner| inner.id).collect();
            if inside.is_empty() {
                works.push(Work::Go { visit });
            }
            to_do.extend(inside.into_iter().rev().map(|inner| (inner, visit)));
        }
    }

    /// Rungs that were reached while the case was away act now, but do not move it: it has just come back.
    fn pass_missed_rungs(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let Some((_, step)) = self.step_of(moment, visit) else { return };
        let Some(rule) = &step.deadline else { return };
        for _ in 0..=rule.ladder.len() {
            let next =
                moment.visit(visit).and_then(|visit| visit.deadline.as_ref()).and_then(|deadline| deadline.next_rung());
            match next {
                Some((at, rung)) if at <= moment.now => rule.pass(moment, visit, &step.name, rung, false),
                Some(_) | None => return,
            }
        }
    }
}
