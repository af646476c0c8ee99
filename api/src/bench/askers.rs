//! Askers: so many at the same time, each with one case after another and one command after another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use duban_engine::command::{Ask, StartedBy};
use duban_engine::event::{Actor, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_engine::value::Value;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

use super::client::{Connection, Posted};
use super::desk::{Desk, Face};
use super::set::{Deed, Journey, Way};
use crate::config::Failure;
use crate::runner::{Runner, Submission};

/// Which way commands go.
#[derive(Clone, Copy)]
pub enum Door<'a> {
    /// To the runner.
    Inside,
    /// Through HTTP, each asker with a connection of their own.
    Http(&'a Face),
}

/// When askers stop, each after the case that it has begun.
#[derive(Clone, Debug)]
pub enum Until {
    /// After so long.
    Time(Duration),
    /// When so many cases were begun.
    Count(usize),
    /// When they are told.
    Told(Arc<AtomicBool>),
}

/// What was done.
#[derive(Debug, Default)]
pub struct Load {
    /// Every command.
    pub done: Vec<Done>,
    /// How many cases went their way.
    pub cases: usize,
    /// From the first command to the last answer.
    pub seconds: f64,
}

/// A command that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// The case.
    pub case: CaseId,
    /// The transition that it made.
    pub sequence: u32,
    /// Its place on the case's way.
    pub deed: usize,
    /// When it was sent.
    pub at: Instant,
    /// How long the answer took, in milliseconds.
    pub time: f64,
}

impl Load {
    /// Commands a second.
    pub fn rate(&self) -> f64 {
        self.done.len() as f64 / self.seconds
    }

    /// How long the answers took, in milliseconds.
    pub fn times(&self) -> Vec<f64> {
        self.done.iter().map(|done| done.time).collect()
    }
}

/// The way of the next case.
pub type Journeys = Arc<dyn Fn(&Desk, u64) -> Journey + Send + Sync>;

/// Has so many askers ask.
///
/// # Errors
/// When one of them is refused.
pub async fn load(
    desk: &Arc<Desk>,
    door: Door<'_>,
    askers: usize,
    until: Until,
    journeys: &Journeys,
) -> Result<Load, Failure> {
    let begun = Arc::new(AtomicUsize::new(0));
    let mut asking = JoinSet::new();
    let mut ready = Vec::new();
    for _ in 0..askers {
        ready.push(match door {
            Door::Inside => Asker::Inside(Arc::clone(&desk.runner)),
            Door::Http(face) => Asker::Http(Connection::open(face.address).await?, Arc::clone(&face.tokens)),
        });
    }
    let from = Instant::now();
    for mut asker in ready {
        let (desk, begun, journeys) = (Arc::clone(desk), Arc::clone(&begun), Arc::clone(journeys));
        let until = until.clone();
        asking.spawn(async move {
            let mut own = Load::default();
            loop {
                let goes_on = match &until {
                    Until::Time(time) => from.elapsed() < *time,
                    Until::Count(count) => begun.fetch_add(1, Ordering::Relaxed) < *count,
                    Until::Told(over) => !over.load(Ordering::Relaxed),
                };
                if !goes_on {
                    return Ok::<Load, Failure>(own);
                }
                let number = desk.number();
                own.done.extend(asker.travel(&desk, number, journeys(&desk, number)).await?);
                own.cases += 1;
            }
        });
    }
    let mut all = Load::default();
    while let Some(own) = asking.join_next().await {
        let own = own??;
        all.done.extend(own.done);
        all.cases += own.cases;
    }
    all.seconds = from.elapsed().as_secs_f64();
    Ok(all)
}

enum Asker {
    Inside(Arc<Runner>),
    Http(Connection, Arc<BTreeMap<String, String>>),
}

impl Asker {
    async fn travel(&mut self, desk: &Desk, number: u64, journey: Journey) -> Result<Vec<Done>, Failure> {
        let (mut case, mut done) = (journey.case, Vec::with_capacity(journey.deeds.len()));
        for (place, deed) in (0usize..).zip(&journey.deeds) {
            let key = desk.id("key", number * 16 + place as u64).to_string();
            let at = Instant::now();
            let (answered, sequence) = match self {
                Self::Inside(runner) => {
                    let answer = runner.submit(submission(case, deed, &key)).await?;
                    (answer.case, answer.sequence)
                }
                Self::Http(connection, tokens) => through(connection, tokens, case, deed, &key).await?,
            };
            case = answered;
            done.push(Done { case, sequence, deed: place, at, time: at.elapsed().as_secs_f64() * 1e3 });
        }
        Ok(done)
    }
}

/// A command for the runner. Its key is as long as those that come through HTTP.
pub fn submission(case: CaseId, deed: &Deed, key: &str) -> Submission {
    let by = Actor::person(&deed.by);
    let fields: Fields = deed.fields.iter().map(|(name, value)| (Name::new(name), Value::text(value))).collect();
    let submission = match deed.way {
        Way::Open(process) => Submission::open(case, Name::new(process), by, StartedBy::Person, fields),
        Way::Act(action) => {
            Submission::new(case, by, Ask::TakeAction { visit: None, action: Name::new(action), fields, seal: None })
        }
    };
    submission.with_key(format!("http:{key}"))
}

async fn through(
    connection: &mut Connection,
    tokens: &BTreeMap<String, String>,
    case: CaseId,
    deed: &Deed,
    key: &str,
) -> Result<(CaseId, u32), Failure> {
    let token = tokens.get(&deed.by).ok_or("everybody has a token")?;
    let fields: Json =
        deed.fields.iter().map(|(name, value)| ((*name).to_owned(), Json::from(value.as_str()))).collect();
    let (path, body) = match deed.way {
        Way::Open(process) => ("/api/cases".to_owned(), json!({"process": process, "fields": fields})),
        Way::Act(action) => (format!("/api/cases/{case}/actions/{action}"), json!({"fields": fields})),
    };
    let posted = Posted { key, body: &body.to_string() };
    let answer = connection.ask(&path, token, Some(posted)).await?;
    let case = answer["case"].as_str().ok_or("an answer names the case")?.parse()?;
    let sequence = answer["sequence"].as_u64().ok_or("an answer has the transition")?;
    Ok((case, u32::try_from(sequence)?))
}
