//! The chain of scalar layers, run in place on rows of pairs.

use fearless_simd::Level;

use crate::affine::Affine;
use crate::nonlinearity::{LANES, Nonlinearity, PairRun};
use crate::pair_geometry::{
    Ends, affine_on_gaps, affine_on_ntk, covariances_to_gaps, gaps_to_covariances, layer_norm_on_ntk,
};
use crate::terms::Terms;

/// One scalar layer.
#[derive(Debug)]
pub(crate) enum ScalarStep {
    Affine(Affine),
    Nonlinearity(Box<dyn Nonlinearity>),
    /// Layer normalisation: $\Sigma \leftarrow \Sigma / \sqrt{(q_x + \varepsilon)(q_y + \varepsilon)}$, and $\Theta$ alike.
    LayerNorm {
        /// $\varepsilon$.
        epsilon: f64,
    },
}

/// The form in which the pairs of a row are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Covariances; variances are not needed until a nonlinearity comes.
    Covariance,
    /// Cosine gaps.
    CosineGap,
}

/// The scalar layers in order.
#[derive(Debug, Default)]
pub(crate) struct ScalarProgram {
    pub(crate) steps: Vec<ScalarStep>,
}

/// Where a row of pairs starts on its two sides, for every state before, between and after the steps.
pub(crate) struct RowEnds<'a> {
    /// Per state, the one point of the row, repeated once per group.
    pub(crate) x: &'a [Terms],
    /// Per state, all column points.
    pub(crate) y: &'a [Terms],
    /// Columns of this row within `y`.
    pub(crate) columns: std::ops::Range<usize>,
}

impl<'a> RowEnds<'a> {
    fn at(&self, state: usize) -> Ends<'a> {
        let x = &self.x[state];
        let y = &self.y[state];
        Ends { x: x.view(0, self.columns.len() / LANES), y: y.view(self.columns.start, self.columns.end) }
    }
}

impl ScalarProgram {
    /// Whether a nonlinearity or a normalisation follows, so that variances are needed.
    pub(crate) fn needs_variances(&self) -> bool {
        self.steps.iter().any(|step| !matches!(step, ScalarStep::Affine(_)))
    }

    /// The terms of every state, given those of the input state.
    pub(crate) fn states(&self, input: Terms) -> Vec<Terms> {
        let mut states = vec![input];
        for step in &self.steps {
            let last = &states[states.len() - 1].variance;
            let next: Vec<f64> = match step {
                ScalarStep::Affine(affine) => last.iter().map(|&q| affine.covariance(q)).collect(),
                ScalarStep::Nonlinearity(nonlinearity) => {
                    last.iter().map(|&q| nonlinearity.variance(q)).collect()
                }
                ScalarStep::LayerNorm { epsilon } => last.iter().map(|&q| q / (q + epsilon)).collect(),
            };
            states.push(Terms::from_variances(next));
        }
        states
    }

    /// Carries a row through all steps; ends with covariances (and tangent kernels).
    ///
    /// `values` holds pairs in the given form, a multiple of [`LANES`]; `ends` may be `None` if no variances are needed and the form
    /// is [`Form::Covariance`].
    pub(crate) fn run(
        &self,
        level: Level,
        mut form: Form,
        ends: Option<&RowEnds<'_>>,
        values: &mut [f64],
        mut ntk: Option<&mut [f64]>,
    ) {
        for (state, step) in self.steps.iter().enumerate() {
            match (step, form, ends) {
                (ScalarStep::Affine(affine), Form::Covariance, _) => {
                    for value in values.iter_mut() {
                        *value = affine.covariance(*value);
                    }
                    if let Some(ntk) = ntk.as_deref_mut() {
                        for (ntk, &covariance) in ntk.iter_mut().zip(values.iter()) {
                            *ntk = affine.ntk(covariance, *ntk);
                        }
                    }
                }
                (ScalarStep::Affine(affine), Form::CosineGap, Some(ends)) => {
                    affine_on_gaps(level, affine, ends.at(state), ends.at(state + 1), values);
                    if let Some(ntk) = ntk.as_deref_mut() {
                        affine_on_ntk(level, affine, ends.at(state + 1), values, ntk);
                    }
                }
                (ScalarStep::LayerNorm { epsilon }, _, Some(row)) => {
                    let ends = row.at(state);
                    if form == Form::Covariance {
                        covariances_to_gaps(level, ends, values);
                        form = Form::CosineGap;
                    }
                    // Lengths change, angles do not.
                    if let Some(ntk) = ntk.as_deref_mut() {
                        layer_norm_on_ntk(level, *epsilon, ends, ntk);
                    }
                }
                (ScalarStep::Nonlinearity(nonlinearity), _, Some(row)) => {
                    let (ends, after) = (row.at(state), row.at(state + 1));
                    if form == Form::Covariance {
                        covariances_to_gaps(level, ends, values);
                        form = Form::CosineGap;
                    }
                    nonlinearity.map(
                        level,
                        PairRun {
                            x: ends.x.mapped_to(after.x),
                            y: ends.y.mapped_to(after.y),
                            cosine_gap: values,
                            ntk: ntk.as_deref_mut(),
                        },
                    );
                }
                (_, _, None) => unreachable!("terms are prepared wherever a step needs them"),
            }
        }
        if let (Form::CosineGap, Some(ends)) = (form, ends) {
            gaps_to_covariances(level, ends.at(self.steps.len()), values);
        }
    }
}
