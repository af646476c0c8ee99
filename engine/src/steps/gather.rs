//! `join`, `rest`, `pace`, `after_each`: how branches and items come together again.

use crate::case::Visit;
use crate::checker::{Checker, Keys};
use crate::event::{Cause, Edge, Ending, Item};
use crate::formula::Formula;
use crate::ids::{Name, VisitId};
use crate::moment::{Entry, Moment, StepId, Work};
use crate::value::Value;
use crate::yaml::Node;

/// When a step with several branches or items is done.
#[derive(Clone, Debug, Default)]
pub enum Join {
    /// When all have ended.
    #[default]
    All,
    /// When one has ended as done.
    Any,
    /// When so many have ended as done.
    Count(u32),
    /// At once.
    None,
    /// When the condition holds.
    When(Formula),
}

/// How branches or items come together.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    /// When the step is done.
    pub join: Join,
    /// Whether those still running go on once the join holds.
    pub rest_continues: bool,
    /// Whether they run one after the other.
    pub one_at_a_time: bool,
    /// What follows each branch's end.
    pub after_each: Option<StepId>,
}

/// One branch or item that is to run.
#[derive(Clone, Debug)]
pub struct Member {
    /// The step that runs.
    pub step: StepId,
    /// Its name in events.
    pub name: Name,
    /// The branch's number or the item.
    pub item: Option<Item>,
    /// The line in the definition.
    pub line: u32,
}

impl Gather {
    /// Starts what may start: all, or the first. The join is looked at once they have begun.
    pub fn start(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name, waiting: Vec<Member>) {
        let entries = self.entries(visit, step, waiting, false);
        moment.first(entries);
        moment.last(Work::Gather { visit });
    }

    /// Sees whether the join holds, starts what may start, and puts what follows on the agenda.
    /// `waiting` are those not yet started.
    pub fn go_on(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name, waiting: Vec<Member>) {
        let Some(found) = moment.visit(visit) else { return };
        let passed = found.passed;
        let is_running = moment.case.inside(visit).next().is_some();
        let all_ended = !is_running && waiting.is_empty();
        let joined = !passed && self.holds(moment, found);
        if all_ended || (joined && !self.rest_continues()) {
            let mut works = vec![Work::Finish { visit, how: Ending::Done }];
            works.extend(moment.case.inside(visit).map(|inner| Work::Cancel { visit: inner.id }));
            moment.first(works.into_iter().rev());
            return;
        }
        let mut works = self.entries(visit, step, waiting, is_running);
        if !works.is_empty() {
            moment.last(Work::Gather { visit });
        }
        works.extend(joined.then_some(Work::PassOn { visit }));
        moment.first(works);
    }

    /// Looks at a join that waits for a condition, since the case's data may have changed. Answers whether it holds.
    pub fn look(&self, moment: &mut Moment<'_>, visit: VisitId) -> bool {
        let Join::When(formula) = &self.join else { return false };
        let is_open = moment.visit(visit).is_some_and(|visit| !visit.passed);
        let holds = is_open && moment.case.inside(visit).next().is_some() && formula.holds(&moment.place(visit));
        if holds {
            moment.last(Work::Gather { visit });
        }
        holds
    }

    /// How many of those that wait are worth naming.
    pub fn needed(&self) -> usize {
        if self.one_at_a_time { 1 } else { usize::MAX }
    }

    fn entries(&self, visit: VisitId, step: &Name, waiting: Vec<Member>, is_running: bool) -> Vec<Work> {
        let may_start = match (self.one_at_a_time, is_running) {
            (false, _) => waiting.len(),
            (true, false) => 1,
            (true, true) => 0,
        };
        let entries = waiting.into_iter().take(may_start).map(|member| {
            let cause = Cause::new(Edge::Inside, step, member.line);
            Work::Enter(Entry { item: member.item, ..Entry::new(member.step, visit, cause) })
        });
        entries.collect()
    }

    /// With `join: none` the rest is all there is, so it goes on.
    fn rest_continues(&self) -> bool {
        self.rest_continues || matches!(self.join, Join::None)
    }

    fn holds(&self, moment: &Moment<'_>, found: &Visit) -> bool {
        let has_done = |needed: usize| {
            let counts = |step: &Name| self.after_each.is_none() || step.ends_with(AFTER_EACH);
            let done = found.ended.iter().filter(|((step, _), how)| counts(step) && **how == Ending::Done);
            // What is too few to be enough is not counted: a look at each end would cost the square of the items.
            found.ended.len() >= needed && done.take(needed).count() == needed
        };
        match &self.join {
            Join::All => false,
            Join::Any => has_done(1),
            Join::Count(needed) => has_done(usize::try_from(*needed).unwrap_or(usize::MAX)),
            Join::None => true,
            Join::When(formula) => formula.holds(&moment.place(found.id)),
        }
    }

    /// A branch ended: enters what follows it, if something does. Answers whether the branch is through.
    pub fn follow(&self, moment: &mut Moment<'_>, visit: VisitId, ended: StepId, member: Item, cause: Cause) -> bool {
        match self.after_each {
            Some(after) if after != ended => {
                moment.first([Work::Enter(Entry { item: Some(member), ..Entry::new(after, visit, cause) })]);
                false
            }
            Some(_) | None => true,
        }
    }
}

/// How the step made of `after_each` is called: this, after the name of the step it belongs to.
pub const AFTER_EACH: &str = "/after";

/// A branch seen as an item: its number, and its name as the value of `branch`.
pub fn branch_item(index: u32, name: &Name) -> Item {
    Item { index, name: Name::new("branch"), value: Value::Text(name.clone()) }
}

/// A join that waits for more than this waits for ever.
const JOIN_MAX: u32 = 1_000;

impl Gather {
    /// Reads `join`, `rest` and `pace` (or `in: turn`) among the keys of a step.
    pub fn check(checker: &mut Checker<'_>, keys: &mut Keys<'_>, after_each: Option<StepId>) -> Self {
        let join = keys.take("join").map(|join| Join::check(checker, join)).unwrap_or_default();
        let rests = [("cancel", false), ("continue", true)];
        let rest = keys.take("rest").and_then(|rest| checker.word(rest, &rests));
        let paces = [("together", false), ("one-at-a-time", true)];
        let pace = keys.take("pace").and_then(|pace| checker.word(pace, &paces));
        let turn = keys.take("in").and_then(|turn| checker.word(turn, &[("turn", true)]));
        Self { join, rest_continues: rest.unwrap_or(false), one_at_a_time: turn.or(pace).unwrap_or(false), after_each }
    }
}

impl Join {
    /// The condition that it waits for.
    pub fn condition(&self) -> Option<&Formula> {
        match self {
            Self::When(formula) => Some(formula),
            Self::All | Self::Any | Self::Count(_) | Self::None => None,
        }
    }

    fn check(checker: &mut Checker<'_>, node: &Node) -> Self {
        let text = node.as_scalar().map(|scalar| scalar.text.clone());
        if text.as_ref().is_some_and(|text| text.starts_with('=')) {
            return checker.condition(node).map_or(Self::All, Self::When);
        }
        if node.as_integer().is_some() {
            return checker.integer(node, 1..=JOIN_MAX).map_or(Self::All, Self::Count);
        }
        let words = [("all", 0u8), ("any", 1), ("none", 2)];
        match checker.word(node, &words) {
            Some(1) => Self::Any,
            Some(2) => Self::None,
            Some(_) | None => Self::All,
        }
    }
}
