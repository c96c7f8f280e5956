//! Kernels that see nothing of two inputs but their lengths and their inner product, evaluated from inner products.
//!
//! Who knows the inner products of a point with all poses of another one (by one Fourier transform, where a group moves coordinates)
//! needs no matrix product and no coordinates: the layers map the run of pairs as it is. Pairs that are nearly parallel or opposite are
//! computed again from their coordinates, as everywhere in this crate, so that kernel values keep their digits there.

use crate::compiled_kernel::{CompiledKernel, Head, Tail};
use crate::cost;
use crate::error::KernelError;
use crate::outputs::Outputs;
use crate::prepared_inputs::PreparedInputs;
use crate::real::Real;
use crate::scalar::{Form, NEAR_PARALLEL, RowEnds, Rows, precise_gap};
use crate::terms::Terms;

/// A compiled kernel that is a function of lengths and inner products.
///
/// # Examples
/// ```
/// use isotypic_architecture::Architecture;
/// use isotypic_kernel::{CompiledKernel, Outputs};
/// use isotypic_work::Monitor;
///
/// let kernel = CompiledKernel::compile(&Architecture::named("mlp")?.check(&[2])?)?;
/// let points = ndarray::array![[3.0, 4.0], [1.0, -1.0]];
/// let inputs = kernel.prepare(points.view())?;
/// let mut run = kernel.as_dot_product().unwrap().run(&inputs, 1, Outputs::Ntk)?;
/// let mut values = [0.0];
/// run.map((0, 1), &[3.0 - 4.0], |_, coordinates| coordinates.copy_from_slice(&[1.0, -1.0]), &mut values)?;
/// let whole = kernel.symmetric(&inputs, Outputs::Ntk, &Monitor::silent())?;
/// assert!((values[0] - whole.ntk.unwrap()[[0, 1]]).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct DotProductKernel<'a> {
    kernel: &'a CompiledKernel,
}

/// Evaluates runs of pairs $(x_s, u·x_t)$ of one pair of points each, on one thread.
#[derive(Debug)]
pub struct DotProductRun<'a> {
    kernel: &'a CompiledKernel,
    points: &'a PreparedInputs<f64>,
    pairs: usize,
    with_ntk: bool,
    rows: Rows<f64>,
    /// Per state, the two points, as often as there are groups and pairs.
    x: Vec<Terms<f64>>,
    y: Vec<Terms<f64>>,
    /// The point that `y` holds.
    second: Option<usize>,
    coordinates: Vec<f64>,
}

impl CompiledKernel {
    /// This kernel as a function of inner products; `None` where it sees positions, or draws masks, so that a point with itself is
    /// different.
    #[must_use]
    pub fn as_dot_product(&self) -> Option<DotProductKernel<'_>> {
        let is_one = matches!(self.head, Head::DotProduct) && !self.draws_masks();
        is_one.then_some(DotProductKernel { kernel: self })
    }
}

impl<'a> DotProductKernel<'a> {
    /// Makes room for runs of so many pairs between some points that this kernel [prepared](CompiledKernel::prepare).
    ///
    /// `outputs` asks for one kernel; of [`Outputs::NngpAndNtk`] the tangent kernel is given.
    ///
    /// # Errors
    /// [`KernelError::TangentKernelOutOfRange`].
    pub fn run(
        &self,
        points: &'a PreparedInputs<f64>,
        pairs: usize,
        outputs: Outputs,
    ) -> Result<DotProductRun<'a>, KernelError> {
        if let (true, Some(error)) = (outputs.with_ntk(), &points.ntk_out_of_range) {
            return Err(error.clone());
        }
        let (buffers, states) = match &self.kernel.tail {
            Tail::Layers(program) => (program.buffer_count(), program.states()),
            Tail::Feature(_) => (1, 0),
        };
        Ok(DotProductRun {
            kernel: self.kernel,
            points,
            pairs,
            with_ntk: outputs.with_ntk(),
            rows: Rows::new(buffers, pairs.next_multiple_of(f64::LANES), outputs.with_ntk()),
            x: vec![Terms::default(); states],
            y: vec![Terms::default(); states],
            second: None,
            coordinates: vec![0.0; self.kernel.point_length()],
        })
    }

    /// Nominal seconds of one core for one pair, without its inner product.
    #[must_use]
    pub fn seconds_per_pair(&self) -> f64 {
        cost::seconds_of_layers(self.kernel)
    }

    /// The kernel of each point with itself, $k(x, x)$.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`DotProductRun::map`].
    pub fn variances(
        &self,
        points: &'a PreparedInputs<f64>,
        outputs: Outputs,
    ) -> Result<Vec<f64>, KernelError> {
        let mut run = self.run(points, 1, outputs)?;
        let length = self.kernel.point_length();
        let variance = |point: usize| {
            let own = &points.points[point * length..(point + 1) * length];
            let square = own.iter().map(|value| value * value).sum();
            let mut value = [0.0];
            run.map(
                (point, point),
                &[square],
                |_, coordinates| coordinates.copy_from_slice(own),
                &mut value,
            )?;
            Ok(value[0])
        };
        (0..points.len()).map(variance).collect()
    }
}

impl DotProductRun<'_> {
    /// $k(x_s, u·x_t)$ from $\langle x_s, u·x_t\rangle$, for all u of a run. Calls with the same t in a row save work.
    ///
    /// `pose(u, coordinates)` writes $u·x_t$; it is called for pairs that are nearly parallel or opposite only.
    ///
    /// # Shapes
    /// - `products`, `values`: as many as the run was made for
    ///
    /// # Errors
    /// [`KernelError::KernelOutOfRange`] names the two points.
    ///
    /// # Panics
    /// When a point is out of range or a slice has another length.
    pub fn map(
        &mut self,
        (s, t): (usize, usize),
        products: &[f64],
        mut pose: impl FnMut(usize, &mut [f64]),
        values: &mut [f64],
    ) -> Result<(), KernelError> {
        assert!(
            s < self.points.len() && t < self.points.len(),
            "points {s} and {t} of {}",
            self.points.len()
        );
        assert!(
            products.len() == self.pairs && values.len() == self.pairs,
            "runs are of {} pairs",
            self.pairs
        );
        let input = &self.points.states[0];
        let inverses = (input.inverse_root[s], input.inverse_root[t]);
        let length = self.kernel.point_length();
        let (per_coordinate, both) = (1.0 / length as f64, inverses.0 * inverses.1);
        let row = self.rows.input(0);
        let mut closest = 2.0_f64;
        for (gap, product) in row.values.iter_mut().zip(products) {
            let value = 1.0 - product * per_coordinate * both;
            // What is not a number becomes 0 and is computed again.
            let value = if value > 0.0 { value } else { 0.0 };
            *gap = if value < 2.0 { value } else { 2.0 };
            closest = closest.min(gap.min(2.0 - *gap));
        }
        // Whole groups of lanes: what lies beyond the last pair is computed and dropped.
        row.values[self.pairs..].fill(1.0);
        row.ntk.fill(0.0);
        if closest < NEAR_PARALLEL {
            let own = &self.points.points[s * length..(s + 1) * length];
            for (u, gap) in row.values[..self.pairs].iter_mut().enumerate() {
                if gap.min(2.0 - *gap) < NEAR_PARALLEL {
                    pose(u, &mut self.coordinates);
                    *gap = precise_gap((own, &self.coordinates), inverses, *gap > 1.0);
                }
            }
        }
        match &self.kernel.tail {
            Tail::Layers(program) => {
                self.repeat_ends(s, t);
                let ends = RowEnds { x: &self.x, y: &self.y, columns: 0..self.width() };
                let output = program.run(
                    self.kernel.level,
                    (Form::CosineGap, Form::Covariance),
                    Some(&ends),
                    &mut self.rows,
                );
                let output = if self.with_ntk { &output.ntk } else { &output.values };
                values.copy_from_slice(&output[..self.pairs]);
            }
            Tail::Feature(feature) => {
                let norm = |point: usize| (input.variance[point] * length as f64).sqrt();
                let (a, b) = (norm(s), norm(t));
                for (value, gap) in values.iter_mut().zip(&row.values) {
                    *value = feature.evaluate(a, b, *gap);
                }
            }
        }
        match values.iter().find(|value| !value.is_finite()) {
            Some(&value) => Err(KernelError::KernelOutOfRange { row: s, column: t, value }),
            None => Ok(()),
        }
    }

    fn width(&self) -> usize {
        self.pairs.next_multiple_of(f64::LANES)
    }

    fn repeat_ends(&mut self, s: usize, t: usize) {
        let width = self.width();
        for (terms, state) in self.x.iter_mut().zip(&self.points.states) {
            terms.fill_repeated(state, s, width / f64::LANES);
        }
        if self.second != Some(t) {
            for (terms, state) in self.y.iter_mut().zip(&self.points.states) {
                terms.fill_repeated(state, t, width);
            }
            self.second = Some(t);
        }
    }
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::Architecture;
    use isotypic_work::Monitor;
    use ndarray::Array2;

    use super::*;
    use crate::FeatureKernel;

    fn points() -> Array2<f64> {
        let mut points =
            Array2::from_shape_fn((9, 6), |(row, column)| (1.3 * (row * 6 + column) as f64).sin());
        let twin = points.row(0).mapv(|value| 2.0 * value);
        points.row_mut(1).assign(&twin);
        let opposite = points.row(2).mapv(|value| -value);
        points.row_mut(3).assign(&opposite);
        let mut near = points.row(4).to_owned();
        near[0] += 1e-9;
        points.row_mut(5).assign(&near);
        points
    }

    /// Runs in which the poses of a point are all the points.
    fn agrees_with_tiles(kernel: &CompiledKernel, outputs: Outputs) {
        let points = points();
        let inputs = kernel.prepare(points.view()).unwrap();
        let whole = kernel.symmetric(&inputs, outputs, &Monitor::silent()).unwrap();
        let whole = whole.ntk.filter(|_| outputs.with_ntk()).unwrap_or(whole.nngp);
        let dot_product = kernel.as_dot_product().unwrap();
        let mut run = dot_product.run(&inputs, 1, outputs).unwrap();
        for ((s, t), &expected) in whole.indexed_iter() {
            let mut value = [f64::NAN];
            let pose = |_: usize, out: &mut [f64]| out.copy_from_slice(points.row(t).as_slice().unwrap());
            run.map((s, t), &[points.row(s).dot(&points.row(t))], pose, &mut value).unwrap();
            assert!(
                (value[0] - expected).abs() <= 1e-15 * expected.abs() * 8.0,
                "({s}, {t}): {} {expected}",
                value[0]
            );
        }
        let variances = dot_product.variances(&inputs, outputs).unwrap();
        assert_eq!(variances, whole.diag().to_vec());
    }

    #[test]
    fn values_are_those_of_whole_matrices() {
        for name in ["mlp", "mlp:3"] {
            let graph = Architecture::named(name).unwrap().check(&[6]).unwrap();
            let kernel = CompiledKernel::compile(&graph).unwrap();
            agrees_with_tiles(&kernel, Outputs::Ntk);
            agrees_with_tiles(&kernel, Outputs::Nngp);
        }
        agrees_with_tiles(&CompiledKernel::on_features(FeatureKernel::Rbf { gamma: 0.3 }, 6), Outputs::Nngp);
    }

    #[test]
    fn a_run_is_its_pairs_one_by_one() {
        let graph = Architecture::named("mlp").unwrap().check(&[6]).unwrap();
        let kernel = CompiledKernel::compile(&graph).unwrap();
        let points = points();
        let inputs = kernel.prepare(points.view()).unwrap();
        // A first point against the cyclic shifts of a second one.
        let shifted = |t: usize, u: usize, out: &mut [f64]| {
            (0..6).for_each(|at| out[(at + u) % 6] = points[[t, at]]);
        };
        let mut run = kernel.as_dot_product().unwrap().run(&inputs, 6, Outputs::Ntk).unwrap();
        for (s, t) in [(0, 2), (7, 2), (7, 8), (4, 4)] {
            let poses = Array2::from_shape_fn((6, 6), |(u, at)| points[[t, (at + 6 - u) % 6]]);
            let products = poses.dot(&points.row(s)).to_vec();
            let mut values = [0.0; 6];
            run.map((s, t), &products, |u, out| shifted(t, u, out), &mut values).unwrap();
            let poses = kernel.prepare(poses.view()).unwrap();
            let first = kernel.prepare(points.slice(ndarray::s![s..s + 1, ..])).unwrap();
            let whole = kernel.cross(&first, &poses, Outputs::Ntk, &Monitor::silent()).unwrap().ntk.unwrap();
            for (value, expected) in values.iter().zip(&whole) {
                assert!((value - expected).abs() < 8e-15 * expected, "({s}, {t}): {value} {expected}");
            }
        }
    }

    #[test]
    fn kernels_that_see_positions_are_none() {
        let graph = Architecture::named("cnn").unwrap().check(&[4, 4, 1]).unwrap();
        assert!(CompiledKernel::compile(&graph).unwrap().as_dot_product().is_none());
    }
}
