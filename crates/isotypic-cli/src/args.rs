//! The command line: what all verbs share, and the list of verbs.

use clap::{Args, Parser, Subcommand, ValueEnum};
use isotypic::data::Split;
use isotypic::{KernelKind, Precision};

use crate::commands::audit::AuditArgs;
use crate::commands::compare::CompareArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::data::DataArgs;
use crate::commands::group::GroupArgs;
use crate::commands::kernel::KernelArgs;
use crate::commands::orbit::OrbitArgs;
use crate::commands::report::ReportArgs;
use crate::commands::reproduce::ReproduceArgs;
use crate::commands::spectrum::SpectrumArgs;
use crate::commands::train::TrainArgs;

const EXAMPLES: &str = "\
Examples:
  isotypic audit                                  embedded digits, three questions, under two minutes
  isotypic audit --arch mlp:3 --group rotation:8  one network, one question
  isotypic audit --data images.npz --out results  your own images, results and a page on disk
  isotypic help audit                             all options of a verb

Exit codes: 0 success, 1 a check you asked for failed, 2 an error, 130 interrupted.";

/// Will your network learn that symmetry?
///
/// Answers before anything is trained: from the exact infinite-width kernel of an architecture, split into the
/// irreducible representations of a group, follows whether poses that were never seen are classified correctly.
#[derive(Debug, Parser)]
#[command(name = "isotypic", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every verb.
#[derive(Debug, Args)]
pub(crate) struct GlobalOptions {
    /// Print one JSON document instead of text
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Threads to compute with; results do not depend on it [default: all]
    #[arg(long, global = true, value_name = "N", help_heading = "Global options",
        value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say which networks will get held-out poses right
    Audit(Box<AuditArgs>),
    /// Compute the infinite-width kernel of a network
    Kernel(KernelArgs),
    /// Split a Gram matrix into irreducible representations
    Spectrum(SpectrumArgs),
    /// Write every pose of a set of images
    Orbit(OrbitArgs),
    /// Show the classes, irreps and characters of a group
    Group(GroupArgs),
    /// Make the page of an audit again from its results
    Report(ReportArgs),
    /// Put two audits side by side
    Compare(CompareArgs),
    /// Train finite networks to confirm what kernels predict
    Train(TrainArgs),
    /// Make the figures of the paper again
    Reproduce(ReproduceArgs),
    /// List the datasets known by name, and fetch them
    Data(DataArgs),
    /// Print a script that completes commands in a shell
    Completions(CompletionsArgs),
}

/// Which images: options of the verbs that read some.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataOptions {
    /// A dataset by name, a folder of IDX files, an `.npz` (`images`, `labels`) or an `.npy` file
    #[arg(long, value_name = "NAME|PATH", default_value = "mini-mnist")]
    pub(crate) data: String,
    /// The half of a dataset that has two
    #[arg(long, default_value = "train")]
    pub(crate) split: SplitChoice,
}

/// How much memory a plan may take.
#[derive(Debug, Args)]
pub(crate) struct MemoryOptions {
    /// Refuse plans that need more, such as `20GiB`; large audits make more passes first [default: what the system leaves]
    #[arg(long, value_name = "BYTES")]
    pub(crate) memory_limit: Option<String>,
    /// Print entries, bytes and seconds of the computation, and stop
    #[arg(long)]
    pub(crate) plan: bool,
}

/// A kernel by name.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum KernelChoice {
    /// All layers are trained by gradient descent
    Ntk,
    /// A Bayesian network, or one whose last layer alone is trained
    Nngp,
}

/// The half of a dataset.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SplitChoice {
    /// Images meant for training
    Train,
    /// Images meant for testing
    Test,
}

impl From<KernelChoice> for KernelKind {
    fn from(choice: KernelChoice) -> Self {
        match choice {
            KernelChoice::Ntk => Self::Ntk,
            KernelChoice::Nngp => Self::Nngp,
        }
    }
}

impl From<SplitChoice> for Split {
    fn from(choice: SplitChoice) -> Self {
        match choice {
            SplitChoice::Train => Self::Train,
            SplitChoice::Test => Self::Test,
        }
    }
}

/// A floating-point type.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Dtype {
    /// Double precision
    F64,
    /// Single precision: half the memory, about half the time
    F32,
}

impl From<Dtype> for Precision {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F64 => Self::F64,
            Dtype::F32 => Self::F32,
        }
    }
}
