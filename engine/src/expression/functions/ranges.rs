//! Functions on ranges and points (Allen's relations, DMN 1.5 table 78), and `range`.

use std::cmp::Ordering;

use super::{Arguments, Function, Gives, Kind, TEXT, Wants, form, given, text, written};
use crate::expression::compare::order;
use crate::expression::run::Run;
use crate::value::{Range, Value};

const TRUTH: Gives = Gives::One(Kind::Boolean);
const RANGE: Wants = Wants::One(&[Kind::Range]);
const PLACE: Wants = Wants::One(&[
    Kind::Range,
    Kind::Number,
    Kind::Text,
    Kind::Date,
    Kind::Time,
    Kind::DateTime,
    Kind::Days,
    Kind::Months,
]);

const PLACES: &[(&str, Wants)] = &[("value1", PLACE), ("value2", PLACE)];
const RANGES: &[(&str, Wants)] = &[("range1", RANGE), ("range2", RANGE)];
const POINT_RANGE: &[(&str, Wants)] = &[("point", PLACE), ("range", RANGE)];
const RANGE_POINT: &[(&str, Wants)] = &[("range", RANGE), ("point", PLACE)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "before", forms: &[form(PLACES, TRUTH, before)] },
    Function { name: "after", forms: &[form(PLACES, TRUTH, after)] },
    Function { name: "meets", forms: &[form(RANGES, TRUTH, meets)] },
    Function { name: "met by", forms: &[form(RANGES, TRUTH, met_by)] },
    Function { name: "overlaps", forms: &[form(RANGES, TRUTH, overlaps)] },
    Function { name: "overlaps before", forms: &[form(RANGES, TRUTH, overlaps_before)] },
    Function { name: "overlaps after", forms: &[form(RANGES, TRUTH, overlaps_after)] },
    Function { name: "finishes", forms: &[form(POINT_RANGE, TRUTH, finishes), form(RANGES, TRUTH, finishes)] },
    Function { name: "finished by", forms: &[form(RANGE_POINT, TRUTH, finished_by), form(RANGES, TRUTH, finished_by)] },
    Function { name: "includes", forms: &[form(RANGE_POINT, TRUTH, includes), form(RANGES, TRUTH, includes)] },
    Function { name: "during", forms: &[form(POINT_RANGE, TRUTH, during), form(RANGES, TRUTH, during)] },
    Function { name: "starts", forms: &[form(POINT_RANGE, TRUTH, starts), form(RANGES, TRUTH, starts)] },
    Function { name: "started by", forms: &[form(RANGE_POINT, TRUTH, started_by), form(RANGES, TRUTH, started_by)] },
    Function { name: "coincides", forms: &[form(PLACES, TRUTH, coincides)] },
    Function { name: "range", forms: &[form(&[("from", TEXT)], Gives::One(Kind::Range), range)] },
];

/// A range as its two ends; a point is the range from itself to itself.
#[derive(Clone, Copy)]
struct Ends<'a> {
    start: &'a Value,
    start_included: bool,
    end: &'a Value,
    end_included: bool,
    is_point: bool,
}

impl<'a> Ends<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Range(range) => match &**range {
                Range::Between { start, start_included, end, end_included } => Some(Self {
                    start,
                    start_included: *start_included,
                    end,
                    end_included: *end_included,
                    is_point: false,
                }),
                Range::Compared { .. } => None,
            },
            point => Some(Self { start: point, start_included: true, end: point, end_included: true, is_point: true }),
        }
    }

    fn is_before(&self, other: &Self) -> Option<bool> {
        Some(match order(self.end, other.start)? {
            Ordering::Less => true,
            Ordering::Equal => !(self.end_included && other.start_included),
            Ordering::Greater => false,
        })
    }

    /// Whether it begins where the other does or later.
    fn starts_within(&self, other: &Self) -> Option<bool> {
        Some(match order(self.start, other.start)? {
            Ordering::Less => false,
            Ordering::Equal => other.start_included || !self.start_included,
            Ordering::Greater => true,
        })
    }

    /// Whether it ends where the other does or earlier.
    fn ends_within(&self, other: &Self) -> Option<bool> {
        Some(match order(self.end, other.end)? {
            Ordering::Less => true,
            Ordering::Equal => other.end_included || !self.end_included,
            Ordering::Greater => false,
        })
    }

    fn has_start_of(&self, other: &Self) -> Option<bool> {
        Some(order(self.start, other.start)?.is_eq() && self.start_included == other.start_included)
    }

    fn has_end_of(&self, other: &Self) -> Option<bool> {
        Some(order(self.end, other.end)?.is_eq() && self.end_included == other.end_included)
    }
}

/// Asks a question of the first two arguments.
fn ask(arguments: Arguments<'_>, question: fn(Ends<'_>, Ends<'_>) -> Option<bool>) -> Option<Value> {
    let (one, two) = (Ends::of(given(arguments, 0)?)?, Ends::of(given(arguments, 1)?)?);
    question(one, two).map(Value::Boolean)
}

/// Asks it the other way round.
fn ask_back(arguments: Arguments<'_>, question: fn(Ends<'_>, Ends<'_>) -> Option<bool>) -> Option<Value> {
    let (one, two) = (Ends::of(given(arguments, 0)?)?, Ends::of(given(arguments, 1)?)?);
    question(two, one).map(Value::Boolean)
}

fn do_meet(one: Ends<'_>, two: Ends<'_>) -> Option<bool> {
    Some(one.end_included && two.start_included && order(one.end, two.start)?.is_eq())
}

fn do_overlap(one: Ends<'_>, two: Ends<'_>) -> Option<bool> {
    Some(!one.is_before(&two)? && !two.is_before(&one)?)
}

fn does_overlap_before(one: Ends<'_>, two: Ends<'_>) -> Option<bool> {
    Some(!one.starts_within(&two)? && !one.is_before(&two)? && one.ends_within(&two)?)
}

fn does_finish(one: Ends<'_>, two: Ends<'_>) -> Option<bool> {
    Some(one.has_end_of(&two)? && one.starts_within(&two)?)
}

fn does_start(one: Ends<'_>, two: Ends<'_>) -> Option<bool> {
    Some(one.has_start_of(&two)? && one.ends_within(&two)?)
}

fn is_during(one: Ends<'_>, two: Ends<'_>) -> Option<bool> {
    Some(one.starts_within(&two)? && one.ends_within(&two)?)
}

fn do_coincide(one: Ends<'_>, two: Ends<'_>) -> Option<bool> {
    if one.is_point == two.is_point { Some(one.has_start_of(&two)? && one.has_end_of(&two)?) } else { None }
}

fn before(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask(arguments, |one, two| one.is_before(&two))
}

fn after(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask_back(arguments, |one, two| one.is_before(&two))
}

fn meets(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask(arguments, do_meet)
}

fn met_by(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask_back(arguments, do_meet)
}

fn overlaps(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask(arguments, do_overlap)
}

fn overlaps_before(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask(arguments, does_overlap_before)
}

fn overlaps_after(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask_back(arguments, does_overlap_before)
}

fn finishes(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask(arguments, does_finish)
}

fn finished_by(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask_back(arguments, does_finish)
}

fn includes(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask_back(arguments, is_during)
}

fn during(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask(arguments, is_during)
}

fn starts(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask(arguments, does_start)
}

fn started_by(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask_back(arguments, does_start)
}

fn coincides(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    ask(arguments, do_coincide)
}

/// Reads a range of literals: of texts, numbers, or moments made by `date("…")` and the like.
fn range(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let text = text(arguments, 0)?;
    if !run.charge_items(1_000 + text.len() * 20) {
        return None;
    }
    written::range(run, text).map(Value::from)
}
