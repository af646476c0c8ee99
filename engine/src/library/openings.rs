//! Cases that open cases without end: no process may lead back to its own start before anything waits.

mod past;
mod way;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use self::way::{Past, Way};
use crate::diagnostic::{Diagnostics, Span};
use crate::ids::Name;
use crate::process::Process;

/// The processes of a set, by name.
type Processes = BTreeMap<Name, Arc<Process>>;

/// How a case has another one opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum How<'p> {
    Starts,
    Calls,
    /// By a message that the other process begins with.
    Sends(&'p Name),
}

/// One way in which a case has another one opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Opening<'p> {
    from: &'p Name,
    how: How<'p>,
    to: &'p Name,
    span: Span,
    /// Whether it may do so several times at this place.
    several: bool,
}

/// What the cases of each process open.
type Openings<'p> = BTreeMap<&'p Name, BTreeSet<Opening<'p>>>;

/// Finds each circle of processes whose cases open each other before anything waits, or because instants that they come
/// to are past.
pub fn check(processes: &Processes, out: &mut Diagnostics) {
    let at_once = openings_of(processes, Past::Nothing);
    let late = openings_of(processes, Past::Waits);
    let latest = openings_of(processes, Past::WaitsAndRungs);
    check_circles(&at_once, |_| true, out, &|from| {
        let message = format!("a case of `{from}` has cases opened without end, before anybody can act");
        (message, "let a step wait for a person or a time in between")
    });
    let is_by_rung = |opening: &Opening<'_>| late.get(opening.from).is_none_or(|known| !known.contains(opening));
    check_circles(&latest, is_by_rung, out, &|from| {
        let message = format!("a case of `{from}` has cases opened without end by a rung that may be due at once");
        (
            message,
            "let the limit be still to come, as `within: …` or `{when: x > now(), until: =x}`, and no rung be so far before it",
        )
    });
    check_growth(&late, &at_once, out);
}

/// Tells of each circle that a `cause` belongs to. Of a circle's causes the first by name has it, so that it is told once.
fn check_circles<'p>(
    openings: &Openings<'p>,
    is_cause: impl Fn(&Opening<'p>) -> bool,
    out: &mut Diagnostics,
    say: &dyn Fn(&Name) -> (String, &'static str),
) {
    for opening in openings.values().flatten().filter(|opening| is_cause(opening)) {
        let Some(circle) = way_back(openings, *opening) else { continue };
        if circle.iter().filter(|other| is_cause(other)).all(|other| opening.from <= other.from) {
            let (message, help) = say(opening.from);
            report(&circle, &message, help, out);
        }
    }
}

/// Tells of each process whose cases have several like themselves opened when an instant that they wait for is past:
/// their number doubles before any limit is reached. One after the other they may catch up with the time.
fn check_growth(late: &Openings<'_>, at_once: &Openings<'_>, out: &mut Diagnostics) {
    let mut told = BTreeSet::new();
    for (name, opened) in late {
        let circles: Vec<Vec<Opening<'_>>> = opened.iter().filter_map(|first| way_back(late, *first)).collect();
        let firsts = || circles.iter().filter_map(|circle| circle.first());
        let count: usize = firsts().map(|first| 1 + usize::from(first.several)).sum();
        let is_told = told.contains(name)
            || at_once.get(name).into_iter().flatten().any(|first| way_back(at_once, *first).is_some());
        if count < 2 || is_told {
            continue;
        }
        told.extend(circles.iter().flatten().map(|opening| opening.from));
        let found: Vec<Opening<'_>> = firsts().copied().collect();
        let message = format!("when an instant is past, each case of `{name}` has several like itself opened at once");
        report(&found, &message, "open one of them, or wait with `for: …`, which is always to come", out);
    }
}

/// What the cases of each process open before anything waits, when these instants are past.
fn openings_of(processes: &Processes, past: Past) -> Openings<'_> {
    let quick = quick(processes, past);
    let opened = processes.values().map(|process| {
        let (from, way) = (&process.name, Way::of(process, &quick, past));
        let opening = |how, to, span: Span| Opening { from, how, to, span, several: way.several.contains(&span) };
        let started = way.starts.iter().map(|(to, span)| opening(How::Starts, to, *span));
        let called = way.calls.iter().map(|(to, span)| opening(How::Calls, to, *span));
        let sent = way.sends.iter().flat_map(|(message, span)| {
            let begun = processes.values().filter(|process| process.opens_on(message));
            begun.map(move |process| opening(How::Sends(message), &process.name, *span))
        });
        (from, started.chain(called).chain(sent).collect())
    });
    opened.collect()
}

/// The processes whose cases may close before anything waits: those that only call such processes are such as well.
fn quick(processes: &Processes, past: Past) -> BTreeSet<&Name> {
    let mut quick = BTreeSet::new();
    for _ in processes {
        let slow = processes.values().filter(|process| !quick.contains(&process.name));
        let found: Vec<&Name> =
            slow.filter(|process| Way::of(process, &quick, past).closes).map(|process| &process.name).collect();
        if found.is_empty() {
            break;
        }
        quick.extend(found);
    }
    quick
}

/// The shortest circle that begins with an opening, if there is one.
fn way_back<'p>(openings: &Openings<'p>, first: Opening<'p>) -> Option<Vec<Opening<'p>>> {
    let mut seen = BTreeSet::from([first.to]);
    let mut ways = VecDeque::from([vec![first]]);
    while let Some(way) = ways.pop_front() {
        let at = way.last().map_or(first.to, |last| last.to);
        if at == first.from {
            return Some(way);
        }
        for next in openings.get(at).into_iter().flatten() {
            if seen.insert(next.to) {
                ways.push_back(way.iter().copied().chain([*next]).collect());
            }
        }
    }
    None
}

fn report(openings: &[Opening<'_>], message: &str, help: &str, out: &mut Diagnostics) {
    let Some((first, rest)) = openings.split_first() else { return };
    let told: Vec<String> = openings.iter().map(spoken).collect();
    let finding = out.error(first.span, "endless-opening", format!("{message}: {}", told.join(", ")));
    for opening in rest {
        finding.note(opening.span, spoken(opening));
    }
    finding.help(help);
}

fn spoken(opening: &Opening<'_>) -> String {
    let Opening { from, how, to, .. } = opening;
    match how {
        How::Starts if opening.several => format!("`{from}` starts `{to}`, perhaps several times"),
        How::Starts => format!("`{from}` starts `{to}`"),
        How::Calls => format!("`{from}` calls `{to}`"),
        How::Sends(message) => format!("`{from}` sends `{message}`, with which `{to}` begins"),
    }
}
