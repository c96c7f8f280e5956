//! How far finite networks are from their kernel, width by width.
//!
//! The mean over networks of one width $n$, after as many steps of gradient descent as the kernel, is off by a bias of order $1/n$ (Dyer
//! & Gur-Ari 2020, arXiv 1909.11304; Huang & Yau 2020, arXiv 1909.08156); the mean over finitely many of them also by noise,
//! which the spread among them tells.

use isotypic_report::{WidthReport, WidthResult};
use isotypic_work::Monitor;
use ndarray::Array1;

use super::{EnsembleRuns, EnsembleTraining, train_tasks};
use crate::audit::{Job, Part, Task, network, regression_tasks, trainable};
use crate::{AuditSettings, Error};

/// What is compared with the kernel: ensembles on the pairs of an audit, without the held-out points, asked about those.
#[derive(Clone, Debug)]
pub struct WidthSettings {
    /// One architecture, one group, one number of poses, some pairs of seeds.
    pub audit: AuditSettings,
    /// Channels of hidden layers, in place of those of `training`.
    pub widths: Vec<usize>,
    /// How networks are trained; without momentum, training time is what steps add up to.
    pub training: EnsembleTraining,
}

impl WidthSettings {
    /// Refuses what cannot be compared, before anything is computed.
    ///
    /// # Errors
    /// [`Error::Settings`] for another number of architectures or numbers of poses than one, for widths that are not distinct positive
    /// numbers and for a single network; as [`check_training`](super::check_training).
    pub fn check(&self) -> Result<(), Error> {
        self.prepared().map(|_| ())
    }

    /// The audit, prepared and checked.
    fn prepared(&self) -> Result<Job, Error> {
        let mut widths = self.widths.clone();
        widths.sort_unstable();
        widths.dedup();
        if widths.len() != self.widths.len() || widths.first().is_none_or(|&width| width == 0) {
            return Err(Error::settings(
                "widths: expected distinct positive numbers",
                "pass `--widths 64,128,256`",
            ));
        }
        if self.training.networks < 2 {
            return Err(Error::settings(
                format!(
                    "networks: expected at least 2, whose spread tells the noise, got {}",
                    self.training.networks
                ),
                "pass `--networks 16`",
            ));
        }
        let job = trainable(&self.audit, &self.training)?;
        only_part(&job)?;
        Ok(job)
    }

    /// Trains an ensemble for every width.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`Error::Train`] where networks diverge or training is stopped.
    pub fn run(&self, monitor: &Monitor) -> Result<WidthReport, Error> {
        let job = self.prepared()?;
        let mut runs = EnsembleRuns::open(&self.training)?;
        let mut widths = self.widths.clone();
        widths.sort_unstable();
        let (task, part) = only_part(&job)?;
        let question = &job.questions[part.question];
        let tasks: Vec<_> =
            regression_tasks(&job, (task, part), monitor)?.into_iter().map(|(task, ..)| task).collect();
        let (mut results, mut biases, mut step_effect) = (Vec::new(), Vec::new(), 0.0);
        for &width in &widths {
            let training = EnsembleTraining { width, ..self.training.clone() };
            let network = network(&job, task.subject, &training)?;
            let name = format!("{} of width {width}", job.architectures[task.subject].name);
            let outcomes = train_tasks(&network, &tasks, &training, (&name, &mut runs), monitor)?;
            let difference: Array1<f64> =
                outcomes.iter().flat_map(|outcome| (&outcome.mean - &outcome.kernel).into_iter()).collect();
            let error: Array1<f64> =
                outcomes.iter().flat_map(|outcome| outcome.standard_error.iter().copied()).collect();
            let effect: Array1<f64> = outcomes
                .iter()
                .flat_map(|outcome| match &outcome.flow {
                    Some(flow) => (flow - &outcome.kernel).into_iter().collect::<Vec<_>>(),
                    None => vec![0.0; outcome.kernel.len()],
                })
                .collect();
            step_effect = root_mean_square(&effect);
            let (distance, noise) = (root_mean_square(&difference), root_mean_square(&error));
            results.push(WidthResult {
                width,
                networks: training.networks,
                distance,
                noise,
                bias: (distance * distance - noise * noise).max(0.0).sqrt(),
                loss: outcomes.iter().map(|outcome| outcome.loss).sum::<f64>() / outcomes.len() as f64,
            });
            biases.push((1.0 / width as f64, difference, error));
        }
        monitor.finish();
        let extrapolated = extrapolate(&biases);
        Ok(WidthReport {
            schema: WidthReport::SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data: job.subjects.identity().0,
            arch: job.architectures[task.subject].name.clone(),
            group: question.group_at(part.poses),
            hold_out: question.hold_out_text.clone(),
            points: biases.first().map_or(0, |(_, difference, _)| difference.len()),
            steps: self.training.steps,
            step_size: self.training.step_size,
            step_effect,
            exponent: exponent(&results),
            extrapolated: extrapolated.map(|(value, _)| value),
            extrapolated_error: extrapolated.map(|(_, error)| error),
            results,
        })
    }
}

/// The only architecture at the only number of poses.
fn only_part(job: &Job) -> Result<(&Task, &Part), Error> {
    match job.tasks.as_slice() {
        [task] if task.parts.len() == 1 => Ok((task, &task.parts[0])),
        _ => Err(Error::settings(
            "widths: expected one architecture and one number of poses",
            "name one of each, as in `--arch mlp --group rotation:8`",
        )),
    }
}

fn root_mean_square(values: &Array1<f64>) -> f64 {
    (values.dot(values) / values.len() as f64).sqrt()
}

/// The slope of the logarithm of the bias against that of the width, over the widths where it is larger than the noise.
fn exponent(results: &[WidthResult]) -> Option<f64> {
    let shown: Vec<(f64, f64)> = results
        .iter()
        .filter(|result| result.bias > result.noise)
        .map(|result| ((result.width as f64).ln(), result.bias.ln()))
        .collect();
    let count = shown.len() as f64;
    let mean =
        (shown.iter().map(|at| at.0).sum::<f64>() / count, shown.iter().map(|at| at.1).sum::<f64>() / count);
    let (mut product, mut square) = (0.0, 0.0);
    for (x, y) in &shown {
        product += (x - mean.0) * (y - mean.1);
        square += (x - mean.0).powi(2);
    }
    (shown.len() > 1).then(|| product / square)
}

/// The bias at 1/width = 0 and its standard error, root mean squares over the points: for each a line in 1/width, every width weighted
/// by the inverse square of its noise.
fn extrapolate(biases: &[(f64, Array1<f64>, Array1<f64>)]) -> Option<(f64, f64)> {
    let points = biases.first()?.1.len();
    if biases.len() < 2 {
        return None;
    }
    let (mut value, mut error) = (0.0, 0.0);
    for point in 0..points {
        // Normal equations of a + b x with weights w: a = (Σwxx Σwy − Σwx Σwxy) / (Σw Σwxx − (Σwx)²), its variance Σwxx over the same.
        let (mut w0, mut w1, mut w2, mut y0, mut y1) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (x, difference, errors) in biases {
            let weight = errors[point].powi(-2);
            let y = difference[point];
            w0 += weight;
            w1 += weight * x;
            w2 += weight * x * x;
            y0 += weight * y;
            y1 += weight * x * y;
        }
        let determinant = w0 * w2 - w1 * w1;
        value += ((w2 * y0 - w1 * y1) / determinant).powi(2);
        error += w2 / determinant;
    }
    let mean = |sum: f64| (sum / points as f64).sqrt();
    (value.is_finite() && error.is_finite()).then(|| (mean(value), mean(error)))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_bias_of_one_over_width_has_exponent_minus_one_and_vanishes_at_infinity() {
        let result = |width: usize, noise| WidthResult {
            width,
            networks: 2,
            distance: 0.0,
            noise,
            bias: 3.0 / width as f64,
            loss: 0.0,
        };
        let results = [result(64, 1e-3), result(128, 1e-3), result(512, 1e-3), result(4096, 1.0)];
        assert!((exponent(&results).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(exponent(&results[2..]), None);
        let at = |width: f64| (1.0 / width, array![3.0 / width, -7.0 / width], array![1e-3, 2e-3]);
        let (value, error) = extrapolate(&[at(64.0), at(128.0), at(256.0)]).unwrap();
        assert!(value < 1e-15 && error > 1e-3, "{value}, {error}");
        let shifted = |width: f64| (1.0 / width, array![0.5 + 3.0 / width], array![1e-3]);
        assert!((extrapolate(&[shifted(64.0), shifted(128.0)]).unwrap().0 - 0.5).abs() < 1e-12);
        assert_eq!(extrapolate(&[at(64.0)]), None);
    }

    /// Two widths: a = 2 y₂ − y₁ where the second is twice as wide, so the variance is 4 s₂² + s₁².
    #[test]
    fn the_error_of_the_extrapolation_is_that_of_a_line_through_two_points() {
        let at = |x: f64, y: f64, error: f64| (x, array![y], array![error]);
        let (value, error) = extrapolate(&[at(0.02, 0.9, 0.1), at(0.01, 0.6, 0.2)]).unwrap();
        assert!(
            (value - 0.3).abs() < 1e-12 && (error - f64::sqrt(0.16 + 0.01)).abs() < 1e-12,
            "{value}, {error}"
        );
    }
}
