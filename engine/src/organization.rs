//! Units, people, duties and deputies: who can be asked to do what.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::calendar::Mistake;
use crate::event::Candidate;
use crate::ids::Name;
use crate::nearest::nearest;
use crate::value::Type;

/// How far up `parent` is followed; a deeper tree is refused by `Organization::problems`.
pub const UNIT_DEPTH_MAX: usize = 16;

/// The organisation as it is at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Duties by id, with what people call them.
    #[serde(default)]
    pub duties: BTreeMap<Name, Name>,
    /// Units by id.
    #[serde(default)]
    pub units: BTreeMap<Name, Unit>,
    /// People by id.
    #[serde(default)]
    pub people: BTreeMap<Name, Person>,
    /// Who stands in for whom.
    #[serde(default)]
    pub absences: Vec<Absence>,
}

/// A part of the organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// What people call it.
    pub title: Name,
    /// What kind of unit: `department`, `district`, `office` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Name>,
    /// The unit it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Name>,
    /// Its own calendar, when it differs from the process's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Name>,
}

/// Somebody who works in the organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The person's name.
    pub name: Name,
    /// Duties by unit.
    #[serde(default)]
    pub duties: BTreeMap<Name, BTreeSet<Name>>,
    /// The subjects a leader answers for (分管).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub portfolio: BTreeSet<Name>,
    /// Where mail goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Name>,
    /// Where text messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Name>,
}

/// A time in which one person stands in for another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// Who is away.
    pub person: Name,
    /// Who stands in.
    pub deputy: Name,
    /// The first instant.
    #[serde(deserialize_with = "instant")]
    pub from: Timestamp,
    /// The first instant after.
    #[serde(deserialize_with = "instant")]
    pub until: Timestamp,
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        let message = format!("`{text}` is not an instant with its zone, as `2026-10-01T00:00:00+08:00`");
        serde::de::Error::custom(message)
    })
}

impl Absence {
    /// Whether it covers this instant.
    pub fn covers(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

impl Organization {
    /// The id of the first unit, or person, that people call so.
    pub fn called(&self, kind: &Type, title: &Name) -> Option<&Name> {
        match kind {
            Type::Unit => self.units.iter().find(|(_, unit)| unit.title == *title).map(|(id, _)| id),
            Type::Person => self.people.iter().find(|(_, person)| person.name == *title).map(|(id, _)| id),
            _ => None,
        }
    }

    /// Whether the person, without deputies, is a candidate.
    pub fn is_candidate(&self, person: &Name, candidate: &Candidate) -> bool {
        match candidate {
            Candidate::Person { person: named } => named == person,
            Candidate::Duty { unit, duty } => self
                .people
                .get(person)
                .and_then(|found| found.duties.get(unit))
                .is_some_and(|duties| duties.contains(duty)),
        }
    }

    /// On whose behalf the person may act as one of the candidates: `Some(None)` for themself,
    /// `Some(Some(absent))` as a deputy, `None` when they may not.
    pub fn acts_for(&self, person: &Name, candidates: &[Candidate], now: Timestamp) -> Option<Option<&Name>> {
        if candidates.iter().any(|candidate| self.is_candidate(person, candidate)) {
            return Some(None);
        }
        self.absences
            .iter()
            .filter(|absence| absence.deputy == *person && absence.covers(now))
            .find(|absence| candidates.iter().any(|candidate| self.is_candidate(&absence.person, candidate)))
            .map(|absence| Some(&absence.person))
    }

    /// Whether somebody stands in for the person at this instant.
    pub fn is_absent(&self, person: &Name, now: Timestamp) -> bool {
        self.absences.iter().any(|absence| absence.person == *person && absence.covers(now))
    }

    /// Everyone who may act as one of the candidates at this instant, deputies included, by id.
    pub fn actors(&self, candidates: &[Candidate], now: Timestamp) -> BTreeSet<Name> {
        let mut found: BTreeSet<Name> = self
            .people
            .keys()
            .filter(|person| candidates.iter().any(|candidate| self.is_candidate(person, candidate)))
            .cloned()
            .collect();
        let deputies: Vec<Name> = self
            .absences
            .iter()
            .filter(|absence| absence.covers(now) && found.contains(&absence.person))
            .map(|absence| absence.deputy.clone())
            .collect();
        found.extend(deputies);
        found
    }

    /// Whether anybody is a candidate, without deputies: nobody stands in for somebody who is not there.
    pub fn is_staffed(&self, candidate: &Candidate) -> bool {
        match candidate {
            Candidate::Person { person } => self.people.contains_key(person),
            Candidate::Duty { .. } => self.people.keys().any(|person| self.is_candidate(person, candidate)),
        }
    }

    /// What does not fit together, given the names of all calendars; each with a path like `people.li-si.duties`; empty when all is well.
    pub fn mistakes<'a>(&self, calendars: impl Iterator<Item = &'a Name>) -> Vec<Mistake> {
        let calendars: BTreeMap<Name, ()> = calendars.map(|name| (name.clone(), ())).collect();
        let mut mistakes = Vec::new();
        for (id, unit) in &self.units {
            if let Some(calendar) = unit.calendar.as_ref().filter(|name| !calendars.contains_key(*name)) {
                let message = format!("the unit `{id}` lives by the calendar `{calendar}`, which is not there");
                mistakes.push(mistake(format!("units.{id}.calendar"), message, calendar, &calendars));
            }
            let path = format!("units.{id}.parent");
            match &unit.parent {
                None => {}
                Some(parent) if !self.units.contains_key(parent) => {
                    let message = format!("the unit `{id}` belongs to `{parent}`, which is not a unit");
                    mistakes.push(mistake(path, message, parent, &self.units));
                }
                Some(_) if self.depth(id).is_none() => {
                    let message =
                        format!("the unit `{id}` belongs to itself, or lies deeper than {UNIT_DEPTH_MAX} units");
                    mistakes.push(Mistake { path, message, help: None });
                }
                Some(_) => {}
            }
        }
        for (id, person) in &self.people {
            for (unit, duties) in &person.duties {
                let path = format!("people.{id}.duties.{unit}");
                if !self.units.contains_key(unit) {
                    let message = format!("`{id}` has a duty in `{unit}`, which is not a unit");
                    mistakes.push(mistake(path.clone(), message, unit, &self.units));
                }
                for duty in duties.iter().filter(|duty| !self.duties.contains_key(*duty)) {
                    let message = format!("`{id}` has the duty `{duty}`, which is not declared");
                    mistakes.push(mistake(format!("{path}.{duty}"), message, duty, &self.duties));
                }
            }
        }
        mistakes.extend((0..).zip(&self.absences).flat_map(|(number, absence)| self.absence_mistakes(number, absence)));
        mistakes
    }

    fn absence_mistakes(&self, number: usize, absence: &Absence) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (key, person) in [("person", &absence.person), ("deputy", &absence.deputy)] {
            if !self.people.contains_key(person) {
                let message = format!("there is no person `{person}`");
                mistakes.push(mistake(format!("absences[{number}].{key}"), message, person, &self.people));
            }
        }
        if absence.from >= absence.until {
            let message = format!("the absence of `{}` ends before it begins", absence.person);
            mistakes.push(Mistake { path: format!("absences[{number}].until"), message, help: None });
        }
        mistakes
    }

    /// The calendar that a unit lives by: its own, or that of the nearest unit around it that has one.
    pub fn calendar_of(&self, unit: &Name) -> Option<&Name> {
        let mut at = unit;
        for _ in 0..UNIT_DEPTH_MAX {
            let found = self.units.get(at)?;
            if found.calendar.is_some() {
                return found.calendar.as_ref();
            }
            at = found.parent.as_ref()?;
        }
        None
    }

    fn depth(&self, unit: &Name) -> Option<usize> {
        let mut at = unit;
        for depth in 0..UNIT_DEPTH_MAX {
            match self.units.get(at).and_then(|unit| unit.parent.as_ref()) {
                None => return Some(depth),
                Some(parent) => at = parent,
            }
        }
        None
    }
}

/// A mistake about a word that is none of those known.
fn mistake<T>(path: String, message: String, word: &Name, known: &BTreeMap<Name, T>) -> Mistake {
    let near = nearest(word, known.keys().map(Name::as_str));
    Mistake { path, message, help: near.map(|near| format!("did you mean `{near}`?")) }
}
