//! `do`: effects only, then on.

use crate::clauses::effects::Deed;
use crate::clauses::hook::perform;
use crate::event::Ending;
use crate::ids::VisitId;
use crate::moment::{Moment, Work};

/// A step that only does something.
#[derive(Clone, Debug)]
pub struct Do {
    /// What, in order.
    pub deeds: Vec<Deed>,
}

impl Do {
    /// Does it and goes on.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId) {
        moment.first([Work::Finish { visit, how: Ending::Done }]);
        perform(&self.deeds, moment, visit);
    }
}
