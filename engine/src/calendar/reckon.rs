//! Reckoning with a calendar: where a span ends, where a rung stands, what lies between two dates.
//!
//! A beginning at midnight belongs to the day that begins, a due moment at midnight to the day that ends: 24:00.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{Calendar, DueTime, FirstDay};
use crate::time::{DAY_SECONDS, RungAt, Span, SpanUnit, due_on_clock, on_clock, start_of};

/// No reckoning looks at more days than these, some 500 years: what lies beyond is answered as provisional.
pub const DAYS_MAX: u32 = 200_000;

/// The moment that a reckoning found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instant {
    /// The moment.
    pub at: Timestamp,
    /// Whether an announcement still to come can move it.
    pub provisional: bool,
}

/// The date that a reckoning found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayReached {
    /// The date.
    pub date: Date,
    /// Whether an announcement still to come can move it.
    pub provisional: bool,
}

/// How many working days lie between two dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaysBetween {
    /// The days; negative when the second date is the earlier one.
    pub days: i64,
    /// Whether an announcement still to come can change the number.
    pub provisional: bool,
}

/// How much working time lies between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeBetween {
    /// The time in seconds; negative when the second moment is the earlier one.
    pub seconds: i64,
    /// Whether an announcement still to come can change it.
    pub provisional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Back,
    On,
}

impl Direction {
    fn next(self, date: Date) -> Option<Date> {
        match self {
            Self::Back => date.yesterday().ok(),
            Self::On => date.tomorrow().ok(),
        }
    }

    /// What is answered when a reckoning runs out of days.
    fn limit(self) -> Instant {
        let at = match self {
            Self::Back => Timestamp::MIN,
            Self::On => Timestamp::MAX,
        };
        Instant { at, provisional: true }
    }
}

impl Calendar {
    /// When a span that begins at `from` is over.
    ///
    /// Working days are counted by the calendar's rule, working hours within its hours, hours and shorter on the
    /// wall clock; days and longer end at the same time of day, in a shorter month on its last day.
    pub fn add(&self, from: Timestamp, span: Span) -> Instant {
        let found = match measure(span, Direction::On) {
            Measure::Elapsed(time) => from.checked_add(time).ok().map(certain),
            Measure::Civil(days) => {
                let end = from.to_zoned(self.zone.clone()).datetime().checked_add(days).ok();
                end.and_then(|end| Some(certain(end.to_zoned(self.zone.clone()).ok()?.timestamp())))
            }
            Measure::WorkingDays(count) => self.due_after(from, count),
            Measure::WorkingHours(count) => self.working_hours(from, count, Direction::On),
        };
        found.unwrap_or(Direction::On.limit())
    }

    /// The moment from which a span leads to `due`: where a rung `… before` stands.
    ///
    /// N working days before 24:00 of a working day is 24:00 of the Nth working day before it, and 17:30 is 17:30
    /// of that day. A due moment on a day of rest stands where the last working day ended, at its 24:00.
    pub fn subtract(&self, due: Timestamp, span: Span) -> Instant {
        self.reckon_due(due, span, Direction::Back)
    }

    /// The moment a span after `due`: where a rung `… after` stands, and where an extended deadline ends.
    ///
    /// The mirror of [`Calendar::subtract`]: the same time of day on the Nth working day after.
    pub fn extend(&self, due: Timestamp, span: Span) -> Instant {
        self.reckon_due(due, span, Direction::On)
    }

    /// Where a rung of a deadline's ladder stands.
    pub fn rung(&self, due: Timestamp, rung: RungAt) -> Instant {
        match rung {
            RungAt::Before(span) => self.subtract(due, span),
            RungAt::Due => certain(due),
            RungAt::After(span) => self.extend(due, span),
        }
    }

    /// The date so many working days after a date (before it, if negative), the date itself not counted; none
    /// beyond [`DAYS_MAX`] days.
    pub fn add_working_days(&self, date: Date, days: i64) -> Option<DayReached> {
        let direction = if days < 0 { Direction::Back } else { Direction::On };
        let count = u32::try_from(days.unsigned_abs()).ok()?;
        match count {
            0 => Some(DayReached { date, provisional: !self.is_working_day(date).certain }),
            _ => self.nth_working_day(date, count, direction),
        }
    }

    /// The working days after the date `from` up to and with the date `to`; more than [`DAYS_MAX`] days are cut off.
    pub fn working_days_between(&self, from: Date, to: Date) -> DaysBetween {
        if to < from {
            let turned = self.working_days_between(to, from);
            return DaysBetween { days: -turned.days, ..turned };
        }
        let mut found = DaysBetween { days: 0, provisional: false };
        let mut date = from;
        for _ in 0..DAYS_MAX {
            if date >= to {
                return found;
            }
            date = date.tomorrow().expect("`to` is a later date");
            let day = self.is_working_day(date);
            found.days += i64::from(day.working);
            found.provisional |= !day.certain;
        }
        DaysBetween { provisional: true, ..found }
    }

    /// The working time from one moment to another; more than [`DAYS_MAX`] days are cut off.
    pub fn working_time_between(&self, from: Timestamp, to: Timestamp) -> TimeBetween {
        if to < from {
            let turned = self.working_time_between(to, from);
            return TimeBetween { seconds: -turned.seconds, ..turned };
        }
        let mut found = TimeBetween { seconds: 0, provisional: false };
        let (mut date, last) = (self.date(from), due_on_clock(to, &self.zone).0);
        for _ in 0..DAYS_MAX {
            if date > last {
                return found;
            }
            found.provisional |= !self.is_working_day(date).certain;
            for (begin, end) in self.worked(date) {
                found.seconds += (end.min(to).as_second() - begin.max(from).as_second()).max(0);
            }
            let Ok(tomorrow) = date.tomorrow() else {
                return found;
            };
            date = tomorrow;
        }
        TimeBetween { provisional: true, ..found }
    }

    /// The counting rule: due on the Nth working day, and always after the beginning.
    fn due_after(&self, from: Timestamp, count: u32) -> Option<Instant> {
        let start = self.date(from);
        let is_today_first = match self.first_day {
            FirstDay::NextWorkingDay => false,
            FirstDay::SameDay => self.is_working_day(start).working && self.due_on(start).is_some_and(|due| due > from),
        };
        let left = if is_today_first { count - 1 } else { count };
        let mut reached = DayReached { date: start, provisional: false };
        if left > 0 {
            reached = self.nth_working_day(start, left, Direction::On)?;
        }
        let is_today_certain = self.first_day == FirstDay::NextWorkingDay || self.is_working_day(start).certain;
        Some(Instant { at: self.due_on(reached.date)?, provisional: reached.provisional || !is_today_certain })
    }

    /// When a limit that ends on this working day is due.
    fn due_on(&self, date: Date) -> Option<Timestamp> {
        let seconds = match self.due_time {
            DueTime::EndOfDay => DAY_SECONDS,
            DueTime::EndOfHours => self.hours(date)?.end(),
            DueTime::At(seconds) => seconds,
        };
        on_clock(date, seconds, &self.zone)
    }

    fn reckon_due(&self, due: Timestamp, span: Span, direction: Direction) -> Instant {
        let found = match measure(span, direction) {
            Measure::Elapsed(time) => due.checked_add(time).ok().map(certain),
            Measure::Civil(days) => {
                let (date, seconds) = due_on_clock(due, &self.zone);
                let date = date.checked_add(days).ok();
                date.and_then(|date| Some(certain(on_clock(date, seconds, &self.zone)?)))
            }
            Measure::WorkingDays(count) => self.working_days_from_due(due, count, direction),
            Measure::WorkingHours(count) => self.working_hours(due, count, direction),
        };
        found.unwrap_or(direction.limit())
    }

    fn working_days_from_due(&self, due: Timestamp, count: u32, direction: Direction) -> Option<Instant> {
        let (date, seconds) = due_on_clock(due, &self.zone);
        let day = self.is_working_day(date);
        let (stand, seconds) = match day.working {
            true => (DayReached { date, provisional: !day.certain }, seconds),
            false => (self.nth_working_day(date, 1, Direction::Back)?, DAY_SECONDS),
        };
        let reached = self.nth_working_day(stand.date, count, direction)?;
        Some(Instant {
            at: on_clock(reached.date, seconds, &self.zone)?,
            provisional: stand.provisional || !day.certain || reached.provisional,
        })
    }

    /// The Nth working day from a date, which is not counted itself; none beyond [`DAYS_MAX`] days.
    fn nth_working_day(&self, from: Date, count: u32, direction: Direction) -> Option<DayReached> {
        let mut left = count;
        let mut provisional = false;
        let mut date = from;
        for _ in 0..DAYS_MAX {
            date = direction.next(date)?;
            let day = self.is_working_day(date);
            provisional |= !day.certain;
            left -= u32::from(day.working);
            if left == 0 {
                return Some(DayReached { date, provisional });
            }
        }
        None
    }

    /// Spends so many hours within the shifts, from a moment on or back.
    fn working_hours(&self, from: Timestamp, count: u32, direction: Direction) -> Option<Instant> {
        let mut left = SignedDuration::from_hours(i64::from(count));
        let mut provisional = false;
        let mut date = self.date(from);
        for _ in 0..DAYS_MAX {
            provisional |= !self.is_working_day(date).certain;
            let mut worked = self.worked(date);
            if direction == Direction::Back {
                worked.reverse();
            }
            for (begin, end) in worked {
                let (begin, end) = match direction {
                    Direction::Back => (begin, end.min(from)),
                    Direction::On => (begin.max(from), end),
                };
                let length = begin.duration_until(end).max(SignedDuration::ZERO);
                if length < left {
                    left -= length;
                    continue;
                }
                let at = match direction {
                    Direction::Back => end - left,
                    Direction::On => begin + left,
                };
                return Some(Instant { at, provisional });
            }
            date = direction.next(date)?;
        }
        None
    }

    /// The shifts of a date as moments.
    fn worked(&self, date: Date) -> Vec<(Timestamp, Timestamp)> {
        let Some(hours) = self.hours(date) else {
            return Vec::new();
        };
        let moment = |seconds| on_clock(date, seconds, &self.zone).or_else(|| start_of(date, &self.zone));
        hours.shifts().filter_map(|shift| moment(shift.from).zip(moment(shift.to))).collect()
    }
}

fn certain(at: Timestamp) -> Instant {
    Instant { at, provisional: false }
}

/// A span by the way in which it is reckoned.
enum Measure {
    Elapsed(SignedDuration),
    Civil(jiff::Span),
    WorkingDays(u32),
    WorkingHours(u32),
}

fn measure(span: Span, direction: Direction) -> Measure {
    let count = match direction {
        Direction::Back => -i64::from(span.count()),
        Direction::On => i64::from(span.count()),
    };
    match span.unit() {
        SpanUnit::Seconds => Measure::Elapsed(SignedDuration::from_secs(count)),
        SpanUnit::Minutes => Measure::Elapsed(SignedDuration::from_secs(count * 60)),
        SpanUnit::Hours => Measure::Elapsed(SignedDuration::from_secs(count * 3_600)),
        SpanUnit::Days => Measure::Civil(count.days()),
        SpanUnit::Weeks => Measure::Civil(count.weeks()),
        SpanUnit::Months => Measure::Civil(count.months()),
        SpanUnit::Years => Measure::Civil(count.years()),
        SpanUnit::WorkingDays => Measure::WorkingDays(span.count()),
        SpanUnit::WorkingHours => Measure::WorkingHours(span.count()),
    }
}
