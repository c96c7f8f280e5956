//! Second moments of one input, or of a group of inputs lane by lane, at every state of the spatial part.

use fearless_simd::Level;

use super::attention::AttentionTerms;
use super::evaluator::{Evaluator, Sides};
use super::given_images::GivenImages;
use super::max_pooling::{MaxPooling, MaxPoolingTerms};
use super::mixing::MixingTerms;
use super::program::SpatialProgram;
use super::readout::{Readout, ReadoutTerms};
use super::sampled_attention_terms::SampledAttentionTerms;
use super::sqrt_attention::SqrtAttentionTerms;
use super::stage::{SpatialLayer, Stage};
use crate::KernelError;
use crate::given::Given;
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
    /// Of a part of a network, what is given.
    pub(super) given: GivenImages,
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
    SampledAttention(SampledAttentionTerms),
    MaxPooling(MaxPoolingTerms),
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
            Self::MaxPooling(_) => {
                Self::MaxPooling(MaxPoolingTerms::interleave(&all!(MaxPooling).collect::<Vec<_>>()))
            }
            Self::SampledAttention(_) => Self::SampledAttention(SampledAttentionTerms::interleave(
                &all!(SampledAttention).collect::<Vec<_>>(),
            )),
            Self::SqrtAttention(_) => {
                Self::SqrtAttention(SqrtAttentionTerms::interleave(&all!(SqrtAttention).collect::<Vec<_>>()))
            }
        }
    }
}

impl<T: Real> SpatialTerms<T> {
    /// The terms of at most [`Real::LANES`] inputs.
    ///
    /// Layers that mix positions need the covariances between different positions of an input: all inputs are evaluated against
    /// themselves up to there, one per lane. `first_row` is the place of the first one in the caller's list, for messages.
    ///
    /// # Shapes
    /// - `images`: of each input `[position][channel]`
    /// - `given`: what is given for the caller's whole list
    ///
    /// # Errors
    /// [`KernelError::VarianceOutOfRange`] names the state in which a variance leaves the range of the numbers.
    pub(crate) fn of_images(
        program: &SpatialProgram,
        level: Level,
        first_row: usize,
        images: Vec<Vec<T>>,
        given: &[Given],
    ) -> Result<Vec<Self>, KernelError> {
        let channels = program.input_channels();
        let input = |(values, row): (Vec<T>, usize)| {
            let square = |value: &T| value.to_f64() * value.to_f64();
            let mean_square = |position: &[T]| position.iter().map(square).sum::<f64>() / channels as f64;
            let variance: Vec<f64> = values.chunks_exact(channels).map(mean_square).collect();
            let input = Moments { ntk: vec![0.0; variance.len()], variance, layer: LayerTerms::Nothing };
            let states = Vec::with_capacity(program.states());
            let given = GivenImages::of_row(given, row);
            let mut terms = Self { values, states, readouts: Vec::new(), readout_moments: Vec::new(), given };
            terms.push(input, None, row).map(|()| terms)
        };
        let mut images: Vec<Self> =
            images.into_iter().zip(first_row..).map(input).collect::<Result<_, KernelError>>()?;
        let mut themselves = Themselves { program, level, evaluator: None };
        for stage in &program.stages {
            let moments = Self::moments(&images, stage, &mut themselves);
            for ((image, moments), row) in images.iter_mut().zip(moments).zip(first_row..) {
                image.push(moments, Some(stage), row)?;
            }
        }
        for image in &mut images {
            for &(state, _) in &program.readouts {
                image.readouts.push(ReadoutTerms::new(&image.states[state].terms));
            }
        }
        if program.needs_readout_moments {
            Self::read_out(&mut images, &mut themselves);
        }
        Ok(images)
    }

    /// The terms of [`Real::LANES`] inputs, lane by lane.
    pub(crate) fn of_lanes(lanes: &[&Self]) -> Self {
        debug_assert_eq!(lanes.len(), T::LANES);
        let states = 0..lanes[0].states.len();
        let readouts = 0..lanes[0].readouts.len();
        let state = |index: usize| lanes.iter().map(|terms| &terms.states[index]).collect::<Vec<_>>();
        let readout = |index: usize| lanes.iter().map(|terms| &terms.readouts[index]).collect::<Vec<_>>();
        Self {
            states: states.map(|index| StateTerms::of_lanes(&state(index))).collect(),
            readouts: readouts.map(|index| ReadoutTerms::of_lanes(&readout(index))).collect(),
            ..Self::values_of_lanes(lanes)
        }
    }

    /// The values of inputs, one per lane, without any terms yet.
    fn values_of_lanes(lanes: &[&Self]) -> Self {
        Self {
            values: interleave(&lanes.iter().map(|terms| terms.values.as_slice()).collect::<Vec<_>>()),
            states: Vec::new(),
            readouts: Vec::new(),
            readout_moments: Vec::new(),
            given: GivenImages::of_lanes(&lanes.iter().map(|terms| &terms.given).collect::<Vec<_>>()),
        }
    }

    /// Differences of covariances and of tangent kernels between all positions of every one of these inputs, `[positions, positions, lanes]`.
    pub(super) fn differences_with_themselves(
        program: &SpatialProgram,
        level: Level,
        images: &[Self],
        state: usize,
    ) -> [Vec<T>; 2] {
        Themselves { program, level, evaluator: None }.differences(images, state)
    }

    /// Variances and diagonal tangent kernels of all positions at a state.
    pub(super) fn moments_at(&self, state: usize) -> (&[T], &[T]) {
        let terms = &self.states[state].terms;
        (&terms.variance, &terms.ntk)
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

    /// The moments of all inputs after the layer of a stage.
    fn moments(images: &[Self], stage: &Stage, themselves: &mut Themselves<'_, T>) -> Vec<Moments<T>> {
        match &stage.layer {
            SpatialLayer::Pooling(pooling) => {
                Self::mixed(images, stage, themselves, |variance, ntk| pooling.means(variance, ntk))
            }
            SpatialLayer::Resampling(resampling) => {
                Self::mixed(images, stage, themselves, |variance, ntk| resampling.means(variance, ntk))
            }
            SpatialLayer::Aggregation(aggregation) => {
                Self::mixed(images, stage, themselves, |variance, ntk| aggregation.means(variance, ntk))
            }
            SpatialLayer::MaxPooling(pooling) => {
                let differences = themselves.under_windows(images, stage, pooling);
                let size = pooling.pooling.taps.window_size();
                let moments = |(lane, image): (usize, &Self)| {
                    let StateTerms { terms, ntk, .. } = &image.states[stage.inputs[0]];
                    let difference = |window: usize, i: usize, j: usize| {
                        differences[((window * size + i) * size + j) * T::LANES + lane]
                    };
                    let (terms, variance, ntk) = pooling.terms(terms, ntk, difference);
                    Moments { variance, ntk, layer: LayerTerms::MaxPooling(terms) }
                };
                images.iter().enumerate().map(moments).collect()
            }
            SpatialLayer::Attention(attention) => {
                let [differences, _] = themselves.differences(images, stage.inputs[0]);
                let layer = |(lane, image): (usize, &Self)| {
                    let StateTerms { variance, ntk, .. } = &image.states[stage.inputs[0]];
                    let covariance = |p: usize, q: usize| {
                        let difference = differences[(p * variance.len() + q) * T::LANES + lane];
                        0.5 * (variance[p] + variance[q] - difference.to_f64())
                    };
                    LayerTerms::Attention(attention.terms((variance, ntk), covariance))
                };
                let layers: Vec<LayerTerms<T>> = images.iter().enumerate().map(layer).collect();
                let mixed = themselves.mixed(images, stage, &layers);
                let moments = layers.into_iter().zip(mixed).map(|(mut layer, (difference, ntk))| {
                    let LayerTerms::Attention(terms) = &mut layer else {
                        unreachable!("made above");
                    };
                    let (variance, ntk) = terms.mixing.complete(&difference, &ntk);
                    let after = attention.after();
                    let moments = variance.into_iter().zip(ntk);
                    let (variance, ntk) =
                        moments.map(|(q, theta)| (after.variance(q), after.ntk(q, theta))).unzip();
                    Moments { variance, ntk, layer }
                });
                moments.collect()
            }
            SpatialLayer::SampledAttention(attention) => {
                let [differences, ntk_differences] = themselves.differences(images, stage.inputs[0]);
                let before = images.iter().map(|image| &image.states[stage.inputs[0]]);
                let inputs: Vec<_> = before.map(|state| (&state.terms, state.ntk.as_slice())).collect();
                let all = attention.terms(themselves.level, &inputs, [&differences, &ntk_differences]);
                let moments = all.into_iter().map(|(terms, variance, ntk)| Moments {
                    variance,
                    ntk,
                    layer: LayerTerms::SampledAttention(terms),
                });
                moments.collect()
            }
            SpatialLayer::SqrtAttention(attention) => {
                let input = |image: &'_ Self| {
                    let StateTerms { variance, ntk, .. } = &image.states[stage.inputs[0]];
                    attention.terms(variance, ntk)
                };
                let terms: Vec<SqrtAttentionTerms<T>> = images.iter().map(input).collect();
                let layers: Vec<_> = terms.iter().cloned().map(LayerTerms::SqrtAttention).collect();
                let sums = themselves.sums(images, stage, &layers);
                let moments = images.iter().zip(terms).zip(sums).map(|((image, mut terms), sums)| {
                    let StateTerms { variance, ntk, .. } = &image.states[stage.inputs[0]];
                    let (variance, ntk) = attention.complete(&mut terms, variance, ntk, sums);
                    Moments { variance, ntk, layer: LayerTerms::SqrtAttention(terms) }
                });
                moments.collect()
            }
            _ => images.iter().map(|image| image.moments_alone(stage)).collect(),
        }
    }

    /// The moments after a layer that mixes positions with fixed weights; `means` are the mixing terms of one input without half spreads.
    fn mixed(
        images: &[Self],
        stage: &Stage,
        themselves: &mut Themselves<'_, T>,
        means: impl Fn(&[f64], &[f64]) -> MixingTerms<T>,
    ) -> Vec<Moments<T>> {
        let mixed = themselves.mixed(images, stage, &vec![LayerTerms::Nothing; images.len()]);
        let moments = images.iter().zip(mixed).map(|(image, (difference, ntk_difference))| {
            let StateTerms { variance, ntk, .. } = &image.states[stage.inputs[0]];
            let mut mixing = means(variance, ntk);
            let (variance, ntk) = mixing.complete(&difference, &ntk_difference);
            Moments { variance, ntk, layer: LayerTerms::Mixing(mixing) }
        });
        moments.collect()
    }

    /// The moments after a layer that needs no covariance between different positions.
    fn moments_alone(&self, stage: &Stage) -> Moments<T> {
        let input = &self.states[stage.inputs[0]];
        let all = |field: fn(&StateTerms<T>) -> &[f64]| -> Vec<&[f64]> {
            stage.inputs.iter().map(|&state| field(&self.states[state])).collect()
        };
        let (variances, ntks) = (all(|state| &state.variance), all(|state| &state.ntk));
        let positions = 0..stage.output.len();
        let mut layer = LayerTerms::Nothing;
        let (variance, ntk) = match &stage.layer {
            SpatialLayer::Identity => (input.variance.clone(), input.ntk.clone()),
            SpatialLayer::Given(index) => self.given.moments(*index, stage.output.len()),
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
            SpatialLayer::Pooling(_)
            | SpatialLayer::MaxPooling(_)
            | SpatialLayer::Resampling(_)
            | SpatialLayer::Aggregation(_)
            | SpatialLayer::Attention(_)
            | SpatialLayer::SqrtAttention(_)
            | SpatialLayer::SampledAttention(_) => {
                unreachable!("layers that mix positions have moments of their own")
            }
        };
        Moments { variance, ntk, layer }
    }

    /// Completes readouts, with variances and diagonal tangent kernels of all of them.
    fn read_out(images: &mut [Self], themselves: &mut Themselves<'_, T>) {
        let program = themselves.program;
        let pools = program.readouts.iter().any(|(_, readout)| readout.is_pool());
        let evaluated = if pools { themselves.evaluate(images) } else { Vec::new() };
        for (lane, image) in images.iter_mut().enumerate() {
            for (readout, of_readout) in image.readouts.iter_mut().zip(&evaluated) {
                let [of_covariance, of_ntk] = of_readout[lane].half_spreads;
                readout.covariance.half_spread = vec![of_covariance];
                readout.ntk.half_spread = vec![of_ntk];
            }
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let moments =
                program.readouts.iter().enumerate().map(|(index, &(state, readout))| match readout {
                    Readout::Flatten => (mean(&image.states[state].variance), mean(&image.states[state].ntk)),
                    Readout::GlobalAveragePool | Readout::GlobalSumPool | Readout::GroupPool { .. } => {
                        evaluated[index][lane].moments
                    }
                });
            image.readout_moments = moments.collect();
        }
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

/// Evaluates inputs against themselves, one per lane, as far as their terms are known.
struct Themselves<'a, T: Real> {
    program: &'a SpatialProgram,
    level: Level,
    /// Made when they are needed first: slices of the states so far, and the terms that are known, lane by lane.
    evaluator: Option<(Evaluator<'a, T>, SpatialTerms<T>)>,
}

/// A readout of one input with itself.
struct ReadItself {
    /// Covariance and tangent kernel.
    moments: (f64, f64),
    /// Half the means of the differences of both.
    half_spreads: [f64; 2],
}

/// One item per lane; lanes without an input of their own repeat the last one.
fn in_all_lanes<T: Real, I>(items: &[I]) -> Vec<&I> {
    (0..T::LANES).map(|lane| &items[lane.min(items.len() - 1)]).collect()
}

impl<'a, T: Real> Themselves<'a, T> {
    fn with<R>(
        &mut self,
        images: &[SpatialTerms<T>],
        run: impl FnOnce(&mut Evaluator<'a, T>, Sides<'_, T>) -> R,
    ) -> R {
        let images = in_all_lanes::<T, _>(images);
        let new = || (Evaluator::new(self.program, self.level, true), SpatialTerms::values_of_lanes(&images));
        let (evaluator, lanes) = self.evaluator.get_or_insert_with(new);
        for state in lanes.states.len()..images[0].states.len() {
            let of_lanes: Vec<_> = images.iter().map(|image| &image.states[state]).collect();
            lanes.states.push(StateTerms::of_lanes(&of_lanes));
        }
        let readout = |readout: usize| {
            ReadoutTerms::of_lanes(&images.iter().map(|image| &image.readouts[readout]).collect::<Vec<_>>())
        };
        lanes.readouts = (0..images[0].readouts.len()).map(readout).collect();
        run(evaluator, Sides { x: lanes, y: lanes, itself: true })
    }

    /// $D$ of covariances and of tangent kernels of a mixing stage, at every output position of each input; `layers` is what the
    /// layer keeps of them.
    fn mixed(
        &mut self,
        images: &[SpatialTerms<T>],
        stage: &Stage,
        layers: &[LayerTerms<T>],
    ) -> Vec<(Vec<T>, Vec<T>)> {
        let layer = LayerTerms::of_lanes(&in_all_lanes::<T, _>(layers));
        let (difference, ntk_difference) =
            self.with(images, |evaluator, sides| evaluator.mixed_with_themselves(stage, &layer, sides));
        let of_lane =
            |values: &[T], lane: usize| values.iter().skip(lane).step_by(T::LANES).copied().collect();
        (0..images.len()).map(|lane| (of_lane(&difference, lane), of_lane(&ntk_difference, lane))).collect()
    }

    /// Differences under the windows of a max-pooling stage, `[windows, taps, taps, lanes]`.
    fn under_windows(&mut self, images: &[SpatialTerms<T>], stage: &Stage, pooling: &MaxPooling) -> Vec<f64> {
        self.with(images, |evaluator, sides| evaluator.under_windows_of_themselves(stage, pooling, sides))
    }

    /// $S$ and $N$ of an attention stage, for each input.
    fn sums(
        &mut self,
        images: &[SpatialTerms<T>],
        stage: &Stage,
        layers: &[LayerTerms<T>],
    ) -> Vec<(f64, f64)> {
        let layer = LayerTerms::of_lanes(&in_all_lanes::<T, _>(layers));
        self.with(images, |evaluator, sides| {
            let sums = evaluator.sums_with_themselves(stage, &layer, sides);
            sums.covariance.iter().copied().zip(sums.ntk.iter().copied()).collect()
        })
    }

    /// Differences of covariances and of tangent kernels between the positions of a state, `[positions, positions, lanes]`.
    fn differences(&mut self, images: &[SpatialTerms<T>], state: usize) -> [Vec<T>; 2] {
        self.with(images, |evaluator, sides| evaluator.differences_of(state, sides))
    }

    /// All readouts, per readout and lane.
    fn evaluate(&mut self, images: &[SpatialTerms<T>]) -> Vec<Vec<ReadItself>> {
        self.with(images, |evaluator, sides| {
            let moments: Vec<Vec<(f64, f64)>> = evaluator
                .evaluate_sides(sides)
                .iter()
                .map(|values| {
                    let both = values.values.iter().zip(&values.ntk);
                    both.map(|(value, ntk)| (value.to_f64(), ntk.to_f64())).collect()
                })
                .collect();
            let of_readout = |(moments, half_spreads): (Vec<(f64, f64)>, &Vec<[f64; 2]>)| {
                let lanes = moments.into_iter().zip(half_spreads);
                lanes.map(|(moments, &half_spreads)| ReadItself { moments, half_spreads }).collect()
            };
            moments.into_iter().zip(evaluator.half_spreads()).map(of_readout).collect()
        })
    }
}
