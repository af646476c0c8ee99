//! Where the rungs of a ladder stand, before and after due.

use super::super::*;
use super::{moment, with};

fn rung(calendar: &Calendar, due: &str, place: &str) -> String {
    let place = place.parse().expect("a rung");
    calendar.describe_due(calendar.rung(moment(calendar, due), place).at)
}

#[test]
fn working_hours_before_due_run_back_within_the_hours() {
    let calendar = with("");

    assert_eq!(rung(&calendar, "2026-10-06 14:00", "2 working hours before"), "2026-10-06 11:00");
    assert_eq!(rung(&calendar, "2026-10-06 13:00", "1 working hour before"), "2026-10-06 11:00");
    assert_eq!(rung(&calendar, "2026-10-09 10:00", "5 working hours before"), "2026-10-07 16:30");
    assert_eq!(rung(&calendar, "2026-10-11 24:00", "1 working hour before"), "2026-10-10 16:30");
    assert_eq!(rung(&calendar, "2026-10-12 24:00", "1 working hour before"), "2026-10-12 16:30");
    assert_eq!(rung(&calendar, "2026-10-12 24:00", "1 working hour after"), "2026-10-13 10:00");
}

#[test]
fn a_rung_in_working_days_keeps_the_time_of_due() {
    let calendar = with("");

    assert_eq!(rung(&calendar, "2026-10-13 24:00", "due"), "2026-10-13 24:00");
    assert_eq!(rung(&calendar, "2026-10-13 24:00", "1 working day before"), "2026-10-12 24:00");
    assert_eq!(rung(&calendar, "2026-10-12 24:00", "1 working day before"), "2026-10-10 24:00");
    assert_eq!(rung(&calendar, "2026-10-12 17:30", "2 working days before"), "2026-10-09 17:30");
    assert_eq!(rung(&calendar, "2026-10-09 24:00", "1 working day after"), "2026-10-10 24:00");
    assert_eq!(rung(&calendar, "2026-10-09 12:00", "2 working days after"), "2026-10-12 12:00");
}

#[test]
fn a_due_moment_on_a_day_of_rest_stands_where_the_last_working_day_ended() {
    let calendar = with("");

    // Sunday 11 October: one working day before it all of the worked Saturday is left.
    for due in ["2026-10-11 10:00", "2026-10-11 24:00"] {
        assert_eq!(rung(&calendar, due, "1 working day before"), "2026-10-09 24:00");
        assert_eq!(rung(&calendar, due, "1 working day after"), "2026-10-12 24:00");
    }
}

#[test]
fn a_rung_in_days_or_months_takes_midnight_for_the_end_of_the_day() {
    let calendar = with("");

    assert_eq!(rung(&calendar, "2026-10-13 24:00", "2 hours before"), "2026-10-13 22:00");
    assert_eq!(rung(&calendar, "2026-10-13 24:00", "3 days before"), "2026-10-10 24:00");
    assert_eq!(rung(&calendar, "2026-02-28 24:00", "1 month after"), "2026-03-28 24:00");
    assert_eq!(rung(&calendar, "2026-03-31 24:00", "1 month before"), "2026-02-28 24:00");
}
