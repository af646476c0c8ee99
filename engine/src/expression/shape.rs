//! What an expression certainly says, seen from how it is built.

use jiff::SignedDuration;

use super::node::Node;
use super::syntax::Operator;
use super::{Expression, HostFunction, Slot};
use crate::value::{Comparison, Value};

/// Whether two slots, of one expression and of another, stand for the same place.
type SameSlot<'a> = &'a dyn Fn(Slot, Slot) -> bool;

impl Expression {
    /// Whether it adds something to what a function of the host's gives, and not a constant below zero.
    pub fn adds_to(&self, function: HostFunction) -> bool {
        let Node::Arithmetic(Operator::Add, sides) = &self.0.node else { return false };
        let [left, right] = &**sides;
        (left.is_call_of(function) && !right.is_below_zero()) || (right.is_call_of(function) && !left.is_below_zero())
    }

    /// Whether it holds only where another expression's value is greater than what a function of the host's gives.
    pub fn demands_greater(&self, other: &Self, function: HostFunction, same: SameSlot<'_>) -> bool {
        self.0.node.demands_greater(&other.0.node, function, same)
    }
}

impl Node {
    fn is_call_of(&self, function: HostFunction) -> bool {
        matches!(self, Self::Host(called, arguments) if *called == function && arguments.is_empty())
    }

    fn is_below_zero(&self) -> bool {
        match self.constant() {
            Some(Value::Days(span)) => *span < SignedDuration::ZERO,
            Some(Value::Months(months)) => *months < 0,
            Some(_) | None => false,
        }
    }

    fn demands_greater(&self, other: &Self, function: HostFunction, same: SameSlot<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(|part| part.demands_greater(other, function, same)),
            Self::Compare(Comparison::Greater, sides) => sides[0].is(other, same) && sides[1].is_call_of(function),
            Self::Compare(Comparison::Less, sides) => sides[0].is_call_of(function) && sides[1].is(other, same),
            _ => false,
        }
    }

    /// Whether both have the same value wherever they are evaluated; what is built in a rarer way is not known to.
    fn is(&self, other: &Self, same: SameSlot<'_>) -> bool {
        let all = |these: &[Self], those: &[Self]| {
            these.len() == those.len() && these.iter().zip(those).all(|(this, that)| this.is(that, same))
        };
        match (self, other) {
            (Self::Constant(this), Self::Constant(that)) => this == that,
            (Self::Slot(this), Self::Slot(that)) => same(*this, *that),
            (Self::Property(this, name), Self::Property(that, other)) => name == other && this.is(that, same),
            (Self::Negate(this), Self::Negate(that)) => this.is(that, same),
            (Self::Arithmetic(this, these), Self::Arithmetic(that, those)) => this == that && all(&**these, &**those),
            (Self::Host(this, these), Self::Host(that, those)) => this == that && all(these, those),
            (Self::Call(this, these), Self::Call(that, those)) => {
                std::ptr::fn_addr_eq(*this, *that) && all(these, those)
            }
            (Self::If(these), Self::If(those)) => all(&**these, &**those),
            _ => false,
        }
    }
}
