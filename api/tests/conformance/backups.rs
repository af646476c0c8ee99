//! Copies of a database in a file: sound while others write, whole or not at all, and silent once restored.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use duban::runner::{GivenUp, Runner};
use duban::storage::Database;
use duban_engine::ids::{CaseId, Name};

use crate::cluster::{Folder, on_each_database};
use crate::town::{Town, assert_sound, note, open, submit_together, take};

fn duban(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
    command.args(words).stdin(Stdio::null());
    command
}

async fn run(words: &[&str]) -> Output {
    let mut command = duban(words);
    tokio::task::spawn_blocking(move || command.output()).await.expect("it does not panic").expect("it was built")
}

#[track_caller]
fn good(done: &Output) -> String {
    let (said, told) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said} {told}");
    said.into_owned()
}

#[track_caller]
fn refused(done: &Output, code: i32, words: &str) {
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "{said}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the system's temporary folder is UTF-8")
}

async fn backup(address: &str, target: &Path) -> Output {
    run(&["backup", text(target), "--database", address]).await
}

async fn restore(copy: &Path, address: &str, more: &[&str]) -> Output {
    run(&[&["restore", text(copy), "--database", address], more].concat()).await
}

async fn count(address: &str) -> i64 {
    let database = Database::open(address).await.expect("it is a database");
    let rows = database.fetch("SELECT COUNT(*) FROM cases", &[]).await.expect("the database answers");
    database.close().await;
    rows[0].integer(0).expect("it is a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_cases_are_written_is_sound_and_of_one_instant() {
    let folder = Folder::default();
    let town = Town::new(folder.address("original.sqlite")).await;
    let runner = Arc::new(town.runner().await);
    let (is_over, opened) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writing = tokio::spawn({
        let (runner, is_over, opened) = (Arc::clone(&runner), Arc::clone(&is_over), Arc::clone(&opened));
        async move {
            for case in 1.. {
                if is_over.load(Ordering::Acquire) {
                    return;
                }
                let commands = vec![open(case, "路灯"), note(case, "甲"), take(case, "file")];
                for outcome in submit_together(&runner, commands).await {
                    outcome.expect("it is done");
                }
                opened.fetch_add(1, Ordering::AcqRel);
            }
        }
    });
    while opened.load(Ordering::Acquire) < 50 {
        tokio::task::yield_now().await;
    }

    let before = opened.load(Ordering::Acquire);
    let made = backup(&town.address, &folder.path("copy.sqlite")).await;
    let after = opened.load(Ordering::Acquire);
    is_over.store(true, Ordering::Release);
    writing.await.expect("every command is done");

    assert!(good(&made).contains("checked"), "{made:?}");
    assert!(after > before, "nothing was written meanwhile");
    // The last one may have been on its way.
    let copied = u64::try_from(count(&folder.address("copy.sqlite")).await).expect("it is a count");
    assert!((before..=after + 1).contains(&copied), "{before} {copied} {after}");
    good(&run(&["verify", "--database", &folder.address("copy.sqlite")]).await);
}

fn kill(child: &mut Child) -> Option<i32> {
    child.kill().expect("it is our child");
    child.wait().expect("it is our child").signal()
}

#[tokio::test]
async fn one_that_is_killed_leaves_nothing_that_looks_like_a_copy() {
    let folder = Folder::default();
    let town = Town::new(folder.address("original.sqlite")).await;
    let runner = town.runner().await;
    submit_together(&runner, (1..=500).map(|case| open(case, "路灯")).collect()).await;
    let target = folder.path("copy.sqlite");
    let part = folder.path("copy.sqlite.part");

    let mut child = duban(&["backup", text(&target), "--database", &town.address]).spawn().expect("it was built");
    while !part.exists() {
        tokio::task::yield_now().await;
    }
    let second = backup(&town.address, &target).await;
    let signal = kill(&mut child);

    refused(&second, 2, "is being written by somebody else");
    assert_eq!(signal, Some(9), "it had ended before");
    assert!(!target.exists());
    good(&backup(&town.address, &target).await);
    assert!(!part.exists());
    assert_eq!(count(&format!("sqlite:{}", target.display())).await, 500);
    runner.stop().await;
}

#[tokio::test]
async fn a_copy_replaces_nothing_that_it_was_not_told_to() {
    let folder = Folder::default();
    let town = Town::new(folder.address("original.sqlite")).await;
    let target = folder.path("copy.sqlite");
    fs::write(&target, "a letter").expect("the folder is ours");

    let first = backup(&town.address, &target).await;
    let kept = fs::read_to_string(&target).expect("it is there");
    let forced = run(&["backup", text(&target), "--database", &town.address, "--force"]).await;

    refused(&first, 2, "--force replaces it");
    assert_eq!(kept, "a letter");
    good(&forced);
    good(&run(&["verify", "--database", &format!("sqlite:{}", target.display())]).await);
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&target).expect("it is there").permissions().mode() & 0o777, 0o600);
    refused(
        &run(&["backup", text(&target), "--database", "postgres://duban@localhost/duban"]).await,
        2,
        "pg_basebackup",
    );
}

#[tokio::test]
async fn what_is_not_sound_is_neither_kept_nor_restored_unless_somebody_wants_it_so() {
    let folder = Folder::default();
    let town = Town::new(folder.address("original.sqlite")).await;
    let runner = town.runner().await;
    runner.submit(open(1, "路灯")).await.expect("it is done");
    let mut transaction = runner.database().begin().await.expect("the database answers");
    transaction.execute("UPDATE tasks SET title = 'x'", &[]).await.expect("the database answers");
    transaction.commit().await.expect("the database answers");
    let (target, restored) = (folder.path("copy.sqlite"), folder.path("restored.sqlite"));
    let address = folder.address("restored.sqlite");

    let made = backup(&town.address, &target).await;
    let is_kept = target.exists();
    good(&run(&["backup", text(&target), "--database", &town.address, "--no-verify"]).await);
    let first = restore(&target, &address, &[]).await;
    let is_restored = restored.exists();

    refused(&made, 1, "tasks.title");
    refused(&first, 1, "tasks.title");
    assert!(!is_kept && !is_restored);
    good(&restore(&target, &address, &["--no-verify"]).await);
    assert_eq!(count(&address).await, 1);
    let letter = folder.path("letter.txt");
    fs::write(&letter, "a letter, and no database").expect("the folder is ours");
    refused(&restore(&letter, &folder.address("other.sqlite"), &[]).await, 2, "");
    fs::write(&letter, "").expect("the folder is ours");
    refused(&restore(&letter, &folder.address("other.sqlite"), &[]).await, 2, "no such table");
    assert!(!folder.path("other.sqlite").exists());
}

#[tokio::test]
async fn nothing_is_restored_over_a_database_or_under_a_server() {
    let folder = Folder::default();
    let town = Town::new(folder.address("original.sqlite")).await;
    let copy = folder.path("copy.sqlite");
    good(&backup(&town.address, &copy).await);
    let before = fs::read(folder.path("original.sqlite")).expect("it is there");

    let over = restore(&copy, &town.address, &[]).await;
    refused(&over, 2, "there is a database at");
    assert!(fs::read(folder.path("original.sqlite")).expect("it is there") == before);

    // Somebody removed the files of a server that is alive.
    let serving = town.database().await;
    let presence = serving.enter().await.expect("the database answers").stay().await.expect("the database answers");
    serving.close().await;
    fs::remove_file(folder.path("original.sqlite")).expect("it is there");
    let under = restore(&copy, &town.address, &[]).await;
    refused(&under, 2, "a server has");
    presence.leave().await;
    good(&restore(&copy, &town.address, &[]).await);

    let log = folder.path("other.sqlite-wal");
    fs::write(&log, "what another database left").expect("the folder is ours");
    let beside = restore(&copy, &folder.address("other.sqlite"), &[]).await;
    refused(&beside, 2, "other.sqlite-wal lies there");
    assert!(!folder.path("other.sqlite").exists());
}

/// Four cases, each of which asks for something that is not done yet: a webhook, a worker's job, a request of the server
/// itself, another case.
async fn ask_for_everything(runner: &Runner) {
    for (case, action) in [(1, "tell"), (2, "print"), (3, "read"), (4, "ask")] {
        runner.submit(open(case, "路灯")).await.expect("it is done");
        runner.submit(take(case, action)).await.expect("it is done");
    }
}

fn header(request: &duban::runner::Request, name: &str) -> String {
    let found = request.headers.iter().find(|(header, _)| header == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

fn kinds(given_up: &[GivenUp]) -> Vec<(u128, &str)> {
    let mut kinds: Vec<_> = given_up.iter().map(|found| (found.case.0, found.effect.as_str())).collect();
    kinds.sort_unstable();
    kinds
}

#[tokio::test]
async fn a_restored_copy_sends_nothing_again_until_somebody_decides() {
    let folder = Folder::default();
    let town = Town::new(folder.address("original.sqlite")).await;
    let (worker, topic) = (Name::new("printer"), Name::new("print"));
    let original = town.runner().await;
    ask_for_everything(&original).await;
    good(&backup(&town.address, &folder.path("copy.sqlite")).await);
    // After the copy the original does all of it.
    town.post.will_answer(200, "{\"reading\": 7}");
    original.settle().await.expect("the database answers");
    let fetched = original.fetch_jobs(&worker, &topic, 9).await.expect("the database answers");
    assert_eq!((town.post.sent().len(), fetched.len()), (2, 1));
    original.stop().await;

    let address = folder.address("restored.sqlite");
    let said = good(&restore(&folder.path("copy.sqlite"), &address, &[]).await);
    let restored = Town { address, clock: Arc::clone(&town.clock), post: Arc::default() };
    let runner = restored.runner().await;
    restored.advance(2);
    runner.settle().await.expect("the database answers");

    assert!(said.contains("deliveries 2, jobs for workers 1"), "{said}");
    assert_eq!(restored.post.sent().len(), 0);
    assert!(runner.fetch_jobs(&worker, &topic, 9).await.expect("the database answers").is_empty());
    let held = runner.given_up(100).await.expect("the database answers");
    assert_eq!(kinds(&held), [(1, "send_webhook"), (2, "queue_job"), (3, "queue_job")]);
    assert!(held.iter().all(|found| found.reason.contains("restored")), "{held:?}");
    let asking = runner.case(CaseId(2)).await.expect("the database answers").expect("it was restored");
    assert_eq!(kinds(&runner.given_up_of(&asking).await.expect("the database answers")), [(2, "queue_job")]);
    // What stays inside went on: the case that was asked for is there.
    let cases = runner.database().fetch("SELECT COUNT(*) FROM cases", &[]).await.expect("the database answers");
    assert_eq!(cases[0].integer(0).expect("it is a number"), 5);
    assert_sound(&runner).await;

    restored.post.will_answer(200, "{\"reading\": 7}");
    for found in &held {
        assert!(runner.retry(&found.id).await.expect("the database answers"));
    }
    runner.settle().await.expect("the database answers");

    // Under the keys that the receivers know already.
    let keys = |town: &Town| {
        let sent = town.post.sent();
        let mut keys: Vec<_> =
            sent.iter().map(|sent| header(sent, "webhook-id") + &header(sent, "idempotency-key")).collect();
        keys.sort_unstable();
        keys
    };
    assert_eq!(keys(&restored), keys(&town));
    let again = runner.fetch_jobs(&worker, &topic, 9).await.expect("the database answers");
    assert_eq!(again[0].id, fetched[0].id);
    assert_eq!(runner.given_up(100).await.expect("the database answers"), []);
    assert_sound(&runner).await;
}

/// What becomes of one case: a note of some words, told to the city. Answers the key it was told under.
async fn tell_of(town: &Town, words: &str) -> String {
    let runner = town.runner().await;
    for command in [note(1, words), take(1, "tell")] {
        runner.submit(command).await.expect("it is done");
    }
    runner.settle().await.expect("the database answers");
    runner.stop().await;
    header(town.post.sent().last().expect("it was told"), "webhook-id")
}

#[tokio::test]
async fn receivers_know_again_what_they_had_and_take_nothing_new_for_it() {
    let folder = Folder::default();
    let town = Town::new(folder.address("original.sqlite")).await;
    let runner = town.runner().await;
    runner.submit(open(1, "路灯")).await.expect("it is done");
    runner.stop().await;
    good(&backup(&town.address, &folder.path("copy.sqlite")).await);
    let told = tell_of(&town, "灯亮了").await;
    let mut keys = Vec::new();
    for (name, words) in [("same.sqlite", "灯亮了"), ("other.sqlite", "灯灭了")] {
        let address = folder.address(name);
        good(&restore(&folder.path("copy.sqlite"), &address, &[]).await);
        let restored = Town { address, clock: Arc::clone(&town.clock), post: Arc::default() };
        restored.advance(5);

        keys.push(tell_of(&restored, words).await);
    }

    assert_eq!(keys[0], told);
    assert_ne!(keys[1], told);
}

#[tokio::test]
async fn who_knows_that_nothing_was_sent_has_it_sent_at_once() {
    let folder = Folder::default();
    let town = Town::new(folder.address("original.sqlite")).await;
    let original = town.runner().await;
    ask_for_everything(&original).await;
    original.stop().await;
    good(&backup(&town.address, &folder.path("copy.sqlite")).await);

    let address = folder.address("restored.sqlite");
    good(&restore(&folder.path("copy.sqlite"), &address, &["--send-again"]).await);
    let restored = Town { address, clock: Arc::clone(&town.clock), post: Arc::default() };
    let runner = restored.runner().await;
    restored.advance(2);
    runner.settle().await.expect("the database answers");

    assert_eq!(restored.post.sent().len(), 2);
    let fetched = runner.fetch_jobs(&Name::new("printer"), &Name::new("print"), 9).await;
    assert_eq!(fetched.expect("the database answers").len(), 1);
}

#[tokio::test]
async fn a_database_that_was_restored_by_other_means_is_held_before_a_server_starts() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        ask_for_everything(&runner).await;
        runner.stop().await;
        let serving = town.database().await;
        let presence = serving.enter().await.expect("the database answers").stay().await.expect("the database answers");

        let early = run(&["hold", "--database", &town.address]).await;
        presence.leave().await;
        let held = run(&["hold", "--database", &town.address]).await;

        refused(&early, 2, "a server has the database open");
        assert!(good(&held).contains("deliveries 2, jobs for workers 1"), "{held:?}");
        town.advance(2);
        let runner = town.runner().await;
        runner.settle().await.expect("the database answers");
        assert_eq!(town.post.sent().len(), 0);
        let held = runner.given_up(100).await.expect("the database answers");
        assert_eq!(kinds(&held), [(1, "send_webhook"), (2, "queue_job"), (3, "queue_job")]);
        assert_sound(&runner).await;
    })
    .await;
}
