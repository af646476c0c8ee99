//! Which channels each line runs through. Channels lie between the rows and columns of each container, so a line
//! never passes through a box; the cheapest way through them is short, has few bends, and keeps to lines of its kind.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::channel::{Channel, Crossing, Entry, Leg, Route, State, Way, bundle, legs};
use super::measure::{Measure, offset};
use super::place::Grid;
use super::scene::{Edge, Look, Scene};
use super::sizes::{CHANNEL, Sizes};

/// What a bend costs, in pixels of way.
const BEND: u32 = 60;
/// What arriving at the side costs a line onwards, and at the top one that leads back.
const ODD_ARRIVAL: u32 = 160;
/// What each line that is there already costs.
const COMPANY: u32 = 5;
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

/// Where a line can begin, what that costs, and the leg that leads there.
struct Start {
    state: State,
    cost: u32,
    under: Option<Leg>,
}

/// Where a line can arrive, and the way it must come by.
type End = (Entry, Crossing, Way);

/// A way that was found.
struct Found {
    path: Vec<State>,
    entry: Entry,
    wanted: Way,
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
        // Beside a layer, a level line comes from a container or goes into one, so it turns there.
        let turns = row % 2 == 1 && came == Way::Level;
        next.retain(|(way, crossing, _)| self.is_open(*crossing) && !(turns && *way == Way::Level));
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
        let (starts, ends) = (self.starts(edge)?, self.ends(edge)?);
        self.around = self.scene.path(edge.from).skip(1).chain(self.scene.path(edge.to).skip(1)).collect();
        let Found { mut path, entry, wanted } = self.search(edge, &starts, &ends)?;
        for pair in path.windows(2) {
            let users = self.company.entry((pair[0].0.min(pair[1].0), pair[0].0.max(pair[1].0))).or_default();
            if !users.contains(&bundle(edge)) {
                users.push(bundle(edge));
            }
        }
        let (last, way) = *path.last()?;
        if way != wanted {
            path.push((last, wanted));
        }
        let under = starts.iter().find(|start| start.state == path[0]).and_then(|start| start.under);
        let depths: Vec<usize> = (0..self.scene.pieces.len()).map(|piece| self.scene.path(piece).count()).collect();
        Some(Route { legs: under.into_iter().chain(legs(&path, &depths)).collect(), entry })
    }

    /// Where a line can begin: from a label in a head at the right, otherwise downwards, or, where the shape is lower
    /// than its layer, to the sides below it.
    fn starts(&self, edge: &Edge) -> Option<Vec<Start>> {
        let (scope, layer, column) = self.cell(edge.from)?;
        let beside = |column: usize| (Crossing { scope, row: 2 * layer + 1, column: 2 * column }, Way::Level);
        let is_container = self.scene.pieces[edge.from].sort.is_container();
        if is_container && self.scene.has_label(edge) {
            return Some(vec![Start { state: beside(column + 1), cost: 0, under: None }]);
        }
        let down = (Crossing { scope, row: 2 * layer + 2, column: 2 * column + 1 }, Way::Upright);
        let mut starts = vec![Start { state: down, cost: 0, under: None }];
        let own = &self.measures[edge.from];
        let exits = u32::try_from(own.labels.len()).unwrap_or(u32::MAX / CHANNEL);
        if !is_container && self.heights[scope][layer] >= own.height.unsigned_abs() + CHANNEL + exits * CHANNEL / 2 {
            let wide = usize::try_from(own.width).unwrap_or(0);
            let middle = (own.width / 2).saturating_add(offset(self.measures, edge));
            let at = usize::try_from(middle).unwrap_or(0);
            for (column, range) in [(column, (0, at)), (column + 1, (at, wide))] {
                let cost = BEND + u32::try_from(range.1 - range.0).unwrap_or(0);
                let under = Some(Leg { channel: Channel::Under(edge.from), range });
                starts.push(Start { state: beside(column), cost, under });
            }
        }
        Some(starts)
    }

    /// Where a line can arrive.
    fn ends(&self, edge: &Edge) -> Option<Vec<End>> {
        let (scope, layer, column) = self.cell(edge.to)?;
        let at = |row: usize, column: usize| Crossing { scope, row, column };
        let mut ends = vec![
            (Entry::Top, at(2 * layer, 2 * column + 1), Way::Level),
            (Entry::Left, at(2 * layer + 1, 2 * column), Way::Upright),
            (Entry::Right, at(2 * layer + 1, 2 * column + 2), Way::Upright),
        ];
        let (target, own) = (&self.scene.pieces[edge.to], &self.measures[edge.to]);
        let has_head_labels = target.sort.is_container() && own.labels.iter().any(Option::is_some);
        ends.truncate(if target.sort.is_bar() {
            1
        } else if has_head_labels {
            2
        } else {
            3
        });
        Some(ends)
    }

    /// The cheapest way from one of the starts to one of the ends (Dijkstra).
    fn search(&self, edge: &Edge, starts: &[Start], ends: &[End]) -> Option<Found> {
        let is_back = matches!(edge.look, Look::Loop | Look::Back);
        let mut costs: BTreeMap<State, (u32, Option<State>)> =
            starts.iter().map(|start| (start.state, (start.cost, None))).collect();
        let mut queue: BinaryHeap<_> = starts.iter().map(|start| Reverse((start.cost, start.state))).collect();
        let mut best: Option<(u32, State, Entry, Way)> = None;
        let mut around = Vec::new();
        while let Some(Reverse((cost, state))) = queue.pop() {
            if best.as_ref().is_some_and(|(least, ..)| *least <= cost) {
                break;
            }
            if costs.get(&state).is_some_and(|(known, _)| *known < cost) {
                continue;
            }
            for (entry, _, wanted) in ends.iter().filter(|(_, crossing, _)| *crossing == state.0) {
                let is_odd = (*entry == Entry::Top) == is_back;
                let bends = if state.1 == *wanted { BEND } else { 3 * BEND };
                let whole = cost + bends + if is_odd { ODD_ARRIVAL } else { 0 };
                if best.as_ref().is_none_or(|(least, ..)| whole < *least) {
                    best = Some((whole, state, *entry, *wanted));
                }
            }
            around.clear();
            self.next(state, &mut around);
            for (way, crossing, length) in &around {
                let aside = if state == starts[0].state { self.aside(edge, state, *way, *crossing) } else { 0 };
                let bend = if *way == state.1 { 0 } else { BEND };
                let whole = cost + bend + aside + self.price(state.0, *crossing, *length, bundle(edge));
                let reached = (*crossing, *way);
                if costs.get(&reached).is_none_or(|(known, _)| whole < *known) {
                    costs.insert(reached, (whole, Some(state)));
                    queue.push(Reverse((whole, reached)));
                }
            }
        }
        let (_, last, entry, wanted) = best?;
        let mut path: Vec<State> =
            std::iter::successors(Some(last), |state| costs.get(state).and_then(|(_, before)| *before)).collect();
        path.reverse();
        Some(Found { path, entry, wanted })
    }

    /// A label at the right is nearer to what lies at the right.
    fn aside(&self, edge: &Edge, (from, came): State, way: Way, to: Crossing) -> u32 {
        let off = offset(self.measures, edge);
        match (came, way) {
            (Way::Upright, Way::Level) if to.column > from.column => off.unsigned_abs().saturating_sub_signed(off),
            (Way::Upright, Way::Level) => off.unsigned_abs().saturating_add_signed(off),
            (Way::Upright | Way::Level, _) => 0,
        }
    }

    fn price(&self, from: Crossing, to: Crossing, length: u32, own: (usize, Look)) -> u32 {
        match self.company.get(&(from.min(to), from.max(to))) {
            Some(users) if users.contains(&own) => length / 2,
            Some(users) => length + COMPANY * u32::try_from(users.len()).unwrap_or(u32::MAX / COMPANY),
            None => length,
        }
    }
}
