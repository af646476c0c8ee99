//! What a message does in a scenario is what it does on the server: whom it is for hears it, also the case that sends it.

use duban_engine::library::Library;
use duban_engine::scenario::read_all;

const CALENDAR: &str =
    "calendar: c\ntimezone: Asia/Shanghai\nweek: [monday, tuesday, wednesday, thursday, friday]\nhours: 09:00-17:00\n";

const ORGANIZATION: &str = "
duties: {clerk: 办事员}
units: {office: {title: 办公室}}
people: {li: {name: 李, duties: {office: [clerk]}}}
";

/// A case that hears `news`, and sends it to all or to itself.
const TALK: &str = "
process: talk
number: 谈{seq:2}
fields: {heard: {type: integer, default: 0}, own: {text: line}}
roles: {clerk: {unit: office, duty: clerk}}
listen: [{message: news, do: [{set: {heard: =heard + 1}}]}]
start: {by: clerk, form: [own?], goto: desk}
steps:
  desk:
    by: clerk
    actions:
      shout: {do: [{send: {message: news, to_all: true}}]}
      whisper: {do: [{send: {message: news, to: =own}}]}
      stop: {goto: done}
  done: {close: ok}
";

/// A case that begins with `news`.
const NOTE: &str = "
process: note
roles: {clerk: {unit: office, duty: clerk}}
start: {by: clerk, also: [{message: news}], goto: desk}
steps:
  desk: {by: clerk, actions: {file: {goto: done}}}
  done: {close: filed}
";

/// A case that answers `news` with another piece of news, and so for ever.
const ECHO: &str = "
process: echo
roles: {clerk: {unit: office, duty: clerk}}
start: {by: clerk, also: [{message: news}], do: [{send: {message: heard, to_all: true}}], goto: desk}
steps:
  desk: {by: clerk, actions: {file: {goto: done}}}
  done: {close: filed}
";

fn failures(processes: &[&str], lines: &[&str]) -> Vec<String> {
    let mut files = vec![("calendar.yaml".to_owned(), CALENDAR), ("organization.yaml".to_owned(), ORGANIZATION)];
    files.extend((1..).zip(processes).map(|(number, text)| (format!("{number}/process.yaml"), *text)));
    let lines: String = lines.iter().map(|line| format!("  - {line}\n")).collect();
    let scenario = format!("scenario: 一\nprocess: talk\nat: 2026-11-09 09:00\nstart: {{own: 谈01}}\nthen:\n{lines}");
    files.push(("scenario.yaml".to_owned(), &scenario));
    let files: Vec<(String, Vec<u8>)> =
        files.into_iter().map(|(path, text)| (path, text.as_bytes().to_vec())).collect();
    let library = Library::compile(&files).expect("the set is sound");
    let scenarios = read_all(&library).expect("the scenario is written right");
    scenarios[0].play(&library).failures.into_iter().map(|found| found.message).collect()
}

#[test]
fn a_case_that_listens_hears_what_it_sends_to_all_or_to_itself() {
    let found = failures(
        &[TALK],
        &[
            "{as: li, do: shout}",
            "expect: {fields: {heard: 1}}",
            "{as: li, do: whisper}",
            "expect: {fields: {heard: 2}}",
        ],
    );

    assert_eq!(found, [""; 0]);
}

#[test]
fn a_message_to_all_opens_cases_that_begin_with_it_and_one_to_a_case_opens_none() {
    let found = failures(
        &[TALK, NOTE],
        &[
            "{as: li, do: whisper}",
            "expect: {cases: {of: note, count: 0}}",
            "{as: li, do: shout}",
            "{as: li, do: shout}",
            "expect: {cases: {of: note, count: 2}}",
        ],
    );

    assert_eq!(found, [""; 0]);
}

#[test]
fn cases_that_open_each_other_by_messages_for_ever_are_stopped() {
    let talk = TALK.replace(
        "listen: [{message: news, do: [{set: {heard: =heard + 1}}]}]",
        "listen: [{message: heard, do: [{set: {heard: =heard + 1}}, {send: {message: news, to_all: true}}]}]",
    );

    let found = failures(&[&talk, ECHO], &["{as: li, do: shout}", "expect: {open: true, in: desk, incidents: 0}"]);

    assert_eq!(found, [""; 0]);
}
