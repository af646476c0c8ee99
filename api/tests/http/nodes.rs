//! Several servers over one database: what one of them remembers may be behind what another did.

use std::fs;

use serde_json::{Value, json};

use crate::client::{Server, scratch, shipped};
use crate::cluster::postgres;
use crate::definitions::copy;
use crate::journey::People;

/// A case that only the unit which has it now may see, beside the office.
const ERRAND: &str = "process: errand
title: 差事
fields:
  lead_unit: {title: 承办单位, type: unit}
  words: {title: 记录, text: line}
roles:
  operator: {title: 受理员, unit: hotline-office, duty: operator}
  clerk: {title: 承办人, unit: =lead_unit, duty: clerk}
start: {by: operator, form: [lead_unit], goto: desk}
steps:
  desk:
    title: 办理
    by: operator
    actions:
      move: {title: 转办, form: [lead_unit]}
      note: {title: 记录, by: clerk, form: [words]}
      finish: {title: 办结, goto: done}
  done: {close: done}
";

#[tokio::test]
async fn what_a_server_remembers_refuses_nobody_and_tells_nobody_anything() {
    let (database, folder) = (postgres().await, scratch());
    copy(&shipped(), &folder.join("set"));
    fs::create_dir_all(folder.join("set/errand")).expect("the folder is ours");
    fs::write(folder.join("set/errand/errand.yaml"), ERRAND).expect("the folder is ours");
    let servers = [0, 1].map(|_| Server::start(&database, &folder.join("set")));
    let people = People::of(&servers[0]);
    let opening = json!({"process": "errand", "fields": {"lead_unit": "zhujian-bureau"}});
    let opened = servers[0].post(&people.operator, "/api/cases", &opening).good();
    let case = format!("/api/cases/{}", opened["case"].as_str().expect("an id"));
    let give = |server: usize, unit: &str, seen: &Value| {
        let headers = format!("If-Match: \"{seen}\"\r\n");
        let fields = json!({"fields": {"lead_unit": unit}});
        servers[server].post_with(&people.operator, &format!("{case}/actions/move"), &headers, &fields)
    };
    let note = |server: usize| {
        let fields = json!({"fields": {"words": "看过"}});
        servers[server].post(&people.clerk, &format!("{case}/actions/note"), &fields)
    };

    // The first server remembers that the unit has the case, and the second gives it to another.
    let moved = give(1, "gongan-bureau", &opened["sequence"]).good();
    let late = give(0, "jiaoyu-bureau", &opened["sequence"]);
    let stranger = note(0);
    // What the second knows goes for the first, which has not seen it.
    let back = give(0, "zhujian-bureau", &moved["sequence"]).good();
    let noted = note(0).good();
    let away = give(1, "gongan-bureau", &noted["sequence"]).good();
    let stranger_again = note(0);
    let back_again = give(1, "zhujian-bureau", &away["sequence"]).good();
    let noted_again = note(0).good();

    assert_eq!((late.status, late.code()), (412, "precondition_failed"));
    assert_eq!(late.json["sequence"], moved["sequence"]);
    assert_eq!((stranger.status, stranger.code()), (404, "not_found"), "for them the case is not there any more");
    assert_eq!(back["sequence"], json!(3));
    // Who has acted sees the case for ever.
    assert_eq!((stranger_again.status, stranger_again.code()), (403, "not_allowed"));
    assert_eq!((back_again["sequence"].clone(), noted_again["sequence"].clone()), (json!(6), json!(7)));
    fs::remove_dir_all(&folder).expect("the folder is ours");
}
