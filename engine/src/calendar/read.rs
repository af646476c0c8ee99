//! Reads a sheet into a calendar, and collects everything that is wrong with it.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::{Calendar, CountSheet, DaySheet, DueTime, FirstDay, Hours, Mistake, Mistakes, MonthDay, Sheet, Version};
use crate::ids::Name;
use crate::nearest::nearest;
use crate::time::{Mistake as TextMistake, parse_date, parse_time_of_day};

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

#[derive(Default)]
pub(super) struct Reader {
    pub(super) mistakes: Vec<Mistake>,
}

impl TryFrom<Sheet> for Calendar {
    type Error = Mistakes;

    /// Checks a sheet without a parent; [`super::Calendars::from_sheets`] takes the parents in first.
    fn try_from(sheet: Sheet) -> Result<Self, Mistakes> {
        let mut reader = Reader::default();
        let calendar = reader.calendar(sheet);
        match calendar {
            Some(calendar) if reader.mistakes.is_empty() => Ok(calendar),
            Some(_) | None => Err(Mistakes(reader.mistakes)),
        }
    }
}

impl From<Calendar> for Sheet {
    fn from(calendar: Calendar) -> Self {
        calendar.sheet
    }
}

impl Version {
    fn of(sheet: &Sheet) -> Self {
        let text = serde_json::to_vec(sheet).expect("a sheet is texts and numbers under text keys");
        Self(Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Reader {
    fn calendar(&mut self, sheet: Sheet) -> Option<Calendar> {
        if sheet.calendar.trim().is_empty() {
            self.wrong("calendar", "a calendar needs a name");
        }
        if let Some(parent) = &sheet.parent {
            self.wrong("parent", format!("the parent `{parent}` has not been taken in"));
        }
        if let Some(as_of) = &sheet.as_of {
            self.text("as_of", as_of, parse_date);
        }
        let zone = self.zone(sheet.timezone.as_deref());
        let week = self.week(sheet.week.as_deref());
        let hours = match &sheet.hours {
            Some(text) => self.text("hours", text, Hours::from_str),
            None => self.missing("hours", "write them as `09:00-12:00, 13:00-17:30`"),
        };
        let hours_by_weekday = self.hours_by_weekday(&sheet.hours_by_weekday);
        let (first_day, due_time) = self.count(sheet.count.as_ref());
        let next_notice_from =
            sheet.next_notice_from.as_ref().and_then(|text| self.text("next_notice_from", text, month_day));
        let fixed_holidays = self.fixed_holidays(sheet.fixed_holidays.as_deref().unwrap_or_default());
        // What is wrong by now has a stand-in, so that the days are looked at all the same.
        let mut calendar = Calendar {
            name: Name::new(sheet.calendar.trim()),
            version: Version::of(&sheet),
            zone: zone.unwrap_or(TimeZone::UTC),
            week: week?,
            hours: hours.or_else(|| "09:00-17:00".parse().ok())?,
            hours_by_weekday,
            fixed_holidays,
            next_notice_from,
            years: sheet.years.iter().map(|(year, block)| (*year, block.status)).collect(),
            days: BTreeMap::new(),
            first_day,
            due_time,
            recalc: sheet.recalc.unwrap_or_default(),
            sheet,
        };
        self.days(&mut calendar);
        Some(calendar)
    }

    pub(super) fn wrong(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.mistakes.push(Mistake { path: path.into(), message: message.into(), help: None });
    }

    fn missing<T>(&mut self, key: &str, help: &str) -> Option<T> {
        let message = format!("`{key}` is missing");
        self.mistakes.push(Mistake { path: key.to_owned(), message, help: Some(help.to_owned()) });
        None
    }

    /// What `parse` makes of a text, or its mistake at `path`.
    pub(super) fn text<T>(
        &mut self,
        path: impl Into<String>,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, TextMistake>,
    ) -> Option<T> {
        match parse(text) {
            Ok(value) => Some(value),
            Err(TextMistake { message, help, at: _ }) => {
                self.mistakes.push(Mistake { path: path.into(), message, help });
                None
            }
        }
    }

    fn zone(&mut self, name: Option<&str>) -> Option<TimeZone> {
        let Some(name) = name else {
            return self.missing("timezone", "write it as `Asia/Shanghai`");
        };
        let unknown = || {
            TextMistake::new(0..name.len(), format!("there is no time zone `{name}`"))
                .with_help("write it as `Asia/Shanghai`")
        };
        self.text("timezone", name, |name| TimeZone::get(name).map_err(|_| unknown()))
    }

    fn week(&mut self, names: Option<&[String]>) -> Option<[bool; 7]> {
        let Some(names) = names else {
            return self.missing("week", "write the working weekdays, [monday, tuesday, …]");
        };
        let mut week = [false; 7];
        for (place, name) in names.iter().enumerate() {
            let path = format!("week.{place}");
            let Some(weekday) = self.text(path.as_str(), name, weekday) else {
                continue;
            };
            let is_worked = week.get_mut(usize::from(weekday.to_monday_zero_offset().unsigned_abs()));
            let is_worked = is_worked.expect("a week has seven days");
            if *is_worked {
                self.wrong(path, format!("`{name}` is there twice"));
            }
            *is_worked = true;
        }
        if names.is_empty() {
            self.wrong("week", "a week needs a working day");
        }
        Some(week)
    }

    fn hours_by_weekday(&mut self, written: &BTreeMap<String, String>) -> BTreeMap<i8, Hours> {
        let mut by_weekday = BTreeMap::new();
        for (name, text) in written {
            let path = format!("hours_by_weekday.{name}");
            let weekday = self.text(path.as_str(), name, weekday);
            let hours = self.text(path, text, Hours::from_str);
            by_weekday.extend(weekday.map(Weekday::to_monday_zero_offset).zip(hours));
        }
        by_weekday
    }

    fn count(&mut self, count: Option<&CountSheet>) -> (FirstDay, DueTime) {
        let Some(count) = count else {
            return (FirstDay::default(), DueTime::EndOfDay);
        };
        let due_time = match count.due_time.as_str() {
            "end_of_day" => DueTime::EndOfDay,
            "end_of_hours" => DueTime::EndOfHours,
            text => {
                let read = self.text("count.due_time", text, |text| {
                    parse_time_of_day(text)
                        .map_err(|mistake| mistake.with_help("write `end_of_day`, `end_of_hours` or a time as `17:30`"))
                });
                read.map_or(DueTime::EndOfDay, DueTime::At)
            }
        };
        (count.first_day, due_time)
    }

    fn fixed_holidays(&mut self, written: &[DaySheet]) -> BTreeMap<MonthDay, String> {
        let mut fixed = BTreeMap::new();
        for (place, day) in written.iter().enumerate() {
            let path = format!("fixed_holidays.{place}");
            if day.from.is_some() || day.to.is_some() || day.hours.is_some() {
                self.wrong(path.as_str(), "a holiday fixed by date has only `date` and `name`");
            }
            let Some(date) = &day.date else {
                self.wrong(path, "`date` is missing");
                continue;
            };
            let Some(date) = self.text(path.as_str(), date, month_day) else {
                continue;
            };
            if fixed.insert(date, day.name.clone()).is_some() {
                self.wrong(path, format!("{:02}-{:02} is there twice", date.0, date.1));
            }
        }
        fixed
    }
}

fn weekday(name: &str) -> Result<Weekday, TextMistake> {
    let found = WEEKDAYS.iter().find(|(known, _)| *known == name);
    found.map(|(_, weekday)| *weekday).ok_or_else(|| {
        let wrong = TextMistake::new(0..name.len(), format!("there is no weekday `{name}`"));
        match nearest(name, WEEKDAYS.iter().map(|(known, _)| *known)) {
            Some(known) => wrong.with_help(format!("did you mean `{known}`?")),
            None => wrong.with_help("the weekdays are monday to sunday"),
        }
    })
}

/// Reads `05-01`; 29 February is a day.
fn month_day(text: &str) -> Result<MonthDay, TextMistake> {
    let wrong = || TextMistake::new(0..text.len(), format!("`{text}` is not a month and a day"));
    let in_leap_year = parse_date(&format!("2024-{text}"));
    let date = in_leap_year.map_err(|_| wrong().with_help("write it as `05-01`"))?;
    Ok((date.month(), date.day()))
}
