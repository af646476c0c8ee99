//! Which instants may be past as soon as a case comes to them.

use crate::clauses::deadline::{DeadlineRule, Limit, Rung};
use crate::formula::Operand;
use crate::moment::Length;
use crate::time::{RungAt, Span, SpanUnit};

/// The longest time without a working day that is reckoned with.
const REST_DAYS_MAX: u64 = 10;

const DAY_SECONDS: u64 = 86_400;

/// Whether a rung may be due as soon as its step is entered.
pub fn may_be_due(rule: &DeadlineRule, rung: &Rung) -> bool {
    rule.limits.iter().any(|limit| match (&limit.length, rung.at) {
        (Length::Until(_), RungAt::Before(_)) => true,
        (Length::Until(until), RungAt::Due | RungAt::After(_)) => may_be_past(until) && !is_asked_for(limit, until),
        (Length::Span(within), RungAt::Before(before)) => longest(before) >= shortest(*within),
        (Length::Span(_), RungAt::Due | RungAt::After(_)) => false,
    })
}

/// Whether an instant may be past; not so when it is counted on from now.
pub fn may_be_past(until: &Operand) -> bool {
    until.formula().is_none_or(|formula| !formula.is_from_now())
}

/// Whether a limit applies only while its instant is to come: `when: required_by > now()`, alone or with `and`.
fn is_asked_for(limit: &Limit, until: &Operand) -> bool {
    let (Some(when), Some(until)) = (&limit.when, until.formula()) else { return false };
    when.demands_to_come(until)
}

fn shortest(span: Span) -> u64 {
    u64::from(span.count())
        * match span.unit() {
            SpanUnit::Seconds => 1,
            SpanUnit::Minutes => 60,
            SpanUnit::Hours | SpanUnit::WorkingHours => 3_600,
            SpanUnit::Days | SpanUnit::WorkingDays => DAY_SECONDS,
            SpanUnit::Weeks => 7 * DAY_SECONDS,
            SpanUnit::Months => 28 * DAY_SECONDS,
            SpanUnit::Years => 365 * DAY_SECONDS,
        }
}

fn longest(span: Span) -> u64 {
    let count = u64::from(span.count());
    match span.unit() {
        SpanUnit::Seconds | SpanUnit::Minutes | SpanUnit::Hours | SpanUnit::Days | SpanUnit::Weeks => shortest(span),
        SpanUnit::Months => count * 31 * DAY_SECONDS,
        SpanUnit::Years => count * 366 * DAY_SECONDS,
        // A week has at least four working days, or it is one of rest.
        SpanUnit::WorkingDays => (count * 7 / 4 + REST_DAYS_MAX) * DAY_SECONDS,
        SpanUnit::WorkingHours => (count / 4 * 7 / 4 + REST_DAYS_MAX) * DAY_SECONDS,
    }
}
