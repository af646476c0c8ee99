//! The checker finds a planted fault of each kind, and nothing in a trial in which everything went well.

use duban_city::checker::{Rule, Violation, check};
use duban_city::cluster::Folder;
use duban_city::evidence::{Case, Evidence, Outgoing, Transition};
use duban_city::history::{Entry, Log, read};
use serde_json::{Value as Json, json};

const CASE: &str = "0000000000000000000000000000000a";
const ECHO: &str = "0000000000000000000000000000000b";

/// The webhook that the second transition of the case raises.
const WEBHOOK: &str = "0000000000000000000000000000000a-2-2";

/// An instant so many seconds into the trial, in microseconds.
fn second(seconds: i64) -> i64 {
    1_700_000_000_000_000 + seconds * 1_000_000
}

fn rung_at(seconds: i64) -> Json {
    json!(jiff::Timestamp::from_microsecond(second(seconds)).expect("it is an instant").to_string())
}

fn sent(at: i64, key: &str, by: &str, path: &str, body: Json) -> Entry {
    Entry::Sent { at: second(at), key: key.into(), node: 0, by: by.into(), path: path.into(), body }
}

fn done(at: i64, key: &str, sequence: u64) -> Entry {
    let body = json!({"case": CASE, "number": "1", "sequence": sequence});
    Entry::Answered { at: second(at), key: key.into(), node: 0, status: 200, body }
}

fn refused(at: i64, key: &str) -> Entry {
    Entry::Answered { at: second(at), key: key.into(), node: 0, status: 409, body: json!({"code": "held_by_other"}) }
}

fn unknown(at: i64, key: &str) -> Entry {
    Entry::Unknown { at: second(at), key: key.into(), node: 1, why: "cut".into() }
}

fn arrived(at: i64) -> Entry {
    Entry::Arrived { at: second(at), id: format!("{WEBHOOK}-digest"), body: "{}".into() }
}

fn acknowledged(at: i64) -> Entry {
    Entry::Acknowledged { at: second(at), id: format!("{WEBHOOK}-digest") }
}

/// A case is opened, told about, spread to another one, claimed by one of two, and its rung fires.
fn history() -> Vec<Entry> {
    let action = |name: &str| format!("/api/cases/{CASE}/actions/{name}");
    let claim = format!("/api/cases/{CASE}/tasks/1/claim");
    let words = |key: &str| json!({"fields": {"words": key}});
    let open = json!({"process": "matter", "fields": {"subject": "open"}});
    vec![
        sent(1, "open", "wang", "/api/cases", open.clone()),
        done(2, "open", 1),
        sent(3, "tell", "li", &action("tell"), words("tell")),
        unknown(4, "tell"),
        sent(5, "tell", "li", &action("tell"), words("tell")),
        done(6, "tell", 2),
        arrived(6),
        acknowledged(7),
        sent(8, "spread", "wang", &action("spread"), words("spread")),
        done(9, "spread", 3),
        sent(10, "claim-wang", "wang", &claim, json!({})),
        sent(10, "claim-li", "li", &claim, json!({})),
        done(11, "claim-wang", 4),
        refused(11, "claim-li"),
        sent(12, "open", "wang", "/api/cases", open),
        done(13, "open", 1),
    ]
}

fn transition(case: &str, sequence: u64, at: i64, actor: Json, events: Json) -> Transition {
    let events = events.as_array().cloned().unwrap_or_default();
    let at = second(at);
    Transition { case: case.into(), sequence, at, witnessed: Some(at + 1000), actor, events }
}

fn taken(action: &str, then: Json) -> Json {
    json!([
        {"event": "action_taken", "action": action, "visit": 1},
        {"event": "fields_set", "visit": 0, "values": {"words": action}},
        then,
    ])
}

/// What the database says at the end of it.
fn evidence() -> Evidence {
    let person = |name: &str| json!({"person": {"person": name}});
    let opened = json!([
        {"event": "case_opened", "case": CASE, "process": "matter"},
        {"event": "fields_set", "visit": 0, "values": {"subject": "open"}},
        {"event": "deadline_set", "visit": 1, "due": {"rungs": [rung_at(20)]}},
    ]);
    let echoed = json!([
        {"event": "case_opened", "case": ECHO, "process": "echo"},
        {"event": "fields_set", "visit": 0, "values": {"subject": "open"}},
    ]);
    let webhook = json!({"event": "webhook_raised", "connection": "outside"});
    let started = json!({"event": "case_started", "other": ECHO, "process": "echo"});
    let assigned = json!([{"event": "task_assigned", "visit": 1, "to": "wang", "how": "claimed"}]);
    let fired = json!([{"event": "rung_passed", "visit": 1, "rung": 0, "at": rung_at(20)}]);
    let case = |case: &str, process: &str, number: &str, sequence| Case {
        case: case.into(),
        process: process.into(),
        number: Some(number.into()),
        sequence,
    };
    Evidence {
        at: second(100),
        transitions: vec![
            transition(CASE, 1, 2, person("wang"), opened),
            transition(CASE, 2, 5, person("li"), taken("tell", webhook)),
            transition(CASE, 3, 8, person("wang"), taken("spread", started)),
            transition(CASE, 4, 10, person("wang"), assigned),
            transition(CASE, 5, 20, json!("clock"), fired),
            transition(ECHO, 1, 9, json!({"case": {"case": CASE}}), echoed),
        ],
        cases: vec![case(CASE, "matter", "1", 5), case(ECHO, "echo", "2", 1)],
        outbox: vec![Outgoing { id: WEBHOOK.into(), due_at: None, done_at: Some(second(7)) }],
        verify: String::new(),
    }
}

/// What the checker finds when one thing is not as it should be.
fn found(spoil: impl FnOnce(&mut Vec<Entry>, &mut Evidence)) -> Vec<Violation> {
    let (mut history, mut evidence) = (history(), evidence());
    spoil(&mut history, &mut evidence);
    check(&history, &evidence)
}

/// The same, and it is this rule alone that is broken.
#[track_caller]
fn assert_broken(rule: Rule, words: &str, spoil: impl FnOnce(&mut Vec<Entry>, &mut Evidence)) {
    let found = found(spoil);
    assert!(!found.is_empty() && found.iter().all(|violation| violation.rule == rule), "{found:#?}");
    assert!(found.iter().any(|violation| violation.text.contains(words)), "{found:#?}");
}

/// Removes a transition from the end of the case.
fn cut(evidence: &mut Evidence) {
    evidence.transitions.remove(4);
    evidence.cases[0].sequence = 4;
}

#[test]
fn nothing_is_found_when_everything_went_well() {
    assert_eq!(found(|_, _| {}), []);
}

#[test]
fn a_history_is_read_as_it_was_written() {
    let folder = Folder::default();
    let log = Log::new(&folder.path("history.jsonl")).expect("the folder is ours");

    history().into_iter().for_each(|entry| log.note(|_| entry));

    assert_eq!(read(&folder.path("history.jsonl")).expect("it was written"), history());
    assert_eq!(log.entries(), history());
}

#[test]
fn a_command_that_was_never_answered_is_found() {
    assert_broken(Rule::Answered, "spread was never answered", |history, _| {
        history.retain(|entry| !matches!(entry, Entry::Answered { key, .. } if key == "spread"));
    });
}

#[test]
fn a_refusal_that_nothing_explains_is_found() {
    assert_broken(Rule::Answered, "claim-li was refused", |history, _| {
        let reply = history.iter_mut().find(|entry| matches!(entry, Entry::Answered { key, .. } if key == "claim-li"));
        if let Some(Entry::Answered { status, body, .. }) = reply {
            (*status, *body) = (404, json!({"code": "not_found"}));
        }
    });
}

#[test]
fn an_answered_command_that_is_not_in_the_database_is_found() {
    assert_broken(Rule::Kept, "tell was answered", |_, evidence| {
        evidence.transitions[1].events[1] = json!({"event": "fields_set", "visit": 0, "values": {"words": "other"}});
    });
}

#[test]
fn an_answered_command_that_is_somebody_elses_in_the_database_is_found() {
    assert_broken(Rule::Kept, "spread was answered", |_, evidence| {
        evidence.transitions[2].actor = json!({"person": {"person": "chen"}});
    });
}

#[test]
fn a_command_that_was_done_twice_is_found() {
    assert_broken(Rule::Once, "tell was done 2 times", |_, evidence| {
        let again = taken("tell", Json::Null);
        evidence.transitions[4] = transition(CASE, 5, 21, json!({"person": {"person": "li"}}), again);
        evidence.transitions[0].events.pop();
    });
}

#[test]
fn a_refused_command_that_was_done_is_found() {
    assert_broken(Rule::Once, "spread was refused, and done", |history, _| {
        history.retain(|entry| !matches!(entry, Entry::Answered { key, .. } if key == "spread"));
        history.push(refused(9, "spread"));
    });
}

#[test]
fn another_answer_to_the_same_key_is_found() {
    assert_broken(Rule::Same, "open was answered", |history, _| {
        if let Some(Entry::Answered { body, .. }) = history.last_mut() {
            body["number"] = json!("2");
        }
    });
}

#[test]
fn a_refusal_after_an_answer_is_found() {
    assert_broken(Rule::Same, "open was answered", |history, _| {
        history.pop();
        history.push(refused(13, "open"));
    });
}

#[test]
fn two_winners_who_were_told_so_are_found() {
    let found = found(|history, _| {
        history.retain(|entry| !matches!(entry, Entry::Answered { key, .. } if key == "claim-li"));
        history.push(done(11, "claim-li", 4));
    });

    assert!(found.iter().any(|violation| violation.rule == Rule::Winner), "{found:#?}");
}

#[test]
fn two_winners_in_the_database_are_found() {
    assert_broken(Rule::Winner, "li claimed at", |_, evidence| {
        let claimed = json!({"event": "task_assigned", "visit": 1, "to": "li", "how": "claimed"});
        evidence.transitions[4].events.push(claimed);
    });
}

#[test]
fn an_order_against_real_time_is_found() {
    assert_broken(Rule::Order, "spread in", |history, _| {
        // The claim was answered before the message was sent that is before it in the case.
        if let Entry::Sent { at, .. } = &mut history[8] {
            *at = second(12);
        }
        if let Entry::Answered { at, .. } = &mut history[9] {
            *at = second(13);
        }
    });
}

#[test]
fn a_timer_that_never_fired_is_found() {
    assert_broken(Rule::Timer, "rung 0 of visit 1", |_, evidence| cut(evidence));
}

#[test]
fn a_timer_that_fired_twice_is_found() {
    assert_broken(Rule::Timer, "a second time", |_, evidence| {
        let again = evidence.transitions[4].events[0].clone();
        evidence.transitions[4].events.push(again);
    });
}

#[test]
fn a_timer_that_fired_after_its_step_was_left_is_found() {
    assert_broken(Rule::Timer, "not its own", |_, evidence| {
        evidence.transitions[3].events.push(json!({"event": "step_left", "visit": 1}));
    });
}

#[test]
fn a_timer_that_fired_early_by_its_own_node_is_found() {
    assert_broken(Rule::Timer, "early by its node", |_, evidence| evidence.transitions[4].at = second(19));
}

#[test]
fn a_timer_that_fired_early_by_the_database_is_found() {
    assert_broken(Rule::Timer, "early by the database", |_, evidence| {
        evidence.transitions[4].witnessed = Some(second(19));
    });
}

#[test]
fn an_instant_that_is_an_hour_off_is_found() {
    assert_broken(Rule::Clock, "3599 s off", |_, evidence| evidence.transitions[1].at += second(3600) - second(0));
}

#[test]
fn a_webhook_that_never_arrived_is_found() {
    assert_broken(Rule::Delivery, "never arrived", |history, _| {
        history.retain(|entry| !matches!(entry, Entry::Arrived { .. } | Entry::Acknowledged { .. }));
    });
}

#[test]
fn a_webhook_that_was_never_acknowledged_is_found() {
    assert_broken(Rule::Delivery, "never acknowledged", |history, _| {
        history.retain(|entry| !matches!(entry, Entry::Acknowledged { .. }));
    });
}

#[test]
fn a_webhook_with_another_id_is_found() {
    assert_broken(Rule::Delivery, "different ids", |history, _| {
        history.insert(6, Entry::Arrived { at: second(6), id: format!("{WEBHOOK}-other"), body: "{}".into() });
    });
}

#[test]
fn a_webhook_that_nothing_raised_is_found() {
    assert_broken(Rule::Delivery, "nothing raised it", |history, _| {
        history.push(Entry::Arrived { at: second(6), id: format!("{CASE}-9-0-digest"), body: "{}".into() });
    });
}

#[test]
fn a_webhook_that_comes_again_is_found_unless_a_fault_kept_its_end_from_being_noted() {
    let again = |history: &mut Vec<Entry>| history.extend([arrived(70), acknowledged(71)]);
    let fault = |at: i64| {
        let fault = "a cut".to_owned();
        [Entry::Begun { at: second(at), fault: fault.clone() }, Entry::Ended { at: second(at + 3), fault }]
    };

    assert_broken(Rule::Delivery, "came again 63000 ms after", |history, _| again(history));
    assert_broken(Rule::Delivery, "came again", |history, _| {
        again(history);
        history.extend(fault(30));
    });
    let excused = found(|history, _| {
        again(history);
        history.extend(fault(6));
    });
    assert_eq!(excused, []);
}

#[test]
fn a_webhook_that_was_given_up_is_found() {
    assert_broken(Rule::Delivery, "was given up", |_, evidence| evidence.outbox[0].done_at = None);
}

#[test]
fn a_hole_in_a_history_is_found() {
    assert_broken(Rule::Chain, "has 6 where 5", |_, evidence| {
        evidence.transitions[4].sequence = 6;
        evidence.cases[0].sequence = 6;
    });
}

#[test]
fn a_list_of_cases_that_is_behind_is_found() {
    assert_broken(Rule::Chain, "is at 4 and its history at 5", |_, evidence| evidence.cases[0].sequence = 4);
}

#[test]
fn a_case_that_is_in_no_list_is_found() {
    assert_broken(Rule::Chain, "is not in the list", |_, evidence| drop(evidence.cases.pop()));
}

#[test]
fn a_number_that_was_given_twice_is_found() {
    assert_broken(Rule::Chain, "given twice", |_, evidence| evidence.cases[1].number = Some("1".into()));
}

#[test]
fn a_case_that_was_started_and_is_not_there_is_found() {
    assert_broken(Rule::Chain, "is not there", |_, evidence| {
        evidence.transitions.pop();
        evidence.cases.pop();
    });
}

#[test]
fn a_case_that_was_started_twice_is_found() {
    assert_broken(Rule::Chain, "started twice", |_, evidence| {
        let again = evidence.transitions[2].events[2].clone();
        evidence.transitions[2].events.push(again);
    });
}

#[test]
fn a_case_that_nobody_started_is_found() {
    assert_broken(Rule::Chain, "none started it", |_, evidence| drop(evidence.transitions[2].events.pop()));
}

#[test]
fn what_the_program_itself_finds_is_found() {
    assert_broken(Rule::Verify, "1 finding", |_, evidence| evidence.verify = "1 finding".into());
}
