//! Kernel matrices from tiles: bands of rows in parallel, tiles of a band in parallel, each written where it belongs.

use isotypic_work::Monitor;
use ndarray::{Array2, Axis};
use rayon::prelude::*;

use crate::KernelError;
use crate::band::{Band, Scratch, TileTarget, tile_shape};
use crate::compiled_kernel::CompiledKernel;
use crate::mirror::mirror;
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::real::Real;
use crate::scalar::Form;
use crate::scratch_pool::ScratchPool;
use crate::spatial_tile::Evaluators;

/// Tiles for each thread up to which they are too few to share: then threads share the evaluations of a tile.
const TILES_PER_THREAD: usize = 8;

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
    let [mut nngp, mut ntk] = empty_matrices(x, y, outputs)?;
    let (height, width) = tile_shape::<T>(kernel);
    let scratch = ScratchPool::new(|| Scratch::new(kernel, outputs.with_ntk()));
    let tiles = rows.div_ceil(height) * columns.div_ceil(width);
    let share_tiles = tiles < TILES_PER_THREAD * rayon::current_num_threads();
    let evaluators = Evaluators::new(kernel, outputs.with_ntk(), share_tiles);

    let whole = TileTarget {
        nngp: nngp.as_mut().map(|nngp| nngp.view_mut()),
        ntk: ntk.as_mut().map(|ntk| ntk.view_mut()),
    };
    let targets = whole.cut(Axis(0), height);
    targets.into_par_iter().enumerate().try_for_each(|(index, target)| {
        monitor.check()?;
        let band_rows = index * height..((index + 1) * height).min(rows);
        let height = band_rows.len();
        let first = if symmetric { band_rows.start / width } else { 0 };
        let band = Band::new(kernel, x, y, band_rows);
        let mut tiles = target.cut(Axis(1), width);
        tiles.drain(..first);
        tiles.into_par_iter().enumerate().try_for_each(|(chunk, mut target)| {
            monitor.check()?;
            let start = (first + chunk) * width;
            let columns = start..(start + width).min(columns);
            let pairs = (height * columns.len()) as f64;
            scratch.with(|scratch| band.fill_tile(columns, &evaluators, scratch, &mut target))?;
            monitor.advance(pairs);
            Ok::<(), KernelError>(())
        })
    })?;
    if symmetric {
        nngp.iter_mut().chain(&mut ntk).for_each(|matrix| mirror(matrix.view_mut()));
        if kernel.draws_masks() {
            // A point with itself is one forward pass, with one mask.
            let itself = |value| if kernel.gives == Form::Difference { 0.0 } else { value };
            for (row, &(variance, theta)) in x.diagonal.iter().enumerate() {
                for (matrix, value) in [(&mut nngp, variance), (&mut ntk, theta)] {
                    matrix.iter_mut().for_each(|matrix| matrix[[row, row]] = T::from_f64(itself(value)));
                }
            }
        }
    }
    Ok(KernelMatrices { nngp: nngp.unwrap_or_default(), ntk })
}

/// Covariances and tangent kernels between `x` and `y`, those that are wanted, full of zeros.
///
/// # Errors
/// [`KernelError::OutOfMemory`]; [`KernelError::TangentKernelOutOfRange`] if tangent kernels are wanted that cannot be represented.
pub(crate) fn empty_matrices<T: Real>(
    x: &PreparedInputs<T>,
    y: &PreparedInputs<T>,
    outputs: Outputs,
) -> Result<[Option<Array2<T>>; 2], KernelError> {
    if let (true, Some(error)) =
        (outputs.with_ntk(), x.ntk_out_of_range.as_ref().or(y.ntk_out_of_range.as_ref()))
    {
        return Err(error.clone());
    }
    let matrix = |wanted: bool| wanted.then(|| zeros(x.len(), y.len())).transpose();
    Ok([matrix(outputs.with_nngp())?, matrix(outputs.with_ntk())?])
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

/// An array of zeros, or an error that says how much was asked for.
///
/// The pages are not touched: they become real where a tile is first written, by the thread that writes it.
pub(crate) fn zeros<T: Real>(rows: usize, columns: usize) -> Result<Array2<T>, KernelError> {
    let too_much = || {
        let bytes = (rows as u64).saturating_mul(columns as u64).saturating_mul(size_of::<T>() as u64);
        KernelError::OutOfMemory { rows, columns, bytes }
    };
    let length = rows.checked_mul(columns).ok_or_else(too_much)?;
    // Asked for twice, since no call both reports a failure and leaves the pages to the system.
    Vec::<T>::new().try_reserve_exact(length).map_err(|_| too_much())?;
    let values = vec![T::from_f64(0.0); length];
    Ok(Array2::from_shape_vec((rows, columns), values).expect("the vector was made with this length"))
}
