//! A small town to test in: one office, one process, a clock that is moved by hand, and an outside that remembers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use duban::clock::ManualClock;
use duban::runner::{
    Answer, Outside, RandomSalts, Refusal, Reply, Replying, Request, Runner, Secrets, Settings, Submission,
    Surroundings,
};
use duban::storage::{Database, Mode};
use duban_engine::command::{Ask, StartedBy};
use duban_engine::event::{Actor, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_engine::value::Value;
use jiff::Timestamp;

/// Monday, nine o'clock in the morning.
pub const MORNING: &str = "2026-03-02T09:00:00+08:00";

/// The secret of the connection `city`: `whsec_` and the base64 of `town hall`.
pub const SECRET: &str = "whsec_dG93biBoYWxs";

/// An outside that remembers what it was asked and answers as it was told to.
#[derive(Default)]
pub struct Post {
    pub sent: Mutex<Vec<Request>>,
    pub replies: Mutex<VecDeque<Result<Reply, String>>>,
}

impl Post {
    pub fn will_answer(&self, status: u16, body: &str) {
        self.replies.lock().expect("no test panics in between").push_back(Ok(Reply { status, body: body.to_owned() }));
    }

    pub fn sent(&self) -> Vec<Request> {
        self.sent.lock().expect("no test panics in between").clone()
    }
}

impl Outside for Post {
    fn send(&self, request: Request) -> Replying<'_> {
        self.sent.lock().expect("no test panics in between").push(request);
        let reply = self.replies.lock().expect("no test panics in between").pop_front();
        Box::pin(async move { reply.unwrap_or(Ok(Reply { status: 200, body: String::new() })) })
    }
}

/// Secrets of one connection.
pub struct OneSecret;

impl Secrets for OneSecret {
    fn find(&self, name: &str) -> Option<String> {
        (name == "CITY_SECRET").then(|| SECRET.to_owned())
    }
}

/// The town.
pub struct Town {
    /// By way of a pooler in transaction mode: its address, a space, and the server's own.
    pub address: String,
    pub clock: Arc<ManualClock>,
    pub post: Arc<Post>,
}

/// The files that are deployed.
pub fn files() -> BTreeMap<String, String> {
    let files = [
        ("organization.yaml", include_str!("set/organization.yaml")),
        ("calendar.yaml", include_str!("set/calendar.yaml")),
        ("connections.yaml", include_str!("set/connections.yaml")),
        ("ledger.yaml", include_str!("set/ledger.yaml")),
        ("matter/matter.yaml", include_str!("set/matter.yaml")),
        ("matter/templates/soon.hbs", include_str!("set/templates/soon.hbs")),
        ("matter/templates/slip.hbs", include_str!("set/templates/slip.hbs")),
        ("petition/petition.yaml", include_str!("set/petition.yaml")),
        ("petition/templates/letter.hbs", include_str!("set/templates/letter.hbs")),
        ("question/question.yaml", include_str!("set/question.yaml")),
        ("round/round.yaml", include_str!("set/round.yaml")),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

impl Town {
    /// A town over a fresh database, with everything deployed.
    pub async fn new(address: String) -> Self {
        let town = Self::before(address);
        let runner = town.runner().await;
        let deployed = runner.deploy(&files()).await;
        assert!(deployed.is_ok(), "{deployed:#?}");
        runner.stop().await;
        town
    }

    /// A town in which nothing is there yet.
    pub fn before(address: String) -> Self {
        let clock = Arc::new(ManualClock::new(MORNING.parse().expect("the text is an instant")));
        Self { address, clock, post: Arc::default() }
    }

    pub async fn database(&self) -> Database {
        let opened = match self.address.split_once(' ') {
            None => Database::open(&self.address).await,
            Some((pooler, direct)) => Database::open_pooled(pooler, direct, Mode::Make).await,
        };
        opened.expect("the address is of a fresh database")
    }

    /// A runner that serves timers and the outbox only when it is asked to.
    pub async fn runner(&self) -> Runner {
        self.runner_with(Settings { automatic: false, ..Settings::default() }).await
    }

    pub async fn runner_with(&self, settings: Settings) -> Runner {
        self.start_with(settings).await.expect("a runner starts over its database")
    }

    /// A runner, if one starts.
    pub async fn start_with(&self, settings: Settings) -> duban::storage::Result<Runner> {
        let (clock, outside, secrets) = (self.clock.clone(), self.post.clone(), Arc::new(OneSecret));
        let surroundings = Surroundings { clock, outside, secrets, salts: Arc::new(RandomSalts) };
        Runner::start(self.database().await, surroundings, settings).await
    }

    pub fn advance(&self, minutes: i64) {
        self.clock.advance(jiff::SignedDuration::from_mins(minutes));
    }
}

pub fn wang() -> Actor {
    Actor::person("wang")
}

pub fn fields(values: &[(&str, &str)]) -> Fields {
    values.iter().map(|(name, value)| (Name::new(name), Value::text(value))).collect()
}

/// The command that opens a matter.
pub fn open(case: u128, subject: &str) -> Submission {
    Submission::open(CaseId(case), Name::new("matter"), wang(), StartedBy::Person, fields(&[("subject", subject)]))
}

/// The command that opens a petition, whose fields are private.
pub fn write_in(case: u128, subject: &str, phone: &str) -> Submission {
    let given = fields(&[("subject", subject), ("phone", phone)]);
    Submission::open(CaseId(case), Name::new("petition"), wang(), StartedBy::Person, given)
}

/// The command that takes an action without a form.
pub fn take(case: u128, action: &str) -> Submission {
    take_with(case, action, &[])
}

/// The command that takes an action.
pub fn take_with(case: u128, action: &str, form: &[(&str, &str)]) -> Submission {
    let ask = Ask::TakeAction { visit: None, action: Name::new(action), fields: fields(form), seal: None };
    Submission::new(CaseId(case), wang(), ask)
}

/// The command that writes a note into a matter.
pub fn note(case: u128, words: &str) -> Submission {
    take_with(case, "note", &[("words", words)])
}

/// Has commands done together: all are in the queue before the first is answered.
pub async fn submit_together(runner: &Runner, submissions: Vec<Submission>) -> Vec<Result<Answer, Refusal>> {
    let mut submitted: Vec<_> = submissions.into_iter().map(|submission| Box::pin(runner.submit(submission))).collect();
    let mut outcomes: Vec<Option<Result<Answer, Refusal>>> = submitted.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, outcome) in submitted.iter_mut().zip(&mut outcomes) {
            if outcome.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *outcome = Some(ready);
            }
        }
        let is_over = outcomes.iter().all(Option::is_some);
        if is_over { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    outcomes.into_iter().flatten().collect()
}

/// What a case knows in a field, as text.
pub async fn knows(runner: &Runner, case: CaseId, field: &str) -> String {
    let found = runner.case(case).await.expect("the database answers").expect("there is such a case");
    found.fields.get(field).cloned().unwrap_or_default().to_string()
}

/// An instant of the day.
pub fn at(text: &str) -> Timestamp {
    format!("2026-03-02T{text}:00+08:00").parse().expect("the text is an instant")
}

/// Nothing is wrong with what is stored.
pub async fn assert_sound(runner: &Runner) {
    let findings = runner.verify().await.expect("the database answers");
    assert_eq!(findings, [], "the lists are what the transitions say");
}
