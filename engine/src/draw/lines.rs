//! Lines: their corners, and where they end at a shape.

use std::collections::BTreeMap;

use super::measure::offset;
use super::plan::Plan;
use super::route::{Channel, Entry, bundle};
use super::scene::{Look, Sort};
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
        let mut groups: BTreeMap<(usize, Entry), Bundles> = BTreeMap::new();
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
        let offsets =
            (0..).flat_map(|step| [step * PORT, -step * PORT]).take_while(|offset| offset.abs() <= reach.max(0));
        let free =
            offsets.map(|offset| middle + offset).find(|x| taken.iter().all(|other| (other - x).abs() >= PORT - 2));
        let x = free.unwrap_or(middle);
        taken.push(x);
        x
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
