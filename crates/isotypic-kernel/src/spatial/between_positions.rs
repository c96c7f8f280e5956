//! Covariances and tangent kernels between all positions of all inputs at one state.

use fearless_simd::Level;
use isotypic_work::Monitor;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::evaluator::Evaluator;
use super::program::SpatialProgram;
use super::spatial_terms::SpatialTerms;
use crate::KernelError;
use crate::assemble::zeros;
use crate::given::Given;
use crate::mirror::mirror;
use crate::outputs::KernelMatrices;
use crate::real::Real;
use crate::scratch_pool::ScratchPool;

/// As many inputs as there are lanes, or what is left of them.
struct Group {
    images: Vec<SpatialTerms<f64>>,
    /// Differences of each of them with itself, of covariances and of tangent kernels, `[positions, positions, lanes]`.
    themselves: [Vec<f64>; 2],
}

const LANES: usize = <f64 as Real>::LANES;

impl SpatialProgram {
    /// The kernel between all positions of all points, at the state that is [wanted](Self::wanted); its rows are the positions of the first
    /// point, then those of the second one, and so on.
    ///
    /// # Shapes
    /// - `points`: `[n, point_length]`, checked
    /// - result: `[n · positions, n · positions]` each
    pub(crate) fn between_positions(
        &self,
        level: Level,
        points: ArrayView2<'_, f64>,
        given: &[Given],
        with_ntk: bool,
        monitor: &Monitor,
    ) -> Result<KernelMatrices, KernelError> {
        let state = self.wanted();
        let positions = self.grid(state).len();
        let (count, size) = (points.nrows(), points.nrows() * positions);
        let rows: Vec<usize> = (0..count).collect();
        let groups: Vec<Group> = rows
            .par_chunks(LANES)
            .map(|rows| {
                let images = rows.iter().map(|&row| points.row(row).to_vec()).collect();
                let images = SpatialTerms::of_images(self, level, rows[0], images, given)?;
                let themselves = SpatialTerms::differences_with_themselves(self, level, &images, state);
                Ok::<_, KernelError>(Group { images, themselves })
            })
            .collect::<Result<_, _>>()?;
        let lanes: Vec<SpatialTerms<f64>> = groups
            .iter()
            .map(|Group { images, .. }| {
                let image = |lane: usize| &images[lane.min(images.len() - 1)];
                SpatialTerms::of_lanes(&(0..LANES).map(image).collect::<Vec<_>>())
            })
            .collect();
        let image = |row: usize| &groups[row / LANES].images[row % LANES];
        let mut nngp: Array2<f64> = zeros(size, size)?;
        let mut ntk = with_ntk.then(|| zeros(size, size)).transpose()?;
        let evaluators = ScratchPool::new(|| Evaluator::new(self, level, with_ntk));
        let band = positions * size;
        let no_bands = || (0..count).map(|_| None).collect::<Vec<_>>();
        let in_order = "an array of zeros is in C order";
        let bands_of_ntk = match &mut ntk {
            Some(ntk) => ntk.as_slice_mut().expect(in_order).chunks_mut(band).map(Some).collect(),
            None => no_bands(),
        };
        let bands = nngp.as_slice_mut().expect(in_order).par_chunks_mut(band);
        bands.zip(bands_of_ntk).enumerate().try_for_each(|(row, (nngp, mut ntk))| {
            monitor.check()?;
            for group in row / LANES..groups.len() {
                let columns = group * LANES..((group + 1) * LANES).min(count);
                let differences = evaluators
                    .with(|evaluator| evaluator.differences_between(state, image(row), &lanes[group]));
                for column in columns.filter(|&column| column >= row) {
                    let lane = column % LANES;
                    let (differences, lane) = match column == row {
                        true => (&groups[group].themselves, lane),
                        false => (&differences, lane),
                    };
                    let (of_row, of_column) = (image(row).moments_at(state), image(column).moments_at(state));
                    for p in 0..positions {
                        for q in 0..positions {
                            let from = (p * positions + q) * LANES + lane;
                            let to = p * size + column * positions + q;
                            let (x, y) = (of_row.0[p], of_column.0[q]);
                            nngp[to] = 0.5 * (x + y - differences[0][from]);
                            if let Some(ntk) = &mut ntk {
                                let difference = differences[1].get(from).copied().unwrap_or(0.0);
                                ntk[to] = 0.5 * (of_row.1[p] + of_column.1[q] - difference);
                            }
                        }
                    }
                }
            }
            Ok::<(), KernelError>(())
        })?;
        let mut matrices = KernelMatrices { nngp, ntk };
        matrices.check_range(|row| row / positions)?;
        mirror(matrices.nngp.view_mut());
        matrices.ntk.iter_mut().for_each(|ntk| mirror(ntk.view_mut()));
        Ok(matrices)
    }
}
