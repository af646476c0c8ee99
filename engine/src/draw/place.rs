//! Layers and columns: in each container the author's order is the spine, and shorter ways stand beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::{Edge, Look, Scene, Sort};

/// The shapes of one container in rows and columns.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// The layer and the column of each shape.
    pub cells: BTreeMap<usize, (usize, usize)>,
    /// How many layers.
    pub layers: usize,
    /// How many columns.
    pub columns: usize,
    /// Layers taken by a bar from side to side.
    pub barred: BTreeSet<usize>,
    taken: BTreeSet<(usize, usize)>,
}

impl Grid {
    /// Whether nothing stands in a cell.
    pub fn is_free(&self, layer: usize, column: usize) -> bool {
        !self.barred.contains(&layer) && !self.taken.contains(&(layer, column))
    }
}

/// Places what lies in each container, and marks the lines that lead back as loops.
pub fn place(scene: &mut Scene) -> Vec<Grid> {
    let mut grids = Vec::new();
    for scope in 0..scene.pieces.len() {
        let grid = match scene.pieces[scope].children.first().map(|child| scene.pieces[*child].sort) {
            None => Grid::default(),
            Some(Sort::Fork) => side_by_side(scene, scope),
            Some(_) => Spine::new(scene, scope).place(scene),
        };
        grids.push(grid);
    }
    let is_around = |edge: &Edge| scene.path(edge.from).any(|around| around == edge.to);
    let again: Vec<bool> = scene.edges.iter().map(is_around).collect();
    for (edge, _) in scene.edges.iter_mut().zip(again).filter(|(edge, again)| *again && edge.look == Look::Onward) {
        edge.look = Look::Loop;
    }
    grids
}

/// The lines between the shapes of a container, as seen there; each pair once, with whether it is the usual way.
fn ways(scene: &Scene, scope: usize) -> Vec<(usize, usize, usize, bool)> {
    let mut ways = Vec::new();
    for (number, edge) in scene.edges.iter().enumerate() {
        let (Some(from), Some(to)) = (scene.lift(edge.from, scope), scene.lift(edge.to, scope)) else { continue };
        if edge.look != Look::Back && from != to {
            ways.push((number, from, to, edge.look != Look::Late));
        }
    }
    ways
}

/// Branches side by side between two bars.
fn side_by_side(scene: &mut Scene, scope: usize) -> Grid {
    let children = scene.pieces[scope].children.clone();
    let fork = scene.edges.iter().filter(|edge| Some(&edge.from) == children.first());
    let branches: Vec<usize> = fork.map(|edge| edge.to).collect();
    let mut grid = Grid { columns: branches.len().max(1), ..Grid::default() };
    for (column, branch) in branches.iter().enumerate() {
        grid.cells.insert(*branch, (1, column));
    }
    let middle = (grid.columns - 1) / 2;
    let after: Vec<usize> = children.iter().copied().filter(|child| !branches.contains(child)).collect();
    // What follows each branch stands between the branches and the join, what follows each item below the join.
    let mut layer = 2;
    let rank = |child: &usize| match scene.pieces[*child].sort {
        Sort::Fork => 0,
        Sort::Join if scene.edges.iter().any(|edge| edge.from == *child) => 1,
        Sort::Join => 3,
        Sort::End => 4,
        _ => 2,
    };
    let mut rest = after;
    rest.sort_by_key(rank);
    for child in rest {
        if scene.pieces[child].sort == Sort::Fork {
            grid.cells.insert(child, (0, middle));
            grid.barred.insert(0);
            continue;
        }
        if scene.pieces[child].sort == Sort::Join {
            grid.barred.insert(layer);
        }
        grid.cells.insert(child, (layer, middle));
        layer += 1;
    }
    grid.layers = layer;
    grid.taken = grid.cells.values().copied().collect();
    mark_loops(scene, scope, &grid);
    grid
}

fn mark_loops(scene: &mut Scene, scope: usize, grid: &Grid) {
    for (number, from, to, _) in ways(scene, scope) {
        let upward = grid.cells.get(&from).map(|cell| cell.0) >= grid.cells.get(&to).map(|cell| cell.0);
        let edge = &mut scene.edges[number];
        if upward && edge.look == Look::Onward {
            edge.look = Look::Loop;
        }
    }
}

/// A container whose steps follow each other.
struct Spine {
    order: Vec<usize>,
    /// Lines that do not lead back, by their beginning and by their end.
    next: BTreeMap<usize, Vec<(usize, bool)>>,
    previous: BTreeMap<usize, Vec<usize>>,
    layers: BTreeMap<usize, usize>,
    rest: BTreeMap<usize, usize>,
    columns: BTreeMap<usize, i32>,
    busy: Vec<(i32, usize, usize)>,
    loops: Vec<usize>,
    /// Where labels in the head of a container lead, which stand at its right.
    headed: BTreeSet<usize>,
    scope: usize,
}

impl Spine {
    fn new(scene: &Scene, scope: usize) -> Self {
        let order = scene.pieces[scope].children.clone();
        let rank: BTreeMap<usize, usize> = order.iter().enumerate().map(|(rank, child)| (*child, rank)).collect();
        let all = ways(scene, scope);
        let mut out: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (_, from, to, _) in &all {
            out.entry(*from).or_default().insert(*to);
        }
        let mut spine = Self {
            order,
            next: BTreeMap::new(),
            previous: BTreeMap::new(),
            layers: BTreeMap::new(),
            rest: BTreeMap::new(),
            columns: BTreeMap::new(),
            busy: Vec::new(),
            loops: Vec::new(),
            headed: BTreeSet::new(),
            scope,
        };
        for (number, from, to, is_usual) in all {
            let edge = &scene.edges[number];
            if edge.from == from && scene.pieces[from].sort.is_container() && scene.has_label(edge) {
                spine.headed.insert(to);
            }
            if rank[&to] < rank[&from] && reaches(&out, to, from) {
                spine.loops.push(number);
                continue;
            }
            let next = spine.next.entry(from).or_default();
            match next.iter_mut().find(|(known, _)| *known == to) {
                Some((_, usual)) => *usual |= is_usual,
                None => {
                    next.push((to, is_usual));
                    spine.previous.entry(to).or_default().push(from);
                }
            }
        }
        spine
    }

    fn place(mut self, scene: &mut Scene) -> Grid {
        let sorted = self.sorted();
        for child in &sorted {
            let above = self.previous.get(child).into_iter().flatten();
            let layer = above.map(|above| self.layers[above] + 1).max().unwrap_or(0);
            self.layers.insert(*child, layer);
        }
        for child in sorted.iter().rev() {
            let below = self.next.get(child).into_iter().flatten();
            let rest = below.map(|(below, _)| self.rest[below] + 1).max().unwrap_or(0);
            self.rest.insert(*child, rest);
        }
        let roots: Vec<usize> = self.order.iter().copied().filter(|child| !self.previous.contains_key(child)).collect();
        for root in roots.into_iter().chain(self.order.clone()) {
            if !self.columns.contains_key(&root) {
                self.chain(root, None);
            }
        }
        for number in &self.loops {
            let edge = &mut scene.edges[*number];
            if edge.look == Look::Onward {
                edge.look = Look::Loop;
            }
        }
        self.grid()
    }

    /// The shapes, each behind all that lead to it, otherwise in the order they were written.
    fn sorted(&self) -> Vec<usize> {
        let mut sorted: Vec<usize> = Vec::new();
        let mut left: BTreeMap<usize, usize> =
            self.order.iter().map(|child| (*child, self.previous.get(child).map_or(0, Vec::len))).collect();
        while let Some(child) = self.order.iter().copied().find(|child| left.get(child) == Some(&0)) {
            left.remove(&child);
            sorted.push(child);
            for (next, _) in self.next.get(&child).into_iter().flatten() {
                if let Some(count) = left.get_mut(next) {
                    *count -= 1;
                }
            }
        }
        debug_assert!(left.is_empty(), "lines that do not lead back make no circle");
        sorted
    }

    /// Places a shape and the longest way on from it in one column, then what leaves that way.
    fn chain(&mut self, start: usize, from: Option<usize>) {
        let mut chain = vec![start];
        let mut last = start;
        loop {
            let below = self.next.get(&last).into_iter().flatten();
            let free =
                below.filter(|(next, usual)| *usual && !self.columns.contains_key(next) && !chain.contains(next));
            // Of equally long ways the one written first is straight.
            let Some(next) = free.map(|(next, _)| *next).rev().max_by_key(|next| self.rest[next]) else { break };
            chain.push(next);
            last = next;
        }
        let column = self.column(&chain, from);
        let below = self.next.get(&last).into_iter().flatten().map(|(next, _)| self.layers[next]);
        let until = below.map(|layer| layer.saturating_sub(1)).chain([self.layers[&last]]).max().unwrap_or(0);
        self.busy.push((column, self.layers[&start], until));
        for child in &chain {
            self.columns.insert(*child, column);
        }
        let mut sides: Vec<(usize, bool, bool, usize, usize)> = Vec::new();
        for child in &chain {
            for (next, usual) in self.next.get(child).into_iter().flatten() {
                sides.push((self.rest[next], !self.headed.contains(next), !usual, *next, *child));
            }
        }
        sides.sort();
        for (.., next, child) in sides {
            if !self.columns.contains_key(&next) {
                self.chain(next, Some(child));
            }
        }
    }

    /// The nearest column in which a chain disturbs nothing.
    fn column(&self, chain: &[usize], from: Option<usize>) -> i32 {
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return 0 };
        let (top, bottom) = (self.layers[first], self.layers[last]);
        let base = from.map_or(0, |from| self.columns[&from]);
        let is_free =
            |column: i32| !self.busy.iter().any(|(at, from, to)| *at == column && *from <= bottom && top <= *to);
        let outward = if base < 0 { -1 } else { 1 };
        let most = i32::try_from(self.order.len()).unwrap_or(i32::MAX);
        let mut steps = (0..=most).flat_map(|step| [base + step * outward, base - step * outward]);
        steps.find(|column| is_free(*column)).unwrap_or(most)
    }

    fn grid(self) -> Grid {
        let first = self.columns.values().copied().min().unwrap_or(0);
        let cells: BTreeMap<usize, (usize, usize)> = self
            .columns
            .iter()
            .map(|(child, column)| (*child, (self.layers[child], usize::try_from(column - first).unwrap_or(0))))
            .collect();
        let layers = cells.values().map(|cell| cell.0 + 1).max().unwrap_or(0);
        let columns = cells.values().map(|cell| cell.1 + 1).max().unwrap_or(0);
        let taken = cells.values().copied().collect();
        debug_assert_eq!(cells.len(), self.order.len(), "every shape in {} has a place", self.scope);
        Grid { cells, layers, columns, barred: BTreeSet::new(), taken }
    }
}

fn reaches(out: &BTreeMap<usize, BTreeSet<usize>>, from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut left = vec![from];
    while let Some(at) = left.pop() {
        if at == to {
            return true;
        }
        left.extend(out.get(&at).into_iter().flatten().filter(|next| seen.insert(**next)));
    }
    false
}
