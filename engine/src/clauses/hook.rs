//! Hooks: where effects hang, and where the case goes after them.

use crate::checker::{Checker, Keys};
use crate::clauses::effects::{Deed, Occasion, check_deeds, check_inline};
use crate::event::{Cause, Edge, Ending};
use crate::formula::Formula;
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Target, Work};
use crate::yaml::Node;

/// What happens at a rung, a listener or an action: effects, then perhaps a move.
#[derive(Clone, Debug, Default)]
pub struct Hook {
    /// Its condition.
    pub when: Option<Formula>,
    /// What is done, in order.
    pub deeds: Vec<Deed>,
    /// Where the case goes.
    pub goto: Option<Goto>,
    /// The line in the definition.
    pub line: u32,
}

/// Where to go: one target, or the first whose condition holds.
#[derive(Clone, Debug, Default)]
pub struct Goto {
    /// In the order they were written.
    pub exits: Vec<Exit>,
}

/// One way out.
#[derive(Clone, Debug)]
pub struct Exit {
    /// Its condition.
    pub when: Option<Formula>,
    /// Where it leads.
    pub target: Target,
    /// The line in the definition.
    pub line: u32,
}

impl Goto {
    /// The exit whose condition holds at the visit, with its number.
    pub fn choose(&self, moment: &Moment<'_>, visit: VisitId) -> Option<(u16, &Exit)> {
        let place = moment.place(visit);
        (0u16..).zip(&self.exits).find(|(_, exit)| exit.when.as_ref().is_none_or(|when| when.holds(&place)))
    }
}

impl Hook {
    /// Does what the hook says on an occasion; a move is put on the agenda.
    pub fn run(&self, moment: &mut Moment<'_>, occasion: Occasion, step: &Name, edge: Edge, may_move: bool) {
        let visit = occasion.visit;
        if self.when.as_ref().is_some_and(|when| !when.holds(&moment.place(visit))) {
            return;
        }
        let mut works = deeds_of(&self.deeds, moment, occasion);
        let goto = self.goto.as_ref().filter(|_| may_move);
        if let Some((_, exit)) = goto.and_then(|goto| goto.choose(moment, visit)) {
            let cause = Cause::new(edge, step, exit.line);
            works.push(Work::Move { from: visit, target: exit.target, how: Ending::Left, cause });
        }
        moment.first(works);
    }
}

/// Does the deeds here and now, in order, each seeing what the ones before it did; what they lead to goes first on the agenda.
pub fn perform(deeds: &[Deed], moment: &mut Moment<'_>, visit: VisitId) {
    let works = deeds_of(deeds, moment, Occasion::at(visit));
    moment.first(works);
}

fn deeds_of(deeds: &[Deed], moment: &mut Moment<'_>, occasion: Occasion) -> Vec<Work> {
    let mut works = Vec::new();
    for deed in deeds {
        deed.perform(moment, occasion, &mut works);
    }
    works
}

impl Goto {
    /// Reads `goto`: a step, or a list of `{when: …, to: …}`.
    pub fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let Some(items) = node.as_sequence() else {
            let line = checker.line(node.span);
            let target = checker.target(node)?;
            return Some(Self { exits: vec![Exit { when: None, target, line }] });
        };
        Self::check_exits(checker, node, items, "to")
    }

    /// Reads a list of exits whose last one has no condition; `key` says where each leads.
    pub fn check_exits(checker: &mut Checker<'_>, node: &Node, items: &[Node], key: &'static str) -> Option<Self> {
        let mut exits = Vec::new();
        let mut is_complete = false;
        for item in items {
            let Some(mut keys) = checker.keys(item, "an exit") else {
                // It may have been meant as the last one.
                is_complete = true;
                continue;
            };
            let has_condition = keys.has("when");
            let when = keys.take("when").and_then(|when| checker.condition(when));
            let other = if key == "to" { "goto" } else { "to" };
            let target = match keys.span_of(other).filter(|_| !keys.has(key)) {
                Some(span) => {
                    let message = format!("an exit says with `{key}` where it leads, not with `{other}`");
                    checker.error(span, "wrong-word", message);
                    keys.know(&["to", "goto"]);
                    None
                }
                None => keys.require(key, checker).and_then(|to| checker.target(to)),
            };
            if is_complete {
                let message = "this exit is never taken: the one before it has no `when`";
                checker.error(item.span, "unreachable-exit", message);
            }
            is_complete |= !has_condition;
            keys.finish(checker);
            let line = checker.line(item.span);
            exits.extend(target.map(|target| Exit { when, target, line }));
        }
        if !is_complete {
            let message = "no exit is left for the case in which no condition holds";
            checker
                .error(node.span, "incomplete-exits", message)
                .help(format!("add a last exit without `when`: `- {{{key}: …}}`"));
            return None;
        }
        (exits.len() == items.len()).then_some(Self { exits })
    }
}

impl Hook {
    /// Reads what happens at a rung, a listener or an action: effects as keys, `do`, `goto`, `when`.
    pub fn check(checker: &mut Checker<'_>, keys: &mut Keys<'_>) -> Self {
        let line = checker.line(keys.span());
        let when = keys.take("when").and_then(|when| checker.condition(when));
        let mut deeds = check_inline(checker, keys);
        deeds.extend(keys.take("do").map(|node| check_deeds(checker, node)).unwrap_or_default());
        let goto = keys.take("goto").and_then(|goto| Goto::check(checker, goto));
        Self { when, deeds, goto, line }
    }
}
