//! What can be wrong with an expression, in the words its author reads.

use std::fmt;
use std::ops::Range;

use super::limits::{NESTING_MAX, TEXT_BYTES_MAX};
use crate::ids::Name;
use crate::nearest::narrow;
use crate::value::Type;

/// One mistake in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where, in bytes of the expression's text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What would be right, if it can be guessed.
    pub help: Option<String>,
}

impl Mistake {
    pub(super) fn new(span: Range<usize>, wrong: &Wrong) -> Self {
        Self { span, message: wrong.to_string(), help: wrong.help() }
    }
}

/// Every way to be wrong. All texts of the language's diagnostics are here.
#[derive(Clone, Debug)]
pub(super) enum Wrong {
    TooLong,
    TooDeep,
    Empty,
    UnknownCharacter(char),
    ForeignOperator { written: &'static str, meant: &'static str },
    UnendedText,
    UnknownEscape(String),
    TooManyDigits(String),
    Expected { wanted: &'static str, found: String },
    NoFunctionDefinitions,
    NotAMoment(String),
    NotWritten { what: &'static str, text: String },
    UnknownName { name: String, near: Option<String> },
    UnknownWords { known: String, rest: String, near: Option<String> },
    UnknownFunction { name: String, near: Option<String> },
    NotCalled(String),
    UnknownProperty { name: String, of: Type, near: Option<String> },
    UnknownType { name: String, near: Option<String> },
    UnknownWord { of: String, word: String, near: Option<String>, all: Vec<Name> },
    UnknownChoice { choice: String, near: Option<String>, kind: Type },
    Operands { operator: &'static str, left: Type, right: Type },
    Negated(Type),
    NotComparable { operator: &'static str, left: Type, right: Type },
    NotAmong { value: Type, test: Type },
    NotACondition { place: &'static str, given: Type },
    NotIterable(Type),
    RangeEnds { start: Type, end: Type },
    Result { wanted: Type, given: Type },
    ArgumentKind { function: String, parameter: String, wanted: String, given: Type },
    ArgumentCount { function: String, takes: String, given: usize },
    UnknownParameter { function: String, parameter: String, takes: String },
    MissingParameter { function: String, parameter: String },
    RepeatedName(String),
    Pattern(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the expression is longer than {TEXT_BYTES_MAX} bytes"),
            Self::TooDeep => write!(f, "the expression nests more than {NESTING_MAX} deep"),
            Self::Empty => f.write_str("there is no expression"),
            Self::UnknownCharacter(character) => write!(f, "`{character}` has no meaning here"),
            Self::ForeignOperator { written, .. } => write!(f, "`{written}` is no operator"),
            Self::UnendedText => f.write_str("the text has no closing quote"),
            Self::UnknownEscape(escape) => write!(f, "`{escape}` is no escape of a character"),
            Self::TooManyDigits(number) => write!(f, "`{number}` has more than 28 digits"),
            Self::Expected { wanted, found } => write!(f, "expected {wanted}, found {found}"),
            Self::NoFunctionDefinitions => f.write_str("an expression cannot define functions"),
            Self::NotAMoment(text) => write!(f, "`{text}` is no date, time or duration"),
            Self::NotWritten { what, text } => write!(f, "`{text}` is not {what}"),
            Self::UnknownName { name, .. } => write!(f, "there is no field `{name}`"),
            Self::UnknownWords { known, rest, .. } => write!(f, "`{rest}` after `{known}` has no meaning"),
            Self::UnknownFunction { name, .. } => write!(f, "there is no function `{name}`"),
            Self::NotCalled(name) => write!(f, "`{name}` is a function and needs its arguments"),
            Self::UnknownProperty { name, of, .. } => write!(f, "{of} has no `{name}`"),
            Self::UnknownType { name, .. } => write!(f, "there is no type `{name}`"),
            Self::UnknownWord { of, word, .. } => write!(f, "there is no {of} `{word}`"),
            Self::UnknownChoice { choice, .. } => write!(f, "there is no choice `{choice}`"),
            Self::Operands { operator, left, right } => write!(f, "`{operator}` cannot take {left} and {right}"),
            Self::Negated(kind) => write!(f, "`-` cannot take {kind}"),
            Self::NotComparable { operator, left, right } => {
                write!(f, "`{operator}` cannot compare {left} with {right}")
            }
            Self::NotAmong { value, test } => write!(f, "{value} cannot be in {test}"),
            Self::NotACondition { place, given } => write!(f, "{place} must be true or false, this is {given}"),
            Self::NotIterable(kind) => write!(f, "a list is needed here, this is {kind}"),
            Self::RangeEnds { start, end } => write!(f, "a range cannot go from {start} to {end}"),
            Self::Result { wanted, given } => write!(f, "{wanted} is needed here, this is {given}"),
            Self::ArgumentKind { function, parameter, wanted, given } => {
                write!(f, "`{function}` needs {wanted} as its {parameter}, this is {given}")
            }
            Self::ArgumentCount { function, given, .. } => {
                let plural = if *given == 1 { "" } else { "s" };
                write!(f, "`{function}` cannot take {given} argument{plural}")
            }
            Self::UnknownParameter { function, parameter, .. } => {
                write!(f, "`{function}` has no parameter `{parameter}`")
            }
            Self::MissingParameter { function, parameter } => write!(f, "`{function}` needs its {parameter}"),
            Self::RepeatedName(name) => write!(f, "`{name}` is given twice"),
            Self::Pattern(reason) => write!(f, "the pattern cannot be read: {reason}"),
        }
    }
}

impl Wrong {
    fn help(&self) -> Option<String> {
        let did_you_mean = |near: &Option<String>| near.as_ref().map(|near| format!("did you mean `{near}`?"));
        match self {
            Self::UnknownName { near, .. }
            | Self::UnknownWords { near, .. }
            | Self::UnknownFunction { near, .. }
            | Self::UnknownProperty { near, .. }
            | Self::UnknownType { near, .. } => did_you_mean(near),
            Self::UnknownWord { near, all, .. } => {
                did_you_mean(near).or_else(|| Some(format!("it is {}", Type::Choice(all.clone()))))
            }
            Self::UnknownChoice { near, kind, .. } => did_you_mean(near).or_else(|| Some(format!("it is {kind}"))),
            Self::NotCalled(name) => Some(format!("write `{name}(…)`")),
            Self::ArgumentCount { takes, .. } | Self::UnknownParameter { takes, .. } => Some(format!("it is {takes}")),
            Self::NotComparable { left: Type::List(_), .. } => {
                Some("ask `list contains(…)`, `count(…)` or `some … satisfies …` of a list".to_owned())
            }
            Self::NotComparable { left, right, .. } => moment_help(left, right),
            Self::Expected { found, .. } => span_help(found),
            Self::ForeignOperator { meant, .. } => Some(format!("write `{meant}`")),
            Self::UnknownCharacter('&' | '|') => Some("write `and`, `or`".to_owned()),
            Self::UnknownCharacter('\'') => Some("texts stand in double quotes".to_owned()),
            Self::UnknownCharacter('!') => Some("write `not(…)`, or `!=` to compare".to_owned()),
            Self::UnknownCharacter(character) => {
                let meant = narrow(*character);
                (meant != *character).then(|| format!("write `{meant}`: this one is Chinese punctuation or full width"))
            }
            Self::TooLong
            | Self::TooDeep
            | Self::Empty
            | Self::UnendedText
            | Self::UnknownEscape(_)
            | Self::TooManyDigits(_)
            | Self::NoFunctionDefinitions
            | Self::NotAMoment(_)
            | Self::NotWritten { .. }
            | Self::Operands { .. }
            | Self::Negated(_)
            | Self::NotAmong { .. }
            | Self::NotACondition { .. }
            | Self::NotIterable(_)
            | Self::RangeEnds { .. }
            | Self::Result { .. }
            | Self::ArgumentKind { .. }
            | Self::MissingParameter { .. }
            | Self::RepeatedName(_)
            | Self::Pattern(_) => None,
        }
    }
}

/// How a date is written, where one is compared with a bare number or a text.
fn moment_help(left: &Type, right: &Type) -> Option<String> {
    let is_bare = |kind: &Type| matches!(kind, Type::Number | Type::Text);
    let moment = [(left, right), (right, left)].into_iter().find(|(_, other)| is_bare(other)).map(|(kind, _)| kind)?;
    match moment {
        Type::Date => Some("a date is written `@\"2026-10-01\"`".to_owned()),
        Type::DateTime => Some("a date and time is written `@\"2026-10-01T09:00:00\"`".to_owned()),
        Type::Days => Some("a duration is written `@\"P2D\"`".to_owned()),
        Type::Any
        | Type::Null
        | Type::Boolean
        | Type::Number
        | Type::Text
        | Type::Time
        | Type::Months
        | Type::List(_)
        | Type::Context(_)
        | Type::Range(_)
        | Type::Unit
        | Type::Person
        | Type::Choice(_) => None,
    }
}

/// How a span is written, where a unit of time stands behind a number.
fn span_help(found: &str) -> Option<String> {
    let units = [
        "`day`",
        "`days`",
        "`hour`",
        "`hours`",
        "`working`",
        "`weeks`",
        "`week`",
        "`minutes`",
        "`天`",
        "`工作日`",
        "`个工作日`",
    ];
    let help = "a duration is written `@\"P2D\"` or `@\"PT2H\"`; working days are added by `add_working_days(…, 2)`";
    units.contains(&found).then(|| help.to_owned())
}
