//! A key stands for one command, on every database.

use duban::runner::Refusal;
use duban_engine::ids::CaseId;

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, knows, note, open, submit_together};

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_no_second_effect() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;

        let opened = vec![open(1, "路灯").with_key("a"), open(9, "路灯").with_key("a"), note(1, "甲").with_key("b")];
        let together = submit_together(&runner, opened).await;
        let again = runner.submit(note(1, "甲").with_key("b")).await;
        runner.stop().await;
        let restarted = town.runner().await;
        let after_restart = restarted.submit(note(1, "甲").with_key("b")).await;

        let answers: Vec<_> = together
            .into_iter()
            .chain([again, after_restart])
            .map(|outcome| outcome.expect("all are answered"))
            .collect();
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[1].case, CaseId(1));
        assert_eq!(answers[2], answers[3]);
        assert_eq!(answers[3], answers[4]);
        assert_eq!(knows(&restarted, CaseId(1), "times").await, "1");
        assert!(restarted.case(CaseId(9)).await.expect("the database answers").is_none());
    })
    .await;
}

#[tokio::test]
async fn the_same_key_with_something_else_is_refused() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        let asked = |words: &str, fingerprint: &str| {
            note(1, words).with_key("k").with_fingerprint(Some(fingerprint.to_owned()))
        };

        let together = submit_together(&runner, vec![asked("甲", "one"), asked("乙", "two"), asked("甲", "one")]).await;
        runner.stop().await;
        let restarted = town.runner().await;
        let later = restarted.submit(asked("乙", "two")).await;
        let again = restarted.submit(asked("甲", "one")).await;

        assert!(matches!(together[1], Err(Refusal::KeyReused)), "{:?}", together[1]);
        assert!(matches!(later, Err(Refusal::KeyReused)), "{later:?}");
        let first = together[0].as_ref().expect("it is done");
        assert_eq!((first, first), (together[2].as_ref().expect("it is known"), &again.expect("it is known")));
        assert_eq!(knows(&restarted, CaseId(1), "times").await, "1");
        assert_sound(&restarted).await;
    })
    .await;
}

#[tokio::test]
async fn a_rejected_command_keeps_no_key() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;

        let early = runner.submit(note(1, "甲").with_key("k")).await;
        let together =
            submit_together(&runner, vec![note(1, "甲").with_key("k"), open(1, "路灯"), note(1, "甲").with_key("k")])
                .await;

        assert!(matches!(early, Err(Refusal::NoSuchCase(CaseId(1)))), "{early:?}");
        assert!(matches!(together[0], Err(Refusal::NoSuchCase(CaseId(1)))), "{:?}", together[0]);
        assert_eq!(together[2].as_ref().expect("now there is a case").sequence, 2);
    })
    .await;
}
