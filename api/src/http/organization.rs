//! `/api/organization` and `/api/me`: units and people by name, for forms; and who the asker is.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::caller::Person;
use super::problem::Problem;
use super::{Server, shown};
use crate::access::standings;

/// `GET /api/me`: the asker, their duties, and whom they stand in for now.
pub async fn me(State(server): State<Arc<Server>>, Person(person): Person) -> Result<Response, Problem> {
    let library = server.library()?;
    let organization = &library.catalog.organization;
    let mut others = standings(organization, &person, server.runner.clock().now());
    others.remove(&person);
    let found = organization.people.get(&person);
    Ok(shown::ok(&json!({
        "person": person,
        "name": found.map(|found| &found.name),
        "duties": found.map(|found| &found.duties),
        "stands_in_for": others,
    })))
}

/// `GET /api/organization`: units, duties and people. Telephone numbers and mail addresses are left out.
pub async fn show(State(server): State<Arc<Server>>, Person(_): Person) -> Result<Response, Problem> {
    let library = server.library()?;
    let organization = &library.catalog.organization;
    let people = organization.people.iter().map(|(id, person)| {
        (id.to_string(), json!({"name": person.name, "duties": person.duties}))
    });
    Ok(shown::ok(&json!({
        "duties": organization.duties,
        "units": organization.units,
        "people": people.collect::<Map<String, Value>>(),
    })))
}
