//! Channels between rows and columns, in which lines run, and the crossings where they may turn.

use super::scene::{Edge, Look};

/// A channel of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Above the layer of this number, or below the last.
    Row(usize, usize),
    /// At the left of the column of this number, or at the right of the last.
    Gap(usize, usize),
    /// Through free cells of a column.
    Lane(usize, usize),
    /// Below this shape, in its own cell.
    Under(usize),
}

impl Channel {
    /// The container it lies in, or the shape it lies below.
    pub fn scope(self) -> usize {
        match self {
            Self::Row(scope, _) | Self::Gap(scope, _) | Self::Lane(scope, _) | Self::Under(scope) => scope,
        }
    }
}

/// A straight part of a line, in one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The channel.
    pub channel: Channel,
    /// Where in the channel it is: of a row, twice the column, gaps even; of others, twice the layer, rows
    /// even; below a shape, pixels.
    pub range: (usize, usize),
}

/// Where a line arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// From above.
    Top,
    /// From the left.
    Left,
    /// From the right.
    Right,
}

/// The way of one edge; without legs it is one straight line down.
#[derive(Clone, Debug)]
pub struct Route {
    /// Its parts in turn.
    pub legs: Vec<Leg>,
    /// Where it arrives.
    pub entry: Entry,
}

/// Lines that may share their way: those with the same end and look.
pub fn bundle(edge: &Edge) -> (usize, Look) {
    (edge.to, edge.look)
}

/// A crossing: a container, its row (even: a channel, odd: a layer) and column (even: a gap, odd: a column).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crossing {
    /// The container.
    pub scope: usize,
    /// The row.
    pub row: usize,
    /// The column.
    pub column: usize,
}

/// Upright or level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From side to side.
    Level,
    /// Up or down.
    Upright,
}

/// Where a line is, and how it came there.
pub type State = (Crossing, Way);

/// The path as legs: what is gone the same way belongs together. The first crossing is reached from the shape itself.
pub fn legs(path: &[State], depths: &[usize]) -> Vec<Leg> {
    let mut runs: Vec<(Way, Vec<Crossing>)> = Vec::new();
    for (number, (crossing, way)) in path.iter().enumerate() {
        match runs.last_mut() {
            Some((known, run)) if known == way => run.push(*crossing),
            Some(_) | None => {
                let before = number.checked_sub(1).and_then(|before| path.get(before)).map(|state| state.0);
                runs.push((*way, before.into_iter().chain([*crossing]).collect()));
            }
        }
    }
    // The way that the line has when it leaves its shape is not a leg: its place is the label's.
    let legs = runs.into_iter().skip(1).map(|(way, run)| leg(way, &run, depths));
    legs.collect()
}

fn leg(way: Way, run: &[Crossing], depths: &[usize]) -> Leg {
    let fits = |crossing: &&Crossing| way == Way::Upright || crossing.row.is_multiple_of(2);
    let inner = run.iter().filter(fits).max_by_key(|crossing| depths[crossing.scope]);
    let inner = *inner.or(run.first()).expect("a run has a crossing");
    let own = run.iter().filter(|crossing| crossing.scope == inner.scope);
    let along: Vec<usize> =
        own.map(|crossing| if way == Way::Level { crossing.column } else { crossing.row }).collect();
    let range = (along.iter().copied().min().unwrap_or(0), along.iter().copied().max().unwrap_or(0));
    let channel = match (way, inner.column % 2) {
        (Way::Level, _) => Channel::Row(inner.scope, inner.row / 2),
        (Way::Upright, 0) => Channel::Gap(inner.scope, inner.column / 2),
        (Way::Upright, _) => Channel::Lane(inner.scope, inner.column / 2),
    };
    Leg { channel, range }
}
