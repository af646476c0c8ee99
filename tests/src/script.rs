//! A golden run: processes and what is done to them, as one YAML file of several parts set apart by `---`.
//!
//! Every part but the last is a file of the process set; the last has the key `run`, a list of lines:
//! `{open: PROCESS, as: PERSON, with: {…}}` (or `message:`, `public:`, `schedule:`, `case: true` instead of `as:`),
//! `{as: PERSON, do: ACTION, in: STEP, item: VALUE, with: {…}, seal: TEXT}`, `{as: PERSON, claim: STEP}` and the other
//! verbs, `{as: PERSON, withdraw: true}`, `{wait: SPAN}`, `{until: INSTANT}`, `{message: NAME, with: {…}}`,
//! `{job: done, in: STEP, with: {…}}`, `{job: failed, in: STEP, reason: TEXT}`, `{cancel: true}`, `{recalculate: true}`,
//! `{absent: PERSON, deputy: PERSON}`, `{leaves: PERSON}`, `{comes: PERSON, unit: UNIT, duty: DUTY}`,
//! `{sleep: INSTANT}` (nothing rings on the way) and `{wake: true}`. `case: 2` on a line means the second case that was opened.

use std::sync::Arc;

use duban_engine::calendar::Calendar;
use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::diagnostic::{SourceId, render};
use duban_engine::event::{Actor, Fields};
use duban_engine::ids::{Name, VisitId, written_step};
use duban_engine::library::Library;
use duban_engine::organization::Absence;
use duban_engine::rejection::Rejection;
use duban_engine::time::Span;
use duban_engine::value::{Type, Value};
use duban_engine::yaml;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::golden;
use crate::history;
use crate::town::{Stored, Town};

/// When every run begins: a Monday morning.
pub const BEGIN: &str = "2026-11-23 09:00";

/// The files of the golden process set that all runs share.
pub fn common_files() -> Vec<(String, Vec<u8>)> {
    let file = |path: &str| (path.to_owned(), golden::text(&golden::folder(path)).into_bytes());
    let template =
        |name: &str| (format!("templates/{name}.hbs"), format!("subject: {name}\n{{{{case.title}}}}").into_bytes());
    let mut files = vec![
        file("common.yaml"),
        file("calendar.yaml"),
        file("around.yaml"),
        file("marks.yaml"),
        file("webhooks.yaml"),
    ];
    files.extend(["slip", "reminder"].map(template));
    files
}

/// The library of some process texts beside the common files.
///
/// # Errors
/// The diagnostics as an author reads them.
pub fn library(texts: &[&str]) -> Result<Library, String> {
    let mut files = common_files();
    let own = (1..).zip(texts).map(|(number, text)| (format!("part{number}/process.yaml"), text.as_bytes().to_vec()));
    files.extend(own);
    Library::compile(&files).map_err(|unsound| render(&unsound.diagnostics, &unsound.sources, false))
}

/// Plays a run and answers its log.
pub fn play(text: &str) -> String {
    let parts: Vec<&str> = text.split("\n---\n").collect();
    let (run, processes) = parts.split_last().expect("splitting gives at least one part");
    let library = library(processes).unwrap_or_else(|shown| panic!("{shown}"));
    let mut script = Script::new(library);
    let (node, found) = yaml::read(run.as_bytes(), SourceId(0));
    assert!(found.is_empty(), "the run is not YAML: {found:?}");
    let run = yaml::to_json(&node.expect("a text without findings has a tree"));
    for line in run["run"].as_array().expect("the last part has the key `run` with a list") {
        script.perform(line);
    }
    script.log
}

/// A run being played.
pub struct Script {
    /// The cases.
    pub town: Town,
    /// What happened so far.
    pub log: String,
    calendar: Arc<Calendar>,
}

impl Script {
    /// A run before its first line.
    pub fn new(library: Library) -> Self {
        let calendar = Arc::clone(library.catalog.calendars.default_calendar());
        let begin = calendar.parse_local(BEGIN).expect("the beginning is a moment");
        Self { town: Town::new(Arc::new(library), begin), log: String::new(), calendar }
    }

    /// Does one line and logs what came of it.
    pub fn perform(&mut self, line: &Json) {
        let result = self.act(line);
        match result {
            Ok(stored) if stored.is_empty() => {}
            Ok(stored) => {
                for (number, transition) in stored {
                    let resident = &self.town.residents[number];
                    let shown = history::transition(&resident.history[transition], number + 1, &self.calendar);
                    self.log.push_str(&shown);
                }
            }
            Err(rejection) => {
                let code = serde_json::to_value(&rejection).expect("a rejection is plain data")["code"].clone();
                let code = code.as_str().unwrap_or_default().to_owned();
                self.log.push_str(&format!("{line} is refused, {code}: {rejection}\n"));
            }
        }
    }

    fn act(&mut self, line: &Json) -> Result<Vec<Stored>, Rejection> {
        if let Some(span) = text(line, "wait") {
            let span: Span = span.parse().expect("`wait` is a span of time");
            let until = self.calendar.add(self.town.now, span).at;
            return self.town.pass_until(until);
        }
        if let Some(until) = text(line, "until") {
            let until = self.calendar.parse_local(until).expect("`until` is a moment");
            return self.town.pass_until(until);
        }
        if let Some(until) = text(line, "sleep") {
            self.town.now = self.calendar.parse_local(until).expect("`sleep` is a moment");
            return Ok(Vec::new());
        }
        if let Some(person) = text(line, "absent") {
            let deputy = text(line, "deputy").expect("somebody stands in").into();
            let (from, until) = (self.town.now, Timestamp::MAX);
            self.town.organization.absences.push(Absence { person: person.into(), deputy, from, until });
            return Ok(Vec::new());
        }
        if let Some(person) = text(line, "leaves") {
            self.town.organization.people.remove(person).expect("whoever leaves was there");
            return Ok(Vec::new());
        }
        if let Some(person) = text(line, "comes") {
            let duties = json!({line["unit"].as_str().expect("a unit"): [line["duty"]]});
            let person: Name = person.into();
            let found = serde_json::from_value(json!({"name": person, "duties": duties})).expect("it is a person");
            self.town.organization.people.insert(person, found);
            return Ok(Vec::new());
        }
        if let Some(process) = text(line, "open") {
            let (start, by) = start(line);
            return self.town.open(process, start, fields(line), by);
        }
        let number = line["case"].as_u64().map_or(1, |number| number) - 1;
        let number = usize::try_from(number).expect("a town has few cases");
        let ask = self.ask(line, number);
        self.town.submit(number, &Command { by: actor(line), ask })
    }

    fn ask(&self, line: &Json, number: usize) -> Ask {
        let step = |key: &str| self.visit(number, text(line, key).expect("the step is named"), &line["item"]);
        let to = || Name::new(text(line, "to").expect("the other person is named"));
        let has = |key: &str| line.get(key).is_some();
        if let Some(action) = text(line, "do") {
            let visit = has("in").then(|| step("in"));
            let seal = text(line, "seal").map(str::to_owned);
            Ask::TakeAction { visit, action: action.into(), fields: fields(line), seal }
        } else if has("claim") {
            Ask::Claim { visit: step("claim") }
        } else if has("release") {
            Ask::Release { visit: step("release") }
        } else if has("hand_on") {
            Ask::HandOn { visit: step("hand_on"), to: to() }
        } else if has("delegate") {
            Ask::Delegate { visit: step("delegate"), to: to() }
        } else if has("answer") {
            Ask::Answer { visit: step("answer") }
        } else if has("withdraw") {
            Ask::Withdraw
        } else if let Some(message) = text(line, "message") {
            Ask::Deliver { message: message.into(), fields: fields(line) }
        } else if has("cancel") {
            Ask::Cancel
        } else if has("recalculate") {
            Ask::Recalculate
        } else if has("wake") {
            Ask::Wake
        } else {
            let visit = step("in");
            match text(line, "job") {
                Some("done") => Ask::FinishJob { visit, fields: fields(line) },
                Some("failed") => {
                    Ask::FailJob { visit, reason: text(line, "reason").unwrap_or("no reason").to_owned() }
                }
                _ => panic!("this line says nothing that can be done: {line}"),
            }
        }
    }

    /// The visit of a step, of the item if one is named; 999 when the case is not there.
    fn visit(&self, number: usize, step: &str, item: &Json) -> VisitId {
        let item = Value::from_plain_json(item, &Type::Any).expect("an item is a value");
        let case = &self.town.residents[number].case;
        let fits = |value: Option<&Value>| item == Value::Null || value == Some(&item);
        let mut found = case.visits.values().filter(|visit| {
            let is_body =
                written_step(&visit.step) == step && (visit.step != *step || case.inside(visit.id).next().is_none());
            (visit.step == *step || is_body) && fits(visit.item.as_ref().map(|item| &item.value))
        });
        found.next_back().map_or(VisitId(999), |visit| visit.id)
    }
}

fn text<'j>(line: &'j Json, key: &str) -> Option<&'j str> {
    line.get(key).and_then(Json::as_str)
}

fn fields(line: &Json) -> Fields {
    let given = line.get("with").and_then(Json::as_object);
    let pairs = given.into_iter().flatten().map(|(name, value)| {
        let value = Value::from_plain_json(value, &Type::Any).expect("a form holds values");
        (Name::new(name), value)
    });
    pairs.collect()
}

fn actor(line: &Json) -> Actor {
    match (text(line, "as"), text(line, "message")) {
        (Some(person), _) => Actor::person(person),
        (None, Some(message)) => Actor::Message(message.into()),
        (None, None) if line.get("job").is_some() => Actor::Worker("program".into()),
        (None, None) => Actor::Administrator("root".into()),
    }
}

fn start(line: &Json) -> (StartedBy, Actor) {
    let schedule = line["schedule"].as_u64().and_then(|number| u16::try_from(number).ok());
    match (text(line, "message"), text(line, "public"), schedule) {
        (Some(message), _, _) => (StartedBy::Message(message.into()), Actor::Message(message.into())),
        (None, Some(form), _) => (StartedBy::Public(form.into()), Actor::Message(form.into())),
        (None, None, Some(number)) => (StartedBy::Schedule(number), Actor::Clock),
        (None, None, None) if line.get("case").is_some() => (StartedBy::Case, Actor::Clock),
        (None, None, None) => (StartedBy::Person, actor(line)),
    }
}
