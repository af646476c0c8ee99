//! Schedules that move off days of rest, on the shipped calendar.

use super::super::*;

const SHIPPED: &str = include_str!("../../../../processes/calendars/cn.yaml");

fn shipped() -> Calendar {
    serde_saphyr::from_str(SHIPPED).expect("a calendar without mistakes")
}

fn fires(text: &str, on: &str, after: &str, count: usize) -> Vec<String> {
    let calendar = shipped();
    let on = on.parse().expect("a day");
    let schedule = Schedule::parse(text).and_then(|schedule| schedule.on(on)).expect(text);
    let mut at = calendar.parse_local(after).expect("a moment");
    let mut found = Vec::new();
    for _ in 0..count {
        let next = schedule.next_on(at, &calendar).expect("it fires again").at;
        assert!(next > at, "{text} {on}");
        at = next;
        found.push(calendar.describe_due(at));
    }
    found
}

#[test]
fn a_weekly_report_is_made_on_the_working_day_before_a_holiday() {
    // Friday 25 September and Friday 2 October 2026 are holidays.
    let found = fires("0 0 17 * * FRI", "working day before", "2026-09-19 00:00", 4);

    assert_eq!(found, ["2026-09-24 17:00", "2026-09-30 17:00", "2026-10-09 17:00", "2026-10-16 17:00"]);
}

#[test]
fn a_monthly_circular_waits_for_the_working_day_after_a_holiday() {
    let found = fires("0 9 1 * *", "working day after", "2026-09-02 00:00", 3);

    assert_eq!(found, ["2026-10-08 09:00", "2026-11-02 09:00", "2026-12-01 09:00"]);
}

#[test]
fn a_circular_that_waits_is_found_from_within_the_holiday() {
    assert_eq!(fires("0 9 1 * *", "working day after", "2026-10-05 12:00", 1), ["2026-10-08 09:00"]);
    assert_eq!(fires("0 9 1 * *", "working day after", "2026-10-08 08:59", 1), ["2026-10-08 09:00"]);
    assert_eq!(fires("0 9 1 * *", "working day after", "2026-10-08 09:00", 1), ["2026-11-02 09:00"]);
}

#[test]
fn several_days_that_move_to_one_working_day_fire_there_once() {
    let found = fires("30 8 * * *", "working day before", "2026-09-29 12:00", 3);

    assert_eq!(found, ["2026-09-30 08:30", "2026-10-08 08:30", "2026-10-09 08:30"]);
}

#[test]
fn a_schedule_for_working_days_only_rests_and_works_on_make_up_days() {
    let found = fires("0 9 * * *", "working day only", "2026-09-30 12:00", 4);
    let every_second = fires("* * * * * *", "working day only", "2026-09-30 23:59:59", 1);
    let sundays = fires("0 9 * * SUN", "working day only", "2026-01-01 00:00", 2);

    assert_eq!(found, ["2026-10-08 09:00", "2026-10-09 09:00", "2026-10-10 09:00", "2026-10-12 09:00"]);
    assert_eq!(every_second, ["2026-10-07 24:00"]);
    assert_eq!(sundays, ["2026-01-04 09:00", "2026-09-20 09:00"]);
}

#[test]
fn a_schedule_on_its_own_day_does_not_mind_holidays() {
    assert_eq!(fires("0 17 * * FRI", "same day", "2026-09-19 00:00", 2), ["2026-09-25 17:00", "2026-10-02 17:00"]);
}

#[test]
fn a_moved_schedule_is_provisional_where_the_calendar_is() {
    let calendar = shipped();
    let on = |on| Schedule::parse("0 9 1 * *").and_then(|schedule| schedule.on(on)).expect("a schedule");
    let at = |text| calendar.parse_local(text).expect("a moment");

    let certain = on(OnDay::WorkingDayAfter).next_on(at("2026-10-31 00:00"), &calendar);
    let provisional = on(OnDay::WorkingDayAfter).next_on(at("2026-12-31 00:00"), &calendar);

    assert_eq!(certain, Some(Instant { at: at("2026-11-02 09:00"), provisional: false }));
    assert_eq!(provisional, Some(Instant { at: at("2027-01-04 09:00"), provisional: true }));
}

#[test]
fn the_day_of_a_schedule_is_read_in_english_and_in_chinese() {
    for (on, english, chinese) in ON_DAYS {
        assert_eq!((english.parse(), chinese.parse(), on.to_string()), (Ok(on), Ok(on), english.to_owned()));
    }

    let wrong = "workday before".parse::<OnDay>().expect_err("no such day");

    assert_eq!(wrong.help.as_deref(), Some("did you mean `working day before`?"));
}

#[test]
fn a_schedule_with_many_times_a_day_cannot_move_to_another_day() {
    let hourly = Schedule::parse("0 * * * *").expect("a schedule");

    let wrong = hourly.on(OnDay::WorkingDayBefore).expect_err("it fires every hour");

    assert_eq!(wrong.help.as_deref(), Some("write `on: working day only`"));
}
