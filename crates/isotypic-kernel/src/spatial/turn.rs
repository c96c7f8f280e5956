//! Turned inputs: what makes the kernel of a network over a group out of slices.
//!
//! Functions on a group are convolved from the right, so the pairs $(g, ug)$ with one $u$ form a slice that no layer leaves. With
//! $u = $ (shift, turn $t$) and $f_y(ug) = f_{u^{-1} y}(g)$ it is a displacement slice of the pair $(t x, y)$, and since filters are
//! mapped on themselves by turns its numbers depend on the position of $g$ only. So a slice of a network over a group is as large
//! as one of a plain network, and the mean over the whole group, of all pairs $(g, g')$, is the mean over all slices of all turns.
//!
//! On vectors an input is one position, elements of the group permute its values, and every slice is one number.

use isotypic_architecture::SymmetryGroup;

use super::grid::Grid;
use super::spatial_terms::{LayerTerms, SpatialTerms};
use crate::real::Real;
use crate::terms::Terms;

/// How a turn rearranges an input.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Per position the one that comes there.
    positions: Vec<u32>,
    /// Per number of the input, `[position][channel]`, the one that comes there.
    values: Vec<u32>,
}

impl Turn {
    /// All turns of a group but the identity, in their order, for inputs of the given positions and channels.
    pub(super) fn all(group: SymmetryGroup, grid: Grid, channels: usize) -> Vec<Self> {
        (1..group.turns()).map(|turn| Self::new(group, turn, grid, channels)).collect()
    }

    fn new(group: SymmetryGroup, turn: usize, grid: Grid, channels: usize) -> Self {
        // Blocks of neighbouring numbers that move together: pixels, or points.
        let (blocks, to): (usize, Box<dyn Fn(usize) -> usize>) = match group.points() {
            Some(points) => (points, Box::new(move |point| group.turned_point(turn, point))),
            None => {
                let side = grid.0[2] as isize;
                let to = move |position: usize| {
                    let [_, y, x] = grid.position(position).map(|at| at as isize);
                    let [y, x] = group.turned_offset(turn, [y, x]).map(|at| at.rem_euclid(side) as usize);
                    grid.index([0, y, x])
                };
                (grid.len(), Box::new(to))
            }
        };
        let mut sources = vec![0_u32; blocks];
        (0..blocks).for_each(|block| sources[to(block)] = block as u32);
        let per_block = (grid.len() * channels / blocks) as u32;
        let values =
            sources.iter().flat_map(|&source| source * per_block..(source + 1) * per_block).collect();
        let positions = if group.points().is_some() { vec![0; grid.len()] } else { sources };
        Self { positions, values }
    }
}

impl<T: Real> SpatialTerms<T> {
    /// `target` becomes what pairs need of this input, turned. States on other grids, which no readout over a group reads, are left out.
    pub(super) fn turn_into(&self, turn: &Turn, target: &mut Self) {
        gather(&self.values, &turn.values, &mut target.values);
        let width = self.values.len() / turn.values.len(); // one input, or one per lane
        target.states.resize_with(self.states.len(), Default::default);
        for (from, to) in self.states.iter().zip(&mut target.states) {
            if from.terms.variance.len() != turn.positions.len() * width {
                continue;
            }
            gather_terms(&from.terms, turn, &mut to.terms);
            match &from.before {
                Some(before) => gather_terms(before, turn, to.before.get_or_insert_default()),
                None => to.before = None,
            }
            if let LayerTerms::Factors(factors) = &from.layer {
                let mut turned = Vec::new();
                gather(factors, &turn.positions, &mut turned);
                to.layer = LayerTerms::Factors(turned);
            }
        }
        target.readouts.clone_from(&self.readouts);
    }
}

fn gather_terms<T: Real>(from: &Terms<T>, turn: &Turn, to: &mut Terms<T>) {
    gather(&from.variance, &turn.positions, &mut to.variance);
    gather(&from.root, &turn.positions, &mut to.root);
    gather(&from.inverse_root, &turn.positions, &mut to.inverse_root);
    gather(&from.ntk, &turn.positions, &mut to.ntk);
}

fn gather<T: Copy>(from: &[T], sources: &[u32], to: &mut Vec<T>) {
    let width = from.len() / sources.len();
    to.clear();
    match width {
        1 => to.extend(sources.iter().map(|&source| from[source as usize])),
        _ => {
            sources
                .iter()
                .for_each(|&source| to.extend_from_slice(&from[source as usize * width..][..width]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarter_turns_move_pixels_about_a_corner_and_rotations_move_points() {
        let turns = Turn::all(SymmetryGroup::P4m, Grid([1, 3, 3]), 2);
        assert_eq!(turns.len(), 7);
        // (0, 1) comes to (−1, 0), the pixel on the right to the last row.
        assert_eq!(turns[0].positions[6], 1);
        assert_eq!(turns[0].values[12..14], [2, 3]);
        // s: the first column stays, the others change places.
        assert_eq!(turns[3].positions, [0, 2, 1, 3, 5, 4, 6, 8, 7]);
        for turn in &turns {
            let mut sources = turn.values.clone();
            sources.sort_unstable();
            assert!(sources.into_iter().eq(0..18));
        }
        let turns = Turn::all(SymmetryGroup::Dihedral(3), Grid([1, 1, 1]), 6);
        assert_eq!(turns[0].values, [4, 5, 0, 1, 2, 3]);
        assert_eq!(turns[2].values, [0, 1, 4, 5, 2, 3]);
        assert!(turns.iter().all(|turn| turn.positions == [0]));
    }
}
