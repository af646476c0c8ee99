//! Open deadlines follow a calendar that changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duban::live::Live;
use duban::runner::{Runner, Submission};
use duban::storage::recalculations;
use duban_engine::command::{Ask, StartedBy};
use duban_engine::event::{Actor, Due, Event, Moved};
use duban_engine::ids::{CaseId, Name};
use jiff::{SignedDuration, Timestamp};

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, fields, files, submit_together, take, wang};

/// The calendar that the project comes with; it ends with 2026.
const PUBLISHED: &str = include_str!("../../../processes/calendars/cn.yaml");

/// A notice as there may be one: nobody has published 2027 yet.
const NOTICE: &str = "    status: official
    holidays: [{from: 2027-01-01, to: 2027-01-04, name: 元旦}]
    makeup_workdays: [{date: 2027-01-09, name: 元旦}]
";

/// The calendar with the notice in it.
fn announced() -> String {
    let until = PUBLISHED.strip_suffix("    status: unpublished\n").expect("2027 is the last year, and not published");
    format!("{until}{NOTICE}")
}

fn instant(text: &str) -> Timestamp {
    text.parse().expect("the text is an instant")
}

/// The town's files, with a process that has a limit of seven working days.
fn set(calendar: &str) -> BTreeMap<String, String> {
    let mut set = files();
    set.insert("limit/limit.yaml".to_owned(), include_str!("set/limit.yaml").to_owned());
    set.insert("calendar.yaml".to_owned(), calendar.to_owned());
    set
}

fn open_limit(case: u128) -> Submission {
    let (process, form) = (Name::new("limit"), fields(&[("subject", "路灯")]));
    Submission::open(CaseId(case), process, wang(), StartedBy::Person, form)
}

/// Opens a case at an instant that has not passed yet.
async fn open_at(town: &Town, runner: &Runner, case: u128, at: &str) {
    let now = runner.clock().now();
    town.clock.advance(instant(at).duration_since(now));
    runner.submit(open_limit(case)).await.expect("it is opened");
}

async fn due(runner: &Runner, case: u128) -> Due {
    let case = runner.case(CaseId(case)).await.expect("the database answers").expect("there is such a case");
    let deadline = case.visits.values().find_map(|visit| visit.deadline.as_ref());
    deadline.expect("it has a deadline").due.clone()
}

/// What happened to a case after it was opened.
async fn later(runner: &Runner, case: u128) -> Vec<Event> {
    let history = runner.history(CaseId(case)).await.expect("the database answers");
    history.into_iter().skip(1).flat_map(|transition| transition.events).collect()
}

#[tokio::test]
async fn a_published_year_moves_the_open_deadlines_that_waited_for_it() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let folder = Folder::with(&set(PUBLISHED));
        let runner = Arc::new(town.runner().await);
        let mut live = Live::new(folder.0.clone(), Arc::clone(&runner), false);
        assert!(live.refresh().await.expect("the set is sound"));
        open_at(&town, &runner, 1, "2026-11-23T10:00:00+08:00").await;
        open_at(&town, &runner, 2, "2026-12-22T10:00:00+08:00").await;
        open_at(&town, &runner, 3, "2026-12-23T10:00:00+08:00").await;
        let before = [due(&runner, 1).await, due(&runner, 2).await, due(&runner, 3).await];

        folder.write("calendar.yaml", &announced());
        assert!(live.refresh().await.expect("the set is sound"));
        runner.settle().await.expect("the database answers");
        assert_eq!(due(&runner, 3).await, before[2], "every node has a moment to hear of the calendar");
        town.clock.advance(SignedDuration::from_secs(5));
        runner.settle().await.expect("the database answers");

        let told: Vec<_> = before.iter().map(|due| (due.at, due.provisional)).collect();
        // Counted by hand. From 23 November: 24 to 27, 30, 1 and 2 December. From 22 December: 23 to 25 and 28 to 31.
        // From 23 December: 24, 25, 28 to 31, and the first Monday of January. December waits for the next notice.
        let by_hand = [
            (instant("2026-12-03T00:00:00+08:00"), true),
            (instant("2027-01-01T00:00:00+08:00"), true),
            (instant("2027-01-05T00:00:00+08:00"), true),
        ];
        assert_eq!(told, by_hand);
        // With the first to the fourth of January off, the seventh day is Tuesday the fifth.
        let after = [due(&runner, 1).await, due(&runner, 2).await, due(&runner, 3).await];
        let told: Vec<_> = after.iter().map(|due| (due.at, due.provisional)).collect();
        assert_eq!(told[..2], [(by_hand[0].0, false), (by_hand[1].0, false)]);
        assert_eq!(told[2], (instant("2027-01-06T00:00:00+08:00"), false));
        assert_eq!(after[2].rungs, [Some(instant("2027-01-01T00:00:00+08:00"))]);
        assert_ne!(after[2].calendar, before[2].calendar);
        let history = later(&runner, 3).await;
        assert!(
            matches!(&history[..], [Event::DeadlineMoved { why: Moved::Recalculated, due, .. }] if *due == after[2]),
            "{history:?}"
        );
        assert_sound(&runner).await;
        assert!(!live.refresh().await.expect("the set is sound"));
        town.clock.advance(SignedDuration::from_secs(5));
        runner.settle().await.expect("the database answers");
        assert_eq!(later(&runner, 3).await, history, "an unchanged calendar moves nothing");
    })
    .await;
}

#[tokio::test]
async fn a_change_of_calendar_reaches_more_cases_than_one_page_has() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.deploy(&set(PUBLISHED)).await.expect("the set is sound");
        open_at(&town, &runner, 1_000, "2026-12-23T10:00:00+08:00").await;
        let opened = submit_together(&runner, (1..=600).map(open_limit).collect()).await;
        assert!(opened.iter().all(Result::is_ok));

        runner.deploy(&set(&announced())).await.expect("the set is sound");
        town.clock.advance(SignedDuration::from_secs(5));
        runner.settle().await.expect("the database answers");

        let moved = "SELECT COUNT(*) FROM deadlines WHERE provisional = 0 AND due_at = $1";
        let due = instant("2027-01-06T00:00:00+08:00");
        let rows = runner.database().fetch(moved, &[due.into()]).await.expect("the database answers");
        assert_eq!(rows[0].integer(0).expect("it is a number"), 601);
        let left = recalculations::next_due(runner.database()).await.expect("the database answers");
        assert_eq!(left, None);
    })
    .await;
}

#[tokio::test]
async fn an_agreed_deadline_stays_and_becomes_final() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.deploy(&set(PUBLISHED)).await.expect("the set is sound");
        for case in 1..=2 {
            open_at(&town, &runner, case, "2026-12-23T10:00:00+08:00").await;
        }
        runner.submit(take(1, "extend")).await.expect("it is done");
        runner.submit(take(2, "pause")).await.expect("it is done");
        let before = [due(&runner, 1).await, due(&runner, 2).await];

        runner.deploy(&set(&announced())).await.expect("the set is sound");
        town.clock.advance(SignedDuration::from_secs(5));
        runner.settle().await.expect("the database answers");
        runner.submit(take(2, "resume")).await.expect("it is done");

        // One whose clock stood still has its seven days in full when it goes on: to Tuesday, 5 January, as above.
        let seventh = instant("2027-01-06T00:00:00+08:00");
        // The eighth day from 23 December is Tuesday, 5 January, as it was counted when more time was given.
        let eighth = instant("2027-01-06T00:00:00+08:00");
        assert_eq!((before[0].at, before[0].provisional), (eighth, true));
        let after = [due(&runner, 1).await, due(&runner, 2).await];
        assert_eq!((after[0].at, after[0].provisional), (eighth, false));
        assert_eq!((before[1].provisional, after[1].at, after[1].provisional), (true, seventh, false));
        let history = later(&runner, 1).await;
        assert!(matches!(history.last(), Some(Event::DeadlineMoved { why: Moved::Recalculated, .. })), "{history:?}");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_change_of_calendar_that_broke_off_goes_on_where_it_was() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let dying = town.runner().await;
        dying.deploy(&set(PUBLISHED)).await.expect("the set is sound");
        for case in 1..=4 {
            open_at(&town, &dying, case, "2026-12-23T10:00:00+08:00").await;
        }
        dying.deploy(&set(&announced())).await.expect("the set is sound");
        town.clock.advance(SignedDuration::from_secs(5));
        let now = dying.clock().now();
        let until = now + SignedDuration::from_secs(60);
        let mut transaction = dying.database().begin().await.expect("the database answers");
        let change = recalculations::claim(&mut transaction, now, until).await.expect("the database answers");
        let change = change.expect("a change is under way");
        transaction.commit().await.expect("the database answers");
        let key = format!("recalculate/{}/{}", change.id, CaseId(1));
        let first = Submission::new(CaseId(1), Actor::Clock, Ask::Recalculate).with_key(key);
        dying.submit(first).await.expect("the first case follows");
        drop(dying);

        let runner = town.runner().await;
        town.clock.advance(SignedDuration::from_secs(60));
        runner.settle().await.expect("the database answers");

        for case in 1..=4 {
            let history = later(&runner, case).await;
            assert!(
                matches!(&history[..], [Event::DeadlineMoved { why: Moved::Recalculated, .. }]),
                "case {case}: {history:?}"
            );
        }
        let left = recalculations::next_due(runner.database()).await.expect("the database answers");
        assert_eq!(left, None);
        assert_sound(&runner).await;
    })
    .await;
}

/// A folder of definitions, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn with(files: &BTreeMap<String, String>) -> Self {
        let path = crate::cluster::scratch();
        let folder = Self(path);
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("the folder is ours");
        std::fs::write(path, text).expect("the folder is ours");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
