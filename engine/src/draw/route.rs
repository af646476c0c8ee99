//! Which channels each line runs through. Channels lie between the rows and columns of each container, so a line
//! never passes through a box; the cheapest way through them is short, has few bends, and keeps to lines of its kind.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::measure::{Measure, offset};
use super::place::Grid;
use super::scene::{Edge, Look, Scene};

/// What a bend costs, in pixels of way.
const BEND: u32 = 60;
/// What arriving at the side costs a line onwards, and at the top one that leads back.
const ODD_ARRIVAL: u32 = 160;
/// What each line that is there already costs.
const COMPANY: u32 = 5;
/// How wide a channel is taken to be.
const CHANNEL: u32 = 30;

/// A channel of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Above the layer of this number, or below the last.
    Row(usize, usize),
    /// At the left of the column of this number, or at the right of the last.
    Gap(usize, usize),
    /// Through free cells of a column.
    Lane(usize, usize),
}

impl Channel {
    /// The container it lies in.
    pub fn scope(self) -> usize {
        match self {
            Self::Row(scope, _) | Self::Gap(scope, _) | Self::Lane(scope, _) => scope,
        }
    }
}

/// A straight part of a line, in one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The channel.
    pub channel: Channel,
    /// Where in the channel it is: of a row, twice the column, gaps even; of others, twice the layer, rows even.
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

/// Finds a way for every edge.
pub fn route(scene: &Scene, grids: &[Grid], measures: &[Measure], straight: &[bool]) -> Vec<Route> {
    let mut net = Net::new(scene, grids, measures);
    let mut order: Vec<usize> = (0..scene.edges.len()).collect();
    order.sort_by_key(|at| scene.edges[*at].look);
    let mut routes: Vec<Option<Route>> = vec![None; scene.edges.len()];
    for at in order {
        let edge = &scene.edges[at];
        routes[at] = match straight[at] {
            true => Some(Route { legs: Vec::new(), entry: Entry::Top }),
            false => net.find(edge),
        };
    }
    let unreachable =
        "every channel is connected with every other: the outer rows and gaps of a container are never blocked";
    routes.into_iter().map(|route| route.expect(unreachable)).collect()
}

/// A crossing: a container, its row (even: a channel, odd: a layer) and column (even: a gap, odd: a column).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crossing {
    scope: usize,
    row: usize,
    column: usize,
}

/// Upright or level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Level,
    Upright,
}

type State = (Crossing, Way);

/// The least sizes of what there is, before channels have theirs.
pub struct Sizes {
    /// Of each container, how wide its columns are.
    widths: Vec<Vec<u32>>,
    /// Of each container, how high its layers are.
    heights: Vec<Vec<u32>>,
    /// Of each shape, how wide and how high it is.
    pub shapes: Vec<(u32, u32)>,
}

impl Sizes {
    /// From the innermost outwards.
    pub fn least(scene: &Scene, grids: &[Grid], measures: &[Measure]) -> Self {
        let count = scene.pieces.len();
        let mut widths: Vec<Vec<u32>> = vec![Vec::new(); count];
        let mut heights: Vec<Vec<u32>> = vec![Vec::new(); count];
        let mut shapes: Vec<(u32, u32)> = vec![(0, 0); count];
        for scope in (0..count).rev() {
            let grid = &grids[scope];
            let mut wide = vec![0u32; grid.columns];
            let mut high = vec![0u32; grid.layers];
            for (child, (layer, column)) in &grid.cells {
                let (width, height) = shapes[*child];
                if !grid.barred.contains(layer) {
                    wide[*column] = wide[*column].max(width);
                }
                high[*layer] = high[*layer].max(height);
            }
            let own = &measures[scope];
            let (own_width, own_height) = (own.width.unsigned_abs(), own.height.unsigned_abs());
            let inner = |sizes: &[u32]| sizes.iter().map(|size| size + CHANNEL).sum::<u32>();
            shapes[scope] = (own_width.max(inner(&wide)), own_height + inner(&high));
            widths[scope] = wide;
            heights[scope] = high;
        }
        Self { widths, heights, shapes }
    }
}

struct Net<'s> {
    scene: &'s Scene,
    measures: &'s [Measure],
    grids: &'s [Grid],
    /// Widths of columns and heights of layers.
    widths: Vec<Vec<u32>>,
    heights: Vec<Vec<u32>>,
    /// The containers that the line being routed may run in: those around its beginning or its end.
    around: BTreeSet<usize>,
    /// Which bundles use a step from crossing to crossing.
    company: BTreeMap<(Crossing, Crossing), Vec<(usize, Look)>>,
}

impl<'s> Net<'s> {
    fn new(scene: &'s Scene, grids: &'s [Grid], measures: &'s [Measure]) -> Self {
        let Sizes { widths, heights, .. } = Sizes::least(scene, grids, measures);
        Self { scene, measures, grids, widths, heights, around: BTreeSet::new(), company: BTreeMap::new() }
    }

    /// Where a child stands in its container.
    fn cell(&self, child: usize) -> Option<(usize, usize, usize)> {
        let scope = self.scene.pieces[child].parent?;
        let (layer, column) = self.grids[scope].cells.get(&child)?;
        Some((scope, *layer, *column))
    }

    fn is_open(&self, crossing: Crossing) -> bool {
        let grid = &self.grids[crossing.scope];
        let (layer, column) = (crossing.row / 2, crossing.column / 2);
        match (crossing.row % 2, crossing.column % 2) {
            (0, _) => true,
            (_, 0) => !grid.barred.contains(&layer) || column == 0 || column == grid.columns,
            (_, _) => grid.is_free(layer, column),
        }
    }

    /// The crossings next to one, with the way there and how long it is.
    fn next(&self, (at, came): State, next: &mut Vec<(Way, Crossing, u32)>) {
        let grid = &self.grids[at.scope];
        let (rows, columns) = (2 * grid.layers, 2 * grid.columns);
        let Crossing { scope, row, column } = at;
        let half = |column: usize| self.widths[scope].get(column / 2).map_or(0, |width| width / 2) + CHANNEL / 2;
        let high = |row: usize| self.heights[scope].get(row / 2).map_or(0, |height| height / 2) + CHANNEL / 2;
        if row > 0 {
            next.push((Way::Upright, Crossing { row: row - 1, ..at }, high(row - 1)));
        }
        if row < rows {
            next.push((Way::Upright, Crossing { row: row + 1, ..at }, high(row)));
        }
        if row % 2 == 0 {
            if column > 0 {
                next.push((Way::Level, Crossing { column: column - 1, ..at }, half(column - 1)));
            }
            if column < columns {
                next.push((Way::Level, Crossing { column: column + 1, ..at }, half(column)));
            }
        }
        next.retain(|(_, crossing, _)| self.is_open(*crossing));
        self.out(at, next);
        if row % 2 == 1 && column % 2 == 0 && came == Way::Upright {
            self.open_sides(at, next);
        }
        if row % 2 == 0 && column % 2 == 1 && row > 0 && came == Way::Level {
            self.open_bottom(at, next);
        }
    }

    /// Out of the container: through its sides and its bottom.
    fn out(&self, at: Crossing, next: &mut Vec<(Way, Crossing, u32)>) {
        let grid = &self.grids[at.scope];
        let Some((scope, layer, column)) = self.cell(at.scope) else { return };
        if at.row.is_multiple_of(2) && at.column == 0 {
            next.push((Way::Level, Crossing { scope, row: 2 * layer + 1, column: 2 * column }, CHANNEL));
        }
        if at.row.is_multiple_of(2) && at.column == 2 * grid.columns {
            next.push((Way::Level, Crossing { scope, row: 2 * layer + 1, column: 2 * column + 2 }, CHANNEL));
        }
        if at.row == 2 * grid.layers {
            next.push((Way::Upright, Crossing { scope, row: 2 * layer + 2, column: 2 * column + 1 }, CHANNEL));
        }
    }

    /// Into the containers at both sides.
    fn open_sides(&self, at: Crossing, next: &mut Vec<(Way, Crossing, u32)>) {
        let layer = at.row / 2;
        for (column, is_left) in [(at.column / 2, true), ((at.column / 2).wrapping_sub(1), false)] {
            let Some(scope) = self.container_at(at.scope, layer, column) else { continue };
            let grid = &self.grids[scope];
            let inner = if is_left { 0 } else { 2 * grid.columns };
            for row in 0..=grid.layers {
                next.push((Way::Level, Crossing { scope, row: 2 * row, column: inner }, CHANNEL));
            }
        }
    }

    /// Into the container above.
    fn open_bottom(&self, at: Crossing, next: &mut Vec<(Way, Crossing, u32)>) {
        let Some(scope) = self.container_at(at.scope, at.row / 2 - 1, at.column / 2) else { return };
        let grid = &self.grids[scope];
        for column in 0..=2 * grid.columns {
            next.push((Way::Upright, Crossing { scope, row: 2 * grid.layers, column }, CHANNEL));
        }
    }

    fn container_at(&self, scope: usize, layer: usize, column: usize) -> Option<usize> {
        let found = self.grids[scope].cells.iter().find(|(_, cell)| **cell == (layer, column));
        found.map(|(child, _)| *child).filter(|child| self.around.contains(child))
    }

    /// The cheapest way of an edge.
    fn find(&mut self, edge: &Edge) -> Option<Route> {
        let (scope, layer, column) = self.cell(edge.from)?;
        let from_head = self.scene.pieces[edge.from].sort.is_container() && self.scene.has_label(edge);
        let start: State = match from_head {
            true => (Crossing { scope, row: 2 * layer + 1, column: 2 * column + 2 }, Way::Level),
            false => (Crossing { scope, row: 2 * layer + 2, column: 2 * column + 1 }, Way::Upright),
        };
        let (scope, layer, column) = self.cell(edge.to)?;
        let ends = [
            (Entry::Top, Crossing { scope, row: 2 * layer, column: 2 * column + 1 }, Way::Level),
            (Entry::Left, Crossing { scope, row: 2 * layer + 1, column: 2 * column }, Way::Upright),
            (Entry::Right, Crossing { scope, row: 2 * layer + 1, column: 2 * column + 2 }, Way::Upright),
        ];
        let (target, own) = (&self.scene.pieces[edge.to], &self.measures[edge.to]);
        let has_head_labels = target.sort.is_container() && own.labels.iter().any(Option::is_some);
        let ends = match (target.sort.is_bar(), has_head_labels) {
            (true, _) => &ends[..1],
            (false, true) => &ends[..2],
            (false, false) => &ends[..],
        };
        let off = offset(self.measures, edge);
        let own_half = off.unsigned_abs();
        self.around = self.scene.path(edge.from).skip(1).chain(self.scene.path(edge.to).skip(1)).collect();
        let is_back = matches!(edge.look, Look::Loop | Look::Back);
        let mut costs: BTreeMap<State, (u32, Option<State>)> = BTreeMap::from([(start, (0, None))]);
        let mut queue = BinaryHeap::from([Reverse((0u32, start))]);
        let mut best: Option<(u32, State, Entry, Way)> = None;
        let mut around = Vec::new();
        while let Some(Reverse((cost, state))) = queue.pop() {
            if best.as_ref().is_some_and(|(least, ..)| *least <= cost) {
                break;
            }
            if costs.get(&state).is_some_and(|(known, _)| *known < cost) {
                continue;
            }
            for (entry, crossing, wanted) in ends {
                if state.0 == *crossing {
                    let odd = (*entry == Entry::Top) == is_back;
                    let bends = if state.1 == *wanted { BEND } else { 3 * BEND };
                    let whole = cost + bends + if odd { ODD_ARRIVAL } else { 0 };
                    if best.as_ref().is_none_or(|(least, ..)| whole < *least) {
                        best = Some((whole, state, *entry, *wanted));
                    }
                }
            }
            around.clear();
            self.next(state, &mut around);
            for (way, crossing, length) in &around {
                // Beside a layer, a level line comes from a container or goes into one, so it turns there.
                if state.0.row % 2 == 1 && state.1 == Way::Level && *way == Way::Level {
                    continue;
                }
                let bend = if *way == state.1 { 0 } else { BEND };
                // A label at the right is nearer to what lies at the right.
                let aside = match state == start && *way == Way::Level && !from_head {
                    true if crossing.column > state.0.column => own_half.saturating_sub_signed(off),
                    true => own_half.saturating_add_signed(off),
                    false => 0,
                };
                let whole = cost + bend + aside + self.price(state.0, *crossing, *length, bundle(edge));
                let reached = (*crossing, *way);
                if costs.get(&reached).is_none_or(|(known, _)| whole < *known) {
                    costs.insert(reached, (whole, Some(state)));
                    queue.push(Reverse((whole, reached)));
                }
            }
        }
        let (_, last, entry, wanted) = best?;
        let mut path = vec![last];
        while let Some((_, Some(before))) = path.last().and_then(|state| costs.get(state)) {
            path.push(*before);
        }
        path.reverse();
        for pair in path.windows(2) {
            let users = self.company.entry((pair[0].0.min(pair[1].0), pair[0].0.max(pair[1].0))).or_default();
            if !users.contains(&bundle(edge)) {
                users.push(bundle(edge));
            }
        }
        if last.1 != wanted {
            path.push((last.0, wanted));
        }
        Some(Route { legs: legs(&path, &self.depths()), entry })
    }

    fn price(&self, from: Crossing, to: Crossing, length: u32, own: (usize, Look)) -> u32 {
        match self.company.get(&(from.min(to), from.max(to))) {
            Some(users) if users.contains(&own) => length / 2,
            Some(users) => length + COMPANY * u32::try_from(users.len()).unwrap_or(u32::MAX / COMPANY),
            None => length,
        }
    }

    /// How deep each container lies.
    fn depths(&self) -> Vec<usize> {
        (0..self.scene.pieces.len()).map(|piece| self.scene.path(piece).count()).collect()
    }
}

/// The path as legs: what is gone the same way belongs together. The first crossing is reached from the shape itself.
fn legs(path: &[State], depths: &[usize]) -> Vec<Leg> {
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
