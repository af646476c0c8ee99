//! Locks that are held while another case is waited for: that case, or one that it calls, must not wait for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::clauses::lock::leads_to;
use crate::diagnostic::{Diagnostics, Span};
use crate::ids::Name;
use crate::process::{Process, Step};
use crate::steps::Kind;
use crate::steps::call::Call;

/// The processes of a set, by name.
type Processes = BTreeMap<Name, Arc<Process>>;

/// A lock across the cases of a process.
type Lock<'p> = (&'p Name, &'p Name);

/// Finds each called process whose cases may wait for a lock that the calling case holds, or for one that somebody holds who
/// waits for that.
pub fn check(processes: &Processes, out: &mut Diagnostics) {
    let mut after: BTreeMap<Lock<'_>, BTreeSet<Lock<'_>>> = BTreeMap::new();
    let mut through_calls: BTreeSet<(Lock<'_>, Lock<'_>, Span)> = BTreeSet::new();
    for process in processes.values() {
        for step in &process.steps {
            let held: Vec<Lock<'_>> = around(process, step).filter_map(|outer| lock_of(process, outer)).collect();
            let called = called_by(step).map(|call| (call, locks_below(processes, call)));
            for outer in &held {
                after.entry(*outer).or_default().extend(lock_of(process, step).filter(|inner| inner != outer));
                for (call, inner) in called.iter().flat_map(|(call, locks)| locks.iter().map(|lock| (*call, *lock))) {
                    through_calls.insert((*outer, inner, call.span));
                    after.entry(*outer).or_default().insert(inner);
                }
            }
        }
    }
    let mut told = BTreeSet::new();
    for ((process, lock), inner, span) in through_calls {
        if leads_to(&after, inner, (process, lock)) && told.insert(span) {
            let (called, wanted) = inner;
            let message = format!(
                "this may wait for ever: the lock `{lock}` of `{process}` is held here, and a case of `{called}` that is waited for may wait for `{wanted}`"
            );
            out.error(span, "locks-crossed", message).help("call it where the lock is not held");
        }
    }
}

/// A step and those around it.
fn around<'p>(process: &'p Process, step: &'p Step) -> impl Iterator<Item = &'p Step> {
    std::iter::successors(Some(step), |inner| inner.parent.map(|outer| process.step(outer)))
}

fn lock_of<'p>(process: &'p Process, step: &'p Step) -> Option<Lock<'p>> {
    step.lock.as_ref().filter(|lock| lock.across).map(|lock| (&process.name, &lock.name))
}

fn called_by(step: &Step) -> Option<&Call> {
    if let Kind::Call(call) = &step.kind { Some(call) } else { None }
}

/// Every lock that a called case, or one that it calls, may wait for.
fn locks_below<'p>(processes: &'p Processes, call: &'p Call) -> BTreeSet<Lock<'p>> {
    let mut seen = BTreeSet::new();
    let mut locks = BTreeSet::new();
    let mut to_do = vec![&call.process];
    while let Some(name) = to_do.pop() {
        let Some(process) = processes.get(name).filter(|_| seen.insert(name)) else { continue };
        for step in &process.steps {
            locks.extend(lock_of(process, step));
            to_do.extend(called_by(step).map(|call| &call.process));
        }
    }
    locks
}
