//! `notify`: a template to people; `urge`: again to whoever the case waits for.

use crate::checker::Checker;
use crate::clauses::people::check_who;
use crate::event::{Candidate, Event, Way};
use crate::ids::{Name, VisitId};
use crate::moment::Moment;
use crate::who::Who;
use crate::yaml::Node;

/// A template to people.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Whom.
    pub to: Vec<Who>,
    template: Name,
    ways: Vec<Way>,
}

impl Notify {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let place = moment.place(visit);
        let to: Vec<Candidate> = self.to.iter().flat_map(|who| who.candidates(&place)).collect();
        moment.emit(Event::Notified { to, template: self.template.clone(), ways: self.ways.clone(), visit });
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`notify`")?;
        let to = keys.require("to", checker).map(|to| check_recipients(checker, to));
        let template = keys.require("template", checker).and_then(|template| checker.template(template));
        let ways = keys.take("by").map(|by| check_ways(checker, by)).unwrap_or_else(|| vec![Way::Inbox]);
        keys.finish(checker);
        Some(Self { to: to?, template: template?, ways })
    }
}

fn check_recipients(checker: &mut Checker<'_>, node: &Node) -> Vec<Who> {
    let items = checker.one_or_many(node);
    items.iter().filter_map(|item| check_who(checker, item)).collect()
}

fn check_ways(checker: &mut Checker<'_>, node: &Node) -> Vec<Way> {
    let words = [("inbox", Way::Inbox), ("mail", Way::Mail), ("sms", Way::Sms)];
    let items = checker.one_or_many(node);
    items.iter().filter_map(|item| checker.word(item, &words)).collect()
}

/// Notifies again whoever the case waits for.
#[derive(Clone, Copy, Debug)]
pub struct Urge;

impl Urge {
    pub(super) fn perform(self, moment: &mut Moment<'_>) {
        let to = waited_for(moment);
        moment.emit(Event::Urged { to });
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        checker.keys(node, "`urge`")?.finish(checker);
        Some(Self)
    }
}

fn waited_for(moment: &Moment<'_>) -> Vec<Candidate> {
    let mut to: Vec<Candidate> = Vec::new();
    for task in moment.case.visits.values().filter_map(|visit| visit.task.as_ref()) {
        match &task.holder {
            Some(person) => to.push(Candidate::Person { person: person.clone() }),
            None => to.extend(task.offered.iter().cloned()),
        }
    }
    to.sort();
    to.dedup();
    to
}
