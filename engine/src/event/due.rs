//! What events tell of deadlines: the due time, the light, and why it moved.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::Name;

/// The light of a deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// In time.
    #[default]
    Green,
    /// Nearly due.
    Yellow,
    /// Late.
    Red,
}

/// Why a deadline's due time moved after it was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// Somebody granted more time.
    Extended,
    /// The clock was stopped and goes on.
    Resumed,
    /// The clock began anew.
    Restarted,
    /// The calendar changed.
    Recalculated,
}

/// A due time as computed at one moment, with what it was computed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Due {
    /// When the limit ends.
    pub at: Timestamp,
    /// A year on the way is not published yet; the due time will be computed again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// The rule in the administrator's words, as `7 working days` or `until`.
    pub rule: String,
    /// When the clock of the rule began.
    pub from: Timestamp,
    /// The calendar, and its version at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<(Name, String)>,
    /// When each rung of the ladder is reached, in the order of the definition; none when it will not come any more.
    pub rungs: Vec<Option<Timestamp>>,
}
