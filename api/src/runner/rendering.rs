//! Texts from templates: notices and documents, filled in with what the case knows.

use std::collections::BTreeMap;

use duban_engine::case::Case;
use duban_engine::field::{Field, Shape};
use duban_engine::ids::{Name, VisitId};
use duban_engine::library::Library;
use duban_engine::organization::Organization;
use duban_engine::value::{Type, Value};
use handlebars::{Handlebars, no_escape};
use serde_json::{Value as Json, json};

use super::definitions::{Definition, step_title};
use super::projection::{nearest_deadline, title};

/// What the first line of a template begins with when it gives the title.
const SUBJECT: &str = "subject:";

/// The case around a transition, and what it runs by.
pub struct Scene<'a> {
    /// The version it runs.
    pub definition: &'a Definition,
    /// The case before the transition.
    pub before: &'a Case,
    /// The case after it.
    pub after: &'a Case,
}

/// A text that was made from a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The first line.
    pub title: String,
    /// The rest.
    pub body: String,
}

/// The templates of a library, ready to be filled in.
///
/// # Errors
/// Which of them cannot be read, and why.
pub fn templates(library: &Library) -> Result<Handlebars<'static>, BTreeMap<String, String>> {
    let mut templates = Handlebars::new();
    // These are plain texts; whoever shows them as HTML escapes them there.
    templates.register_escape_fn(no_escape);
    let mut wrong = BTreeMap::new();
    for ((process, name), text) in &library.templates {
        let name = key(process, name);
        if let Err(error) = templates.register_template_string(&name, text) {
            wrong.insert(name, error.to_string());
        }
    }
    if wrong.is_empty() { Ok(templates) } else { Err(wrong) }
}

/// The name of a template among those of all processes; those for all are under the empty process.
fn key(process: &str, template: &str) -> String {
    format!("{process}/{template}")
}

/// Fills in a template. One that is missing or cannot be filled in gives the case's title and no text:
/// whoever was to be told learns at least of which case.
pub fn render(scene: &Scene<'_>, template: &Name, visit: VisitId) -> Rendered {
    let known = facts(scene, visit);
    let templates = &scene.definition.templates;
    let names = [key(&scene.definition.process.name, template), key("", template)];
    let name = names.iter().find(|name| templates.has_template(name));
    match name.and_then(|name| templates.render(name, &known).ok()) {
        Some(filled) => split(&filled, scene.after),
        None => Rendered { title: title(scene.after), body: String::new() },
    }
}

fn split(filled: &str, case: &Case) -> Rendered {
    let (first, rest) = filled.split_once('\n').unwrap_or((filled, ""));
    match first.strip_prefix(SUBJECT) {
        Some(subject) => Rendered { title: subject.trim().to_owned(), body: rest.trim_start().to_owned() },
        None => Rendered { title: title(case), body: filled.to_owned() },
    }
}

/// What a template can name: every field, those of the visits around it first, and `case`, `step`, `due`.
fn facts(scene: &Scene<'_>, visit: VisitId) -> Json {
    let process = &scene.definition.process;
    let case = if scene.after.visits.contains_key(&visit) { scene.after } else { scene.before };
    let organization = &scene.definition.library.catalog.organization;
    let mut facts: BTreeMap<String, Json> = BTreeMap::new();
    let mut put = |field: &Field, values: &BTreeMap<Name, Value>| {
        let value = values.get(&field.name).unwrap_or(&Value::Null);
        facts.insert(field.name.to_string(), shown(value, &field.shape, &field.kind, organization));
    };
    for field in &process.fields {
        put(field, &scene.after.fields);
    }
    let mut around: Vec<_> = case.path(visit).collect();
    around.reverse();
    for place in &around {
        let fields = process.find(&place.step).map_or(&[][..], |(_, step)| &step.fields);
        for field in fields {
            put(field, &place.fields);
        }
    }
    for item in around.iter().filter_map(|place| place.item.as_ref()) {
        facts.insert(item.name.to_string(), named(&item.value, organization));
    }
    let step = around.last().map_or("", |place| step_title(process, &place.step));
    let calendar = process.calendar_in(&scene.definition.library.catalog.calendars);
    let due = nearest_deadline(case, visit).map(|deadline| calendar.describe_due(deadline.due.at));
    facts.insert("case".to_owned(), json!({"number": scene.after.number, "title": title(scene.after)}));
    facts.insert("step".to_owned(), json!({"title": step}));
    facts.insert("due".to_owned(), json!(due));
    Json::from_iter(facts)
}

/// A value as people read it: titles in place of codes and ids.
fn shown(value: &Value, shape: &Shape, kind: &Type, organization: &Organization) -> Json {
    match (value, shape) {
        (Value::Null, _) => Json::Null,
        (Value::Boolean(yes), _) => json!(yes),
        (Value::List(values), Shape::List(inner)) => {
            let kind = if let Type::List(kind) = kind { kind } else { kind };
            let texts = values.iter().map(|value| match shown(value, inner, kind, organization) {
                Json::String(text) => text,
                other => other.to_string(),
            });
            json!(texts.collect::<Vec<_>>().join("、"))
        }
        (Value::Text(code), Shape::Choice(titles)) => {
            json!(titles.iter().find(|(name, _)| name == code).map_or(code, |(_, title)| title))
        }
        (Value::Text(code), Shape::Catalog(_, titles)) => json!(titles.get(code).unwrap_or(code)),
        (Value::Text(id), _) if matches!(kind, Type::Unit | Type::Person) => {
            named(&Value::Text(id.clone()), organization)
        }
        (other, _) => json!(other.to_string()),
    }
}

/// The name of a unit or a person, or the value itself.
fn named(value: &Value, organization: &Organization) -> Json {
    let Some(id) = value.as_text() else { return json!(value.to_string()) };
    let unit = organization.units.get(id).map(|unit| &unit.title);
    json!(unit.or_else(|| organization.people.get(id).map(|person| &person.name)).unwrap_or(id))
}
