//! Calls with constant arguments: they give the same in every scope.

use std::borrow::Cow;

use crate::expression::functions::Native;
use crate::expression::node::Node;
use crate::expression::run::Run;
use crate::expression::{HostFunction, Scope, Slot};
use crate::value::Value;

/// Where there are no values.
struct Nowhere;

impl Scope for Nowhere {
    fn get(&self, _: Slot) -> Cow<'_, Value> {
        Cow::Owned(Value::Null)
    }

    fn call(&self, _: HostFunction, _: &[Value]) -> Value {
        Value::Null
    }
}

/// What a call gives if all its arguments are constants.
pub(super) fn fold(native: Native, arguments: &[Node]) -> Option<Value> {
    let values: Option<Vec<Cow<'_, Value>>> =
        arguments.iter().map(|argument| argument.constant().map(Cow::Borrowed)).collect();
    let run = Run::new(&Nowhere);
    let value = native(&run, &values?).unwrap_or_default();
    Some(run.finish(value))
}
