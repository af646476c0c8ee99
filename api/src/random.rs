//! Random bytes from the system: for tokens, and for the ids of new cases.

/// So many random bytes.
pub fn bytes<const COUNT: usize>() -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes).expect("every system this runs on has a source of randomness");
    bytes
}
