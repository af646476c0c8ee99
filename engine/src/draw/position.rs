//! Places: from rows, columns and tracks to pixels.

use std::collections::{BTreeMap, BTreeSet};

use super::measure::{Measure, line_up, measure, offset};
use super::place::{Grid, place};
use super::route::{Channel, Entry, Route, Sizes, bundle, route};
use super::scene::{Edge, Look, Piece, ROOT, Scene, Sort};
use super::tracks::Tracks;
use super::{Area, Drawing, Label, Lamp, Line, Point, Row, Shape};

/// Between lines side by side.
const TRACK: i32 = 11;
/// Above the first and below the last line of a row.
const LEAD: i32 = 12;
const TAIL: i32 = 18;
/// A row or gap without lines.
const ROW_MIN: i32 = 28;
const GAP_MIN: i32 = 30;
/// The same at the edge of a container.
const EDGE_MIN: i32 = 16;
/// How far copies of a repeated shape stand out.
const COPIES: i32 = 8;
/// Between ends at the same side of a shape.
const PORT: i32 = 14;

/// Draws the scene.
pub fn draw(mut scene: Scene) -> Drawing {
    let mut measures = measure(&scene);
    let grids = place(&mut scene);
    for piece in 1..scene.pieces.len() {
        if !scene.pieces[piece].sort.is_container() {
            let order = order_of_labels(&scene, &grids, piece);
            line_up(&mut measures[piece], &order);
        }
    }
    let sizes = Sizes::least(&scene, &grids, &measures);
    let reaches: Vec<i32> = scene.pieces.iter().zip(&sizes.shapes).map(|(piece, size)| reach(piece.sort, *size)).collect();
    let is_straight = |edge: &Edge| is_straight(&scene, &grids, offset(&measures, edge), reaches[edge.to], edge);
    let straight: Vec<bool> = scene.edges.iter().map(is_straight).collect();
    let routes = route(&scene, &grids, &measures, &straight);
    let tracks = Tracks::assign(&scene.edges, &routes);
    let mut plan = Plan { scene, grids, measures, routes, tracks, reaches, frames: Vec::new(), areas: Vec::new() };
    plan.size();
    plan.settle();
    plan.finish()
}

/// The exits from left to right: those that lead to the left, straight on, to the right.
fn order_of_labels(scene: &Scene, grids: &[Grid], piece: usize) -> Vec<usize> {
    let Some(scope) = scene.pieces[piece].parent else { return Vec::new() };
    let column = |at: usize| grids[scope].cells.get(&at).map_or(0, |cell| cell.1);
    let here = column(piece);
    let side = |exit: &usize| {
        let edge = scene.edges.iter().find(|edge| edge.from == piece && edge.exit == *exit);
        let Some(edge) = edge else { return 1 };
        match scene.lift(edge.to, scope) {
            Some(to) if grids[scope].barred.contains(&grids[scope].cells.get(&to).map_or(0, |cell| cell.0)) => 0,
            Some(to) if column(to) < here => -1,
            Some(to) if column(to) == here && edge.look == Look::Onward => 0,
            Some(_) | None => 1,
        }
    };
    let mut order: Vec<usize> = (0..scene.pieces[piece].exits.len()).collect();
    order.sort_by_key(side);
    order
}

/// How far from the middle of a shape a line may arrive from above.
fn reach(sort: Sort, (width, _): (u32, u32)) -> i32 {
    let half = i32::try_from(width / 2).unwrap_or(i32::MAX);
    match sort {
        Sort::Inside | Sort::End => 0,
        Sort::Choose => 30,
        Sort::Start | Sort::Close | Sort::Listen => half - 30,
        Sort::Task | Sort::Stage | Sort::Parallel | Sort::Each | Sort::Call | Sort::Job | Sort::Wait => half - 26,
        Sort::Decide | Sort::Do => half - 26,
        Sort::Fork | Sort::Join => i32::MAX,
    }
}

/// Whether the line can run straight down.
fn is_straight(scene: &Scene, grids: &[Grid], offset: i32, reach: i32, edge: &Edge) -> bool {
    let (from, to) = (&scene.pieces[edge.from], &scene.pieces[edge.to]);
    let Some(scope) = from.parent.filter(|_| from.parent == to.parent) else { return false };
    if from.sort.is_container() && scene.has_label(edge) {
        return false;
    }
    let grid = &grids[scope];
    let (Some(start), Some(end)) = (grid.cells.get(&edge.from), grid.cells.get(&edge.to)) else { return false };
    let column = match (from.sort.is_bar(), to.sort.is_bar()) {
        (true, true) => return true,
        (true, false) => end.1,
        (false, true) => start.1,
        (false, false) if start.1 == end.1 => start.1,
        (false, false) => return false,
    };
    let is_clear = start.0 < end.0 && (start.0 + 1..end.0).all(|layer| grid.is_free(layer, column));
    is_clear && (from.sort.is_bar() || offset.abs() <= reach)
}

/// The sizes of a container's parts.
#[derive(Clone, Debug, Default)]
struct Frame {
    /// The left side of each gap and column in turn, and the right side of the last gap.
    across: Vec<i32>,
    /// The upper side of each row and layer in turn, and the lower side of the last row.
    down: Vec<i32>,
    /// Where the rows and columns begin, once that is known.
    origin: Point,
}

struct Plan {
    scene: Scene,
    grids: Vec<Grid>,
    measures: Vec<Measure>,
    routes: Vec<Route>,
    tracks: Tracks,
    reaches: Vec<i32>,
    frames: Vec<Frame>,
    areas: Vec<Area>,
}

impl Plan {
    /// Sizes, from the innermost container outwards.
    fn size(&mut self) {
        let count = self.scene.pieces.len();
        self.frames = vec![Frame::default(); count];
        self.areas = self.measures.iter().map(|own| Area { width: own.width, height: own.height, ..Area::default() }).collect();
        for scope in (0..count).rev() {
            if !self.scene.pieces[scope].sort.is_container() {
                continue;
            }
            let frame = self.frame(scope);
            let own = &self.measures[scope];
            let copies = self.copies(scope);
            let (inner_width, inner_height) = (frame.across.last().copied(), frame.down.last().copied());
            self.areas[scope].width = own.width.max(inner_width.unwrap_or(0)) + 2 * copies;
            self.areas[scope].height = own.height + inner_height.unwrap_or(0) + copies;
            self.frames[scope] = frame;
        }
    }

    fn copies(&self, piece: usize) -> i32 {
        if self.scene.pieces[piece].is_repeated && self.scene.pieces[piece].sort.is_container() { COPIES } else { 0 }
    }

    fn frame(&self, scope: usize) -> Frame {
        let grid = &self.grids[scope];
        let thick = |channel: Channel, least: i32, around: i32| match self.tracks.count(channel) {
            0 => least,
            count => least.max(around + (count - 1) * TRACK),
        };
        let mut widths = vec![0; grid.columns];
        let mut heights = vec![0; grid.layers];
        for (child, (layer, column)) in &grid.cells {
            heights[*layer] = heights[*layer].max(self.areas[*child].height);
            if !grid.barred.contains(layer) {
                widths[*column] = widths[*column].max(self.areas[*child].width);
            }
        }
        let mut frame = Frame { across: vec![0], down: vec![0], origin: Point { x: 0, y: 0 } };
        for column in 0..=grid.columns {
            let is_outer = column == 0 || column == grid.columns;
            let least = if is_outer { EDGE_MIN } else { GAP_MIN };
            let wide = thick(Channel::Gap(scope, column), least, LEAD + TAIL);
            frame.across.push(frame.across.last().copied().unwrap_or(0) + wide);
            if let Some(width) = widths.get(column) {
                let lanes = self.tracks.count(Channel::Lane(scope, column)) * TRACK;
                frame.across.push(frame.across.last().copied().unwrap_or(0) + lanes.max(*width));
            }
        }
        for layer in 0..=grid.layers {
            let least = if layer == 0 || layer == grid.layers { EDGE_MIN } else { ROW_MIN };
            let high = thick(Channel::Row(scope, layer), least, LEAD + TAIL);
            frame.down.push(frame.down.last().copied().unwrap_or(0) + high);
            if let Some(height) = heights.get(layer) {
                frame.down.push(frame.down.last().copied().unwrap_or(0) + height);
            }
        }
        frame
    }

    /// Places, from the outermost container inwards.
    fn settle(&mut self) {
        for scope in 0..self.scene.pieces.len() {
            if !self.scene.pieces[scope].sort.is_container() {
                continue;
            }
            let area = self.areas[scope];
            let frame = &mut self.frames[scope];
            let inner = frame.across.last().copied().unwrap_or(0);
            let top = if self.scene.pieces[scope].is_repeated { COPIES } else { 0 };
            frame.origin = Point { x: area.x + (area.width - inner) / 2, y: area.y + top + self.measures[scope].height };
            let frame = self.frames[scope].clone();
            let grid = self.grids[scope].clone();
            for (child, (layer, column)) in &grid.cells {
                let y = frame.origin.y + frame.down[2 * layer + 1];
                let own = &mut self.areas[*child];
                own.y = y;
                if grid.barred.contains(layer) {
                    let last = frame.across.len() - 2;
                    own.x = frame.origin.x + frame.across[1];
                    own.width = frame.across[last] - frame.across[1];
                } else {
                    let middle = (frame.across[2 * column + 1] + frame.across[2 * column + 2]) / 2;
                    own.x = frame.origin.x + middle - own.width / 2;
                }
            }
        }
    }

    /// The middle of a column.
    fn middle(&self, scope: usize, column: usize) -> i32 {
        let frame = &self.frames[scope];
        frame.origin.x + (frame.across[2 * column + 1] + frame.across[2 * column + 2]) / 2
    }

    /// Where an edge runs in a channel.
    fn along(&self, channel: Channel, edge: &Edge) -> i32 {
        let (is_far, track) = self.tracks.place(channel, edge);
        let count = self.tracks.count(channel);
        match channel {
            Channel::Row(scope, layer) => {
                let frame = &self.frames[scope];
                let (top, bottom) = (frame.down[2 * layer], frame.down[2 * layer + 1]);
                frame.origin.y + if is_far { bottom - TAIL - track * TRACK } else { top + LEAD + track * TRACK }
            }
            Channel::Gap(scope, column) => {
                let frame = &self.frames[scope];
                let (left, right) = (frame.across[2 * column], frame.across[2 * column + 1]);
                let (near, far) = if column == 0 { (LEAD, LEAD) } else { (LEAD + 3, LEAD + 3) };
                frame.origin.x + if is_far { right - far - track * TRACK } else { left + near + track * TRACK }
            }
            Channel::Lane(scope, column) => self.middle(scope, column) + (2 * track - count + 1) * TRACK / 2,
        }
    }

    fn body(&self, piece: usize) -> Area {
        let area = self.areas[piece];
        let (own, sort) = (&self.measures[piece], self.scene.pieces[piece].sort);
        if sort.is_container() {
            let copies = self.copies(piece);
            let (width, height) = (area.width - 2 * copies, area.height - copies);
            return Area { x: area.x + copies, y: area.y + copies, width, height };
        }
        if sort.is_bar() {
            return area;
        }
        Area { x: area.x + own.body.x, y: area.y + own.body.y, ..own.body }
    }

    fn labels(&self, piece: usize) -> Vec<Option<Label>> {
        let area = self.areas[piece];
        let body = self.body(piece);
        let is_container = self.scene.pieces[piece].sort.is_container();
        let labels = self.measures[piece].labels.iter().map(|label| {
            let mut label = label.clone()?;
            label.area.y += if is_container { body.y } else { area.y };
            label.area.x = if is_container { body.right() - 14 - label.area.width } else { label.area.x + area.x };
            Some(label)
        });
        labels.collect()
    }

    /// All lines, with the places where they end.
    fn lines(&self) -> Vec<Line> {
        let ports = self.ports();
        let mut lines = Vec::new();
        for (number, (edge, route)) in self.scene.edges.iter().zip(&self.routes).enumerate() {
            let labels = self.labels(edge.from);
            let label = labels.get(edge.exit).and_then(Option::as_ref).map(|label| label.area);
            let body = self.body(edge.from);
            let is_container = self.scene.pieces[edge.from].sort.is_container();
            let end = ports[number];
            let mut at = match label {
                Some(label) if is_container => Point { x: label.right(), y: label.center().y },
                Some(label) => Point { x: label.center().x, y: label.bottom() },
                None if self.scene.pieces[edge.from].sort.is_bar() => Point { x: end.x, y: body.bottom() },
                None => Point { x: body.center().x, y: body.bottom() },
            };
            let mut points = vec![at];
            for leg in &route.legs {
                match leg.channel {
                    Channel::Row(..) => at.y = self.along(leg.channel, edge),
                    Channel::Gap(..) | Channel::Lane(..) => at.x = self.along(leg.channel, edge),
                }
                points.push(at);
            }
            match route.entry {
                Entry::Top => points.push(Point { x: end.x, y: at.y }),
                Entry::Left | Entry::Right => points.push(Point { x: at.x, y: end.y }),
            }
            points.push(end);
            let number_of = |exit: usize| labels.iter().take(exit).flatten().count();
            let label = label.map(|_| number_of(edge.exit));
            lines.push(Line { from: edge.from, label, to: edge.to, look: edge.look, points: simple(points) });
        }
        lines
    }

    /// Where each line ends.
    fn ports(&self) -> Vec<Point> {
        let mut ports = vec![Point { x: 0, y: 0 }; self.scene.edges.len()];
        let mut taken: BTreeMap<usize, Vec<i32>> = BTreeMap::new();
        let mut groups: BTreeMap<(usize, Entry), BTreeMap<(usize, Look), Vec<usize>>> = BTreeMap::new();
        for (number, (edge, route)) in self.scene.edges.iter().zip(&self.routes).enumerate() {
            if !route.legs.is_empty() {
                groups.entry((edge.to, route.entry)).or_default().entry(bundle(edge)).or_default().push(number);
                continue;
            }
            let (from, to) = (self.areas[edge.from], self.areas[edge.to]);
            let is_from_bar = self.scene.pieces[edge.from].sort.is_bar();
            let x = if is_from_bar { to.center().x } else { from.x + from.width / 2 + offset(&self.measures, edge) };
            ports[number] = Point { x, y: self.roof(edge.to, x) };
            taken.entry(edge.to).or_default().push(x);
        }
        for ((to, entry), bundles) in groups {
            let body = self.body(to);
            let is_pointed = matches!(self.scene.pieces[to].sort, Sort::Choose | Sort::Inside | Sort::End);
            let is_dot = self.reaches[to] == 0;
            let count = i32::try_from(bundles.len()).unwrap_or(1);
            let mut bundles: Vec<Vec<usize>> = bundles.into_values().collect();
            bundles.sort_by_key(|edges| edges.iter().map(|at| self.comes_from(*at)).max());
            for (number, edges) in (1..).zip(bundles) {
                let point = match entry {
                    Entry::Top => {
                        let x = if is_dot { body.center().x } else { self.top(to, taken.entry(to).or_default()) };
                        Point { x, y: self.roof(to, x) }
                    }
                    Entry::Left | Entry::Right => {
                        let x = if entry == Entry::Left { body.x } else { body.right() };
                        let is_container = self.scene.pieces[to].sort.is_container();
                        let sides = body.height - if is_container { 0 } else { 12 };
                        let y = if is_pointed {
                            body.center().y
                        } else if is_container {
                            body.y + 10 + number * PORT
                        } else {
                            body.y + sides * number / (count + 1)
                        };
                        Point { x, y }
                    }
                };
                for edge in edges {
                    ports[edge] = point;
                }
            }
        }
        ports
    }

    /// The height that a line comes from before it ends.
    fn comes_from(&self, edge: usize) -> i32 {
        let rows = self.routes[edge].legs.iter().rev().find(|leg| matches!(leg.channel, Channel::Row(..)));
        rows.map_or(0, |leg| self.along(leg.channel, &self.scene.edges[edge]))
    }

    /// The upper side of a shape; a diamond's slopes.
    fn roof(&self, piece: usize, x: i32) -> i32 {
        if self.scene.pieces[piece].sort != Sort::Choose {
            return self.areas[piece].y;
        }
        let body = self.body(piece);
        body.y + (x - body.center().x).abs() * body.height / body.width.max(1)
    }

    /// A free place at the upper side of a shape, near its middle.
    fn top(&self, piece: usize, taken: &mut Vec<i32>) -> i32 {
        let middle = self.areas[piece].center().x;
        let reach = self.reaches[piece].min(self.areas[piece].width / 2 - 16);
        let offsets = (0..).flat_map(|step| [step * PORT, -step * PORT]).take_while(|offset| offset.abs() <= reach.max(0));
        let free = offsets.map(|offset| middle + offset).find(|x| taken.iter().all(|other| (other - x).abs() >= PORT - 2));
        let x = free.unwrap_or(middle);
        taken.push(x);
        x
    }

    fn finish(self) -> Drawing {
        let mut lines = self.lines();
        let kept: BTreeSet<usize> = self.kept();
        let renumber: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        for line in &mut lines {
            line.from = renumber[&line.from];
            line.to = renumber[&line.to];
        }
        let shapes = kept.iter().map(|piece| self.shape(*piece, &renumber)).collect();
        let whole = self.areas[ROOT];
        Drawing { width: whole.width, height: whole.height, shapes, lines }
    }

    /// The shapes that are drawn, each before what lies inside it.
    fn kept(&self) -> BTreeSet<usize> {
        let children = self.scene.pieces.iter().flat_map(|piece| piece.children.iter().copied());
        children.chain([ROOT]).collect()
    }

    fn shape(&self, at: usize, renumber: &BTreeMap<usize, usize>) -> Shape {
        let (piece, own, area) = (&self.scene.pieces[at], &self.measures[at], self.areas[at]);
        let body = self.body(at);
        let origin = match piece.sort {
            Sort::Fork | Sort::Join => Point { x: area.x + (area.width - own.width) / 2, y: area.y },
            sort if sort.is_container() => Point { x: body.x, y: body.y },
            _ => Point { x: area.x, y: area.y },
        };
        let moved = |point: Point| Point { x: point.x + origin.x, y: point.y + origin.y };
        Shape {
            id: piece.id.clone(),
            step: piece.step.clone(),
            sort: piece.sort,
            title: piece.title.clone(),
            remarks: remarks(piece),
            parent: piece.parent.and_then(|parent| renumber.get(&parent).copied()),
            area,
            body,
            rows: own.rows.iter().map(|row| Row { at: moved(row.at), ..row.clone() }).collect(),
            lamps: own.lamps.iter().map(|lamp| Lamp { at: moved(lamp.at), ..lamp.clone() }).collect(),
            labels: self.labels(at).into_iter().flatten().collect(),
            is_repeated: piece.is_repeated,
            in_turn: piece.in_turn,
        }
    }
}

/// What a shape says besides its title.
fn remarks(piece: &Piece) -> Vec<String> {
    let people = Some(&piece.people).filter(|people| !people.is_empty());
    let limit = piece.limit.as_ref().map(|limit| &limit.text);
    let offers = (!piece.offers.is_empty()).then(|| format!("随时可：{}", piece.offers.join("、")));
    people.into_iter().chain(limit).chain(&piece.notes).cloned().chain(offers).collect()
}

/// Without corners that are none.
fn simple(points: Vec<Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for point in points {
        if kept.last() == Some(&point) {
            continue;
        }
        if let [.., before, last] = kept.as_slice() {
            let is_level = before.y == last.y && last.y == point.y;
            let is_upright = before.x == last.x && last.x == point.x;
            if is_level || is_upright {
                kept.pop();
            }
        }
        kept.push(point);
    }
    kept
}
