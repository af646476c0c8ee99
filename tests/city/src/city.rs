//! A city at work, in virtual time: requests come in when they came, staff act on them sooner or later, until all are closed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use duban::clock::ManualClock;
use duban::runner::Runner;
use duban::storage::{cases, outbox};
use duban_engine::case::Case;
use duban_engine::ids::{CaseId, Name};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::complaints::{Channel, Complaint};
use crate::door::{Deed, Door, Filled, Refused, fold};
use crate::staff::Staff;

/// Everything happens at whole multiples of this; what is due by itself happens at its own instant.
const TICK: SignedDuration = SignedDuration::from_mins(30);

/// How many instants a run may have: a city that does not come to rest is livelocked.
const INSTANTS_MAX: usize = 40_000;

/// How often staff may look at one case.
const LOOKS_MAX: u32 = 400;

/// How often somebody tries to fill in one form, before they leave it for later.
const TRIES_MAX: u32 = 4;

/// The action whose effect opens a case with a number of its own: these are taken one after the other, so that the
/// numbers follow from the seed.
const OPENS_CASE: &str = "report";

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Commands that were done.
    pub commands: u64,
    /// Commands that were refused, by the code of why.
    pub refused: BTreeMap<String, u64>,
    /// Instants at which something happened.
    pub instants: u64,
    /// How cases ended: by process and outcome.
    pub outcomes: BTreeMap<String, u64>,
}

/// A case that staff work on.
struct Matter {
    case: CaseId,
    key: String,
    chance: Chance,
    looks: u32,
    /// What could not be done yet, however the form was filled in, and since which step of the case.
    refused: (u32, BTreeSet<Deed>),
}

/// What an instant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A complaint comes in.
    Arrival(usize),
    /// Somebody looks at a matter.
    Look(usize),
}

/// What became of a look.
enum Looked {
    /// The case is closed, this way.
    Closed(String),
    /// Somebody looks again after so many ticks.
    Again(i64),
    /// Somebody has decided to do this, one after the other.
    Held(Name, Deed),
}

/// What a look brings back.
struct Look {
    number: usize,
    matter: Matter,
    looked: Looked,
    child: Option<CaseId>,
    tally: Tally,
}

/// The city.
pub struct City {
    /// How people reach the server.
    pub door: Door,
    /// The server's runner, whose clock the city moves.
    pub runner: Arc<Runner>,
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// Who works.
    pub staff: Staff,
    /// Where all chance comes from.
    pub seed: u64,
}

/// A run under way.
struct Run {
    city: Arc<City>,
    complaints: Arc<Vec<Complaint>>,
    agenda: BTreeMap<Timestamp, Vec<Due>>,
    matters: Vec<Option<Matter>>,
    known: BTreeMap<CaseId, usize>,
    tally: Tally,
}

impl City {
    /// Lives through all complaints until every case is closed.
    ///
    /// # Panics
    /// When the city does not come to rest, or the server answers what it should not.
    pub async fn live(self: Arc<Self>, complaints: Arc<Vec<Complaint>>) -> Tally {
        let mut agenda: BTreeMap<Timestamp, Vec<Due>> = BTreeMap::new();
        for (number, complaint) in complaints.iter().enumerate() {
            agenda.entry(whole(complaint.at)).or_default().push(Due::Arrival(number));
        }
        let (matters, known, tally) = (Vec::new(), BTreeMap::new(), Tally::default());
        let mut run = Run { city: self, complaints, agenda, matters, known, tally };
        while let Some((at, due)) = run.agenda.pop_first() {
            run.tally.instants += 1;
            assert!(run.tally.instants < INSTANTS_MAX as u64, "the city is livelocked: {} cases open", run.known.len());
            run.pass_until(at).await;
            run.serve(due).await;
            // What follows from all this happens now, and not when the clock has moved.
            run.city.settle().await;
        }
        let dead = outbox::dead(run.city.runner.database(), 9).await.expect("the database answers");
        assert_eq!(dead, [], "everything that the cases asked for could be done");
        run.tally
    }

    async fn settle(&self) {
        self.runner.settle().await.expect("the database answers");
    }

    async fn case(&self, case: CaseId) -> Arc<Case> {
        self.runner.case(case).await.expect("the database answers").expect("the server said that there is this case")
    }

    /// Somebody looks at a matter, and perhaps does something.
    async fn look(&self, matter: &mut Matter, tally: &mut Tally) -> (Looked, Option<CaseId>) {
        matter.looks += 1;
        let case = self.case(matter.case).await;
        assert!(matter.looks < LOOKS_MAX, "a case does not come to an end: {}", restless(&case));
        let child = case.visits.values().find_map(|visit| visit.child);
        if let Some(closed) = &case.closed {
            return (Looked::Closed(format!("{} {}", case.process, closed.outcome)), child);
        }
        let chance = &mut matter.chance;
        if let Some(number) = case.number.as_ref().filter(|_| case.process == "appeal" && chance.per_mille(15)) {
            let key = format!("{}-{}-again", matter.key, matter.looks);
            let heard = self.door.deliver(&key, "appeal.repeated", Some(number), Filled::new()).await;
            count(tally, heard.map(|cases| cases.len()));
            return (Looked::Again(1), child);
        }
        let now = self.runner_now();
        let process = self.staff.library.processes.get(&case.process).expect("every case runs a process of the set");
        let mut options = self.staff.options(process, &case, now);
        if matter.refused.0 == case.sequence {
            options.retain(|deed, _| !matter.refused.1.contains(deed));
        } else {
            matter.refused = (case.sequence, BTreeSet::new());
        }
        let Some((person, deed)) = self.staff.choose(&options, &case, chance) else {
            return (Looked::Again(24), child);
        };
        if matches!(&deed, Deed::Take(_, action) if *action == OPENS_CASE) {
            return (Looked::Held(person, deed), child);
        }
        self.act(matter, &case, person, &deed, tally).await;
        (Looked::Again(pause(&mut matter.chance)), child)
    }

    /// Somebody does something, trying a few times to fill in the form.
    async fn act(&self, matter: &mut Matter, case: &Case, mut person: Name, deed: &Deed, tally: &mut Tally) {
        if matter.chance.per_mille(5) {
            person = self.staff.anybody(&mut matter.chance).unwrap_or(person);
        }
        for attempt in 0..TRIES_MAX {
            let form = match deed {
                Deed::Take(visit, action) => match self.door.offers(matter.case, &person).await {
                    Ok(offers) => {
                        let offer = offers.into_iter().find(|offer| offer.visit == *visit && offer.action == *action);
                        offer.map(|offer| offer.form)
                    }
                    Err(_) => None,
                },
                _ => Some(Vec::new()),
            };
            let filled = self.staff.fill(&form.unwrap_or_default(), case, self.runner_now(), &mut matter.chance);
            let key = format!("{}-{}-{attempt}", matter.key, matter.looks);
            let done = self.door.act(&key, matter.case, &person, deed, filled).await;
            let again = matches!(&done, Err(Refused(code)) if code == "requirement");
            count(tally, done);
            if !again {
                return;
            }
        }
        matter.refused.1.insert(deed.clone());
    }

    fn runner_now(&self) -> Timestamp {
        self.runner.clock().now()
    }
}

impl Run {
    /// Lets time pass, with everything that is due by itself on the way.
    async fn pass_until(&mut self, until: Timestamp) {
        for _ in 0..INSTANTS_MAX {
            let now = self.city.runner_now();
            let next = cases::next_wake(self.city.runner.database(), now).await.expect("the database answers");
            let next = next.filter(|next| *next <= until).unwrap_or(until).max(now);
            self.city.clock.advance(next.duration_since(now));
            self.city.settle().await;
            if next == until {
                return;
            }
        }
        assert_eq!(self.city.runner_now(), until, "timers fire without end");
    }

    async fn serve(&mut self, mut due: Vec<Due>) {
        due.sort();
        let mut looking = JoinSet::new();
        for due in due {
            match due {
                Due::Arrival(number) => self.arrive(number).await,
                Due::Look(number) => {
                    let city = Arc::clone(&self.city);
                    let mut matter = self.matters[number].take().expect("a matter is on the agenda once");
                    looking.spawn(async move {
                        let mut tally = Tally::default();
                        let (looked, child) = city.look(&mut matter, &mut tally).await;
                        Look { number, matter, looked, child, tally }
                    });
                }
            }
        }
        let mut looks = looking.join_all().await;
        looks.sort_by_key(|look| look.number);
        for look in looks {
            self.finish(look).await;
        }
    }

    async fn finish(&mut self, look: Look) {
        let Look { number, mut matter, looked, child, tally } = look;
        self.tally.add(&tally);
        if let Some(child) = child {
            self.know(child, &format!("{}-report-{child}", matter.key), 4);
        }
        let ticks = match looked {
            Looked::Closed(outcome) => {
                *self.tally.outcomes.entry(outcome).or_default() += 1;
                self.matters[number] = Some(matter);
                return;
            }
            Looked::Again(ticks) => ticks,
            Looked::Held(person, deed) => {
                let (city, mut tally) = (Arc::clone(&self.city), Tally::default());
                let case = city.case(matter.case).await;
                city.act(&mut matter, &case, person, &deed, &mut tally).await;
                city.settle().await;
                self.tally.add(&tally);
                1
            }
        };
        self.matters[number] = Some(matter);
        let at = self.city.runner_now() + TICK * i32::try_from(ticks).unwrap_or(i32::MAX);
        self.agenda.entry(office_hours(at)).or_default().push(Due::Look(number));
    }

    async fn arrive(&mut self, number: usize) {
        let complaints = Arc::clone(&self.complaints);
        let complaint = &complaints[number];
        let key = format!("{}-{}", self.city.seed, complaint.key);
        let opened = match complaint.channel {
            Channel::Call => {
                let operators = ["wei-hongwei", "jiang-lixin", "shen-guoqiang"];
                let operator = Name::new(operators[number % operators.len()]);
                self.city.door.open(&key, &operator, "appeal", complaint.fields.clone()).await.map(|case| vec![case])
            }
            Channel::Letter => self.city.door.deliver(&key, "mailbox.received", None, complaint.fields.clone()).await,
            Channel::Text => self.city.door.deliver(&key, "sms.received", None, complaint.fields.clone()).await,
        };
        let opened =
            opened.unwrap_or_else(|Refused(code)| fail(&format!("complaint {} was refused: {code}", complaint.key)));
        let [case] = opened.as_slice() else {
            fail(&format!("complaint {} opened {} cases", complaint.key, opened.len()))
        };
        self.tally.commands += 1;
        self.know(*case, &key, 1);
    }

    /// From now on staff look at a case.
    fn know(&mut self, case: CaseId, key: &str, ticks: i32) {
        if self.known.contains_key(&case) {
            return;
        }
        let number = self.matters.len();
        self.known.insert(case, number);
        let chance = Chance::new(self.city.seed, fold(key));
        self.matters.push(Some(Matter { case, key: key.to_owned(), chance, looks: 0, refused: Default::default() }));
        let at = self.city.runner_now() + TICK * ticks;
        self.agenda.entry(at).or_default().push(Due::Look(number));
    }
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.commands += other.commands;
        for (code, count) in &other.refused {
            *self.refused.entry(code.clone()).or_default() += count;
        }
    }

    /// The tally as a few lines to read.
    pub fn to_text(&self) -> String {
        json!({"commands": self.commands, "instants": self.instants, "outcomes": self.outcomes, "refused": self.refused})
            .to_string()
    }
}

fn count<T>(tally: &mut Tally, done: Result<T, Refused>) {
    match done {
        Ok(_) => tally.commands += 1,
        Err(Refused(code)) => *tally.refused.entry(code).or_default() += 1,
    }
}

#[expect(clippy::panic, reason = "a run that goes wrong says where")]
fn fail(why: &str) -> ! {
    panic!("{why}")
}

/// A case that does not end, in a few words.
fn restless(case: &Case) -> String {
    let at: Vec<&str> = case.visits.values().map(|visit| visit.step.as_str()).collect();
    let holders: Vec<_> = case.visits.values().filter_map(|visit| visit.task.as_ref()?.holder.as_ref()).collect();
    let taken: BTreeMap<&Name, u32> = case.taken.iter().map(|(action, taken)| (action, taken.times)).collect();
    format!("{} at {at:?}, held by {holders:?}, after {taken:?}, led by {:?}", case.id, case.fields.get("lead_unit"))
}

/// How many ticks until somebody looks again: mostly the same day, sometimes far too late.
fn pause(chance: &mut Chance) -> i64 {
    let ticks = match chance.below(1_000) {
        0..700 => chance.between(1, 12),
        700..900 => chance.between(24, 96),
        900..975 => chance.between(96, 300),
        975..990 => chance.between(300, 700),
        _ => chance.between(700, 1_500),
    };
    i64::try_from(ticks).unwrap_or(1)
}

/// The next whole tick.
fn whole(at: Timestamp) -> Timestamp {
    let (second, tick) = (at.as_second(), TICK.as_secs());
    let next = second + (tick - second.rem_euclid(tick)) % tick;
    Timestamp::from_second(next).unwrap_or(at)
}

/// Between eight and eighteen o'clock in the city, or the next morning at eight.
fn office_hours(at: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60;
    let local = (at.as_second() + 8 * 60 * 60).rem_euclid(DAY);
    let wait = match local / 3600 {
        8..18 => 0,
        0..8 => 8 * 3600 - local,
        _ => 32 * 3600 - local,
    };
    at + SignedDuration::from_secs(wait)
}
