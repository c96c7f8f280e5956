//! Blocks with their ridge as operators: no block is ever there.
//!
//! Tiles of coefficients are made, act on the columns of all blocks, and are forgotten; as many as memory allows stay. Their products are
//! added in the order of the tiles, so that no bit depends on threads or on how many stay.

use std::ops::Range;

use isotypic_work::Monitor;
use ndarray::Array2;
use num_complex::Complex64;
use rayon::prelude::*;

use super::block_shapes::BlockShapes;
use super::coefficient_tile::{CoefficientTile, KeptSlots, tiles};
use super::columns::Columns;
use super::orbit_kernel::OrbitKernel;
use crate::CompensatedSum;

/// Tiles of each thread that are made before they act.
pub(super) const WAVE: usize = 2;

/// The blocks of some slots.
pub(super) struct BlockOperator<'a, K> {
    kernel: &'a K,
    kept: &'a KeptSlots,
    shapes: &'a BlockShapes,
    ridge: f64,
    held: Vec<CoefficientTile>,
    others: Vec<(Range<usize>, Range<usize>)>,
}

/// One block that acts: the index of its slot, on what, and where to.
pub(super) type Product<'a> = (usize, &'a Columns, &'a mut Columns);

impl<'a, K: OrbitKernel> BlockOperator<'a, K> {
    /// Makes the first `held` tiles, which stay.
    pub(super) fn new(
        (kernel, kept, shapes): (&'a K, &'a KeptSlots, &'a BlockShapes),
        ridge: f64,
        held: usize,
        monitor: &Monitor,
    ) -> Result<Self, K::Error> {
        let mut all = tiles(shapes.seeds);
        let others = all.split_off(held.min(all.len()));
        let mut operator = Self { kernel, kept, shapes, ridge, held: Vec::new(), others };
        operator.held = operator.compute(&all, monitor)?;
        Ok(operator)
    }

    fn compute(
        &self,
        ranges: &[(Range<usize>, Range<usize>)],
        monitor: &Monitor,
    ) -> Result<Vec<CoefficientTile>, K::Error> {
        let tile = |ranges: &(Range<usize>, Range<usize>)| {
            monitor.check()?;
            let tile = CoefficientTile::compute(self.kernel, self.kept, ranges.clone())?;
            monitor.advance(tile.pairs() as f64);
            Ok(tile)
        };
        ranges.par_iter().with_max_len(1).map(tile).collect()
    }

    /// All tiles in their order, a few at a time; those that are made anew advance the monitor by their pairs.
    fn for_each_wave(
        &self,
        monitor: &Monitor,
        mut each: impl FnMut(&[CoefficientTile]),
    ) -> Result<(), K::Error> {
        let size = WAVE * rayon::current_num_threads();
        for wave in self.held.chunks(size) {
            monitor.check()?;
            each(wave);
            monitor.advance(wave.iter().map(|tile| tile.pairs() as f64).sum());
        }
        for wave in self.others.chunks(size) {
            each(&self.compute(wave, monitor)?);
        }
        Ok(())
    }

    /// Each $(B + \lambda I) x$, overwritten.
    pub(super) fn multiply(&self, products: &mut [Product<'_>], monitor: &Monitor) -> Result<(), K::Error> {
        products.par_iter_mut().for_each(|(_, x, y)| {
            y.clone_from(x);
            (0..x.rows()).for_each(|row| y.scale_row(row, self.ridge));
        });
        self.for_each_wave(monitor, |wave| {
            products.par_iter_mut().with_max_len(1).for_each(|(index, x, y)| {
                let slot = (*index, &self.shapes.slots[*index]);
                wave.iter().for_each(|tile| tile.multiply(self.kept, slot, x, y));
            });
        })
    }

    /// $x^\top B_1 x$ of the trivial block, row by row.
    pub(super) fn trivial_products(&self, x: &Array2<f64>, monitor: &Monitor) -> Result<Vec<f64>, K::Error> {
        let mut columns = Columns::zeros(x.nrows(), x.ncols(), true)?;
        for ((row, column), &value) in x.indexed_iter() {
            columns.set(row, column, Complex64::from(value));
        }
        let zeros = Columns::zeros(x.nrows(), x.ncols(), true)?;
        let residual = self.trivial_residual(&zeros, &columns, monitor)?;
        let image = Array2::from_shape_fn(x.dim(), |(row, column)| {
            -residual.get(row, column).re - self.ridge * x[[row, column]]
        });
        Ok(x.t().dot(&image).into_iter().collect())
    }

    /// $b - (B_1 + \lambda I) x$ of the trivial block, which is ill-conditioned: with twice the digits, rounded once.
    pub(super) fn trivial_residual(
        &self,
        b: &Columns,
        x: &Columns,
        monitor: &Monitor,
    ) -> Result<Columns, K::Error> {
        let (rows, count) = (b.rows(), b.count());
        let mut sums = Array2::from_shape_fn((rows, count), |(row, column)| {
            let mut sum = CompensatedSum::default();
            sum.add(b.get(row, column).re);
            sum.add_product(-self.ridge, x.get(row, column).re);
            sum
        });
        self.for_each_wave(monitor, |wave| {
            for tile in wave {
                tile.for_each_trivial(self.kept, |s, t, value| {
                    for column in 0..count {
                        sums[[s, column]].add_product(-value, x.get(t, column).re);
                        if s != t {
                            sums[[t, column]].add_product(-value, x.get(s, column).re);
                        }
                    }
                });
            }
        })?;
        let mut residual = Columns::zeros(rows, count, true)?;
        for ((row, column), sum) in sums.indexed_iter() {
            residual.set(row, column, Complex64::from(sum.value()));
        }
        Ok(residual)
    }
}
