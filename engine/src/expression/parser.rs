//! Reads tokens into a tree: operators by their binding, what they bind in `primary`.

use super::Names;
use super::lexer::{Lexeme, Token, is_name_part, tokens};
use super::limits::NESTING_MAX;
use super::mistake::{Mistake, Wrong};
use super::syntax::{Operator, Syntax, Tree};
use crate::ids::Name;
use crate::value::Comparison;

mod calls;
mod names;
mod primary;

/// How tightly operators bind, loosest first.
mod binding {
    pub(super) const EITHER: u8 = 1;
    pub(super) const ALL: u8 = 2;
    pub(super) const COMPARE: u8 = 3;
    pub(super) const SUM: u8 = 4;
    pub(super) const PRODUCT: u8 = 5;
    pub(super) const POWER: u8 = 6;
}

const COMPARISONS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

const OPERATORS: [(Operator, u8); 5] = [
    (Operator::Add, binding::SUM),
    (Operator::Subtract, binding::SUM),
    (Operator::Multiply, binding::PRODUCT),
    (Operator::Divide, binding::PRODUCT),
    (Operator::Power, binding::POWER),
];

/// Reads a whole text as one expression.
pub(super) fn parse(text: &str, names: &dyn Names) -> Result<Tree, Mistake> {
    let mut parser = Parser::new(text, names)?;
    let tree = parser.expression()?;
    parser.expect_end("an operator or the end")?;
    Ok(tree)
}

/// The alternatives of a decision table's cell.
pub(super) struct Tests {
    /// Whether they stand in `not(…)`.
    pub(super) negated: bool,
    /// None of them for `-`, which holds for anything.
    pub(super) alternatives: Vec<Tree>,
}

/// Reads a whole text as unary tests: `"water", > 3`, `not([1..5])`, `-`.
pub(super) fn parse_tests(text: &str, names: &dyn Names) -> Result<Tests, Mistake> {
    let mut parser = Parser::new(text, names)?;
    if parser.is_symbol("-") && parser.token_at(1) == &Token::End {
        return Ok(Tests { negated: false, alternatives: Vec::new() });
    }
    let negated = parser.is_word("not") && parser.token_at(1) == &Token::Symbol("(");
    if negated {
        parser.at += 2;
    }
    let alternatives = parser.tests()?;
    if negated {
        parser.expect_symbol(")", "`,` or `)`")?;
    }
    parser.expect_end("`,` or the end")?;
    Ok(Tests { negated, alternatives })
}

/// The tokens, and how far they are read.
struct Parser<'t> {
    text: &'t str,
    lexemes: Vec<Lexeme>,
    at: usize,
    nesting: usize,
    /// False while reading the end of a range, where `[` closes it: `[1..5[`.
    may_filter: bool,
    names: &'t dyn Names,
    /// Names known to the host that no single word can be, longest first.
    composites: Vec<Name>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, names: &'t dyn Names) -> Result<Self, Mistake> {
        let lexemes = tokens(text)?;
        let mut composites = names.all();
        composites.retain(|name| !name.is_empty() && !name.chars().all(is_name_part));
        composites.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let parser = Self { text, lexemes, at: 0, nesting: 0, may_filter: true, names, composites };
        if parser.lexemes.len() == 1 {
            return Err(Mistake::new(0..text.len(), &Wrong::Empty));
        }
        Ok(parser)
    }

    /// The token `ahead` of the next one; the end from there on.
    fn token_at(&self, ahead: usize) -> &Token {
        self.lexemes.get(self.at + ahead).map_or(&Token::End, |lexeme| &lexeme.token)
    }

    fn next(&self) -> &Lexeme {
        &self.lexemes[self.at.min(self.lexemes.len() - 1)]
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.token_at(0), Token::Symbol(next) if *next == symbol)
    }

    /// The next token's text, if it is a word.
    fn word(&self) -> Option<&'t str> {
        self.word_at(0)
    }

    fn word_at(&self, ahead: usize) -> Option<&'t str> {
        let lexeme = self.lexemes.get(self.at + ahead)?;
        if lexeme.token == Token::Word { Some(&self.text[lexeme.span.clone()]) } else { None }
    }

    fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    fn eat_symbol(&mut self, symbol: &str) -> bool {
        let is_next = self.is_symbol(symbol);
        self.at += usize::from(is_next);
        is_next
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let is_next = self.is_word(word);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect_symbol(&mut self, symbol: &str, wanted: &'static str) -> Result<(), Mistake> {
        if self.eat_symbol(symbol) { Ok(()) } else { Err(self.expected(wanted)) }
    }

    fn expect_word(&mut self, word: &str, wanted: &'static str) -> Result<(), Mistake> {
        if self.eat_word(word) { Ok(()) } else { Err(self.expected(wanted)) }
    }

    fn expect_end(&self, wanted: &'static str) -> Result<(), Mistake> {
        if self.token_at(0) == &Token::End { Ok(()) } else { Err(self.expected(wanted)) }
    }

    /// The mistake that the next token is not what was wanted.
    fn expected(&self, wanted: &'static str) -> Mistake {
        let next = self.next();
        let found = match next.token {
            Token::End => "the end".to_owned(),
            Token::Word | Token::Number(_) | Token::Text(_) | Token::Symbol(_) => {
                format!("`{}`", &self.text[next.span.clone()])
            }
        };
        Mistake::new(next.span.clone(), &Wrong::Expected { wanted, found })
    }

    /// Where the last token read ends.
    fn end(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |last| self.lexemes[last].span.end)
    }

    fn tree(&self, start: usize, syntax: Syntax) -> Result<Tree, Mistake> {
        Tree::new(start..self.end(), syntax)
    }

    /// An expression inside brackets or at the top: here `[` after a value is a filter again.
    fn expression(&mut self) -> Result<Tree, Mistake> {
        if self.nesting >= NESTING_MAX {
            return Err(Mistake::new(self.next().span.clone(), &Wrong::TooDeep));
        }
        self.nesting += 1;
        let outside = std::mem::replace(&mut self.may_filter, true);
        let tree = self.binary(binding::EITHER);
        self.may_filter = outside;
        self.nesting -= 1;
        tree
    }

    /// A chain of operators that bind at least as tightly as `loosest`.
    fn binary(&mut self, loosest: u8) -> Result<Tree, Mistake> {
        let start = self.next().span.start;
        let mut left = self.unary()?;
        loop {
            let next = self.binary_step(left, start, loosest)?;
            match next {
                Step::More(tree) => left = tree,
                Step::Done(tree) => return Ok(tree),
            }
        }
    }

    /// One more operator after `left`, if there is one that binds tightly enough.
    fn binary_step(&mut self, left: Tree, start: usize, loosest: u8) -> Result<Step, Mistake> {
        let syntax = if let Some((operator, tightness)) = self.operator().filter(|(_, found)| *found >= loosest) {
            self.at += 1;
            let right = self.binary(tightness + 1)?;
            Syntax::Arithmetic(operator, Box::new(left), Box::new(right))
        } else if loosest <= binding::COMPARE && self.comparison().is_some() {
            let comparison = self.comparison().unwrap_or(Comparison::Equal);
            self.at += 1;
            let right = self.binary(binding::SUM)?;
            Syntax::Compare(comparison, Box::new(left), Box::new(right))
        } else if loosest <= binding::COMPARE && self.eat_word("between") {
            let low = self.binary(binding::SUM)?;
            self.expect_word("and", "`and` and the upper bound")?;
            let high = self.binary(binding::SUM)?;
            Syntax::Between(Box::new([left, low, high]))
        } else if loosest <= binding::COMPARE && self.eat_word("in") {
            Syntax::In(Box::new(left), self.tests_of_in()?)
        } else if loosest <= binding::ALL && self.is_word("and") {
            Syntax::All(self.chain(left, "and", binding::COMPARE)?)
        } else if loosest <= binding::EITHER && self.is_word("or") {
            Syntax::Either(self.chain(left, "or", binding::ALL)?)
        } else {
            return Ok(Step::Done(left));
        };
        self.tree(start, syntax).map(Step::More)
    }

    /// `left and b and c`: one flat list, so that long conditions do not nest.
    fn chain(&mut self, left: Tree, word: &str, tightness: u8) -> Result<Vec<Tree>, Mistake> {
        let mut trees = vec![left];
        while self.eat_word(word) {
            trees.push(self.binary(tightness)?);
        }
        Ok(trees)
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        let Token::Symbol(symbol) = self.token_at(0) else { return None };
        OPERATORS.into_iter().find(|(operator, _)| operator.symbol() == *symbol)
    }

    fn comparison(&self) -> Option<Comparison> {
        let Token::Symbol(symbol) = self.token_at(0) else { return None };
        COMPARISONS.into_iter().find(|comparison| comparison.symbol() == *symbol)
    }

    /// Alternatives of `in` or of a table's cell: `"water", > 3, [1..5]`.
    fn tests(&mut self) -> Result<Vec<Tree>, Mistake> {
        let mut tests = vec![self.test()?];
        while self.eat_symbol(",") {
            tests.push(self.test()?);
        }
        Ok(tests)
    }

    /// One alternative: `> 3`, a range, a value, or a condition.
    fn test(&mut self) -> Result<Tree, Mistake> {
        let start = self.next().span.start;
        let Some(comparison) = self.comparison() else {
            return self.expression();
        };
        self.at += 1;
        let with = self.binary(binding::SUM)?;
        self.tree(start, Syntax::Compared(comparison, Box::new(with)))
    }

    /// What follows `in`: one alternative, or several in round brackets, or a range that opens so.
    fn tests_of_in(&mut self) -> Result<Vec<Tree>, Mistake> {
        let start = self.next().span.start;
        if let Some(comparison) = self.comparison() {
            self.at += 1;
            let with = self.binary(binding::SUM)?;
            return Ok(vec![self.tree(start, Syntax::Compared(comparison, Box::new(with)))?]);
        }
        if !self.is_symbol("(") {
            return Ok(vec![self.binary(binding::SUM)?]);
        }
        self.at += 1;
        let first = self.test()?;
        if self.is_symbol("..") {
            return Ok(vec![self.range_from(first, start, false)?]);
        }
        let mut tests = vec![first];
        while self.eat_symbol(",") {
            tests.push(self.test()?);
        }
        self.expect_symbol(")", "`,` or `)`")?;
        Ok(tests)
    }

    /// A value with its signs.
    fn unary(&mut self) -> Result<Tree, Mistake> {
        let start = self.next().span.start;
        if !self.eat_symbol("-") {
            return self.postfix();
        }
        if self.nesting >= NESTING_MAX {
            return Err(Mistake::new(self.next().span.clone(), &Wrong::TooDeep));
        }
        self.nesting += 1;
        let tree = self.unary();
        self.nesting -= 1;
        self.tree(start, Syntax::Negate(Box::new(tree?)))
    }
}

/// Whether a chain of operators goes on.
enum Step {
    More(Tree),
    Done(Tree),
}
