//! Who holds what when people come, go and have more or less to do, on every database.

use std::collections::BTreeMap;

use duban::runner::{Runner, Submission};
use duban::storage::{incidents, tasks};
use duban_engine::command::{Ask, StartedBy};
use duban_engine::event::{Actor, Fields};
use duban_engine::ids::{CaseId, Name, VisitId};

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, files, open, submit_together, take};

const SHARED: &str = "
process: shared
roles: {clerk: {unit: office, duty: clerk}}
start: {by: clerk, goto: desk}
steps:
  desk: {by: clerk, assign: least-busy, actions: {finish: {goto: done}}}
  done: {close: done}
";

/// The command by which a person does a verb to the first task of a matter.
fn by(person: &str, case: u128, ask: Ask) -> Submission {
    Submission::new(CaseId(case), Actor::person(person), ask)
}

async fn holder(runner: &Runner, case: u128) -> Option<Name> {
    let tasks = tasks::of_case(runner.database(), CaseId(case)).await.expect("the database answers");
    tasks.first().expect("the case waits").holder.clone()
}

async fn count_incidents(runner: &Runner) -> usize {
    incidents::latest(runner.database(), 9).await.expect("the database answers").len()
}

/// The files without some people.
fn without(gone: &[&str]) -> BTreeMap<String, String> {
    let mut files = files();
    let organization = files.get_mut("organization.yaml").expect("the set has an organisation");
    *organization = organization
        .lines()
        .filter(|line| !gone.iter().any(|id| line.contains(&format!("{id}:"))))
        .fold(String::new(), |text, line| text + line + "\n");
    files
}

#[tokio::test]
async fn the_task_of_a_person_who_left_is_open_to_the_others() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        runner.submit(by("li", 1, Ask::Claim { visit: VisitId(1) })).await.expect("it is in the pool");
        runner.settle().await.expect("the database answers");
        let before = holder(&runner, 1).await;

        runner.deploy(&without(&["li"])).await.expect("the set is sound");
        runner.settle().await.expect("the database answers");

        assert_eq!((before, holder(&runner, 1).await), (Some("li".into()), None));
        runner.submit(take(1, "finish")).await.expect("a colleague goes on with it");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_task_whose_last_people_left_calls_an_administrator_once_and_goes_on_when_others_come() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        runner.submit(open(2, "井盖")).await.expect("it is done");
        runner.submit(by("li", 2, Ask::Claim { visit: VisitId(1) })).await.expect("it is in the pool");
        let mut counts = Vec::new();

        for gone in [&["wang"][..], &["wang", "li"], &["wang", "li"]] {
            runner.deploy(&without(gone)).await.expect("the set is sound");
            runner.settle().await.expect("the database answers");
            counts.push(count_incidents(&runner).await);
        }

        assert_eq!(counts, [0, 2, 2], "each of two tasks once");
        runner.submit(Submission::new(CaseId(2), Actor::Clock, Ask::Cancel)).await.expect("the case ends");
        assert_eq!(count_incidents(&runner).await, 1, "a task that is over needs nobody");
        runner.deploy(&files()).await.expect("the set is sound");
        runner.settle().await.expect("the database answers");
        assert_eq!(count_incidents(&runner).await, 0, "there is somebody again");
        runner.submit(take(1, "finish")).await.expect("a colleague goes on with it");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_task_that_chooses_its_person_has_one_when_somebody_comes() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        let with_shared = |mut files: BTreeMap<String, String>| {
            files.insert("shared.yaml".to_owned(), SHARED.to_owned());
            files
        };
        runner.deploy(&with_shared(without(&["wang", "li"]))).await.expect("the set is sound");
        let start = Submission::open(CaseId(1), "shared".into(), Actor::Clock, StartedBy::Case, Fields::new());
        runner.submit(start).await.expect("another case starts it");
        let before = (holder(&runner, 1).await, count_incidents(&runner).await);

        runner.deploy(&with_shared(files())).await.expect("the set is sound");
        runner.settle().await.expect("the database answers");

        assert_eq!(before, (None, 1));
        assert!(holder(&runner, 1).await.is_some(), "it is with one of those who came");
        assert_eq!(count_incidents(&runner).await, 0);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn what_was_asked_of_a_person_who_left_goes_back_to_who_asked() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        runner.submit(by("li", 1, Ask::Claim { visit: VisitId(1) })).await.expect("it is in the pool");
        let ask = Ask::Delegate { visit: VisitId(1), to: "zhao".into() };
        runner.submit(by("li", 1, ask)).await.expect("the holder may ask");

        runner.deploy(&without(&["zhao"])).await.expect("the set is sound");
        runner.settle().await.expect("the database answers");

        assert_eq!(holder(&runner, 1).await, Some("li".into()));
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn the_clock_takes_no_task_from_somebody_who_is_there() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        runner.submit(by("li", 1, Ask::Claim { visit: VisitId(1) })).await.expect("it is in the pool");

        let release = Submission::new(CaseId(1), Actor::Clock, Ask::Release { visit: VisitId(1) });
        let refused = runner.submit(release).await;

        assert!(refused.is_err(), "{refused:?}");
        assert_eq!(holder(&runner, 1).await, Some("li".into()));
    })
    .await;
}

#[tokio::test]
async fn the_least_busy_gets_the_next_task_also_within_one_batch() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        let mut files = files();
        files.insert("shared/shared.yaml".to_owned(), SHARED.to_owned());
        runner.deploy(&files).await.expect("the set is sound");
        for case in 1..=3 {
            runner.submit(open(case, "路灯")).await.expect("it is done");
            runner.submit(by("wang", case, Ask::Claim { visit: VisitId(1) })).await.expect("it is in the pool");
        }

        let start = |case| {
            let (process, wang) = (Name::new("shared"), Actor::person("wang"));
            Submission::open(CaseId(case), process, wang, StartedBy::Person, Fields::new())
        };
        let opened = submit_together(&runner, (11..=17).map(start).collect()).await;

        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
        let workload = tasks::workload(runner.database()).await.expect("the database answers");
        let counts: Vec<(&str, u32)> = workload.iter().map(|(person, count)| (person.as_str(), *count)).collect();
        assert_eq!(counts, [("li", 5), ("wang", 5)], "3 were wang's before");
        assert_sound(&runner).await;
    })
    .await;
}
