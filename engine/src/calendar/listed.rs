//! Reads the lists of days in a sheet: what each year's notice and each override says of which date.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;

use super::read::Reader;
use super::{Calendar, DaySheet, Hours, ListedDay, MonthDay, Status, YearSheet};
use crate::time::parse_date;

/// No break is longer than this: a longer one is a slip in its dates.
const BREAK_DAYS_MAX: i32 = 62;

/// What a list of days says of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Holidays,
    MakeupWorkdays,
    HalfDays,
}

impl List {
    fn key(self) -> &'static str {
        match self {
            Self::Holidays => "holidays",
            Self::MakeupWorkdays => "makeup_workdays",
            Self::HalfDays => "half_days",
        }
    }
}

/// Three lists of one block: a year, or overrides.
type Lists<'a> = [(List, &'a [DaySheet]); 3];

impl Reader {
    /// Years in their order, so that a later notice changes December of the year before; then overrides.
    pub(super) fn days(&mut self, calendar: &mut Calendar) {
        for (year, block) in &calendar.sheet.years.clone() {
            let listed = self.block(&format!("years.{year}"), lists_of(block), Some(*year), calendar);
            calendar.days.extend(listed);
            self.working_days(*year, block, calendar);
        }
        let settled: Vec<Date> = calendar.days.keys().copied().filter(|date| is_final(calendar, *date)).collect();
        for date in settled {
            if let Some(listed) = calendar.days.get_mut(&date) {
                listed.certain = true;
            }
        }
        let mut layers = calendar.sheet.inherited_overrides.clone();
        layers.push(calendar.sheet.overrides.clone());
        for overrides in &layers {
            let lists = [
                (List::Holidays, overrides.holidays.as_slice()),
                (List::MakeupWorkdays, overrides.makeup_workdays.as_slice()),
                (List::HalfDays, overrides.half_days.as_slice()),
            ];
            let listed = self.block("overrides", lists, None, calendar);
            let decided = |(date, day)| (date, ListedDay { certain: true, ..day });
            calendar.days.extend(listed.into_iter().map(decided));
        }
    }

    /// The days of one block; a date that it names twice is a mistake.
    fn block(
        &mut self,
        block: &str,
        lists: Lists<'_>,
        year: Option<i16>,
        calendar: &Calendar,
    ) -> BTreeMap<Date, ListedDay> {
        let mut listed: BTreeMap<Date, ListedDay> = BTreeMap::new();
        for (list, days) in lists {
            for (place, written) in days.iter().enumerate() {
                let path = format!("{block}.{}.{place}", list.key());
                let hours = self.hours_of(&path, list, written);
                for date in self.dates(&path, written) {
                    self.check_year(&path, date, year, calendar.next_notice_from);
                    if let Some(clash) = clash(list, date, listed.get(&date), calendar) {
                        self.wrong(path.as_str(), clash);
                    }
                    let day = ListedDay {
                        name: written.name.clone(),
                        working: list != List::Holidays,
                        certain: false,
                        hours: hours.clone(),
                    };
                    listed.insert(date, day);
                }
            }
        }
        listed
    }

    fn hours_of(&mut self, path: &str, list: List, day: &DaySheet) -> Option<Hours> {
        match (list, &day.hours) {
            (List::Holidays, Some(_)) => {
                self.wrong(format!("{path}.hours"), "a holiday has no working hours");
                None
            }
            (List::HalfDays, None) => {
                self.wrong(path, "a half day needs its `hours`");
                None
            }
            (List::MakeupWorkdays | List::HalfDays, Some(hours)) => {
                self.text(format!("{path}.hours"), hours, Hours::from_str)
            }
            (List::Holidays | List::MakeupWorkdays, None) => None,
        }
    }

    /// The dates of one line: one, or a run of them.
    fn dates(&mut self, path: &str, day: &DaySheet) -> Vec<Date> {
        match (&day.date, &day.from, &day.to) {
            (Some(date), None, None) => self.text(format!("{path}.date"), date, parse_date).into_iter().collect(),
            (None, Some(from), Some(to)) => {
                let from = self.text(format!("{path}.from"), from, parse_date);
                let to = self.text(format!("{path}.to"), to, parse_date);
                let Some((from, to)) = from.zip(to) else {
                    return Vec::new();
                };
                let days = from.until(to).map_or(i32::MAX, |span| span.get_days());
                if !(0..BREAK_DAYS_MAX).contains(&days) {
                    self.wrong(path, format!("{from} to {to} is not a run of 1 to {BREAK_DAYS_MAX} days"));
                    return Vec::new();
                }
                from.series(1.day()).take_while(|date| *date <= to).collect()
            }
            (None, None, None) | (Some(_), _, _) | (None, Some(_), None) | (None, None, Some(_)) => {
                self.wrong(path, "write either `date`, or `from` and `to`");
                Vec::new()
            }
        }
    }

    fn check_year(&mut self, path: &str, date: Date, year: Option<i16>, next_notice_from: Option<MonthDay>) {
        let Some(year) = year else { return };
        let is_year_before = date.year() == year.saturating_sub(1);
        let is_reached = next_notice_from.is_some_and(|from| (date.month(), date.day()) >= from);
        if date.year() != year && !(is_year_before && is_reached) {
            self.wrong(path, format!("{date} is not in {year}"));
        }
    }

    fn working_days(&mut self, year: i16, block: &YearSheet, calendar: &Calendar) {
        let (Some(expected), Ok(first)) = (block.working_days, Date::new(year, 1, 1)) else {
            return;
        };
        let days = first.series(1.day()).take_while(|date| date.year() == year);
        let worked = days.filter(|date| calendar.is_working_day(*date).working).count();
        if worked != usize::from(expected) {
            let message = format!("the lists leave {worked} working days in {year}, not {expected}");
            self.wrong(format!("years.{year}.working_days"), message);
        }
    }
}

/// What is wrong with a date in a list, given what the lists before it in the same block said of it.
fn clash(list: List, date: Date, before: Option<&ListedDay>, calendar: &Calendar) -> Option<String> {
    match (list, before.map(|day| day.working)) {
        (List::Holidays, Some(false)) | (List::MakeupWorkdays | List::HalfDays, Some(true)) => {
            Some(format!("{date} is there twice"))
        }
        (List::Holidays, Some(true)) | (List::MakeupWorkdays | List::HalfDays, Some(false)) => {
            Some(format!("{date} is both a holiday and a working day"))
        }
        (List::HalfDays, None) if !calendar.is_working_day(date).working => {
            Some(format!("{date} is a day of rest and cannot be half a day"))
        }
        (List::Holidays | List::MakeupWorkdays | List::HalfDays, None) => None,
    }
}

fn lists_of(block: &YearSheet) -> Lists<'_> {
    [
        (List::Holidays, &block.holidays),
        (List::MakeupWorkdays, &block.makeup_workdays),
        (List::HalfDays, &block.half_days),
    ]
}

/// A listed date is final when its own year is announced and the next notice cannot reach it, or is out.
fn is_final(calendar: &Calendar, date: Date) -> bool {
    let next = calendar.status(date.year().saturating_add(1)) == Status::Official;
    let own = calendar.status(date.year()) == Status::Official;
    match calendar.next_notice_from {
        Some(from) if (date.month(), date.day()) >= from => next,
        Some(_) | None => own,
    }
}
