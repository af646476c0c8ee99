//! Every event of every version ever written stays readable: a golden file holds each, and is folded.

use std::collections::BTreeMap;
use std::sync::Arc;

use duban_engine::case::Case;
use duban_engine::event::{
    Actor, Assigned, Caller, Candidate, Cause, Due, EVENT_VERSION, Edge, Ending, Event, Fields, Item, Job, Light,
    Moved, Transition, Way,
};
use duban_engine::ids::{CaseId, Name, VisitId};
use duban_engine::value::{DateTime, Value, parse_date};
use duban_tests::golden;
use jiff::Timestamp;

/// The moment all of them happened.
fn now() -> Timestamp {
    "2026-11-23T01:00:00Z".parse().expect("this is an instant")
}

fn values() -> Fields {
    let date = parse_date("2026-11-23").expect("this is a date");
    let moment = DateTime::new(date.at(12, 0, 0, 0), None).expect("this is a moment");
    let list = Value::List(Arc::new(vec![Value::text("甲"), Value::from(2_i64)]));
    let context = Value::Context(Arc::new(BTreeMap::from([("inner".into(), Value::Null)])));
    let half = serde_json::from_str(r#"{"number": "0.5"}"#).expect("a number that is not whole has this form");
    let days = serde_json::from_str(r#"{"duration": "P2DT3H"}"#).expect("a duration has this form");
    let pairs = [
        ("text", Value::text("路灯")),
        ("truth", Value::Boolean(true)),
        ("whole", Value::from(7_i64)),
        ("half", half),
        ("date", Value::Date(date)),
        ("moment", Value::DateTime(moment)),
        ("days", days),
        ("list", list),
        ("context", context),
        ("nothing", Value::Null),
    ];
    pairs.into_iter().map(|(name, value)| (Name::new(name), value)).collect()
}

fn due() -> Due {
    let calendar = Some(("cn".into(), "0123456789abcdef".to_owned()));
    Due {
        at: now(),
        provisional: true,
        rule: "7 working days".to_owned(),
        from: now(),
        calendar,
        rungs: vec![Some(now()), None],
    }
}

fn item() -> Item {
    Item { index: 1, name: "unit".into(), value: Value::text("east") }
}

fn job() -> Job {
    let request = Some(("POST".into(), "https://x.example/".to_owned()));
    Job { topic: "http".into(), request, fields: values(), tries: 3, lease_seconds: 300 }
}

fn people() -> Vec<Candidate> {
    vec![Candidate::Duty { unit: "east".into(), duty: "clerk".into() }, Candidate::Person { person: "an".into() }]
}

fn caused_by(edge: Edge) -> Cause {
    Cause { edge, step: "triage".into(), line: 12 }
}

/// One of each event, with every optional part filled in.
pub fn one_of_each() -> Vec<Event> {
    let mut all = of_steps_and_clocks();
    all.extend(of_other_cases_and_people());
    all
}

fn of_steps_and_clocks() -> Vec<Event> {
    let visit = VisitId(1);
    let step: Name = "triage".into();
    let caller = Some(Caller { case: CaseId(9), visit: VisitId(4) });
    let cause = caused_by(Edge::Start);
    let (at, line, rung) = (now(), 12, 0);
    vec![
        Event::CaseOpened {
            case: CaseId(1),
            process: "appeal".into(),
            version: "0123".into(),
            number: Some("石诉1号".into()),
            caller,
        },
        Event::FieldsSet { visit: VisitId::CASE, values: values() },
        Event::StepSkipped { step: step.clone(), parent: VisitId::CASE, cause: cause.clone() },
        Event::StepEntered {
            visit,
            step: step.clone(),
            parent: VisitId::CASE,
            cause,
            item: Some(item()),
            after: Some(VisitId(8)),
            resumes: Some(VisitId(7)),
        },
        Event::LockAwaited { visit, lock: "pen".into(), across: true },
        Event::LockTaken { visit, lock: "pen".into() },
        Event::TaskOffered { visit, to: people(), unstaffed: true },
        Event::TaskAssigned { visit, to: "an".into(), how: Assigned::Claimed },
        Event::TaskReleased { visit },
        Event::DeadlineSet { visit, due: due() },
        Event::DeadlinePaused { visit },
        Event::DeadlineMoved { visit, why: Moved::Resumed, light: Light::Yellow, due: due() },
        Event::RungPassed { visit, step, rung, at, line, light: Some(Light::Red), next: Some(at) },
        Event::TimerSet { visit, timer: 1, at },
        Event::TimerPassed { visit, timer: 1, next: Some(at) },
        Event::ConditionTurned { visit, listener: 0, holds: true },
        Event::ListenerHeard { visit, listener: 0, line },
        Event::MessageTaken { message: "sms".into(), visit },
        Event::ItemAdded { visit, item: item() },
        Event::ItemDropped { visit, index: 1 },
    ]
}

fn of_other_cases_and_people() -> Vec<Event> {
    let visit = VisitId(1);
    let step: Name = "triage".into();
    let (child, other) = (CaseId(2), CaseId(3));
    let (at, line) = (now(), 12);
    vec![
        Event::ChildOpened { visit, child, process: "special-report".into(), fields: values() },
        Event::ChildClosed { visit, outcome: "instructed".into() },
        Event::ChildCancelled { visit, child },
        Event::JobQueued { visit, job: job() },
        Event::JobFailed { visit, reason: "timeout".to_owned(), tries_left: 2, retry: Some(at) },
        Event::JobDone { visit },
        Event::ActionTaken {
            visit,
            scope: visit,
            step: step.clone(),
            action: "assign".into(),
            line,
            seal: Some("signature".to_owned()),
        },
        Event::Notified {
            to: people(),
            template: "overdue".into(),
            ways: vec![Way::Inbox, Way::Mail, Way::Sms],
            visit,
        },
        Event::WebhookRaised { connection: "city".into(), kind: "opened".into(), fields: values() },
        Event::DocumentFiled { template: "slip".into(), to: Some("east".into()), visit },
        Event::Marked { kind: "late".into(), unit: Some("east".into()), person: Some("an".into()), at: Some(at) },
        Event::CaseStarted { other, process: "audit".into(), fields: values() },
        Event::MessageSent { message: "news".into(), to: Some("石诉2号".into()), fields: values() },
        Event::Urged { to: people() },
        Event::UrgencyRaised { to: "high".into() },
        Event::IncidentRaised { visit, text: "nothing follows".to_owned() },
        Event::StepPassed { visit },
        Event::ActionWithdrawn { sequence: 1 },
        Event::StepLeft { visit, step, how: Ending::Done, kept: Some(visit) },
        Event::CaseClosed { outcome: "resolved".into() },
        Event::PrivateRemoved,
    ]
}

/// The same without what may be missing, where something may.
fn sparse() -> Vec<Event> {
    let visit = VisitId(1);
    let step: Name = "triage".into();
    let cause = caused_by(Edge::Inside);
    let due = Due { provisional: false, calendar: None, rungs: Vec::new(), ..due() };
    let line = 12;
    vec![
        Event::CaseOpened {
            case: CaseId(1),
            process: "appeal".into(),
            version: "0123".into(),
            number: None,
            caller: None,
        },
        Event::StepEntered {
            visit,
            step: step.clone(),
            parent: VisitId::CASE,
            cause,
            item: None,
            after: None,
            resumes: None,
        },
        Event::LockAwaited { visit, lock: "pen".into(), across: false },
        Event::TaskOffered { visit, to: people(), unstaffed: false },
        Event::DeadlineSet { visit, due },
        Event::RungPassed { visit, step: step.clone(), rung: 0, at: now(), line, light: None, next: None },
        Event::TimerPassed { visit, timer: 1, next: None },
        Event::JobQueued { visit, job: Job { request: None, ..job() } },
        Event::JobFailed { visit, reason: "timeout".to_owned(), tries_left: 0, retry: None },
        Event::ActionTaken { visit, scope: visit, step: step.clone(), action: "assign".into(), line, seal: None },
        Event::DocumentFiled { template: "slip".into(), to: None, visit },
        Event::Marked { kind: "late".into(), unit: None, person: None, at: None },
        Event::MessageSent { message: "news".into(), to: None, fields: Fields::new() },
        Event::StepLeft { visit, step, how: Ending::Left, kept: None },
    ]
}

/// Every actor, with one event each for every edge and every small word.
fn words() -> Vec<Transition> {
    let actors = [
        Actor::person("an"),
        Actor::Person { person: "an".into(), deputy_for: Some("bo".into()) },
        Actor::Clock,
        Actor::Message("sms".into()),
        Actor::Case { case: CaseId(5), hops: 0 },
        Actor::Case { case: CaseId(5), hops: 7 },
        Actor::Worker("geocoder".into()),
        Actor::Administrator("root".into()),
    ];
    let edges = [
        Edge::Start,
        Edge::Inside,
        Edge::Action("assign".into()),
        Edge::Rung(2),
        Edge::Branch(1),
        Edge::Next,
        Edge::Skipped,
        Edge::Repeat,
        Edge::Listener(0),
        Edge::Effect,
        Edge::Join,
        Edge::Failed,
    ];
    let skipped =
        edges.map(|edge| Event::StepSkipped { step: "triage".into(), parent: VisitId::CASE, cause: caused_by(edge) });
    let assigned = [Assigned::Claimed, Assigned::Assigned, Assigned::HandedOn, Assigned::Delegated, Assigned::Answered];
    let assigned = assigned.map(|how| Event::TaskAssigned { visit: VisitId(1), to: "an".into(), how });
    let moved = [
        (Moved::Extended, Light::Green),
        (Moved::Resumed, Light::Yellow),
        (Moved::Restarted, Light::Red),
        (Moved::Recalculated, Light::Green),
    ];
    let moved = moved.map(|(why, light)| Event::DeadlineMoved { visit: VisitId(1), why, light, due: due() });
    let events: Vec<Event> = skipped.into_iter().chain(assigned).chain(moved).collect();
    let of = |(number, by): (u32, Actor)| transition(number, by, if number == 3 { events.clone() } else { Vec::new() });
    (3..).zip(actors).map(of).collect()
}

fn transition(sequence: u32, by: Actor, events: Vec<Event>) -> Transition {
    Transition { sequence, at: now(), by, version: EVENT_VERSION, events }
}

fn history() -> Vec<Transition> {
    let first = transition(1, Actor::person("an"), one_of_each());
    let second = transition(2, Actor::Clock, sparse());
    [first, second].into_iter().chain(words()).collect()
}

/// A new event, actor, edge or small word does not compile until it is named here, and above.
fn is_in_the_golden_file(event: &Event, by: &Actor) {
    match event {
        Event::CaseOpened { .. } | Event::FieldsSet { .. } | Event::StepLeft { .. } | Event::StepPassed { .. } => {}
        Event::StepEntered { cause, .. } | Event::StepSkipped { cause, .. } => match &cause.edge {
            Edge::Start | Edge::Inside | Edge::Action(_) | Edge::Rung(_) | Edge::Branch(_) | Edge::Next => {}
            Edge::Skipped | Edge::Repeat | Edge::Listener(_) | Edge::Effect | Edge::Join | Edge::Failed => {}
        },
        Event::TaskAssigned { how, .. } => match how {
            Assigned::Claimed | Assigned::Assigned | Assigned::HandedOn | Assigned::Delegated | Assigned::Answered => {}
        },
        Event::DeadlineMoved { why, light, .. } => match (why, light) {
            (
                Moved::Extended | Moved::Resumed | Moved::Restarted | Moved::Recalculated,
                Light::Green | Light::Yellow | Light::Red,
            ) => {}
        },
        Event::ActionTaken { .. } | Event::ActionWithdrawn { .. } | Event::TaskOffered { .. } => {}
        Event::TaskReleased { .. } | Event::DeadlineSet { .. } | Event::DeadlinePaused { .. } => {}
        Event::RungPassed { .. } | Event::TimerSet { .. } | Event::TimerPassed { .. } | Event::ListenerHeard { .. } => {
        }
        Event::ConditionTurned { .. } | Event::MessageTaken { .. } | Event::ItemAdded { .. } => {}
        Event::ItemDropped { .. } | Event::ChildOpened { .. } | Event::ChildClosed { .. } => {}
        Event::ChildCancelled { .. } | Event::JobQueued { .. } | Event::JobDone { .. } | Event::JobFailed { .. } => {}
        Event::LockAwaited { .. } | Event::LockTaken { .. } | Event::Notified { .. } | Event::WebhookRaised { .. } => {}
        Event::DocumentFiled { .. } | Event::Marked { .. } | Event::CaseStarted { .. } | Event::MessageSent { .. } => {}
        Event::Urged { .. } | Event::UrgencyRaised { .. } | Event::IncidentRaised { .. } => {}
        Event::CaseClosed { .. } | Event::PrivateRemoved => {}
    }
    match by {
        Actor::Person { .. }
        | Actor::Clock
        | Actor::Message(_)
        | Actor::Case { .. }
        | Actor::Worker(_)
        | Actor::Administrator(_) => {}
    }
}

fn golden_file() -> std::path::PathBuf {
    golden::folder("events").join(format!("v{EVENT_VERSION}.json"))
}

#[test]
fn events_are_written_as_the_golden_file_of_their_version_says() {
    let mut shown = String::from("[\n");
    let history = history();
    for (number, transition) in history.iter().enumerate() {
        for event in &transition.events {
            is_in_the_golden_file(event, &transition.by);
        }
        let stored = serde_json::to_value(transition).expect("a transition is plain data");
        let events = stored["events"].as_array().expect("a transition has a list of events");
        let mut bare = stored.clone();
        bare["events"] = serde_json::Value::Array(Vec::new());
        let lines: Vec<String> = events.iter().map(|event| format!("    {event}")).collect();
        let inside = if lines.is_empty() { String::new() } else { format!("\n{}\n  ", lines.join(",\n")) };
        shown.push_str(&format!("  {}", bare.to_string().replace("\"events\":[]", &format!("\"events\":[{inside}]"))));
        shown.push_str(if number + 1 < history.len() { ",\n" } else { "\n]\n" });
    }

    let differs = golden::differs(&golden_file(), &shown);

    assert_eq!(
        differs, None,
        "a stored form changed: old histories must stay readable, so raise EVENT_VERSION and keep the old file"
    );
}

#[test]
fn every_version_ever_written_can_be_read_and_folded() {
    let files = golden::files(&golden::folder("events"), "json");
    assert_eq!(files.len(), usize::from(EVENT_VERSION), "there is a golden file for each version");

    for file in files {
        let stored: Vec<Transition> = serde_json::from_str(&golden::text(&file)).expect("a stored history can be read");
        let Some((first, _)) = stored.split_first() else { panic!("{} is empty", file.display()) };
        let case = Case::fold(CaseId(1), [first]);

        assert_eq!(case.number, Some("石诉1号".into()));
        assert_eq!(case.fields["text"], Value::text("路灯"));
        assert_eq!(case.urgency, Some("high".into()));
        assert_eq!(case.closed.map(|closed| closed.outcome), Some("resolved".into()));
        assert_eq!(Case::fold(CaseId(1), &stored).sequence, 10);
    }
}

#[test]
fn the_golden_file_holds_what_was_written() {
    let stored: Vec<Transition> = serde_json::from_str(&golden::text(&golden_file())).expect("it can be read");

    assert_eq!(stored, history());
}
