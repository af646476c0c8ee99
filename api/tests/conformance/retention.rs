//! Private values stand beside the chain of hashes, and are removed in time without breaking it.

use std::path::Path;

use duban::runner::{Retained, Retention, Runner, Settings};
use duban::storage::{Cell, Database, TABLES, Traces, documents, notices, transitions};
use duban_engine::event::{Actor, Event};
use duban_engine::ids::{CaseId, Name};
use duban_engine::value::Value;

use crate::cluster::{SqliteFile, on_each_database};
use crate::town::{Town, assert_sound, fields, knows, take, take_with, write_in};

const PHONE: &str = "13905718842";
const SUBJECT: &str = "楼上漏水半年无人过问";
const ADVICE: &str = "请房管所上门查看";

fn before(town: &Town) -> Retention {
    let closed_before = duban::clock::Clock::now(&*town.clock);
    Retention { closed_before, process: None, by: Name::new("an"), may_rewrite: true }
}

async fn settle(runner: &Runner) {
    runner.settle().await.expect("the database answers");
}

async fn submit(runner: &Runner, commands: impl IntoIterator<Item = duban::runner::Submission>) {
    for command in commands {
        runner.submit(command).await.expect("it is done");
        settle(runner).await;
    }
}

/// Everything that is stored, as text.
async fn everything(database: &Database) -> String {
    let mut all = String::new();
    for table in TABLES {
        all += &format!("{}: {:?}\n", table.name, database.fetch_table(table).await.expect("the database answers"));
    }
    all
}

/// A petition in which private values went wherever they can go but to other cases.
async fn live(runner: &Runner, case: u128) {
    submit(runner, [write_in(case, SUBJECT, PHONE)]).await;
    submit(runner, [take_with(case, "advise", &[("advice", ADVICE), ("result", "已办")])]).await;
    let actions = ["inform", "file", "tell", "shout", "alarm", "look", "seen", "read", "print"];
    submit(runner, actions.map(|action| take(case, action))).await;
    let worker = Name::new("printer");
    let fetched = runner.fetch_jobs(&worker, &"print".into(), 9).await.expect("the database answers");
    let reason = format!("no paper for {PHONE}");
    runner.fail_job(&worker, &fetched[0].id, &reason).await.expect("it holds the job");
}

/// A town with petitions that were closed an hour ago.
async fn town_with(address: String, cases: u128) -> (Town, Runner) {
    let town = Town::new(address).await;
    let runner = town.runner().await;
    for case in 1..=cases {
        live(&runner, case).await;
        submit(&runner, [take(case, "finish")]).await;
    }
    town.advance(60);
    assert_sound(&runner).await;
    (town, runner)
}

#[tokio::test]
async fn what_is_chained_has_no_private_value_in_it_and_the_case_has_all() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        live(&runner, 1).await;
        submit(&runner, ["begin", "ask"].map(|action| take(1, action))).await;

        let histories = transitions::histories(runner.database(), [CaseId(1)]).await.expect("the database answers");

        let history = &histories[&CaseId(1)];
        for stored in history {
            let chained = format!("{} {} {:?}", stored.actor, stored.events, stored.digests);
            for value in [PHONE, SUBJECT, ADVICE] {
                assert!(!chained.contains(value), "{chained}");
            }
        }
        let kept: String = history.iter().filter_map(|stored| stored.private.as_deref()).collect();
        // A field, a webhook, a message, an incident, an item when it joined and when its turn came, an address, a job, its
        // failure, a case that was started and one that was called.
        assert_eq!((kept.matches(PHONE).count(), kept.matches(SUBJECT).count()), (11, 1), "{kept}");
        assert!(history.iter().any(|stored| stored.events.contains("已办")), "what is not private stays where it was");
        assert_eq!(knows(&runner, CaseId(1), "phone").await, PHONE);
        let told = runner.history(CaseId(1)).await.expect("the database answers");
        let raised = Event::WebhookRaised {
            connection: "city".into(),
            kind: "petition.told".into(),
            fields: fields(&[("caller", PHONE)]),
        };
        assert!(told.iter().any(|transition| transition.events.contains(&raised)), "{told:#?}");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn what_was_removed_is_nowhere_and_the_history_still_reads() {
    on_each_database(async |address| {
        let is_server = address.starts_with("postgres");
        let (town, runner) = town_with(address, 2).await;
        let lengths = runner.history(CaseId(1)).await.expect("the database answers").len();
        let would = runner.retainable(&before(&town)).await.expect("the database answers");

        let removed = runner.retain(&before(&town)).await.expect("the database answers");

        let traces = if is_server { Traces::OnServer } else { Traces::Gone };
        // Each has two fields and one of a step, a webhook, a message, an incident, an item twice, an address, a job and its
        // failure; and a notice and a document.
        assert_eq!(removed, Retained { cases: 2, values: 22, texts: 4, waiting: Vec::new(), traces });
        assert_eq!(would, Retained { traces: Traces::Gone, ..removed });
        assert_sound(&runner).await;
        let all = everything(runner.database()).await;
        for value in [PHONE, SUBJECT, ADVICE] {
            assert!(!all.contains(value), "{all}");
        }
        let history = runner.history(CaseId(1)).await.expect("the database answers");
        assert_eq!(history.len(), lengths + 1);
        let last = history.last().expect("it has a history");
        assert_eq!((&last.by, &last.events[..]), (&Actor::Administrator("an".into()), &[Event::PrivateRemoved][..]));
        assert_eq!(knows(&runner, CaseId(1), "phone").await, Value::Null.to_string());
        assert!(all.contains("已办"), "what is not private stays");
        let case = duban::storage::cases::find(runner.database(), CaseId(2)).await.expect("the database answers");
        assert_eq!(case.map(|case| case.title).as_deref(), Some("信0002号"), "a private field gives no title");
        let told = notices::of_case(runner.database(), CaseId(1)).await.expect("the database answers");
        let filed = documents::of_case(runner.database(), CaseId(1)).await.expect("the database answers");
        assert_eq!((told[0].text.as_str(), filed[0].body.as_str()), ("", ""));

        let again = runner.retain(&before(&town)).await.expect("the database answers");

        assert_eq!(again, Retained::default());
        assert_eq!(everything(runner.database()).await, all);
    })
    .await;
}

#[tokio::test]
async fn only_cases_that_closed_before_the_day_and_have_no_open_deliveries_are_touched() {
    on_each_database(async |address| {
        let (town, runner) = town_with(address, 1).await;
        submit(&runner, [write_in(2, SUBJECT, PHONE), write_in(3, SUBJECT, PHONE), write_in(4, SUBJECT, PHONE)]).await;
        let closed_before = before(&town);
        town.post.will_answer(410, "");
        submit(&runner, [take(3, "tell"), take(3, "finish")]).await;
        let other = Retention { process: Some("matter".into()), ..before(&town) };

        let none = runner.retain(&other).await.expect("the database answers");
        let first = runner.retain(&closed_before).await.expect("the database answers");
        town.advance(1);
        let second = runner.retain(&before(&town)).await.expect("the database answers");

        assert_eq!((none.cases, first.cases, first.waiting), (0, 1, Vec::new()));
        assert_eq!(
            (second.cases, second.waiting),
            (0, vec![CaseId(3)]),
            "its webhook was given up, and may be retried"
        );
        let given_up = runner.given_up(9).await.expect("the database answers");
        assert!(runner.retry(&given_up[0].id).await.expect("the database answers"));
        settle(&runner).await;
        let third = runner.retain(&before(&town)).await.expect("the database answers");
        assert_eq!((third.cases, third.waiting), (1, Vec::new()));
        assert_eq!(knows(&runner, CaseId(2), "phone").await, PHONE, "it is open");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_node_that_knows_a_case_by_heart_forgets_what_another_removed() {
    on_each_database(async |address| {
        let (town, runner) = town_with(address, 1).await;
        let other = town.runner().await;
        assert_eq!(knows(&other, CaseId(1), "phone").await, PHONE);
        assert_eq!(knows(&runner, CaseId(1), "phone").await, PHONE);

        other.retain(&before(&town)).await.expect("the database answers");

        assert_eq!(knows(&runner, CaseId(1), "phone").await, Value::Null.to_string());
        assert!(runner.submit(take(1, "tell")).await.is_err(), "it is closed");
        assert_eq!(knows(&runner, CaseId(1), "phone").await, Value::Null.to_string());
        assert!(!everything(runner.database()).await.contains(PHONE));
    })
    .await;
}

async fn set_private(database: &Database, sequence: u32, private: Option<&str>) {
    let mut transaction = database.begin().await.expect("a transaction begins");
    let sql = "UPDATE transitions SET private = $2 WHERE sequence = $1";
    transaction.execute(sql, &[Cell::from(sequence), private.into()]).await.expect("a row is written");
    transaction.commit().await.expect("a transaction commits");
}

#[tokio::test]
async fn a_private_value_that_is_changed_lost_or_back_again_is_found() {
    on_each_database(async |address| {
        let (town, runner) = town_with(address, 1).await;
        let database = runner.database();
        let histories = transitions::histories(database, [CaseId(1)]).await.expect("the database answers");
        let first = histories[&CaseId(1)][0].private.clone().expect("it has private values");
        let found = async || {
            let findings = runner.verify().await.expect("the database answers");
            findings.into_iter().map(|finding| finding.what).next_back().unwrap_or_default()
        };
        let changed = first.replace(PHONE, "13905718843");
        let spaced = first.replace(',', ", ");
        let cut = "[]";

        for (private, what) in [
            (Some(changed.as_str()), "1 has private values that were changed"),
            (Some(spaced.as_str()), "1 has private values that were changed"),
            (Some(cut), "stored transition cannot be read"),
            (None, "1 has lost its private values, and nobody removed them"),
        ] {
            set_private(database, 1, private).await;
            let told = found().await;
            assert!(told.contains(what), "{private:?}: {told}");
        }
        set_private(database, 1, Some(&first)).await;
        assert_eq!(found().await, "");
        runner.retain(&before(&town)).await.expect("the database answers");
        assert_eq!(found().await, "");
        set_private(database, 1, Some(&first)).await;

        assert!(found().await.contains("1 has private values that were removed and are there again"));
    })
    .await;
}

/// Polls a future so often and then drops it where it is.
async fn poll_some<T>(future: impl Future<Output = T>, polls: u32) -> Option<T> {
    let (mut future, mut left) = (Box::pin(future), polls);
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn whatever_ends_a_removal_in_between_nothing_is_half_removed_and_the_next_goes_on() {
    on_each_database(async |address| {
        let (town, runner) = town_with(address, 4).await;
        runner.stop().await;
        let one_by_one = Settings { automatic: false, batch_max: 1, ..Settings::default() };
        let runner = town.runner_with(one_by_one).await;
        let mut seen = std::collections::BTreeSet::new();

        let mut polls = 1;
        while poll_some(runner.retain(&before(&town)), polls).await.is_none() {
            assert_sound(&runner).await;
            let left = runner.retainable(&before(&town)).await.expect("the database answers");
            assert_eq!(left.values, left.cases * 11, "each has all of its values or none");
            seen.insert(left.cases);
            polls += 7;
        }

        assert!(seen.contains(&4), "{seen:?}");
        assert_sound(&runner).await;
        assert!(!everything(runner.database()).await.contains(PHONE));
    })
    .await;
}

#[tokio::test]
async fn a_case_that_cannot_be_read_stops_the_removal_and_the_next_goes_on_from_there() {
    on_each_database(async |address| {
        let (town, runner) = town_with(address, 4).await;
        runner.stop().await;
        let one_by_one = Settings { automatic: false, batch_max: 1, ..Settings::default() };
        let runner = town.runner_with(one_by_one).await;
        let set_last = async |private: &str| {
            let last = "case_id = (SELECT MAX(case_id) FROM transitions) AND private IS NOT NULL";
            let set = format!("UPDATE transitions SET private = {private} WHERE {last}");
            let mut transaction = runner.database().begin().await.expect("it is open");
            transaction.execute(&set, &[]).await.expect("it is understood");
            transaction.commit().await.expect("it is open");
        };

        set_last("'}' || private").await;
        assert!(runner.retain(&before(&town)).await.is_err(), "the last case cannot be read");
        set_last("SUBSTR(private, 2)").await;

        let left = runner.retainable(&before(&town)).await.expect("the database answers");
        assert_eq!((left.cases, left.values), (1, 11));
        assert_sound(&runner).await;
        runner.retain(&before(&town)).await.expect("the database answers");
        assert!(!everything(runner.database()).await.contains(PHONE));
    })
    .await;
}

/// Whether one of the files that SQLite has for a database contains a text.
fn has_bytes(address: &str, text: &str) -> bool {
    let path = address.strip_prefix("sqlite:").expect("it is a file");
    ["", "-wal", "-shm"].iter().any(|suffix| {
        let bytes = std::fs::read(Path::new(&format!("{path}{suffix}"))).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn no_byte_of_what_was_removed_is_left_in_the_file_also_when_it_was_interrupted() {
    let file = SqliteFile::default();
    let (town, runner) = town_with(file.address(), 3).await;
    let other = town.runner().await;
    assert!([PHONE, SUBJECT, ADVICE].iter().all(|text| has_bytes(&file.address(), text)));
    let mut polls = 1;
    while runner.retainable(&before(&town)).await.expect("the database answers").cases > 0 {
        poll_some(runner.retain(&before(&town)), polls).await;
        polls += 1;
    }

    let last = runner.retain(&before(&town)).await.expect("the database answers");

    assert_eq!(last, Retained::default());
    for text in [PHONE, SUBJECT, ADVICE] {
        assert!(!has_bytes(&file.address(), text), "{text}");
    }
    assert!(has_bytes(&file.address(), "已办"), "the files are those of the database");
    assert_eq!(knows(&other, CaseId(1), "phone").await, Value::Null.to_string());
    assert_sound(&other).await;
}

#[tokio::test]
async fn beside_a_server_what_was_removed_is_written_over_and_the_file_is_written_anew_when_it_may_be() {
    let file = SqliteFile::default();
    let (town, runner) = town_with(file.address(), 3).await;
    let gently = Retention { may_rewrite: false, ..before(&town) };

    let first = runner.retain(&gently).await.expect("the database answers");
    let is_left = [PHONE, SUBJECT, ADVICE].map(|text| has_bytes(&file.address(), text));
    let second = runner.retain(&gently).await.expect("the database answers");
    let last = runner.retain(&before(&town)).await.expect("the database answers");
    let after = runner.retain(&gently).await.expect("the database answers");

    assert_eq!((first.cases, first.traces, second.traces), (3, Traces::Strewn, Traces::Strewn));
    assert_eq!(is_left, [false; 3], "so few rows were never moved");
    assert_eq!((last.traces, after.traces), (Traces::Gone, Traces::Gone));
    assert_sound(&runner).await;
}
