//! Kernel matrices on the thread that calls: for callers that share work among threads themselves.

use std::ops::Range;

use ndarray::{ArrayView2, Axis};

use crate::KernelError;
use crate::assemble::empty_matrices;
use crate::band::{Band, Scratch, TileTarget, tile_shape};
use crate::compiled_kernel::CompiledKernel;
use crate::given::AllGiven;
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::spatial_tile::Evaluators;

impl CompiledKernel {
    /// Makes points ready as [`prepare`](Self::prepare) does, without other threads.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub fn prepare_on_this_thread(
        &self,
        points: ArrayView2<'_, f64>,
    ) -> Result<PreparedInputs<f64>, KernelError> {
        self.prepare_with(points, AllGiven::default(), |groups, terms| (0..groups).map(terms).collect())
    }

    /// The kernel between two lists of points, `[x.len(), y.len()]`, as [`cross`](Self::cross) to the bit, without other threads.
    ///
    /// # Errors
    /// As [`cross`](Self::cross), except that it cannot be interrupted: ask for as much at a time as may not be stopped.
    pub fn cross_on_this_thread(
        &self,
        x: &PreparedInputs<f64>,
        y: &PreparedInputs<f64>,
        outputs: Outputs,
    ) -> Result<KernelMatrices<f64>, KernelError> {
        let (rows, columns) = (x.len(), y.len());
        let [mut nngp, mut ntk] = empty_matrices(x, y, outputs)?;
        let (height, width) = tile_shape::<f64>(self);
        let mut scratch = Scratch::new(self, outputs.with_ntk());
        let evaluators = Evaluators::new(self, outputs.with_ntk(), false);
        let whole = TileTarget {
            nngp: nngp.as_mut().map(|nngp| nngp.view_mut()),
            ntk: ntk.as_mut().map(|ntk| ntk.view_mut()),
        };
        let part = |index: usize, size: usize, all: usize| -> Range<usize> {
            index * size..((index + 1) * size).min(all)
        };
        for (index, target) in whole.cut(Axis(0), height).into_iter().enumerate() {
            let band = Band::new(self, x, y, part(index, height, rows));
            for (at, mut target) in target.cut(Axis(1), width).into_iter().enumerate() {
                band.fill_tile(part(at, width, columns), &evaluators, &mut scratch, &mut target)?;
            }
        }
        Ok(KernelMatrices { nngp: nngp.unwrap_or_default(), ntk })
    }
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::Architecture;
    use isotypic_work::Monitor;
    use ndarray::Array2;

    use super::*;

    #[test]
    fn one_thread_gives_the_bits_of_all() {
        for (name, shape, rows, columns) in [
            ("mlp:2", vec![40], 150, 131),
            ("cnn:2", vec![5, 6, 1], 11, 21),
            ("cnn-gap", vec![4, 4, 2], 9, 8),
        ] {
            let graph = Architecture::named(name).unwrap().check(&shape).unwrap();
            let kernel = CompiledKernel::compile(&graph).unwrap();
            let points = |count: usize, phase: f64| {
                let length = kernel.point_length();
                let point = |(row, at): (usize, usize)| (phase + (row * length + at) as f64 * 1.3).sin();
                kernel.prepare_on_this_thread(Array2::from_shape_fn((count, length), point).view()).unwrap()
            };
            let (x, y) = (points(rows, 0.1), points(columns, 0.7));
            for outputs in [Outputs::Nngp, Outputs::Ntk, Outputs::NngpAndNtk] {
                let found = kernel.cross_on_this_thread(&x, &y, outputs).unwrap();
                let expected = kernel.cross(&x, &y, outputs, &Monitor::silent()).unwrap();
                assert_eq!((found.nngp, found.ntk), (expected.nngp, expected.ntk), "{name}");
            }
        }
    }
}
