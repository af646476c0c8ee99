//! Which lines can run straight down, and the order of labels that makes it many.

use super::place::Grid;
use super::scene::{Edge, Look, Scene, Sort};
use super::sizes::Sizes;

/// How much of the upper side of a round shape is bent, at each end.
pub const ROUND: i32 = 24;

/// The exits from left to right: those that lead to the left, straight on, to the right.
pub fn order_of_labels(scene: &Scene, grids: &[Grid], piece: usize) -> Vec<usize> {
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

/// How far from the middle of a shape a line may arrive from above. An end that one line alone leads to moves below
/// that line, as far as its column is wide.
pub fn reach(scene: &Scene, sizes: &Sizes, grids: &[Grid], piece: usize) -> i32 {
    let sort = scene.pieces[piece].sort;
    let is_alone = sort == Sort::Close && scene.edges.iter().filter(|edge| edge.to == piece).count() == 1;
    let cell = scene.pieces[piece].parent.and_then(|scope| Some((scope, grids[scope].cells.get(&piece)?.1)));
    let width = match cell {
        Some((scope, column)) if is_alone => sizes.widths[scope][column],
        Some(_) | None => sizes.shapes[piece].0,
    };
    let half = i32::try_from(width / 2).unwrap_or(i32::MAX);
    match sort {
        Sort::Inside | Sort::End => 0,
        Sort::Choose => 30,
        Sort::Start | Sort::Close | Sort::Listen => half - ROUND,
        Sort::Task | Sort::Stage | Sort::Parallel | Sort::Each | Sort::Call | Sort::Job | Sort::Wait => half - 16,
        Sort::Decide | Sort::Do => half - 16,
        Sort::Fork | Sort::Join => i32::MAX,
    }
}

/// Whether the line can run straight down.
pub fn is_straight(scene: &Scene, grids: &[Grid], offset: i32, reach: i32, edge: &Edge) -> bool {
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
