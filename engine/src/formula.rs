//! An expression bound to the places its values come from.

mod reads;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, civil};

pub use reads::Reads;

use crate::calendar::Calendar;
use crate::case::{Case, Outcome, Visit};
use crate::event::Fields;
use crate::expression::{Expression, HostFunction, Scope, Slot, UnaryTests};
use crate::ids::{Name, VisitId, written_step};
use crate::organization::Organization;
use crate::value::{DateTime, Value};

/// Where the value of a name in an expression comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant's sentence names its fields")]
pub enum Binding {
    /// A field of the process.
    Field(Name),
    /// A field that a step around the place declares.
    Local { step: Name, field: Name },
    /// The item variable of an `each` around the place.
    Item(Name),
    /// The items of an `each` step, with their fields.
    Collection { step: Name, fields: Vec<Name> },
    /// A value known only in the moment: `outcome`, or what a message carries.
    Given(Name),
    /// When the case began.
    Opened,
}

/// What the engine offers to expressions beside FEEL's own functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// `now()`: the command's instant.
    Now,
    /// `visits(step)`: how often the case was in it.
    Visits,
    /// `in(step)`: whether the case is in it.
    In,
    /// `times(action)`: how often it was taken.
    Times,
    /// `last(action)`: who took it last, and when.
    Last,
    /// `due(step)`: when the step's deadline ends.
    Due,
    /// `late(step)`: whether the step's deadline has passed.
    Late,
    /// `working_days_between(a, b)`.
    WorkingDaysBetween,
    /// `add_working_days(a, n)`.
    AddWorkingDays,
}

impl Host {
    /// All of them, in the order of their numbers, with the names people write.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Now, "now"),
        (Self::Visits, "visits"),
        (Self::In, "in"),
        (Self::Times, "times"),
        (Self::Last, "last"),
        (Self::Due, "due"),
        (Self::Late, "late"),
        (Self::WorkingDaysBetween, "working_days_between"),
        (Self::AddWorkingDays, "add_working_days"),
    ];

    /// The number by which an expression calls it.
    pub fn function(self) -> HostFunction {
        let place = (0u32..).zip(Self::ALL).find(|(_, (host, _))| *host == self);
        HostFunction(place.expect("the list has all of them").0)
    }
}

/// Where and when an expression is evaluated.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The case.
    pub case: &'a Case,
    /// The visit that the expression is seen from.
    pub visit: VisitId,
    /// The command's instant.
    pub now: Timestamp,
    /// The process's calendar.
    pub calendar: &'a Calendar,
    /// The organisation.
    pub organization: &'a Organization,
    /// Values known only in this moment.
    pub given: &'a Fields,
}

/// A checked expression with the places its names stand for.
#[derive(Clone, Debug)]
pub struct Formula {
    expression: Expression,
    bindings: Arc<[Binding]>,
    reads: Arc<Reads>,
}

/// A checked cell of a decision table with the places its names stand for.
#[derive(Clone, Debug)]
pub struct Cell {
    tests: UnaryTests,
    bindings: Arc<[Binding]>,
}

impl Cell {
    /// Binds compiled tests; slot n of them reads `bindings[n]`.
    pub fn new(tests: UnaryTests, bindings: Vec<Binding>) -> Self {
        Self { tests, bindings: bindings.into() }
    }

    /// Whether the input passes.
    pub fn accepts(&self, input: &Value, place: &Place<'_>) -> bool {
        self.tests.evaluate(input, &Bound { bindings: &self.bindings, place }).is_true()
    }
}

/// A literal, or an expression.
#[derive(Clone, Debug)]
pub enum Operand {
    /// Written as it is.
    Literal(Value),
    /// Written with `=`.
    Formula(Formula),
}

impl Formula {
    /// Binds a compiled expression that calls these functions; slot n of it reads `bindings[n]`.
    pub fn new(expression: Expression, bindings: Vec<Binding>, hosts: &BTreeSet<Host>) -> Self {
        let reads = Arc::new(Reads::new(&bindings, hosts));
        Self { expression, bindings: bindings.into(), reads }
    }

    /// What it looks at.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The value at a place; null where something is not known.
    pub fn evaluate(&self, place: &Place<'_>) -> Value {
        self.expression.evaluate(&Bound { bindings: &self.bindings, place })
    }

    /// Whether the condition holds; null does not.
    pub fn holds(&self, place: &Place<'_>) -> bool {
        self.expression.holds(&Bound { bindings: &self.bindings, place })
    }

    /// Whether its value is an instant counted on from now: `now() + …`.
    pub fn is_from_now(&self) -> bool {
        self.expression.adds_to(Host::Now.function())
    }

    /// Whether it holds only while the instant that another formula of its place gives is to come: `x > now()`, alone or
    /// with `and`.
    pub fn demands_to_come(&self, instant: &Self) -> bool {
        let bound = |bindings: &[Binding], slot: Slot| bindings.get(usize::try_from(slot.0).ok()?).cloned();
        let same = |ours: Slot, theirs: Slot| {
            bound(&self.bindings, ours).is_some_and(|ours| bound(&instant.bindings, theirs) == Some(ours))
        };
        self.expression.demands_greater(&instant.expression, Host::Now.function(), &same)
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        self.expression.text()
    }

    /// The expression underneath.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }
}

impl Operand {
    /// The value at a place.
    pub fn evaluate(&self, place: &Place<'_>) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Formula(formula) => formula.evaluate(place),
        }
    }

    /// The expression, unless it is a literal.
    pub fn formula(&self) -> Option<&Formula> {
        match self {
            Self::Literal(_) => None,
            Self::Formula(formula) => Some(formula),
        }
    }

    /// The value as a name, when it is a text.
    pub fn name(&self, place: &Place<'_>) -> Option<Name> {
        self.evaluate(place).as_text().cloned()
    }

    /// The value as an instant: a date-time, or the end of a date's day.
    pub fn instant(&self, place: &Place<'_>) -> Option<Timestamp> {
        instant_of(&self.evaluate(place), place.calendar)
    }

    /// As it was written.
    pub fn text(&self) -> String {
        match self {
            Self::Literal(Value::Text(text)) => text.to_string(),
            Self::Literal(value) => value.to_plain_json().to_string(),
            Self::Formula(formula) => format!("={}", formula.text()),
        }
    }
}

/// An instant as a value, on the calendar's clock.
pub fn value_of(at: Timestamp, calendar: &Calendar) -> Value {
    let zone = calendar.zone().clone();
    let moment = DateTime::new(at.to_zoned(zone.clone()).datetime(), Some(zone));
    moment.map_or(Value::Null, Value::DateTime)
}

/// The instant that a value names as a limit: a date lasts until its end.
pub fn instant_of(value: &Value, calendar: &Calendar) -> Option<Timestamp> {
    match value {
        Value::Date(date) => {
            let end = date.tomorrow().ok()?.to_zoned(calendar.zone().clone()).ok()?;
            Some(end.timestamp())
        }
        value => value.instant(calendar.zone()),
    }
}

/// The day that a value lies in; midnight is the end of the day before, as limits are.
fn date_of(value: &Value, calendar: &Calendar) -> Option<civil::Date> {
    match value {
        Value::Date(date) => Some(*date),
        value => {
            let at = value.instant(calendar.zone())?;
            Some(calendar.date(at.checked_sub(SignedDuration::from_nanos(1)).ok()?))
        }
    }
}

fn working_days_between(arguments: &[Value], calendar: &Calendar) -> Option<Value> {
    let [from, to] = arguments else { return None };
    let between = calendar.working_days_between(date_of(from, calendar)?, date_of(to, calendar)?);
    Some(Value::from(between.days))
}

fn add_working_days(arguments: &[Value], calendar: &Calendar) -> Option<Value> {
    use rust_decimal::prelude::ToPrimitive;

    let [from, days] = arguments else { return None };
    let days = days.as_number()?.to_i64()?;
    let reached = calendar.add_working_days(date_of(from, calendar)?, days)?;
    Some(Value::Date(reached.date))
}

/// Names of a list value.
pub fn names_of(value: &Value) -> Vec<Name> {
    match value {
        Value::Text(text) => vec![text.clone()],
        Value::List(values) => values.iter().flat_map(names_of).collect(),
        Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Days(_)
        | Value::Months(_)
        | Value::Context(_)
        | Value::Range(_) => Vec::new(),
    }
}

/// The scope an expression is evaluated in.
struct Bound<'a> {
    bindings: &'a [Binding],
    place: &'a Place<'a>,
}

impl Bound<'_> {
    fn find(&self, step: &str) -> Option<&Visit> {
        let is_it = |visit: &&Visit| written_step(&visit.step) == step && visit.deadline.is_some();
        let around = self.place.case.path(self.place.visit).find(is_it);
        around.or_else(|| self.place.case.visits.values().rev().find(is_it))
    }

    fn due(&self, step: &str) -> Option<Timestamp> {
        let deadline = self.find(step)?.deadline.as_ref()?;
        Some(deadline.due.at)
    }
}

impl Scope for Bound<'_> {
    fn get(&self, slot: Slot) -> Cow<'_, Value> {
        let found = match usize::try_from(slot.0).ok().and_then(|slot| self.bindings.get(slot)) {
            None => None,
            Some(Binding::Field(name)) => self.place.case.fields.get(name),
            Some(Binding::Local { step, field }) => {
                let path = self.place.case.path(self.place.visit);
                path.filter(|visit| visit.step == *step).find_map(|visit| visit.fields.get(field))
            }
            Some(Binding::Item(name)) => {
                let mut items = self.place.case.path(self.place.visit).filter_map(|visit| visit.item.as_ref());
                items.find(|item| item.name == *name).map(|item| &item.value)
            }
            Some(Binding::Given(name)) => self.place.given.get(name),
            Some(Binding::Opened) => return Cow::Owned(value_of(self.place.case.opened, self.place.calendar)),
            Some(Binding::Collection { step, fields }) => {
                let outcomes = self.place.case.collection(step);
                let contexts = outcomes.into_iter().map(|outcome| context(outcome, fields)).collect();
                return Cow::Owned(Value::List(Arc::new(contexts)));
            }
        };
        found.map_or(Cow::Owned(Value::Null), Cow::Borrowed)
    }

    fn call(&self, function: HostFunction, arguments: &[Value]) -> Value {
        let Some((host, _)) = usize::try_from(function.0).ok().and_then(|number| Host::ALL.get(number)) else {
            return Value::Null;
        };
        let word = arguments.first().and_then(Value::as_text).map_or("", Name::as_str);
        let case = self.place.case;
        let calendar = self.place.calendar;
        match host {
            Host::Now => value_of(self.place.now, calendar),
            Host::Visits => Value::from(i64::from(case.visited.get(word).copied().unwrap_or(0))),
            Host::In => Value::Boolean(case.visits.values().any(|visit| visit.step == *word)),
            Host::Times => Value::from(i64::from(case.taken.get(word).map_or(0, |taken| taken.times))),
            Host::Last => case.taken.get(word).map_or(Value::Null, |taken| {
                let at = value_of(taken.at, calendar);
                let entries = [(Name::new("at"), at), (Name::new("by"), Value::Text(taken.by.clone()))];
                Value::Context(Arc::new(BTreeMap::from(entries)))
            }),
            Host::Due => self.due(word).map_or(Value::Null, |due| value_of(due, calendar)),
            Host::Late => self.due(word).map_or(Value::Null, |due| Value::Boolean(due <= self.place.now)),
            Host::WorkingDaysBetween => working_days_between(arguments, calendar).unwrap_or_default(),
            Host::AddWorkingDays => add_working_days(arguments, calendar).unwrap_or_default(),
        }
    }
}

fn context(outcome: Outcome, fields: &[Name]) -> Value {
    let mut entries: BTreeMap<Name, Value> = fields.iter().map(|field| (field.clone(), Value::Null)).collect();
    entries.extend(outcome.fields);
    entries.insert(outcome.item.name, outcome.item.value);
    entries.insert(Name::new("done"), Value::Boolean(outcome.done));
    Value::Context(Arc::new(entries))
}
