//! Reads calls: arguments in order or by name, and bare words where a host function takes them.

use super::Parser;
use crate::expression::lexer::Token;
use crate::expression::mistake::Mistake;
use crate::expression::syntax::{Argument, Syntax, Tree, Written};
use crate::expression::{Accepts, Signature};

impl Parser<'_> {
    /// The arguments after a function's name.
    pub(super) fn call(&mut self, name: Written, start: usize) -> Result<Tree, Mistake> {
        let signature = self.names.function(&name.text);
        self.at += 1;
        let mut arguments = Vec::new();
        while !self.is_symbol(")") {
            let argument = if takes_word(signature.as_ref(), arguments.len()) {
                Argument { parameter: None, tree: self.bare_word()? }
            } else if self.is_named() {
                let parameter = Some(self.named()?);
                Argument { parameter, tree: self.expression()? }
            } else {
                Argument { parameter: None, tree: self.expression()? }
            };
            arguments.push(argument);
            if !self.eat_symbol(",") {
                break;
            }
        }
        self.expect_symbol(")", "`,` or `)`")?;
        self.tree(start, Syntax::Call { name, arguments })
    }

    /// All up to the comma or bracket as one name: steps may be called `sign-off`.
    fn bare_word(&mut self) -> Result<Tree, Mistake> {
        let start = self.next().span.start;
        if let Token::Text(text) = self.token_at(0).clone() {
            self.at += 1;
            return self.tree(start, Syntax::Word(text));
        }
        let is_end = |token: &Token| matches!(token, Token::End | Token::Symbol("," | ")" | "("));
        if is_end(self.token_at(0)) {
            return Err(self.expected("a name"));
        }
        while !is_end(self.token_at(0)) {
            self.at += 1;
        }
        let text = self.text[start..self.end()].to_owned();
        self.tree(start, Syntax::Word(text))
    }
}

fn takes_word(signature: Option<&Signature>, position: usize) -> bool {
    let parameter = signature.and_then(|signature| signature.parameters.get(position));
    parameter.is_some_and(|parameter| matches!(parameter.accepts, Accepts::Word { .. }))
}
