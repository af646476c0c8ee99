//! FEEL's own functions: what each is called, takes and gives; one file per family.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::run::Run;
use crate::ids::Name;
use crate::value::{Type, Value};

mod contexts;
mod conversions;
mod dates;
mod lists;
mod numbers;
mod patterns;
mod properties;
mod ranges;
mod statistics;
mod strings;
mod written;

pub(super) use lists::index_at;
pub(super) use patterns::{Asks, read as read_pattern};
pub(super) use properties::property;

/// What computes a function: its arguments come in the order of one of its forms. `None` is null.
pub(super) type Native = fn(&Run<'_>, &[Cow<'_, Value>]) -> Option<Value>;

/// What a function is given: in its form's order.
pub(super) type Arguments<'a> = &'a [Cow<'a, Value>];

/// A function and the ways to call it.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) forms: &'static [Form],
}

/// One way to call a function.
pub(super) struct Form {
    pub(super) parameters: &'static [(&'static str, Wants)],
    /// How many parameters, from the first, cannot be left out.
    pub(super) required: usize,
    /// Whether the last parameter takes any number of arguments.
    pub(super) repeats: bool,
    pub(super) gives: Gives,
    pub(super) native: Native,
}

/// The kinds of values that functions tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Number,
    Text,
    Date,
    Time,
    DateTime,
    Days,
    Months,
    List,
    Context,
    Range,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wants {
    Anything,
    /// A value of one of these kinds.
    One(&'static [Kind]),
    /// A list whose items are of one of these kinds, or such an item; of any kind if none is named.
    Items(&'static [Kind]),
    /// Something that can be an item of the list given first.
    Item,
}

/// What a function gives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gives {
    Anything,
    One(Kind),
    ListOf(Kind),
    /// The kind of its first argument.
    First,
    /// A list like the first argument, with the others in it.
    SameList,
    /// The same; the second argument is a position.
    Positioned,
    /// An item of its first argument.
    FirstItem,
}

pub(super) const BOOLEAN: Wants = Wants::One(&[Kind::Boolean]);
pub(super) const NUMBER: Wants = Wants::One(&[Kind::Number]);
pub(super) const TEXT: Wants = Wants::One(&[Kind::Text]);
pub(super) const LIST: Wants = Wants::One(&[Kind::List]);
pub(super) const CONTEXT: Wants = Wants::One(&[Kind::Context]);

const FAMILIES: [&[Function]; 9] = [
    numbers::FUNCTIONS,
    strings::FUNCTIONS,
    patterns::FUNCTIONS,
    lists::FUNCTIONS,
    statistics::FUNCTIONS,
    dates::FUNCTIONS,
    conversions::FUNCTIONS,
    contexts::FUNCTIONS,
    ranges::FUNCTIONS,
];

/// The function of this name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

pub(super) fn is_function(name: &str) -> bool {
    find(name).is_some()
}

/// All functions.
pub(super) fn all() -> impl Iterator<Item = &'static Function> {
    FAMILIES.into_iter().flatten()
}

/// A form without optional parameters.
const fn form(parameters: &'static [(&'static str, Wants)], gives: Gives, native: Native) -> Form {
    Form { parameters, required: parameters.len(), repeats: false, gives, native }
}

impl Kind {
    fn of(kind: &Type) -> Option<Self> {
        Some(match kind {
            Type::Any | Type::Null => return None,
            Type::Boolean => Self::Boolean,
            Type::Number => Self::Number,
            Type::Text | Type::Unit | Type::Person | Type::Choice(_) => Self::Text,
            Type::Date => Self::Date,
            Type::Time => Self::Time,
            Type::DateTime => Self::DateTime,
            Type::Days => Self::Days,
            Type::Months => Self::Months,
            Type::List(_) => Self::List,
            Type::Context(_) => Self::Context,
            Type::Range(_) => Self::Range,
        })
    }

    fn kind(self) -> Type {
        match self {
            Self::Boolean => Type::Boolean,
            Self::Number => Type::Number,
            Self::Text => Type::Text,
            Self::Date => Type::Date,
            Self::Time => Type::Time,
            Self::DateTime => Type::DateTime,
            Self::Days => Type::Days,
            Self::Months => Type::Months,
            Self::List => Type::list(Type::Any),
            // Which entries it has is known only at run time, and a path into it must not be refused.
            Self::Context => Type::Any,
            Self::Range => Type::Range(Box::new(Type::Any)),
        }
    }

    /// With its article, for messages.
    fn words(self) -> String {
        match self {
            Self::Context => "a context".to_owned(),
            other => other.kind().to_string(),
        }
    }
}

impl Wants {
    /// Whether an argument of kind `given` may stand here, behind those of kinds `before`.
    pub(super) fn accepts(self, given: &Type, before: &[Type]) -> bool {
        let is_one = |kinds: &[Kind], given: &Type| Kind::of(given).is_none_or(|kind| kinds.contains(&kind));
        match self {
            Self::Anything => true,
            Self::One(kinds) => is_one(kinds, given),
            Self::Items(kinds) => match given {
                Type::List(item) => kinds.is_empty() || is_one(kinds, item),
                given => kinds.is_empty() || is_one(kinds, given),
            },
            Self::Item => match before.first() {
                Some(Type::List(item)) => item.accepts(given) || given.accepts(item),
                _ => true,
            },
        }
    }

    /// For messages: "a number or a duration".
    pub(super) fn words(self, before: &[Type]) -> String {
        let join = |kinds: &[Kind]| kinds.iter().map(|kind| kind.words()).collect::<Vec<_>>().join(" or ");
        match (self, before.first()) {
            (Self::One(kinds), _) => join(kinds),
            (Self::Items(kinds), _) if !kinds.is_empty() => format!("{}, or a list of such", join(kinds)),
            (Self::Item, Some(Type::List(item))) => item.to_string(),
            (Self::Anything | Self::Items(_) | Self::Item, _) => "a value".to_owned(),
        }
    }
}

impl Gives {
    /// What is given for arguments of these kinds.
    pub(super) fn kind(self, arguments: &[Type]) -> Type {
        let first = arguments.first().cloned().unwrap_or(Type::Any);
        match (self, first) {
            (Self::Anything, _) => Type::Any,
            (Self::One(kind), _) => kind.kind(),
            (Self::ListOf(kind), _) => Type::list(kind.kind()),
            (Self::First, first) => first,
            (Self::SameList, first) => Self::grown(&first, arguments.get(1..)),
            (Self::Positioned, first) => Self::grown(&first, arguments.get(2..)),
            (Self::FirstItem, Type::List(item)) => *item,
            (Self::FirstItem, first) => arguments.iter().fold(first, |all, kind| all.common(kind)),
        }
    }

    /// A list of what `first` is a list of, or is, and of what is put into it.
    fn grown(first: &Type, added: Option<&[Type]>) -> Type {
        let item = |kind: &Type| if let Type::List(item) = kind { (**item).clone() } else { kind.clone() };
        let added = added.unwrap_or_default().iter().map(item);
        Type::list(added.fold(item(first), |all, kind| all.common(&kind)))
    }
}

/// The argument in this place, if it is there and not null.
fn given<'a>(arguments: Arguments<'a>, place: usize) -> Option<&'a Value> {
    arguments.get(place).map(|argument| &**argument).filter(|value| !value.is_null())
}

fn number(arguments: Arguments<'_>, place: usize) -> Option<Decimal> {
    given(arguments, place)?.as_number()
}

fn text<'a>(arguments: Arguments<'a>, place: usize) -> Option<&'a Name> {
    given(arguments, place)?.as_text()
}

fn list<'a>(arguments: Arguments<'a>, place: usize) -> Option<&'a [Value]> {
    given(arguments, place)?.as_list()
}

/// A list's items, or the value itself as the only one.
fn items<'a>(arguments: Arguments<'a>, place: usize) -> Option<&'a [Value]> {
    match given(arguments, place)? {
        Value::List(items) => Some(items),
        other => Some(std::slice::from_ref(other)),
    }
}

/// The items of a list given alone, or all arguments.
fn all_items(arguments: Arguments<'_>) -> Option<Vec<Value>> {
    match arguments {
        [one] => items(arguments, 0).filter(|_| !one.is_null()).map(<[Value]>::to_vec),
        [] => None,
        more => Some(more.iter().map(|value| (**value).clone()).collect()),
    }
}
