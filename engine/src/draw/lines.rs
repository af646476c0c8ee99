//! Lines: their corners, and where they end at a shape.

use std::collections::BTreeMap;

use super::channel::{Channel, Entry, bundle};
use super::plan::Plan;
use super::scene::{Edge, Look, Sort};
use super::{Line, Point};

/// Between ends at the same side of a shape.
const PORT: i32 = 14;

/// Edges that end together, by what they share.
type Bundles = BTreeMap<(usize, Look), Vec<usize>>;

impl Plan {
    /// All lines, with the places where they end.
    pub fn lines(&self) -> Vec<Line> {
        let ports = self.ports();
        let mut lines = Vec::new();
        for (number, (edge, route)) in self.scene.edges.iter().zip(&self.routes).enumerate() {
            let end = ports[number];
            let mut at = self.beginning(edge);
            if self.scene.pieces[edge.from].sort.is_bar() {
                at.x = end.x;
            }
            let mut points = vec![at];
            if route.legs.is_empty() && at.x != end.x {
                at.y = end.y - PORT / 2 - 2;
                points.push(at);
            }
            for leg in &route.legs {
                match leg.channel {
                    Channel::Row(..) | Channel::Under(_) => at.y = self.along(leg.channel, edge),
                    Channel::Gap(..) | Channel::Lane(..) => at.x = self.along(leg.channel, edge),
                }
                points.push(at);
            }
            match route.entry {
                Entry::Top => points.push(Point { x: end.x, y: at.y }),
                Entry::Left | Entry::Right => points.push(Point { x: at.x, y: end.y }),
            }
            points.push(end);
            let labels = &self.measures[edge.from].labels;
            let has_label = labels.get(edge.exit).is_some_and(Option::is_some);
            let label = has_label.then(|| labels.iter().take(edge.exit).flatten().count());
            lines.push(Line { from: edge.from, label, to: edge.to, look: edge.look, points: simple(points) });
        }
        lines
    }

    /// Where a line begins: at its label, or in the middle of the lower side.
    fn beginning(&self, edge: &Edge) -> Point {
        let body = self.body(edge.from);
        match self.labels(edge.from).get(edge.exit).and_then(Option::as_ref).map(|label| label.area) {
            Some(label) if self.scene.pieces[edge.from].sort.is_container() => {
                Point { x: label.right(), y: label.center().y }
            }
            Some(label) => Point { x: label.center().x, y: label.bottom() },
            None => Point { x: body.center().x + self.aside(edge.from), y: body.bottom() },
        }
    }

    /// How far beside its middle a container is left, so that lines which cross its lower side are not covered.
    fn aside(&self, container: usize) -> i32 {
        let Some(scope) = self.scene.pieces[container].parent else { return 0 };
        let Some((layer, _)) = self.grids[scope].cells.get(&container) else { return 0 };
        let below = Channel::Row(scope, layer + 1);
        let is_inside = |piece: usize| self.scene.path(piece).any(|around| around == container);
        let mut crossed: Vec<i32> = Vec::new();
        for (edge, route) in self.scene.edges.iter().zip(&self.routes) {
            let is_first = route.legs.first().is_some_and(|leg| leg.channel == below);
            if is_first && edge.from != container && is_inside(edge.from) {
                crossed.push(self.beginning(edge).x);
            }
            for pair in route.legs.windows(2) {
                let [one, other] = [pair[0].channel, pair[1].channel];
                let inner = if one == below { other } else { one };
                if (one == below || other == below) && is_inside(inner.scope()) {
                    crossed.push(self.along(inner, edge));
                }
            }
        }
        let middle = self.body(container).center().x;
        let is_free = |aside: &i32| crossed.iter().all(|other| (other - middle - aside).abs() > PORT / 2);
        [0, PORT, -PORT, 2 * PORT, -2 * PORT].into_iter().find(is_free).unwrap_or(0)
    }

    /// Where each line ends.
    fn ports(&self) -> Vec<Point> {
        let mut ports = vec![Point::default(); self.scene.edges.len()];
        let mut taken: BTreeMap<usize, Vec<i32>> = BTreeMap::new();
        let mut groups: BTreeMap<(usize, Entry), Bundles> = BTreeMap::new();
        for (number, (edge, route)) in self.scene.edges.iter().zip(&self.routes).enumerate() {
            if !route.legs.is_empty() {
                groups.entry((edge.to, route.entry)).or_default().entry(bundle(edge)).or_default().push(number);
                continue;
            }
            let is_centred = self.scene.pieces[edge.from].sort.is_bar() || self.reaches[edge.to] == 0;
            let x = if is_centred { self.areas[edge.to].center().x } else { self.beginning(edge).x };
            ports[number] = Point { x, y: self.roof(edge.to, x) };
            taken.entry(edge.to).or_default().push(x);
        }
        let stubs = self.stubs();
        for ((to, entry), bundles) in groups {
            let count = i32::try_from(bundles.len()).unwrap_or(1);
            let mut bundles: Vec<Vec<usize>> = bundles.into_values().collect();
            bundles.sort_by_key(|edges| self.turn(to, edges, entry));
            for (number, edges) in (1..).zip(bundles) {
                let point = match entry {
                    Entry::Top => self.top(to, &edges, taken.entry(to).or_default(), &stubs),
                    Entry::Left | Entry::Right => self.side(to, entry == Entry::Left, number, count),
                };
                for edge in edges {
                    ports[edge] = point;
                }
            }
        }
        ports
    }

    /// A place at the side of a shape: this of so many.
    fn side(&self, to: usize, is_left: bool, number: i32, count: i32) -> Point {
        let (body, sort) = (self.body(to), self.scene.pieces[to].sort);
        let x = if is_left { body.x } else { body.right() + self.stand_out(to) };
        if sort.is_container() {
            return Point { x, y: body.y + 10 + number * PORT };
        }
        match sort {
            Sort::Inside | Sort::End => Point { x, y: body.center().y },
            Sort::Choose => {
                let aside = (2 * number - count - 1) * PORT / 2;
                let slope = aside.abs() * body.width / body.height.max(1);
                Point { x: if is_left { x + slope } else { x - slope }, y: body.center().y + aside }
            }
            _ => Point { x, y: body.y + (body.height - 12) * number / (count + 1) },
        }
    }

    /// Where lines come down into a row in the midst of a column, and how far.
    fn stubs(&self) -> Vec<(Channel, Point)> {
        let mut stubs = Vec::new();
        for (edge, route) in self.scene.edges.iter().zip(&self.routes) {
            let mut x = self.beginning(edge).x;
            for leg in &route.legs {
                let along = self.along(leg.channel, edge);
                match leg.channel {
                    Channel::Row(..) => stubs.push((leg.channel, Point { x, y: along })),
                    Channel::Gap(..) | Channel::Lane(..) => x = along,
                    Channel::Under(_) => {}
                }
            }
        }
        stubs
    }

    /// The order of bundles that end at one side, so that they do not cross: those from above by how near they run, then
    /// those from below the other way round; at the top, by the height they come from.
    fn turn(&self, to: usize, edges: &[usize], entry: Entry) -> (bool, i32) {
        let height = edges.iter().map(|edge| self.comes_from(*edge)).max().unwrap_or(0);
        if entry == Entry::Top {
            return (false, height);
        }
        let aside = edges.iter().map(|edge| (self.approach(*edge) - self.body(to).center().x).abs()).max().unwrap_or(0);
        let is_below = height > self.body(to).y;
        (is_below, if is_below { -aside } else { aside })
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

    /// A free place at the upper side of a shape, where nothing else comes down: so that few lines cross, and near the middle.
    fn top(&self, piece: usize, edges: &[usize], taken: &mut Vec<i32>, stubs: &[(Channel, Point)]) -> Point {
        let middle = self.areas[piece].center().x;
        let reach = self.reaches[piece].min(self.areas[piece].width / 2 - 16).max(0);
        let from = edges.iter().map(|edge| self.comes_from(*edge)).min().unwrap_or(0);
        let rows: Vec<Channel> =
            edges.iter().filter_map(|edge| self.routes[*edge].legs.last()).map(|leg| leg.channel).collect();
        let crossing = stubs.iter().filter(|(row, stub)| rows.contains(row) && stub.y > from).map(|(_, stub)| stub.x);
        let blocked: Vec<i32> = crossing.chain(taken.iter().copied()).collect();
        let is_free = |x: &i32| blocked.iter().all(|other| (other - x).abs() >= PORT - 2);
        let crossed = |x: i32| {
            let between = |edge: &usize| {
                let start = self.approach(*edge);
                taken.iter().filter(|other| (start.min(x)..start.max(x)).contains(other)).count()
            };
            edges.iter().map(between).sum::<usize>()
        };
        let steps = (0..=reach / PORT).flat_map(|step| [step * PORT, -step * PORT]).map(|aside| middle + aside);
        let x = steps.filter(is_free).min_by_key(|x| (crossed(*x), (x - middle).abs())).unwrap_or(middle);
        taken.push(x);
        Point { x, y: self.roof(piece, x) }
    }

    /// How far from the left a line is before it comes to the row above its end.
    fn approach(&self, edge: usize) -> i32 {
        let (edge, route) = (&self.scene.edges[edge], &self.routes[edge]);
        let upright = route.legs.iter().rev().find(|leg| matches!(leg.channel, Channel::Gap(..) | Channel::Lane(..)));
        upright.map_or_else(|| self.beginning(edge).x, |leg| self.along(leg.channel, edge))
    }
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
