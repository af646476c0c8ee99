//! Definitions that change while the server runs, and forms as clients see them.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Server, scratch, shipped};
use crate::journey::open;

/// How long a change may take to go live on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn copy(from: &Path, to: &Path) {
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
