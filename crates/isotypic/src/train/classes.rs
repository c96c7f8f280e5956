//! The paper's Figure 1 on labelled images: settings become an experiment, runs a report.

use std::path::PathBuf;

use isotypic_data::LabelledImages;
use isotypic_report::{ClassesReport, ClassesResult, ClassesSettingsReport};
use isotypic_train::{ClassesExperiment, ClassesRun, Optimizer, TrainingOptions};
use isotypic_work::Monitor;
use ndarray::Axis;

use crate::Error;

/// What to train, as given by the user; see [`ClassesExperiment`].
///
/// # Examples
/// ```
/// use isotypic::train::{ClassesSettings, TrainingOptions};
/// use isotypic::{data::mini_mnist, work::Monitor};
///
/// let settings = ClassesSettings {
///     networks: vec!["paper-mlp".into()],
///     poses: vec![4],
///     left_out: vec!["5".into()],
///     images_per_class: Some(2),
///     options: TrainingOptions { epochs: 1, ..TrainingOptions::default() },
///     ..ClassesSettings::new(mini_mnist()?)
/// };
/// let report = settings.run(&Monitor::silent())?;
/// assert_eq!((report.results.len(), report.results[0].held_out_examples), (1, 2));
/// # Ok::<(), isotypic::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClassesSettings {
    /// The images, of one channel.
    pub images: LabelledImages,
    /// Only the first so many of each class.
    pub images_per_class: Option<usize>,
    /// Of all, only the first so many.
    pub images_in_all: Option<usize>,
    /// Networks by name or file.
    pub networks: Vec<String>,
    /// Numbers of poses.
    pub poses: Vec<usize>,
    /// The classes that lack a pose, one at a time, by name; empty for all.
    pub left_out: Vec<String>,
    /// Seeds of parameters, split and order.
    pub seeds: Vec<u64>,
    /// How networks are trained.
    pub options: TrainingOptions,
    /// Where checkpoints and losses are kept, if anywhere.
    pub folder: Option<PathBuf>,
    /// Whether to go on from the checkpoints there.
    pub resume: bool,
}

impl ClassesSettings {
    /// Both networks of the paper at 2, 4, 8 and 16 poses of all images, each class left out in turn, one seed.
    #[must_use]
    pub fn new(images: LabelledImages) -> Self {
        Self {
            images,
            images_per_class: None,
            images_in_all: None,
            networks: vec!["paper-mlp".to_owned(), "paper-cnn".to_owned()],
            poses: vec![2, 4, 8, 16],
            left_out: Vec::new(),
            seeds: vec![0],
            options: TrainingOptions::default(),
            folder: None,
            resume: false,
        }
    }

    /// Selects images and looks up classes.
    ///
    /// # Errors
    /// [`Error::Data`] for unknown classes and classes with too few images; [`Error::Settings`] for images of several channels
    /// and more images than there are.
    pub fn experiment(&self) -> Result<ClassesExperiment, Error> {
        let [height, width, channels] = self.images.image_shape();
        if channels != 1 {
            return Err(Error::settings(
                format!("`{}`: expected images of one channel, got {channels}", self.images.name()),
                "give grey images `[n, H, W, 1]`",
            ));
        }
        let labels = self.images.labels();
        let mut chosen: Vec<usize> = match self.images_per_class {
            Some(count) => {
                let of_class = |name: &String| labels.first_of_class(name, count);
                let mut chosen =
                    labels.classes().iter().map(of_class).collect::<Result<Vec<_>, _>>()?.concat();
                chosen.sort_unstable();
                chosen
            }
            None => (0..labels.len()).collect(),
        };
        if let Some(count) = self.images_in_all {
            if count > chosen.len() || count == 0 {
                return Err(Error::settings(
                    format!("images: expected 1 to {}, got {count}", chosen.len()),
                    "leave the number out for all",
                ));
            }
            chosen.truncate(count);
        }
        let left_out = match self.left_out.is_empty() {
            true => (0..labels.classes().len()).collect(),
            false => self.left_out.iter().map(|name| labels.class_index(name)).collect::<Result<_, _>>()?,
        };
        let images = self.images.images(&chosen)?.index_axis_move(Axis(3), 0);
        debug_assert_eq!(images.dim(), (chosen.len(), height, width));
        let classes = chosen.iter().map(|&image| labels.indices()[image]).collect();
        Ok(ClassesExperiment {
            networks: self.networks.clone(),
            poses: self.poses.clone(),
            left_out,
            seeds: self.seeds.clone(),
            options: self.options.clone(),
            folder: self.folder.clone(),
            resume: self.resume,
            ..ClassesExperiment::new(images, classes, labels.classes().len())
        })
    }

    /// Trains, and puts what came of it into a report.
    ///
    /// # Errors
    /// As [`experiment`](Self::experiment) and [`ClassesExperiment::run`].
    pub fn run(&self, monitor: &Monitor) -> Result<ClassesReport, Error> {
        let experiment = self.experiment()?;
        Ok(self.report(&experiment, experiment.run(monitor)?))
    }

    /// The report of runs.
    #[must_use]
    pub fn report(&self, experiment: &ClassesExperiment, runs: Vec<ClassesRun>) -> ClassesReport {
        let classes = self.images.labels().classes();
        let settings = ClassesSettingsReport {
            data: self.images.name().to_owned(),
            data_sha256: self.images.content_hash(),
            images: experiment.images.len_of(Axis(0)),
            optimizer: describe(self.options.optimizer),
            device: self.options.device.to_string(),
            batch: self.options.batch,
            epochs: self.options.epochs,
            width: self.options.width,
            threads: rayon::current_num_threads(),
        };
        let result = |run: ClassesRun| ClassesResult {
            network: run.name.network,
            poses: run.name.poses,
            left_out: classes[run.name.left_out].clone(),
            seed: run.name.seed,
            parameters: run.parameters,
            examples: run.examples,
            held_out_examples: run.held_out_examples,
            epochs: run.epochs,
            loss: run.loss,
            train_accuracy: run.train_accuracy,
            in_distribution: run.in_distribution,
            in_distribution_left_out: run.in_distribution_left_out,
            held_out: run.held_out,
        };
        ClassesReport::new(env!("CARGO_PKG_VERSION"), settings, runs.into_iter().map(result).collect())
    }
}

/// An optimizer in a few words.
pub(crate) fn describe(optimizer: Optimizer) -> String {
    match optimizer {
        Optimizer::Adam { learning_rate } => format!("adam {learning_rate}"),
        Optimizer::Sgd { learning_rate, momentum } if momentum > 0.0 => {
            format!("sgd {learning_rate}, momentum {momentum}")
        }
        Optimizer::Sgd { learning_rate, .. } => format!("sgd {learning_rate}"),
    }
}
