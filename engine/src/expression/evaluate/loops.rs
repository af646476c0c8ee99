//! `for`, `every`, `some`: each turn is paid for before it is taken.

use jiff::civil;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::expression::compare::order;
use crate::expression::limits::ITEMS_MAX;
use crate::expression::node::{Gathers, Loop, Source};
use crate::expression::run::Run;
use crate::value::{Range, Value};

/// What a loop has gathered so far.
struct Gathered {
    results: Vec<Value>,
    /// For `every` and `some`: whether a turn was unknown.
    is_unknown: bool,
    /// Set as soon as the outcome is certain.
    outcome: Option<Value>,
}

impl Loop {
    pub(super) fn evaluate(&self, run: &Run<'_>) -> Value {
        let mut gathered = Gathered { results: Vec::new(), is_unknown: false, outcome: None };
        if self.turn(run, 0, &mut gathered).is_none() {
            return Value::Null;
        }
        if let Some(outcome) = gathered.outcome {
            return outcome;
        }
        match self.gathers {
            Gathers::Results => run.list(gathered.results),
            Gathers::Every | Gathers::Some if gathered.is_unknown => Value::Null,
            Gathers::Every => Value::Boolean(true),
            Gathers::Some => Value::Boolean(false),
        }
    }

    /// Runs the variable at `depth` over its source, and those behind it inside. `None` makes the whole null.
    fn turn(&self, run: &Run<'_>, depth: usize, gathered: &mut Gathered) -> Option<()> {
        let Some(source) = self.sources.get(depth) else {
            return self.body(run, gathered);
        };
        for item in items(source, run)?.iter() {
            if !run.charge(self.cost) {
                return None;
            }
            run.set_local(self.first + depth, item);
            self.turn(run, depth + 1, gathered)?;
            if gathered.outcome.is_some() {
                break;
            }
        }
        Some(())
    }

    fn body(&self, run: &Run<'_>, gathered: &mut Gathered) -> Option<()> {
        if self.uses_partial {
            let partial = run.list(gathered.results.clone());
            run.set_local(self.first + self.sources.len(), partial);
        }
        if self.gathers == Gathers::Results {
            gathered.results.push(self.body.evaluate(run).into_owned());
            return if gathered.results.len() > ITEMS_MAX { None } else { Some(()) };
        }
        match (self.gathers, self.body.truth(run)) {
            (Gathers::Every, Some(false)) => gathered.outcome = Some(Value::Boolean(false)),
            (Gathers::Some, Some(true)) => gathered.outcome = Some(Value::Boolean(true)),
            (_, Some(_)) => {}
            (_, None) => gathered.is_unknown = true,
        }
        Some(())
    }
}

/// What a variable runs over, made item by item.
enum Items {
    Values(Value),
    Numbers { from: i64, count: usize, is_falling: bool },
    Days { from: civil::Date, count: usize, is_falling: bool },
}

impl Items {
    fn iter(&self) -> Box<dyn Iterator<Item = Value> + '_> {
        let signed = |offset: usize, is_falling: bool| {
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            if is_falling { -offset } else { offset }
        };
        match self {
            Self::Values(list) => Box::new(list.as_list().unwrap_or_default().iter().cloned()),
            Self::Numbers { from, count, is_falling } => {
                Box::new((0..*count).map(move |offset| Value::from(from.saturating_add(signed(offset, *is_falling)))))
            }
            Self::Days { from, count, is_falling } => Box::new((0..*count).map(move |offset| {
                let days = jiff::SignedDuration::from_hours(24 * signed(offset, *is_falling));
                from.checked_add(days).map_or(Value::Null, Value::Date)
            })),
        }
    }
}

fn items(source: &Source, run: &Run<'_>) -> Option<Items> {
    let from = source.from.evaluate(run).into_owned();
    if let Some(until) = &source.until {
        return steps(&from, &until.evaluate(run), true);
    }
    match from {
        Value::List(_) => Some(Items::Values(from)),
        Value::Range(range) => over_range(&range),
        Value::Null => None,
        Value::Boolean(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Days(_)
        | Value::Months(_)
        | Value::Context(_) => Some(Items::Values(Value::from(vec![from]))),
    }
}

/// The whole numbers or days in a range, which must not run backwards.
fn over_range(range: &Range) -> Option<Items> {
    let Range::Between { start, start_included, end, end_included } = range else {
        return None;
    };
    if order(start, end)?.is_gt() {
        return None;
    }
    let first = if *start_included { start.clone() } else { neighbour(start, 1)? };
    let last = if *end_included { end.clone() } else { neighbour(end, -1)? };
    steps(&first, &last, false)
}

fn neighbour(value: &Value, step: i64) -> Option<Value> {
    match value {
        Value::Number(number) => number.checked_add(Decimal::from(step)).map(Value::Number),
        Value::Date(date) if step > 0 => date.tomorrow().ok().map(Value::Date),
        Value::Date(date) => date.yesterday().ok().map(Value::Date),
        _ => None,
    }
}

/// From one to the other, both included; downwards only if that is allowed.
fn steps(from: &Value, until: &Value, may_fall: bool) -> Option<Items> {
    let (distance, is_number) = match (from, until) {
        (Value::Number(one), Value::Number(two)) => (whole(*two)?.checked_sub(whole(*one)?)?, true),
        (Value::Date(one), Value::Date(two)) => (two.duration_since(*one).as_hours() / 24, false),
        (_, _) => return None,
    };
    let is_falling = distance < 0;
    let count = usize::try_from(distance.unsigned_abs()).ok()?.checked_add(1)?;
    let count = if is_falling && !may_fall { 0 } else { count };
    if count > ITEMS_MAX {
        return None;
    }
    match from {
        Value::Date(from) if !is_number => Some(Items::Days { from: *from, count, is_falling }),
        from => Some(Items::Numbers { from: whole(from.as_number()?)?, count, is_falling }),
    }
}

fn whole(number: Decimal) -> Option<i64> {
    if number.is_integer() { number.to_i64() } else { None }
}
