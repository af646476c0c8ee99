//! The city's staff: who could do what about a case, what they choose, and how they fill in its form.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use duban_engine::case::Case;
use duban_engine::ids::{Name, VisitId};
use duban_engine::library::Library;
use duban_engine::moment::World;
use duban_engine::organization::Organization;
use duban_engine::process::Process;
use duban_engine::value::Value;
use duban_engine::view::offers;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::chance::Chance;
use crate::door::{Blank, Deed, Filled, Fits};

/// The office that everything goes through.
const OFFICE: &str = "hotline-office";

/// How often each action is chosen, beside others; what is not here has `WEIGHT`.
const WEIGHTS: [(&str, u64); 26] = [
    ("answer", 150),
    ("assign", 600),
    ("report", 45),
    ("sign-for", 200),
    ("refuse", 16),
    ("progress", 15),
    ("reply", 120),
    ("attempt", 30),
    ("difficulty", 20),
    ("extend", 60),
    ("decline-extension", 60),
    ("urge", 8),
    ("inspect", 6),
    ("coordinate", 6),
    ("enlist", 6),
    ("reassign", 4),
    ("supervise", 4),
    ("sign", 200),
    ("amend", 8),
    ("accept", 160),
    ("return", 30),
    ("dispute", 10),
    ("decline", 10),
    ("note", 10),
    ("transfer", 5),
    ("direct", 20),
];

/// How often any other action is chosen.
const WEIGHT: u64 = 100;

/// What can be done about a case, and by whom.
pub type Options = BTreeMap<Deed, BTreeSet<Name>>;

/// The staff.
pub struct Staff {
    /// What they work by.
    pub library: Arc<Library>,
    /// Units with somebody who does the work and somebody who signs it.
    working: Vec<Name>,
    /// Subjects that a leader answers for.
    portfolios: Vec<Name>,
    people: Vec<Name>,
}

impl Staff {
    /// The staff of a library's organisation.
    pub fn new(library: Arc<Library>) -> Self {
        let organization = &library.catalog.organization;
        let working = organization.units.keys().filter(|unit| {
            ["clerk", "chief"].iter().all(|duty| people_in(organization, unit, duty).next().is_some())
                && people_in(organization, unit, "leader").next().is_none()
        });
        let portfolios = organization
            .units
            .keys()
            .filter(|unit| people_in(organization, unit, "secretary-general").next().is_some());
        let portfolios = portfolios.filter(|unit| people_in(organization, unit, "leader").next().is_some());
        Self {
            working: working.cloned().collect(),
            portfolios: portfolios.cloned().collect(),
            people: organization.people.keys().cloned().collect(),
            library,
        }
    }

    /// Everybody who could have to do with a case: the office, the units it names, and their deputies.
    fn nearby(&self, case: &Case) -> BTreeSet<Name> {
        let organization = &self.library.catalog.organization;
        let visits = case.visits.values();
        let items = visits.filter_map(|visit| visit.item.as_ref()).map(|item| &item.value);
        let texts = case.fields.values().chain(items).filter_map(|value| value.as_text());
        let units: BTreeSet<&str> = texts.map(|text| &**text).chain([OFFICE]).collect();
        let people = organization
            .people
            .iter()
            .filter(|(_, person)| person.duties.keys().any(|unit| units.contains(unit.as_str())));
        let mut found: BTreeSet<Name> = people.map(|(id, _)| id.clone()).collect();
        let away = organization.absences.iter().filter(|absence| found.contains(&absence.person));
        let deputies: Vec<Name> = away.map(|absence| absence.deputy.clone()).collect();
        found.extend(deputies);
        found.extend(case.visits.values().filter_map(|visit| visit.task.as_ref()?.holder.clone()));
        found
    }

    /// What can be done about a case now.
    pub fn options(&self, process: &Process, case: &Case, now: Timestamp) -> Options {
        let catalog = &self.library.catalog;
        let world = World { organization: &catalog.organization, calendars: &catalog.calendars, workload: None };
        let mut options = Options::new();
        for person in self.nearby(case) {
            let offers = offers(process, &world, case, &person, now);
            for offer in offers.into_iter().filter(|offer| offer.refusal.is_none()) {
                options.entry(Deed::Take(offer.visit, offer.action)).or_default().insert(person.clone());
            }
        }
        options
    }

    /// What of it somebody does.
    pub fn choose(&self, options: &Options, case: &Case, chance: &mut Chance) -> Option<(Name, Deed)> {
        if let Some(found) = self.choose_verb(case, chance) {
            return Some(found);
        }
        let weighted: Vec<((&Deed, &BTreeSet<Name>), u64)> =
            options.iter().map(|(deed, people)| ((deed, people), weight(deed, case))).collect();
        let (deed, people) = chance.weigh(&weighted)?;
        let people: Vec<&Name> = people.iter().collect();
        chance.pick(&people).map(|person| ((*person).clone(), (*deed).clone()))
    }

    /// Sometimes a task is taken, put back, passed on, or an act taken back; a colleague who was asked answers.
    fn choose_verb(&self, case: &Case, chance: &mut Chance) -> Option<(Name, Deed)> {
        let organization = &self.library.catalog.organization;
        if let Some(before) = case.before.as_ref().filter(|_| chance.per_mille(12)) {
            return Some((before.person.clone(), Deed::Withdraw));
        }
        for visit in case.visits.values() {
            let Some(task) = &visit.task else { continue };
            match (&task.holder, &task.asked_by) {
                (Some(holder), Some(_)) => return Some((holder.clone(), Deed::Answer(visit.id))),
                (None, _) if chance.per_mille(25) => {
                    let fit: Vec<Name> = organization.actors(&task.offered, visit.entered).into_iter().collect();
                    return chance.pick(&fit).map(|person| (person.clone(), Deed::Claim(visit.id)));
                }
                (Some(holder), None) if chance.per_mille(200) => {
                    let fit: Vec<Name> = organization.actors(&task.offered, visit.entered).into_iter().collect();
                    let other = chance.pick(&fit).cloned().unwrap_or_else(|| holder.clone());
                    let deed = match chance.below(3) {
                        0 => Deed::Release(visit.id),
                        1 => Deed::HandOn(visit.id, other),
                        _ => Deed::Delegate(visit.id, other),
                    };
                    return Some((holder.clone(), deed));
                }
                (None | Some(_), None) | (None, Some(_)) => {}
            }
        }
        None
    }

    /// Anybody at all, to do what is perhaps not theirs to do.
    pub fn anybody(&self, chance: &mut Chance) -> Option<Name> {
        chance.pick(&self.people).cloned()
    }

    /// Fills in a form.
    pub fn fill(&self, form: &[Blank], case: &Case, now: Timestamp, chance: &mut Chance) -> Filled {
        let mut filled = Filled::new();
        for blank in form {
            let wanted = blank.required || self.wants(blank, &filled, case, chance);
            if let Some(value) = wanted.then(|| self.value(blank, case, now, chance)).flatten() {
                filled.insert(blank.name.clone(), value);
            }
        }
        filled
    }

    fn wants(&self, blank: &Blank, filled: &Filled, case: &Case, chance: &mut Chance) -> bool {
        let often = match blank.name.as_str() {
            "assisting_units" => 200,
            "urgent" => 60,
            "required_by" => {
                let urgent = case.fields.get("urgent").is_some_and(|urgent| *urgent == true.into());
                let is_instructed = case.fields.get("instruction_due").is_some_and(|due| *due != Value::Null);
                match urgent || filled.contains_key("urgent") {
                    true => 950,
                    // What the leaders asked for may be past already.
                    false if is_instructed => 500,
                    false => 30,
                }
            }
            "rework_by" => 700,
            _ => 500,
        };
        chance.per_mille(often)
    }

    fn value(&self, blank: &Blank, case: &Case, now: Timestamp, chance: &mut Chance) -> Option<Json> {
        let lead = case.fields.get("lead_unit").and_then(|lead| lead.as_text());
        let value = match (blank.name.as_str(), &blank.fits) {
            ("portfolio", _) => json!(chance.pick(&self.portfolios)?),
            ("at_fault", _) => json!(lead.map(|lead| lead.to_string())?),
            ("assisting_units", _) => {
                let units: BTreeSet<&Name> =
                    (0..chance.between(1, 3)).filter_map(|_| chance.pick(&self.working)).collect();
                json!(units)
            }
            ("urgent", _) => json!(true),
            // Fourteen days are within ten working days of most limits, and beyond those of some.
            ("wanted_by" | "granted_until", _) => later(now, chance, 24 * 2, 24 * 14),
            (_, Fits::Line) => json!(format!("说明{}", chance.below(1_000))),
            (_, Fits::Long) => json!(format!("经核实，情况属实，已于第{}次现场处理完毕。", chance.between(1, 9))),
            (_, Fits::Phone) => json!(format!("1391{:07}", chance.below(10_000_000))),
            (_, Fits::Choice(keys)) => json!(chance.pick(keys)?),
            (_, Fits::Unit) => json!(chance.pick(&self.working)?),
            (_, Fits::Person) => json!(chance.pick(&self.people)?),
            (_, Fits::DateTime) => later(now, chance, 4, 24 * 8),
            (_, Fits::Number) => json!(chance.below(10)),
            (_, Fits::Boolean) => json!(chance.per_mille(900)),
            (_, Fits::List(_) | Fits::Other) => return None,
        };
        Some(value)
    }
}

fn later(now: Timestamp, chance: &mut Chance, first: u64, last: u64) -> Json {
    let hours = i64::try_from(chance.between(first, last)).unwrap_or(i64::MAX);
    json!((now + SignedDuration::from_hours(hours)).to_string())
}

fn weight(deed: &Deed, case: &Case) -> u64 {
    let Deed::Take(_, action) = deed else { return 0 };
    let weight = WEIGHTS.iter().find(|(name, _)| *action == **name).map_or(WEIGHT, |(_, weight)| *weight);
    // Nobody does the same thing over and over.
    let times = case.taken.get(action).map_or(0, |taken| taken.times);
    (weight / (1 + u64::from(times / 3))).max(1)
}

fn people_in<'a>(organization: &'a Organization, unit: &'a Name, duty: &'a str) -> impl Iterator<Item = &'a Name> {
    let people = organization.people.iter();
    let fit = people.filter(move |(_, person)| person.duties.get(unit).is_some_and(|duties| duties.contains(duty)));
    fit.map(|(id, _)| id)
}

/// The visit that a deed is about.
pub fn visit_of(deed: &Deed) -> Option<VisitId> {
    match deed {
        Deed::Take(visit, _)
        | Deed::Claim(visit)
        | Deed::Release(visit)
        | Deed::HandOn(visit, _)
        | Deed::Delegate(visit, _)
        | Deed::Answer(visit) => Some(*visit),
        Deed::Withdraw => None,
    }
}
