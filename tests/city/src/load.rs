//! Clients that send commands to several nodes, and each command again until it is answered.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::chance::Chance;
use crate::client::{Answer, Client, Question};
use crate::history::{Entry, Log};

/// Who acts.
pub const PEOPLE: [&str; 4] = ["wang", "li", "zhao", "chen"];

/// How long an attempt may take before its answer counts as unknown.
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(3);

/// How long a client waits before it sends a command again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// How long clients go on with a command when everything is whole again.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a client thinks before its next command, in milliseconds.
const THOUGHT: [u64; 2] = [10, 80];

/// Cases that several clients work on at the same time; older ones are left alone.
const SHARED_MAX: usize = 24;

/// The clients of a trial.
#[derive(Debug)]
pub struct Crew {
    nodes: Vec<Client>,
    tokens: Vec<String>,
    log: Arc<Log>,
    seed: u64,
    cases: Mutex<VecDeque<String>>,
    is_over: AtomicBool,
}

/// A command, before it is sent.
#[derive(Clone, Debug)]
struct Wish {
    key: String,
    by: usize,
    path: String,
    body: Json,
}

impl Crew {
    /// Clients of some nodes, with a token for each of [`PEOPLE`].
    pub fn new(nodes: &[SocketAddr], tokens: Vec<String>, log: Arc<Log>, seed: u64) -> Self {
        let nodes = nodes.iter().map(|address| Client::new(*address)).collect();
        Self { nodes, tokens, log, seed, cases: Mutex::default(), is_over: AtomicBool::new(false) }
    }

    /// Has so many clients work until it is over.
    pub fn work(self: &Arc<Self>, clients: u64) -> JoinSet<()> {
        let mut working = JoinSet::new();
        for number in 0..clients {
            let crew = Arc::clone(self);
            working.spawn(async move { crew.live(number).await });
        }
        working
    }

    /// No new commands from now on.
    pub fn finish(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    async fn live(self: Arc<Self>, number: u64) {
        let mut chance = Chance::new(self.seed, number);
        let mut done: VecDeque<Wish> = VecDeque::new();
        for turn in 0_u64.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let key = format!("{}-{number}-{turn}", self.seed);
            if let Some(before) = chance.per_mille(80).then(|| chance.pick(done.make_contiguous()).cloned()).flatten() {
                self.insist(&before, &mut chance).await;
            } else if chance.per_mille(80) {
                self.compete(&key, &mut chance).await;
            } else {
                let wish = self.wish(key, &mut chance);
                let answer = self.insist(&wish, &mut chance).await;
                if let Some(answer) = answer.filter(|answer| answer.status < 300) {
                    if wish.path == "/api/cases" {
                        self.share(&answer);
                    }
                    done.push_front(wish);
                    done.truncate(SHARED_MAX);
                }
            }
            sleep(Duration::from_millis(chance.between(THOUGHT[0], THOUGHT[1]))).await;
        }
    }

    /// What a client wants next.
    fn wish(&self, key: String, chance: &mut Chance) -> Wish {
        let by = usize::try_from(chance.below(PEOPLE.len() as u64)).unwrap_or(0);
        let case = chance.pick(self.cases.lock().unwrap_or_else(PoisonError::into_inner).make_contiguous()).cloned();
        let actions = [("", 25), ("note", 40), ("tell", 15), ("spread", 10), ("finish", 3)];
        let (path, body) = match (chance.weigh(&actions).copied().unwrap_or(""), case) {
            ("", _) | (_, None) => ("/api/cases".to_owned(), json!({"process": "matter", "fields": {"subject": key}})),
            (action, Some(case)) => (format!("/api/cases/{case}/actions/{action}"), json!({"fields": {"words": key}})),
        };
        Wish { key, by, path, body }
    }

    /// Opens a case, and has everybody claim its task at the same time.
    async fn compete(self: &Arc<Self>, key: &str, chance: &mut Chance) {
        let body = json!({"process": "matter", "fields": {"subject": key}});
        let opening = Wish { key: key.to_owned(), by: 0, path: "/api/cases".to_owned(), body };
        let Some(answer) = self.insist(&opening, chance).await else { return };
        let case = answer.body["case"].as_str().unwrap_or_default();
        let mut claiming = JoinSet::new();
        for by in 0..PEOPLE.len() {
            let path = format!("/api/cases/{case}/tasks/1/claim");
            let claim = Wish { key: format!("{key}-claim-{by}"), by, path, body: json!({}) };
            let (crew, mut chance) = (Arc::clone(self), Chance::new(chance.draw(), by as u64));
            claiming.spawn(async move { crew.insist(&claim, &mut chance).await });
        }
        claiming.join_all().await;
    }

    /// Sends a command to one node after the other until it is answered; `None` when everything was whole for long and it
    /// was not.
    async fn insist(&self, wish: &Wish, chance: &mut Chance) -> Option<Answer> {
        let mut patience = None;
        loop {
            if let Some(answer) = self.attempt(wish, chance).await {
                return Some(answer);
            }
            if self.is_over.load(Ordering::Relaxed) {
                let until = *patience.get_or_insert_with(|| Instant::now() + PATIENCE);
                if Instant::now() > until {
                    return None;
                }
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    async fn attempt(&self, wish: &Wish, chance: &mut Chance) -> Option<Answer> {
        let Wish { key, by, path, body } = wish;
        let node = usize::try_from(chance.below(self.nodes.len() as u64)).unwrap_or(0);
        let (key, by, path, body) = (key.clone(), PEOPLE[*by].to_owned(), path.clone(), body.clone());
        self.log.note(|at| Entry::Sent { at, key, node, by, path, body });
        let (token, key) = (&self.tokens[wish.by], Some(wish.key.as_str()));
        let question = Question { method: "POST", path: &wish.path, token, key, body: Some(&wish.body) };
        let answer = timeout(ATTEMPT_TIME_MAX, self.nodes[node].ask(question)).await;
        let key = wish.key.clone();
        match answer {
            Ok(Ok(answer)) => {
                let (status, body) = (answer.status, answer.body.clone());
                self.log.note(|at| Entry::Answered { at, key, node, status, body });
                Some(answer).filter(|answer| answer.status < 500)
            }
            Ok(Err(error)) => {
                self.log.note(|at| Entry::Unknown { at, key, node, why: error.to_string() });
                None
            }
            Err(_) => {
                self.log.note(|at| Entry::Unknown { at, key, node, why: "no answer in time".to_owned() });
                None
            }
        }
    }

    /// Lets others work on a case, too.
    fn share(&self, answer: &Answer) {
        let Some(case) = answer.body["case"].as_str() else { return };
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        cases.push_front(case.to_owned());
        cases.truncate(SHARED_MAX);
    }
}
