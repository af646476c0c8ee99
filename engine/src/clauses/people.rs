//! `by`, `not_by`, `same_as`, `assign`: who may act, resolved against the organisation and the case.

use jiff::Timestamp;

use crate::case::Case;
use crate::checker::{Checker, Keys};
use crate::event::{Actor, Assigned, Candidate, Event};
use crate::formula::{Operand, Place};
use crate::ids::{Name, VisitId};
use crate::moment::Moment;
use crate::rejection::Rejection;
use crate::value::Type;
use crate::who::Who;
use crate::yaml::Node;

/// How a task finds its person.
#[derive(Clone, Debug, Default)]
pub enum Assign {
    /// Anyone takes it.
    #[default]
    Pool,
    /// Who holds the fewest tasks in all cases; ties by id.
    LeastBusy,
    /// One after the other, by the count of visits to the step.
    InTurn,
    /// This person.
    Person(Operand),
}

/// The people clauses of a step or an action.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// Who may act; what is around decides when missing.
    pub by: Option<Who>,
    /// Steps whose people may not do this one.
    pub not_by: Vec<Name>,
    /// The step whose person must do this one.
    pub same_as: Option<Name>,
}

impl People {
    /// Whether the case's history lets this person do it, perhaps as the deputy of an absent one: what either did counts
    /// as done by both.
    ///
    /// # Errors
    /// `Separation` or `SamePersonNeeded`.
    pub fn allows(&self, case: &Case, person: &Name, absent: Option<&Name>) -> Result<(), Rejection> {
        let performed =
            |step: &Name| std::iter::once(person).chain(absent).find(|person| performed(case, step, person));
        for step in &self.not_by {
            if let Some(person) = performed(step) {
                return Err(Rejection::Separation { person: person.clone(), step: step.clone() });
            }
        }
        match &self.same_as {
            Some(step) if case.performers.contains_key(step) && performed(step).is_none() => {
                Err(Rejection::SamePersonNeeded { step: step.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn performed(case: &Case, step: &Name, person: &Name) -> bool {
    let by_step = |step: &str| case.performers.get(step).is_some_and(|record| record.people.contains(person));
    by_step(step) || by_step(&crate::ids::item_step(step))
}

/// For whom the actor may act as one of the candidates.
///
/// # Errors
/// `NotAllowed` when the person is none of them and stands in for none of them.
pub fn acting(
    actor: &Actor,
    candidates: &[Candidate],
    place: &Place<'_>,
    now: Timestamp,
) -> Result<Option<Name>, Rejection> {
    let Some(person) = actor.as_person() else { return Ok(None) };
    match place.organization.acts_for(person, candidates, now) {
        Some(absent) => Ok(absent.cloned()),
        None => Err(Rejection::NotAllowed { person: person.clone(), allowed: candidates.to_vec() }),
    }
}

impl Assign {
    /// Gives a fresh task to somebody, if the process chooses.
    pub fn choose(&self, moment: &mut Moment<'_>, visit: VisitId, people: &People, candidates: &[Candidate]) {
        let place = moment.place(visit);
        let fit = |place: &Place<'_>| {
            let actors = place.organization.actors(candidates, place.now);
            let fit = actors.into_iter().filter(|person| {
                !place.organization.is_absent(person, place.now) && people.allows(place.case, person, None).is_ok()
            });
            fit.collect::<Vec<Name>>()
        };
        let chosen = match self {
            Self::Pool => None,
            Self::Person(operand) => operand.name(&place),
            Self::LeastBusy => {
                let counted = fit(&place).into_iter().map(|person| (moment.workload_of(&person), person));
                let known = counted.filter_map(|(tasks, person)| Some((tasks?, person)));
                let chosen = known.min().map(|(_, person)| person);
                if moment.world.workload.is_none() {
                    let text =
                        "who has the least to do is not known here: the task waits for whoever takes it".to_owned();
                    moment.emit(Event::IncidentRaised { visit, text });
                }
                chosen
            }
            Self::InTurn => {
                let fit = fit(&place);
                let step = place.case.visits.get(&visit).map(|visit| visit.step.clone());
                let round = step.and_then(|step| place.case.visited.get(&step).copied()).unwrap_or(1);
                let turn = usize::try_from(round.saturating_sub(1)).unwrap_or(0).checked_rem(fit.len());
                turn.and_then(|turn| fit.get(turn).cloned())
            }
        };
        if let Some(to) = chosen {
            moment.emit(Event::TaskAssigned { visit, to, how: Assigned::Assigned });
        }
    }
}

/// Reads who may act: a role, a list of roles, a person as an expression, or `{unit: …, duty: …}`.
pub fn check_who(checker: &mut Checker<'_>, node: &Node) -> Option<Who> {
    if let Some(items) = node.as_sequence() {
        let several: Vec<Who> = items.iter().filter_map(|item| check_who(checker, item)).collect();
        return (several.len() == items.len()).then_some(Who::Any(several));
    }
    if node.as_mapping().is_some() {
        let mut keys = checker.keys(node, "who may act")?;
        let who = check_who_keys(checker, &mut keys);
        keys.finish(checker);
        return who;
    }
    let name = checker.text(node, "a role")?;
    if name.starts_with('=') {
        return check_person_formula(checker, node).map(Who::Person);
    }
    if let Some(who) = checker.roles.get(&name).cloned() {
        checker.named_roles.insert(name);
        return Some(who);
    }
    let known: Vec<Name> = checker.roles.keys().cloned().collect();
    let is_duty = checker.catalog.organization.duties.contains_key(&name);
    let is_field = checker.is_in_scope(&name);
    let finding = checker.error(node.span, "unknown-role", format!("there is no role `{name}`"));
    finding.suggest_or_list(&name, known.iter().map(Name::as_str));
    if is_duty {
        finding.help(format!("`{name}` is a duty: say of which unit, as `{{unit: …, duty: {name}}}`"));
    } else if is_field {
        finding.help(format!("write `={name}` if the field is meant"));
    }
    None
}

/// An expression for people, not for units: a unit has no inbox, only its people do.
fn check_person_formula(checker: &mut Checker<'_>, node: &Node) -> Option<Operand> {
    let formula = checker.formula(node, &Type::Any)?;
    let kind = formula.expression().result_type();
    let is_unit = *kind == Type::Unit || *kind == Type::list(Type::Unit);
    if is_unit {
        let help =
            format!("name a duty as well: {{unit: {}, duty: …}}", node.as_scalar().map_or("…", |scalar| &scalar.text));
        checker.error(node.span, "unit-for-person", "this is a unit, and people are needed").help(help);
        return None;
    }
    Some(Operand::Formula(formula))
}

/// Reads `unit` and `duty`, `person`, or `any` among the keys of something.
pub fn check_who_keys(checker: &mut Checker<'_>, keys: &mut Keys<'_>) -> Option<Who> {
    if let Some(any) = keys.take("any") {
        return check_who(checker, any);
    }
    if let Some(person) = keys.take("person") {
        let wanted = if is_formula(person) { Type::Any } else { Type::Person };
        return checker.operand(person, &wanted).map(Who::Person);
    }
    keys.know(&["any", "person"]);
    let (unit_node, duty) = (keys.require("unit", checker), keys.require("duty", checker));
    let (unit_node, duty_node) = (unit_node?, duty?);
    let wanted = if is_formula(unit_node) { Type::Any } else { Type::Unit };
    let unit = checker.operand(unit_node, &wanted);
    let duty = checker.text(duty_node, "a duty")?;
    let duties = &checker.catalog.organization.duties;
    if !duties.contains_key(&duty) {
        let known = duties.keys().map(Name::as_str);
        let message = format!("the organisation has no duty `{duty}`");
        checker.error(duty_node.span, "unknown-duty", message).suggest_or_list(&duty, known);
    }
    Some(Who::Duty { unit: unit?, duty })
}

fn is_formula(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| scalar.text.starts_with('='))
}

impl People {
    /// Reads what a step says of its people; its other keys are read elsewhere.
    pub fn read(checker: &mut Checker<'_>, node: &Node) -> Self {
        checker.keys(node, "a step").map(|mut keys| Self::check(checker, &mut keys)).unwrap_or_default()
    }

    /// The people of a step or an action inside another: who has no `by` of its own takes over what is around.
    pub fn inside(mut self, around: Self) -> Self {
        if self.by.is_none() {
            self.by = around.by;
            self.not_by.extend(around.not_by);
            self.same_as = self.same_as.or(around.same_as);
        }
        self
    }

    /// Reads `by`, `not_by` and `same_as` among the keys of a step or an action.
    pub fn check(checker: &mut Checker<'_>, keys: &mut Keys<'_>) -> Self {
        // Who cannot be read stands for nobody, so that "waits for nobody" is not said as well.
        let by = keys.take("by").map(|by| check_who(checker, by).unwrap_or(Who::Any(Vec::new())));
        let not_by = keys.take("not_by").map(|node| {
            let items = checker.one_or_many(node);
            items.iter().filter_map(|item| checker.named_step(item)).collect()
        });
        let same_as = keys.take("same_as").and_then(|step| checker.named_step(step));
        Self { by, not_by: not_by.unwrap_or_default(), same_as }
    }
}

impl Assign {
    /// Reads `assign`.
    pub fn check(checker: &mut Checker<'_>, node: &Node) -> Self {
        if is_formula(node) {
            return checker.operand(node, &Type::Person).map_or(Self::Pool, Self::Person);
        }
        let words = [("pool", 0u8), ("least-busy", 1), ("in-turn", 2)];
        match checker.word(node, &words) {
            Some(1) => Self::LeastBusy,
            Some(2) => Self::InTurn,
            Some(_) | None => Self::Pool,
        }
    }
}
