//! How a runner works.

use jiff::SignedDuration;

use super::inside::HOPS_MAX;

/// A case that has been over for so long is mostly looked at, and rarely goes on.
const COLD_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How a runner works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many committers there are; on SQLite at most two.
    pub committers: usize,
    /// How many commands go into one transaction at most.
    pub batch_max: usize,
    /// How many cases are kept in memory.
    pub cache_max: u64,
    /// Whether timers, schedules and the outbox are served by themselves. Without it they wait for [`Runner::settle`].
    pub automatic: bool,
    /// How many cases may set each other off in a row; what the next one would be told is given up.
    pub hops_max: u32,
    /// How long after its end the history of a case is moved into one row; never without.
    pub cold_after: Option<SignedDuration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            committers: 1,
            batch_max: 256,
            cache_max: 20_000,
            automatic: true,
            hops_max: HOPS_MAX,
            cold_after: Some(COLD_AFTER),
        }
    }
}
