//! The names in a scenario: each is one that its processes, the organisation or the set know.

use std::collections::BTreeSet;

use super::cast::{entrances, steps_of};
use super::read::Reader;
use crate::effect::URGED;
use crate::ids::Name;
use crate::yaml::Node;

/// The codes of refusals, as [`crate::rejection::Rejection`] writes them.
pub const CODES: [&str; 21] = [
    "case_closed",
    "no_such_visit",
    "no_such_action",
    "ambiguous",
    "not_allowed",
    "separation",
    "same_person_needed",
    "held_by_other",
    "not_held",
    "forbidden",
    "field_missing",
    "field_unknown",
    "field_wrong",
    "requirement",
    "too_often",
    "seal_missing",
    "nothing_to_withdraw",
    "no_such_start",
    "not_awaited",
    "unknown",
    "endless",
];

/// The lights of a deadline.
const LIGHTS: [(&str, &str); 3] = [("green", "green"), ("yellow", "yellow"), ("red", "red")];

/// A name that is known, or what is said of one that is not.
type Said<'a> = (&'static str, &'a dyn Fn(&Name) -> String);

impl Reader<'_, '_> {
    /// A name out of those that are known.
    fn known(&mut self, node: &Node, what: &str, known: &BTreeSet<&str>, (code, said): Said<'_>) -> Option<Name> {
        let name = self.checker.text(node, what)?;
        if known.contains(name.as_str()) {
            return Some(name);
        }
        self.checker.error(node.span, code, said(&name)).suggest_or_list(&name, known.iter().copied());
        None
    }

    /// Whoever does something in a line: a role, a person, or a duty where `by` is written in place.
    pub(super) fn doer(&mut self, node: &Node) -> Option<Name> {
        let organization = &self.library.catalog.organization;
        if let Some(name) = node.as_scalar().map(|scalar| &scalar.text)
            && organization.duties.contains_key(name)
        {
            return Some(name.clone());
        }
        let roles = self.cast.roles();
        self.role_or_person(node, roles)
    }

    /// Somebody as the scenario's own process sees them: a role or a person.
    pub(super) fn somebody(&mut self, node: &Node) -> Option<Name> {
        let roles = self.cast.own().roles.keys().map(Name::as_str).collect();
        self.role_or_person(node, roles)
    }

    fn role_or_person(&mut self, node: &Node, roles: BTreeSet<&str>) -> Option<Name> {
        let (process, organization) = (&self.cast.own().name, &self.library.catalog.organization);
        let known = roles.into_iter().chain(organization.people.keys().map(Name::as_str)).collect();
        let said = |name: &Name| format!("`{name}` is no role of `{process}` and not in the organisation");
        self.known(node, "`as`", &known, ("unknown-person", &said))
    }

    /// Somebody in the organisation.
    pub(super) fn person(&mut self, node: &Node, what: &str) -> Option<Name> {
        let known = self.library.catalog.organization.people.keys().map(Name::as_str).collect();
        let said = |name: &Name| format!("the organisation has no person `{name}`");
        self.known(node, what, &known, ("unknown-in-organization", &said))
    }

    /// An action that is somewhere, whether or not it is on offer where the case is.
    pub(super) fn action(&mut self, node: &Node, what: &str) -> Option<Name> {
        let known = self.cast.actions().map(|action| action.name.as_str()).collect();
        self.known(node, what, &known, ("unknown-action", &|name| format!("there is no action `{name}`")))
    }

    /// A step that something is done in.
    pub(super) fn step(&mut self, node: &Node) -> Option<Name> {
        let known = self.cast.steps();
        self.known(node, "`in`", &known, ("unknown-step", &|name| format!("there is no step `{name}`")))
    }

    /// Steps that the scenario's own case may be in.
    pub(super) fn steps(&mut self, node: &Node) -> Vec<Name> {
        let known = steps_of(self.cast.own()).collect();
        self.all_known(
            node,
            "the name of a step",
            &known,
            ("unknown-step", &|name| format!("there is no step `{name}`")),
        )
    }

    /// What an `as` may do.
    pub(super) fn actions(&mut self, node: &Node) -> Vec<Name> {
        let nodes = self.checker.one_or_many(node);
        nodes.iter().filter_map(|node| self.action(node, "the name of an action")).collect()
    }

    /// The code of a refusal.
    pub(super) fn code(&mut self, node: &Node) -> Option<Name> {
        let known = BTreeSet::from(CODES);
        let said = |name: &Name| format!("nothing is refused with the code `{name}`");
        self.known(node, "`rejected`", &known, ("unknown-code", &said))
    }

    /// How the case ends.
    pub(super) fn outcome(&mut self, node: &Node) -> Option<Name> {
        let process = self.cast.own();
        let known = process.outcomes.iter().map(Name::as_str).collect();
        let said = |name: &Name| format!("`{}` has no outcome `{name}`", process.name);
        self.known(node, "`outcome`", &known, ("unknown-outcome", &said))
    }

    /// A light.
    pub(super) fn light(&mut self, node: &Node) -> Option<Name> {
        self.checker.word(node, &LIGHTS).map(Name::new)
    }

    /// Kinds of marks.
    pub(super) fn marks(&mut self, node: &Node) -> Vec<Name> {
        let known = self.library.catalog.marks.keys().map(Name::as_str).collect();
        let said = |name: &Name| format!("there is no kind of mark `{name}`");
        self.all_known(node, "a kind of mark", &known, ("unknown-mark", &said))
    }

    /// Templates that the scenario's processes may use.
    pub(super) fn templates(&mut self, node: &Node) -> Vec<Name> {
        let names: Vec<&Name> = self.cast.names().collect();
        let own = |of: &Name| of.is_empty() || names.contains(&of);
        let templates = self.library.templates.keys().filter(|(of, _)| own(of)).map(|(_, name)| name.as_str());
        let known = templates.chain([URGED]).collect();
        let said = |name: &Name| format!("there is no template `{name}`");
        self.all_known(node, "a template", &known, ("unknown-template", &said))
    }

    fn all_known(&mut self, node: &Node, what: &str, known: &BTreeSet<&str>, said: Said<'_>) -> Vec<Name> {
        let nodes = self.checker.one_or_many(node);
        nodes.iter().filter_map(|node| self.known(node, what, known, said)).collect()
    }

    /// A process of the set.
    pub(super) fn process(&mut self, node: &Node) -> Option<Name> {
        let known = self.library.processes.keys().map(Name::as_str).collect();
        self.known(node, "`of`", &known, ("unknown-process", &|name| format!("there is no process `{name}`")))
    }

    /// A message that something waits or listens for.
    pub(super) fn message(&mut self, node: &Node) -> Option<Name> {
        let known = self.cast.messages().into_iter().map(|(message, _)| message.as_str()).collect();
        let said = |name: &Name| format!("no step waits or listens for the message `{name}`");
        self.known(node, "`message`", &known, ("unknown-message", &said))
    }

    /// A message or public form that the process begins with.
    pub(super) fn entrance(&mut self, node: &Node, public: bool) -> Option<Name> {
        let process = self.cast.own();
        let (what, noun) = if public { ("`public`", "public form") } else { ("`message`", "message") };
        let said = |name: &Name| format!("`{}` does not start by a {noun} `{name}`", process.name);
        self.known(node, what, &entrances(process, public), ("unknown-entrance", &said))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::CODES;

    #[test]
    fn every_rejection_has_its_code_here() {
        let source = include_str!("../rejection.rs");
        let body = source.split("pub enum Rejection {").nth(1).expect("it is there");
        let body = body.split("\n}\n").next().expect("it ends");
        let variants = body
            .lines()
            .filter_map(|line| line.strip_prefix("    "))
            .filter(|line| line.starts_with(char::is_uppercase));
        let snake = |line: &str| {
            let name: String = line.chars().take_while(|letter| letter.is_alphanumeric()).collect();
            let spaced = name
                .chars()
                .flat_map(|letter| [letter.is_uppercase().then_some('_'), Some(letter.to_ascii_lowercase())]);
            spaced.flatten().collect::<String>().trim_start_matches('_').to_owned()
        };

        let codes: BTreeSet<String> = variants.map(snake).collect();

        assert_eq!(codes, CODES.iter().map(|code| (*code).to_owned()).collect());
    }
}
