//! How effects are written: `- {set: {…}}`, `- {notify: {…}, when: …}`, or as keys of a rung or listener.

use super::{Deed, Destination, EFFECTS};
use crate::checker::{Checker, Keys, spoken};
use crate::formula::Operand;
use crate::ids::Name;
use crate::nearest::nearest;
use crate::value::Type;
use crate::yaml::{Entry, Node};

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
            let help = format!("effects are {}", spoken(&EFFECTS.map(|(key, _)| key)));
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
    for (key, check) in EFFECTS {
        if let Some(node) = keys.take(key) {
            deeds.extend(check(checker, node).map(|act| Deed { when: None, act }));
        }
    }
    deeds
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
    pub(super) fn declared(&mut self, node: &Node, what: &str, code: &'static str, known: &[&Name]) -> Option<Name> {
        let name = self.text(node, &format!("the name of a {what}"))?;
        if !known.iter().any(|known| **known == name) {
            let words = known.iter().map(|known| known.as_str());
            self.error(node.span, code, format!("there is no {what} `{name}`")).suggest(&name, words);
            return None;
        }
        Some(name)
    }

    pub(super) fn template(&mut self, node: &Node) -> Option<Name> {
        let catalog = self.catalog;
        let known: Vec<&Name> = catalog.templates.iter().collect();
        self.declared(node, "template", "unknown-template", &known)
    }
}
