//! Random clauses: people, actions, deadlines and listeners.

use std::fmt::Write as _;

use super::{Kind, Plan, Writer};

impl Writer<'_, '_> {
    pub(super) fn clauses(&mut self, id: usize, plan: &Plan, indent: usize) {
        if plan.kind == Kind::Task || self.dice.chance(50) {
            let by = self.dice.one(&["clerk", "chief", "someone", "[clerk, chief]", "{unit: =one, duty: clerk}"]);
            self.line(indent, &format!("by: {by}"));
            if self.dice.chance(15) {
                let (rule, other) = (self.dice.one(&["not_by", "same_as"]), self.any_step());
                self.line(indent, &format!("{rule}: {other}"));
            }
            let has_actions = plan.kind == Kind::Task || self.dice.chance(40);
            if has_actions {
                self.actions(id, plan, indent);
            }
        }
        if plan.kind == Kind::Task && self.dice.chance(25) {
            let assign = self.dice.one(&["pool", "least-busy", "in-turn", "=who"]);
            self.line(indent, &format!("assign: {assign}"));
        }
        if self.dice.chance(20) {
            self.line(indent, &format!("fields: {{f{id}: {{type: integer, default: =n}}}}"));
        }
        if plan.has_deadline {
            self.deadline(plan, indent);
        }
        if self.dice.chance(25) {
            self.listeners(plan, indent);
        }
        for hook in ["on_enter", "on_leave"] {
            if self.dice.chance(20) {
                let effects = self.effects(Some(plan));
                self.line(indent, &format!("{hook}: {effects}"));
            }
        }
    }

    pub(super) fn actions(&mut self, id: usize, plan: &Plan, indent: usize) {
        self.line(indent, "actions:");
        let count = 1 + self.dice.below(3);
        for _ in 0..count {
            let mut parts = Vec::new();
            if self.dice.chance(40) {
                let form =
                    self.dice.one(&["[n?]", "[flag, n?]", "[word?, one?]", "[units?]", "[at?, who?]", "[area?]"]);
                parts.push(format!("form: {form}"));
            }
            for (percent, text) in [(8, "seal: true"), (8, "at_most: 2"), (8, "by: chief"), (8, "when: n < 50")] {
                if self.dice.chance(percent) {
                    parts.push(text.to_owned());
                }
            }
            if self.dice.chance(8) {
                parts.push("require: [{that: n >= 0, else: 不行}]".to_owned());
            }
            if self.dice.chance(40) {
                parts.push(format!("do: {}", self.effects(Some(plan))));
            }
            if self.dice.chance(75) {
                let (first, second) = (self.target(Some(plan), true), self.target(Some(plan), true));
                let condition = self.condition();
                parts.push(match self.dice.below(6) {
                    0 => format!("goto: [{{when: {condition}, to: {first}}}, {{to: {second}}}]"),
                    _ => format!("goto: {first}"),
                });
            }
            let name = format!("a{}-{id}", self.actions.len() + 1);
            self.line(indent + 1, &format!("{name}: {{{}}}", parts.join(", ")));
            self.actions.push(name);
        }
    }

    pub(super) fn deadline(&mut self, plan: &Plan, indent: usize) {
        let limit = self.dice.one(&[
            "within: 3 hours",
            "within: 2 working days",
            "within: [{when: flag, until: =at}, {is: 4 working hours}]",
            "within: [{when: n > 2, is: 1 day}]",
            "until: =at",
            "within: 1 month",
        ]);
        let mut rungs = Vec::new();
        for _ in 0..self.dice.below(4) {
            let at = self.dice.one(&[
                "1 working day before",
                "1 hour before",
                "due",
                "1 hour after",
                "2 working days after",
            ]);
            let mut rung = format!("{{at: {at}");
            if self.dice.chance(50) {
                let light = self.dice.one(&["yellow", "red", "green"]);
                write!(rung, ", light: {light}").expect("a string takes text");
            }
            if self.dice.chance(25) {
                let every = self.dice.one(&["1 working day", "1 hour", "1 day"]);
                write!(rung, ", every: {every}").expect("a string takes text");
            }
            if self.dice.chance(40) {
                write!(rung, ", do: {}", self.effects(Some(plan))).expect("a string takes text");
            }
            if self.dice.chance(30) {
                // A limit that may lie in the past leads forward only, or it would be passed for ever.
                let target = if limit.contains("=at") { self.forward(plan) } else { self.target(Some(plan), true) };
                write!(rung, ", goto: {target}").expect("a string takes text");
            }
            rung.push('}');
            rungs.push(rung);
        }
        self.line(indent, &format!("deadline: {{{limit}, ladder: [{}]}}", rungs.join(", ")));
    }

    pub(super) fn listeners(&mut self, plan: &Plan, indent: usize) {
        let mut listeners = Vec::new();
        for _ in 0..1 + self.dice.below(2) {
            let to = self.dice.one(&[
                "message: m1",
                "message: m2, take: [n]",
                "after: 5 hours",
                "every: 1 working day",
                "every: 1 day",
                "when: n > 4",
                "COURSE",
            ]);
            let to = if to == "COURSE" { format!("when: '{}'", self.course()) } else { to.to_owned() };
            let mut listener = format!("{{{to}");
            if self.dice.chance(60) {
                write!(listener, ", do: {}", self.effects(Some(plan))).expect("a string takes text");
            }
            if self.dice.chance(40) {
                // What the case's own course turns true leads forward only, or it would turn for ever.
                let is_course = to.starts_with("when: '");
                let target = if is_course { self.forward(plan) } else { self.target(Some(plan), true) };
                write!(listener, ", goto: {target}").expect("a string takes text");
            }
            listener.push('}');
            listeners.push(listener);
        }
        self.line(indent, &format!("listen: [{}]", listeners.join(", ")));
    }
}
