//! Places: from rows, columns and tracks to pixels.

use super::channel::{Channel, Route};
use super::measure::{Measure, offset};
use super::place::Grid;
use super::scene::{Edge, Scene, Sort};
use super::straight::ROUND;
use super::tracks::Tracks;
use super::{Area, Label, Point};

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

/// The sizes of a container's parts.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// The left side of each gap and column in turn, and the right side of the last gap.
    across: Vec<i32>,
    /// The upper side of each row and layer in turn, and the lower side of the last row.
    down: Vec<i32>,
    /// Where the rows and columns begin, once that is known.
    origin: Point,
}

/// Everything that leads from a scene to a picture.
pub struct Plan {
    /// What is drawn.
    pub scene: Scene,
    /// Rows and columns of each container.
    pub grids: Vec<Grid>,
    /// What each shape needs.
    pub measures: Vec<Measure>,
    /// The way of each edge.
    pub routes: Vec<Route>,
    /// Tracks in channels.
    pub tracks: Tracks,
    /// How far from its middle each shape is reached from above.
    pub reaches: Vec<i32>,
    /// The parts of each container.
    pub frames: Vec<Frame>,
    /// Where each shape is.
    pub areas: Vec<Area>,
}

impl Plan {
    /// Sizes, from the innermost container outwards.
    pub fn size(&mut self) {
        let count = self.scene.pieces.len();
        self.frames = vec![Frame::default(); count];
        self.areas =
            self.measures.iter().map(|own| Area { width: own.width, height: own.height, ..Area::default() }).collect();
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
        if self.scene.pieces[piece].sort.is_container() { self.stand_out(piece) } else { 0 }
    }

    /// How far the copies of a shape stand out at its right.
    pub fn stand_out(&self, piece: usize) -> i32 {
        if self.scene.pieces[piece].is_repeated { COPIES } else { 0 }
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
    pub fn settle(&mut self) {
        for scope in 0..self.scene.pieces.len() {
            if !self.scene.pieces[scope].sort.is_container() {
                continue;
            }
            let area = self.areas[scope];
            let top = self.stand_out(scope);
            let frame = &mut self.frames[scope];
            let inner = frame.across.last().copied().unwrap_or(0);
            frame.origin =
                Point { x: area.x + (area.width - inner) / 2, y: area.y + top + self.measures[scope].height };
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

    /// Moves each end below the one line that leads straight to it.
    pub fn slide(&mut self) {
        for (edge, route) in self.scene.edges.iter().zip(&self.routes) {
            let from = self.areas[edge.from];
            if self.scene.pieces[edge.to].sort == Sort::Close && route.legs.is_empty() {
                let x = from.center().x + offset(&self.measures, edge);
                let own = &mut self.areas[edge.to];
                own.x = own.x.clamp(x + ROUND - own.width, x - ROUND);
            }
        }
    }

    /// The middle of a column.
    fn middle(&self, scope: usize, column: usize) -> i32 {
        let frame = &self.frames[scope];
        frame.origin.x + (frame.across[2 * column + 1] + frame.across[2 * column + 2]) / 2
    }

    /// Where an edge runs in a channel.
    pub fn along(&self, channel: Channel, edge: &Edge) -> i32 {
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
            Channel::Under(piece) => self.areas[piece].bottom() + LEAD + track * TRACK,
            // Beside the middle, which belongs to what comes straight down.
            Channel::Lane(scope, column) => self.middle(scope, column) + (2 * track - count + 3) * TRACK / 2,
        }
    }

    /// The outline of a shape.
    pub fn body(&self, piece: usize) -> Area {
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

    /// The labels of a shape's exits, in place.
    pub fn labels(&self, piece: usize) -> Vec<Option<Label>> {
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
}
