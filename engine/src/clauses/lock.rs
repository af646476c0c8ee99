//! `lock`: one visit at a time holds it, within its case or across all cases of the process.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::checker::Checker;
use crate::event::Event;
use crate::ids::{Name, VisitId};
use crate::moment::Moment;
use crate::yaml::Node;

/// A lock that a step takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRule {
    /// Its name.
    pub name: Name,
    /// Whether all cases of the process share it.
    pub across: bool,
}

impl LockRule {
    /// Reads `lock: car`, or `lock: {name: car, across: cases}`.
    pub fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        if node.as_mapping().is_none() {
            let name = checker.text(node, "`lock`")?;
            return Some(Self { name, across: false });
        }
        let mut keys = checker.keys(node, "`lock`")?;
        let name = keys.require("name", checker).and_then(|name| checker.text(name, "the name of a lock"));
        let across = keys.take("across").map(|across| checker.word(across, &[("cases", true)]));
        keys.finish(checker);
        Some(Self { name: name?, across: across.flatten().unwrap_or(false) })
    }

    /// Takes the lock for a visit that was just entered, or has the visit wait for it. Answers whether it has it. What other
    /// cases hold is not known here: a lock across cases is always waited for, and given from outside.
    pub fn take(&self, moment: &mut Moment<'_>, visit: VisitId) -> bool {
        let lock = self.name.clone();
        let is_free = !self.across
            && !moment.case.visits.values().any(|other| {
                other.lock.as_ref().is_some_and(|held| held.held && !held.across && held.name == self.name)
            });
        moment.emit(match is_free {
            true => Event::LockTaken { visit, lock },
            false => Event::LockAwaited { visit, lock, across: self.across },
        });
        is_free
    }
}

/// Of those that wait for a lock across cases which nobody holds, who has waited longest: the place of the case among all, and
/// the visit.
pub fn next_free<'a>(cases: impl Iterator<Item = &'a Case>) -> Option<(usize, VisitId)> {
    let mut held = BTreeSet::new();
    let mut waiting = Vec::new();
    for (place, case) in cases.enumerate() {
        for visit in case.visits.values() {
            let Some(lock) = visit.lock.as_ref().filter(|lock| lock.across) else { continue };
            let key = (&case.process, &lock.name);
            match lock.held {
                true => _ = held.insert(key),
                false => waiting.push((visit.entered, place, visit.id, key)),
            }
        }
    }
    let free = waiting.into_iter().filter(|(.., key)| !held.contains(key));
    free.min().map(|(_, place, visit, _)| (place, visit))
}

/// Whether one lock is held, by way of others perhaps, while another is waited for.
pub fn leads_to<L: Ord + Copy>(after: &BTreeMap<L, BTreeSet<L>>, from: L, to: L) -> bool {
    let mut seen = BTreeSet::new();
    let mut to_do = vec![from];
    while let Some(lock) = to_do.pop() {
        if lock == to {
            return true;
        }
        if seen.insert(lock) {
            to_do.extend(after.get(&lock).into_iter().flatten().copied());
        }
    }
    false
}
