//! Random effects, conditions, and moves that the plan allows.

use super::{Plan, Writer};

impl Writer<'_, '_> {
    pub(super) fn effects(&mut self, plan: Option<&Plan>) -> String {
        let count = self.dice.below(3);
        let effects: Vec<String> = (0..count).map(|_| self.effect(plan)).collect();
        format!("[{}]", effects.join(", "))
    }

    pub(super) fn effect(&mut self, plan: Option<&Plan>) -> String {
        let limited: Vec<String> =
            self.plans.iter().filter(|plan| plan.has_deadline).map(|plan| plan.name.clone()).collect();
        let eaches: Vec<String> = self.plans.iter().filter(|plan| plan.is_each).map(|plan| plan.name.clone()).collect();
        let clock = if limited.is_empty() { String::new() } else { format!("deadline: {}", self.dice.one(&limited)) };
        let other = self.any_step();
        let step = if self.dice.chance(50) { format!(", step: {other}") } else { String::new() };
        let bare_step = step.trim_start_matches(", ").to_owned();
        let each = if eaches.is_empty() { None } else { Some(self.dice.one(&eaches)) };
        let extend = self.dice.one(&["to: =at", "by: 1 working day", "by: 2 hours"]);
        let extend = if clock.is_empty() { extend.to_owned() } else { format!("{clock}, {extend}") };
        let when = if self.dice.chance(20) { format!(", when: {}", self.condition()) } else { String::new() };
        let text = match self.dice.below(24) {
            0..=2 => "set: {n: =n + 1}".to_owned(),
            3 => "set: {flag: =not(flag), one: west}".to_owned(),
            4 => "notify: {to: [clerk, someone], template: reminder, by: [inbox, sms]}".to_owned(),
            5 => "webhook: {to: city, type: t, with: {n: =n}}".to_owned(),
            6 => "document: {template: slip, to: =one}".to_owned(),
            7 => "mark: {kind: late, unit: =one, person: =who}".to_owned(),
            8 => "start: {process: child, with: {x: =n}}".to_owned(),
            9 => {
                let (message, to) = (
                    self.dice.one(&["m1", "m2", "far"]),
                    self.dice.one(&["to_all: true", "to_all: true", "to: P2", "to: =word"]),
                );
                format!("send: {{message: {message}, {to}, with: {{n: =n}}}}")
            }
            10 => format!("extend: {{{extend}}}"),
            11 => format!("pause: {{{clock}}}"),
            12 => format!("resume: {{{clock}}}"),
            13 => format!("restart: {{{clock}}}"),
            14 => format!("assign: {{to: =who{step}}}"),
            15 => format!("release: {{{bare_step}}}"),
            16 | 17 => match each {
                Some(each) => format!("add: {{each: {each}, item: =one}}"),
                None => "urge: {}".to_owned(),
            },
            18 | 19 => match each {
                Some(each) => format!("drop: {{each: {each}, item: =one}}"),
                None => "urge: {}".to_owned(),
            },
            20 => format!("{}: {{step: {other}}}", self.dice.one(&["finish", "leave"])),
            21 => "urge: {}".to_owned(),
            22 => "raise: {urgency: high}".to_owned(),
            _ => match plan {
                Some(_) => "raise: {incident: look}".to_owned(),
                None => "set: {n: 1}".to_owned(),
            },
        };
        format!("{{{text}{when}}}")
    }

    pub(super) fn condition(&mut self) -> String {
        let step = self.any_step();
        match self.dice.below(9) {
            0 => "n > 2".to_owned(),
            1 => "flag".to_owned(),
            2 => format!("visits({step}) > 1"),
            3 => format!("in({step})"),
            4 => "at != null".to_owned(),
            5 => "count(units) > 1".to_owned(),
            6 => "n < 5".to_owned(),
            _ => format!("'{}'", self.course()),
        }
    }

    /// A condition on where the case is and was, and on what was done in it.
    pub(super) fn course(&mut self) -> String {
        let step = self.any_step();
        let limited: Vec<String> =
            self.plans.iter().filter(|plan| plan.has_deadline).map(|plan| plan.name.clone()).collect();
        let eaches: Vec<String> = self.plans.iter().filter(|plan| plan.is_each).map(|plan| plan.name.clone()).collect();
        match self.dice.below(10) {
            0 => format!("in({step})"),
            1 => format!("not(in({step}))"),
            2 => format!("visits({step}) > 1"),
            3 if !self.actions.is_empty() => format!("times({}) > 1", self.dice.one(&self.actions)),
            4 if !self.actions.is_empty() => format!("last({}).by = \"an\"", self.dice.one(&self.actions)),
            5 if !limited.is_empty() => format!("late({})", self.dice.one(&limited)),
            6 if !limited.is_empty() => format!("due({}) < now()", self.dice.one(&limited)),
            7 if !eaches.is_empty() => format!("count({}[done]) > 0", self.dice.one(&eaches)),
            8 if !eaches.is_empty() => format!("count({}) > 2", self.dice.one(&eaches)),
            _ => format!("visits({step}) = 1"),
        }
    }

    pub(super) fn any_step(&mut self) -> String {
        let names: Vec<String> = self.plans.iter().map(|plan| plan.name.clone()).collect();
        self.dice.one(&names)
    }

    /// Anywhere that a step may lead to, with people or time in between.
    pub(super) fn target(&mut self, from: Option<&Plan>, may_turn: bool) -> String {
        let own = from.map(|plan| self.inner_members(plan)).unwrap_or_default();
        // Closing is rare, so that cases live long enough to meet everything.
        let mut names: Vec<String> = Vec::new();
        if self.dice.chance(12) || self.plans.is_empty() {
            names.extend(["done".to_owned(), "stopped".to_owned()]);
        }
        let fits = |plan: &&Plan| plan.members.iter().all(|member| own.contains(member));
        names.extend(self.plans.iter().filter(fits).map(|plan| plan.name.clone()));
        if may_turn {
            names.extend(["back".to_owned(), "back".to_owned()]);
        }
        if from.is_some_and(|plan| plan.parent.is_some()) {
            names.extend(["end".to_owned(), "end".to_owned(), "end".to_owned()]);
        }
        if names.is_empty() {
            names.push("done".to_owned());
        }
        self.dice.one(&names)
    }

    /// A later step of the same process, or the end of the scope.
    pub(super) fn forward(&mut self, from: &Plan) -> String {
        let own_id = self.plans.iter().position(|plan| plan.name == from.name).unwrap_or(0);
        let later = self.plans.iter().enumerate().filter(|(id, plan)| {
            *id > own_id
                && !self.is_inside(*id, own_id)
                && plan.members.iter().all(|member| from.members.contains(member))
        });
        let mut names: Vec<String> = later.map(|(_, plan)| plan.name.clone()).collect();
        if from.parent.is_some() {
            names.push("end".to_owned());
        }
        if names.is_empty() {
            names.push("done".to_owned());
        }
        self.dice.one(&names)
    }

    pub(super) fn is_inside(&self, inner: usize, outer: usize) -> bool {
        let mut next = Some(inner);
        while let Some(id) = next {
            if id == outer {
                return true;
            }
            next = self.plans[id].parent;
        }
        false
    }

    /// The branches and items that an action or rung of a step is in: those of an item's body are inside the item.
    pub(super) fn inner_members(&self, plan: &Plan) -> Vec<usize> {
        let id = self.plans.iter().position(|found| found.name == plan.name).unwrap_or(0);
        let mut members = plan.members.clone();
        if plan.is_each {
            members.push(id + 10_000);
        }
        members
    }
}
