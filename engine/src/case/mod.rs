//! One run of a process: the fold of its events.

mod apply;
mod visit;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

pub use visit::{Deadline, Lock, Outcome, Task, Visit};

use crate::event::{Caller, Fields, Item, Transition};
use crate::ids::{CaseId, Name, VisitId};

/// How many visits `back` can go back one after the other; older ones are forgotten.
pub const BACK_DEPTH_MAX: usize = 8;

/// Where a case is and what it knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its identity.
    pub id: CaseId,
    /// The process it runs.
    pub process: Name,
    /// The version it runs.
    pub version: Name,
    /// The number people use.
    pub number: Option<Name>,
    /// The case that called it.
    pub caller: Option<Caller>,
    /// When it began.
    pub opened: Timestamp,
    /// What is known.
    pub fields: Fields,
    /// Where it is: every running visit.
    pub visits: BTreeMap<VisitId, Visit>,
    /// Each running visit behind the one around it.
    tree: BTreeSet<(VisitId, VisitId)>,
    /// Visits that `back` may come to again, by the outermost of those that were left together.
    pub left: BTreeMap<VisitId, BTreeMap<VisitId, Visit>>,
    /// The id of the next visit.
    pub next_visit: u32,
    /// The last transition.
    pub sequence: u32,
    /// How often each step was visited.
    pub visited: BTreeMap<Name, u32>,
    /// How often each action was taken, and by whom last.
    pub taken: BTreeMap<Name, Taken>,
    /// Who acted in each step or inside it, in its latest round, with those they stood in for.
    pub performers: BTreeMap<Name, Performers>,
    /// What the items of each finished `each` found.
    pub collections: BTreeMap<Name, Vec<Outcome>>,
    /// Timers of the process's own listeners.
    pub timers: BTreeMap<u16, Timestamp>,
    /// Conditions of the process's own listeners that hold now.
    pub holding: BTreeMap<u16, bool>,
    /// How urgent it is, when that was raised.
    pub urgency: Option<Name>,
    /// How many other cases it opened, for their ids.
    pub others: u32,
    /// What it was marked for.
    pub marks: Vec<Mark>,
    /// How it ended.
    pub closed: Option<Closed>,
    /// The case before the last transition, when that can be taken back.
    pub before: Option<Arc<Before>>,
}

/// What taking the last action back would restore.
#[derive(Clone, Debug, PartialEq)]
pub struct Before {
    /// The transition of the action.
    pub sequence: u32,
    /// Who took it.
    pub person: Name,
    /// The case before it.
    pub case: Case,
}

/// How often an action was taken, and the last time.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// How often.
    pub times: u32,
    /// By whom last.
    pub by: Name,
    /// When last.
    pub at: Timestamp,
}

/// Who acted in a step in one round of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Performers {
    /// The visit that makes the round: the step's own, or the `each` around its items.
    pub round: VisitId,
    /// The people.
    pub people: BTreeSet<Name>,
}

/// An entry of the assessment ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Its kind.
    pub kind: Name,
    /// The unit it counts for.
    pub unit: Option<Name>,
    /// The person it counts for.
    pub person: Option<Name>,
    /// The instant it is for.
    pub at: Timestamp,
    /// The transition it was made by.
    pub sequence: u32,
}

/// The end of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// How.
    pub outcome: Name,
    /// When.
    pub at: Timestamp,
}

impl Case {
    /// A case that nothing has happened to yet.
    pub fn new(id: CaseId) -> Self {
        Self {
            id,
            process: Name::new(""),
            version: Name::new(""),
            number: None,
            caller: None,
            opened: Timestamp::UNIX_EPOCH,
            fields: Fields::new(),
            visits: BTreeMap::new(),
            tree: BTreeSet::new(),
            left: BTreeMap::new(),
            next_visit: 1,
            sequence: 0,
            visited: BTreeMap::new(),
            taken: BTreeMap::new(),
            performers: BTreeMap::new(),
            collections: BTreeMap::new(),
            timers: BTreeMap::new(),
            holding: BTreeMap::new(),
            urgency: None,
            others: 0,
            marks: Vec::new(),
            closed: None,
            before: None,
        }
    }

    /// The case that a history tells of.
    pub fn fold<'a>(id: CaseId, history: impl IntoIterator<Item = &'a Transition>) -> Self {
        let mut case = Self::new(id);
        for transition in history {
            case.apply_all(transition);
        }
        case
    }

    /// Whether it has not ended.
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// The next instant at which something happens by itself.
    pub fn next_wake(&self) -> Option<Timestamp> {
        if !self.is_open() {
            return None;
        }
        let visits = self.visits.values().filter_map(Visit::next_wake);
        visits.chain(self.timers.values().copied()).min()
    }

    /// The visit and those around it, innermost first.
    pub fn path(&self, visit: VisitId) -> impl Iterator<Item = &Visit> {
        let mut next = self.visits.get(&visit);
        std::iter::from_fn(move || {
            let found = next?;
            next = self.visits.get(&found.parent);
            Some(found)
        })
    }

    /// The visits directly inside, in the order of entry.
    pub fn inside(&self, visit: VisitId) -> impl Iterator<Item = &Visit> {
        let inside = self.tree.range((visit, VisitId::CASE)..=(visit, VisitId(u32::MAX)));
        inside.filter_map(|(_, inner)| self.visits.get(inner))
    }

    /// The innermost visits: where the case really is.
    pub fn leaves(&self) -> impl Iterator<Item = &Visit> {
        self.visits.values().filter(|visit| self.inside(visit.id).next().is_none())
    }

    /// Whether `inner` is `outer` or lies inside it.
    pub fn is_inside(&self, inner: VisitId, outer: VisitId) -> bool {
        outer == VisitId::CASE || self.path(inner).any(|visit| visit.id == outer)
    }

    /// The items of an `each` with what their bodies know: of the running visit, or else of the last one.
    pub fn collection(&self, step: &str) -> Vec<Outcome> {
        let Some(running) = self.visits.values().rev().find(|visit| visit.step == *step) else {
            return self.collections.get(step).cloned().unwrap_or_default();
        };
        self.outcomes(running)
    }

    fn outcomes(&self, each: &Visit) -> Vec<Outcome> {
        let mut found = each.results.clone();
        for visit in self.inside(each.id) {
            if let Some(item) = &visit.item {
                let fields = visit.fields.clone();
                found.insert(item.index, Outcome { item: item.clone(), fields, done: false });
            }
        }
        let waiting = each.waiting.iter().map(|item| (item.index, item));
        for (index, item) in waiting {
            found.entry(index).or_insert_with(|| Outcome { item: item.clone(), fields: Fields::new(), done: false });
        }
        found.into_values().collect()
    }

    /// The item of an `each` that is still to come or runs, by its value.
    pub fn find_item(&self, each: VisitId, value: &crate::value::Value) -> Option<Item> {
        let visit = self.visits.get(&each)?;
        let running = self.inside(each).filter_map(|inner| inner.item.as_ref());
        running.chain(&visit.waiting).find(|item| item.value == *value).cloned()
    }

    /// The index for the next item of an `each`: one more than any it ever had in this visit.
    pub fn next_item(&self, each: VisitId) -> u32 {
        let Some(visit) = self.visits.get(&each) else { return 0 };
        let waiting = visit.waiting.iter().map(|item| item.index);
        let running = self.inside(each).filter_map(|inner| inner.item.as_ref()).map(|item| item.index);
        let ended = visit.ended.keys().map(|(_, index)| *index);
        let known = visit.results.keys().copied();
        waiting.chain(running).chain(ended).chain(known).max().map_or(0, |last| last + 1)
    }
}
