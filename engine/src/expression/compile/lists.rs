//! Lists, contexts, ranges, and what runs over them: filters, `for`, `every`, `some`.

use std::ops::Range;

use super::{Compiler, Typed};
use crate::expression::check;
use crate::expression::limits::TYPE_PARTS_MAX;
use crate::expression::mistake::Wrong;
use crate::expression::node::{Filter, Gathers, Loop, Node, Source};
use crate::expression::syntax::{Iteration, Tree, Written};
use crate::ids::Name;
use crate::value::{self, Type, VALUE_DEPTH_MAX, Value};

use super::names::Local;

impl Compiler<'_> {
    pub(super) fn list(&mut self, trees: &[Tree]) -> Typed {
        let typed: Vec<Typed> = trees.iter().map(|tree| self.tree(tree)).collect();
        let kind = Type::list(Type::common_of(typed.iter().map(|(_, kind)| kind.clone())));
        let nodes: Vec<Node> = typed.into_iter().map(|(node, _)| node).collect();
        let constants: Option<Vec<Value>> = nodes.iter().map(|node| node.constant().cloned()).collect();
        let constant = constants.map(Value::from).filter(|list| list.depth() <= VALUE_DEPTH_MAX);
        let folded = constant.map(Node::Constant);
        (folded.unwrap_or_else(|| Node::List(nodes.into())), kind)
    }

    /// Each entry is a variable for those behind it.
    pub(super) fn context(&mut self, entries: &[(Written, Tree)]) -> Typed {
        let first = self.locals.len();
        let mut nodes = Vec::with_capacity(entries.len());
        let mut kinds = std::collections::BTreeMap::new();
        for (key, tree) in entries {
            let (node, kind) = self.tree(tree);
            let name = Name::new(&key.text);
            kinds.insert(name.clone(), kind.clone());
            nodes.push((name, node));
            self.locals.push(Local::variable(&key.text, kind));
        }
        self.locals.truncate(first);
        let kind = Type::Context(kinds);
        let kind = if kind.parts() > TYPE_PARTS_MAX { Type::Any } else { kind };
        (Node::Context { first, entries: nodes.into() }, kind)
    }

    pub(super) fn range(&mut self, ends: [&Tree; 2], included: [bool; 2], span: &Range<usize>) -> Typed {
        let [(start, from), (end, to)] = ends.map(|tree| self.tree(tree));
        let is_ordered = check::is_ordered(&from) && check::is_ordered(&to);
        if !is_ordered || !(from.accepts(&to) || to.accepts(&from)) {
            return self.lost(span, Wrong::RangeEnds { start: from, end: to });
        }
        let kind = Type::Range(Box::new(from.common(&to)));
        let [start_included, end_included] = included;
        let node = match (start, end) {
            (Node::Constant(start), Node::Constant(end)) if start.depth() + end.depth() == 0 => {
                Node::Constant(Value::from(value::Range::Between { start, start_included, end, end_included }))
            }
            (start, end) => Node::Range { ends: Box::new([start, end]), start_included, end_included },
        };
        (node, kind)
    }

    /// `of[by]`: by position one item, by condition a list.
    pub(super) fn filter(&mut self, of: &Tree, by: &Tree) -> Typed {
        let (of, kind) = self.tree(of);
        let item_kind = match kind {
            Type::List(item) => *item,
            Type::Null => Type::Any,
            other => other,
        };
        let item = self.locals.len();
        self.locals.push(Local::item(item_kind.clone()));
        let (by_node, by_kind) = self.tree(by);
        let uses_item = self.locals.pop().is_some_and(|local| local.is_used);
        let result = match by_kind {
            Type::Number => item_kind,
            Type::Boolean => Type::list(item_kind),
            Type::Any | Type::Null => Type::Any,
            given => return self.lost(&by.span, Wrong::NotACondition { place: "a filter", given }),
        };
        let cost = by_node.size();
        (Node::Filter(Box::new(Filter { of, by: by_node, item, uses_item, cost })), result)
    }

    pub(super) fn for_loop(&mut self, iterations: &[Iteration], body: &Tree) -> Typed {
        let first = self.locals.len();
        let sources = self.sources(iterations);
        self.locals.push(Local::variable("partial", Type::list(Type::Any)));
        let (body, kind) = self.tree(body);
        let uses_partial = self.locals.pop().is_some_and(|local| local.is_used);
        self.locals.truncate(first);
        let cost = body.size();
        let node = Loop { gathers: Gathers::Results, first, sources, body, uses_partial, cost };
        (Node::Loop(Box::new(node)), Type::list(kind))
    }

    pub(super) fn quantified(&mut self, every: bool, iterations: &[Iteration], condition: &Tree) -> Typed {
        let first = self.locals.len();
        let sources = self.sources(iterations);
        let body = self.condition(condition, "what follows `satisfies`");
        self.locals.truncate(first);
        let gathers = if every { Gathers::Every } else { Gathers::Some };
        let cost = body.size();
        let node = Loop { gathers, first, sources, body, uses_partial: false, cost };
        (Node::Loop(Box::new(node)), Type::Boolean)
    }

    /// The sources of a loop; its variables are in scope from then on.
    fn sources(&mut self, iterations: &[Iteration]) -> Box<[Source]> {
        let mut sources = Vec::with_capacity(iterations.len());
        for Iteration { variable, source, until } in iterations {
            let (from, kind) = self.tree(source);
            let (until, item) = match until {
                None => (None, self.item_of(kind, source)),
                Some(tree) => {
                    let (until, end) = self.tree(tree);
                    let span = source.span.start..tree.span.end;
                    (Some(until), self.counted([kind, end], &span))
                }
            };
            sources.push(Source { from, until });
            self.locals.push(Local::variable(&variable.text, item));
        }
        sources.into()
    }

    fn item_of(&mut self, kind: Type, tree: &Tree) -> Type {
        match kind {
            Type::List(item) => *item,
            Type::Range(end) => self.counted([(*end).clone(), *end], &tree.span),
            Type::Any | Type::Null => Type::Any,
            given => self.lost(&tree.span, Wrong::NotIterable(given)).1,
        }
    }

    /// Loops count in whole numbers and in days.
    fn counted(&mut self, ends: [Type; 2], span: &Range<usize>) -> Type {
        let is_countable = |kind: &Type| kind.is_open() || matches!(kind, Type::Number | Type::Date);
        let [start, end] = ends;
        if !is_countable(&start) || !is_countable(&end) || !start.accepts(&end) {
            return self.lost(span, Wrong::RangeEnds { start, end }).1;
        }
        start.common(&end)
    }
}
