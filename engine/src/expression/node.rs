//! A checked expression as it is evaluated: names are slots and positions, functions are pointers.

use regex::Regex;

use super::functions::{Asks, Native};
use super::syntax::Operator;
use super::{HostFunction, Slot};
use crate::ids::Name;
use crate::value::{Comparison, Type, Value};

/// One thing to evaluate.
#[derive(Debug)]
pub(super) enum Node {
    Constant(Value),
    Slot(Slot),
    /// A variable of a loop, an entry or a filter, by its position.
    Local(usize),
    /// A name in a filter over items of unknown kind: the item's entry if it has one.
    ItemEntry {
        item: usize,
        name: Name,
        otherwise: Option<Box<Node>>,
    },
    Property(Box<Node>, Name),
    Negate(Box<Node>),
    Arithmetic(Operator, Box<[Node; 2]>),
    Compare(Comparison, Box<[Node; 2]>),
    All(Box<[Node]>),
    Either(Box<[Node]>),
    Between(Box<[Node; 3]>),
    In(Box<Node>, Box<[Node]>),
    If(Box<[Node; 3]>),
    Loop(Box<Loop>),
    List(Box<[Node]>),
    /// Entries; each is also the local that begins with `first` for those behind it.
    Context {
        first: usize,
        entries: Box<[(Name, Node)]>,
    },
    Range {
        ends: Box<[Node; 2]>,
        start_included: bool,
        end_included: bool,
    },
    Compared(Comparison, Box<Node>),
    Filter(Box<Filter>),
    Call(Native, Box<[Node]>),
    /// A call with a regular expression that is the same in every scope.
    Pattern {
        asks: Asks,
        pattern: Box<Regex>,
        arguments: Box<[Node]>,
    },
    Host(HostFunction, Box<[Node]>),
    InstanceOf(Box<Node>, Type),
}

/// What a loop makes of its turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gathers {
    /// A list of the results.
    Results,
    /// Whether all hold.
    Every,
    /// Whether one holds.
    Some,
}

/// `for`, `every`, `some`.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) gathers: Gathers,
    /// The first variable's position; the others follow, `partial` behind them.
    pub(super) first: usize,
    pub(super) sources: Box<[Source]>,
    pub(super) body: Node,
    /// Whether the body looks at the results so far.
    pub(super) uses_partial: bool,
    /// Steps of one turn.
    pub(super) cost: u64,
}

/// What a variable runs over: a list, or the numbers or days from one to another.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) from: Node,
    pub(super) until: Option<Node>,
}

/// `list[by]`.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) of: Node,
    pub(super) by: Node,
    /// The item's position.
    pub(super) item: usize,
    /// Whether `by` looks at the item; otherwise it is a position or a condition on the whole.
    pub(super) uses_item: bool,
    /// Steps of one turn.
    pub(super) cost: u64,
}

/// One of several unary tests.
#[derive(Debug)]
pub(super) struct Alternative {
    pub(super) node: Node,
    /// Whether it is a condition on `?`, not something to compare with.
    pub(super) is_condition: bool,
}

impl Node {
    /// How many nodes it is made of: the steps that one evaluation takes, loops aside.
    pub(super) fn size(&self) -> u64 {
        let all = |nodes: &[Self]| nodes.iter().map(Self::size).sum::<u64>();
        1 + match self {
            Self::Constant(_) | Self::Slot(_) | Self::Local(_) => 0,
            Self::ItemEntry { otherwise, .. } => otherwise.as_ref().map_or(0, |node| node.size()),
            Self::Property(node, _) | Self::Negate(node) | Self::Compared(_, node) | Self::InstanceOf(node, _) => {
                node.size()
            }
            Self::Arithmetic(_, nodes) | Self::Compare(_, nodes) | Self::Range { ends: nodes, .. } => all(&nodes[..]),
            Self::All(nodes) | Self::Either(nodes) | Self::List(nodes) => all(nodes),
            Self::Call(_, nodes) | Self::Host(_, nodes) | Self::Pattern { arguments: nodes, .. } => all(nodes),
            Self::Between(nodes) | Self::If(nodes) => all(&nodes[..]),
            Self::In(node, nodes) => node.size() + all(nodes),
            Self::Loop(inner) => {
                let sources = inner.sources.iter();
                let sizes = sources.map(|source| source.from.size() + source.until.as_ref().map_or(0, Self::size));
                inner.body.size() + sizes.sum::<u64>()
            }
            Self::Context { entries, .. } => entries.iter().map(|(_, node)| node.size()).sum(),
            Self::Filter(filter) => filter.of.size() + filter.by.size(),
        }
    }

    /// The value, if it is the same in every scope.
    pub(super) fn constant(&self) -> Option<&Value> {
        if let Self::Constant(value) = self { Some(value) } else { None }
    }
}
