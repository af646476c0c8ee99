//! `cargo suite`: every check and test, with what they need.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use super::cargo;

/// Where Debian keeps PostgreSQL.
const POSTGRES: &str = "/usr/lib/postgresql";

/// The library that puts the clock of a program off, in one of the folders of `/usr/lib`.
const FAKETIME: &str = "faketime/libfaketime.so.1";

/// How the tests went, over all test programs.
#[derive(Default)]
struct Totals {
    programs: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
}

/// Runs everything, also after a failure, and says at the end what failed.
pub fn run(root: &Path) -> ExitCode {
    let begun = Instant::now();
    prepare(root);
    let mut failed: Vec<&str> = Vec::new();
    let mut step = |name: &'static str, passed: bool| {
        if !passed {
            failed.push(name);
        }
    };
    step("format", show(cargo(root).args(["fmt", "--all", "--check"])));
    let lints = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    step("lints", show(cargo(root).args(lints)));
    let mut totals = Totals::default();
    step("tests", totals.count(cargo(root).args(["test", "--workspace", "--no-fail-fast"])));
    let city =
        ["test", "--release", "--package", "duban-city", "--test", "replay", "--test", "kill", "--test", "faults"];
    step("city", totals.count(cargo(root).args(city).arg("--no-fail-fast")));
    // Not by its package: that would build it once more, with fewer features.
    let duban = ["run", "--quiet", "--bin", "duban", "--"];
    step("definitions", show(cargo(root).args(duban).args(["check", "processes"])));
    step("scenarios", show(cargo(root).args(duban).args(["test", "processes"])));
    let Totals { programs, passed, failed: broken, ignored } = totals;
    println!("\ntests: {passed} passed, {broken} failed, {ignored} ignored, in {programs} programs");
    println!("suite: {} s", begun.elapsed().as_secs());
    if failed.is_empty() {
        println!("everything passed");
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// Installs what the tests need and this machine does not have, when that can be done without asking.
fn prepare(root: &Path) {
    for component in ["fmt", "clippy"] {
        if !quiet(cargo(root).args([component, "--version"])) {
            let name = if component == "fmt" { "rustfmt" } else { component };
            show(Command::new("rustup").args(["component", "add", name]));
        }
    }
    let has_postgres = env::var_os("DUBAN_POSTGRES_BIN").is_some()
        || quiet(Command::new("initdb").arg("--version"))
        || std::fs::read_dir(POSTGRES)
            .is_ok_and(|entries| entries.flatten().any(|entry| entry.path().join("bin/initdb").exists()));
    let has_faketime = std::fs::read_dir("/usr/lib")
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.path().join(FAKETIME).exists()));
    let has_curl = quiet(Command::new("curl").arg("--version"));
    let has_pooler = quiet(Command::new("sh").args(["-c", "PATH=$PATH:/usr/sbin command -v pgbouncer"]));
    let wanted =
        [(has_postgres, "postgresql"), (has_pooler, "pgbouncer"), (has_faketime, "libfaketime"), (has_curl, "curl")];
    let missing: Vec<&str> = wanted.iter().filter(|(is_there, _)| !is_there).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return;
    }
    if quiet(Command::new("sh").args(["-c", "test \"$(id -u)\" = 0 && command -v apt-get"])) {
        show(Command::new("apt-get").args(["update", "--quiet", "--quiet"]));
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends", "--quiet", "--quiet"]).args(missing);
        show(install.env("DEBIAN_FRONTEND", "noninteractive"));
    } else {
        let missing = missing.join(" and ");
        eprintln!("! not installed: {missing} (PostgreSQL 15 or later); tests will fail and say what to do");
    }
}

fn quiet(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn announce(command: &Command) {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    println!("\n$ {program} {}", words.join(" "));
}

/// Runs a command for all to see.
fn show(command: &mut Command) -> bool {
    announce(command);
    let begun = Instant::now();
    let passed = command.status().is_ok_and(|status| status.success());
    println!("{} ({:.1} s)", if passed { "ok" } else { "FAILED" }, begun.elapsed().as_secs_f64());
    passed
}

impl Totals {
    /// Runs tests for all to see, and counts them.
    fn count(&mut self, command: &mut Command) -> bool {
        announce(command);
        let begun = Instant::now();
        let Ok(mut running) = command.stdout(Stdio::piped()).spawn() else { return false };
        let output = running.stdout.take().map(BufReader::new);
        for line in output.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
            println!("{line}");
            self.read(&line);
        }
        let passed = running.wait().is_ok_and(|status| status.success());
        println!("{} ({:.1} s)", if passed { "ok" } else { "FAILED" }, begun.elapsed().as_secs_f64());
        passed
    }

    /// Reads a line as `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        self.programs += 1;
        for part in result.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<usize>), words.next()) else { continue };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn results_of_several_programs_are_added() {
        let mut totals = Totals::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.31s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ] {
            totals.read(line);
        }

        assert_eq!((totals.programs, totals.passed, totals.failed, totals.ignored), (2, 14, 3, 1));
    }
}
