//! `raise`: the case's urgency, or an incident for an administrator.

use crate::checker::Checker;
use crate::event::Event;
use crate::formula::Operand;
use crate::ids::VisitId;
use crate::moment::Moment;
use crate::value::Type;
use crate::yaml::Node;

/// What is raised.
#[derive(Clone, Debug)]
pub enum Raise {
    /// The case's urgency.
    Urgency(Operand),
    /// An incident.
    Incident(Operand),
}

impl Raise {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        match self {
            Self::Urgency(to) => {
                if let Some(to) = to.name(&moment.place(visit)) {
                    moment.emit(Event::UrgencyRaised { to });
                }
            }
            Self::Incident(text) => {
                let text = text.name(&moment.place(visit)).map_or_else(String::new, |text| text.to_string());
                moment.emit(Event::IncidentRaised { visit, text });
            }
        }
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`raise`")?;
        let urgency = keys.take("urgency").and_then(|to| checker.operand(to, &Type::Text)).map(Self::Urgency);
        let incident = keys.take("incident").and_then(|text| checker.operand(text, &Type::Text)).map(Self::Incident);
        if keys.has("urgency") == keys.has("incident") {
            checker.error(node.span, "missing-key", "`raise` says either `urgency` or `incident`");
        }
        keys.finish(checker);
        urgency.or(incident)
    }
}
