//! A server that is killed at any instant has lost nothing that it answered, and does nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duban::config;
use duban::runner::Runner;
use duban::storage::Database;
use duban::storage::cases;
use duban_city::chance::Chance;
use duban_city::client::{Client, Question};
use duban_city::node::Plan;
use duban_city::{census, cluster};
use duban_engine::event::Event;
use duban_engine::ids::CaseId;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

/// Where all chance comes from, unless DUBAN_SEED says otherwise. The instants of the kills come from it too, but what
/// they hit depends on the machine.
const SEED: u64 = 9;

/// How many send commands at the same time.
const CLIENTS: u64 = 16;

/// How often the server is killed on SQLite, and on PostgreSQL, unless DUBAN_KILLS says otherwise.
const KILLS: [u64; 2] = [50, 10];

/// How long a client waits before it asks a server again that does not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// How long a server may take until it has done everything that was due.
const REST_TIME_MAX: Duration = Duration::from_secs(60);

/// A command that was answered.
#[derive(Clone, Debug)]
struct Done {
    key: String,
    path: String,
    body: Json,
    answer: Json,
}

/// Sends one command until it is answered, however often the server dies meanwhile.
async fn insist(client: &Client, token: &str, key: &str, path: &str, body: &Json) -> Json {
    loop {
        let question = Question { method: "POST", path, token, key: Some(key), body: Some(body) };
        match client.ask(question).await {
            Ok(answer) if matches!(answer.status, 200 | 201) => return answer.body,
            Ok(answer) => assert_eq!(answer.status, 503, "{key} {path}: {:?}", answer.body),
            Err(_) => {}
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

/// One client: opens matters, writes notes, spreads word, and sometimes asks again.
async fn load(plan: Plan, token: String, number: u64, seed: u64, stop: Arc<AtomicBool>) -> Vec<Done> {
    let (client, mut chance) = (Client::new(plan.listen), Chance::new(seed, number));
    let (mut done, mut mine): (Vec<Done>, Vec<String>) = (Vec::new(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let key = format!("{seed}-{number}-{}", done.len());
        let again = chance.per_mille(100).then(|| chance.pick(&done).cloned()).flatten();
        if let Some(before) = again {
            let answer = insist(&client, &token, &before.key, &before.path, &before.body).await;
            assert_eq!(answer, before.answer, "{} gets the same answer again", before.key);
            continue;
        }
        let case = chance.pick(&mine).cloned();
        let (path, body) = match (chance.below(10), case) {
            (0..2, _) | (_, None) => {
                ("/api/cases".to_owned(), json!({"process": "matter", "fields": {"subject": format!("小事 {key}")}}))
            }
            (2..4, Some(case)) => (format!("/api/cases/{case}/actions/spread"), json!({})),
            (_, Some(case)) => (format!("/api/cases/{case}/actions/note"), json!({"fields": {"words": key}})),
        };
        let answer = insist(&client, &token, &key, &path, &body).await;
        if path == "/api/cases" {
            mine.push(answer["case"].as_str().expect("an answer names its case").to_owned());
        }
        done.push(Done { key, path, body, answer });
    }
    done
}

/// Kills the server so many times under load, and then checks everything that it ever answered.
async fn survive(database: &str, kills: u64, seed: u64) {
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("kill-set");
    let plan = Plan::new(env!("CARGO_BIN_EXE_duban-under-test"), database, &set);
    let mut node = plan.start().await;
    let token = plan.token("wang").await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(load(plan.clone(), token.clone(), number, seed, Arc::clone(&stop)));
    }
    let mut chance = Chance::new(seed, u64::MAX);
    let mut slowest = Duration::ZERO;
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(chance.between(1, 500))).await;
        node.kill().await;
        node = plan.start().await;
        slowest = slowest.max(node.started_in);
    }
    stop.store(true, Ordering::Relaxed);
    let done: Vec<Done> = clients.join_all().await.into_iter().flatten().collect();
    println!("{kills} kills, {} commands answered, slowest restart {slowest:?}", done.len());

    ask_all_again(&plan, &token, &done).await;
    rest(database).await;
    node.kill().await;
    let database = Database::open(database).await.expect("the database outlives the server");
    let runner = config::runner(database).await.expect("a runner starts");
    assert_everything_is_there(&runner, &done).await;
    assert_everything_happened_once(&runner, &done).await;
    assert_eq!(runner.verify().await.expect("the database answers"), []);
}

async fn ask_all_again(plan: &Plan, token: &str, done: &[Done]) {
    let client = Client::new(plan.listen);
    for Done { key, path, body, answer } in done {
        assert_eq!(insist(&client, token, key, path, body).await, *answer, "{key} gets the same answer for ever");
    }
}

/// Waits until nothing is due any more.
async fn rest(address: &str) {
    let database = Database::open(address).await.expect("the database is there");
    let resting = async {
        loop {
            let wake = cases::next_wake(&database, jiff::Timestamp::MAX).await.expect("the database answers");
            let due = duban::storage::outbox::next_due(&database).await.expect("the database answers");
            if wake.is_none() && due.is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // An entry that a killed server was busy with is taken up again when its lease of a minute ends.
    tokio::time::timeout(REST_TIME_MAX * 2, resting).await.expect("everything that was due is done in time");
    database.close().await;
}

/// Every answered command is in the history, where the answer said.
async fn assert_everything_is_there(runner: &Runner, done: &[Done]) {
    let mut cases: BTreeMap<CaseId, Vec<&Done>> = BTreeMap::new();
    for command in done {
        cases.entry(duban_city::door::case_of(&command.answer)).or_default().push(command);
    }
    for (case, commands) in cases {
        let history = runner.history(case).await.expect("the database answers");
        let known = runner.case(case).await.expect("the database answers").expect("an answered case is there");
        let actions = history.iter().flat_map(|transition| &transition.events);
        let actions = actions.filter(|event| matches!(event, Event::ActionTaken { .. })).count();
        assert_eq!(actions + 1, commands.len(), "case {case}: each command once, and the opening");
        let places: BTreeSet<u64> = commands.iter().filter_map(|done| done.answer["sequence"].as_u64()).collect();
        assert_eq!(places.len(), commands.len(), "case {case}: each command has a transition of its own");
        for Done { key, body, answer, .. } in commands {
            assert_eq!(answer["number"].as_str(), known.number.as_deref(), "{key}");
            let at =
                history.iter().find(|transition| Some(u64::from(transition.sequence)) == answer["sequence"].as_u64());
            let events = serde_json::to_string(&at.expect("an answered transition is there").events);
            let words = body["fields"].as_object().and_then(|fields| fields.values().next()).and_then(Json::as_str);
            if let Some(words) = words {
                assert!(events.expect("events are JSON").contains(words), "{key} did what it was to do");
            }
        }
    }
}

/// Every timer fired once and not early, and every effect took place once.
async fn assert_everything_happened_once(runner: &Runner, done: &[Done]) {
    let census = census::take(runner.database()).await;
    let opened = done.iter().filter(|command| command.path == "/api/cases").count() as u64;
    let spread = done.iter().filter(|command| command.path.ends_with("/spread")).count() as u64;
    println!("{} cases, {} transitions, {} spread", census.cases, census.transitions, spread);
    assert_eq!(census.cases, opened + spread, "each matter once, and an echo of each spread");
    for rung in 0..3 {
        assert_eq!(census.of(&format!("rung_passed desk {rung}")), opened, "rung {rung} fired once for each matter");
    }
    assert_eq!(census.of("marked late"), opened);
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_done_twice_when_the_server_is_killed_over_sqlite() {
    let seed = number("DUBAN_SEED", SEED);
    println!("seed {seed}");
    let file = cluster::SqliteFile::default();

    survive(&file.address(), number("DUBAN_KILLS", KILLS[0]), seed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_done_twice_when_the_server_is_killed_over_postgresql() {
    let seed = number("DUBAN_SEED", SEED);
    println!("seed {seed}");

    survive(&cluster::postgres().await, number("DUBAN_KILLS", KILLS[1]), seed).await;
}
