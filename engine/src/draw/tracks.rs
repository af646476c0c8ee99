//! Tracks: lines that run side by side in a channel, so that no two cover each other unless they lead to one end.

use std::collections::BTreeMap;

use super::route::{Channel, Entry, Route, bundle};
use super::scene::{Edge, Look};

/// Which lines lie in a channel, and on which tracks.
#[derive(Clone, Debug, Default)]
pub struct Tracks {
    places: BTreeMap<(Channel, (usize, Look)), (bool, usize)>,
    counts: BTreeMap<Channel, (usize, usize)>,
}

/// A bundle's part of a channel.
struct Stretch {
    bundle: (usize, Look),
    range: (usize, usize),
    is_far: bool,
}

impl Tracks {
    /// Shares out the tracks.
    pub fn assign(edges: &[Edge], routes: &[Route]) -> Self {
        let mut stretches: BTreeMap<Channel, Vec<Stretch>> = BTreeMap::new();
        for (edge, route) in edges.iter().zip(routes) {
            for (number, leg) in route.legs.iter().enumerate() {
                let is_last = number + 1 == route.legs.len();
                let is_far = is_far(leg.channel, is_last.then_some(route.entry), number == 0);
                let here = stretches.entry(leg.channel).or_default();
                match here.iter_mut().find(|stretch| stretch.bundle == bundle(edge)) {
                    Some(known) => {
                        known.range = (known.range.0.min(leg.range.0), known.range.1.max(leg.range.1));
                        known.is_far &= is_far;
                    }
                    None => here.push(Stretch { bundle: bundle(edge), range: leg.range, is_far }),
                }
            }
        }
        let mut tracks = Self::default();
        for (channel, here) in stretches {
            tracks.share(channel, here);
        }
        tracks
    }

    /// Short stretches lie nearest to where they belong, so that those around them do not cross them.
    fn share(&mut self, channel: Channel, mut here: Vec<Stretch>) {
        here.sort_by_key(|stretch| (stretch.range.1 - stretch.range.0, stretch.range.0, stretch.bundle));
        let mut sides: [Vec<Vec<(usize, usize)>>; 2] = [Vec::new(), Vec::new()];
        for stretch in here {
            let side = &mut sides[usize::from(stretch.is_far)];
            let fits = |taken: &Vec<(usize, usize)>| {
                taken.iter().all(|(from, to)| *to < stretch.range.0 || stretch.range.1 < *from)
            };
            let track = side.iter().position(fits).unwrap_or(side.len());
            if track == side.len() {
                side.push(Vec::new());
            }
            side[track].push(stretch.range);
            self.places.insert((channel, stretch.bundle), (stretch.is_far, track));
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
        (Channel::Row(..) | Channel::Gap(..), _) | (Channel::Lane(..), _) => false,
    }
}
