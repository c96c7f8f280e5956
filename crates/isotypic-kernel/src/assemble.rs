//! Kernel matrices from tiles: bands of rows in parallel, chunks of columns within a band.

use std::ops::Range;

use isotypic_work::Monitor;
use ndarray::{Array2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

use crate::KernelError;
use crate::compiled_kernel::{CompiledKernel, Head, Tail};
use crate::nonlinearity::LANES;
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::scalar::{DotProductTile, Form, RowEnds, ScalarProgram, TILE, TileRows};
use crate::spatial::{Evaluator, SpatialProgram, SpatialTerms};
use crate::terms::Terms;

/// Columns of a tile of the spatial part: as many as rows, so that a symmetric matrix wastes little on its diagonal.
const SPATIAL_COLUMNS: usize = LANES;

/// Part of the result: `rows` by `columns`, row-major with rows of `width` (which may exceed the columns).
struct TileValues {
    columns: Range<usize>,
    width: usize,
    nngp: Vec<f64>,
    ntk: Vec<f64>,
}

/// Evaluates the kernel between `x` and `y` (the same points if `symmetric`).
pub(crate) fn assemble(
    kernel: &CompiledKernel,
    x: &PreparedInputs,
    y: &PreparedInputs,
    symmetric: bool,
    outputs: Outputs,
    monitor: &Monitor,
) -> Result<KernelMatrices, KernelError> {
    let (rows, columns) = (x.len(), y.len());
    let mut nngp = zeros(rows, columns)?;
    let mut ntk = if outputs.with_ntk() { Some(zeros(rows, columns)?) } else { None };
    let (height, width) = match kernel.head {
        Head::DotProduct => (TILE, TILE),
        Head::Spatial(_) => (LANES, SPATIAL_COLUMNS),
    };

    let mut bands: Vec<(ArrayViewMut2<'_, f64>, Option<ArrayViewMut2<'_, f64>>)> =
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
        let tiles: Vec<TileValues> = (first..columns.div_ceil(width))
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
    }
    Ok(KernelMatrices { nngp, ntk })
}

/// Number of pairs that [`assemble`] reports to the monitor.
pub(crate) fn pairs_evaluated(kernel: &CompiledKernel, rows: usize, columns: usize, symmetric: bool) -> f64 {
    if !symmetric {
        return rows as f64 * columns as f64;
    }
    let (height, width) = match kernel.head {
        Head::DotProduct => (TILE, TILE),
        Head::Spatial(_) => (LANES, SPATIAL_COLUMNS),
    };
    (0..rows.div_ceil(height))
        .map(|band| {
            let start = band * height;
            ((rows - start).min(height) * (columns - start / width * width)) as f64
        })
        .sum()
}

impl TileValues {
    fn write(&self, values: &[f64], band: &mut ArrayViewMut2<'_, f64>) {
        let mut target = band.slice_mut(s![.., self.columns.clone()]);
        for (mut row, values) in target.outer_iter_mut().zip(values.chunks_exact(self.width)) {
            for (entry, &value) in row.iter_mut().zip(values) {
                *entry = value;
            }
        }
    }
}

/// A band of rows, with what its tiles share.
struct Band<'a> {
    kernel: &'a CompiledKernel,
    x: &'a PreparedInputs,
    rows: Range<usize>,
    with_ntk: bool,
    /// The rows of the band, one per lane, in the spatial part.
    lanes: Option<SpatialTerms>,
}

impl<'a> Band<'a> {
    fn new(kernel: &'a CompiledKernel, x: &'a PreparedInputs, rows: Range<usize>, outputs: Outputs) -> Self {
        let lanes = matches!(kernel.head, Head::Spatial(_)).then(|| {
            // A short last group is padded with copies of its last image.
            SpatialTerms::of_lanes(std::array::from_fn(|lane| {
                &x.spatial[(rows.start + lane).min(rows.end - 1)]
            }))
        });
        Self { kernel, x, rows, with_ntk: outputs.with_ntk(), lanes }
    }

    fn tile(&self, y: &PreparedInputs, columns: Range<usize>) -> TileValues {
        let (mut tile, form) = match (&self.kernel.head, &self.lanes) {
            (Head::Spatial(program), Some(lanes)) => {
                (self.spatial_tile(program, lanes, y, columns), Form::Covariance)
            }
            _ => (self.dot_product_tile(y, columns), Form::CosineGap),
        };
        match &self.kernel.tail {
            Tail::Layers(program) => self.run_layers(program, form, y, &mut tile),
            Tail::Feature(feature) => {
                let length = self.kernel.point_length() as f64;
                for (i, row) in tile.nngp.chunks_exact_mut(tile.width).take(self.rows.len()).enumerate() {
                    let norm = |terms: &Terms, index: usize| (terms.variance[index] * length).sqrt();
                    let a = norm(&self.x.states[0], self.rows.start + i);
                    for (value, j) in row.iter_mut().zip(tile.columns.clone()) {
                        *value = feature.evaluate(a, norm(&y.states[0], j), *value);
                    }
                }
                if self.with_ntk {
                    tile.ntk.copy_from_slice(&tile.nngp); // a trained linear readout of fixed features
                }
            }
        }
        tile
    }

    fn dot_product_tile(&self, y: &PreparedInputs, columns: Range<usize>) -> TileValues {
        let mut tile = DotProductTile::new();
        let x_rows = TileRows { points: &self.x.points, terms: &self.x.states[0], start: self.rows.start };
        let y_rows = TileRows { points: &y.points, terms: &y.states[0], start: columns.start };
        tile.fill(&x_rows, &y_rows, self.kernel.point_length());
        let ntk = vec![0.0; if self.with_ntk { TILE * TILE } else { 0 }];
        TileValues { columns, width: TILE, nngp: tile.gaps, ntk }
    }

    fn spatial_tile(
        &self,
        program: &SpatialProgram,
        lanes: &SpatialTerms,
        y: &PreparedInputs,
        columns: Range<usize>,
    ) -> TileValues {
        let width = SPATIAL_COLUMNS;
        let mut nngp = vec![0.0; LANES * width];
        let mut ntk = vec![0.0; if self.with_ntk { LANES * width } else { 0 }];
        let mut evaluator = Evaluator::new(program, self.kernel.level, self.with_ntk);
        for (at, column) in columns.clone().enumerate() {
            let values = evaluator.evaluate(&y.spatial[column], lanes);
            for lane in 0..LANES {
                nngp[lane * width + at] = values.covariance[lane];
                if self.with_ntk {
                    ntk[lane * width + at] = values.ntk[lane];
                }
            }
        }
        TileValues { columns, width, nngp, ntk }
    }

    fn run_layers(&self, program: &ScalarProgram, form: Form, y: &PreparedInputs, tile: &mut TileValues) {
        let mut ends = self.x.states.iter().map(|_| Terms::default()).collect::<Vec<_>>();
        let columns = tile.columns.start..tile.columns.start + tile.width;
        let mut ntk_rows = tile.ntk.chunks_exact_mut(tile.width);
        for (i, values) in tile.nngp.chunks_exact_mut(tile.width).take(self.rows.len()).enumerate() {
            for (terms, state) in ends.iter_mut().zip(&self.x.states) {
                terms.fill_repeated(state, self.rows.start + i, tile.width / LANES);
            }
            let row = RowEnds { x: &ends, y: &y.states, columns: columns.clone() };
            let row = (!ends.is_empty()).then_some(&row);
            program.run(self.kernel.level, form, row, values, ntk_rows.next());
        }
    }
}

/// An array of zeros, or an error that says how much was asked for.
fn zeros(rows: usize, columns: usize) -> Result<Array2<f64>, KernelError> {
    let length = rows * columns;
    let mut values = Vec::new();
    values.try_reserve_exact(length).map_err(|_| KernelError::OutOfMemory {
        rows,
        columns,
        bytes: length as u64 * 8,
    })?;
    values.resize(length, 0.0);
    Ok(Array2::from_shape_vec((rows, columns), values).expect("the vector was made with this length"))
}

/// Copies the upper triangle onto the lower one, block by block.
fn mirror(matrix: &mut Array2<f64>) {
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
