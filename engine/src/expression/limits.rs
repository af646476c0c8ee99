//! The bounds that make every expression end soon, whatever it says.

/// Bytes of an expression's text: a page; longer ones are no rule that anyone reads.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// How deep an expression nests, counted in operators and brackets: each level takes stack to parse, check and evaluate.
pub const NESTING_MAX: usize = 64;

/// Mistakes reported for one expression: after these the rest are consequences.
pub const MISTAKES_MAX: usize = 20;

/// Steps of work in one evaluation: a node inside a loop, an item touched by a function, 16 bytes of new text.
/// 5 to 50 ms on one core of 2026; what needs more yields null.
pub const STEPS_MAX: u64 = 500_000;

/// Steps for a power, a logarithm, an exponential: each is a series of about 15 µs.
pub const SERIES_STEPS: u64 = 1_000;

/// Items of a list that an expression makes: more than any unit has cases of interest to a rule.
pub const ITEMS_MAX: usize = 100_000;

/// Bytes of a text that an expression makes: a thick book, more than any notice or form holds.
pub const RESULT_BYTES_MAX: usize = 1024 * 1024;

/// Parts of the type of a context that an expression makes; a larger one is known only as anything.
pub const TYPE_PARTS_MAX: usize = 256;

/// Bytes of memory for one compiled pattern of `matches`, `replace`, `split`.
pub const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// Bytes of a pattern's text.
pub const PATTERN_TEXT_BYTES_MAX: usize = 1024;
