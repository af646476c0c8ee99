//! `decide`: a decision table sets fields.

use std::sync::Arc;

use crate::checker::Checker;
use crate::clauses::effects::{Destination, write};
use crate::event::{Ending, Event};
use crate::formula::{Cell, Formula, Operand};
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Work};
use crate::value::{Type, Value};
use crate::yaml::Node;

/// What happens when several rules apply (DMN hit policies).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hit {
    /// At most one rule may apply.
    #[default]
    Unique,
    /// The first in the order they were written.
    First,
    /// Several may apply when they say the same.
    Any,
    /// All that apply, as lists.
    Collect,
}

/// A decision table.
#[derive(Clone, Debug)]
pub struct Decide {
    /// What happens when several rules apply.
    pub hit: Hit,
    /// The inputs.
    pub inputs: Vec<Formula>,
    /// Where the answers go.
    pub sets: Vec<Destination>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// The answers when no rule applies.
    pub otherwise: Option<Vec<Operand>>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// A test for each input.
    pub tests: Vec<Cell>,
    /// An answer for each field that is set.
    pub answers: Vec<Operand>,
}

impl Decide {
    /// Sets the fields and goes on; a table without an answer needs an administrator.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name) {
        match self.answers(moment, visit) {
            Ok(answers) => {
                write(moment, visit, self.sets.iter().cloned().zip(answers).collect());
                moment.first([Work::Finish { visit, how: Ending::Done }]);
            }
            Err(reason) => {
                let text = format!("the table of `{step}` has no answer: {reason}");
                moment.emit(Event::IncidentRaised { visit, text });
            }
        }
    }

    fn answers(&self, moment: &Moment<'_>, visit: VisitId) -> Result<Vec<Value>, &'static str> {
        let place = moment.place(visit);
        let inputs: Vec<Value> = self.inputs.iter().map(|input| input.evaluate(&place)).collect();
        let applies = |rule: &&Rule| rule.tests.iter().zip(&inputs).all(|(test, input)| test.accepts(input, &place));
        let hits = self.rules.iter().filter(applies).map(|rule| &rule.answers);
        let mut hits: Vec<Vec<Value>> =
            hits.map(|answers| answers.iter().map(|answer| answer.evaluate(&place)).collect()).collect();
        if self.hit == Hit::Collect {
            let column = |column: usize| hits.iter().filter_map(|answers| answers.get(column).cloned()).collect();
            return Ok((0..self.sets.len()).map(|number| Value::List(Arc::new(column(number)))).collect());
        }
        if hits.is_empty() {
            let otherwise = self.otherwise.as_ref().ok_or("no rule applies")?;
            return Ok(otherwise.iter().map(|answer| answer.evaluate(&place)).collect());
        }
        let first = hits.remove(0);
        match self.hit {
            Hit::Unique if !hits.is_empty() => Err("several rules apply"),
            Hit::Any if hits.iter().any(|other| *other != first) => Err("the rules that apply disagree"),
            Hit::Unique | Hit::Any | Hit::First | Hit::Collect => Ok(first),
        }
    }
}

impl Decide {
    /// Reads `decide`.
    pub fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "the table")?;
        let hits = [("unique", Hit::Unique), ("first", Hit::First), ("any", Hit::Any), ("collect", Hit::Collect)];
        let hit = keys.take("hit").and_then(|hit| checker.word(hit, &hits)).unwrap_or_default();
        let inputs = keys.require("inputs", checker).map(|inputs| {
            let inputs = checker.list(inputs);
            inputs.iter().map(|input| checker.formula(input, &Type::Any)).collect::<Vec<Option<Formula>>>()
        });
        let sets = keys.require("sets", checker).map(|sets| {
            let sets = checker.list(sets);
            sets.iter().map(|set| Self::check_set(checker, set)).collect::<Vec<Option<(Destination, Type)>>>()
        });
        let (rules_node, otherwise_node) = (keys.require("rules", checker), keys.take("otherwise"));
        keys.finish(checker);
        let inputs: Vec<Formula> = inputs?.into_iter().collect::<Option<_>>()?;
        let sets: Vec<(Destination, Type)> = sets?.into_iter().collect::<Option<_>>()?;
        let answers: Vec<Type> = sets
            .iter()
            .map(|(_, kind)| match (hit, kind) {
                (Hit::Collect, Type::List(item)) => item.as_ref().clone(),
                (Hit::Collect | Hit::Unique | Hit::First | Hit::Any, kind) => kind.clone(),
            })
            .collect();
        let mut rules = Vec::new();
        for rule in checker.list(rules_node?) {
            rules.extend(Rule::check(checker, rule, &inputs, &answers));
        }
        let otherwise = otherwise_node.and_then(|node| check_answers(checker, node, &answers));
        let sets = sets.into_iter().map(|(destination, _)| destination).collect();
        Some(Self { hit, inputs, sets, rules, otherwise })
    }

    fn check_set(checker: &mut Checker<'_>, node: &Node) -> Option<(Destination, Type)> {
        let name = checker.text(node, "a field")?;
        checker.destination(&name, node.span)
    }
}

impl Rule {
    fn check(checker: &mut Checker<'_>, node: &Node, inputs: &[Formula], answers: &[Type]) -> Option<Self> {
        let mut keys = checker.keys(node, "a rule")?;
        let tests = keys.require("if", checker).and_then(|cells| {
            let cells = checker.one_or_many(cells);
            if cells.len() != inputs.len() {
                let (tests, inputs) = (counted(cells.len(), "test"), counted(inputs.len(), "input"));
                let message = format!("this rule has {tests} for {inputs}");
                checker.error(node.span, "uneven-rule", message).help("`-` stands for any value");
                return None;
            }
            let tests = cells.iter().zip(inputs);
            let tests = tests.map(|(cell, input)| checker.unary_tests(cell, input.expression().result_type()));
            tests.collect::<Vec<_>>().into_iter().collect::<Option<Vec<Cell>>>()
        });
        let answers = keys.require("then", checker).and_then(|cells| check_answers(checker, cells, answers));
        keys.finish(checker);
        Some(Self { tests: tests?, answers: answers? })
    }
}

/// `1 test`, `2 tests`.
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn check_answers(checker: &mut Checker<'_>, node: &Node, kinds: &[Type]) -> Option<Vec<Operand>> {
    let cells = checker.one_or_many(node);
    if cells.len() != kinds.len() {
        let (answers, fields) = (counted(cells.len(), "answer"), counted(kinds.len(), "field"));
        let message = format!("this rule has {answers} for {fields}");
        checker.error(node.span, "uneven-rule", message);
        return None;
    }
    let answers = cells.iter().zip(kinds).map(|(cell, kind)| checker.operand(cell, kind));
    answers.collect::<Vec<_>>().into_iter().collect()
}
