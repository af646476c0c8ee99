//! Schedules against another package's firings, and the texts that are refused.

mod days_of_rest;

use super::*;

const VECTORS: &str = include_str!("../../tests/data/schedules.csv");

#[test]
fn a_schedule_fires_when_another_package_says_so() {
    let (mut lines, mut wrong) = (0, Vec::new());
    for line in VECTORS.lines().skip(1) {
        let parts: Vec<&str> = line.split(';').collect();
        let [zone, text, start, fires @ ..] = parts.as_slice() else { unreachable!("{line}") };
        let zone = TimeZone::get(zone).expect("a known zone");
        let schedule = Schedule::parse(text).expect(text);
        let mut at: Timestamp = start.parse().expect("a moment");
        let mut found = Vec::new();
        for _ in fires {
            let next = schedule.next_after(at, &zone).expect(line);
            assert!(next > at, "{line}");
            at = next;
            found.push(at.to_string());
        }
        lines += 1;
        if found != fires {
            wrong.push(format!("{line}\n   found {}", found.join(";")));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {lines} differ:\n{}",
        wrong.len(),
        wrong.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(lines > 900, "{lines}");
}

#[test]
fn a_schedule_fires_strictly_after_a_moment_between_two_seconds() {
    let schedule = Schedule::parse("* * * * * *").expect("a schedule");
    let after: Timestamp = "2026-10-08T01:00:00.5Z".parse().expect("a moment");

    let next = schedule.next_after(after, &TimeZone::UTC);

    assert_eq!(next.map(|at| at.to_string()).as_deref(), Some("2026-10-08T01:00:01Z"));
}

#[test]
fn a_schedule_keeps_the_clock_after_a_change_of_half_an_hour() {
    // Lord Howe goes from +11:00 to +10:30 on 5 April 2026 at 02:00.
    let zone = TimeZone::get("Australia/Lord_Howe").expect("a known zone");
    let schedule = Schedule::parse("*/20 6-14 * * *").expect("a schedule");
    let after: Timestamp = "2026-04-04T12:00:00Z".parse().expect("a moment");

    let next = schedule.next_after(after, &zone).expect("it fires again");

    assert_eq!(next.to_zoned(zone).to_string(), "2026-04-05T06:00:00+10:30[Australia/Lord_Howe]");
}

/// A text, the bytes that are wrong, what is said of them, and the help.
const REFUSED: &[(&str, std::ops::Range<usize>, &str, &str)] = &[
    (
        "*/90 * * * *",
        0..4,
        "a step of 90 leaves its minute field at once: `*/90` would fire at its first minute only",
        "a step here is at most 59; for longer ones write `every: …`",
    ),
    (
        "*/60 * * * *",
        0..4,
        "a step of 60 leaves its minute field at once: `*/60` would fire at its first minute only",
        "a step here is at most 59; for longer ones write `every: …`",
    ),
    ("0 0 9 * * MON,", 10..14, "`MON,` has a comma with nothing beside it", "write `MON`"),
    ("0 9 ,1 * *", 4..6, "`,1` has a comma with nothing beside it", "write `1`"),
    ("0 9 30 2 *", 4..6, "month 2 never has a day 30", "write `L` for the last day of the month"),
    ("0 9 31 APR,JUN *", 4..6, "month APR,JUN never has a day 31", "write `L` for the last day of the month"),
    ("0 9 * * MONDAY", 8..14, "`MONDAY` is not a weekday", "did you mean `MON`?"),
    ("0 9 * * FRY", 8..11, "`FRY` is not a weekday", "did you mean `FRI`?"),
    ("0 24 * * *", 2..4, "there is no hour 24, they go from 0 to 23", ""),
    ("0 9 * * SAT-MON", 8..15, "`SAT-MON` runs backwards", "write it as two ranges with a comma between them"),
    ("5/15 * * * *", 0..4, "`5/15` has a step but no range", "write `5-59/15`"),
    (
        "0 0 */2 * MON",
        4..7,
        "`*/2` beside another day field: some cron programs take either, some both",
        "write the days out, or `*` for one of them",
    ),
    (
        "0 9 * * 0 2026 *",
        0..16,
        "a schedule has 5 fields, or 6 with the seconds in front; this one has 7",
        "leave the year out",
    ),
    (
        "0 9 *",
        0..5,
        "a schedule has 5 fields, or 6 with the seconds in front; this one has 3",
        "write minute, hour, day, month and weekday, as `0 17 * * FRI`",
    ),
    ("@daily", 0..6, "`@daily` is not written out", "write `0 0 * * *`"),
    ("0 9 * * MON#6", 8..13, "`MON#6` is not the first to fifth of a weekday", ""),
    (
        "",
        0..0,
        "a schedule has 5 fields, or 6 with the seconds in front; this one has 0",
        "write minute, hour, day, month and weekday, as `0 17 * * FRI`",
    ),
];

#[test]
fn what_nobody_means_is_refused_with_what_was_meant() {
    for (text, at, message, help) in REFUSED {
        let wrong = Schedule::parse(text).expect_err(text);

        assert_eq!((&wrong.at, wrong.message.as_str()), (at, *message), "{text}");
        assert_eq!(wrong.help.as_deref().unwrap_or_default(), *help, "{text}");
    }
}

#[test]
fn the_29th_of_february_and_the_last_day_are_days() {
    let zone = TimeZone::UTC;
    let after: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a moment");
    for (text, expected) in [
        ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 0 L 2 *", "2026-02-28T00:00:00Z"),
        ("0 0 15W * *", "2026-02-16T00:00:00Z"),
        ("0 0 30 2 MON", "2026-02-02T00:00:00Z"),
    ] {
        let schedule = Schedule::parse(text).expect(text);
        assert_eq!(schedule.next_after(after, &zone).map(|at| at.to_string()).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn every_form_that_is_read_also_fires() {
    let after: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a moment");
    for day in ["*", "?", "L", "LW", "15W", "1-15/2", "*/10", "1,15", "1,L"] {
        for weekday in ["*", "?", "FRI", "fri-sun", "1-5/2", "FRI#2", "FRIL", "5L", "7", "0,7", "MON,FRI#1", "*/2"] {
            let text = format!("0 9 {day} * {weekday}");
            let is_doubtful = |one: &str, other: &str| one.starts_with("*/") && !matches!(other, "*" | "?");

            let schedule = Schedule::parse(&text);

            if is_doubtful(day, weekday) || is_doubtful(weekday, day) {
                assert!(schedule.is_err(), "{text}");
            } else {
                let next = schedule.expect(&text).next_after(after, &TimeZone::UTC);
                assert!(next.is_some_and(|at| at > after), "{text}");
            }
        }
    }
}
