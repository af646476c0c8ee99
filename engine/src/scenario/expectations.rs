//! How it is written what a scenario expects.

use super::cast::fields_of;
use super::read::Reader;
use super::{Expectation, Expected, Values};
use crate::calendar::Calendar;
use crate::yaml::Node;

/// The largest number that an expectation may name.
const COUNT_MAX: u32 = 1_000_000;

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

impl Reader<'_, '_> {
    pub(super) fn expectations(&mut self, node: &Node, calendar: &Calendar) -> Vec<Expectation> {
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
            "in" => Expected::In(self.steps(node)),
            "not_in" => Expected::NotIn(self.steps(node)),
            "due" if node.is_null() => Expected::Due(None),
            "due" => Expected::Due(Some(self.instant(node, calendar)?)),
            "light" => Expected::Light(self.light(node)?),
            "provisional" => Expected::Provisional(self.checker.boolean(node)?),
            "outcome" => Expected::Outcome(self.outcome(node)?),
            "open" => Expected::Open(self.checker.boolean(node)?),
            "marks" => Expected::Marks(self.marks(node)),
            "documents" => Expected::Documents(self.templates(node)),
            "notified" => Expected::Notified(self.templates(node)),
            "fields" => Expected::Fields(self.expected_fields(node)?),
            "incidents" => Expected::Incidents(self.count(node)?),
            "holder" if node.is_null() => Expected::Holder(None),
            "holder" => Expected::Holder(Some(self.person(node, "`holder`")?)),
            "may" => {
                let mut keys = self.checker.keys(node, "`may`")?;
                let who = keys.require("as", self.checker).and_then(|who| self.somebody(who));
                let actions = keys.require("actions", self.checker).map(|actions| self.actions(actions));
                keys.finish(self.checker);
                Expected::May(who?, actions?)
            }
            _ => {
                let mut keys = self.checker.keys(node, "`cases`")?;
                let of = keys.require("of", self.checker).and_then(|of| self.process(of));
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

    fn expected_fields(&mut self, node: &Node) -> Option<Values> {
        self.checker.keys(node, "`fields`")?;
        let process = self.cast.own();
        let nothing = format!("`{}` has no field", process.name);
        Some(self.filled(node.as_mapping()?.iter(), &fields_of(process), &nothing, None))
    }
}
