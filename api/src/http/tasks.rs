//! `/api/tasks`: what waits for a person, and what people do with tasks beside taking actions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use duban_engine::command::Ask;
use duban_engine::ids::{CaseId, Name, VisitId, written_step};
use duban_engine::organization::Organization;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body::{Asked, Json, Route};
use super::caller::{Key, Person, Seen};
use super::cases::submit;
use super::problem::Problem;
use super::{Server, shown};
use crate::access::standings;
use crate::storage::tasks::{self, Listed, Queue};

/// How many tasks are listed when the client does not say.
const LISTED: u16 = 50;

/// How many tasks are listed at most.
const LISTED_MAX: u16 = 200;

/// Which tasks are listed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    process: Option<String>,
    step: Option<String>,
    light: Option<String>,
    /// `me`: only those that the person holds.
    holder: Option<Holder>,
    limit: Option<u16>,
    /// Go on after this one: `next` of the page before.
    after: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Holder {
    Me,
    Nobody,
}

#[derive(Debug, Serialize)]
struct Page {
    tasks: Vec<Line>,
    /// For `after`, when there may be more.
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    case: CaseId,
    number: Option<Name>,
    process: Name,
    case_title: String,
    visit: VisitId,
    step: String,
    title: String,
    since: Timestamp,
    holder: Option<Name>,
    asked_by: Option<Name>,
    due_at: Option<Timestamp>,
    provisional: bool,
    light: Option<String>,
}

/// `GET /api/tasks`: what the person can do, and those they stand in for; the most pressing first.
pub async fn list(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Problem> {
    let library = server.library()?;
    let (organization, now) = (&library.catalog.organization, server.runner.clock().now());
    let after = wanted.after.as_deref().map(|text| Place::read(text).ok_or_else(wrong_page)).transpose()?;
    let limit = wanted.limit.unwrap_or(LISTED).clamp(1, LISTED_MAX);
    let standings = standings(organization, &person, now);
    let queues = queues(organization, &standings, wanted.holder);
    let mut found: BTreeMap<Place, Listed> = BTreeMap::new();
    for queue in &queues {
        let filter = tasks::Filter {
            process: wanted.process.as_deref().unwrap_or(""),
            step: wanted.step.as_deref().unwrap_or(""),
            light: wanted.light.as_deref().unwrap_or(""),
            after: after.as_ref().map(|place| (place.due, place.case, place.visit)),
            limit: i64::from(limit) + 1,
        };
        for listed in tasks::of_queue(server.runner.pages(), queue, &filter).await? {
            found.insert(Place::of(&listed), listed);
        }
    }
    let mut places = found.into_iter();
    let shown: Vec<(Place, Listed)> = places.by_ref().take(limit.into()).collect();
    let next = places.next().and(shown.last()).map(|(place, _)| place.to_string());
    let tasks = shown.into_iter().map(|(_, listed)| Line::from(listed));
    Ok(shown::ok(&Page { tasks: tasks.collect(), next }))
}

/// Where the tasks of these people are: held by one of them, or open to them.
fn queues(organization: &Organization, standings: &BTreeSet<Name>, holder: Option<Holder>) -> Vec<Queue> {
    let mut queues = Vec::new();
    for person in standings {
        if holder != Some(Holder::Nobody) {
            queues.push(Queue::Held(person.clone()));
        }
        if holder != Some(Holder::Me) {
            queues.push(Queue::Person(person.clone()));
            let duties = organization.people.get(person).into_iter().flat_map(|person| &person.duties);
            let duties = duties.flat_map(|(unit, duties)| duties.iter().map(move |duty| (unit, duty)));
            queues.extend(duties.map(|(unit, duty)| Queue::Duty(unit.clone(), duty.clone())));
        }
    }
    queues
}

fn wrong_page() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "query_wrong", "`after` takes the `next` of the page before")
}

impl From<Listed> for Line {
    fn from(listed: Listed) -> Self {
        let task = listed.task;
        Self {
            case: task.case,
            number: listed.number,
            process: listed.process,
            case_title: listed.case_title,
            visit: task.visit,
            step: written_step(&task.step).to_owned(),
            title: task.title,
            since: task.entered_at,
            holder: task.holder,
            asked_by: task.asked_by,
            due_at: task.due_at,
            provisional: task.provisional,
            light: task.light,
        }
    }
}

/// Where a task stands in the list: by its due time, then by its case and visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    due: i64,
    case: CaseId,
    visit: u32,
}

impl Place {
    fn of(listed: &Listed) -> Self {
        Self { due: listed.order, case: listed.task.case, visit: listed.task.visit.0 }
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let place = Self {
            due: parts.next()?.parse().ok()?,
            case: parts.next()?.parse().ok()?,
            visit: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.due, self.case, self.visit)
    }
}

/// To whom a task goes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Going {
    to: Option<String>,
}

/// `POST /api/cases/{case}/tasks/{visit}/{verb}`: `claim`, `release`, `hand_on`, `delegate`, `answer`.
pub async fn change(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    Route((id, visit, verb)): Route<(String, u32, String)>,
    key: Key,
    seen: Seen,
    Json(going, fingerprint): Json<Going>,
) -> Result<Response, Problem> {
    let visit = VisitId(visit);
    let needs_to = matches!(verb.as_str(), "hand_on" | "delegate");
    let to = match (going.to, needs_to) {
        (Some(to), true) => Name::from(to),
        (None, false) => Name::new(""),
        (None, true) => return Err(wrong_to("`to` is required: the person's id")),
        (Some(_), false) => return Err(wrong_to("only `hand_on` and `delegate` take `to`")),
    };
    let ask = match verb.as_str() {
        "claim" => Ask::Claim { visit },
        "release" => Ask::Release { visit },
        "hand_on" => Ask::HandOn { visit, to },
        "delegate" => Ask::Delegate { visit, to },
        "answer" => Ask::Answer { visit },
        _ => return Err(Problem::not_found("resource")),
    };
    submit(&server, person, &id, ask, (&key, fingerprint), seen).await.map(|answer| shown::done(StatusCode::OK, answer))
}

fn wrong_to(detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body_wrong", detail).with("pointer", "/to")
}
