//! All calendars of an installation, each with the versions it has had.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Calendar, Mistake, Mistakes, Sheet, Version};
use crate::ids::Name;
use crate::nearest::nearest;

/// A calendar has at most so many parents one above the other: country, province, city, district, unit and one more.
pub const PARENTS_MAX: usize = 6;

/// Calendars by name; of each name the versions in the order in which they came.
#[derive(Debug, Clone)]
pub struct Calendars {
    default_name: Name,
    by_name: BTreeMap<Name, Vec<Arc<Calendar>>>,
}

impl Calendars {
    /// Checks sheets together, each with its parents taken in; `default_name` is the calendar of processes that name
    /// none. The paths of mistakes begin with the calendar's name.
    pub fn from_sheets(default_name: &str, sheets: Vec<Sheet>) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let mut by_name: BTreeMap<&str, &Sheet> = BTreeMap::new();
        for sheet in &sheets {
            if by_name.insert(&sheet.calendar, sheet).is_some() {
                mistakes.push(wrong(sheet, "calendar", "this calendar is there twice".to_owned()));
            }
        }
        let mut calendars = Self { default_name: Name::new(default_name), by_name: BTreeMap::new() };
        for sheet in by_name.values() {
            match resolved(sheet, &by_name).and_then(|whole| Calendar::try_from(whole).map_err(|all| named(sheet, all)))
            {
                Ok(calendar) => {
                    calendars.insert(calendar);
                }
                Err(found) => mistakes.extend(found.0),
            }
        }
        if !by_name.contains_key(default_name) {
            let message = format!("there is no calendar `{default_name}` to be the default");
            mistakes.push(Mistake { path: default_name.to_owned(), message, help: None });
        }
        match mistakes.is_empty() {
            true => Ok(calendars),
            false => Err(Mistakes(mistakes)),
        }
    }

    /// Adds a version, the newest of its name from now on; whether it was not there before.
    pub fn insert(&mut self, calendar: Calendar) -> bool {
        let versions = self.by_name.entry(calendar.name().clone()).or_default();
        let known = versions.iter().position(|old| old.version() == calendar.version());
        match known {
            Some(place) => {
                let again = versions.remove(place);
                versions.push(again);
            }
            None => versions.push(Arc::new(calendar)),
        }
        known.is_none()
    }

    /// The calendar of processes that name none.
    pub fn default_name(&self) -> &Name {
        &self.default_name
    }

    /// The newest version of a calendar.
    pub fn get(&self, name: &str) -> Option<&Arc<Calendar>> {
        self.by_name.get(name)?.last()
    }

    /// The newest version of the default calendar.
    pub fn default_calendar(&self) -> &Arc<Calendar> {
        self.get(&self.default_name).expect("a set is only made with its default calendar in it")
    }

    /// A calendar as it was.
    pub fn at_version(&self, name: &str, version: &Version) -> Option<&Arc<Calendar>> {
        self.by_name.get(name)?.iter().find(|calendar| calendar.version() == version)
    }

    /// The names of all calendars.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.by_name.keys()
    }
}

/// The sheet with its parents taken in, the nearest first.
fn resolved(sheet: &Sheet, by_name: &BTreeMap<&str, &Sheet>) -> Result<Sheet, Mistakes> {
    let mut line = vec![sheet];
    while let Some(parent) = line.last().and_then(|last| last.parent.as_deref()) {
        if line.len() > PARENTS_MAX || line.iter().any(|known| known.calendar == parent) {
            let message = format!("`{parent}` is its own parent, or one of more than {PARENTS_MAX}");
            return Err(Mistakes(vec![wrong(sheet, "parent", message)]));
        }
        match by_name.get(parent) {
            Some(found) => line.push(found),
            None => {
                let help = nearest(parent, by_name.keys().copied()).map(|near| format!("did you mean `{near}`?"));
                let message = format!("there is no calendar `{parent}`");
                return Err(Mistakes(vec![Mistake { help, ..wrong(sheet, "parent", message) }]));
            }
        }
    }
    let mut sheets = line.into_iter().rev().cloned();
    let root = sheets.next().expect("the line begins with the sheet itself");
    Ok(sheets.fold(root, |parent, child| child.over(&parent)))
}

fn wrong(sheet: &Sheet, key: &str, message: String) -> Mistake {
    Mistake { path: format!("{}.{key}", sheet.calendar), message, help: None }
}

fn named(sheet: &Sheet, mistakes: Mistakes) -> Mistakes {
    let place = |mistake: Mistake| Mistake { path: format!("{}.{}", sheet.calendar, mistake.path), ..mistake };
    Mistakes(mistakes.0.into_iter().map(place).collect())
}
