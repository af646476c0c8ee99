//! `/api/cases/{case}/history`: everything that happened, without the values of private fields.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use duban_engine::event::{Actor, Event, Fields, Transition};
use duban_engine::ids::{Name, VisitId, written_step};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::body::Route;
use super::caller::Person;
use super::form::{self, Shown};
use super::problem::Problem;
use super::subject::Subject;
use super::{Server, shown};

/// What of an event is told: names, places and instants. Values are told by `fields` alone.
const TOLD: [&str; 24] = [
    "event", "visit", "step", "parent", "cause", "how", "action", "seal", "to", "due", "why", "light", "rung", "at",
    "next", "message", "outcome", "process", "child", "other", "number", "kind", "unit", "sequence",
];

#[derive(Debug, Serialize)]
struct History {
    transitions: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    sequence: u32,
    at: Timestamp,
    by: Actor,
    events: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    event: Map<String, Json>,
    /// What people call the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Name>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Shown>,
}

/// `GET /api/cases/{case}/history`: every transition, oldest first.
pub async fn show(
    State(server): State<Arc<Server>>,
    Person(person): Person,
    Route(id): Route<String>,
) -> Result<Response, Problem> {
    let subject = Subject::find(&server, &person, &id).await?;
    let transitions = server.runner.history(subject.case.id).await?;
    let tell = move || {
        let mut steps = Steps::default();
        let lines = transitions.iter().map(|transition| line(&subject, &mut steps, transition));
        shown::ok(&History { transitions: lines.collect() })
    };
    server.compute(tell).await
}

/// Which step each visit is of, as far as the history has been read.
type Steps = std::collections::BTreeMap<VisitId, Name>;

fn line(subject: &Subject, steps: &mut Steps, transition: &Transition) -> Line {
    let events = transition.events.iter().map(|event| told(subject, steps, event)).collect();
    Line { sequence: transition.sequence, at: transition.at, by: transition.by.clone(), events }
}

fn told(subject: &Subject, steps: &mut Steps, event: &Event) -> Told {
    if let Event::StepEntered { visit, step, .. } = event {
        steps.insert(*visit, step.clone());
    }
    let fields = match event {
        Event::FieldsSet { visit, values } => values_of(subject, steps.get(visit), values),
        _ => Vec::new(),
    };
    let mut members = Map::new();
    if let Ok(Json::Object(all)) = serde_json::to_value(event) {
        members.extend(all.into_iter().filter(|(member, _)| TOLD.contains(&member.as_str())));
    }
    let step = members.get("step").and_then(Json::as_str);
    let title = step.and_then(|step| subject.process.find(step)).map(|(_, step)| step.title.clone());
    if let Some(written) = step.map(|step| written_step(step).to_owned()) {
        members.insert("step".to_owned(), written.into());
    }
    Told { event: members, title, fields }
}

/// The values that were set. A field that the definition does not know is not shown.
fn values_of(subject: &Subject, step: Option<&Name>, values: &Fields) -> Vec<Shown> {
    let process = &subject.process;
    let own = step.and_then(|step| process.find(step)).map(|(_, step)| &step.fields);
    let declared = own.into_iter().flatten().chain(&process.fields);
    let found: Vec<_> = declared.filter_map(|field| Some((field, values.get(&field.name)?))).collect();
    found.into_iter().map(|(field, value)| form::show(field, value, subject.sight.is_full())).collect()
}
