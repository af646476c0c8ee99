//! Every statement on the way of a case names the case, so that a database that is spread over machines by case asks one of them;
//! and docs/guide/sharding.md says of every table how it would be spread.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use duban::access::{Access, Token};
use duban::http::{self, Server};
use duban::runner::Runner;
use duban::storage::tokens::{self, Kept};
use duban_engine::ids::Name;
use regex::Regex;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::net::TcpListener;

use crate::cluster::{postgres, said};
use crate::town::{Town, files};

const GUIDE: &str = include_str!("../../../docs/guide/sharding.md");
const MIGRATION: &str = include_str!("../../src/storage/migrations/1.sql");

/// How the guide says that a table is spread.
const BY_CASE: &str = "by case";

/// What may be asked without naming a case: what it begins with, and why.
const NAMELESS: &[(&str, &str)] = &[
    (
        "SELECT key, case_id, sequence, number, at, fingerprint FROM commands WHERE key = ANY",
        "a key that was used before",
    ),
    ("SELECT MIN(due_at) FROM outbox", "when the next delivery is due"),
    (
        "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE id IN ( SELECT id FROM outbox",
        "claiming deliveries",
    ),
    ("SELECT wake_at, claimed_until FROM cases WHERE wake_at IS NOT NULL", "when the next case is to be woken"),
    ("UPDATE cases SET claimed_until = $2 WHERE case_id IN ( SELECT case_id FROM cases", "claiming cases to wake"),
    ("SELECT DISTINCT unit, duty, person FROM task_candidates", "tasks whose people have left"),
    ("SELECT holder, COUNT(*) FROM tasks", "tasks whose holder has left"),
    (
        "SELECT DISTINCT case_id FROM incidents WHERE resolved_at IS NULL AND awaits = 'people'",
        "tasks that nobody could get",
    ),
    ("WITH RECURSIVE names(name) AS (SELECT min(name) FROM locks", "locks that are free"),
];

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is right")
}

static PART: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:^WITH |, )change_\d+ AS \("));
static TABLE: LazyLock<Regex> = LazyLock::new(|| regex(r"\b(?:FROM|JOIN|INTO|UPDATE) ([a-z_]+)"));
static NAMING: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let among = r"UNNEST\(\$(\d+)::text\[\]";
    [
        // Rows that are read or changed; the key of what belongs to a case begins with the case.
        r"\b(?:case_id|id) = \$(\d+)".to_owned(),
        r"\bid >= \$(\d+) AND id < ".to_owned(),
        r"\b(?:case_id|id) = ANY\(\$(\d+)::text\[\]\)".to_owned(),
        format!(r"\(case_id(?:, [^)]+)?\) IN \(SELECT case_id(?:, \w+)* FROM {among}"),
        format!(r"FROM {among}\) AS each \(value\) LEFT JOIN cases ON cases\.case_id = substr\(value, 1, 32\)"),
    ]
    .map(|pattern| regex(&pattern))
    .into()
});
static ADDING: LazyLock<Regex> =
    LazyLock::new(|| regex(r"INSERT INTO [a-z_]+ \(([^)]*)\) SELECT [^)]* FROM UNNEST\(([^)]*)\)"));

/// A statement as it came to the server, with what was in its place of each `$1`.
#[derive(Debug)]
struct Asked {
    sql: String,
    given: BTreeMap<String, String>,
}

/// The tables of the guide: how each is spread.
fn tables() -> BTreeMap<&'static str, &'static str> {
    let row = regex(r"(?m)^\| `([a-z_]+)` \| ([a-z ]+) \|");
    row.captures_iter(GUIDE).map(|found| found.extract::<2>().1).map(|[table, spread]| (table, spread)).collect()
}

/// Whatever is wrong with a statement, if anything.
fn fault(asked: &Asked, spread: &BTreeMap<&str, &str>, cases: &BTreeSet<String>) -> Option<String> {
    let is_named = |number: &str| {
        let given = asked.given.get(number).map(String::as_str).unwrap_or_default();
        let mut values = given.trim_matches(['{', '}']).split(',').filter(|value| !value.is_empty()).peekable();
        values.peek().is_some() && values.all(|value| value.get(..32).is_some_and(|case| cases.contains(case)))
    };
    PART.split(&asked.sql).find_map(|part| {
        let of_cases = TABLE.captures_iter(part).any(|table| spread.get(&table[1]) == Some(&BY_CASE));
        let adds = ADDING.captures(part).is_some_and(|found| {
            let place = found[1].split(", ").position(|column| column == "case_id");
            let source = place.and_then(|place| found[2].split(", ").nth(place)).unwrap_or_default();
            is_named(source.trim_start_matches('$').trim_end_matches("::text[]"))
        });
        let names = NAMING.iter().any(|naming| naming.captures_iter(part).any(|found| is_named(&found[1])));
        let may = NAMELESS.iter().any(|(begin, _)| part.starts_with(begin));
        (of_cases && !adds && !names && !may).then(|| format!("{part}\n    given {:?}", asked.given))
    })
}

/// What the server was asked in a database, up to what its `end` is.
fn asked(database: &str, end: &str) -> Vec<Asked> {
    let gap = regex(r"\s+");
    let value = regex(r"\$(\d+) = (?:'((?:[^']|'')*)'|NULL)");
    loop {
        let lines = std::fs::read_to_string(said()).expect("the server writes what it says");
        let whole = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let of_database = whole.filter(|line| line["dbname"] == database);
        let asked: Vec<Asked> = of_database
            .filter_map(|line| {
                let (what, sql) = line["message"].as_str()?.split_once(": ")?;
                let is_asked = what == "statement" || what.starts_with("execute ");
                let given = line["detail"].as_str().unwrap_or_default();
                let given = value.captures_iter(given);
                let given =
                    given.map(|found| (found[1].to_owned(), found.get(2).map_or("", |text| text.as_str()).into()));
                is_asked.then(|| Asked { sql: gap.replace_all(sql, " ").into_owned(), given: given.collect() })
            })
            .collect();
        if asked.iter().any(|asked| asked.sql == end) {
            return asked;
        }
        std::thread::yield_now();
    }
}

/// A face of a node over a database, and the token of a clerk.
async fn face(runner: &Arc<Runner>) -> (String, String) {
    let access = Access::new(runner.pages().clone());
    let (token, created_at) = (Token::random(), runner.clock().now());
    let expires_at = created_at + jiff::SignedDuration::from_hours(24);
    let kept = Kept { digest: token.digest(), kind: tokens::PERSON, holder: Name::new("wang"), created_at, expires_at };
    let mut transaction = runner.database().begin().await.expect("the database answers");
    tokens::keep(&mut transaction, &kept).await.expect("nobody has this token");
    transaction.commit().await.expect("the database answers");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("this machine has free ports");
    let address = listener.local_addr().expect("it listens");
    let router = http::router(Arc::new(Server::new(Arc::clone(runner), access)));
    tokio::spawn(http::serve(listener, router, http::SHARE, std::future::pending()));
    (format!("http://{address}"), token.reveal().to_owned())
}

/// Two nodes that take turns, so that each has to read what the other did.
struct Nodes {
    client: reqwest::Client,
    faces: [(String, String); 2],
    turn: usize,
}

impl Nodes {
    async fn post(&mut self, path: &str, key: &str, body: Value) -> (u16, Value) {
        self.turn += 1;
        let (address, token) = &self.faces[self.turn % 2];
        let asking = self.client.post(format!("{address}{path}")).bearer_auth(token);
        let asking = asking.header("idempotency-key", key).header("content-type", "application/json");
        let answer = asking.body(body.to_string()).send().await.expect("the node answers");
        let (status, body) = (answer.status().as_u16(), answer.text().await.expect("the node answers"));
        (status, serde_json::from_str(&body).expect("answers are JSON"))
    }

    async fn done(&mut self, path: &str, key: &str) -> Value {
        let (status, body) = self.post(path, key, json!({})).await;
        assert!((200..300).contains(&status), "{path}: {status} {body}");
        body
    }
}

/// A case goes its whole way: a case by each of the ways that end a task.
async fn go(nodes: &mut Nodes, runners: &[Arc<Runner>], town: &Town) -> BTreeSet<String> {
    let mut cases = BTreeSet::new();
    for number in 0..4 {
        let (status, opened) = nodes.post("/api/cases", &format!("{number}"), json!({"process": "mile"})).await;
        assert_eq!(status, 201, "{opened}");
        let case = opened["case"].as_str().expect("an answer names its case").to_owned();
        let tasks = ["pass", "pass", "redo", "pass", "pass"];
        for (visit, action) in (1..).zip(tasks) {
            let key = format!("{number}-{visit}");
            nodes.done(&format!("/api/cases/{case}/tasks/{visit}/claim"), &format!("{key}-claim")).await;
            if visit == 4 {
                town.advance(90);
                runners[number % 2].settle().await.expect("the database answers");
            }
            let path = format!("/api/cases/{case}/actions/{action}");
            let first = nodes.done(&path, &key).await;
            let again = nodes.done(&path, &key).await;
            assert_eq!(first, again);
        }
        let (status, _) = nodes.post(&format!("/api/cases/{case}/actions/pass"), "late", json!({})).await;
        assert_eq!(status, 409);
        runners[number % 2].settle().await.expect("the database answers");
        cases.insert(case);
    }
    cases
}

/// Has everything that happens in a database from now on said by the server.
async fn record(connection: &mut PgConnection, database: &str) {
    let record = format!("ALTER DATABASE {database} SET log_statement = 'all'");
    connection.execute(AssertSqlSafe(record)).await.expect("the role may set it");
}

#[tokio::test]
async fn every_statement_on_the_way_of_a_case_names_the_case() {
    let address = postgres().await;
    let (database, _) = address.split_once('?').expect("the socket comes after the database");
    let database = database.rsplit('/').next().expect("a split has a last part").to_owned();
    let town = Town::before(address.clone());
    let deployer = town.runner().await;
    let mut set = files();
    set.insert("mile/mile.yaml".to_owned(), include_str!("set/mile.yaml").to_owned());
    deployer.deploy(&set).await.expect("the set is sound");
    deployer.stop().await;
    // It holds for sessions that begin later: all of those of the nodes.
    let mut server = PgConnection::connect(&address).await.expect("the database is there");
    record(&mut server, &database).await;
    town.post.will_answer(500, "");
    let runners = [Arc::new(town.runner().await), Arc::new(town.runner().await)];
    let faces = [face(&runners[0]).await, face(&runners[1]).await];
    let client = reqwest::Client::builder().no_proxy().build().expect("a client needs nothing");
    let mut nodes = Nodes { client, faces, turn: 0 };

    let cases = go(&mut nodes, &runners, &town).await;
    server.close().await.expect("it was open");
    let end = "SELECT 'the end'";
    let mut server = PgConnection::connect(&address).await.expect("the database is there");
    server.execute(end).await.expect("it is a statement");
    let asked = asked(&database, end);

    let spread = tables();
    let faults: BTreeSet<String> = asked.iter().filter_map(|asked| fault(asked, &spread, &cases)).collect();
    assert!(faults.is_empty(), "{} statements name no case:\n{}", faults.len(), Vec::from_iter(faults).join("\n"));
    for (begin, why) in NAMELESS {
        let seen = asked.iter().any(|asked| PART.split(&asked.sql).any(|part| part.starts_with(begin)));
        assert!(seen, "nobody asks any more, so it needs no exception: {why}: {begin}");
    }
    // Beginnings and ends, and rows of every table that is written on the way.
    let written = |table: &str| asked.iter().any(|asked| asked.sql.contains(&format!("INSERT INTO {table} (")));
    for table in ["transitions", "cases", "tasks", "task_candidates", "deadlines", "marks", "commands", "outbox"] {
        assert!(written(table), "the way is too short: nothing was written to {table}");
    }
}

#[test]
fn the_guide_says_of_every_table_how_it_is_spread() {
    let made = regex(r"CREATE TABLE ([a-z_]+) \(([^;]*)\);");
    let made: BTreeMap<&str, &str> =
        made.captures_iter(MIGRATION).map(|found| found.extract::<2>().1).map(|[name, body]| (name, body)).collect();
    let told = tables();

    assert_eq!(told.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>(), "the guide, and the tables there are");
    for (table, spread) in told {
        let has_case = made[table].contains("case_id TEXT NOT NULL");
        assert!([BY_CASE, "reference", "local"].contains(&spread), "{table} is {spread}");
        assert_eq!(spread == BY_CASE, has_case, "{table} is {spread}, and by case is what has a case in every row");
    }
    // What makes rows unique holds the case, or the guide says what is to be done about it.
    for (table, body) in made.iter().filter(|(_, body)| body.contains("case_id TEXT NOT NULL")) {
        let holds_case = body.contains("case_id TEXT NOT NULL PRIMARY KEY") || body.contains("PRIMARY KEY (case_id,");
        let told = GUIDE.contains(&format!("- `{table}`: "));
        assert_eq!(told, !holds_case, "{table}: the list of keys without the case");
    }
    let unique = regex(r"CREATE UNIQUE INDEX ([a-z_]+) ");
    for index in unique.captures_iter(MIGRATION) {
        assert!(GUIDE.contains(&format!("- `{}`: ", &index[1])), "{}: the list of keys without the case", &index[1]);
    }
}
