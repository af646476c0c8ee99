//! Cases that open cases without end: no process may lead back to its own start before anything waits.

mod way;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use self::way::Way;
use crate::diagnostic::{Diagnostics, Span};
use crate::ids::Name;
use crate::process::{Entrance, Process};

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
}

/// Finds each circle of processes whose cases open each other before anything waits.
pub fn check(processes: &Processes, out: &mut Diagnostics) {
    let openings = openings_of(processes);
    for (name, opened) in &openings {
        for opening in opened {
            let Some(circle) = way_back(&openings, *opening) else { continue };
            // Of a circle's processes the first by name has it, so that it is told once.
            if circle.iter().all(|opening| *name <= opening.from) {
                report(&circle, out);
            }
        }
    }
}

/// What the cases of each process open before anything waits.
fn openings_of(processes: &Processes) -> BTreeMap<&Name, BTreeSet<Opening<'_>>> {
    let quick = quick(processes);
    let opened = processes.values().map(|process| {
        let (from, way) = (&process.name, Way::of(process, &quick));
        let started = way.starts.iter().map(|(to, span)| Opening { from, how: How::Starts, to, span: *span });
        let called = way.calls.iter().map(|(to, span)| Opening { from, how: How::Calls, to, span: *span });
        let sent = way.sends.iter().flat_map(|(message, span)| {
            let begun = processes.values().filter(|process| begins_with(process, message));
            begun.map(|process| Opening { from, how: How::Sends(message), to: &process.name, span: *span })
        });
        (from, started.chain(called).chain(sent).collect())
    });
    opened.collect()
}

/// The processes whose cases may close before anything waits: those that only call such processes are such as well.
fn quick(processes: &Processes) -> BTreeSet<&Name> {
    let mut quick = BTreeSet::new();
    for _ in processes {
        let slow = processes.values().filter(|process| !quick.contains(&process.name));
        let found: Vec<&Name> =
            slow.filter(|process| Way::of(process, &quick).closes).map(|process| &process.name).collect();
        if found.is_empty() {
            break;
        }
        quick.extend(found);
    }
    quick
}

fn begins_with(process: &Process, message: &Name) -> bool {
    process.start.also.iter().any(|entrance| match entrance {
        Entrance::Message(name) => name == message,
        Entrance::Public(_) | Entrance::Schedule(_) => false,
    })
}

/// The shortest circle that begins with an opening, if there is one.
fn way_back<'p>(openings: &BTreeMap<&'p Name, BTreeSet<Opening<'p>>>, first: Opening<'p>) -> Option<Vec<Opening<'p>>> {
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

fn report(circle: &[Opening<'_>], out: &mut Diagnostics) {
    let Some((first, rest)) = circle.split_first() else { return };
    let told: Vec<String> = circle.iter().map(spoken).collect();
    let message =
        format!("a case of `{}` has cases opened without end, before anybody can act: {}", first.from, told.join(", "));
    let finding = out.error(first.span, "endless-opening", message);
    for opening in rest {
        finding.note(opening.span, spoken(opening));
    }
    finding.help("let a step wait for a person or a time in between");
}

fn spoken(opening: &Opening<'_>) -> String {
    let Opening { from, how, to, .. } = opening;
    match how {
        How::Starts => format!("`{from}` starts `{to}`"),
        How::Calls => format!("`{from}` calls `{to}`"),
        How::Sends(message) => format!("`{from}` sends `{message}`, with which `{to}` begins"),
    }
}
