//! Functions on numbers.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, MathematicalOps, RoundingStrategy};

use super::{Arguments, Form, Function, Gives, Kind, NUMBER, Wants, form, number};
use crate::expression::limits::SERIES_STEPS;
use crate::expression::operators::negate;
use crate::expression::run::Run;
use crate::value::Value;

const GIVES: Gives = Gives::One(Kind::Number);
const SIZED: Wants = Wants::One(&[Kind::Number, Kind::Days, Kind::Months]);

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "decimal", forms: &[form(ROUNDED, GIVES, decimal)] },
    Function { name: "floor", forms: &[Form { required: 1, ..form(ROUNDED, GIVES, floor) }] },
    Function { name: "ceiling", forms: &[Form { required: 1, ..form(ROUNDED, GIVES, ceiling) }] },
    Function { name: "round up", forms: &[form(ROUNDED, GIVES, round_up)] },
    Function { name: "round down", forms: &[form(ROUNDED, GIVES, round_down)] },
    Function { name: "round half up", forms: &[form(ROUNDED, GIVES, round_half_up)] },
    Function { name: "round half down", forms: &[form(ROUNDED, GIVES, round_half_down)] },
    Function { name: "abs", forms: &[form(&[("n", SIZED)], Gives::First, abs)] },
    Function { name: "modulo", forms: &[form(&[("dividend", NUMBER), ("divisor", NUMBER)], GIVES, modulo)] },
    Function { name: "sqrt", forms: &[form(&[("number", NUMBER)], GIVES, sqrt)] },
    Function { name: "log", forms: &[form(&[("number", NUMBER)], GIVES, log)] },
    Function { name: "exp", forms: &[form(&[("number", NUMBER)], GIVES, exp)] },
    Function { name: "odd", forms: &[form(&[("number", NUMBER)], Gives::One(Kind::Boolean), odd)] },
    Function { name: "even", forms: &[form(&[("number", NUMBER)], Gives::One(Kind::Boolean), even)] },
];

const ROUNDED: &[(&str, Wants)] = &[("n", NUMBER), ("scale", NUMBER)];

/// The scales that decimals of 34 digits have, which FEEL allows to be asked for.
const SCALE_MIN: i64 = -6111;
const SCALE_MAX: i64 = 6176;

fn decimal(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    round(arguments, RoundingStrategy::MidpointNearestEven)
}

fn floor(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    round(arguments, RoundingStrategy::ToNegativeInfinity)
}

fn ceiling(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    round(arguments, RoundingStrategy::ToPositiveInfinity)
}

fn round_up(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    round(arguments, RoundingStrategy::AwayFromZero)
}

fn round_down(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    round(arguments, RoundingStrategy::ToZero)
}

fn round_half_up(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    round(arguments, RoundingStrategy::MidpointAwayFromZero)
}

fn round_half_down(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    round(arguments, RoundingStrategy::MidpointTowardZero)
}

/// Rounds to a number of digits behind the point, which may be negative: -2 gives hundreds.
fn round(arguments: Arguments<'_>, strategy: RoundingStrategy) -> Option<Value> {
    let value = number(arguments, 0)?;
    let scale = if arguments.len() > 1 { number(arguments, 1)?.trunc().to_i64()? } else { 0 };
    if !(SCALE_MIN..=SCALE_MAX).contains(&scale) {
        return None;
    }
    if let Ok(digits) = u32::try_from(scale) {
        let digits = digits.min(Decimal::MAX_SCALE);
        return Some(value.round_dp_with_strategy(digits, strategy).into());
    }
    let unit = Decimal::TEN.checked_powi(-scale)?;
    value.checked_div(unit)?.round_dp_with_strategy(0, strategy).checked_mul(unit).map(Value::from)
}

fn abs(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let value = super::given(arguments, 0)?;
    let is_negative = match value {
        Value::Number(number) => number.is_sign_negative(),
        Value::Days(span) => span.is_negative(),
        Value::Months(months) => *months < 0,
        _ => return None,
    };
    Some(if is_negative { negate(value) } else { value.clone() })
}

/// With the sign of the divisor.
fn modulo(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let (dividend, divisor) = (number(arguments, 0)?, number(arguments, 1)?);
    let rest = dividend.checked_rem(divisor)?;
    let is_opposite = !rest.is_zero() && rest.is_sign_negative() != divisor.is_sign_negative();
    let result = if is_opposite { rest.checked_add(divisor)? } else { rest };
    Some(result.into())
}

fn sqrt(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    if run.charge(SERIES_STEPS) { square_root(number(arguments, 0)?).map(Value::from) } else { None }
}

/// Steps after which Newton's method has found all 28 digits of any root.
const NEWTON_STEPS_MAX: usize = 200;

/// The root to 28 digits, exact where it is; `None` for a negative number.
pub(super) fn square_root(square: Decimal) -> Option<Decimal> {
    if square.is_zero() {
        return Some(Decimal::ZERO);
    }
    if square.is_sign_negative() {
        return None;
    }
    let mut root = square.checked_div(Decimal::TWO).filter(|half| !half.is_zero()).unwrap_or(square);
    for _ in 0..NEWTON_STEPS_MAX {
        let better = root.checked_add(square.checked_div(root)?)?.checked_div(Decimal::TWO)?;
        if better == root || better.is_zero() {
            break;
        }
        root = better;
    }
    let rounded = root.round_dp(Decimal::MAX_SCALE / 2).normalize();
    let is_exact = rounded.checked_mul(rounded) == Some(square);
    Some(if is_exact { rounded } else { root })
}

fn log(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    if run.charge(SERIES_STEPS) { number(arguments, 0)?.checked_ln().map(Value::from) } else { None }
}

fn exp(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    if run.charge(SERIES_STEPS) { number(arguments, 0)?.checked_exp().map(Value::from) } else { None }
}

fn odd(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    is_even(arguments).map(|is_even| Value::Boolean(!is_even))
}

fn even(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    is_even(arguments).map(Value::Boolean)
}

/// `None` for numbers that are not whole.
fn is_even(arguments: Arguments<'_>) -> Option<bool> {
    let value = number(arguments, 0)?;
    if value.is_integer() { value.checked_rem(Decimal::TWO).map(|rest| rest.is_zero()) } else { None }
}
