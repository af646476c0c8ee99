//! Checks a tree against the names in scope and turns it into what is evaluated. Gathers all mistakes.

use std::collections::BTreeSet;
use std::ops::Range;

use super::limits::MISTAKES_MAX;
use super::mistake::{Mistake, Wrong};
use super::node::{Alternative, Node};
use super::syntax::{Operator, Syntax, Tree, TypeTree, Written};
use super::{Names, Slot, check, operators};
use crate::ids::Name;
use crate::nearest::nearest;
use crate::value::{Comparison, Type, VALUE_DEPTH_MAX, Value};

mod calls;
mod choices;
mod constant;
mod lists;
mod names;

use names::Local;

/// A node and what kind of value it gives.
pub(super) type Typed = (Node, Type);

/// A whole expression; also the slots it reads.
pub(super) fn whole(tree: &Tree, names: &dyn Names, wanted: &Type) -> Result<(Node, Type, Vec<Slot>), Vec<Mistake>> {
    let mut compiler = Compiler::new(names);
    let (node, kind) = compiler.tree(tree);
    if matches!(wanted, Type::Boolean) && !wanted.accepts(&kind) {
        compiler.wrong(&tree.span, Wrong::NotACondition { place: "a condition", given: kind.clone() });
    } else {
        compiler.must_be(wanted, &kind, tree);
    }
    let reads = compiler.finish()?;
    Ok((node, kind, reads))
}

/// The alternatives of a cell for inputs of kind `input`, which is the first local; also the slots they read.
pub(super) fn tests(
    trees: &[Tree],
    names: &dyn Names,
    input: &Type,
) -> Result<(Vec<Alternative>, Vec<Slot>), Vec<Mistake>> {
    let mut compiler = Compiler::new(names);
    compiler.locals.push(Local::variable("?", input.clone()));
    let mut alternatives = Vec::with_capacity(trees.len());
    for tree in trees {
        compiler.locals[0].is_used = false;
        let (node, kind) = compiler.tree(tree);
        let is_condition = kind == Type::Boolean && (compiler.locals[0].is_used || !Type::Boolean.accepts(input));
        if !is_condition {
            compiler.check_choices(input, tree);
            if !check::can_pass(input, &kind) {
                compiler.wrong(&tree.span, Wrong::NotAmong { value: input.clone(), test: kind });
            }
        }
        alternatives.push(Alternative { node, is_condition });
    }
    let reads = compiler.finish()?;
    Ok((alternatives, reads))
}

/// The state of compiling one text.
pub(super) struct Compiler<'n> {
    names: &'n dyn Names,
    mistakes: Vec<Mistake>,
    locals: Vec<Local>,
    reads: BTreeSet<Slot>,
}

impl<'n> Compiler<'n> {
    pub(super) fn new(names: &'n dyn Names) -> Self {
        Self { names, mistakes: Vec::new(), locals: Vec::new(), reads: BTreeSet::new() }
    }

    /// The slots read, or the mistakes made.
    pub(super) fn finish(mut self) -> Result<Vec<Slot>, Vec<Mistake>> {
        if self.mistakes.is_empty() {
            return Ok(self.reads.into_iter().collect());
        }
        self.mistakes.sort_by_key(|mistake| mistake.span.start);
        Err(self.mistakes)
    }

    fn wrong(&mut self, span: &Range<usize>, wrong: Wrong) {
        if self.mistakes.len() < MISTAKES_MAX {
            self.mistakes.push(Mistake::new(span.clone(), &wrong));
        }
    }

    /// Reports a mistake; what stands there can be anything.
    fn lost(&mut self, span: &Range<usize>, wrong: Wrong) -> Typed {
        self.wrong(span, wrong);
        (Node::Constant(Value::Null), Type::Any)
    }

    /// Reports if a value of kind `given` cannot stand where `wanted` is.
    fn must_be(&mut self, wanted: &Type, given: &Type, tree: &Tree) {
        if !wanted.accepts(given) {
            self.wrong(&tree.span, Wrong::Result { wanted: wanted.clone(), given: given.clone() });
        }
        self.check_choices(wanted, tree);
    }

    pub(super) fn tree(&mut self, tree: &Tree) -> Typed {
        if self.mistakes.len() >= MISTAKES_MAX {
            return (Node::Constant(Value::Null), Type::Any);
        }
        match &tree.syntax {
            Syntax::Constant(value) => (Node::Constant(value.clone()), Type::of(value)),
            Syntax::Word(word) => (Node::Constant(Value::text(word)), Type::Text),
            Syntax::Name(name) => self.name(name, &tree.span),
            Syntax::Negate(inner) => self.negate(inner),
            Syntax::Arithmetic(operator, left, right) => self.arithmetic(*operator, left, right, &tree.span),
            Syntax::Compare(comparison, left, right) => self.compare(*comparison, left, right, &tree.span),
            Syntax::All(trees) => (Node::All(self.conditions(trees, "each side of `and`")), Type::Boolean),
            Syntax::Either(trees) => (Node::Either(self.conditions(trees, "each side of `or`")), Type::Boolean),
            Syntax::Between(trees) => self.between(trees, &tree.span),
            Syntax::In(value, tests) => self.is_in(value, tests),
            Syntax::If(trees) => self.choice(trees),
            Syntax::For(iterations, body) => self.for_loop(iterations, body),
            Syntax::Quantified { every, iterations, condition } => self.quantified(*every, iterations, condition),
            Syntax::List(trees) => self.list(trees),
            Syntax::Context(entries) => self.context(entries),
            Syntax::Range { start, start_included, end, end_included } => {
                self.range([start, end], [*start_included, *end_included], &tree.span)
            }
            Syntax::Compared(comparison, with) => {
                let (node, kind) = self.tree(with);
                let constant = node.constant().cloned();
                let range = |with| Value::from(crate::value::Range::Compared { comparison: *comparison, with });
                let shallow = constant.filter(|with| with.depth() < VALUE_DEPTH_MAX);
                let folded = shallow.map(|with| Node::Constant(range(with)));
                (folded.unwrap_or(Node::Compared(*comparison, Box::new(node))), Type::Range(Box::new(kind)))
            }
            Syntax::Filter(of, by) => self.filter(of, by),
            Syntax::Path(of, name) => self.path(of, name),
            Syntax::Call { name, arguments } => self.call(name, arguments, &tree.span),
            Syntax::InstanceOf(value, kind) => self.instance_of(value, kind),
        }
    }

    fn negate(&mut self, inner: &Tree) -> Typed {
        let (node, kind) = self.tree(inner);
        let Some(result) = check::negated(&kind) else {
            return self.lost(&inner.span, Wrong::Negated(kind));
        };
        match node {
            Node::Constant(value) => (Node::Constant(operators::negate(&value)), result),
            node => (Node::Negate(Box::new(node)), result),
        }
    }

    fn arithmetic(&mut self, operator: Operator, left: &Tree, right: &Tree, span: &Range<usize>) -> Typed {
        let ((left, one), (right, two)) = (self.tree(left), self.tree(right));
        let Some(result) = check::arithmetic(operator, &one, &two) else {
            return self.lost(span, Wrong::Operands { operator: operator.symbol(), left: one, right: two });
        };
        (Node::Arithmetic(operator, Box::new([left, right])), result)
    }

    fn compare(&mut self, comparison: Comparison, left: &Tree, right: &Tree, span: &Range<usize>) -> Typed {
        let (left_node, one) = self.tree(left);
        if self.is_bare_choice(&one, right) {
            return (Node::Constant(Value::Null), Type::Boolean);
        }
        let (right_node, two) = self.tree(right);
        self.check_choices(&one, right);
        self.check_choices(&two, left);
        if !check::comparable(comparison, &one, &two) {
            self.wrong(span, Wrong::NotComparable { operator: comparison.symbol(), left: one, right: two });
        }
        (Node::Compare(comparison, Box::new([left_node, right_node])), Type::Boolean)
    }

    /// Trees that must each be true or false.
    fn conditions(&mut self, trees: &[Tree], place: &'static str) -> Box<[Node]> {
        trees.iter().map(|tree| self.condition(tree, place)).collect()
    }

    fn condition(&mut self, tree: &Tree, place: &'static str) -> Node {
        let (node, kind) = self.tree(tree);
        if !Type::Boolean.accepts(&kind) {
            self.wrong(&tree.span, Wrong::NotACondition { place, given: kind });
        }
        node
    }

    fn between(&mut self, trees: &[Tree; 3], span: &Range<usize>) -> Typed {
        let [(value, kind), (low, from), (high, to)] = [0, 1, 2].map(|index| self.tree(&trees[index]));
        for (tree, end) in trees[1..].iter().zip([&from, &to]) {
            self.check_choices(&kind, tree);
            if !check::comparable(Comparison::Less, &kind, end) {
                let wrong = Wrong::NotComparable { operator: "between", left: kind.clone(), right: end.clone() };
                self.wrong(span, wrong);
            }
        }
        (Node::Between(Box::new([value, low, high])), Type::Boolean)
    }

    fn is_in(&mut self, value: &Tree, tests: &[Tree]) -> Typed {
        let (node, kind) = self.tree(value);
        let mut nodes = Vec::with_capacity(tests.len());
        for test in tests {
            let (node, given) = self.tree(test);
            self.check_choices(&kind, test);
            if !check::can_pass(&kind, &given) {
                self.wrong(&test.span, Wrong::NotAmong { value: kind.clone(), test: given });
            }
            nodes.push(node);
        }
        (Node::In(Box::new(node), nodes.into()), Type::Boolean)
    }

    fn choice(&mut self, trees: &[Tree; 3]) -> Typed {
        let condition = self.condition(&trees[0], "the condition of `if`");
        let ((then, one), (otherwise, two)) = (self.tree(&trees[1]), self.tree(&trees[2]));
        (Node::If(Box::new([condition, then, otherwise])), one.common(&two))
    }

    fn instance_of(&mut self, value: &Tree, kind: &TypeTree) -> Typed {
        let (node, _) = self.tree(value);
        let node = match self.type_of(kind) {
            Some(kind) => Node::InstanceOf(Box::new(node), kind),
            None => Node::Constant(Value::Boolean(false)),
        };
        (node, Type::Boolean)
    }

    /// The type written; `None` for a function, which no value is.
    fn type_of(&mut self, tree: &TypeTree) -> Option<Type> {
        Some(match tree {
            TypeTree::Named(name) => self.named_type(name),
            TypeTree::List(item) => Type::list(self.type_of(item)?),
            TypeTree::Range(end) => Type::Range(Box::new(self.type_of(end)?)),
            TypeTree::Context(entries) => {
                let mut kinds = std::collections::BTreeMap::new();
                for (key, kind) in entries {
                    kinds.insert(Name::new(key), self.type_of(kind)?);
                }
                Type::Context(kinds)
            }
            TypeTree::Function => return None,
        })
    }

    fn named_type(&mut self, name: &Written) -> Type {
        let known = [
            ("Any", Type::Any),
            ("Null", Type::Null),
            ("boolean", Type::Boolean),
            ("number", Type::Number),
            ("string", Type::Text),
            ("date", Type::Date),
            ("time", Type::Time),
            ("date and time", Type::DateTime),
            ("days and time duration", Type::Days),
            ("years and months duration", Type::Months),
            ("list", Type::list(Type::Any)),
            ("context", Type::Context(std::collections::BTreeMap::new())),
            ("range", Type::Range(Box::new(Type::Any))),
        ];
        if let Some((_, kind)) = known.iter().find(|(word, _)| *word == name.text) {
            return kind.clone();
        }
        let near = nearest(&name.text, known.iter().map(|(word, _)| *word)).map(str::to_owned);
        self.wrong(&name.span, Wrong::UnknownType { name: name.text.clone(), near });
        Type::Any
    }
}
