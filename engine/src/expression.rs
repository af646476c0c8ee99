//! Expressions: FEEL (DMN 1.5), checked against the fields in scope and bounded in work.
//!
//! `null` means not yet known and is never an error: a comparison with it is null, and so is whatever
//! cannot be computed, or would take more work than the limits allow. There is no clock:
//! `now()` is the host's function. Left out on purpose are function definitions, `external`, `sort` and
//! what takes a function, numbers of more than 28 digits, and years beyond 9999.

use std::borrow::Cow;
use std::sync::Arc;

use crate::ids::Name;
use crate::value::{Type, Value};

mod check;
mod compare;
mod compile;
mod evaluate;
mod functions;
mod lexer;
pub mod limits;
mod mistake;
mod node;
mod operators;
mod parser;
mod run;
mod shape;
mod syntax;
mod unary_tests;

pub use compare::{equal, order};
pub use mistake::Mistake;
pub use unary_tests::{Test, UnaryTests, compile_unary_tests};

use node::Node;
use run::Run;

/// Where the host keeps the value of a name: whatever number suits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// Which function of the host's: whatever number suits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostFunction(pub u32);

/// How a function of the host's is called.
#[derive(Clone, Debug)]
pub struct Signature {
    /// What the host is asked for at run time.
    pub function: HostFunction,
    /// What it takes; optional parameters come last.
    pub parameters: Vec<Parameter>,
    /// What it gives.
    pub result: Type,
}

/// What a function of the host's takes in one place.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, for messages and for `name: value`.
    pub name: Name,
    /// What may stand there.
    pub accepts: Accepts,
    /// Whether it may be left away.
    pub optional: bool,
}

/// What may stand in an argument's place.
#[derive(Clone, Debug)]
pub enum Accepts {
    /// An expression of this type.
    Value(Type),
    /// One of these words, written bare or in quotes, passed as a text: `visits(sign-off)`.
    Word {
        /// What the words are, for messages: "step".
        of: Name,
        /// All of them.
        words: Vec<Name>,
    },
}

/// What the host knows when an expression is compiled.
pub trait Names {
    /// A field or variable.
    fn lookup(&self, name: &str) -> Option<(Slot, Type)>;

    /// A function beside those of FEEL.
    fn function(&self, name: &str) -> Option<Signature>;

    /// The names of those functions, for suggestions.
    fn functions(&self) -> Vec<Name> {
        Vec::new()
    }

    /// All names of fields and variables, for suggestions and for names of several words.
    fn all(&self) -> Vec<Name>;
}

/// What the host knows when an expression is evaluated.
pub trait Scope {
    /// The value behind a slot that [`Names::lookup`] gave.
    fn get(&self, slot: Slot) -> Cow<'_, Value>;

    /// The value of a function that [`Names::function`] gave; left-out optional arguments are not passed.
    fn call(&self, function: HostFunction, arguments: &[Value]) -> Value;
}

/// An expression that has been read and checked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Expression(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    text: String,
    node: Node,
    kind: Type,
    reads: Vec<Slot>,
}

impl Expression {
    /// Reads an expression and checks it: every name is known, every operand is of the right kind,
    /// and the result is of the kind `wanted`. Gives all mistakes found.
    pub fn compile(text: &str, names: &dyn Names, wanted: &Type) -> Result<Self, Vec<Mistake>> {
        let tree = parser::parse(text, names).map_err(|mistake| vec![mistake])?;
        let (node, kind, reads) = compile::whole(&tree, names, wanted)?;
        Ok(Self(Arc::new(Compiled { text: text.to_owned(), node, kind, reads })))
    }

    /// The value in this scope: null if it is not known, cannot be computed, or would take too much work.
    pub fn evaluate(&self, scope: &dyn Scope) -> Value {
        let run = Run::new(scope);
        if self.0.kind == Type::Boolean {
            let truth = self.0.node.truth(&run).filter(|_| !run.is_exhausted());
            return truth.map_or(Value::Null, Value::Boolean);
        }
        let value = self.0.node.evaluate(&run).into_owned();
        run.finish(value)
    }

    /// Whether it is true in this scope: what a condition asks.
    pub fn holds(&self, scope: &dyn Scope) -> bool {
        let run = Run::new(scope);
        self.0.node.truth(&run) == Some(true) && !run.is_exhausted()
    }

    /// What kind of value it gives.
    pub fn result_type(&self) -> &Type {
        &self.0.kind
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
