//! Functions that make one value of many: sums, means, extremes.

use rust_decimal::Decimal;

use super::numbers::square_root;
use super::{Arguments, Form, Function, Gives, Kind, Wants, all_items, form};
use crate::expression::compare::order;
use crate::expression::run::Run;
use crate::value::Value;

const NUMBERS: &[(&str, Wants)] = &[("list", Wants::Items(&[Kind::Number]))];
const ORDERED: &[(&str, Wants)] = &[(
    "list",
    Wants::Items(&[Kind::Number, Kind::Text, Kind::Date, Kind::Time, Kind::DateTime, Kind::Days, Kind::Months]),
)];
const SUMMED: &[(&str, Wants)] = &[("list", Wants::Items(&[Kind::Number, Kind::Days, Kind::Months]))];
const GIVES: Gives = Gives::One(Kind::Number);

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "min", forms: &[Form { repeats: true, ..form(ORDERED, Gives::FirstItem, min) }] },
    Function { name: "max", forms: &[Form { repeats: true, ..form(ORDERED, Gives::FirstItem, max) }] },
    Function { name: "sum", forms: &[Form { repeats: true, ..form(SUMMED, Gives::FirstItem, sum) }] },
    Function { name: "mean", forms: &[Form { repeats: true, ..form(NUMBERS, GIVES, mean) }] },
    Function { name: "product", forms: &[Form { repeats: true, ..form(NUMBERS, GIVES, product) }] },
    Function { name: "median", forms: &[Form { repeats: true, ..form(NUMBERS, GIVES, median) }] },
    Function { name: "stddev", forms: &[Form { repeats: true, ..form(NUMBERS, GIVES, stddev) }] },
    Function { name: "mode", forms: &[Form { repeats: true, ..form(NUMBERS, Gives::ListOf(Kind::Number), mode) }] },
];

/// All given, paid for.
fn all(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Vec<Value>> {
    let items = all_items(arguments)?;
    if run.charge_items(items.len()) { Some(items) } else { None }
}

/// All given if they are numbers.
fn numbers(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Vec<Decimal>> {
    all(run, arguments)?.iter().map(Value::as_number).collect()
}

fn extreme(run: &Run<'_>, arguments: Arguments<'_>, is_better: fn(std::cmp::Ordering) -> bool) -> Option<Value> {
    let mut items = all(run, arguments)?.into_iter();
    let mut best = items.next()?;
    order(&best, &best)?;
    for item in items {
        if is_better(order(&item, &best)?) {
            best = item;
        }
    }
    Some(best)
}

fn min(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    extreme(run, arguments, std::cmp::Ordering::is_lt)
}

fn max(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    extreme(run, arguments, std::cmp::Ordering::is_gt)
}

/// Of numbers, or of durations of one kind.
fn sum(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let mut items = all(run, arguments)?.into_iter();
    let first = items.next()?;
    items
        .try_fold(first, |sum, item| match (&sum, &item) {
            (Value::Number(one), Value::Number(two)) => one.checked_add(*two).map(Value::from),
            (Value::Days(one), Value::Days(two)) => one.checked_add(*two).map(Value::Days),
            (Value::Months(one), Value::Months(two)) => one.checked_add(*two).map(Value::Months),
            (_, _) => None,
        })
        .filter(|sum| matches!(sum, Value::Number(_) | Value::Days(_) | Value::Months(_)))
}

fn total(numbers: &[Decimal]) -> Option<Decimal> {
    numbers.iter().try_fold(Decimal::ZERO, |sum, number| sum.checked_add(*number))
}

fn average(numbers: &[Decimal]) -> Option<Decimal> {
    total(numbers)?.checked_div(Decimal::from(numbers.len()))
}

fn mean(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    average(&numbers(run, arguments)?).map(Value::from)
}

fn product(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let numbers = numbers(run, arguments)?;
    let first = *numbers.first()?;
    numbers[1..].iter().try_fold(first, |product, number| product.checked_mul(*number)).map(Value::from)
}

fn sorted(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Vec<Decimal>> {
    let mut numbers = numbers(run, arguments)?;
    numbers.sort_unstable();
    Some(numbers)
}

fn median(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let numbers = sorted(run, arguments)?;
    let middle = numbers.len() / 2;
    let upper = *numbers.get(middle)?;
    if numbers.len() % 2 == 1 {
        return Some(upper.into());
    }
    average(&[numbers[middle - 1], upper]).map(Value::from)
}

/// Of a sample: the sum of squares is divided by one less than there are.
fn stddev(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let numbers = numbers(run, arguments)?;
    if numbers.len() < 2 {
        return None;
    }
    let mean = average(&numbers)?;
    let squares: Option<Vec<Decimal>> = numbers
        .iter()
        .map(|number| {
            let distance = number.checked_sub(mean)?;
            distance.checked_mul(distance)
        })
        .collect();
    let variance = total(&squares?)?.checked_div(Decimal::from(numbers.len() - 1))?;
    square_root(variance).map(Value::from)
}

/// The most frequent numbers, smallest first.
fn mode(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let numbers = sorted(run, arguments)?;
    let mut counts: Vec<(Decimal, usize)> = Vec::new();
    for number in numbers {
        match counts.last_mut().filter(|(last, _)| *last == number) {
            Some((_, count)) => *count += 1,
            None => counts.push((number, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let modes = counts.into_iter().filter(|(_, count)| *count == most);
    Some(run.list(modes.map(|(number, _)| number.into()).collect()))
}
