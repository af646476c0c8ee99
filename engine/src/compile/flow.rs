//! Whether a step is entered, how often, what it waits for, and what follows it.

use super::sketch::Sketch;
use crate::checker::{Checker, Keys};
use crate::clauses::hook::Goto;
use crate::clauses::lock::LockRule;
use crate::formula::Formula;
use crate::ids::Name;
use crate::process::{Repeat, Step};
use crate::value::Type;
use crate::yaml::Node;

/// Whether a step is entered, how often, and what follows.
pub struct Flow {
    goto: Option<Goto>,
    when: Option<Formula>,
    repeat: Option<Repeat>,
    lock: Option<LockRule>,
}

impl Flow {
    /// Reads `goto`, `when`, `repeat` and `lock` among the keys of a step.
    pub fn check(checker: &mut Checker<'_>, found: &Sketch<'_>, keys: &mut Keys<'_>) -> Self {
        if let Some(called) = found.node.get("call").and_then(|call| call.as_text()) {
            let outcomes = checker.catalog.processes.get(called).map(|outline| outline.outcomes.clone());
            let kind = outcomes.map_or(Type::Text, |all| Type::Choice(all.into_iter().collect()));
            checker.given = vec![(Name::new("outcome"), kind)];
        }
        // What ends a step is not its own end but that of the scope around it.
        checker.may_end = found.parent.is_some();
        let goto = keys.take("goto").and_then(|goto| Goto::check(checker, goto));
        checker.given.clear();
        let when = keys.take("when").and_then(|when| checker.condition(when));
        let repeat = keys.take("repeat").and_then(|repeat| check_repeat(checker, repeat));
        let lock = keys.take("lock").and_then(|lock| LockRule::check(checker, lock));
        Self { goto, when, repeat, lock }
    }

    /// Gives it to a step.
    pub fn put_into(self, step: &mut Step) {
        step.goto = self.goto;
        step.when = self.when;
        step.repeat = self.repeat;
        step.lock = self.lock;
    }
}

fn check_repeat(checker: &mut Checker<'_>, node: &Node) -> Option<Repeat> {
    let mut keys = checker.keys(node, "`repeat`")?;
    let again = keys.take("while").and_then(|when| checker.condition(when)).map(Repeat::While);
    let until = keys.take("until").and_then(|when| checker.condition(when)).map(Repeat::Until);
    if keys.has("while") == keys.has("until") {
        checker.error(node.span, "repeat", "`repeat` says either `while: …` or `until: …`");
    }
    keys.finish(checker);
    again.or(until)
}
