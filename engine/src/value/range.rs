//! A range of values: `[1..5)`, or one side of a value: `(< 10)`.

use std::fmt;

use super::Value;

/// How a value stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// A set of values in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// From one value to another.
    Between {
        /// Where it starts.
        start: Value,
        /// Whether `start` belongs to it.
        start_included: bool,
        /// Where it ends.
        end: Value,
        /// Whether `end` belongs to it.
        end_included: bool,
    },
    /// All that stand so to a value.
    Compared {
        /// How they stand to it.
        comparison: Comparison,
        /// The value.
        with: Value,
    },
}

impl Range {
    /// The values it is made of.
    pub fn ends(&self) -> impl Iterator<Item = &Value> {
        let (first, second) = match self {
            Self::Between { start, end, .. } => (start, Some(end)),
            Self::Compared { with, .. } => (with, None),
        };
        std::iter::once(first).chain(second)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between { start, start_included, end, end_included } => {
                f.write_str(if *start_included { "[" } else { "(" })?;
                super::write_nested(f, start)?;
                f.write_str("..")?;
                super::write_nested(f, end)?;
                f.write_str(if *end_included { "]" } else { ")" })
            }
            Self::Compared { comparison, with } => {
                write!(f, "({} ", comparison.symbol())?;
                super::write_nested(f, with)?;
                f.write_str(")")
            }
        }
    }
}
