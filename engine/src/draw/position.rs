//! The picture: the scene measured, placed, routed and written down as shapes and lines.

use std::collections::{BTreeMap, BTreeSet};

use super::measure::{line_up, measure, offset};
use super::place::place;
use super::plan::Plan;
use super::route::route;
use super::scene::{Edge, Piece, ROOT, Scene, Sort};
use super::sizes::Sizes;
use super::straight::{is_straight, order_of_labels, reach};
use super::tracks::Tracks;
use super::{Drawing, Lamp, Point, Row, Shape};

/// Draws the scene.
pub fn draw(mut scene: Scene) -> Drawing {
    let mut measures = measure(&scene);
    let grids = place(&mut scene);
    for (piece, own) in measures.iter_mut().enumerate() {
        if !scene.pieces[piece].sort.is_container() {
            line_up(own, &order_of_labels(&scene, &grids, piece));
        }
    }
    let sizes = Sizes::least(&scene, &grids, &measures);
    let reaches: Vec<i32> = (0..scene.pieces.len()).map(|piece| reach(&scene, &sizes, &grids, piece)).collect();
    let is_straight = |edge: &Edge| is_straight(&scene, &grids, offset(&measures, edge), reaches[edge.to], edge);
    let straight: Vec<bool> = scene.edges.iter().map(is_straight).collect();
    let routes = route(&scene, &grids, &measures, &straight);
    let tracks = Tracks::assign(&scene.edges, &routes, &grids, &measures);
    let mut plan = Plan { scene, grids, measures, routes, tracks, reaches, frames: Vec::new(), areas: Vec::new() };
    plan.size();
    plan.settle();
    plan.slide();
    plan.finish()
}

impl Plan {
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
    let limit = piece.limit.as_ref().map(|limit| &limit.in_full);
    let lights = piece.limit.iter().flat_map(|limit| limit.lamps.iter().map(|(_, hint)| hint));
    let offers = (!piece.offers.is_empty()).then(|| format!("随时可：{}", piece.offers.join("、")));
    people.into_iter().chain(limit).chain(lights).chain(&piece.notes).cloned().chain(offers).collect()
}
