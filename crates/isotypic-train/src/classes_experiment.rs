//! The paper's Figure 1: for networks, numbers of poses and classes that lack one, accuracies after training.

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use isotypic_work::{ContentHash, Monitor};
use ndarray::Array3;

use crate::{
    ClassesData, Loss, Network, NetworkParameters, Precision, RunFolder, TrainError, Trainer, TrainingOptions,
};

/// All images at N poses, in which one class lacks the first: every network is trained with cross-entropy on the rest and asked for
/// what was set aside and for the pose that the class lacks (Perin & Deny, JMLR 2025, arXiv 2412.11521, Figure 1).
///
/// Every combination of a network, a number of poses, a class left out and a seed is one run. See [`ClassesData`] for what poses are.
///
/// # Examples
/// ```
/// use isotypic_train::{ClassesExperiment, TrainingOptions};
/// use isotypic_work::Monitor;
/// use ndarray::Array3;
///
/// let images = Array3::from_shape_fn((20, 14, 14), |(image, row, column)| ((1 + image % 2) * row + column) as f64);
/// let experiment = ClassesExperiment {
///     networks: vec!["mlp".to_owned()],
///     poses: vec![2],
///     left_out: vec![1],
///     options: TrainingOptions { epochs: 2, width: 8, ..TrainingOptions::default() },
///     ..ClassesExperiment::new(images, (0..20).map(|image| image % 2).collect(), 2)
/// };
/// let runs = experiment.run(&Monitor::silent())?;
/// assert_eq!((runs.len(), runs[0].examples, runs[0].held_out_examples), (1, 27, 10));
/// # Ok::<(), isotypic_train::TrainError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClassesExperiment {
    /// `[images, height, width]`, square, of any scale.
    pub images: Array3<f64>,
    /// The class of each image, below `classes`.
    pub labels: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
    /// Networks by name or file, as [`Network::resolve`] takes them.
    pub networks: Vec<String>,
    /// Numbers of poses.
    pub poses: Vec<usize>,
    /// The classes that lack the first pose, one at a time.
    pub left_out: Vec<usize>,
    /// Seeds of parameters, of what is set aside and of the order of examples.
    pub seeds: Vec<u64>,
    /// How all of them are trained.
    pub options: TrainingOptions,
    /// Where checkpoints and losses are kept, if anywhere.
    pub folder: Option<PathBuf>,
    /// Whether to go on from the checkpoints in the folder.
    pub resume: bool,
}

/// One run: what was trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassesRunName {
    /// The network.
    pub network: String,
    /// Number of poses.
    pub poses: usize,
    /// The class that lacks the first.
    pub left_out: usize,
    /// The seed.
    pub seed: u64,
}

/// One run: what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassesRun {
    /// What was trained.
    pub name: ClassesRunName,
    /// Trained values of the network.
    pub parameters: usize,
    /// Examples trained on.
    pub examples: usize,
    /// Examples of the pose that the class lacks.
    pub held_out_examples: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// Loss of the last epoch; `None` if none was asked for.
    pub loss: Option<f64>,
    /// Accuracy on the examples trained on.
    pub train_accuracy: f64,
    /// Accuracy on what was set aside.
    pub in_distribution: f64,
    /// The same on the images of the class that lacks a pose, at its other poses; `None` if none was set aside.
    pub in_distribution_left_out: Option<f64>,
    /// Accuracy on the pose that the class lacks.
    pub held_out: f64,
}

impl fmt::Display for ClassesRunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { network, poses, left_out, seed } = self;
        write!(f, "{network} poses {poses} class {left_out} seed {seed}")
    }
}

impl ClassesExperiment {
    /// The experiment on these images with both networks of the paper, 2, 4, 8 and 16 poses, each class left out in turn and one seed.
    #[must_use]
    pub fn new(images: Array3<f64>, labels: Vec<usize>, classes: usize) -> Self {
        Self {
            images,
            labels,
            classes,
            networks: vec!["paper-mlp".to_owned(), "paper-cnn".to_owned()],
            poses: vec![2, 4, 8, 16],
            left_out: (0..classes).collect(),
            seeds: vec![0],
            options: TrainingOptions::default(),
            folder: None,
            resume: false,
        }
    }

    /// Products of weights and values that all runs take together, forwards and back.
    ///
    /// # Errors
    /// As [`run`](Self::run), for everything that is known before training.
    pub fn multiplications(&self) -> Result<f64, TrainError> {
        let runs = (self.poses.iter().sum::<usize>() * self.left_out.len() * self.seeds.len()) as f64;
        let per_input: f64 =
            self.built()?.iter().map(|(_, network, _)| 3.0 * network.multiplications()).sum();
        Ok(per_input * runs * self.images.dim().0 as f64 * self.options.epochs as f64)
    }

    /// Bytes of the whole process: the largest set of examples, three copies of which may be held, and the network that takes most in
    /// training.
    ///
    /// # Errors
    /// As [`multiplications`](Self::multiplications).
    pub fn bytes(&self) -> Result<u64, TrainError> {
        let (count, height, width) = self.images.dim();
        let poses = self.poses.iter().copied().max().unwrap_or(0);
        let examples = 8 * (count * poses * (height * width + self.classes)) as u64;
        let largest = |(_, network, initialization): &Built| {
            let drawn = NetworkParameters::draw(network, *initialization, Precision::Single, 0)?;
            let batch = self.options.batch;
            Ok(network.training_bytes(&drawn, batch) + network.bytes_of_process(batch))
        };
        let networks = self.built()?.iter().map(largest).collect::<Result<Vec<u64>, TrainError>>()?;
        Ok(3 * examples + networks.into_iter().max().unwrap_or(0))
    }

    /// Trains one run after the other, in the order of poses, classes left out, seeds and networks; the result is ordered by
    /// networks first. Each run that comes to its end in a folder is there at once when the experiment is resumed.
    ///
    /// # Errors
    /// [`TrainError::InRun`] names the run that failed: it diverged, was interrupted, or its checkpoint is of another one or
    /// cannot be written. [`TrainError::Mismatch`] for an empty list, images that are not square and classes without images.
    pub fn run(&self, monitor: &Monitor) -> Result<Vec<ClassesRun>, TrainError> {
        let networks = self.built()?;
        let mut folder = match &self.folder {
            Some(path) => Some(RunFolder::open(path, self.resume)?),
            None => None,
        };
        monitor.stage("training", self.multiplications()?);
        let images = self.content_hash();
        let mut runs = Vec::new();
        for &poses in &self.poses {
            for &left_out in &self.left_out {
                for &seed in &self.seeds {
                    let data = ClassesData::new(
                        self.images.view(),
                        &self.labels,
                        self.classes,
                        poses,
                        left_out,
                        seed,
                    )?;
                    for built in &networks {
                        let name = ClassesRunName { network: built.0.clone(), poses, left_out, seed };
                        let run = self.train(&name, built, &data, &images, folder.as_mut(), monitor);
                        runs.push(run.map_err(|source| TrainError::InRun {
                            run: name.to_string(),
                            source: Box::new(source),
                        })?);
                    }
                }
            }
        }
        let place = |run: &ClassesRun| self.networks.iter().position(|name| *name == run.name.network);
        runs.sort_by_key(place);
        Ok(runs)
    }

    /// Everything of one run that does not depend on poses.
    fn built(&self) -> Result<Vec<Built>, TrainError> {
        let lists = [
            ("networks", self.networks.len()),
            ("numbers of poses", self.poses.len()),
            ("classes left out", self.left_out.len()),
            ("seeds", self.seeds.len()),
        ];
        if let Some((what, _)) = lists.into_iter().find(|(_, length)| *length == 0) {
            let (expected, got) = ("at least one".to_owned(), "none".to_owned());
            return Err(TrainError::Mismatch { what, expected, got });
        }
        let (_, height, width) = self.images.dim();
        let build = |name: &String| {
            let (network, initialization) =
                Network::resolve(name, &[height, width, 1], self.classes, self.options.width)?;
            Ok((name.clone(), network, self.options.initialization.unwrap_or(initialization)))
        };
        self.networks.iter().map(build).collect()
    }

    fn content_hash(&self) -> String {
        let (count, height, width) = self.images.dim();
        let pixels = ContentHash::of_array(&[count, height, width], self.images.iter());
        let labels: Vec<u8> = self.labels.iter().flat_map(|&label| (label as u64).to_le_bytes()).collect();
        format!("{pixels} {}", ContentHash::of_bytes(&labels))
    }

    fn train(
        &self,
        name: &ClassesRunName,
        (_, network, initialization): &Built,
        data: &ClassesData,
        images: &str,
        mut folder: Option<&mut RunFolder>,
        monitor: &Monitor,
    ) -> Result<ClassesRun, TrainError> {
        let run = name.to_string();
        let parameters = NetworkParameters::draw(network, *initialization, Precision::Single, name.seed)?
            .on(self.options.device)?;
        let count = parameters.count();
        let drawn = serde_json::to_string(initialization).expect("a plain name always serialises");
        let examples = format!(
            "images {images}, poses {}, class {} without one, parameters {drawn}",
            name.poses, name.left_out
        );
        let settings = self.options.settings(Loss::CrossEntropy, name.seed, examples);
        let mut trainer = Trainer::new(network.clone(), parameters, settings)?;
        let checkpoint = folder.as_ref().map(|folder| folder.checkpoint(&run));
        if let Some(path) = checkpoint.as_ref().filter(|path| self.resume && path.exists()) {
            trainer.resume(path)?;
        }
        let seen = data.train.0.nrows();
        // The plan counts all images at all poses; those set aside are part of what a run takes.
        let whole =
            3.0 * network.multiplications() * (self.images.dim().0 * name.poses * self.options.epochs) as f64;
        let part = monitor.part(whole, (seen * self.options.epochs).max(1) as f64);
        part.advance((seen * trainer.epochs_done()) as f64);
        let (mut start, mut problem) = (Instant::now(), None);
        let (inputs, targets) = &data.train;
        trainer.fit_watched((inputs.view(), targets.view()), &part, checkpoint.as_deref(), |metrics| {
            part.message(&format!("{run}: epoch {}, loss {:.4}", metrics.epoch, metrics.loss));
            if let Some(folder) = folder.as_mut() {
                let written = folder.record(&run, metrics, start.elapsed().as_secs_f64());
                problem = problem.take().or(written.err());
            }
            start = Instant::now();
        })?;
        if let Some(problem) = problem {
            return Err(problem);
        }
        let progress = trainer.progress();
        // Epochs that stopping early has saved.
        part.advance((seen * self.options.epochs.saturating_sub(progress.epochs_done)) as f64);
        let outcome = data.accuracies(&trainer)?;
        Ok(ClassesRun {
            name: name.clone(),
            parameters: count,
            examples: seen,
            held_out_examples: data.held_out.0.nrows(),
            epochs: progress.epochs_done,
            loss: progress.last_loss,
            train_accuracy: trainer.accuracy((inputs.view(), targets.view()))?,
            in_distribution: outcome.in_distribution,
            in_distribution_left_out: data.accuracy_of_class(&trainer, name.left_out)?,
            held_out: outcome.held_out,
        })
    }
}

/// A network with its name and how it is drawn.
type Built = (String, Network, crate::Initialization);
