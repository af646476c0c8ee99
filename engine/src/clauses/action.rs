//! `actions`: what a person may do in a step, and in every step inside it.

use crate::checker::Checker;
use crate::clauses::effects::write;
use crate::clauses::form::Form;
use crate::clauses::hook::Hook;
use crate::clauses::people::{People, acting};
use crate::event::{Actor, Event, Fields};
use crate::formula::Formula;
use crate::ids::{Name, VisitId};
use crate::moment::Moment;
use crate::rejection::Rejection;
use crate::who::Who;
use crate::yaml::{Entry, Node};

/// What a person may do.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub title: Name,
    /// Who may: its own `by`, or the step's, or that of a step around it.
    pub by: Who,
    /// Whether the action names its own people, so that holding the task does not matter.
    pub has_own_people: bool,
    /// Who may not.
    pub people: People,
    /// What it asks for.
    pub form: Form,
    /// What must hold.
    pub requirements: Vec<Requirement>,
    /// How often it may be taken in one stay in the step.
    pub at_most: Option<u32>,
    /// Whether it needs the person's own confirmation.
    pub needs_seal: bool,
    /// When it is on offer, what it does and where it leads.
    pub hook: Hook,
}

/// A condition that must hold, and what is said when it does not.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The condition.
    pub that: Formula,
    /// The administrator's words.
    pub otherwise: Name,
}

impl Action {
    /// Whether it is on offer at a visit of its step at all.
    pub fn is_on_offer(&self, moment: &Moment<'_>, scope: VisitId) -> bool {
        self.hook.when.as_ref().is_none_or(|when| when.holds(&moment.place(scope)))
    }

    /// For whom the actor may take it: `None` for themself, or the absent person.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, moment: &Moment<'_>, scope: VisitId) -> Result<Option<Name>, Rejection> {
        let Some(found) = moment.visit(scope) else { return Err(Rejection::NoSuchVisit { visit: scope }) };
        if !self.is_on_offer(moment, scope) || found.awaits_lock() {
            return Err(Rejection::NoSuchAction { action: self.name.clone(), nearest: None });
        }
        let Some(person) = moment.by.as_person() else {
            return Err(Rejection::Forbidden { verb: self.name.clone() });
        };
        let held = found.task.as_ref().filter(|_| !self.has_own_people);
        let holder = held.and_then(|task| task.holder.as_ref());
        let deputy_for = match holder {
            Some(holder) if holder == person => {
                if held.is_some_and(|task| task.asked_by.is_some()) {
                    return Err(Rejection::Forbidden { verb: self.name.clone() });
                }
                let candidates = self.by.candidates(&moment.place(scope));
                moment.world.organization.acts_for(person, &candidates, moment.now).flatten().cloned()
            }
            Some(holder) => {
                let organization = moment.world.organization;
                let stands_in = organization.absences.iter().any(|absence| {
                    absence.person == *holder && absence.deputy == *person && absence.covers(moment.now)
                });
                if !stands_in {
                    return Err(Rejection::HeldByOther { holder: holder.clone() });
                }
                Some(holder.clone())
            }
            None => {
                let place = moment.place(scope);
                acting(moment.by, &self.by.candidates(&place), &place, moment.now)?
            }
        };
        self.people.allows(&moment.case, person, deputy_for.as_ref())?;
        let times = found.actions.get(&self.name).copied().unwrap_or(0);
        match self.at_most {
            Some(at_most) if times >= at_most => Err(Rejection::TooOften { action: self.name.clone(), at_most }),
            Some(_) | None => Ok(deputy_for),
        }
    }

    /// Takes it: fills in the form and checks what must hold. What follows is the hook's.
    ///
    /// # Errors
    /// Why not; the moment is then of no use any more.
    pub fn take(
        &self,
        moment: &mut Moment<'_>,
        visit: VisitId,
        scope: VisitId,
        step: &Name,
        given: &Fields,
        seal: Option<&String>,
    ) -> Result<(), Rejection> {
        if self.needs_seal && seal.is_none_or(|seal| seal.trim().is_empty()) {
            return Err(Rejection::SealMissing { action: self.name.clone() });
        }
        let values = self.form.fill(given, moment)?;
        let line = self.hook.line;
        let (step, action) = (step.clone(), self.name.clone());
        moment.emit(Event::ActionTaken { visit, scope, step, action, line, seal: seal.cloned() });
        write(moment, scope, values);
        require(&self.requirements, moment, scope)
    }
}

/// Checks what must hold.
///
/// # Errors
/// `Requirement` with the administrator's words, for the first that does not.
pub fn require(requirements: &[Requirement], moment: &Moment<'_>, visit: VisitId) -> Result<(), Rejection> {
    let place = moment.place(visit);
    match requirements.iter().find(|requirement| !requirement.that.holds(&place)) {
        Some(broken) => Err(Rejection::Requirement { message: broken.otherwise.to_string() }),
        None => Ok(()),
    }
}

/// The actor as history tells it, with whom they stood in for.
pub fn as_deputy(actor: &Actor, deputy_for: Option<Name>) -> Actor {
    match actor {
        Actor::Person { person, .. } => Actor::Person { person: person.clone(), deputy_for },
        Actor::Clock | Actor::Message(_) | Actor::Case { .. } | Actor::Worker(_) | Actor::Administrator(_) => {
            actor.clone()
        }
    }
}

/// How often an action may be allowed at most: a limit beyond this is none.
const AT_MOST_MAX: u32 = 1_000;

impl Action {
    /// Reads one entry of `actions`; `step` is who may act in the step that declares it.
    pub fn check(checker: &mut Checker<'_>, entry: &Entry, step: &People) -> Option<Self> {
        let name = &entry.key.text;
        if !checker.check_name(name, entry.key.span) {
            return None;
        }
        let mut keys = checker.keys(&entry.value, &format!("the action `{name}`"))?;
        let title = keys.take("title").and_then(|title| checker.text(title, "`title`")).unwrap_or_else(|| name.clone());
        let people = People::check(checker, &mut keys);
        let has_own_people = people.by.is_some();
        let people = people.inside(step.clone());
        let form = keys.take("form").map(|form| Form::check(checker, form)).unwrap_or_default();
        let requirements = keys.take("require").map(|node| check_requirements(checker, node)).unwrap_or_default();
        let at_most = keys.take("at_most").and_then(|node| checker.integer(node, 1..=AT_MOST_MAX));
        let needs_seal = keys.take("seal").and_then(|node| checker.boolean(node)).unwrap_or(false);
        let mut hook = Hook::check(checker, &mut keys);
        hook.line = checker.line(entry.key.span);
        keys.finish(checker);
        let Some(by) = people.by.clone() else {
            let message = format!("nobody may take `{name}`: neither it nor a step around it has `by`");
            checker.error(entry.key.span, "nobody", message).help("add `by: ROLE`");
            return None;
        };
        let name = name.clone();
        Some(Self { name, title, by, has_own_people, people, form, requirements, at_most, needs_seal, hook })
    }
}

/// Reads `require`.
pub fn check_requirements(checker: &mut Checker<'_>, node: &Node) -> Vec<Requirement> {
    let mut requirements = Vec::new();
    for item in checker.list(node) {
        let Some(mut keys) = checker.keys(item, "a requirement") else { continue };
        let that = keys.require("that", checker).and_then(|that| checker.condition(that));
        let otherwise = keys.require("else", checker).and_then(|text| checker.text(text, "`else`"));
        keys.finish(checker);
        requirements.extend(that.zip(otherwise).map(|(that, otherwise)| Requirement { that, otherwise }));
    }
    requirements
}
