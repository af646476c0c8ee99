//! The tree as plain JSON, for files that serde reads once their keys are known to be unique.

use serde_json::{Map, Value};

use super::{Kind, Node, Scalar};

/// Mappings, lists, booleans, integers and null as such; everything else is a string exactly as written. So `1.50`
/// becomes `"1.50"`, which a decimal reads without loss, and an integer beyond 64 bits a string of its digits.
/// The tree is at most [`super::NESTING_MAX`] deep when it comes from [`super::read`].
pub fn to_json(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar(scalar) => scalar_to_json(scalar),
        Kind::Sequence(items) => items.iter().map(to_json).collect(),
        Kind::Mapping(entries) => {
            let pairs = entries.iter().map(|entry| (entry.key.text.as_str().to_owned(), to_json(&entry.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}

fn scalar_to_json(scalar: &Scalar) -> Value {
    if scalar.as_null() {
        return Value::Null;
    }
    if let Some(truth) = scalar.as_bool() {
        return Value::Bool(truth);
    }
    match scalar.as_integer() {
        Some(number) => Value::from(number),
        None => Value::from(scalar.text.as_str()),
    }
}
