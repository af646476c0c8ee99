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

pub(super) use filter::index_of;

/// A value borrowed from the scope or the expression where it can be.
type Found<'e> = Cow<'e, Value>;

const NULL: Value = Value::Null;

fn found<'e>(truth: Option<bool>) -> Found<'e> {
    Cow::Owned(truth.map_or(NULL, Value::Boolean))
}

impl Node {
    /// The value in the run's scope.
    pub(super) fn evaluate<'e>(&'e self, run: &'e Run<'_>) -> Found<'e> {
        match self {
            Self::Constant(value) => Cow::Borrowed(value),
            Self::Slot(slot) => run.scope.get(*slot),
            Self::Local(position) => Cow::Owned(run.local(*position)),
            Self::Compare(comparison, nodes) => found(compared(*comparison, nodes, run)),
            Self::All(nodes) => found(all(nodes, run)),
            Self::Either(nodes) => found(any(nodes.iter().map(|node| node.evaluate(run).as_boolean()))),
            Self::If(nodes) => {
                let [condition, then, otherwise] = &**nodes;
                if condition.evaluate(run).is_true() { then.evaluate(run) } else { otherwise.evaluate(run) }
            }
            Self::Call(native, nodes) => Cow::Owned(call(run, nodes, |arguments| native(run, arguments))),
            Self::Property(of, name) => match of.evaluate(run) {
                Cow::Borrowed(value) => property(run, value, name),
                Cow::Owned(value) => Cow::Owned(property(run, &value, name).into_owned()),
            },
            Self::In(value, tests) => {
                let value = value.evaluate(run);
                found(any(tests.iter().map(|test| passes_test(&value, test, run))))
            }
            _ => Cow::Owned(self.compute(run)),
        }
    }

    /// The values that are always made anew.
    fn compute(&self, run: &Run<'_>) -> Value {
        match self {
            Self::Negate(node) => negate(&node.evaluate(run)),
            Self::Arithmetic(operator, nodes) => {
                arithmetic(run, *operator, &nodes[0].evaluate(run), &nodes[1].evaluate(run))
            }
            Self::Between(nodes) => {
                let [value, low, high] = &**nodes;
                let (value, low, high) = (value.evaluate(run), low.evaluate(run), high.evaluate(run));
                let is_above = compare(Comparison::GreaterOrEqual, &value, &low);
                let is_below = compare(Comparison::LessOrEqual, &value, &high);
                all_of([is_above, is_below].into_iter()).map_or(NULL, Value::Boolean)
            }
            Self::Loop(inner) => inner.evaluate(run),
            Self::Filter(inner) => inner.evaluate(run),
            Self::List(nodes) => run.list(nodes.iter().map(|node| node.evaluate(run).into_owned()).collect()),
            Self::Context { first, entries } => context(run, *first, entries),
            Self::Range { ends, start_included, end_included } => Value::from(Range::Between {
                start: ends[0].evaluate(run).into_owned(),
                start_included: *start_included,
                end: ends[1].evaluate(run).into_owned(),
                end_included: *end_included,
            }),
            Self::Compared(comparison, with) => {
                Value::from(Range::Compared { comparison: *comparison, with: with.evaluate(run).into_owned() })
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
            | Self::If(_)
            | Self::Call(..)
            | Self::Property(..)
            | Self::In(..) => self.evaluate(run).into_owned(),
        }
    }
}

fn compared(comparison: Comparison, nodes: &[Node; 2], run: &Run<'_>) -> Option<bool> {
    let (left, right) = (nodes[0].evaluate(run), nodes[1].evaluate(run));
    if run.charge_value(&left) { compare(comparison, &left, &right) } else { None }
}

fn all(nodes: &[Node], run: &Run<'_>) -> Option<bool> {
    all_of(nodes.iter().map(|node| node.evaluate(run).as_boolean()))
}

/// False if one is, null if one is unknown, otherwise true.
fn all_of(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
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
