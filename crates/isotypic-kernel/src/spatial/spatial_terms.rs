//! Second moments of one input, or of a group of inputs lane by lane, at every state of the spatial part.

use fearless_simd::Level;

use super::attention::AttentionTerms;
use super::evaluator::{Evaluator, Sides};
use super::mixing::MixingTerms;
use super::program::SpatialProgram;
use super::readout::{Readout, ReadoutTerms};
use super::sqrt_attention::SqrtAttentionTerms;
use super::stage::{SpatialLayer, Stage};
use crate::KernelError;
use crate::layer_norm::layer_norm_factor;
use crate::real::Real;
use crate::terms::{Terms, interleave, rounded_variance};

/// Terms of the positions of one input, or of [`Real::LANES`] inputs with the lanes interleaved.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpatialTerms<T: Real> {
    /// Input values, `[position][channel]`; with lanes `[position][channel][lane]`.
    pub(super) values: Vec<T>,
    /// Per state.
    pub(super) states: Vec<StateTerms<T>>,
    /// Per readout.
    pub(super) readouts: Vec<ReadoutTerms>,
    /// Per readout the variance and the diagonal tangent kernel, if the program needs them.
    pub(crate) readout_moments: Vec<(f64, f64)>,
}

/// Terms of one state.
#[derive(Debug, Clone, Default)]
pub(super) struct StateTerms<T: Real> {
    /// In `f64`; of a single input only.
    variance: Vec<f64>,
    /// Diagonal tangent kernels in `f64`; of a single input only.
    ntk: Vec<f64>,
    /// Before the nonlinearity of the stage, if it has one.
    pub(super) before: Option<Terms<T>>,
    /// Of the state itself.
    pub(super) terms: Terms<T>,
    pub(super) layer: LayerTerms<T>,
}

/// What a layer keeps of its own.
#[derive(Debug, Clone, Default)]
pub(super) enum LayerTerms<T: Real> {
    #[default]
    Nothing,
    /// Factors of tangent kernels.
    Factors(Vec<T>),
    Mixing(MixingTerms<T>),
    Attention(AttentionTerms<T>),
    SqrtAttention(SqrtAttentionTerms<T>),
}

/// What a layer makes of the second moments of one input.
struct Moments<T: Real> {
    variance: Vec<f64>,
    ntk: Vec<f64>,
    layer: LayerTerms<T>,
}

impl<T: Real> StateTerms<T> {
    /// Before the nonlinearity of the stage; of the state itself if it has none.
    pub(super) fn before(&self) -> &Terms<T> {
        self.before.as_ref().unwrap_or(&self.terms)
    }

    fn of_lanes(lanes: &[&Self]) -> Self {
        let before: Option<Vec<&Terms<T>>> = lanes.iter().map(|state| state.before.as_ref()).collect();
        Self {
            variance: Vec::new(),
            ntk: Vec::new(),
            before: before.map(|before| Terms::interleave(&before)),
            terms: Terms::interleave(&lanes.iter().map(|state| &state.terms).collect::<Vec<_>>()),
            layer: LayerTerms::of_lanes(&lanes.iter().map(|state| &state.layer).collect::<Vec<_>>()),
        }
    }
}

impl<T: Real> LayerTerms<T> {
    pub(super) fn of_lanes(lanes: &[&Self]) -> Self {
        /// The contents of all lanes, which are of one kind.
        macro_rules! all {
            ($kind:ident) => {
                lanes.iter().filter_map(|lane| if let Self::$kind(terms) = lane { Some(terms) } else { None })
            };
        }
        match lanes[0] {
            Self::Nothing => Self::Nothing,
            Self::Factors(_) => {
                Self::Factors(interleave(&all!(Factors).map(Vec::as_slice).collect::<Vec<_>>()))
            }
            Self::Mixing(_) => Self::Mixing(MixingTerms::interleave(&all!(Mixing).collect::<Vec<_>>())),
            Self::Attention(_) => {
                Self::Attention(AttentionTerms::interleave(&all!(Attention).collect::<Vec<_>>()))
            }
            Self::SqrtAttention(_) => {
                Self::SqrtAttention(SqrtAttentionTerms::interleave(&all!(SqrtAttention).collect::<Vec<_>>()))
            }
        }
    }
}

impl<T: Real> SpatialTerms<T> {
    /// The terms of one input.
    ///
    /// Layers that mix positions need the covariances between different positions of the input: it is evaluated against itself up
    /// to there. `row` is its place in the caller's list, for messages.
    ///
    /// # Shapes
    /// - `values`: `[position][channel]`
    ///
    /// # Errors
    /// [`KernelError::VarianceOutOfRange`] names the state in which a variance leaves the range of the numbers.
    pub(crate) fn of_image(
        program: &SpatialProgram,
        level: Level,
        row: usize,
        values: &[T],
    ) -> Result<Self, KernelError> {
        let channels = program.input_channels();
        let square = |value: &T| value.to_f64() * value.to_f64();
        let mean_square = |position: &[T]| position.iter().map(square).sum::<f64>() / channels as f64;
        let variance: Vec<f64> = values.chunks_exact(channels).map(mean_square).collect();
        let input = Moments { ntk: vec![0.0; variance.len()], variance, layer: LayerTerms::Nothing };
        let mut terms = Self {
            values: values.to_vec(),
            states: Vec::with_capacity(program.states()),
            readouts: Vec::new(),
            readout_moments: Vec::new(),
        };
        terms.push(input, None, row)?;
        let mut itself = Itself { program, level, evaluator: None };
        for stage in &program.stages {
            let moments = terms.moments(stage, &mut itself);
            terms.push(moments, Some(stage), row)?;
        }
        for &(state, _) in &program.readouts {
            terms.readouts.push(ReadoutTerms::new(&terms.states[state].terms));
        }
        if program.needs_readout_moments {
            terms.readout_moments = terms.read_out(&mut itself);
        }
        Ok(terms)
    }

    /// The terms of [`Real::LANES`] inputs, lane by lane.
    pub(crate) fn of_lanes(lanes: &[&Self]) -> Self {
        debug_assert_eq!(lanes.len(), T::LANES);
        let states = 0..lanes[0].states.len();
        let readouts = 0..lanes[0].readouts.len();
        let state = |index: usize| lanes.iter().map(|terms| &terms.states[index]).collect::<Vec<_>>();
        let readout = |index: usize| lanes.iter().map(|terms| &terms.readouts[index]).collect::<Vec<_>>();
        Self {
            values: interleave(&lanes.iter().map(|terms| terms.values.as_slice()).collect::<Vec<_>>()),
            states: states.map(|index| StateTerms::of_lanes(&state(index))).collect(),
            readouts: readouts.map(|index| ReadoutTerms::of_lanes(&readout(index))).collect(),
            readout_moments: Vec::new(),
        }
    }

    /// The values of this input in every lane, without any terms yet.
    fn values_in_all_lanes(&self) -> Self {
        Self {
            values: interleave(&vec![self.values.as_slice(); T::LANES]),
            states: Vec::new(),
            readouts: Vec::new(),
            readout_moments: Vec::new(),
        }
    }

    /// How many times larger readouts would be, of covariances and of tangent kernels, if all pairs of positions had the mean value of
    /// equal positions; 1 without pooling, the largest of all readouts.
    pub(crate) fn pooling_losses(&self, program: &SpatialProgram) -> [f64; 2] {
        let mut losses = [1.0_f64; 2];
        for ((&(state, readout), terms), &(nngp, ntk)) in
            program.readouts.iter().zip(&self.readouts).zip(&self.readout_moments)
        {
            let unpooled = terms.unpooled(readout, program.grid(state).len());
            for ((loss, unpooled), value) in losses.iter_mut().zip(unpooled).zip([nngp, ntk]) {
                if value > 0.0 {
                    *loss = loss.max(unpooled / value);
                }
            }
        }
        losses
    }

    /// Variances of all states before and after every nonlinearity, with the state: what approximations are judged by.
    pub(crate) fn variances_before(&self, state: usize) -> &[T] {
        &self.states[state].before().variance
    }

    /// Adds a state: the moments after a layer, then those after the nonlinearity.
    fn push(&mut self, moments: Moments<T>, stage: Option<&Stage>, row: usize) -> Result<(), KernelError> {
        let rounded =
            |variances: Vec<f64>| -> Vec<f64> { variances.into_iter().map(rounded_variance).collect() };
        let Moments { variance, mut ntk, layer } = moments;
        let mut variance = rounded(variance);
        let mut before = None;
        if let Some(nonlinearity) = stage.and_then(|stage| stage.nonlinearity.as_ref()) {
            before = Some(Terms::new(variance.iter().copied().zip(ntk.iter().copied())));
            for (theta, &q) in ntk.iter_mut().zip(&variance) {
                *theta *= nonlinearity.derivative_variance(q);
            }
            variance = rounded(variance.into_iter().map(|q| nonlinearity.variance(q)).collect());
        }
        let terms: Terms<T> = Terms::new(variance.iter().copied().zip(ntk.iter().copied()));
        let state = self.states.len();
        let all = before.iter().chain([&terms]).flat_map(|terms| &terms.variance);
        if let Some(q) = all.map(|q| q.to_f64()).find(|q| !q.is_finite()) {
            return Err(KernelError::VarianceOutOfRange { row, state, variance: q });
        }
        self.states.push(StateTerms { variance, ntk, before, terms, layer });
        Ok(())
    }

    /// The moments after the layer of a stage.
    fn moments(&self, stage: &Stage, itself: &mut Itself<'_, T>) -> Moments<T> {
        let input = &self.states[stage.inputs[0]];
        let all = |field: fn(&StateTerms<T>) -> &[f64]| -> Vec<&[f64]> {
            stage.inputs.iter().map(|&state| field(&self.states[state])).collect()
        };
        let (variances, ntks) = (all(|state| &state.variance), all(|state| &state.ntk));
        let positions = 0..stage.output.len();
        let mut layer = LayerTerms::Nothing;
        let (variance, ntk) = match &stage.layer {
            SpatialLayer::Identity => (input.variance.clone(), input.ntk.clone()),
            SpatialLayer::Convolution(convolution) | SpatialLayer::Local(convolution) => {
                let affine = convolution.affine;
                let means = convolution.mean(&input.variance);
                let of_mean = |&mean: &f64| rounded_variance(affine.covariance(mean));
                let variance: Vec<f64> = means.iter().map(of_mean).collect();
                let ntk = convolution.mean(&input.ntk);
                let ntk = ntk.iter().zip(&variance).map(|(&theta, &q)| affine.ntk(q, theta)).collect();
                (variance, ntk)
            }
            SpatialLayer::Combination(weights) => {
                let sum = |all: &[&[f64]]| {
                    let at =
                        |p: usize| weights.iter().zip(all).map(|(weight, values)| weight * values[p]).sum();
                    positions.clone().map(at).collect::<Vec<f64>>()
                };
                (sum(&variances), sum(&ntks))
            }
            SpatialLayer::Product => {
                let at = |p: usize| {
                    variances.iter().zip(&ntks).fold((1.0, 0.0), |(product, ntk), (q, theta)| {
                        (product * q[p], ntk * q[p] + product * theta[p])
                    })
                };
                positions.map(at).unzip()
            }
            SpatialLayer::Concatenation(concatenation) => {
                (concatenation.join(&variances), concatenation.join(&ntks))
            }
            SpatialLayer::LayerNorm { groups, epsilon } => {
                let factors = layer_norm_factors(groups, *epsilon, &input.variance, &input.ntk);
                let scaled = |values: &[f64]| -> Vec<f64> {
                    values.iter().zip(&factors).map(|(value, factor)| value * factor * factor).collect()
                };
                let moments = (scaled(&input.variance), scaled(&input.ntk));
                layer = LayerTerms::Factors(factors.into_iter().map(T::from_f64).collect());
                moments
            }
            SpatialLayer::Dropout { keep_rate } => {
                let divided = |values: &[f64]| values.iter().map(|value| value / keep_rate).collect();
                let factor = T::from_f64(keep_rate.sqrt().recip());
                layer = LayerTerms::Factors(vec![factor; stage.output.len()]);
                (divided(&input.variance), divided(&input.ntk))
            }
            SpatialLayer::Pooling(pooling) => {
                let mut mixing = pooling.means(&input.variance, &input.ntk);
                let (difference, ntk) = itself.mixed(self, stage, &layer);
                let moments = mixing.complete(&difference, &ntk);
                layer = LayerTerms::Mixing(mixing);
                moments
            }
            SpatialLayer::Resampling(resampling) => {
                let mut mixing = resampling.means(&input.variance, &input.ntk);
                let (difference, ntk) = itself.mixed(self, stage, &layer);
                let moments = mixing.complete(&difference, &ntk);
                layer = LayerTerms::Mixing(mixing);
                moments
            }
            SpatialLayer::Aggregation(aggregation) => {
                let mut mixing = aggregation.means(&input.variance, &input.ntk);
                let (difference, ntk) = itself.mixed(self, stage, &layer);
                let moments = mixing.complete(&difference, &ntk);
                layer = LayerTerms::Mixing(mixing);
                moments
            }
            SpatialLayer::Attention(attention) => {
                let covariance = itself.covariance(self, stage.inputs[0]);
                let mut terms = attention.terms((&input.variance, &input.ntk), covariance);
                let (difference, ntk) = itself.mixed(self, stage, &LayerTerms::Attention(terms.clone()));
                let (variance, ntk) = terms.mixing.complete(&difference, &ntk);
                layer = LayerTerms::Attention(terms);
                let after = attention.after();
                let moments = variance.into_iter().zip(ntk);
                moments.map(|(q, theta)| (after.variance(q), after.ntk(q, theta))).unzip()
            }
            SpatialLayer::SqrtAttention(attention) => {
                let terms = attention.terms(&input.variance, &input.ntk);
                layer = LayerTerms::SqrtAttention(terms.clone());
                let sums = itself.sums(self, stage, &layer);
                let mut terms = terms;
                let moments = attention.complete(&mut terms, &input.variance, &input.ntk, sums);
                layer = LayerTerms::SqrtAttention(terms);
                moments
            }
        };
        Moments { variance, ntk, layer }
    }

    /// Variances and diagonal tangent kernels of all readouts.
    fn read_out(&mut self, itself: &mut Itself<'_, T>) -> Vec<(f64, f64)> {
        let program = itself.program;
        let pools = program.readouts.iter().any(|(_, readout)| readout.is_pool());
        let mut evaluated = Vec::new();
        if pools {
            let half_spreads;
            (evaluated, half_spreads) = itself.evaluate(self);
            for (readout, [of_covariance, of_ntk]) in self.readouts.iter_mut().zip(half_spreads) {
                readout.covariance.half_spread = vec![of_covariance];
                readout.ntk.half_spread = vec![of_ntk];
            }
        }
        let flatten = |state: &StateTerms<T>| {
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            (mean(&state.variance), mean(&state.ntk))
        };
        let moments = program.readouts.iter().enumerate().map(|(index, &(state, readout))| match readout {
            Readout::Flatten => flatten(&self.states[state]),
            Readout::GlobalAveragePool | Readout::GlobalSumPool | Readout::GroupPool { .. } => {
                evaluated[index]
            }
        });
        moments.collect()
    }
}

/// The factor of each position, where the variances of its group are averaged.
fn layer_norm_factors(groups: &[usize], epsilon: f64, variances: &[f64], ntks: &[f64]) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); variances.len()];
    for (&group, q) in groups.iter().zip(variances) {
        sums[group] = (sums[group].0 + q, sums[group].1 + 1.0);
    }
    let points = variances.iter().copied().zip(ntks.iter().copied());
    groups
        .iter()
        .zip(points)
        .map(|(&group, point)| layer_norm_factor(sums[group].0 / sums[group].1, epsilon, point))
        .collect()
}

/// Evaluates one input against itself, as far as its terms are known.
struct Itself<'a, T: Real> {
    program: &'a SpatialProgram,
    level: Level,
    /// Made when they are needed first: slices of the states so far, and the terms that are known, in every lane.
    evaluator: Option<(Evaluator<'a, T>, SpatialTerms<T>)>,
}

impl<'a, T: Real> Itself<'a, T> {
    fn with<R>(
        &mut self,
        terms: &SpatialTerms<T>,
        run: impl FnOnce(&mut Evaluator<'a, T>, Sides<'_, T>) -> R,
    ) -> R {
        let new = || (Evaluator::new(self.program, self.level, true), terms.values_in_all_lanes());
        let (evaluator, lanes) = self.evaluator.get_or_insert_with(new);
        let unknown = &terms.states[lanes.states.len()..];
        lanes.states.extend(unknown.iter().map(|state| StateTerms::of_lanes(&vec![state; T::LANES])));
        lanes.readouts =
            terms.readouts.iter().map(|readout| ReadoutTerms::of_lanes(&vec![readout; T::LANES])).collect();
        run(evaluator, Sides { x: terms, y: lanes, itself: true })
    }

    /// $D$ of covariances and of tangent kernels of a mixing stage, at every output position.
    fn mixed(&mut self, terms: &SpatialTerms<T>, stage: &Stage, layer: &LayerTerms<T>) -> (Vec<T>, Vec<T>) {
        self.with(terms, |evaluator, sides| evaluator.mixed_with_itself(stage, layer, sides))
    }

    /// $S$ and $N$ of an attention stage.
    fn sums(&mut self, terms: &SpatialTerms<T>, stage: &Stage, layer: &LayerTerms<T>) -> (f64, f64) {
        self.with(terms, |evaluator, sides| evaluator.sums_with_itself(stage, layer, sides))
    }

    /// Covariances between the positions of a state.
    fn covariance(&mut self, terms: &SpatialTerms<T>, state: usize) -> impl Fn(usize, usize) -> f64 + use<T> {
        let differences = self.with(terms, |evaluator, sides| evaluator.differences_of(state, sides));
        let variance = terms.states[state].variance.clone();
        move |p, q| 0.5 * (variance[p] + variance[q] - differences[p * variance.len() + q])
    }

    /// Covariances and tangent kernels of all readouts, and half the means of the differences.
    fn evaluate(&mut self, terms: &SpatialTerms<T>) -> (Vec<(f64, f64)>, Vec<[f64; 2]>) {
        self.with(terms, |evaluator, sides| {
            let values = evaluator.evaluate_sides(sides).iter();
            let moments = values.map(|values| (values.values[0].to_f64(), values.ntk[0].to_f64())).collect();
            (moments, evaluator.half_spreads().to_vec())
        })
    }
}
