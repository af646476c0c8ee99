//! What `duban serve` says when it is ready: what to open and what to try next, in Chinese and then in English.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;

use duban_engine::case::Case;
use duban_engine::event::Actor;
use duban_engine::field::Shape;
use duban_engine::ids::{CaseId, Name, VisitId};
use duban_engine::library::Library;
use duban_engine::moment::{Moment, World};
use duban_engine::process::Process;
use duban_engine::who::Who;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::{Paint, Screen};
use crate::access::{Access, Principal, Token};

/// The name that the sample program goes by.
const PROGRAM: &str = "sample-program";

/// A token that is printed.
pub(super) struct Sample {
    name: String,
    /// What they are in the processes.
    roles: Vec<String>,
    token: Token,
    /// The process that they can open cases of.
    opens: Option<Name>,
}

/// A token for one person in each role of each process, and one for a program.
pub(super) fn samples(library: &Library, access: &mut Access, now: Timestamp) -> Vec<Sample> {
    let mut roles: BTreeMap<Name, (Vec<String>, Option<Name>)> = BTreeMap::new();
    for process in library.processes.values() {
        let starter = process.start.by.as_ref().and_then(|who| somebody(who, library, process, now));
        if let Some(person) = starter {
            roles.entry(person).or_default().1.get_or_insert_with(|| process.name.clone());
        }
        for role in process.roles.values() {
            if let Some(person) = somebody(&role.who, library, process, now) {
                let (titles, _) = roles.entry(person).or_default();
                if !titles.contains(&role.title.to_string()) {
                    titles.push(role.title.to_string());
                }
            }
        }
    }
    let people = roles.into_iter().map(|(person, (roles, opens))| {
        let found = library.catalog.organization.people.get(&person);
        let name = found.map_or_else(|| person.to_string(), |found| format!("{} {person}", found.name));
        (Principal::Person(person), name, roles, opens)
    });
    let program =
        (Principal::Program(PROGRAM.into()), PROGRAM.to_owned(), vec!["外部系统 / a program".to_owned()], None);
    let samples = people.chain([program]).map(|(principal, name, roles, opens)| {
        let token = access.add_sample(principal);
        Sample { name, roles, token, opens }
    });
    samples.collect()
}

/// Somebody who has a role; for a unit that only a case knows, whoever has the duty anywhere.
fn somebody(who: &Who, library: &Library, process: &Process, now: Timestamp) -> Option<Name> {
    let organization = &library.catalog.organization;
    let world = World { organization, calendars: &library.catalog.calendars, workload: None };
    let (case, nobody) = (Case::new(CaseId(0)), Actor::Clock);
    let moment = Moment::new(&case, now, &nobody, &world, process.calendar_in(world.calendars));
    let actors = organization.actors(&who.candidates(&moment.place(VisitId::CASE)), now);
    if let Some(person) = actors.into_iter().next() {
        return Some(person);
    }
    let Who::Duty { unit: _, duty } = who else { return None };
    let has_duty =
        |duties: &BTreeMap<Name, std::collections::BTreeSet<Name>>| duties.values().any(|own| own.contains(duty));
    organization.people.iter().find(|(_, person)| has_duty(&person.duties)).map(|(id, _)| id.clone())
}

/// The whole text.
pub(super) fn text(address: SocketAddr, library: &Library, samples: &[Sample], screen: &Screen) -> String {
    let url = format!("http://{address}");
    let shown_url = screen.word(&url, Paint::Strong);
    let titles: Vec<&str> = library.processes.values().map(|process| process.title.as_str()).collect();
    let mut text = format!("督办已启动：{shown_url}（流程：{}）\nDuban is ready: {shown_url}\n", titles.join("、"));
    if samples.is_empty() {
        text.push_str("\n发放令牌 / Make a token: duban token 人员编号(PERSON)\n");
        return text;
    }
    text.push_str("\n示例令牌，停机即失效 / Sample tokens, until the server stops:\n");
    for sample in samples {
        let roles = screen.word(&sample.roles.join("、"), Paint::Faint);
        put(&mut text, format_args!("  {}  {}  {roles}\n", sample.token.reveal(), sample.name));
    }
    text.push_str("\n试一试 / Try:\n");
    let found = samples.iter().find_map(|sample| Some((sample, library.processes.get(sample.opens.as_ref()?)?)));
    let Some((sample, process)) = found else { return text };
    put(&mut text, format_args!("  T={}\n", sample.token.reveal()));
    if let Some(fields) = example(process) {
        let body = json!({"process": process.name, "fields": fields});
        put(
            &mut text,
            format_args!(
                "  curl -s {url}/api/cases -H \"Authorization: Bearer $T\" -H 'Content-Type: application/json' \\\n    -d '{body}'\n"
            ),
        );
    }
    put(&mut text, format_args!("  curl -s {url}/api/tasks -H \"Authorization: Bearer $T\"\n"));
    put(&mut text, format_args!("  curl -s {url}/api/processes/{} -H \"Authorization: Bearer $T\"\n", process.name));
    text
}

/// What the starting form asks for, filled in; `None` when it asks for what only people know.
fn example(process: &Process) -> Option<Map<String, Json>> {
    let required = process.start.form.entries.iter().filter(|entry| entry.required);
    let filled = required.map(|entry| {
        let value = match &entry.field.shape {
            Shape::Line | Shape::Long => json!(format!("{}示例", entry.field.title)),
            Shape::Phone => json!("0311-12345"),
            Shape::Mail => json!("someone@duban.example"),
            Shape::Choice(choices) => json!(choices.first()?.0),
            Shape::Catalog(_, entries) => json!(entries.keys().next()?),
            Shape::Integer => json!(1),
            Shape::Plain | Shape::List(_) => return None,
        };
        Some((entry.field.name.to_string(), value))
    });
    filled.collect()
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line).expect("writing to a string cannot fail");
}
