//! One evaluation under way: its scope, its local variables, and the work it may still do.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::Scope;
use super::limits::{ITEMS_MAX, RESULT_BYTES_MAX, STEPS_MAX};
use crate::ids::Name;
use crate::value::{Range, VALUE_DEPTH_MAX, Value};

/// Bytes of text that count as one step of work.
const BYTES_PER_STEP: usize = 16;

pub(super) struct Run<'e> {
    pub(super) scope: &'e dyn Scope,
    locals: RefCell<Vec<Value>>,
    steps_left: Cell<u64>,
}

impl<'e> Run<'e> {
    pub(super) fn new(scope: &'e dyn Scope) -> Self {
        Self { scope, locals: RefCell::new(Vec::new()), steps_left: Cell::new(STEPS_MAX) }
    }

    /// The result of the whole: null if the work was too much.
    pub(super) fn finish(&self, value: Value) -> Value {
        if self.is_exhausted() { Value::Null } else { value }
    }

    /// Does some work, if there is any left to do it. From then on there is none.
    pub(super) fn charge(&self, steps: u64) -> bool {
        let left = self.steps_left.get().saturating_sub(steps);
        self.steps_left.set(left);
        left > 0
    }

    pub(super) fn charge_items(&self, items: usize) -> bool {
        self.charge(items as u64)
    }

    pub(super) fn charge_bytes(&self, bytes: usize) -> bool {
        self.charge((bytes / BYTES_PER_STEP) as u64 + 1)
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.steps_left.get() == 0
    }

    pub(super) fn local(&self, position: usize) -> Value {
        self.locals.borrow().get(position).cloned().unwrap_or_default()
    }

    /// Sets a local; those behind it are forgotten, those before it that nobody has set are null.
    pub(super) fn set_local(&self, position: usize, value: Value) {
        let mut locals = self.locals.borrow_mut();
        locals.resize(position, Value::Null);
        locals.push(value);
    }

    /// A new text, null if it is too long.
    pub(super) fn text(&self, text: String) -> Value {
        let is_fit = text.len() <= RESULT_BYTES_MAX && self.charge_bytes(text.len());
        if is_fit { Value::from(text) } else { Value::Null }
    }

    /// A new list, null if it is too long or nests too deep.
    pub(super) fn list(&self, items: Vec<Value>) -> Value {
        let is_fit = items.len() <= ITEMS_MAX && self.weigh(&items);
        if is_fit { Value::from(items) } else { Value::Null }
    }

    /// A new context, null if it is too large or nests too deep.
    pub(super) fn context(&self, entries: BTreeMap<Name, Value>) -> Value {
        let is_fit = entries.len() <= ITEMS_MAX && self.weigh(entries.values());
        if is_fit { Value::from(entries) } else { Value::Null }
    }

    /// A new range, null if it nests too deep.
    pub(super) fn range(&self, range: Range) -> Value {
        if self.weigh(range.ends()) { Value::from(range) } else { Value::Null }
    }

    /// Charges for a walk over a value that may be large; small ones are free.
    pub(super) fn charge_value(&self, value: &Value) -> bool {
        match value {
            Value::List(_) | Value::Context(_) | Value::Range(_) => self.weigh_one(value, 0),
            Value::Text(text) if text.len() > BYTES_PER_STEP * 8 => self.charge_bytes(text.len()),
            Value::Text(_)
            | Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::Days(_)
            | Value::Months(_) => true,
        }
    }

    /// Charges what the values weigh when shared parts are counted each time: values that share their
    /// parts take little memory, but whoever walks over them later walks over all.
    fn weigh<'v>(&self, values: impl IntoIterator<Item = &'v Value>) -> bool {
        values.into_iter().all(|value| self.weigh_one(value, 1))
    }

    fn weigh_one(&self, value: &Value, depth: usize) -> bool {
        let is_nested = matches!(value, Value::List(_) | Value::Context(_) | Value::Range(_));
        if is_nested && depth >= VALUE_DEPTH_MAX {
            return false;
        }
        match value {
            Value::List(items) => self.charge(1) && items.iter().all(|item| self.weigh_one(item, depth + 1)),
            Value::Context(entries) => self.charge(1) && entries.values().all(|item| self.weigh_one(item, depth + 1)),
            Value::Range(range) => self.charge(1) && range.ends().all(|end| self.weigh_one(end, depth + 1)),
            Value::Text(text) => self.charge_bytes(text.len()),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::Days(_)
            | Value::Months(_) => self.charge(1),
        }
    }
}
