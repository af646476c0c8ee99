//! The second look: each step read with everything around it known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sketch::{KINDS, Part, Sketch, members};
use crate::checker::{Checker, Frame, Keys};
use crate::clauses::action::Action;
use crate::clauses::deadline::DeadlineRule;
use crate::clauses::effects::check_deeds;
use crate::clauses::fields::check_fields;
use crate::clauses::hook::Goto;
use crate::clauses::listen::Listener;
use crate::clauses::people::{Assign, People};
use crate::field::Field;
use crate::formula::Operand;
use crate::ids::{Name, written_step};
use crate::moment::StepId;
use crate::process::{Repeat, Step};
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
use crate::value::Type;
use crate::yaml::Node;

/// The keys that belong to the `each`, not to its items.
const EACH_KEYS: [&str; 10] = ["each", "in", "join", "rest", "pace", "after_each", "when", "goto", "repeat", "lock"];

/// The clauses of steps that a case may rest in.
const RESTING_KEYS: [&str; 10] =
    ["by", "not_by", "same_as", "assign", "fields", "deadline", "actions", "listen", "on_enter", "on_leave"];

/// What is known of a step before it is read.
#[derive(Clone, Debug, Default)]
pub struct Known {
    fields: Vec<Arc<Field>>,
    item: Option<(Name, Type)>,
    items: Option<Operand>,
}

/// Reads what steps declare: their fields, and the items of each `each`.
pub fn declare(checker: &mut Checker<'_>, sketches: &[Sketch<'_>]) -> Vec<Known> {
    let mut known: Vec<Known> = vec![Known::default(); sketches.len()];
    for (number, found) in (0u16..).zip(sketches) {
        surround(checker, sketches, &known, found.parent);
        let here = match found.part {
            Part::Each => declare_each(checker, found),
            Part::Whole | Part::Item => {
                let fields = found.node.get("fields").map(|fields| check_fields(checker, fields)).unwrap_or_default();
                Known { fields, ..Known::default() }
            }
            Part::After => Known::default(),
        };
        for field in &here.fields {
            let framed = checker.frames.iter().any(|frame| frame.fields.contains_key(&field.name));
            if framed || checker.fields.contains_key(&field.name) {
                let message = format!("the field `{}` is declared around this step already", field.name);
                let declared = found.node.get("fields").and_then(Node::as_mapping).unwrap_or_default();
                let place = declared.iter().find(|entry| entry.key.text == field.name).map(|entry| entry.key.span);
                checker
                    .error(place.unwrap_or(found.span), "hidden-field", message)
                    .help("give one of them another name");
            }
        }
        if found.part == Part::Item {
            let around = found.parent.and_then(|around| known.get(usize::from(around.0)));
            if let Some((variable, kind)) = around.and_then(|around| around.item.clone()) {
                let fields = here.fields.iter().map(|field| (field.name.clone(), field.kind.clone()));
                let own = [(variable.clone(), kind), (Name::new("done"), Type::Boolean)];
                let context = Type::Context(fields.chain(own).collect());
                checker.collections.insert(Name::new(written_step(&found.name)), (variable, context));
            }
        }
        if let Some(slot) = known.get_mut(usize::from(number)) {
            *slot = here;
        }
    }
    known
}

fn declare_each(checker: &mut Checker<'_>, found: &Sketch<'_>) -> Known {
    let Some(node) = found.node.get("each") else { return Known::default() };
    let Some([entry]) = node.as_mapping() else {
        checker.shape(node, "one item variable and its list, as `{unit: =assisting_units}`");
        return Known::default();
    };
    let variable = &entry.key.text;
    checker.check_name(variable, entry.key.span);
    let items = checker.operand(&entry.value, &Type::list(Type::Any));
    let kind = match &items {
        Some(Operand::Formula(formula)) => match formula.expression().result_type() {
            Type::List(item) => item.as_ref().clone(),
            _ => Type::Any,
        },
        Some(Operand::Literal(_)) | None => Type::Any,
    };
    Known { fields: Vec::new(), item: Some((variable.clone(), kind)), items }
}

/// Makes the checker see what is around a step: `innermost` and the steps around that.
fn surround(checker: &mut Checker<'_>, sketches: &[Sketch<'_>], known: &[Known], innermost: Option<StepId>) {
    let mut frames = Vec::new();
    let mut next = innermost;
    while let Some(id) = next {
        let at = usize::from(id.0);
        let (Some(sketch), Some(here)) = (sketches.get(at), known.get(at)) else { break };
        let fields: BTreeMap<Name, Arc<Field>> =
            here.fields.iter().map(|field| (field.name.clone(), Arc::clone(field))).collect();
        frames.push(Frame { step: sketch.name.clone(), fields, item: here.item.clone() });
        next = sketch.parent;
    }
    frames.reverse();
    checker.frames = frames;
    checker.members = innermost.map(|id| members(sketches, id)).unwrap_or_default();
}

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
        let flow = self.flow(keys);
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
            let flow = self.flow(keys);
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
                let goto = Goto::check_branches(checker, node, items, "goto")?;
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

    /// The clauses that say whether the step is entered, how often, and what follows.
    fn flow(&mut self, keys: &mut Keys<'_>) -> Flow {
        let checker = &mut *self.checker;
        if let Some(called) = self.found.node.get("call").and_then(|call| call.as_text()) {
            let outcomes = checker.catalog.processes.get(called).map(|outline| outline.outcomes.clone());
            let kind = outcomes.map_or(Type::Text, |all| Type::Choice(all.into_iter().collect()));
            checker.given = vec![(Name::new("outcome"), kind)];
        }
        // What ends a step is not its own end but that of the scope around it.
        checker.may_end = self.found.parent.is_some();
        let goto = keys.take("goto").and_then(|goto| Goto::check(checker, goto));
        checker.given.clear();
        let when = keys.take("when").and_then(|when| checker.condition(when));
        let repeat = keys.take("repeat").and_then(|repeat| check_repeat(checker, repeat));
        let lock = keys.take("lock").and_then(|lock| check_lock(checker, lock));
        Flow { goto, when, repeat, lock }
    }
}

/// Whether a step is entered, how often, and what follows.
struct Flow {
    goto: Option<Goto>,
    when: Option<crate::formula::Formula>,
    repeat: Option<Repeat>,
    lock: Option<Name>,
}

impl Flow {
    fn put_into(self, step: &mut Step) {
        step.goto = self.goto;
        step.when = self.when;
        step.repeat = self.repeat;
        step.lock = self.lock;
    }
}

/// A lock holds within its case; one `across: cases` is refused, rather than held in each case by itself.
fn check_lock(checker: &mut Checker<'_>, node: &Node) -> Option<Name> {
    if node.get("across").is_some() {
        let message = "a lock holds within its case: this version cannot hold one `across: cases`";
        checker.error(node.span, "not-understood", message).help("write `lock: NAME`");
        return None;
    }
    checker.text(node, "`lock`")
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
