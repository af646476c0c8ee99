//! Cells of decision tables.

use duban_engine::expression::{Mistake, Test, UnaryTests, compile_unary_tests};
use duban_engine::value::{Range, Type, Value};

use crate::host::{Host, names};

fn cell(text: &str, input: &Type) -> Result<UnaryTests, Vec<Mistake>> {
    compile_unary_tests(text, &Host::appeal(), input)
}

fn passes(text: &str, input: impl Into<Value>) -> String {
    let input = input.into();
    let tests = cell(text, &Type::of(&input)).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
    tests.evaluate(&input, &Host::appeal()).to_string()
}

#[test]
fn a_cell_holds_if_one_of_its_alternatives_does() {
    assert_eq!(passes("1, 3, > 10", 3), "true");
    assert_eq!(passes("1, 3, > 10", 11), "true");
    assert_eq!(passes("1, 3, > 10", 2), "false");
    assert_eq!(passes("[1..5]", 5), "true");
    assert_eq!(passes("]1..5[", 5), "false");
    assert_eq!(passes("\"water\", \"heating\"", "heating"), "true");
    assert_eq!(passes("not(\"water\", \"heating\")", "heating"), "false");
    assert_eq!(passes("not(1, 2)", 3), "true");
    assert_eq!(passes("returns", 2), "true");
    assert_eq!(passes("? > 1 and ? < returns + 2", 3), "true");
    assert_eq!(passes("urgent", 7), "true");
    assert_eq!(passes("true", false), "false");
}

#[test]
fn a_dash_takes_anything_and_null_passes_nothing_else() {
    assert_eq!(passes("-", Value::Null), "true");
    assert_eq!(passes("> 3", Value::Null), "null");
    assert_eq!(passes("not(> 3)", Value::Null), "null");
    assert_eq!(passes("null", Value::Null), "true");
    assert_eq!(passes("- 3", -3), "true");
}

#[test]
fn a_cell_is_checked_against_its_input() {
    let choice = Type::Choice(names(&["water", "heating"]));

    let mistakes = cell("\"watre\", \"heating\"", &choice).expect_err("there is no such choice");
    assert_eq!(mistakes[0].help.as_deref(), Some("did you mean `water`?"));
    let mistakes = cell("> \"x\"", &Type::Number).expect_err("a number has no order with a text");
    assert_eq!(mistakes[0].message, "a number cannot be in a range of texts");
    let mistakes = cell("", &Type::Number).expect_err("an empty cell says nothing");
    assert_eq!(mistakes[0].message, "there is no expression");
}

#[test]
fn a_cell_can_be_taken_apart_to_look_for_gaps() {
    let tests = cell("1, [2..4), returns", &Type::Number).expect("the cell is right");

    let range = Range::Between { start: 2.into(), start_included: true, end: 4.into(), end_included: false };
    assert_eq!(tests.tests(), [Test::Is(1.into()), Test::Within(range), Test::Open]);
    assert!(!tests.is_negated() && !tests.is_anything());
    assert!(cell("-", &Type::Number).is_ok_and(|tests| tests.is_anything()));
    assert!(cell("not(1)", &Type::Number).is_ok_and(|tests| tests.is_negated()));
}
