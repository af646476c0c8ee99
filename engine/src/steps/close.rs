//! `close`: the case ends with this outcome.

use crate::ids::Name;

/// The end of the case.
#[derive(Clone, Debug)]
pub struct Close {
    /// How it ended, as other processes and reports see it.
    pub outcome: Name,
}
