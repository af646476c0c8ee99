//! `duban retain`, on cases that closed years ago.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use duban::clock::ManualClock;
use duban::runner::{Environment, RandomSalts, Runner, Settings, Submission, Surroundings, Web};
use duban::storage::Database;
use duban_engine::command::StartedBy;
use duban_engine::event::Actor;
use duban_engine::ids::{CaseId, Name};
use duban_engine::value::Value;

use super::{Scratch, duban, shipped, text};

/// A database with a complaint that was closed in 2020, as soon as it was made.
pub(super) async fn aged(scratch: &Scratch) -> String {
    let database = format!("sqlite:{}/aged.sqlite", scratch.0.display());
    let surroundings = Surroundings {
        clock: Arc::new(ManualClock::new("2020-03-02T09:00:00+08:00".parse().expect("it is an instant"))),
        outside: Arc::new(Web::new().expect("the machine has certificates")),
        secrets: Arc::new(Environment),
        salts: Arc::new(RandomSalts),
    };
    let settings = Settings { automatic: false, ..Settings::default() };
    let opened = Database::open(&database).await.expect("it is a fresh file");
    let runner = Runner::start(opened, surroundings, settings).await.expect("the file is a database");
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for path in ["organization.yaml", "calendars/cn.yaml"] {
        let text = fs::read_to_string(format!("{}/{path}", shipped())).expect("it is shipped");
        files.insert(path.to_owned(), text);
    }
    let process = "process: complaint\ntitle: 投诉\nfields: {phone: {title: 电话, type: phone, private: true}}
start: {by: {unit: hotline-office, duty: operator}, form: [phone], goto: noted}\nsteps: {noted: {close: noted}}\n";
    files.insert("complaint/complaint.yaml".to_owned(), process.to_owned());
    runner.deploy(&files).await.expect("the set is sound");
    let given = [(Name::new("phone"), Value::text("13905718842"))].into_iter().collect();
    let person = Actor::person("wei-hongwei");
    let open = Submission::open(CaseId(1), Name::new("complaint"), person, StartedBy::Person, given);
    runner.submit(open).await.expect("it is done");
    runner.stop().await;
    database
}

#[test]
fn private_values_of_a_year_that_is_over_are_removed_and_those_of_tomorrow_are_not_asked_for() {
    let scratch = Scratch::new();
    let database = tokio::runtime::Runtime::new().expect("threads can be started").block_on(aged(&scratch));
    let retain = |words: &[&str]| duban(&[&["retain", "--database", &database], words].concat());
    let has_phone = || {
        let bytes = fs::read(scratch.0.join("aged.sqlite")).expect("it is there");
        bytes.windows(11).any(|window| window == b"13905718842")
    };

    let future = retain(&["--closed-before", "2999-01-01"]);
    let unknown = retain(&["--closed-before", "2021-01-01", "--process", "complant"]);
    let early = retain(&["--closed-before", "2020-03-02"]);
    let rehearsal = retain(&["--closed-before", "2020-03-03", "--dry-run"]);
    let is_there = has_phone();
    let removed = retain(&["--closed-before", "2020-03-03", "--process", "complaint", "--by", "records-office"]);
    let again = retain(&["--closed-before", "2020-03-03"]);

    assert_eq!((future.status.code(), unknown.status.code()), (Some(2), Some(2)));
    assert!(text(&future.stderr).contains("2999-01-01 is still to come"), "{}", text(&future.stderr));
    assert!(text(&unknown.stderr).contains("no process `complant`"), "{}", text(&unknown.stderr));
    let nothing = "0 private values and 0 texts of 0 cases removed\n";
    assert_eq!((text(&early.stdout).as_str(), text(&again.stdout).as_str()), (nothing, nothing));
    assert_eq!(text(&rehearsal.stdout), "1 private value and 0 texts of 1 case would be removed\n");
    assert_eq!(text(&removed.stdout), "1 private value and 0 texts of 1 case removed\n");
    assert_eq!(text(&removed.stderr), "");
    assert_eq!((is_there, has_phone()), (true, false));
    let verified = duban(&["verify", "--database", &database]);
    assert!(verified.status.success(), "{}", text(&verified.stdout));
}
