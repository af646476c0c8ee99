//! Expressions that need no scope: calls with constant arguments, and ranges written in a text.

use std::borrow::Cow;

use super::node::{Native, Node};
use super::run::Run;
use super::syntax::{Syntax, Tree};
use super::{HostFunction, Names, Scope, Signature, Slot, compile, parser};
use crate::ids::Name;
use crate::value::{Range, Type, Value};

/// Where there are no names and no values.
struct Nowhere;

impl Names for Nowhere {
    fn lookup(&self, _: &str) -> Option<(Slot, Type)> {
        None
    }

    fn function(&self, _: &str) -> Option<Signature> {
        None
    }

    fn all(&self) -> Vec<Name> {
        Vec::new()
    }
}

impl Scope for Nowhere {
    fn get(&self, _: Slot) -> Cow<'_, Value> {
        Cow::Owned(Value::Null)
    }

    fn call(&self, _: HostFunction, _: &[Value]) -> Value {
        Value::Null
    }
}

/// What a call gives if all its arguments are constants.
pub(super) fn fold(native: Native, arguments: &[Node]) -> Option<Value> {
    let values: Option<Vec<Cow<'_, Value>>> =
        arguments.iter().map(|argument| argument.constant().map(Cow::Borrowed)).collect();
    let run = Run::new(&Nowhere);
    let value = native(&run, &values?).unwrap_or_default();
    Some(run.finish(value))
}

/// The range that a text writes with literal ends: `[1..5]`, `(date("2026-01-01")..@"2026-02-01"]`.
pub(super) fn whole_range(text: &str) -> Option<Range> {
    let tree = parser::parse(text, &Nowhere).ok()?;
    let is_literal = matches!(&tree.syntax, Syntax::Range { start, end, .. } if is_literal(start) && is_literal(end));
    if !is_literal {
        return None;
    }
    let (node, _, _) = compile::whole(&tree, &Nowhere, &Type::Any).ok()?;
    let Value::Range(range) = node.constant()? else { return None };
    let Range::Between { start, end, .. } = &**range else { return None };
    if super::order(start, end)?.is_gt() { None } else { Some((**range).clone()) }
}

fn is_literal(tree: &Tree) -> bool {
    match &tree.syntax {
        Syntax::Constant(_) => true,
        Syntax::Negate(inner) => is_literal(inner),
        Syntax::Call { name, arguments } => {
            let is_moment = matches!(name.text.as_str(), "date" | "time" | "date and time" | "duration");
            let [only] = arguments.as_slice() else { return false };
            is_moment && matches!(only.tree.syntax, Syntax::Constant(_))
        }
        _ => false,
    }
}
