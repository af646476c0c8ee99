//! What is told of scenarios that do not pass: all that is wrong at once, and nothing that only follows from it.

use std::fs;
use std::path::Path;

use duban_engine::library::Library;
use duban_engine::scenario::read_all;

/// The set that the golden files of scenarios stand in.
fn base() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics/process");
    let names = ["base/calendar.yaml", "base/ledger.yaml", "base/organization.yaml", "base/report.yaml"];
    let names = names.into_iter().chain(["base/templates/notice.hbs", "for-scenarios/repair.yaml"]);
    let read = |name: &str| fs::read(root.join(name)).expect("it is a file of the golden tests");
    names.map(|name| (name.split_once('/').expect("it lies in a folder").1.to_owned(), read(name))).collect()
}

/// The failures of a scenario of `repair`, as `line: message`.
fn failures_in(mut files: Vec<(String, Vec<u8>)>, start: &str, lines: &[&str]) -> Vec<String> {
    let lines: String = lines.iter().map(|line| format!("  - {line}\n")).collect();
    let text = format!("scenario: 一\nprocess: repair\nat: 2026-11-09 09:00\nstart: {start}\nthen:\n{lines}");
    files.push(("scenario.yaml".to_owned(), text.into_bytes()));
    let library = Library::compile(&files).expect("the set is sound");
    let scenarios = read_all(&library).expect("the scenario is written right");
    let failures = scenarios[0].play(&library).failures;
    let line = |span: duban_engine::diagnostic::Span| {
        library.sources.get(span.source).expect("it has a file").position(span.start).line
    };
    failures.iter().map(|found| format!("{}: {}", line(found.span), found.message)).collect()
}

fn failures(lines: &[&str]) -> Vec<String> {
    failures_in(base(), "{place: 一}", lines)
}

const ASSIGN: &str = "{as: clerk, do: assign, with: {unit: water}}";
const COUNT: &str = "{job: {done: {number: 1}}}";

#[test]
fn expectations_that_fail_do_not_hide_those_behind_them() {
    let found = failures(&[
        "expect: {in: dispatch, fields: {place: 二}, marks: [late]}",
        ASSIGN,
        COUNT,
        "expect: {in: mend, due: 2026-11-12 24:00, light: yellow}",
        "{as: li, do: mended, rejected: requirement}",
        "expect: {in: mend, holder: li}",
    ]);

    let expected = [
        "6: marks are nothing, expected late",
        "6: `place` is \"一\", expected \"二\"",
        "9: due 2026-11-11 24:00, expected 2026-11-12 24:00",
        "10: this should be refused as `requirement`, but it was refused as `not_allowed`: li may not do this",
        "11: the holder is nobody, expected li",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_follows_from_a_case_that_is_elsewhere_is_not_told() {
    let found = failures(&[
        "expect: {in: mend, not_in: dispatch, due: 2026-11-11 24:00, light: green, provisional: false, holder: li}",
        "expect: {light: green, marks: [late]}",
        ASSIGN,
        COUNT,
        "expect: {in: mend, light: red}",
        "expect: {in: done, outcome: mended}",
        "{as: clerk, do: assign, with: {unit: water}}",
        "expect: {in: dispatch}",
    ]);

    assert_eq!(
        found,
        [
            "6: the case is in dispatch, expected mend",
            "10: the light is green, expected red",
            "11: the case is in mend, expected done"
        ]
    );
}

#[test]
fn a_line_that_cannot_be_done_ends_the_scenario() {
    let found = failures(&["{as: li, do: mended}", "expect: {in: mend}"]);

    assert_eq!(found, ["6: refused: there is no action `mended` here (`no_such_action`)"]);
}

#[test]
fn a_start_that_is_refused_is_marked_where_it_is_written() {
    let found = failures_in(base(), "{way: visit}", &["expect: {in: dispatch}"]);

    assert_eq!(found, ["4: refused: `place` is required (`field_missing`)"]);
}

#[test]
fn nothing_is_so_of_a_case_that_did_not_begin() {
    let lines = ["expect: {in: dispatch, open: true}", "{as: clerk, do: assign, rejected: no_such_action}"];

    let found = failures_in(base(), "{rejected: field_missing}", &lines);

    let said = "there is no case: its start was refused";
    assert_eq!(found, [format!("6: {said}"), format!("7: {said}")]);
}

#[test]
fn who_left_the_organisation_is_not_mistaken_for_an_action_that_is_not_there() {
    let mut files = base();
    let organization = files.iter_mut().find(|(name, _)| name == "organization.yaml").expect("there is one");
    let text = String::from_utf8(organization.1.clone()).expect("it is text");
    organization.1 = text.lines().filter(|line| !line.contains("wang:")).collect::<Vec<_>>().join("\n").into_bytes();

    let found =
        failures_in(files, "{place: 一}", &[ASSIGN, COUNT, "{as: chief, do: mended, rejected: no_such_action}"]);

    assert_eq!(found, ["8: nobody in the organisation is `chief` here"]);
}
