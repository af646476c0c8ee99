//! Ranges that a text writes with literal ends: `[1..5]`, `(date("2026-01-01")..@"2026-02-01"]`.

use std::borrow::Cow;

use super::find;
use crate::expression::compare::order;
use crate::expression::operators::negate;
use crate::expression::run::Run;
use crate::expression::syntax::{Argument, Syntax, Tree};
use crate::expression::{Names, Signature, Slot, parser};
use crate::ids::Name;
use crate::value::{Range, Type, Value};

/// Where there are no names.
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

/// The range that a text writes; nothing when it writes none, or one whose ends stand the wrong way round.
pub(super) fn range(run: &Run<'_>, text: &str) -> Option<Range> {
    let Syntax::Range { start, start_included, end, end_included } = parser::parse(text, &Nowhere).ok()?.syntax else {
        return None;
    };
    let (start, end) = (literal(run, &start)?, literal(run, &end)?);
    if order(&start, &end)?.is_gt() {
        return None;
    }
    Some(Range::Between { start, start_included, end, end_included })
}

/// The value of a literal: a constant, a negative one, or a moment by the function that reads it.
fn literal(run: &Run<'_>, tree: &Tree) -> Option<Value> {
    match &tree.syntax {
        Syntax::Constant(value) => Some(value.clone()),
        Syntax::Negate(inner) => literal(run, inner).map(|value| negate(&value)),
        Syntax::Call { name, arguments } => match arguments.as_slice() {
            [Argument { parameter: None, tree }] => moment(run, &name.text, tree),
            _ => None,
        },
        _ => None,
    }
}

fn moment(run: &Run<'_>, function: &str, argument: &Tree) -> Option<Value> {
    let Syntax::Constant(value) = &argument.syntax else { return None };
    if !matches!(function, "date" | "time" | "date and time" | "duration") {
        return None;
    }
    let fits = |wants: super::Wants| wants.accepts(&Type::of(value), &[]);
    let mut forms = find(function)?.forms.iter();
    let form =
        forms.find(|form| form.required == 1 && form.parameters.first().is_some_and(|(_, wants)| fits(*wants)))?;
    let left_out = form.parameters.iter().skip(1).map(|_| Cow::Owned(Value::Null));
    let arguments: Vec<Cow<'_, Value>> = std::iter::once(Cow::Borrowed(value)).chain(left_out).collect();
    (form.native)(run, &arguments)
}
