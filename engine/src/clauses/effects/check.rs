//! How effects are written: `- {set: {…}}`, `- {notify: {…}, when: …}`, or as keys of a rung or listener.

use super::{Act, Deed, Destination};
use crate::checker::{Checker, Keys, spoken};
use crate::clauses::people::check_who;
use crate::event::Way;
use crate::formula::Operand;
use crate::ids::Name;
use crate::moment::Length;
use crate::nearest::nearest;
use crate::value::Type;
use crate::who::Who;
use crate::yaml::{Entry, Node};

/// The keys that are effects.
pub const EFFECTS: [&str; 18] = [
    "set", "notify", "webhook", "document", "mark", "start", "send", "extend", "pause", "resume", "restart", "assign",
    "release", "add", "drop", "finish", "leave", "urge",
];

/// The last of the effects, apart since a list of 18 is already long.
const RAISE: &str = "raise";

/// Reads a list of effects.
pub fn check_deeds(checker: &mut Checker<'_>, node: &Node) -> Vec<Deed> {
    let mut deeds = Vec::new();
    for entry in checker.one_or_many(node) {
        let Some(mut keys) = checker.keys(entry, "an effect") else { continue };
        let when = keys.take("when").and_then(|when| checker.condition(when));
        let before = deeds.len();
        deeds.extend(check_inline(checker, &mut keys));
        // A key that is unknown is reported by itself.
        let is_empty = entry.as_mapping().unwrap_or_default().iter().all(|entry| entry.key.text == *"when");
        if is_empty {
            let help = format!("effects are {}", spoken(&EFFECTS.into_iter().chain([RAISE]).collect::<Vec<_>>()));
            checker.error(entry.span, "no-effect", "nothing says what to do here").help(help);
        }
        for deed in deeds.iter_mut().skip(before) {
            deed.when.clone_from(&when);
        }
        keys.finish(checker);
    }
    deeds
}

/// Reads the effects among the keys of something, in the order of the language.
pub fn check_inline(checker: &mut Checker<'_>, keys: &mut Keys<'_>) -> Vec<Deed> {
    let mut deeds = Vec::new();
    for key in EFFECTS.into_iter().chain([RAISE]) {
        if let Some(node) = keys.take(key) {
            deeds.extend(check_act(checker, key, node).map(|act| Deed { when: None, act }));
        }
    }
    deeds
}

fn check_act(checker: &mut Checker<'_>, key: &'static str, node: &Node) -> Option<Act> {
    match key {
        "set" => check_set(checker, node),
        "notify" => check_notify(checker, node),
        "webhook" => check_webhook(checker, node),
        "document" => check_document(checker, node),
        "mark" => check_mark(checker, node),
        "start" => check_start(checker, node),
        "send" => check_send(checker, node),
        "extend" => check_extend(checker, node),
        "pause" => named_deadline(checker, node, key).map(|deadline| Act::Pause { deadline }),
        "resume" => named_deadline(checker, node, key).map(|deadline| Act::Resume { deadline }),
        "restart" => named_deadline(checker, node, key).map(|deadline| Act::Restart { deadline }),
        "assign" | "release" => check_assign(checker, node, key),
        "add" | "drop" => check_item(checker, node, key),
        "finish" | "leave" => check_end(checker, node, key),
        "urge" => {
            checker.keys(node, "`urge`")?.finish(checker);
            Some(Act::Urge)
        }
        _ => check_raise(checker, node),
    }
}

fn check_set(checker: &mut Checker<'_>, node: &Node) -> Option<Act> {
    checker.keys(node, "`set`")?;
    let mut assignments = Vec::new();
    for Entry { key, value } in node.as_mapping()? {
        let Some((destination, kind)) = checker.destination(&key.text, key.span) else { continue };
        assignments.extend(checker.operand(value, &kind).map(|operand| (destination, operand)));
    }
    Some(Act::Set(assignments))
}

impl Checker<'_> {
    /// Where a field that is in scope keeps its value, and its type.
    pub fn destination(&mut self, name: &Name, span: crate::diagnostic::Span) -> Option<(Destination, Type)> {
        let framed = self
            .frames
            .iter()
            .rev()
            .find_map(|frame| frame.fields.get(name).map(|field| (Some(frame.step.clone()), field.kind.clone())));
        let found = framed.or_else(|| self.fields.get(name).map(|field| (None, field.kind.clone())));
        let Some((step, kind)) = found else {
            let framed = self.frames.iter().flat_map(|frame| frame.fields.keys());
            let known: Vec<Name> = self.fields.keys().chain(framed).cloned().collect();
            let known = known.iter().map(Name::as_str);
            self.error(span, "unknown-field", format!("there is no field `{name}`")).suggest(name, known);
            return None;
        };
        Some((Destination { step, field: name.clone() }, kind))
    }

    /// `take`: our fields from theirs, as a list of equal names or `ours: theirs`.
    pub fn check_take(&mut self, node: &Node) -> Vec<(Destination, Name)> {
        let mut taken = Vec::new();
        if let Some(entries) = node.as_mapping() {
            for entry in entries {
                let theirs = self.text(&entry.value, "the name of what comes back");
                let ours = self.destination(&entry.key.text, entry.key.span);
                taken.extend(ours.zip(theirs).map(|((ours, _), theirs)| (ours, theirs)));
            }
            return taken;
        }
        for item in self.list(node) {
            let Some(name) = self.text(item, "a field") else { continue };
            taken.extend(self.destination(&name, item.span).map(|(ours, _)| (ours, name)));
        }
        taken
    }

    /// `with`: what another process or program is given.
    pub fn check_with(&mut self, node: &Node, theirs: Option<&crate::catalog::Outline>) -> Vec<(Name, Operand)> {
        let mut with = Vec::new();
        if self.keys(node, "`with`").is_none() {
            return with;
        }
        for Entry { key, value } in node.as_mapping().unwrap_or_default() {
            let kind = match theirs {
                None => Type::Any,
                Some(outline) => match outline.fields.get(&key.text).filter(|_| outline.accepted.contains(&key.text)) {
                    Some(kind) => kind.clone(),
                    None => {
                        let message = format!("the other process does not ask for `{}` at its start", key.text);
                        let known: Vec<Name> = outline.accepted.iter().cloned().collect();
                        let known = known.iter().map(Name::as_str);
                        self.error(key.span, "unknown-field", message).suggest(&key.text, known);
                        continue;
                    }
                },
            };
            with.extend(self.operand(value, &kind).map(|operand| (key.text.clone(), operand)));
        }
        with
    }

    /// A process that is called or started, with what it is given.
    pub fn check_other(&mut self, keys: &mut Keys<'_>, process: &Node) -> Option<(Name, Vec<(Name, Operand)>)> {
        let name = self.text(process, "the name of a process")?;
        let catalog = self.catalog;
        let Some(outline) = catalog.processes.get(&name) else {
            let known = catalog.processes.keys().map(Name::as_str);
            let message = format!("there is no process `{name}`");
            self.error(process.span, "unknown-process", message).suggest(&name, known);
            keys.know(&["with"]);
            return None;
        };
        let with_node = keys.take("with");
        let with = with_node.map(|with| self.check_with(with, Some(outline))).unwrap_or_default();
        // A field that is there under a mistyped name, or with a wrong value, is reported by itself.
        let written = with_node.and_then(Node::as_mapping).unwrap_or_default().iter().map(|entry| &entry.key.text);
        let accepted = || outline.accepted.iter().map(Name::as_str);
        let meant: Vec<&str> = written.filter_map(|name| nearest(name, accepted())).collect();
        for required in outline.required.iter().filter(|required| !meant.contains(&required.as_str())) {
            let message = format!("`{name}` cannot start without `{required}`");
            self.error(process.span, "missing-field", message).help(format!("add `{required}: =…` to `with`"));
        }
        Some((name, with))
    }

    /// One of the names that something outside the process declares.
    fn declared(&mut self, node: &Node, what: &str, code: &'static str, known: &[&Name]) -> Option<Name> {
        let name = self.text(node, &format!("the name of a {what}"))?;
        if !known.iter().any(|known| **known == name) {
            let words = known.iter().map(|known| known.as_str());
            self.error(node.span, code, format!("there is no {what} `{name}`")).suggest(&name, words);
            return None;
        }
        Some(name)
    }

    fn template(&mut self, node: &Node) -> Option<Name> {
        let catalog = self.catalog;
        let known: Vec<&Name> = catalog.templates.iter().collect();
        self.declared(node, "template", "unknown-template", &known)
    }
}

fn check_notify(checker: &mut Checker<'_>, node: &Node) -> Option<Act> {
    let mut keys = checker.keys(node, "`notify`")?;
    let to = keys.require("to", checker).map(|to| check_recipients(checker, to));
    let template = keys.require("template", checker).and_then(|template| checker.template(template));
    let ways = keys.take("by").map(|by| check_ways(checker, by)).unwrap_or_else(|| vec![Way::Inbox]);
    keys.finish(checker);
    Some(Act::Notify { to: to?, template: template?, ways })
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

fn check_webhook(checker: &mut Checker<'_>, node: &Node) -> Option<Act> {
    let mut keys = checker.keys(node, "`webhook`")?;
    let catalog = checker.catalog;
    let known: Vec<&Name> = catalog.connections.iter().collect();
    let to = keys.require("to", checker);
    let to = to.and_then(|to| checker.declared(to, "connection", "unknown-connection", &known));
    let kind = keys.require("type", checker).and_then(|kind| checker.text(kind, "`type`"));
    let with = keys.take("with").map(|with| checker.check_with(with, None)).unwrap_or_default();
    keys.finish(checker);
    Some(Act::Webhook { to: to?, kind: kind?, with })
}

fn check_document(checker: &mut Checker<'_>, node: &Node) -> Option<Act> {
    let mut keys = checker.keys(node, "`document`")?;
    let template = keys.require("template", checker).and_then(|template| checker.template(template));
    let to = keys.take("to").and_then(|to| checker.operand(to, &Type::Unit));
    keys.finish(checker);
    Some(Act::Document { template: template?, to })
}

fn check_mark(checker: &mut Checker<'_>, node: &Node) -> Option<Act> {
    let mut keys = checker.keys(node, "`mark`")?;
    let catalog = checker.catalog;
    let known: Vec<&Name> = catalog.marks.keys().collect();
    let kind = keys.require("kind", checker);
    let kind = kind.and_then(|kind| checker.declared(kind, "kind of mark", "unknown-mark", &known));
    let unit = keys.take("unit").and_then(|unit| checker.operand(unit, &Type::Unit));
    let person = keys.take("person").and_then(|person| checker.operand(person, &Type::Person));
    if !keys.has("unit") && !keys.has("person") {
        checker.error(node.span, "missing-key", "a mark needs the `unit` or the `person` it is for");
    }
    keys.finish(checker);
    Some(Act::Mark { kind: kind?, unit, person })
}

fn check_start(checker: &mut Checker<'_>, node: &Node) -> Option<Act> {
    let mut keys = checker.keys(node, "`start`")?;
    let process = keys.require("process", checker);
    let other = process.and_then(|process| checker.check_other(&mut keys, process));
    keys.finish(checker);
    let (span, (process, with)) = (process?.span, other?);
    Some(Act::Start { process, with, span })
}

fn check_send(checker: &mut Checker<'_>, node: &Node) -> Option<Act> {
    let mut keys = checker.keys(node, "`send`")?;
    let named = keys.require("message", checker);
    let message = named.and_then(|message| checker.text(message, "`message`"));
    let to = keys.take("to").and_then(|to| checker.operand(to, &Type::Text));
    let with = keys.take("with").map(|with| checker.check_with(with, None)).unwrap_or_default();
    keys.finish(checker);
    Some(Act::Send { message: message?, to, with, span: named?.span })
}

fn check_extend(checker: &mut Checker<'_>, node: &Node) -> Option<Act> {
    let mut keys = checker.keys(node, "`extend`")?;
    let deadline = keys.take("deadline").and_then(|step| limited_step(checker, step));
    let to = keys.take("to").and_then(|to| checker.moment(to)).map(Length::Until);
    let by = keys.take("by").and_then(|by| checker.span(by, "`by`")).map(Length::Span);
    if keys.has("to") == keys.has("by") {
        checker.error(node.span, "missing-key", "`extend` says either `to: =…` or `by: 3 working days`");
    }
    keys.finish(checker);
    Some(Act::Extend { deadline, more: to.or(by)? })
}

#[expect(clippy::option_option, reason = "outside: readable at all; inside: a step is named")]
fn named_deadline(checker: &mut Checker<'_>, node: &Node, key: &'static str) -> Option<Option<Name>> {
    let mut keys = checker.keys(node, &format!("`{key}`"))?;
    let deadline = keys.take("deadline").and_then(|step| limited_step(checker, step));
    keys.finish(checker);
    Some(deadline)
}

fn limited_step(checker: &mut Checker<'_>, node: &Node) -> Option<Name> {
    let name = checker.named_step(node)?;
    if checker.places.get(&name).is_some_and(|place| !place.has_deadline) {
        checker.error(node.span, "no-deadline", format!("`{name}` has no deadline"));
    }
    Some(name)
}

fn check_assign(checker: &mut Checker<'_>, node: &Node, key: &'static str) -> Option<Act> {
    let mut keys = checker.keys(node, &format!("`{key}`"))?;
    let step = keys.take("step").and_then(|step| checker.named_step(step));
    let to = match key {
        "assign" => keys.require("to", checker).and_then(|to| checker.operand(to, &Type::Person)),
        _ => None,
    };
    keys.finish(checker);
    match key {
        "assign" => Some(Act::Assign { step, to: to? }),
        _ => Some(Act::Release { step }),
    }
}

fn check_item(checker: &mut Checker<'_>, node: &Node, key: &'static str) -> Option<Act> {
    let mut keys = checker.keys(node, &format!("`{key}`"))?;
    let step = keys.require("each", checker);
    let each = step.and_then(|step| checker.named_step(step));
    let item = keys.require("item", checker).and_then(|item| checker.operand(item, &Type::Any));
    keys.finish(checker);
    let each = each?;
    let Some((variable, _)) = checker.collections.get(&each).cloned() else {
        let span = step.map_or(node.span, |step| step.span);
        checker.error(span, "not-each", format!("`{each}` is not an `each` step"));
        return None;
    };
    match key {
        "add" => Some(Act::Add { each, variable, item: item? }),
        _ => Some(Act::Drop { each, item: item? }),
    }
}

fn check_end(checker: &mut Checker<'_>, node: &Node, key: &'static str) -> Option<Act> {
    let mut keys = checker.keys(node, &format!("`{key}`"))?;
    let step = keys.require("step", checker).and_then(|step| checker.named_step(step));
    keys.finish(checker);
    match key {
        "finish" => Some(Act::Finish { step: step? }),
        _ => Some(Act::Leave { step: step? }),
    }
}

fn check_raise(checker: &mut Checker<'_>, node: &Node) -> Option<Act> {
    let mut keys = checker.keys(node, "`raise`")?;
    let urgency = keys.take("urgency").and_then(|to| checker.operand(to, &Type::Text)).map(Act::RaiseUrgency);
    let incident = keys.take("incident").and_then(|text| checker.operand(text, &Type::Text)).map(Act::RaiseIncident);
    if keys.has("urgency") == keys.has("incident") {
        checker.error(node.span, "missing-key", "`raise` says either `urgency` or `incident`");
    }
    keys.finish(checker);
    urgency.or(incident)
}
