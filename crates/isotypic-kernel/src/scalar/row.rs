//! Carries one row of pairs through the scalar layers.

use fearless_simd::Level;

use super::program::{ScalarOperation, ScalarProgram};
use crate::layer_norm::layer_norm_factor;
use crate::layer_run::{AffineOnRun, affine_on_gaps};
use crate::nonlinearity::PairRun;
use crate::pair_geometry::{
    differences_to_gaps, drop_out_gaps, drop_out_ntk_differences, gap_of_product, gaps_to_covariances,
    gaps_to_differences, ntk_differences_to_ntks, rescaled_ntk_difference,
};
use crate::real::Real;
use crate::running_product::RunningProduct;
use crate::terms::{Ends, Terms};

/// The form in which pairs are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Covariances.
    Covariance,
    /// Differences $E[(u-v)^2]$, the form in which the spatial part hands pairs on to layers that need angles.
    Difference,
    /// Cosine gaps.
    CosineGap,
}

/// Where a row of pairs starts on its two sides, at every state.
pub(crate) struct RowEnds<'a, T: Real> {
    /// Per state, the one point of the row, repeated once per group.
    pub(crate) x: &'a [Terms<T>],
    /// Per state, all column points.
    pub(crate) y: &'a [Terms<T>],
    /// Columns of this row within `y`.
    pub(crate) columns: std::ops::Range<usize>,
}

/// Covariances (or gaps) and tangent kernels (or differences of them) of a row at one state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row<T> {
    pub(crate) values: Vec<T>,
    /// Tangent kernels where `values` are covariances, else their differences; empty if not wanted.
    pub(crate) ntk: Vec<T>,
}

/// The rows of all states in use, and scratch space.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    rows: Vec<Row<T>>,
    with_ntk: bool,
    scratch: Vec<T>,
    product: RunningProduct<T>,
}

impl<'a, T: Real> RowEnds<'a, T> {
    pub(crate) fn at(&self, state: usize) -> Ends<'a, T> {
        let x = &self.x[state];
        let y = &self.y[state];
        Ends { x: x.view(0, self.columns.len() / T::LANES), y: y.view(self.columns.start, self.columns.end) }
    }
}

impl<T: Real> Row<T> {
    /// A row of `length` pairs.
    pub(crate) fn zeros(length: usize, with_ntk: bool) -> Self {
        let zeros = |wanted: bool| vec![T::from_f64(0.0); if wanted { length } else { 0 }];
        Self { values: zeros(true), ntk: zeros(with_ntk) }
    }
}

impl<T: Real> Rows<T> {
    /// Rows of at most `width` pairs, one for each buffer.
    pub(crate) fn new(buffers: usize, width: usize, with_ntk: bool) -> Self {
        let row = Row::zeros(width, with_ntk);
        let (scratch, product) = (row.values.clone(), RunningProduct::default());
        Self { rows: vec![row; buffers], with_ntk, scratch, product }
    }

    /// Makes all rows `width` pairs long.
    pub(crate) fn set_width(&mut self, width: usize) {
        let zero = T::from_f64(0.0);
        for row in &mut self.rows {
            row.values.resize(width, zero);
            row.ntk.resize(if self.with_ntk { width } else { 0 }, zero);
        }
        self.scratch.resize(width, zero);
    }

    /// The row of an input state, to be filled; what was in it is lost.
    pub(crate) fn input(&mut self, state: usize) -> &mut Row<T> {
        // Inputs have buffers of their own.
        &mut self.rows[state]
    }
}

impl ScalarProgram {
    /// The form in which a row is carried through the layers.
    pub(crate) fn form(&self) -> Form {
        if self.carries_gaps { Form::CosineGap } else { Form::Covariance }
    }

    /// Carries a row from the inputs, given in one form, to the output in another, covariances or differences; tangent kernels alike.
    ///
    /// `ends` may be `None` if pairs are carried as covariances. Differences are given only by programs that carry gaps.
    pub(crate) fn run<'r, T: Real>(
        &self,
        level: Level,
        (form, gives): (Form, Form),
        ends: Option<&RowEnds<'_, T>>,
        rows: &'r mut Rows<T>,
    ) -> &'r Row<T> {
        for state in 0..self.first_given() {
            let values = &mut rows.rows[self.buffer(state)].values;
            match (form, self.form(), ends) {
                (Form::Difference, Form::CosineGap, Some(ends)) => {
                    differences_to_gaps(level, ends.at(state), values);
                }
                (Form::CosineGap, Form::Covariance, Some(ends)) => {
                    // Inputs that come as gaps have no weights before them, hence no tangent kernels.
                    gaps_to_covariances(level, ends.at(state), values);
                }
                _ => {}
            }
        }
        for (index, step) in self.steps.iter().enumerate() {
            let state = self.inputs + index;
            let (first, target) = (self.buffer(step.inputs[0]), self.buffer(state));
            let mut row = std::mem::take(&mut rows.rows[target]);
            if target != first {
                row.values.clone_from(&rows.rows[first].values);
                row.ntk.clone_from(&rows.rows[first].ntk);
            }
            match (self.form(), ends) {
                (Form::CosineGap, Some(ends)) => {
                    self.step_on_gaps(level, index, ends, &mut row, rows);
                }
                _ => self.step_on_covariances(index, &mut row, rows),
            }
            rows.rows[target] = row;
        }
        let row = &mut rows.rows[self.buffer(self.output)];
        match (self.form(), gives, ends) {
            (Form::CosineGap, Form::Difference, Some(ends)) => {
                gaps_to_differences(level, ends.at(self.output), &mut row.values);
            }
            (Form::CosineGap, _, Some(ends)) => {
                gaps_to_covariances(level, ends.at(self.output), &mut row.values);
                ntk_differences_to_ntks(level, ends.at(self.output), &mut row.ntk);
            }
            _ => {}
        }
        row
    }

    /// One layer on covariances; `row` holds its first input.
    fn step_on_covariances<T: Real>(&self, index: usize, row: &mut Row<T>, rows: &Rows<T>) {
        let step = &self.steps[index];
        let other = |state: usize| &rows.rows[self.buffer(state)];
        match &step.operation {
            ScalarOperation::Affine(affine) => {
                for value in &mut row.values {
                    *value = T::from_f64(affine.covariance(value.to_f64()));
                }
                for (ntk, covariance) in row.ntk.iter_mut().zip(&row.values) {
                    *ntk = T::from_f64(affine.ntk(covariance.to_f64(), ntk.to_f64()));
                }
            }
            ScalarOperation::Combination(weights) => {
                scale(weights[0], row);
                for (&weight, &state) in weights.iter().zip(&step.inputs).skip(1) {
                    let other = other(state);
                    add_scaled(weight, &other.values, &mut row.values);
                    add_scaled(weight, &other.ntk, &mut row.ntk);
                }
            }
            ScalarOperation::Product => {
                for &state in &step.inputs[1..] {
                    let other = other(state);
                    multiply_ntk(&row.values, &other.values, &other.ntk, &mut row.ntk);
                    for (value, &factor) in row.values.iter_mut().zip(&other.values) {
                        *value *= factor;
                    }
                }
            }
            _ => unreachable!("these layers need variances, so pairs are carried as gaps"),
        }
    }

    /// One layer on cosine gaps; `row` holds its first input.
    fn step_on_gaps<T: Real>(
        &self,
        level: Level,
        index: usize,
        ends: &RowEnds<'_, T>,
        row: &mut Row<T>,
        rows: &mut Rows<T>,
    ) {
        let step = &self.steps[index];
        let (before, after) = (ends.at(step.inputs[0]), ends.at(self.inputs + index));
        let Rows { rows, scratch, product, .. } = rows;
        let other = |state: usize| &rows[self.buffer(state)];
        match &step.operation {
            ScalarOperation::Affine(affine) => {
                let layer = AffineOnRun::new(affine, 1);
                let ntk = (!row.ntk.is_empty()).then_some(row.ntk.as_mut_slice());
                affine_on_gaps(level, layer, (before, after), &mut row.values, (ntk, true));
            }
            ScalarOperation::Nonlinearity(nonlinearity) => {
                let run = PairRun {
                    before,
                    after,
                    cosine_gap: &mut row.values,
                    ntk_difference: (!row.ntk.is_empty()).then_some(&mut row.ntk),
                };
                T::map(nonlinearity.as_ref(), level, run);
            }
            // Lengths change, angles do not.
            ScalarOperation::LayerNorm { epsilon } => {
                rescale_ntk_differences(*epsilon, before, &mut row.ntk);
            }
            ScalarOperation::Dropout { keep_rate } => {
                drop_out_gaps(*keep_rate, &mut row.values);
                drop_out_ntk_differences(*keep_rate, before, &mut row.ntk);
            }
            ScalarOperation::Combination(weights) => {
                gaps_to_differences(level, before, &mut row.values);
                scale(weights[0], row);
                for (&weight, &state) in weights.iter().zip(&step.inputs).skip(1) {
                    let other = other(state);
                    scratch.copy_from_slice(&other.values);
                    gaps_to_differences(level, ends.at(state), scratch);
                    add_scaled(weight, scratch, &mut row.values);
                    add_scaled(weight, &other.ntk, &mut row.ntk);
                }
                differences_to_gaps(level, after, &mut row.values);
            }
            ScalarOperation::Product => {
                product.clear(row.values.len() / T::LANES, 1);
                let mut multiply = |state: usize, factor: &Row<T>| {
                    scratch.copy_from_slice(&factor.values);
                    gaps_to_differences(level, ends.at(state), scratch);
                    product.multiply(ends.at(state), scratch, Some(&factor.ntk));
                };
                if !row.ntk.is_empty() {
                    multiply(step.inputs[0], row);
                    step.inputs[1..].iter().for_each(|&state| multiply(state, other(state)));
                    row.ntk.copy_from_slice(product.ntk_differences());
                }
                for &state in &step.inputs[1..] {
                    for (gap, &other) in row.values.iter_mut().zip(&other(state).values) {
                        *gap = gap_of_product(*gap, other);
                    }
                }
            }
        }
    }
}

/// Layer normalisation of differences of tangent kernels: division by $\sqrt{(q_x + \varepsilon)(q_y + \varepsilon)}$.
fn rescale_ntk_differences<T: Real>(epsilon: f64, ends: Ends<'_, T>, values: &mut [T]) {
    let factor = |q: T, ntk: T| {
        let (q, ntk) = (q.to_f64(), ntk.to_f64());
        T::from_f64(layer_norm_factor(q, epsilon, (q, ntk)))
    };
    for (group, values) in values.chunks_exact_mut(T::LANES).enumerate() {
        let x = (factor(ends.x.variance[group], ends.x.ntk[group]), ends.x.ntk[group]);
        let points = group * T::LANES..(group + 1) * T::LANES;
        let of_y = ends.y.variance[points.clone()].iter().zip(&ends.y.ntk[points]);
        for (value, (&variance, &ntk)) in values.iter_mut().zip(of_y) {
            *value = rescaled_ntk_difference(*value, x, (factor(variance, ntk), ntk));
        }
    }
}

/// `row *= weight`.
fn scale<T: Real>(weight: f64, row: &mut Row<T>) {
    let weight = T::from_f64(weight);
    for value in row.values.iter_mut().chain(&mut row.ntk) {
        *value *= weight;
    }
}

/// `to += weight * from`.
fn add_scaled<T: Real>(weight: f64, from: &[T], to: &mut [T]) {
    let weight = T::from_f64(weight);
    for (to, &from) in to.iter_mut().zip(from) {
        *to += weight * from;
    }
}

/// One more factor with covariances `factor` and tangent kernels `theta`: $\Theta \leftarrow \Theta c + C\theta$.
fn multiply_ntk<T: Real>(product: &[T], factor: &[T], theta: &[T], ntk: &mut [T]) {
    for (((ntk, &theta), &product), &factor) in ntk.iter_mut().zip(theta).zip(product).zip(factor) {
        *ntk = *ntk * factor + product * theta;
    }
}
