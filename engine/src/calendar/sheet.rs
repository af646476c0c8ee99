//! A calendar as it is written in its file, before anything in it is checked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Recalc;

/// A calendar's file. A calendar with a parent writes only what differs: a field that is there replaces the parent's,
/// a year replaces the parent's year, and overrides are added to the parent's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The word by which processes name the calendar.
    pub calendar: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The calendar whose days this one takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// When its sources were last looked at, `2026-11-23`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// The zone of its clock, `Asia/Shanghai`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The weekdays that are worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<Vec<String>>,
    /// The hours of every working day, `09:00-12:00, 13:00-17:30`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// The hours of weekdays that differ, a make-up day on such a weekday included.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hours_by_weekday: BTreeMap<String, String>,
    /// How a limit in working days is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<CountSheet>,
    /// How open deadlines follow a newer version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalc: Option<Recalc>,
    /// From this day of a year, `12-01`, the notice for the next year may change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_notice_from: Option<String>,
    /// The holidays that the law fixes by date, `01-01`: all that is known of a year without a notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_holidays: Option<Vec<DaySheet>>,
    /// What was announced, by year.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub years: BTreeMap<i16, YearSheet>,
    /// The overrides of its parents, the farthest first: in a sheet that the program wrote, its parents taken in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherited_overrides: Vec<OverridesSheet>,
    /// What is decided locally, whatever was announced.
    #[serde(default, skip_serializing_if = "OverridesSheet::is_empty")]
    pub overrides: OverridesSheet,
}

/// The counting rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountSheet {
    /// Which day is counted first.
    #[serde(default)]
    pub first_day: FirstDay,
    /// Until when the last day runs: `end_of_day`, `end_of_hours` or a time of day such as `17:30`.
    #[serde(default = "end_of_day")]
    pub due_time: String,
}

fn end_of_day() -> String {
    "end_of_day".to_owned()
}

/// Which day of a limit in working days is counted first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstDay {
    /// The first working day after the day on which the limit begins.
    #[default]
    NextWorkingDay,
    /// The day itself, if it is a working day that has not ended yet; otherwise the next working day.
    SameDay,
}

/// How far a year's days are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The notice is out: the days are as listed.
    Official,
    /// The days listed are expected, and may change.
    Provisional,
    /// Nothing is announced.
    Unpublished,
}

/// What was announced for one year. The notice for a year may name days in December of the year before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearSheet {
    /// How far the days are known.
    pub status: Status,
    /// Where they were announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How many working days the year has: a check on the lists, where the source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_days: Option<u16>,
    /// Days of rest, those on a weekend too if one likes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<DaySheet>,
    /// Days of the weekend that are worked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub makeup_workdays: Vec<DaySheet>,
    /// Working days with hours of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub half_days: Vec<DaySheet>,
}

/// What a city or a unit decides for itself: it goes before every notice, and is certain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverridesSheet {
    /// Days on which people are sent home.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<DaySheet>,
    /// Days on which people work all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub makeup_workdays: Vec<DaySheet>,
    /// Working days with hours of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub half_days: Vec<DaySheet>,
}

impl OverridesSheet {
    fn is_empty(&self) -> bool {
        self.holidays.is_empty() && self.makeup_workdays.is_empty() && self.half_days.is_empty()
    }
}

/// One day, `date: 2026-10-10`, or several in a row, `from: 2026-10-01` and `to: 2026-10-07`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaySheet {
    /// The day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The first of the days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last of the days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What the day is for, `国庆节`.
    pub name: String,
    /// Hours of its own, on a working day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
}

impl Sheet {
    /// This sheet with everything that it leaves out taken from its parent's.
    pub(super) fn over(self, parent: &Self) -> Self {
        let mut inherited_overrides = parent.inherited_overrides.clone();
        inherited_overrides.push(parent.overrides.clone());
        inherited_overrides.retain(|overrides| !overrides.is_empty());
        let mut years = parent.years.clone();
        years.extend(self.years);
        let mut hours_by_weekday = parent.hours_by_weekday.clone();
        if self.hours.is_some() {
            hours_by_weekday.clear();
        }
        hours_by_weekday.extend(self.hours_by_weekday);
        Self {
            calendar: self.calendar,
            title: self.title,
            parent: None,
            as_of: self.as_of.or_else(|| parent.as_of.clone()),
            timezone: self.timezone.or_else(|| parent.timezone.clone()),
            week: self.week.or_else(|| parent.week.clone()),
            hours: self.hours.or_else(|| parent.hours.clone()),
            hours_by_weekday,
            count: self.count.or_else(|| parent.count.clone()),
            recalc: self.recalc.or(parent.recalc),
            next_notice_from: self.next_notice_from.or_else(|| parent.next_notice_from.clone()),
            fixed_holidays: self.fixed_holidays.or_else(|| parent.fixed_holidays.clone()),
            years,
            inherited_overrides,
            overrides: self.overrides,
        }
    }
}
