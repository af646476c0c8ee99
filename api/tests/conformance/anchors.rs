//! Anchors find what `verify` alone cannot: histories that were removed, cut off or written anew with all that was made
//! from them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use duban::anchor::{self, Key, PublicKey};
use duban::runner::Runner;
use duban::storage::{Database, Table, transitions};
use duban_engine::ids::CaseId;
use jiff::SignedDuration;

use crate::cluster::{Folder, on_each_database};
use crate::town::{Town, note, open, take};

/// How long a test waits at most for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// The key in a folder, made when it is missing.
fn key(folder: &Folder) -> Key {
    Key::open_or_make(&folder.path("anchor.key")).expect("the folder is ours")
}

/// The public key beside it.
fn public(folder: &Folder) -> PublicKey {
    PublicKey::read(&folder.path("anchor.key.pub")).expect("it was made with the key")
}

fn run(program: &str, words: &[&str]) -> Output {
    let done = Command::new(program).args(words).output();
    done.expect("the program was built, and `openssl` is there (Debian: `apt-get install openssl`)")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A town with three cases, and an anchor of them; then two go on and a fourth is opened.
async fn anchored(address: String, folder: &Folder) -> (Town, PathBuf) {
    let town = Town::new(address).await;
    let runner = town.runner().await;
    for case in 1..=3 {
        for command in [open(case, "路灯"), note(case, "甲"), note(case, "乙")] {
            runner.submit(command).await.expect("it is done");
        }
    }
    let path = folder.0.join("then.txt");
    anchor::write(runner.database(), runner.clock(), &key(folder), &path).await.expect("an anchor is written");
    for command in [note(1, "丙"), take(2, "finish"), open(4, "井盖")] {
        runner.submit(command).await.expect("it is done");
    }
    runner.stop().await;
    (town, path)
}

/// Each finding of an anchor as its case and what is wrong.
async fn findings(runner: &Runner, path: &Path, folder: &Folder) -> Vec<(String, String)> {
    let checked = anchor::check(runner.database(), path, &public(folder)).await.expect("the anchor can be read");
    assert_eq!(checked.statement.cases, 3);
    checked.findings.into_iter().map(|finding| (finding.case, finding.what)).collect()
}

fn of(case: u128, what: &str) -> Vec<(String, String)> {
    vec![(CaseId(case).to_string(), what.to_owned())]
}

async fn execute(database: &Database, statements: &[String]) {
    let mut transaction = database.begin().await.expect("the database answers");
    for statement in statements {
        transaction.execute(statement, &[]).await.expect("the database answers");
    }
    transaction.commit().await.expect("the database answers");
}

/// Removes every row of a case in every table that has cases.
async fn remove(database: &Database, case: u128) {
    let has_cases = |table: &&&Table| table.columns.iter().any(|column| column.name == "case_id");
    let tables = duban::storage::TABLES.iter().filter(has_cases);
    let case = CaseId(case);
    let statements = tables.map(|table| format!("DELETE FROM {} WHERE case_id = '{case}'", table.name));
    execute(database, &statements.collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn histories_that_go_on_are_contained_and_said_so() {
    on_each_database(async |address| {
        let folder = Folder::default();
        let (town, path) = anchored(address, &folder).await;
        let runner = town.runner().await;

        assert_eq!(findings(&runner, &path, &folder).await, []);

        let path = path.to_str().expect("it is UTF-8");
        let public = folder.text("anchor.key.pub");
        let words = ["verify", "--database", &town.address, "--anchor", path, "--public-key", &public];
        let verified = run(env!("CARGO_BIN_EXE_duban"), &words);
        assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
        assert!(said(&verified).contains("the histories of 3 cases go on from the anchor of"), "{}", said(&verified));
    })
    .await;
}

#[tokio::test]
async fn a_case_that_was_removed_with_all_its_rows_is_found() {
    on_each_database(async |address| {
        let folder = Folder::default();
        let (town, path) = anchored(address, &folder).await;
        let runner = town.runner().await;
        remove(runner.database(), 3).await;
        // The numbers of cases are counted, so that who removes one counts again.
        execute(runner.database(), &["UPDATE serials SET next = next - 1".to_owned()]).await;
        assert_eq!(runner.verify().await.expect("the database answers"), [], "verify alone does not see it");

        let found = findings(&runner, &path, &folder).await;

        assert_eq!(found, of(3, "the anchor has 3 transitions of this case, and it is gone"));
        let (path, public) = (path.to_str().expect("it is UTF-8"), folder.text("anchor.key.pub"));
        let words = ["verify", "--database", &town.address, "--anchor", path, "--public-key", &public];
        let verified = run(env!("CARGO_BIN_EXE_duban"), &words);
        assert_eq!(verified.status.code(), Some(1), "{}", said(&verified));
        assert!(said(&verified).contains("and it is gone"), "{}", said(&verified));
    })
    .await;
}

#[tokio::test]
async fn a_history_that_was_cut_off_is_found() {
    on_each_database(async |address| {
        let folder = Folder::default();
        let (town, path) = anchored(address, &folder).await;
        let runner = town.runner().await;
        // Of the case that went on first what came since, and then what the anchor has.
        let cut = |case: u128, after: u32| {
            vec![format!("DELETE FROM transitions WHERE case_id = '{}' AND sequence > {after}", CaseId(case))]
        };
        execute(runner.database(), &cut(1, 3)).await;
        assert_eq!(findings(&runner, &path, &folder).await, []);
        execute(runner.database(), &cut(1, 2)).await;

        let found = findings(&runner, &path, &folder).await;

        assert_eq!(found, of(1, "the anchor has 3 transitions of this case, and 2 are left"));
    })
    .await;
}

#[tokio::test]
async fn a_history_that_was_written_anew_with_right_hashes_and_lists_is_found() {
    on_each_database(async |address| {
        let folder = Folder::default();
        let (town, path) = anchored(address, &folder).await;
        let runner = town.runner().await;
        let history = transitions::histories(runner.database(), [CaseId(3)]).await.expect("the database answers");
        let (mut previous, mut statements) = (String::new(), Vec::new());
        for mut row in history[&CaseId(3)].clone() {
            row.events = row.events.replace('甲', "丁");
            row.hash = row.hash_after(&previous);
            previous.clone_from(&row.hash);
            let (case, sequence, events, hash) = (row.case, row.sequence, row.events, row.hash);
            statements.push(format!(
                "UPDATE transitions SET events = '{events}', hash = '{hash}' WHERE case_id = '{case}' AND sequence = {sequence}"
            ));
        }
        statements.push(format!("UPDATE cases SET hash = '{previous}' WHERE case_id = '{}'", CaseId(3)));
        execute(runner.database(), &statements).await;
        assert_eq!(runner.verify().await.expect("the database answers"), [], "verify alone does not see it");

        let found = findings(&runner, &path, &folder).await;

        assert_eq!(found, of(3, "the history up to transition 3 is not the one of the anchor"));
    })
    .await;
}

#[tokio::test]
async fn an_anchor_that_was_changed_or_signed_by_somebody_else_is_no_witness() {
    let folder = Folder::default();
    let (town, path) = anchored(folder.address("duban.sqlite"), &folder).await;
    let runner = town.runner().await;
    let text = fs::read_to_string(&path).expect("it was written");
    let what = |found: Vec<(String, String)>| found.into_iter().map(|(_, what)| what).collect::<Vec<_>>().join("\n");

    // Who removed a case takes it out of the anchor too.
    let (_, without) = text.split_once('\n').expect("it has lines");
    fs::write(&path, without).expect("it is ours");
    assert!(what(findings(&runner, &path, &folder).await).contains("not those that were signed"));
    fs::write(&path, text.replace("cases 3", "cases 03")).expect("it is ours");
    assert_eq!(findings(&runner, &path, &folder).await, [], "what is signed is what it says");
    fs::write(&path, text.replace("\nat 2026-03-02", "\nat 2026-03-01")).expect("it is ours");
    assert!(what(findings(&runner, &path, &folder).await).contains("not signed with this key, or was changed"));

    let other = Folder::default();
    let forged = other.0.join("then.txt");
    anchor::write(runner.database(), runner.clock(), &key(&other), &forged).await.expect("an anchor is written");
    let found = anchor::check(runner.database(), &forged, &public(&folder)).await.expect("it can be read").findings;
    assert!(found[0].what.contains("not signed with this key"), "{found:?}");
    for broken in ["", "a letter", &text.replace("duban anchor 1", "duban anchor 2"), &text[..text.len() / 2]] {
        fs::write(&path, broken).expect("it is ours");
        assert!(anchor::check(runner.database(), &path, &public(&folder)).await.is_err(), "{broken}");
    }
}

#[tokio::test]
async fn anyone_can_check_an_anchor_with_other_programs() {
    let folder = Folder::default();
    let (town, path) = anchored(folder.address("duban.sqlite"), &folder).await;
    let text = fs::read_to_string(&path).expect("it was written");
    let at = text.find("duban anchor").expect("it has a statement");
    let (heads, signed) = text.split_at(at);
    let (statement, signature) = signed.split_once("signature ").expect("it is signed");
    fs::write(folder.text("statement"), statement).expect("the folder is ours");
    fs::write(folder.text("heads"), heads).expect("the folder is ours");
    fs::write(folder.text("signature.base64"), signature).expect("the folder is ours");
    let (encoded, plain) = (folder.text("signature.base64"), folder.text("signature"));
    assert!(run("openssl", &["base64", "-d", "-A", "-in", &encoded, "-out", &plain]).status.success());

    let (public, signed) = (folder.text("anchor.key.pub"), folder.text("statement"));
    let words = ["pkeyutl", "-verify", "-pubin", "-inkey", &public, "-rawin", "-in", &signed, "-sigfile", &plain];
    let checked = run("openssl", &words);
    let digest = run("openssl", &["dgst", "-sha256", "-r", &folder.text("heads")]);
    let derived = run("openssl", &["pkey", "-in", &folder.text("anchor.key"), "-pubout"]);

    assert!(checked.status.success(), "{}", said(&checked));
    let digest = said(&digest);
    let digest = digest.split(' ').next().expect("a split has a first part");
    assert!(statement.contains(&format!("\nheads {digest}\n")), "{statement} {digest}");
    assert_eq!(said(&derived), fs::read_to_string(&public).expect("it was made"));
    let database = town.database().await;
    let rows = database.fetch("SELECT hash FROM transitions WHERE sequence = 3", &[]).await.expect("it answers");
    assert!(rows.iter().all(|row| heads.contains(&row.text(0).expect("it is text"))), "{heads}");
    assert_eq!(heads.lines().count(), 3);
}

#[tokio::test]
async fn only_its_owner_reads_the_key_and_the_same_one_is_used_again() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::default();
    let town = Town::new(folder.address("duban.sqlite")).await;
    let (key, out) = (folder.text("keys/anchor.key"), folder.text("one.txt"));
    let words = ["anchor", "--database", &town.address, "--key", &key, "--out"];

    let first = run(env!("CARGO_BIN_EXE_duban"), &[&words[..], &[&out]].concat());
    let made = fs::read(&key).expect("it was made");
    let second = run(env!("CARGO_BIN_EXE_duban"), &[&words[..], &[&folder.text("two.txt")]].concat());
    let third = run(env!("CARGO_BIN_EXE_duban"), &[&words[..], &[&out]].concat());

    assert!(first.status.success() && second.status.success(), "{} {}", said(&first), said(&second));
    assert_eq!(fs::metadata(&key).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert!(fs::read(&key).expect("it is there") == made);
    assert_eq!(third.status.code(), Some(2), "{}", said(&third));
    fs::write(&key, "a letter").expect("it is ours");
    let fourth = run(env!("CARGO_BIN_EXE_duban"), &[&words[..], &[&folder.text("four.txt")]].concat());
    assert!(said(&fourth).contains("this is not an Ed25519 key"), "{}", said(&fourth));
}

#[tokio::test]
async fn the_one_before_is_checked_when_the_next_is_written() {
    on_each_database(async |address| {
        let folder = Folder::default();
        let (town, path) = anchored(address, &folder).await;
        let runner = town.runner().await;
        let name = |minute: i64| anchor::file_of(&folder.0, runner.clock().now() + SignedDuration::from_mins(minute));
        fs::rename(&path, name(0)).expect("the folder is ours");
        let write = async |minute: i64| {
            let written = anchor::write(runner.database(), runner.clock(), &key(&folder), &name(minute)).await;
            let written = written.expect("an anchor is written");
            let what = written.findings.into_iter().map(|finding| finding.what).collect::<Vec<_>>().join("\n");
            (written.statement, what)
        };

        assert_eq!(write(1).await.1, "");
        remove(runner.database(), 3).await;
        let (found, what) = write(2).await;
        assert_eq!(what, "the anchor has 3 transitions of this case, and it is gone");
        assert!(found.previous.is_some());
        assert_eq!(write(3).await.1, "");
        for (minute, wrong) in [(4, &b"half of"[..]), (5, b"\xff\xfe")] {
            fs::write(name(minute - 1), wrong).expect("the folder is ours");
            let (after, what) = write(minute).await;
            assert!(what.contains("this is not an anchor"), "{what}");
            assert_eq!(after.previous, None);
        }
        fs::create_dir(name(6)).expect("the folder is ours");
        assert!(write(7).await.1.contains(&name(6).display().to_string()), "it is named, and the next one is written");
    })
    .await;
}

/// The anchors in a folder, oldest first, with what they say.
fn anchors(folder: &Path) -> Vec<(PathBuf, String)> {
    let found = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect::<Vec<_>>());
    let mut found = found.unwrap_or_default();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    found.sort();
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).expect("it was written whole"));
    found.into_iter().map(read).collect()
}

#[tokio::test]
async fn a_server_writes_one_a_day_and_each_names_the_one_before() {
    on_each_database(async |address| {
        let folder = Folder::default();
        let town = Town::new(address).await;
        let database = town.database().await;
        let (clock, key, place) = (Arc::clone(&town.clock), key(&folder), folder.0.join("anchors"));
        // Something lies where the folder is to be, so that the first cannot be written.
        fs::write(&place, "").expect("the folder is ours");
        let writing = tokio::spawn({
            let (database, place, clock) = (database.clone(), place.clone(), Arc::clone(&clock));
            async move { anchor::run(&database, &*clock, &key, &place).await }
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        fs::remove_file(&place).expect("it is ours");
        let wait_for = async |count: usize, minutes: i64| {
            let waiting = async {
                while anchors(&place).len() < count {
                    clock.advance(SignedDuration::from_mins(minutes));
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(PATIENCE, waiting).await.expect("it comes");
        };

        wait_for(1, 10).await;
        wait_for(3, 60).await;
        writing.abort();
        // It ends because it was told to.
        let _ = writing.await;

        let found = anchors(&place);
        let line = |text: &str, name: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
            found.expect("every statement has every line")
        };
        let digest_of = |path: &Path| {
            let statement = r#"sed -n '/^duban anchor/,/^key/p' "$1" | sha256sum"#;
            let out = said(&run("sh", &["-c", statement, "sh", path.to_str().expect("it is UTF-8")]));
            out.split(' ').next().expect("a split has a first part").to_owned()
        };
        let newest = anchor::newest(&place).expect("it can be read").expect("there are some");
        let names = found.iter().filter_map(|(path, _)| path.file_stem()?.to_str()?.strip_prefix("anchor-"));
        let times: Vec<jiff::Timestamp> = names.filter_map(|name| name.parse().ok()).collect();
        assert_eq!((times.len(), times.last()), (found.len(), Some(&newest.1)));
        assert!(times.windows(2).all(|pair| pair[1] >= pair[0] + SignedDuration::from_hours(24)), "{times:?}");
        assert_eq!(line(&found[0].1, "previous "), "none");
        for pair in found.windows(2) {
            assert_eq!(line(&pair[1].1, "previous "), digest_of(&pair[0].0));
        }
    })
    .await;
}

/// A server, killed when it is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_server_that_is_told_where_begins_with_one_at_once() {
    let folder = Folder::default();
    let town = Town::new(folder.address("duban.sqlite")).await;
    let (place, key) = (folder.text("anchors"), folder.text("anchor.key"));
    let mut serving = Command::new(env!("CARGO_BIN_EXE_duban"));
    serving.args(["serve", "--listen", "127.0.0.1:0", "--database", &town.address, "--anchors", &place]);
    serving.args(["--anchor-key", &key]).current_dir(&folder.0).stdout(Stdio::null()).stderr(Stdio::null());
    let _serving = Serving(serving.spawn().expect("it was built"));

    let coming = async {
        while anchors(Path::new(&place)).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, coming).await.expect("it comes");

    let (newest, _) = anchor::newest(Path::new(&place)).expect("it can be read").expect("it came");
    let database = town.database().await;
    let checked = anchor::check(&database, &newest, &public(&folder)).await.expect("it can be read");
    assert_eq!(checked.findings, []);
}
