//! What repairs of large audits are computed from: answers of the trivial block for labels and for the constant.
//!
//! Labels $Y$ of classes are +1 for the own and −1 for all others, so that with the constant as one more output the one-hot labels that
//! [class separation](super::class_separation) speaks of are $Z = \tfrac12 (Y + 1\,1^\top)$. Errors and dual weights are linear in labels.

use ndarray::{Array2, Axis, concatenate, s};

/// Answers for labels of classes and for one-hot labels.
pub(super) struct RepairTerms {
    /// Label minus prediction of the averaged network, `[answered, classes]`.
    pub(super) averaged_errors: Array2<f64>,
    /// $E_Z$, `[answered, classes]`.
    pub(super) one_hot_errors: Array2<f64>,
    /// $\beta = (B_1 + \lambda)^{-1} Z$, `[seeds, classes]`.
    pub(super) one_hot_weights: Array2<f64>,
    /// $Z^\top \bar K Z$ with the averaged kernel between seeds, `[classes, classes]`.
    pub(super) class_products: Array2<f64>,
}

impl RepairTerms {
    /// From errors of the averaged network, errors, dual weights and products of labels [`with_ones`].
    pub(super) fn new(
        averaged_errors: &Array2<f64>,
        errors: &Array2<f64>,
        dual_weights: &Array2<f64>,
        label_products: &Array2<f64>,
    ) -> Self {
        let classes = averaged_errors.ncols() - 1;
        let halved = half_sums(label_products);
        Self {
            averaged_errors: averaged_errors.slice(s![.., ..classes]).to_owned(),
            one_hot_errors: half_sums(errors),
            one_hot_weights: half_sums(dual_weights),
            class_products: half_sums(&halved.reversed_axes()).reversed_axes(),
        }
    }
}

/// Labels of classes, and one more output that is 1 for every seed.
pub(super) fn with_ones(labels: &Array2<f64>) -> Array2<f64> {
    let ones = Array2::ones((labels.nrows(), 1));
    concatenate(Axis(1), &[labels.view(), ones.view()]).expect("as many rows")
}

/// Half the sum of every column and the last one, which is left out.
fn half_sums(columns: &Array2<f64>) -> Array2<f64> {
    let (others, last) = columns.view().split_at(Axis(1), columns.ncols() - 1);
    (&others + &last) * 0.5
}
