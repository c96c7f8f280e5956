//! The tangent kernels of finite networks on the pairs of an audit, before training and after it.

use isotypic_gram::DenseGram;
use isotypic_report::{EmpiricalReport, EmpiricalResult, finite};
use isotypic_train::{Network, Precision};
use isotypic_work::Monitor;
use ndarray::{Array2, Axis};

use super::audit_gram::AuditGram;
use super::job::Job;
use super::pair_audit::{self, PairErrors};
use super::regression_tasks::{orbits_at, regression_task};
use super::settings::{AuditSettings, Convention};
use super::task::{Part, Task};
use super::trained::{network, part_name, trainable};
use super::units::Units;
use crate::Error;
use crate::orbit_gram::OrbitGram;
use crate::train::{EnsembleRuns, EnsembleTraining, train_networks};

/// For every pair of an audit: one network is trained without the held-out poses of the first seed, and its tangent kernel on all
/// poses of both is taken before and after; beside them stands the kernel of the architecture.
///
/// Networks compute in double precision, whatever `training` says: kernels are inverted.
///
/// # Errors
/// As [`check_training`](crate::train::check_training); [`Error::Settings`] for an audit of classes; [`Error::Train`] where networks diverge or training is stopped.
pub fn empirical_kernels(
    settings: &AuditSettings,
    training: &EnsembleTraining,
    monitor: &Monitor,
) -> Result<EmpiricalReport, Error> {
    let training = EnsembleTraining { precision: Precision::Double, networks: 1, ..training.clone() };
    let job = trainable(settings, &training)?;
    let Units::Pairs(pairs) = &job.units else {
        return Err(Error::settings(
            "tangent kernels: expected pairs of seeds",
            "ask for pairs in place of classes",
        ));
    };
    for task in &job.tasks {
        network(&job, task.subject, &training)?.check_tangent_kernel()?;
    }
    let (mut results, mut runs) = (Vec::new(), EnsembleRuns::open(&training)?);
    for task in &job.tasks {
        let network = network(&job, task.subject, &training)?;
        for part in &task.parts {
            results.extend(of_part(&job, pairs, (task, part), &network, (&training, &mut runs), monitor)?);
        }
    }
    monitor.finish();
    Ok(EmpiricalReport {
        schema: EmpiricalReport::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data: job.subjects.identity().0,
        width: training.width,
        steps: training.steps,
        results,
    })
}

fn of_part(
    job: &Job,
    pairs: &[(usize, usize)],
    (task, part): (&Task, &Part),
    network: &Network,
    (training, runs): (&EnsembleTraining, &mut EnsembleRuns),
    monitor: &Monitor,
) -> Result<Vec<EmpiricalResult>, Error> {
    let question = &job.questions[part.question];
    let subject = &job.architectures[task.subject];
    let (mut tasks, mut grams, mut points) = (Vec::new(), Vec::new(), Vec::new());
    for unit in 0..task.units {
        monitor.check()?;
        let (gram, of_unit) = orbits_at(job, (task, part), &job.units.seeds(unit))?;
        let [without_first, _] = pair_audit::sets(&AuditGram::of(&gram, gram.group())?, &question.hold_out)?;
        let kernel = subject.kernel.as_deref();
        tasks.push(regression_task(kernel, &gram, &of_unit, &pair_audit::labels(), &without_first)?);
        points.push(of_unit.as_standard_layout().into_owned());
        grams.push(gram);
    }
    let name = part_name(subject, question, part);
    let trained = train_networks(network, &tasks, training, (&name, runs), monitor)?;
    let mut results = Vec::new();
    for (unit, network_of_pair) in trained.iter().enumerate() {
        let inputs = points[unit].as_slice().expect("points of orbits are in C order");
        let initial = network.empirical_kernel(&network_of_pair.before, inputs)?;
        let after = network.empirical_kernel(&network_of_pair.after, inputs)?;
        let rows: Vec<usize> = (0..points[unit].nrows()).collect();
        let (group, infinite) = (grams[unit].group().clone(), grams[unit].block(&rows, &rows)?);
        let error = mean_distance(&network_of_pair.answer, 1.0);
        for (kernel, matrix) in [("infinite", &infinite), ("initial", &initial), ("trained", &after)] {
            let gram = OrbitGram::dense(DenseGram::new(symmetric(matrix), 2, group.clone())?);
            let gram = AuditGram::of(&gram, &group)?;
            let found =
                pair_audit::examine(&gram, None, &question.hold_out, job.settings.ridge, Convention::Exact)?;
            results.push(result(job, (task, part), pairs[unit], kernel, (matrix, &initial), (&found, error)));
        }
    }
    Ok(results)
}

fn result(
    job: &Job,
    (task, part): (&Task, &Part),
    (a, b): (usize, usize),
    kernel: &str,
    (matrix, initial): (&Array2<f64>, &Array2<f64>),
    (found, trained_error): (&PairErrors, f64),
) -> EmpiricalResult {
    let question = &job.questions[part.question];
    EmpiricalResult {
        arch: job.architectures[task.subject].name.clone(),
        group: question.group_at(part.poses),
        hold_out: question.hold_out_text.clone(),
        poses: part.poses,
        a,
        b,
        kernel: kernel.to_owned(),
        change: finite(norm(&(matrix - initial)) / norm(initial)),
        alignment: finite(alignment(matrix)),
        invariance_defect: finite(found.invariance_defect),
        spectral_error: found.spectral.and_then(|spectral| finite(spectral.value)),
        exact_error: found.exact[0].and_then(finite),
        trained_error: finite(trained_error),
    }
}

/// Rounding apart a kernel is symmetric; what inverts it wants it exactly so.
fn symmetric(matrix: &Array2<f64>) -> Array2<f64> {
    (matrix + &matrix.t()) * 0.5
}

fn norm(matrix: &Array2<f64>) -> f64 {
    matrix.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// $y^T \Theta y / (\|\Theta\|_F \|y\|^2)$ with +1 for the first half of the points and −1 for the second.
fn alignment(matrix: &Array2<f64>) -> f64 {
    let count = matrix.nrows();
    let label = |row: usize| if row < count / 2 { 1.0 } else { -1.0 };
    let product: f64 = matrix.indexed_iter().map(|((i, j), value)| label(i) * label(j) * value).sum();
    product / (norm(matrix) * count as f64)
}

fn mean_distance(answers: &Array2<f64>, label: f64) -> f64 {
    let column = answers.index_axis(Axis(1), 0);
    column.iter().map(|answer| (answer - label).abs()).sum::<f64>() / column.len() as f64
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn alignment_is_one_for_the_labels_themselves_and_zero_for_constants() {
        let labels = array![[1.0], [1.0], [-1.0], [-1.0]];
        assert!((alignment(&labels.dot(&labels.t())) - 1.0).abs() < 1e-15);
        assert!(alignment(&Array2::ones((4, 4))).abs() < 1e-15);
        assert!((alignment(&Array2::eye(4)) - 0.5).abs() < 1e-15);
    }
}
