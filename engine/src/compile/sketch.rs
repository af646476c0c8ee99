//! The first look at a definition: which steps there are, and which lies in which.

use std::collections::BTreeMap;

use crate::checker::{Checker, Place};
use crate::diagnostic::Span;
use crate::ids::{Name, item_step};
use crate::moment::StepId;
use crate::steps::gather::AFTER_EACH;
use crate::yaml::{Entry, Node};

/// Steps of one process: more than this is not one procedure any more, and ids stay small.
pub const STEPS_MAX: usize = 2_000;

/// The keys that make a step what it is, besides `each` and `actions`.
pub const KINDS: [&str; 9] = ["steps", "branches", "call", "job", "wait", "choose", "decide", "do", "close"];

/// A step as first seen.
#[derive(Clone, Debug)]
pub struct Sketch<'n> {
    /// Its name in events.
    pub name: Name,
    /// Where its name stands.
    pub span: Span,
    /// What is written in it.
    pub node: &'n Node,
    /// The step around it.
    pub parent: Option<StepId>,
    /// What part of what is written it is.
    pub part: Part,
    /// The next step in the list.
    pub follower: Option<StepId>,
    /// The steps inside, in order; for a step with `after_each`, without that.
    pub inside: Vec<StepId>,
    /// The step made of `after_each`.
    pub after_each: Option<StepId>,
}

/// What part of what is written a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The `each` around the items.
    Each,
    /// What happens for every item.
    Item,
    /// What follows each branch's end: the node is the mapping of steps.
    After,
}

impl Sketch<'_> {
    /// Whether the step is a branch or an item of the step around it, seen from outside.
    fn is_member(&self, sketches: &[Sketch<'_>]) -> bool {
        let around = self.parent.and_then(|parent| sketches.get(usize::from(parent.0)));
        around.is_some_and(|around| match around.part {
            Part::Each => true,
            Part::Whole | Part::Item => around.node.get("branches").is_some() && self.part == Part::Whole,
            Part::After => false,
        }) || self.part == Part::After
    }
}

/// Finds all steps, and tells the checker where they are.
pub fn sketch<'n>(checker: &mut Checker<'_>, steps: &'n Node) -> Vec<Sketch<'n>> {
    let mut sketcher = Sketcher { sketches: Vec::new() };
    sketcher.list(checker, steps, None);
    let sketches = sketcher.sketches;
    let mut places: BTreeMap<Name, Place> = BTreeMap::new();
    for (number, found) in (0u16..).zip(&sketches) {
        let id = StepId(number);
        if matches!(found.part, Part::Item | Part::After) {
            continue;
        }
        if let Some(known) = places.get(&found.name) {
            let message = format!("there are two steps `{}`", found.name);
            checker.error(found.span, "duplicate-step", message).note(known.span, "the other one is here");
            continue;
        }
        let has_deadline = found.node.get("deadline").is_some();
        places
            .insert(found.name.clone(), Place { id, span: found.span, members: members(&sketches, id), has_deadline });
    }
    checker.places = places;
    let nodes = sketches.iter().filter(|found| found.part != Part::Each && found.part != Part::After);
    let actions = nodes.filter_map(|found| found.node.get("actions")?.as_mapping()).flatten();
    checker.actions = actions.map(|entry| entry.key.text.clone()).collect();
    sketches
}

/// The branches and items around a step, itself included, outermost first.
pub fn members(sketches: &[Sketch<'_>], id: StepId) -> Vec<StepId> {
    let mut found = Vec::new();
    let mut next = Some(id);
    while let Some((id, sketch)) = next.and_then(|id| Some((id, sketches.get(usize::from(id.0))?))) {
        if sketch.is_member(sketches) {
            found.push(id);
        }
        next = sketch.parent;
    }
    found.reverse();
    found
}

struct Sketcher<'n> {
    sketches: Vec<Sketch<'n>>,
}

impl<'n> Sketcher<'n> {
    /// The steps of a mapping, in order.
    fn list(&mut self, checker: &mut Checker<'_>, node: &'n Node, parent: Option<StepId>) -> Vec<StepId> {
        let mut found: Vec<StepId> = Vec::new();
        if checker.keys(node, "the steps").is_none() {
            return found;
        }
        for Entry { key, value } in node.as_mapping().unwrap_or_default() {
            if ["back", "end"].contains(&key.text.as_str()) {
                let message = format!("`{}` cannot be the name of a step: it is a place to go to", key.text);
                checker.error(key.span, "reserved-name", message);
                continue;
            }
            if !checker.check_name(&key.text, key.span) {
                let word = key.text.split([' ', '{', '[']).next().unwrap_or_default();
                checker.unreadable.extend([key.text.clone(), Name::new(word)]);
                continue;
            }
            match self.step(checker, &key.text, key.span, value, parent) {
                Some(step) => found.push(step),
                None => _ = checker.unreadable.insert(key.text.clone()),
            }
        }
        for (number, id) in found.iter().enumerate() {
            let follower = found.get(number + 1).copied();
            self.change(*id, |sketch| sketch.follower = follower);
        }
        found
    }

    fn step(
        &mut self,
        checker: &mut Checker<'_>,
        name: &Name,
        span: Span,
        node: &'n Node,
        parent: Option<StepId>,
    ) -> Option<StepId> {
        checker.keys(node, &format!("the step `{name}`"))?;
        let is_each = node.get("each").is_some();
        let part = if is_each { Part::Each } else { Part::Whole };
        let id = self.push(checker, name.clone(), span, node, parent, part)?;
        let body = if is_each {
            let body = self.push(checker, Name::from(item_step(name)), span, node, Some(id), Part::Item)?;
            self.change(id, |sketch| sketch.inside = vec![body]);
            body
        } else {
            id
        };
        if let Some(steps) = node.get("steps") {
            let inside = self.list(checker, steps, Some(body));
            if inside.is_empty() {
                checker.error(steps.span, "no-steps", format!("`{name}` has no steps inside"));
            }
            self.change(body, |sketch| sketch.inside = inside);
        } else if let Some(branches) = node.get("branches") {
            let inside = self.list(checker, branches, Some(body));
            for branch in &inside {
                self.change(*branch, |sketch| sketch.follower = None);
            }
            self.change(body, |sketch| sketch.inside = inside);
        }
        if let Some(steps) = node.get("after_each") {
            let owner = if is_each { id } else { body };
            let after_name = Name::from(format!("{name}{AFTER_EACH}"));
            let after = self.push(checker, after_name, span, steps, Some(owner), Part::After)?;
            let inside = self.list(checker, steps, Some(after));
            self.change(after, |sketch| sketch.inside = inside);
            self.change(owner, |sketch| sketch.after_each = Some(after));
        }
        Some(id)
    }

    fn push(
        &mut self,
        checker: &mut Checker<'_>,
        name: Name,
        span: Span,
        node: &'n Node,
        parent: Option<StepId>,
        part: Part,
    ) -> Option<StepId> {
        if self.sketches.len() >= STEPS_MAX {
            if self.sketches.len() == STEPS_MAX {
                checker.error(span, "too-many-steps", format!("a process has at most {STEPS_MAX} steps"));
            }
            return None;
        }
        let id = StepId(u16::try_from(self.sketches.len()).ok()?);
        let (inside, after_each, follower) = (Vec::new(), None, None);
        self.sketches.push(Sketch { name, span, node, parent, part, follower, inside, after_each });
        Some(id)
    }

    fn change(&mut self, id: StepId, change: impl FnOnce(&mut Sketch<'n>)) {
        if let Some(sketch) = self.sketches.get_mut(usize::from(id.0)) {
            change(sketch);
        }
    }
}
