//! Lines as sequence flows. BPMN lets no flow cross the border of a sub-process, so a line that does is cut there:
//! on its way out it becomes an escalation that the border catches, on its way in it begins again inside.

use std::collections::BTreeMap;

use super::nodes::{is_on_border, source};
use super::{Definition, Flow, Node, Plan, around};
use crate::draw::scene::Sort;
use crate::draw::{Area, Drawing, Line, Point};

/// The size of events at borders.
const EVENT: i32 = 20;

/// Adds all flows, with the events at the borders they cross.
pub fn add(plan: &mut Plan, drawing: &Drawing) {
    let bounds = plan.bounds();
    for (number, line) in drawing.lines.iter().enumerate() {
        Cutter { plan, drawing, bounds: &bounds, line, number, pieces: 0 }.cut();
    }
}

struct Cutter<'p> {
    plan: &'p mut Plan,
    drawing: &'p Drawing,
    bounds: &'p BTreeMap<String, Area>,
    line: &'p Line,
    number: usize,
    pieces: usize,
}

/// What a piece of a line carries on with.
struct Piece {
    from: String,
    points: Vec<Point>,
    name: String,
    condition: Option<String>,
    /// Where its name stands, when that is not left to the reader's program.
    beside: Option<Area>,
}

impl Cutter<'_> {
    fn cut(mut self) {
        let (drawing, line) = (self.drawing, self.line);
        let around_of = |at: usize| std::iter::successors(drawing.shapes[at].parent, |at| drawing.shapes[*at].parent);
        let outer: Vec<usize> = around_of(line.to).collect();
        let inner: Vec<usize> = around_of(line.from).collect();
        let Some(common) = inner.iter().copied().find(|scope| outer.contains(scope)) else { return };
        let out: Vec<usize> = inner.into_iter().take_while(|scope| *scope != common).collect();
        let mut into: Vec<usize> = outer.into_iter().take_while(|scope| *scope != common).collect();
        into.reverse();
        let mut piece = self.beginning();
        for scope in out {
            piece = self.leave(piece, scope);
        }
        let mut scope = common;
        for inside in into {
            piece = self.enter(piece, scope, inside);
            scope = inside;
        }
        let target = &drawing.shapes[line.to];
        let bounds = self.bounds[&target.id];
        if let Some(last) = piece.points.last().copied() {
            piece.points.extend(docked(last, target.body, bounds));
        }
        self.flow(piece, scope, target.id.clone());
    }

    /// The line from its very beginning.
    fn beginning(&self) -> Piece {
        let shape = &self.drawing.shapes[self.line.from];
        let label = self.line.label.and_then(|label| shape.labels.get(label));
        let from = source(shape, self.line.label);
        let bounds = self.bounds[&from];
        let first = self.line.points.first().copied().unwrap_or_default();
        let mut points: Vec<Point> = Vec::new();
        let middle = bounds.center();
        if shape.sort.is_container() && label.is_some() {
            points.push(Point { x: bounds.right(), y: first.y });
        } else if shape.sort.is_bar() || from.ends_with(".which") {
            // Out of a gateway to the side, unless what follows lies right below it.
            match first.x - middle.x {
                aside if aside.abs() <= bounds.width / 2 => points.push(Point { x: middle.x, y: bounds.bottom() }),
                aside => {
                    let side = if aside < 0 { bounds.x } else { bounds.right() };
                    points.extend([Point { x: side, y: middle.y }, Point { x: first.x, y: middle.y }]);
                }
            }
        } else if shape.sort == Sort::Choose {
            let bend = shape.body.bottom() + 7;
            let beginning = Point { x: middle.x, y: bounds.bottom() };
            points.extend([beginning, Point { x: middle.x, y: bend }, Point { x: first.x, y: bend }]);
        } else if bounds.x <= first.x && first.x <= bounds.right() {
            points.push(Point { x: first.x, y: bounds.bottom() });
        } else {
            points.extend([Point { x: middle.x, y: bounds.bottom() }, Point { x: middle.x, y: first.y }]);
        }
        let is_labelled_head = shape.sort.is_container() && label.is_some();
        points.extend(self.line.points.iter().skip(usize::from(is_labelled_head)));
        points.dedup();
        // An event at the border has the name itself, and of several lines from one label the first has it.
        let same = |line: &Line| line.from == self.line.from && line.label == self.line.label;
        let is_first = self.drawing.lines.iter().take(self.number).all(|line| !same(line));
        let named = label.filter(|label| is_first && !is_on_border(shape, label.cause));
        let name = named.map(|label| label.hint.clone()).unwrap_or_default();
        let beside = named.map(|label| {
            let width = label.area.width - 18;
            let x = if first.x < middle.x { first.x - 4 - width } else { first.x + 4 };
            let below = if shape.sort == Sort::Choose { 9 } else { 1 };
            Area { x, y: shape.body.bottom() + below, width, height: label.area.height }
        });
        let condition = label.and_then(|label| label.condition.clone());
        Piece { from, points, name, condition, beside }
    }

    /// Cuts where the line leaves a container.
    fn leave(&mut self, piece: Piece, scope: usize) -> Piece {
        let shape = &self.drawing.shapes[scope];
        let (before, at, after) = split(&piece.points, shape.body, true);
        let around_scope = shape.parent.unwrap_or_default();
        let escalation = format!("Escalation.{}.{}", self.number, self.pieces);
        let name = piece.name.clone();
        let told = if name.is_empty() { self.drawing.shapes[self.line.to].title.clone() } else { name.clone() };
        self.plan.escalations.push((escalation.clone(), told));
        let end = format!("{escalation}.end");
        let catch = format!("{escalation}.catch");
        let (points, middle, size) = stop(before, at, EVENT + 4);
        self.event(
            end.clone(),
            scope,
            "endEvent",
            Vec::new(),
            Some(Definition::escalation(&escalation)),
            around(middle, size),
        );
        let attached = vec![("cancelActivity", "true".to_owned()), ("attachedToRef", shape.id.clone())];
        let caught = Some(Definition::escalation(&escalation));
        self.event(catch.clone(), around_scope, "boundaryEvent", attached, caught, around(at, EVENT));
        self.flow(Piece { points, name, ..piece }, scope, end);
        let outwards = after.first().copied().unwrap_or(at);
        let points = [towards(at, outwards, EVENT / 2)].into_iter().chain(after).collect();
        Piece { from: catch, points, name: String::new(), condition: None, beside: None }
    }

    /// Cuts where the line enters a container.
    fn enter(&mut self, piece: Piece, scope: usize, inside: usize) -> Piece {
        let shape = &self.drawing.shapes[inside];
        let (mut before, at, after) = split(&piece.points, shape.body, false);
        before.push(at);
        self.flow(Piece { points: before, ..piece }, scope, shape.id.clone());
        let begin = format!("Entrance.{}.{}", self.number, self.pieces);
        let (mut points, middle, size) = stop(after.into_iter().rev().collect(), at, EVENT / 2 + 4);
        points.reverse();
        self.event(begin.clone(), inside, "startEvent", Vec::new(), None, around(middle, size));
        Piece { from: begin, points, name: String::new(), condition: None, beside: None }
    }

    /// Whether the line is taken when no condition holds.
    fn is_otherwise(&self) -> bool {
        let labels = &self.drawing.shapes[self.line.from].labels;
        let label = self.line.label.and_then(|label| labels.get(label));
        label.is_some_and(|label| label.cause == "condition" && label.condition.is_none())
    }

    fn event(
        &mut self,
        id: String,
        scope: usize,
        tag: &'static str,
        attributes: Vec<(&'static str, String)>,
        definition: Option<Definition>,
        bounds: Area,
    ) {
        self.plan.nodes.push(Node {
            id,
            scope,
            tag,
            name: String::new(),
            remarks: Vec::new(),
            attributes,
            definition,
            items: None,
            inside: None,
            bounds,
            beside: None,
        });
    }

    fn flow(&mut self, piece: Piece, scope: usize, to: String) {
        let id = format!("Flow.{}.{}", self.number, self.pieces);
        let is_default = self.pieces == 0 && self.is_otherwise();
        let node = self.plan.nodes.iter_mut().find(|node| node.id == piece.from && is_default);
        if let Some(node) = node {
            node.attributes.push(("default", id.clone()));
        }
        self.pieces += 1;
        let Piece { from, mut points, name, condition, beside } = piece;
        points.dedup();
        if let [only] = points.as_slice() {
            points.push(*only);
        }
        self.plan.flows.push(Flow { id, scope, name, condition, from, to, points, beside });
    }
}

/// From where a line ends at a drawn outline to the smaller node inside it.
fn docked(end: Point, body: Area, bounds: Area) -> Vec<Point> {
    let middle = bounds.center();
    let is_at_side = end.x <= body.x || body.right() <= end.x;
    if is_at_side && end.y > body.y {
        let low = bounds.bottom() - 4;
        let y = if bounds.width == body.width && end.y <= low { end.y } else { middle.y.min(low) };
        let x = if end.x <= body.x { bounds.x } else { bounds.right() };
        return vec![Point { x: end.x, y }, Point { x, y }];
    }
    let is_inside = bounds.x <= end.x && end.x <= bounds.right();
    if is_inside && bounds.width > 60 {
        return vec![Point { x: end.x, y: bounds.y }];
    }
    vec![Point { x: middle.x, y: end.y }, Point { x: middle.x, y: bounds.y }]
}

/// Where a line that comes to a border ends at an event before it, so far away: on the last straight part if that is
/// long enough, otherwise at the last corner, or as small as the way is short. Answers the line, the middle and the size.
fn stop(mut points: Vec<Point>, border: Point, away: i32) -> (Vec<Point>, Point, i32) {
    let length = |from: Point, to: Point| (from.x - to.x).abs() + (from.y - to.y).abs();
    let corner = points.last().copied().unwrap_or(border);
    let before = points.iter().rev().nth(1).copied().filter(|before| length(*before, corner) > EVENT);
    let last = length(corner, border);
    if last >= away + EVENT / 2 {
        points.push(towards(border, corner, away + EVENT / 2));
        return (points, towards(border, corner, away), EVENT);
    }
    if let Some(before) = before {
        points.pop();
        points.push(towards(corner, before, EVENT / 2));
        return (points, corner, EVENT);
    }
    let size = (last - 4).clamp(4, EVENT);
    points.push(towards(corner, border, 2));
    (points, towards(corner, border, 2 + size / 2), size)
}

/// A point so far from one point in the direction of the next; never beyond that.
fn towards(from: Point, to: Point, distance: i32) -> Point {
    let step = |from: i32, to: i32| from + (to - from).clamp(-distance, distance);
    Point { x: step(from.x, to.x), y: step(from.y, to.y) }
}

/// The line before, at and after the point where it crosses an outline for the last time outwards, or the first time
/// inwards.
fn split(points: &[Point], outline: Area, outwards: bool) -> (Vec<Point>, Point, Vec<Point>) {
    let is_in = |point: &Point| {
        outline.x < point.x && point.x < outline.right() && outline.y < point.y && point.y < outline.bottom()
    };
    let crossing = points.windows(2).position(|pair| is_in(&pair[0]) == outwards && is_in(&pair[1]) != outwards);
    let Some(number) = crossing else {
        let last = points.last().copied().unwrap_or_default();
        return (points.to_vec(), last, vec![last]);
    };
    let (before, after) = points.split_at(number + 1);
    let (first, second) = (points[number], points[number + 1]);
    let (inner, outer) = if outwards { (first, second) } else { (second, first) };
    let at = Point {
        x: if inner.y == outer.y { outer.x.clamp(outline.x, outline.right()) } else { inner.x },
        y: if inner.x == outer.x { outer.y.clamp(outline.y, outline.bottom()) } else { inner.y },
    };
    (before.to_vec(), at, after.to_vec())
}
