//! How scenarios are written.

use jiff::Timestamp;

use super::{Act, Doing, Expectation, Expected, Opening, Scenario, Values, What};
use crate::calendar::Calendar;
use crate::checker::{Checker, Keys};
use crate::diagnostic::Diagnostic;
use crate::ids::Name;
use crate::library::{Library, Written};
use crate::organization::Absence;
use crate::process::Process;
use crate::value::{Type, Value};
use crate::yaml::{Node, to_json};

/// The verbs that can stand as a key.
const VERBS: [&str; 6] = ["claim", "release", "hand_on", "delegate", "answer", "withdraw"];

/// The largest number that an expectation may name.
const COUNT_MAX: u32 = 1_000_000;

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
            let mut reader = Reader { library, written, checker: &mut checker };
            scenarios.extend(reader.scenario(node));
        }
        wrong.extend(checker.out.into_vec());
    }
    if wrong.is_empty() { Ok(scenarios) } else { Err(wrong) }
}

struct Reader<'r, 'c> {
    library: &'c Library,
    written: &'r Written,
    checker: &'r mut Checker<'c>,
}

impl Reader<'_, '_> {
    fn scenario(&mut self, node: &Node) -> Option<Scenario> {
        let mut keys = self.checker.keys(node, "a scenario")?;
        let name = keys.require("scenario", self.checker).and_then(|name| self.checker.text(name, "`scenario`"));
        let process_node = keys.take("process").or_else(|| self.written.node.get("process"));
        let process = match process_node {
            Some(node) => self.checker.text(node, "`process`"),
            None => self.written.process.clone(),
        };
        let known = process.as_ref().and_then(|process| self.library.processes.get(process));
        let Some(process) = known else {
            let message = match &process {
                Some(process) => format!("there is no process `{process}`"),
                None => "this scenario does not say which process it is about".to_owned(),
            };
            self.checker.error(process_node.unwrap_or(node).span, "unknown-process", message);
            return None;
        };
        let process: &Process = process;
        let calendar = process.calendar_in(&self.library.catalog.calendars);
        let covers = keys.take("covers").map(|node| self.names(node)).unwrap_or_default();
        let at = keys.require("at", self.checker).and_then(|at| self.instant(at, calendar));
        let by = keys.take("as").and_then(|by| self.checker.text(by, "`as`"));
        let start = keys.require("start", self.checker).and_then(|start| self.opening(start));
        let absences = keys.take("absent").map(|node| self.absences(node, calendar)).unwrap_or_default();
        let acts = keys.take("then").map(|node| self.acts(node, calendar)).unwrap_or_default();
        keys.finish(self.checker);
        let (process, span) = (process.name.clone(), node.get("scenario").map_or(node.span, |name| name.span));
        Some(Scenario { name: name?, process, covers, at: at?, by, start: start?, absences, acts, span })
    }

    fn names(&mut self, node: &Node) -> Vec<Name> {
        let items = self.checker.one_or_many(node);
        items.iter().filter_map(|item| self.checker.text(item, "a name")).collect()
    }

    fn instant(&mut self, node: &Node, calendar: &Calendar) -> Option<Timestamp> {
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

    fn values(&mut self, node: &Node) -> Values {
        let mut values = Values::new();
        if self.checker.keys(node, "values").is_none() {
            return values;
        }
        for entry in node.as_mapping().unwrap_or_default() {
            values.extend(self.value(&entry.value).map(|value| (entry.key.text.clone(), value)));
        }
        values
    }

    fn value(&mut self, node: &Node) -> Option<Value> {
        match Value::from_plain_json(&to_json(node), &Type::Any) {
            Ok(value) => Some(value),
            Err(message) => {
                self.checker.error(node.span, "wrong-value", message);
                None
            }
        }
    }

    fn opening(&mut self, node: &Node) -> Option<Opening> {
        let has_entrance = node.get("message").is_some() || node.get("public").is_some() || node.get("with").is_some();
        if !has_entrance {
            let mut fields = self.values(node);
            let rejected = fields.remove("rejected").and_then(|code| code.as_text().cloned());
            return Some(Opening { message: None, public: None, fields, rejected });
        }
        let mut keys = self.checker.keys(node, "`start`")?;
        let message = keys.take("message").and_then(|message| self.checker.text(message, "`message`"));
        let public = keys.take("public").and_then(|public| self.checker.text(public, "`public`"));
        let fields = keys.take("with").map(|with| self.values(with)).unwrap_or_default();
        let rejected = keys.take("rejected").and_then(|code| self.checker.text(code, "`rejected`"));
        keys.finish(self.checker);
        Some(Opening { message, public, fields, rejected })
    }

    fn absences(&mut self, node: &Node, calendar: &Calendar) -> Vec<Absence> {
        let mut absences = Vec::new();
        for item in self.checker.list(node) {
            let Some(mut keys) = self.checker.keys(item, "an absence") else { continue };
            let person = keys.require("person", self.checker).and_then(|node| self.checker.text(node, "`person`"));
            let deputy = keys.require("deputy", self.checker).and_then(|node| self.checker.text(node, "`deputy`"));
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
            let action = self.checker.text(action, "`do`");
            let fields = keys.take("with").map(|with| self.values(with)).unwrap_or_default();
            let doing = self.doing(&mut keys);
            action.map(|action| What::Take { action, fields, doing })
        } else if let Some(verb) = VERBS.into_iter().find(|verb| keys.has(verb)) {
            let inner = keys.take(verb)?;
            let mut inner = self.checker.keys(inner, &format!("`{verb}`"))?;
            let to = inner.take("to").and_then(|to| self.checker.text(to, "`to`"));
            let doing = self.doing(&mut inner);
            inner.finish(self.checker);
            Some(What::Verb { verb: Name::new(verb), to, doing })
        } else if let Some(wait) = keys.take("wait") {
            self.checker.span(wait, "`wait`").map(What::Wait)
        } else if let Some(until) = keys.take("until") {
            self.instant(until, calendar).map(What::Until)
        } else if let Some(message) = keys.take("message") {
            let message = self.checker.text(message, "`message`");
            let fields = keys.take("with").map(|with| self.values(with)).unwrap_or_default();
            let rejected = keys.take("rejected").and_then(|code| self.checker.text(code, "`rejected`"));
            message.map(|message| What::Message { message, fields, rejected })
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

    fn job(&mut self, node: &Node) -> Option<What> {
        let mut keys = self.checker.keys(node, "`job`")?;
        let done = keys.take("done").map(|done| self.values(done));
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
        let by = keys.take("as").and_then(|by| self.checker.text(by, "`as`"));
        let step = keys.take("in").and_then(|step| self.checker.text(step, "`in`"));
        let item = keys.take("item").and_then(|item| self.value(item));
        let rejected = keys.take("rejected").and_then(|code| self.checker.text(code, "`rejected`"));
        if by.is_none() {
            self.checker.error(keys.span(), "missing-key", "this line does not say who does it: add `as: ROLE`");
        }
        Doing { by, step, item, rejected }
    }

    fn expectations(&mut self, node: &Node, calendar: &Calendar) -> Vec<Expectation> {
        let Some(mut keys) = self.checker.keys(node, "`expect`") else { return Vec::new() };
        let mut found = Vec::new();
        for key in EXPECTED {
            let Some(node) = keys.take(key) else { continue };
            let span = keys.span_of(key).map_or(node.span, |key| key.to(node.span));
            found.extend(self.expected(key, node, calendar).map(|what| Expectation { what, span }));
        }
        keys.finish(self.checker);
        found
    }

    fn expected(&mut self, key: &'static str, node: &Node, calendar: &Calendar) -> Option<Expected> {
        Some(match key {
            "in" => Expected::In(self.names(node)),
            "not_in" => Expected::NotIn(self.names(node)),
            "due" if node.is_null() => Expected::Due(None),
            "due" => Expected::Due(Some(self.instant(node, calendar)?)),
            "light" => Expected::Light(self.checker.text(node, "`light`")?),
            "provisional" => Expected::Provisional(self.checker.boolean(node)?),
            "outcome" => Expected::Outcome(self.checker.text(node, "`outcome`")?),
            "open" => Expected::Open(self.checker.boolean(node)?),
            "marks" => Expected::Marks(self.names(node)),
            "documents" => Expected::Documents(self.names(node)),
            "notified" => Expected::Notified(self.names(node)),
            "fields" => Expected::Fields(self.values(node)),
            "incidents" => Expected::Incidents(self.count(node)?),
            "holder" if node.is_null() => Expected::Holder(None),
            "holder" => Expected::Holder(Some(self.checker.text(node, "`holder`")?)),
            "may" => {
                let mut keys = self.checker.keys(node, "`may`")?;
                let who = keys.require("as", self.checker).and_then(|who| self.checker.text(who, "`as`"));
                let actions = keys.require("actions", self.checker).map(|actions| self.names(actions));
                keys.finish(self.checker);
                Expected::May(who?, actions?)
            }
            _ => {
                let mut keys = self.checker.keys(node, "`cases`")?;
                let of = keys.require("of", self.checker).and_then(|of| self.checker.text(of, "`of`"));
                let count = keys.require("count", self.checker).and_then(|count| self.count(count));
                keys.finish(self.checker);
                Expected::Cases(of?, count?)
            }
        })
    }

    fn count(&mut self, node: &Node) -> Option<usize> {
        let count = self.checker.integer(node, 0..=COUNT_MAX)?;
        usize::try_from(count).ok()
    }
}

/// What can be expected, by key.
const EXPECTED: [&str; 15] = [
    "in",
    "not_in",
    "due",
    "light",
    "provisional",
    "outcome",
    "open",
    "marks",
    "documents",
    "notified",
    "fields",
    "incidents",
    "holder",
    "may",
    "cases",
];
