//! What to audit, as given by the user.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use isotypic_data::{Features, GramMatrix, LabelledImages, Labels, Split};
use isotypic_gram::Ridge;
use isotypic_kernel::MonteCarlo;
use isotypic_orbit::Normalization;
use isotypic_work::MemoryLimit;

use super::solver::Solver;
use crate::{Error, KernelKind, Precision};

/// Where the points come from.
#[derive(Debug, Clone, PartialEq)]
pub enum AuditInput {
    /// Labelled images: a known name or a path.
    Data(String),
    /// Frozen features `[seeds, poses, d]` from any network.
    Features(PathBuf),
    /// A Gram matrix over all poses of all seeds, from anywhere, seed-major.
    Gram(PathBuf),
    /// Labelled images that are in memory.
    LoadedImages(LabelledImages),
    /// Features that are in memory, with their labels.
    LoadedFeatures(Features),
    /// A Gram matrix that is in memory, seed-major, with one label per seed or one per point.
    LoadedGram(GramMatrix, Labels),
}

/// A group, numbers of poses, and what is held out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionSpec {
    /// Such as `rotation:16`, or the family `rotation` if `poses` are given.
    pub group: String,
    /// The numbers of poses.
    pub poses: PoseNumbers,
    /// Such as `pose:0` or `arc:90-270`.
    pub hold_out: String,
}

/// At how many poses a question is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PoseNumbers {
    /// At the number in the group's name.
    #[default]
    OfGroup,
    /// At these, in place of the one in the group's name.
    List(Vec<usize>),
    /// At all divisors of the number in the group's name, 1 left out: the whole curve from one fine sampling.
    Divisors,
}

/// An audit of whole classes: some seeds of each, all observed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassSelection {
    /// The classes by name; empty for all.
    pub classes: Vec<String>,
    /// The seeds that training sees.
    pub seeds: ClassSeeds,
    /// Further seeds of each class, the next in file order, that training never sees; they are asked about at the
    /// poses that their class does not show.
    pub unseen_per_class: usize,
    /// What is held out together.
    pub together: Together,
}

/// The seeds of an audit of classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassSeeds {
    /// The first so many of each class, in file order.
    PerClass(usize),
    /// These, as indices into the dataset.
    List(Vec<usize>),
}

/// What is held out together in an audit of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Together {
    /// The poses of all seeds of a class, each class in turn: a class that is not seen at some poses.
    #[default]
    Class,
    /// The poses of one seed, each seed in turn.
    Seed,
}

/// Which pairs of seeds to ask about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PairSelection {
    /// A few dozen, fewer for architectures with costly kernels.
    #[default]
    Default,
    /// This many, drawn with the seed of the settings.
    Count(usize),
    /// These, as indices into the dataset.
    List(Vec<(usize, usize)>),
}

/// Which definitions of the errors to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Convention {
    /// One ridge for all errors; exact regression.
    #[default]
    Exact,
    /// The ridges and averages of the authors' scripts (arXiv 2412.11521).
    Paper,
}

/// Everything an audit depends on. Results do not depend on the number of threads.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditSettings {
    /// Where the points come from.
    pub input: AuditInput,
    /// Labels of the seeds, inline or as a file; needed for features and Gram matrices, in place of the data's own for images.
    pub labels: Option<String>,
    /// Part of a dataset that comes in parts.
    pub split: Split,
    /// What to ask; `None` for the default questions.
    pub question: Option<QuestionSpec>,
    /// Named architectures, architecture files or feature kernels; empty for the default ones.
    pub architectures: Vec<String>,
    /// Which kernel stands for the network.
    pub kernel: KernelKind,
    /// In which precision pairs are evaluated; everything after that is in double precision.
    pub precision: Precision,
    /// What is done to an image after the group has acted.
    pub normalization: Normalization,
    /// Which pairs of seeds, unless classes are given.
    pub pairs: PairSelection,
    /// Whole classes in place of pairs.
    pub classes: Option<ClassSelection>,
    /// Seed of the choice of pairs.
    pub seed: u64,
    /// Added to the diagonal of every Gram matrix.
    pub ridge: Ridge,
    /// Which definitions of the errors.
    pub convention: Convention,
    /// Times of training after which predictions are asked for too, and when training should stop; `Some` of none asks for the best
    /// times alone. In steps of learning rate 1 on half the sum of squared errors.
    pub training_times: Option<Vec<f64>>,
    /// Whether simple metrics stand beside the errors.
    pub metrics: bool,
    /// Memory that large audits may take, in as many passes as it needs; `None` for what the system leaves. Results do not depend on it.
    pub memory_limit: Option<MemoryLimit>,
    /// A folder in which large audits keep finished units of work, so that the same audit goes on where it was stopped.
    pub units: Option<PathBuf>,
    /// How large audits of classes are solved.
    pub solver: Solver,
    /// How layers without a closed kernel are sampled. With `batch_norm` everything that is evaluated together is the batch: all poses of the
    /// seeds of a pair, or of the classes, held out or not, so that the Gram matrix is as invariant as without it.
    pub monte_carlo: MonteCarlo,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            input: AuditInput::Data("mini-mnist".to_owned()),
            labels: None,
            split: Split::default(),
            question: None,
            architectures: Vec::new(),
            kernel: KernelKind::default(),
            precision: Precision::default(),
            normalization: Normalization::default(),
            pairs: PairSelection::default(),
            classes: None,
            seed: 0,
            ridge: Ridge::default(),
            convention: Convention::default(),
            training_times: None,
            metrics: false,
            memory_limit: None,
            units: None,
            solver: Solver::default(),
            monte_carlo: MonteCarlo::default(),
        }
    }
}

impl From<Vec<usize>> for PoseNumbers {
    fn from(numbers: Vec<usize>) -> Self {
        Self::List(numbers)
    }
}

impl fmt::Display for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Class => "class",
            Self::Seed => "seed",
        })
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact",
            Self::Paper => "paper",
        })
    }
}

impl FromStr for Convention {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "exact" => Ok(Self::Exact),
            "paper" => Ok(Self::Paper),
            _ => Err(Error::settings(
                format!("convention `{text}`: no convention of this name"),
                "known are `exact` and `paper`",
            )),
        }
    }
}
