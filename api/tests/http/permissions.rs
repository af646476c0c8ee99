//! Who sees and does what.

use std::fs;

use serde_json::{Value, json};

use crate::client::{Server, scratch, shipped};
use crate::definitions::copy;
use crate::journey::{People, open};

fn field<'a>(view: &'a Value, name: &str) -> &'a Value {
    let fields = view["fields"].as_array().expect("a list");
    fields.iter().find(|field| field["name"] == name).expect("it has a value")
}

#[test]
fn nobody_gets_in_without_a_token_that_works() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let wrong = token.replace(&token[10..14], "AAAA");

    for headers in [
        String::new(),
        "Authorization: Basic d2VpOg==\r\n".to_owned(),
        "Authorization: Bearer\r\n".to_owned(),
        "Authorization: Bearer wei-hongwei\r\n".to_owned(),
        format!("Authorization: Bearer {wrong}\r\n"),
    ] {
        for path in ["/api/tasks", "/api/me", "/api/nothing", "/api/cases/0"] {
            let refused = server.send("GET", path, &headers, b"");
            assert_eq!((refused.status, refused.code()), (401, "unauthorized"), "{headers}{path}");
            assert!(refused.headers.contains_key("www-authenticate"));
        }
    }
    assert_eq!(server.get(&token, "/api/me").good()["person"], "wei-hongwei");
    server.token(&["wei-hongwei", "--revoke"]);
    assert_eq!(server.get(&token, "/api/me").status, 401, "a token that was taken away does not work");
}

#[test]
fn a_case_does_not_exist_for_who_has_no_part_in_it() {
    let server = Server::fresh();
    let people = People::of(&server);
    let case = open(&server, &people.operator);

    for path in [case.clone(), format!("{case}/history")] {
        assert_eq!(server.get(&people.clerk, &path).code(), "not_found");
    }
    let answer = json!({"fields": {"result": "……"}});
    assert_eq!(server.post(&people.clerk, &format!("{case}/actions/answer"), &answer).code(), "not_found");
    assert_eq!(server.post(&people.clerk, &format!("{case}/tasks/1/claim"), &json!({})).code(), "not_found");
    assert_eq!(server.get(&people.clerk, "/api/tasks").good()["tasks"], json!([]));

    let assigned = json!({"fields": {"method": "phone", "lead_unit": "zhujian-bureau"}});
    server.post(&people.operator, &format!("{case}/actions/assign"), &assigned).good();
    assert_eq!(server.get(&people.clerk, &case).status, 200, "now the unit has a part in it");
}

#[test]
fn private_fields_are_for_who_has_the_task() {
    let server = Server::fresh();
    let people = People::of(&server);
    let case = open(&server, &people.operator);

    let view = server.get(&people.operator, &case).good();
    assert_eq!(field(&view, "caller")["value"], "孙先生");
    let view = server.get(&people.reviewer, &case).good();
    assert_eq!(field(&view, "caller")["value"], Value::Null);
    assert_eq!(field(&view, "caller")["masked"], true);
    assert_eq!(field(&view, "subject")["value"], "路灯不亮");
    for path in [case.clone(), format!("{case}/history"), "/api/tasks".to_owned(), "/api/notices".to_owned()] {
        let text = server.get(&people.reviewer, &path).good().to_string();
        assert!(!text.contains("孙先生") && !text.contains("13900009003"), "{path}: {text}");
    }
}

const COMPLAINT: &str = "process: complaint
title: 投诉
fields:
  subject: {title: 标题, text: line, private: true}
  phone: {title: 电话, type: phone, private: true}
  place: {title: 地点, text: line}
roles: {operator: {unit: hotline-office, duty: operator}, reviewer: {unit: hotline-office, duty: reviewer}}
start: {by: operator, form: [subject, phone, place], goto: desk}
steps:
  desk:
    by: operator
    actions:
      inform:
        do: [{notify: {to: [operator, reviewer], template: quotes}}, {notify: {to: [operator, reviewer], template: tells}}]
      finish: {goto: done}
  done: {close: done}
";

#[test]
fn what_a_case_is_called_and_what_people_are_told_keep_private_values_from_who_does_not_see_them() {
    let folder = scratch();
    copy(&shipped(), &folder.join("set"));
    for (path, text) in [
        ("complaint.yaml", COMPLAINT),
        ("templates/quotes.hbs", "subject: 来电 {{phone}}\n{{subject}}\n"),
        ("templates/tells.hbs", "{{place}}有投诉\n"),
    ] {
        let path = folder.join("set/complaint").join(path);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder is ours");
        fs::write(path, text).expect("the folder is ours");
    }
    let server = Server::start(&format!("sqlite:{}/duban.sqlite", folder.display()), &folder.join("set"));
    let people = People::of(&server);
    let given = json!({"subject": "楼上漏水", "phone": "13905718842", "place": "裕华路"});
    let opened = json!({"process": "complaint", "fields": given});
    let opened = server.post(&people.operator, "/api/cases", &opened).good();
    let case = format!("/api/cases/{}", opened["case"].as_str().expect("an id"));
    server.post(&people.operator, &format!("{case}/actions/inform"), &json!({})).good();
    let told = |token: &str| {
        let mut notices = server.get(token, "/api/notices").good()["notices"].as_array().expect("a list").clone();
        notices.sort_by_key(|notice| notice["template"].to_string());
        notices.iter().map(|one| (one["title"].clone(), one["text"].clone(), one["masked"].clone())).collect::<Vec<_>>()
    };

    let (whole, masked) = (told(&people.operator), told(&people.reviewer));
    let tasks = server.get(&people.operator, "/api/tasks").good();
    server.post(&people.operator, &format!("{case}/actions/finish"), &json!({})).good();
    let after = told(&people.operator);

    let open = (json!("complaint"), json!("裕华路有投诉\n"), Value::Null);
    let hidden = (json!("complaint"), Value::Null, json!(true));
    assert_eq!(tasks["tasks"][0]["case_title"], "complaint", "lists are the same for all who see them");
    assert_eq!(whole, [(json!("来电 13905718842"), json!("楼上漏水\n"), Value::Null), open.clone()]);
    assert_eq!(masked, [hidden.clone(), open.clone()]);
    assert_eq!(after, [hidden, open], "who had the task sees private values while they have it");
    drop(server);
    fs::remove_dir_all(&folder).expect("the folder is ours");
}

#[test]
fn another_mans_task_is_not_taken_and_says_why() {
    let server = Server::fresh();
    let people = People::of(&server);
    let other = server.token(&["jiang-lixin"]);
    let case = open(&server, &people.operator);
    let answer = json!({"fields": {"result": "……"}});
    let refused = server.post(&people.reviewer, &format!("{case}/actions/answer"), &answer);
    assert_eq!((refused.status, refused.code()), (403, "not_allowed"));
    server.post(&people.operator, &format!("{case}/tasks/1/claim"), &json!({})).good();

    let refused = server.post(&other, &format!("{case}/actions/answer"), &answer);
    assert_eq!((refused.status, refused.code()), (409, "held_by_other"));
    let view = server.get(&other, &case).good();
    assert_eq!(view["actions"][0]["refusal"]["code"], "held_by_other");
}

#[test]
fn programs_send_messages_and_people_do_not() {
    let server = Server::fresh();
    let person = server.token(&["wei-hongwei"]);
    let program = server.token(&["--program", "mailbox"]);
    let message = json!({"fields": {"content": "来信：暖气不热。"}});

    assert_eq!(server.post(&person, "/api/messages/mailbox.received", &message).code(), "forbidden");
    for path in ["/api/tasks", "/api/me", "/api/processes", "/api/organization", "/api/notices"] {
        assert_eq!(server.get(&program, path).code(), "forbidden", "{path}");
    }
    let key = "Idempotency-Key: letter-1\r\n";
    let first = server.post_with(&program, "/api/messages/mailbox.received", key, &message).good();
    let again = server.post_with(&program, "/api/messages/mailbox.received", key, &message).good();
    assert_eq!(first, again);
    assert_eq!(first["cases"].as_array().map(Vec::len), Some(1));
    assert_eq!(server.get(&person, "/api/tasks").good()["tasks"].as_array().map(Vec::len), Some(1));
    assert_eq!(server.post(&program, "/api/messages/nobody.listens", &message).code(), "not_awaited");
}

#[test]
fn a_message_reaches_many_cases_only_when_it_says_so() {
    let server = Server::fresh();
    let (person, program) = (server.token(&["wei-hongwei"]), server.token(&["--program", "hotline"]));
    let cases = [open(&server, &person), open(&server, &person)];
    let views = || cases.clone().map(|case| server.get(&person, &case).good());
    let versions = || views().map(|view| view["sequence"].as_u64().expect("a number"));
    let tell = |body: Value| server.post(&program, "/api/messages/appeal.repeated", &body);
    let number = views()[0]["number"].clone();

    for body in [json!({}), json!({"to": null, "fields": {}}), json!({"to_all": false})] {
        let refused = tell(body);
        assert_eq!((refused.status, refused.code()), (422, "to_missing"), "{refused:?}");
        assert_eq!(refused.json["pointer"], "/to");
    }
    let both = tell(json!({"to": number, "to_all": true}));
    assert_eq!((both.status, both.code()), (422, "body_wrong"), "{both:?}");
    assert_eq!(tell(json!({"to": "石诉〔1999〕000001号"})).code(), "not_awaited");
    assert_eq!(versions(), [1, 1], "what is refused reaches nobody");

    let one = tell(json!({"to": number})).good();
    assert_eq!((one["cases"].as_array().map(Vec::len), versions()), (Some(1), [2, 1]));
    let all = tell(json!({"to_all": true})).good();
    assert_eq!((all["cases"].as_array().map(Vec::len), versions()), (Some(2), [3, 2]));
}

#[test]
fn a_notice_is_read_only_by_whom_it_is_for() {
    let server = Server::fresh();
    let people = People::of(&server);
    let case = open(&server, &people.operator);
    let assigned = json!({"fields": {"method": "phone", "lead_unit": "zhujian-bureau"}});
    server.post(&people.operator, &format!("{case}/actions/assign"), &assigned).good();
    let notice = server.get(&people.clerk, "/api/notices").good()["notices"][0].clone();
    let read = format!("/api/notices/{}/read", notice["id"].as_str().expect("an id"));

    assert_eq!(server.post(&people.operator, &read, &json!({})).code(), "not_found");
    assert_eq!(server.post(&people.clerk, &read, &json!({})).status, 204);

    let notice = &server.get(&people.clerk, "/api/notices").good()["notices"][0];
    assert!(notice["read_at"].is_string());
}

#[test]
fn sample_tokens_work_and_are_not_kept() {
    let server = Server::fresh();
    for (id, token) in &server.samples {
        let me = server.get(token, "/api/me");
        assert_eq!(me.status, if id == "sample-program" { 403 } else { 200 }, "{id}");
    }
    assert!(server.samples.contains_key("han-xuemei"), "{:?}", server.samples.keys());

    let other = Server::fresh();
    assert_eq!(other.get(&server.samples["han-xuemei"], "/api/me").status, 401);
}

#[test]
fn sample_tokens_are_not_handed_out_on_an_address_of_the_network() {
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_duban"))
        .args(["serve", "--demo", "--listen", "0.0.0.0:0", "--database", "sqlite::memory:"])
        .output()
        .expect("the program was built");

    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("this machine only"));
}
