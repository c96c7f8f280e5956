//! Joining states along a spatial axis: the covariance is block diagonal, since no two of them are correlated.

use super::displacement::{Piece, Pieces, Run, modulo};
use super::grid::Grid;
use super::pairwise::SidesOf;
use super::schedule::Request;
use super::slice::Slice;
use crate::real::Real;
use crate::terms::width_of_first;

/// States joined along an axis.
#[derive(Debug)]
pub(crate) struct Concatenation {
    pub(super) grids: Vec<Grid>,
    pub(super) output: Grid,
    /// Per output position the input it comes from and the position there.
    origins: Vec<(usize, usize)>,
}

impl Concatenation {
    /// Joins grids that differ along `axis` only.
    pub(super) fn new(grids: Vec<Grid>, axis: usize) -> Self {
        let mut output = grids[0];
        output.0[axis] = grids.iter().map(|grid| grid.0[axis]).sum();
        let origins = output
            .positions()
            .map(|mut position| {
                let mut input = 0;
                while position[axis] >= grids[input].0[axis] {
                    position[axis] -= grids[input].0[axis];
                    input += 1;
                }
                (input, grids[input].index(position))
            })
            .collect();
        Self { grids, output, origins }
    }

    /// What a piece of an output slice reads.
    pub(super) fn reads(&self, piece: Piece, states: &[usize], ask: &mut dyn FnMut(Request)) {
        for (&grid, &state) in self.grids.iter().zip(states) {
            if Piece::at(grid, piece.shift).is_some() {
                let displacement = modulo(grid, piece.shift);
                ask(Request { state, displacement, pieces: Pieces::of(piece.shift) });
            }
        }
    }

    /// Numbers per position of all inputs, in the order of the output.
    pub(super) fn join(&self, inputs: &[&[f64]]) -> Vec<f64> {
        self.origins.iter().map(|&(input, position)| inputs[input][position]).collect()
    }

    /// Fills a piece of an output slice; `inputs` may miss slices that the piece does not touch. Between different inputs the
    /// covariance vanishes.
    pub(super) fn fill_piece<T: Real>(
        &self,
        piece: Piece,
        inputs: &[Option<&Slice<T>>],
        (x, y): SidesOf<'_, T>,
        output: &mut Slice<T>,
    ) {
        let width = width_of_first(&x.variance, &y.variance);
        let separate = |(of_x, of_y): (&[T], &[T]), p: usize, q: usize, to: &mut [T]| {
            let of_x = of_x[p * width..(p + 1) * width].iter().cycle();
            let sides = of_x.zip(&of_y[q * T::LANES..(q + 1) * T::LANES]);
            to.iter_mut().zip(sides).for_each(|(to, (&of_x, &of_y))| *to = of_x + of_y);
        };
        for Run { first, second, length } in piece.runs(self.output) {
            for (p, q) in (first..first + length).zip(second..) {
                let (origin, position) = self.origins[p];
                let source = inputs[origin].filter(|_| self.origins[q].0 == origin);
                let (to, from) = (p * T::LANES..(p + 1) * T::LANES, position * T::LANES);
                if let Some(slice) = source {
                    output.difference[to.clone()].copy_from_slice(&slice.difference[from..from + T::LANES]);
                } else {
                    separate((&x.variance, &y.variance), p, q, &mut output.difference[to.clone()]);
                }
                if output.has_ntk() {
                    let to = &mut output.ntk_difference[to];
                    match source {
                        Some(slice) if slice.has_ntk() => {
                            to.copy_from_slice(&slice.ntk_difference[from..from + T::LANES]);
                        }
                        Some(_) => to.fill(T::from_f64(0.0)),
                        None => separate((&x.ntk, &y.ntk), p, q, to),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_from_their_blocks() {
        let joined = Concatenation::new(vec![Grid([1, 2, 2]), Grid([1, 2, 1])], 2);
        assert_eq!(joined.output, Grid([1, 2, 3]));
        assert_eq!(joined.join(&[&[1.0, 2.0, 4.0, 5.0], &[3.0, 6.0]]), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let mut asked = Vec::new();
        let piece = Piece::at(joined.output, [0, 0, 1]).unwrap();
        joined.reads(piece, &[3, 5], &mut |request| asked.push(request));
        // The second block is one column wide: none of its pairs lie one column apart.
        assert_eq!(asked.len(), 1);
        assert_eq!((asked[0].state, asked[0].displacement), (3, [0, 0, 1]));
    }
}
