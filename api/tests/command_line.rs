//! The commands as people call them: what they print, and how they end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

#[path = "command_line/bench.rs"]
mod bench;
#[path = "command_line/import.rs"]
mod import;
#[path = "command_line/retain.rs"]
mod retain;
#[path = "command_line/serve.rs"]
mod serve;
#[cfg(unix)]
#[path = "command_line/verify.rs"]
mod verify;

use self::serve::{copy, deployed};

static NEXT: AtomicU32 = AtomicU32::new(1);

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("duban-line-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("the system has a place for temporary files");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder is ours");
        fs::write(&path, text).expect("the folder is ours");
        path.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn shipped() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../processes").display().to_string()
}

fn duban(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_duban")).args(words).output().expect("the program was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_shipped_definitions_are_sound_and_their_scenarios_pass() {
    let checked = duban(&["check", &shipped()]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));

    let scratch = Scratch::new();
    let report = scratch.0.join("report.xml").display().to_string();
    let played = duban(&["test", &shipped(), "--junit", &report]);
    assert!(played.status.success(), "{}", text(&played.stdout));
    let report = fs::read_to_string(report).expect("a report was written");
    assert!(report.contains("failures=\"0\"") && report.contains("<testcase classname=\"appeal\""), "{report}");
}

#[test]
fn the_schema_that_is_printed_knows_every_key_of_the_shipped_processes() {
    let printed = duban(&["schema"]);
    assert!(printed.status.success(), "{}", text(&printed.stderr));

    let schema: Value = serde_json::from_slice(&printed.stdout).expect("it is JSON");

    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let known = schema["properties"].as_object().expect("a process has keys");
    for process in ["appeal", "special-report"] {
        let written = fs::read_to_string(format!("{}/{process}/{process}.yaml", shipped())).expect("it is shipped");
        let keys = written.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
        let keys: Vec<&str> = keys.filter_map(|line| line.split_once(':').map(|(key, _)| key)).collect();
        assert!(keys.contains(&"steps"), "{keys:?}");
        assert_eq!(keys.iter().find(|key| !known.contains_key(**key)), None, "{process}");
    }
}

#[test]
fn a_mistake_is_shown_with_its_place_for_people_and_for_programs() {
    let scratch = Scratch::new();
    let calendar = fs::read_to_string(format!("{}/calendars/cn.yaml", shipped())).expect("it is shipped");
    scratch.write("calendars/cn.yaml", &calendar);
    scratch.write("organization.yaml", "duties: {}\nunits: {}\npeople: {}\n");
    let process =
        "process: 报修\nsteps:\n  开始: {choose: [{goto: 完成了}]}\n  完成: {close: done}\nstart: {goto: 开始}\n";
    scratch.write("repair/repair.yaml", process);
    let folder = scratch.0.display().to_string();

    let shown = duban(&["check", &folder]);
    assert_eq!(shown.status.code(), Some(1));
    assert!(text(&shown.stdout).contains("repair/repair.yaml:3:"), "{}", text(&shown.stdout));
    assert!(!text(&shown.stdout).contains('\u{1b}'), "no colours when it is not a terminal");

    let told = duban(&["check", &folder, "--format", "json"]);
    assert_eq!(told.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&told.stdout).expect("it is JSON");
    assert_eq!(told["sound"], false);
    let found = told["diagnostics"].as_array().expect("a list");
    let start = found.iter().map(|found| &found["start"]).find(|start| start["line"] == 3).expect("line 3 is wrong");
    // `  开始: {choose: [{goto: ` is 23 characters; each Chinese one is 3 bytes and 1 UTF-16 unit.
    assert_eq!((&start["utf16"], &start["column"]), (&Value::from(23), &Value::from(24)), "{found:?}");
}

#[test]
fn a_template_that_a_server_would_refuse_is_shown_with_its_place() {
    let scratch = Scratch::new();
    for name in ["organization.yaml", "calendars/cn.yaml", "ledger.yaml"] {
        scratch.write(name, &fs::read_to_string(format!("{}/{name}", shipped())).expect("it is shipped"));
    }
    scratch.write("templates/loop.hbs", "subject: 一\n市民{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}\n");
    scratch.write("templates/open.hbs", "{{#if due}}\nnever closed\n");

    let shown = duban(&["check", &scratch.0.display().to_string()]);

    assert_eq!(shown.status.code(), Some(1));
    for place in ["templates/loop.hbs:2:3", "templates/open.hbs:1:1", "2 errors"] {
        assert!(text(&shown.stdout).contains(place), "{place}: {}", text(&shown.stdout));
    }
}

#[test]
fn what_a_template_names_has_to_be_there() {
    let scratch = Scratch::new();
    for name in ["organization.yaml", "calendars/cn.yaml", "ledger.yaml"] {
        scratch.write(name, &fs::read_to_string(format!("{}/{name}", shipped())).expect("it is shipped"));
    }
    let process = "process: lamp\nfields: {place: {text: line}, spots: {list: text}}\nstart: {by: {unit: hotline-office, duty: operator}, form: [place], goto: all}\nsteps:\n  all: {each: {spot: =spots}, by: {unit: hotline-office, duty: operator}, fields: {note: {text: line}}, actions: {ok: {goto: end}}, goto: done}\n  done: {close: done}\n";
    scratch.write("lamp/lamp.yaml", process);
    scratch.write("other/other.yaml", &process.replace("lamp", "other").replace("place", "only_here"));
    let own = "{{place}} {{note}} {{spot}} {{case.number}} {{due}}\n{{#if (eq plcae \"a\")}}{{case.numbr}}{{/if}}\n{{step.titel}} {{only_here}}{{#each spots}}{{anything}}{{/each}}\n";
    scratch.write("lamp/templates/own.hbs", own);
    scratch.write("templates/all.hbs", "{{place}} {{only_here}} {{nowhere}}\n");

    let shown = duban(&["check", &scratch.0.display().to_string()]);

    assert_eq!(shown.status.code(), Some(1));
    let told = text(&shown.stdout);
    for said in [
        "there is no field `plcae`: did you mean `place`?\n --> lamp/templates/own.hbs:2:1",
        "`case` has no `numbr`: did you mean `number`?\n --> lamp/templates/own.hbs:2:23",
        "`step` has no `titel`: did you mean `title`?\n --> lamp/templates/own.hbs:3:1",
        "there is no field `only_here`\n --> lamp/templates/own.hbs:3:16",
        "there is no field `nowhere`\n --> templates/all.hbs:1:25",
        "5 errors",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_shown_and_not_opened() {
    use std::os::unix::fs::symlink;

    let scratch = Scratch::new();
    scratch.write("appeal/appeal.yaml", "process: 一\nsteps: {}\n");
    symlink("/dev/zero", scratch.0.join("endless.yaml")).expect("the folder is ours");
    symlink("/there/is/nothing", scratch.0.join("appeal/dangling.yaml")).expect("the folder is ours");
    symlink("..", scratch.0.join("appeal/one")).expect("the folder is ours");
    let pipe = Command::new("mkfifo").arg(scratch.0.join("pipe.hbs")).status().expect("`mkfifo` is there");
    assert!(pipe.success());
    let folder = scratch.0.display().to_string();

    let shown = duban(&["check", &folder]);
    assert_eq!(shown.status.code(), Some(1));
    for path in ["endless.yaml:1:1", "appeal/dangling.yaml:1:1", "pipe.hbs:1:1", "this link leads to nothing"] {
        assert!(text(&shown.stdout).contains(path), "{path}: {}", text(&shown.stdout));
    }
}

#[test]
fn a_folder_that_is_not_there_is_another_status_than_one_that_is_wrong() {
    let missing = duban(&["check", "/there/is/no/such/folder"]);

    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("there is no such folder"));
}

#[test]
fn a_filter_that_fits_nothing_is_not_a_success() {
    let played = duban(&["test", &shipped(), "--filter", "there is no such scenario"]);

    assert_eq!(played.status.code(), Some(1));
    assert_eq!(text(&played.stdout), "no scenario fits the filter\n");
}

#[test]
fn a_misspelt_name_in_a_scenario_is_shown_by_check_and_test_alike() {
    let scratch = Scratch::new();
    copy(Path::new(&shipped()), &scratch.0);
    let scenario = "scenario: 拼写\nat: 2026-11-09 09:00\nstart: {subject: 一, category: watr, summary: 一, significance: hot}\nthen:
  - expect: {not_in: [drft]}
  - {as: director, do: aprove, rejected: no_such_action}
";
    scratch.write("special-report/scenarios/slip.yaml", scenario);
    let folder = scratch.0.display().to_string();

    let (checked, played) = (duban(&["check", &folder]), duban(&["test", &folder]));

    let shown = text(&checked.stdout);
    let place = "special-report/scenarios/slip.yaml";
    for said in [
        &format!("{place}:3:31"),
        "did you mean `water`?",
        &format!("{place}:5:23"),
        "did you mean `draft`?",
        &format!("{place}:6:24"),
        "did you mean `approve`?",
        "3 errors",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    assert_eq!((checked.status.code(), played.status.code()), (Some(1), Some(1)));
    assert_eq!(text(&played.stdout), shown);
}

#[test]
fn a_process_is_drawn_from_its_folder_or_its_file() {
    let file = format!("{}/special-report/special-report.yaml", shipped());
    let from_file = duban(&["draw", &file]);
    let from_folder = duban(&["draw", &shipped(), "--process", "special-report"]);

    assert!(from_file.status.success(), "{}", text(&from_file.stderr));
    assert!(text(&from_file.stdout).starts_with("<svg"), "{}", text(&from_file.stdout));
    assert_eq!(from_file.stdout, from_folder.stdout);
    let bpmn = duban(&["draw", &file, "--format", "bpmn"]);
    assert!(text(&bpmn.stdout).contains("http://www.omg.org/spec/BPMN/20100524/MODEL"));
    assert!(text(&bpmn.stdout).contains("<bpmn:process id=\"Process.special-report\""), "{}", text(&bpmn.stdout));
    let several = duban(&["draw", &shipped()]);
    assert_eq!(several.status.code(), Some(2));
    assert!(text(&several.stderr).contains("appeal, special-report"), "{}", text(&several.stderr));
    let calendar = format!("{}/calendars/cn.yaml", shipped());
    let none = duban(&["draw", &calendar]);
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none.stderr).contains(&format!("{calendar}: there is no process in it")), "{}", text(&none.stderr));
}

#[test]
fn the_example_of_the_readme_is_sound() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).expect("there is a readme");
    let example = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let scratch = Scratch::new();
    for name in ["organization.yaml", "calendars/cn.yaml", "ledger.yaml"] {
        scratch.write(name, &fs::read_to_string(format!("{}/{name}", shipped())).expect("it is shipped"));
    }
    scratch.write("pothole/pothole.yaml", example.expect("it has an example"));
    // The table below the example, as a scenario.
    let scenario = "scenario: the table of the readme\nat: 2026-09-30 10:00\nstart: {place: a street}\nthen:
  - expect: {in: repair, due: 2026-10-10 24:00, light: green}
  - {until: 2026-10-11 00:00}
  - expect: {in: repair, light: red, marks: [late]}
  - {until: 2026-10-12 09:00}
  - {as: crew, do: repaired, with: {note: filled}}
  - {as: operator, do: again, with: {note: the edge still crumbles}}
  - expect: {in: repair, due: 2026-10-15 24:00, light: green}
  - {until: 2026-10-13 10:00}
  - {as: crew, do: repaired, with: {note: filled again}}
  - {as: operator, do: accept}
  - expect: {outcome: repaired}
";
    scratch.write("pothole/scenarios/table.yaml", scenario);

    let played = duban(&["test", &scratch.0.display().to_string()]);

    assert!(played.status.success(), "{}", text(&played.stdout));
    assert!(text(&played.stdout).contains("1 scenario passed"), "{}", text(&played.stdout));
}

#[test]
fn a_database_that_is_not_there_is_not_made_by_what_only_uses_it() {
    let scratch = Scratch::new();
    let path = scratch.0.join("none/duban.sqlite");
    let database = format!("sqlite:{}", path.display());
    let file = scratch.write("some.csv", "content\n一\n");
    let [copy, key, anchor] = ["copy.sqlite", "anchor.key", "anchor.txt"].map(|name| scratch.0.join(name));
    let [copy, key, anchor] = [&copy, &key, &anchor].map(|path| path.to_str().expect("it is UTF-8"));

    for words in [
        &["verify"][..],
        &["retain", "--closed-before", "2020-01-01"],
        &["retain", "--closed-before", "2020-01-01", "--dry-run"],
        &["backup", copy],
        &["hold"],
        &["anchor", "--key", key, "--out", anchor],
        &["token", "wei-hongwei"],
        &["token", "--program", "city"],
        &["import", &file, "--process", "appeal", "--as", "wei-hongwei"],
    ] {
        let refused = duban(&[words, &["--database", &database]].concat());
        assert_eq!(refused.status.code(), Some(2), "{words:?}");
        assert!(text(&refused.stderr).contains("there is no database at"), "{}", text(&refused.stderr));
    }
    assert!(!path.parent().expect("it has one").exists());
    assert!([copy, key, anchor].iter().all(|path| !Path::new(path).exists()));
}

#[test]
fn what_verifies_writes_nothing() {
    let scratch = Scratch::new();
    let database = deployed(&scratch);
    let path = database.strip_prefix("sqlite:").expect("it is a file");
    let before = fs::read(path).expect("it is there");

    let verified = duban(&["verify", "--database", &database]);

    assert!(verified.status.success(), "{} {}", text(&verified.stdout), text(&verified.stderr));
    assert!(fs::read(path).expect("it is there") == before);
    let old = scratch.write("old.sqlite", "");
    let refused = duban(&["verify", "--database", &format!("sqlite:{old}")]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stdout));
    assert_eq!(fs::metadata(&old).expect("it is there").len(), 0);
}

#[test]
fn the_password_in_an_address_is_never_shown() {
    for address in [
        "postgress://duban:hunter2@localhost/duban",
        "duban:hunter2@localhost",
        "hunter2",
        "postgres://duban:hunter2@localhost:port/duban",
        "postgres://duban:hunt%er2@local host/duban",
    ] {
        let refused = duban(&["verify", "--database", address]);
        assert_eq!(refused.status.code(), Some(2), "{address}");
        let shown = text(&refused.stderr) + &text(&refused.stdout);
        assert!(!shown.contains("hunt") && !shown.contains("duban:"), "{shown}");
    }
}

#[test]
fn a_server_that_is_not_there_is_named_as_the_cause_at_once() {
    let began = std::time::Instant::now();

    // Nobody listens on the port of the service that is called `tcpmux`.
    let shown = duban(&["verify", "--database", "postgres://nobody@127.0.0.1:1/none"]);

    assert_eq!(shown.status.code(), Some(2));
    assert!(text(&shown.stderr).contains("Connection refused"), "{}", text(&shown.stderr));
    assert!(began.elapsed() < std::time::Duration::from_secs(20));
}

#[test]
fn a_file_without_tables_is_told_from_a_broken_one() {
    let scratch = Scratch::new();
    scratch.write("empty.sqlite", "");

    let shown = duban(&["verify", "--database", &format!("sqlite:{}", scratch.0.join("empty.sqlite").display())]);

    assert_eq!(shown.status.code(), Some(2));
    assert!(
        text(&shown.stderr).contains("the database has no tables: start the server once"),
        "{}",
        text(&shown.stderr)
    );
}
