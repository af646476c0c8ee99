//! Reads names, which in FEEL may be several words and, if the host knows them, hold any character.

use super::Parser;
use crate::expression::lexer::Token;
use crate::expression::mistake::Mistake;
use crate::expression::syntax::{TypeTree, Written};

/// Words that end a name of several words.
const RESERVED: &[&str] = &["and", "or", "in", "between", "then", "else", "return", "satisfies", "instance"];

/// Names of FEEL's own that hold a reserved word.
const HELD: &[&[&str]] =
    &[&["date", "and", "time"], &["days", "and", "time", "duration"], &["years", "and", "months", "duration"]];

pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

impl Parser<'_> {
    /// A name made of all the words that come next.
    pub(super) fn words(&mut self, wanted: &'static str) -> Result<Written, Mistake> {
        let start = self.next().span.start;
        if let Some(written) = self.composite() {
            return Ok(written);
        }
        if let Some(held) = HELD.iter().find(|held| self.are_next(held)) {
            self.at += held.len();
            return Ok(Written { text: held.join(" "), span: start..self.end() });
        }
        let Some(first) = self.word() else {
            return Err(self.expected(wanted));
        };
        self.at += 1;
        let mut text = first.to_owned();
        while let Some(word) = self.word().filter(|word| !is_reserved(word)) {
            text.push(' ');
            text.push_str(word);
            self.at += 1;
        }
        Ok(Written { text, span: start..self.end() })
    }

    fn are_next(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| self.word_at(ahead) == Some(*word))
    }

    /// The longest name of the host's with blanks or operators in it that stands here.
    fn composite(&mut self) -> Option<Written> {
        let start = self.next().span.start;
        let rest = &self.text[start..];
        let candidates = self.composites.iter().filter(|name| rest.starts_with(name.as_str()));
        let ends = candidates.filter_map(|name| {
            let end = start + name.len();
            let count = self.lexemes[self.at..].iter().take_while(|lexeme| lexeme.span.end <= end).count();
            let is_whole = count > 0 && self.lexemes[self.at + count - 1].span.end == end;
            if is_whole { Some((count, end, name)) } else { None }
        });
        let (count, end, name) = ends.into_iter().next()?;
        let written = Written { text: name.to_string(), span: start..end };
        self.at += count;
        Some(written)
    }

    /// Whether a name and a colon come next: an entry's key or an argument's parameter.
    pub(super) fn is_named(&self) -> bool {
        let words = (0..).take_while(|ahead| self.word_at(*ahead).is_some()).count();
        words > 0 && self.token_at(words) == &Token::Symbol(":")
    }

    /// The words before a colon, and the colon.
    pub(super) fn named(&mut self) -> Result<Written, Mistake> {
        let start = self.next().span.start;
        let mut words = Vec::new();
        while let Some(word) = self.word() {
            words.push(word);
            self.at += 1;
        }
        let written = Written { text: words.join(" "), span: start..self.end() };
        self.expect_symbol(":", "`:`")?;
        Ok(written)
    }

    /// A type after `instance of`.
    pub(super) fn type_tree(&mut self) -> Result<TypeTree, Mistake> {
        self.nested(Self::type_tree_inside)
    }

    fn type_tree_inside(&mut self) -> Result<TypeTree, Mistake> {
        let name = self.words("a type")?;
        let takes_parameters = matches!(name.text.as_str(), "list" | "range" | "context" | "function");
        if !takes_parameters || !self.eat_symbol("<") {
            return Ok(TypeTree::Named(name));
        }
        let tree = match name.text.as_str() {
            "list" => TypeTree::List(Box::new(self.type_tree()?)),
            "range" => TypeTree::Range(Box::new(self.type_tree()?)),
            "context" => {
                let mut entries = Vec::new();
                while !self.is_symbol(">") {
                    let key = self.named()?;
                    entries.push((key.text, self.type_tree()?));
                    if !self.eat_symbol(",") {
                        break;
                    }
                }
                TypeTree::Context(entries)
            }
            _ => return self.function_type(),
        };
        self.expect_symbol(">", "`>`")?;
        Ok(tree)
    }

    /// `function<number, text> -> boolean` after its `<`.
    fn function_type(&mut self) -> Result<TypeTree, Mistake> {
        while !self.is_symbol(">") {
            self.type_tree()?;
            if !self.eat_symbol(",") {
                break;
            }
        }
        self.expect_symbol(">", "`>`")?;
        self.expect_symbol("-", "`->`")?;
        self.expect_symbol(">", "`->`")?;
        self.type_tree()?;
        Ok(TypeTree::Function)
    }
}
