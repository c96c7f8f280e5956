//! Covariances and tangent kernels from which a part of a network starts, where they are known for all pairs of points.

use std::ops::Range;
use std::sync::Arc;

use fearless_simd::Level;
use ndarray::Array2;

use crate::outputs::KernelMatrices;
use crate::pair_geometry::differences_to_gaps;
use crate::real::Real;
use crate::scalar::{Form, Row, ScalarMoments};
use crate::terms::Ends;

/// All that a part of a network starts from besides the input, in the order of the network.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllGiven {
    /// Over points.
    pub(crate) vectors: Vec<Given>,
    /// Over the positions of all points.
    pub(crate) positions: Vec<Given>,
}

/// Symmetric matrices over a list of points, or over the positions of all points.
#[derive(Debug, Clone)]
pub(crate) struct Given(Arc<KernelMatrices>);

impl Given {
    pub(crate) fn new(matrices: KernelMatrices) -> Self {
        Self(Arc::new(matrices))
    }

    /// Variances and diagonal tangent kernels.
    pub(crate) fn moments(&self) -> ScalarMoments {
        let (variance, ntk) = self.moments_of(0..self.0.nngp.nrows());
        ScalarMoments { variance, ntk }
    }

    /// Those of some points.
    pub(crate) fn moments_of(&self, points: Range<usize>) -> (Vec<f64>, Vec<f64>) {
        let of = |matrix: &Array2<f64>| points.clone().map(|point| matrix[[point, point]]).collect();
        let ntk = self.0.ntk.as_ref().map_or_else(|| vec![0.0; points.len()], of);
        (of(&self.0.nngp), ntk)
    }

    /// $E[(u-v)^2]$ of two points.
    pub(crate) fn difference(&self, x: usize, y: usize) -> f64 {
        difference(&self.0.nngp, x, y)
    }

    /// $\Theta_{xx} + \Theta_{yy} - 2\Theta_{xy}$ of two points, 0 if there is no tangent kernel.
    pub(crate) fn ntk_difference(&self, x: usize, y: usize) -> f64 {
        self.0.ntk.as_ref().map_or(0.0, |ntk| difference(ntk, x, y))
    }

    /// Fills a row of pairs, in the form in which it is carried; what lies beyond the last point is 0.
    pub(crate) fn fill<T: Real>(
        &self,
        (level, form): (Level, Form),
        (point, columns): (usize, Range<usize>),
        ends: Option<Ends<'_, T>>,
        row: &mut Row<T>,
    ) {
        let fill = |matrix: &Array2<f64>, values: &mut [T]| {
            values.fill(T::from_f64(0.0));
            for (value, column) in values.iter_mut().zip(columns.start..columns.end.min(matrix.ncols())) {
                *value = T::from_f64(match form {
                    Form::Covariance => matrix[[point, column]],
                    _ => difference(matrix, point, column),
                });
            }
        };
        fill(&self.0.nngp, &mut row.values);
        match (&self.0.ntk, row.ntk.is_empty()) {
            (Some(ntk), false) => fill(ntk, &mut row.ntk),
            _ => row.ntk.fill(T::from_f64(0.0)),
        }
        if let (Form::CosineGap, Some(ends)) = (form, ends) {
            differences_to_gaps(level, ends, &mut row.values);
        }
    }
}

fn difference(matrix: &Array2<f64>, x: usize, y: usize) -> f64 {
    (matrix[[x, x]] + matrix[[y, y]]) - 2.0 * matrix[[x, y]]
}
