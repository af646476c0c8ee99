//! Unary tests: what a cell of a decision table asks of its input: `"water", > 3`, `[1..5]`, `not(…)`, `-`.

use std::sync::Arc;

use super::compare::any;
use super::evaluate::passes_test;
use super::mistake::Mistake;
use super::node::Alternative;
use super::run::Run;
use super::{Names, Scope, Slot, compile, parser};
use crate::value::{Range, Type, Value};

/// The tests of one cell, read and checked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct UnaryTests(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    text: String,
    negated: bool,
    alternatives: Vec<Alternative>,
    reads: Vec<Slot>,
}

/// What one alternative asks, for whoever looks for gaps and overlaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The input equals this value.
    Is(Value),
    /// The input lies in this range; the values in it are constants.
    Within(Range),
    /// Something that depends on other fields.
    Open,
}

/// Reads and checks a cell for inputs of the kind `input`. Inside, `?` is the input.
pub fn compile_unary_tests(text: &str, names: &dyn Names, input: &Type) -> Result<UnaryTests, Vec<Mistake>> {
    let tests = parser::parse_tests(text, names).map_err(|mistake| vec![mistake])?;
    let (alternatives, reads) = compile::tests(&tests.alternatives, names, input)?;
    Ok(UnaryTests(Arc::new(Compiled { text: text.to_owned(), negated: tests.negated, alternatives, reads })))
}

impl UnaryTests {
    /// Whether the input passes: null if that is not known.
    pub fn evaluate(&self, input: &Value, scope: &dyn Scope) -> Value {
        if self.is_anything() {
            return Value::Boolean(true);
        }
        let run = Run::new(scope);
        let passes = any(self.0.alternatives.iter().map(|alternative| {
            run.set_local(0, input.clone());
            if alternative.is_condition {
                return alternative.node.truth(&run);
            }
            passes_test(input, &alternative.node, &run)
        }));
        run.finish(passes.map_or(Value::Null, |passes| Value::Boolean(passes != self.0.negated)))
    }

    /// Whether the input certainly passes.
    pub fn holds(&self, input: &Value, scope: &dyn Scope) -> bool {
        self.evaluate(input, scope).is_true()
    }

    /// Whether it is `-`: anything passes, null too.
    pub fn is_anything(&self) -> bool {
        self.0.alternatives.is_empty()
    }

    /// Whether the tests stand in `not(…)`.
    pub fn is_negated(&self) -> bool {
        self.0.negated
    }

    /// What each alternative asks, a list of constants taken apart; none for `-`.
    pub fn tests(&self) -> Vec<Test> {
        self.0.alternatives.iter().flat_map(Alternative::tests).collect()
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The slots it may read, in order.
    pub fn reads(&self) -> &[Slot] {
        &self.0.reads
    }
}

impl Alternative {
    fn tests(&self) -> Vec<Test> {
        if self.is_condition {
            return vec![Test::Open];
        }
        match self.node.constant() {
            Some(Value::List(items)) => items.iter().map(test_of).collect(),
            Some(value) => vec![test_of(value)],
            None => vec![Test::Open],
        }
    }
}

fn test_of(value: &Value) -> Test {
    match value {
        Value::Range(range) => Test::Within((**range).clone()),
        value => Test::Is(value.clone()),
    }
}
