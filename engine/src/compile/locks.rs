//! Whether whoever waits for a lock gets it in the end.

use std::collections::{BTreeMap, BTreeSet};

use super::sketch::Sketch;
use crate::checker::Checker;
use crate::clauses::lock::leads_to;
use crate::diagnostic::Span;
use crate::ids::Name;
use crate::process::Step;

/// A lock that is waited for inside a step that holds another.
struct Inside<'a> {
    /// The step that waits.
    step: &'a Step,
    /// Where it stands.
    span: Span,
    /// The lock held around it.
    outer: &'a Name,
    /// Where the step around it stands.
    outer_span: Span,
    /// The lock it waits for.
    inner: &'a Name,
}

/// A step inside one that holds its lock would wait for ever; so would two visits of which each holds what the other waits for.
/// So locks that are held at once are taken in one order, everywhere in the process.
pub fn check(checker: &mut Checker<'_>, steps: &[Option<Step>], sketches: &[Sketch<'_>]) {
    check_reach(checker, steps, sketches);
    let mut after: BTreeMap<&Name, BTreeSet<&Name>> = BTreeMap::new();
    for found in all_inside(steps, sketches) {
        if found.inner == found.outer {
            let message =
                format!("`{}` waits for ever: a step around it holds the lock `{}`", found.step.name, found.inner);
            checker.error(found.span, "lock-inside-itself", message).note(found.outer_span, "it is taken here");
        } else if leads_to(&after, found.inner, found.outer) {
            let (outer, inner) = (found.outer, found.inner);
            let message = format!(
                "`{}` may wait for ever: elsewhere `{outer}` is waited for while `{inner}` is held",
                found.step.name
            );
            checker
                .error(found.span, "locks-crossed", message)
                .note(found.outer_span, format!("`{outer}` is taken here"))
                .help("take locks that are held at once in the same order everywhere");
        } else {
            after.entry(found.outer).or_default().insert(found.inner);
        }
    }
}

/// A lock has one reach: within the case, or across cases.
fn check_reach(checker: &mut Checker<'_>, steps: &[Option<Step>], sketches: &[Sketch<'_>]) {
    let mut known: BTreeMap<&Name, (bool, Span)> = BTreeMap::new();
    for (step, sketch) in steps.iter().zip(sketches) {
        let Some(lock) = step.as_ref().and_then(|step| step.lock.as_ref()) else { continue };
        let (across, span) = *known.entry(&lock.name).or_insert((lock.across, sketch.span));
        if across != lock.across {
            let message = format!("the lock `{}` is one within its case and one `across: cases`", lock.name);
            checker
                .error(sketch.span, "lock-reach", message)
                .note(span, "it is another one here")
                .help("write `across: cases` at both, or give one of them another name");
        }
    }
}

fn all_inside<'a>(steps: &'a [Option<Step>], sketches: &[Sketch<'_>]) -> Vec<Inside<'a>> {
    let mut all = Vec::new();
    for (step, sketch) in steps.iter().zip(sketches) {
        let Some((step, lock)) = step.as_ref().and_then(|step| Some((step, step.lock.as_ref()?))) else { continue };
        let mut around = step.parent;
        while let Some((outer, outer_sketch)) = around.and_then(|id| {
            let id = usize::from(id.0);
            Some((steps.get(id)?.as_ref()?, sketches.get(id)?))
        }) {
            if let Some(held) = &outer.lock {
                let (span, outer_span) = (sketch.span, outer_sketch.span);
                all.push(Inside { step, span, outer: &held.name, outer_span, inner: &lock.name });
            }
            around = outer.parent;
        }
    }
    all
}
