//! One stay of a case in a step.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::event::{Candidate, Due, Ending, Fields, Item, Job, Light};
use crate::ids::{CaseId, Name, VisitId};

/// A stay in a step, from entering to leaving it.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// Which stay.
    pub id: VisitId,
    /// Where.
    pub step: Name,
    /// The visit around it, 0 for the outermost.
    pub parent: VisitId,
    /// Since when.
    pub entered: Timestamp,
    /// The item, directly inside an `each`.
    pub item: Option<Item>,
    /// The visit that was left for this one.
    pub after: Option<VisitId>,
    /// The fields that the step declares.
    pub fields: Fields,
    /// The task, when the step waits for a person.
    pub task: Option<Task>,
    /// The deadline, when it has one that runs.
    pub deadline: Option<Deadline>,
    /// Instants to wake at.
    pub timers: BTreeMap<u16, Timestamp>,
    /// Conditions that listeners watch and that hold now.
    pub holding: BTreeMap<u16, bool>,
    /// The case that it waits for.
    pub child: Option<CaseId>,
    /// The job that it waits for, with the tries left.
    pub job: Option<(Job, u16)>,
    /// The join held and the case went on, while the rest goes on here.
    pub passed: bool,
    /// The lock that it waits for or holds.
    pub lock: Option<Lock>,
    /// How often each action of the step was taken in this stay.
    pub actions: BTreeMap<Name, u32>,
    /// Branches and items that have ended, by step and index.
    pub ended: BTreeMap<(Name, u32), Ending>,
    /// What the items of an `each` know, by index: the item, and its fields.
    pub results: BTreeMap<u32, Outcome>,
    /// Items of an `each` that are to come, in order.
    pub waiting: VecDeque<Item>,
}

/// An item of an `each` with what its body found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The item.
    pub item: Item,
    /// The body's fields.
    pub fields: Fields,
    /// Whether the body was done.
    pub done: bool,
}

/// A visit that waits for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// Who may do it.
    pub offered: Vec<Candidate>,
    /// Whether an administrator knows that none of these is in the organisation.
    pub unstaffed: bool,
    /// Who holds it.
    pub holder: Option<Name>,
    /// Who asked the holder and gets the answer back.
    pub asked_by: Option<Name>,
}

/// A lock that a visit waits for or holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// Its name.
    pub name: Name,
    /// Whether all cases of the process share it.
    pub across: bool,
    /// Whether the visit holds it.
    pub held: bool,
}

/// A running deadline.
#[derive(Clone, Debug, PartialEq)]
pub struct Deadline {
    /// When it ends, and from what that was computed.
    pub due: Due,
    /// The light now.
    pub light: Light,
    /// When its clock was stopped.
    pub paused: Option<Timestamp>,
    /// Whether it was extended, or paused and resumed: its rule alone does not give the due time any more.
    pub moved: bool,
    /// How often it was extended.
    pub extensions: u32,
}

impl Deadline {
    /// The earliest rung to come, unless the clock stands still.
    pub fn next_rung(&self) -> Option<(Timestamp, u16)> {
        if self.paused.is_some() {
            return None;
        }
        (0u16..).zip(&self.due.rungs).filter_map(|(rung, at)| at.map(|at| (at, rung))).min()
    }
}

impl Visit {
    /// A stay that has just begun.
    pub fn new(id: VisitId, step: Name, parent: VisitId, entered: Timestamp) -> Self {
        Self {
            id,
            step,
            parent,
            entered,
            item: None,
            after: None,
            fields: Fields::new(),
            task: None,
            deadline: None,
            timers: BTreeMap::new(),
            holding: BTreeMap::new(),
            child: None,
            job: None,
            passed: false,
            lock: None,
            actions: BTreeMap::new(),
            ended: BTreeMap::new(),
            results: BTreeMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// The next instant at which something happens here by itself.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let rung = self.deadline.as_ref().and_then(Deadline::next_rung).map(|(at, _)| at);
        let timer = self.timers.values().min().copied();
        rung.into_iter().chain(timer).min()
    }

    /// Whether the visit waits for a lock that another holds.
    pub fn awaits_lock(&self) -> bool {
        self.lock.as_ref().is_some_and(|lock| !lock.held)
    }
}
