//! The checker: reads the words of a definition, knows what they may mean where they stand, and collects what is wrong.

mod keys;
mod names;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use keys::Keys;
pub use values::spoken;

use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::field::Field;
use crate::ids::Name;
use crate::moment::{StepId, Target};
use crate::value::Type;
use crate::who::Who;
use crate::yaml::Node;

/// A step as known before it is read: its place, and where it may be reached from.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its id.
    pub id: StepId,
    /// Where its name stands.
    pub span: Span,
    /// The branches and items around it, innermost last: a `goto` may not lead into one from outside.
    pub members: Vec<StepId>,
    /// Whether it has a deadline.
    pub has_deadline: bool,
}

/// The steps around the place being read.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The step's name in events.
    pub step: Name,
    /// The fields it declares.
    pub fields: BTreeMap<Name, Arc<Field>>,
    /// The item variable it gives to what is inside.
    pub item: Option<(Name, Type)>,
}

/// Everything that is known while a definition is read.
pub struct Checker<'a> {
    /// What is wrong so far.
    pub out: Diagnostics,
    /// The text being read.
    pub source: &'a Source,
    /// What may be named besides the process's own words.
    pub catalog: &'a Catalog,
    /// The process's own fields.
    pub fields: BTreeMap<Name, Arc<Field>>,
    /// The process's roles.
    pub roles: BTreeMap<Name, Who>,
    /// The roles that something names.
    pub named_roles: BTreeSet<Name>,
    /// All steps by the names that people write.
    pub places: BTreeMap<Name, Place>,
    /// Names of steps that cannot be read: what names them is not wrong as well.
    pub unreadable: BTreeSet<Name>,
    /// The actions of all steps.
    pub actions: Vec<Name>,
    /// The items of each `each` step: the variable, and the type of a context with its fields.
    pub collections: BTreeMap<Name, (Name, Type)>,
    /// The steps around the place being read, outermost first.
    pub frames: Vec<Frame>,
    /// The branches and items around the place being read.
    pub members: Vec<StepId>,
    /// Whether `end` means something at the place being read.
    pub may_end: bool,
    /// Names known only here, as `outcome`.
    pub given: Vec<(Name, Type)>,
    /// Whether anything led `back`.
    pub goes_back: bool,
}

impl<'a> Checker<'a> {
    /// A checker for one text.
    pub fn new(source: &'a Source, catalog: &'a Catalog) -> Self {
        Self {
            out: Diagnostics::new(),
            source,
            catalog,
            fields: BTreeMap::new(),
            roles: BTreeMap::new(),
            named_roles: BTreeSet::new(),
            places: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            actions: Vec::new(),
            collections: BTreeMap::new(),
            frames: Vec::new(),
            members: Vec::new(),
            may_end: false,
            given: Vec::new(),
            goes_back: false,
        }
    }

    /// Something is wrong. Go on with `.label()`, `.note()`, `.help()`, `.suggest()`.
    pub fn error(&mut self, span: Span, code: &'static str, message: impl Into<String>) -> &mut Diagnostic {
        self.out.error(span, code, message)
    }

    /// The line of a place, from 1.
    pub fn line(&self, span: Span) -> u32 {
        self.source.position(span.start).line
    }

    /// Where a `goto` leads.
    pub fn target(&mut self, node: &Node) -> Option<Target> {
        let name = self.text(node, "the name of a step")?;
        match name.as_str() {
            "back" => {
                self.goes_back = true;
                Some(Target::Back)
            }
            "end" if self.may_end => Some(Target::End),
            "end" => {
                let message = "there is nothing here that `end` could end";
                self.error(node.span, "nothing-to-end", message)
                    .help("`end` ends a stage, a branch or an item; to end the case, go to a step with `close`");
                None
            }
            _ => self.step(&name, node.span).map(Target::Step),
        }
    }

    fn step(&mut self, name: &Name, span: Span) -> Option<StepId> {
        let Some(place) = self.places.get(name).cloned() else {
            self.unknown_step(name, span, &["back", "end"]);
            return None;
        };
        if let Some(inside) = place.members.iter().find(|member| !self.members.contains(member)) {
            let is_itself = *inside == place.id;
            let message = match is_itself {
                true => format!("`{name}` is a branch, and a branch cannot be gone to alone"),
                false => format!("`{name}` lies inside a branch or an item that this step is not in"),
            };
            self.error(span, "into-a-branch", message)
                .note(place.span, "the step is here")
                .help("go to the step that has the branches or items: it starts them all");
            return None;
        }
        Some(place.id)
    }

    /// A step named for something else than going there: its name as written.
    pub fn named_step(&mut self, node: &Node) -> Option<Name> {
        let name = self.text(node, "the name of a step")?;
        if self.places.contains_key(&name) {
            return Some(name);
        }
        self.unknown_step(&name, node.span, &[]);
        None
    }

    fn unknown_step(&mut self, name: &Name, span: Span, also: &[&str]) {
        if self.unreadable.contains(name) {
            return;
        }
        let known: Vec<Name> = self.places.keys().cloned().collect();
        let steps = known.iter().map(Name::as_str);
        self.error(span, "unknown-step", format!("there is no step `{name}`"))
            .suggest_or_list(name, steps)
            .suggest(name, known.iter().map(Name::as_str).chain(also.iter().copied()));
    }
}
