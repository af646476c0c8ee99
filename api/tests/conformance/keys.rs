//! A key stands for one command, on every database.

use duban::runner::{Message, Refusal};
use duban_engine::event::Actor;
use duban_engine::ids::{CaseId, Name};

use crate::cluster::on_each_database;
use crate::town::{MORNING, Town, assert_sound, fields, knows, note, open, submit_together, take};

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

/// A message that a program sent with the key `k`.
fn keyed(name: &str, to: Option<&str>, fingerprint: &str) -> Message {
    Message {
        name: Name::new(name),
        to: to.map(Name::new),
        fields: fields(if name == "rain" { &[("words", "雨")] } else { &[("subject", "来信")] }),
        by: Actor::Message(Name::new(name)),
        key: "k".to_owned(),
        fingerprint: Some(fingerprint.to_owned()),
        at: MORNING.parse().expect("the text is an instant"),
    }
}

#[tokio::test]
async fn a_message_under_a_used_key_does_no_more_wherever_it_would_go() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        let numbers: Vec<String> = {
            let mut numbers = Vec::new();
            for case in 1..=2 {
                let answer = runner.submit(open(case, "路灯")).await.expect("it is done");
                numbers.push(answer.number.expect("matters have numbers").to_string());
            }
            numbers
        };

        let first = runner.deliver(&keyed("rain", Some(&numbers[0]), "one")).await.expect("it is taken");
        let elsewhere = runner.deliver(&keyed("rain", Some(&numbers[1]), "two")).await;
        let other = runner.deliver(&keyed("letter.came", None, "three")).await;
        let again = runner.deliver(&keyed("rain", Some(&numbers[0]), "one")).await.expect("it is known");

        assert!(matches!(elsewhere, Err(Refusal::KeyReused)), "{elsewhere:?}");
        assert!(matches!(other, Err(Refusal::KeyReused)), "{other:?}");
        assert_eq!((first.len(), first), (1, again));
        assert_eq!(knows(&runner, CaseId(2), "words").await, "null");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_to_all_under_a_used_key_reaches_those_that_it_reached() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for case in [3, 1] {
            runner.submit(open(case, "路灯")).await.expect("it is done");
        }

        let first = runner.deliver(&keyed("rain", None, "one")).await.expect("it is taken");
        runner.submit(open(2, "井盖")).await.expect("it is done");
        runner.submit(take(1, "finish")).await.expect("it is done");
        let again = runner.deliver(&keyed("rain", None, "one")).await.expect("it is known");
        runner.submit(take(3, "finish")).await.expect("it is done");
        let late = runner.deliver(&keyed("rain", None, "one")).await.expect("it is known");

        let cases: Vec<CaseId> = first.iter().map(|answer| answer.case).collect();
        assert_eq!(cases, [CaseId(1), CaseId(3)]);
        assert_eq!((&first, &first), (&again, &late));
        assert_eq!(knows(&runner, CaseId(2), "words").await, "null");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_nobody_took_keeps_no_key() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;

        let nobody = runner.deliver(&keyed("rain", None, "one")).await.expect("the database answers");
        runner.submit(open(1, "路灯")).await.expect("it is done");
        let taken = runner.deliver(&keyed("rain", None, "two")).await.expect("it is taken");

        assert_eq!((nobody.len(), taken.len()), (0, 1));
    })
    .await;
}
