//! The least sizes of shapes, columns and layers, before channels have theirs.

use super::measure::Measure;
use super::place::Grid;
use super::scene::Scene;

/// How wide a channel is taken to be.
pub const CHANNEL: u32 = 30;

/// The least sizes of what there is, before channels have theirs.
pub struct Sizes {
    /// Of each container, how wide its columns are.
    pub widths: Vec<Vec<u32>>,
    /// Of each container, how high its layers are.
    pub heights: Vec<Vec<u32>>,
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
