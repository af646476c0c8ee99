//! One random process under random commands.

use std::fmt::Write as _;
use std::sync::Arc;

use duban_engine::calendar::Calendar;
use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::event::{Actor, Fields};
use duban_engine::field::Shape;
use duban_engine::ids::{CaseId, Name, VisitId};
use duban_engine::library::Library;
use duban_engine::organization::Absence;
use duban_engine::time::Span;
use duban_engine::value::{Type, Value};
use duban_engine::view;
use duban_tests::dice::Dice;
use duban_tests::generate;
use duban_tests::script::{BEGIN, library};
use duban_tests::town::Town;
use jiff::{SignedDuration, Timestamp};

use super::seen::Seen;

const PEOPLE: [&str; 7] = ["an", "bo", "chen", "du", "fang", "east-clerk", "west-clerk"];

/// Commands given to one process.
const COMMANDS_MAX: usize = 60;

/// Cases in one town; messages and starts make more of them.
const RESIDENTS_MAX: usize = 12;

/// The text of the process that a tape makes, and the commands it is given.
pub fn tell(tape: &[u32]) -> String {
    let mut dice = Dice::new(tape);
    let mut text = generate::process(&mut dice);
    let Ok(library) = library(&[&text, generate::CHILD]) else { return text };
    let mut game = Game::new(library);
    for _ in 0..COMMANDS_MAX {
        if dice.is_over() {
            break;
        }
        let told = game.choose(&mut dice);
        writeln!(text, "# {} {told:?}", game.town.now).expect("a string takes text");
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| game.act(told)));
        if done.is_err() {
            break;
        }
    }
    text
}

/// Plays the process that a tape makes.
pub fn play(tape: &[u32]) -> Seen {
    let mut dice = Dice::new(tape);
    let text = generate::process(&mut dice);
    let library = library(&[&text, generate::CHILD]).unwrap_or_else(|shown| panic!("not sound:\n{shown}\n{text}"));
    let mut game = Game::new(library);
    game.seen.processes = 1;
    game.seen.read(&text);
    for _ in 0..COMMANDS_MAX {
        let told = game.choose(&mut dice);
        game.act(told);
        if dice.is_over() {
            break;
        }
    }
    game.seen
}

/// What is done next.
#[derive(Debug)]
enum Told {
    Open(StartedBy, Actor, Fields),
    Pass(Timestamp),
    Away(Name, Name),
    Ask(usize, Command),
}

struct Game {
    town: Town,
    seen: Seen,
    calendar: Arc<Calendar>,
}

impl Game {
    fn new(library: Library) -> Self {
        let calendar = Arc::clone(library.catalog.calendars.default_calendar());
        let begin = calendar.parse_local(BEGIN).expect("the beginning is a moment");
        Self { town: Town::new(Arc::new(library), begin), seen: Seen::default(), calendar }
    }

    fn act(&mut self, told: Told) {
        self.seen.commands += 1;
        let done = match told {
            Told::Open(start, by, fields) => self.town.open("p", start, fields, by),
            Told::Pass(until) => self.town.pass_until(until),
            Told::Away(person, deputy) => {
                let (from, until) = (self.town.now, self.town.now + SignedDuration::from_hours(50));
                self.town.organization.absences.push(Absence { person, deputy, from, until });
                Ok(Vec::new())
            }
            Told::Ask(number, command) => self.town.submit(number, &command),
        };
        match done {
            Ok(stored) => self.seen.note(&self.town, &stored),
            Err(rejection) => self.seen.refuse(&rejection),
        }
    }

    fn choose(&mut self, dice: &mut Dice<'_>) -> Told {
        let count = self.town.residents.len();
        if count == 0 || (dice.chance(6) && count < RESIDENTS_MAX) {
            return self.opening(dice);
        }
        if dice.chance(20) {
            let span = dice.one(&["10 minutes", "1 hour", "3 hours", "1 working day", "3 days", "2 weeks"]);
            let span: Span = span.parse().expect("this is a span");
            return Told::Pass(self.calendar.add(self.town.now, span).at);
        }
        if dice.chance(2) {
            return Told::Away(dice.one(&PEOPLE).into(), dice.one(&PEOPLE).into());
        }
        let mut numbers: Vec<usize> = (0..count).filter(|number| self.town.residents[*number].case.is_open()).collect();
        if numbers.is_empty() || dice.chance(3) {
            numbers.push(count - 1);
        }
        let number = dice.one(&numbers);
        let offered = self.offered(dice, number);
        if let Some(command) = offered.filter(|_| dice.below(10) < 7) {
            return Told::Ask(number, command);
        }
        Told::Ask(number, self.anything(dice, number))
    }

    fn opening(&self, dice: &mut Dice<'_>) -> Told {
        let fields = self.form(dice, &["n", "flag", "units", "one", "who", "at"]);
        let (start, by) = match dice.below(8) {
            0 => (StartedBy::Message("letter".into()), Actor::Message("letter".into())),
            1 => (StartedBy::Public("form".into()), Actor::Message("form".into())),
            2 => (StartedBy::Schedule(0), Actor::Clock),
            3 => (StartedBy::Message("m9".into()), Actor::Message("m9".into())),
            4 => (StartedBy::Person, Actor::person(dice.one(&PEOPLE))),
            _ => (StartedBy::Person, Actor::person("an")),
        };
        Told::Open(start, by, fields)
    }

    /// An action that is really on offer, with its form filled in.
    fn offered(&self, dice: &mut Dice<'_>, number: usize) -> Option<Command> {
        let resident = &self.town.residents[number];
        let world = self.town.world();
        let first = dice.below(PEOPLE.len());
        let people = (0..PEOPLE.len()).map(|turn| PEOPLE[(first + turn) % PEOPLE.len()]);
        for person in people {
            let name = Name::new(person);
            let mut offers = view::offers(&resident.process, &world, &resident.case, &name, self.town.now);
            offers.retain(|offer| offer.refusal.is_none());
            if !offers.is_empty() {
                let offer = &offers[dice.below(offers.len())];
                let names: Vec<&str> = offer.rule.form.entries.iter().map(|entry| entry.field.name.as_str()).collect();
                let fields = self.form(dice, &names);
                let seal = Some("signed".to_owned());
                let ask = Ask::TakeAction { visit: Some(offer.visit), action: offer.action.clone(), fields, seal };
                return Some(Command { by: Actor::person(person), ask });
            }
        }
        None
    }

    /// Any command, sense or nonsense.
    fn anything(&self, dice: &mut Dice<'_>, number: usize) -> Command {
        let resident = &self.town.residents[number];
        let mut visits: Vec<VisitId> = resident.case.visits.keys().copied().collect();
        visits.push(VisitId(dice.below(40).try_into().unwrap_or(0)));
        let holders = resident.case.visits.values().filter_map(|visit| visit.task.as_ref()?.holder.clone());
        let mut people: Vec<Name> = holders.collect();
        people.extend(PEOPLE.map(Name::new));
        let visit = dice.one(&visits);
        let person = dice.one(&people);
        let to: Name = dice.one(&[PEOPLE[0], PEOPLE[1], PEOPLE[4], "nobody"]).into();
        let waiting = |found: &&duban_engine::case::Visit| found.job.is_some();
        let job = resident.case.visits.values().find(waiting).map_or(visit, |found| found.id);
        let fields = self.form(dice, &["n"]);
        let ask = match dice.below(22) {
            0 | 1 => Ask::Claim { visit },
            2 => Ask::Release { visit },
            3 => Ask::HandOn { visit, to },
            4 => Ask::Delegate { visit, to },
            5 => Ask::Answer { visit },
            6 | 7 => Ask::Withdraw,
            8 => Ask::Wake,
            9 | 10 => Ask::Deliver { message: dice.one(&["m1", "m2", "far", "m9"]).into(), fields },
            11 => {
                let (child, outcome) = (CaseId(1), Name::new("fine"));
                Ask::CloseChild { visit, child, outcome, fields }
            }
            12 if dice.chance(30) => Ask::Cancel,
            13 | 14 => Ask::FinishJob { visit: job, fields },
            15 | 16 => Ask::FailJob { visit: job, reason: "broken".to_owned() },
            17 => Ask::Recalculate,
            18 => Ask::Open { case: CaseId(77), start: StartedBy::Person, fields, serial: 1 },
            _ => {
                let action = format!("a{}-{}", dice.below(9), dice.below(9)).into();
                let visit = Some(visit).filter(|_| dice.chance(50));
                Ask::TakeAction { visit, action, fields, seal: None }
            }
        };
        Command { by: Actor::Person { person, deputy_for: None }, ask }
    }

    /// Values for some fields, mostly such as fit.
    fn form(&self, dice: &mut Dice<'_>, names: &[&str]) -> Fields {
        let process = &self.town.library.processes["p"];
        let mut fields = Fields::new();
        for name in names {
            let field = process.fields.iter().find(|field| field.name == **name);
            let shape = field.map(|field| &field.shape);
            let required = *name == "flag";
            if !required && !dice.chance(60) {
                continue;
            }
            let kind = field.map_or(&Type::Text, |field| &field.kind);
            let json = match (shape, kind) {
                (Some(Shape::List(_)), _) => dice.one(&["[\"east\"]", "[\"east\", \"west\", \"office\"]", "[]", "3"]),
                (_, Type::Number) => dice.one(&["1", "3", "7", "-2", "\"x\""]),
                (_, Type::Boolean) => dice.one(&["true", "false", "true", "null"]),
                (_, Type::Unit) => dice.one(&["\"east\"", "\"west\"", "\"office\"", "\"nowhere\""]),
                (_, Type::Person) => dice.one(&["\"fang\"", "\"an\"", "\"du\"", "\"nobody\""]),
                (_, Type::DateTime) => {
                    dice.one(&["\"2026-11-24 12:00\"", "\"2026-12-01 08:00\"", "\"2026-11-01 00:00\"", "\"soon\""])
                }
                (_, Type::Choice(_)) => dice.one(&["\"a\"", "\"b\"", "\"c\""]),
                _ => dice.one(&["\"words\"", "\"\"", "null"]),
            };
            let json = serde_json::from_str(json).expect("these are JSON");
            if let Ok(value) = Value::from_plain_json(&json, &Type::Any) {
                fields.insert(Name::new(name), value);
            }
        }
        fields
    }
}
