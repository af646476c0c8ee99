//! Whatever a client sends, the server answers, and never that it failed.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_oneof};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::client::Server;
use crate::journey::open;

fn word() -> impl Strategy<Value = String> {
    let known = [
        "process", "fields", "appeal", "visit", "seal", "to", "content", "channel", "phone", "category", "lead_unit",
        "required_by", "2026-10-13 18:00", "9999-12-31 23:59", "zhujian-bureau", "", "\0", "=1/0", "\u{202e}市",
    ];
    prop_oneof![3 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

#[test]
fn no_body_makes_the_server_fail() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let program = server.token(&["--program", "fuzz"]);
    let case = open(&server, &token);
    let paths = [
        (&token, "/api/cases".to_owned()),
        (&token, format!("{case}/actions/assign")),
        (&token, format!("{case}/actions/classify")),
        (&token, format!("{case}/tasks/1/hand_on")),
        (&token, format!("{case}/withdraw")),
        (&program, "/api/messages/mailbox.received".to_owned()),
    ];
    let mut runner = TestRunner::new(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() });
    let strategy = (0..paths.len(), value(), word());

    let outcome = runner.run(&strategy, |(path, value, process)| {
        let (token, path) = &paths[path];
        for body in [value.clone(), json!({"fields": value}), json!({"process": process, "fields": {"content": value}})] {
            let reply = server.post(token, path, &body);
            prop_assert!((200..500).contains(&reply.status), "{} {}: {:?}", path, body, reply);
        }
        Ok(())
    });

    assert!(outcome.is_ok(), "{}", outcome.expect_err("it is not well"));
}

#[test]
fn no_bytes_make_the_server_fail() {
    let server = Server::fresh();
    let token = server.token(&["wei-hongwei"]);
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let mut runner = TestRunner::new(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() });

    let outcome = runner.run(&prop::collection::vec(any::<u8>(), 0..200), |body| {
        let reply = server.send("POST", "/api/cases", &headers, &body);
        prop_assert!((400..500).contains(&reply.status), "{:?}: {:?}", body, reply);
        Ok(())
    });

    assert!(outcome.is_ok(), "{}", outcome.expect_err("it is not well"));
}
