//! The tree of an expression as it is written, before names and types are known.

use std::ops::Range;

use super::limits::NESTING_MAX;
use super::mistake::{Mistake, Wrong};
use crate::value::{Comparison, Value};

/// An expression, where it stands, and how high its tree is.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) span: Range<usize>,
    pub(super) syntax: Syntax,
    height: usize,
}

/// The operators of numbers, texts, moments and durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

impl Operator {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "**",
        }
    }
}

/// A name, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// What an expression is made of.
#[derive(Clone, Debug)]
pub(super) enum Syntax {
    Constant(Value),
    Name(String),
    /// A name that a host function takes bare: of a step, an action.
    Word(String),
    Negate(Box<Tree>),
    Arithmetic(Operator, Box<Tree>, Box<Tree>),
    Compare(Comparison, Box<Tree>, Box<Tree>),
    All(Vec<Tree>),
    Either(Vec<Tree>),
    Between(Box<[Tree; 3]>),
    In(Box<Tree>, Vec<Tree>),
    If(Box<[Tree; 3]>),
    For(Vec<Iteration>, Box<Tree>),
    Quantified {
        every: bool,
        iterations: Vec<Iteration>,
        condition: Box<Tree>,
    },
    List(Vec<Tree>),
    Context(Vec<(Written, Tree)>),
    Range {
        start: Box<Tree>,
        start_included: bool,
        end: Box<Tree>,
        end_included: bool,
    },
    /// `(< 10)`, and in tests `< 10`.
    Compared(Comparison, Box<Tree>),
    Filter(Box<Tree>, Box<Tree>),
    Path(Box<Tree>, Written),
    Call {
        name: Written,
        arguments: Vec<Argument>,
    },
    InstanceOf(Box<Tree>, TypeTree),
}

/// An argument of a call, perhaps with the parameter's name.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub(super) parameter: Option<Written>,
    pub(super) tree: Tree,
}

/// `x in list`, `x in 1..5`.
#[derive(Clone, Debug)]
pub(super) struct Iteration {
    pub(super) variable: Written,
    pub(super) source: Tree,
    pub(super) until: Option<Tree>,
}

/// A type as written after `instance of`.
#[derive(Clone, Debug)]
pub(super) enum TypeTree {
    Named(Written),
    List(Box<TypeTree>),
    Range(Box<TypeTree>),
    Context(Vec<(String, TypeTree)>),
    /// Nothing in this language is a function, so what it takes and gives does not matter.
    Function,
}

impl Tree {
    /// Refused if it would be too high to walk.
    pub(super) fn new(span: Range<usize>, syntax: Syntax) -> Result<Self, Mistake> {
        let height = 1 + syntax.children_height();
        if height > NESTING_MAX {
            return Err(Mistake::new(span, &Wrong::TooDeep));
        }
        Ok(Self { span, syntax, height })
    }

    /// The same in brackets.
    pub(super) fn within(self, span: Range<usize>) -> Self {
        Self { span, ..self }
    }
}

impl Syntax {
    fn children_height(&self) -> usize {
        let highest = |trees: &[Tree]| trees.iter().map(|tree| tree.height).max().unwrap_or(0);
        let iterations = |iterations: &[Iteration]| {
            let heights = iterations
                .iter()
                .map(|iteration| iteration.source.height.max(iteration.until.as_ref().map_or(0, |until| until.height)));
            heights.max().unwrap_or(0) + iterations.len()
        };
        match self {
            Self::Constant(_) | Self::Name(_) | Self::Word(_) => 0,
            Self::Negate(tree) | Self::Compared(_, tree) | Self::Path(tree, _) | Self::InstanceOf(tree, _) => {
                tree.height
            }
            Self::Arithmetic(_, left, right) | Self::Compare(_, left, right) | Self::Filter(left, right) => {
                left.height.max(right.height)
            }
            Self::Range { start, end, .. } => start.height.max(end.height),
            Self::All(trees) | Self::Either(trees) | Self::List(trees) => highest(trees),
            Self::Between(trees) | Self::If(trees) => highest(&trees[..]),
            Self::In(value, tests) => value.height.max(highest(tests)),
            Self::For(sources, body) => body.height.max(iterations(sources)),
            Self::Quantified { iterations: sources, condition, .. } => condition.height.max(iterations(sources)),
            Self::Context(entries) => entries.iter().map(|(_, tree)| tree.height).max().unwrap_or(0),
            Self::Call { arguments, .. } => arguments.iter().map(|argument| argument.tree.height).max().unwrap_or(0),
        }
    }
}
