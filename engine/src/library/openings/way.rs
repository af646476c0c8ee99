//! The way of a case before anything waits: which steps it may pass, whatever its conditions say.

use std::collections::BTreeSet;

use super::past::{may_be_due, may_be_past};
use crate::clauses::effects::{Act, Deed};
use crate::clauses::hook::Goto;
use crate::clauses::listen::{Listener, Listens};
use crate::diagnostic::Span;
use crate::ids::Name;
use crate::moment::{StepId, Target};
use crate::process::{Process, Step};
use crate::steps::Kind;
use crate::steps::gather::Join;
use crate::steps::wait::Wait;

/// Which instants are past when the case comes to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// None: each of them is waited for.
    Nothing,
    /// Those that a `wait` names, if they may be.
    Waits,
    /// Those of rungs as well.
    WaitsAndRungs,
}

/// What a case may do from its beginning until it rests.
pub struct Way<'p, 'q> {
    /// The processes it starts, each with its place.
    pub starts: BTreeSet<(&'p Name, Span)>,
    /// The processes it calls.
    pub calls: BTreeSet<(&'p Name, Span)>,
    /// The messages it sends that may open cases.
    pub sends: BTreeSet<(&'p Name, Span)>,
    /// The places among these where it may do so several times.
    pub several: BTreeSet<Span>,
    /// Whether it may close.
    pub closes: bool,
    process: &'p Process,
    past: Past,
    /// The processes whose cases may close before anything waits.
    quick: &'q BTreeSet<&'p Name>,
    /// Steps that are begun, as those around an entered one are.
    begun: BTreeSet<StepId>,
    entered: BTreeSet<StepId>,
    /// Steps after which the case goes on.
    over: BTreeSet<StepId>,
    /// Steps that are left, and with them what is inside.
    left: BTreeSet<StepId>,
    /// Steps that an effect ends from elsewhere.
    ended: BTreeSet<StepId>,
    /// Whether the case's data change, so that conditions may turn true.
    changes: bool,
    to_do: Vec<StepId>,
}

impl<'p, 'q> Way<'p, 'q> {
    /// The way of a process's cases, when those of the `quick` processes may close before anything waits.
    pub fn of(process: &'p Process, quick: &'q BTreeSet<&'p Name>, past: Past) -> Self {
        let mut way = Self {
            starts: BTreeSet::new(),
            calls: BTreeSet::new(),
            sends: BTreeSet::new(),
            several: BTreeSet::new(),
            closes: false,
            process,
            past,
            quick,
            begun: BTreeSet::new(),
            entered: BTreeSet::new(),
            over: BTreeSet::new(),
            left: BTreeSet::new(),
            ended: BTreeSet::new(),
            changes: false,
            to_do: Vec::new(),
        };
        way.perform(None, &process.start.deeds);
        way.goto(None, &process.start.goto);
        way.walk();
        way
    }

    /// Goes on until nothing new is found: each round begins, enters, passes or leaves a step more.
    fn walk(&mut self) {
        let mut known = None;
        while known != Some(self.size()) {
            known = Some(self.size());
            while let Some(id) = self.to_do.pop() {
                self.go(id);
            }
            for id in self.begun.clone() {
                if self.ended.contains(&id) {
                    self.finish(id);
                }
                if self
                    .process
                    .around(id)
                    .any(|around| self.left.contains(&around) && self.process.step(around).kind.gather().is_some())
                {
                    self.leave(id);
                }
            }
            self.turn();
            self.ring();
        }
    }

    fn size(&self) -> (usize, [usize; 5]) {
        let Self { begun, entered, over, left, ended, .. } = self;
        (usize::from(self.changes), [begun, entered, over, left, ended].map(BTreeSet::len))
    }

    fn begin(&mut self, id: StepId) {
        if self.begun.insert(id) {
            self.perform(Some(id), &self.process.step(id).on_enter);
        }
    }

    fn enter(&mut self, id: StepId) {
        self.begin(id);
        if self.entered.insert(id) {
            self.to_do.push(id);
        }
    }

    /// What a step does once it is entered.
    fn go(&mut self, id: StepId) {
        let step = self.process.step(id);
        if step.when.is_some() {
            self.go_on(id, step);
        }
        step.kind.begins().into_iter().for_each(|inner| self.enter(inner));
        match &step.kind {
            Kind::Task(_) | Kind::Job(_) => {}
            Kind::Stage(_) => {}
            Kind::Parallel(_) => self.join(id),
            // The list may be empty.
            Kind::Each(_) => self.finish(id),
            Kind::Call(call) => {
                self.calls.insert((&call.process, call.span));
                self.repeats(Some(id), call.span);
                if self.quick.contains(&call.process) {
                    self.changes |= !call.take.is_empty();
                    self.finish(id);
                }
            }
            Kind::Wait(wait) => match wait {
                Wait::Until(until) if self.past != Past::Nothing && may_be_past(until) => self.finish(id),
                Wait::Message { .. } | Wait::For(_) | Wait::Until(_) => {}
                Wait::When(_) => self.finish(id),
            },
            Kind::Choose(choose) => self.goto(Some(id), &choose.goto),
            Kind::Decide(_) => {
                self.changes = true;
                self.finish(id);
            }
            Kind::Do(effects) => {
                self.perform(Some(id), &effects.deeds);
                self.finish(id);
            }
            Kind::Close(_) => {
                self.closes = true;
                self.leave_up_to(id, None);
            }
        }
    }

    /// The step is done: it is left, and comes once more or the case goes on.
    fn finish(&mut self, id: StepId) {
        let step = self.process.step(id);
        self.leave(id);
        if step.repeat.is_some() {
            // It may have begun somewhere inside; another round begins at its first step.
            self.enter(id);
        }
        self.go_on(id, step);
    }

    fn leave(&mut self, id: StepId) {
        if self.left.insert(id) {
            self.perform(Some(id), &self.process.step(id).on_leave);
        }
    }

    /// Leaves a step and those around it, up to the one that also lies around `target`; all of them without one.
    fn leave_up_to(&mut self, id: StepId, target: Option<StepId>) {
        let kept: BTreeSet<StepId> = target.iter().flat_map(|target| self.process.around(*target)).collect();
        let process = self.process;
        for around in [id].into_iter().chain(process.around(id)).take_while(|around| !kept.contains(around)) {
            self.leave(around);
        }
    }

    /// What follows a step that is over or was passed over.
    fn go_on(&mut self, id: StepId, step: &'p Step) {
        if !self.over.insert(id) {
            return;
        }
        match (&step.goto, step.follower) {
            (Some(goto), _) => self.goto(Some(id), goto),
            (None, Some(next)) => self.enter(next),
            (None, None) => self.end(step.parent),
        }
    }

    /// The last step inside another one is over.
    fn end(&mut self, around: Option<StepId>) {
        let Some(around) = around else { return };
        match self.process.step(around).kind.gather() {
            Some(_) => self.join(around),
            None => self.finish(around),
        }
    }

    /// Whether enough branches may have come together.
    fn join(&mut self, id: StepId) {
        let kind = &self.process.step(id).kind;
        let (Some(gather), members) = (kind.gather(), kind.begins()) else { return };
        let over = members.iter().filter(|member| self.over.contains(member)).count();
        if let Some(after) = gather.after_each.filter(|_| over > 0) {
            self.enter(after);
        }
        let may_be_absent = |member: &&StepId| self.process.step(**member).when.is_some();
        let is_whole = members.iter().all(|member| self.over.contains(member) || may_be_absent(&member));
        let holds = match &gather.join {
            Join::All => false,
            Join::Any => over >= 1,
            Join::Count(needed) => over >= usize::try_from(*needed).unwrap_or(usize::MAX),
            Join::None | Join::When(_) => true,
        };
        if holds || is_whole {
            self.finish(id);
        }
    }

    fn goto(&mut self, from: Option<StepId>, goto: &'p Goto) {
        for exit in &goto.exits {
            match (exit.target, from) {
                (Target::Step(target), _) => {
                    match from {
                        Some(from) => self.leave_up_to(from, Some(target)),
                        None => self.begun.clone().into_iter().for_each(|id| self.leave(id)),
                    }
                    let process = self.process;
                    process.around(target).for_each(|around| self.begin(around));
                    self.enter(target);
                }
                // The end of a step with others inside is its own, unless it was over before.
                (Target::End, Some(from)) if self.process.step(from).kind.is_scope() && !self.over.contains(&from) => {
                    self.finish(from);
                }
                (Target::End, Some(from)) => {
                    self.leave(from);
                    self.over.insert(from);
                    self.end(self.process.step(from).parent);
                }
                // What it goes back to has been entered on this way.
                (Target::Back, Some(from)) => self.leave(from),
                (Target::End | Target::Back, None) => {}
            }
        }
    }

    /// Conditions that are listened for may turn true once the case's data change.
    fn turn(&mut self) {
        if !self.changes {
            return;
        }
        let process = self.process;
        self.hear(None, &process.listeners);
        for id in self.begun.clone() {
            self.hear(Some(id), &process.step(id).listeners);
        }
    }

    /// Rungs that are due already ring once the case rests in their steps.
    fn ring(&mut self) {
        if self.past != Past::WaitsAndRungs {
            return;
        }
        let process = self.process;
        for id in self.begun.clone() {
            let Some(rule) = process.step(id).deadline.as_ref().filter(|_| self.may_rest(id)) else { continue };
            for rung in rule.ladder.iter().filter(|rung| may_be_due(rule, rung)) {
                self.perform(Some(id), &rung.hook.deeds);
                if let Some(goto) = &rung.hook.goto {
                    self.goto(Some(id), goto);
                }
            }
        }
    }

    /// Whether something in a step, or the step itself, waits.
    fn may_rest(&self, id: StepId) -> bool {
        let rests = |inner: &StepId| {
            matches!(self.process.step(*inner).kind, Kind::Task(_) | Kind::Job(_) | Kind::Wait(_) | Kind::Call(_))
        };
        let is_inside = |inner: &StepId| *inner == id || self.process.around(*inner).any(|around| around == id);
        self.entered.iter().any(|inner| rests(inner) && is_inside(inner))
    }

    fn hear(&mut self, at: Option<StepId>, listeners: &'p [Listener]) {
        for listener in listeners.iter().filter(|listener| matches!(listener.to, Listens::When(_))) {
            self.perform(at, &listener.hook.deeds);
            if let Some(goto) = &listener.hook.goto {
                self.goto(at, goto);
            }
        }
    }

    /// Whether what is done at a place may be done several times: for each item, or again.
    fn repeats(&mut self, at: Option<StepId>, span: Span) {
        let process = self.process;
        let is_repeated = |id: StepId| process.step(id).repeat.is_some();
        let is_each = |id: StepId| matches!(process.step(id).kind, Kind::Each(_));
        if at.is_some_and(|at| is_repeated(at) || process.around(at).any(|id| is_repeated(id) || is_each(id))) {
            self.several.insert(span);
        }
    }

    fn perform(&mut self, at: Option<StepId>, deeds: &'p [Deed]) {
        for deed in deeds {
            match &deed.act {
                Act::Start(start) => {
                    self.starts.insert((&start.process, start.span));
                    self.repeats(at, start.span);
                }
                Act::Send(send) => {
                    if send.is_to_all() {
                        self.sends.insert((&send.message, send.span));
                        self.repeats(at, send.span);
                    }
                }
                Act::Set(_) => self.changes = true,
                Act::End(end) => self.ended.extend(self.process.index.get(&end.step)),
                Act::Notify(_)
                | Act::Webhook(_)
                | Act::Document(_)
                | Act::Mark(_)
                | Act::Clock(_)
                | Act::Assign(_)
                | Act::Release(_)
                | Act::Add(_)
                | Act::Drop(_)
                | Act::Urge(_)
                | Act::Raise(_) => {}
            }
        }
    }
}
