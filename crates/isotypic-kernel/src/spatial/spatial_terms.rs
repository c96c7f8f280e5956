//! Second moments of one image, or of a group of images lane by lane, at every stage of the spatial part.

use super::program::SpatialProgram;
use crate::nonlinearity::LANES;
use crate::terms::{Terms, interleave};

/// Terms of the positions of one image, or of [`LANES`] images with the lanes interleaved.
#[derive(Debug, Clone)]
pub(crate) struct SpatialTerms {
    /// Input values, `[position][channel]`; with lanes `[position][channel][lane]`.
    pub(crate) values: Vec<f64>,
    /// Variance of the input per position: mean square over channels.
    pub(crate) variance: Vec<f64>,
    /// Per stage.
    pub(crate) stages: Vec<StageTerms>,
    /// Largest root of a variance and largest diagonal tangent kernel at the end, per image.
    pub(crate) bounds: Vec<SpatialBounds>,
}

/// Terms around one stage.
#[derive(Debug, Clone)]
pub(crate) struct StageTerms {
    /// After the affine layer.
    pub(crate) affine: Terms,
    /// After the nonlinearity, if the stage has one.
    pub(crate) mapped: Option<Terms>,
}

/// Bounds by the Cauchy–Schwarz inequality: a covariance (a tangent kernel) of two images is at most the product of theirs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpatialBounds {
    /// $\max_p \sqrt{q_p}$ at the end of the spatial part.
    pub(crate) root: f64,
    /// $\max_p \sqrt{\Theta_{pp}}$ at the end of the spatial part.
    pub(crate) ntk_root: f64,
}

impl StageTerms {
    /// After the whole stage.
    pub(crate) fn output(&self) -> &Terms {
        self.mapped.as_ref().unwrap_or(&self.affine)
    }
}

impl SpatialTerms {
    /// The terms of one image.
    ///
    /// # Shapes
    /// - `values`: `[position][channel]`
    pub(crate) fn of_image(program: &SpatialProgram, values: &[f64]) -> Self {
        let channels = program.channels;
        let variance: Vec<f64> = values
            .chunks_exact(channels)
            .map(|position| position.iter().map(|v| v * v).sum::<f64>() / channels as f64)
            .collect();
        let mut stages: Vec<StageTerms> = Vec::with_capacity(program.stages.len());
        // Diagonal tangent kernels of every state.
        let mut ntks = vec![vec![0.0; variance.len()]];
        for stage in &program.stages {
            let input = stage.input.checked_sub(1).map_or(&variance, |last| &stages[last].output().variance);
            let convolution = &stage.convolution;
            let new: Vec<f64> =
                convolution.mean(input).iter().map(|&q| convolution.affine.covariance(q)).collect();
            let mut ntk: Vec<f64> = convolution
                .mean(&ntks[stage.input])
                .iter()
                .zip(&new)
                .map(|(&theta, &q)| convolution.affine.ntk(q, theta))
                .collect();
            let affine = Terms::from_variances(new);
            let mapped = stage.nonlinearity.as_ref().map(|nonlinearity| {
                for (theta, &q) in ntk.iter_mut().zip(&affine.variance) {
                    *theta *= nonlinearity.derivative_variance(q);
                }
                Terms::from_variances(affine.variance.iter().map(|&q| nonlinearity.variance(q)))
            });
            stages.push(StageTerms { affine, mapped });
            ntks.push(ntk);
        }
        let last = program.end.checked_sub(1).map_or(&variance, |last| &stages[last].output().variance);
        let largest = |values: &[f64]| values.iter().copied().fold(0.0, f64::max).sqrt();
        let bounds = vec![SpatialBounds { root: largest(last), ntk_root: largest(&ntks[program.end]) }];
        Self { values: values.to_vec(), variance, stages, bounds }
    }

    /// The terms of [`LANES`] images, lane by lane.
    pub(crate) fn of_lanes(images: [&Self; LANES]) -> Self {
        let by = |field: fn(&Self) -> &[f64]| interleave(&images.map(field));
        let terms = |field: &dyn Fn(&Self) -> &Terms| Terms::interleave(&images.map(field));
        let stages = (0..images[0].stages.len())
            .map(|stage| StageTerms {
                affine: terms(&|image: &Self| &image.stages[stage].affine),
                mapped: images[0].stages[stage]
                    .mapped
                    .is_some()
                    .then(|| terms(&|image: &Self| image.stages[stage].output())),
            })
            .collect();
        Self {
            values: by(|image| &image.values),
            variance: by(|image| &image.variance),
            stages,
            bounds: images.iter().map(|image| image.bounds[0]).collect(),
        }
    }

    /// Variances of the given state.
    pub(crate) fn variance_of(&self, state: usize) -> &[f64] {
        match state.checked_sub(1) {
            Some(stage) => &self.stages[stage].output().variance,
            None => &self.variance,
        }
    }
}
