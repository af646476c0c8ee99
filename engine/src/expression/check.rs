//! What operators and properties make of kinds of values, before any value is known.

use super::syntax::Operator;
use crate::value::{Comparison, Type};

/// The kinds that arithmetic knows.
const ARITHMETIC: [Type; 7] =
    [Type::Number, Type::Text, Type::Date, Type::Time, Type::DateTime, Type::Days, Type::Months];

/// What `left operator right` gives; `None` if it can give nothing but null.
/// An open operand stands for every kind that would fit.
pub(super) fn arithmetic(operator: Operator, left: &Type, right: &Type) -> Option<Type> {
    let candidates =
        |kind: &Type| -> Vec<Type> { if kind.is_open() { ARITHMETIC.to_vec() } else { vec![plain(kind)] } };
    let mut result: Option<Type> = None;
    for one in candidates(left) {
        for two in candidates(right) {
            let given = known_arithmetic(operator, &one, &two);
            result = match (result, given) {
                (None, given) => given,
                (Some(result), Some(given)) if result != given => Some(Type::Any),
                (result, _) => result,
            };
        }
    }
    result
}

/// Texts of every sort are texts.
fn plain(kind: &Type) -> Type {
    if kind.is_textual() { Type::Text } else { kind.clone() }
}

fn known_arithmetic(operator: Operator, left: &Type, right: &Type) -> Option<Type> {
    use Operator::{Add, Divide, Multiply, Power, Subtract};
    use Type::{Date, DateTime, Days, Months, Number, Text, Time};
    Some(match (operator, left, right) {
        (Add | Subtract | Multiply | Divide | Power, Number, Number) => Number,
        (Add, Text, Text) => Text,
        (Add | Subtract, Days, Days) => Days,
        (Add | Subtract, Months, Months) => Months,
        (Add | Subtract, Date | DateTime | Time, Days) => left.clone(),
        (Add, Days, Date | DateTime | Time) => right.clone(),
        (Add | Subtract, Date | DateTime, Months) => left.clone(),
        (Add, Months, Date | DateTime) => right.clone(),
        (Subtract, Date | DateTime, Date | DateTime) => Days,
        (Subtract, Time, Time) => Days,
        (Multiply | Divide, Days | Months, Number) => left.clone(),
        (Multiply, Number, Days | Months) => right.clone(),
        (Divide, Days, Days) | (Divide, Months, Months) => Number,
        (_, _, _) => return None,
    })
}

/// Whether two kinds can be compared so.
pub(super) fn comparable(comparison: Comparison, left: &Type, right: &Type) -> bool {
    let is_same = left.accepts(right) || right.accepts(left);
    match comparison {
        Comparison::Equal | Comparison::NotEqual => is_same,
        Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual => {
            is_same && is_ordered(left) && is_ordered(right)
        }
    }
}

/// Whether values of a kind have an order.
pub(super) fn is_ordered(kind: &Type) -> bool {
    kind.is_open() || ARITHMETIC.contains(&plain(kind))
}

/// Whether a value of a kind can pass a test of a kind: be equal to it, lie in it, be one of its items.
pub(super) fn can_pass(value: &Type, test: &Type) -> bool {
    match test {
        Type::Range(end) if !matches!(value, Type::Range(_)) => value.accepts(end) || end.accepts(value),
        Type::List(item) => {
            let can_be_item = match &**item {
                Type::List(_) if !matches!(value, Type::List(_)) => false,
                item => can_pass(value, item),
            };
            can_be_item || test.accepts(value)
        }
        test => test.accepts(value) || value.accepts(test),
    }
}

/// What a negated value is.
pub(super) fn negated(kind: &Type) -> Option<Type> {
    match kind {
        Type::Number | Type::Days | Type::Months | Type::Any => Some(kind.clone()),
        Type::Null => Some(Type::Any),
        Type::Boolean
        | Type::Text
        | Type::Date
        | Type::Time
        | Type::DateTime
        | Type::List(_)
        | Type::Context(_)
        | Type::Range(_)
        | Type::Unit
        | Type::Person
        | Type::Choice(_) => None,
    }
}

/// The properties of a kind that has fixed ones.
pub(super) fn properties(kind: &Type) -> Vec<(&'static str, Type)> {
    let day = || ["year", "month", "day", "weekday"].map(|name| (name, Type::Number)).to_vec();
    let clock = || {
        let mut clock = ["hour", "minute", "second"].map(|name| (name, Type::Number)).to_vec();
        clock.extend([("time offset", Type::Days), ("timezone", Type::Text)]);
        clock
    };
    match kind {
        Type::Date => day(),
        Type::Time => clock(),
        Type::DateTime => [day(), clock()].concat(),
        Type::Days => ["days", "hours", "minutes", "seconds"].map(|name| (name, Type::Number)).to_vec(),
        Type::Months => ["years", "months"].map(|name| (name, Type::Number)).to_vec(),
        Type::Range(end) => vec![
            ("start", (**end).clone()),
            ("end", (**end).clone()),
            ("start included", Type::Boolean),
            ("end included", Type::Boolean),
        ],
        Type::Any
        | Type::Null
        | Type::Boolean
        | Type::Number
        | Type::Text
        | Type::List(_)
        | Type::Context(_)
        | Type::Unit
        | Type::Person
        | Type::Choice(_) => Vec::new(),
    }
}
