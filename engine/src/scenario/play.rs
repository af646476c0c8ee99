//! Playing a scenario: each line in turn, to the end or to a line that cannot be done.

use serde_json::Value as Json;

use super::expect::{self, NO_CASE, failure};
use super::stage::Stage;
use super::{Act, Doing, Played, Scenario, What};
use crate::command::{Ask, Command, StartedBy};
use crate::decide::decide;
use crate::diagnostic::Diagnostic;
use crate::event::{Actor, Candidate};
use crate::ids::{CaseId, Name, VisitId, written_step};
use crate::library::Library;
use crate::moment::Moment;
use crate::rejection::Rejection;

/// The id of a scenario's own case; others are made from it.
const CASE: CaseId = CaseId(1);

/// Plays a scenario.
pub fn play(scenario: &Scenario, library: &Library) -> Played {
    let mut organization = library.catalog.organization.clone();
    organization.absences.extend(scenario.absences.iter().cloned());
    let mut stage = Stage::new(library, organization, scenario.at);
    let mut failures = Vec::new();
    match open(scenario, &mut stage) {
        Err(failed) => failures.push(failure(scenario.start.span, failed.message)),
        Ok(()) => go_through(&scenario.acts, &mut stage, &mut failures),
    }
    let (name, process) = (scenario.name.clone(), scenario.process.clone());
    Played { name, process, failures, covered: stage.covered }
}

/// A line did not go as expected.
struct Failed {
    message: String,
    /// Whether the case is as it should be nevertheless, so that the next line makes sense.
    is_as_meant: bool,
}

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self { message, is_as_meant: false }
    }
}

/// Plays lines. An expectation that fails does not end it; while the case is not where it should be, what fails is a
/// consequence and not told.
fn go_through(acts: &[Act], stage: &mut Stage<'_>, failures: &mut Vec<Diagnostic>) {
    let mut is_lost = false;
    for act in acts {
        if let What::Expect(expectations) = &act.what {
            failures.extend(expect::check(expectations, stage, &mut is_lost));
            continue;
        }
        let Err(failed) = perform(act, stage) else { continue };
        if !is_lost {
            failures.push(failure(act.span, failed.message));
        }
        if !failed.is_as_meant {
            return;
        }
    }
}

fn open(scenario: &Scenario, stage: &mut Stage<'_>) -> Result<(), Failed> {
    let opening = &scenario.start;
    let (start, by) = match (&opening.message, &opening.public) {
        (Some(message), _) => (StartedBy::Message(message.clone()), Actor::Message(message.clone())),
        (None, Some(form)) => (StartedBy::Public(form.clone()), Actor::Message(form.clone())),
        (None, None) => (StartedBy::Person, starter(scenario, stage)?),
    };
    let opened = stage.open(CASE, &scenario.process, start, opening.fields.clone(), by);
    judge(opened, opening.rejected.as_ref())
}

fn starter(scenario: &Scenario, stage: &Stage<'_>) -> Result<Actor, String> {
    let process = stage.library.processes.get(&scenario.process);
    let process = process.ok_or_else(|| format!("there is no process `{}`", scenario.process))?;
    if let Some(person) = scenario.by.as_ref().filter(|name| stage.organization.people.contains_key(*name)) {
        return Ok(Actor::Person { person: person.clone(), deputy_for: None });
    }
    let who = match &scenario.by {
        Some(role) => process.roles.get(role).map(|role| &role.who),
        None => process.start.by.as_ref(),
    };
    let who = who.ok_or("nobody is named who could start this")?;
    let by = Actor::Clock;
    let world = stage.world();
    let case = crate::case::Case::new(CASE);
    let moment = Moment::new(&case, stage.now, &by, &world, process.calendar_in(&stage.library.catalog.calendars));
    let candidates = who.candidates(&moment.place(VisitId::CASE));
    let person = stage.organization.actors(&candidates, stage.now).into_iter().next();
    let person = person.ok_or("nobody in the organisation may start this")?;
    Ok(Actor::Person { person, deputy_for: None })
}

/// Whether it went as expected.
fn judge(result: Result<(), Rejection>, rejected: Option<&Name>) -> Result<(), Failed> {
    match (result, rejected) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(code)) => Err(format!("this should be refused (`{code}`), but it was done").into()),
        (Err(rejection), None) => Err(format!("refused: {rejection} (`{}`)", code_of(&rejection)).into()),
        (Err(rejection), Some(code)) if code_of(&rejection) == code.as_str() => Ok(()),
        (Err(rejection), Some(code)) => {
            let found = code_of(&rejection);
            let message = format!("this should be refused as `{code}`, but it was refused as `{found}`: {rejection}");
            Err(Failed { message, is_as_meant: true })
        }
    }
}

/// The code of a rejection, as programs see it.
fn code_of(rejection: &Rejection) -> String {
    match serde_json::to_value(rejection) {
        Ok(Json::Object(fields)) => fields.get("code").and_then(Json::as_str).unwrap_or_default().to_owned(),
        Ok(_) | Err(_) => String::new(),
    }
}

fn perform(act: &Act, stage: &mut Stage<'_>) -> Result<(), Failed> {
    match &act.what {
        What::Take { action, fields, doing } => {
            let ask = |visit| Ask::TakeAction {
                visit,
                action: action.clone(),
                fields: fields.clone(),
                seal: Some("scenario".to_owned()),
            };
            judge(submit_as(stage, doing, Some(action), &ask)?, doing.rejected.as_ref())
        }
        What::Verb { verb, to, doing } => verb_of(stage, verb, to.as_ref(), doing),
        What::Wait(length) => {
            let calendar =
                stage.players.first().map(|player| player.process.calendar_in(&stage.library.catalog.calendars));
            let until = calendar.map_or(stage.now, |calendar| calendar.add(stage.now, *length).at);
            judge(stage.pass_until(until), None)
        }
        What::Until(until) if *until < stage.now => Err("this instant has passed already".to_owned().into()),
        What::Until(until) => judge(stage.pass_until(*until), None),
        What::Message { message, fields, rejected } => {
            let ask = Ask::Deliver { message: message.clone(), fields: fields.clone() };
            let command = Command { by: Actor::Message(message.clone()), ask };
            judge(first_that_takes(stage, &command), rejected.as_ref())
        }
        What::Job { outcome } => judge(do_job(stage, outcome), None),
        What::Expect(_) => Ok(()),
    }
}

fn do_job(stage: &mut Stage<'_>, outcome: &Result<crate::event::Fields, String>) -> Result<(), Rejection> {
    let waiting = stage.players.iter().enumerate().find_map(|(number, player)| {
        let visit = player.case.visits.values().find(|visit| visit.job.is_some())?;
        Some((number, visit.id))
    });
    let Some((number, visit)) = waiting else { return Err(Rejection::NotAwaited) };
    let ask = match outcome {
        Ok(fields) => Ask::FinishJob { visit, fields: fields.clone() },
        Err(reason) => Ask::FailJob { visit, reason: reason.clone() },
    };
    stage.submit(number, Command { by: Actor::Worker(Name::new("worker")), ask })
}

/// Gives a command to the first case that waits for it.
fn first_that_takes(stage: &mut Stage<'_>, command: &Command) -> Result<(), Rejection> {
    for number in 0..stage.players.len() {
        match stage.submit(number, command.clone()) {
            Err(Rejection::NotAwaited | Rejection::CaseClosed) => {}
            other => return other,
        }
    }
    Err(Rejection::NotAwaited)
}

fn verb_of(stage: &mut Stage<'_>, verb: &Name, to: Option<&Name>, doing: &Doing) -> Result<(), Failed> {
    let to = to.cloned().unwrap_or_else(|| Name::new(""));
    let ask = |visit: Option<VisitId>| {
        let visit = visit.unwrap_or(VisitId::CASE);
        match verb.as_str() {
            "claim" => Ask::Claim { visit },
            "release" => Ask::Release { visit },
            "hand_on" => Ask::HandOn { visit, to: to.clone() },
            "delegate" => Ask::Delegate { visit, to: to.clone() },
            "answer" => Ask::Answer { visit },
            _ => Ask::Withdraw,
        }
    };
    judge(submit_as(stage, doing, None, &ask)?, doing.rejected.as_ref())
}

/// Gives a command in the name of the first person who may, to the first case where that makes sense. It fails when
/// there is nobody in whose name it could be given.
fn submit_as(
    stage: &mut Stage<'_>,
    doing: &Doing,
    action: Option<&Name>,
    ask: &dyn Fn(Option<VisitId>) -> Ask,
) -> Result<Result<(), Rejection>, Failed> {
    let mut first: Option<Rejection> = None;
    let mut is_here = false;
    if stage.players.is_empty() {
        return Err(NO_CASE.to_owned().into());
    }
    for number in 0..stage.players.len() {
        let Some(visit) = find_visit(stage, number, doing, action) else { continue };
        is_here = true;
        let wanted = ask(visit);
        for person in people(stage, number, doing, action, visit) {
            let by = Actor::Person { person, deputy_for: None };
            let command = Command { by, ask: wanted.clone() };
            let Some(player) = stage.players.get(number) else { continue };
            match decide(&player.process, &stage.world(), &player.case, &command, stage.now) {
                Ok(_) => return Ok(stage.submit(number, command)),
                Err(rejection) => {
                    first.get_or_insert(rejection);
                }
            }
        }
    }
    if stage.players.first().is_some_and(|player| !player.case.is_open()) && first.is_none() {
        return Ok(Err(Rejection::CaseClosed));
    }
    if let (true, None, Some(by)) = (is_here, &first, &doing.by) {
        return Err(format!("nobody in the organisation is `{by}` here").into());
    }
    let nowhere = |action: &Name| Rejection::NoSuchAction { action: action.clone(), nearest: None };
    Ok(Err(first.unwrap_or_else(|| action.map_or(Rejection::CaseClosed, nowhere))))
}

/// Where in a case something is done: `None` when it is not done in this case.
#[expect(clippy::option_option, reason = "outside: in this case at all; inside: at a certain visit")]
fn find_visit(stage: &Stage<'_>, number: usize, doing: &Doing, action: Option<&Name>) -> Option<Option<VisitId>> {
    let player = stage.players.get(number)?;
    let declares = |step: &Name| {
        player
            .process
            .find(step)
            .is_some_and(|(_, step)| action.is_none_or(|action| step.actions.iter().any(|found| found.name == *action)))
    };
    let fits = |visit: &&crate::case::Visit| {
        let in_step = doing.step.as_ref().is_none_or(|step| written_step(&visit.step) == step.as_str());
        let of_item = doing.item.as_ref().is_none_or(|value| {
            player.case.path(visit.id).any(|around| around.item.as_ref().is_some_and(|item| item.value == *value))
        });
        in_step && of_item
    };
    let offers = |visit: &&crate::case::Visit| player.case.path(visit.id).any(|around| declares(&around.step));
    let is_task = |visit: &&crate::case::Visit| visit.task.is_some();
    let mut visits = player.case.visits.values().rev().filter(fits);
    match action {
        Some(_) if doing.step.is_none() && doing.item.is_none() => visits.find(offers).map(|_| None),
        Some(_) => visits.find(offers).map(|visit| Some(visit.id)),
        None => visits.find(is_task).map(|visit| Some(visit.id)).or(player.case.is_open().then_some(None)),
    }
}

/// Who may be meant: the person of that id, or everyone with the role, then everyone with that duty at the task.
fn people(stage: &Stage<'_>, number: usize, doing: &Doing, action: Option<&Name>, visit: Option<VisitId>) -> Vec<Name> {
    let (Some(player), Some(by)) = (stage.players.get(number), &doing.by) else { return Vec::new() };
    if stage.organization.people.contains_key(by) {
        return vec![by.clone()];
    }
    let actor = Actor::Clock;
    let world = stage.world();
    let calendar = player.process.calendar_in(&stage.library.catalog.calendars);
    let moment = Moment::new(&player.case, stage.now, &actor, &world, calendar);
    let place = moment.place(visit.unwrap_or(VisitId::CASE));
    let mut candidates = player.process.roles.get(by).map(|role| role.who.candidates(&place)).unwrap_or_default();
    let here = player.case.path(visit.unwrap_or(VisitId::CASE)).filter_map(|visit| player.process.find(&visit.step));
    for (_, step) in here {
        let actions = step.actions.iter().filter(|found| action.is_none_or(|action| found.name == *action));
        let offered = actions.flat_map(|action| action.by.candidates(&place));
        candidates.extend(offered.filter(|candidate| matches!(candidate, Candidate::Duty { duty, .. } if duty == by)));
    }
    let mut found = Vec::new();
    for candidate in candidates {
        for person in stage.organization.actors(std::slice::from_ref(&candidate), stage.now) {
            if !found.contains(&person) {
                found.push(person);
            }
        }
    }
    found
}
