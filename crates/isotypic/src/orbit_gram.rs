//! Gram matrices of whole orbits, by the group where the kernel allows it.
//!
//! Under an action that permutes pixels many kernels are invariant, $k(gx, gy) = k(x, y)$, and then the kernel between each seed and
//! all poses is everything: $|G|$ times fewer entries. Whether it holds is measured, not assumed: the rows of some other poses are
//! evaluated too and compared. If they differ by more than rounding the whole matrix is evaluated.

use isotypic_gram::{DenseGram, GramError, GroupInvariantGram, SymmetricOperator};
use isotypic_group::FiniteGroup;
use isotypic_kernel::MonteCarloKernel;
use isotypic_orbit::OrbitLayout;
use isotypic_work::Monitor;
use ndarray::{Array2, Array3, ArrayView2, Axis};

use crate::audit_kernel::AuditKernel;
use crate::{Error, KernelKind};

/// Poses whose rows are compared with those of the identity.
const COMPARED_POSES: usize = 2;

/// Below this order the whole matrix costs as little.
const SMALLEST_ORDER: usize = 6;

/// Relative deviation that rounding explains.
const ROUNDING: f64 = 1e-13;

/// A kernel evaluated on all poses of some seeds.
#[derive(Clone)]
pub(crate) struct OrbitGram {
    pub(crate) values: OrbitValues,
    /// The error to expect in an entry beyond that of `f64`.
    pub(crate) resolution: f64,
    /// Estimate of the relative error that quadratures make in the kernel.
    pub(crate) quadrature_error: f64,
    /// Of a sampled kernel, which is the mean over replicates: the means without each of them.
    pub(crate) leave_one_out: Vec<DenseGram>,
}

/// The values of a kernel on all poses of some seeds.
#[derive(Clone)]
pub(crate) enum OrbitValues {
    /// The kernel is invariant, so its values between each seed and all poses are everything.
    Invariant {
        gram: GroupInvariantGram,
        /// Relative deviation of the compared rows, which tell how invariant the kernel is.
        sampled_defect: f64,
    },
    /// Every entry.
    Dense(DenseGram),
}

impl OrbitGram {
    /// Every entry, known exactly.
    pub(crate) fn dense(gram: DenseGram) -> Self {
        let values = OrbitValues::Dense(gram);
        Self { values, resolution: 0.0, quadrature_error: 0.0, leave_one_out: Vec::new() }
    }

    /// The group whose elements are the poses.
    pub(crate) fn group(&self) -> &FiniteGroup {
        match &self.values {
            OrbitValues::Invariant { gram, .. } => gram.group(),
            OrbitValues::Dense(gram) => gram.group(),
        }
    }

    /// The same seeds at the poses of a subgroup.
    pub(crate) fn restrict(&self, subgroup: &FiniteGroup) -> Result<Self, GramError> {
        self.changed(|gram| gram.restrict(subgroup), |gram| gram.restrict(subgroup))
    }

    /// Some of the seeds, in the order given.
    pub(crate) fn select_seeds(&self, seeds: &[usize]) -> Result<Self, GramError> {
        self.changed(|gram| gram.select_seeds(seeds), |gram| gram.select_seeds(seeds))
    }

    fn changed(
        &self,
        invariant: impl FnOnce(&GroupInvariantGram) -> Result<GroupInvariantGram, GramError>,
        dense: impl Fn(&DenseGram) -> Result<DenseGram, GramError>,
    ) -> Result<Self, GramError> {
        let values = match &self.values {
            OrbitValues::Invariant { gram, sampled_defect } => {
                OrbitValues::Invariant { gram: invariant(gram)?, sampled_defect: *sampled_defect }
            }
            OrbitValues::Dense(gram) => OrbitValues::Dense(dense(gram)?),
        };
        let leave_one_out = self.leave_one_out.iter().map(dense).collect::<Result<_, _>>()?;
        Ok(Self { values, leave_one_out, ..*self })
    }

    /// Some rows and columns.
    pub(crate) fn block(&self, rows: &[usize], columns: &[usize]) -> Result<Array2<f64>, GramError> {
        match &self.values {
            OrbitValues::Invariant { gram, .. } => gram.block(rows, columns),
            OrbitValues::Dense(gram) => gram.block(rows, columns),
        }
    }
}

/// Number of pairs that [`evaluate`] computes if the kernel is invariant.
pub(crate) fn pairs_evaluated(kernel: &AuditKernel, seeds: usize, order: usize, permutes: bool) -> f64 {
    if permutes && order >= SMALLEST_ORDER {
        kernel.pairs_evaluated(seeds * (1 + COMPARED_POSES), seeds * order, false)
    } else {
        kernel.pairs_evaluated(seeds * order, seeds * order, true)
    }
}

/// Evaluates the kernel between all points of the orbits.
///
/// # Shapes
/// - `points`: `[seeds·|G|, d]`, seed-major
pub(crate) fn evaluate(
    kernel: &AuditKernel,
    kind: KernelKind,
    points: ArrayView2<'_, f64>,
    group: &FiniteGroup,
    permutes: bool,
    monitor: &Monitor,
) -> Result<OrbitGram, Error> {
    let order = group.order();
    let seeds = points.nrows() / order;
    if let Some(kernel) = kernel.sampled() {
        return evaluate_replicates(kernel, kind, points, group, monitor);
    }
    let layout = OrbitLayout::new(seeds, order);
    let prepared = kernel.prepare(points)?;
    let quadrature_error = kernel.quadrature_error(&prepared);
    if permutes && order >= SMALLEST_ORDER {
        let poses: Vec<usize> = (0..=COMPARED_POSES).map(|k| k * order / (COMPARED_POSES + 1)).collect();
        let rows: Vec<usize> =
            poses.iter().flat_map(|&g| (0..seeds).map(move |s| layout.row(s, g))).collect();
        let some = kernel.prepare(points.select(Axis(0), &rows).view())?;
        let values = kernel.cross(&some, &prepared, kind, monitor)?;
        let orbit_kernel =
            Array3::from_shape_fn((seeds, seeds, order), |(s, t, u)| values[[s, layout.row(t, u)]]);
        let defect = deviation(&values, &poses, group, layout);
        let resolution = kernel.resolution(&values, &prepared, kind);
        if defect <= relative_rounding(ROUNDING, resolution, values.iter()) {
            let gram = GroupInvariantGram::from_orbit_kernel(group, orbit_kernel)?;
            let values = OrbitValues::Invariant { gram, sampled_defect: defect };
            return Ok(OrbitGram { values, resolution, quadrature_error, leave_one_out: Vec::new() });
        }
    }
    let matrix = kernel.symmetric(&prepared, kind, monitor)?;
    let resolution = kernel.resolution(&matrix, &prepared, kind);
    let values = OrbitValues::Dense(DenseGram::new(matrix, seeds, group.clone())?);
    Ok(OrbitGram { values, resolution, quadrature_error, leave_one_out: Vec::new() })
}

/// Every entry of a sampled kernel, with the means of all replicates but one.
fn evaluate_replicates(
    kernel: &MonteCarloKernel,
    kind: KernelKind,
    points: ArrayView2<'_, f64>,
    group: &FiniteGroup,
    monitor: &Monitor,
) -> Result<OrbitGram, Error> {
    let seeds = points.nrows() / group.order();
    let prepared = kernel.prepare(points)?;
    let estimates = kernel.symmetric(&prepared, kind.outputs(), monitor)?;
    let count = estimates.replicates.len() as f64;
    let mean = kind.select(estimates.mean());
    let without = |replicate| {
        let others = (&mean * count - kind.select(replicate)) / (count - 1.0);
        DenseGram::new(others, seeds, group.clone())
    };
    let leave_one_out = estimates.replicates.into_iter().map(without).collect::<Result<_, _>>()?;
    Ok(OrbitGram { leave_one_out, ..OrbitGram::dense(DenseGram::new(mean, seeds, group.clone())?) })
}

/// The relative deviation that rounding explains: that of `f64`, or the error of entries relative to their root mean square.
pub(crate) fn relative_rounding<'v>(
    of_double: f64,
    resolution: f64,
    values: impl Iterator<Item = &'v f64>,
) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value * value, count + 1.0));
    let size = f64::sqrt(sum / count);
    if size > 0.0 { of_double.max(resolution / size) } else { of_double }
}

/// Frobenius norm of k(g x_s, h x_t) − k(x_s, g⁻¹h x_t) over the compared poses g, relative to that of the values.
fn deviation(values: &Array2<f64>, poses: &[usize], group: &FiniteGroup, layout: OrbitLayout) -> f64 {
    let (mut difference, mut total) = (0.0, 0.0);
    for (at, &g) in poses.iter().enumerate() {
        for s in 0..layout.seeds() {
            for t in 0..layout.seeds() {
                for h in group.elements() {
                    let value = values[[at * layout.seeds() + s, layout.row(t, h)]];
                    let expected = values[[s, layout.row(t, group.multiply(group.inverse(g), h))]];
                    difference += (value - expected).powi(2);
                    total += value * value;
                }
            }
        }
    }
    if total > 0.0 { (difference / total).sqrt() } else { 0.0 }
}
