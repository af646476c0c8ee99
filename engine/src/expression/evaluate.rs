//! Evaluates a checked expression. Nothing here fails: what has no value is null.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::compare::{any, compare, passes, within};
use super::functions::property;
use super::node::Node;
use super::operators::{arithmetic, negate};
use super::run::Run;
use crate::ids::Name;
use crate::value::{Comparison, Range, Value};

mod filter;
mod loops;

/// A value borrowed from the scope or the expression where it can be.
type Found<'e> = Cow<'e, Value>;

const NULL: Value = Value::Null;

impl Node {
    /// The value in the run's scope.
    pub(super) fn evaluate<'e>(&'e self, run: &'e Run<'_>) -> Found<'e> {
        match self {
            Self::Constant(value) => Cow::Borrowed(value),
            Self::Slot(slot) => run.scope.get(*slot),
            Self::Local(position) => Cow::Owned(run.local(*position)),
            Self::Compare(..) | Self::All(_) | Self::Either(_) | Self::Between(_) | Self::In(..) => {
                Cow::Owned(self.truth(run).map_or(NULL, Value::Boolean))
            }
            Self::If(nodes) => {
                let [condition, then, otherwise] = &**nodes;
                if condition.truth(run) == Some(true) { then.evaluate(run) } else { otherwise.evaluate(run) }
            }
            Self::Call(native, nodes) => Cow::Owned(call(run, nodes, |arguments| native(run, arguments))),
            Self::Pattern { asks, pattern, arguments } => {
                Cow::Owned(call(run, arguments, |arguments| asks.answer(run, pattern, arguments)))
            }
            Self::Property(of, name) => match of.evaluate(run) {
                Cow::Borrowed(value) => property(run, value, name),
                Cow::Owned(value) => Cow::Owned(property(run, &value, name).into_owned()),
            },
            _ => Cow::Owned(self.compute(run)),
        }
    }

    /// Looks at the value where it is: moving one costs more than comparing it.
    #[inline(always)]
    fn with<T>(&self, run: &Run<'_>, look: impl FnOnce(&Value) -> T) -> T {
        match self {
            Self::Constant(value) => look(value),
            Self::Slot(slot) => look(&run.scope.get(*slot)),
            other => look(&other.evaluate(run)),
        }
    }

    /// The value as a boolean; `None` for null and whatever else it is.
    pub(super) fn truth(&self, run: &Run<'_>) -> Option<bool> {
        match self {
            Self::Compare(comparison, nodes) => {
                let [left, right] = &**nodes;
                left.with(run, |left| {
                    if !run.charge_value(left) {
                        return None;
                    }
                    right.with(run, |right| compare(*comparison, left, right))
                })
            }
            Self::All(nodes) => all(nodes.iter().map(|node| node.truth(run))),
            Self::Either(nodes) => any(nodes.iter().map(|node| node.truth(run))),
            Self::Between(nodes) => {
                let [value, low, high] = &**nodes;
                let (value, low, high) = (value.evaluate(run), low.evaluate(run), high.evaluate(run));
                let is_above = compare(Comparison::GreaterOrEqual, &value, &low);
                all([is_above, compare(Comparison::LessOrEqual, &value, &high)].into_iter())
            }
            Self::In(value, tests) => {
                let value = value.evaluate(run);
                any(tests.iter().map(|test| passes_test(&value, test, run)))
            }
            other => other.evaluate(run).as_boolean(),
        }
    }

    /// The values that are always made anew.
    fn compute(&self, run: &Run<'_>) -> Value {
        match self {
            Self::Negate(node) => negate(&node.evaluate(run)),
            Self::Arithmetic(operator, nodes) => {
                arithmetic(run, *operator, &nodes[0].evaluate(run), &nodes[1].evaluate(run))
            }
            Self::Loop(inner) => inner.evaluate(run),
            Self::Filter(inner) => inner.evaluate(run),
            Self::List(nodes) => run.list(nodes.iter().map(|node| node.evaluate(run).into_owned()).collect()),
            Self::Context { first, entries } => context(run, *first, entries),
            Self::Range { ends, start_included, end_included } => run.range(Range::Between {
                start: ends[0].evaluate(run).into_owned(),
                start_included: *start_included,
                end: ends[1].evaluate(run).into_owned(),
                end_included: *end_included,
            }),
            Self::Compared(comparison, with) => {
                run.range(Range::Compared { comparison: *comparison, with: with.evaluate(run).into_owned() })
            }
            Self::Host(function, nodes) => {
                let arguments: Vec<Value> = nodes.iter().map(|node| node.evaluate(run).into_owned()).collect();
                run.scope.call(*function, &arguments)
            }
            Self::InstanceOf(node, kind) => {
                let value = node.evaluate(run);
                if run.charge_value(&value) { Value::Boolean(kind.has(&value)) } else { NULL }
            }
            Self::ItemEntry { item, name, otherwise } => {
                let entry = run.local(*item).as_context().and_then(|entries| entries.get(&**name)).cloned();
                let outside = || otherwise.as_ref().map(|node| node.evaluate(run).into_owned());
                entry.or_else(outside).unwrap_or_default()
            }
            Self::Constant(_)
            | Self::Slot(_)
            | Self::Local(_)
            | Self::Compare(..)
            | Self::All(_)
            | Self::Either(_)
            | Self::Between(_)
            | Self::If(_)
            | Self::Call(..)
            | Self::Pattern { .. }
            | Self::Property(..)
            | Self::In(..) => self.evaluate(run).into_owned(),
        }
    }
}

/// False if one is, null if one is unknown, otherwise true.
fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    any(truths.map(|truth| truth.map(|truth| !truth))).map(|truth| !truth)
}

/// Whether the value passes one alternative of `in`.
pub(super) fn passes_test(value: &Value, test: &Node, run: &Run<'_>) -> Option<bool> {
    match test {
        Node::Compared(comparison, with) => compare(*comparison, value, &with.evaluate(run)),
        Node::Range { .. } => match test.compute(run) {
            Value::Range(range) => within(value, &range),
            _ => None,
        },
        _ => {
            let test = test.evaluate(run);
            if run.charge_value(&test) { passes(value, &test) } else { None }
        }
    }
}

/// Calls with few arguments need no heap.
fn call(run: &Run<'_>, nodes: &[Node], native: impl FnOnce(&[Found<'_>]) -> Option<Value>) -> Value {
    let result = match nodes {
        [] => native(&[]),
        [one] => native(&[one.evaluate(run)]),
        [one, two] => native(&[one.evaluate(run), two.evaluate(run)]),
        more => native(&more.iter().map(|node| node.evaluate(run)).collect::<Vec<_>>()),
    };
    result.unwrap_or_default()
}

fn context(run: &Run<'_>, first: usize, entries: &[(Name, Node)]) -> Value {
    let mut values = BTreeMap::new();
    for (position, (name, node)) in entries.iter().enumerate() {
        let value = node.evaluate(run).into_owned();
        run.set_local(first + position, value.clone());
        values.insert(name.clone(), value);
    }
    run.context(values)
}
