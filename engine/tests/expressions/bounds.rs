//! No expression runs long, grows large or breaks, whatever it says.

use std::time::{Duration, Instant};

use duban_engine::expression::{Expression, compile_unary_tests, limits};
use duban_engine::value::{Type, VALUE_DEPTH_MAX, Value};
use proptest::prelude::*;

use crate::host::{Host, evaluate, mistakes};

/// Far above what the limits allow even in a debug build on a busy machine; without them these would take hours.
const LONG: Duration = Duration::from_secs(20);

/// Evaluates, if it compiles, and fails if it took long.
fn run(text: &str) -> Option<Value> {
    let start = Instant::now();
    let host = Host::appeal();
    let value = Expression::compile(text, &host, &Type::Any).ok().map(|expression| expression.evaluate(&host));
    assert!(start.elapsed() < LONG, "{text} took {:?}", start.elapsed());
    value
}

#[test]
fn deep_nesting_is_a_mistake_not_a_crash() {
    let too_deep = format!("the expression nests more than {} deep", limits::NESTING_MAX);
    let deep = |open: &str, close: &str, count: usize| format!("{}1{}", open.repeat(count), close.repeat(count));
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("-", ""),
        ("{a:", "}"),
        ("abs(", ")"),
        ("if true then 1 else ", ""),
        ("1+(", ")"),
        ("(", "..2]"),
    ] {
        let text = deep(open, close, limits::TEXT_BYTES_MAX / (open.len() + close.len() + 1));
        assert_eq!(mistakes(&text, &Type::Any)[0].message, too_deep, "{open}");
    }
    assert_eq!(mistakes(&["1"; 500].join("+"), &Type::Any)[0].message, too_deep);
    let path = format!("anything{}", ".a".repeat(500));
    assert_eq!(mistakes(&path, &Type::Any)[0].message, too_deep);
    assert_eq!(evaluate(&deep("(", ")", limits::NESTING_MAX - 1)), Value::from(1));
    assert_eq!(evaluate(&["true"; 1_000].join(" and ")), Value::from(true));
}

#[test]
fn a_text_longer_than_a_page_is_a_mistake() {
    let text = "1".repeat(100_000);
    let message = format!("the expression is longer than {} bytes", limits::TEXT_BYTES_MAX);

    assert_eq!(mistakes(&text, &Type::Any)[0].message, message);
}

#[test]
fn loops_that_would_run_too_long_give_null() {
    for text in [
        "for a in 1..100000, b in 1..100000 return a",
        "some a in 1..90000, b in 1..90000, c in 1..90000 satisfies a < 0",
        "count(for a in 1..1000000000000 return a)",
        "for a in 1..90000 return (for b in 1..90000 return b)",
        "for a in 1..90000 return count(distinct values(for b in 1..9000 return b))",
        "for a in 1..9000 return a + count(partial)",
        "for a in 1..90000 return replace(anything, \"(x*)*\", \"$1$1\")",
    ] {
        assert_eq!(run(text), Some(Value::Null), "{text}");
    }
}

#[test]
fn values_that_would_grow_too_large_give_null() {
    for text in [
        "for i in 1..64 return if i = 1 then \"ab\" else partial[-1] + partial[-1]",
        "for i in 1..64 return if i = 1 then [1] else [partial[-1], partial[-1]]",
        "for i in 1..1000 return if i = 1 then [1] else [partial[-1]]",
        "for i in 1..1000 return if i = 1 then 1 else {a: partial[-1]}",
        "for i in 1..1000 return if i = 1 then anything else [partial[-1]..1]",
        "for i in 1..64 return if i = 1 then [1] else concatenate(partial[-1], partial[-1])",
    ] {
        assert_eq!(run(text), Some(Value::Null), "{text}");
    }
    let nested = format!("{}{}", "[".repeat(VALUE_DEPTH_MAX), "]".repeat(VALUE_DEPTH_MAX));
    assert_eq!(run(&nested).map(|value| value.depth()), Some(VALUE_DEPTH_MAX));
    assert_eq!(run(&format!("[{nested}]")), Some(Value::Null));
}

#[test]
fn types_that_would_grow_too_large_are_known_as_anything() {
    let mut text = "{a0: 1".to_owned();
    for index in 1..60 {
        text.push_str(&format!(", a{index}: {{x: a{}, y: a{}}}", index - 1, index - 1));
    }
    text.push('}');

    assert_eq!(run(&text), Some(Value::Null));
}

#[test]
fn thousands_of_mistakes_are_told_in_a_few() {
    let text = ["urgnet"; 1_000].join(" or ");

    assert_eq!(mistakes(&text, &Type::Any).len(), limits::MISTAKES_MAX);
}

/// What expressions are made of, so that random ones come near to being right.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "urgent", "returns", "assist", "method", "anything", "承办单位", "Monthly Salary", "sign-off", "null", "true", "1",
    "-1", "0.5", "1e9", "99999999999999999999", "\"water\"", "\"a\\u0041\"", "@\"2026-01-01\"", "@\"P1D\"",
    "@\"P1M\"", "@\"09:00:00\"", "@\"2026-01-01T09:00:00@Asia/Shanghai\"", "+", "-", "*", "/", "**", "=", "!=", "<",
    "<=", ">", ">=", "and", "or", "not(", "in", "between", "if", "then", "else", "for", "some", "every", "x",
    "return", "satisfies", "(", ")", "[", "]", "{", "}", "a:", ",", "..", ".", "item", "partial", "instance of",
    "number", "date and time", "list<", "count(", "sum(", "date(", "duration(", "string join(", "substring(",
    "visits(", "triage", "context put(", "range(", "before(", "split(", "exp(", "sqrt(", "?", "//", "/*",
];

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(PIECES)
}

proptest! {
    #[test]
    fn any_text_is_read_to_an_end(text in "\\PC{0,400}") {
        run(&text);
        let _ = compile_unary_tests(&text, &Host::appeal(), &Type::Number);
    }

    #[test]
    fn any_sequence_of_words_is_read_and_evaluated_to_an_end(pieces in prop::collection::vec(piece(), 0..60)) {
        run(&pieces.join(" "));
        run(&pieces.concat());
    }

    #[test]
    fn mistakes_stand_inside_the_text_at_whole_characters(pieces in prop::collection::vec(piece(), 0..30), tail in "\\PC{0,9}") {
        let text = format!("{}{tail}", pieces.join(" "));
        for mistake in Expression::compile(&text, &Host::appeal(), &Type::Any).err().into_iter().flatten() {
            prop_assert!(text.get(mistake.span.clone()).is_some(), "{mistake:?} in {text:?}");
        }
    }

    #[test]
    fn arithmetic_of_any_numbers_ends(left in any::<i128>(), right in any::<i64>(), scale in 0_u32..29) {
        let number = rust_decimal::Decimal::try_from_i128_with_scale(left >> 34, scale).expect("93 bits are 28 digits");
        let bound = format!("{{A: {number}, B: {right}, R: ");
        for text in [
            "A+B", "A-B", "A*B", "A/B", "A**B", "B**A", "modulo(A,B)", "sqrt(A)", "exp(A)", "log(A)", "decimal(A,B)",
            "ceiling(A, -3)", "@\"P1D\"*A", "@\"P1M\"*A", "@\"P1D\"/A", "@\"2026-01-01\"+@\"P1D\"*A",
            "@\"2026-01-01T00:00:00Z\"-@\"P1M\"*B", "stddev([A,B])", "for i in A..B return i", "date(A,B,1)",
        ] {
            prop_assert!(run(&format!("{bound}{text}}}")).is_some(), "{text}");
        }
    }
}
