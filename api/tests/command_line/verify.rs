//! `duban verify` and `duban backup`, by somebody who may only read.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use super::retain::aged;
use super::{Scratch, text};

/// Somebody without any rights, whom only the system's own user can become.
const NOBODY: u32 = 65534;

/// Runs a copy of the program, which others may run, as somebody who cannot write where they may only read.
fn as_reader(program: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program);
    let is_almighty = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if is_almighty {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.args(words).output().expect("the program was copied")
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("the file is ours");
}

#[test]
fn who_may_only_read_can_verify_and_back_up_and_leaves_nothing_beside_the_database() {
    let scratch = Scratch::new();
    let (house, free, program) = (scratch.0.join("house"), scratch.0.join("free"), scratch.0.join("duban"));
    fs::create_dir(&house).and_then(|()| fs::create_dir(&free)).expect("the folder is ours");
    fs::copy(env!("CARGO_BIN_EXE_duban"), &program).expect("the program was built");
    tokio::runtime::Runtime::new().expect("threads can be started").block_on(aged(&scratch));
    let file = house.join("100%41 年.sqlite");
    fs::rename(scratch.0.join("aged.sqlite"), &file).expect("the folder is ours");
    let database = format!("sqlite:{}", file.display());
    for (path, mode) in [(&scratch.0, 0o755), (&program, 0o755), (&file, 0o444), (&free, 0o777), (&house, 0o555)] {
        allow(path, mode);
    }
    let copy = free.join("copy.sqlite").display().to_string();

    let verified = as_reader(&program, &["verify", "--database", &database]);
    let copied = as_reader(&program, &["backup", &copy, "--database", &database]);
    let retained = as_reader(&program, &["retain", "--closed-before", "2021-01-01", "--database", &database]);
    let names: Vec<_> = fs::read_dir(&house).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
    allow(&house, 0o755);

    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stderr));
    assert_eq!(copied.status.code(), Some(0), "{}", text(&copied.stderr));
    assert_eq!(retained.status.code(), Some(2), "{}", text(&retained.stdout));
    assert_eq!(names, ["100%41 年.sqlite"]);
    fs::write(house.join("100%41 年.sqlite-wal"), "somebody writes").expect("the folder is ours");
    allow(&house, 0o555);
    let doubtful = as_reader(&program, &["verify", "--database", &database]);
    allow(&house, 0o000);
    let locked = as_reader(&program, &["verify", "--database", &database]);
    allow(&house, 0o755);
    assert_eq!(
        doubtful.status.code(),
        Some(2),
        "what stands in the log of somebody else is missed, so that nothing is said"
    );
    assert!(text(&locked.stderr).contains("Permission denied"), "{}", text(&locked.stderr));
}
