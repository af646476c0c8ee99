//! Random sound processes as YAML text: a plan of steps first, then the text with moves that the plan allows.

mod clauses;
mod effects;

use std::fmt::Write as _;

use crate::dice::Dice;

/// The process that others call and start.
pub const CHILD: &str = "process: child
fields: {x: {type: integer}, verdict: {text: line}}
roles: {chief: {unit: office, duty: chief}}
start: {by: chief, form: [x?], goto: judge}
steps:
  judge: {by: chief, deadline: {within: 3 days, ladder: [{at: due, goto: bad}]}, actions: {good: {form: [verdict?], goto: fine}, poor: {goto: bad}}}
  fine: {close: fine}
  bad: {close: bad}
";

/// Steps inside steps at most so deep.
const DEPTH_MAX: usize = 3;

/// Steps of one process.
const STEPS_MAX: usize = 24;

/// What a planned step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Task,
    Stage,
    Parallel,
    Call,
    Job,
    Wait,
    Choose,
    Decide,
    Do,
}

/// A planned step.
#[derive(Clone, Debug)]
struct Plan {
    name: String,
    kind: Kind,
    is_each: bool,
    /// Branches and items around it, itself included.
    members: Vec<usize>,
    parent: Option<usize>,
    inside: Vec<usize>,
    after_each: Vec<usize>,
    /// Whether another step follows it in its list.
    has_next: bool,
    has_deadline: bool,
    lock: Option<&'static str>,
}

/// The plan of a process.
struct Writer<'d, 'a> {
    dice: &'d mut Dice<'a>,
    plans: Vec<Plan>,
    text: String,
    /// The actions written so far.
    actions: Vec<String>,
}

/// A random process named `p`.
pub fn process(dice: &mut Dice<'_>) -> String {
    let mut writer = Writer { dice, plans: Vec::new(), text: String::new(), actions: Vec::new() };
    let top = writer.list(None, &[], 0, 2);
    writer.write(&top)
}

impl Writer<'_, '_> {
    fn list(&mut self, parent: Option<usize>, members: &[usize], depth: usize, least: usize) -> Vec<usize> {
        let count = least + self.dice.below(3);
        let found: Vec<usize> = (0..count).map(|_| self.plan(parent, members, depth, false)).collect();
        let last = found.len() - 1;
        for (place, id) in found.iter().enumerate() {
            self.plans[*id].has_next = place < last || parent.is_none();
        }
        found
    }

    fn plan(&mut self, parent: Option<usize>, members: &[usize], depth: usize, is_member: bool) -> usize {
        let id = self.plans.len();
        let is_full = depth >= DEPTH_MAX || id >= STEPS_MAX;
        let kind = match self.dice.below(if is_full { 16 } else { 24 }) {
            0..=5 => Kind::Task,
            6..=7 => Kind::Wait,
            8..=9 => Kind::Job,
            10 => Kind::Call,
            11..=12 => Kind::Choose,
            13 => Kind::Decide,
            14..=15 => Kind::Do,
            16..=19 => Kind::Stage,
            _ => Kind::Parallel,
        };
        let is_passing = matches!(kind, Kind::Choose | Kind::Decide | Kind::Do);
        let is_each = self.dice.chance(12) && kind != Kind::Choose;
        let mut own_members = members.to_vec();
        if is_member {
            own_members.push(id);
        }
        let lock = if is_passing || is_each { None } else { self.lock(parent) };
        let name = format!("s{id}");
        let plan = Plan {
            name,
            kind,
            is_each,
            members: own_members.clone(),
            parent,
            inside: Vec::new(),
            after_each: Vec::new(),
            has_next: false,
            has_deadline: !is_passing && self.dice.chance(30),
            lock,
        };
        self.plans.push(plan);
        let mut inner = own_members.clone();
        if is_each {
            inner.push(id + 10_000);
        }
        let inside = match kind {
            Kind::Stage => self.list(Some(id), &inner, depth + 1, 1),
            Kind::Parallel => {
                let count = 2 + self.dice.below(2);
                (0..count).map(|_| self.plan(Some(id), &inner, depth + 1, true)).collect()
            }
            Kind::Task | Kind::Call | Kind::Job | Kind::Wait | Kind::Choose | Kind::Decide | Kind::Do => Vec::new(),
        };
        self.plans[id].inside = inside;
        if (is_each || kind == Kind::Parallel) && depth < DEPTH_MAX && self.dice.chance(20) {
            let mut after = own_members;
            after.push(id + 20_000);
            self.plans[id].after_each = self.list(Some(id), &after, depth + 1, 1);
        }
        id
    }

    /// A lock for a step that has none around it.
    fn lock(&mut self, parent: Option<usize>) -> Option<&'static str> {
        let may = self.locks_around(parent).is_empty() && self.dice.chance(15);
        may.then(|| self.dice.one(&["pen", "key", "{name: hall, across: cases}"]))
    }

    fn locks_around(&self, parent: Option<usize>) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut next = parent;
        while let Some(id) = next {
            found.extend(self.plans[id].lock);
            next = self.plans[id].parent;
        }
        found
    }

    fn write(mut self, top: &[usize]) -> String {
        self.text.push_str(
            "process: p
number: P{seq}
fields:
  n: {type: integer, default: 0}
  flag: {type: boolean, default: false}
  units: {list: unit, default: '=[\"east\", \"west\"]'}
  one: {type: unit, default: east}
  who: {type: person}
  at: {type: datetime}
  word: {text: line}
  area: {choice: {a: A, b: B}}
roles:
  clerk: {unit: office, duty: clerk}
  chief: {unit: office, duty: chief}
  someone: {any: [{unit: =one, duty: clerk}, {person: =who}]}
listen: [",
        );
        let target = self.target(None, false);
        if self.dice.chance(30) {
            write!(self.text, "{{message: far, goto: {target}}}, ").expect("a string takes text");
        }
        self.text.push_str("{after: 40 days, goto: done}]\n");
        let effects = self.effects(None);
        let also = "[{message: letter}, {public: form}, {cron: \"0 0 9 * * MON\"}]";
        let first = self.plans[top[0]].name.clone();
        writeln!(self.text, "start: {{by: clerk, form: [n?, flag?, units?, one?, who?, at?], do: {effects}, also: {also}, goto: {first}}}")
            .expect("a string takes text");
        self.text.push_str("steps:\n");
        for id in top {
            self.step(*id, 1);
        }
        self.text.push_str("  done: {close: ok}\n  stopped: {close: stopped}\n");
        self.text
    }

    fn line(&mut self, indent: usize, text: &str) {
        writeln!(self.text, "{}{text}", "  ".repeat(indent)).expect("a string takes text");
    }

    fn step(&mut self, id: usize, indent: usize) {
        let plan = self.plans[id].clone();
        self.line(indent, &format!("{}:", plan.name));
        let inner = indent + 1;
        if plan.is_each {
            let list = self.dice.one(&["units", "[\"east\", \"west\", \"office\"]", "[1, 2]"]);
            self.line(inner, &format!("each: {{u{id}: '={list}'}}"));
        }
        let is_gather = plan.is_each || plan.kind == Kind::Parallel;
        if is_gather {
            self.gather(inner);
        }
        self.flow(&plan, inner);
        let is_passing = matches!(plan.kind, Kind::Choose | Kind::Decide | Kind::Do);
        if !is_passing {
            self.clauses(id, &plan, inner);
        }
        self.business(id, &plan, inner);
        if !plan.after_each.is_empty() {
            self.line(inner, "after_each:");
            for after in &plan.after_each {
                self.step(*after, inner + 1);
            }
        }
    }

    fn gather(&mut self, indent: usize) {
        if self.dice.chance(60) {
            let join = self.dice.one(&["all", "any", "2", "none", "=n > 3", "COURSE"]);
            let join = if join == "COURSE" { format!("'={}'", self.course()) } else { join.to_owned() };
            self.line(indent, &format!("join: {join}"));
        }
        if self.dice.chance(40) {
            self.line(indent, "rest: continue");
        }
        if self.dice.chance(30) {
            self.line(indent, "pace: one-at-a-time");
        }
    }

    fn flow(&mut self, plan: &Plan, indent: usize) {
        if self.dice.chance(15) {
            let condition = self.condition();
            self.line(indent, &format!("when: {condition}"));
        }
        if let Some(lock) = plan.lock {
            self.line(indent, &format!("lock: {lock}"));
        }
        if plan.kind != Kind::Choose && self.dice.chance(12) {
            let rule = self.dice.one(&["while", "until"]);
            let sign = if rule == "while" { "<" } else { ">=" };
            self.line(indent, &format!("repeat: {{{rule}: visits({}) {sign} 3}}", plan.name));
        }
        // A step without people goes forward only, so that a case does not move for ever in one instant.
        if plan.kind != Kind::Choose && plan.has_next && self.dice.chance(20) {
            let target = self.forward(plan);
            self.line(indent, &format!("goto: {target}"));
        } else if plan.kind != Kind::Choose && plan.parent.is_some() && self.dice.chance(10) {
            self.line(indent, "goto: end");
        }
    }

    fn wait(&mut self) -> String {
        let wait = self.dice.one(&[
            "{message: m1}",
            "{message: m2, take: [n]}",
            "{for: 2 hours}",
            "{for: 1 working day}",
            "{until: =at}",
            "{when: n > 2 or visits(done) > 0}",
            "COURSE",
        ]);
        match wait {
            "COURSE" => format!("{{when: '{}'}}", self.course()),
            // A condition that never comes true is waited for with a way out.
            when if when.starts_with("{when") && !self.text.ends_with("]\n") => "{for: 3 hours}".to_owned(),
            other => other.to_owned(),
        }
    }

    fn business(&mut self, id: usize, plan: &Plan, indent: usize) {
        match plan.kind {
            Kind::Task => {}
            Kind::Stage | Kind::Parallel => {
                self.line(indent, if plan.kind == Kind::Stage { "steps:" } else { "branches:" });
                for inside in self.plans[id].inside.clone() {
                    self.step(inside, indent + 1);
                }
            }
            Kind::Call => {
                self.line(indent, "call: child");
                self.line(indent, "with: {x: =n}");
                self.line(indent, "take: {word: verdict}");
            }
            Kind::Job => {
                let failed = if self.dice.chance(40) {
                    format!(", failed: {}", self.target(Some(plan), true))
                } else {
                    String::new()
                };
                let work = self.dice.one(&["worker: w", "http: {method: POST, url: https://x.example/}"]);
                let tries = 1 + self.dice.below(3);
                self.line(indent, &format!("job: {{{work}, with: {{n: =n}}, take: [n], tries: {tries}{failed}}}"));
            }
            Kind::Wait => {
                let wait = self.wait();
                self.line(indent, &format!("wait: {wait}"));
            }
            Kind::Choose => {
                let (first, second) = (self.forward(plan), self.forward(plan));
                let condition = self.condition();
                self.line(indent, &format!("choose: [{{when: {condition}, goto: {first}}}, {{goto: {second}}}]"));
            }
            Kind::Decide => {
                let hit = self.dice.one(&["unique", "first", "any"]);
                let otherwise = if self.dice.chance(80) { ", otherwise: ['=n']" } else { "" };
                self.line(
                    indent,
                    &format!("decide: {{hit: {hit}, inputs: [n, flag], sets: [n], rules: [{{if: ['> 3', '-'], then: [1]}}, {{if: ['-', true], then: ['=n + 1']}}]{otherwise}}}"),
                );
            }
            Kind::Do => {
                let effects = self.effects(Some(plan));
                self.line(indent, &format!("do: {effects}"));
            }
        }
    }
}
