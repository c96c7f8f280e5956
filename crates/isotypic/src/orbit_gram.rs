//! Gram matrices of whole orbits, by the group where the kernel allows it.
//!
//! Under an action that permutes pixels many kernels are invariant, $k(gx, gy) = k(x, y)$, and then the kernel between each seed and
//! all poses is everything: $|G|$ times fewer entries. Whether it holds is measured, not assumed: the rows of some other poses are
//! evaluated too and compared. If they differ by more than rounding the whole matrix is evaluated.

use isotypic_gram::{DenseGram, GramError, GroupInvariantGram, SymmetricOperator};
use isotypic_group::FiniteGroup;
use isotypic_kernel::CompiledKernel;
use isotypic_orbit::OrbitLayout;
use isotypic_work::Monitor;
use ndarray::{Array2, Array3, ArrayView2, Axis};

use crate::{Error, KernelKind};

/// Poses whose rows are compared with those of the identity.
const COMPARED_POSES: usize = 2;

/// Below this order the whole matrix costs as little.
const SMALLEST_ORDER: usize = 6;

/// Relative deviation that rounding explains.
const ROUNDING: f64 = 1e-13;

/// A kernel evaluated on all poses of some seeds.
#[derive(Clone)]
pub(crate) enum OrbitGram {
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
    /// The group whose elements are the poses.
    pub(crate) fn group(&self) -> &FiniteGroup {
        match self {
            Self::Invariant { gram, .. } => gram.group(),
            Self::Dense(gram) => gram.group(),
        }
    }

    /// The same seeds at the poses of a subgroup.
    pub(crate) fn restrict(&self, subgroup: &FiniteGroup) -> Result<Self, GramError> {
        Ok(match self {
            Self::Invariant { gram, sampled_defect } => {
                Self::Invariant { gram: gram.restrict(subgroup)?, sampled_defect: *sampled_defect }
            }
            Self::Dense(gram) => Self::Dense(gram.restrict(subgroup)?),
        })
    }

    /// Some of the seeds, in the order given.
    pub(crate) fn select_seeds(&self, seeds: &[usize]) -> Result<Self, GramError> {
        Ok(match self {
            Self::Invariant { gram, sampled_defect } => {
                Self::Invariant { gram: gram.select_seeds(seeds)?, sampled_defect: *sampled_defect }
            }
            Self::Dense(gram) => Self::Dense(gram.select_seeds(seeds)?),
        })
    }

    /// Some rows and columns.
    pub(crate) fn block(&self, rows: &[usize], columns: &[usize]) -> Result<Array2<f64>, GramError> {
        match self {
            Self::Invariant { gram, .. } => gram.block(rows, columns),
            Self::Dense(gram) => gram.block(rows, columns),
        }
    }
}

/// Number of pairs that [`evaluate`] computes if the kernel is invariant.
pub(crate) fn pairs_evaluated(kernel: &CompiledKernel, seeds: usize, order: usize, permutes: bool) -> f64 {
    if permutes && order >= SMALLEST_ORDER {
        kernel.pairs_evaluated::<f64>(seeds * (1 + COMPARED_POSES), seeds * order, false)
    } else {
        kernel.pairs_evaluated::<f64>(seeds * order, seeds * order, true)
    }
}

/// Evaluates the kernel between all points of the orbits.
///
/// # Shapes
/// - `points`: `[seeds·|G|, d]`, seed-major
pub(crate) fn evaluate(
    kernel: &CompiledKernel,
    kind: KernelKind,
    points: ArrayView2<'_, f64>,
    group: &FiniteGroup,
    permutes: bool,
    monitor: &Monitor,
) -> Result<OrbitGram, Error> {
    let order = group.order();
    let seeds = points.nrows() / order;
    let layout = OrbitLayout::new(seeds, order);
    let prepared = kernel.prepare(points)?;
    if permutes && order >= SMALLEST_ORDER {
        let poses: Vec<usize> = (0..=COMPARED_POSES).map(|k| k * order / (COMPARED_POSES + 1)).collect();
        let rows: Vec<usize> =
            poses.iter().flat_map(|&g| (0..seeds).map(move |s| layout.row(s, g))).collect();
        let some = kernel.prepare(points.select(Axis(0), &rows).view())?;
        let values = kind.select(kernel.cross(&some, &prepared, kind.outputs(), monitor)?);
        let orbit_kernel =
            Array3::from_shape_fn((seeds, seeds, order), |(s, t, u)| values[[s, layout.row(t, u)]]);
        let defect = deviation(&values, &poses, group, layout);
        if defect <= ROUNDING {
            let gram = GroupInvariantGram::from_orbit_kernel(group, orbit_kernel)?;
            return Ok(OrbitGram::Invariant { gram, sampled_defect: defect });
        }
    }
    let matrix = kind.select(kernel.symmetric(&prepared, kind.outputs(), monitor)?);
    Ok(OrbitGram::Dense(DenseGram::new(matrix, seeds, group.clone())?))
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
