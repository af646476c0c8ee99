//! Texts from templates: notices and documents, filled in with what the case knows.

use std::collections::BTreeMap;
use std::io::{self, Write};

use duban_engine::case::Case;
use duban_engine::field::{Field, Shape};
use duban_engine::ids::{Name, VisitId};
use duban_engine::organization::Organization;
use duban_engine::steps::Kind;
use duban_engine::value::{Type, Value};
use serde_json::{Value as Json, json};

use super::definitions::Definition;
use super::projection::{nearest_deadline, step_title, title};

/// What the first line of a template begins with when it gives the title.
const SUBJECT: &str = "subject:";

/// How large a text may become: far more than anybody reads.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

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

/// Fills in a template.
///
/// # Errors
/// Why it cannot be filled in, as a sentence. Then [`untitled`] says at least which case it is about.
pub fn render(scene: &Scene<'_>, template: &Name, visit: VisitId) -> Result<Rendered, String> {
    let Definition { process, templates, .. } = scene.definition;
    let found = templates.find(&process.name, template);
    let found = found.ok_or_else(|| format!("there is no template `{template}` that can be filled in"))?;
    let mut filled = Bounded(Vec::new());
    found.fill(&facts(scene, visit, found.text), &mut filled).map_err(|error| {
        let place = error.line_no.map_or_else(String::new, |line| format!(", line {line}"));
        format!("the template `{template}` cannot be filled in: {}{place}", error.reason())
    })?;
    Ok(split(&String::from_utf8_lossy(&filled.0), scene))
}

/// What stands in the place of a text that could not be made.
pub fn untitled(scene: &Scene<'_>) -> Rendered {
    Rendered { title: title(scene.after, &scene.definition.process), body: String::new() }
}

impl Definition {
    /// Whether a text from a template may have a private value in it: the template names a private field or an item, which
    /// may be of one, or can go through them all.
    pub fn may_quote_private(&self, template: &Name) -> bool {
        let private = &self.process.private_fields;
        let Some(found) = self.templates.find(&self.process.name, template) else { return false };
        let items = self.process.steps.iter().filter_map(|step| match &step.kind {
            Kind::Each(each) => Some(&each.variable),
            _ => None,
        });
        !private.is_empty()
            && (has_all(found.text) || private.iter().chain(items).any(|name| has_word(found.text, name)))
    }
}

/// Whether a template can go through all that it is given without naming it.
fn has_all(text: &str) -> bool {
    ["this", "@root"].iter().any(|all| text.contains(all))
}

fn has_word(text: &str, word: &str) -> bool {
    let is_letter = |letter: char| letter == '_' || letter.is_alphanumeric();
    text.split(|letter| !is_letter(letter)).any(|found| found == word)
}

/// A text in the making that refuses to grow without end.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > TEXT_BYTES_MAX {
            return Err(io::Error::other(format!("its text is longer than {TEXT_BYTES_MAX} bytes")));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn split(filled: &str, scene: &Scene<'_>) -> Rendered {
    let (first, rest) = filled.split_once('\n').unwrap_or((filled, ""));
    match first.strip_prefix(SUBJECT) {
        Some(subject) => Rendered { title: subject.trim().to_owned(), body: rest.trim_start().to_owned() },
        None => Rendered { body: filled.to_owned(), ..untitled(scene) },
    }
}

/// What a template can name: every field, those of the visits around it first, and `case`, `step`, `due`. Fields whose names
/// are nowhere in its text are left out, unless it can go through them all.
fn facts(scene: &Scene<'_>, visit: VisitId, text: &str) -> Json {
    let process = &scene.definition.process;
    let case = if scene.after.visits.contains_key(&visit) { scene.after } else { scene.before };
    let organization = &scene.definition.library.catalog.organization;
    let mut facts: BTreeMap<String, Json> = BTreeMap::new();
    let has_all = has_all(text);
    let mut put = |field: &Field, values: &BTreeMap<Name, Value>| {
        if !has_all && !text.contains(field.name.as_str()) {
            return;
        }
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
    facts.insert("case".to_owned(), json!({"number": scene.after.number, "title": title(scene.after, process)}));
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
