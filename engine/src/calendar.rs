//! A working-day calendar: which days are worked, from when to when, and how limits are counted on it.

mod hours;
mod listed;
mod read;
mod reckon;
mod revision;
mod set;
mod sheet;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::ids::Name;
use crate::time::{Mistake as TextMistake, describe_due, parse_local};

pub use hours::Hours;
pub use reckon::{DAYS_MAX, DayReached, DaysBetween, Instant, TimeBetween};
pub use revision::{Counted, Move, Recalc, moves};
pub use set::{Calendars, PARENTS_MAX};
pub use sheet::{CountSheet, DaySheet, FirstDay, OverridesSheet, Sheet, Status, YearSheet};

/// One calendar, checked: it answers for every date, and says where its answer may still change.
///
/// It is read from and written as a [`Sheet`]. Working days of an official year are as announced; those of any
/// other year are the week minus the holidays that the law fixes by date, and not certain.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Sheet", into = "Sheet")]
pub struct Calendar {
    name: Name,
    version: Version,
    zone: TimeZone,
    week: [bool; 7],
    hours: Hours,
    hours_by_weekday: BTreeMap<i8, Hours>,
    fixed_holidays: BTreeMap<MonthDay, String>,
    next_notice_from: Option<MonthDay>,
    years: BTreeMap<i16, Status>,
    days: BTreeMap<Date, ListedDay>,
    first_day: FirstDay,
    due_time: DueTime,
    recalc: Recalc,
    sheet: Sheet,
}

/// Which content a calendar had: 16 hexadecimal digits of the SHA-256 of its sheet, whatever its layout was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(String);

impl Version {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a calendar says of one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Whether it is a working day.
    pub working: bool,
    /// Whether no announcement still to come can change that.
    pub certain: bool,
}

/// Month and day, in every year.
type MonthDay = (i8, i8);

/// A date that the sheet names: it differs from its weekday, or has hours of its own.
#[derive(Debug, Clone)]
struct ListedDay {
    name: String,
    working: bool,
    certain: bool,
    hours: Option<Hours>,
}

/// Until when of its last day a limit in working days runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DueTime {
    EndOfDay,
    EndOfHours,
    /// Seconds since the day began.
    At(u32),
}

/// What is wrong with a calendar, and where in its sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The place in the sheet: `years.2026.holidays.3.date`.
    pub path: String,
    /// What is wrong, in the administrator's words.
    pub message: String,
    /// What would be right, where that can be guessed.
    pub help: Option<String>,
}

/// Everything that is wrong with a calendar, in the order of its sheet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Mistakes(pub Vec<Mistake>);

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl Calendar {
    /// The word by which processes name it.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Which content this is; another content has another version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The zone of its clock.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What it was read from; a calendar with a parent has its parent's days in it.
    pub fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// How open deadlines follow when a newer version of this calendar is taken.
    pub fn recalc(&self) -> Recalc {
        self.recalc
    }

    /// Whether the year's days have been announced.
    pub fn status(&self, year: i16) -> Status {
        self.years.get(&year).copied().unwrap_or(Status::Unpublished)
    }

    /// Whether a date is a working day, and whether that is final.
    pub fn is_working_day(&self, date: Date) -> Day {
        if let Some(listed) = self.days.get(&date) {
            return Day { working: listed.working, certain: listed.certain };
        }
        if self.fixed_holiday(date).is_some() {
            return Day { working: false, certain: true };
        }
        Day { working: self.is_in_week(date.weekday()), certain: self.is_settled(date) }
    }

    /// Why a date is not as its weekday: `国庆节`, also for the make-up days of a holiday.
    pub fn day_name(&self, date: Date) -> Option<&str> {
        match self.days.get(&date) {
            Some(listed) => Some(&listed.name),
            None => self.fixed_holiday(date),
        }
    }

    /// The working hours of a date; none on a day of rest.
    pub fn hours(&self, date: Date) -> Option<&Hours> {
        let listed = self.days.get(&date);
        if !self.is_working_day(date).working {
            return None;
        }
        let of_weekday = || self.hours_by_weekday.get(&date.weekday().to_monday_zero_offset());
        listed.and_then(|day| day.hours.as_ref()).or_else(of_weekday).or(Some(&self.hours))
    }

    /// The date on this calendar's clock.
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// A due moment on this calendar's clock, `2026-10-13 24:00` for the end of that day.
    pub fn describe_due(&self, due: Timestamp) -> String {
        describe_due(due, &self.zone)
    }

    /// Reads `2026-10-13 09:00` or `2026-10-13 24:00` on this calendar's clock.
    pub fn parse_local(&self, text: &str) -> Result<Timestamp, TextMistake> {
        parse_local(text, &self.zone)
    }

    fn is_in_week(&self, weekday: Weekday) -> bool {
        usize::try_from(weekday.to_monday_zero_offset()).is_ok_and(|place| self.week[place])
    }

    /// The holiday that the law fixes on this date; an official year lists its own.
    fn fixed_holiday(&self, date: Date) -> Option<&str> {
        match self.status(date.year()) {
            Status::Official => None,
            Status::Provisional | Status::Unpublished => {
                self.fixed_holidays.get(&(date.month(), date.day())).map(String::as_str)
            }
        }
    }

    /// Whether everything that can change this date has been announced: its own year, and near its end the next.
    fn is_settled(&self, date: Date) -> bool {
        self.status(date.year()) == Status::Official && self.is_beyond_next_notice(date)
    }

    fn is_beyond_next_notice(&self, date: Date) -> bool {
        let is_reached = self.next_notice_from.is_some_and(|from| (date.month(), date.day()) >= from);
        !is_reached || self.status(date.year().saturating_add(1)) == Status::Official
    }
}
