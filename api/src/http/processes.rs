//! `/api/processes`: what is deployed, with its forms as JSON Schema.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use duban_engine::case::Case;
use duban_engine::draw;
use duban_engine::event::Actor;
use duban_engine::ids::{CaseId, Name, VisitId, written_step};
use duban_engine::library::Library;
use duban_engine::moment::Moment;
use duban_engine::process::Process;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::body::Route;
use super::caller::Person;
use super::problem::Problem;
use super::subject::world;
use super::{Server, form, shown};

#[derive(Debug, Serialize)]
struct List<'a> {
    processes: Vec<Line<'a>>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    name: &'a Name,
    title: &'a Name,
    version: &'a Name,
    /// Whether the asker may open a case.
    can_start: bool,
}

#[derive(Debug, Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    source: Option<&'a Name>,
    outcomes: Vec<&'a Name>,
    roles: Vec<Titled<'a>>,
    start: Value,
    actions: Vec<Action<'a>>,
}

#[derive(Debug, Serialize)]
struct Titled<'a> {
    name: &'a Name,
    title: &'a Name,
}

#[derive(Debug, Serialize)]
struct Action<'a> {
    step: &'a str,
    step_title: &'a Name,
    action: &'a Name,
    title: &'a Name,
    needs_seal: bool,
    form: Value,
}

fn line<'a>(process: &'a Process, library: &Library, person: &Name, now: Timestamp) -> Line<'a> {
    let can_start = process.start.by.as_ref().is_some_and(|who| {
        let (case, nobody, world) = (Case::new(CaseId(0)), Actor::Clock, world(library));
        let moment = Moment::new(&case, now, &nobody, &world, process.calendar_in(world.calendars));
        let candidates = who.candidates(&moment.place(VisitId::CASE));
        world.organization.acts_for(person, &candidates, now).is_some()
    });
    Line { name: &process.name, title: &process.title, version: &process.version, can_start }
}

/// `GET /api/processes`: every process that cases can be opened of.
pub async fn list(State(server): State<Arc<Server>>, Person(person): Person) -> Result<Response, Problem> {
    let (library, now) = (server.library()?, server.runner.clock().now());
    let processes = library.processes.values().map(|process| line(process, &library, &person, now));
    Ok(shown::ok(&List { processes: processes.collect() }))
}

/// `GET /api/processes/{process}`: how it begins, and every action with its form.
pub async fn show(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    Route(name): Route<String>,
) -> Result<Response, Problem> {
    let (library, now) = (server.library()?, server.runner.clock().now());
    let process = library.processes.get(name.as_str()).ok_or_else(|| Problem::not_found("process"))?;
    let actions = process.steps.iter().flat_map(|step| {
        step.actions.iter().map(|action| Action {
            step: written_step(&step.name),
            step_title: &step.title,
            action: &action.name,
            title: &action.title,
            needs_seal: action.needs_seal,
            form: form::schema(&action.form),
        })
    });
    Ok(shown::ok(&Detail {
        line: line(process, &library, &person, now),
        source: process.source.as_ref(),
        outcomes: process.outcomes.iter().collect(),
        roles: process.roles.iter().map(|(name, role)| Titled { name, title: &role.title }).collect(),
        start: form::schema(&process.start.form),
        actions: actions.collect(),
    }))
}

/// `GET /api/processes/{process}/diagram.svg`: the process as a picture.
pub async fn diagram(
    State(server): State<Arc<Server>>,
    Person(_): Person,
    Route(name): Route<String>,
) -> Result<Response, Problem> {
    let library = server.library()?;
    let process = library.processes.get(name.as_str()).ok_or_else(|| Problem::not_found("process"))?;
    let drawn = server.diagrams.get(&process.name).filter(|(of, _)| Arc::ptr_eq(of, &library));
    let picture = match drawn {
        Some((_, picture)) => picture,
        None => {
            let (drawn, of) = (Arc::clone(process), Arc::clone(&library));
            let picture: Arc<str> = server.compute(move || Arc::from(draw::svg(&drawn, &of))).await?;
            server.diagrams.insert(process.name.clone(), (Arc::clone(&library), Arc::clone(&picture)));
            picture
        }
    };
    // The picture has its colours in itself; it loads and runs nothing.
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"),
    ];
    Ok((headers, picture.to_string()).into_response())
}
