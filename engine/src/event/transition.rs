//! What one command did to a case, stored as a whole.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Actor, Event};

/// Everything that one command did to one case, all or nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// 1 for the first transition of a case, then 2, 3 …
    pub sequence: u32,
    /// When it was decided.
    pub at: Timestamp,
    /// Who caused it.
    pub by: Actor,
    /// The version of the event shapes.
    #[serde(rename = "v")]
    pub version: u16,
    /// What happened, in order.
    pub events: Vec<Event>,
}
