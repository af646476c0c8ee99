//! Messages to all: whom they reach, on every database.

use duban::clock::Clock;
use duban::runner::{Message, Runner};
use duban::storage::outbox;
use duban_engine::event::Actor;
use duban_engine::ids::{CaseId, Name};

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, fields, files, knows, open, take};

/// What each of some cases has heard.
async fn heard<const N: usize>(runner: &Runner, cases: [u128; N]) -> [String; N] {
    let mut words = cases.map(|_| String::new());
    for (place, case) in words.iter_mut().zip(cases) {
        *place = knows(runner, CaseId(case), "words").await;
    }
    words
}

fn rain(town: &Town) -> Message {
    Message {
        name: Name::new("rain"),
        to: None,
        fields: fields(&[("words", "雨")]),
        by: Actor::Message(Name::new("rain")),
        key: "rain 1".to_owned(),
        fingerprint: None,
        at: town.clock.now(),
    }
}

#[tokio::test]
async fn a_message_reaches_every_case_that_listens_once() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for case in 1..=3 {
            runner.submit(open(case, &format!("第{case}件"))).await.expect("it is done");
        }
        runner.submit(take(3, "finish")).await.expect("it is done");

        runner.submit(take(2, "shout")).await.expect("it is done");
        runner.settle().await.expect("the database answers");
        runner.settle().await.expect("the database answers");

        for (case, words, sequence) in [(1, "第2件", 2), (2, "第2件", 3), (3, "null", 2)] {
            assert_eq!(knows(&runner, CaseId(case), "words").await, words, "case {case}");
            let found = runner.case(CaseId(case)).await.expect("the database answers").expect("it exists");
            assert_eq!(found.sequence, sequence, "case {case}");
        }
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_from_outside_opens_one_case_however_often_it_comes() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        let letter = Message {
            name: Name::new("letter.came"),
            to: None,
            fields: fields(&[("subject", "来信")]),
            by: Actor::Message(Name::new("letter.came")),
            key: "letter 7".to_owned(),
            fingerprint: None,
            at: town.clock.now(),
        };

        let first = runner.deliver(&letter).await.expect("the database answers");
        let second = runner.deliver(&letter).await.expect("the database answers");

        assert_eq!(first.len(), 1);
        assert_eq!(first, second);
        assert_eq!(knows(&runner, first[0].case, "subject").await, "来信");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_reaches_cases_whose_version_is_not_live_any_more() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        let mut deaf = files();
        let matter = deaf.get_mut("matter/matter.yaml").expect("the set has it");
        *matter = matter.replace("listen: [{message: rain, take: {words: words}}]\n", "");
        runner.deploy(&deaf).await.expect("the set is sound");
        runner.submit(open(2, "井盖")).await.expect("it is done");
        runner.stop().await;
        let restarted = town.runner().await;

        let is_heard = restarted.definitions().is_heard(restarted.database(), &"rain".into()).await;
        let answers = restarted.deliver(&rain(&town)).await.expect("the database answers");

        let reached: Vec<CaseId> = answers.iter().map(|answer| answer.case).collect();
        assert!(is_heard.expect("the database answers"), "whoever sends it has to say for whom");
        assert_eq!(reached, [CaseId(1)]);
        assert_eq!(heard(&restarted, [1, 2]).await, ["雨", "null"]);
        assert_sound(&restarted).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_sent_late_does_not_reach_cases_that_were_opened_since() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        runner.submit(take(1, "shout")).await.expect("it is done");
        runner.stop().await;
        town.advance(2);

        let restarted = town.runner().await;
        restarted.submit(open(2, "井盖")).await.expect("it is done");
        restarted.settle().await.expect("the database answers");

        assert_eq!(heard(&restarted, [1, 2]).await, ["路灯", "null"]);
        assert_sound(&restarted).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_whose_sender_was_killed_midway_reaches_those_whom_it_was_for() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        runner.submit(take(1, "shout")).await.expect("it is done");
        let sent = outbox::open(runner.database()).await.expect("the database answers");
        runner.settle().await.expect("the database answers");

        // Killed after the cases were told, and before that was noted.
        let mut transaction = runner.database().begin().await.expect("the database answers");
        let entry = outbox::Entry { due_at: Some(town.clock.now()), ..sent[0].clone() };
        transaction.upsert(&outbox::TABLE, &[entry.cells()]).await.expect("the database answers");
        transaction.commit().await.expect("the database answers");
        // At the same instant.
        runner.submit(open(2, "井盖")).await.expect("it is done");
        let again = runner.settle().await.expect("the database answers");

        assert!(again > 0, "the entry is tried again");
        assert_eq!(heard(&runner, [1, 2]).await, ["路灯", "null"]);
        assert_sound(&runner).await;
    })
    .await;
}
