//! The rules that every case keeps after every transition, whatever its process says, with an account of their own.

use std::collections::{BTreeMap, BTreeSet};

use duban_engine::case::Case;
use duban_engine::event::{Due, Event, Transition};
use duban_engine::ids::{Name, VisitId};
use duban_engine::process::Process;
use duban_engine::steps::Kind;
use duban_engine::steps::wait::Wait;
use jiff::Timestamp;

/// What the events of a case say, counted without the engine.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Visits for which an administrator was called; 0 for the case.
    incidents: BTreeSet<VisitId>,
    /// When each rung of each deadline is to be reached.
    armed: BTreeMap<VisitId, Vec<Option<Timestamp>>>,
    /// How often each step was entered.
    visits: BTreeMap<Name, u32>,
    /// How often each action was taken.
    times: BTreeMap<Name, u32>,
    /// The account before the last action, and the transition of that action.
    before: Option<(u32, Box<Account>)>,
}

/// The transition as it is when it comes back from storage.
pub fn restored(transition: &Transition) -> Transition {
    let stored = serde_json::to_string(transition).expect("a transition is plain data");
    let found: Transition = serde_json::from_str(&stored).unwrap_or_else(|error| panic!("{error}: {stored}"));
    assert_eq!(found, *transition, "a transition reads back as it was written: {stored}");
    found
}

impl Account {
    /// Books a transition, and checks the case as it is after it.
    pub fn keep(&mut self, process: &Process, case: &Case, transition: &Transition) {
        self.book(transition);
        visits_form_a_tree(case);
        locks_have_one_holder(case);
        for leaf in case.leaves() {
            let Some((_, step)) = process.find(&leaf.step) else { panic!("`{}` is no step", leaf.step) };
            let is_resting = !step.kind.is_passing() && !matches!(step.kind, Kind::Close(_));
            assert!(
                is_resting || self.incidents.contains(&leaf.id),
                "the case rests in `{}`, a {}",
                step.name,
                step.kind.word()
            );
        }
        let is_helped = self.incidents.iter().any(|visit| *visit == VisitId::CASE || case.visits.contains_key(visit));
        if case.is_open() {
            assert!(
                is_helped || can_move(process, case),
                "nothing can happen to the case any more: {:#?}",
                case.visits
            );
        } else {
            assert!(case.visits.is_empty(), "a closed case is nowhere: {:#?}", case.visits);
        }
        let visited: BTreeMap<Name, u32> = case.visited.clone();
        assert_eq!(visited, self.visits, "visits() agrees with the events");
        let taken: BTreeMap<Name, u32> = case.taken.iter().map(|(name, taken)| (name.clone(), taken.times)).collect();
        assert_eq!(taken, self.times, "times() agrees with the events");
    }

    fn book(&mut self, transition: &Transition) {
        let is_action = transition.events.iter().any(|event| matches!(event, Event::ActionTaken { .. }));
        if is_action {
            let mut before = self.clone();
            before.before = None;
            self.before = Some((transition.sequence, Box::new(before)));
        }
        for event in &transition.events {
            self.book_event(event, transition.at);
        }
    }

    fn book_event(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::StepEntered { visit, step, resumes, .. } => {
                *self.visits.entry(step.clone()).or_insert(0) += 1;
                if let Some(armed) = resumes.and_then(|old| self.armed.get(&old).cloned()) {
                    self.armed.insert(*visit, armed);
                }
            }
            Event::ActionTaken { action, .. } => *self.times.entry(action.clone()).or_insert(0) += 1,
            Event::ActionWithdrawn { sequence } => match self.before.take() {
                Some((taken, before)) if taken == *sequence => *self = *before,
                other => panic!("transition {sequence} was withdrawn, but the last action was {other:?}"),
            },
            Event::DeadlineSet { visit, due } | Event::DeadlineMoved { visit, due, .. } => self.arm(*visit, due),
            Event::RungPassed { visit, rung, at, next, .. } => {
                assert!(*at <= now, "rung {rung} of visit {visit} was to be at {at} and fired early, at {now}");
                let slot = self.armed.get_mut(visit).and_then(|rungs| rungs.get_mut(usize::from(*rung)));
                let slot = slot.expect("a rung belongs to a deadline that was set");
                assert_eq!(*slot, Some(*at), "rung {rung} of visit {visit} passes once each time it is armed");
                assert!(next.is_none_or(|next| next > *at), "a repeated rung comes later");
                *slot = *next;
            }
            Event::TimerPassed { next, .. } => {
                assert!(next.is_none_or(|next| next > now), "a repeated timer comes later")
            }
            Event::IncidentRaised { visit, .. } => {
                self.incidents.insert(*visit);
            }
            _ => {}
        }
    }

    fn arm(&mut self, visit: VisitId, due: &Due) {
        self.armed.insert(visit, due.rungs.clone());
    }
}

fn visits_form_a_tree(case: &Case) {
    for visit in case.visits.values() {
        assert!(visit.id.0 < case.next_visit, "visit ids grow");
        let has_parent = visit.parent == VisitId::CASE || case.visits.contains_key(&visit.parent);
        assert!(has_parent, "visit {} of `{}` lies in visit {}, which has ended", visit.id, visit.step, visit.parent);
        assert!(visit.parent < visit.id, "a visit begins after the one around it");
    }
}

fn locks_have_one_holder(case: &Case) {
    let mut holders: BTreeMap<&Name, Vec<VisitId>> = BTreeMap::new();
    for visit in case.visits.values() {
        if let Some(lock) = visit.lock.as_ref().filter(|lock| lock.held && !lock.across) {
            holders.entry(&lock.name).or_default().push(visit.id);
        }
    }
    for (lock, holders) in holders {
        assert_eq!(holders.len(), 1, "the lock `{lock}` has one holder, not {holders:?}");
    }
}

/// Of all cases of a process one visit at a time holds a lock across cases, and nobody waits for one that nobody holds.
pub fn locks_across_have_one_holder<'a>(cases: impl Iterator<Item = &'a Case>) {
    let mut holders: BTreeMap<(&Name, &Name), usize> = BTreeMap::new();
    for case in cases {
        for lock in case.visits.values().filter_map(|visit| visit.lock.as_ref()).filter(|lock| lock.across) {
            *holders.entry((&case.process, &lock.name)).or_default() += usize::from(lock.held);
        }
    }
    for ((process, lock), holders) in holders {
        assert_eq!(
            holders, 1,
            "the lock `{lock}` of `{process}` has one holder while somebody waits for it or holds it"
        );
    }
}

/// Whether anything can happen: a task, a timer, a message, a child case or a job.
fn can_move(process: &Process, case: &Case) -> bool {
    case.next_wake().is_some()
        || case.visits.values().any(|visit| {
            let awaits = process.find(&visit.step).is_some_and(|(_, step)| {
                matches!(step.kind, Kind::Wait(Wait::Message { .. })) || !step.listeners.is_empty()
            });
            let awaits = awaits || visit.lock.as_ref().is_some_and(|lock| lock.across && !lock.held);
            visit.task.is_some() || visit.child.is_some() || visit.job.is_some() || awaits
        })
}
