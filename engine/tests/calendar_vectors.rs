//! The shipped calendar against deadlines that other people's packages computed; see `data/deadlines.py`.

use duban_engine::calendar::{Calendar, Day, Instant, Sheet};
use duban_engine::time::Span;
use jiff::civil::{Date, date};

const SHIPPED: &str = include_str!("../../processes/calendars/cn.yaml");
const DEADLINES: &str = include_str!("data/deadlines.csv");

/// 2006 and 2007 as far as the opinion's own weeks need them, from PyPI chinesecalendar 1.11.0. The last two days of
/// 2006 were announced by the notice for 2007.
const IN_2006: &str = "
calendar: cn-2006
timezone: Asia/Shanghai
week: [monday, tuesday, wednesday, thursday, friday]
hours: 09:00-12:00, 13:00-17:30
next_notice_from: 12-01
years:
  2006:
    status: official
    holidays: [{from: 2006-10-01, to: 2006-10-07, name: 国庆节}]
    makeup_workdays: [{date: 2006-09-30, name: 国庆节}, {date: 2006-10-08, name: 国庆节}]
  2007:
    status: official
    holidays: [{from: 2007-01-01, to: 2007-01-03, name: 元旦}]
    makeup_workdays: [{date: 2006-12-30, name: 元旦}, {date: 2006-12-31, name: 元旦}]
";

fn calendar(yaml: &str) -> Calendar {
    serde_saphyr::from_str(yaml).expect("a calendar without mistakes")
}

fn span(text: &str) -> Span {
    text.parse().expect("a span")
}

fn due(calendar: &Calendar, start: &str, limit: &str) -> (String, bool) {
    let Instant { at, provisional } = calendar.add(calendar.parse_local(start).expect("a moment"), span(limit));
    (calendar.describe_due(at), provisional)
}

#[test]
fn every_deadline_of_three_years_is_as_three_packages_compute_it() {
    let calendar = calendar(SHIPPED);
    let mut lines = DEADLINES.lines();
    let counts: Vec<u32> =
        lines.next().expect("a first line").split(',').skip(1).map(|count| count.parse().expect("a count")).collect();

    let (mut checked, mut wrong) = (0, Vec::new());
    for line in lines {
        let (start, dues) = line.split_once(',').expect("a start and its dues");
        let start_at = calendar.parse_local(start).expect("a moment");
        for (count, expected) in counts.iter().zip(dues.split(',')).filter(|(_, due)| !due.is_empty()) {
            let answer = calendar.add(start_at, span(&format!("{count} working days")));
            let expected_date: Date = expected.parse().expect("a date");
            let between = calendar.working_days_between(calendar.date(start_at), expected_date);
            if calendar.describe_due(answer.at) != format!("{expected} 24:00")
                || answer.provisional != (expected_date >= date(2026, 12, 1))
                || between.days != i64::from(*count)
            {
                wrong.push(format!("{start} + {count}: {} not {expected}", calendar.describe_due(answer.at)));
            }
            checked += 1;
        }
    }

    assert!(wrong.is_empty(), "{} of {checked} wrong: {:#?}", wrong.len(), wrong.iter().take(5));
    assert!(checked >= 8_000, "{checked}");
}

#[test]
fn a_rung_before_due_leaves_as_many_working_days_as_it_says() {
    let calendar = calendar(SHIPPED);
    let mut checked = 0;
    for line in DEADLINES.lines().skip(1) {
        let dues: Vec<&str> = line.split(',').skip(1).collect();
        // Dues of limits of 2 and 1, 3 and 1, 7 and 2, 10 and 3 working days from one start.
        for (later, earlier, apart) in [(1, 0, "1"), (2, 0, "2"), (4, 1, "5"), (5, 2, "7")] {
            let (Some(later), Some(earlier)) = (dues.get(later), dues.get(earlier)) else {
                continue;
            };
            if later.is_empty() {
                continue;
            }
            let later = calendar.parse_local(&format!("{later} 24:00")).expect("a moment");
            let earlier = calendar.parse_local(&format!("{earlier} 24:00")).expect("a moment");
            let apart = span(&format!("{apart} working days"));

            assert_eq!(calendar.subtract(later, apart).at, earlier, "{line}");
            assert_eq!(calendar.extend(earlier, apart).at, later, "{line}");
            checked += 1;
        }
    }
    assert!(checked > 4_000, "{checked}");
}

#[test]
fn the_opinion_s_own_weeks_of_2006_are_counted() {
    let calendar = calendar(IN_2006);

    assert_eq!(due(&calendar, "2006-10-23 09:00", "7 working days"), ("2006-11-01 24:00".into(), false));
    assert_eq!(due(&calendar, "2006-10-23 09:00", "3 working days"), ("2006-10-26 24:00".into(), false));
    // A Sunday, worked in exchange for New Year.
    assert_eq!(due(&calendar, "2006-12-28 09:00", "3 working days"), ("2006-12-31 24:00".into(), false));
    assert_eq!(calendar.day_name(date(2006, 12, 31)), Some("元旦"));
}

#[test]
fn the_scenario_over_national_day_counts_its_make_up_saturday() {
    let calendar = calendar(SHIPPED);

    assert_eq!(due(&calendar, "2026-09-28 09:00", "7 working days"), ("2026-10-13 24:00".into(), false));
}

#[test]
fn a_limit_that_reaches_an_unannounced_december_or_year_is_provisional() {
    let calendar = calendar(SHIPPED);

    assert_eq!(due(&calendar, "2026-11-27 09:00", "1 working day"), ("2026-11-30 24:00".into(), false));
    assert_eq!(due(&calendar, "2026-11-30 09:00", "1 working day"), ("2026-12-01 24:00".into(), true));
    assert_eq!(due(&calendar, "2026-12-22 09:00", "7 working days"), ("2026-12-31 24:00".into(), true));
    // 1 January 2027 is a Friday and fixed by law, so the limit reaches Monday.
    assert_eq!(due(&calendar, "2026-12-23 09:00", "7 working days"), ("2027-01-04 24:00".into(), true));
    assert_eq!(due(&calendar, "2026-12-29 09:00", "3 working days"), ("2027-01-04 24:00".into(), true));
    assert_eq!(calendar.is_working_day(date(2027, 1, 1)), Day { working: false, certain: true });
    assert_eq!(calendar.is_working_day(date(2027, 1, 2)), Day { working: false, certain: false });
    assert_eq!(calendar.is_working_day(date(2025, 12, 31)), Day { working: true, certain: true });
    assert_eq!(calendar.is_working_day(date(2026, 11, 30)), Day { working: true, certain: true });
    assert_eq!(calendar.is_working_day(date(2026, 12, 31)), Day { working: true, certain: false });
}

#[test]
fn new_year_s_eve_of_2024_is_worked_unless_a_city_sends_its_staff_home() {
    let shipped = calendar(SHIPPED);
    let city =
        SHIPPED.replace("calendar: cn", "calendar: city") + "overrides: {holidays: [{date: 2024-02-09, name: 除夕}]}\n";
    let city = calendar(&city);

    assert_eq!(due(&shipped, "2024-02-08 09:00", "1 working day").0, "2024-02-09 24:00");
    assert_eq!(due(&city, "2024-02-08 09:00", "1 working day").0, "2024-02-18 24:00");
}

#[test]
fn a_calendar_comes_back_from_its_own_writing_with_the_same_version() {
    let calendar = calendar(SHIPPED);
    let written = serde_json::to_value(&calendar).expect("json");

    let again: Calendar = serde_json::from_value(written).expect("a calendar");
    let sheet: Sheet = serde_saphyr::from_str(SHIPPED).expect("a sheet");

    assert_eq!(again.version(), calendar.version());
    assert_eq!(again.sheet(), &sheet);
    assert_eq!(calendar.version().as_str().len(), 16);
}
