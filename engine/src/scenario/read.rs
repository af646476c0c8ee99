//! How scenarios are written.

use jiff::Timestamp;

use super::cast::{Cast, Known, form_of_start};
use super::{Act, Doing, Opening, Scenario, Values, What};
use crate::calendar::Calendar;
use crate::checker::{Checker, Keys};
use crate::diagnostic::Diagnostic;
use crate::ids::Name;
use crate::library::{Library, Written, in_order};
use crate::organization::Absence;
use crate::yaml::Node;

/// The verbs that can stand as a key.
const VERBS: [&str; 6] = ["claim", "release", "hand_on", "delegate", "answer", "withdraw"];

/// Those of them that need another person.
const WITH_ANOTHER: [&str; 2] = ["hand_on", "delegate"];

/// Reads all scenarios of a library.
///
/// # Errors
/// Everything that is wrong with how they are written.
pub fn read_all(library: &Library) -> Result<Vec<Scenario>, Vec<Diagnostic>> {
    let mut scenarios = Vec::new();
    let mut wrong = Vec::new();
    for written in &library.scenarios {
        let source = library.sources.get(written.source).expect("every tree was read from a source of this set");
        let mut checker = Checker::new(source, &library.catalog);
        let nodes = match written.node.get("scenarios") {
            Some(list) => {
                let mut keys = checker.keys(&written.node, "the file");
                if let Some(keys) = &mut keys {
                    keys.know(&["scenarios", "process"]);
                }
                if let Some(keys) = keys {
                    keys.finish(&mut checker);
                }
                checker.list(list)
            }
            None => std::slice::from_ref(&written.node),
        };
        for node in nodes {
            scenarios.extend(scenario(library, written, &mut checker, node));
        }
        wrong.extend(in_order(checker.out));
    }
    if wrong.is_empty() { Ok(scenarios) } else { Err(wrong) }
}

/// What reads the lines of one scenario.
pub(super) struct Reader<'r, 'c> {
    /// The set.
    pub(super) library: &'c Library,
    /// The processes whose words the lines may use.
    pub(super) cast: Cast<'c>,
    /// Where mistakes go.
    pub(super) checker: &'r mut Checker<'c>,
}

fn scenario<'c>(library: &'c Library, written: &Written, checker: &mut Checker<'c>, node: &Node) -> Option<Scenario> {
    let mut keys = checker.keys(node, "a scenario")?;
    let name = keys.require("scenario", checker).and_then(|name| checker.text(name, "`scenario`"));
    let process_node = keys.take("process").or_else(|| written.node.get("process"));
    let process = match process_node {
        Some(node) => checker.text(node, "`process`"),
        None => written.process.clone(),
    };
    let known = process.as_ref().and_then(|process| library.processes.get(process));
    let Some(process) = known else {
        let place = process_node.or_else(|| node.get("scenario")).unwrap_or(node).span;
        match &process {
            Some(process) => {
                let known = library.processes.keys().map(Name::as_str);
                checker
                    .error(place, "unknown-process", format!("there is no process `{process}`"))
                    .suggest_or_list(process, known);
            }
            // That `process` is no text was told.
            None if process_node.is_some() => {}
            None => {
                let message = "this scenario does not say which process it is about";
                checker.error(place, "unknown-process", message).help("add `process: NAME`");
            }
        }
        return None;
    };
    let mut reader = Reader { library, cast: Cast::of(library, process), checker };
    reader.scenario(node, keys, name)
}

impl Reader<'_, '_> {
    fn scenario(&mut self, node: &Node, mut keys: Keys<'_>, name: Option<Name>) -> Option<Scenario> {
        let process = self.cast.own();
        let calendar = process.calendar_in(&self.library.catalog.calendars);
        let covers = keys.take("covers").map(|node| self.names(node)).unwrap_or_default();
        let at = keys.require("at", self.checker).and_then(|at| self.instant(at, calendar));
        let by = keys.take("as").and_then(|by| self.somebody(by));
        let start = keys.require("start", self.checker).and_then(|start| self.opening(start));
        let start_span = keys.span_of("start");
        let absences = keys.take("absent").map(|node| self.absences(node, calendar)).unwrap_or_default();
        let acts = keys.take("then").map(|node| self.acts(node, calendar)).unwrap_or_default();
        keys.finish(self.checker);
        let span = node.get("scenario").map_or(node.span, |name| name.span);
        let start = Opening { span: start_span.unwrap_or(span), ..start? };
        Some(Scenario { name: name?, process: process.name.clone(), covers, at: at?, by, start, absences, acts, span })
    }

    fn names(&mut self, node: &Node) -> Vec<Name> {
        let items = self.checker.one_or_many(node);
        items.iter().filter_map(|item| self.checker.text(item, "a name")).collect()
    }

    /// A moment on the calendar's clock.
    pub(super) fn instant(&mut self, node: &Node, calendar: &Calendar) -> Option<Timestamp> {
        let text = self.checker.text(node, "an instant")?;
        match calendar.parse_local(&text) {
            Ok(at) => Some(at),
            Err(mistake) => {
                let diagnostic = self.checker.error(node.span, "bad-time", mistake.message);
                if let Some(help) = mistake.help {
                    diagnostic.help(help);
                }
                None
            }
        }
    }

    fn opening(&mut self, node: &Node) -> Option<Opening> {
        let process = self.cast.own();
        let form = form_of_start(process);
        let nothing = format!("the start of `{}` does not ask for", process.name);
        let mut keys = self.checker.keys(node, "`start`")?;
        let rejected = keys.take("rejected").and_then(|code| self.code(code));
        let code = rejected.as_ref();
        let has_entrance = ["message", "public", "with"].into_iter().any(|key| keys.has(key));
        if !has_entrance {
            let entries = node.as_mapping()?.iter().filter(|entry| entry.key.text != "rejected");
            let fields = self.filled(entries, &form, &nothing, code);
            return Some(Opening { message: None, public: None, fields, rejected, span: node.span });
        }
        let message = keys.take("message").and_then(|message| self.entrance(message, false));
        let public = keys.take("public").and_then(|public| self.entrance(public, true));
        let fields = self.with(&mut keys, &form, &nothing, code);
        keys.finish(self.checker);
        Some(Opening { message, public, fields, rejected, span: node.span })
    }

    /// What a line is filled in with.
    fn with(&mut self, keys: &mut Keys<'_>, known: &Known, nothing: &str, rejected: Option<&Name>) -> Values {
        let Some(node) = keys.take("with") else { return Values::new() };
        if self.checker.keys(node, "`with`").is_none() {
            return Values::new();
        }
        self.filled(node.as_mapping().unwrap_or_default().iter(), known, nothing, rejected)
    }

    fn absences(&mut self, node: &Node, calendar: &Calendar) -> Vec<Absence> {
        let mut absences = Vec::new();
        for item in self.checker.list(node) {
            let Some(mut keys) = self.checker.keys(item, "an absence") else { continue };
            let person = keys.require("person", self.checker).and_then(|node| self.person(node, "`person`"));
            let deputy = keys.require("deputy", self.checker).and_then(|node| self.person(node, "`deputy`"));
            let from = keys.require("from", self.checker).and_then(|node| self.instant(node, calendar));
            let until = keys.require("until", self.checker).and_then(|node| self.instant(node, calendar));
            keys.finish(self.checker);
            let people = person.zip(deputy);
            absences.extend(people.zip(from.zip(until)).map(|((person, deputy), (from, until))| Absence {
                person,
                deputy,
                from,
                until,
            }));
        }
        absences
    }

    fn acts(&mut self, node: &Node, calendar: &Calendar) -> Vec<Act> {
        let items = self.checker.list(node);
        items.iter().filter_map(|item| Some(Act { what: self.act(item, calendar)?, span: item.span })).collect()
    }

    fn act(&mut self, node: &Node, calendar: &Calendar) -> Option<What> {
        let mut keys = self.checker.keys(node, "a line of a scenario")?;
        let what = if let Some(action) = keys.take("do") {
            self.take(action, &mut keys)
        } else if let Some(verb) = VERBS.into_iter().find(|verb| keys.has(verb)) {
            self.verb(verb, keys.take(verb)?)
        } else if let Some(wait) = keys.take("wait") {
            self.checker.span(wait, "`wait`").map(What::Wait)
        } else if let Some(until) = keys.take("until") {
            self.instant(until, calendar).map(What::Until)
        } else if let Some(message) = keys.take("message") {
            self.message_line(message, &mut keys)
        } else if let Some(job) = keys.take("job") {
            self.job(job)
        } else if let Some(expect) = keys.take("expect") {
            Some(What::Expect(self.expectations(expect, calendar)))
        } else {
            let message = "this line says neither what is done nor what is expected";
            let help = "a line has one of `do`, `wait`, `until`, `message`, `job`, `expect`, `claim`, `release`, `hand_on`, `delegate`, `answer`, `withdraw`";
            self.checker.error(node.span, "no-act", message).help(help);
            return None;
        };
        keys.finish(self.checker);
        what
    }

    fn take(&mut self, action: &Node, keys: &mut Keys<'_>) -> Option<What> {
        let action = self.action(action, "`do`");
        let doing = self.doing(keys);
        let rejected = doing.rejected.as_ref();
        let fields = match &action {
            Some(action) => {
                let nothing = format!("the form of `{action}` has no field");
                self.with(keys, &self.cast.form_of(action), &nothing, rejected)
            }
            None => {
                keys.know(&["with"]);
                Values::new()
            }
        };
        action.map(|action| What::Take { action, fields, doing })
    }

    fn verb(&mut self, verb: &'static str, node: &Node) -> Option<What> {
        let mut keys = self.checker.keys(node, &format!("`{verb}`"))?;
        let doing = self.doing(&mut keys);
        let may_be_unknown = doing.rejected.as_ref().is_some_and(|code| *code == "unknown");
        let to = match WITH_ANOTHER.contains(&verb) {
            true => keys.require("to", self.checker),
            false => None,
        };
        let to = to.and_then(|to| match may_be_unknown {
            true => self.checker.text(to, "`to`"),
            false => self.person(to, "`to`"),
        });
        keys.finish(self.checker);
        Some(What::Verb { verb: Name::new(verb), to, doing })
    }

    fn message_line(&mut self, message: &Node, keys: &mut Keys<'_>) -> Option<What> {
        let rejected = keys.take("rejected").and_then(|code| self.code(code));
        let Some(message) = self.message(message) else {
            keys.know(&["with"]);
            return None;
        };
        let taken = self.cast.messages().into_iter().filter(|(known, _)| **known == message);
        let known: Known = taken.flat_map(|(_, fields)| fields).collect();
        let nothing = format!("nothing takes from the message `{message}` the field");
        let fields = self.with(keys, &known, &nothing, rejected.as_ref());
        Some(What::Message { message, fields, rejected })
    }

    fn job(&mut self, node: &Node) -> Option<What> {
        let mut keys = self.checker.keys(node, "`job`")?;
        let jobs = self.cast.jobs();
        if jobs.is_none() {
            self.checker.error(node.span, "no-job", "there is no job: no step is a `job`");
        }
        let done = keys.take("done").and_then(|done| {
            self.checker.keys(done, "`done`")?;
            Some(self.filled(done.as_mapping()?.iter(), &jobs.unwrap_or_default(), "no job takes the field", None))
        });
        let failed = keys.take("failed").and_then(|failed| self.checker.text(failed, "`failed`"));
        keys.finish(self.checker);
        let outcome = match (done, failed) {
            (_, Some(reason)) => Err(reason.to_string()),
            (Some(fields), None) => Ok(fields),
            (None, None) => Ok(Values::new()),
        };
        Some(What::Job { outcome })
    }

    fn doing(&mut self, keys: &mut Keys<'_>) -> Doing {
        let by = keys.take("as").map(|by| self.doer(by));
        let step = keys.take("in").and_then(|step| self.step(step));
        let item = keys.take("item").and_then(|item| self.item(item));
        let rejected = keys.take("rejected").and_then(|code| self.code(code));
        if by.is_none() {
            self.checker.error(keys.span(), "missing-key", "this line does not say who does it: add `as: ROLE`");
        }
        Doing { by: by.flatten(), step, item, rejected }
    }
}
