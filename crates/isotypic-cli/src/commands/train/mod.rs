//! `isotypic train`: finite networks, trained to confirm what the kernels predict.
//!
//! Training needs the cargo feature `train`. Without it the verb reads its command line all the same, and says how to get a program
//! that trains.

mod audited;
mod classes;
pub(super) mod ensemble;
mod folder;
mod kernels;
mod options;
mod question;
#[cfg(not(feature = "train"))]
pub(super) mod unavailable;

use clap::{Args, Subcommand};

use crate::exit::Failure;
use crate::session::Session;

use audited::{MultiClassArgs, PairsArgs};
use classes::ClassesArgs;
use kernels::{EmpiricalArgs, WidthArgs};

const EXAMPLES: &str = "\
Examples:
  isotypic train classes --arch paper-mlp --poses 2,4,8,16 --left-out 5
      train on digits of which one class lacks one pose, and ask for that pose
  isotypic train pairs --group rotation --poses 2,4,8
      ensembles of networks on pairs of digits, beside the errors that the kernel predicts
  isotypic help train classes
      all options of an experiment

Networks are trained by programs built with the feature: `cargo build --release -p isotypic-cli --features train`.";

/// Arguments of `train`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TrainArgs {
    #[command(subcommand)]
    experiment: Experiment,
}

/// The experiments.
#[derive(Debug, Subcommand)]
enum Experiment {
    /// Classes of which one lacks a pose: is it recognised there?
    Classes(Box<ClassesArgs>),
    /// Ensembles on pairs of seeds: does their error equal the kernel's?
    Pairs(Box<PairsArgs>),
    /// The same on whole classes of several seeds
    MultiClass(Box<MultiClassArgs>),
    /// Distance of ensembles from their kernel, width by width
    Width(Box<WidthArgs>),
    /// Tangent kernels of finite networks before and after training
    EmpiricalNtk(Box<EmpiricalArgs>),
}

/// Runs an experiment.
#[cfg(feature = "train")]
pub(crate) fn run(args: TrainArgs, session: &Session) -> Result<(), Failure> {
    match args.experiment {
        Experiment::Classes(args) => classes::run(*args, session),
        Experiment::Pairs(args) => audited::run_pairs(&args, session),
        Experiment::MultiClass(args) => audited::run_multi_class(&args, session),
        Experiment::Width(args) => kernels::run_width(&args, session),
        Experiment::EmpiricalNtk(args) => kernels::run_empirical(&args, session),
    }
}

/// Says what is missing.
#[cfg(not(feature = "train"))]
pub(crate) fn run(args: TrainArgs, _session: &Session) -> Result<(), Failure> {
    let name = match args.experiment {
        Experiment::Classes(_) => "classes",
        Experiment::Pairs(_) => "pairs",
        Experiment::MultiClass(_) => "multi-class",
        Experiment::Width(_) => "width",
        Experiment::EmpiricalNtk(_) => "empirical-ntk",
    };
    Err(unavailable::failure(&format!("train {name}")))
}
