//! What stands still, as an administrator and the people of the case see it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Server, scratch};
use crate::definitions::wait;

/// A small set of definitions, and the two of them that are taken away for a while.
const SET: &[&str] = &["organization", "calendar", "connections", "ledger", "matter", "question"];
const TAKEN: &[&str] = &["matter", "question"];

fn write(folder: &Path, names: &[&str]) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/set");
    for name in names {
        let file = format!("{name}.yaml");
        fs::copy(from.join(&file), folder.join(&file)).expect("the folder is ours");
    }
}

/// That neither a person nor an administrator can dismiss what a case waits for.
fn assert_is_not_dismissed(server: &Server, [person, admin]: [&str; 2], path: &str, case: &Value) {
    assert_eq!(server.post(person, path, &json!({})).status, 403);
    let refused = server.post(admin, path, &json!({}));
    assert_eq!((refused.status, refused.code()), (409, "case_waits"));
    assert_eq!(refused.json["case"], *case);
}

#[test]
fn a_case_that_cannot_be_opened_is_seen_and_retried_over_http() {
    let folder = scratch();
    let set = folder.join("set");
    fs::create_dir(&set).expect("the folder is ours");
    write(&set, SET);
    for template in ["soon", "slip"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/set/templates");
        let file = format!("{template}.hbs");
        fs::create_dir_all(set.join("templates")).expect("the folder is ours");
        fs::copy(from.join(&file), set.join("templates").join(&file)).expect("the folder is ours");
    }
    let server = Server::start(&format!("sqlite:{}/duban.sqlite", folder.display()), &set);
    let (person, admin) = (server.token(&["wang"]), server.token(&["--admin", "ops"]));
    let opened =
        server.post(&person, "/api/cases", &json!({"process": "matter", "fields": {"subject": "路灯"}})).good();
    let case = format!("/api/cases/{}", opened["case"].as_str().expect("a case has an id"));
    let processes = || server.get(&person, "/api/processes").good()["processes"].as_array().map(Vec::len);
    let incidents = || server.get(&person, &case).good()["incidents"].as_array().map_or(0, Vec::len);
    for name in TAKEN {
        fs::remove_file(set.join(format!("{name}.yaml"))).expect("the folder is ours");
    }
    // They name fields of what is taken away.
    let (templates, aside) = (set.join("templates"), folder.join("templates"));
    fs::rename(&templates, &aside).expect("the folder is ours");
    write(&set, &["round"]);
    wait(|| processes() == Some(1));

    server.post(&person, &format!("{case}/actions/ask"), &json!({})).good();
    wait(|| incidents() == 1);

    let seen = server.get(&person, &case);
    assert_eq!(seen.headers["etag"], "\"2+1\"");
    let listed = server.get(&admin, "/api/incidents").good();
    let incident = &listed["given_up"][0];
    let mut masked = incident.clone();
    masked.as_object_mut().expect("an incident has members").remove("reason");
    assert_eq!(seen.json["incidents"], json!([masked]), "who has no task on the case is not told the reason");
    assert_eq!(incident["reason"], "there is no process `question`");
    let retry = format!("/api/incidents/{}/retry", incident["id"].as_str().expect("an incident has an id"));
    assert_eq!(server.get(&person, "/api/incidents").status, 403);
    assert_eq!(server.post(&person, &retry, &json!({})).status, 403);
    assert_eq!(server.get(&admin, &case).status, 403);
    assert_eq!(server.post(&admin, "/api/incidents/none/retry", &json!({})).status, 404);
    assert_is_not_dismissed(&server, [&person, &admin], &retry.replace("/retry", "/dismiss"), &opened["case"]);
    fs::rename(&aside, &templates).expect("the folder is ours");
    write(&set, TAKEN);
    wait(|| processes() == Some(3));
    assert_eq!(server.post(&admin, &retry, &json!({})).status, 204);
    wait(|| incidents() == 0);
    let called = |task: &Value| task["step"] == "desk" && task["case"] != opened["case"];
    wait(|| {
        let tasks = server.get(&person, "/api/tasks").good();
        tasks["tasks"].as_array().is_some_and(|tasks| tasks.iter().any(called))
    });
    drop(server);
    fs::remove_dir_all(&folder).expect("the folder is ours");
}
