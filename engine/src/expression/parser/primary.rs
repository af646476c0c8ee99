//! Reads what operators stand between: literals, names, brackets, `if`, `for`, `some`, `every`, and what follows a value.

use super::names::is_reserved;
use super::{Parser, binding};
use crate::expression::lexer::Token;
use crate::expression::limits::NESTING_MAX;
use crate::expression::mistake::{Mistake, Wrong};
use crate::expression::syntax::{Iteration, Syntax, Tree, Written};
use crate::value::{DateTime, Time, Value, duration, parse_date};

impl Parser<'_> {
    /// One level deeper, if there may be one.
    pub(super) fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        if self.nesting >= NESTING_MAX {
            return Err(Mistake::new(self.next().span.clone(), &Wrong::TooDeep));
        }
        self.nesting += 1;
        let result = inside(self);
        self.nesting -= 1;
        result
    }

    /// A value with the paths, filters and type questions behind it.
    pub(super) fn postfix(&mut self) -> Result<Tree, Mistake> {
        let start = self.next().span.start;
        let mut tree = self.primary()?;
        loop {
            let syntax = if self.eat_symbol(".") {
                let name = self.words("the name of a property")?;
                Syntax::Path(Box::new(tree), name)
            } else if self.may_filter && self.eat_symbol("[") {
                let filter = self.expression()?;
                self.expect_symbol("]", "`]`")?;
                Syntax::Filter(Box::new(tree), Box::new(filter))
            } else if self.is_word("instance") && self.word_at(1) == Some("of") {
                self.at += 2;
                Syntax::InstanceOf(Box::new(tree), self.type_tree()?)
            } else {
                return Ok(tree);
            };
            tree = self.tree(start, syntax)?;
        }
    }

    fn primary(&mut self) -> Result<Tree, Mistake> {
        let start = self.next().span.start;
        match self.token_at(0).clone() {
            Token::Number(number) => self.constant(Value::Number(number)),
            Token::Text(text) => self.constant(Value::from(text)),
            Token::Symbol("@") => self.moment(start),
            Token::Symbol("(") => self.round(start),
            Token::Symbol("[") => self.square(start),
            Token::Symbol("]") => {
                self.at += 1;
                let first = self.expression()?;
                self.range_from(first, start, false)
            }
            Token::Symbol("{") => self.context(start),
            Token::Word => self.worded(start),
            Token::Symbol(_) | Token::End => Err(self.expected("a value")),
        }
    }

    fn constant(&mut self, value: Value) -> Result<Tree, Mistake> {
        let start = self.next().span.start;
        self.at += 1;
        self.tree(start, Syntax::Constant(value))
    }

    /// `@"2026-01-01"`.
    fn moment(&mut self, start: usize) -> Result<Tree, Mistake> {
        self.at += 1;
        let Token::Text(text) = self.token_at(0).clone() else {
            return Err(self.expected("a date, time or duration in quotes"));
        };
        self.at += 1;
        let value = read_moment(&text);
        let value = value.ok_or_else(|| Mistake::new(start..self.end(), &Wrong::NotAMoment(text)))?;
        self.tree(start, Syntax::Constant(value))
    }

    /// `(a)`, `(a..b)`, `(< a)`.
    fn round(&mut self, start: usize) -> Result<Tree, Mistake> {
        self.at += 1;
        if let Some(comparison) = self.comparison() {
            self.at += 1;
            let with = self.expression()?;
            self.expect_symbol(")", "`)`")?;
            return self.tree(start, Syntax::Compared(comparison, Box::new(with)));
        }
        let inside = self.expression()?;
        if self.is_symbol("..") {
            return self.range_from(inside, start, false);
        }
        self.expect_symbol(")", "`)`")?;
        Ok(inside.within(start..self.end()))
    }

    /// `[a, b]`, `[a..b]`.
    fn square(&mut self, start: usize) -> Result<Tree, Mistake> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.is_symbol("]") {
            items.push(self.expression()?);
            if self.is_symbol("..") && items.len() == 1 {
                let first = items.remove(0);
                return self.range_from(first, start, true);
            }
            if !self.eat_symbol(",") {
                break;
            }
        }
        self.expect_symbol("]", "`,` or `]`")?;
        self.tree(start, Syntax::List(items))
    }

    /// The rest of a range, from its dots.
    pub(super) fn range_from(&mut self, first: Tree, start: usize, start_included: bool) -> Result<Tree, Mistake> {
        self.expect_symbol("..", "`..`")?;
        let outside = std::mem::replace(&mut self.may_filter, false);
        let last = self.nested(|parser| parser.binary(binding::SUM));
        self.may_filter = outside;
        let last = last?;
        let end_included = self.is_symbol("]");
        if !(self.eat_symbol("]") || self.eat_symbol(")") || self.eat_symbol("[")) {
            return Err(self.expected("`]` or `)` at the end of the range"));
        }
        let (start_tree, end_tree) = (Box::new(first), Box::new(last));
        self.tree(start, Syntax::Range { start: start_tree, start_included, end: end_tree, end_included })
    }

    /// `{a: 1, "b c": 2}`.
    fn context(&mut self, start: usize) -> Result<Tree, Mistake> {
        self.at += 1;
        let mut entries: Vec<(Written, Tree)> = Vec::new();
        while !self.is_symbol("}") {
            let key = self.key()?;
            if entries.iter().any(|(other, _)| other.text == key.text) {
                return Err(Mistake::new(key.span, &Wrong::RepeatedName(key.text)));
            }
            entries.push((key, self.expression()?));
            if !self.eat_symbol(",") {
                break;
            }
        }
        self.expect_symbol("}", "`,` or `}`")?;
        self.tree(start, Syntax::Context(entries))
    }

    fn key(&mut self) -> Result<Written, Mistake> {
        let Token::Text(text) = self.token_at(0).clone() else {
            return if self.is_named() { self.named() } else { Err(self.expected("a name and `:`")) };
        };
        let span = self.next().span.clone();
        self.at += 1;
        self.expect_symbol(":", "`:`")?;
        Ok(Written { text, span })
    }

    /// What begins with a word: a keyword's form, a name or a call.
    fn worded(&mut self, start: usize) -> Result<Tree, Mistake> {
        let word = self.word().unwrap_or_default();
        let is_call = self.token_at(1) == &Token::Symbol("(");
        match word {
            "null" => return self.constant(Value::Null),
            "true" | "false" => return self.constant(Value::Boolean(word == "true")),
            "if" => return self.nested(|parser| parser.condition(start)),
            "for" => return self.nested(|parser| parser.loops(start)),
            "some" | "every" if !is_call => return self.nested(|parser| parser.quantified(start)),
            "function" => return Err(Mistake::new(self.next().span.clone(), &Wrong::NoFunctionDefinitions)),
            _ => {}
        }
        if is_reserved(word) && !(is_call && self.names.function(word).is_some()) {
            return Err(self.expected("a value"));
        }
        let name = self.words("a name")?;
        if self.is_symbol("(") {
            return self.call(name, start);
        }
        self.tree(start, Syntax::Name(name.text))
    }

    fn condition(&mut self, start: usize) -> Result<Tree, Mistake> {
        self.at += 1;
        let condition = self.expression()?;
        self.expect_word("then", "`then`")?;
        let then = self.expression()?;
        self.expect_word("else", "`else`")?;
        let otherwise = self.binary(binding::EITHER)?;
        self.tree(start, Syntax::If(Box::new([condition, then, otherwise])))
    }

    fn loops(&mut self, start: usize) -> Result<Tree, Mistake> {
        self.at += 1;
        let iterations = self.iterations()?;
        self.expect_word("return", "`,` or `return`")?;
        let body = self.binary(binding::EITHER)?;
        self.tree(start, Syntax::For(iterations, Box::new(body)))
    }

    fn quantified(&mut self, start: usize) -> Result<Tree, Mistake> {
        let every = self.is_word("every");
        self.at += 1;
        let iterations = self.iterations()?;
        self.expect_word("satisfies", "`,` or `satisfies`")?;
        let condition = Box::new(self.binary(binding::EITHER)?);
        self.tree(start, Syntax::Quantified { every, iterations, condition })
    }

    /// `x in list, y in 1..x`.
    fn iterations(&mut self) -> Result<Vec<Iteration>, Mistake> {
        let mut iterations = Vec::new();
        loop {
            let variable = self.words("the name of a variable")?;
            self.expect_word("in", "`in`")?;
            let source = self.expression()?;
            let until = if self.eat_symbol("..") { Some(self.expression()?) } else { None };
            iterations.push(Iteration { variable, source, until });
            if !self.eat_symbol(",") {
                return Ok(iterations);
            }
        }
    }
}

/// What a text after `@` stands for.
pub(in crate::expression) fn read_moment(text: &str) -> Option<Value> {
    let date = parse_date(text).map(Value::Date);
    date.or_else(|| DateTime::parse(text).map(Value::DateTime))
        .or_else(|| Time::parse(text).map(Value::Time))
        .or_else(|| duration::parse(text))
}
