//! `list[2]`, `list[-1]`, `list[price > 3]`.

use rust_decimal::Decimal;

use crate::expression::functions::index_at;
use crate::expression::node::Filter;
use crate::expression::run::Run;
use crate::value::Value;

impl Filter {
    pub(super) fn evaluate(&self, run: &Run<'_>) -> Value {
        let of = self.of.evaluate(run);
        let single;
        let items = match &*of {
            Value::Null => return Value::Null,
            Value::List(items) => items.as_slice(),
            other => {
                single = [other.clone()];
                &single
            }
        };
        if self.uses_item { self.each(run, items) } else { self.at_once(run, items) }
    }

    /// A position, or a condition on the whole.
    fn at_once(&self, run: &Run<'_>, items: &[Value]) -> Value {
        match &*self.by.evaluate(run) {
            Value::Number(position) => at(items, *position).cloned().unwrap_or_default(),
            Value::Boolean(true) => run.list(items.to_vec()),
            Value::Boolean(false) | Value::Null => run.list(Vec::new()),
            _ => Value::Null,
        }
    }

    fn each(&self, run: &Run<'_>, items: &[Value]) -> Value {
        let mut kept = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if !run.charge(self.cost) {
                return Value::Null;
            }
            run.set_local(self.item, item.clone());
            let is_kept = match &*self.by.evaluate(run) {
                Value::Boolean(truth) => *truth,
                Value::Number(position) => *position == Decimal::from(index + 1),
                _ => false,
            };
            if is_kept {
                kept.push(item.clone());
            }
        }
        run.list(kept)
    }
}

/// The item at a position that counts from 1, or from the end if it is negative.
pub(in crate::expression) fn at(items: &[Value], position: Decimal) -> Option<&Value> {
    let index = index_at(items.len(), position)?;
    items.get(index)
}
