//! What a scenario expects, held against the case.

use std::collections::BTreeSet;

use super::stage::{Player, Stage};
use super::{Expectation, Expected};
use crate::case::{Deadline, Visit};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::effect::URGED;
use crate::event::{Event, Light};
use crate::expression::equal;
use crate::ids::{Name, VisitId, written_step};
use crate::value::Value;
use crate::view::offers;

/// Said of a line that needs the case of a start that was refused, as was expected.
pub const NO_CASE: &str = "there is no case: its start was refused";

/// Something in a scenario is not as it should be.
pub fn failure(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Severity::Error, span, "scenario", message)
}

/// What is not as expected, without what follows from it: once the case is not where it should be (`is_lost`), nothing
/// until it is again.
pub fn check(expectations: &[Expectation], stage: &Stage<'_>, is_lost: &mut bool) -> Vec<Diagnostic> {
    let Some(player) = stage.players.first() else {
        let refused = |expectation: &Expectation| failure(expectation.span, NO_CASE);
        return expectations.first().map(refused).into_iter().collect();
    };
    let wanted = expectations.iter().find_map(|expectation| match &expectation.what {
        Expected::In(steps) if steps.len() == 1 => steps.first(),
        _ => None,
    });
    let failed = expectations.iter().filter_map(|expectation| {
        let found = hold(&expectation.what, stage, player, wanted).err()?;
        Some((&expectation.what, failure(expectation.span, found)))
    });
    let mut failed: Vec<(&Expected, Diagnostic)> = failed.collect();
    let was_lost = *is_lost;
    if let Some(misplaced) = failed.iter().position(|(expected, _)| is_of_place(expected)) {
        *is_lost = true;
        failed = vec![failed.swap_remove(misplaced)];
    } else if expectations.iter().any(|found| matches!(found.what, Expected::In(_) | Expected::Outcome(_))) {
        *is_lost = false;
    }
    if was_lost {
        failed.retain(|_| !*is_lost);
    }
    let is_due_wrong = failed.iter().any(|(expected, _)| matches!(expected, Expected::Due(_)));
    let follows = |expected: &Expected| matches!(expected, Expected::Light(_) | Expected::Provisional(_));
    failed.retain(|(expected, _)| !(is_due_wrong && follows(expected)));
    failed.into_iter().map(|(_, failure)| failure).collect()
}

/// Whether it says where the case is.
fn is_of_place(expected: &Expected) -> bool {
    match expected {
        Expected::In(_) | Expected::NotIn(_) | Expected::Outcome(_) | Expected::Open(_) => true,
        Expected::Due(_)
        | Expected::Light(_)
        | Expected::Provisional(_)
        | Expected::Marks(_)
        | Expected::Fields(_)
        | Expected::Documents(_)
        | Expected::Notified(_)
        | Expected::May(_, _)
        | Expected::Cases(_, _)
        | Expected::Holder(_)
        | Expected::Incidents(_) => false,
    }
}

fn hold(expected: &Expected, stage: &Stage<'_>, player: &Player, at: Option<&Name>) -> Result<(), String> {
    let case = &player.case;
    match expected {
        Expected::In(steps) => {
            let found: BTreeSet<&str> = case.leaves().map(|visit| written_step(&visit.step)).collect();
            let wanted: BTreeSet<&str> = steps.iter().map(Name::as_str).collect();
            same("the case is in", &spoken(&wanted), &spoken(&found))
        }
        Expected::NotIn(steps) => {
            let found = case.visits.values().find(|visit| steps.iter().any(|step| *step == *written_step(&visit.step)));
            match found {
                None => Ok(()),
                Some(visit) => Err(format!("the case is in {}", visit.step)),
            }
        }
        Expected::Due(due) => {
            let calendar = player.process.calendar_in(&stage.library.catalog.calendars);
            let described = |at: &jiff::Timestamp| calendar.describe_due(*at);
            let wanted = due.as_ref().map_or("nothing".to_owned(), described);
            let found = deadlines(player, at).map(|deadline| described(&deadline.due.at)).collect();
            one_of("due", &wanted, found)
        }
        Expected::Light(light) => {
            let found = deadlines(player, at).map(|deadline| word(deadline.light).to_owned()).collect();
            one_of("the light is", light, found)
        }
        Expected::Provisional(wanted) => {
            let found = deadlines(player, at).map(|deadline| deadline.due.provisional.to_string()).collect();
            one_of("provisional is", &wanted.to_string(), found)
        }
        Expected::Outcome(wanted) => {
            let found = case.closed.as_ref().map_or("open", |closed| closed.outcome.as_str());
            same("the outcome is", wanted, found)
        }
        Expected::Open(wanted) => same("open is", &wanted.to_string(), &case.is_open().to_string()),
        Expected::Marks(wanted) => {
            let marks = stage.players.iter().flat_map(|player| &player.case.marks);
            same_names("marks are", wanted, marks.map(|mark| &mark.kind))
        }
        Expected::Documents(wanted) => listed("documents are", wanted, stage, |event| match event {
            Event::DocumentFiled { template, .. } => Some(template.clone()),
            _ => None,
        }),
        Expected::Notified(wanted) => listed("notified are", wanted, stage, |event| match event {
            Event::Notified { template, .. } => Some(template.clone()),
            Event::Urged { .. } => Some(Name::new(URGED)),
            _ => None,
        }),
        Expected::Incidents(wanted) => {
            let events = stage.players.iter().flat_map(|player| &player.events);
            let found = events.filter(|event| matches!(event, Event::IncidentRaised { .. })).count();
            same("incidents are", &wanted.to_string(), &found.to_string())
        }
        Expected::Fields(fields) => fields.iter().try_for_each(|(name, value)| field(stage, player, name, value)),
        Expected::May(who, actions) => may(stage, player, who, actions),
        Expected::Cases(process, wanted) => {
            let found = stage.players.iter().filter(|player| player.process.name == *process).count();
            same(&format!("cases of {process} are"), &wanted.to_string(), &found.to_string())
        }
        Expected::Holder(wanted) => {
            let task = here(player, at).find_map(|visit| visit.task.as_ref());
            let found = task.and_then(|task| task.holder.as_ref()).map_or("nobody", Name::as_str);
            same("the holder is", wanted.as_ref().map_or("nobody", Name::as_str), found)
        }
    }
}

/// The innermost visits that the expectation is about.
fn here<'p>(player: &'p Player, at: Option<&'p Name>) -> impl Iterator<Item = &'p Visit> {
    let fits = move |visit: &&Visit| at.is_none_or(|at| *at == *written_step(&visit.step));
    player.case.leaves().filter(fits)
}

/// The nearest deadline around each of them.
fn deadlines<'p>(player: &'p Player, at: Option<&'p Name>) -> impl Iterator<Item = &'p Deadline> {
    here(player, at).filter_map(|visit| player.case.path(visit.id).find_map(|around| around.deadline.as_ref()))
}

fn field(stage: &Stage<'_>, player: &Player, name: &Name, wanted: &Value) -> Result<(), String> {
    let zone = player.process.calendar_in(&stage.library.catalog.calendars).zone();
    let own = player.case.visits.values().rev().find_map(|visit| visit.fields.get(name));
    let found = player.case.fields.get(name).or(own).cloned().unwrap_or_default();
    let declared = player.process.fields.iter().find(|field| field.name == *name);
    let wanted = match declared {
        Some(field) if !wanted.is_null() => field.accept(wanted, zone).map_err(|rejection| rejection.to_string())?,
        Some(_) | None => wanted.clone(),
    };
    if found == wanted || equal(&found, &wanted) == Some(true) {
        return Ok(());
    }
    Err(format!("`{name}` is {}, expected {}", found.to_plain_json(), wanted.to_plain_json()))
}

fn may(stage: &Stage<'_>, player: &Player, who: &Name, wanted: &[Name]) -> Result<(), String> {
    let people: Vec<Name> = match player.process.roles.get(who) {
        _ if stage.organization.people.contains_key(who) => vec![who.clone()],
        Some(role) => {
            let actor = crate::event::Actor::Clock;
            let world = stage.world();
            let calendar = player.process.calendar_in(&stage.library.catalog.calendars);
            let moment = crate::moment::Moment::new(&player.case, stage.now, &actor, &world, calendar);
            let candidates = role.who.candidates(&moment.place(VisitId::CASE));
            stage.organization.actors(&candidates, stage.now).into_iter().collect()
        }
        None => Vec::new(),
    };
    let mut found: BTreeSet<String> = BTreeSet::new();
    for person in people.iter().take(1) {
        let on_offer = offers(&player.process, &stage.world(), &player.case, person, stage.now);
        found
            .extend(on_offer.into_iter().filter(|offer| offer.refusal.is_none()).map(|offer| offer.action.to_string()));
    }
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = wanted.iter().map(Name::as_str).collect();
    same(&format!("{who} may"), &spoken(&wanted), &spoken(&found))
}

fn listed(what: &str, wanted: &[Name], stage: &Stage<'_>, pick: impl Fn(&Event) -> Option<Name>) -> Result<(), String> {
    let found: Vec<Name> = stage.players.iter().flat_map(|player| &player.events).filter_map(pick).collect();
    same_names(what, wanted, &found)
}

fn same_names<'a>(what: &str, wanted: &[Name], found: impl IntoIterator<Item = &'a Name>) -> Result<(), String> {
    let text = |names: Vec<&Name>| names.into_iter().map(Name::as_str).collect::<Vec<&str>>().join(", ");
    same(what, &text(wanted.iter().collect()), &text(found.into_iter().collect()))
}

fn same(what: &str, wanted: &str, found: &str) -> Result<(), String> {
    if wanted == found {
        return Ok(());
    }
    let blank = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    Err(format!("{what} {}, expected {}", blank(found), blank(wanted)))
}

fn one_of(what: &str, wanted: &str, found: Vec<String>) -> Result<(), String> {
    let none = found.is_empty() && wanted == "nothing";
    if none || found.iter().any(|found| found == wanted) {
        return Ok(());
    }
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    same(what, wanted, &spoken(&found))
}

fn spoken(words: &BTreeSet<&str>) -> String {
    words.iter().copied().collect::<Vec<&str>>().join(", ")
}

fn word(light: Light) -> &'static str {
    match light {
        Light::Green => "green",
        Light::Yellow => "yellow",
        Light::Red => "red",
    }
}
