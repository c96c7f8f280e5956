//! Positions taken (`index`) or interpolated between (`image_resize`), axis by axis, on one displacement slice.
//!
//! With weights $G$ between output and input positions, products of weights along the axes, covariances become $G c\,G^\top$: an output
//! pair $(p, q)$ reads the input pairs $(i, j)$ with $G_{pi} G_{qj} \ne 0$, from the slices of the displacements $j - i$. Where every
//! output reads one input this is one slice. Sums run through pairs of ranks $(k, l)$ and $(l, k)$ among what the two positions
//! read, so that the kernel of $(y, x)$ adds the same numbers in the same order as that of $(x, y)$.

use std::collections::BTreeSet;

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::{ImageResize, Index};

use super::displacement::{Displacement, Piece, Pieces, Run, modulo};
use super::grid::Grid;
use super::mixing::MixingTerms;
use super::slice::{Slice, lanes_at};
use crate::real::Real;

/// Weights between two grids.
#[derive(Debug)]
pub(crate) struct Resampling {
    input: Grid,
    output: Grid,
    /// For every output position the input positions it reads, with their weights.
    sources: Vec<Vec<(usize, f64)>>,
    /// Per axis of the input.
    axes: [AxisWeights; 3],
}

/// What outputs read along one axis of the input.
#[derive(Debug, Default)]
struct AxisWeights {
    /// The axis of the output that runs along this one; `None` for an axis that disappears.
    output_axis: Option<usize>,
    /// For every output position along that axis, or for all of them, the input positions with their weights.
    rows: Vec<Vec<(usize, f64)>>,
    /// The distances read by outputs that lie $1 - n, \dots, n - 1$ apart.
    distances: Vec<Vec<isize>>,
}

impl AxisWeights {
    fn new(output_axis: Option<usize>, rows: Vec<Vec<(usize, f64)>>) -> Self {
        let count = rows.len();
        let at_distance = |distance: isize| {
            let mut read = BTreeSet::new();
            for (first, row) in rows.iter().enumerate() {
                let Some(second) = first.checked_add_signed(distance).and_then(|second| rows.get(second))
                else {
                    continue;
                };
                for &(i, _) in row {
                    read.extend(second.iter().map(|&(j, _)| j as isize - i as isize));
                }
            }
            read.into_iter().collect()
        };
        let reach = count as isize - 1;
        let distances = (-reach..=reach).map(at_distance).collect();
        Self { output_axis, rows, distances }
    }
}

impl Resampling {
    /// The positions that an `index` layer takes.
    pub(super) fn of_index(index: &Index, input: Grid, output: Grid) -> Self {
        let kept = index.axes.iter().filter(|axis| axis.count.is_some()).count();
        let mut output_axis = 3 - kept;
        let axes = index.axes.iter().map(|axis| {
            let rows = axis.positions().map(|position| vec![(position, 1.0)]).collect();
            let along = axis.count.map(|_| output_axis);
            output_axis += usize::from(along.is_some());
            AxisWeights::new(along, rows)
        });
        Self::new(axes.collect(), input, output)
    }

    /// The weights of an `image_resize` layer.
    pub(super) fn of_resize(resize: &ImageResize, input: Grid, output: Grid) -> Self {
        let rank = resize.input.len();
        let axes = (0..rank).map(|axis| AxisWeights::new(Some(axis + 3 - rank), resize.weights(axis)));
        Self::new(axes.collect(), input, output)
    }

    /// `axes` are those of the layer; grids have missing leading axes of one position.
    fn new(axes: Vec<AxisWeights>, input: Grid, output: Grid) -> Self {
        let rank = axes.len();
        let mut all: [AxisWeights; 3] = std::array::from_fn(|_| AxisWeights::new(None, vec![vec![(0, 1.0)]]));
        for (axis, weights) in axes.into_iter().enumerate() {
            all[axis + 3 - rank] = weights;
        }
        let of_position = |position: [usize; 3]| {
            let row = |axis: usize| &all[axis].rows[all[axis].output_axis.map_or(0, |along| position[along])];
            let mut sources = Vec::with_capacity(row(0).len() * row(1).len() * row(2).len());
            for &(a, first) in row(0) {
                for &(b, second) in row(1) {
                    sources.extend(
                        row(2).iter().map(|&(c, third)| (input.index([a, b, c]), first * second * third)),
                    );
                }
            }
            sources
        };
        let sources = output.positions().map(of_position).collect();
        Self { input, output, sources, axes: all }
    }

    /// Whether outputs read several inputs, so that neighbouring output slices read the same input slices.
    pub(super) fn interpolates(&self) -> bool {
        self.sources.iter().any(|sources| sources.len() > 1)
    }

    /// Input pairs that an output pair reads, on average over pairs at equal positions.
    pub(super) fn products_per_pair(&self) -> f64 {
        let squares: usize = self.sources.iter().map(|sources| sources.len() * sources.len()).sum();
        squares as f64 / self.sources.len() as f64
    }

    /// The input slices that a piece of an output slice reads, and which pieces of them.
    pub(super) fn reads(&self, shift: Displacement) -> impl Iterator<Item = (Displacement, Pieces)> {
        let along = |axis: usize| {
            let AxisWeights { output_axis, rows, distances } = &self.axes[axis];
            let distance = output_axis.map_or(0, |along| shift[along]);
            distances[(distance + rows.len() as isize - 1) as usize].as_slice()
        };
        let [first, second, third] = [along(0), along(1), along(2)];
        let all = first
            .iter()
            .flat_map(move |&a| second.iter().flat_map(move |&b| third.iter().map(move |&c| [a, b, c])));
        all.map(|displacement| (modulo(self.input, displacement), Pieces::of(displacement)))
    }

    /// $g$ and $h$ of one input, given its variances and diagonal tangent kernels; the half spreads are still missing.
    pub(super) fn means<T: Real>(&self, variances: &[f64], ntks: &[f64]) -> MixingTerms<T> {
        MixingTerms::of_sources(&self.sources, variances, ntks)
    }

    /// $D$ of covariances and of tangent kernels at the positions of one piece of an output slice.
    pub(super) fn mix_piece<'s, T: Real>(
        &self,
        level: Level,
        piece: Piece,
        input: impl Fn(Displacement) -> &'s Slice<T>,
        output: &mut Slice<T>,
    ) {
        let mut slices: Vec<Option<&Slice<T>>> = vec![None; self.input.len()];
        for (displacement, _) in self.reads(piece.shift) {
            slices[self.input.index(displacement.map(|distance| distance as usize))] =
                Some(input(displacement));
        }
        dispatch!(level, simd => self.mix(simd, piece, &slices, output));
    }

    #[simd]
    fn mix<S: Simd, T: Real>(
        &self,
        simd: S,
        piece: Piece,
        slices: &[Option<&Slice<T>>],
        output: &mut Slice<T>,
    ) {
        let with_ntk = output.has_ntk();
        // The terms of one pair of positions: in the order of ranks, each with the one of the opposite ranks.
        let mut terms: Vec<Term<'_, T>> = Vec::new();
        for Run { first, second, length } in piece.runs(self.output) {
            for (p, q) in (first..first + length).zip(second..second + length) {
                terms.clear();
                let diagonal = self.gather_terms(p, q, slices, &mut terms);
                for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                    let at = p * T::LANES + start..p * T::LANES + start + T::Native::<S>::LEN;
                    let difference = sum_of_terms(simd, &terms, diagonal, start, |slice| &slice.difference);
                    difference.store_slice(&mut output.difference[at.clone()]);
                    if with_ntk {
                        let ntk = sum_of_terms(simd, &terms, diagonal, start, |slice| &slice.ntk_difference);
                        ntk.store_slice(&mut output.ntk_difference[at]);
                    }
                }
            }
        }
    }

    /// The input pairs that one output pair reads: first those of equal ranks, whose number is returned, then pairs of opposite ranks.
    /// Where one of the two is missing the other stands beside a term of weight 0, the same one on either side.
    fn gather_terms<'s, T: Real>(
        &self,
        p: usize,
        q: usize,
        slices: &[Option<&'s Slice<T>>],
        terms: &mut Vec<Term<'s, T>>,
    ) -> usize {
        let (of_p, of_q) = (&self.sources[p], &self.sources[q]);
        let term = |k: usize, l: usize| {
            let (&(i, weight_i), &(j, weight_j)) = (of_p.get(k)?, of_q.get(l)?);
            let (from, to) = (self.input.position(i), self.input.position(j));
            let displacement = std::array::from_fn(|axis| to[axis] as isize - from[axis] as isize);
            let index = self.input.index(modulo(self.input, displacement).map(|distance| distance as usize));
            let slice = slices[index].expect("distances along the axes were listed from the same weights");
            Some((i, slice, T::from_f64(weight_i * weight_j)))
        };
        let ranks = of_p.len().max(of_q.len());
        terms.extend((0..ranks).filter_map(|rank| term(rank, rank)));
        let diagonal = terms.len();
        for k in 0..ranks {
            for l in k + 1..ranks {
                match (term(k, l), term(l, k)) {
                    (Some(forth), Some(back)) => terms.extend([forth, back]),
                    (Some(one), None) | (None, Some(one)) => {
                        terms.extend([one, (one.0, one.1, T::from_f64(0.0))]);
                    }
                    (None, None) => {}
                }
            }
        }
        diagonal
    }
}

/// The first input position of a pair, the slice it is in, and its weight.
type Term<'s, T> = (usize, &'s Slice<T>, T);

/// One vector of the sum of the first `diagonal` terms and of the others pair by pair.
#[inline(always)]
fn sum_of_terms<S: Simd, T: Real>(
    simd: S,
    terms: &[Term<'_, T>],
    diagonal: usize,
    start: usize,
    values: fn(&Slice<T>) -> &[T],
) -> T::Native<S> {
    let mut sum = T::Native::<S>::splat(simd, T::from_f64(0.0));
    for &(position, slice, weight) in &terms[..diagonal] {
        sum += lanes_at::<S, T>(simd, values(slice), position, start) * weight;
    }
    for pair in terms[diagonal..].chunks_exact(2) {
        let [(forth, in_forth, weight), (back, in_back, opposite)] = [pair[0], pair[1]];
        let both = lanes_at::<S, T>(simd, values(in_forth), forth, start) * weight;
        sum += both + lanes_at::<S, T>(simd, values(in_back), back, start) * opposite;
    }
    sum
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::{ResizeMethod, TakenAxis};

    use super::*;

    #[test]
    fn one_slice_is_read_where_positions_are_taken() {
        let every_other = TakenAxis { start: 5, step: -2, count: Some(3) };
        let one = TakenAxis { start: 2, step: 1, count: None };
        let index = Index { axes: vec![every_other, one] };
        let taken = Resampling::of_index(&index, Grid([1, 6, 4]), Grid([1, 1, 3]));
        let positions: Vec<usize> = taken.sources.iter().map(|sources| sources[0].0).collect();
        assert_eq!(positions, [22, 14, 6]);
        // One step forward in the output is two back in the input.
        let read: Vec<_> = taken.reads([0, 0, 1]).collect();
        assert_eq!(read, [([0, 4, 0], Pieces::of([0, -2, 0]))]);
        assert!(!taken.interpolates());
    }

    #[test]
    fn every_pair_that_is_read_lies_in_a_slice_that_was_asked_for() {
        for (input, output) in [([3, 4], [5, 2]), ([2, 6], [7, 5])] {
            let resize = ImageResize {
                input: input.to_vec(),
                output: output.to_vec(),
                method: ResizeMethod::Linear,
                antialias: true,
            };
            let grids = (Grid([1, input[0], input[1]]), Grid([1, output[0], output[1]]));
            let resampling = Resampling::of_resize(&resize, grids.0, grids.1);
            for (p, of_p) in grids.1.positions().zip(&resampling.sources) {
                for (q, of_q) in grids.1.positions().zip(&resampling.sources) {
                    let shift = std::array::from_fn(|axis| q[axis] as isize - p[axis] as isize);
                    let asked: Vec<_> = resampling.reads(shift).collect();
                    for &(i, _) in of_p {
                        for &(j, _) in of_q {
                            let (i, j) = (grids.0.position(i), grids.0.position(j));
                            let read = std::array::from_fn(|axis| j[axis] as isize - i[axis] as isize);
                            assert!(asked.contains(&(modulo(grids.0, read), Pieces::of(read))));
                        }
                    }
                }
            }
        }
    }
}
