//! `duban serve`: how it starts, and what its log says.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Scratch, duban, shipped, text};

/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server on a free port, ready, with its log in a file.
struct Served {
    child: Child,
    log: PathBuf,
}

impl Served {
    fn start(scratch: &Scratch, processes: &str) -> (Self, String) {
        let database = format!("sqlite:{}/duban.sqlite", scratch.0.display());
        let log = scratch.0.join("log.txt");
        let written = fs::File::create(&log).expect("the folder is ours");
        let mut child = Command::new(env!("CARGO_BIN_EXE_duban"))
            .args(["serve", "--processes", processes, "--database", &database, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(written)
            .spawn()
            .expect("the program was built");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let ready = lines.any(|line| line.expect("its output is text").starts_with("Duban is ready"));
        assert!(ready, "{}", fs::read_to_string(&log).expect("it is there"));
        (Self { child, log }, database)
    }

    fn wait_for(&self, said: &str) -> String {
        let begun = Instant::now();
        loop {
            let log = fs::read_to_string(&self.log).expect("it is there");
            if log.contains(said) {
                return log;
            }
            assert!(begun.elapsed() < PATIENCE, "{said}: {log}");
            std::thread::yield_now();
        }
    }

    fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.expect("`kill` is there").success());
        assert!(self.child.wait().expect("it is our child").success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A database in which the shipped definitions are deployed, by a server that was stopped.
pub fn deployed(scratch: &Scratch) -> String {
    let (served, database) = Served::start(scratch, &shipped());
    served.stop();
    database
}

#[test]
fn a_server_without_a_port_leaves_the_database_alone() {
    let scratch = Scratch::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let file = scratch.0.join("duban.sqlite");
    let database = format!("sqlite:{}", file.display());

    let served = duban(&["serve", "--processes", &shipped(), "--database", &database, "--listen", &address]);

    let said = text(&served.stderr);
    assert_eq!(served.status.code(), Some(2));
    assert!(said.contains("cannot listen") && said.contains("--listen"), "{said}");
    assert!(!said.contains("live") && !file.exists(), "{said}");
}

#[test]
fn a_server_without_definitions_leaves_no_database_behind() {
    let scratch = Scratch::new();
    let file = scratch.0.join("duban.sqlite");
    let database = format!("sqlite:{}", file.display());

    let serve = ["serve", "--database", &database, "--listen", "127.0.0.1:0"];
    let served = Command::new(env!("CARGO_BIN_EXE_duban")).args(serve).current_dir(&scratch.0).output();

    let said = text(&served.expect("the program runs").stderr);
    assert!(said.contains("there are no definitions") && !file.exists(), "{said}");
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is ours");
    for entry in fs::read_dir(from).expect("the definitions are there") {
        let entry = entry.expect("the definitions can be listed");
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => _ = fs::copy(entry.path(), to.join(entry.file_name())).expect("a file can be copied"),
        }
    }
}

#[test]
fn a_folder_that_is_as_it_was_before_a_mistake_is_told_to_be_sound_again() {
    let scratch = Scratch::new();
    let set = scratch.0.join("set");
    copy(Path::new(&shipped()), &set);
    let (served, _) = Served::start(&scratch, &set.display().to_string());

    scratch.write("set/note.yaml", "calendar: [");
    let wrong = served.wait_for("so the definitions do not go live");
    assert!(wrong.contains("1 finding,") && !wrong.contains("sound again"), "{wrong}");
    fs::remove_file(set.join("note.yaml")).expect("it was written above");
    let log = served.wait_for("the definitions are sound again, and the same that are live");

    let line = log.lines().find(|line| line.contains("sound again")).expect("it was waited for");
    assert!(line.contains("appeal ") && line.contains("special-report "), "{line}");
    assert_eq!(log.matches("sound again").count(), 1, "{log}");
    served.stop();
}
