//! Numbers and lists on their way in and out: exact, or refused.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::client::{Reply, Server, scratch};

/// A process with a field for each way in which numbers are kept.
const METER: &str = "process: meter
title: 抄表
fields:
  cost: {title: 费用, type: number}
  count: {title: 次数, type: integer}
  words: {title: 词, list: line}
start: {by: {unit: office, duty: clerk}, form: [cost?, count?, words?], goto: desk}
steps:
  desk: {title: 办理, by: {unit: office, duty: clerk}, actions: {finish: {title: 办结, goto: done}}}
  done: {close: done}
";

/// Opens a case with fields as they are written.
fn open(server: &Server, token: &str, fields: &str) -> Reply {
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let body = format!("{{\"process\": \"meter\", \"fields\": {{{fields}}}}}");
    server.send("POST", "/api/cases", &headers, body.as_bytes())
}

#[test]
fn a_number_comes_back_as_it_was_sent_or_is_refused() {
    let folder = scratch();
    for name in ["organization.yaml", "calendar.yaml"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/set").join(name);
        fs::copy(from, folder.join(name)).expect("the folder is ours");
    }
    fs::write(folder.join("meter.yaml"), METER).expect("the folder is ours");
    let database = scratch();
    let server = Server::start(&format!("sqlite:{}/duban.sqlite", database.display()), &folder);
    let token = server.token(&["wang"]);

    for (field, sent, seen) in [
        ("cost", "12345678901234567.89", "\"12345678901234567.89\""),
        ("cost", "1234567890123456789012345678", "\"1234567890123456789012345678\""),
        ("cost", "1e-28", "0.0000000000000000000000000001"),
        ("cost", "\"1e-28\"", "0.0000000000000000000000000001"),
        ("cost", "0.1", "0.1"),
        ("count", "-9223372036854775809", "\"-9223372036854775809\""),
        ("count", "\"9007199254740993\"", "\"9007199254740993\""),
        ("count", "3.0", "3"),
    ] {
        let opened = open(&server, &token, &format!("\"{field}\": {sent}")).good();
        let case = format!("/api/cases/{}", opened["case"].as_str().expect("a case has an id"));
        let fields = server.get(&token, &case).good()["fields"].clone();
        let found = fields.as_array().and_then(|fields| fields.iter().find(|found| found["name"] == field));
        assert_eq!(found.map(|found| found["value"].to_string()).as_deref(), Some(seen), "{sent}");
    }
    let ones = format!("0.{}", "1".repeat(40));
    let long = format!("\"{ones}\"");
    for (field, sent, why) in [
        ("cost", ones.as_str(), "`cost` has more than 28 digits"),
        ("cost", long.as_str(), "`cost` has more than 28 digits"),
        ("cost", "1e999", "`cost` has more than 28 digits"),
        ("cost", "\"12345678901234567890123456789\"", "`cost` has more than 28 digits"),
        ("cost", "\"1_000\"", "`cost` must be a number, written as -1234.5"),
        ("words", "[null]", "`words` item 1: must be a text"),
        ("count", "0.5", "`count` `0.5` is not a whole number"),
    ] {
        let refused = open(&server, &token, &format!("\"{field}\": {sent}"));
        assert_eq!((refused.status, refused.code()), (422, "field_wrong"), "{sent}: {refused:?}");
        assert_eq!(refused.json["pointer"], json!(format!("/fields/{field}")), "{sent}");
        let detail = refused.json["detail"].as_str().unwrap_or_default().replace(':', "");
        assert_eq!(detail, why.replace(':', ""), "{sent}");
    }
    drop(server);
    fs::remove_dir_all(&folder).expect("the folder is ours");
    fs::remove_dir_all(&database).expect("the folder is ours");
}
