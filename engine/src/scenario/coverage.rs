//! Coverage: which steps, actions, rungs and exits scenarios have seen.

use std::collections::BTreeSet;

use crate::event::{Edge, Event};
use crate::ids::{Name, written_step};
use crate::process::{Process, Step};
use crate::steps::Kind;

/// What was seen, as `step triage`, `action triage.assign`, `rung handling[2]`, `exit split[0]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// The things seen, with their process.
    pub seen: BTreeSet<(Name, Thing)>,
}

/// Something that scenarios can see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A step was entered.
    Step(Name),
    /// An action was taken.
    Action(Name, Name),
    /// A rung was reached.
    Rung(Name, u16),
    /// An exit was taken.
    Exit(Name, u16),
}

/// What of a process was seen and what was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// How many things there are.
    pub total: usize,
    /// Those that nobody saw, with their lines.
    pub missing: Vec<(Thing, u32)>,
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Step(step) => write!(f, "step {}", written_step(step)),
            Self::Action(step, action) => write!(f, "action {}.{action}", written_step(step)),
            Self::Rung(step, rung) => write!(f, "rung {} of {}", rung + 1, written_step(step)),
            Self::Exit(step, exit) => write!(f, "exit {} of {}", exit + 1, written_step(step)),
        }
    }
}

impl Covered {
    /// Notes what an event shows.
    pub fn see(&mut self, process: &Name, event: &Event) {
        let mut see = |thing: Thing| {
            self.seen.insert((process.clone(), thing));
        };
        match event {
            Event::StepEntered { step, cause, .. } => {
                see(Thing::Step(step.clone()));
                if let Edge::Branch(number) = cause.edge {
                    see(Thing::Exit(cause.step.clone(), number));
                }
            }
            Event::ActionTaken { step, action, .. } => see(Thing::Action(step.clone(), action.clone())),
            Event::RungPassed { step, rung, .. } => see(Thing::Rung(step.clone(), *rung)),
            _ => {}
        }
    }

    /// Adds what another saw.
    pub fn join(&mut self, other: &Self) {
        self.seen.extend(other.seen.iter().cloned());
    }

    /// What of a process was seen.
    pub fn of(&self, process: &Process) -> Coverage {
        let things: Vec<(Thing, u32)> = process.steps.iter().flat_map(things_of).collect();
        let total = things.len();
        let seen = |thing: &Thing| self.seen.contains(&(process.name.clone(), thing.clone()));
        let missing = things.into_iter().filter(|(thing, _)| !seen(thing)).collect();
        Coverage { total, missing }
    }
}

fn things_of(step: &Step) -> Vec<(Thing, u32)> {
    let name = &step.name;
    let mut things = Vec::new();
    // The items of an `each` are seen with it.
    if !name.contains('/') {
        things.push((Thing::Step(name.clone()), step.line));
    }
    things
        .extend(step.actions.iter().map(|action| (Thing::Action(name.clone(), action.name.clone()), action.hook.line)));
    let rungs = step.deadline.iter().flat_map(|deadline| &deadline.ladder);
    things.extend((0u16..).zip(rungs).map(|(number, rung)| (Thing::Rung(name.clone(), number), rung.hook.line)));
    let choices = match &step.kind {
        Kind::Choose(choose) => Some(&choose.goto),
        _ => step.goto.as_ref().filter(|goto| goto.exits.len() > 1),
    };
    let exits = choices.iter().flat_map(|goto| &goto.exits);
    things.extend((0u16..).zip(exits).map(|(number, exit)| (Thing::Exit(name.clone(), number), exit.line)));
    things
}
