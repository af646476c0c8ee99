//! Tracks: lines that run side by side in a channel, so that no two cover each other unless they lead to one end.

use std::collections::{BTreeMap, BTreeSet};

use super::channel::{Channel, Entry, Leg, Route, bundle};
use super::measure::{Measure, offset};
use super::place::Grid;
use super::scene::{Edge, Look};

/// How near to the middle of its column a line comes down that may meet those which go down there.
const MIDWAY: i32 = 30;

/// Which lines lie in a channel, and on which tracks.
#[derive(Clone, Debug, Default)]
pub struct Tracks {
    places: BTreeMap<(Channel, (usize, Look)), (bool, usize)>,
    counts: BTreeMap<Channel, (usize, usize)>,
}

/// A bundle's part of a channel.
#[derive(Debug, Default)]
struct Stretch {
    bundle: Option<(usize, Look)>,
    range: (usize, usize),
    is_far: bool,
    /// The columns in which it comes down into a row from shapes above, and in which it goes down to the shape below.
    departs: BTreeSet<usize>,
    arrives: BTreeSet<usize>,
}

impl Tracks {
    /// Shares out the tracks.
    pub fn assign(edges: &[Edge], routes: &[Route], grids: &[Grid], measures: &[Measure]) -> Self {
        let mut stretches: BTreeMap<Channel, Vec<Stretch>> = BTreeMap::new();
        for (edge, route) in edges.iter().zip(routes) {
            for (number, leg) in route.legs.iter().enumerate() {
                let (is_first, is_last) = (number == 0, number + 1 == route.legs.len());
                let entry = is_last.then_some(route.entry);
                let is_far = is_far(leg.channel, entry, is_first);
                let here = stretches.entry(leg.channel).or_default();
                let known = here.iter().position(|stretch| stretch.bundle == Some(bundle(edge)));
                let at = known.unwrap_or_else(|| {
                    here.push(Stretch { bundle: Some(bundle(edge)), range: leg.range, is_far, ..Stretch::default() });
                    here.len() - 1
                });
                let stretch = &mut here[at];
                stretch.range = (stretch.range.0.min(leg.range.0), stretch.range.1.max(leg.range.1));
                stretch.is_far &= is_far;
                if let Channel::Row(scope, _) = leg.channel {
                    let column = |shape: usize| grids[scope].cells.get(&shape).map(|cell| cell.1);
                    let is_midway = offset(measures, edge).abs() < MIDWAY;
                    stretch.departs.extend(column(edge.from).filter(|_| is_first && is_midway));
                    let before = number.checked_sub(1).and_then(|before| route.legs.get(before));
                    if let Some(Leg { channel: Channel::Lane(around, column), .. }) = before {
                        stretch.departs.extend((*around == scope).then_some(*column));
                    }
                    stretch.arrives.extend(column(edge.to).filter(|_| entry == Some(Entry::Top)));
                }
            }
        }
        let mut tracks = Self::default();
        for (channel, here) in stretches {
            tracks.share(channel, here);
        }
        tracks
    }

    /// Short stretches lie nearest to where they belong, so that those around them do not cross them; but what comes
    /// down in a column turns away above what goes down in it, so that neither covers the other.
    fn share(&mut self, channel: Channel, mut here: Vec<Stretch>) {
        here.sort_by_key(|stretch| (stretch.range.1 - stretch.range.0, stretch.range.0, stretch.bundle));
        let mut sides: [Vec<Vec<(usize, usize)>>; 2] = [Vec::new(), Vec::new()];
        let mut placed: Vec<(BTreeSet<usize>, usize)> = Vec::new();
        while !here.is_empty() {
            let is_next = |one: &Stretch| {
                let mut others = here.iter().filter(|other| other.bundle != one.bundle && !other.is_far);
                one.is_far || others.all(|other| other.departs.is_disjoint(&one.arrives))
            };
            let stretch = here.remove(here.iter().position(is_next).unwrap_or(0));
            let side = &mut sides[usize::from(stretch.is_far)];
            let fits = |taken: &Vec<(usize, usize)>| {
                taken.iter().all(|(from, to)| *to < stretch.range.0 || stretch.range.1 < *from)
            };
            let above = placed.iter().filter(|(departs, _)| !departs.is_disjoint(&stretch.arrives));
            let least = above.map(|(_, track)| track + 1).max().filter(|_| !stretch.is_far).unwrap_or(0);
            let track = side.iter().skip(least).position(fits).map_or(side.len(), |track| track + least);
            if track == side.len() {
                side.push(Vec::new());
            }
            side[track].push(stretch.range);
            if let Some(bundle) = stretch.bundle {
                self.places.insert((channel, bundle), (stretch.is_far, track));
            }
            if !stretch.is_far {
                placed.push((stretch.departs, track));
            }
        }
        self.counts.insert(channel, (sides[0].len(), sides[1].len()));
    }

    /// How many tracks a channel has.
    pub fn count(&self, channel: Channel) -> i32 {
        let (near, far) = self.counts.get(&channel).copied().unwrap_or_default();
        i32::try_from(near + far).unwrap_or(i32::MAX)
    }

    /// The track of an edge in a channel: counted from the top or the left, or, when it is `far`, from the other side.
    pub fn place(&self, channel: Channel, edge: &Edge) -> (bool, i32) {
        let (is_far, track) = self.places.get(&(channel, bundle(edge))).copied().unwrap_or_default();
        (is_far, i32::try_from(track).unwrap_or(i32::MAX))
    }
}

/// Whether a leg belongs to the lower or the right side of its channel.
fn is_far(channel: Channel, entry: Option<Entry>, is_first: bool) -> bool {
    match (channel, entry) {
        (Channel::Row(..), Some(Entry::Top)) => !is_first,
        (Channel::Gap(..), Some(Entry::Left)) => true,
        (Channel::Gap(_, 0), _) => true,
        (Channel::Row(..) | Channel::Gap(..), _) | (Channel::Lane(..) | Channel::Under(_), _) => false,
    }
}
