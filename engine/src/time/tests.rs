//! What administrators may write for time, and what they are told when they write something else.

use jiff::tz::TimeZone;

use super::*;

fn mistake<T: std::str::FromStr<Err = Mistake> + std::fmt::Debug>(text: &str) -> Mistake {
    text.parse::<T>().expect_err("the text is wrong")
}

fn help(text: &str) -> String {
    mistake::<Span>(text).help.unwrap_or_default()
}

#[test]
fn a_span_is_read_in_english_and_in_chinese() {
    for (text, count, unit) in [
        ("3 working days", 3, SpanUnit::WorkingDays),
        ("1 working day", 1, SpanUnit::WorkingDays),
        ("4 Working  Hours", 4, SpanUnit::WorkingHours),
        (" 2 hours ", 2, SpanUnit::Hours),
        ("2hours", 2, SpanUnit::Hours),
        ("1 month", 1, SpanUnit::Months),
        ("90 minutes", 90, SpanUnit::Minutes),
        ("30 seconds", 30, SpanUnit::Seconds),
        ("2 weeks", 2, SpanUnit::Weeks),
        ("1 days", 1, SpanUnit::Days),
        ("3个工作日", 3, SpanUnit::WorkingDays),
        ("3 个工作日", 3, SpanUnit::WorkingDays),
        ("7工作日", 7, SpanUnit::WorkingDays),
        ("4个工作小时", 4, SpanUnit::WorkingHours),
        ("2小时", 2, SpanUnit::Hours),
        ("2个小时", 2, SpanUnit::Hours),
        ("1个月", 1, SpanUnit::Months),
        ("15日", 15, SpanUnit::Days),
        ("15天", 15, SpanUnit::Days),
        ("2个星期", 2, SpanUnit::Weeks),
        ("2周", 2, SpanUnit::Weeks),
        ("1年", 1, SpanUnit::Years),
        ("30秒", 30, SpanUnit::Seconds),
        ("45分钟", 45, SpanUnit::Minutes),
    ] {
        let span: Span = text.parse().expect(text);

        assert_eq!((span.count(), span.unit()), (count, unit), "{text}");
        assert_eq!(span.to_string().parse(), Ok(span), "{text}");
        assert_eq!(span.in_chinese().parse(), Ok(span), "{text}");
    }
}

#[test]
fn a_span_is_written_with_its_unit_in_the_right_number() {
    assert_eq!("1 working days".parse::<Span>().expect("a span").to_string(), "1 working day");
    assert_eq!("2个小时".parse::<Span>().expect("a span").to_string(), "2 hours");
    assert_eq!("1 month".parse::<Span>().expect("a span").in_chinese(), "1个月");
}

#[test]
fn a_wrong_unit_is_answered_with_the_one_that_was_meant() {
    assert_eq!(help("3 wroking days"), "did you mean `3 working days`?");
    assert_eq!(help("1 workday"), "did you mean `1 working day`?");
    assert_eq!(help("5 business days"), "did you mean `5 working days`?");
    assert_eq!(help("2 hrs"), "did you mean `2 hours`?");
    assert_eq!(help("2 horus"), "did you mean `2 hours`?");
    assert_eq!(help("2月"), "did you mean `2个月`?");
    assert_eq!(help("3个工做日"), "did you mean `3个工作日`?");
    assert!(help("3 parsecs").starts_with("the units are seconds, minutes"));

    let wrong = mistake::<Span>("3 wroking days");
    assert_eq!(wrong.at, 2..14);
    assert_eq!(wrong.message, "there is no unit of time `wroking days`");
}

#[test]
fn a_number_that_is_missing_or_not_whole_is_explained() {
    assert_eq!(help("1.5 hours"), "write `90 minutes`");
    assert_eq!(help("0.5 days"), "write `12 hours`");
    assert_eq!(help("1.5 working days"), "write a whole number of a smaller unit");
    assert_eq!(help("three working days"), "write `3 working days` or `3个工作日`");
    assert_eq!(help("a month"), "write `1 month` or `1个月`");
    assert_eq!(help("三个工作日"), "write `3 working days` or `3个工作日`");
    assert_eq!(help("十五日"), "write `15 days` or `15天`");
    assert_eq!(help("７个工作日"), "write `7 working days` or `7个工作日`");
    assert_eq!(help("1 day 2 hours"), "write it in its smaller unit, as `26 hours` for a day and two hours");
    assert_eq!(mistake::<Span>("7").message, "`7` of what?");
    assert_eq!(mistake::<Span>("").message, "a span of time is missing");
    assert_eq!(mistake::<Span>("-3 days").message, "a span of time is never negative");
}

#[test]
fn a_span_has_limits() {
    assert_eq!(mistake::<Span>("0 days").message, "a span of 0 days is over before it begins");
    assert_eq!(mistake::<Span>("101 years").message, "the longest span is 100 years");
    assert_eq!(mistake::<Span>("99999999999999999999 days").message, "the longest span is 36500 days");
    assert!("100 years".parse::<Span>().is_ok());
}

#[test]
fn a_rung_is_read_in_english_and_in_chinese() {
    for (text, canonical) in [
        ("due", "due"),
        ("到期", "due"),
        ("1 working day before", "1 working day before"),
        ("1 working day before due", "1 working day before"),
        ("5 working days after", "5 working days after"),
        ("2 hours before", "2 hours before"),
        ("到期前1个工作日", "1 working day before"),
        ("1个工作日前", "1 working day before"),
        ("2小时之后", "2 hours after"),
        ("到期后5个工作日", "5 working days after"),
        ("逾期5个工作日", "5 working days after"),
    ] {
        let rung: RungAt = text.parse().expect(text);

        assert_eq!(rung.to_string(), canonical);
        assert_eq!(canonical.parse(), Ok(rung));
        assert_eq!(rung.in_chinese().parse(), Ok(rung));
    }
}

#[test]
fn a_wrong_rung_is_answered_with_what_was_meant() {
    let turned = mistake::<RungAt>("before 1 working day");
    assert_eq!(turned.help.as_deref(), Some("write `1 working day before`"));

    let bare = mistake::<RungAt>("1 working day");
    assert_eq!(bare.help.as_deref(), Some("write `1 working day before` or `1 working day after`"));

    let misspelt = mistake::<RungAt>("1 workng day before");
    assert_eq!(misspelt.help.as_deref(), Some("did you mean `1 working day`?"));
    assert_eq!(misspelt.at, 2..12);

    let in_chinese = mistake::<RungAt>("到期前3个工做日");
    assert_eq!(in_chinese.at, 10..22);

    assert_eq!(mistake::<RungAt>("before").message, "`before` does not say how long");
}

#[test]
fn spans_and_rungs_travel_as_their_text() {
    let span: Span = serde_json::from_str("\"3个工作日\"").expect("a span");
    let rung: RungAt = serde_json::from_str("\"1 working day before\"").expect("a rung");

    assert_eq!(serde_json::to_string(&span).expect("json"), "\"3 working days\"");
    assert_eq!(serde_json::to_string(&rung).expect("json"), "\"1 working day before\"");
}

#[test]
fn the_end_of_a_day_is_24_00() {
    let zone = TimeZone::get("Asia/Shanghai").expect("a known zone");

    let end = parse_local("2026-10-13 24:00", &zone).expect("a moment");

    assert_eq!(end.to_string(), "2026-10-13T16:00:00Z");
    assert_eq!(parse_local("2026-10-14 00:00", &zone), Ok(end));
    assert_eq!(describe_due(end, &zone), "2026-10-13 24:00");
    for text in ["2026-10-13 17:30", "2026-12-31 24:00", "2026-10-13 00:01", "2026-10-13 09:00:05"] {
        let moment = parse_local(text, &zone).expect(text);
        assert_eq!(describe_due(moment, &zone), text);
    }
}

#[test]
fn a_day_that_begins_at_one_ends_its_eve_at_24_00() {
    let zone = TimeZone::get("Africa/Cairo").expect("a known zone");

    let end = parse_local("2026-04-23 24:00", &zone).expect("a moment");

    assert_eq!(end.to_zoned(zone.clone()).to_string(), "2026-04-24T01:00:00+03:00[Africa/Cairo]");
    assert_eq!(describe_due(end, &zone), "2026-04-23 24:00");
}

#[test]
fn a_wrong_moment_is_shown_at_its_place() {
    let zone = TimeZone::UTC;
    for (text, at, message) in [
        ("2026-02-29 09:00", 0..10, "there is no day 2026-02-29"),
        ("2026-10-13 25:00", 11..16, "`25:00` is not a time of day"),
        ("2026-10-13 24:01", 11..16, "`24:01` is not a time of day"),
        ("2026-10-13 09:00:75", 11..19, "`09:00:75` is not a time of day"),
        ("13.10.2026 09:00", 0..10, "`13.10.2026` is not a date"),
        ("2026-10-13", 0..10, "a moment is a date and a time of day"),
        ("9999-12-31 24:00", 0..16, "`9999-12-31 24:00` is outside of the years 1 to 9999"),
    ] {
        let wrong = parse_local(text, &zone).expect_err("the text is wrong");
        assert_eq!((wrong.at, wrong.message.as_str()), (at, message), "{text}");
    }
}
