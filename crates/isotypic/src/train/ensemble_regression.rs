//! Regression by ensembles of networks: what they say about some points after training on others, and what the kernel says about the
//! same after as many steps.

use std::path::PathBuf;

use isotypic_architecture::RandomStream;
use isotypic_predict::GradientFlow;
use isotypic_report::TrainedNetworks;
use isotypic_train::{
    Descent, Ensemble, Initialization, KeptDescent, Network, NetworkParameters, Precision, TrainError,
    TrainingDevice,
};
use isotypic_work::Monitor;
use ndarray::{Array2, Array3, Axis, s};

use super::descent_weight;
use super::ensemble_runs::EnsembleRuns;
use crate::Error;

/// How the networks of an ensemble are trained: by gradient descent on all points at once, from outputs of 0.
///
/// Outputs of 0 at the beginning are had by subtracting those of the network as drawn, which changes nothing about its training:
/// then the mean over infinitely wide networks is the kernel's answer, and each of them is too.
///
/// # How wide is wide enough
/// The parameters move by $\|\Delta\theta\|^2 = \alpha^T K \alpha \le y^T K^{-1} y$, however wide the network is, and a network follows its kernel
/// while that is little against its width. Where the kernel hardly tells points apart it is not: on images of norm 1 biases outweigh
/// the pixels in `mlp`, whose kernel has eigenvalues a thousand times smaller than its diagonal. Networks that learn $y / s$, and whose answers
/// are multiplied by the scale $s$, have the same limit of infinite width and move $s$ times less (Chizat, Oyallon & Bach 2019,
/// arXiv 1812.07956): what is left are fluctuations of the kernel of order $1/\sqrt{\text{width}}$.
#[derive(Clone, Debug, PartialEq)]
pub struct EnsembleTraining {
    /// Channels of hidden layers that have no width of their own.
    pub width: usize,
    /// Networks of each task; what they say is averaged.
    pub networks: usize,
    /// Steps of gradient descent.
    pub steps: usize,
    /// Size of the steps as a fraction of $1/\lambda_{\max}$ of the kernel on the points; stable below $2 (1 + \mu)$.
    pub step_size: f64,
    /// Momentum $\mu$, in [0, 1).
    pub momentum: f64,
    /// What outputs are multiplied by, $s$ above, positive. With 1 networks are as they are.
    pub output_scale: f64,
    /// Number format of the networks.
    pub precision: Precision,
    /// Where to compute.
    pub device: TrainingDevice,
    /// Seed of all parameters.
    pub seed: u64,
    /// Where networks are kept while they are trained and afterwards, if anywhere.
    pub folder: Option<PathBuf>,
    /// Whether to go on from the networks in the folder.
    pub resume: bool,
}

impl Default for EnsembleTraining {
    /// One network of width 512 a task, outputs scaled by 100, 2,000 steps with momentum 0.98.
    fn default() -> Self {
        Self {
            width: 512,
            networks: 1,
            steps: 2000,
            step_size: 1.0,
            momentum: 0.98,
            output_scale: 100.0,
            precision: Precision::Single,
            device: TrainingDevice::Cpu,
            seed: 0,
            folder: None,
            resume: false,
        }
    }
}

impl EnsembleTraining {
    /// The same for a report.
    pub(crate) fn described(&self) -> TrainedNetworks {
        TrainedNetworks {
            networks: self.networks,
            width: self.width,
            optimizer: match self.momentum > 0.0 {
                true => format!("gradient descent, momentum {}", self.momentum),
                false => "gradient descent".to_owned(),
            },
            steps: self.steps,
            step_size: self.step_size,
            momentum: self.momentum,
            output_scale: self.output_scale,
            precision: match self.precision {
                Precision::Single => "f32",
                Precision::Double => "f64",
            }
            .to_owned(),
            device: self.device.to_string(),
            seed: self.seed,
            threads: rayon::current_num_threads(),
        }
    }
}

/// Points with targets, and points to be asked about.
pub(crate) struct RegressionTask {
    /// `[observed, d]`
    pub(crate) observed: Array2<f64>,
    /// `[observed, outputs]`
    pub(crate) targets: Array2<f64>,
    /// `[asked, d]`
    pub(crate) asked: Array2<f64>,
    /// The tangent kernel of the observed points.
    pub(crate) flow: GradientFlow,
    /// `[asked, observed]`
    pub(crate) across: Array2<f64>,
}

/// What came of a task.
pub(crate) struct RegressionOutcome {
    /// `[asked, outputs]`: mean over the networks.
    pub(crate) mean: Array2<f64>,
    /// `[asked, outputs]`: standard error of the mean; NaN for one network.
    pub(crate) standard_error: Array2<f64>,
    /// `[asked, outputs]`: what the kernel says after as many steps of the same size.
    pub(crate) kernel: Array2<f64>,
    /// `[asked, outputs]`: what it says after the same time of steps without size; only without momentum.
    pub(crate) flow: Option<Array2<f64>>,
    /// Mean of $\frac{1}{2} \sum_c (f_c - y_c)^2$ over points and networks before the last step.
    pub(crate) loss: f64,
}

/// One network of a task.
pub(crate) struct TrainedNetwork {
    /// Its parameters as drawn.
    pub(crate) before: NetworkParameters,
    /// Its parameters after training.
    pub(crate) after: NetworkParameters,
    /// `[asked, outputs]`: what it says then, less what it said as drawn.
    pub(crate) answer: Array2<f64>,
    /// The sum over its points before the last step.
    pub(crate) loss: f64,
}

/// Bytes that the members of one computation may take; more are trained one group after the other.
const GROUP_BYTES: usize = 1 << 29;

/// Copies of the parameters that a step holds: they themselves, tracked, gradients, velocities, and results of the step.
const COPIES: usize = 6;

/// Trains the networks of all tasks, as many together as memory allows. The size of steps is the same for all.
pub(crate) fn train_tasks(
    network: &Network,
    tasks: &[RegressionTask],
    training: &EnsembleTraining,
    (name, runs): (&str, &mut EnsembleRuns),
    monitor: &Monitor,
) -> Result<Vec<RegressionOutcome>, Error> {
    let learning_rate = learning_rate(tasks, training, name)?;
    let mut said: Vec<Vec<(Array2<f64>, f64)>> = tasks.iter().map(|_| Vec::new()).collect();
    let keep = |task: usize, trained: TrainedNetwork| said[task].push((trained.answer, trained.loss));
    train_all(network, tasks, training, learning_rate, (name, runs), monitor, keep)?;
    let outcomes = tasks.iter().zip(&said).map(|(task, said)| {
        let weight = |value: f64| descent_weight(value, learning_rate, training.momentum, training.steps);
        let kernel = task.across.dot(&task.flow.eigen().apply(weight, &task.targets)?);
        let flow = match training.momentum > 0.0 {
            true => None,
            false => {
                let time = learning_rate * training.steps as f64;
                Some(task.across.dot(&task.flow.weights(time, &task.targets)?))
            }
        };
        let count = said.len() as f64;
        let views: Vec<_> = said.iter().map(|(answer, _)| answer.view()).collect();
        let answers = ndarray::stack(Axis(0), &views).expect("answers of one task have one shape");
        let mean = answers.mean_axis(Axis(0)).expect("at least one network");
        let standard_error = answers.std_axis(Axis(0), 1.0) / count.sqrt();
        let loss = said.iter().map(|(_, loss)| loss).sum::<f64>() / count / task.observed.nrows() as f64;
        Ok(RegressionOutcome { mean, standard_error, kernel, flow, loss })
    });
    outcomes.collect()
}

/// The first network of every task, with its parameters.
pub(crate) fn train_networks(
    network: &Network,
    tasks: &[RegressionTask],
    training: &EnsembleTraining,
    (name, runs): (&str, &mut EnsembleRuns),
    monitor: &Monitor,
) -> Result<Vec<TrainedNetwork>, Error> {
    let training = EnsembleTraining { networks: 1, ..training.clone() };
    let learning_rate = learning_rate(tasks, &training, name)?;
    let mut networks = Vec::new();
    // Tasks come in order.
    let keep = |_, trained| networks.push(trained);
    train_all(network, tasks, &training, learning_rate, (name, runs), monitor, keep)?;
    Ok(networks)
}

/// The size of the steps that is stable for all tasks.
fn learning_rate(tasks: &[RegressionTask], training: &EnsembleTraining, name: &str) -> Result<f64, Error> {
    check(training)?;
    let largest =
        tasks.iter().flat_map(|task| task.flow.eigen().values().last().copied()).fold(0.0_f64, f64::max);
    if !(largest > 0.0 && largest.is_finite()) {
        return Err(Error::settings(
            format!("training of `{name}`: the largest eigenvalue of its kernel is {largest}"),
            "networks learn nothing from such a kernel; choose another architecture",
        ));
    }
    Ok(training.step_size / largest)
}

/// Trains group after group, and hands over every network with the place of its task.
fn train_all(
    network: &Network,
    tasks: &[RegressionTask],
    training: &EnsembleTraining,
    learning_rate: f64,
    (name, runs): (&str, &mut EnsembleRuns),
    monitor: &Monitor,
    mut keep: impl FnMut(usize, TrainedNetwork),
) -> Result<(), Error> {
    let groups = groups(network, tasks, training)?;
    monitor.stage(&format!("training {name}"), (groups.len() * training.steps) as f64);
    for (at, group) in groups.iter().enumerate() {
        let descent =
            Descent { learning_rate, momentum: training.momentum, steps: training.steps, seed: at as u64 };
        let run = format!("{name}, group {} of {}", at + 1, groups.len());
        let kept = runs.kept(&run);
        let trained = train_group(network, tasks, group, training, (&descent, kept.as_ref()), monitor)
            .map_err(|source| TrainError::InRun { run: run.clone(), source: Box::new(source) })?;
        let points: usize = group.iter().map(|&(task, _)| tasks[task].observed.nrows()).sum();
        let loss = trained.iter().map(|trained| trained.loss).sum::<f64>() / points as f64;
        runs.record(&run, training.steps, loss)?;
        group.iter().zip(trained).for_each(|(&(task, _), trained)| keep(task, trained));
    }
    Ok(())
}

/// Refuses numbers out of range before anything is computed.
pub(crate) fn check(training: &EnsembleTraining) -> Result<(), Error> {
    let wrong = |option, expected, got| TrainError::InvalidSetting { option, expected, got };
    if training.networks == 0 {
        return Err(wrong("networks", "at least 1", 0.0).into());
    }
    if training.steps == 0 {
        return Err(wrong("steps", "at least 1", 0.0).into());
    }
    let scale = training.output_scale;
    if !(scale > 0.0 && scale.is_finite()) {
        return Err(wrong("output scale", "a positive finite number", scale).into());
    }
    training.device.check()?;
    let size = training.step_size;
    if !(0.0..1.0).contains(&training.momentum) {
        return Err(wrong("momentum", "a number of at least 0 and below 1", training.momentum).into());
    }
    if !(size > 0.0 && size < 2.0 * (1.0 + training.momentum)) {
        return Err(
            wrong("step size", "above 0 and below 2 (1 + momentum), where steps are stable", size).into()
        );
    }
    Ok(())
}

/// Which (task, network) are trained together: of the same shape, and not too many.
fn groups(
    network: &Network,
    tasks: &[RegressionTask],
    training: &EnsembleTraining,
) -> Result<Vec<Vec<(usize, usize)>>, Error> {
    let count = NetworkParameters::draw(network, Initialization::Gaussian, training.precision, 0)?.count();
    let bytes = match training.precision {
        Precision::Single => 4,
        Precision::Double => 8,
    };
    let most = (GROUP_BYTES / (COPIES * bytes * count.max(1))).max(1);
    let shape = |task: usize| (tasks[task].observed.dim(), tasks[task].asked.dim());
    let mut groups: Vec<Vec<(usize, usize)>> = Vec::new();
    for task in 0..tasks.len() {
        for member in 0..training.networks {
            match groups.last_mut() {
                Some(group) if group.len() < most && shape(group[0].0) == shape(task) => {
                    group.push((task, member));
                }
                _ => groups.push(vec![(task, member)]),
            }
        }
    }
    Ok(groups)
}

/// The networks of one group.
fn train_group(
    network: &Network,
    tasks: &[RegressionTask],
    group: &[(usize, usize)],
    training: &EnsembleTraining,
    (descent, kept): (&Descent, Option<&KeptDescent>),
    monitor: &Monitor,
) -> Result<Vec<TrainedNetwork>, TrainError> {
    let seeds: Vec<u64> = group
        .iter()
        .map(|&(task, member)| RandomStream::for_parts(&[training.seed, task as u64, member as u64]).bits())
        .collect();
    let mut ensemble =
        Ensemble::draw(network, Initialization::Gaussian, training.precision, &seeds)?.on(training.device)?;
    let gather = |of: fn(&RegressionTask) -> &Array2<f64>| {
        let views: Vec<_> = group.iter().map(|&(task, _)| of(&tasks[task]).view()).collect();
        ndarray::stack(Axis(0), &views).expect("tasks of a group have one shape")
    };
    let (observed, asked) = (gather(|task| &task.observed), gather(|task| &task.asked));
    // What networks say before training is what they would say in its first step.
    ensemble.calibrate(observed.view())?;
    let untrained = ensemble.clone();
    let before: Array3<f64> = ensemble.outputs(asked.view())?;
    let scale = training.output_scale;
    // To learn y from outputs of 0 is to learn y + f₀ from f₀.
    let targets = gather(|task| &task.targets) / scale + ensemble.outputs(observed.view())?;
    let losses = ensemble.descend_kept(observed.view(), targets.view(), descent, kept, monitor)?;
    let after = (ensemble.outputs(asked.view())? - before) * scale;
    let member = |of: &Ensemble, at| of.member(at).expect("an ensemble has as many members as the group");
    let network = |at: usize| TrainedNetwork {
        before: member(&untrained, at),
        after: member(&ensemble, at),
        answer: after.slice(s![at, .., ..]).to_owned(),
        loss: losses[at] * scale * scale,
    };
    Ok((0..group.len()).map(network).collect())
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::Architecture;
    use isotypic_kernel::{CompiledKernel, Outputs};

    use super::*;

    fn tasks(architecture: &Architecture, count: usize) -> (Network, Vec<RegressionTask>) {
        let graph = architecture.check(&[3]).unwrap();
        let kernel = CompiledKernel::compile(&graph).unwrap();
        let monitor = Monitor::silent();
        let points = |seed: usize, rows: usize| {
            Array2::from_shape_fn((rows, 3), |(row, at)| (1.3 * (seed + 7 * row + 3 * at) as f64).sin())
        };
        let tasks = (0..count).map(|seed| {
            let (observed, asked) = (points(seed, 6), points(seed + 100, 2));
            let (x, y) = (kernel.prepare(observed.view()).unwrap(), kernel.prepare(asked.view()).unwrap());
            RegressionTask {
                targets: Array2::from_shape_fn(
                    (6, 1),
                    |(row, _)| if (row + seed) % 2 == 0 { 1.0 } else { -1.0 },
                ),
                flow: GradientFlow::new(
                    &kernel.symmetric(&x, Outputs::Ntk, &monitor).unwrap().ntk.unwrap(),
                    0.0,
                )
                .unwrap(),
                across: kernel.cross(&y, &x, Outputs::Ntk, &monitor).unwrap().ntk.unwrap(),
                observed,
                asked,
            }
        });
        (Network::from_graph(&graph).unwrap(), tasks.collect())
    }

    fn run(
        network: &Network,
        tasks: &[RegressionTask],
        training: &EnsembleTraining,
    ) -> Result<Vec<RegressionOutcome>, Error> {
        let mut runs = EnsembleRuns::open(training)?;
        train_tasks(network, tasks, training, ("networks", &mut runs), &Monitor::silent())
    }

    /// With outputs on a large scale a network is linear in its parameters: descent with its own tangent kernel, as drawn, says the same.
    #[test]
    fn on_a_large_scale_a_network_follows_its_own_tangent_kernel() {
        let text =
            r#"{"layers": [{"dense": {"width": 32, "b_std": 0.5}}, "relu", {"dense": {"b_std": 0.5}}]}"#;
        let (network, tasks) = tasks(&Architecture::from_json(text).unwrap(), 1);
        let task = &tasks[0];
        let distance = |output_scale| {
            let training = EnsembleTraining {
                steps: 60,
                step_size: 0.5,
                momentum: 0.5,
                output_scale,
                precision: Precision::Double,
                ..EnsembleTraining::default()
            };
            let mut runs = EnsembleRuns::open(&training).unwrap();
            let monitor = Monitor::silent();
            let trained =
                train_networks(&network, &tasks, &training, ("one", &mut runs), &monitor).unwrap().remove(0);
            let points = ndarray::concatenate(Axis(0), &[task.observed.view(), task.asked.view()]).unwrap();
            let kernel = network.empirical_kernel(&trained.before, points.as_slice().unwrap()).unwrap();
            let symmetric = (&kernel + &kernel.t()) * 0.5;
            let flow = GradientFlow::new(&symmetric.slice(s![..6, ..6]).to_owned(), 0.0).unwrap();
            let rate = learning_rate(&tasks, &training, "one").unwrap();
            let weight = |value: f64| descent_weight(value, rate, training.momentum, training.steps);
            let weights = flow.eigen().apply(weight, &task.targets).unwrap();
            let expected = symmetric.slice(s![6.., ..6]).dot(&weights);
            let difference = &trained.answer - &expected;
            difference.iter().fold(0.0_f64, |most, value| most.max(value.abs()))
        };
        let (plain, scaled) = (distance(1.0), distance(1e4));
        assert!(scaled < 1e-3 && plain > 0.02, "{plain} and {scaled}");
    }

    #[test]
    fn what_is_kept_goes_on_to_the_same_answers_and_other_networks_are_refused() {
        let text = r#"{"layers": [{"dense": {"width": 8, "b_std": 0.5}}, "relu", {"dense": {}}]}"#;
        let (network, tasks) = tasks(&Architecture::from_json(text).unwrap(), 2);
        let place = tempfile::tempdir().unwrap();
        let training =
            EnsembleTraining { networks: 2, steps: 30, momentum: 0.5, ..EnsembleTraining::default() };
        let kept =
            |resume| EnsembleTraining { folder: Some(place.path().into()), resume, ..training.clone() };
        let answers = |outcomes: Vec<RegressionOutcome>| -> Vec<_> {
            outcomes.into_iter().map(|outcome| (outcome.mean, outcome.loss)).collect()
        };
        let whole = answers(run(&network, &tasks, &training).unwrap());
        assert_eq!(answers(run(&network, &tasks, &kept(false)).unwrap()), whole);
        assert!(run(&network, &tasks, &kept(false)).is_err(), "networks of an earlier experiment");
        assert_eq!(answers(run(&network, &tasks, &kept(true)).unwrap()), whole);
        let other = EnsembleTraining { seed: 1, ..kept(true) };
        let error = run(&network, &tasks, &other).err().unwrap().to_string();
        assert!(error.starts_with("networks, group 1 of 1: checkpoint"), "{error}");
        assert!(error.contains("expected examples"), "{error}");
        let metrics = std::fs::read_to_string(place.path().join("metrics.csv")).unwrap();
        assert!(metrics.lines().nth(1).unwrap().starts_with("\"networks, group 1 of 1\",30,"), "{metrics}");
    }

    #[test]
    fn a_linear_network_of_any_width_says_what_its_kernel_says() {
        let text = r#"{"layers": [{"dense": {"width": 1, "b_std": 0.5}}]}"#;
        let (network, tasks) = tasks(&Architecture::from_json(text).unwrap(), 3);
        let training = EnsembleTraining {
            networks: 2,
            output_scale: 7.0,
            steps: 60,
            momentum: 0.8,
            precision: Precision::Double,
            ..EnsembleTraining::default()
        };
        let outcomes = run(&network, &tasks, &training).unwrap();
        for outcome in &outcomes {
            let difference = &outcome.mean - &outcome.kernel;
            assert!(difference.iter().all(|value| value.abs() < 1e-12), "{difference}");
            assert!(outcome.standard_error.iter().all(|error| error.abs() < 1e-12));
        }
        assert!(outcomes[0].kernel != outcomes[1].kernel);
    }

    /// The mean over networks is off by about 1/width, and each network by about 1/√width.
    #[test]
    fn wide_networks_come_close_to_the_kernel() {
        let distance = |width| {
            let text = format!(
                r#"{{"layers": [{{"dense": {{"width": {width}, "b_std": 0.5}}}}, "relu", {{"dense": {{}}}}]}}"#
            );
            let (network, tasks) = tasks(&Architecture::from_json(&text).unwrap(), 1);
            let training = EnsembleTraining {
                networks: 20,
                steps: 40,
                momentum: 0.5,
                output_scale: 1.0,
                ..EnsembleTraining::default()
            };
            let outcome = run(&network, &tasks, &training).unwrap().remove(0);
            let difference = &outcome.mean - &outcome.kernel;
            (
                difference.iter().fold(0.0_f64, |most, value| most.max(value.abs())),
                outcome.standard_error[[0, 0]],
            )
        };
        let ((narrow, wide), (spread, small)) = {
            let (narrow, wide) = (distance(8), distance(512));
            ((narrow.0, wide.0), (narrow.1, wide.1))
        };
        assert!(wide < 0.05 && wide < 0.5 * narrow, "{narrow} and {wide}");
        assert!(small < 0.3 * spread, "{spread} and {small}");
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let refused = |training| check(&training).unwrap_err().to_string();
        let base = EnsembleTraining::default();
        assert_eq!(
            refused(EnsembleTraining { networks: 0, ..base.clone() }),
            "`networks`: expected at least 1, got `0`"
        );
        assert!(refused(EnsembleTraining { step_size: 4.0, ..base.clone() }).starts_with("`step size`"));
        assert!(refused(EnsembleTraining { momentum: 1.0, ..base.clone() }).starts_with("`momentum`"));
        assert!(
            refused(EnsembleTraining { output_scale: 0.0, ..base.clone() }).starts_with("`output scale`")
        );
        check(&base).unwrap();
    }
}
