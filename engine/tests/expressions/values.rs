//! Values on disk and on the wire.

use duban_engine::value::{Type, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::host::{evaluate, names};

fn stored(text: &str) -> String {
    serde_json::to_string(&evaluate(text)).expect("values are JSON")
}

#[test]
fn each_kind_has_one_stored_form() {
    for (text, expected) in [
        ("null", "null"),
        ("12", "12"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", r#"{"number":"9223372036854775808"}"#),
        ("0.10", r#"{"number":"0.10"}"#),
        ("\"水\"", "\"水\""),
        ("@\"2026-01-01\"", r#"{"date":"2026-01-01"}"#),
        ("@\"09:00:00.5+08:00\"", r#"{"time":"09:00:00.5+08:00"}"#),
        ("@\"2026-01-01T09:00:00\"", r#"{"datetime":"2026-01-01T09:00:00"}"#),
        ("@\"2026-01-01T09:00:00Z\"", r#"{"datetime":"2026-01-01T09:00:00Z"}"#),
        ("@\"2026-01-01T09:00:00@Asia/Shanghai\"", r#"{"datetime":"2026-01-01T09:00:00+08:00[Asia/Shanghai]"}"#),
        ("@\"P1DT2H\"", r#"{"duration":"P1DT2H"}"#),
        ("@\"P14M\"", r#"{"duration":"P1Y2M"}"#),
        ("[1, [true]]", "[1,[true]]"),
        ("{b: 1, a: {}}", r#"{"context":{"a":{"context":{}},"b":1}}"#),
        ("[1..5)", r#"{"range":{"start":1,"start_included":true,"end":5,"end_included":false}}"#),
        ("(< 5)", r#"{"range":{"is":"<","with":5}}"#),
    ] {
        assert_eq!(stored(text), expected, "{text}");
        let read: Value = serde_json::from_str(expected).expect("what is written can be read");
        assert_eq!(read, evaluate(text));
    }
}

#[test]
fn only_stored_forms_are_read_back() {
    for text in [
        "1.5",
        "1e2",
        "18446744073709551615",
        r#"{"number":"5"}"#,
        r#"{"number":"x"}"#,
        r#"{"date":"2026-02-30"}"#,
        "{}",
        r#"{"date":"2026-01-01","time":"09:00:00"}"#,
        r#"{"datetime":"2026-01-01T09:00:00@Asia/Shanghai"}"#,
        r#"{"datetime":"2026-01-01T24:00:00"}"#,
        r#"{"duration":"PT24H"}"#,
        r#"{"time":"9:00"}"#,
        r#"{"other":"1"}"#,
        r#"{"range":{"is":"~","with":5}}"#,
        r#"{"range":{"start":1}}"#,
        r#"{"datetime":"2026-01-01T09:00:00+08:00[Nowhere/City]"}"#,
    ] {
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
    }
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert!(serde_json::from_str::<Value>(&deep).is_err());
}

#[test]
fn a_moment_keeps_its_instant_when_its_zone_has_changed_its_rules_since() {
    let text = r#"{"datetime":"2026-01-01T09:00:00+07:00[Asia/Shanghai]"}"#;

    let read: Value = serde_json::from_str(text).expect("the offset is the truth");

    assert_eq!(read.to_string(), "2026-01-01T10:00:00@Asia/Shanghai");
}

#[test]
fn clients_see_plain_json() {
    for (text, expected) in [
        ("0.1", json!(0.1)),
        ("2.0", json!(2)),
        ("0.1234567890123456789", json!("0.1234567890123456789")),
        ("@\"2026-01-01T09:00:00@Asia/Shanghai\"", json!("2026-01-01T09:00:00+08:00")),
        ("@\"2026-01-01\"", json!("2026-01-01")),
        ("{a: [1, null, \"x\"]}", json!({"a": [1, null, "x"]})),
        ("[1..5]", json!("[1..5]")),
    ] {
        assert_eq!(evaluate(text).to_plain_json(), expected, "{text}");
    }
}

#[test]
fn what_clients_send_is_read_by_the_kind_of_the_field() {
    let choice = Type::Choice(names(&["written", "phone"]));
    let read = |json: Json, kind: &Type| Value::from_plain_json(&json, kind);

    assert_eq!(read(json!(0.1), &Type::Number), Ok(evaluate("0.1")));
    assert_eq!(read(json!("0.10"), &Type::Number), Ok(evaluate("0.10")));
    assert_eq!(read(json!("2026-01-01"), &Type::Date), Ok(evaluate("@\"2026-01-01\"")));
    assert_eq!(read(json!("2026-01-01"), &Type::Text), Ok(Value::text("2026-01-01")));
    assert_eq!(read(json!(["a"]), &Type::list(Type::Unit)), Ok(evaluate("[\"a\"]")));
    assert_eq!(read(json!(null), &choice), Ok(Value::Null));
    assert_eq!(read(json!("phne"), &choice), Err("has no choice `phne`, did you mean `phone`?".to_owned()));
    assert_eq!(read(json!("x"), &Type::Number), Err("must be a number".to_owned()));
    assert_eq!(read(json!([1, "x"]), &Type::list(Type::Number)), Err("item 2: must be a number".to_owned()));
    let context = Type::Context([("phone".into(), Type::Text)].into());
    assert_eq!(read(json!({"phne": "1"}), &context), Err("has no `phne`, did you mean `phone`?".to_owned()));
    assert_eq!(read(json!({}), &context), Ok(evaluate("{phone: null}")));
}

/// What is read from this JSON text into a field of numbers.
fn number(text: &str) -> Result<Value, String> {
    Value::from_plain_json(&serde_json::from_str(text).expect("it is JSON"), &Type::Number)
}

#[test]
fn a_number_is_read_as_it_is_written_or_refused() {
    for (written, kept) in [
        ("12345678901234567.89", "12345678901234567.89"),
        ("1234567890123456789012345678", "1234567890123456789012345678"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("1e-28", "0.0000000000000000000000000001"),
        ("\"1e-28\"", "0.0000000000000000000000000001"),
        ("\"10e-29\"", "0.0000000000000000000000000001"),
        ("1.5E+3", "1500"),
        ("1E27", "1000000000000000000000000000"),
        ("1.0000000000000000000000000000000000000000", "1.000000000000000000000000000"),
        ("\"007\"", "7"),
        ("-0.0", "0.0"),
        ("0e999999999999999999999", "0"),
    ] {
        let read = number(written).unwrap_or_else(|error| panic!("{written} {error}"));
        assert_eq!(read.to_string(), kept, "{written}");
        let again = number(&read.to_plain_json().to_string()).expect("what was answered is read");
        assert_eq!(again.as_number(), read.as_number(), "{written}");
    }
    let ones = format!("0.{}", "1".repeat(40));
    for written in [
        &ones,
        "12345678901234567890123456789",
        "1e28",
        "1e-29",
        "1e999",
        "1e-99999999999999999999",
        "1e99999999999999999999",
    ] {
        for written in [written.to_owned(), format!("\"{written}\"")] {
            assert_eq!(number(&written), Err("has more than 28 digits".to_owned()), "{written}");
            let read = Value::from_plain_json(&serde_json::from_str(&written).expect("it is JSON"), &Type::Any);
            assert!(read.is_err() || written.starts_with('"'), "{written}");
        }
    }
    for written in ["1_000", "1,000", "+5", ".5", "5.", " 5", "0x10", "1e", "1e1.5", "--1", "１２", "1.2.3"] {
        let refused = number(&format!("\"{written}\"")).expect_err(written);
        assert!(refused.starts_with("must be a number"), "{written}: {refused}");
    }
}

#[test]
fn clients_see_a_number_where_a_double_holds_it_and_a_text_elsewhere() {
    for (number, seen) in [
        ("1.50", "1.5"),
        ("0.0000000000000000000000000001", "0.0000000000000000000000000001"),
        ("9007199254740992", "9007199254740992"),
        ("9007199254740993", "\"9007199254740993\""),
        ("1000000000000000000000000000", "1000000000000000000000000000"),
        ("9223372036854775807", "\"9223372036854775807\""),
        ("0.12345678901234567890", "\"0.1234567890123456789\""),
        ("20/3", "\"6.666666666666666666666666667\""),
    ] {
        assert_eq!(evaluate(number).to_plain_json().to_string(), seen, "{number}");
    }
}

#[test]
fn a_place_of_a_list_is_not_empty() {
    let refused = Value::from_plain_json(&json!(["a", null]), &Type::list(Type::Text));

    assert_eq!(refused, Err("item 2: must be a text".to_owned()));
    assert!(Value::from_plain_json(&json!([null]), &Type::Any).is_ok());
}

/// Any value that JSON can hold plainly.
fn plain() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-(1_i64 << 53)..=1 << 53).prop_map(Json::from),
        ".{0,9}".prop_map(Json::from)
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from);
        let context = prop::collection::btree_map(".{0,5}", inner, 0..5);
        prop_oneof![list, context.prop_map(|entries| Json::Object(entries.into_iter().collect()))]
    })
}

proptest! {
    #[test]
    fn any_value_comes_back_from_disk_and_from_the_wire(json in plain()) {
        let value = Value::from_plain_json(&json, &Type::Any).expect("plain JSON is a value");
        let text = serde_json::to_string(&value).expect("values are JSON");
        prop_assert_eq!(serde_json::from_str::<Value>(&text).expect("stored values are read"), value.clone());
        prop_assert_eq!(value.to_plain_json(), json);
    }

    #[test]
    fn any_number_of_28_digits_comes_back_from_the_wire(
        digits in -9_999_999_999_999_999_999_999_999_999_i128..=9_999_999_999_999_999_999_999_999_999,
        shorter in 0_u32..28,
        scale in 0_u32..=28,
    ) {
        let sent = rust_decimal::Decimal::try_from_i128_with_scale(digits / 10_i128.pow(shorter), scale).expect("93 bits fit");
        for written in [format!("{sent}"), format!("\"{sent}\""), format!("{}e-{scale}", sent.mantissa())] {
            let read = number(&written).expect("it has 28 digits");
            prop_assert_eq!(read.as_number(), Some(sent));
            let answered = read.to_plain_json();
            prop_assert_eq!(number(&answered.to_string()).expect("what was answered is read").as_number(), Some(sent));
            if let Json::Number(answered) = &answered {
                let double: f64 = answered.as_str().parse().expect("it is a number");
                prop_assert_eq!(double.to_string().parse::<rust_decimal::Decimal>().expect("it is one"), sent);
            }
        }
    }

    #[test]
    fn any_number_and_moment_comes_back_from_disk(digits in any::<i64>(), scale in 0_u32..29, seconds in -60_000_000_000_i64..200_000_000_000, nanoseconds in 0_i32..1_000_000_000) {
        let at = jiff::Timestamp::new(seconds, nanoseconds).expect("within the calendar");
        let zone = jiff::tz::TimeZone::get("America/New_York").expect("the zone is known");
        let values = vec![
            Value::from(rust_decimal::Decimal::new(digits, scale)),
            Value::from(at),
            Value::from(at.to_zoned(zone.clone())),
            Value::from(at.to_zoned(zone).datetime()),
            Value::from(jiff::SignedDuration::new(digits, nanoseconds * i32::from(digits.signum() as i8))),
            Value::Months(digits),
        ];
        let value = Value::from(values);
        let text = serde_json::to_string(&value).expect("values are JSON");
        prop_assert_eq!(serde_json::from_str::<Value>(&text).expect("stored values are read"), value);
    }

    #[test]
    fn reading_any_json_as_a_stored_value_does_not_break(json in plain(), kind in "number|date|time|datetime|duration|range|context") {
        let _ = serde_json::from_value::<Value>(json.clone());
        let _ = serde_json::from_value::<Value>(json!({ kind: json }));
    }
}
