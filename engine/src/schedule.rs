//! A repeated moment: a cron expression, and what happens to it on days of rest.

mod fields;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calendar::{Calendar, DayReached, Instant};
use crate::nearest::nearest;
use crate::time::{DAY_SECONDS, Mistake, on_clock};

/// At most so many firings are looked at for one that a working day allows: some years of a daily schedule.
pub const FIRINGS_MAX: u32 = 2_000;

/// A schedule: `0 17 * * FRI`, or with seconds in front `0 0 17 * * FRI`, on the calendar's or a given clock.
#[derive(Debug, Clone)]
pub struct Schedule {
    text: String,
    cron: Cron,
    time_of_day: Option<u32>,
    on: OnDay,
}

/// On which day a schedule fires whose own day is one of rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnDay {
    /// On its own day, worked or not: `same day`.
    #[default]
    SameDay,
    /// On the last working day before: `working day before`.
    WorkingDayBefore,
    /// On the next working day after: `working day after`.
    WorkingDayAfter,
    /// Not at all: `working day only`.
    WorkingDayOnly,
}

const ON_DAYS: [(OnDay, &str, &str); 4] = [
    (OnDay::SameDay, "same day", "当日"),
    (OnDay::WorkingDayBefore, "working day before", "提前至前一个工作日"),
    (OnDay::WorkingDayAfter, "working day after", "顺延至后一个工作日"),
    (OnDay::WorkingDayOnly, "working day only", "仅工作日"),
];

impl Schedule {
    /// Reads a cron expression. What cron would take in silence and nobody means is a mistake: `*/90`, a trailing
    /// comma, 30 February.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let fields = fields::read(text)?;
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| Mistake::new(0..text.len(), error.to_string()))?;
        Ok(Self {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            cron,
            time_of_day: fields.time_of_day(),
            on: OnDay::SameDay,
        })
    }

    /// The same schedule, moved off days of rest. Only a schedule with one time of day can be moved to another day.
    pub fn on(self, on: OnDay) -> Result<Self, Mistake> {
        let is_moved = match on {
            OnDay::SameDay | OnDay::WorkingDayOnly => false,
            OnDay::WorkingDayBefore | OnDay::WorkingDayAfter => true,
        };
        if is_moved && self.time_of_day.is_none() {
            let message = format!("`{}` fires more than once a day and cannot move to another day", self.text);
            return Err(Mistake::new(0..self.text.len(), message).with_help("write `on: working day only`"));
        }
        Ok(Self { on, ..self })
    }

    /// On which day it fires whose own day is one of rest.
    pub fn on_day(&self) -> OnDay {
        self.on
    }

    /// When it fires first after a moment, strictly, on the clock of a zone, whatever day that is. A time that the
    /// clock leaps over fires as the leap ends; a time that it shows twice fires once. None if it never fires again.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&after.to_zoned(zone.clone()), false).ok()?;
        Some(next.timestamp())
    }

    /// When it fires first after a moment, strictly, on a calendar's clock and moved off its days of rest. None if it
    /// never fires again, or not within [`FIRINGS_MAX`] firings.
    pub fn next_on(&self, after: Timestamp, calendar: &Calendar) -> Option<Instant> {
        match self.on {
            OnDay::SameDay => Some(Instant { at: self.next_after(after, calendar.zone())?, provisional: false }),
            OnDay::WorkingDayBefore => self.next_moved(after, after, calendar, -1),
            OnDay::WorkingDayAfter => {
                // What was to fire on the days of rest before may still be to come.
                let last_worked = calendar.add_working_days(calendar.date(after), -1)?.date;
                let since = on_clock(last_worked, DAY_SECONDS, calendar.zone())?;
                self.next_moved(after, since - jiff::SignedDuration::from_secs(1), calendar, 1)
            }
            OnDay::WorkingDayOnly => self.next_worked(after, calendar),
        }
    }

    /// The first firing after `since` whose moved moment is after `after`; days are moved `direction` working days.
    fn next_moved(&self, after: Timestamp, since: Timestamp, calendar: &Calendar, direction: i64) -> Option<Instant> {
        let mut own = since;
        for _ in 0..FIRINGS_MAX {
            own = self.next_after(own, calendar.zone())?;
            let date = calendar.date(own);
            let day = calendar.is_working_day(date);
            let found = match day.working {
                true => Instant { at: own, provisional: !day.certain },
                false => {
                    let DayReached { date, provisional } = calendar.add_working_days(date, direction)?;
                    let at = on_clock(date, self.time_of_day?, calendar.zone())?;
                    Instant { at, provisional: provisional || !day.certain }
                }
            };
            if found.at > after {
                return Some(found);
            }
        }
        None
    }

    fn next_worked(&self, after: Timestamp, calendar: &Calendar) -> Option<Instant> {
        let mut since = after;
        let mut provisional = false;
        for _ in 0..FIRINGS_MAX {
            let own = self.next_after(since, calendar.zone())?;
            let date: Date = calendar.date(own);
            let day = calendar.is_working_day(date);
            provisional |= !day.certain;
            if day.working {
                return Some(Instant { at: own, provisional });
            }
            let eve = calendar.add_working_days(date, 1)?.date.yesterday().ok()?;
            since = on_clock(eve, DAY_SECONDS, calendar.zone())? - jiff::SignedDuration::from_secs(1);
        }
        None
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.on) == (&other.text, other.on)
    }
}

impl Eq for Schedule {}

impl OnDay {
    /// The words for people.
    pub fn in_chinese(self) -> &'static str {
        ON_DAYS.iter().find(|(on, _, _)| *on == self).map(|(_, _, words)| *words).expect("every day has its words")
    }
}

impl fmt::Display for OnDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            ON_DAYS.iter().find(|(on, _, _)| on == self).map(|(_, words, _)| *words).expect("every day has its words"),
        )
    }
}

impl FromStr for OnDay {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let written = text.trim();
        let found = ON_DAYS.iter().find(|(_, english, chinese)| *english == written || *chinese == written);
        found.map(|(on, _, _)| *on).ok_or_else(|| {
            let wrong = Mistake::new(0..text.len(), format!("`{written}` does not say on which day"));
            match nearest(written, ON_DAYS.iter().map(|(_, english, _)| *english)) {
                Some(near) => wrong.with_help(format!("did you mean `{near}`?")),
                None => {
                    wrong.with_help("write `working day before`, `working day after`, `working day only` or `same day`")
                }
            }
        })
    }
}

impl Serialize for OnDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OnDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
