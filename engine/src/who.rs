//! Who may act, resolved against the organisation and the case.

use std::collections::BTreeSet;

use crate::event::Candidate;
use crate::formula::{Formula, Operand, Place, names_of};
use crate::ids::Name;

/// Who may act.
#[derive(Clone, Debug)]
pub enum Who {
    /// Whoever holds the duty in the unit.
    Duty {
        /// The unit: an id, an expression, or an expression for a list of units.
        unit: Operand,
        /// The duty's id.
        duty: Name,
    },
    /// A person, or a list of people.
    Person(Operand),
    /// Any of these.
    Any(Vec<Who>),
}

impl Who {
    /// The units whose duties are meant, at a place.
    pub fn units(&self, place: &Place<'_>) -> BTreeSet<Name> {
        match self {
            Self::Duty { unit, duty: _ } => names_of(&unit.evaluate(place)).into_iter().collect(),
            Self::Person(_) => BTreeSet::new(),
            Self::Any(several) => several.iter().flat_map(|who| who.units(place)).collect(),
        }
    }

    /// The expressions that say who it is.
    pub fn formulas(&self) -> Vec<&Formula> {
        match self {
            Self::Duty { unit: operand, duty: _ } | Self::Person(operand) => operand.formula().into_iter().collect(),
            Self::Any(several) => several.iter().flat_map(Self::formulas).collect(),
        }
    }

    /// The candidates at a place; none when the unit is not known yet.
    pub fn candidates(&self, place: &Place<'_>) -> Vec<Candidate> {
        match self {
            Self::Duty { unit, duty } => names_of(&unit.evaluate(place))
                .into_iter()
                .map(|unit| Candidate::Duty { unit, duty: duty.clone() })
                .collect(),
            Self::Person(person) => {
                let people = names_of(&person.evaluate(place));
                people.into_iter().map(|person| Candidate::Person { person }).collect()
            }
            Self::Any(several) => {
                let mut candidates: Vec<Candidate> = several.iter().flat_map(|who| who.candidates(place)).collect();
                candidates.dedup();
                candidates
            }
        }
    }
}
