//! `duban bench`: what it measures, and on what it does not.

use std::fs;

use serde_json::Value;

use super::{Scratch, deployed, duban, text};

/// The figures of a call, by what was measured.
fn measure(scratch: &Scratch, words: &[&str]) -> Vec<(String, Value)> {
    let database = format!("sqlite:{}/bench.sqlite", scratch.0.display());
    let json = scratch.0.join("bench.json").display().to_string();
    let mut all = vec!["bench"];
    all.extend(words);
    all.extend(["--database", &database, "--seconds", "0.05", "--json", &json]);
    let measured = duban(&all);
    assert!(measured.status.success(), "{}", text(&measured.stderr));
    let written = fs::read_to_string(json).expect("the figures were written");
    let figures: Vec<Value> = serde_json::from_str(&written).expect("they are JSON");
    let figures = figures.into_iter().map(|figure| (figure["what"].as_str().unwrap_or_default().to_owned(), figure));
    figures.collect()
}

/// The only figure of which this is said.
fn find<'a>(figures: &'a [(String, Value)], what: &str) -> &'a Value {
    let mut found = figures.iter().filter(|(said, _)| said.ends_with(what));
    let first = found.next();
    assert!(first.is_some() && found.next().is_none(), "{what} is there once: {figures:?}");
    first.map_or(&Value::Null, |(_, figure)| figure)
}

#[test]
fn a_mile_has_its_rates_times_and_references() {
    let scratch = Scratch::new();

    let figures = measure(&scratch, &["--clients", "2,64"]);

    for what in ["transitions, in process, 2 at a time", "transitions, HTTP, 64 at a time", "cases, HTTP, 64 at a time"]
    {
        let figure = find(&figures, what);
        let reference = figure["reference"][1].as_f64().unwrap_or_default();
        assert!(figure["median"].as_f64().unwrap_or_default() > 0.0 && reference > 0.0, "{figure}");
    }
    assert!(find(&figures, "a command, HTTP, 2 at a time, 99 of 100")["median"].as_f64() > Some(0.0));
}

#[test]
fn a_second_call_grows_what_the_first_one_left() {
    let scratch = Scratch::new();

    let first = measure(&scratch, &["growth", "--cases", "30,90"]);
    let second = measure(&scratch, &["growth", "--cases", "90"]);
    let third = measure(&scratch, &["growth", "--cases", "90", "--closed", "400"]);

    let bar = &find(&first, "90 open cases: again: transitions, case miles, 64 at a time")["bar"];
    assert!(bar[0].is_string() && bar[1].is_boolean(), "{bar}");
    for what in ["the inbox's first page, median", "the page of a case, 99 of 100", "memory after the start"] {
        assert!(find(&first, &format!("90 open cases: {what}"))["median"].as_f64() > Some(0.0), "{what}");
    }
    for what in ["the page of a closed case, median", "the history of a closed case, median"] {
        assert!(find(&third, &format!("90 open cases, 400 closed: {what}"))["median"].as_f64() > Some(0.0), "{what}");
    }
    let [hot, cold] = ["before its history is moved", "with a cold history"].map(|shape| {
        find(&third, &format!("disk for each closed case, {shape}"))["median"].as_f64().unwrap_or_default()
    });
    assert!(0.0 < cold && cold < hot, "{cold} {hot}");
    assert!(first.iter().any(|(what, _)| what.contains("90 open cases: cases opened")));
    assert!(!second.iter().any(|(what, _)| what.contains("cases opened")), "there were enough");
}

#[test]
fn all_deadlines_of_an_instant_fire_once_and_not_before() {
    let scratch = Scratch::new();

    let figures = measure(&scratch, &["burst", "--deadlines", "300"]);

    assert_eq!(find(&figures, "one instant: fired")["median"], 300.0);
    for what in ["one instant: fired", "the first fires after it"] {
        assert_eq!(find(&figures, what)["bar"][1], true, "{what}");
    }
}

#[test]
fn it_does_not_measure_on_a_database_in_which_somebody_works() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);

    let refused = duban(&["bench", "--database", &database]);

    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("not the measurements' own"), "{}", text(&refused.stderr));
}
