//! The second look: each step read with everything around it known.

use super::declare::{Known, surround};
use super::flow::Flow;
use super::sketch::{KINDS, Part, Sketch};
use crate::checker::{Checker, Keys};
use crate::clauses::action::Action;
use crate::clauses::deadline::DeadlineRule;
use crate::clauses::effects::check_deeds;
use crate::clauses::hook::Goto;
use crate::clauses::listen::Listener;
use crate::clauses::people::{Assign, People};
use crate::ids::{Name, written_step};
use crate::moment::StepId;
use crate::nearest::nearest;
use crate::process::Step;
use crate::steps::Kind;
use crate::steps::call::Call;
use crate::steps::choose::Choose;
use crate::steps::close::Close;
use crate::steps::decide::Decide;
use crate::steps::each::Each;
use crate::steps::effects::Do;
use crate::steps::gather::Gather;
use crate::steps::job::JobStep;
use crate::steps::parallel::{Branch, Parallel};
use crate::steps::stage::Stage;
use crate::steps::task::Task;
use crate::steps::wait::Wait;

/// The keys that belong to the `each`, not to its items.
const EACH_KEYS: [&str; 10] = ["each", "in", "join", "rest", "pace", "after_each", "when", "goto", "repeat", "lock"];

/// The clauses of steps that a case may rest in.
const RESTING_KEYS: [&str; 10] =
    ["by", "not_by", "same_as", "assign", "fields", "deadline", "actions", "listen", "on_enter", "on_leave"];

/// Reads all steps.
pub fn check_steps(checker: &mut Checker<'_>, sketches: &[Sketch<'_>], known: &[Known]) -> Vec<Option<Step>> {
    let mut people: Vec<People> = vec![People::default(); sketches.len()];
    let mut steps = Vec::new();
    for (number, found) in (0u16..).zip(sketches) {
        surround(checker, sketches, known, Some(StepId(number)));
        let is_scope = ["steps", "branches", "each"].iter().any(|key| found.node.get(key).is_some());
        checker.may_end = found.parent.is_some() || is_scope;
        let around = found.parent.and_then(|parent| people.get(usize::from(parent.0)).cloned()).unwrap_or_default();
        let own = match found.part {
            Part::Whole | Part::Item => People::read(checker, found.node),
            Part::Each | Part::After => People::default(),
        };
        let people_here = own.inside(around);
        if let Some(slot) = people.get_mut(usize::from(number)) {
            slot.clone_from(&people_here);
        }
        let here = known.get(usize::from(number)).cloned().unwrap_or_default();
        steps.push(StepReader { checker, sketches, found, here, people: people_here }.read());
    }
    checker.frames.clear();
    checker.members.clear();
    steps
}

/// One step being read.
struct StepReader<'r, 'c, 'n> {
    checker: &'r mut Checker<'c>,
    sketches: &'r [Sketch<'n>],
    found: &'r Sketch<'n>,
    here: Known,
    people: People,
}

impl<'n> StepReader<'_, '_, 'n> {
    fn read(mut self) -> Option<Step> {
        if self.found.part == Part::After {
            let first = self.found.inside.first().copied()?;
            return Some(self.plain(Kind::Stage(Stage { first }), self.found.name.clone()));
        }
        let written = written_step(&self.found.name).to_owned();
        let mut keys = self.checker.keys(self.found.node, &format!("the step `{written}`"))?;
        let title = keys.take("title").and_then(|title| self.checker.text(title, "`title`"));
        let title = title.unwrap_or_else(|| Name::new(&written));
        let step = match self.found.part {
            Part::Each => self.each(&mut keys, title),
            Part::Item => self.body(&mut keys, title, true),
            Part::Whole | Part::After => self.body(&mut keys, title, false),
        };
        // The body of an `each` knows all keys of both, so unknown ones are reported once, there.
        if self.found.part != Part::Each {
            keys.finish(self.checker);
        }
        step
    }

    fn plain(&self, kind: Kind, title: Name) -> Step {
        Step {
            name: self.found.name.clone(),
            title,
            line: self.checker.line(self.found.span),
            parent: self.found.parent,
            kind,
            when: None,
            fields: self.here.fields.clone(),
            deadline: None,
            actions: Vec::new(),
            listeners: Vec::new(),
            on_enter: Vec::new(),
            on_leave: Vec::new(),
            goto: None,
            follower: self.found.follower,
            repeat: None,
            lock: None,
        }
    }

    fn each(&mut self, keys: &mut Keys<'_>, title: Name) -> Option<Step> {
        let gather = Gather::check(self.checker, keys, self.found.after_each);
        let body = self.found.inside.first().copied();
        let items = self.here.items.take();
        let variable = self.here.item.as_ref().map(|(variable, _)| variable.clone());
        let line = self.checker.line(self.found.span);
        let flow = Flow::check(self.checker, self.found, keys);
        let body = body?;
        let body_name = self.sketches.get(usize::from(body.0))?.name.clone();
        let each = Each { variable: variable?, items: items?, body, body_name, gather, line };
        let mut step = self.plain(Kind::Each(each), title);
        flow.put_into(&mut step);
        Some(step)
    }

    fn body(&mut self, keys: &mut Keys<'_>, title: Name, is_item: bool) -> Option<Step> {
        if is_item {
            keys.know(&EACH_KEYS);
        }
        let present: Vec<&'static str> = KINDS.into_iter().filter(|key| keys.has(key)).collect();
        if let [_, second, ..] = present.as_slice() {
            let span = keys.span_of(second).unwrap_or(keys.span());
            let message = format!("a step is one thing, and this one says {}", crate::checker::spoken(&present));
            self.checker.error(span, "two-kinds", message).help("put one inside the other with `steps`");
            keys.know(&KINDS);
            keys.know(&RESTING_KEYS);
            keys.know(&EACH_KEYS);
            return None;
        }
        let key = present.first().copied();
        let rests = !matches!(key, Some("choose" | "decide" | "do" | "close"));
        keys.know(&["by", "not_by", "same_as"]);
        let step = self.kind(keys, key).map(|kind| self.plain(kind, title));
        let mut step = match step {
            Some(step) => step,
            None => {
                keys.know(&RESTING_KEYS);
                keys.know(&EACH_KEYS);
                return None;
            }
        };
        if rests {
            self.clauses(keys, &mut step);
        } else {
            self.refuse(keys, step.kind.word());
        }
        if let Some(word) = step.kind.leads_on_itself() {
            for key in ["goto", "repeat", "lock"] {
                if let Some(span) = keys.span_of(key) {
                    let message = format!("a `{word}` step cannot have `{key}`: it says itself what comes next");
                    self.checker.error(span, "leads-on-itself", message);
                }
            }
        }
        if !is_item {
            let flow = Flow::check(self.checker, self.found, keys);
            flow.put_into(&mut step);
        }
        Some(step)
    }

    fn kind(&mut self, keys: &mut Keys<'_>, key: Option<&'static str>) -> Option<Kind> {
        let checker = &mut *self.checker;
        match key {
            None => self.task(keys),
            Some("steps") => {
                keys.take("steps");
                self.found.inside.first().map(|first| Kind::Stage(Stage { first: *first }))
            }
            Some("branches") => {
                keys.take("branches");
                self.parallel(keys)
            }
            Some("call") => Call::check(checker, keys).map(Kind::Call),
            Some("job") => keys.take("job").and_then(|node| JobStep::check(checker, node)).map(Kind::Job),
            Some("wait") => keys.take("wait").and_then(|node| Wait::check(checker, node)).map(Kind::Wait),
            Some("choose") => {
                let node = keys.take("choose")?;
                let items = checker.list(node);
                let goto = Goto::check_exits(checker, node, items, "goto")?;
                Some(Kind::Choose(Choose { goto }))
            }
            Some("decide") => keys.take("decide").and_then(|node| Decide::check(checker, node)).map(Kind::Decide),
            Some("do") => {
                let deeds = keys.take("do").map(|node| check_deeds(checker, node))?;
                Some(Kind::Do(Do { deeds }))
            }
            Some(_) => {
                let node = keys.take("close")?;
                let outcome = checker.text(node, "the outcome")?;
                checker.check_name(&outcome, node.span).then_some(Kind::Close(Close { outcome }))
            }
        }
    }

    fn task(&mut self, keys: &mut Keys<'_>) -> Option<Kind> {
        let assign = keys.take("assign").map(|node| Assign::check(self.checker, node)).unwrap_or_default();
        if !keys.has("actions") {
            keys.know(&KINDS);
            keys.know(&["actions", "each"]);
            let written = self.found.node.as_mapping().unwrap_or_default();
            let is_near = |word: &str| nearest(word, KINDS.into_iter().chain(["actions", "each"])).is_some();
            let is_other = |word: &str| RESTING_KEYS.contains(&word) || EACH_KEYS.contains(&word) || word == "title";
            if written.iter().any(|entry| is_near(&entry.key.text) && !is_other(&entry.key.text)) {
                return None;
            }
            let message = format!("{} does not say what it is", keys.what());
            let kinds = KINDS.join("`, `");
            self.checker
                .error(self.found.span, "no-kind", message)
                .help(format!("a step has one of `actions`, `each`, `{kinds}`"));
            return None;
        }
        let Some(by) = self.people.by.clone() else {
            let span = keys.span_of("actions").unwrap_or(keys.span());
            let message = format!("{} waits for nobody: neither it nor a step around it has `by`", keys.what());
            self.checker.error(span, "nobody", message).help("add `by: ROLE`");
            return None;
        };
        Some(Kind::Task(Task { by, people: self.people.clone(), assign }))
    }

    fn parallel(&mut self, keys: &mut Keys<'_>) -> Option<Kind> {
        keys.know(&["after_each"]);
        let gather = Gather::check(self.checker, keys, self.found.after_each);
        let mut branches = Vec::new();
        for id in &self.found.inside {
            let branch = self.sketches.get(usize::from(id.0))?;
            let when = branch.node.get("when").and_then(|when| self.checker.condition(when));
            let line = self.checker.line(branch.span);
            branches.push(Branch { step: *id, name: branch.name.clone(), when, line });
        }
        if branches.is_empty() {
            self.checker.error(keys.span(), "no-steps", format!("{} has no branches", keys.what()));
        }
        Some(Kind::Parallel(Parallel { branches, gather }))
    }

    /// The clauses of a step that a case may rest in.
    fn clauses(&mut self, keys: &mut Keys<'_>, step: &mut Step) {
        keys.know(&["fields", "by"]);
        let checker = &mut *self.checker;
        step.deadline =
            keys.take("deadline").and_then(|node| DeadlineRule::check(checker, node, self.people.by.as_ref()));
        step.listeners = keys.take("listen").map(|node| Listener::check_all(checker, node)).unwrap_or_default();
        step.on_enter = keys.take("on_enter").map(|node| check_deeds(checker, node)).unwrap_or_default();
        step.on_leave = keys.take("on_leave").map(|node| check_deeds(checker, node)).unwrap_or_default();
        let Some(node) = keys.take("actions") else { return };
        if checker.keys(node, "`actions`").is_none() {
            return;
        }
        let entries = node.as_mapping().unwrap_or_default();
        if entries.is_empty() {
            checker.error(node.span, "no-actions", "nobody can do anything here: `actions` is empty");
        }
        step.actions = entries.iter().filter_map(|entry| Action::check(checker, entry, &self.people)).collect();
    }

    fn refuse(&mut self, keys: &mut Keys<'_>, word: &str) {
        for key in RESTING_KEYS {
            if let Some(span) = keys.span_of(key) {
                let message = format!("a `{word}` step is passed in an instant and cannot have `{key}`");
                self.checker.error(span, "nothing-to-rest-in", message);
            }
        }
        keys.know(&RESTING_KEYS);
    }
}
