//! What stands still is seen, and goes on when somebody has it retried.

use duban::runner::{GivenUp, Runner, Submission};
use duban::storage::outbox;
use duban_engine::command::{Ask, StartedBy};
use duban_engine::ids::{CaseId, Name};

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, fields, files, knows, open, take, take_with, wang};

/// A process that never ends once the case that it called has closed.
const SPIN: &str = "process: spin
title: 空转
fields: {times: {title: 次数, type: integer, default: 0}}
start: {by: {unit: office, duty: clerk}, form: [], goto: asked}
steps:
  asked: {call: question, with: {subject: '路灯'}, goto: round}
  round: {do: [{set: {times: =times + 1}}], goto: again}
  again: {choose: [{when: times < 0, goto: over}, {goto: round}]}
  over: {close: over}
";

async fn given_up_of(runner: &Runner, case: CaseId) -> Vec<GivenUp> {
    let case = runner.case(case).await.expect("the database answers").expect("there is such a case");
    runner.given_up_of(&case).await.expect("the database answers")
}

/// The only one of something.
fn only<T: std::fmt::Debug>(found: &[T]) -> &T {
    assert_eq!(found.len(), 1, "{found:?}");
    &found[0]
}

async fn settle(runner: &Runner) {
    runner.settle().await.expect("the database answers");
}

async fn child_of(runner: &Runner, case: u128) -> CaseId {
    let case = runner.case(CaseId(case)).await.expect("the database answers").expect("there is such a case");
    case.visits.values().find_map(|visit| visit.child).expect("it waits for another case")
}

#[tokio::test]
async fn a_case_that_cannot_be_opened_stands_in_its_callers_incidents_until_it_is_retried() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        let mut without = files();
        without.retain(|path, _| !["question/", "matter/", "petition/"].iter().any(|folder| path.starts_with(folder)));
        runner.deploy(&without).await.expect("the set is sound");
        runner.submit(take(1, "ask")).await.expect("the case still runs by the version that asks");

        settle(&runner).await;

        let found = given_up_of(&runner, CaseId(1)).await;
        let GivenUp { id, case, waiting, effect, reason, attempts, .. } = only(&found);
        assert_eq!((*case, *waiting, effect.as_str()), (CaseId(1), Some(CaseId(1)), "open_case"));
        assert_eq!(*attempts, 1);
        assert_eq!(reason, "there is no process `question`");
        assert_eq!(runner.given_up(9).await.expect("the database answers"), found);
        runner.deploy(&files()).await.expect("the set is sound");
        assert!(runner.retry(id).await.expect("the database answers"));
        assert!(!runner.retry(id).await.expect("the database answers"), "it is under way");
        settle(&runner).await;
        assert_eq!(given_up_of(&runner, CaseId(1)).await, []);
        let child = child_of(&runner, 1).await;
        runner.submit(take_with(child.0, "reply", &[("words", "已修")])).await.expect("the other case is open");
        settle(&runner).await;
        assert_eq!(knows(&runner, CaseId(1), "words").await, "已修");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn an_outcome_that_the_caller_cannot_take_stands_in_the_callers_incidents() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        let mut set = files();
        set.insert("spin/spin.yaml".to_owned(), SPIN.to_owned());
        runner.deploy(&set).await.expect("the set is sound");
        let spin = Submission::open(CaseId(1), Name::new("spin"), wang(), StartedBy::Person, fields(&[]));
        runner.submit(spin).await.expect("it is done");
        settle(&runner).await;
        let child = child_of(&runner, 1).await;
        runner.submit(take_with(child.0, "reply", &[("words", "好")])).await.expect("the other case is open");

        settle(&runner).await;

        let found = given_up_of(&runner, CaseId(1)).await;
        let GivenUp { case, waiting, effect, .. } = only(&found);
        assert_eq!((*case, *waiting, effect.as_str()), (child, Some(CaseId(1)), "tell_caller"));
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn an_outcome_that_nobody_waits_for_any_more_leaves_a_trace_and_no_incident() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for command in [open(1, "路灯"), take(1, "ask")] {
            runner.submit(command).await.expect("it is done");
        }
        settle(&runner).await;
        let child = child_of(&runner, 1).await;
        runner.submit(take_with(child.0, "reply", &[("words", "好")])).await.expect("the other case is open");
        runner.submit(Submission::new(CaseId(1), wang(), Ask::Cancel)).await.expect("the case ends");

        settle(&runner).await;

        assert_eq!(runner.given_up(9).await.expect("the database answers"), []);
        let entries = outbox::of_case(runner.database(), child).await.expect("the database answers");
        let told = only(&entries);
        assert!(told.done_at.is_some() && told.error.is_some(), "{told:?}");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn what_nobody_waits_for_can_be_dismissed_and_what_a_case_waits_for_cannot() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        let mut without = files();
        without.retain(|path, _| !["question/", "matter/", "petition/"].iter().any(|folder| path.starts_with(folder)));
        town.post.will_answer(410, "");
        for command in [open(1, "路灯"), open(2, "井盖"), take(1, "tell")] {
            runner.submit(command).await.expect("it is done");
        }
        runner.deploy(&without).await.expect("the set is sound");
        runner.submit(take(2, "ask")).await.expect("the case still runs by the version that asks");
        settle(&runner).await;
        let webhook = only(&given_up_of(&runner, CaseId(1)).await).clone();
        let asked = only(&given_up_of(&runner, CaseId(2)).await).clone();
        let sent = town.post.sent().len();
        let by = Name::new("ops");

        let dismissed = runner.dismiss(&webhook.id, &by).await.expect("the database answers");
        let refused = runner.dismiss(&asked.id, &by).await.expect("the database answers");
        let again = runner.dismiss(&webhook.id, &by).await.expect("the database answers");

        assert_eq!((dismissed.as_ref(), refused.as_ref(), again), (Some(&webhook), Some(&asked), None));
        assert_eq!((webhook.waiting, asked.waiting), (None, Some(CaseId(2))));
        assert_eq!(runner.given_up(9).await.expect("the database answers"), [asked]);
        assert!(!runner.retry(&webhook.id).await.expect("the database answers"));
        town.advance(60);
        settle(&runner).await;
        assert_eq!(town.post.sent().len(), sent);
        let entries = outbox::of_case(runner.database(), CaseId(1)).await.expect("the database answers");
        let entry = only(&entries);
        assert!(entry.done_at.is_some(), "its case can lose its private values");
        assert!(entry.error.as_deref().is_some_and(|why| why.starts_with("dismissed by ops: ")), "{entry:?}");
        assert_sound(&runner).await;
    })
    .await;
}
