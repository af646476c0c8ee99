//! Definitions that change while the server runs, and forms as clients see them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Server, scratch, shipped};
use crate::journey::open;

/// How long a change may take to go live on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the definitions are there") {
        let entry = entry.expect("the definitions can be listed");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

fn version(server: &Server, token: &str) -> Value {
    server.get(token, "/api/processes/appeal").good()["version"].clone()
}

#[test]
fn a_change_goes_live_for_new_cases_and_a_mistake_does_not() {
    let folder = scratch();
    copy(&shipped(), &folder.join("set"));
    let database = format!("sqlite:{}/duban.sqlite", folder.display());
    let server = Server::start(&database, &folder.join("set"));
    let token = server.token(&["wei-hongwei"]);
    let file = folder.join("set/appeal/appeal.yaml");
    let text = fs::read_to_string(&file).expect("the process is there");
    let (first, old) = (version(&server, &token), open(&server, &token));

    let retitled = text.replace("title: 当即答复, when", "title: 立即答复, when");
    assert_ne!(retitled, text);
    fs::write(folder.join("set/note.yaml"), "calendar: [").expect("the folder is ours");
    fs::write(&file, &retitled).expect("the folder is ours");
    wait(|| server.log().contains("do not go live"));
    let broken = version(&server, &token);
    fs::remove_file(folder.join("set/note.yaml")).expect("it was written above");
    wait(|| version(&server, &token) != first);

    assert_eq!(broken, first);
    let title = |case: &str| server.get(&token, case).good()["actions"][0]["title"].clone();
    assert_eq!(title(&old), "当即答复", "an open case keeps its version");
    assert_eq!(title(&open(&server, &token)), "立即答复");
    drop(server);
    fs::write(&file, "process: [").expect("the folder is ours");
    let server = Server::start(&database, &folder.join("set"));
    assert_eq!(title_of(&server, &token, &old), "当即答复", "also after a restart, with a broken folder");
    drop(server);
    fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// A server over a folder of its own, which it shares with the test.
struct Town {
    server: Server,
    folder: PathBuf,
}

impl Town {
    fn new() -> Self {
        let folder = scratch();
        copy(&shipped(), &folder.join("set"));
        let server = Server::start(&format!("sqlite:{}/duban.sqlite", folder.display()), &folder.join("set"));
        Self { server, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join("set").join(name)
    }

    /// Changes the lines of a file that a pattern is in.
    fn change(&self, name: &str, pattern: &str, change: impl Fn(&str) -> String) {
        let text = fs::read_to_string(self.file(name)).expect("the file is there");
        let lines = text.lines().map(|line| if line.contains(pattern) { change(line) } else { line.to_owned() });
        let changed: Vec<String> = lines.collect();
        let changed = changed.join("\n");
        assert_ne!(changed.trim_end(), text.trim_end(), "{pattern}");
        fs::write(self.file(name), changed).expect("the folder is ours");
    }

    fn status(&self, token: &str) -> u16 {
        self.server.get(token, "/api/me").status
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.server.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn who_left_is_refused_though_a_process_is_wrong_and_the_old_process_runs() {
    let town = Town::new();
    let [operator, clerk] = ["wei-hongwei", "han-guoqiang"].map(|person| town.server.token(&[person]));
    let (case, first) = (open(&town.server, &operator), version(&town.server, &operator));
    assert_eq!(town.status(&clerk), 200);

    fs::write(town.file("appeal/appeal.yaml"), "process: appeal\nsteps: [").expect("the folder is ours");
    fs::write(town.file("appeal/scenarios/late.yaml"), "scenario: 未写完\nthen: [").expect("the folder is ours");
    town.change("organization.yaml", "  han-guoqiang:", |_| String::new());
    town.change("organization.yaml", "  wei-hongwei:", |line| line.replace("卫宏伟", "卫红伟"));
    wait(|| town.status(&clerk) == 401);

    let log = town.server.log();
    assert!(log.contains("do not go live") && log.contains("appeal/appeal.yaml"), "{log}");
    assert_eq!(town.server.get(&operator, "/api/me").good()["name"], "卫红伟");
    assert_eq!(version(&town.server, &operator), first);
    let claimed = town.server.post(&operator, &format!("{case}/tasks/1/claim"), &json!({}));
    assert_eq!(claimed.status, 200, "{claimed:?}");
    open(&town.server, &operator);
    town.change("organization.yaml", "  wei-hongwei:", |line| line.replace("卫红伟", "卫宏伟"));
    wait(|| town.server.get(&operator, "/api/me").good()["name"] == "卫宏伟");
    assert_eq!(town.status(&clerk), 401, "it goes on to follow the organisation");
}

#[test]
fn who_left_is_refused_though_a_scenario_names_them() {
    let town = Town::new();
    let deputy = town.server.token(&["qin-min"]);
    assert_eq!(town.status(&deputy), 200);

    town.change("organization.yaml", "  qin-min:", |_| String::new());
    wait(|| town.status(&deputy) == 401);

    let log = town.server.log();
    assert!(log.contains("do not go live") && log.contains("appeal/scenarios/people.yaml"), "{log}");
}

#[test]
fn an_organisation_that_the_live_processes_cannot_run_with_does_not_go_live() {
    let town = Town::new();
    let [operator, clerk] = ["wei-hongwei", "han-guoqiang"].map(|person| town.server.token(&[person]));

    town.change("organization.yaml", "  han-guoqiang:", |_| String::new());
    // A role of a process is left without its duty.
    town.change("organization.yaml", "secretary-general", |line| line.replace("secretary-general", "deputy-secretary"));
    wait(|| town.server.log().contains("the organization does not go live alone either"));

    let log = town.server.log();
    let (_, why) = log.split_once("does not go live alone either").expect("it was waited for");
    assert!(why.contains("secretary-general") && why.contains("special-report/special-report.yaml"), "{log}");
    assert_eq!((town.status(&operator), town.status(&clerk)), (200, 200));
}

#[test]
fn nobody_leaves_because_the_organisation_is_broken() {
    let town = Town::new();
    let clerk = town.server.token(&["han-guoqiang"]);

    let text = fs::read_to_string(town.file("organization.yaml")).expect("the file is there");
    let (before, _) = text.split_once("  han-guoqiang:").expect("there is such a person");
    fs::write(town.file("organization.yaml"), format!("{before}  han-guo: {{name: ")).expect("the folder is ours");
    wait(|| town.server.log().contains("the organization stays as it was"));

    assert_eq!(town.status(&clerk), 200);
    fs::write(town.file("organization.yaml"), before).expect("the folder is ours");
    fs::write(town.file("appeal/appeal.yaml"), "process: [").expect("the folder is ours");
    wait(|| town.status(&clerk) == 401);
}

/// Asks again and again.
pub fn wait(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it did not come");
        std::thread::yield_now();
    }
}

fn title_of(server: &Server, token: &str, case: &str) -> Value {
    server.get(token, case).good()["actions"][0]["title"].clone()
}

#[test]
fn a_form_is_told_as_json_schema() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);

    let process = server.get(&token, "/api/processes/appeal").good();

    assert_eq!(process["can_start"], true);
    assert_eq!(process["start"]["required"], json!(["content"]));
    assert_eq!(process["start"]["additionalProperties"], false);
    assert_eq!(process["start"]["properties"]["phone"]["x-private"], true);
    let channel = &process["start"]["properties"]["channel"]["oneOf"][0];
    assert_eq!(channel, &json!({"const": "phone", "title": "市长公开电话"}));
    let actions = process["actions"].as_array().expect("a list");
    let sign = actions.iter().find(|action| action["action"] == "sign").expect("an appeal is signed");
    assert_eq!((&sign["step"], &sign["needs_seal"]), (&json!("sign-off"), &json!(true)));
}

#[test]
fn a_process_draws_itself() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);

    let picture = server.get(&token, "/api/processes/appeal/diagram.svg");

    assert_eq!((picture.status, picture.headers["content-type"].as_str()), (200, "image/svg+xml"));
    assert!(picture.headers["content-security-policy"].starts_with("default-src 'none'"));
    assert_eq!(server.get(&token, "/api/processes/appeel/diagram.svg").code(), "not_found");
}

#[test]
fn the_organisation_is_told_without_telephone_numbers() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);

    let organization = server.get(&token, "/api/organization").good();

    assert_eq!(organization["people"]["wei-hongwei"]["name"], "卫宏伟");
    assert!(!organization.to_string().contains("1390000"));
}
