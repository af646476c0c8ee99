//! What a calendar's file may say, what it may not, and what a newer one does.

use jiff::civil::date;

use super::super::*;
use super::calendar;

const BASE: &str = "
calendar: base
timezone: Asia/Shanghai
week: [monday, tuesday, wednesday, thursday, friday]
hours: 09:00-17:00
next_notice_from: 12-01
fixed_holidays: [{date: 01-01, name: 元旦}]
";

fn sheet(yaml: &str) -> Sheet {
    serde_saphyr::from_str(yaml).expect("the shape of a sheet")
}

fn mistakes(yaml: &str) -> Vec<String> {
    let found = Calendar::try_from(sheet(yaml)).expect_err("the sheet is wrong");
    found.0.iter().map(ToString::to_string).collect()
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let found = mistakes(
        "
calendar: ''
as_of: today
timezone: Asia/Shangai
week: [monday, tusday, monday]
hours: 09:00-12:00, 11:00-17:30
hours_by_weekday: {freitag: 09:00-12:00, friday: 12:00-09:00}
count: {due_time: half past five}
next_notice_from: 13-01
fixed_holidays: [{date: 05-01, name: 劳动节}, {date: 05-01, name: 劳动节}, {date: 02-30, name: 无}]
",
    );

    assert_eq!(
        found,
        [
            "calendar: a calendar needs a name",
            "as_of: `today` is not a date (write it as `2026-10-13`)",
            "timezone: there is no time zone `Asia/Shangai` (write it as `Asia/Shanghai`)",
            "week.1: there is no weekday `tusday` (did you mean `tuesday`?)",
            "week.2: `monday` is there twice",
            "hours: `11:00-17:30` begins before the hours in front of it end",
            "hours_by_weekday.freitag: there is no weekday `freitag` (the weekdays are monday to sunday)",
            "hours_by_weekday.friday: `12:00-09:00` ends before it begins",
            "count.due_time: `half past five` is not a time of day (write `end_of_day`, `end_of_hours` or a time as `17:30`)",
            "next_notice_from: `13-01` is not a month and a day (write it as `05-01`)",
            "fixed_holidays.1: 05-01 is there twice",
            "fixed_holidays.2: `02-30` is not a month and a day (write it as `05-01`)",
        ]
    );
}

#[test]
fn days_that_cannot_be_are_told_with_their_place() {
    let found = mistakes(&format!(
        "{BASE}
years:
  2026:
    status: official
    working_days: 250
    holidays:
      - {{date: 2026-10-01, name: 国庆节}}
      - {{date: 2026-10-01, name: 国庆节}}
      - {{date: 2027-01-01, name: 元旦}}
      - {{date: 2026-02-30, name: 无}}
      - {{from: 2026-05-05, to: 2026-05-01, name: 劳动节}}
      - {{name: 无}}
      - {{date: 2026-06-19, name: 端午节, hours: 09:00-12:00}}
    makeup_workdays:
      - {{date: 2026-10-01, name: 国庆节}}
    half_days:
      - {{date: 2026-08-08, name: 周六, hours: 09:00-12:00}}
      - {{date: 2026-08-10, name: 半天}}
"
    ));

    assert_eq!(
        found,
        [
            "years.2026.holidays.1: 2026-10-01 is there twice",
            "years.2026.holidays.2: 2027-01-01 is not in 2026",
            "years.2026.holidays.3.date: there is no day 2026-02-30",
            "years.2026.holidays.4: 2026-05-05 to 2026-05-01 is not a run of 1 to 62 days",
            "years.2026.holidays.5: write either `date`, or `from` and `to`",
            "years.2026.holidays.6.hours: a holiday has no working hours",
            "years.2026.makeup_workdays.0: 2026-10-01 is both a holiday and a working day",
            "years.2026.half_days.0: 2026-08-08 is a day of rest and cannot be half a day",
            "years.2026.half_days.1: a half day needs its `hours`",
            "years.2026.working_days: the lists leave 261 working days in 2026, not 250",
        ]
    );
}

#[test]
fn a_word_that_no_calendar_has_is_refused() {
    assert!(serde_saphyr::from_str::<Calendar>(&format!("{BASE}holiday: []\n")).is_err());
    assert!(serde_saphyr::from_str::<Calendar>(&format!("{BASE}recalc: shorten\n")).is_err());
}

#[test]
fn a_notice_settles_december_of_the_year_before() {
    let only_2026 = calendar(&format!("{BASE}years: {{2026: {{status: official}}}}\n"));
    let with_2027 = calendar(&format!(
        "{BASE}years:
  2026: {{status: official}}
  2027:
    status: official
    holidays: [{{from: 2026-12-31, to: 2027-01-02, name: 元旦}}]
    makeup_workdays: [{{date: 2026-12-27, name: 元旦}}]
"
    ));
    let day = |working, certain| Day { working, certain };

    assert_eq!(only_2026.is_working_day(date(2026, 12, 31)), day(true, false));
    assert_eq!(only_2026.is_working_day(date(2026, 11, 30)), day(true, true));
    assert_eq!(with_2027.is_working_day(date(2026, 12, 31)), day(false, true));
    assert_eq!(with_2027.is_working_day(date(2026, 12, 27)), day(true, true));
    assert_eq!(with_2027.is_working_day(date(2026, 12, 1)), day(true, true));
    assert_eq!(with_2027.is_working_day(date(2027, 1, 1)), day(false, true));
    assert_eq!(with_2027.is_working_day(date(2027, 12, 1)), day(true, false));
}

#[test]
fn a_december_day_that_the_next_notice_names_is_certain_by_it_alone() {
    let only_2027 = calendar(&format!(
        "{BASE}years: {{2027: {{status: official, makeup_workdays: [{{date: 2026-12-27, name: 元旦}}]}}}}\n"
    ));

    assert_eq!(only_2027.is_working_day(date(2026, 12, 27)), Day { working: true, certain: true });
    assert_eq!(only_2027.is_working_day(date(2026, 12, 28)), Day { working: true, certain: false });
}

#[test]
fn a_provisional_year_answers_by_its_lists_and_is_not_certain() {
    let calendar = calendar(&format!(
        "{BASE}years: {{2027: {{status: provisional, holidays: [{{date: 2027-02-08, name: 春节}}]}}}}\n"
    ));

    assert_eq!(calendar.is_working_day(date(2027, 2, 8)), Day { working: false, certain: false });
    assert_eq!(calendar.is_working_day(date(2027, 2, 9)), Day { working: true, certain: false });
    assert_eq!(calendar.is_working_day(date(2027, 1, 1)), Day { working: false, certain: true });
    assert_eq!(calendar.status(2028), Status::Unpublished);
}

fn family() -> Vec<Sheet> {
    let base = format!("{BASE}overrides: {{holidays: [{{from: 2026-08-10, to: 2026-08-12, name: 台风}}]}}\n");
    let city = "
calendar: city
parent: base
hours: 08:30-16:30
overrides: {makeup_workdays: [{date: 2026-08-11, name: 抢险}]}
";
    let unit = "
calendar: unit
parent: city
count: {due_time: end_of_hours}
week: [tuesday, wednesday, thursday, friday, saturday]
";
    [unit, city, base.as_str()].map(sheet).to_vec()
}

#[test]
fn a_calendar_takes_over_what_it_does_not_say_itself() {
    let calendars = Calendars::from_sheets("base", family()).expect("calendars without mistakes");
    let unit = calendars.get("unit").expect("the unit's calendar");
    let start = unit.parse_local("2026-08-08 09:00").expect("a moment");

    let due = |days: u32| {
        let span = format!("{days} working days").parse().expect("a span");
        unit.describe_due(unit.add(start, span).at)
    };

    // Sunday and Monday are the unit's rest, Tuesday is worked in the city in spite of the typhoon, Wednesday is not.
    assert_eq!([due(1), due(2), due(4)], ["2026-08-11 16:30", "2026-08-13 16:30", "2026-08-15 16:30"]);
    assert_eq!(calendars.default_name().as_str(), "base");
    let base = calendars.default_calendar();
    assert_eq!(base.is_working_day(date(2026, 8, 11)), Day { working: false, certain: true });
    let names: Vec<&str> = calendars.names().map(|name| name.as_str()).collect();
    assert_eq!(names, ["base", "city", "unit"]);
}

#[test]
fn own_hours_replace_the_parent_s_hours_on_every_weekday() {
    let base = format!("{BASE}hours_by_weekday: {{friday: 09:00-12:00}}\n");
    let all = "{calendar: all, parent: base, hours: 10:00-16:00}";
    let monday = "{calendar: monday, parent: base, hours_by_weekday: {monday: 10:00-16:00}}";
    let sheets = [&base, all, monday].map(sheet).to_vec();
    let calendars = Calendars::from_sheets("base", sheets).expect("calendars without mistakes");

    let hours = |name, day| {
        let calendar = calendars.get(name).expect("a calendar");
        calendar.hours(date(2026, 8, day)).map(ToString::to_string).unwrap_or_default()
    };

    assert_eq!([hours("all", 3), hours("all", 7)], ["10:00-16:00", "10:00-16:00"]);
    assert_eq!([hours("monday", 3), hours("monday", 7)], ["10:00-16:00", "09:00-12:00"]);
}

#[test]
fn a_line_of_parents_has_an_end() {
    let line = |last: usize| {
        let child = |n: usize| {
            sheet(&format!(
                "{{calendar: c{n}, parent: {}}}",
                if n == 1 { "base".into() } else { format!("c{}", n - 1) }
            ))
        };
        let sheets = [vec![sheet(BASE)], (1..=last).map(child).collect()].concat();
        Calendars::from_sheets("base", sheets)
    };

    assert!(line(PARENTS_MAX).is_ok());
    assert_eq!(line(PARENTS_MAX + 1).map(|_| ()).map_err(|all| all.0.len()), Err(1));
}

#[test]
fn a_resolved_calendar_is_read_again_without_its_parents() {
    let calendars = Calendars::from_sheets("base", family()).expect("calendars without mistakes");
    let unit = calendars.get("unit").expect("the unit's calendar");

    let text = serde_json::to_string(&**unit).expect("json");
    let again: Calendar = serde_json::from_str(&text).expect("a calendar");

    assert_eq!(again.version(), unit.version());
    assert!(again.is_working_day(date(2026, 8, 11)).working);
    assert!(!again.is_working_day(date(2026, 8, 12)).working);
}

#[test]
fn calendars_that_do_not_fit_together_are_told() {
    let with = |more: &[&str]| {
        let sheets = [family(), more.iter().map(|yaml| sheet(yaml)).collect()].concat();
        let found = Calendars::from_sheets("base", sheets).expect_err("they do not fit");
        found.0.iter().map(ToString::to_string).collect::<Vec<_>>()
    };

    assert_eq!(
        with(&["{calendar: a, parent: sity}"]),
        ["a.parent: there is no calendar `sity` (did you mean `city`?)"]
    );
    assert_eq!(
        with(&["{calendar: a, parent: b}", "{calendar: b, parent: a}"]),
        [
            "a.parent: `a` is its own parent, or one of more than 6",
            "b.parent: `b` is its own parent, or one of more than 6"
        ]
    );
    assert_eq!(with(&["{calendar: city}"])[0], "city.calendar: this calendar is there twice");
    assert_eq!(
        with(&["{calendar: a, parent: base, hours: 9-17}"]),
        ["a.hours: `9` is not a time of day (write it as `17:30`)"]
    );
    assert!(Calendars::from_sheets("base", Vec::new()).is_err());
}

#[test]
fn old_versions_of_a_calendar_stay() {
    let mut calendars = Calendars::from_sheets("base", vec![sheet(BASE)]).expect("a calendar");
    let old = calendars.default_calendar().version().clone();
    let newer = calendar(&format!("{BASE}title: 新\n"));
    let new = newer.version().clone();

    assert!(calendars.insert(newer.clone()));
    assert!(!calendars.insert(newer));

    assert_ne!(old, new);
    assert_eq!(calendars.default_calendar().version(), &new);
    assert_eq!(calendars.at_version("base", &old).map(|calendar| calendar.version()), Some(&old));
}

#[test]
fn the_notice_for_a_year_moves_the_deadlines_that_reached_into_it() {
    let old = calendar(&format!("{BASE}years: {{2026: {{status: official}}}}\n"));
    let notice = "
  2026: {status: official}
  2027: {status: official, holidays: [{from: 2027-01-01, to: 2027-01-05, name: 元旦}], makeup_workdays: [{date: 2026-12-27, name: 元旦}]}
";
    let new = calendar(&format!("{BASE}years:{notice}"));
    let both = calendar(&format!("{BASE}recalc: both\nyears:{notice}"));
    let open = [
        ("2026-11-02 09:00", "3 working days"),
        ("2026-12-23 09:00", "3 working days"),
        ("2026-12-30 09:00", "3 working days"),
    ]
    .map(|(start, limit)| Counted {
        start: old.parse_local(start).expect("a moment"),
        span: limit.parse().expect("a span"),
    });
    let text = |due: Instant| (old.describe_due(due.at), due.provisional);

    let found = moves(&old, &new, &open);
    let either_way = moves(&old, &both, &open);

    let places: Vec<usize> = found.iter().map(|moved| moved.place).collect();
    assert_eq!(places, [1, 2]);
    // Thursday, Friday, then Monday before the notice and the worked Sunday after it: earlier, so the promise stays.
    assert_eq!(text(found[0].old), ("2026-12-28 24:00".into(), true));
    assert_eq!(text(found[0].new), ("2026-12-27 24:00".into(), false));
    assert_eq!(text(found[0].due), ("2026-12-28 24:00".into(), false));
    assert_eq!(text(either_way[0].due), ("2026-12-27 24:00".into(), false));
    // Thursday, then 4 and 5 January before the notice, 6 and 7 January after it.
    assert_eq!(text(found[1].old), ("2027-01-05 24:00".into(), true));
    assert_eq!(text(found[1].due), ("2027-01-07 24:00".into(), false));
}
