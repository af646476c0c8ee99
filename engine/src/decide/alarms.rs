//! What is due in a case, in order, kept up to date by what happens instead of being looked for after each alarm.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::event::Change;
use crate::ids::VisitId;
use crate::moment::Moment;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alarm {
    pub(super) at: Timestamp,
    pub(super) visit: VisitId,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Rung(u16),
    Timer(u16),
}

/// Everything that is due now: what was so from the beginning, and what became so since.
pub(super) struct Alarms {
    from_beginning: BTreeSet<Alarm>,
    since: BTreeSet<Alarm>,
    /// Alarms that were due at the beginning and have not rung.
    waiting: BTreeSet<Alarm>,
    of: BTreeMap<VisitId, Vec<Alarm>>,
    /// How many events have been looked through.
    seen: usize,
}

impl Alarms {
    /// What is due at the beginning of a wake.
    pub(super) fn new(moment: &mut Moment<'_>) -> Self {
        let visits: Vec<VisitId> = std::iter::once(VisitId::CASE).chain(moment.case.visits.keys().copied()).collect();
        let waiting = visits.iter().flat_map(|visit| due(moment, *visit)).collect();
        let (from_beginning, since, of) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        let mut alarms = Self { from_beginning, since, waiting, of, seen: moment.events().len() };
        visits.into_iter().for_each(|visit| alarms.look(moment, visit));
        alarms
    }

    /// The earliest: of all, or only of those that were not due at the beginning.
    pub(super) fn next(&self, of_all: bool) -> Option<Alarm> {
        let early = self.from_beginning.first().filter(|_| of_all);
        early.into_iter().chain(self.since.first()).min().copied()
    }

    /// An alarm is about to ring.
    pub(super) fn take(&mut self, alarm: Alarm) {
        self.waiting.remove(&alarm);
        if self.from_beginning.remove(&alarm) {
            // Until it turns out to have been passed, it is still due.
            self.since.insert(alarm);
        }
    }

    /// Takes in what happened since the last time.
    pub(super) fn follow(&mut self, moment: &mut Moment<'_>) {
        let changes = moment.events().get(self.seen..).unwrap_or_default().iter().map(crate::event::Event::change);
        let changed: BTreeSet<VisitId> = changes
            .filter_map(|change| match change {
                Change::Stay(visit) | Change::Limit(visit) | Change::Alarms(visit) => Some(visit),
                Change::Nothing | Change::Fields(..) | Change::Course | Change::All => None,
            })
            .collect();
        self.seen = moment.events().len();
        changed.into_iter().for_each(|visit| self.look(moment, visit));
    }

    fn look(&mut self, moment: &mut Moment<'_>, visit: VisitId) {
        moment.count_looks(1);
        for alarm in self.of.remove(&visit).unwrap_or_default() {
            self.from_beginning.remove(&alarm);
            self.since.remove(&alarm);
        }
        let found: Vec<Alarm> = due(moment, visit).collect();
        for alarm in &found {
            let set = if self.waiting.contains(alarm) { &mut self.from_beginning } else { &mut self.since };
            set.insert(*alarm);
        }
        self.of.insert(visit, found);
    }
}

/// What is due of a visit, 0 for the case's own.
fn due<'a>(moment: &'a Moment<'_>, visit: VisitId) -> impl Iterator<Item = Alarm> + 'a {
    let found = moment.visit(visit);
    let rung = found.and_then(|found| found.deadline.as_ref()?.next_rung());
    let own = Some(&moment.case.timers).filter(|_| visit == VisitId::CASE);
    let timers = found.map(|found| &found.timers).or(own).into_iter().flatten();
    let rung = rung.map(|(at, rung)| Alarm { at, visit, what: What::Rung(rung) });
    let timers = timers.map(move |(timer, at)| Alarm { at: *at, visit, what: What::Timer(*timer) });
    rung.into_iter().chain(timers).filter(|alarm| alarm.at <= moment.now)
}
