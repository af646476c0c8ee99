//! What a random case may do before anything waits is known before it runs.

use std::sync::Arc;

use duban_engine::command::StartedBy;
use duban_engine::event::{Actor, Event, Fields};
use duban_engine::library::Library;
use duban_engine::value::{Type, Value};
use duban_tests::dice::Dice;
use duban_tests::generate;
use duban_tests::script::{BEGIN, library};
use duban_tests::town::Town;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::json;

use super::number;

/// How many random processes are looked at when nothing else is said.
const PROCESSES: u32 = 300;

/// How many numbers make a process.
const TAPE: usize = 500;

/// A process to call that closes at once.
const QUICK_CHILD: &str = "process: child
fields: {x: {type: integer}, verdict: {text: line}}
start: {form: [x?], goto: which}
steps:
  which: {choose: [{when: x > 2, goto: fine}, {goto: bad}]}
  fine: {close: fine}
  bad: {close: bad}
";

/// How a random process begins beside the form: with this message, or with one that it perhaps sends to all.
const LETTER: &str = "{message: letter}";
const SENT: &str = "{message: m1}";
const SEND: &str = "send: {message: m1, to_all: true}";

/// A random process that sends a message at some of its places.
fn process(dice: &mut Dice<'_>) -> String {
    let text = generate::process(dice);
    assert!(text.contains(LETTER), "a random process begins with a message:\n{text}");
    text.replace("urge: {}", SEND)
}

/// Whether one of the cases that are opened with random fields sends the message before anything waits.
fn opens_itself(library: Library, dice: &mut Dice<'_>) -> bool {
    let library = Arc::new(library);
    let begin = library.catalog.calendars.default_calendar().parse_local(BEGIN).expect("it is a moment");
    let sends =
        |event: &Event| matches!(event, Event::MessageSent { message, to: None, .. } if message.as_str() == "m1");
    (0..6).any(|_| {
        let given = [
            ("n", json!(dice.one(&[1, 3, 7])), Type::Number),
            ("flag", json!(dice.chance(50)), Type::Boolean),
            ("units", dice.one(&[json!([]), json!(["east"])]), Type::List(Box::new(Type::Unit))),
            // A moment that is not known is not waited for.
            ("at", json!("2026-12-01T08:00:00"), Type::DateTime),
        ];
        let read = |json, kind| Value::from_plain_json(json, kind).expect("the value is of its kind");
        let fields: Fields = given.iter().map(|(name, json, kind)| ((*name).into(), read(json, kind))).collect();
        let mut town = Town::new(Arc::clone(&library), begin);
        let stored = town.open("p", StartedBy::Person, fields, Actor::person("an"));
        let stored = stored.unwrap_or_else(|rejection| panic!("{rejection:?}"));
        stored.iter().any(|(case, at)| town.residents[*case].history[*at].events.iter().any(sends))
    })
}

#[test]
fn a_sound_random_case_does_not_open_its_like_before_anything_waits() {
    let seed = number("DUBAN_SEED", 1);
    let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(32).collect();
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let (mut refused, mut endless, mut wrong) = (0, 0, Vec::new());

    for turn in 0..number("DUBAN_CASES", PROCESSES) {
        let tape: Vec<u32> = (0..TAPE).map(|_| rng.next_u32()).collect();
        let mut dice = Dice::new(&tape);
        let text = process(&mut dice);
        let child = if turn % 2 == 0 { QUICK_CHILD } else { generate::CHILD };
        match library(&[&text.replace(LETTER, SENT), child]) {
            Ok(library) => {
                if opens_itself(library, &mut dice) {
                    wrong.push(text);
                }
            }
            Err(shown) => {
                assert_eq!(shown.matches("error[").count(), shown.matches("error[endless-opening]").count(), "{shown}");
                refused += 1;
                let other = library(&[&text, child]).unwrap_or_else(|shown| panic!("{shown}"));
                endless += u32::from(opens_itself(other, &mut dice));
            }
        }
    }

    assert!(wrong.is_empty(), "DUBAN_SEED={seed}: {} processes, the first is\n{}", wrong.len(), wrong[0]);
    println!("{refused} processes are refused; cases of {endless} of them do open their like with random fields");
    assert!(endless > 0, "no random process opened its like");
}
