//! `guarantees`: what holds in every case, as the ordinance promises it. They are read and kept; nothing proves them yet.

use crate::checker::Checker;
use crate::ids::Name;
use crate::yaml::Node;

/// Something that holds in every case. The names are of steps and actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// One does not come before the other was there, unless one of some others was.
    Order {
        /// What does not come.
        no: Name,
        /// What was there before.
        before: Name,
        /// What makes it all right without.
        unless: Vec<Name>,
    },
    /// After one, one of some others always comes in the end.
    Eventually {
        /// After this.
        after: Name,
        /// One of these.
        always_eventually: Vec<Name>,
    },
}

impl Guarantee {
    /// Reads `guarantees`, as `{no: closed, before: review, unless: answered}` or
    /// `{after: return, always_eventually: [closed, answered]}`. A warning says that they are not proved.
    pub fn check_all(checker: &mut Checker<'_>, node: &Node) -> Vec<Self> {
        let items = checker.list(node);
        let guarantees: Vec<Self> = items.iter().filter_map(|item| Self::check(checker, item)).collect();
        if !guarantees.is_empty() {
            checker
                .out
                .warning(node.span, "not-proved", "guarantees are read and kept, but not proved by this version")
                .help("write scenarios that would fail if they did not hold");
        }
        guarantees
    }

    fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "a guarantee")?;
        if keys.has("no") == keys.has("after") {
            let message = "a guarantee says either `no: …, before: …` or `after: …, always_eventually: …`";
            checker.error(node.span, "guarantee", message);
            keys.know(&["no", "before", "unless", "after", "always_eventually"]);
            return None;
        }
        let guarantee = if keys.has("no") {
            let no = keys.take("no").and_then(|node| step_or_action(checker, node));
            let before = keys.require("before", checker).and_then(|node| step_or_action(checker, node));
            let unless = keys.take("unless").map(|node| several(checker, node)).unwrap_or_default();
            no.zip(before).map(|(no, before)| Self::Order { no, before, unless })
        } else {
            let after = keys.take("after").and_then(|node| step_or_action(checker, node));
            let then = keys.require("always_eventually", checker).map(|node| several(checker, node));
            after.zip(then).map(|(after, always_eventually)| Self::Eventually { after, always_eventually })
        };
        keys.finish(checker);
        guarantee
    }
}

fn several(checker: &mut Checker<'_>, node: &Node) -> Vec<Name> {
    let items = checker.one_or_many(node);
    items.iter().filter_map(|item| step_or_action(checker, item)).collect()
}

fn step_or_action(checker: &mut Checker<'_>, node: &Node) -> Option<Name> {
    let name = checker.text(node, "the name of a step or an action")?;
    let is_known = checker.places.contains_key(&name) || checker.unreadable.contains(&name);
    if is_known || checker.actions.contains(&name) {
        return Some(name);
    }
    let known: Vec<Name> = checker.places.keys().chain(&checker.actions).cloned().collect();
    let message = format!("there is no step or action `{name}`");
    checker.error(node.span, "unknown-step", message).suggest(&name, known.iter().map(Name::as_str));
    None
}
