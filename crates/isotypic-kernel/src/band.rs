//! Tiles of one band of rows: what a pair starts from, then the scalar layers row by row.

use std::ops::Range;

use ndarray::{ArrayViewMut2, Axis};

use crate::KernelError;
use crate::compiled_kernel::{CompiledKernel, Head, Tail};
use crate::feature_kernel::FeatureKernel;
use crate::prepared_inputs::PreparedInputs;
use crate::real::Real;
use crate::scalar::{DotProductTile, Form, Row, RowEnds, Rows, ScalarProgram, TILE, TileRows};
use crate::spatial::SpatialTerms;
use crate::spatial_tile::{Evaluators, SpatialTile};
use crate::terms::Terms;

/// Rows and columns of a tile. In the spatial part a symmetric matrix should waste little on its diagonal.
pub(crate) fn tile_shape<T: Real>(kernel: &CompiledKernel) -> (usize, usize) {
    match kernel.head {
        Head::DotProduct | Head::Nothing => (TILE, TILE),
        Head::Spatial(_) => (T::LANES, T::LANES),
    }
}

/// A part of the result; matrices that are not wanted are `None`.
pub(crate) struct TileTarget<'a, T> {
    pub(crate) nngp: Option<ArrayViewMut2<'a, T>>,
    pub(crate) ntk: Option<ArrayViewMut2<'a, T>>,
}

impl<T> TileTarget<'_, T> {
    /// Cuts both matrices into parts of `size` along an axis; the last one may be shorter.
    pub(crate) fn cut(self, axis: Axis, size: usize) -> Vec<Self> {
        let Self { mut nngp, mut ntk } = self;
        let length = nngp.as_ref().or(ntk.as_ref()).map_or(0, |matrix| matrix.len_of(axis));
        let mut parts = Vec::with_capacity(length.div_ceil(size));
        for start in (0..length).step_by(size) {
            let next = |matrix: &mut Option<_>| {
                let (first, rest) = ArrayViewMut2::split_at(matrix.take()?, axis, size.min(length - start));
                *matrix = Some(rest);
                Some(first)
            };
            parts.push(Self { nngp: next(&mut nngp), ntk: next(&mut ntk) });
        }
        parts
    }
}

impl<T: Real> TileTarget<'_, T> {
    /// The first entry that is not a finite number, with its row and column.
    fn not_finite(&self) -> Option<(usize, usize, f64)> {
        let matrices = [&self.nngp, &self.ntk].into_iter().flatten();
        let entries = matrices.flat_map(|matrix| matrix.outer_iter().enumerate());
        entries
            .filter_map(|(row, values)| {
                let values = values.to_slice()?;
                let column = values.iter().position(|value| !value.to_f64().is_finite())?;
                Some((row, column, values[column].to_f64()))
            })
            .next()
    }
}

/// Everything that a thread needs while it fills tiles, but for evaluators of the spatial part.
pub(crate) struct Scratch<T: Real> {
    with_ntk: bool,
    /// Per readout of the spatial part, the pairs of the tile row by row.
    readouts: Vec<Row<T>>,
    /// Where the network starts with dot products.
    products: DotProductTile<T>,
    rows: Rows<T>,
    /// Per scalar state, the one point of a row.
    ends: Vec<Terms<T>>,
}

impl<T: Real> Scratch<T> {
    pub(crate) fn new(kernel: &CompiledKernel, with_ntk: bool) -> Self {
        let (height, width) = tile_shape::<T>(kernel);
        let buffers = match &kernel.tail {
            Tail::Layers(program) => program.buffer_count(),
            Tail::Feature(_) => 1,
        };
        let (readouts, products) = match &kernel.head {
            Head::DotProduct => (Vec::new(), DotProductTile::new()),
            Head::Nothing => (Vec::new(), DotProductTile::default()),
            Head::Spatial(program) => {
                let readout = Row::zeros(height * width, with_ntk);
                (vec![readout; program.readouts.len()], DotProductTile::default())
            }
        };
        Self { with_ntk, readouts, products, rows: Rows::new(buffers, width, with_ntk), ends: Vec::new() }
    }

    /// Bytes of everything but the evaluator's slices.
    pub(crate) fn scalar_bytes(kernel: &CompiledKernel, with_ntk: bool) -> u64 {
        let (height, width) = tile_shape::<T>(kernel);
        let matrices = 1 + usize::from(with_ntk);
        let inputs = match &kernel.head {
            Head::DotProduct => height * width,
            Head::Nothing => 0,
            Head::Spatial(program) => program.readouts.len() * matrices * height * width,
        };
        let (buffers, states) = match &kernel.tail {
            Tail::Layers(program) => (program.buffer_count(), program.states()),
            Tail::Feature(_) => (1, 1),
        };
        // Scratch space: one row, and those of a product so far.
        let rows = (buffers * matrices + 5) * width;
        ((inputs + rows + Terms::<T>::PER_POINT * states * width / T::LANES) * size_of::<T>()) as u64
    }
}

/// A band of rows, with what its tiles share.
pub(crate) struct Band<'a, T: Real> {
    kernel: &'a CompiledKernel,
    x: &'a PreparedInputs<T>,
    y: &'a PreparedInputs<T>,
    rows: Range<usize>,
    /// The rows of the band, one per lane, in the spatial part.
    lanes: Option<SpatialTerms<T>>,
}

impl<'a, T: Real> Band<'a, T> {
    pub(crate) fn new(
        kernel: &'a CompiledKernel,
        x: &'a PreparedInputs<T>,
        y: &'a PreparedInputs<T>,
        rows: Range<usize>,
    ) -> Self {
        let lanes = matches!(kernel.head, Head::Spatial(_)).then(|| {
            // A short last group is padded with copies of its last image.
            let image = |lane: usize| &x.spatial[(rows.start + lane).min(rows.end - 1)];
            SpatialTerms::of_lanes(&(0..T::LANES).map(image).collect::<Vec<_>>())
        });
        Self { kernel, x, y, rows, lanes }
    }

    /// Fills the tile with the given columns, at most one tile wide.
    ///
    /// # Errors
    /// [`KernelError::KernelOutOfRange`] names a pair whose value is not a finite number.
    pub(crate) fn fill_tile(
        &self,
        columns: Range<usize>,
        evaluators: &Evaluators<'_, T>,
        scratch: &mut Scratch<T>,
        target: &mut TileTarget<'_, T>,
    ) -> Result<(), KernelError> {
        let start = columns.start;
        match &self.lanes {
            Some(lanes) => self.tile(lanes, &columns).fill(evaluators, &mut scratch.readouts),
            None if matches!(self.kernel.head, Head::Nothing) => {}
            None => {
                let (x, y) = self.tile_rows(&columns);
                scratch.products.multiply(&x, &y, self.kernel.point_length());
            }
        }
        match &self.kernel.tail {
            Tail::Layers(program) => self.run_layers(program, columns, scratch, target),
            Tail::Feature(feature) => self.evaluate_feature(*feature, columns, scratch, target),
        }
        match target.not_finite() {
            Some((row, column, value)) => Err(KernelError::KernelOutOfRange {
                row: self.rows.start + row,
                column: start + column,
                value,
            }),
            None => Ok(()),
        }
    }

    /// The two ends of a tile of dot products.
    fn tile_rows(&self, columns: &Range<usize>) -> (TileRows<'_, T>, TileRows<'_, T>) {
        let rows = |points: &'a PreparedInputs<T>, start| TileRows {
            points: &points.points,
            terms: &points.states[0],
            start,
        };
        (rows(self.x, self.rows.start), rows(self.y, columns.start))
    }

    /// The pairs of a tile of the spatial part.
    fn tile<'t>(&'t self, lanes: &'t SpatialTerms<T>, columns: &Range<usize>) -> SpatialTile<'t, T> {
        let inputs = &self.y.spatial[columns.clone()];
        let same = std::ptr::eq(self.x, self.y) && *columns == self.rows;
        match &self.kernel.head {
            // Half of the pairs are worth the work of setting them side by side.
            Head::Spatial(program) if same && program.outweighs_terms::<T>() => {
                SpatialTile::RowsWithThemselves { lanes, inputs }
            }
            _ => SpatialTile::RowsWithColumns { lanes, inputs },
        }
    }

    /// Runs the scalar layers on the rows of a tile.
    fn run_layers(
        &self,
        program: &ScalarProgram,
        columns: Range<usize>,
        scratch: &mut Scratch<T>,
        target: &mut TileTarget<'_, T>,
    ) {
        // Whole groups of lanes; what lies beyond the last column is computed and dropped.
        let width = columns.len().next_multiple_of(T::LANES);
        let Scratch { readouts, products, rows, ends, with_ntk, .. } = scratch;
        rows.set_width(width);
        ends.resize_with(self.x.states.len(), Terms::default);
        let form = match &self.kernel.head {
            Head::Spatial(spatial) if spatial.hands_on_differences => Form::Difference,
            Head::Spatial(_) => Form::Covariance,
            Head::DotProduct | Head::Nothing => Form::CosineGap,
        };
        for i in 0..self.rows.len() {
            for (terms, state) in ends.iter_mut().zip(&self.x.states) {
                terms.fill_repeated(state, self.rows.start + i, width / T::LANES);
            }
            if self.lanes.is_some() {
                let at = i * T::LANES..i * T::LANES + width;
                for (state, readout) in readouts.iter().enumerate() {
                    let input = rows.input(state);
                    input.values.copy_from_slice(&readout.values[at.clone()]);
                    if *with_ntk {
                        input.ntk.copy_from_slice(&readout.ntk[at.clone()]);
                    }
                }
            } else if matches!(self.kernel.head, Head::DotProduct) {
                let input = rows.input(0);
                let (x, y) = self.tile_rows(&columns);
                products.gaps_of_row(self.kernel.level, (&x, &y), i, &mut input.values);
                input.ntk.fill(T::from_f64(0.0));
            }
            let row_ends =
                RowEnds { x: ends, y: &self.y.states, columns: columns.start..columns.start + width };
            let row_ends = (!row_ends.x.is_empty()).then_some(&row_ends);
            for (given, state) in self.x.given.iter().zip(program.first_given()..) {
                let at = (self.rows.start + i, columns.start..columns.start + width);
                let carried = (self.kernel.level, program.form());
                given.fill(carried, at, row_ends.map(|ends| ends.at(state)), rows.input(state));
            }
            let output = program.run(self.kernel.level, (form, self.kernel.gives), row_ends, rows);
            write(&output.values, i, &mut target.nngp);
            write(&output.ntk, i, &mut target.ntk);
        }
    }

    fn evaluate_feature(
        &self,
        feature: FeatureKernel,
        columns: Range<usize>,
        scratch: &mut Scratch<T>,
        target: &mut TileTarget<'_, T>,
    ) {
        let width = columns.len().next_multiple_of(T::LANES);
        let (x, y) = self.tile_rows(&columns);
        let length = self.kernel.point_length() as f64;
        let norm = |point: &PreparedInputs<T>, index: usize| {
            (point.states[0].variance[index].to_f64() * length).sqrt()
        };
        scratch.rows.set_width(width);
        for i in 0..self.rows.len() {
            let values = &mut scratch.rows.input(0).values;
            scratch.products.gaps_of_row(self.kernel.level, (&x, &y), i, values);
            let a = norm(self.x, self.rows.start + i);
            for (value, j) in values.iter_mut().zip(columns.clone()) {
                *value = T::from_f64(feature.evaluate(a, norm(self.y, j), value.to_f64()));
            }
            // A trained linear readout of fixed features has the same tangent kernel.
            write(values, i, &mut target.nngp);
            write(values, i, &mut target.ntk);
        }
    }
}

/// Row `i` of a matrix, if it is wanted, gets as many values as it has columns.
fn write<T: Real>(values: &[T], i: usize, target: &mut Option<ArrayViewMut2<'_, T>>) {
    if let Some(target) = target {
        let mut row = target.row_mut(i);
        let row = row.as_slice_mut().expect("a row of a matrix in C order is contiguous");
        row.copy_from_slice(&values[..row.len()]);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn parts_cover_what_is_wanted_once() {
        for (nngp, ntk) in [(true, false), (false, true), (true, true)] {
            let mut matrices = [nngp, ntk].map(|wanted| wanted.then(|| Array2::<f32>::zeros((5, 7))));
            let [nngp, ntk] = matrices.each_mut().map(|matrix| matrix.as_mut().map(|m| m.view_mut()));
            let parts = TileTarget { nngp, ntk }.cut(Axis(1), 3);
            assert_eq!(parts.len(), 3);
            for (number, mut part) in (1_u8..).zip(parts) {
                for matrix in [&mut part.nngp, &mut part.ntk].into_iter().flatten() {
                    *matrix += f32::from(number);
                }
            }
            for matrix in matrices.into_iter().flatten() {
                assert_eq!(matrix.row(4).to_vec(), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0]);
            }
        }
    }
}
