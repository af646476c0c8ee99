//! What a process may name besides its own words: units, calendars, catalogs, marks, templates, other processes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::calendar::Calendars;
use crate::ids::Name;
use crate::organization::Organization;
use crate::value::Type;

/// Everything around a process that its definition may name.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// Units, people and duties.
    pub organization: Organization,
    /// Working time.
    pub calendars: Calendars,
    /// Lists of entries, by name.
    pub lists: BTreeMap<Name, Entries>,
    /// Kinds of marks.
    pub marks: BTreeMap<Name, MarkKind>,
    /// Connections for webhooks.
    pub connections: BTreeSet<Name>,
    /// Templates by name.
    pub templates: BTreeSet<Name>,
    /// The other processes as they look from outside.
    pub processes: BTreeMap<Name, Outline>,
}

/// The entries of a catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct Entries {
    /// What people call the catalog.
    pub title: Name,
    /// Entries with their titles; one inside another is `outer/inner`.
    pub entries: Arc<BTreeMap<Name, Name>>,
}

/// A kind of mark in the assessment ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkKind {
    /// What people call it.
    pub title: Name,
    /// The article it carries out.
    pub article: Option<Name>,
    /// Whether it counts against the unit.
    pub bad: bool,
}

/// A process as it looks from outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Its fields with their types.
    pub fields: BTreeMap<Name, Type>,
    /// The fields that its start requires.
    pub required: BTreeSet<Name>,
    /// The fields that its start accepts.
    pub accepted: BTreeSet<Name>,
    /// How it can end.
    pub outcomes: BTreeSet<Name>,
}
