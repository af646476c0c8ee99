//! What reaches a process from outside is asked of the process.

use duban_engine::ids::Name;
use duban_tests::script::library;

const PROCESS: &str = "process: p
roles: {clerk: {unit: office, duty: clerk}}
listen: [{message: everywhere, urge: {}}]
start: {by: clerk, also: [{message: letter}, {cron: \"0 0 9 * * MON\"}, {public: form}, {cron: \"0 0 9 * * TUE\"}], goto: outer}
steps:
  outer:
    branches:
      task: {by: clerk, listen: [{after: 1 hour, urge: {}}, {message: in-a-task, urge: {}}], actions: {go: {goto: end}}}
      inner: {steps: {rest: {wait: {message: deep-inside}}}}
  done: {close: ok}
";

#[test]
fn a_process_hears_what_is_waited_or_listened_for_anywhere_in_it_and_begins_with_its_entrances() {
    let library = library(&[PROCESS]).unwrap_or_else(|shown| panic!("{shown}"));
    let process = &library.processes["p"];
    let messages = ["everywhere", "in-a-task", "deep-inside", "letter", "form", "unknown"].map(Name::new);

    let heard: Vec<&str> = messages.iter().filter(|name| process.hears(name)).map(Name::as_str).collect();
    let opening: Vec<&str> = messages.iter().filter(|name| process.opens_on(name)).map(Name::as_str).collect();
    let numbers: Vec<u16> = process.schedules().map(|(number, _)| number).collect();

    assert_eq!(heard, ["everywhere", "in-a-task", "deep-inside"]);
    assert_eq!(opening, ["letter"]);
    assert_eq!(numbers, [0, 1]);
}
