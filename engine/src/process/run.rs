//! The run of a moment: one bounded loop over the works on the agenda.

use super::travel::Departure;
use super::{Process, Repeat, Step};
use crate::clauses::effects::Occasion;
use crate::clauses::hook::perform;
use crate::clauses::listen;
use crate::event::{Cause, Edge, Ending, Event};
use crate::ids::VisitId;
use crate::moment::{ClockChange, Entry, Moment, StepId, Target, Work};
use crate::rejection::Rejection;
use crate::steps::Kind;

impl Process {
    /// Does all works, and those that follow from them, until the case rests.
    ///
    /// # Errors
    /// `Rejection::Endless`.
    pub fn run(&self, moment: &mut Moment<'_>) -> Result<(), Rejection> {
        loop {
            while let Some(work) = moment.next_work()? {
                if moment.case.is_open() {
                    self.work(moment, work);
                }
            }
            if !self.settle(moment) {
                return Ok(());
            }
        }
    }

    /// The step of a running visit.
    pub fn step_of(&self, moment: &Moment<'_>, visit: VisitId) -> Option<(StepId, &Step)> {
        moment.visit(visit).and_then(|visit| self.find(&visit.step))
    }

    fn work(&self, moment: &mut Moment<'_>, work: Work) {
        match work {
            Work::Enter(entry) => self.enter(moment, entry),
            Work::Begin { visit, through, cause } => self.begin(moment, visit, through, cause),
            Work::Go { visit } => self.go(moment, visit),
            Work::Finish { visit, how } => self.finish(moment, visit, how),
            Work::PassOn { visit } => self.pass_on(moment, visit),
            Work::Ended { parent, step, index } => self.ended(moment, parent, step, index),
            Work::Gather { visit } => self.gather(moment, visit),
            Work::Move { from, target, how, cause } => self.travel(moment, from, target, how, cause),
            Work::Cancel { visit } => self.leave(moment, visit, (visit, Ending::Left), None),
            Work::Drop { each, index } => self.drop_item(moment, each, index),
            Work::Clock { visit, change } => self.clock(moment, visit, &change),
            Work::Hear { visit, listener, instant } => {
                let (listeners, name) = match self.step_of(moment, visit) {
                    Some((_, step)) => (&step.listeners, &step.name),
                    None if visit == VisitId::CASE => (&self.listeners, &self.name),
                    None => return,
                };
                if let Some(found) = listeners.get(usize::from(listener)) {
                    found.answer(moment, Occasion { visit, instant }, name, listener);
                }
            }
        }
    }

    /// Enters a step, or passes it over when it does not apply.
    fn enter(&self, moment: &mut Moment<'_>, entry: Entry) {
        let Entry { step: id, parent, cause, item, after, through } = entry;
        if parent != VisitId::CASE && moment.visit(parent).is_none() {
            return;
        }
        let step = self.step(id);
        let applies = step.when.as_ref().is_none_or(|when| when.holds(&moment.place(parent)));
        if !applies && through.is_empty() {
            let index = item.map_or(0, |item| item.index);
            moment.emit(Event::StepSkipped { step: step.name.clone(), parent, cause });
            self.go_on_after(moment, id, parent, index, after, Edge::Skipped);
            return;
        }
        let visit = moment.next_visit();
        let name = step.name.clone();
        let cause_inside = cause.clone();
        moment.emit(Event::StepEntered { visit, step: name, parent, cause, item, after, resumes: None });
        if step.lock.as_ref().is_some_and(|lock| !lock.take(moment, visit)) {
            return;
        }
        moment.first([Work::Begin { visit, through, cause: cause_inside }]);
    }

    /// Begins what surrounds a step's own business: fields, deadline, listeners, hooks.
    fn begin(&self, moment: &mut Moment<'_>, visit: VisitId, through: Vec<StepId>, cause: Cause) {
        let Some((_, step)) = self.step_of(moment, visit) else { return };
        let place = moment.place(visit);
        let values: crate::event::Fields = Self::defaults(&step.fields)
            .map(|(field, default)| (field.name.clone(), default.evaluate(&place)))
            .collect();
        if !values.is_empty() {
            moment.emit(Event::FieldsSet { visit, values });
        }
        if let Some(deadline) = &step.deadline {
            deadline.start(moment, visit);
        }
        listen::start(&step.listeners, moment, visit);
        let mut through = through.into_iter();
        match through.next() {
            Some(next) => {
                let through = through.collect();
                moment.first([Work::Enter(Entry { through, ..Entry::new(next, visit, cause) })]);
            }
            None => moment.first([Work::Go { visit }]),
        }
        perform(&step.on_enter, moment, visit);
    }

    fn go(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let Some((_, step)) = self.step_of(moment, visit) else { return };
        let name = &step.name;
        match &step.kind {
            Kind::Task(task) => task.go(moment, visit),
            Kind::Stage(stage) => stage.go(moment, visit, name, step.line),
            Kind::Parallel(parallel) => parallel.go(moment, visit, name),
            Kind::Each(each) => each.go(moment, visit, name),
            Kind::Call(call) => call.go(moment, visit),
            Kind::Job(job) => job.go(moment, visit),
            Kind::Wait(wait) => wait.go(moment, visit),
            Kind::Choose(choose) => choose.go(moment, visit, name),
            Kind::Decide(decide) => decide.go(moment, visit, name),
            Kind::Do(effects) => effects.go(moment, visit),
            Kind::Close(close) => {
                let outcome = close.outcome.clone();
                self.leave_all(moment, visit);
                moment.emit(Event::CaseClosed { outcome });
                moment.drop_works();
            }
        }
    }

    /// Branches or items of a visit have changed: start those that may, and see whether the join holds.
    fn gather(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let Some((_, step)) = self.step_of(moment, visit) else { return };
        match &step.kind {
            Kind::Parallel(parallel) => parallel.go_on(moment, visit, &step.name),
            Kind::Each(each) => each.go_on(moment, visit, &step.name),
            Kind::Stage(_) => moment.first([Work::Finish { visit, how: Ending::Done }]),
            Kind::Task(_)
            | Kind::Call(_)
            | Kind::Job(_)
            | Kind::Wait(_)
            | Kind::Choose(_)
            | Kind::Decide(_)
            | Kind::Do(_)
            | Kind::Close(_) => {}
        }
    }

    /// A scope inside `parent` ended.
    fn ended(&self, moment: &mut Moment<'_>, parent: VisitId, ended: StepId, index: u32) {
        let Some((_, step)) = self.step_of(moment, parent) else {
            let text = format!("nothing follows `{}`", self.step(ended).name);
            moment.emit(Event::IncidentRaised { visit: VisitId::CASE, text });
            return;
        };
        let Some(gather) = step.kind.gather() else {
            moment.first([Work::Finish { visit: parent, how: Ending::Done }]);
            return;
        };
        let member = moment.visit(parent).and_then(|visit| visit.results.get(&index)).map(|found| found.item.clone());
        let cause = Cause::new(Edge::Next, &step.name, step.line);
        let is_through = match member {
            Some(member) => gather.follow(moment, parent, ended, member, cause),
            None => true,
        };
        // Last, so that all branches and items have begun before the join is looked at: none is lost, none begins twice.
        if is_through {
            moment.last(Work::Gather { visit: parent });
        }
    }

    /// A visit did what it was for: once more, or on.
    fn finish(&self, moment: &mut Moment<'_>, visit: VisitId, how: Ending) {
        let Some((id, step)) = self.step_of(moment, visit) else { return };
        let Some(found) = moment.visit(visit) else { return };
        let (parent, passed, after) = (found.parent, found.passed, found.after);
        let index = found.item.as_ref().map_or(0, |item| item.index);
        if passed {
            // The case went on when the join held; now the rest is over as well.
            self.leave(moment, visit, (visit, how), None);
            return;
        }
        let place = moment.place(visit);
        let again = how == Ending::Done
            && step.repeat.as_ref().is_some_and(|repeat| match repeat {
                Repeat::While(formula) => formula.holds(&place),
                Repeat::Until(formula) => !formula.holds(&place),
            });
        if again {
            let item = found.item.clone();
            self.leave(moment, visit, (visit, how), None);
            let cause = Cause::new(Edge::Repeat, &step.name, step.line);
            moment.first([Work::Enter(Entry { item, after, ..Entry::new(id, parent, cause) })]);
            return;
        }
        match self.exit_of(moment, step, visit) {
            Some(Err(text)) => moment.emit(Event::IncidentRaised { visit, text }),
            Some(Ok((Target::End, _))) => {
                self.leave(moment, visit, (visit, how), None);
                moment.first([Work::Ended { parent, step: id, index }]);
            }
            Some(Ok((target, cause))) => moment.first([Work::Move { from: visit, target, how, cause }]),
            None => {
                let kept = Some(visit).filter(|_| self.goes_back && !step.kind.is_passing());
                let after = if step.kind.is_passing() { after } else { kept };
                self.leave(moment, visit, (visit, how), kept);
                self.go_on_after(moment, id, parent, index, after, Edge::Next);
            }
        }
    }

    /// The join held: the case goes on, and the rest goes on inside the visit.
    fn pass_on(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let Some((id, step)) = self.step_of(moment, visit) else { return };
        let Some(found) = moment.visit(visit) else { return };
        let parent = found.parent;
        let index = found.item.as_ref().map_or(0, |item| item.index);
        let exit = self.exit_of(moment, step, visit);
        moment.emit(Event::StepPassed { visit });
        match exit {
            Some(Err(text)) => moment.emit(Event::IncidentRaised { visit, text }),
            Some(Ok((target, cause))) => {
                self.depart(moment, Departure { step: id, parent, index, after: None }, target, cause);
            }
            None => self.go_on_after(moment, id, parent, index, None, Edge::Next),
        }
    }

    /// Where the step's `goto` leads from the visit, and by which edge; what is wrong when none applies. Nothing when the
    /// order of steps says what is next.
    fn exit_of(&self, moment: &Moment<'_>, step: &Step, visit: VisitId) -> Option<Result<(Target, Cause), String>> {
        let is_outermost = moment.visit(visit).is_some_and(|visit| visit.parent == VisitId::CASE);
        let Some(goto) = &step.goto else {
            return (is_outermost && step.follower.is_none()).then(|| Err(nothing_follows(&step.name)));
        };
        let Some((number, exit)) = goto.choose(moment, visit) else {
            return Some(Err(format!("no `goto` of `{}` applies", step.name)));
        };
        let edge = if goto.exits.len() > 1 { Edge::Branch(number) } else { Edge::Next };
        Some(Ok((exit.target, Cause::new(edge, &step.name, exit.line))))
    }

    /// What follows a step that is over and has no `goto`, or was passed over.
    fn go_on_after(
        &self,
        moment: &mut Moment<'_>,
        id: StepId,
        parent: VisitId,
        index: u32,
        after: Option<VisitId>,
        edge: Edge,
    ) {
        let step = self.step(id);
        let skipped_exit = step.goto.as_ref().filter(|_| edge == Edge::Skipped);
        if let Some((_, exit)) = skipped_exit.and_then(|goto| goto.choose(moment, parent)) {
            let cause = Cause::new(edge, &step.name, exit.line);
            self.depart(moment, Departure { step: id, parent, index, after }, exit.target, cause);
            return;
        }
        match step.follower {
            Some(next) => {
                let cause = Cause::new(edge, &step.name, step.line);
                moment.first([Work::Enter(Entry { after, ..Entry::new(next, parent, cause) })]);
            }
            None if parent == VisitId::CASE => {
                moment.emit(Event::IncidentRaised { visit: parent, text: nothing_follows(&step.name) });
            }
            None => moment.first([Work::Ended { parent, step: id, index }]),
        }
    }

    /// Takes an item off a running `each`: its body is left first, so that nothing of it remains.
    fn drop_item(&self, moment: &mut Moment<'_>, each: VisitId, index: u32) {
        let inside = moment.case.inside(each);
        let is_dropped = |visit: &&crate::case::Visit| visit.item.as_ref().is_some_and(|item| item.index == index);
        let running: Vec<VisitId> = inside.filter(is_dropped).map(|visit| visit.id).collect();
        for visit in running {
            self.leave(moment, visit, (visit, Ending::Left), None);
        }
        moment.emit(Event::ItemDropped { visit: each, index });
        moment.last(Work::Gather { visit: each });
    }

    fn clock(&self, moment: &mut Moment<'_>, visit: VisitId, change: &ClockChange) {
        if let Some(rule) = self.step_of(moment, visit).and_then(|(_, step)| step.deadline.as_ref()) {
            rule.change(moment, visit, change);
        }
    }
}

/// What an administrator reads when a case has nowhere to go.
fn nothing_follows(step: &crate::ids::Name) -> String {
    format!("nothing follows `{step}`, and the case is not closed")
}
