//! `/api/cases`: opening a case, looking at it, and taking its actions.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use duban_engine::case::{Deadline, Visit};
use duban_engine::command::{Ask, StartedBy};
use duban_engine::event::{Actor, Candidate, Light};
use duban_engine::ids::{CaseId, Name, VisitId, written_step};
use duban_engine::rejection::Rejection;
use duban_engine::view::{Offer, offers};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::Server;
use super::body::{Fingerprint, Json as Body, Nothing, Route};
use super::caller::{Key, Known, Person, Seen};
use super::form::{self, Shown};
use super::incidents::Line;
use super::problem::Problem;
use super::shown;
use super::subject::Subject;
use crate::runner::{Answer, GivenUp, Refusal, Submission};

/// How long a signature may be.
const SEAL_BYTES_MAX: usize = 8 * 1024;

/// What opening a case takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    process: String,
    #[serde(default)]
    fields: Map<String, Json>,
}

/// What taking an action takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taking {
    #[serde(default)]
    visit: Option<u32>,
    #[serde(default)]
    fields: Map<String, Json>,
    #[serde(default)]
    seal: Option<String>,
}

/// A case as one person sees it.
#[derive(Debug, Serialize)]
struct View<'a> {
    id: CaseId,
    number: Option<&'a Name>,
    process: &'a Name,
    process_title: &'a Name,
    version: &'a Name,
    is_open: bool,
    outcome: Option<&'a Name>,
    urgency: Option<&'a Name>,
    caller: Option<CaseId>,
    opened_at: Timestamp,
    closed_at: Option<Timestamp>,
    sequence: u32,
    fields: Vec<Shown>,
    steps: Vec<Place<'a>>,
    actions: Vec<Offered<'a>>,
    /// What the case asked or waits for and was given up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    incidents: Vec<Line>,
}

/// Where a case is: one running visit.
#[derive(Debug, Serialize)]
struct Place<'a> {
    visit: VisitId,
    step: &'a str,
    title: &'a Name,
    inside: Option<VisitId>,
    entered_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<Waiting<'a>>,
    /// The lock that the visit waits for: it has not begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for_lock: Option<&'a Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Limit<'a>>,
}

#[derive(Debug, Serialize)]
struct Waiting<'a> {
    offered_to: &'a [Candidate],
    holder: Option<&'a Name>,
    asked_by: Option<&'a Name>,
}

#[derive(Debug, Serialize)]
struct Limit<'a> {
    due_at: Timestamp,
    provisional: bool,
    light: Light,
    rule: &'a str,
    paused_at: Option<Timestamp>,
}

/// An action that is on offer, and why the person cannot take it.
#[derive(Debug, Serialize)]
struct Offered<'a> {
    visit: VisitId,
    step: &'a str,
    action: Name,
    title: &'a Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    deputy_for: Option<Name>,
    is_allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Why>,
    needs_seal: bool,
    form: Json,
}

#[derive(Debug, Serialize)]
struct Why {
    #[serde(flatten)]
    rejection: Rejection,
    detail: String,
}

/// `POST /api/cases`: opens a case.
pub async fn open(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    key: Key,
    Body(opening, fingerprint): Body<Opening>,
) -> Result<Response, Problem> {
    let by = Actor::Person { person, deputy_for: None };
    let fields = form::filled(opening.fields)?;
    // The id comes from the key, so that a command that is sent again cannot open a second case.
    let case = CaseId(u128::from_be_bytes(key.bytes));
    let process = Name::from(opening.process);
    let submission = Submission::open(case, process, by, StartedBy::Person, fields).with_key(key.text());
    let submission = submission.with_fingerprint(key.fingerprint(fingerprint));
    let answer = server.runner.submit(submission).await?;
    Ok(shown::done(StatusCode::CREATED, answer))
}

/// `GET /api/cases/{case}`: where it is, what is known, and what can be done now.
pub async fn show(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    Route(id): Route<String>,
    Known(known): Known,
) -> Result<Response, Problem> {
    let subject = Subject::find(&server, &person, &id).await?;
    let incidents = server.runner.given_up_of(&subject.case).await?;
    let etag = shown::etag_with(subject.case.sequence, incidents.len());
    let mut response = if known.is_some_and(|known| known == etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let offers = offers(&subject.process, &subject.world(), &subject.case, &person, subject.now);
        shown::ok(&view(&subject, &offers, incidents))
    };
    response.headers_mut().insert(ETAG, etag);
    Ok(response)
}

fn view<'a>(subject: &'a Subject, offers: &'a [Offer<'a>], incidents: Vec<GivenUp>) -> View<'a> {
    let (case, process) = (&*subject.case, &*subject.process);
    View {
        id: case.id,
        number: case.number.as_ref(),
        process: &process.name,
        process_title: &process.title,
        version: &process.version,
        is_open: case.is_open(),
        outcome: case.closed.as_ref().map(|closed| &closed.outcome),
        urgency: case.urgency.as_ref(),
        caller: case.caller.as_ref().map(|caller| caller.case),
        opened_at: case.opened,
        closed_at: case.closed.as_ref().map(|closed| closed.at),
        sequence: case.sequence,
        fields: form::shown(&process.fields, &case.fields, subject.sight.is_full()),
        steps: case.visits.values().filter_map(|visit| place(subject, visit)).collect(),
        actions: offers.iter().map(offered).collect(),
        incidents: incidents.into_iter().map(Line::from).map(|line| mask(subject, line)).collect(),
    }
}

fn mask(subject: &Subject, line: Line) -> Line {
    if subject.sight.is_full() { line } else { line.masked() }
}

fn place<'a>(subject: &'a Subject, visit: &'a Visit) -> Option<Place<'a>> {
    let (_, step) = subject.process.find(&visit.step)?;
    let task = visit.task.as_ref().map(|task| Waiting {
        offered_to: &task.offered,
        holder: task.holder.as_ref(),
        asked_by: task.asked_by.as_ref(),
    });
    Some(Place {
        visit: visit.id,
        step: written_step(&step.name),
        title: &step.title,
        inside: (visit.parent != VisitId::CASE).then_some(visit.parent),
        entered_at: visit.entered,
        item: visit.item.as_ref().filter(|_| subject.sight.is_full()).map(|item| item.value.to_plain_json()),
        fields: form::shown(&step.fields, &visit.fields, subject.sight.is_full()),
        task,
        waits_for_lock: visit.lock.as_ref().filter(|lock| !lock.held).map(|lock| &lock.name),
        deadline: visit.deadline.as_ref().map(limit),
    })
}

fn limit(deadline: &Deadline) -> Limit<'_> {
    Limit {
        due_at: deadline.due.at,
        provisional: deadline.due.provisional,
        light: deadline.light,
        rule: &deadline.due.rule,
        paused_at: deadline.paused,
    }
}

fn offered<'a>(offer: &'a Offer<'a>) -> Offered<'a> {
    let refusal = offer.refusal.clone();
    Offered {
        visit: offer.visit,
        step: written_step(&offer.step.name),
        action: offer.action.clone(),
        title: &offer.rule.title,
        deputy_for: offer.deputy_for.clone(),
        is_allowed: refusal.is_none(),
        refusal: refusal.map(|rejection| Why { detail: rejection.to_string(), rejection }),
        needs_seal: offer.rule.needs_seal,
        form: form::schema(&offer.rule.form),
    }
}

/// `POST /api/cases/{case}/actions/{action}`: takes an action.
pub async fn act(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    Route((id, action)): Route<(String, String)>,
    key: Key,
    seen: Seen,
    Body(taking, fingerprint): Body<Taking>,
) -> Result<Response, Problem> {
    if taking.seal.as_ref().is_some_and(|seal| seal.len() > SEAL_BYTES_MAX) {
        let detail = format!("a seal has {SEAL_BYTES_MAX} bytes at most");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body_wrong", detail).with("pointer", "/seal"));
    }
    let fields = form::filled(taking.fields)?;
    let ask = Ask::TakeAction { visit: taking.visit.map(VisitId), action: action.into(), fields, seal: taking.seal };
    let key = (&key, fingerprint);
    submit(&server, person, &id, ask, key, seen).await.map(|answer| shown::done(StatusCode::OK, answer))
}

/// `POST /api/cases/{case}/withdraw`: takes the person's last action back.
pub async fn withdraw(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    Route(id): Route<String>,
    key: Key,
    seen: Seen,
    Body(Nothing {}, fingerprint): Body<Nothing>,
) -> Result<Response, Problem> {
    submit(&server, person, &id, Ask::Withdraw, (&key, fingerprint), seen)
        .await
        .map(|answer| shown::done(StatusCode::OK, answer))
}

/// Has a person's command done to a case that they may see.
pub async fn submit(
    server: &Server,
    person: Name,
    id: &str,
    ask: Ask,
    (key, fingerprint): (&Key, Fingerprint),
    Seen(seen): Seen,
) -> Result<Answer, Problem> {
    let case = Subject::find_at_hand(server, &person, id).await?.case.id;
    let by = Actor::Person { person: person.clone(), deputy_for: None };
    let mut submission =
        Submission::new(case, by, ask).with_key(key.text()).with_fingerprint(key.fingerprint(fingerprint));
    submission.seen = seen;
    match server.runner.submit(submission).await {
        Ok(answer) if answer.case == case => Ok(answer),
        Ok(_) => Err(Problem::key_reused()),
        Err(refusal @ (Refusal::Storage(_) | Refusal::Stopped)) => Err(refusal.into()),
        // A refusal tells of the case as it is now.
        Err(refusal) => Subject::find(server, &person, id).await.and(Err(refusal.into())),
    }
}
