//! What the disk does to a server: it is full for a while, somebody else writes, the file is gone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Reply, Server, scratch, shipped};

/// A folder that is removed with the test.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Scratch {
    fn file(&self) -> PathBuf {
        self.0.join("kept/duban.sqlite")
    }

    fn address(&self) -> String {
        format!("sqlite:{}", self.file().display())
    }
}

/// How large files may grow that the server writes: a disk that is as small as we like.
fn limit(server: &Server, bytes: &str) {
    let done = Command::new("prlimit")
        .args([format!("--fsize={bytes}:unlimited"), format!("--pid={}", server.id())])
        .status()
        .expect("`prlimit` is there (Debian: `apt-get install util-linux`)");
    assert!(done.success());
}

fn appeal() -> Value {
    json!({"process": "appeal", "fields": {"content": "长".repeat(18_000), "subject": "路灯", "category": "road"}})
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

#[test]
fn a_full_disk_is_an_answer_to_wait_for_and_over_when_there_is_room() {
    let scratch = Scratch(scratch());
    // The signal that comes with a file that is too large would end the server; a full disk sends none.
    let starter = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];
    let server = Server::start_under(&starter, &scratch.address(), &shipped());
    let token = server.token(&["wei-hongwei"]);
    let open = || server.post(&token, "/api/cases", &appeal());
    assert_eq!(open().status, 201);
    let log = scratch.file().with_file_name("duban.sqlite-wal");
    limit(&server, &(size(&log).max(size(&scratch.file())) + 100_000).to_string());

    let refused = (0..50).map(|_| open()).find(|reply| reply.status != 201).expect("the room ends at last");
    let again: Vec<Reply> = (0..3).map(|_| open()).collect();
    let ready = server.send("GET", "/health/ready", "", b"");

    for reply in again.iter().chain([&refused, &ready]) {
        assert_eq!((reply.status, reply.code()), (503, "unavailable"), "{reply:?}");
        assert!(reply.headers.contains_key("retry-after"), "{reply:?}");
    }
    assert_eq!(server.send("GET", "/health/live", "", b"").status, 200);
    assert_eq!(server.get(&token, "/api/tasks").status, 200);

    limit(&server, "unlimited");

    let ready = server.send("GET", "/health/ready", "", b"");
    assert_eq!(ready.status, 200, "{ready:?} {}", server.log());
    assert_eq!(open().status, 201, "{}", server.log());
}

#[test]
fn a_file_that_is_gone_or_replaced_is_noticed() {
    let scratch = Scratch(scratch());
    let server = Server::start(&scratch.address(), &shipped());
    let token = server.token(&["wei-hongwei"]);
    let open = || server.post(&token, "/api/cases", &appeal());
    assert_eq!(server.send("GET", "/health/ready", "", b"").status, 200);

    fs::rename(scratch.file(), scratch.0.join("moved")).expect("the file is ours");
    let gone = server.send("GET", "/health/ready", "", b"");
    fs::write(scratch.file(), "").expect("the folder is ours");
    let replaced = server.send("GET", "/health/ready", "", b"");
    let lost = open();
    fs::rename(scratch.0.join("moved"), scratch.file()).expect("the file is ours");
    let back = server.send("GET", "/health/ready", "", b"");
    let kept = open();

    assert_eq!((gone.status, replaced.status, back.status), (503, 503, 200));
    assert_eq!((lost.status, lost.code(), kept.status), (503, "unavailable", 201));
}

#[test]
fn only_its_owner_reads_what_is_kept() {
    let scratch = Scratch(scratch());
    let server = Server::start(&scratch.address(), &shipped());
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;

    assert_eq!(server.send("GET", "/health/ready", "", b"").status, 200);
    assert_eq!(mode(scratch.file().parent().expect("it has a folder")), 0o700);
    for name in ["duban.sqlite", "duban.sqlite-wal", "duban.sqlite-shm"] {
        assert_eq!(mode(&scratch.file().with_file_name(name)), 0o600, "{name}");
    }
}
