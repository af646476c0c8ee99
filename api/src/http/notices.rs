//! `/api/notices`: the inbox in the product.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use duban_engine::ids::{CaseId, Name};
use duban_engine::library::Library;
use duban_engine::organization::Organization;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Server;
use super::body::{Asked, Json, Nothing, Route};
use super::caller::Person;
use super::problem::Problem;
use super::shown;
use super::subject::world;
use crate::access::{Sight, sight, standings};
use crate::runner::title;
use crate::storage::notices::{self, Notice};

/// How many notices are listed when the client does not say.
const LISTED: u16 = 50;

/// How many notices are listed at most.
const LISTED_MAX: u16 = 200;

/// How many are listed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    limit: Option<u16>,
}

#[derive(Debug, Serialize)]
struct Page {
    notices: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    case: CaseId,
    template: Name,
    title: String,
    text: Option<String>,
    created_at: Timestamp,
    read_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    masked: bool,
}

impl Line {
    /// The same without its text and with another title.
    fn masked(self, title: String) -> Self {
        Self { title, text: None, masked: true, ..self }
    }
}

/// `GET /api/notices`: what the person was told, by name or by duty; newest first.
pub async fn list(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Problem> {
    let library = server.library()?;
    let limit = wanted.limit.unwrap_or(LISTED).clamp(1, LISTED_MAX);
    let (organization, now) = (&library.catalog.organization, server.runner.clock().now());
    let database = server.runner.pages();
    let mut found = Vec::new();
    for person in standings(organization, &person, now) {
        found.extend(notices::of_person(database, &person, i64::from(limit)).await?);
        let Some(person) = organization.people.get(&person) else { continue };
        for (unit, duties) in &person.duties {
            for duty in duties {
                found.extend(notices::of_duty(database, unit, duty, i64::from(limit)).await?);
            }
        }
    }
    let mut newest: BTreeMap<(std::cmp::Reverse<Timestamp>, String), Notice> = BTreeMap::new();
    for notice in found {
        newest.insert((std::cmp::Reverse(notice.created_at), notice.id.clone()), notice);
    }
    let mut lines = Vec::new();
    for notice in newest.into_values().take(usize::from(limit)) {
        let title = hidden(&server, &library, &notice, &person, now).await?;
        let line = Line::from(notice);
        lines.push(match title {
            Some(title) => line.masked(title),
            None => line,
        });
    }
    Ok(shown::ok(&Page { notices: lines }))
}

/// The title of the case in the place of a text that may have private values in it, for a person who does not see them now.
async fn hidden(
    server: &Server,
    library: &Library,
    notice: &Notice,
    person: &Name,
    now: Timestamp,
) -> Result<Option<String>, Problem> {
    let Some(case) = server.runner.case(notice.case).await? else { return Ok(None) };
    let definitions = server.runner.definitions();
    let definition = definitions.version(server.runner.pages(), &case.process, &case.version).await?;
    if !definition.may_quote_private(&notice.template) {
        return Ok(None);
    }
    let seen = sight(&definition.process, &world(library), &case, person, now);
    Ok((!seen.is_some_and(Sight::is_full)).then(|| title(&case, &definition.process)))
}

impl From<Notice> for Line {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id,
            case: notice.case,
            template: notice.template,
            title: notice.title,
            text: Some(notice.text),
            created_at: notice.created_at,
            read_at: notice.read_at,
            masked: false,
        }
    }
}

/// `POST /api/notices/{notice}/read`: notes that it was read; the first time counts.
pub async fn read(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    Route(id): Route<String>,
    Json(Nothing {}, _): Json<Nothing>,
) -> Result<Response, Problem> {
    let (library, now) = (server.library()?, server.runner.clock().now());
    let database = server.runner.pages();
    let notice = notices::find(database, &id)
        .await?
        .filter(|notice| is_for(notice, &library.catalog.organization, &person, now));
    let notice = notice.ok_or_else(|| Problem::not_found("notice"))?;
    let mut transaction = database.begin().await?;
    notices::mark_read(&mut transaction, &notice.id, now).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn is_for(notice: &Notice, organization: &Organization, person: &Name, now: Timestamp) -> bool {
    standings(organization, person, now).iter().any(|person| {
        let duties = organization.people.get(person).and_then(|found| found.duties.get(notice.unit.as_str()));
        *person == *notice.person || duties.is_some_and(|duties| duties.contains(notice.duty.as_str()))
    })
}
