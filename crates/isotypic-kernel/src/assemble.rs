//! Kernel matrices from tiles: bands of rows in parallel, chunks of columns within a band.

use std::ops::Range;

use isotypic_work::Monitor;
use ndarray::{Array2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

use crate::KernelError;
use crate::compiled_kernel::{CompiledKernel, Head, Tail};
use crate::feature_kernel::FeatureKernel;
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::real::Real;
use crate::scalar::{DotProductTile, Form, RowEnds, Rows, ScalarProgram, TILE, TileRows};
use crate::spatial::{Evaluator, SpatialProgram, SpatialTerms};
use crate::terms::Terms;

/// Part of the result: `rows` by `columns`, row-major with rows of `width` (which may exceed the columns).
struct TileValues<T> {
    columns: Range<usize>,
    width: usize,
    nngp: Vec<T>,
    ntk: Vec<T>,
}

/// Rows and columns of a tile. In the spatial part a symmetric matrix should waste little on its diagonal.
fn tile_shape<T: Real>(kernel: &CompiledKernel) -> (usize, usize) {
    match kernel.head {
        Head::DotProduct => (TILE, TILE),
        Head::Spatial(_) => (T::LANES, T::LANES),
    }
}

/// Evaluates the kernel between `x` and `y` (the same points if `symmetric`).
pub(crate) fn assemble<T: Real>(
    kernel: &CompiledKernel,
    x: &PreparedInputs<T>,
    y: &PreparedInputs<T>,
    symmetric: bool,
    outputs: Outputs,
    monitor: &Monitor,
) -> Result<KernelMatrices<T>, KernelError> {
    let (rows, columns) = (x.len(), y.len());
    let mut nngp = zeros(rows, columns)?;
    let mut ntk = if outputs.with_ntk() { Some(zeros(rows, columns)?) } else { None };
    let (height, width) = tile_shape::<T>(kernel);

    let mut bands: Vec<(ArrayViewMut2<'_, T>, Option<ArrayViewMut2<'_, T>>)> =
        nngp.axis_chunks_iter_mut(Axis(0), height).map(|band| (band, None)).collect();
    if let Some(ntk) = &mut ntk {
        for (band, ntk) in bands.iter_mut().zip(ntk.axis_chunks_iter_mut(Axis(0), height)) {
            band.1 = Some(ntk);
        }
    }
    bands.into_par_iter().enumerate().try_for_each(|(index, (mut nngp, mut ntk))| {
        monitor.check()?;
        let band_rows = index * height..index * height + nngp.nrows();
        let source = Band::new(kernel, x, band_rows.clone(), outputs);
        let first = if symmetric { band_rows.start / width } else { 0 };
        let tiles: Vec<TileValues<T>> = (first..columns.div_ceil(width))
            .into_par_iter()
            .map(|chunk| {
                monitor.check()?;
                let chunk = chunk * width..((chunk + 1) * width).min(columns);
                let tile = source.tile(y, chunk);
                monitor.advance((tile.columns.len() * band_rows.len()) as f64);
                Ok::<_, KernelError>(tile)
            })
            .collect::<Result<_, _>>()?;
        for tile in &tiles {
            tile.write(&tile.nngp, &mut nngp);
            if let Some(ntk) = &mut ntk {
                tile.write(&tile.ntk, ntk);
            }
        }
        Ok::<_, KernelError>(())
    })?;
    if symmetric {
        mirror(&mut nngp);
        ntk.iter_mut().for_each(mirror);
        for (row, &(variance, theta)) in x.with_itself.iter().flatten().enumerate() {
            nngp[[row, row]] = T::from_f64(variance);
            if let Some(ntk) = &mut ntk {
                ntk[[row, row]] = T::from_f64(theta);
            }
        }
    }
    Ok(KernelMatrices { nngp, ntk })
}

/// Number of pairs that [`assemble`] reports to the monitor.
pub(crate) fn pairs_evaluated<T: Real>(
    kernel: &CompiledKernel,
    rows: usize,
    columns: usize,
    symmetric: bool,
) -> f64 {
    if !symmetric {
        return rows as f64 * columns as f64;
    }
    let (height, width) = tile_shape::<T>(kernel);
    (0..rows.div_ceil(height))
        .map(|band| {
            let start = band * height;
            ((rows - start).min(height) * (columns - start / width * width)) as f64
        })
        .sum()
}

impl<T: Real> TileValues<T> {
    fn write(&self, values: &[T], band: &mut ArrayViewMut2<'_, T>) {
        let mut target = band.slice_mut(s![.., self.columns.clone()]);
        for (mut row, values) in target.outer_iter_mut().zip(values.chunks_exact(self.width)) {
            for (entry, &value) in row.iter_mut().zip(values) {
                *entry = value;
            }
        }
    }
}

/// A band of rows, with what its tiles share.
struct Band<'a, T: Real> {
    kernel: &'a CompiledKernel,
    x: &'a PreparedInputs<T>,
    rows: Range<usize>,
    with_ntk: bool,
    /// The rows of the band, one per lane, in the spatial part.
    lanes: Option<SpatialTerms<T>>,
}

impl<'a, T: Real> Band<'a, T> {
    fn new(
        kernel: &'a CompiledKernel,
        x: &'a PreparedInputs<T>,
        rows: Range<usize>,
        outputs: Outputs,
    ) -> Self {
        let lanes = matches!(kernel.head, Head::Spatial(_)).then(|| {
            // A short last group is padded with copies of its last image.
            let image = |lane: usize| &x.spatial[(rows.start + lane).min(rows.end - 1)];
            SpatialTerms::of_lanes(&(0..T::LANES).map(image).collect::<Vec<_>>())
        });
        Self { kernel, x, rows, with_ntk: outputs.with_ntk(), lanes }
    }

    fn tile(&self, y: &PreparedInputs<T>, columns: Range<usize>) -> TileValues<T> {
        let width = tile_shape::<T>(self.kernel).1;
        let zeros = |wanted: bool| vec![T::from_f64(0.0); if wanted { width * width } else { 0 }];
        match (&self.kernel.head, &self.lanes, &self.kernel.tail) {
            (Head::Spatial(spatial), Some(lanes), Tail::Layers(program)) => {
                let readouts = self.read_out(spatial, lanes, y, columns.clone());
                let mut tile = TileValues { columns, width, nngp: zeros(true), ntk: zeros(self.with_ntk) };
                self.run_layers(program, Form::Covariance, &readouts, y, &mut tile);
                tile
            }
            (_, _, tail) => {
                let dot_products = Inputs { nngp: self.gaps(y, &columns), ntk: zeros(self.with_ntk) };
                let mut tile = TileValues { columns, width, nngp: zeros(true), ntk: zeros(self.with_ntk) };
                match tail {
                    Tail::Layers(program) => {
                        self.run_layers(program, Form::CosineGap, &[dot_products], y, &mut tile);
                    }
                    Tail::Feature(feature) => {
                        self.evaluate_feature(*feature, &dot_products.nngp, y, &mut tile)
                    }
                }
                tile
            }
        }
    }

    /// Cosine gaps between the rows of the band and some columns.
    fn gaps(&self, y: &PreparedInputs<T>, columns: &Range<usize>) -> Vec<T> {
        let mut tile = DotProductTile::new();
        let x_rows = TileRows { points: &self.x.points, terms: &self.x.states[0], start: self.rows.start };
        let y_rows = TileRows { points: &y.points, terms: &y.states[0], start: columns.start };
        tile.fill(&x_rows, &y_rows, self.kernel.point_length());
        tile.gaps
    }

    /// Covariances and tangent kernels of every readout of the spatial part.
    fn read_out(
        &self,
        program: &SpatialProgram,
        lanes: &SpatialTerms<T>,
        y: &PreparedInputs<T>,
        columns: Range<usize>,
    ) -> Vec<Inputs<T>> {
        let zeros = |wanted: bool| vec![T::from_f64(0.0); if wanted { T::LANES * T::LANES } else { 0 }];
        let new = || Inputs { nngp: zeros(true), ntk: zeros(self.with_ntk) };
        let mut readouts: Vec<Inputs<T>> = program.readouts.iter().map(|_| new()).collect();
        let mut evaluator = Evaluator::new(program, self.kernel.level, self.with_ntk);
        for (at, column) in columns.enumerate() {
            let values = evaluator.evaluate(&y.spatial[column], lanes);
            for (readout, values) in readouts.iter_mut().zip(values) {
                for lane in 0..T::LANES {
                    readout.nngp[lane * T::LANES + at] = values.covariance[lane];
                    if self.with_ntk {
                        readout.ntk[lane * T::LANES + at] = values.ntk[lane];
                    }
                }
            }
        }
        readouts
    }

    fn evaluate_feature(
        &self,
        feature: FeatureKernel,
        gaps: &[T],
        y: &PreparedInputs<T>,
        tile: &mut TileValues<T>,
    ) {
        let length = self.kernel.point_length() as f64;
        let norm = |terms: &Terms<T>, index: usize| (terms.variance[index].to_f64() * length).sqrt();
        let rows = tile.nngp.chunks_exact_mut(tile.width).zip(gaps.chunks_exact(tile.width));
        for ((values, gaps), i) in rows.zip(self.rows.clone()) {
            let a = norm(&self.x.states[0], i);
            for ((value, gap), j) in values.iter_mut().zip(gaps).zip(tile.columns.clone()) {
                *value = T::from_f64(feature.evaluate(a, norm(&y.states[0], j), gap.to_f64()));
            }
        }
        if self.with_ntk {
            tile.ntk.copy_from_slice(&tile.nngp); // a trained linear readout of fixed features
        }
    }

    /// Runs the scalar layers on the rows of a tile.
    fn run_layers(
        &self,
        program: &ScalarProgram,
        form: Form,
        inputs: &[Inputs<T>],
        y: &PreparedInputs<T>,
        tile: &mut TileValues<T>,
    ) {
        let width = tile.width;
        let mut ends = self.x.states.iter().map(|_| Terms::default()).collect::<Vec<_>>();
        let columns = tile.columns.start..tile.columns.start + width;
        let mut rows = Rows::new(program, width, self.with_ntk);
        for (i, row) in self.rows.clone().enumerate() {
            for (terms, state) in ends.iter_mut().zip(&self.x.states) {
                terms.fill_repeated(state, row, width / T::LANES);
            }
            let at = i * width..(i + 1) * width;
            for (state, input) in inputs.iter().enumerate() {
                let row = rows.input(state);
                row.values.copy_from_slice(&input.nngp[at.clone()]);
                if self.with_ntk {
                    row.ntk.copy_from_slice(&input.ntk[at.clone()]);
                }
            }
            let row_ends = RowEnds { x: &ends, y: &y.states, columns: columns.clone() };
            let row_ends = (!ends.is_empty()).then_some(&row_ends);
            let output = program.run(self.kernel.level, form, row_ends, &mut rows);
            tile.nngp[at.clone()].copy_from_slice(&output.values);
            if self.with_ntk {
                tile.ntk[at].copy_from_slice(&output.ntk);
            }
        }
    }
}

/// What the scalar part starts from, for the pairs of one tile: covariances or gaps, and tangent kernels.
struct Inputs<T> {
    nngp: Vec<T>,
    ntk: Vec<T>,
}

/// An array of zeros, or an error that says how much was asked for.
fn zeros<T: Real>(rows: usize, columns: usize) -> Result<Array2<T>, KernelError> {
    let length = rows * columns;
    let mut values = Vec::new();
    values.try_reserve_exact(length).map_err(|_| KernelError::OutOfMemory {
        rows,
        columns,
        bytes: (length * size_of::<T>()) as u64,
    })?;
    values.resize(length, T::from_f64(0.0));
    Ok(Array2::from_shape_vec((rows, columns), values).expect("the vector was made with this length"))
}

/// Copies the upper triangle onto the lower one, block by block.
fn mirror<T: Real>(matrix: &mut Array2<T>) {
    let n = matrix.nrows();
    for block in (0..n).step_by(TILE) {
        for start in (0..=block).step_by(TILE) {
            for i in block..(block + TILE).min(n) {
                for j in start..(start + TILE).min(i) {
                    matrix[[i, j]] = matrix[[j, i]];
                }
            }
        }
    }
}
