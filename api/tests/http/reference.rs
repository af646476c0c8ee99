//! `docs/http.md` is held true: its routes and codes are those of the sources, its exchanges are sent and compared.

#![expect(clippy::panic, reason = "a reference that cannot be read fails with where that is")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use regex::Regex;
use serde_json::Value;

use crate::client::{Reply, Server};

/// What is another one each time, beside identities.
const CHANGING: [(&str, &str); 3] = [
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "INSTANT"),
    (r"^[0-9a-f]{16}$", "VERSION"),
    // The number of a case has the year in it.
    (r"〔\d{4}〕", "〔YEAR〕"),
];

/// What stands for more in an answer.
const MORE: &str = "…";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is right")
}

/// The routes of a router's source, as `GET /api/me`.
fn routes_of(source: &str) -> BTreeSet<String> {
    let (path, method) = (regex(r#"^\s*"([^"]+)""#), regex(r"\b(get|post|put|patch|delete)\("));
    let chunks = source.split(".route(").skip(1);
    let found = chunks.flat_map(|chunk| {
        let path = path.captures(chunk).expect("a route has a path")[1].to_owned();
        let methods: Vec<String> = method.captures_iter(chunk).map(|found| found[1].to_uppercase()).collect();
        methods.into_iter().map(move |method| format!("{method} {path}"))
    });
    found.collect()
}

/// The codes that a source makes problems with, each with its statuses.
fn codes_of(source: &str) -> BTreeMap<String, u16> {
    let made = regex(r#"new\(\s*StatusCode::(\w+),\s*"(\w+)""#);
    made.captures_iter(source).map(|found| (found[2].to_owned(), status(&found[1]))).collect()
}

/// The codes of rejections with the statuses that they get.
fn rejections() -> BTreeMap<String, u16> {
    let source = read("api/src/http/problem.rs");
    let (_, arms) = source.split_once("let status = match &rejection {").expect("rejections get a status");
    let (arms, _) = arms.split_once("};").expect("the match ends");
    let (variant, arm) = (regex(r"Rejection::(\w+)"), regex(r"(?s)(.*?)=> StatusCode::(\w+)"));
    let found = arm.captures_iter(arms).flat_map(|arm| {
        let status = status(&arm[2]);
        let variants: Vec<String> = variant.captures_iter(&arm[1]).map(|found| snake(&found[1])).collect();
        variants.into_iter().map(move |code| (code, status))
    });
    found.collect()
}

fn snake(name: &str) -> String {
    regex("(.)([A-Z])").replace_all(name, "${1}_$2").to_lowercase()
}

/// The number of a status by its name in the sources.
fn status(name: &str) -> u16 {
    let named = |code: &u16| {
        let reason = StatusCode::from_u16(*code).ok().and_then(|status| status.canonical_reason());
        reason.is_some_and(|reason| reason.to_uppercase().replace(' ', "_") == name)
    };
    (100..600).find(named).unwrap_or_else(|| panic!("there is no status {name}"))
}

#[test]
fn every_route_is_in_the_reference_and_the_other_way_round() {
    let reference = read("docs/http.md");
    let headings = reference.lines().filter_map(|line| line.strip_prefix("### ").map(str::to_owned));

    assert_eq!(headings.collect::<BTreeSet<_>>(), routes_of(&read("api/src/http.rs")));
}

#[test]
fn every_code_is_in_the_reference_with_its_status_and_the_other_way_round() {
    let mut sent = rejections();
    let files = fs::read_dir(root().join("api/src/http")).expect("the sources are there");
    for file in files {
        let path = file.expect("the folder can be read").path();
        sent.extend(codes_of(&fs::read_to_string(path).expect("a source is text")));
    }

    let row = regex(r"(?m)^\| `(\w+)` \| (\d{3}) \|");
    let reference = read("docs/http.md");
    let rows = row.captures_iter(&reference).map(|row| (row[1].to_owned(), row[2].parse().expect("three digits")));
    assert_eq!(rows.collect::<BTreeMap<String, u16>>(), sent);
}

#[test]
fn every_limit_of_the_reference_is_that_of_the_sources() {
    let limits = [
        ("body.rs", "BODY_BYTES_MAX: usize = 1024 * 1024;", "| body | 1 MiB; 20 s to send it |"),
        ("body.rs", "BODY_TIME_MAX: Duration = Duration::from_secs(20);", "| body | 1 MiB; 20 s to send it |"),
        ("json.rs", "DEPTH_MAX: usize = 16;", "nested 16 deep at most"),
        ("caller.rs", "KEY_BYTES_MAX: usize = 255;", "1 to 255 bytes"),
        ("cases.rs", "SEAL_BYTES_MAX: usize = 8 * 1024;", "| seal | 8 KiB |"),
        ("connection.rs", "HEAD_BYTES_MAX: usize = 32 * 1024;", "| head of a request | 32 KiB; 15 s"),
        ("connection.rs", "HEAD_TIME_MAX: Duration = Duration::from_secs(15);", "| head of a request | 32 KiB; 15 s"),
        (
            "connection.rs",
            "STALL_TIME_MAX: Duration = Duration::from_secs(20);",
            "20 s in which a client takes no byte",
        ),
        ("guard.rs", "ANSWER_TIME_MAX: Duration = Duration::from_secs(30);", "| answer | 30 s,"),
        ("health.rs", "WRITE_TIME_MAX: Duration = Duration::from_secs(3);", "with it for more than 3 s"),
        ("health.rs", "PROBE_TIME_MAX: Duration = Duration::from_secs(4);", "else, or after 4 s,"),
        ("seats.rs", "SEATS_MAX: usize = 1024;", "| connections | 1024 at the same time, 256 of them"),
        ("seats.rs", "SHARE: usize = SEATS_MAX / 4;", "| not set | 256 of the 1024 connections"),
        ("seats.rs", "SILENT_TIME_MIN: Duration = Duration::from_secs(1);", "nothing was asked for 1 s"),
        ("seats.rs", "IDLE_TIME_MIN: Duration = Duration::from_secs(5);", "idle for 5 s"),
        ("problem.rs", "DETAIL_MAX: usize = 500;", "(500 characters at most)"),
        ("tasks.rs", "LISTED_MAX: u16 = 200;", "1 to 200 tasks, 50 when not said"),
        ("notices.rs", "LISTED_MAX: u16 = 200;", "`limit` is 1 to 200, 50 when not said"),
        ("incidents.rs", "LISTED_MAX: u16 = 1_000;", "1 to 1000 of each list, 100 when not said"),
    ];
    let reference = read("docs/http.md");

    for (file, limit, sentence) in limits {
        assert!(read(&format!("api/src/http/{file}")).contains(limit), "{file} has another limit than {limit}");
        assert!(reference.contains(sentence), "{file} has {limit}, and the reference does not say: {sentence}");
    }
}

#[test]
fn the_sources_are_read_as_they_are_written() {
    let router = ".route(\"/a/{b}\", get(x::y).post(x::z))\n .route(\n \"/c\",\n delete(w))";
    assert_eq!(routes_of(router), ["DELETE /c", "GET /a/{b}", "POST /a/{b}"].map(str::to_owned).into());
    let problems = "Problem::new(StatusCode::CONFLICT, \"one\", d) Self::new(\n StatusCode::NOT_FOUND,\n \"two\", d)";
    assert_eq!(codes_of(problems), BTreeMap::from([("one".to_owned(), 409), ("two".to_owned(), 404)]));
    let source = read("engine/src/rejection.rs");
    let variant = regex(r"(?m)^    ([A-Z]\w+)( \{|,)$");
    let variants = variant.captures_iter(&source).map(|found| snake(&found[1]));
    assert_eq!(variants.collect::<BTreeSet<_>>(), rejections().into_keys().collect());
}

/// A request and its answer, as the reference has them.
#[derive(Debug)]
struct Exchange {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    status: u16,
    answered: Vec<(String, String)>,
    answer: Value,
}

impl Exchange {
    fn read(block: &str) -> Self {
        let mut parts = block.split("\n\n").map(str::trim);
        let head = parts.next().expect("a split has a first part");
        let (request, headers) = head.split_once('\n').unwrap_or((head, ""));
        let (method, path) = request.split_once(' ').unwrap_or_else(|| panic!("no request: {block}"));
        let second = parts.next().unwrap_or_else(|| panic!("no answer: {block}"));
        let is_status = |part: &str| part.get(..3).is_some_and(|digits| digits.parse::<u16>().is_ok());
        let (body, reply) =
            if is_status(second) { ("", second) } else { (second, parts.next().expect("an answer follows a body")) };
        let (status, answered) = reply.split_once('\n').unwrap_or((reply, ""));
        let answer = parts
            .next()
            .map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: pairs(headers),
            body: body.to_owned(),
            status: status.parse().unwrap_or_else(|error| panic!("{error}: {status}")),
            answered: pairs(answered),
            answer,
        }
    }

    fn is_of(&self, route: &str) -> bool {
        let (method, template) = route.split_once(' ').expect("a route has a method");
        let path = self.path.split('?').next().expect("a split has a first part");
        let fits = |(part, found): (&str, &str)| part == found || part.starts_with('{');
        self.method == method
            && template.split('/').count() == path.split('/').count()
            && template.split('/').zip(path.split('/')).all(fits)
    }
}

fn pairs(lines: &str) -> Vec<(String, String)> {
    let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    lines.lines().map(|line| pair(line).unwrap_or_else(|| panic!("no header: {line}"))).collect()
}

/// The identities of the reference, each with the one that the server made.
#[derive(Default)]
struct Identities(BTreeMap<String, String>);

impl Identities {
    /// A text of the reference with the identities of the server, those that are new learnt from its answer.
    fn in_text(&mut self, written: &str, sent: &str) -> String {
        let identity = regex(r"\b[0-9a-f]{32}\b");
        for (own, found) in identity.find_iter(written).zip(identity.find_iter(sent)) {
            self.0.entry(own.as_str().to_owned()).or_insert_with(|| found.as_str().to_owned());
        }
        self.replaced(written)
    }

    fn replaced(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (written, real)| text.replace(written, real))
    }

    /// Where an answer is not as it is written, and how.
    fn compare(&mut self, written: &Value, sent: &Value, place: &str) -> Vec<String> {
        match (written, sent) {
            (Value::String(text), _) if text == MORE && !sent.is_null() => Vec::new(),
            (Value::Object(written), Value::Object(sent)) => {
                let others = if written.contains_key(MORE) { None } else { Some(sent.keys()) };
                let names: BTreeSet<&String> = written.keys().chain(others.into_iter().flatten()).collect();
                let names = names.into_iter().filter(|name| *name != MORE);
                let pairs = names.map(|name| (name.clone(), written.get(name), sent.get(name)));
                self.compare_all(pairs, place)
            }
            (Value::Array(written), Value::Array(sent)) => {
                let is_part = written.last().is_some_and(|last| last == MORE);
                let written = if is_part { &written[..written.len() - 1] } else { written };
                let count = if is_part { written.len() } else { written.len().max(sent.len()) };
                let pairs = (0..count).map(|index| (index.to_string(), written.get(index), sent.get(index)));
                self.compare_all(pairs, place)
            }
            (Value::String(written), Value::String(sent)) => {
                let (written, sent) = (alike(&self.in_text(written, sent)), alike(sent));
                let is_same = written.strip_suffix(MORE).map_or(written == sent, |start| sent.starts_with(start));
                if is_same { Vec::new() } else { vec![format!("{place}: {written} is written, and it is {sent}")] }
            }
            _ if written == sent => Vec::new(),
            _ => vec![format!("{place}: {written} is written, and it is {sent}")],
        }
    }

    fn compare_all<'a>(
        &mut self,
        pairs: impl Iterator<Item = (String, Option<&'a Value>, Option<&'a Value>)>,
        place: &str,
    ) -> Vec<String> {
        let compared = pairs.flat_map(|(name, written, sent)| match (written, sent) {
            (Some(written), Some(sent)) => self.compare(written, sent, &format!("{place}/{name}")),
            (written, sent) => vec![format!("{place}/{name}: {written:?} is written, and it is {sent:?}")],
        });
        compared.collect()
    }
}

fn alike(text: &str) -> String {
    let changing = CHANGING.iter();
    changing.fold(text.to_owned(), |text, (pattern, word)| regex(pattern).replace_all(&text, *word).into_owned())
}

fn exchanges() -> Vec<Exchange> {
    let block = regex(r"(?s)```http\n(.*?)```");
    block.captures_iter(&read("docs/http.md")).map(|found| Exchange::read(&found[1])).collect()
}

fn send(server: &Server, tokens: &BTreeMap<String, String>, exchange: &Exchange, known: &Identities) -> Reply {
    let mut headers = String::new();
    for (name, value) in &exchange.headers {
        let value =
            value.split_once('$').map_or(value.clone(), |(scheme, holder)| format!("{scheme}{}", tokens[holder]));
        headers += &format!("{name}: {value}\r\n");
    }
    if !exchange.body.is_empty() {
        headers += "Content-Type: application/json\r\n";
    }
    server.send(&exchange.method, &known.replaced(&exchange.path), &headers, exchange.body.as_bytes())
}

#[test]
fn every_exchange_of_the_reference_is_true() {
    let server = Server::fresh();
    let made = regex(r"(?m)^\$ (\w+)=\$\(duban token ([^)]+)\)");
    let reference = read("docs/http.md");
    let tokens = made.captures_iter(&reference).map(|found| {
        let words: Vec<&str> = found[2].split(' ').collect();
        (found[1].to_owned(), server.token(&words))
    });
    let tokens: BTreeMap<String, String> = tokens.collect();
    let mut identities = Identities::default();

    for exchange in exchanges() {
        let reply = send(&server, &tokens, &exchange, &identities);

        let place = format!("{} {}", exchange.method, exchange.path);
        assert_eq!(reply.status, exchange.status, "{place}: {reply:?}");
        let mut wrong = identities.compare(&exchange.answer, &reply.json, &place);
        for (name, value) in &exchange.answered {
            let sent = &reply.headers[&name.to_lowercase()];
            wrong.extend(identities.compare(&value.as_str().into(), &sent.as_str().into(), &format!("{place} {name}")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn every_route_has_an_exchange() {
    let exchanges = exchanges();
    let routes = routes_of(&read("api/src/http.rs")).into_iter();
    let bare: Vec<String> = routes.filter(|route| !exchanges.iter().any(|exchange| exchange.is_of(route))).collect();

    assert_eq!(bare, [""; 0]);
}

#[test]
fn an_answer_that_is_not_as_written_is_seen() {
    let differ = |written: Value, sent: Value| !Identities::default().compare(&written, &sent, "").is_empty();
    let (one, two) = ("0".repeat(32), "f".repeat(32));

    assert!(differ(serde_json::json!({"a": 1}), serde_json::json!({"a": 1, "b": 2})));
    assert!(differ(serde_json::json!({"a": 1, "b": "…"}), serde_json::json!({"a": 1})));
    assert!(differ(serde_json::json!({"a": "…"}), serde_json::json!({"a": null})));
    assert!(differ(serde_json::json!({"a": 1, "…": "…"}), serde_json::json!({"b": 1})));
    assert!(!differ(serde_json::json!({"a": 1, "…": "…"}), serde_json::json!({"a": 1, "b": 2})));
    assert!(differ(serde_json::json!([1]), serde_json::json!([1, 2])));
    assert!(differ(serde_json::json!([1, 2, "…"]), serde_json::json!([1])));
    assert!(differ(serde_json::json!("one…"), serde_json::json!("two")));
    assert!(differ(serde_json::json!([&one, &one]), serde_json::json!([&one, &two])));
    assert!(!differ(serde_json::json!([1, "…"]), serde_json::json!([1, 2])));
    assert!(!differ(serde_json::json!([&one, &one]), serde_json::json!([&two, &two])));
}
