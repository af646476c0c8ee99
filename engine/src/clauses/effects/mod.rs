//! `do`: what a hook does, all in the one transition that causes it. One file for each kind of effect, which reads it
//! and does it; a new one gets its file, and its lines in the three lists here.

mod check;
mod clock;
mod end;
mod hold;
mod items;
mod mark;
mod notify;
mod raise;
mod send;
mod set;

use jiff::Timestamp;

pub use check::{check_deeds, check_inline};
pub use clock::Clock;
pub use end::End;
pub use hold::{Assign, Release};
pub use items::{Add, Drop};
pub use mark::Mark;
pub use notify::{Notify, Urge};
pub use raise::Raise;
pub use send::{Document, Send, Start, Webhook};
pub use set::{Destination, Set, write};

use crate::checker::Checker;
use crate::event::Fields;
use crate::formula::{Formula, Operand};
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Work};
use crate::yaml::Node;

/// One effect and when it takes place.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Its condition.
    pub when: Option<Formula>,
    /// What is done.
    pub act: Act,
}

/// What an effect does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Fields := values.
    Set(Set),
    /// A template to people.
    Notify(Notify),
    /// A signed event to a connection.
    Webhook(Webhook),
    /// A document filed with the case.
    Document(Document),
    /// An entry in the assessment ledger.
    Mark(Mark),
    /// Another process.
    Start(Start),
    /// A message to other cases.
    Send(Send),
    /// What happens to the clock of a deadline.
    Clock(Clock),
    /// Gives a task to a person.
    Assign(Assign),
    /// Puts a task back.
    Release(Release),
    /// Adds items to a running `each`.
    Add(Add),
    /// Takes items off a running `each`.
    Drop(Drop),
    /// Ends a step elsewhere.
    End(End),
    /// Notifies again whoever the case waits for.
    Urge(Urge),
    /// Makes the case more urgent, or calls an administrator.
    Raise(Raise),
}

/// How an effect is read from what stands under its key.
type Check = fn(&mut Checker<'_>, &Node) -> Option<Act>;

/// The keys that are effects, in the order in which those beside each other take place.
pub const EFFECTS: [(&str, Check); 19] = [
    ("set", |checker, node| Set::check(checker, node).map(Act::Set)),
    ("notify", |checker, node| Notify::check(checker, node).map(Act::Notify)),
    ("webhook", |checker, node| Webhook::check(checker, node).map(Act::Webhook)),
    ("document", |checker, node| Document::check(checker, node).map(Act::Document)),
    ("mark", |checker, node| Mark::check(checker, node).map(Act::Mark)),
    ("start", |checker, node| Start::check(checker, node).map(Act::Start)),
    ("send", |checker, node| Send::check(checker, node).map(Act::Send)),
    ("extend", |checker, node| Clock::extend(checker, node).map(Act::Clock)),
    ("pause", |checker, node| Clock::pause(checker, node).map(Act::Clock)),
    ("resume", |checker, node| Clock::resume(checker, node).map(Act::Clock)),
    ("restart", |checker, node| Clock::restart(checker, node).map(Act::Clock)),
    ("assign", |checker, node| Assign::check(checker, node).map(Act::Assign)),
    ("release", |checker, node| Release::check(checker, node).map(Act::Release)),
    ("add", |checker, node| Add::check(checker, node).map(Act::Add)),
    ("drop", |checker, node| Drop::check(checker, node).map(Act::Drop)),
    ("finish", |checker, node| End::finish(checker, node).map(Act::End)),
    ("leave", |checker, node| End::leave(checker, node).map(Act::End)),
    ("urge", |checker, node| Urge::check(checker, node).map(Act::Urge)),
    ("raise", |checker, node| Raise::check(checker, node).map(Act::Raise)),
];

/// What effects are done on.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// The visit that they are seen from.
    pub visit: VisitId,
    /// The instant that they are for, when it is that of a rung or a timer: it may have been passed long ago. What follows
    /// from there has occasions of its own, which are now.
    pub instant: Option<Timestamp>,
}

impl Occasion {
    /// Here and now.
    pub fn at(visit: VisitId) -> Self {
        Self { visit, instant: None }
    }
}

impl Deed {
    /// Does it on an occasion, if its condition holds. What moves the case is added to the works.
    pub fn perform(&self, moment: &mut Moment<'_>, occasion: Occasion, works: &mut Vec<Work>) {
        let visit = occasion.visit;
        if self.when.as_ref().is_some_and(|when| !when.holds(&moment.place(visit))) {
            return;
        }
        match &self.act {
            Act::Set(set) => set.perform(moment, visit),
            Act::Notify(notify) => notify.perform(moment, visit),
            Act::Webhook(webhook) => webhook.perform(moment, visit),
            Act::Document(document) => document.perform(moment, visit),
            Act::Mark(mark) => mark.perform(moment, occasion),
            Act::Start(start) => start.perform(moment, visit),
            Act::Send(send) => send.perform(moment, visit),
            Act::Clock(clock) => clock.perform(moment, visit, works),
            Act::Assign(assign) => assign.perform(moment, visit),
            Act::Release(release) => release.perform(moment, visit),
            Act::Add(add) => add.perform(moment, visit),
            Act::Drop(drop) => drop.perform(moment, visit, works),
            Act::End(end) => end.perform(moment, works),
            Act::Urge(urge) => urge.perform(moment),
            Act::Raise(raise) => raise.perform(moment, visit),
        }
    }
}

/// The values of `with`.
pub fn fields_of(moment: &Moment<'_>, visit: VisitId, with: &[(Name, Operand)]) -> Fields {
    let place = moment.place(visit);
    with.iter().map(|(name, operand)| (name.clone(), operand.evaluate(&place))).collect()
}

fn name_of(moment: &Moment<'_>, visit: VisitId, operand: Option<&Operand>) -> Option<Name> {
    operand.and_then(|operand| operand.name(&moment.place(visit)))
}
