//! The DMN conformance kit's FEEL cases, run against the engine's expressions.
//!
//! Value cases and null or error cases are counted apart: an engine that always says null would pass all
//! of the latter. What fails on purpose is listed with its reason, and must really fail.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use duban_engine::expression::{Expression, HostFunction, Names, Scope, Signature, Slot};
use duban_engine::ids::Name;
use duban_engine::value::{DateTime, Time, Type, Value};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, civil};
use rust_decimal::Decimal;
use serde_json::Value as Json;

/// The share of value cases that must pass, in percent, exclusions counted as failures.
const VALUE_CASES_PERCENT_MIN: usize = 95;

/// Which cases of a suite are left out.
enum Which {
    /// Those of this expression.
    Whole(&'static str),
    /// Those of this expression that expect this value.
    Giving(&'static str, &'static str),
    /// Those whose expression has this in it.
    Holding(&'static str),
}

use Which::{Giving, Holding, Whole};

const NO_TYPES: &str = "the type is declared in the kit's model, which the file does not carry";
const NO_FUNCTIONS: &str = "an expression cannot define functions";
const NOT_A_CONDITION: &str = "an operand of `and` that can be neither true nor false is found at compile time";
const MOMENTS_DIFFER: &str = "moments that differ by a fraction of a second are not equal: they are ordered";
const NO_COERCION: &str =
    "the result is coerced to the type declared in the kit's model, which the file does not carry";

/// Cases left out on purpose: the suite, which of its cases, and why.
const LEFT_OUT: &[(&str, Which, &str)] = &[
    ("0064-feel-conjunction", Whole("false and 123"), NOT_A_CONDITION),
    ("0064-feel-conjunction", Whole("false and \"true\""), NOT_A_CONDITION),
    ("0064-feel-conjunction", Whole("123 and false"), NOT_A_CONDITION),
    ("0064-feel-conjunction", Whole("\"true\" and false"), NOT_A_CONDITION),
    ("0068-feel-equality", Holding("time(\"10:30:00.0002\")"), MOMENTS_DIFFER),
    ("0068-feel-equality", Holding("time(\"2018-12-08T00:00:00.0000\")"), MOMENTS_DIFFER),
    ("0070-feel-instance-of", Holding("instance of t255"), NO_TYPES),
    ("0070-feel-instance-of", Holding("instance of tFooBar"), NO_TYPES),
    ("0070-feel-instance-of", Holding("instance of tNumberList"), NO_TYPES),
    ("0070-feel-instance-of", Holding("instance of tAnyList"), NO_TYPES),
    ("0070-feel-instance-of", Holding("t_context_013"), NO_TYPES),
    ("0070-feel-instance-of", Holding("(function() \"foo\")"), NO_FUNCTIONS),
    ("0082-feel-coercion", Whole("1+1"), NO_COERCION),
    ("0082-feel-coercion", Whole("[1,2,\"foo\"]"), NO_COERCION),
    ("0082-feel-coercion", Whole("{name: \"foo\"}"), NO_COERCION),
    ("0082-feel-coercion", Whole("\"foo\""), NO_COERCION),
    ("0082-feel-coercion", Giving("[\"foo\"]", "foo"), NO_COERCION),
    ("0082-feel-coercion", Giving("[\"foo\"]", "null"), NO_COERCION),
    ("0082-feel-coercion", Whole("[1]"), NO_COERCION),
    ("0082-feel-coercion", Whole("[10]"), NO_COERCION),
    ("0082-feel-coercion", Whole("1000"), NO_COERCION),
    ("0082-feel-coercion", Whole("decisionService_002_input_1"), NO_COERCION),
    (
        "0082-feel-coercion",
        Giving("context(entries: [{key:\"a\", value:1}, {key:\"b\", value:2}])", "null"),
        NO_COERCION,
    ),
];

impl Which {
    fn is(&self, case: &Case) -> bool {
        match self {
            Whole(expression) => case.expression.trim() == *expression,
            Giving(expression, value) => case.expression.trim() == *expression && case.expected.to_string() == *value,
            Holding(part) => case.expression.contains(part),
        }
    }
}

/// One line of the file.
struct Case {
    suite: String,
    expression: String,
    inputs: Vec<(Name, Value)>,
    expected: Value,
    is_error: bool,
}

#[test]
fn expressions_give_what_the_dmn_conformance_kit_expects() {
    let cases = read_cases();
    assert!(cases.len() > 2_000, "the file holds only {} cases", cases.len());

    let mut suites: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut wrongly_left_out = Vec::new();
    for case in &cases {
        let outcome = run(case);
        let passed = outcome.is_ok_and(|value| is_expected(&value, &case.expected))
            || (case.expected.is_null() && run(case).is_err());
        suites.entry(&case.suite).or_default().count(case, passed);
        match (passed, is_left_out(case)) {
            (true, true) => wrongly_left_out.push(case.expression.clone()),
            (false, false) => failures.push(describe(case)),
            (true, false) | (false, true) => {}
        }
    }

    let total = suites.values().fold(Tally::default(), |all, suite| all.plus(suite));
    for (suite, tally) in &suites {
        println!("{suite:40} {tally}");
    }
    println!("{:40} {total}", "all");
    println!("of the null and error cases, {} are found at compile time", total.found_at_compile);
    for (suite, which, reason) in LEFT_OUT {
        let count = cases.iter().filter(|case| case.suite == *suite && which.is(case)).count();
        println!("left out: {count:2} of {suite}: {reason}");
        assert!(count > 0, "nothing is left out by one entry of {suite}: {reason}");
    }
    assert!(wrongly_left_out.is_empty(), "left out but passing: {wrongly_left_out:#?}");
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
    assert!(total.values_passed * 100 >= total.values * VALUE_CASES_PERCENT_MIN);
}

/// Cases passed and in all.
#[derive(Default)]
struct Tally {
    values: usize,
    values_passed: usize,
    nulls: usize,
    nulls_passed: usize,
    found_at_compile: usize,
}

impl Tally {
    fn count(&mut self, case: &Case, passed: bool) {
        let (all, those_passed) = if case.expected.is_null() {
            (&mut self.nulls, &mut self.nulls_passed)
        } else {
            (&mut self.values, &mut self.values_passed)
        };
        *all += 1;
        *those_passed += usize::from(passed);
        self.found_at_compile += usize::from(case.expected.is_null() && compile(case).is_err());
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            values: self.values + other.values,
            values_passed: self.values_passed + other.values_passed,
            nulls: self.nulls + other.nulls,
            nulls_passed: self.nulls_passed + other.nulls_passed,
            found_at_compile: self.found_at_compile + other.found_at_compile,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { values, values_passed, nulls, nulls_passed, .. } = self;
        write!(f, "values {values_passed:4} of {values:4}   null or error {nulls_passed:4} of {nulls:4}")
    }
}

fn is_left_out(case: &Case) -> bool {
    LEFT_OUT.iter().any(|(suite, which, _)| case.suite == *suite && which.is(case))
}

fn describe(case: &Case) -> String {
    let found = match run(case) {
        Ok(value) => value.to_string(),
        Err(mistakes) => mistakes,
    };
    let error = if case.is_error { " (error)" } else { "" };
    format!("{}: {} = {}{error}, found {found}", case.suite, case.expression, case.expected)
}

/// The inputs of a case, known as anything, and the clock function that the kit's suite of `now` needs.
struct Inputs<'c>(&'c [(Name, Value)]);

const NOW: HostFunction = HostFunction(0);

impl Names for Inputs<'_> {
    fn lookup(&self, name: &str) -> Option<(Slot, Type)> {
        let index = self.0.iter().position(|(known, _)| known == name)?;
        Some((Slot(u32::try_from(index).ok()?), Type::Any))
    }

    fn function(&self, name: &str) -> Option<Signature> {
        let now = Signature { function: NOW, parameters: Vec::new(), result: Type::DateTime };
        if name == "now" { Some(now) } else { None }
    }

    fn all(&self) -> Vec<Name> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }
}

impl Scope for Inputs<'_> {
    fn get(&self, slot: Slot) -> Cow<'_, Value> {
        Cow::Borrowed(&self.0[slot.0 as usize].1)
    }

    fn call(&self, function: HostFunction, _: &[Value]) -> Value {
        assert_eq!(function, NOW);
        Value::from(jiff::Timestamp::UNIX_EPOCH)
    }
}

fn compile(case: &Case) -> Result<Expression, String> {
    Expression::compile(&case.expression, &Inputs(&case.inputs), &Type::Any).map_err(|mistakes| format!("{mistakes:?}"))
}

fn run(case: &Case) -> Result<Value, String> {
    compile(case).map(|expression| expression.evaluate(&Inputs(&case.inputs)))
}

/// How near a number must come where the kit writes an irrational or periodic one: it cuts some and rounds others.
const NEAR: Decimal = Decimal::from_parts(1, 0, 0, false, 8);

/// Equal, or near enough where the kit writes at least eight digits behind the point.
fn is_expected(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => {
            found == expected || (expected.scale() >= NEAR.scale() && (found - expected).abs() < NEAR)
        }
        (Value::List(found), Value::List(expected)) => {
            found.len() == expected.len() && found.iter().zip(&**expected).all(|(one, two)| is_expected(one, two))
        }
        (Value::Context(found), Value::Context(expected)) => {
            let pairs = found.values().zip(expected.values());
            found.keys().eq(expected.keys()) && pairs.into_iter().all(|(one, two)| is_expected(one, two))
        }
        (found, expected) => found == expected,
    }
}

fn read_cases() -> Vec<Case> {
    let path = shared().join("data/dmn-tck-feel.jsonl");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}. This test needs the DMN conformance kit's cases, data/dmn-tck-feel.jsonl, in the \
             directory `shared` beside the project or where DUBAN_SHARED says",
            path.display()
        )
    });
    text.lines().map(|line| read_case(&serde_json::from_str(line).expect("each line is JSON"))).collect()
}

fn shared() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    std::env::var_os("DUBAN_SHARED").map_or_else(beside, PathBuf::from)
}

fn read_case(json: &Json) -> Case {
    let word = |key: &str| json[key].as_str().expect("a case has its texts").to_owned();
    let inputs = json["inputs"].as_object().expect("a case has inputs");
    Case {
        suite: word("suite"),
        expression: word("expr"),
        inputs: inputs.iter().map(|(name, value)| (Name::new(name), read_value(value))).collect(),
        expected: read_value(&json["expected"]),
        is_error: json["error"].as_bool().expect("a case says whether it is an error"),
    }
}

/// A typed value of the file; read without the engine's own readers.
fn read_value(json: &Json) -> Value {
    if let Some(items) = json.as_array() {
        return Value::from(items.iter().map(read_value).collect::<Vec<_>>());
    }
    let Some(kind) = json["t"].as_str() else {
        return Value::Null;
    };
    let text = json["v"].as_str().unwrap_or_default();
    match kind {
        "string" => Value::text(text),
        "decimal" => Value::Number(Decimal::from_str(text).expect("a decimal")),
        "boolean" => Value::Boolean(text == "true"),
        "date" => Value::Date(read_date(text)),
        "time" => {
            let (clock, zone) = split_zone(text, 0);
            Value::Time(Time::new(clock.parse::<civil::Time>().expect("a time"), zone))
        }
        "dateTime" => {
            let (local, zone) = split_zone(text, text.find('T').expect("a date and time"));
            let (date, clock) = local.split_once('T').expect("a date and time");
            let civil = read_date(date).to_datetime(clock.parse().expect("a time"));
            Value::DateTime(DateTime::new(civil, zone).expect("a moment"))
        }
        "duration" => read_duration(text),
        "list" => read_value(&json["v"]),
        "context" => {
            let entries = json["v"].as_object().expect("a context has entries");
            let entries = entries.iter().map(|(key, value)| (Name::new(key), read_value(value)));
            Value::from(entries.collect::<BTreeMap<_, _>>())
        }
        other => panic!("there is no reader for `{other}`"),
    }
}

fn read_date(text: &str) -> civil::Date {
    match text.strip_prefix('-') {
        Some(positive) => format!("-00{positive}").parse().expect("a date"),
        None => text.parse().expect("a date"),
    }
}

/// The text before its offset, which stands behind the time at `from`, and the offset.
fn split_zone(text: &str, from: usize) -> (&str, Option<TimeZone>) {
    if let Some(local) = text.strip_suffix('Z') {
        return (local, Some(TimeZone::UTC));
    }
    let Some(at) = text[from..].find(['+', '-']).map(|at| from + at) else {
        return (text, None);
    };
    let offset: Vec<i32> = text[at + 1..].split(':').map(|part| part.parse().expect("a number")).collect();
    let seconds = offset[0] * 3600 + offset[1] * 60;
    let sign = if text[at..].starts_with('-') { -1 } else { 1 };
    (&text[..at], Some(TimeZone::fixed(Offset::from_seconds(sign * seconds).expect("an offset"))))
}

fn read_duration(text: &str) -> Value {
    let sign: i64 = if text.starts_with('-') { -1 } else { 1 };
    let (date, time) = text
        .trim_start_matches('-')
        .trim_start_matches('P')
        .split_once('T')
        .unwrap_or((text.trim_start_matches('-').trim_start_matches('P'), ""));
    let part = |text: &str, letter: char| {
        let end = text.find(letter)?;
        let start = text[..end].rfind(|character: char| !(character.is_ascii_digit() || character == '.'));
        Decimal::from_str(&text[start.map_or(0, |start| start + 1)..end]).ok()
    };
    let months = part(date, 'Y').map(|years| years * Decimal::from(12)).into_iter().chain(part(date, 'M'));
    if date.contains(['Y', 'M']) {
        let months: Decimal = months.sum();
        return Value::Months(sign * months.to_string().parse::<i64>().expect("whole months"));
    }
    let parts = [
        part(date, 'D').map(|days| days * Decimal::from(86_400)),
        part(time, 'H').map(|hours| hours * Decimal::from(3_600)),
    ];
    let smaller = [part(time, 'M').map(|minutes| minutes * Decimal::from(60)), part(time, 'S')];
    let seconds: Decimal = parts.into_iter().chain(smaller).flatten().sum();
    let nanoseconds = (seconds * Decimal::from(1_000_000_000)).normalize().to_string();
    Value::Days(SignedDuration::from_nanos(sign * nanoseconds.parse::<i64>().expect("nanoseconds")))
}
