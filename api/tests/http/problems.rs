//! Every problem: its status and its stable code.

use serde_json::{Value, json};

use crate::client::Server;
use crate::journey::{People, open};

#[test]
fn every_wrong_request_has_its_status_and_code() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let case = open(&server, &token);
    let (cases, answer) = ("/api/cases".to_owned(), format!("{case}/actions/answer"));
    let deep = format!("{{\"process\":\"appeal\",\"fields\":{{\"content\":{}1{}}}}}", "[".repeat(40), "]".repeat(40));
    let large = format!("{{\"process\":\"{}\"}}", "x".repeat(1024 * 1024));
    let plain = "Content-Type: text/plain\r\n";
    let json = "Content-Type: application/json\r\n";
    let table: [(&str, &str, &str, &str, u16, &str); 28] = [
        ("GET", "/api/nothing", "", "", 404, "not_found"),
        ("GET", "/nothing", "", "", 404, "not_found"),
        ("GET", "/api/cases/%ff", "", "", 404, "not_found"),
        ("GET", "/api/cases/12", "", "", 404, "not_found"),
        ("GET", "/api/cases/00000000000000000000000000000000", "", "", 404, "not_found"),
        ("GET", "/api/processes/appeel", "", "", 404, "not_found"),
        ("DELETE", &cases, "", "", 405, "method_not_allowed"),
        ("POST", "/health/live", "", "", 405, "method_not_allowed"),
        ("POST", &cases, plain, "{}", 415, "unsupported_media_type"),
        ("POST", &cases, "Content-Type: application/json; charset=gbk\r\n", "{}", 415, "unsupported_media_type"),
        ("POST", &cases, json, &large, 413, "content_too_large"),
        ("POST", &cases, json, "{\"process\": \"appeal\",}", 400, "json_syntax"),
        ("POST", &cases, json, "{\"process\": \"appeal\", \"process\": \"appeal\"}", 400, "json_syntax"),
        ("POST", &cases, json, &deep, 400, "json_syntax"),
        ("POST", &cases, json, "[]", 422, "body_wrong"),
        ("POST", &cases, json, "{}", 422, "body_wrong"),
        ("POST", &cases, json, "{\"process\": 1}", 422, "body_wrong"),
        ("POST", &cases, json, "{\"process\": \"appeal\", \"felds\": {}}", 422, "body_wrong"),
        ("POST", &cases, json, "{\"process\": \"appeel\"}", 422, "no_such_process"),
        ("POST", &cases, json, "{\"process\": \"appeal\"}", 422, "field_missing"),
        ("POST", &cases, json, "{\"process\":\"appeal\",\"fields\":{\"contnt\":\"\"}}", 422, "field_unknown"),
        ("POST", &cases, json, "{\"process\":\"appeal\",\"fields\":{\"content\":1}}", 422, "field_wrong"),
        ("POST", &cases, "Content-Type: application/json\r\nIdempotency-Key:\r\n", "{}", 400, "header_wrong"),
        ("POST", &answer, "Content-Type: application/json\r\nIf-Match: 1\r\n", "{}", 400, "header_wrong"),
        ("POST", &answer, "Content-Type: application/json\r\nIf-Match: \"99\"\r\n", "{}", 412, "precondition_failed"),
        ("POST", &answer, json, "{}", 422, "field_missing"),
        ("GET", "/api/tasks?limit=x", "", "", 400, "query_wrong"),
        ("GET", "/api/tasks?colour=red", "", "", 400, "query_wrong"),
    ];
    for (method, path, headers, body, status, code) in table {
        let headers = format!("Authorization: Bearer {token}\r\n{headers}");
        let reply = server.send(method, path, &headers, body.as_bytes());

        let shown: String = body.chars().take(60).collect();
        assert_eq!((reply.status, reply.code()), (status, code), "{method} {path} {shown}: {reply:?}");
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert_eq!(reply.json["status"], status);
        assert_eq!(reply.json["type"], format!("/problems/{code}"));
        assert!(reply.json["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.headers.contains_key("allow"), status == 405);
    }
}

#[test]
fn a_problem_names_the_field_at_fault() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let open = |fields: Value| server.post(&token, "/api/cases", &json!({"process": "appeal", "fields": fields}));

    let missing = open(json!({"channel": "phone"}));
    assert_eq!((&missing.json["field"], &missing.json["pointer"]), (&json!("content"), &json!("/fields/content")));
    let unknown = open(json!({"content": "……", "chanel": "phone"}));
    assert_eq!((&unknown.json["field"], &unknown.json["nearest"]), (&json!("chanel"), &json!("channel")));
    let wrong = open(json!({"content": "……", "channel": "pigeon"}));
    assert_eq!((wrong.code(), &wrong.json["pointer"]), ("field_wrong", &json!("/fields/channel")));
    let shape = server.post(&token, "/api/cases", &json!({"process": "appeal", "fields": []}));
    assert_eq!((shape.code(), &shape.json["pointer"]), ("body_wrong", &json!("/fields")));
}

#[test]
fn what_a_line_may_not_hold_and_what_only_seems_to_be_there_is_refused() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let open = |fields: Value| server.post(&token, "/api/cases", &json!({"process": "appeal", "fields": fields}));

    for letter in
        ["\u{1b}[31m", "\u{7f}", "\u{85}", "\u{2028}", "\u{2029}", "\u{202a}", "\u{202e}", "\u{2066}", "\u{2069}"]
    {
        let refused = open(json!({"content": "……", "subject": format!("路{letter}灯")}));
        assert_eq!((refused.status, refused.code()), (422, "field_wrong"), "{letter:?}");
        assert_eq!(refused.json["pointer"], "/fields/subject");
    }
    for blank in ["\u{200b}", "\u{feff}\u{2060}", " \u{200d}\u{3000}\n"] {
        let refused = open(json!({"content": blank}));
        assert_eq!((refused.status, refused.code()), (422, "field_missing"), "{blank:?}");
    }
    let fine = open(json!({"content": "第一行\n第二行\t二", "subject": "👩\u{200d}👧 路灯"}));
    assert_eq!(fine.status, 201, "{fine:?}");
}

#[test]
fn a_list_is_not_taken_for_an_object_and_long_names_come_back_short() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);

    let list = server.post(&token, "/api/cases", &json!(["appeal", {"content": "……"}]));
    let name = server.post(&token, "/api/cases", &json!({"process": "名".repeat(1_000)}));
    let field = server.post(&token, "/api/cases", &json!({"process": "appeal", "fields": {"x".repeat(10_000): 1}}));

    assert_eq!((list.status, list.code()), (422, "body_wrong"));
    assert_eq!(list.json["detail"], "the body must be a JSON object");
    assert_eq!(name.json["detail"], format!("there is no process `{}…`", "名".repeat(100)));
    assert!(field.json["detail"].as_str().is_some_and(|detail| detail.chars().count() <= 501), "{field:?}");
}

#[test]
fn what_the_process_refuses_is_told_by_its_code() {
    let server = Server::fresh();
    let people = People::of(&server);
    let case = open(&server, &people.operator);
    let act = |action: &str, body: Value| server.post(&people.operator, &format!("{case}/actions/{action}"), &body);
    let verb = |verb: &str, body: Value| server.post(&people.operator, &format!("{case}/tasks/1/{verb}"), &body);

    let slip = act("asign", json!({}));
    assert_eq!((slip.status, slip.code(), &slip.json["nearest"]), (409, "no_such_action", &json!("assign")));
    let gone = act("answer", json!({"visit": 99, "fields": {"result": "……"}}));
    assert_eq!((gone.status, gone.code()), (409, "no_such_visit"));
    let same = json!({"method": "phone", "lead_unit": "zhujian-bureau", "assisting_units": ["zhujian-bureau"]});
    let refused = act("assign", json!({"fields": same}));
    assert_eq!((refused.status, refused.code()), (422, "requirement"));
    assert_eq!(refused.json["detail"], "牵头单位不能同时是配合单位");
    let nobody = verb("release", json!({}));
    assert_eq!((nobody.status, nobody.code()), (409, "not_held"));
    assert_eq!(verb("hand_on", json!({})).code(), "body_wrong");
    assert_eq!(verb("claim", json!({"to": "han-xuemei"})).code(), "body_wrong");
    assert_eq!(verb("juggle", json!({})).code(), "not_found");
    verb("claim", json!({})).good();
    let unknown = verb("hand_on", json!({"to": "nobody-at-all"}));
    assert_eq!((unknown.status, unknown.code()), (422, "unknown"));
    assert_eq!(verb("hand_on", json!({"to": "han-xuemei"})).code(), "not_allowed");
    act("answer", json!({"fields": {"result": "当即答复。"}})).good();
    let closed = act("answer", json!({"fields": {"result": "再答。"}}));
    assert_eq!((closed.status, closed.code()), (409, "case_closed"));
}

#[test]
fn a_change_to_what_was_not_seen_is_refused() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let case = open(&server, &token);
    let etag = server.get(&token, &case).headers["etag"].clone();
    let claim = |etag: &str| {
        server.post_with(&token, &format!("{case}/tasks/1/claim"), &format!("If-Match: {etag}\r\n"), &json!({}))
    };

    let first = claim(&etag);
    assert_eq!(first.status, 200);
    assert_ne!(first.headers["etag"], etag);
    let second = claim(&etag);
    assert_eq!((second.status, second.code()), (412, "precondition_failed"));
    let headers = format!("Authorization: Bearer {token}\r\nIf-None-Match: {}\r\n", first.headers["etag"]);
    assert_eq!(server.send("GET", &case, &headers, b"").status, 304);
}

#[test]
fn what_is_not_http_is_answered_and_does_not_stop_the_server() {
    let server = Server::fresh();
    for bytes in [&b"\x16\x03\x01\x02\x00"[..], b"GET\r\n\r\n", b"\r\n\r\n\r\n", b"GET / HTTP/1.1\r\nHost\r\n\r\n"] {
        server.send_raw(bytes);
    }
    let huge = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(200 * 1024));
    assert!([0, 400, 431].contains(&server.send_raw(huge.as_bytes()).status));

    assert_eq!(server.send("GET", "/health/live", "", b"").status, 200);
    assert_eq!(server.send("GET", "/health/ready", "", b"").status, 200);
}

#[test]
fn a_key_stands_for_one_request() {
    let server = Server::fresh();
    let (token, program) = (server.token(&["wei-hongwei"]), server.token(&["--program", "mailbox"]));
    let key = "Idempotency-Key: 7\r\n";
    let opening = |content: &str| json!({"process": "appeal", "fields": {"content": content}});
    let post = |path: &str, body: &Value| server.post_with(&token, path, key, body);
    let letter = |content: &str| {
        let body = json!({"fields": {"content": content}});
        server.post_with(&program, "/api/messages/mailbox.received", key, &body)
    };

    let first = post("/api/cases", &opening("暖气不热。")).good();
    let other_body = post("/api/cases", &opening("路灯不亮。"));
    let case = format!("/api/cases/{}", first["case"].as_str().expect("an id"));
    let other_path = post(&format!("{case}/actions/answer"), &json!({"fields": {"result": "已答复"}}));
    let again = post("/api/cases", &opening("暖气不热。")).good();
    let (sent, other_letter) = (letter("来信一。").good(), letter("来信二。"));

    for refused in [other_body, other_path, other_letter] {
        assert_eq!((refused.status, refused.code()), (422, "key_reused"), "{refused:?}");
        assert_eq!(refused.headers["content-type"], "application/problem+json");
    }
    assert_eq!(again, first);
    assert_eq!(server.get(&token, &case).good()["sequence"], first["sequence"], "nothing was done twice");
    assert_eq!(letter("来信一。").good(), sent);
}
