//! Null is what is not yet known: never an error, and it spreads only as far as it must.

use duban_engine::expression::Expression;
use duban_engine::value::{Type, Value};

use crate::host::{Host, evaluate};

fn assert_gives(expected: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(evaluate(text).to_string(), expected, "{text}");
    }
}

#[test]
fn comparing_with_what_is_not_known_is_not_known() {
    assert_gives(
        "null",
        &["required_by < opened", "required_by + @\"P1D\"", "instruction + \"x\"", "not(required_by < opened)"],
    );
    assert_gives("true", &["instruction = null", "opened != null", "urgent or required_by < opened"]);
    assert_gives("false", &["instruction = \"x\"", "not(urgent) and required_by < opened"]);
}

#[test]
fn every_and_some_are_unknown_only_while_they_could_still_turn() {
    assert_gives("null", &["every a in assist satisfies a.agrees"]);
    assert_gives(
        "true",
        &["some a in assist satisfies a.agrees", "every a in assist satisfies a.unit in (\"a\", \"b\")"],
    );
    assert_gives("false", &["every a in assist satisfies not(a.agrees)", "some a in assist satisfies a.unit = \"z\""]);
}

#[test]
fn what_cannot_be_computed_is_null() {
    assert_gives("null", &["returns / 0", "assist[9]", "anything + 1", "anything.x", "anything < 3", "10 ** 99"]);
    assert_gives("null", &["date(anything)", "sqrt(-1)", "log(0)", "0 ** -1", "sqrt(anything)"]);
}

#[test]
fn conditions_hold_only_if_they_are_true() {
    let host = Host::appeal();
    let holds = |text| Expression::compile(text, &host, &Type::Boolean).is_ok_and(|expression| expression.holds(&host));

    assert!(holds("urgent and returns = 2 and method = \"written\""));
    assert!(!holds("required_by < opened"));
    assert!(!holds("not(urgent)"));
}

#[test]
fn decimals_are_exact_and_dates_follow_the_calendar() {
    assert_gives("true", &["0.1 + 0.2 = 0.3", "1.10 = 1.1", "@\"P1Y\" = @\"P12M\"", "@\"PT24H\" = @\"P1D\""]);
    assert_gives("2024-02-29", &["@\"2024-01-31\" + @\"P1M\"", "date(2024, 2, 29)"]);
    assert_gives("P1M", &["years and months duration(@\"2024-01-31\", @\"2024-03-01\")"]);
    assert_gives("-P1M", &["years and months duration(@\"2024-03-01\", @\"2024-01-31\")"]);
    assert_gives("P30D", &["@\"2024-03-01\" - @\"2024-01-31\""]);
}

#[test]
fn lists_are_filtered_by_position_and_by_condition() {
    assert_gives("a", &["assist[1].unit", "assist[-2].unit", "assist[agrees][1].unit", "assist[item.agrees].unit[1]"]);
    assert_gives("[\"a\"]", &["assist[agrees].unit", "assist[1 = 1][agrees = true].unit"]);
    assert_gives("2", &["count(assist)", "count(assist.unit)", "count(assist[unit != \"z\"])"]);
    assert_gives("[1, 4, 9]", &["for i in 1..3 return i * i", "for i in [1..3] return i ** 2"]);
}

#[test]
fn an_expression_tells_its_type_and_what_it_reads() {
    let host = Host::appeal();
    let compile = |text| Expression::compile(text, &host, &Type::Any).expect("the expression is right");

    assert_eq!(compile("returns + 1").result_type(), &Type::Number);
    assert_eq!(compile("assist.unit").result_type(), &Type::list(Type::Unit));
    assert_eq!(compile("last(submit).at").result_type(), &Type::DateTime);
    let reads: Vec<u32> = compile("returns > 1 and urgent and returns < 9").reads().iter().map(|slot| slot.0).collect();
    assert_eq!(reads, [0, 1]);
    assert_eq!(compile("add_working_days(opened)").evaluate(&host), Value::from(1));
    assert_eq!(compile("add_working_days(days: 3, date: opened)").evaluate(&host), Value::from(2));
}
