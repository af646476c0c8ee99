//! Private values: kept beside the chain of hashes, which covers their salted digests, so that they can be removed.

use std::collections::BTreeSet;
use std::mem::take;

use duban_engine::event::{Event, Fields, Held};
use duban_engine::ids::{CaseId, Name};
use duban_engine::value::Value;
use sha2::{Digest, Sha256};

use crate::random;
use crate::storage::{hexadecimal, json};

/// How many bytes a salt has: more than anybody can try.
pub const SALT_BYTES: usize = 16;

/// Where salts come from. Without one, whoever knows how telephone numbers look finds the one behind a digest.
pub trait Salts: Send + Sync {
    /// A salt for one private value of a transition, counted from 0.
    fn salt(&self, case: CaseId, sequence: u32, position: u32) -> [u8; SALT_BYTES];
}

/// Salts that nobody can guess.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomSalts;

impl Salts for RandomSalts {
    fn salt(&self, _: CaseId, _: u32, _: u32) -> [u8; SALT_BYTES] {
        random::bytes()
    }
}

/// Where a value stands, the event counted from 0 and the field unless the event has it outside of fields; and its digest.
type Place = (u32, Option<Name>, String);

/// A salt in hexadecimal digits, and the value.
type Salted = (String, Value);

/// Private values apart from the events that they were in.
#[derive(Debug, Default)]
pub struct Parted {
    places: Vec<Place>,
    values: Vec<Salted>,
}

impl Parted {
    /// Takes the private values out of events; `null` and empty texts take their places.
    pub fn take(events: &mut [Event], fields: &BTreeSet<Name>, salts: &dyn Salts, case: CaseId, sequence: u32) -> Self {
        let mut parted = Self::default();
        for (event, found) in (0u32..).zip(events) {
            let mut part = |name: Option<&Name>, value: Value| {
                let position = u32::try_from(parted.values.len()).expect("a transition has few values");
                let salt = salts.salt(case, sequence, position);
                parted.places.push((event, name.cloned(), digest(&salt, &value)));
                parted.values.push((hexadecimal(&salt), value));
            };
            for held in found.held() {
                match held {
                    Held::Set(values) => part_fields(values, |name| fields.contains(name), &mut part),
                    Held::Carried(values) => part_fields(values, |_| true, &mut part),
                    Held::Item(value) if !value.is_null() => part(None, take(value)),
                    Held::Said(text) if !text.is_empty() => part(None, Value::text(&take(text))),
                    Held::Item(_) | Held::Said(_) => {}
                }
            }
        }
        parted
    }

    /// The texts of the columns `digests` and `private`; none when nothing was private.
    pub fn texts(&self) -> Option<(String, String)> {
        (!self.places.is_empty()).then(|| (json(&self.places), json(&self.values)))
    }

    /// Reads both columns.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence.
    pub fn read(digests: &str, private: &str) -> Result<Self, String> {
        let why = |error: serde_json::Error| error.to_string();
        let places: Vec<Place> = serde_json::from_str(digests).map_err(why)?;
        let values: Vec<Salted> = serde_json::from_str(private).map_err(why)?;
        if places.len() != values.len() {
            return Err(format!("there are {} digests and {} private values", places.len(), values.len()));
        }
        Ok(Self { places, values })
    }

    /// Whether each value has its digest, and the column `private` has nothing else.
    pub fn is_true(&self, private: &str) -> bool {
        let has_digest = |(_, _, expected): &Place, (salt, value): &Salted| {
            bytes_of(salt).is_some_and(|salt| digest(&salt, value) == *expected)
        };
        json(&self.values) == private
            && self.places.iter().zip(&self.values).all(|(place, value)| has_digest(place, value))
    }

    /// Puts the values back where they were.
    ///
    /// # Errors
    /// When there is no such place.
    pub fn put(self, events: &mut [Event]) -> Result<(), String> {
        for ((event, name, _), (_, value)) in self.places.into_iter().zip(self.values) {
            let found = usize::try_from(event).ok().and_then(|event| events.get_mut(event));
            let place = found.and_then(|found| found.held().into_iter().find_map(|held| slot(held, name.as_ref())));
            match (place, value) {
                (Some(Slot::Value(place)), value) => *place = value,
                (Some(Slot::Text(place)), Value::Text(text)) => text.as_str().clone_into(place),
                (Some(Slot::Text(_)) | None, _) => {
                    return Err(format!("event {event} has no place for a private value"));
                }
            }
        }
        Ok(())
    }
}

/// How many values the column `digests` speaks of.
pub fn count(digests: &str) -> usize {
    serde_json::from_str::<Vec<Place>>(digests).map_or(0, |places| places.len())
}

fn part_fields(values: &mut Fields, is_private: impl Fn(&Name) -> bool, part: &mut impl FnMut(Option<&Name>, Value)) {
    for (name, value) in values.iter_mut().filter(|(name, value)| !value.is_null() && is_private(name)) {
        part(Some(name), take(value));
    }
}

enum Slot<'a> {
    Value(&'a mut Value),
    Text(&'a mut String),
}

fn slot<'a>(held: Held<'a>, name: Option<&Name>) -> Option<Slot<'a>> {
    match (held, name) {
        (Held::Set(values) | Held::Carried(values), Some(name)) => values.get_mut(name).map(Slot::Value),
        (Held::Item(value), None) => Some(Slot::Value(value)),
        (Held::Said(text), None) => Some(Slot::Text(text)),
        (Held::Set(_) | Held::Carried(_), None) | (Held::Item(_) | Held::Said(_), Some(_)) => None,
    }
}

/// The digest of a salt, which has always the same length, and the value as it is stored.
fn digest(salt: &[u8], value: &Value) -> String {
    hexadecimal(&Sha256::new().chain_update(salt).chain_update(json(value)).finalize())
}

fn bytes_of(hexadecimal: &str) -> Option<Vec<u8>> {
    let is_salt = hexadecimal.len() == 2 * SALT_BYTES && hexadecimal.is_ascii();
    let pairs = (0..SALT_BYTES).map(|pair| u8::from_str_radix(hexadecimal.get(2 * pair..2 * pair + 2)?, 16).ok());
    if is_salt { pairs.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use duban_engine::event::Transition;

    use super::*;

    /// Every kind of event, with the text `路灯` among the fields of each that has some.
    const GOLDEN: &str = include_str!("../../../tests/golden/events/v1.json");

    #[test]
    fn what_is_taken_out_of_any_event_leaves_nothing_there_and_comes_back_as_it_was() {
        let history: Vec<Transition> = serde_json::from_str(GOLDEN).expect("the golden file is of events");
        let names = ["context", "date", "days", "half", "list", "moment", "text", "truth", "whole"].map(Name::new);
        for Transition { sequence, events, .. } in history {
            let mut left = events.clone();
            let parted = Parted::take(&mut left, &names.iter().cloned().collect(), &RandomSalts, CaseId(1), sequence);

            let chained = json(&left);
            let texts = parted.texts();
            let back = texts.as_ref().map(|(digests, private)| Parted::read(digests, private));

            assert!(!chained.contains("路灯") && !chained.contains("2026-11-23T12:00:00"), "{chained}");
            if let Some(back) = back {
                let back = back.expect("it was written just now");
                assert!(texts.is_some_and(|(_, private)| back.is_true(&private)));
                back.put(&mut left).expect("every place is there");
            }
            assert_eq!(left, events);
        }
    }

    #[test]
    fn a_value_that_stands_twice_has_two_digests() {
        let say = |text: &str| Event::IncidentRaised { visit: duban_engine::ids::VisitId(1), text: text.to_owned() };
        let mut events = [say("甲"), say("甲")];

        let parted = Parted::take(&mut events, &BTreeSet::new(), &RandomSalts, CaseId(1), 1);

        assert_eq!(parted.places.len(), 2);
        assert_ne!(parted.places[0].2, parted.places[1].2);
    }
}
