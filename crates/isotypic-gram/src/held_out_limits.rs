//! The limit of vanishing ridge on any held-out set.
//!
//! Let $\Pi$ project on the null space of $K$ and $R$ be its pseudo-inverse, so that
//! $P = \Pi / \lambda + R + O(\lambda)$. On the held-out set $M$ split the coordinates into the range of
//! $\Pi_{MM}$ (index r) and its complement (index z), where $\Pi$ does nothing. The error
//! $(P_{MM})^{-1} (P y)_M$ tends to
//!
//! $$ \varepsilon_r = \Pi_{rr}^{-1} (\Pi y)_r, \qquad
//!    \varepsilon_z = R_{zz}^{-1} \bigl( (R y)_z - R_{zr}\, \varepsilon_r \bigr). $$
//!
//! A held-out point whose unit vector lies in the range is determined: the kernel makes it a combination of
//! observed points.

use isotypic_orbit::HeldOutSet;
use ndarray::{Array2, Array3, ArrayRef2, Axis};

use crate::linear_algebra::eigenvectors;
use crate::null_space::{NullSpace, OrbitStatus};
use crate::{DenseFactor, Factorization, GramError};

/// Eigenvalues of $\Pi_{MM}$, which lie between 0 and 1, and squared lengths below this count as zero.
const TOLERANCE: f64 = 1e-8;

/// The limits of the errors on a held-out set for vanishing ridge.
#[derive(Clone, Debug)]
pub struct HeldOutLimits {
    /// `[held out, outputs]`: what the null space means there.
    pub status: Array2<OrbitStatus>,
    /// `[held out, outputs]`: the limit of label minus prediction; `None` if the Gram matrix has full rank on
    /// the held-out points.
    pub error: Option<Array2<f64>>,
}

pub(crate) fn held_out_limits(
    space: &NullSpace,
    labels: &ArrayRef2<f64>,
    held_out: &HeldOutSet,
) -> Result<HeldOutLimits, GramError> {
    let (rows, layout) = (held_out.rows(), held_out.layout());
    let (points, outputs) = (rows.len(), labels.ncols());
    let regular =
        HeldOutLimits { status: Array2::from_elem((points, outputs), OrbitStatus::Regular), error: None };
    if space.is_empty() {
        return Ok(regular);
    }
    let group = space.transform().group();
    let block = |kernel: &Array3<f64>| {
        Array2::from_shape_fn((points, points), |(row, column)| {
            let ((s, g), (t, h)) = (layout.split(rows[row]), layout.split(rows[column]));
            kernel[[s, t, group.multiply(group.inverse(g), h)]]
        })
    };
    let (values, vectors) = eigenvectors(&block(&space.projector()))?;
    let null = values.iter().take_while(|&&value| value <= TOLERANCE).count();
    if null == points {
        return Ok(regular);
    }
    let at_points = |by_seed: Array2<f64>| {
        let seeds: Vec<usize> = rows.iter().map(|&row| layout.split(row).0).collect();
        by_seed.select(Axis(0), &seeds)
    };
    let in_null_space = at_points(space.trivial_projector().dot(labels));
    let in_range = at_points(space.trivial_pseudo_inverse().dot(labels));
    let split = |from: usize, to: usize| vectors.slice(ndarray::s![.., from..to]).to_owned();
    let (complement, range) = (split(0, null), split(null, points));

    let mut along_range = range.t().dot(&in_null_space);
    for (mut row, value) in along_range.rows_mut().into_iter().zip(&values[null..]) {
        row /= *value;
    }
    let mut error = range.dot(&along_range);
    if null > 0 {
        let inverse = block(&space.pseudo_inverse());
        let right = complement.t().dot(&(in_range - inverse.dot(&error)));
        let left = complement.t().dot(&inverse).dot(&complement);
        error += &complement.dot(&DenseFactor::new(&symmetric(left), 0.0)?.solve(&right)?);
    }
    let largest = labels.iter().fold(0.0_f64, |largest, label| largest.max(label.abs()));
    let tolerance = f64::EPSILON.sqrt() * largest;
    let status = Array2::from_shape_fn((points, outputs), |(point, output)| {
        let outside: f64 = complement.row(point).iter().map(|value| value * value).sum();
        if outside > TOLERANCE {
            OrbitStatus::Regular
        } else if error[[point, output]].abs() <= tolerance {
            OrbitStatus::OrbitCollapse
        } else {
            OrbitStatus::ConflictingLabels
        }
    });
    Ok(HeldOutLimits { status, error: Some(error) })
}

fn symmetric(matrix: Array2<f64>) -> Array2<f64> {
    (&matrix + &matrix.t()) / 2.0
}
