//! Finds what names mean: variables, entries, items, fields, and properties behind a dot.

use std::ops::Range;

use super::{Compiler, Typed};
use crate::expression::mistake::Wrong;
use crate::expression::node::Node;
use crate::expression::syntax::{Syntax, Tree, Written};
use crate::expression::{check, functions};
use crate::ids::Name;
use crate::nearest::nearest;
use crate::value::Type;

/// A variable that the expression itself makes.
pub(super) struct Local {
    /// Its name; that of a filter's item is `item`.
    pub(super) name: String,
    pub(super) kind: Type,
    /// Whether its entries can be named without it: `list[price > 3]`.
    pub(super) is_item: bool,
    pub(super) is_used: bool,
}

impl Local {
    pub(super) fn variable(name: &str, kind: Type) -> Self {
        Self { name: name.to_owned(), kind, is_item: false, is_used: false }
    }

    pub(super) fn item(kind: Type) -> Self {
        Self { name: "item".to_owned(), kind, is_item: true, is_used: false }
    }
}

impl Compiler<'_> {
    pub(super) fn name(&mut self, name: &str, span: &Range<usize>) -> Typed {
        match self.resolve(name, self.locals.len()) {
            Some(typed) => typed,
            None => self.unknown_name(name, span),
        }
    }

    /// What a name means to the innermost `visible` locals, then to the host.
    fn resolve(&mut self, name: &str, visible: usize) -> Option<Typed> {
        for position in (0..visible).rev() {
            let local = &mut self.locals[position];
            if local.name == name {
                local.is_used = true;
                return Some((Node::Local(position), local.kind.clone()));
            }
            if !local.is_item {
                continue;
            }
            let entry = match &local.kind {
                Type::Context(entries) => entries.get(name).cloned(),
                kind if kind.is_open() => return self.open_entry(name, position),
                kind => fixed_property(kind, name),
            };
            if let Some(kind) = entry {
                local.is_used = true;
                return Some((Node::Property(Box::new(Node::Local(position)), Name::new(name)), kind));
            }
        }
        let (slot, kind) = self.names.lookup(name)?;
        self.reads.insert(slot);
        Some((Node::Slot(slot), kind))
    }

    /// A name inside a filter over items of unknown kind: theirs if they have it, else what it means outside.
    fn open_entry(&mut self, name: &str, position: usize) -> Option<Typed> {
        self.locals[position].is_used = true;
        let otherwise = self.resolve(name, position).map(|(node, _)| Box::new(node));
        Some((Node::ItemEntry { item: position, name: Name::new(name), otherwise }, Type::Any))
    }

    /// A bare word that is a key of the choice it is compared with: it wants its quotes.
    pub(super) fn is_bare_choice(&mut self, kind: &Type, tree: &Tree) -> bool {
        let (Type::Choice(choices), Syntax::Name(name)) = (kind, &tree.syntax) else { return false };
        let is_bare =
            choices.iter().any(|choice| **choice == **name) && self.resolve(name, self.locals.len()).is_none();
        if is_bare {
            let near = Some(format!("\"{name}\""));
            self.wrong(&tree.span, Wrong::UnknownName { name: name.clone(), near });
        }
        is_bare
    }

    fn unknown_name(&mut self, name: &str, span: &Range<usize>) -> Typed {
        if functions::is_function(name) || self.names.function(name).is_some() {
            return self.lost(span, Wrong::NotCalled(name.to_owned()));
        }
        if let Some((known, rest)) = name.split_once(' ')
            && self.resolve(known, self.locals.len()).is_some()
        {
            let word = rest.split(' ').next().unwrap_or(rest);
            let near =
                meant_by(rest).or_else(|| nearest(word, ["and", "or", "in", "between", "instance of", "then", "else"]));
            let (known, rest, near) = (known.to_owned(), rest.to_owned(), near.map(str::to_owned));
            return self.lost(span, Wrong::UnknownWords { known, rest, near });
        }
        if let Some(negated) =
            name.strip_prefix("not ").filter(|inner| self.resolve(inner, self.locals.len()).is_some())
        {
            let near = Some(format!("not({negated})"));
            return self.lost(span, Wrong::UnknownName { name: name.to_owned(), near });
        }
        let mut all: Vec<String> = self.locals.iter().map(|local| local.name.clone()).collect();
        for local in self.locals.iter().filter(|local| local.is_item) {
            if let Type::Context(entries) = &local.kind {
                all.extend(entries.keys().map(ToString::to_string));
            }
        }
        all.extend(self.names.all().iter().map(ToString::to_string));
        let near = nearest(name, all.iter().map(String::as_str)).map(str::to_owned);
        self.lost(span, Wrong::UnknownName { name: name.to_owned(), near })
    }

    /// `of.name`
    pub(super) fn path(&mut self, of: &Tree, name: &Written) -> Typed {
        let (node, kind) = self.tree(of);
        match property_of(&kind, &name.text) {
            Ok(result) => (Node::Property(Box::new(node), Name::new(&name.text)), result),
            Err(near) => {
                let of = kind;
                self.lost(&name.span, Wrong::UnknownProperty { name: name.text.clone(), of, near })
            }
        }
    }
}

/// What is meant by words of other languages behind a name.
fn meant_by(rest: &str) -> Option<&'static str> {
    match rest {
        "is" | "is null" | "equals" => Some(if rest == "is null" { "= null" } else { "=" }),
        "is not" | "is not null" => Some(if rest == "is not" { "!=" } else { "!= null" }),
        _ => None,
    }
}

fn fixed_property(kind: &Type, name: &str) -> Option<Type> {
    check::properties(kind).into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
}

/// What a property is, or the nearest one. A list's property is the list of its items' properties.
fn property_of(kind: &Type, name: &str) -> Result<Type, Option<String>> {
    match kind {
        Type::Any | Type::Null => Ok(Type::Any),
        Type::List(item) => property_of(item, name).map(Type::list),
        Type::Context(entries) => {
            entries.get(name).cloned().ok_or_else(|| nearest(name, entries.keys().map(|key| &**key)).map(str::to_owned))
        }
        Type::Boolean
        | Type::Number
        | Type::Text
        | Type::Date
        | Type::Time
        | Type::DateTime
        | Type::Days
        | Type::Months
        | Type::Range(_)
        | Type::Unit
        | Type::Person
        | Type::Choice(_) => fixed_property(kind, name).ok_or_else(|| {
            let known = check::properties(kind);
            nearest(name, known.iter().map(|(known, _)| *known)).map(str::to_owned)
        }),
    }
}
