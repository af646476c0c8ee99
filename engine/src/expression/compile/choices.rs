//! Finds words that are compared with a choice and are none of it.

use super::Compiler;
use crate::expression::mistake::Wrong;
use crate::expression::syntax::{Syntax, Tree};
use crate::nearest::nearest;
use crate::value::{Type, Value};

impl Compiler<'_> {
    /// Reports every text written in `tree` that a value of `kind` can never be.
    pub(super) fn check_choices(&mut self, kind: &Type, tree: &Tree) {
        let choices = match kind {
            Type::Choice(choices) => choices,
            Type::List(item) => return self.check_items(item, tree),
            Type::Any
            | Type::Null
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::Date
            | Type::Time
            | Type::DateTime
            | Type::Days
            | Type::Months
            | Type::Context(_)
            | Type::Range(_)
            | Type::Unit
            | Type::Person => return,
        };
        match &tree.syntax {
            Syntax::Constant(Value::Text(text)) if !choices.contains(text) => {
                let near = nearest(text, choices.iter().map(|choice| &**choice)).map(str::to_owned);
                let wrong = Wrong::UnknownChoice { choice: text.to_string(), near, kind: kind.clone() };
                self.wrong(&tree.span, wrong);
            }
            Syntax::List(items) => items.iter().for_each(|item| self.check_choices(kind, item)),
            Syntax::If(trees) => trees[1..].iter().for_each(|branch| self.check_choices(kind, branch)),
            Syntax::Compared(_, with) => self.check_choices(kind, with),
            _ => {}
        }
    }

    fn check_items(&mut self, kind: &Type, tree: &Tree) {
        if let Syntax::List(items) = &tree.syntax {
            items.iter().for_each(|item| self.check_choices(kind, item));
        }
    }
}
