//! The counting rules, hour by hour where a rule is about hours; expectations are counted by hand on a wall calendar.

mod rungs;
mod sheets;

use super::*;
use crate::time::Span;
use jiff::civil::date;

/// The week of 5 October 2026, where Saturday the 10th is worked and Thursday the 8th half.
const WEEK: &str = "
calendar: week
timezone: Asia/Shanghai
week: [monday, tuesday, wednesday, thursday, friday]
hours: 09:00-12:00, 13:00-17:30
hours_by_weekday: {friday: '09:00-12:00, 13:00-16:00'}
years:
  2026:
    status: official
    makeup_workdays: [{date: 2026-10-10, name: 国庆节}]
    half_days: [{date: 2026-10-08, name: 校庆, hours: '09:00-12:00'}]
";

fn calendar(yaml: &str) -> Calendar {
    serde_saphyr::from_str(yaml).expect("a calendar without mistakes")
}

fn with(more: &str) -> Calendar {
    calendar(&format!("{WEEK}{more}\n"))
}

fn moment(calendar: &Calendar, text: &str) -> Timestamp {
    calendar.parse_local(text).expect("a moment")
}

fn span(text: &str) -> Span {
    text.parse().expect("a span")
}

fn add(calendar: &Calendar, from: &str, limit: &str) -> String {
    calendar.describe_due(calendar.add(moment(calendar, from), span(limit)).at)
}

#[test]
fn day_one_is_the_working_day_after_the_beginning_whatever_the_hour() {
    let calendar = with("");

    for start in ["2026-10-06 00:00", "2026-10-06 09:00", "2026-10-06 23:59"] {
        assert_eq!(add(&calendar, start, "1 working day"), "2026-10-07 24:00");
    }
    // From Friday evening over a worked Saturday; from a Sunday; from the worked Saturday itself.
    assert_eq!(add(&calendar, "2026-10-09 20:00", "1 working day"), "2026-10-10 24:00");
    assert_eq!(add(&calendar, "2026-10-11 03:00", "1 working day"), "2026-10-12 24:00");
    assert_eq!(add(&calendar, "2026-10-10 09:00", "2 working days"), "2026-10-13 24:00");
}

#[test]
fn a_calendar_may_count_the_same_day_and_end_with_its_hours() {
    let same_day = with("count: {first_day: same_day, due_time: end_of_hours}");

    assert_eq!(add(&same_day, "2026-10-06 08:00", "1 working day"), "2026-10-06 17:30");
    assert_eq!(add(&same_day, "2026-10-06 08:00", "3 working days"), "2026-10-08 12:00");
    assert_eq!(add(&same_day, "2026-10-06 08:00", "4 working days"), "2026-10-09 16:00");
    // After hours the day is over and does not count; on a day of rest neither.
    assert_eq!(add(&same_day, "2026-10-06 17:30", "1 working day"), "2026-10-07 17:30");
    assert_eq!(add(&same_day, "2026-10-11 08:00", "1 working day"), "2026-10-12 17:30");
}

#[test]
fn a_calendar_may_end_its_limits_at_a_time_of_day() {
    let calendar = with("count: {due_time: '16:30'}");

    assert_eq!(add(&calendar, "2026-10-06 08:00", "2 working days"), "2026-10-08 16:30");
}

#[test]
fn working_hours_run_only_within_the_hours() {
    let calendar = with("");

    // Tuesday has 7½ hours, Thursday 3, Friday 6.
    assert_eq!(add(&calendar, "2026-10-06 09:00", "3 working hours"), "2026-10-06 12:00");
    assert_eq!(add(&calendar, "2026-10-06 11:00", "2 working hours"), "2026-10-06 14:00");
    assert_eq!(add(&calendar, "2026-10-06 12:30", "1 working hour"), "2026-10-06 14:00");
    assert_eq!(add(&calendar, "2026-10-06 17:00", "1 working hour"), "2026-10-07 09:30");
    assert_eq!(add(&calendar, "2026-10-07 16:30", "4 working hours"), "2026-10-08 12:00");
    assert_eq!(add(&calendar, "2026-10-07 16:30", "5 working hours"), "2026-10-09 10:00");
    assert_eq!(add(&calendar, "2026-10-09 15:00", "2 working hours"), "2026-10-10 10:00");
    assert_eq!(add(&calendar, "2026-10-10 17:00", "1 working hour"), "2026-10-12 09:30");
    assert_eq!(add(&calendar, "2026-10-11 10:00", "1 working hour"), "2026-10-12 10:00");
}

#[test]
fn months_end_on_the_last_day_where_there_is_no_such_day() {
    let calendar = with("");

    assert_eq!(add(&calendar, "2026-01-31 09:00", "1 month"), "2026-02-28 09:00");
    assert_eq!(add(&calendar, "2028-01-31 09:00", "1 month"), "2028-02-29 09:00");
    assert_eq!(add(&calendar, "2028-02-29 09:00", "1 year"), "2029-02-28 09:00");
    assert_eq!(add(&calendar, "2028-02-28 09:00", "1 day"), "2028-02-29 09:00");
    assert_eq!(add(&calendar, "2026-10-01 09:00", "2 weeks"), "2026-10-15 09:00");
    assert_eq!(add(&calendar, "2026-10-01 23:30", "90 minutes"), "2026-10-02 01:00");
    assert_eq!(add(&calendar, "2026-10-01 23:30", "45 seconds"), "2026-10-01 23:30:45");
}

#[test]
fn hours_elapse_and_days_keep_the_clock_where_the_clock_changes() {
    let new_york = calendar(&WEEK.replace("Asia/Shanghai", "America/New_York"));

    // The clock leaps from 2:00 to 3:00 on 8 March 2026 and shows 1:00 to 2:00 twice on 1 November.
    assert_eq!(add(&new_york, "2026-03-07 12:00", "24 hours"), "2026-03-08 13:00");
    assert_eq!(add(&new_york, "2026-03-07 12:00", "1 day"), "2026-03-08 12:00");
    assert_eq!(add(&new_york, "2026-03-07 02:30", "1 day"), "2026-03-08 03:30");
    assert_eq!(add(&new_york, "2026-10-31 12:00", "24 hours"), "2026-11-01 11:00");
    assert_eq!(add(&new_york, "2026-10-31 12:00", "1 day"), "2026-11-01 12:00");
    assert_eq!(add(&new_york, "2026-03-06 16:00", "1 working day"), "2026-03-09 24:00");
}

#[test]
fn a_working_day_may_be_23_hours_long() {
    let nights = WEEK
        .replace("Asia/Shanghai", "America/New_York")
        .replace("[monday,", "[sunday, monday,")
        .replace("hours: 09:00-12:00, 13:00-17:30", "hours: 00:00-24:00");
    let calendar = calendar(&nights);

    let between = |from, to| calendar.working_time_between(moment(&calendar, from), moment(&calendar, to));

    assert_eq!(between("2026-03-08 00:00", "2026-03-08 24:00").seconds, 23 * 3600);
    assert_eq!(add(&calendar, "2026-03-08 00:00", "23 working hours"), "2026-03-08 24:00");
}

#[test]
fn what_lies_between_is_counted_both_ways() {
    let calendar = with("");
    let between = |from, to| calendar.working_time_between(moment(&calendar, from), moment(&calendar, to)).seconds;

    assert_eq!(calendar.working_days_between(date(2026, 10, 6), date(2026, 10, 13)).days, 6);
    assert_eq!(calendar.working_days_between(date(2026, 10, 13), date(2026, 10, 6)).days, -6);
    assert_eq!(calendar.working_days_between(date(2026, 10, 6), date(2026, 10, 6)).days, 0);
    assert_eq!(between("2026-10-06 11:30", "2026-10-06 13:30"), 3_600);
    assert_eq!(between("2026-10-07 16:30", "2026-10-09 10:00"), 5 * 3_600);
    assert_eq!(between("2026-10-09 10:00", "2026-10-07 16:30"), -5 * 3_600);
    assert_eq!(between("2026-10-10 18:00", "2026-10-11 24:00"), 0);
    assert_eq!(
        calendar.add_working_days(date(2026, 10, 9), 2),
        Some(DayReached { date: date(2026, 10, 12), provisional: false })
    );
    assert_eq!(calendar.add_working_days(date(2026, 10, 12), -1).map(|day| day.date), Some(date(2026, 10, 10)));
}

#[test]
fn a_reckoning_beyond_all_days_ends_and_says_that_it_is_not_final() {
    let calendar = with("");
    let last = moment(&calendar, "9999-12-29 09:00");

    assert_eq!(calendar.add(last, span("30 working days")), Instant { at: Timestamp::MAX, provisional: true });
    assert_eq!(calendar.add(last, span("30 days")), Instant { at: Timestamp::MAX, provisional: true });
    assert!(calendar.add(moment(&calendar, "2026-10-06 09:00"), span("25000 working days")).provisional);
    let all = calendar.working_days_between(date(1, 1, 1), date(9999, 12, 31));
    assert!(all.provisional && all.days < i64::from(DAYS_MAX));
}

#[test]
fn the_hours_and_the_name_of_a_day_are_known() {
    let calendar = with("");
    let hours = |day| calendar.hours(date(2026, 10, day)).map(ToString::to_string);

    assert_eq!(hours(6).as_deref(), Some("09:00-12:00, 13:00-17:30"));
    assert_eq!(hours(8).as_deref(), Some("09:00-12:00"));
    assert_eq!(hours(9).as_deref(), Some("09:00-12:00, 13:00-16:00"));
    assert_eq!(hours(10).as_deref(), Some("09:00-12:00, 13:00-17:30"));
    assert_eq!(hours(11), None);
    assert_eq!(calendar.day_name(date(2026, 10, 10)), Some("国庆节"));
    assert_eq!(calendar.day_name(date(2026, 10, 11)), None);
}
