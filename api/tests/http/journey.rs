//! A whole case, and what a crash leaves of it.

use serde_json::{Value, json};

use crate::client::{Server, shipped};
use crate::cluster::on_each_database;

/// The people of the sample organisation that an appeal about a road meets.
pub struct People {
    pub operator: String,
    pub reviewer: String,
    pub clerk: String,
    pub chief: String,
}

impl People {
    pub fn of(server: &Server) -> Self {
        let token = |person: &str| server.token(&[person]);
        Self {
            operator: token("wei-hongwei"),
            reviewer: token("han-xuemei"),
            clerk: token("han-guoqiang"),
            chief: token("jiang-hongwei"),
        }
    }
}

/// Opens an appeal that is ready to be assigned.
pub fn open(server: &Server, operator: &str) -> String {
    let fields = json!({
        "channel": "phone", "caller": "孙先生", "phone": "13900009003", "subject": "路灯不亮",
        "content": "裕华路口路灯三天不亮。", "category": "lighting",
    });
    let opened = server.post(operator, "/api/cases", &json!({"process": "appeal", "fields": fields}));
    assert_eq!(opened.status, 201, "{opened:?}");
    let place = opened.headers["location"].clone();
    assert_eq!(place, format!("/api/cases/{}", opened.json["case"].as_str().expect("a case has an id")));
    place
}

fn steps(view: &Value) -> Vec<&str> {
    view["steps"].as_array().expect("a list").iter().map(|step| step["step"].as_str().expect("a name")).collect()
}

fn act(server: &Server, token: &str, case: &str, action: &str, fields: &Value) {
    server.post(token, &format!("{case}/actions/{action}"), &json!({"fields": fields})).good();
}

#[tokio::test]
async fn an_appeal_goes_from_the_call_to_its_close() {
    on_each_database(async |database| {
        let server = Server::start(&database, &shipped());
        let people = People::of(&server);
        let case = open(&server, &people.operator);

        let tasks = server.get(&people.operator, "/api/tasks?process=appeal").good();
        assert_eq!(tasks["tasks"][0]["step"], "triage");
        assert_eq!(tasks["tasks"].as_array().map(Vec::len), Some(1));
        let view = server.get(&people.operator, &case).good();
        assert_eq!(steps(&view), ["triage"]);
        let actions = view["actions"].as_array().expect("a list");
        let names: Vec<&str> = actions.iter().map(|action| action["action"].as_str().expect("a name")).collect();
        assert_eq!(names, ["answer", "assign", "report"]);
        assert!(actions.iter().all(|action| action["is_allowed"] == true));

        let visit = view["steps"][0]["visit"].clone();
        server.post(&people.operator, &format!("{case}/tasks/{visit}/claim"), &json!({})).good();
        let assigned = json!({"method": "phone", "lead_unit": "zhujian-bureau"});
        act(&server, &people.operator, &case, "assign", &assigned);
        let told = server.get(&people.clerk, "/api/notices").good();
        assert_eq!(told["notices"][0]["template"], "assigned");
        act(&server, &people.clerk, &case, "sign-for", &json!({}));
        act(&server, &people.clerk, &case, "reply", &json!({"reply_way": "phone", "reply": "已电话告知修复时间。"}));
        let view = server.get(&people.clerk, &case).good();
        let limits: Vec<_> = view["steps"].as_array().expect("a list").iter().map(|step| &step["deadline"]["rule"]).collect();
        assert!(limits.contains(&&json!("3 working days")), "{limits:?}");
        act(&server, &people.clerk, &case, "submit", &json!({"result": "已更换灯具。", "resolution": "resolved"}));
        let sealed = json!({"seal": "the chief's own signature"});
        server.post(&people.chief, &format!("{case}/actions/sign"), &sealed).good();
        act(&server, &people.reviewer, &case, "accept", &json!({}));
        act(&server, &people.operator, &case, "conclude", &json!({"satisfaction": "satisfied", "truthful": true}));

        let view = server.get(&people.operator, &case).good();
        assert_eq!(view["outcome"], "resolved");
        assert_eq!(view["is_open"], false);
        assert_eq!(view["steps"], json!([]));
        let history = server.get(&people.operator, &format!("{case}/history")).good();
        let transitions = history["transitions"].as_array().expect("a list");
        assert_eq!(transitions.len() as u64, view["sequence"].as_u64().expect("a number"));
        let taken: Vec<&str> = transitions
            .iter()
            .flat_map(|transition| transition["events"].as_array().expect("a list"))
            .filter(|event| event["event"] == "action_taken")
            .map(|event| event["action"].as_str().expect("a name"))
            .collect();
        assert_eq!(taken, ["assign", "sign-for", "reply", "submit", "sign", "accept", "conclude"]);
    })
    .await;
}

#[tokio::test]
async fn what_was_answered_survives_a_power_cut() {
    on_each_database(async |database| {
        let mut server = Server::start(&database, &shipped());
        let operator = server.token(&["wei-hongwei"]);
        let opening = json!({"process": "appeal", "fields": {"content": "暖气不热。"}});
        let first = server.post_with(&operator, "/api/cases", "Idempotency-Key: call-1\r\n", &opening).good();

        server.kill();

        let server = Server::start(&database, &shipped());
        let again = server.post_with(&operator, "/api/cases", "Idempotency-Key: call-1\r\n", &opening).good();
        assert_eq!(again, first, "the same key gets the same answer");
        let case = format!("/api/cases/{}", first["case"].as_str().expect("an id"));
        assert_eq!(server.get(&operator, &case).good()["number"], first["number"]);
        let tasks = server.get(&operator, "/api/tasks").good();
        assert_eq!(tasks["tasks"].as_array().map(Vec::len), Some(1), "there is one case only");
    })
    .await;
}

#[test]
fn the_same_key_of_somebody_else_is_another_command() {
    let server = Server::fresh();
    let (one, other) = (server.token(&["wei-hongwei"]), server.token(&["jiang-lixin"]));
    let opening = json!({"process": "appeal", "fields": {"content": "暖气不热。"}});

    let first = server.post_with(&one, "/api/cases", "Idempotency-Key: 1\r\n", &opening).good();
    let second = server.post_with(&other, "/api/cases", "Idempotency-Key: 1\r\n", &opening).good();

    assert_ne!(first["case"], second["case"]);
}

#[test]
fn a_list_of_tasks_goes_on_where_the_page_before_ended() {
    let server = Server::fresh();
    let operator = server.token(&["wei-hongwei"]);
    let opened: Vec<String> = (0..5).map(|_| open(&server, &operator)).collect();

    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = server.get(&operator, &format!("/api/tasks?limit=2{next}")).good();
        let tasks = page["tasks"].as_array().expect("a list").clone();
        assert!(tasks.len() <= 2);
        seen.extend(tasks.iter().map(|task| format!("/api/cases/{}", task["case"].as_str().expect("an id"))));
        let Some(after) = page["next"].as_str() else { break };
        next = format!("&after={after}");
    }

    seen.sort();
    let mut wanted = opened;
    wanted.sort();
    assert_eq!(seen, wanted);
}

#[test]
fn a_stop_is_orderly() {
    let mut server = Server::fresh();
    let operator = server.token(&["wei-hongwei"]);
    open(&server, &operator);

    assert!(server.stop());
}
