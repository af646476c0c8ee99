//! Words, numbers, spans, conditions and values, read where they stand.

use std::ops::{Range, RangeInclusive};

use super::Checker;
use super::names::Visible;
use crate::diagnostic::Span as Place;
use crate::expression::{Expression, Names, compile_unary_tests};
use crate::field::local_moment;
use crate::formula::{Cell, Formula, Operand};
use crate::ids::Name;
use crate::time::{RungAt, Span, parse_date};
use crate::value::{Type, Value};
use crate::yaml::{Node, Scalar, reader};

impl Checker<'_> {
    /// Says that something else was expected.
    pub fn shape(&mut self, node: &Node, wanted: &str) {
        reader::wrong_shape(node, wanted, &mut self.out);
    }

    /// A text: any scalar that is there.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<Name> {
        let wanted = match what.starts_with('`') {
            true => format!("a text for {what}"),
            false => what.to_owned(),
        };
        reader::words(node, &wanted, &mut self.out).map(|scalar| scalar.text.clone())
    }

    /// A name that the definition gives to something.
    pub fn check_name(&mut self, name: &Name, span: Place) -> bool {
        reader::is_name(name, span, &mut self.out)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, node: &Node) -> Option<bool> {
        reader::boolean(node, &mut self.out)
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, node: &Node, within: RangeInclusive<u32>) -> Option<u32> {
        let within = i64::from(*within.start())..=i64::from(*within.end());
        reader::integer_within(node, within, &mut self.out).and_then(|number| u32::try_from(number).ok())
    }

    /// A list.
    pub fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        reader::sequence(node, &mut self.out).unwrap_or(&[])
    }

    /// One, or a list of them.
    pub fn one_or_many<'n>(&self, node: &'n Node) -> &'n [Node] {
        reader::one_or_many(node)
    }

    /// One of several words.
    pub fn word<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        reader::one_of(node, words, &mut self.out)
    }

    /// A span of time, as `3 working days`.
    pub fn span(&mut self, node: &Node, what: &str) -> Option<Span> {
        let text = self.text(node, what)?;
        match text.parse::<Span>() {
            Ok(span) => Some(span),
            Err(mistake) => {
                self.misread(node, mistake.at, &mistake.message, mistake.help);
                None
            }
        }
    }

    /// A place on a ladder, as `1 working day before`.
    pub fn rung_at(&mut self, node: &Node) -> Option<RungAt> {
        let text = self.text(node, "`at`")?;
        match text.parse::<RungAt>() {
            Ok(at) => Some(at),
            Err(mistake) => {
                self.misread(node, mistake.at, &mistake.message, mistake.help);
                None
            }
        }
    }

    fn misread(&mut self, node: &Node, at: Range<usize>, message: &str, help: Option<String>) {
        let span = node.as_scalar().map_or(node.span, |scalar| scalar.place(at));
        let diagnostic = self.error(span, "bad-time", message);
        if let Some(help) = help {
            diagnostic.help(help);
        }
    }

    /// A condition.
    pub fn condition(&mut self, node: &Node) -> Option<Formula> {
        self.formula(node, &Type::Boolean)
    }

    /// An expression, with or without `=` before it.
    pub fn formula(&mut self, node: &Node, wanted: &Type) -> Option<Formula> {
        let Some(scalar) = node.as_scalar().filter(|scalar| !scalar.as_null()) else {
            self.shape(node, "an expression");
            return None;
        };
        let (text, offset) = expression_text(scalar);
        let visible = Visible::new(self);
        let compiled = Expression::compile(text, &visible, wanted);
        let (bindings, hosts) = visible.into_used();
        match compiled {
            Ok(expression) => Some(Formula::new(expression, bindings, &hosts)),
            Err(mistakes) => {
                self.mistakes(scalar, offset, mistakes);
                None
            }
        }
    }

    /// A cell of a decision table: what the input must be.
    pub fn unary_tests(&mut self, node: &Node, input: &Type) -> Option<Cell> {
        let Some(scalar) = node.as_scalar() else {
            self.shape(node, "a test, as `> 3`, `\"water\"` or `-`");
            return None;
        };
        let visible = Visible::new(self);
        let compiled = compile_unary_tests(&scalar.text, &visible, input);
        let (bindings, _) = visible.into_used();
        match compiled {
            Ok(tests) => Some(Cell::new(tests, bindings)),
            Err(mistakes) => {
                self.mistakes(scalar, 0, mistakes);
                None
            }
        }
    }

    fn mistakes(&mut self, scalar: &Scalar, offset: usize, mistakes: Vec<crate::expression::Mistake>) {
        for mistake in mistakes {
            let span = scalar.place(mistake.span.start + offset..mistake.span.end + offset);
            let count = |letter: char| scalar.text.matches(letter).count();
            let is_cut = scalar.plain && (count('(') > count(')') || count('[') > count(']'));
            let ends_early = is_cut && mistake.message.ends_with("found the end");
            let diagnostic = self.error(span, "expression", mistake.message);
            if let Some(help) = mistake.help {
                diagnostic.help(help);
            } else if ends_early {
                diagnostic.help("a comma ends a value inside `{…}`: put the expression in quotes");
            }
        }
    }

    /// A moment, or an expression for a moment or a date, which lasts until its end.
    pub fn moment(&mut self, node: &Node) -> Option<Operand> {
        let scalar = node.as_scalar().filter(|scalar| scalar.text.starts_with('='));
        if scalar.is_none() {
            let date = node.as_text().and_then(|text| parse_date(text).ok());
            return match date {
                Some(date) => Some(Operand::Literal(Value::Date(date))),
                None => self.operand(node, &Type::DateTime),
            };
        }
        let formula = self.formula(node, &Type::Any)?;
        match formula.expression().result_type() {
            Type::DateTime | Type::Date | Type::Any | Type::Null => Some(Operand::Formula(formula)),
            _ => {
                self.error(node.span, "not-a-moment", "a date or a date and time is needed here");
                None
            }
        }
    }

    /// A literal, or an expression after `=`, of a type.
    pub fn operand(&mut self, node: &Node, wanted: &Type) -> Option<Operand> {
        let first = node.as_scalar().and_then(|scalar| scalar.text.chars().next());
        if first == Some('=') {
            return self.formula(node, wanted).map(Operand::Formula);
        }
        if first == Some('＝') {
            let message = "an expression begins with `=`, and this is the full-width `＝`";
            self.error(node.span, "full-width-equals", message);
            return None;
        }
        let read = match (wanted, node.as_text()) {
            (Type::DateTime, Some(text)) => local_moment(text).map_err(Some),
            (Type::Date, Some(text)) => parse_date(text).map(Value::Date).map_err(Some),
            _ => Err(None),
        };
        let read = match read {
            Ok(value) => Ok(value),
            Err(Some(mistake)) => {
                self.misread(node, mistake.at, &mistake.message, mistake.help);
                return None;
            }
            Err(None) => Value::from_plain_json(&crate::yaml::to_json(node), wanted),
        };
        match read {
            Ok(value) => {
                self.check_named(node, &value, wanted);
                Some(Operand::Literal(value))
            }
            Err(message) => {
                let text = node.as_scalar().map_or("", |scalar| &scalar.text);
                let may_be_formula = self.is_in_scope(text) || text.contains(['(', '+', '*', '.', ' ']);
                let is_explained = message.contains("did you mean");
                let truth = if *wanted == Type::Boolean { reader::truth(text) } else { None };
                let is_text = matches!(wanted, Type::Text | Type::Unit | Type::Person) && node.as_scalar().is_some();
                let finding = self.error(node.span, "wrong-value", format!("this value {message}"));
                if let Some(word) = truth {
                    finding.help(format!("write `{word}`"));
                } else if is_text {
                    finding.help(format!("write it in quotes: `'{text}'`"));
                } else if may_be_formula && !is_explained {
                    finding.help(format!("write `={text}` if this is an expression"));
                }
                None
            }
        }
    }

    /// Whether an expression here may use this name.
    pub fn is_in_scope(&self, name: &str) -> bool {
        Visible::new(self).lookup(name).is_some()
    }

    /// A unit or a person that is written out has to be in the organisation.
    fn check_named(&mut self, node: &Node, value: &Value, wanted: &Type) {
        let organization = &self.catalog.organization;
        let (what, known): (&str, Vec<&str>) = match (wanted, value) {
            (Type::List(kind), Value::List(values)) => {
                for (item, value) in reader::one_or_many(node).iter().zip(values.iter()) {
                    self.check_named(item, value, kind);
                }
                return;
            }
            (Type::Unit, Value::Text(_)) => ("unit", organization.units.keys().map(Name::as_str).collect()),
            (Type::Person, Value::Text(_)) => ("person", organization.people.keys().map(Name::as_str).collect()),
            (_, _) => return,
        };
        let Value::Text(name) = value else { return };
        if known.contains(&name.as_str()) {
            return;
        }
        let is_field = self.is_in_scope(name);
        let message = format!("the organisation has no {what} `{name}`");
        let finding = self.error(node.span, "unknown-in-organization", message);
        match is_field {
            true => finding.help(format!("write `={name}` if the field is meant")),
            false => finding.suggest(organization.called(wanted, name).unwrap_or(name), known.into_iter()),
        };
    }
}

/// The expression inside a scalar, and where it begins.
fn expression_text(scalar: &Scalar) -> (&str, usize) {
    match scalar.text.strip_prefix('=') {
        Some(text) => (text, 1),
        None => (&scalar.text, 0),
    }
}

/// `a`, `b` and `c`.
pub fn spoken(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
